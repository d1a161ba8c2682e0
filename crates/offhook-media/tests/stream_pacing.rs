//! When frames leave, and how a driver that comes late is caught up with.

mod stream_support;

use std::time::Duration;

use offhook_media::{StreamConfig, StreamEvent};
use stream_support::{Driven, config, ms};

fn times(driven: &Driven) -> Vec<Duration> {
    driven.rtp_sent().iter().map(|sent| sent.at).collect()
}

/// RING-36, MED-14: a frame every 20 ms, the first at once.
#[test]
fn a_frame_leaves_every_packet_time() {
    let mut driven = Driven::new(config());
    driven.run(ms(100));
    assert_eq!(times(&driven), [ms(0), ms(20), ms(40), ms(60), ms(80)]);
}

/// RING-36: packets are as long as the offer's ptime says, from 10 to 60 ms.
#[test]
fn packets_are_as_long_as_negotiated() {
    for (wanted, sent) in [(10, 10), (20, 20), (30, 30), (40, 40), (60, 60), (5, 10), (0, 10), (90, 60)] {
        let mut driven = Driven::new(StreamConfig { packet_time: ms(wanted), ..config() });
        driven.run(ms(240));
        assert_eq!(times(&driven).len() as u64, 240 / sent, "{wanted} ms");
        for packet in driven.rtp_sent() {
            assert_eq!(packet.payload().len() as u64, sent * 8, "{wanted} ms");
        }
    }
}

#[test]
fn the_offset_puts_off_the_first_frame() {
    let mut driven = Driven::new(StreamConfig { offset: ms(7), ..config() });
    driven.run(ms(50));
    assert_eq!(times(&driven), [ms(7), ms(27), ms(47)]);
}

/// RING-36, MED-15, UR-13: one SSRC, sequence numbers and timestamps that run on, the marker on the first packet.
#[test]
fn packets_carry_one_line_of_numbers() {
    let mut driven = Driven::new(config());
    driven.run(ms(100));
    let mut expected = offhook_media::rtp::Header {
        marker: true,
        payload_type: 8,
        sequence: config().first_sequence,
        timestamp: config().first_timestamp,
        ssrc: config().ssrc,
    };
    for sent in driven.rtp_sent() {
        assert_eq!(sent.header(), expected);
        expected.marker = false;
        expected.sequence = expected.sequence.wrapping_add(1);
        expected.timestamp = expected.timestamp.wrapping_add(160);
    }
}

#[test]
fn the_first_packet_is_told_once() {
    let mut driven = Driven::new(StreamConfig { offset: ms(5), ..config() });
    driven.run(ms(100));
    assert!(matches!(driven.events[..], [(at, StreamEvent::Started)] if at == ms(5)));
}

#[test]
fn frames_late_by_no_more_than_two_are_made_up_for() {
    let mut driven = Driven::new(config());
    driven.run(ms(30));
    driven.sleep(ms(45));
    driven.run(ms(25));
    assert_eq!(times(&driven), [ms(0), ms(20), ms(75), ms(75), ms(80)]);
    assert_eq!(driven.stream.stats().frames_skipped, 0);
}

/// MED-15: a driver that stood still sends no burst; time and timestamps go on where the clock is.
#[test]
fn frames_that_are_later_are_left_out_and_the_timestamps_say_so() {
    let mut driven = Driven::new(config());
    driven.run(ms(30));
    driven.sleep(ms(1000));
    driven.run(ms(30));
    assert_eq!(times(&driven), [ms(0), ms(20), ms(1030), ms(1040)]);
    let headers: Vec<_> = driven.rtp_sent().iter().map(|sent| sent.header()).collect();
    assert_eq!(headers[2].timestamp.wrapping_sub(headers[1].timestamp), 50 * 160);
    assert_eq!(headers[2].sequence, headers[1].sequence.wrapping_add(1));
    assert!(headers[2].marker);
    assert_eq!(driven.stream.stats().frames_skipped, 49);
}

#[test]
fn an_early_visit_changes_nothing() {
    let mut driven = Driven::new(config());
    driven.run(ms(25));
    driven.stream.handle_timeout(driven.start + ms(26));
    driven.stream.handle_timeout(driven.start + ms(39));
    driven.run(ms(25));
    assert_eq!(times(&driven), [ms(0), ms(20), ms(40)]);
}

#[test]
fn a_stream_is_smaller_than_two_kilobytes() {
    assert!(size_of::<offhook_media::Stream>() < 1024, "{}", size_of::<offhook_media::Stream>());
}
