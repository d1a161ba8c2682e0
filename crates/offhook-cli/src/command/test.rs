//! `offhook test`: explores an application by itself, in virtual time, and reports what is wrong with it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::cli::Test;
use crate::command::Ending;
use crate::exploration::{Exploration, Limits, Report, explore};
use crate::logs::{Level, LogOptions, start_console};
use crate::terminal::{Colour, Progress, line, paint};

/// Explores one application. Its own log lines are shown only if a level was asked for: its tracebacks are in the
/// report.
pub(super) fn run(arguments: Test, logs: &LogOptions) -> anyhow::Result<Ending> {
    let _logs = logs.log_level.map(|_| start_console(logs, Level::Error)).transpose()?;
    let application = arguments.application.canonicalize().with_context(|| {
        format!("there is no {}; name the Python file of an application", arguments.application.display())
    })?;
    if !application.is_file() {
        return Err(anyhow!("{} is a folder; name the Python file of an application", application.display()));
    }
    let wanted = Exploration {
        application,
        parameters: arguments.parameters,
        auto_ring: arguments.auto_ring,
        extra_channels: arguments.extra_channels,
        media_root: arguments.media_root.map(|folder| absolute(&folder)).transpose()?,
        python: arguments.python.python.unwrap_or_else(|| PathBuf::from("python3")),
        seed: arguments.seed,
        callers: arguments.callers,
        keys: arguments.keys,
        limits: Limits {
            depth: arguments.depth,
            calls: arguments.calls,
            time: arguments.time,
            strict: arguments.strict,
        },
        call_time: arguments.call_time,
        after_time: arguments.after_time,
        work_time: arguments.work_time,
        ignored: arguments.ignored,
    };
    let progress = Progress::start("exploring");
    let report = explore(&wanted, |standing| {
        progress.tell(format!("{} calls, {} findings", standing.calls, standing.findings));
    });
    drop(progress);
    let report = match report {
        Ok(report) => report,
        Err(problem) if problem.is_of_application() => {
            line(&format!("{} {problem}", paint(Colour::Red, "✗")));
            return Ok(Ending::NotAsAsked);
        }
        Err(problem) => return Err(problem.into()),
    };
    if let Some(file) = &arguments.write_tests {
        write_tests(&report, file)?;
    }
    if arguments.json {
        line(&format!("{:#}", report.json()));
    } else {
        report.lines().iter().for_each(|text| line(text));
    }
    Ok(if report.is_clean() { Ending::Done } else { Ending::NotAsAsked })
}

fn write_tests(report: &Report, file: &Path) -> anyhow::Result<()> {
    let file = absolute(file)?;
    let folder = file.parent().unwrap_or(&file);
    let folder = folder.canonicalize().with_context(|| format!("there is no folder {}", folder.display()))?;
    fs::write(&file, report.tests(&folder))
        .with_context(|| format!("{} could not be written", file.display()))
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))
}
