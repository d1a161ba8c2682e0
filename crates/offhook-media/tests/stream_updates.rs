//! Hold, another address, another codec: one stream through all of it.

mod stream_support;

use offhook_media::rtp::Header;
use offhook_media::{Codec, Law, StreamCommand, StreamConfig, StreamDirection, StreamUpdate};
use stream_support::{Driven, SILENCE, address, config, ms, packet, signalled, update};

/// RING-35: on hold nothing is sent; off hold the numbers run on, and the ringtone is where it would be by then.
#[test]
fn hold_sends_nothing_and_time_goes_on() {
    for held in [
        StreamUpdate { direction: StreamDirection::RecvOnly, ..update() },
        StreamUpdate { direction: StreamDirection::Inactive, ..update() },
        StreamUpdate { remote_rtp: None, remote_rtcp: None, ..update() },
    ] {
        let mut driven = Driven::new(config());
        driven.play(1, (0..250).collect::<Vec<u8>>(), true, None);
        driven.run(ms(50));
        driven.command(StreamCommand::Update(held.clone()));
        driven.run(ms(100));
        driven.command(StreamCommand::Update(update()));
        driven.run(ms(30));

        let sent = driven.rtp_sent();
        let times: Vec<_> = sent.iter().map(|packet| packet.at).collect();
        assert_eq!(times, [ms(0), ms(20), ms(40), ms(160)], "{held:?}");
        let (before, after) = (sent[2].header(), sent[3].header());
        let expected = Header {
            marker: true,
            sequence: before.sequence.wrapping_add(1),
            timestamp: before.timestamp.wrapping_add(6 * 160),
            ..before
        };
        assert_eq!(after, expected, "{held:?}");
        assert_eq!(sent[3].payload()[0], (8 * 160 % 250) as u8, "{held:?}");
    }
}

#[test]
fn sending_goes_on_while_the_far_end_only_hears() {
    let mut driven = Driven::new(StreamConfig { direction: StreamDirection::SendOnly, ..config() });
    driven.run(ms(50));
    assert_eq!(driven.rtp_sent().len(), 3);
}

/// RING-35: another codec in mid-call: its payload type and its bytes, the same line of numbers, and the same sound.
#[test]
fn another_codec_changes_payload_type_and_bytes_only() {
    let mut driven = Driven::new(config());
    let samples: Vec<i16> = (0..1600).map(|n| ((n * 131) % 9000) as i16).collect();
    driven.play(1, Law::A.encode(&samples), false, None);
    driven.run(ms(50));
    driven.command(StreamCommand::Update(StreamUpdate {
        codec: Codec::G711U,
        payload_send: 0,
        payload_receive: 0,
        ..update()
    }));
    driven.run(ms(50));

    let headers: Vec<_> = driven.rtp_sent().iter().map(|sent| sent.header()).collect();
    let types: Vec<_> = headers.iter().map(|header| header.payload_type).collect();
    assert_eq!(types, [8, 8, 8, 0, 0]);
    for pair in headers.windows(2) {
        assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
        assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(160));
        assert!(!pair[1].marker);
    }
    let heard = Law::Mu.decode(&driven.audio()[480..]);
    let expected = Law::A.decode(&Law::A.encode(&samples[480..800]));
    for (heard, expected) in heard.iter().zip(&expected) {
        assert!((heard - expected).abs() <= 256, "{heard} for {expected}");
    }
}

/// UR-35: payload types are those of the latest agreement, each direction on its own.
#[test]
fn payload_types_are_taken_from_the_negotiated_map_only() {
    let mut driven = Driven::new(StreamConfig { payload_send: 97, payload_receive: 98, ..config() });
    for (payload_type, expected) in [(98, 1), (97, 1), (8, 1), (96, 1), (101, 2)] {
        driven.rtp(signalled(), &packet(payload_type, u16::from(payload_type), 0, &[5, 10, 0, 160]));
        assert_eq!(driven.stream.stats().packets_received, expected, "{payload_type}");
    }
    driven.run(ms(10));
    assert_eq!(driven.rtp_sent()[0].header().payload_type, 97);
}

#[test]
fn another_address_is_followed_at_the_next_frame() {
    let mut driven = Driven::new(config());
    driven.run(ms(30));
    let moved_to = address("192.0.2.77:6000");
    driven.command(StreamCommand::Update(StreamUpdate { remote_rtp: Some(moved_to), ..update() }));
    driven.run(ms(30));
    let targets: Vec<_> = driven.rtp_sent().iter().map(|sent| sent.to).collect();
    assert_eq!(targets, [signalled(), signalled(), moved_to]);
}

#[test]
fn another_packet_time_keeps_clock_and_timestamps_together() {
    let mut driven = Driven::new(config());
    driven.run(ms(30));
    driven.command(StreamCommand::Update(StreamUpdate { packet_time: ms(40), ..update() }));
    driven.run(ms(100));
    let start = config().first_timestamp;
    for sent in driven.rtp_sent() {
        let samples = u64::from(sent.header().timestamp.wrapping_sub(start));
        assert_eq!(sent.at, ms(samples / 8));
    }
    let lengths: Vec<_> = driven.rtp_sent().iter().map(|sent| sent.payload().len()).collect();
    assert_eq!(lengths, [160, 160, 320, 320, 320]);
    assert_eq!(driven.audio(), [SILENCE; 1280]);
}
