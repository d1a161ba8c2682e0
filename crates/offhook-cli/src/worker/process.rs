//! One worker process: how it is started, what it prints, and how it ends.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use anyhow::{Context, anyhow};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use super::lockstep::Lockstep;
use crate::logs::one_entry;

/// How to start Python.
#[derive(Debug, Clone)]
pub(crate) struct Interpreter {
    /// The program, for example `python3`.
    pub(crate) program: PathBuf,
    /// The folder that holds the package `offhook`.
    pub(crate) package: PathBuf,
}

/// A running worker process. Dropping it kills the process.
pub(crate) struct Process {
    child: Child,
    last_words: Arc<LastWords>,
}

impl Process {
    /// Starts a worker; the socket is our end of its connection.
    /// With `lockstep` its applications sleep by the clock of the server's simulation.
    pub(crate) fn start(
        interpreter: &Interpreter,
        worker: usize,
        lockstep: Option<&Lockstep>,
    ) -> anyhow::Result<(Self, UnixStream)> {
        let (ours, theirs) = StdUnixStream::pair().context("no socket pair for the worker")?;
        ours.set_nonblocking(true).context("no socket for the worker")?;
        let ours = UnixStream::from_std(ours).context("no socket for the worker")?;

        // The socket is the worker's standard input: the one descriptor that a child gets without a moment in which
        // every other child started meanwhile would inherit it too.
        let mut command = Command::new(&interpreter.program);
        command
            .args(["-m", "offhook.worker"])
            .env("OFFHOOK_WORKER_FD", "0")
            .env("PYTHONPATH", search_path(&interpreter.package))
            .env("PYTHONUNBUFFERED", "1")
            .env("PYTHONIOENCODING", "utf-8:backslashreplace")
            // `-m` looks in the working directory first: an `offhook.py` of the user must not be found there.
            .current_dir(&interpreter.package)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A Ctrl-C in the terminal is for the server, which lets the calls end first.
            .process_group(0)
            .kill_on_drop(true);
        if let Some(lockstep) = lockstep {
            command.env("OFFHOOK_WORKER_CLOCK", "virtual");
            if lockstep.journal().is_some() {
                command.env("OFFHOOK_WORKER_PROBE", "1");
            }
        }
        let mut child = command.spawn().map_err(|error| {
            let program = interpreter.program.display();
            anyhow!(error).context(format!(
                "Python could not be started as {program}; install Python 3.9 or newer, or name the program with --python"
            ))
        })?;

        let last_words = Arc::new(LastWords::default());
        if let Some(output) = child.stdout.take() {
            tokio::spawn(log_output(output, worker, None));
        }
        if let Some(errors) = child.stderr.take() {
            tokio::spawn(log_output(errors, worker, Some(Arc::clone(&last_words))));
        }
        Ok((Self { child, last_words }, ours))
    }

    /// The process id; `None` once it has ended.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for the end of the process.
    pub(crate) async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Ends the process at once and waits until it is gone.
    pub(crate) async fn kill(&mut self) {
        // It may have ended by itself in this very moment, which is as good.
        let _ = self.child.kill().await;
    }

    /// The last lines of its standard error, to tell why it did not start.
    pub(crate) fn last_words(&self) -> String {
        self.last_words.text()
    }
}

fn search_path(package: &Path) -> std::ffi::OsString {
    let theirs = std::env::var_os("PYTHONPATH").unwrap_or_default();
    let paths = std::iter::once(package.to_owned()).chain(std::env::split_paths(&theirs));
    // A folder with a colon in its name cannot be in PYTHONPATH; the package's own folder alone will do.
    std::env::join_paths(paths.filter(|path| !path.as_os_str().is_empty()))
        .unwrap_or_else(|_| package.as_os_str().to_owned())
}

/// What applications print becomes log lines, so that it stands in order beside what the server did.
async fn log_output(output: impl AsyncRead + Unpin, worker: usize, last_words: Option<Arc<LastWords>>) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while read_line(&mut output, &mut line).await {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        match &last_words {
            Some(last_words) => {
                last_words.push(text);
                tracing::warn!(worker, "{}", one_entry(text));
            }
            None => tracing::info!(worker, "{}", one_entry(text)),
        }
    }
}

/// Reads up to a line feed or to [`PRINTED_LINE_BYTES`], whichever comes first; `false` at the end.
async fn read_line(output: &mut (impl AsyncBufReadExt + Unpin), line: &mut Vec<u8>) -> bool {
    line.clear();
    loop {
        let Ok(available) = output.fill_buf().await else { return false };
        if available.is_empty() {
            return !line.is_empty();
        }
        let room = PRINTED_LINE_BYTES - line.len();
        let (count, complete) = match available.iter().take(room).position(|&byte| byte == b'\n') {
            Some(position) => (position + 1, true),
            None => (available.len().min(room), available.len() >= room),
        };
        line.extend_from_slice(&available[..count]);
        output.consume(count);
        if complete {
            return true;
        }
    }
}

/// The end of what a process wrote to its standard error.
#[derive(Default)]
struct LastWords(Mutex<std::collections::VecDeque<String>>);

impl LastWords {
    fn push(&self, line: &str) {
        let mut lines = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if lines.len() == LAST_LINES {
            lines.pop_front();
        }
        lines.push_back(line.chars().take(LAST_LINE_CHARACTERS).collect());
    }

    fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// Longer printed lines are cut into several.
const PRINTED_LINE_BYTES: usize = 16 << 10;
const LAST_LINES: usize = 20;
const LAST_LINE_CHARACTERS: usize = 400;
