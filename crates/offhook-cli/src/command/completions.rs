//! `offhook completions`: the completion script for a shell.

use clap::CommandFactory;

use crate::cli::{Cli, Completions};
use crate::command::Ending;

/// Prints the script to standard output.
pub(super) fn run(arguments: &Completions) -> anyhow::Result<Ending> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Cli::command(), "offhook", &mut script);
    crate::terminal::print_all(&script)?;
    Ok(Ending::Done)
}
