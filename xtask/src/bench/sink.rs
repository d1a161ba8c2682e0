//! The far end of every stream: counts RTP packets and the gaps between them.
//!
//! One socket takes the packets of all calls; a stream is told apart by the port it comes from.  Arrival times are the
//! kernel's own (`SO_TIMESTAMPNS`), so that a late reader does not look like a late sender.

use std::{
    collections::HashMap,
    io::IoSliceMut,
    net::{Ipv4Addr, SocketAddrV4, UdpSocket},
    os::fd::AsRawFd,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use anyhow::{Context, Result};
use nix::sys::{
    socket::{ControlMessageOwned, MsgFlags, SockaddrIn, recvmsg, setsockopt, sockopt},
    time::TimeSpec,
};

/// One stream, as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    /// Arrival of the first packet, nanoseconds since 1970.
    pub(crate) first_ns: u64,
    last_ns: u64,
    last_sequence: u16,
    /// Packets counted while the sink was asked to measure.
    pub(crate) packets: u64,
    /// Sequence numbers that never came while the sink was asked to measure.
    pub(crate) lost: u64,
}

/// What was seen since [`Sink::measure`].
#[derive(Debug, Default)]
struct Shared {
    streams: HashMap<u16, Stream>,
    gaps_ns: Vec<u32>,
}

/// A running sink.
pub(crate) struct Sink {
    /// The port to put into the callers' SDP.
    pub(crate) port: u16,
    shared: Arc<Mutex<Shared>>,
    measuring: Arc<AtomicBool>,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Packets, losses and gaps of a measured span.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    /// Streams that sent at least one packet.
    pub(crate) streams: usize,
    /// Packets that arrived.
    pub(crate) packets: u64,
    /// Packets that did not.
    pub(crate) lost: u64,
    /// Gaps between the packets of a stream, in milliseconds, sorted.
    pub(crate) gaps_ms: Vec<f64>,
}

impl Sink {
    /// Binds a port on the loopback address and begins to read.
    pub(crate) fn start() -> Result<Self> {
        let socket = bind_even_port()?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true).context("asking for arrival times")?;
        // The receive buffer must outlast the reader's turn on a busy machine; root may exceed the system's limit.
        if setsockopt(&socket, sockopt::RcvBufForce, &(32 << 20)).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &(4 << 20)).context("enlarging the receive buffer")?;
        }
        let port = socket.local_addr()?.port();
        let shared = Arc::new(Mutex::new(Shared::default()));
        let measuring = Arc::new(AtomicBool::new(false));
        let stopping = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let (shared, measuring, stopping) = (shared.clone(), measuring.clone(), stopping.clone());
            move || read(&socket, &shared, &measuring, &stopping)
        });
        Ok(Self { port, shared, measuring, stopping, thread: Some(thread) })
    }

    /// Begins to count gaps and losses.
    pub(crate) fn measure(&self) {
        let mut shared = self.shared.lock().expect("the reader does not panic while it holds the lock");
        shared.gaps_ns.clear();
        for stream in shared.streams.values_mut() {
            stream.packets = 0;
            stream.lost = 0;
        }
        self.measuring.store(true, Ordering::Relaxed);
    }

    /// Ends counting and returns what was counted.
    pub(crate) fn measured(&self) -> Measured {
        self.measuring.store(false, Ordering::Relaxed);
        let mut shared = self.shared.lock().expect("the reader does not panic while it holds the lock");
        let mut gaps_ms: Vec<f64> = shared.gaps_ns.drain(..).map(|gap| f64::from(gap) / 1e6).collect();
        gaps_ms.sort_by(f64::total_cmp);
        let active = shared.streams.values().filter(|stream| stream.packets > 0);
        Measured {
            streams: active.clone().count(),
            packets: active.clone().map(|stream| stream.packets).sum(),
            lost: active.map(|stream| stream.lost).sum(),
            gaps_ms,
        }
    }

    /// Arrival of the first packet of each stream since the last call, by the port that it came from.
    pub(crate) fn take_streams(&self) -> HashMap<u16, Stream> {
        let mut shared = self.shared.lock().expect("the reader does not panic while it holds the lock");
        std::mem::take(&mut shared.streams)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// RTP wants an even port (RFC 3550 section 11).
fn bind_even_port() -> Result<UdpSocket> {
    for _ in 0..100 {
        let socket = UdpSocket::bind(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0))?;
        if socket.local_addr()?.port() % 2 == 0 {
            return Ok(socket);
        }
    }
    anyhow::bail!("no even UDP port is free on the loopback address")
}

fn read(socket: &UdpSocket, shared: &Mutex<Shared>, measuring: &AtomicBool, stopping: &AtomicBool) {
    let mut buffer = [0_u8; 2048];
    let mut control = nix::cmsg_space!(TimeSpec);
    while !stopping.load(Ordering::Relaxed) {
        let mut slices = [IoSliceMut::new(&mut buffer)];
        let received =
            recvmsg::<SockaddrIn>(socket.as_raw_fd(), &mut slices, Some(&mut control), MsgFlags::empty());
        let Ok(message) = received else { continue };
        let Some(from) = message.address else { continue };
        let time = message.cmsgs().ok().and_then(|mut all| {
            all.find_map(|one| match one {
                ControlMessageOwned::ScmTimestampns(time) => Some(time),
                _ => None,
            })
        });
        let (Some(time), length) = (time, message.bytes) else { continue };
        if length < 12 {
            continue;
        }
        let now_ns = time.tv_sec() as u64 * 1_000_000_000 + time.tv_nsec() as u64;
        let sequence = u16::from_be_bytes([buffer[2], buffer[3]]);
        let mut shared = shared.lock().expect("no other holder panics");
        let shared = &mut *shared;
        take(shared, from.port(), now_ns, sequence, measuring.load(Ordering::Relaxed));
    }
}

fn take(shared: &mut Shared, port: u16, now_ns: u64, sequence: u16, measuring: bool) {
    let Some(stream) = shared.streams.get_mut(&port) else {
        let first =
            Stream { first_ns: now_ns, last_ns: now_ns, last_sequence: sequence, packets: 1, lost: 0 };
        shared.streams.insert(port, first);
        return;
    };
    let step = sequence.wrapping_sub(stream.last_sequence);
    if measuring {
        stream.packets += 1;
        // A step backwards is a late packet, not a loss.
        if (2..1000).contains(&step) {
            stream.lost += u64::from(step) - 1;
        }
        shared.gaps_ns.push(u32::try_from(now_ns.saturating_sub(stream.last_ns)).unwrap_or(u32::MAX));
    }
    stream.last_ns = now_ns;
    stream.last_sequence = sequence;
}
