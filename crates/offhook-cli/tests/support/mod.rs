//! Runs the program in tests: as a server on a free port, or as a command with its output.

// Each test file uses its own part of this.
#![allow(dead_code)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use offhook::SystemNetwork;
use offhook::caller::{CallRequest, Caller, CallerConfig, OutCall};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long anything in these tests may take; reached only if something is broken.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// The program, without any settings of the environment it is tested in.
pub(crate) fn offhook() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offhook"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("OFFHOOK_") {
            command.env_remove(name);
        }
    }
    command.env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub(crate) fn run(arguments: &[&str]) -> Ran {
    Ran::of(offhook().args(arguments))
}

/// What a command printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().expect("the program can be started");
        Self {
            code: status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&stdout).into_owned(),
            err: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }
}

/// `offhook serve` on the loopback address.
pub(crate) struct Serving {
    child: Option<Child>,
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
    output: Option<JoinHandle<String>>,
    errors: Option<JoinHandle<String>>,
}

impl Serving {
    /// Serves applications, given as file names and texts, with further arguments; returns when calls are taken.
    pub(crate) fn start(applications: &[(&str, &str)], arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("Applications");
        fs::create_dir(&inner).expect("a folder in it");
        for (name, text) in applications {
            fs::write(inner.join(name), text).expect("a file");
        }
        Self::start_in(folder, arguments)
    }

    pub(crate) fn start_in(folder: TempDir, arguments: &[&str]) -> Self {
        let mut child = offhook()
            .args(["serve", "--sip", "127.0.0.1:0", "--log-root", "Logs", "--log-level", "trace"])
            .arg(folder.path())
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program can be started");
        let stderr = child.stderr.take().expect("piped");
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = BufReader::new(stderr).read_to_string(&mut text);
            text
        });
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut line = String::new();
        let address = loop {
            line.clear();
            if stdout.read_line(&mut line).expect("readable") == 0 {
                let status = child.wait();
                panic!("the server did not start, {status:?}: {}", errors.join().unwrap_or_default());
            }
            if let Some(rest) = line.split("sip:").nth(1) {
                let address = rest.split_whitespace().next().expect("an address");
                break address.parse().expect("a socket address");
            }
        };
        let output = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stdout.read_to_string(&mut text);
            text
        });
        Self { child: Some(child), address, folder, output: Some(output), errors: Some(errors) }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().expect("running"))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the process exists");
    }

    pub(crate) fn log_folder(&self) -> PathBuf {
        self.folder.path().join("Logs")
    }

    /// The lines of `UAS_ADR.log` so far.
    pub(crate) fn records(&self) -> Vec<String> {
        let path = self.log_folder().join("UAS_ADR.log");
        fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// Waits for the end of the program.
    pub(crate) async fn ended(&mut self) -> Ended {
        let mut child = self.child.take().expect("running");
        let (output, errors) = (self.output.take(), self.errors.take());
        tokio::task::spawn_blocking(move || {
            let begun = Instant::now();
            let status = loop {
                match child.try_wait().expect("a child") {
                    Some(status) => break status,
                    None if begun.elapsed() > LIMIT => {
                        let _ = child.kill();
                        panic!("the server did not end: {}", errors.map(join).unwrap_or_default());
                    }
                    None => std::thread::park_timeout(Duration::from_millis(5)),
                }
            };
            Ended {
                status,
                out: output.map(join).unwrap_or_default(),
                err: errors.map(join).unwrap_or_default(),
            }
        })
        .await
        .expect("waiting does not fail")
    }

    /// Stops the server as an operator does, and waits for its end.
    pub(crate) async fn stop(&mut self) -> Ended {
        self.signal(Signal::TERM);
        self.ended().await
    }
}

fn join(thread: JoinHandle<String>) -> String {
    thread.join().unwrap_or_default()
}

/// How a server ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if let (true, Some(errors)) = (std::thread::panicking(), self.errors.take()) {
            eprintln!("--- log of the server\n{}---", join(errors));
        }
    }
}

/// A caller on the loopback address.
pub(crate) async fn caller() -> Caller {
    let mut config = CallerConfig::default();
    config.bind = SocketAddr::from(([127, 0, 0, 1], 0));
    Caller::new(Arc::new(SystemNetwork::new()), config).await.expect("a free port")
}

/// Calls a name at a server.
pub(crate) async fn call(caller: &Caller, serving: &Serving, user: &str) -> OutCall {
    let request = CallRequest::to(&format!("sip:{user}@{}", serving.address)).expect("a URI");
    caller.call(request).await.expect("the INVITE is sent")
}

/// Waits, but not for ever.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future)
        .await
        .unwrap_or_else(|_| panic!("{what} did not happen within {LIMIT:?}"))
}

/// The final status of a call that is over.
pub(crate) async fn final_status(call: &OutCall) -> u16 {
    soon("the end of the call", call.cleared()).await;
    call.statuses().into_iter().find(|status| *status >= 200).unwrap_or_default()
}

/// The application name and the return code of a record.
pub(crate) fn name_and_code(record: &str) -> (String, i64) {
    let fields: Vec<&str> = record[22..].split(' ').collect();
    (fields[1].to_owned(), fields[5].parse().expect("a return code"))
}

pub(crate) fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::write(&path, text).expect("a file");
    path.to_string_lossy().into_owned()
}

/// Answers and stays until the caller hangs up.
pub(crate) const ANSWERS: &str =
    "def main(channel):\n    channel.ring()\n    channel.answer()\n    channel.wait_for_idle()\n";
