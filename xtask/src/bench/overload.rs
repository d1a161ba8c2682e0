//! Twice what the server can carry: what it refuses, what becomes of the calls that are up, and when it has recovered.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use anyhow::{Context, Result};

use super::{
    load::{Load, Outcome, Scenario},
    other_processors,
    report::{Table, percentile},
    server::{Behaviour, Language, Server, Subject},
    sink::Sink,
};

/// Calls with early media that are up all the time.
const UP: u32 = 100;
/// Busy programs beside the server, so that a caller on the other cores can bring more than the server can carry.
const RIVALS: u32 = 3;
/// How long the overload lasts.
const SECONDS: u32 = 10;

/// Runs the overload and prints its table.
pub(crate) fn run(subject: &Subject, folder: &Path) -> Result<()> {
    let folder = folder.join("overload");
    let _ = std::fs::remove_dir_all(&folder);
    // The calls that are up have a sink of their own, so that nobody else's packets are counted as theirs.
    let (sink, others) = (Sink::start()?, Sink::start()?);
    let ringing = Duration::from_secs(90);
    let server = Server::start(subject, &folder, Language::Rust, Behaviour::EarlyMedia(ringing), "0")?;
    let load = |scenario, rate, calls, name: &str| {
        let is_up = matches!(scenario, Scenario::EarlyMedia);
        let (media_port, server) = (if is_up { sink.port } else { others.port }, server.address);
        let load = Load { scenario, rate, calls, server, media_port, patience: Duration::from_secs(120) };
        load.start(&folder.join(name), other_processors())
    };
    let up = load(Scenario::EarlyMedia, UP, UP, "up")?;
    sleep(Duration::from_secs(3));

    let before = server.usage()?.cpu_seconds;
    load(Scenario::Overload, 500, 1000, "cost")?.wait()?;
    let cost = (server.usage()?.cpu_seconds - before) / 1000.0;
    let carried = 1.0 / cost / f64::from(RIVALS + 1);
    let rate = (carried * 2.0) as u32;

    let rivals = (0..RIVALS).map(|_| Rival::start()).collect::<Result<Vec<_>>>()?;
    sink.measure();
    let during = load(Scenario::Overload, rate, rate * SECONDS, "during")?.wait()?;
    let heard = sink.measured();
    drop(rivals);
    // What comes within a second of the end may still be refused; what comes later may not.
    sleep(Duration::from_secs(1));
    let after = load(Scenario::Overload, 100, 200, "after")?.wait()?;

    let mut table = Table::new(&["", "calls/s", "calls", "answered", "503 with Retry-After", "failed"]);
    table.row(row("overload", rate, &during));
    table.row(row("a second after it", 100, &after));
    println!(
        "\nOverload: the server shares its core with {RIVALS} busy programs and carries about {carried:.0} calls/s; it gets \
         twice as many for {SECONDS} s\n\n{}\n{} of {UP} calls that were up went on: {} of {} packets lost, gap p99 {:.1} ms",
        table.render(),
        heard.streams,
        heard.lost,
        heard.packets,
        percentile(&heard.gaps_ms, 0.99)
    );
    drop(up);
    Ok(())
}

fn row(name: &str, rate: u32, outcome: &Outcome) -> Vec<String> {
    let answered = outcome.successful - outcome.refused;
    let figures =
        [u64::from(rate), outcome.successful + outcome.failed, answered, outcome.refused, outcome.failed];
    std::iter::once(name.to_owned()).chain(figures.iter().map(u64::to_string)).collect()
}

/// A program that takes all the time it gets of the server's processor.
struct Rival(Child);

impl Rival {
    fn start() -> Result<Self> {
        let child = Command::new("taskset")
            .args(["-c", "0", "sh", "-c", "while :; do :; done"])
            .stdin(Stdio::null())
            .spawn()
            .context("starting a busy program")?;
        Ok(Self(child))
    }
}

impl Drop for Rival {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
