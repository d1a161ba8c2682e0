//! The way of one frame allocates nothing.

mod stream_support;

use std::time::Instant;

use allocation_counter::measure;
use offhook_media::{JobId, Stream, StreamCommand};
use stream_support::{clip, config, ms, packet, signalled};

/// MED-14: a thousand frames out and a thousand packets in, reports included, and not one allocation.
#[test]
fn a_thousand_frames_and_packets_allocate_nothing() {
    let start = Instant::now();
    let mut stream = Stream::new(start, config());
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
            let sequence = u16::from_be_bytes([incoming[2], incoming[3]]).wrapping_add(1);
            incoming[2..4].copy_from_slice(&sequence.to_be_bytes());
            stream.handle_rtp(now, signalled(), &incoming);
            now += ms(20);
        }
    };
    second(50, &mut stream);
    let allocations = measure(|| second(1000, &mut stream));
    assert_eq!(allocations.count_total, 0);
    assert!(sent > 1050, "{sent} packets left: 1050 of RTP and some reports");
    assert_eq!(stream.stats().packets_received, 1050);
}
