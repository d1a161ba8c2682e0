//! `cargo xtask bench`: what a call costs, measured on this machine.
//!
//! Two parts: criterion times the hot paths alone; then a whole server, pinned to the first processor, takes calls from
//! sipp on the others, and a sink counts every RTP packet.  Nothing here passes or fails: it prints tables.

mod load;
mod process;
mod report;
mod server;
mod sink;

use std::{
    path::Path,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use load::{Load, Scenario};
use report::{Table, percentile};
use server::{Behaviour, Language, Server};
use sink::Sink;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Bench {
    /// Only the hot paths (criterion).
    #[arg(long, conflicts_with = "system")]
    micro: bool,
    /// Only the whole system (sipp and an RTP sink).
    #[arg(long)]
    system: bool,
    /// How many early-media calls to hold at once, one run for each number.
    #[arg(long, value_delimiter = ',', default_value = "200,500,1000,1500")]
    calls: Vec<u32>,
    /// Calls a second for the signalling run.
    #[arg(long, default_value_t = 500)]
    rate: u32,
    /// How often each whole-system run is repeated; the table shows medians.
    #[arg(long, default_value_t = 1)]
    repeat: usize,
}

/// New early-media calls a second while the load is built up.
const RAMP_RATE: u32 = 200;
/// For how long packets are counted once all calls are up.
const MEASURED: Duration = Duration::from_secs(10);

/// Runs the benchmark and prints its tables.
pub(crate) fn run(root: &Path, bench: &Bench) -> Result<()> {
    println!("{}\n", machine(root));
    if !bench.system {
        let status = Command::new("cargo")
            .args(["bench", "--package", "offhook-sip", "--package", "offhook-media"])
            .current_dir(root)
            .status()?;
        ensure!(status.success(), "the criterion benchmarks failed");
    }
    if !bench.micro {
        server::build(root)?;
        let folder = root.join("target/bench");
        signalling(root, &folder, bench)?;
        early_media(root, &folder, bench)?;
    }
    Ok(())
}

fn signalling(root: &Path, folder: &Path, bench: &Bench) -> Result<()> {
    let mut table = Table::new(&[
        "application",
        "calls/s",
        "calls",
        "failed",
        "CPU s per 1000 calls",
        "INVITE to 180 p50 ms",
        "p99 ms",
    ]);
    for language in [Language::Rust, Language::Python] {
        let rate = bench.rate;
        let calls = rate * 10;
        let mut runs = Vec::new();
        for repeat in 0..bench.repeat.max(1) {
            let place = folder.join(format!("signalling-{language:?}-{repeat}"));
            let _ = std::fs::remove_dir_all(&place);
            let server = Server::start(root, &place, language, Behaviour::RingAndAnswer, "0")?;
            let load = |calls: u32, name: &str| {
                let (media_port, server_port) = (9, server.port);
                let patience = Duration::from_secs(120);
                let load =
                    Load { scenario: Scenario::Signalling, rate, calls, server_port, media_port, patience };
                load.start(&place.join(name), other_processors())?.wait()
            };
            // The first calls pay for threads and caches that all later ones share.
            load(rate, "warm-up")?;
            let before = server.usage()?;
            let outcome = load(calls, "measured")?;
            let cpu = server.usage()?.cpu_seconds - before.cpu_seconds;
            runs.push((cpu / f64::from(calls) * 1000.0, outcome));
        }
        runs.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (cost, outcome) = &runs[runs.len() / 2];
        table.row(vec![
            format!("{language:?}"),
            rate.to_string(),
            calls.to_string(),
            outcome.failed.to_string(),
            format!("{cost:.3}"),
            format!("{:.2}", percentile(&outcome.response_ms, 0.50)),
            format!("{:.2}", percentile(&outcome.response_ms, 0.99)),
        ]);
    }
    println!("\nSignalling only: INVITE, 180, 200, ACK, BYE; server on one core\n\n{}", table.render());
    Ok(())
}

fn early_media(root: &Path, folder: &Path, bench: &Bench) -> Result<()> {
    let mut table = Table::new(&[
        "application",
        "calls up",
        "failed",
        "cores used",
        "CPU ms per call and s",
        "lost",
        "gap p50 ms",
        "p99",
        "max",
        "INVITE to 183 p50 ms",
        "p99",
        "183 to RTP p50 ms",
        "p99",
        "KB per call",
    ]);
    for language in [Language::Rust, Language::Python] {
        for &calls in &bench.calls {
            let mut runs = Vec::new();
            for repeat in 0..bench.repeat.max(1) {
                let place = folder.join(format!("early-media-{language:?}-{calls}-{repeat}"));
                let _ = std::fs::remove_dir_all(&place);
                runs.push(early_media_run(root, &place, language, calls)?);
            }
            runs.sort_by(|a, b| a.cores.total_cmp(&b.cores));
            let run = &runs[runs.len() / 2];
            table.row(vec![
                format!("{language:?}"),
                format!("{} of {calls}", run.measured.streams),
                run.failed.to_string(),
                format!("{:.3}", run.cores),
                format!("{:.3}", run.cores * 1000.0 / f64::from(calls)),
                format!("{} of {}", run.measured.lost, run.measured.packets),
                format!("{:.1}", percentile(&run.measured.gaps_ms, 0.50)),
                format!("{:.1}", percentile(&run.measured.gaps_ms, 0.99)),
                format!("{:.1}", run.measured.gaps_ms.last().copied().unwrap_or(0.0)),
                format!("{:.2}", percentile(&run.response_ms, 0.50)),
                format!("{:.2}", percentile(&run.response_ms, 0.99)),
                format!("{:.1}", percentile(&run.first_packet_ms, 0.50)),
                format!("{:.1}", percentile(&run.first_packet_ms, 0.99)),
                format!("{:.0}", run.kilobytes_per_call),
            ]);
        }
    }
    println!(
        "\nEarly media: 183, a file looped, {RAMP_RATE} new calls a second, then {} s measured; server on one core\n\n{}",
        MEASURED.as_secs(),
        table.render()
    );
    Ok(())
}

struct EarlyMediaRun {
    failed: u64,
    cores: f64,
    measured: sink::Measured,
    response_ms: Vec<f64>,
    first_packet_ms: Vec<f64>,
    kilobytes_per_call: f64,
}

fn early_media_run(root: &Path, place: &Path, language: Language, calls: u32) -> Result<EarlyMediaRun> {
    let ramp = Duration::from_secs_f64(f64::from(calls) / f64::from(RAMP_RATE)) + Duration::from_secs(2);
    let ringing = ramp + MEASURED + Duration::from_secs(3);
    let sink = Sink::start()?;
    let server = Server::start(root, place, language, Behaviour::EarlyMedia(ringing), "0")?;
    let base = server.usage()?;
    let load = Load {
        scenario: Scenario::EarlyMedia,
        rate: RAMP_RATE,
        calls,
        server_port: server.port,
        media_port: sink.port,
        patience: ringing * 2 + ramp + Duration::from_secs(30),
    };
    let begin = Instant::now();
    let callers = load.start(&place.join("callers"), other_processors())?;
    sleep(ramp.saturating_sub(begin.elapsed()));
    let before = server.usage()?;
    let clock = Instant::now();
    sink.measure();
    sleep(MEASURED);
    let measured = sink.measured();
    let elapsed = clock.elapsed().as_secs_f64();
    let after = server.usage()?;
    let outcome = callers.wait()?;
    let streams = sink.take_streams();
    let mut first_packet_ms: Vec<f64> = outcome
        .progress
        .iter()
        .filter_map(|(port, seconds)| Some(streams.get(port)?.first_ns as f64 / 1e6 - seconds * 1000.0))
        .collect();
    first_packet_ms.sort_by(f64::total_cmp);
    Ok(EarlyMediaRun {
        failed: outcome.failed,
        cores: (after.cpu_seconds - before.cpu_seconds) / elapsed,
        measured,
        response_ms: outcome.response_ms,
        first_packet_ms,
        kilobytes_per_call: after.memory_kb.saturating_sub(base.memory_kb) as f64 / f64::from(calls),
    })
}

/// Ten seconds of a melody: a file that is worth looping, and that does not compress to one repeated frame.
fn music() -> Vec<u8> {
    let rate = 8000_u32;
    let notes = [262.0, 330.0, 392.0, 523.0, 440.0, 349.0, 294.0, 392.0, 330.0, 262.0];
    let samples: Vec<u8> = notes
        .iter()
        .flat_map(|hertz| {
            (0..rate).map(move |index| {
                let phase = f64::from(index) * hertz * std::f64::consts::TAU / f64::from(rate);
                ((phase.sin() * 8000.0) as i16).to_le_bytes()
            })
        })
        .flatten()
        .collect();
    let length = samples.len() as u32;
    let mut file = Vec::with_capacity(samples.len() + 44);
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + length).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt ");
    file.extend_from_slice(&16_u32.to_le_bytes());
    file.extend_from_slice(&1_u16.to_le_bytes());
    file.extend_from_slice(&1_u16.to_le_bytes());
    file.extend_from_slice(&rate.to_le_bytes());
    file.extend_from_slice(&(rate * 2).to_le_bytes());
    file.extend_from_slice(&2_u16.to_le_bytes());
    file.extend_from_slice(&16_u16.to_le_bytes());
    file.extend_from_slice(b"data");
    file.extend_from_slice(&length.to_le_bytes());
    file.extend_from_slice(&samples);
    file
}

/// The processors that the server does not use, in taskset's notation.
fn other_processors() -> &'static str {
    if std::thread::available_parallelism().map_or(1, usize::from) > 1 { "1-255" } else { "0" }
}

/// The machine and the commit that the figures belong to.
fn machine(root: &Path) -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo")
        .ok()
        .and_then(|text| {
            let line = text.lines().find(|line| line.starts_with("model name"))?;
            Some(line.split_once(": ")?.1.to_owned())
        })
        .unwrap_or_else(|| "unknown processor".to_owned());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let commit = Command::new("git")
        .args(["describe", "--always", "--dirty"])
        .current_dir(root)
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
        .unwrap_or_default();
    format!("{cpu}, {cores} cores; commit {commit}")
}
