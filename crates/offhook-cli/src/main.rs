//! The program `offhook`: a telephony server that runs a few lines of Python for every call.
//!
//! What it does not do: it knows nothing of SIP messages, codecs or timers. Those live in the crate `offhook`; this
//! crate reads settings, starts Python workers, carries channel operations between them and the server, and shows a
//! person what happened.
//!
//! The way in is [`cli::Cli`]; each command is one file in `command/`.

#![forbid(unsafe_code)]

mod cli;
mod command;
mod config;
mod control;
mod exploration;
mod hearing;
mod logs;
mod picture;
mod rehearsal;
mod scenario;
mod story;
mod terminal;
mod worker;

use std::process::ExitCode;

use clap::Parser;

use crate::command::Ending;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match command::run(cli) {
        Ok(ending) => ending.into(),
        Err(error) => {
            eprintln!("{} {error:#}", terminal::paint(terminal::Colour::Red, "error:"));
            Ending::of_error(&error).into()
        }
    }
}
