//! Logs: the console (for a person or as JSON), the rolling files of the server (LOG-5, LOG-6), and the application
//! data records.

mod clock;
mod record;
mod rolling;
mod sanitise;

pub(crate) use crate::config::value::Level;
pub(crate) use record::{Reason, Record, Records};
pub(crate) use sanitise::one_entry;

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::SystemTime;

use anyhow::Context;
use clap::{Args, ValueEnum};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

use self::rolling::RollingFile;
use crate::config::LogSettings;

/// A moment for a person to read: RFC 3339, in UTC.
pub(crate) fn utc(time: SystemTime) -> String {
    clock::Moment::of(time).to_string()
}

/// How the console shows log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For a person.
    Human,
    /// One JSON object a line.
    Json,
}

/// Options that every command knows.
#[derive(Debug, Clone, Args)]
pub(crate) struct LogOptions {
    /// Form of the log lines on standard error.
    #[arg(
        long,
        global = true,
        env = "OFFHOOK_LOG_FORMAT",
        value_enum,
        default_value = "human",
        value_name = "FORM",
        help_heading = "Logs"
    )]
    pub(crate) log_format: LogFormat,
    /// Least level on standard error [default: info for serve, warning for the other commands].
    #[arg(
        long,
        global = true,
        env = "OFFHOOK_LOG_LEVEL",
        value_enum,
        value_name = "LEVEL",
        help_heading = "Logs"
    )]
    pub(crate) log_level: Option<Level>,
}

/// Keeps the log file's thread; dropping it writes what is left.
#[derive(Default)]
pub(crate) struct Logs {
    sender: Option<FileSender>,
    writer: Option<JoinHandle<()>>,
}

/// Log lines go to standard error only.
pub(crate) fn start_console(options: &LogOptions, default: Level) -> anyhow::Result<Logs> {
    tracing_subscriber::registry()
        .with(console(options, default))
        .try_init()
        .context("logging could not be started")?;
    Ok(Logs::default())
}

/// Log lines go to standard error and to `UAS.log` below the log folder.
pub(crate) fn start_server(options: &LogOptions, settings: &LogSettings) -> anyhow::Result<Logs> {
    std::fs::create_dir_all(&settings.root).with_context(|| {
        format!("log folder {} could not be made; choose another with --log-root", settings.root.display())
    })?;
    let file = open(&settings.root, "UAS.log", settings)?;
    let (sender, lines) = sync_channel(LINES_IN_FLIGHT);
    let sender = FileSender(Arc::new(Mutex::new(Some(sender))));
    let writer = thread::Builder::new()
        .name("offhook-log".into())
        .spawn(move || write_lines(file, &lines))
        .context("the thread that writes the log could not be started")?;
    let to_file = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_timer(clock::Utc)
        .with_writer(sender.clone())
        .with_filter(targets(settings.level));
    tracing_subscriber::registry()
        .with(console(options, Level::Info))
        .with(to_file)
        .try_init()
        .context("logging could not be started")?;
    Ok(Logs { sender: Some(sender), writer: Some(writer) })
}

/// Opens one rolling file of the log folder.
pub(crate) fn open(root: &Path, name: &str, settings: &LogSettings) -> anyhow::Result<RollingFile> {
    let path = root.join(name);
    RollingFile::open(&path, settings.size_bytes, settings.files).with_context(|| {
        format!("log file {} could not be opened; choose another folder with --log-root", path.display())
    })
}

impl Drop for Logs {
    fn drop(&mut self) {
        if let Some(FileSender(sender)) = self.sender.take() {
            sender.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        }
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing left to write.
            let _ = writer.join();
        }
    }
}

fn console(options: &LogOptions, default: Level) -> Box<dyn Layer<Registry> + Send + Sync> {
    let filter = targets(options.log_level.unwrap_or(default));
    let layer = tracing_subscriber::fmt::layer().with_writer(io::stderr).with_timer(clock::Utc);
    match options.log_format {
        LogFormat::Human => {
            let colours =
                io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
            layer.with_ansi(colours).with_target(false).with_filter(filter).boxed()
        }
        LogFormat::Json => layer.json().flatten_event(true).with_filter(filter).boxed(),
    }
}

/// The levels of LOG-2 as those of `tracing`: `report` is a target of its own, since `tracing` has no level for it.
fn targets(level: Level) -> Targets {
    use tracing::level_filters::LevelFilter;
    let (ours, reports, others) = match level {
        Level::Debug => (LevelFilter::TRACE, LevelFilter::TRACE, LevelFilter::DEBUG),
        Level::Trace => (LevelFilter::DEBUG, LevelFilter::DEBUG, LevelFilter::WARN),
        Level::Info => (LevelFilter::INFO, LevelFilter::INFO, LevelFilter::WARN),
        Level::Report => (LevelFilter::WARN, LevelFilter::INFO, LevelFilter::WARN),
        Level::Warning => (LevelFilter::WARN, LevelFilter::WARN, LevelFilter::WARN),
        Level::Error => (LevelFilter::ERROR, LevelFilter::ERROR, LevelFilter::ERROR),
    };
    Targets::new().with_default(others).with_target("offhook", ours).with_target("offhook::report", reports)
}

/// Hands lines to the thread that owns the file; no caller waits for the disk.
#[derive(Clone)]
struct FileSender(Arc<Mutex<Option<SyncSender<Vec<u8>>>>>);

impl<'a> MakeWriter<'a> for FileSender {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { bytes: Vec::with_capacity(160), sender: self.clone() }
    }
}

/// One line that is being formatted; it is sent when it is complete.
struct Line {
    bytes: Vec<u8>,
    sender: FileSender,
}

impl io::Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let line = std::mem::take(&mut self.bytes);
        let sender = self.sender.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(sender) = sender.as_ref() {
            // A disk that is slower than the log loses lines rather than calls.
            if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) = sender.try_send(line) {
                LOST.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }
}

fn write_lines(mut file: RollingFile, lines: &Receiver<Vec<u8>>) {
    use std::sync::atomic::Ordering;
    while let Ok(line) = lines.recv() {
        let lost = LOST.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let note = format!("{} log lines were lost: the disk is too slow\n", lost);
            file.write_or_drop(note.as_bytes());
        }
        file.write_or_drop(&line);
    }
}

static LOST: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// Lines that may wait for the disk.
const LINES_IN_FLIGHT: usize = 8192;
