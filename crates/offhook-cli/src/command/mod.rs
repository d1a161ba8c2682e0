//! One file for each command, and how each of them ends.

mod call;
mod check;
mod completions;
mod demo;
mod man;
mod record_scenario;
pub(crate) mod serve;
mod start;
mod test;
mod tones;

use std::process::ExitCode;

use anyhow::Context;
use offhook::StartError;

use crate::cli::{Cli, Command};
use crate::config::ConfigError;
use crate::scenario::{CallError, CaptureError, TestFileError};

/// How a command that ran to its end came out; the exit codes are documented in `--help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Everything went as asked.
    Done,
    /// It ran, but the result is not the one asked for.
    NotAsAsked,
    /// Calls were cut short.
    CutShort,
    /// An argument or a setting is wrong.
    Usage,
    /// The machine did not allow it.
    Refused,
}

impl Ending {
    /// A wrong setting is the user's to mend, everything else is the machine's.
    pub(crate) fn of_error(error: &anyhow::Error) -> Self {
        let is_setting = |cause: &(dyn std::error::Error + 'static)| {
            cause.is::<ConfigError>()
                || matches!(cause.downcast_ref(), Some(StartError::Config(_)))
                || cause.is::<CaptureError>()
                || cause.is::<CallError>()
                || cause.is::<TestFileError>()
        };
        if error.chain().any(is_setting) { Self::Usage } else { Self::Refused }
    }
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        ExitCode::from(match ending {
            Ending::Done => 0,
            Ending::NotAsAsked => 1,
            Ending::Usage => 2,
            Ending::Refused => 3,
            Ending::CutShort => 4,
        })
    }
}

/// Runs the command that was asked for. Blocks until it is over.
pub(crate) fn run(cli: Cli) -> anyhow::Result<Ending> {
    let logs = cli.logs;
    match cli.command {
        Command::Serve(arguments) => serve::run(*arguments, &logs),
        Command::Call(arguments) => with_runtime(&logs, call::run(*arguments)),
        Command::Check(arguments) => with_runtime(&logs, check::run(arguments)),
        Command::Demo(arguments) => with_runtime(&logs, demo::run(arguments)),
        Command::Start(arguments) => with_runtime(&logs, start::run(arguments)),
        Command::Test(arguments) => test::run(*arguments, &logs),
        Command::Tones(arguments) => tones::run(&arguments),
        Command::RecordScenario(arguments) => record_scenario::run(arguments),
        Command::Rehearse => rehearse(&logs),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    }
}

/// The runtime of a rehearsal is its own: its clock is virtual.
fn rehearse(logs: &crate::logs::LogOptions) -> anyhow::Result<Ending> {
    let _logs = crate::logs::start_console(logs, crate::logs::Level::Warning)?;
    crate::rehearsal::run()?;
    Ok(Ending::Done)
}

/// For the commands that a person looks at: quiet logs on the console, no log files.
fn with_runtime(
    logs: &crate::logs::LogOptions,
    command: impl Future<Output = anyhow::Result<Ending>>,
) -> anyhow::Result<Ending> {
    let _logs = crate::logs::start_console(logs, crate::logs::Level::Warning)?;
    runtime()?.block_on(command)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the threads of the server could not be started")
}
