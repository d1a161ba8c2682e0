//! What the machine itself charges, measured beside the server so that its figures can be judged on any machine: a bare
//! loop that answers the same SIP messages without understanding them, a loop that only sends RTP packets, and a loop that
//! only sleeps.

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, UdpSocket},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};

use super::{
    load::{Load, Scenario},
    other_processors,
    process::usage,
    report::percentile,
};

/// What the machine charges on one core.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// CPU seconds of 1000 signalling-only calls.
    pub(crate) signalling: f64,
    /// CPU seconds of one RTP packet of 172 bytes that leaves a connected socket.
    pub(crate) packet: f64,
    /// What becomes of gaps of 20 ms between the wakings of a thread that only sleeps: the 99th percentile in ms.
    pub(crate) gap_p99_ms: f64,
    /// The same, the 99.9th.
    pub(crate) gap_p999_ms: f64,
}

/// Measures the loops, on the processor on which the server will run.
pub(crate) fn measure(folder: &Path, rate: u32) -> Result<Limit> {
    let mut bare = Bare::start("answer")?;
    let port: u16 = bare.word()?.parse().context("the bare loop names its port")?;
    let server = ([127, 0, 0, 1], port).into();
    let load = |calls: u32, name: &str| {
        let patience = Duration::from_secs(60);
        let load = Load { scenario: Scenario::Signalling, rate, calls, server, media_port: 9, patience };
        load.start(&folder.join(name), other_processors())?.wait()
    };
    load(rate, "limit-warm-up")?;
    let calls = rate * 5;
    let before = usage(bare.child.id())?.cpu_seconds;
    load(calls, "limit")?;
    let signalling = (usage(bare.child.id())?.cpu_seconds - before) / f64::from(calls) * 1000.0;

    let packet = Bare::start("send")?.word()?.parse().context("the bare loop names the cost of a packet")?;
    let mut sleeper = Bare::start("sleep")?;
    let mut gap = || sleeper.word()?.parse().context("the bare loop names its gaps");
    let (gap_p99_ms, gap_p999_ms) = (gap()?, gap()?);
    Ok(Limit { signalling, packet, gap_p99_ms, gap_p999_ms })
}

/// This program once more, as a bare loop on the first processor.
struct Bare {
    child: Child,
    output: BufReader<ChildStdout>,
}

impl Bare {
    fn start(task: &str) -> Result<Self> {
        let mut child = Command::new("taskset")
            .args(["-c", "0"])
            .arg(std::env::current_exe()?)
            .args(["bare-loop", task])
            .stdout(Stdio::piped())
            .spawn()
            .context("starting the bare loop")?;
        let output = BufReader::new(child.stdout.take().context("its output is piped")?);
        Ok(Self { child, output })
    }

    /// The next line that it prints.
    fn word(&mut self) -> Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A bare loop, run in a process of its own so that its cost can be told apart.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(crate) enum BareLoop {
    /// Answers requests by copying their lines.
    Answer,
    /// Sends packets and prints what one costs.
    Send,
    /// Sleeps until one millisecond after the other and prints what becomes of gaps of 20 ms.
    Sleep,
}

/// Runs the loop; the first kind never returns.
pub(crate) fn run(task: BareLoop) -> Result<()> {
    match task {
        BareLoop::Answer => answer(),
        BareLoop::Send => send(),
        BareLoop::Sleep => {
            wake();
            Ok(())
        }
    }
}

fn answer() -> Result<()> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = socket.local_addr()?.port();
    println!("{port}");
    let mut buffer = [0; 65_536];
    loop {
        let (length, from) = socket.recv_from(&mut buffer)?;
        let request = String::from_utf8_lossy(&buffer[..length]);
        let head = repeated(&request, port);
        let respond = |status: &str, body: &str| {
            let response = format!("SIP/2.0 {status}\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len());
            socket.send_to(response.as_bytes(), from)
        };
        if request.starts_with("INVITE") {
            respond("100 Trying", "")?;
            respond("180 Ringing", "")?;
            respond("200 OK", ANSWER)?;
        } else if !request.starts_with("ACK") {
            respond("200 OK", "")?;
        }
    }
}

/// What a response repeats of its request, and a Contact.
fn repeated(request: &str, port: u16) -> String {
    let mut head = String::with_capacity(512);
    for line in request.split("\r\n").skip(1).take_while(|line| !line.is_empty()) {
        let is_to = line.starts_with("To:");
        if is_to || ["Via:", "From:", "Call-ID:", "CSeq:"].iter().any(|name| line.starts_with(name)) {
            head.push_str(line);
            head.push_str(if is_to && !line.contains(";tag=") { ";tag=1\r\n" } else { "\r\n" });
        }
    }
    head.push_str(&format!("Contact: <sip:127.0.0.1:{port}>\r\nContent-Type: application/sdp\r\n"));
    head
}

const ANSWER: &str = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
    m=audio 30000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n";

fn send() -> Result<()> {
    let receiver = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect(receiver.local_addr()?)?;
    let packet = [0x80; 172];
    let before = usage(std::process::id())?.cpu_seconds;
    for _ in 0..PACKETS {
        socket.send(&packet)?;
    }
    let cost = (usage(std::process::id())?.cpu_seconds - before) / f64::from(PACKETS);
    println!("{cost:e}");
    Ok(())
}

const PACKETS: u32 = 200_000;

/// What the clock and the host of the machine do to a pacing thread that has nothing to send.
fn wake() {
    let begin = Instant::now();
    let mut woken = Vec::new();
    for step in 1..=WAKINGS {
        sleep((begin + STEP * step).saturating_duration_since(Instant::now()));
        woken.push(begin.elapsed());
    }
    let gaps = woken.iter().zip(&woken[FRAME_STEPS..]).map(|(from, to)| (*to - *from).as_secs_f64() * 1000.0);
    let mut gaps: Vec<f64> = gaps.collect();
    gaps.sort_by(f64::total_cmp);
    println!("{}\n{}", percentile(&gaps, 0.99), percentile(&gaps, 0.999));
}

const STEP: Duration = Duration::from_millis(1);
/// Steps in a frame of 20 ms.
const FRAME_STEPS: usize = 20;
const WAKINGS: u32 = 10_000;
