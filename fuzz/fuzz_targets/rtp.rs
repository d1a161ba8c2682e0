//! RTP packets: one by itself, and a sequence of them into a stream that knows telephone events and latches.
//!
//! Each packet of the sequence is preceded by its length in one byte.

#![no_main]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use offhook_media::rtp::Packet;
use offhook_media::{Codec, SilencePolicy, Stream, StreamConfig, StreamDirection};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(packet) = Packet::parse(bytes) {
        assert!(packet.payload().len() <= bytes.len());
        packet.csrc().for_each(drop);
        packet.extension();
    }
    let mut now = Instant::now();
    let mut stream = Stream::new(now, config());
    let mut buffer = [0; 2048];
    let mut rest = bytes;
    while let Some((&length, after)) = rest.split_first() {
        let (packet, after) = after.split_at(usize::from(length).min(after.len()));
        let from = SocketAddr::from(([192, 0, 2, 1], 4000 + u16::from(length % 3)));
        stream.handle_rtp(now, from, packet);
        now += Duration::from_millis(7);
        stream.handle_timeout(now);
        while let Some(outgoing) = stream.poll_transmit(&mut buffer) {
            assert!(outgoing.len <= buffer.len());
        }
        while stream.poll_event().is_some() {}
        rest = after;
    }
    stream.stats();
});

fn config() -> StreamConfig {
    StreamConfig {
        ssrc: 1,
        first_sequence: 65_500,
        first_timestamp: u32::MAX - 1000,
        codec: Codec::G711A,
        payload_send: 8,
        payload_receive: 8,
        telephone_event: Some(101),
        telephone_event_send: Some(101),
        packet_time: Duration::from_millis(20),
        remote_rtp: Some(SocketAddr::from(([192, 0, 2, 1], 4000))),
        remote_rtcp: Some(SocketAddr::from(([192, 0, 2, 1], 4001))),
        rtcp_mux: true,
        direction: StreamDirection::SendRecv,
        symmetric: true,
        silence: SilencePolicy::Send,
        cname: "fuzz".into(),
        record: true,
        offset: Duration::ZERO,
    }
}
