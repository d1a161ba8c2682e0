//! `offhook check`: loads applications as the server would, and reports what it found (RUN-2 to RUN-6).

use std::path::PathBuf;

use anyhow::Context;

use crate::cli::{Check, PythonOptions};
use crate::command::Ending;
use crate::logs::Level;
use crate::terminal::{Colour, Progress, line, paint};
use crate::worker::{
    Applications, CallError, Form, Interpreter, Loaded, Worker, WorkerSetup, package_folder,
};

/// Checks one file, or every file of a folder.
pub(super) async fn run(arguments: Check) -> anyhow::Result<Ending> {
    let applications = Applications::find(&arguments.application)?;
    let directory = applications.operating_directory().to_owned();
    let setup = WorkerSetup {
        interpreter: interpreter(&arguments.python)?,
        media_root: directory.clone(),
        operating_directory: directory,
        log_level: Level::Warning,
        first: 0,
        capacity: 1,
        memory_bytes: None,
        lockstep: None,
    };
    let progress = Progress::start("starting Python");
    let mut worker = Worker::start(&setup, 0).await?;
    drop(progress);

    let mut problems = 0;
    for (name, path) in applications.all() {
        let progress = Progress::start(format!("loading {name}"));
        let outcome = worker.link.ensure_loaded(&name, &path).await;
        drop(progress);
        match outcome {
            Ok(loaded) => report(&path, &loaded),
            Err(CallError::Refused(error)) => {
                problems += 1;
                line(&format!("{} {}", paint(Colour::Red, "✗"), path.display()));
                for text in error.message.lines() {
                    line(&format!("    {text}"));
                }
                line(&format!("    return code {} for every call to it", error.code));
            }
            Err(error) => return Err(error).context("the worker ended while it loaded the application"),
        }
    }
    line(&format!("Python {} ({})", worker.hello.python, setup.interpreter.program.display()));
    worker.end("checked").await;
    Ok(if problems == 0 { Ending::Done } else { Ending::NotAsAsked })
}

/// The interpreter that `--python` names, with the package inside this program.
pub(super) fn interpreter(options: &PythonOptions) -> anyhow::Result<Interpreter> {
    Ok(Interpreter {
        program: options.python.clone().unwrap_or_else(|| PathBuf::from("python3")),
        package: package_folder()?,
    })
}

fn report(path: &std::path::Path, loaded: &Loaded) {
    line(&format!("{} {}", paint(Colour::Green, "✓"), path.display()));
    let form = match loaded.form {
        Form::Short => "short form, main(channel): takes calls",
        Form::Inbound => "application with five parameters: takes calls",
        Form::Outbound => "application with six parameters: is started from outside and places calls",
        Form::Common => "module for applications: is imported by others and takes no calls",
    };
    line(&format!("    form     {form}"));
    line(&format!("    kind     {}", if loaded.is_async { "async" } else { "blocking" }));
    match (&loaded.version, loaded.form) {
        (Some(version), _) => line(&format!("    version  {}", crate::logs::one_entry(version))),
        (None, Form::Short) => line("    version  none"),
        (None, _) => line("    version  none; __uas_version__ should be set"),
    }
}
