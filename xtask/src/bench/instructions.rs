//! How many instructions the hot paths take, counted by valgrind: the same on a busy machine as on an idle one, so that
//! continuous integration can tell a change of the program from a change of the weather.
//!
//! The counts are recorded in `xtask/instructions.toml`.  A change of the program that makes a hot path dearer by more
//! than a tenth has to change the record too, which shows it to whoever reads the change.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};

use super::report::Table;

/// Something that is counted: a path that an example program of a crate runs, in a release build.
struct HotPath {
    /// Its name in the record and on the command line.
    name: &'static str,
    /// The crate that has it.
    package: &'static str,
    /// The crate's example that runs it; all crates' examples share one folder, so each has a name of its own.
    example: &'static str,
    /// How often it runs.
    times: u64,
}

const HOT_PATHS: &[HotPath] = &[
    HotPath { name: "parse-invite", package: "offhook-sip", example: "sip_hot_paths", times: 1000 },
    HotPath { name: "make-180", package: "offhook-sip", example: "sip_hot_paths", times: 1000 },
    HotPath { name: "call", package: "offhook-sip", example: "sip_hot_paths", times: 500 },
    HotPath { name: "tick-1000-streams", package: "offhook-media", example: "media_hot_paths", times: 20 },
];

/// How much dearer than recorded a hot path may be.
const TOLERANCE: f64 = 0.10;

const HEADING: &str = "\
# Instructions that one run of each hot path takes, as valgrind counts them in a release build on x86-64.
# Written by `cargo xtask bench --record`; checked by `cargo xtask bench --instructions`, which fails when a path takes a
# tenth more than what stands here.
";

/// Counts the hot paths and compares them with the record, or records them.
pub(crate) fn run(root: &Path, record: bool) -> Result<()> {
    let file = root.join("xtask/instructions.toml");
    let programs = build(root)?;
    let mut counted = BTreeMap::new();
    for path in HOT_PATHS {
        let file = programs.get(path.package).with_context(|| format!("{} has no program", path.name))?;
        // Twice, so that what comes once (start, tables, first growth of the containers) is left out.
        let few = count(path, file, path.times)?;
        let many = count(path, file, path.times * 2)?;
        counted.insert(path.name.to_owned(), many.saturating_sub(few) / path.times);
    }
    if record {
        let text = toml::to_string(&counted)?;
        std::fs::write(&file, format!("{HEADING}{text}"))?;
        println!("recorded in {}:\n\n{text}", file.display());
        return Ok(());
    }
    let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    compare(&toml::from_str(&text)?, &counted)
}

/// Prints the change of every path; fails if one is too dear or has no record.
fn compare(recorded: &BTreeMap<String, u64>, counted: &BTreeMap<String, u64>) -> Result<()> {
    let mut table = Table::new(&["hot path", "recorded", "now", "change"]);
    let mut dearer = Vec::new();
    for (name, &now) in counted {
        let Some(&before) = recorded.get(name) else {
            table.row(vec![name.clone(), "-".to_owned(), now.to_string(), "not recorded".to_owned()]);
            dearer.push(name.as_str());
            continue;
        };
        let change = now as f64 / before as f64 - 1.0;
        table.row(vec![
            name.clone(),
            before.to_string(),
            now.to_string(),
            format!("{:+.1} %", change * 100.0),
        ]);
        if change > TOLERANCE {
            dearer.push(name.as_str());
        }
    }
    println!("\nInstructions of the hot paths\n\n{}", table.render());
    ensure!(
        dearer.is_empty(),
        "{} took more instructions than recorded; if that is meant, run `cargo xtask bench --record` and commit the record",
        dearer.join(", ")
    );
    Ok(())
}

/// Builds the programs that run the hot paths; the crate's name leads to its program.
fn build(root: &Path) -> Result<BTreeMap<&'static str, PathBuf>> {
    let mut programs = BTreeMap::new();
    for path in HOT_PATHS {
        if programs.contains_key(path.package) {
            continue;
        }
        let output = Command::new("cargo")
            .args(["build", "--release", "--package", path.package, "--example", path.example])
            .args(["--message-format", "json-render-diagnostics"])
            .current_dir(root)
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "the program that runs {} cannot be built", path.name);
        let messages = String::from_utf8_lossy(&output.stdout);
        programs.insert(path.package, executable(&messages).context("cargo named no executable")?);
    }
    Ok(programs)
}

/// The executable that cargo's messages name.
fn executable(messages: &str) -> Option<PathBuf> {
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    messages.filter_map(|message| message.get("executable")?.as_str().map(PathBuf::from)).next_back()
}

/// The instructions of one run of a program.
fn count(path: &HotPath, file: &Path, times: u64) -> Result<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(file)
        .args([path.name, &times.to_string()])
        .output()
        .context("starting valgrind (package valgrind)")?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("{} failed under valgrind:\n{said}", path.name);
    }
    let collected = said.lines().find_map(|line| line.split_once("Collected : "));
    let number = collected.and_then(|(_, number)| number.trim().parse().ok());
    number.with_context(|| format!("valgrind did not say how many instructions it counted:\n{said}"))
}
