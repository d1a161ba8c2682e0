//! A short run of each fuzz target: enough to see that it builds and survives its seeds and some mutations.

use std::fs;

use anyhow::{Context as _, Result, ensure};

use super::Context;
use super::tools::{cargo_tool, run};

/// How long each target runs.
const SECONDS: u32 = 5;

pub(super) fn smoke(context: &Context) -> Result<()> {
    let mut targets = Vec::new();
    for entry in
        fs::read_dir(context.root.join("fuzz/fuzz_targets")).context("cannot list fuzz/fuzz_targets")?
    {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            targets.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    targets.sort();
    ensure!(!targets.is_empty(), "there is no fuzz target");
    for target in targets {
        let corpus = format!("fuzz/corpus/{target}");
        fs::create_dir_all(context.root.join(&corpus))?;
        // Without a sanitizer a stable toolchain suffices; panics, hangs and memory are found all the same.
        run(cargo_tool(&context.root, "fuzz", "0.13.2")?
            .args(["run", "--sanitizer", "none", &target, &corpus, &format!("fuzz/seeds/{target}"), "--"])
            .arg(format!("-max_total_time={SECONDS}"))
            .args(["-rss_limit_mb=512", "-timeout=5", "-print_final_stats=1"]))?;
    }
    Ok(())
}
