//! `cargo xtask test`: everything that can be checked, in one command.
//!
//! Whatever a step needs and the machine lacks is built, or installed by apt-get where that is allowed, or named with the
//! exact command to type; then the step fails. A step that did not run is a failure, never a silence.

mod fuzz;
mod lint;
mod peers;
mod python;
mod rust;
mod tools;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use clap::ValueEnum;

/// Run everything that can be checked.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Test {
    /// Only these parts, separated by commas or given several times.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// Stop at the first step that fails.
    #[arg(long)]
    fail_fast: bool,
}

impl Test {
    fn wants(&self, part: Part) -> bool {
        if self.only.is_empty() { part != Part::Advisories } else { self.only.contains(&part) }
    }
}

/// A part of the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Format, clippy, rustdoc, licences, ruff, mypy, rules.
    Lint,
    /// Rust tests and documentation examples.
    Rust,
    /// The Python package, against the program.
    Python,
    /// sipp, baresip and tshark, against the program.
    Peers,
    /// Each fuzz target for some seconds.
    Fuzz,
    /// The instructions of the hot paths against their record.
    Instructions,
    /// Known weaknesses of what we depend on; needs the network, and runs only if it is asked for.
    Advisories,
}

/// What a step works with.
struct Context {
    root: PathBuf,
}

/// One step.
struct Step {
    part: Part,
    name: &'static str,
    run: fn(&Context) -> Result<()>,
}

/// All steps in the order in which they run: what fails soonest comes first.
const STEPS: [Step; 18] = [
    Step { part: Part::Lint, name: "format", run: lint::format },
    Step { part: Part::Lint, name: "ruff", run: python::ruff },
    Step { part: Part::Lint, name: "mypy", run: python::mypy },
    Step { part: Part::Lint, name: "clippy", run: lint::clippy },
    Step { part: Part::Lint, name: "rustdoc", run: lint::rustdoc },
    Step { part: Part::Rust, name: "Rust tests", run: rust::tests },
    Step { part: Part::Rust, name: "Rust documentation examples", run: rust::doc_tests },
    Step { part: Part::Rust, name: "Rust example programs", run: rust::examples },
    Step { part: Part::Python, name: "program", run: rust::program },
    Step { part: Part::Python, name: "Python tests", run: python::tests },
    Step { part: Part::Python, name: "Python tests, other versions", run: python::other_versions },
    Step { part: Part::Peers, name: "program for the peers", run: rust::program },
    Step { part: Part::Peers, name: "sipp, baresip, tshark", run: peers::tests },
    Step { part: Part::Fuzz, name: "fuzz targets", run: fuzz::smoke },
    Step { part: Part::Instructions, name: "instructions of the hot paths", run: instructions },
    Step { part: Part::Lint, name: "licences and sources", run: lint::licences },
    Step { part: Part::Advisories, name: "advisories", run: lint::advisories },
    Step { part: Part::Lint, name: "rules", run: lint::rules },
];

fn instructions(context: &Context) -> Result<()> {
    tools::apt(&[("valgrind", "valgrind")])?;
    crate::bench::check_instructions(&context.root)
}

/// Runs the steps and prints a summary.
///
/// # Errors
///
/// If any step that was asked for failed or did not run.
pub(crate) fn run(root: &Path, test: &Test) -> Result<()> {
    let context = Context { root: root.to_owned() };
    let mut reports = Vec::new();
    let mut stopped = false;
    for step in STEPS.iter().filter(|step| test.wants(step.part)) {
        if stopped {
            reports.push(Report { name: step.name, outcome: Outcome::NotRun });
            continue;
        }
        println!("\n==> {}", step.name);
        let start = Instant::now();
        let outcome = match (step.run)(&context) {
            Ok(()) => Outcome::Passed(start.elapsed()),
            Err(error) => {
                stopped = test.fail_fast;
                Outcome::Failed(start.elapsed(), format!("{error:#}"))
            }
        };
        println!("<== {}: {outcome}", step.name);
        reports.push(Report { name: step.name, outcome });
    }
    println!("{}\n{}", reasons(&reports), summary(&reports));
    let bad = reports.iter().filter(|report| !matches!(report.outcome, Outcome::Passed(_))).count();
    if bad > 0 {
        bail!("{bad} of {} steps failed or did not run", reports.len());
    }
    Ok(())
}

struct Report {
    name: &'static str,
    outcome: Outcome,
}

enum Outcome {
    Passed(Duration),
    Failed(Duration, String),
    NotRun,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed(time) => write!(f, "passed {:7.1} s", time.as_secs_f64()),
            Self::Failed(time, reason) => {
                let reason = reason.lines().next().unwrap_or_default();
                write!(f, "FAILED {:7.1} s  {reason}", time.as_secs_f64())
            }
            Self::NotRun => f.write_str("NOT RUN"),
        }
    }
}

/// What each failed step printed last.
fn reasons(reports: &[Report]) -> String {
    let failed = reports.iter().filter_map(|report| match &report.outcome {
        Outcome::Failed(_, reason) => Some(format!("\n==> why {} failed\n{reason}\n", report.name)),
        Outcome::Passed(_) | Outcome::NotRun => None,
    });
    failed.collect()
}

fn summary(reports: &[Report]) -> String {
    let width = reports.iter().map(|report| report.name.len()).max().unwrap_or_default();
    let lines = reports.iter().map(|report| format!("{:width$}  {}", report.name, report.outcome));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_every_step_and_the_first_line_of_each_failure() {
        let second = Duration::from_secs(1);
        let reports = [
            Report { name: "format", outcome: Outcome::Passed(second) },
            Report { name: "ruff", outcome: Outcome::Failed(second, "bad\nmore".into()) },
            Report { name: "clippy", outcome: Outcome::NotRun },
        ];
        assert_eq!(
            summary(&reports),
            "format  passed     1.0 s\nruff    FAILED     1.0 s  bad\nclippy  NOT RUN"
        );
    }

    #[test]
    fn the_reasons_repeat_all_that_a_failed_step_said() {
        let second = Duration::from_secs(1);
        let reports = [
            Report { name: "format", outcome: Outcome::Passed(second) },
            Report { name: "ruff", outcome: Outcome::Failed(second, "bad\nmore".into()) },
        ];
        assert_eq!(reasons(&reports), "\n==> why ruff failed\nbad\nmore\n");
    }

    #[test]
    fn every_part_has_a_step() {
        for part in Part::value_variants() {
            assert!(STEPS.iter().any(|step| step.part == *part), "{part:?}");
        }
    }
}
