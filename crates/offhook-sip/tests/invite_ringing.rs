//! Provisional responses to an incoming call.

mod support;

use offhook_sip::{HeaderName, Headers, Message, Reliability, RingError, Stage};
use support::{ANSWER, Bed, OFFER, Phone, ms};

/// RING-20: a plain ring is a 180 without session description, within the dialog that the answer will
/// confirm.
#[test]
fn a_plain_ring_is_a_180_without_body() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    let sent = bed.ring(call, 180, None);
    assert!(!sent.reliable && !sent.queued);
    let ringing = bed.response();
    assert_eq!(ringing.status.code(), 180);
    assert!(ringing.body.is_empty());
    assert!(!ringing.headers.contains(&HeaderName::Require));
    assert_eq!(ringing.headers.get(&HeaderName::Contact).map(|c| c.as_str()), Some("<sip:192.0.2.9:5060>"));
    phone.learn(&ringing);

    bed.answer(call, Some(ANSWER));
    let answer = bed.response();
    assert_eq!(answer.to().expect("a To").tag().map(|tag| tag.to_string()), phone.remote_tag);
}

/// RING-21, RING-35: early media is a 183 with a session description, and the 200 repeats it byte for byte.
#[test]
fn early_media_is_a_183_whose_session_description_the_answer_repeats() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.ring(call, 183, Some(ANSWER));
    let early = bed.response();
    assert_eq!(early.status.code(), 183);
    assert_eq!(early.body, ANSWER.as_bytes());
    assert_eq!(early.headers.get(&HeaderName::ContentType).map(|t| t.as_str()), Some("application/sdp"));
    bed.answer(call, None);
    assert_eq!(bed.response().body, early.body);
}

/// RING-25: an INVITE that arrives again gets the newest provisional response again and starts nothing.
#[test]
fn an_invite_retransmission_gets_the_newest_provisional_response_at_every_stage() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let invite = phone.invite("", OFFER);
    let call = bed.arrive(&invite);
    bed.receive(&invite);
    assert_eq!(bed.lines(), ["100 INVITE"]);
    bed.ring(call, 180, None);
    bed.receive(&invite);
    assert_eq!(bed.lines(), ["180 INVITE", "180 INVITE"]);
    bed.ring(call, 183, Some(ANSWER));
    bed.receive(&invite);
    let sent = bed.sent();
    assert_eq!(sent[0].bytes, sent[1].bytes);
    assert_eq!(support::bed::line(&sent[1]), "183 INVITE");
    bed.answer(call, None);
    bed.sent();
    bed.receive(&invite);
    assert_eq!(bed.lines(), [""; 0], "the 200 is repeated by its own timer");
    assert_eq!(bed.events(), [""; 0]);
}

/// RING-24: while ringing lasts, the newest provisional response is repeated every 60 seconds.
#[test]
fn the_newest_provisional_response_is_repeated_every_minute() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.ring(call, 180, None);
    bed.wait(ms(150_000));
    bed.ring(call, 183, Some(ANSWER));
    bed.wait(ms(61_000));
    let sent: Vec<_> = bed.timed_lines();
    let line = |at, text: &str| (at, text.to_owned());
    assert_eq!(
        sent,
        [
            line(0, "180 INVITE"),
            line(60_000, "180 INVITE"),
            line(120_000, "180 INVITE"),
            line(150_000, "183 INVITE"),
            line(210_000, "183 INVITE"),
        ]
    );
    bed.reject(call, 486);
    bed.receive(phone.ack_refusal());
    bed.sent();
    bed.wait(ms(120_000));
    assert_eq!(bed.lines(), [""; 0], "nothing is repeated once the call is over");
}

/// RING-24: nothing is repeated before the call rings.
#[test]
fn a_call_that_does_not_ring_repeats_nothing() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    bed.arrive(phone.invite("", OFFER));
    bed.wait(ms(180_000));
    assert_eq!(bed.lines(), [""; 0]);
}

/// RING-6: a ring that cannot be sent leaves the call as it was.
#[test]
fn a_ring_that_cannot_be_sent_changes_nothing() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", ""));
    for code in [100, 200, 486] {
        let refused = bed.try_ring(call, code, None);
        assert!(matches!(refused, Err(RingError::NotProvisional { status }) if status.code() == code));
    }
    assert_eq!(bed.try_ring(call, 183, Some(ANSWER)), Err(RingError::OfferNotReliable));
    assert_eq!(bed.lines(), [""; 0]);
    bed.ring(call, 180, None);
    assert_eq!(bed.lines(), ["180 INVITE"]);
}

/// RING-1: only an incoming call that waits for its answer can ring.
#[test]
fn an_answered_call_and_one_that_is_over_cannot_ring() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.answer(call, Some(ANSWER));
    let expected = Stage::Incoming;
    assert_eq!(bed.try_ring(call, 180, None), Err(RingError::WrongState { expected, got: Stage::Answering }));
    phone.learn_all(&bed.sent());
    bed.receive(phone.ack(""));
    assert_eq!(bed.try_ring(call, 180, None), Err(RingError::WrongState { expected, got: Stage::Answered }));
    bed.receive(phone.request("BYE", "", ""));
    assert_eq!(bed.try_ring(call, 180, None), Err(RingError::WrongState { expected, got: Stage::Over }));
    assert_eq!(bed.lines(), ["200 BYE"]);
}

/// RING-23: what the INVITE says about 100rel is told with the call, in whatever form it stands there.
#[test]
fn the_invite_tells_whether_reliable_responses_are_wanted() {
    for (headers, expected) in [
        ("", Reliability::Absent),
        ("Supported: timer\r\n", Reliability::Absent),
        ("Supported: timer, 100rel\r\n", Reliability::Supported),
        ("k: timer\r\nk: 100REL\r\n", Reliability::Supported),
        ("Require: 100rel\r\n", Reliability::Required),
        ("Supported: 100rel\r\nRequire: 100rel\r\n", Reliability::Required),
    ] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        bed.receive(phone.invite(headers, OFFER));
        assert_eq!(bed.incoming().reliability, expected, "{headers:?}");
    }
}

#[test]
fn headers_of_the_user_are_added_to_the_response() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    let mut headers = Headers::new();
    headers.push(HeaderName::from("X-Queue"), "7");
    let progress = offhook_sip::Progress { status: support::bed::status(182), sdp: None, headers };
    bed.act(|endpoint, now| endpoint.ring(now, call, progress)).expect("it rings");
    let queued = bed.response();
    assert_eq!(queued.status.code(), 182);
    assert_eq!(queued.headers.get(&HeaderName::from("x-queue")).map(|value| value.as_str()), Some("7"));
}

#[test]
fn the_incoming_event_tells_request_source_and_offer() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    bed.receive(phone.invite("X-Account: 12\r\n", OFFER));
    let incoming = bed.incoming();
    assert_eq!(incoming.flow, support::flow());
    assert_eq!(incoming.request.uri.to_string(), "sip:bob@192.0.2.9");
    assert_eq!(incoming.sdp.map(|sdp| sdp.media.len()), Some(1));
    let trying = bed.sent().remove(0);
    assert!(matches!(trying.message, Message::Response(ref response) if response.status.code() == 100));
}

/// RFC 3261 section 13.3.1: an INVITE whose Expires passes before the answer is ended with 487; after the
/// answer it means nothing.
#[test]
fn an_invite_that_expires_is_ended() {
    for answered in [false, true] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let call = bed.arrive(phone.invite("Expires: 20\r\n", OFFER));
        bed.ring(call, 180, None);
        if answered {
            bed.answer(call, Some(ANSWER));
            phone.learn_all(&bed.sent());
            bed.receive(phone.ack(""));
        }
        bed.sent();
        bed.events();
        bed.wait(ms(20_000));
        let (sent, told): (&[&str], &[&str]) =
            if answered { (&[], &[]) } else { (&["487 INVITE"], &["cleared Cancelled 487 by Peer"]) };
        assert_eq!(bed.lines(), sent);
        assert_eq!(bed.events(), told);
    }
}

/// RING-2: ringing again and again is allowed, and each time the response is sent.
#[test]
fn a_call_may_ring_any_number_of_times() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    for _ in 0..5 {
        bed.ring(call, 180, None);
    }
    assert_eq!(bed.lines(), ["180 INVITE"; 5]);
}
