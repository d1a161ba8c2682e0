//! A media engine on loopback, and a far end with plain sockets.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::num::NonZeroUsize;
use std::process;
use std::time::{Duration, Instant};

use offhook_media::rtp::{Header, Packet};
use offhook_media::{
    Clip, Codec, JobId, Law, SilencePolicy, StreamCommand, StreamConfig, StreamDirection, StreamEvent,
    StreamUpdate,
};
use offhook_net::{Reserved, RtpConfig, RtpEngine, StreamId};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// An engine with one thread, and the events of its streams.
pub(crate) struct Server {
    pub(crate) engine: RtpEngine,
    pub(crate) events: UnboundedReceiver<(StreamId, StreamEvent)>,
    pub(crate) sender: UnboundedSender<(StreamId, StreamEvent)>,
}

impl Server {
    pub(crate) fn start(ports: std::ops::RangeInclusive<u16>) -> Self {
        let threads = NonZeroUsize::new(1);
        let engine = RtpEngine::start(&RtpConfig { ports, threads, ..RtpConfig::default() }).unwrap();
        let (sender, events) = unbounded_channel();
        Self { engine, events, sender }
    }

    pub(crate) fn reserve(&self) -> Reserved {
        self.engine.reserve(host()).unwrap()
    }

    pub(crate) fn open(&self, config: StreamConfig) -> (StreamId, SocketAddr) {
        let ports = self.reserve();
        let rtp = ports.rtp();
        (self.engine.open(ports, config, self.sender.clone()), rtp)
    }

    /// Waits for the next event that `wanted` picks.
    pub(crate) fn wait_for<T>(&mut self, mut wanted: impl FnMut(&StreamEvent) -> Option<T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let search = async {
                loop {
                    let (_, event) = self.events.recv().await.expect("the sender is kept");
                    if let Some(found) = wanted(&event) {
                        return found;
                    }
                }
            };
            tokio::time::timeout(PATIENCE, search).await.expect("the event comes")
        })
    }

    pub(crate) fn wait_until_closed(&mut self) -> offhook_media::StreamStats {
        self.wait_for(|event| match event {
            StreamEvent::Closed(stats) => Some(stats.clone()),
            _ => None,
        })
    }
}

/// The far end: a socket for RTP and one for RTCP.
pub(crate) struct FarEnd {
    pub(crate) rtp: UdpSocket,
    pub(crate) rtcp: UdpSocket,
}

impl FarEnd {
    pub(crate) fn new() -> Self {
        let socket = || {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            socket.set_read_timeout(Some(PATIENCE)).unwrap();
            socket
        };
        Self { rtp: socket(), rtcp: socket() }
    }

    /// What a stream towards this far end is made with.
    pub(crate) fn config(&self) -> StreamConfig {
        StreamConfig {
            ssrc: 0x1234_5678,
            first_sequence: 1,
            first_timestamp: 0,
            codec: Codec::G711A,
            payload_send: 8,
            payload_receive: 8,
            telephone_event: Some(101),
            telephone_event_send: Some(101),
            packet_time: Duration::from_millis(20),
            remote_rtp: Some(self.rtp.local_addr().unwrap()),
            remote_rtcp: Some(self.rtcp.local_addr().unwrap()),
            rtcp_mux: false,
            direction: StreamDirection::SendRecv,
            symmetric: true,
            silence: SilencePolicy::Send,
            cname: "offhook@localhost".to_owned(),
            record: false,
            offset: Duration::ZERO,
        }
    }

    pub(crate) fn packet(&self) -> Received {
        receive(&self.rtp)
    }

    pub(crate) fn send(&self, to: SocketAddr, sequence: u16) {
        send(&self.rtp, to, sequence);
    }
}

/// A packet that a far end received.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) at: Instant,
    pub(crate) from: SocketAddr,
    pub(crate) header: Header,
    pub(crate) payload: Vec<u8>,
}

pub(crate) fn receive(socket: &UdpSocket) -> Received {
    let mut buffer = [0; 2048];
    let (length, from) = socket.recv_from(&mut buffer).expect("a packet comes");
    let packet = Packet::parse(&buffer[..length]).expect("it is RTP");
    Received { at: Instant::now(), from, header: *packet.header(), payload: packet.payload().to_vec() }
}

/// Sends an A-law packet.
pub(crate) fn send(socket: &UdpSocket, to: SocketAddr, sequence: u16) {
    let timestamp = u32::from(sequence) * 160;
    let header = Header { marker: false, payload_type: 8, sequence, timestamp, ssrc: 0xfeed };
    let mut buffer = [0; 172];
    header.write(&[0x55; 160], &mut buffer).unwrap();
    socket.send_to(&buffer, to).unwrap();
}

pub(crate) fn play(bytes: impl Into<Vec<u8>>, looped: bool) -> StreamCommand {
    let clip = Clip::from_encoded(Law::A, bytes.into());
    StreamCommand::Play { job: JobId(1), clip, looped, limit: None }
}

/// The same session with another address of the far end.
pub(crate) fn moved_to(config: &StreamConfig, rtp: SocketAddr) -> StreamCommand {
    StreamCommand::Update(StreamUpdate {
        remote_rtp: Some(rtp),
        remote_rtcp: config.remote_rtcp,
        rtcp_mux: config.rtcp_mux,
        codec: config.codec,
        payload_send: config.payload_send,
        payload_receive: config.payload_receive,
        telephone_event: config.telephone_event,
        telephone_event_send: config.telephone_event_send,
        packet_time: config.packet_time,
        direction: config.direction,
    })
}

/// A loopback address of this process alone, so that the ports of tests that run beside it are others.
pub(crate) fn host() -> IpAddr {
    let [_, _, high, low] = process::id().to_be_bytes();
    Ipv4Addr::new(127, 1 + high % 250, low, 9).into()
}

/// How long a test waits for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
