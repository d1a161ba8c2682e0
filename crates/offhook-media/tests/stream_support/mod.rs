//! A stream under a hand-driven clock.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use offhook_media::rtp::{Header, Packet};
use offhook_media::{Clip, Codec, Law, Stream, StreamCommand, StreamConfig, StreamDirection, StreamEvent};
use offhook_media::{JobId, SilencePolicy, StreamUpdate};

/// A stream, the time, and all that came out of it.
pub(crate) struct Driven {
    pub(crate) stream: Stream,
    pub(crate) start: Instant,
    pub(crate) now: Instant,
    pub(crate) sent: Vec<Sent>,
    pub(crate) events: Vec<(Duration, StreamEvent)>,
}

/// A datagram that the stream sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at: Duration,
    pub(crate) to: SocketAddr,
    pub(crate) rtcp: bool,
    pub(crate) bytes: Vec<u8>,
}

impl Sent {
    pub(crate) fn header(&self) -> Header {
        *Packet::parse(&self.bytes).expect("the stream sends RTP").header()
    }

    pub(crate) fn payload(&self) -> &[u8] {
        Packet::parse(&self.bytes).expect("the stream sends RTP").payload()
    }
}

impl Driven {
    pub(crate) fn new(config: StreamConfig) -> Self {
        let start = Instant::now();
        let mut driven = Self {
            stream: Stream::new(start, config),
            start,
            now: start,
            sent: Vec::new(),
            events: Vec::new(),
        };
        driven.drain();
        driven
    }

    /// Lets time pass, visiting the stream whenever it wants to be.
    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.stream.poll_timeout().filter(|due| *due < end) {
            self.now = self.now.max(due);
            self.stream.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
    }

    /// Lets time pass without visiting the stream, as a driver that is stopped does.
    pub(crate) fn sleep(&mut self, time: Duration) {
        self.now += time;
    }

    pub(crate) fn command(&mut self, command: StreamCommand) {
        self.stream.command(self.now, command);
        self.drain();
    }

    pub(crate) fn play(
        &mut self,
        job: u64,
        bytes: impl Into<Vec<u8>>,
        looped: bool,
        limit: Option<Duration>,
    ) {
        self.command(StreamCommand::Play { job: JobId(job), clip: clip(bytes), looped, limit });
    }

    pub(crate) fn rtp(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.stream.handle_rtp(self.now, from, bytes);
        self.drain();
    }

    pub(crate) fn rtcp(&mut self, from: SocketAddr, bytes: &[u8]) {
        self.stream.handle_rtcp(self.now, from, bytes);
        self.drain();
    }

    /// The RTP packets so far.
    pub(crate) fn rtp_sent(&self) -> Vec<&Sent> {
        self.sent.iter().filter(|sent| !sent.rtcp).collect()
    }

    /// All audio so far, one byte a sample.
    pub(crate) fn audio(&self) -> Vec<u8> {
        self.rtp_sent().iter().flat_map(|sent| sent.payload().to_vec()).collect()
    }

    pub(crate) fn happened(&self) -> Vec<&StreamEvent> {
        self.events.iter().map(|(_, event)| event).collect()
    }

    fn drain(&mut self) {
        let at = self.now - self.start;
        let mut buffer = [0; Stream::MAX_DATAGRAM];
        while let Some(outgoing) = self.stream.poll_transmit(&mut buffer) {
            let bytes = buffer[..outgoing.len].to_vec();
            self.sent.push(Sent { at, to: outgoing.to, rtcp: outgoing.rtcp, bytes });
        }
        while let Some(event) = self.stream.poll_event() {
            self.events.push((at, event));
        }
    }
}

/// A-law at 20 ms to 192.0.2.1:4000 and :4001, telephone events as 101 (ours) and 96 (theirs), symmetric.
pub(crate) fn config() -> StreamConfig {
    StreamConfig {
        ssrc: 0x1234_5678,
        first_sequence: 65_534,
        first_timestamp: u32::MAX - 200,
        codec: Codec::G711A,
        payload_send: 8,
        payload_receive: 8,
        telephone_event: Some(101),
        telephone_event_send: Some(96),
        packet_time: ms(20),
        remote_rtp: Some(signalled()),
        remote_rtcp: Some(address("192.0.2.1:4001")),
        rtcp_mux: false,
        direction: StreamDirection::SendRecv,
        symmetric: true,
        silence: SilencePolicy::Send,
        cname: "offhook@192.0.2.9".to_owned(),
        record: false,
        offset: Duration::ZERO,
    }
}

/// The negotiated part of [`config`], unchanged.
pub(crate) fn update() -> StreamUpdate {
    let config = config();
    StreamUpdate {
        remote_rtp: config.remote_rtp,
        remote_rtcp: config.remote_rtcp,
        rtcp_mux: config.rtcp_mux,
        codec: config.codec,
        payload_send: config.payload_send,
        payload_receive: config.payload_receive,
        telephone_event: config.telephone_event,
        telephone_event_send: config.telephone_event_send,
        packet_time: config.packet_time,
        direction: config.direction,
    }
}

/// The far end's address in the session description.
pub(crate) fn signalled() -> SocketAddr {
    address("192.0.2.1:4000")
}

pub(crate) fn clip(bytes: impl Into<Vec<u8>>) -> Clip {
    Clip::from_encoded(Law::A, bytes.into())
}

/// A packet of the far end.
pub(crate) fn packet(payload_type: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    let header = Header { marker: false, payload_type, sequence, timestamp, ssrc: 0xfeed };
    let mut buffer = vec![0; 12 + payload.len()];
    header.write(payload, &mut buffer);
    buffer
}

pub(crate) fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// Silence in A-law.
pub(crate) const SILENCE: u8 = 0xd5;
