//! What a developer of offhook runs: `cargo xtask test`, `cargo xtask bench`, `cargo xtask rules`.

mod bench;
mod rules;
mod test;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;

/// What a developer of offhook runs.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
enum Command {
    /// Run everything that can be checked: Rust, Python, independent peers, lints, licences, rules.
    Test(test::Test),
    /// Measure what a call costs on this machine.
    Bench(bench::Bench),
    /// Write docs/rules.md: which tests hold which rule.
    Rules(rules::Rules),
    /// The loops by which `bench` knows what the machine itself charges.
    #[command(hide = true)]
    BareLoop {
        /// Which one.
        #[arg(value_enum)]
        task: bench::BareLoop,
    },
}

fn main() -> ExitCode {
    let root = root();
    let outcome = match Command::parse() {
        Command::Test(test) => test::run(&root, &test),
        Command::Bench(bench) => bench::run(&root, &bench),
        Command::Rules(rules) => rules::run(&root, &rules),
        Command::BareLoop { task } => bench::bare_loop(task),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}
