//! `cargo xtask bench`: what a call costs, measured on this machine.
//!
//! Three parts: criterion times the hot paths alone; what a call does beside plain playback is compared with that; then a
//! whole server, pinned to the first processor, takes calls from sipp on the others, and a sink counts every RTP packet.
//! Nothing here passes or fails: it prints tables.

mod figures;
mod instructions;
mod limit;
mod load;
mod media;
mod overload;
mod process;
mod report;
mod server;
mod sink;

use std::{
    net::SocketAddr,
    path::Path,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};

use figures::{Figure, Figures};
pub(crate) use limit::{BareLoop, run as bare_loop};
use load::{Load, Scenario};
use process::stolen_seconds;
use report::{Table, percentile};
use server::{Behaviour, Language, Programs, Server, Subject};
use sink::Sink;

/// What to measure.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Bench {
    /// Only the hot paths (criterion).
    #[arg(long, conflicts_with = "system")]
    micro: bool,
    /// Only what a call costs in the media engine: detection, recording, mixing and transcoding beside plain playback.
    #[arg(long, conflicts_with_all = ["micro", "system"])]
    media: bool,
    /// Only the whole system (sipp and an RTP sink).
    #[arg(long)]
    system: bool,
    /// Only count the instructions of the hot paths, and compare them with the record.
    #[arg(long, conflicts_with_all = ["micro", "media", "system"])]
    instructions: bool,
    /// Count the instructions of the hot paths and record them.
    #[arg(long, conflicts_with_all = ["micro", "system", "instructions"])]
    record: bool,
    /// Build another commit and run the two in turn.
    #[arg(long, value_name = "REV", conflicts_with_all = ["micro", "instructions", "record"])]
    compare: Option<String>,
    /// Call a server that runs already, for comparison, with the same scenarios and the same sink: it has to ring and
    /// answer `ring`, and to play early media to `music` before it answers.
    #[arg(long, value_name = "HOST:PORT", conflicts_with_all = ["micro", "instructions", "record", "compare"])]
    peer: Option<SocketAddr>,
    /// The process of that server, if it runs on this machine: its CPU time and memory are shown too.
    #[arg(long, value_name = "PID", requires = "peer")]
    peer_pid: Option<u32>,
    /// Only bring the server twice what it can carry.
    #[arg(long, conflicts_with_all = ["micro", "system", "instructions", "record", "compare", "peer"])]
    overload: bool,
    /// How many early-media calls to hold at once, one run for each number.
    #[arg(long, value_delimiter = ',', default_value = "200,500,1000,1500")]
    calls: Vec<u32>,
    /// Calls a second for the signalling run.
    #[arg(long, default_value_t = 1000)]
    rate: u32,
    /// How often each whole-system run is repeated; the tables show medians.
    #[arg(long, default_value_t = 5)]
    repeat: usize,
}

/// New early-media calls a second while the load is built up.
const RAMP_RATE: u32 = 200;
/// For how long packets are counted once all calls are up.
const MEASURED: Duration = Duration::from_secs(10);
/// For how long an idle server is watched.
const IDLE: Duration = Duration::from_secs(10);
/// The rates at which the highest without a failed call is looked for.
const RATES: [u32; 6] = [1000, 2000, 4000, 6000, 8000, 10_000];

/// Counts the instructions of the hot paths and fails if one takes a tenth more than recorded.
pub(crate) fn check_instructions(root: &Path) -> Result<()> {
    instructions::run(root, false)
}

/// Runs the benchmark and prints its tables.
pub(crate) fn run(root: &Path, bench: &Bench) -> Result<()> {
    println!("{}\n", machine(root));
    if bench.instructions || bench.record {
        return instructions::run(root, bench.record);
    }
    let folder = root.join("target/bench");
    if bench.overload {
        return overload::run(&Subject::Ours(Programs::build(root, None)?), &folder);
    }
    if let Some(address) = bench.peer {
        let subject = Subject::Peer { address, pid: bench.peer_pid };
        return whole(&subject, &folder, bench, bench.repeat, &mut Figures::default());
    }
    if let Some(revision) = &bench.compare {
        return compare(root, &folder, bench, revision);
    }
    if bench.media {
        return media::run(root, &folder);
    }
    if !bench.system {
        let status = Command::new("cargo")
            .args(["bench", "--package", "offhook-sip", "--package", "offhook-media"])
            .args(["--bench", "message", "--bench", "sound"])
            .current_dir(root)
            .status()?;
        ensure!(status.success(), "the criterion benchmarks failed");
        media::run(root, &folder)?;
    }
    if !bench.micro {
        let subject = Subject::Ours(Programs::build(root, None)?);
        let mut figures = Figures::default();
        whole(&subject, &folder, bench, bench.repeat, &mut figures)?;
        println!("\nAgainst the bars; server on one core\n\n{}", figures.render());
    }
    Ok(())
}

/// Runs everything that a whole server is measured by.
fn whole(
    subject: &Subject,
    folder: &Path,
    bench: &Bench,
    repeat: usize,
    figures: &mut Figures,
) -> Result<()> {
    if matches!(subject, Subject::Ours(_)) {
        let limit = limit::measure(&folder.join("limit"), bench.rate)?;
        // A stream sends 50 packets a second.
        let calls = 1.0 / (limit.packet * 50.0);
        println!(
            "The machine itself: a bare loop takes {:.3} CPU s for the messages of 1000 calls, and {:.2} us for an RTP \
             packet ({calls:.0} streams on one core); a thread that only sleeps makes gaps of {:.1} ms (p99) and {:.1} ms \
             (p99.9) out of 20 ms\n",
            limit.signalling,
            limit.packet * 1e6,
            limit.gap_p99_ms,
            limit.gap_p999_ms,
        );
        figures.limit(Figure::Gap99, limit.gap_p99_ms);
        figures.limit(Figure::Gap999, limit.gap_p999_ms);
        figures.limit(Figure::SignallingRust, limit.signalling);
        figures.limit(Figure::SignallingPython, limit.signalling);
        figures.limit(Figure::CallsPerSecond, 1000.0 / limit.signalling);
        figures.limit(Figure::CallsUp, calls);
        idle(subject, folder, repeat, figures)?;
    }
    signalling(subject, folder, bench.rate, repeat, figures)?;
    sustained(subject, folder, figures)?;
    early_media(subject, folder, &bench.calls, repeat, figures)
}

/// Builds another commit in a work tree of its own, and runs the two in turn.
fn compare(root: &Path, folder: &Path, bench: &Bench, revision: &str) -> Result<()> {
    let tree = folder.join("compare");
    let git = |arguments: &[&str]| Command::new("git").args(arguments).current_dir(root).status();
    let tree_name = tree.to_string_lossy();
    // A work tree that an earlier run left is replaced.
    let _ = git(&["worktree", "remove", "--force", &tree_name])?;
    ensure!(
        git(&["worktree", "add", "--detach", &tree_name, revision])?.success(),
        "there is no commit {revision}"
    );
    let ours = Subject::Ours(Programs::build(root, None)?);
    let theirs = Subject::Ours(Programs::build(&tree, Some(&folder.join("compare-target")))?);
    let (mut now, mut then) = (Figures::default(), Figures::default());
    for round in 1..=bench.repeat {
        for (subject, name, figures) in [(&ours, "this commit", &mut now), (&theirs, revision, &mut then)] {
            println!("\n==> round {round} of {}: {name}", bench.repeat);
            whole(subject, folder, bench, 1, figures)?;
        }
    }
    println!("\nMedians\n\n{}", now.compare(&then, ["this commit", revision]));
    Ok(())
}

/// What a server takes that has nothing to do.
fn idle(subject: &Subject, folder: &Path, repeat: usize, figures: &mut Figures) -> Result<()> {
    for _ in 0..repeat {
        let place = folder.join("idle");
        let server = Server::start(subject, &place, Language::Rust, Behaviour::RingAndAnswer, "0")?;
        sleep(Duration::from_secs(1));
        let before = server.usage()?.cpu_seconds;
        sleep(IDLE);
        let cost = (server.usage()?.cpu_seconds - before) / IDLE.as_secs_f64();
        figures.add(Figure::Idle, cost * 100.0);
    }
    Ok(())
}

fn signalling(
    subject: &Subject,
    folder: &Path,
    rate: u32,
    repeat: usize,
    figures: &mut Figures,
) -> Result<()> {
    let mut table = Table::new(&[
        "application",
        "calls/s",
        "calls",
        "failed",
        "CPU s per 1000 calls",
        "INVITE to 180 p50 ms",
        "p99 ms",
    ]);
    for language in subject.languages() {
        let calls = rate * 10;
        let mut runs = Vec::new();
        for round in 0..repeat.max(1) {
            let place = folder.join(format!("signalling-{language:?}-{round}"));
            let _ = std::fs::remove_dir_all(&place);
            let server = Server::start(subject, &place, *language, Behaviour::RingAndAnswer, "0")?;
            // A port that is open: the system's complaints about a closed one cost more than the packets.
            let sink = Sink::start()?;
            let load = |calls: u32, name: &str| {
                let patience = Duration::from_secs(120);
                let (scenario, media_port, server) = (Scenario::Signalling, sink.port, server.address);
                let load = Load { scenario, rate, calls, server, media_port, patience };
                load.start(&place.join(name), other_processors())?.wait()
            };
            // The first calls pay for threads and caches that all later ones share.
            load(rate, "warm-up")?;
            let before = server.usage()?;
            let outcome = load(calls, "measured")?;
            let cost = (server.usage()?.cpu_seconds - before.cpu_seconds) / f64::from(calls) * 1000.0;
            let figure = match language {
                Language::Rust => Figure::SignallingRust,
                Language::Python => Figure::SignallingPython,
            };
            figures.add(figure, cost);
            runs.push((cost, outcome));
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

/// Looks for the highest rate of calls without a failed one.
fn sustained(subject: &Subject, folder: &Path, figures: &mut Figures) -> Result<()> {
    let mut table = Table::new(&["calls/s asked", "calls/s made", "failed", "CPU s per 1000 calls"]);
    for rate in RATES {
        let place = folder.join(format!("sustained-{rate}"));
        let _ = std::fs::remove_dir_all(&place);
        let server = Server::start(subject, &place, Language::Rust, Behaviour::RingAndAnswer, "0")?;
        let (calls, sink) = (rate * 5, Sink::start()?);
        let patience = Duration::from_secs(60);
        let (scenario, media_port, address) = (Scenario::SignallingUntimed, sink.port, server.address);
        let load = Load { scenario, rate, calls, server: address, media_port, patience };
        let (before, clock) = (server.usage()?.cpu_seconds, Instant::now());
        let outcome = load.start(&place, other_processors())?.wait()?;
        let (seconds, cpu) = (clock.elapsed().as_secs_f64(), server.usage()?.cpu_seconds - before);
        let made = f64::from(calls) / seconds;
        table.row(vec![
            rate.to_string(),
            format!("{made:.0}"),
            outcome.failed.to_string(),
            format!("{:.3}", cpu / f64::from(calls) * 1000.0),
        ]);
        if outcome.failed > 0 {
            break;
        }
        figures.replace_if_more(Figure::CallsPerSecond, made);
    }
    println!(
        "\nThe highest rate: 5 s at each, until calls fail; the caller has {} of the machine's cores\n\n{}",
        std::thread::available_parallelism().map_or(1, |cores| usize::from(cores).saturating_sub(1).max(1)),
        table.render()
    );
    Ok(())
}

fn early_media(
    subject: &Subject,
    folder: &Path,
    numbers: &[u32],
    repeat: usize,
    figures: &mut Figures,
) -> Result<()> {
    let mut table = Table::new(&[
        "application",
        "calls up",
        "failed",
        "cores used",
        "taken by the host",
        "CPU ms per call and s",
        "lost",
        "gap p50 ms",
        "p99",
        "p99.9",
        "max",
        "INVITE to 183 p50 ms",
        "p99",
        "183 to RTP p50 ms",
        "p99",
        "KB per call",
    ]);
    for &language in subject.languages() {
        let mut costs: Vec<Vec<f64>> = Vec::new();
        for (index, &calls) in numbers.iter().enumerate() {
            let mut runs = Vec::new();
            for round in 0..repeat.max(1) {
                let place = folder.join(format!("early-media-{language:?}-{calls}-{round}"));
                let _ = std::fs::remove_dir_all(&place);
                runs.push(early_media_run(subject, &place, language, calls)?);
            }
            let is_most = index + 1 == numbers.len();
            costs.push(runs.iter().map(|run| run.cores / f64::from(calls)).collect());
            note(figures, language, &runs, calls, is_most);
            runs.sort_by(|a, b| a.cores.total_cmp(&b.cores));
            let run = &runs[runs.len() / 2];
            table.row(vec![
                format!("{language:?}"),
                format!("{} of {calls}", run.measured.streams),
                run.failed.to_string(),
                format!("{:.3}", run.cores),
                format!("{:.3}", run.stolen),
                format!("{:.3}", run.cores * 1000.0 / f64::from(calls)),
                format!("{} of {}", run.measured.lost, run.measured.packets),
                format!("{:.1}", percentile(&run.measured.gaps_ms, 0.50)),
                format!("{:.1}", percentile(&run.measured.gaps_ms, 0.99)),
                format!("{:.1}", percentile(&run.measured.gaps_ms, 0.999)),
                format!("{:.1}", run.measured.gaps_ms.last().copied().unwrap_or(0.0)),
                format!("{:.2}", percentile(&run.response_ms, 0.50)),
                format!("{:.2}", percentile(&run.response_ms, 0.99)),
                format!("{:.1}", percentile(&run.first_packet_ms, 0.50)),
                format!("{:.1}", percentile(&run.first_packet_ms, 0.99)),
                format!("{:.0}", run.kilobytes_per_call),
            ]);
        }
        if let (Language::Rust, [fewest, .., most]) = (language, costs.as_slice()) {
            for (few, many) in fewest.iter().zip(most) {
                figures.add(Figure::Growth, many / few);
            }
        }
    }
    println!(
        "\nEarly media: 183, a file looped, {RAMP_RATE} new calls a second, then {} s measured; server on one core\n\n{}",
        MEASURED.as_secs(),
        table.render()
    );
    Ok(())
}

/// Notes what the runs with one number of calls say about the bars.
fn note(figures: &mut Figures, language: Language, runs: &[EarlyMediaRun], calls: u32, is_most: bool) {
    for run in runs.iter().filter(|_| is_most) {
        let memory = match language {
            Language::Rust => Figure::MemoryRust,
            Language::Python => Figure::MemoryPython,
        };
        figures.add(memory, run.kilobytes_per_call);
        if language == Language::Python {
            continue;
        }
        figures.add(Figure::CallsUp, f64::from(calls) / run.cores);
        figures.add(Figure::PacketsLost, run.measured.lost as f64);
        figures.add(Figure::Gap99, percentile(&run.measured.gaps_ms, 0.99));
        figures.add(Figure::Gap999, percentile(&run.measured.gaps_ms, 0.999));
        figures.add(Figure::Ringing99, percentile(&run.response_ms, 0.99));
        figures.add(Figure::FirstPacket99, percentile(&run.first_packet_ms, 0.99));
    }
}

struct EarlyMediaRun {
    failed: u64,
    cores: f64,
    /// Cores that the host took from the server's processor meanwhile.
    stolen: f64,
    measured: sink::Measured,
    response_ms: Vec<f64>,
    first_packet_ms: Vec<f64>,
    kilobytes_per_call: f64,
}

fn early_media_run(subject: &Subject, place: &Path, language: Language, calls: u32) -> Result<EarlyMediaRun> {
    let ramp = Duration::from_secs_f64(f64::from(calls) / f64::from(RAMP_RATE)) + Duration::from_secs(2);
    let ringing = ramp + MEASURED + Duration::from_secs(3);
    let sink = Sink::start()?;
    let server = Server::start(subject, place, language, Behaviour::EarlyMedia(ringing), "0")?;
    let base = server.usage()?;
    let load = Load {
        scenario: Scenario::EarlyMedia,
        rate: RAMP_RATE,
        calls,
        server: server.address,
        media_port: sink.port,
        patience: ringing * 2 + ramp + Duration::from_secs(30),
    };
    let begin = Instant::now();
    let callers = load.start(&place.join("callers"), other_processors())?;
    sleep(ramp.saturating_sub(begin.elapsed()));
    let (before, stolen_before) = (server.usage()?, stolen_seconds()?);
    let clock = Instant::now();
    sink.measure();
    sleep(MEASURED);
    let measured = sink.measured();
    let elapsed = clock.elapsed().as_secs_f64();
    let (after, stolen) = (server.usage()?, stolen_seconds()? - stolen_before);
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
        stolen: stolen / elapsed,
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
