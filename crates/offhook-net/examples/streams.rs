//! How many streams a pacing thread carries, and how evenly their packets leave.
//!
//! ```text
//! cargo run --release -p offhook-net --example streams -- --streams 1000 --seconds 10
//! ```
//!
//! Opens that many streams of a looped clip towards a sink in the same process, and prints the CPU time of the pacing
//! threads, the gaps between packets as the sink saw them, and what was lost. `--latch` lets the sink send one packet
//! to each stream, so that its socket is connected; `--echo` lets it send a packet back for each that comes.
//! Linux only: it reads the threads' times from `/proc`.

use std::error::Error;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use mio::net::UdpSocket;
use mio::{Events, Interest, Poll, Token};
use offhook_media::rtp::{Header, Packet};
use offhook_media::{
    Clip, Codec, JobId, Law, SilencePolicy, StreamCommand, StreamConfig, StreamDirection, StreamEvent,
};
use offhook_net::{RtpConfig, RtpEngine};
use tokio::sync::mpsc::unbounded_channel;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse()?;
    // Some to spare, for ports that other programs use.
    let ports = FIRST_PORT..=u16::try_from(usize::from(FIRST_PORT) + 2 * options.streams + 1000)?;
    let threads = NonZeroUsize::new(options.threads);
    let engine = RtpEngine::start(&RtpConfig { ports, threads, ..RtpConfig::default() })?;
    let sinks: Vec<std::net::UdpSocket> =
        (0..SINKS).map(|_| std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))).collect::<Result<_, _>>()?;
    for sink in &sinks {
        let _ = socket2::SockRef::from(sink).set_recv_buffer_size(8 << 20);
    }
    let targets: Vec<SocketAddr> = sinks.iter().map(|sink| sink.local_addr()).collect::<Result<_, _>>()?;

    let stop = Arc::new(AtomicBool::new(false));
    let measuring = Arc::new(AtomicBool::new(false));
    let sink = {
        let (stop, measuring) = (Arc::clone(&stop), Arc::clone(&measuring));
        thread::Builder::new()
            .name("sink".to_owned())
            .spawn(move || Sink::new(sinks, options).and_then(|sink| sink.run(&stop, &measuring)))?
    };

    let limit = send_cost(targets[0])?;
    let resident_before = resident_kib();
    let clip = Clip::from_encoded(Law::A, (0..=250).cycle().take(12_345).collect::<Vec<u8>>());
    let (events, mut told) = unbounded_channel();
    let opening = Instant::now();
    for n in 0..options.streams {
        let reserved = engine.reserve(Ipv4Addr::LOCALHOST.into())?;
        let stream = engine.open(reserved, config(n as u32, targets[n % SINKS]), events.clone());
        let play = StreamCommand::Play { job: JobId(0), clip: clip.clone(), looped: true, limit: None };
        engine.command(stream, play);
    }
    let opened = opening.elapsed();
    thread::sleep(Duration::from_secs(2));
    let resident_after = resident_kib();

    measuring.store(true, Ordering::SeqCst);
    let (cpu_before, metrics_before, begun) = (cpu_ticks("offhook-rtp"), engine.metrics(), Instant::now());
    thread::sleep(options.time);
    let (cpu_after, metrics, elapsed) = (cpu_ticks("offhook-rtp"), engine.metrics(), begun.elapsed());
    measuring.store(false, Ordering::SeqCst);
    thread::sleep(Duration::from_millis(100));
    stop.store(true, Ordering::SeqCst);
    let heard = sink.join().map_err(|_| "the sink has panicked")??;
    engine.shut_down();
    let mut skipped = 0;
    while let Ok((_, event)) = told.try_recv() {
        if let StreamEvent::Closed(stats) = event {
            skipped += stats.frames_skipped;
        }
    }

    let sent = metrics.datagrams_sent - metrics_before.datagrams_sent;
    let [user, system] = [0, 1].map(|n| (cpu_after[n] - cpu_before[n]) as f64 / TICKS_PER_SECOND);
    let cpu = user + system;
    let mut gaps = heard.gaps;
    gaps.sort_unstable();
    let at = |share: f64| gaps.get(((gaps.len() as f64 - 1.0) * share) as usize).map_or(0.0, ms);
    println!("streams                {:>10}", options.streams);
    println!("opened in              {:>10.1} ms", opened.as_secs_f64() * 1000.0);
    println!(
        "memory per stream      {:>10.2} KiB",
        (resident_after - resident_before) / options.streams as f64
    );
    println!("packets sent           {:>10.0} a second", sent as f64 / elapsed.as_secs_f64());
    println!("cores used             {:>10.3}", cpu / elapsed.as_secs_f64());
    println!("CPU per packet         {:>10.2} us", cpu * 1e6 / sent.max(1) as f64);
    println!("  of it not the system {:>10.2} us", user * 1e6 / sent.max(1) as f64);
    println!("a bare connected send  {:>10.2} us", limit.as_secs_f64() * 1e6);
    println!("gap p50                {:>10.2} ms", at(0.5));
    println!("gap p99                {:>10.2} ms", at(0.99));
    println!("gap p99.9              {:>10.2} ms", at(0.999));
    println!("gap max                {:>10.2} ms", at(1.0));
    println!("lost at the sink       {:>10}", heard.lost);
    println!("send failures          {:>10}", metrics.send_failures - metrics_before.send_failures);
    println!("late visits (> 5 ms)   {:>10}", metrics.late_visits - metrics_before.late_visits);
    println!("frames left out        {:>10} since the beginning", skipped);
    println!("packets received back  {:>10}", metrics.datagrams_received - metrics_before.datagrams_received);
    Ok(())
}

/// The time of one connected send of an RTP packet of 20 ms, with its delivery: the limit that the machine sets.
fn send_cost(target: SocketAddr) -> std::io::Result<Duration> {
    let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect(target)?;
    let cost = || {
        let begun = Instant::now();
        for _ in 0..BARE_SENDS {
            socket.send(&[0; 172])?;
        }
        Ok(begun.elapsed() / BARE_SENDS)
    };
    // The best of many short runs: what else runs on the machine is not what is measured.
    (0..200)
        .map(|_| cost())
        .min_by_key(|cost: &std::io::Result<Duration>| cost.as_ref().map_or(Duration::MAX, |d| *d))
        .unwrap_or(Ok(Duration::ZERO))
}

fn config(number: u32, sink: SocketAddr) -> StreamConfig {
    StreamConfig {
        ssrc: number,
        first_sequence: 0,
        first_timestamp: 0,
        codec: Codec::G711A,
        payload_send: 8,
        payload_receive: 8,
        telephone_event: None,
        telephone_event_send: None,
        packet_time: Duration::from_millis(20),
        remote_rtp: Some(sink),
        remote_rtcp: None,
        rtcp_mux: false,
        direction: StreamDirection::SendRecv,
        symmetric: true,
        silence: SilencePolicy::Send,
        cname: "streams@localhost".to_owned(),
        record: false,
        offset: Duration::ZERO,
    }
}

#[derive(Clone, Copy)]
struct Options {
    streams: usize,
    threads: usize,
    time: Duration,
    latch: bool,
    echo: bool,
}

impl Options {
    fn parse() -> Result<Self, Box<dyn Error>> {
        let mut options =
            Self { streams: 500, threads: 1, time: Duration::from_secs(10), latch: false, echo: false };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut number = || {
                arguments
                    .next()
                    .ok_or_else(|| format!("{argument} needs a number"))?
                    .parse::<usize>()
                    .map_err(|error| format!("{argument}: {error}"))
            };
            match argument.as_str() {
                "--streams" => options.streams = number()?,
                "--threads" => options.threads = number()?,
                "--seconds" => options.time = Duration::from_secs(number()? as u64),
                "--latch" => options.latch = true,
                "--echo" => options.echo = true,
                _ => {
                    return Err(format!(
                        "{argument}: accepted are --streams N, --threads N, --seconds N, --latch, --echo"
                    )
                    .into());
                }
            }
        }
        Ok(options)
    }
}

/// Receives all packets, and keeps the time between those of each stream.
struct Sink {
    poll: Poll,
    sockets: Vec<UdpSocket>,
    last: Vec<Option<(u16, Instant)>>,
    options: Options,
    heard: Heard,
}

#[derive(Default)]
struct Heard {
    /// In microseconds.
    gaps: Vec<u32>,
    lost: u64,
}

impl Sink {
    fn new(sockets: Vec<std::net::UdpSocket>, options: Options) -> std::io::Result<Self> {
        let poll = Poll::new()?;
        let mut watched = Vec::new();
        for (n, socket) in sockets.into_iter().enumerate() {
            socket.set_nonblocking(true)?;
            let mut socket = UdpSocket::from_std(socket);
            poll.registry().register(&mut socket, Token(n), Interest::READABLE)?;
            watched.push(socket);
        }
        let packets = options.streams * 50 * (options.time.as_secs() as usize + 1);
        let heard = Heard { gaps: Vec::with_capacity(packets), lost: 0 };
        Ok(Self { poll, sockets: watched, last: vec![None; options.streams], options, heard })
    }

    fn run(mut self, stop: &AtomicBool, measuring: &AtomicBool) -> std::io::Result<Heard> {
        let mut ready = Events::with_capacity(64);
        let mut buffer = [0; 2048];
        while !stop.load(Ordering::Relaxed) {
            self.poll.poll(&mut ready, Some(Duration::from_millis(50)))?;
            for event in &ready {
                let socket = event.token().0;
                while let Ok((length, from)) = self.sockets[socket].recv_from(&mut buffer) {
                    self.packet(socket, from, &buffer[..length], measuring.load(Ordering::Relaxed));
                }
            }
        }
        Ok(self.heard)
    }

    fn packet(&mut self, socket: usize, from: SocketAddr, bytes: &[u8], measuring: bool) {
        let now = Instant::now();
        let Ok(packet) = Packet::parse(bytes) else { return };
        let header = *packet.header();
        let Some(last) = self.last.get_mut(header.ssrc as usize) else { return };
        let before = last.replace((header.sequence, now));
        if let (Some((sequence, at)), true) = (before, measuring) {
            self.heard.lost += u64::from(header.sequence.wrapping_sub(sequence).wrapping_sub(1));
            self.heard.gaps.push((now - at).as_micros() as u32);
        }
        if self.options.echo || (self.options.latch && before.is_none()) {
            let back = Header { ssrc: header.ssrc ^ 0xffff, ..header };
            let mut reply = [0; 172];
            if let Some(length) = back.write(&[0xd5; 160], &mut reply) {
                let _ = self.sockets[socket].send_to(&reply[..length], from);
            }
        }
    }
}

fn ms(micros: &u32) -> f64 {
    f64::from(*micros) / 1000.0
}

/// User and system time of the threads of this process whose name begins so.
fn cpu_ticks(name: &str) -> [u64; 2] {
    let mut sum = [0; 2];
    for thread in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        if let Some((head, rest)) = stat.rsplit_once(')')
            && head.contains(&format!("({name}"))
        {
            let fields: Vec<&str> = rest.split_whitespace().collect();
            for (total, field) in sum.iter_mut().zip([11, 12]) {
                *total += fields.get(field).and_then(|ticks| ticks.parse::<u64>().ok()).unwrap_or(0);
            }
        }
    }
    sum
}

/// Resident memory of this process.
fn resident_kib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).unwrap_or(0.0)
}

/// How many sends are timed together.
const BARE_SENDS: u32 = 500;
/// Below the range that systems choose ports from.
const FIRST_PORT: u16 = 10_000;
/// So that no single socket's buffer is the limit.
const SINKS: usize = 16;
/// The unit of the times in `/proc`, which is fixed on Linux.
const TICKS_PER_SECOND: f64 = 100.0;
