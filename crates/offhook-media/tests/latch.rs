//! Symmetric RTP: whose packets are taken, and where ours go.

use std::net::SocketAddr;

use offhook_media::rtp::{Latch, Verdict};

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn signalled() -> SocketAddr {
    address("10.0.0.5:4000")
}

fn behind_nat() -> SocketAddr {
    address("198.51.100.7:31000")
}

fn stranger() -> SocketAddr {
    address("203.0.113.66:4000")
}

/// RING-38: the session description's address until the first valid packet, that packet's source from then on.
#[test]
fn packets_go_where_the_first_valid_one_came_from() {
    let mut latch = Latch::new(true, Some(signalled()));
    assert_eq!(latch.target(), Some(signalled()));
    assert_eq!(latch.valid_packet(behind_nat()), Verdict::Locked { moved: true });
    assert_eq!(latch.target(), Some(behind_nat()));
}

/// RING-38: once locked, the stream cannot be taken over, not even by the session description's address.
#[test]
fn a_locked_latch_takes_packets_from_one_address_only() {
    for first in [signalled(), behind_nat()] {
        let mut latch = Latch::new(true, Some(signalled()));
        latch.valid_packet(first);
        for other in [stranger(), address("198.51.100.7:31002"), signalled(), behind_nat()] {
            let expected = if other == first { Verdict::Known } else { Verdict::Stranger };
            assert_eq!(latch.valid_packet(other), expected, "{first} then {other}");
            assert_eq!(latch.target(), Some(first));
        }
    }
}

/// RING-38: it is a setting. Switched off, ours go to the session description's address, and packets are taken
/// from that host.
#[test]
fn without_symmetric_rtp_the_session_description_decides() {
    let mut latch = Latch::new(false, Some(signalled()));
    assert_eq!(latch.valid_packet(behind_nat()), Verdict::Stranger);
    assert_eq!(latch.valid_packet(address("10.0.0.5:4998")), Verdict::Known);
    assert_eq!(latch.target(), Some(signalled()));
}

#[test]
fn nothing_is_sent_while_the_session_description_names_no_address() {
    let mut latch = Latch::new(true, None);
    latch.valid_packet(behind_nat());
    assert_eq!(latch.target(), None);
}

#[test]
fn hold_and_its_end_leave_the_latch_locked() {
    let mut latch = Latch::new(true, Some(signalled()));
    latch.valid_packet(behind_nat());
    assert!(!latch.signal(None));
    assert_eq!(latch.target(), None);
    assert!(!latch.signal(Some(signalled())));
    assert_eq!(latch.target(), Some(behind_nat()));
}

#[test]
fn another_address_in_a_later_offer_opens_the_latch() {
    let mut latch = Latch::new(true, Some(signalled()));
    latch.valid_packet(behind_nat());
    let moved_to = address("10.0.0.6:5000");
    assert!(latch.signal(Some(moved_to)));
    assert_eq!(latch.target(), Some(moved_to));
    assert_eq!(latch.valid_packet(address("198.51.100.8:9")), Verdict::Locked { moved: true });
}

#[test]
fn packets_under_way_from_the_former_address_do_not_lock_the_latch_again() {
    let mut latch = Latch::new(true, Some(signalled()));
    latch.valid_packet(signalled());
    let moved_to = address("10.0.0.6:5000");
    latch.signal(Some(moved_to));
    for _ in 0..10 {
        assert_eq!(latch.valid_packet(signalled()), Verdict::Known);
    }
    assert_eq!(latch.target(), Some(moved_to));
    assert_eq!(latch.valid_packet(moved_to), Verdict::Locked { moved: false });
}

#[test]
fn a_far_end_whose_packets_go_on_coming_from_the_former_address_is_still_there() {
    let mut latch = Latch::new(true, Some(signalled()));
    latch.valid_packet(behind_nat());
    latch.signal(Some(address("10.0.0.6:5000")));
    for _ in 0..100 {
        latch.valid_packet(behind_nat());
    }
    assert_eq!(latch.target(), Some(behind_nat()));
}

#[test]
fn an_ipv4_address_seen_through_an_ipv6_socket_is_the_same_address() {
    let mut latch = Latch::new(true, Some(signalled()));
    assert_eq!(latch.valid_packet(address("[::ffff:10.0.0.5]:4000")), Verdict::Locked { moved: false });
    assert_eq!(latch.valid_packet(signalled()), Verdict::Known);
}
