//! Where packets go, seen from the whole stream.

mod stream_support;

use offhook_media::{StreamConfig, StreamEvent};
use stream_support::{Driven, address, config, ms, packet, signalled};

/// RING-38: packets go to the session description's address until a valid one comes from elsewhere.
#[test]
fn packets_follow_the_first_valid_one() {
    let mut driven = Driven::new(config());
    driven.run(ms(30));
    let behind_nat = address("198.51.100.7:31000");
    driven.rtp(behind_nat, &packet(8, 1, 0, &[0; 160]));
    driven.run(ms(30));
    let targets: Vec<_> = driven.rtp_sent().iter().map(|sent| sent.to).collect();
    assert_eq!(targets, [signalled(), signalled(), behind_nat]);
    let latched = driven
        .happened()
        .into_iter()
        .any(|event| matches!(event, StreamEvent::Latched { from } if *from == behind_nat));
    assert!(latched);
    assert_eq!(driven.stream.settled_remote(), Some(behind_nat));
}

/// RING-38: what is no valid packet of this call moves nothing: no other version, payload type or size does.
#[test]
fn invalid_packets_move_nothing() {
    let elsewhere = address("198.51.100.7:31000");
    let valid = packet(8, 1, 0, &[0; 160]);
    let mut version_1 = valid.clone();
    version_1[0] = 0x40;
    for (name, bytes) in [
        ("another version", version_1),
        ("a payload type that was not negotiated", packet(0, 1, 0, &[0; 160])),
        ("the payload type we send events with", packet(96, 1, 0, &[0; 4])),
        ("an event that is too short", packet(101, 1, 0, &[0; 3])),
        ("no payload", packet(8, 1, 0, &[])),
        ("more than a packet holds", packet(8, 1, 0, &[0; 1500])),
        ("half a header", valid[..7].to_vec()),
        ("nothing", vec![]),
    ] {
        let mut driven = Driven::new(config());
        driven.rtp(elsewhere, &bytes);
        driven.run(ms(30));
        assert!(driven.rtp_sent().iter().all(|sent| sent.to == signalled()), "{name}");
        assert_eq!(driven.stream.stats().packets_discarded, 1, "{name}");
        assert_eq!(driven.stream.stats().packets_received, 0, "{name}");
    }
}

/// RING-38: a stranger who comes after the far end is neither heard nor answered.
#[test]
fn strangers_are_neither_heard_nor_answered() {
    let mut driven = Driven::new(config());
    driven.rtp(signalled(), &packet(8, 1, 0, &[0; 160]));
    let stranger = address("203.0.113.66:4000");
    for sequence in 2..100 {
        driven.rtp(stranger, &packet(8, sequence, 0, &[0; 160]));
    }
    driven.run(ms(50));
    assert!(driven.rtp_sent().iter().all(|sent| sent.to == signalled()));
    let stats = driven.stream.stats();
    assert_eq!((stats.packets_received, stats.packets_discarded), (1, 98));
}

/// RING-38: it can be switched off.
#[test]
fn without_symmetric_rtp_packets_stay_with_the_session_description() {
    let mut driven = Driven::new(StreamConfig { symmetric: false, ..config() });
    driven.rtp(address("198.51.100.7:31000"), &packet(8, 1, 0, &[0; 160]));
    driven.rtp(address("192.0.2.1:4998"), &packet(8, 1, 0, &[0; 160]));
    driven.run(ms(50));
    assert!(driven.rtp_sent().iter().all(|sent| sent.to == signalled()));
    assert_eq!(driven.stream.stats().packets_received, 1);
}

/// RING-38: RTCP follows the far end as RTP does, once RTCP came from the host that sends RTP.
#[test]
fn reports_follow_the_far_end_too() {
    let mut driven = Driven::new(config());
    let receiver_report = [0x80, 201, 0, 1, 0, 0, 0xfe, 0xed];
    driven.rtcp(address("198.51.100.7:31001"), &receiver_report);
    assert_eq!(driven.stream.stats().packets_discarded, 1, "not a host that sent RTP");
    driven.rtp(address("198.51.100.7:31000"), &packet(8, 1, 0, &[0; 160]));
    driven.rtcp(address("198.51.100.7:31001"), &receiver_report);
    driven.run(ms(10_000));
    let reports: Vec<_> = driven.sent.iter().filter(|sent| sent.rtcp).collect();
    assert!(!reports.is_empty());
    assert!(reports.iter().all(|sent| sent.to == address("198.51.100.7:31001")));
}
