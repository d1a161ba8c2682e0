//! The far end's answer to an offer of ours.

mod offer_answer_support;

use offer_answer_support::*;
use offhook_sip::sdp::{Direction, NoAgreement, StreamParameters, accept, offer};

fn accepted_as(direction: Direction, lines: &[&str]) -> Result<StreamParameters, NoAgreement> {
    accept(&offer(&both(), &local(), direction), &description(lines), &both())
}

fn accepted(lines: &[&str]) -> Result<StreamParameters, NoAgreement> {
    accepted_as(Direction::SendRecv, lines)
}

/// RING-31: the answer to our offer in a reliable 18x makes the stream.
#[test]
fn an_answer_makes_the_stream() {
    let stream = accepted(&["m=audio 4000 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000"]);
    let stream = stream.expect("an agreement");
    assert_eq!((stream.codec.name, stream.payload_send, stream.payload_receive), ("g711a", 8, 8));
    assert_eq!(stream.remote_rtp, at("192.0.2.1:4000"));
    assert_eq!(stream.remote_rtcp, at("192.0.2.1:4001"));
    assert_eq!(stream.direction, Direction::SendRecv);
    assert_eq!(stream.telephone_event.map(|event| event.payload_send), Some(101));
}

/// RING-31: of several codecs in an answer the first counts (RFC 3264 section 7).
#[test]
fn the_first_codec_of_the_answer_counts() {
    assert_eq!(accepted(&["m=audio 4000 RTP/AVP 0 8"]).expect("an agreement").codec.name, "g711u");
    assert_eq!(accepted(&["m=audio 4000 RTP/AVP 18 8 0"]).expect("an agreement").codec.name, "g711a");
}

/// RING-31: each side's numbers are its own: we send under the answer's and receive under the offer's.
#[test]
fn numbers_may_differ_between_offer_and_answer() {
    let stream = accepted(&[
        "m=audio 4000 RTP/AVP 98 99",
        "a=rtpmap:98 PCMA/8000",
        "a=rtpmap:99 telephone-event/8000",
    ])
    .expect("an agreement");
    assert_eq!((stream.payload_send, stream.payload_receive), (98, 8));
    let event = stream.telephone_event.expect("telephone events");
    assert_eq!((event.payload_send, event.payload_receive), (99, 101));
}

/// RING-31: dynamic numbers of ours that the answer repeats without their mapping mean what we offered.
#[test]
fn missing_mappings_are_those_of_the_offer() {
    let ours = offer(&[opus()], &local(), Direction::SendRecv);
    let stream = accept(&ours, &description(&["m=audio 4000 RTP/AVP 96 101"]), &[opus()]);
    let stream = stream.expect("an agreement");
    assert_eq!((stream.codec.name, stream.payload_send), ("opus", 96));
    assert_eq!(stream.telephone_event.map(|event| event.payload_send), Some(101));
}

/// RING-31: what this side may do is what both sides leave.
#[test]
fn the_direction_is_what_both_leave() {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    for (ours, theirs, left) in [
        (SendRecv, "a=sendrecv", SendRecv),
        (SendRecv, "a=recvonly", SendOnly),
        (SendRecv, "a=sendonly", RecvOnly),
        (SendRecv, "a=inactive", Inactive),
        (SendOnly, "a=recvonly", SendOnly),
        (SendOnly, "a=sendrecv", SendOnly),
        (RecvOnly, "a=sendonly", RecvOnly),
        (SendOnly, "a=sendonly", Inactive),
        (Inactive, "a=sendrecv", Inactive),
    ] {
        let stream = accepted_as(ours, &["m=audio 4000 RTP/AVP 8", theirs]).expect("an agreement");
        assert_eq!(stream.direction, left, "{ours} answered by {theirs}");
    }
}

/// RING-31: an answer on hold is an agreement under which nothing is sent.
#[test]
fn an_answer_on_hold_is_an_agreement() {
    let stream = accepted(&["m=audio 4000 RTP/AVP 8", "c=IN IP4 0.0.0.0"]).expect("an agreement");
    assert_eq!((stream.remote_rtp, stream.direction), (None, Direction::RecvOnly));
}

/// RING-31: answers that cannot be used.
#[test]
fn unusable_answers_give_no_agreement() {
    assert_eq!(accepted(&["m=audio 0 RTP/AVP 8"]), Err(NoAgreement::NoAudio));
    assert_eq!(accepted(&["m=video 4000 RTP/AVP 8"]), Err(NoAgreement::NoAudio));
    assert_eq!(accepted(&[]), Err(NoAgreement::MediaCount { offered: 1, answered: 0 }));
    assert_eq!(
        accepted(&["m=audio 4000 RTP/AVP 8", "m=audio 4002 RTP/AVP 8"]),
        Err(NoAgreement::MediaCount { offered: 1, answered: 2 })
    );
    assert!(matches!(accepted(&["m=audio 4000 RTP/AVP 18"]), Err(NoAgreement::NoCommonCodec { .. })));
    assert!(matches!(accepted(&["m=audio 4000 RTP/SAVP 8"]), Err(NoAgreement::Encryption { .. })));
    assert!(matches!(
        accepted(&["m=audio 4000 RTP/AVP 8", "c=IN IP6 2001:db8::1"]),
        Err(NoAgreement::Address { .. })
    ));
}

/// RING-31, RING-51: a codec that we have and did not offer is not agreed by an answer that names it.
#[test]
fn a_codec_that_was_not_offered_is_not_agreed() {
    let ours = offer(&[g711a()], &local(), Direction::SendRecv);
    let refusal = accept(&ours, &description(&["m=audio 4000 RTP/AVP 0"]), &both());
    assert!(matches!(refusal, Err(NoAgreement::NoCommonCodec { .. })), "{refusal:?}");
}

/// RING-36: the answer's packet time counts, else the offer's.
#[test]
fn packet_time_of_the_answer_counts() {
    assert_eq!(accepted(&["m=audio 4000 RTP/AVP 8", "a=ptime:30"]).expect("an agreement").packet_time_ms, 30);
    assert_eq!(accepted(&["m=audio 4000 RTP/AVP 8"]).expect("an agreement").packet_time_ms, 20);
}

/// RING-31: multiplexing that we did not offer is not agreed.
#[test]
fn multiplexing_has_to_be_offered() {
    let stream = accepted(&["m=audio 4000 RTP/AVP 8", "a=rtcp-mux"]).expect("an agreement");
    assert!(!stream.rtcp_mux);
    assert_eq!(stream.remote_rtcp, at("192.0.2.1:4001"));
}
