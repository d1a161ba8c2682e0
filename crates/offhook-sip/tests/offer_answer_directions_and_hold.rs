//! Hold in all its spellings, and which way media may flow.

mod offer_answer_support;

use offer_answer_support::*;
use offhook_sip::sdp::{Direction, answer};

/// RING-31: the answer's direction mirrors the offer's; the stream is negotiated in every case.
#[test]
fn directions_are_mirrored() {
    for (offered, ours) in [
        ("a=sendrecv", Direction::SendRecv),
        ("a=sendonly", Direction::RecvOnly),
        ("a=recvonly", Direction::SendOnly),
        ("a=inactive", Direction::Inactive),
        ("a=x-none", Direction::SendRecv),
        ("a=SendOnly", Direction::RecvOnly),
    ] {
        let negotiated = answered(&["m=audio 4000 RTP/AVP 8", offered]);
        assert_eq!(negotiated.stream.direction, ours, "{offered}");
        assert_eq!(negotiated.answer.media[0].direction(), Some(ours), "{offered}");
        assert_eq!(negotiated.stream.remote_rtp, at("192.0.2.1:4000"), "{offered}");
    }
}

/// RING-31: a direction of the session holds where the section has none, and not where it has one.
#[test]
fn session_level_direction_is_the_default() {
    for (section, ours) in [("a=x-none", Direction::RecvOnly), ("a=recvonly", Direction::SendOnly)] {
        let negotiated = answered(&["a=sendonly", "m=audio 4000 RTP/AVP 8", section]);
        assert_eq!(negotiated.stream.direction, ours, "{section}");
    }
}

/// RING-31: `c=0.0.0.0` is negotiated, nothing is sent, and what the far end sends is still received.
#[test]
fn connection_address_zero_is_hold() {
    for (connection, attribute, ours) in [
        ("IN IP4 0.0.0.0", "a=sendrecv", Direction::RecvOnly),
        ("IN IP4 0.0.0.0", "a=x-none", Direction::RecvOnly),
        ("IN IP4 0.0.0.0", "a=sendonly", Direction::RecvOnly),
        ("IN IP4 0.0.0.0", "a=inactive", Direction::Inactive),
        ("IN IP4 0.0.0.0", "a=recvonly", Direction::Inactive),
        ("IN IP6 ::", "a=sendrecv", Direction::RecvOnly),
        ("IN IP6 hold.invalid", "a=sendrecv", Direction::RecvOnly),
    ] {
        let offer = description_with(connection, &["m=audio 4000 RTP/AVP 8", attribute]);
        let stream = answer(&offer, &both(), &local()).expect("an agreement").stream;
        assert_eq!(stream.direction, ours, "{connection} {attribute}");
        assert_eq!((stream.remote_rtp, stream.remote_rtcp), (None, None), "{connection} {attribute}");
    }
}

/// RING-31: a section's own connection address counts before the session's, for hold as for everything else.
#[test]
fn section_level_hold_counts() {
    let negotiated = answered(&["m=audio 4000 RTP/AVP 8", "c=IN IP4 0.0.0.0"]);
    assert_eq!(negotiated.stream.remote_rtp, None);
    let offer = description_with("IN IP4 0.0.0.0", &["m=audio 4000 RTP/AVP 8", "c=IN IP4 192.0.2.7"]);
    let stream = answer(&offer, &both(), &local()).expect("an agreement").stream;
    assert_eq!((stream.remote_rtp, stream.direction), (at("192.0.2.7:4000"), Direction::SendRecv));
}

/// RING-31: our own address stands in the answer to a hold, so that the far end can go on sending.
#[test]
fn the_answer_to_hold_carries_our_address() {
    let offer = description_with("IN IP4 0.0.0.0", &["m=audio 4000 RTP/AVP 8"]);
    let negotiated = answer(&offer, &both(), &local()).expect("an agreement");
    assert!(negotiated.answer.to_string().contains("c=IN IP4 192.0.2.9\r\n"));
}

/// RING-31: reversing a direction twice gives it back, and a direction limits another only in what it lacks.
#[test]
fn directions_form_an_algebra() {
    let all = [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];
    for one in all {
        assert_eq!(one.reversed().reversed(), one);
        assert_eq!(one.and(Direction::SendRecv), one);
        assert_eq!(one.and(Direction::Inactive), Direction::Inactive);
        for other in all {
            assert_eq!(one.and(other), other.and(one));
            assert_eq!(one.and(other).reversed(), one.reversed().and(other.reversed()));
        }
    }
}
