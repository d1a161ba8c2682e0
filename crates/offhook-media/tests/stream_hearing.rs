//! What a stream hears, counts and tells.

mod stream_support;

use std::time::Duration;

use offhook_media::{HeardPacket, StreamCommand, StreamConfig, StreamEvent};
use stream_support::{Driven, config, ms, packet, signalled};

#[test]
fn every_packet_is_told_in_a_stream_that_records() {
    let mut driven = Driven::new(StreamConfig { record: true, ..config() });
    driven.run(ms(15));
    driven.rtp(signalled(), &packet(8, 7, 160, &[1, 2, 3]));
    driven.rtp(signalled(), &packet(8, 7, 160, &[1, 2, 3]));
    let heard: Vec<_> = driven
        .happened()
        .into_iter()
        .filter_map(|event| match event {
            StreamEvent::Heard(packet) => Some(packet.clone()),
            _ => None,
        })
        .collect();
    let expected = HeardPacket {
        at: driven.start + ms(15),
        ssrc: 0xfeed,
        sequence: 7,
        timestamp: 160,
        marker: false,
        payload_type: 8,
        payload: [1, 2, 3].into(),
    };
    assert_eq!(heard, [expected], "a doubled packet is heard once");
}

#[test]
fn a_stream_that_does_not_record_tells_no_packet() {
    let mut driven = Driven::new(config());
    driven.rtp(signalled(), &packet(8, 7, 160, &[1, 2, 3]));
    assert!(!driven.happened().iter().any(|event| matches!(event, StreamEvent::Heard(_))));
}

/// XFER-9: that the far end is heard is told once, whatever follows.
#[test]
fn the_first_packet_is_told_once() {
    let mut driven = Driven::new(config());
    driven.rtp(signalled(), &[0x80, 8]);
    assert!(driven.happened().is_empty());
    for sequence in 0..3 {
        driven.rtp(signalled(), &packet(8, sequence, u32::from(sequence) * 160, &[1, 2, 3]));
    }
    assert!(matches!(driven.happened()[..], [StreamEvent::FirstHeard]));
}

/// DET-3: packets sent, received and lost, jitter, and a score after five seconds.
#[test]
fn the_report_says_how_the_call_was() {
    let mut driven = Driven::new(config());
    for sequence in 0..300_u16 {
        if sequence % 10 != 5 {
            driven.rtp(signalled(), &packet(8, sequence, u32::from(sequence) * 160, &[0; 160]));
        }
        if sequence == 200 {
            assert_eq!(driven.stream.stats().mos(), None, "four seconds are too short");
        }
        driven.run(ms(20));
    }
    driven.command(StreamCommand::Report);
    let Some(StreamEvent::Report(stats)) = driven.happened().last().copied().cloned() else {
        panic!("{:?}", driven.events)
    };
    assert_eq!((stats.packets_sent, stats.packets_received, stats.packets_lost), (300, 270, 30));
    assert_eq!((stats.octets_sent, stats.octets_received), (48_000, 43_200));
    assert_eq!(stats.jitter_ms, 0.0);
    assert_eq!(stats.heard_for, ms(299 * 20));
    let score = stats.mos().unwrap();
    assert!((1.0..2.0).contains(&score), "ten percent lost without concealment: {score}");
}

/// DET-3: a score between 1.0 and 4.5, and the better the less is lost.
#[test]
fn the_score_falls_with_loss_and_jitter() {
    let stats = |packets_lost, jitter_ms| {
        let mut stats = offhook_media::StreamStats::default();
        stats.packets_received = 1000;
        stats.heard_for = Duration::from_secs(20);
        stats.packets_lost = packets_lost;
        stats.jitter_ms = jitter_ms;
        stats.mos().unwrap()
    };
    assert!((4.3..=4.5).contains(&stats(0, 0.0)), "{}", stats(0, 0.0));
    assert!(stats(10, 0.0) < stats(0, 0.0));
    assert!(stats(0, 100.0) < stats(0, 10.0));
    assert_eq!(stats(1_000_000, 1000.0), 1.0);
}
