//! The way of one frame allocates nothing.

mod stream_support;

use std::time::Instant;

use allocation_counter::measure;
use offhook_media::{JobId, Stream, StreamCommand, StreamConfig};
use stream_support::{clip, config, ms, packet, signalled};

/// MED-14: a thousand frames out and a thousand packets in, reports included, and not one allocation; nor in a stream
/// that listens for keys as tones.
#[test]
fn a_thousand_frames_and_packets_allocate_nothing() {
    for telephone_event in [Some(101), None] {
        let start = Instant::now();
        let mut stream = Stream::new(start, StreamConfig { telephone_event, ..config() });
        run(start, &mut stream);
    }
}

fn run(start: Instant, stream: &mut Stream) {
    let clip = clip([7; 1234]);
    stream.command(start, StreamCommand::Play { job: JobId(1), clip, looped: true, limit: None });
    let mut incoming = packet(8, 0, 0, &[0; 160]);
    let mut buffer = [0; Stream::MAX_DATAGRAM];
    let mut sent = 0;

    let mut now = start;
    let mut second = |frames: u16, stream: &mut Stream| {
        for _ in 0..frames {
            stream.handle_timeout(now);
            while stream.poll_transmit(&mut buffer).is_some() {
                sent += 1;
            }
            while stream.poll_event().is_some() {}
            let timestamp = u32::from_be_bytes([incoming[4], incoming[5], incoming[6], incoming[7]]) + 160;
            incoming[4..8].copy_from_slice(&timestamp.to_be_bytes());
            let sequence = u16::from_be_bytes([incoming[2], incoming[3]]).wrapping_add(1);
            incoming[2..4].copy_from_slice(&sequence.to_be_bytes());
            stream.handle_rtp(now, signalled(), &incoming);
            now += ms(20);
        }
    };
    second(200, stream);
    let allocations = measure(|| second(1000, stream));
    assert_eq!(allocations.count_total, 0);
    assert!(sent > 1200, "{sent} packets left: 1200 of RTP and some reports");
    assert_eq!(stream.stats().packets_received, 1200);
}
