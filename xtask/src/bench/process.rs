//! What a process and its children cost: CPU seconds and memory as the kernel counts them; and what the host of a virtual
//! machine takes away from it.

use std::fs;

use anyhow::{Context, Result, anyhow};

/// CPU and memory of a process together with all its descendants.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// User and system time since the start, in seconds.
    pub(crate) cpu_seconds: f64,
    /// Resident memory that is not shared with others (proportional set size), in kilobytes.
    pub(crate) memory_kb: u64,
}

/// Adds up the process `pid` and its descendants.
pub(crate) fn usage(pid: u32) -> Result<Usage> {
    let mut total = Usage::default();
    for each in family(pid)? {
        let one = usage_of_one(each).with_context(|| format!("reading the usage of process {each}"))?;
        total.cpu_seconds += one.cpu_seconds;
        total.memory_kb += one.memory_kb;
    }
    Ok(total)
}

/// The process itself, then its descendants.
fn family(pid: u32) -> Result<Vec<u32>> {
    let mut members = vec![pid];
    let mut next = 0;
    while let Some(&parent) = members.get(next) {
        next += 1;
        let Ok(tasks) = fs::read_dir(format!("/proc/{parent}/task")) else { continue };
        for task in tasks.flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            members.extend(children.split_whitespace().filter_map(|word| word.parse::<u32>().ok()));
        }
    }
    Ok(members)
}

fn usage_of_one(pid: u32) -> Result<Usage> {
    // schedstat counts nanoseconds; stat only counts ticks of 10 ms.
    let mut nanoseconds = 0_u64;
    for task in fs::read_dir(format!("/proc/{pid}/task"))?.flatten() {
        let text = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
        nanoseconds += text.split_whitespace().next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
    }
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let memory_kb = rollup
        .lines()
        .find_map(|line| line.strip_prefix("Pss:"))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|word| word.parse().ok())
        .ok_or_else(|| anyhow!("smaps_rollup of process {pid} has no Pss line"))?;
    Ok(Usage { cpu_seconds: nanoseconds as f64 / 1e9, memory_kb })
}

/// Seconds that the host has taken from the first processor so far (`steal` in `/proc/stat`, in ticks of 10 ms).
pub(crate) fn stolen_seconds() -> Result<f64> {
    let text = fs::read_to_string("/proc/stat")?;
    let line =
        text.lines().find(|line| line.starts_with("cpu0 ")).context("/proc/stat has no first processor")?;
    let ticks = line.split_whitespace().nth(8).context("/proc/stat does not count what is stolen")?;
    Ok(ticks.parse::<f64>()? / 100.0)
}
