//! What a call costs in the media engine, as ratios to a call that only plays.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::report::Table;

/// The bench of `offhook-media`, its group, and the row that the others are compared with.
const BENCH: &str = "call";
const BASE: &str = "plain playback";

/// Times the calls and prints the ratios.
pub(super) fn run(root: &Path, folder: &Path) -> Result<()> {
    let home = folder.join("criterion");
    // Rows that are no longer measured would be shown too.
    let _ = fs::remove_dir_all(&home);
    let status = Command::new("cargo")
        .args(["bench", "--package", "offhook-media", "--bench", BENCH])
        .env("CRITERION_HOME", &home)
        .current_dir(root)
        .status()?;
    ensure!(status.success(), "the benchmark of calls failed");
    let mut rows = rows(&home.join(BENCH))?;
    let base = rows.iter().find(|row| row.name == BASE).context("the call that only plays was not timed")?;
    let base_ns = base.nanoseconds;
    rows.sort_by(|a, b| (a.name != BASE, &a.name).cmp(&(b.name != BASE, &b.name)));
    let mut table = Table::new(&["20 ms of a call", "us", "ratio to plain playback"]);
    for row in rows {
        table.row(vec![
            row.name,
            format!("{:.2}", row.nanoseconds / 1000.0),
            format!("{:.1}", row.nanoseconds / base_ns),
        ]);
    }
    println!("\nWhat a call costs in the media engine; one packet comes and one goes\n\n{}", table.render());
    Ok(())
}

/// What was measured of one call.
struct Row {
    name: String,
    /// The median, for one of the calls that were measured together.
    nanoseconds: f64,
}

/// Everything that criterion has left in the folder of a group.
fn rows(group: &Path) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for entry in fs::read_dir(group).with_context(|| format!("listing {}", group.display()))? {
        let latest = entry?.path().join("new");
        // Beside the rows lie criterion's own summaries.
        if latest.join("benchmark.json").is_file() {
            let benchmark: Benchmark = read(&latest.join("benchmark.json"))?;
            let estimates: Estimates = read(&latest.join("estimates.json"))?;
            let nanoseconds = estimates.median.point_estimate / benchmark.throughput.elements.max(1) as f64;
            rows.push(Row { name: benchmark.function_id, nanoseconds });
        }
    }
    Ok(rows)
}

fn read<T: for<'de> Deserialize<'de>>(file: &Path) -> Result<T> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("reading {}", file.display()))
}

/// Criterion's `benchmark.json`.
#[derive(Deserialize)]
struct Benchmark {
    function_id: String,
    throughput: Throughput,
}

#[derive(Deserialize)]
struct Throughput {
    #[serde(rename = "Elements")]
    elements: u64,
}

/// Criterion's `estimates.json`, in nanoseconds.
#[derive(Deserialize)]
struct Estimates {
    median: Estimate,
}

#[derive(Deserialize)]
struct Estimate {
    point_estimate: f64,
}
