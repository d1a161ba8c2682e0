//! From a process to a worker that takes instances: the first messages of `docs/worker-protocol.md`, section 2.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use offhook::sim::Hold;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::applications::Applications;
use super::link::Link;
use super::lockstep::Lockstep;
use super::package;
use super::process::{Interpreter, Process};
use super::protocol::{self, Configure, Hello};
use crate::config::Settings;
use crate::logs::Level;

/// What every worker of a pool is told.
#[derive(Debug, Clone)]
pub(crate) struct WorkerSetup {
    pub(crate) interpreter: Interpreter,
    pub(crate) media_root: PathBuf,
    pub(crate) operating_directory: PathBuf,
    pub(crate) log_level: Level,
    /// The number of the first worker; by their numbers the logs tell the workers of several servers apart.
    pub(crate) first: usize,
    /// Instances that one worker runs at once.
    pub(crate) capacity: usize,
    /// `None`: no limit.
    pub(crate) memory_bytes: Option<u64>,
    /// In a simulation: what keeps its clock and the workers in step.
    pub(crate) lockstep: Option<Arc<Lockstep>>,
}

impl WorkerSetup {
    /// What a server with these settings tells the workers that run these applications.
    pub(crate) fn of(settings: &Settings, applications: &Applications) -> anyhow::Result<Self> {
        let operating_directory = applications.operating_directory().to_owned();
        let media_root = settings.media.root.clone().unwrap_or_else(|| operating_directory.clone());
        let media_root = media_root.canonicalize().with_context(|| {
            format!("there is no media folder {}; set --media-root", media_root.display())
        })?;
        let package = match &settings.workers.python_package {
            Some(folder) => folder
                .canonicalize()
                .with_context(|| format!("there is no folder {}; see --python-package", folder.display()))?,
            None => package::folder()?,
        };
        Ok(Self {
            interpreter: Interpreter { program: settings.workers.python.clone(), package },
            media_root,
            operating_directory,
            log_level: settings.log.level,
            first: 0,
            capacity: settings.workers.instances,
            memory_bytes: settings.workers.memory_bytes,
            lockstep: None,
        })
    }
}

/// Why a worker did not come up.
#[derive(Debug)]
pub(crate) enum StartError {
    /// The process could not be started.
    Process(anyhow::Error),
    /// It ended, or said nothing, before it was ready.
    NotReady { problem: String, last_words: String },
    /// It speaks another version of the protocol.
    Version { found: u32 },
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Process(error) => write!(f, "{error:#}"),
            Self::NotReady { problem, last_words } if last_words.is_empty() => {
                write!(f, "the Python worker did not start: {problem}")
            }
            Self::NotReady { problem, last_words } => {
                write!(f, "the Python worker did not start: {problem}; it said:\n{last_words}")
            }
            Self::Version { found } => write!(
                f,
                "the Python package speaks version {found} of the worker protocol, this program version {}; \
                 leave out --python-package to use the package inside this program",
                protocol::VERSION
            ),
        }
    }
}

impl std::error::Error for StartError {}

/// A worker that has said hello and taken its settings. Dropping it kills the process.
pub(crate) struct Worker {
    pub(crate) link: Arc<Link>,
    pub(crate) hello: Hello,
    process: Process,
    reader: JoinHandle<String>,
    writer: JoinHandle<()>,
}

impl Worker {
    /// Starts the worker of place `index` and waits until it is ready.
    pub(crate) async fn start(setup: &WorkerSetup, index: usize) -> Result<Self, StartError> {
        let index = setup.first + index;
        // Starting Python takes real time, of which virtual time knows nothing.
        let _held = setup.lockstep.as_ref().map(|_| Hold::new());
        let (process, socket) = Process::start(&setup.interpreter, index, setup.lockstep.as_deref())
            .map_err(StartError::Process)?;
        let (said_hello, hello) = oneshot::channel();
        let link = Link::new(index, setup.capacity, setup.lockstep.clone(), said_hello);
        let (read, write) = socket.into_split();
        let reader = tokio::spawn({
            let link = Arc::clone(&link);
            async move { link.read(read).await }
        });
        let writer = tokio::spawn({
            let link = Arc::clone(&link);
            async move { link.write(write).await }
        });
        let mut starting = Starting { process, reader, writer };

        let hello = match starting.first_word(hello).await {
            Ok(hello) => hello,
            Err(problem) => return Err(starting.give_up(problem).await),
        };
        if hello.protocol != protocol::VERSION {
            return Err(StartError::Version { found: hello.protocol });
        }
        let tones = offhook::ToneManager::new().tones();
        let configure = Configure {
            media_root: &setup.media_root.to_string_lossy(),
            operating_directory: &setup.operating_directory.to_string_lossy(),
            log_level: setup.log_level.name(),
            max_threads: setup.capacity,
            tones: &tones,
        };
        match timeout(READY_WITHIN, link.call("worker.configure", &configure.params())).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(starting.give_up(error.to_string()).await),
            Err(_) => return Err(starting.give_up(silence()).await),
        }
        let Starting { process, reader, writer } = starting;
        Ok(Self { link, hello, process, reader, writer })
    }

    /// The process id; `None` once the process has ended.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.process.id()
    }

    /// Waits until the worker closes its connection, breaks the protocol, or is given up because it does not read.
    /// The result says which. Its instances are still registered then.
    pub(super) async fn until_it_ends(&mut self) -> String {
        tokio::select! {
            // A reader that panicked is a fault of ours, which must not take the server down.
            reason = &mut self.reader => reason.unwrap_or_else(|error| format!("fault in the server: {error}")),
            _ = &mut self.writer => "the worker did not read what the server wrote".to_owned(),
        }
    }

    /// Ends the connection and the process, and with them every instance that is left (RUN-32).
    pub(crate) async fn end(&mut self, reason: &str) {
        self.link.close(reason);
        self.reader.abort();
        // A worker that was told to stop ends by itself in a moment, which leaves its exit status clean.
        if timeout(LAST_MOMENT, self.process.wait()).await.is_err() {
            self.process.kill().await;
        }
    }

    /// Ends the process at once: it does not answer, or has to go.
    pub(super) async fn kill(&mut self, reason: &str) -> String {
        self.link.close(reason);
        self.reader.abort();
        self.process.kill().await;
        self.exit_status().await
    }

    /// How the process ended, once it has closed its connection.
    pub(super) async fn exit_status(&mut self) -> String {
        match timeout(LAST_MOMENT, self.process.wait()).await {
            Ok(Ok(status)) => status.to_string(),
            Ok(Err(error)) => error.to_string(),
            Err(_) => {
                self.process.kill().await;
                "killed: it closed its connection but did not end".to_owned()
            }
        }
    }
}

/// The parts of a worker that is not ready.
struct Starting {
    process: Process,
    reader: JoinHandle<String>,
    writer: JoinHandle<()>,
}

impl Starting {
    async fn first_word(&mut self, hello: oneshot::Receiver<Hello>) -> Result<Hello, String> {
        tokio::select! {
            biased;
            Ok(hello) = hello => Ok(hello),
            reason = &mut self.reader => Err(reason.unwrap_or_else(|error| error.to_string())),
            () = tokio::time::sleep(READY_WITHIN) => Err(silence()),
        }
    }

    async fn give_up(mut self, problem: String) -> StartError {
        let status = match timeout(LAST_MOMENT, self.process.wait()).await {
            Ok(Ok(status)) => format!("{problem}; {status}"),
            _ => {
                self.process.kill().await;
                problem
            }
        };
        self.reader.abort();
        self.writer.abort();
        StartError::NotReady { problem: status, last_words: self.process.last_words() }
    }
}

fn silence() -> String {
    format!("it was not ready within {} seconds", READY_WITHIN.as_secs())
}

/// A machine under load may take its time to start Python.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// What a process gets to end by itself.
const LAST_MOMENT: Duration = Duration::from_secs(2);
