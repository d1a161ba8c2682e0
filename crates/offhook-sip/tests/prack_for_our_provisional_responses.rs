//! Reliable provisional responses to an incoming call (RFC 3262).

mod support;

use offhook_sip::header::RSeq;
use offhook_sip::{Event, HeaderName, OfferMethod, Response, RingError, StatusCode};
use support::{ANSWER, Bed, HOLD, OFFER, Phone, ms, sdp};

const REQUIRED: &str = "Require: 100rel\r\n";
const SUPPORTED: &str = "Supported: 100rel\r\n";

fn rseq(response: &Response) -> u32 {
    response.headers.typed::<RSeq>().expect("an RSeq").0
}

/// A call that was sent a reliable 183, and its RSeq.
fn ringing(bed: &mut Bed, phone: &mut Phone, headers: &str) -> (offhook_sip::Call, u32) {
    let call = bed.arrive(phone.invite(headers, OFFER));
    assert!(bed.ring(call, 183, Some(ANSWER)).reliable);
    let early = bed.response();
    phone.learn(&early);
    (call, rseq(&early))
}

/// RING-23: which responses are reliable, for each thing that the INVITE can say.
#[test]
fn reliability_follows_the_invite_and_the_session_description() {
    for (headers, status, session, expected) in [
        ("", 180, None, false),
        ("", 183, Some(ANSWER), false),
        (SUPPORTED, 180, None, false),
        (SUPPORTED, 183, Some(ANSWER), true),
        (REQUIRED, 180, None, true),
        (REQUIRED, 183, Some(ANSWER), true),
    ] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let call = bed.arrive(phone.invite(headers, OFFER));
        assert_eq!(bed.ring(call, status, session).reliable, expected, "{headers:?} {status}");
        let response = bed.response();
        assert_eq!(response.headers.contains(&HeaderName::RSeq), expected);
        let required = response.headers.get(&HeaderName::Require).map(|tags| tags.as_str());
        assert_eq!(required, expected.then_some("100rel"));
    }
}

/// RING-23: a reliable response is repeated at T1, doubling, and after 64*T1 the INVITE is refused with 504.
#[test]
fn without_a_prack_the_response_is_repeated_and_then_the_call_refused() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    ringing(&mut bed, &mut phone, SUPPORTED);
    bed.wait(ms(32_000));
    let line = |at, text: &str| (at, text.to_owned());
    assert_eq!(
        bed.timed_lines(),
        [
            line(500, "183 INVITE"),
            line(1_500, "183 INVITE"),
            line(3_500, "183 INVITE"),
            line(7_500, "183 INVITE"),
            line(15_500, "183 INVITE"),
            line(31_500, "183 INVITE"),
            line(32_000, "504 INVITE"),
        ]
    );
    assert_eq!(bed.timed_events(), [line(32_000, "cleared NoPrack 504 by Us")]);
    bed.receive(phone.ack_refusal());
    bed.assert_nothing_is_left();
}

/// RING-23: the PRACK that matches stops the repetition and gets 200.
#[test]
fn the_prack_that_matches_stops_the_repetition() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let (_, rseq) = ringing(&mut bed, &mut phone, SUPPORTED);
    bed.wait(ms(600));
    assert_eq!(bed.lines(), ["183 INVITE"]);
    bed.receive(phone.prack(rseq, ""));
    assert_eq!(bed.lines(), ["200 PRACK"]);
    assert_eq!(bed.events(), ["provisional acknowledged"]);
    bed.wait(ms(40_000));
    assert_eq!(bed.lines(), [""; 0]);
    assert_eq!(bed.events(), [""; 0]);
}

/// RING-23: a PRACK that matches nothing gets 481: wrong RSeq, wrong CSeq, wrong method, too late, nothing
/// outstanding.
#[test]
fn a_prack_that_matches_nothing_gets_481() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let (_, rseq) = ringing(&mut bed, &mut phone, SUPPORTED);
    let cseq = phone.invite_cseq;
    for rack in [
        format!("{} {cseq} INVITE", rseq + 1),
        format!("{} {cseq} INVITE", rseq - 1),
        format!("{rseq} {} INVITE", cseq + 1),
        format!("{rseq} {cseq} UPDATE"),
    ] {
        bed.receive(phone.request("PRACK", &format!("RAck: {rack}\r\n"), ""));
        assert_eq!(bed.lines(), ["481 PRACK"], "{rack}");
    }
    assert_eq!(bed.events(), [""; 0]);
    bed.receive(phone.prack(rseq, ""));
    assert_eq!(bed.lines(), ["200 PRACK"]);
    bed.receive(phone.prack(rseq, ""));
    assert_eq!(bed.lines(), ["481 PRACK"], "a second one acknowledges nothing");
}

#[test]
fn a_prack_without_a_readable_rack_gets_400() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    ringing(&mut bed, &mut phone, SUPPORTED);
    for headers in ["", "RAck: what\r\n", "RAck: 1 2\r\n"] {
        bed.receive(phone.request("PRACK", headers, ""));
        assert_eq!(bed.lines(), ["400 PRACK"], "{headers:?}");
    }
}

/// RING-23: a PRACK that arrives twice is one transaction, and its second copy gets the same 200.
#[test]
fn a_duplicated_prack_gets_the_same_answer() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let (_, rseq) = ringing(&mut bed, &mut phone, SUPPORTED);
    let prack = phone.prack(rseq, "");
    bed.receive(&prack);
    bed.receive(&prack);
    let sent = bed.sent();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].bytes, sent[1].bytes);
    assert_eq!(bed.events(), ["provisional acknowledged"]);
}

/// RFC 3262 section 3: one at a time; the next leaves when the PRACK of the first arrives, with the next
/// RSeq.
#[test]
fn the_next_reliable_response_waits_for_the_prack_of_the_first() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite(REQUIRED, OFFER));
    bed.ring(call, 180, None);
    let first = bed.response();
    phone.learn(&first);
    let second = bed.ring(call, 183, Some(ANSWER));
    assert!(second.reliable && second.queued);
    assert_eq!(bed.lines(), [""; 0]);
    bed.receive(phone.prack(rseq(&first), ""));
    let sent = bed.sent();
    let lines: Vec<_> = sent.iter().map(support::bed::line).collect();
    assert_eq!(lines, ["200 PRACK", "183 INVITE"]);
    let offhook_sip::Message::Response(second) = &sent[1].message else { panic!("a response") };
    assert_eq!(rseq(second), rseq(&first) + 1);
    assert_eq!(second.body, ANSWER.as_bytes());
}

#[test]
fn too_many_waiting_responses_are_refused_to_the_user() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite(REQUIRED, OFFER));
    for _ in 0..9 {
        bed.ring(call, 180, None);
    }
    assert_eq!(bed.try_ring(call, 180, None), Err(RingError::TooMany { waiting: 8 }));
}

/// ANS-12, RING-23: the 200 waits for the PRACK of a response with a session description.
#[test]
fn the_answer_waits_for_the_prack_of_a_session_description() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let (call, rseq) = ringing(&mut bed, &mut phone, SUPPORTED);
    bed.answer(call, None);
    assert_eq!(bed.lines(), [""; 0]);
    bed.wait(ms(1_000));
    assert_eq!(bed.lines(), ["183 INVITE"]);
    bed.receive(phone.prack(rseq, ""));
    assert_eq!(bed.lines(), ["200 PRACK", "200 INVITE"]);
    bed.receive(phone.ack(""));
    assert_eq!(bed.events(), ["provisional acknowledged", "acknowledged"]);
}

/// ANS-12: if that PRACK never comes, the call is refused with 504.
#[test]
fn an_answer_that_waits_in_vain_becomes_a_504() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let (call, _) = ringing(&mut bed, &mut phone, SUPPORTED);
    bed.answer(call, None);
    bed.wait(ms(32_000));
    assert_eq!(bed.lines().last().map(String::as_str), Some("504 INVITE"));
    assert_eq!(bed.events(), ["cleared NoPrack 504 by Us"]);
    bed.assert_nothing_is_left();
}

/// RFC 3262 section 3: a response without session description does not hold back the 200, and its PRACK is
/// still welcome.
#[test]
fn the_answer_does_not_wait_for_the_prack_of_a_plain_180() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite(REQUIRED, OFFER));
    bed.ring(call, 180, None);
    let ringing = bed.response();
    phone.learn(&ringing);
    bed.ring(call, 183, Some(ANSWER));
    bed.answer(call, Some(ANSWER));
    let answer = bed.response();
    assert_eq!((answer.status.code(), &answer.body[..]), (200, ANSWER.as_bytes()));
    bed.receive(phone.prack(rseq(&ringing), ""));
    assert_eq!(bed.lines(), ["200 PRACK"], "and the 183 that waited for it is not sent any more");
    bed.receive(phone.ack(""));
    bed.wait(ms(40_000));
    assert_eq!(bed.lines(), [""; 0]);
    assert_eq!(bed.events(), ["acknowledged"]);
}

/// RING-23, RING-31: an INVITE without offer gets ours in the first reliable response, the 180 included, and
/// the PRACK answers.
#[test]
fn without_an_offer_the_first_reliable_response_carries_ours() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite(REQUIRED, ""));
    assert_eq!(bed.try_ring(call, 180, None), Err(RingError::SessionMissing));
    bed.ring(call, 180, Some(ANSWER));
    let offer = bed.response();
    phone.learn(&offer);
    assert_eq!((offer.status.code(), &offer.body[..]), (180, ANSWER.as_bytes()));
    bed.receive(phone.prack(rseq(&offer), OFFER));
    assert_eq!(bed.lines(), ["200 PRACK"]);
    match bed.event() {
        Event::Answer { sdp: answer, .. } => assert_eq!(answer, sdp(OFFER)),
        other => panic!("expected the answer, got {other:?}"),
    }
    assert_eq!(bed.events(), ["provisional acknowledged"]);
    // RFC 6337 section 3.1: in the 200 a session description would be another offer.
    bed.answer(call, Some(ANSWER));
    let ok = bed.response();
    assert!(ok.body.is_empty());
    bed.receive(phone.ack(""));
    assert_eq!(bed.events(), ["acknowledged"]);
}

/// RING-31: a PRACK without a usable answer means no early media; the 200 then offers again.
#[test]
fn a_prack_without_the_answer_is_told_and_the_200_offers_again() {
    for body in ["", "this is not SDP"] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let call = bed.arrive(phone.invite(SUPPORTED, ""));
        bed.ring(call, 183, Some(ANSWER));
        let offer = bed.response();
        phone.learn(&offer);
        bed.receive(phone.prack(rseq(&offer), body));
        assert_eq!(bed.lines(), ["200 PRACK"]);
        assert_eq!(bed.events(), ["no answer", "provisional acknowledged"]);
        bed.answer(call, None);
        assert_eq!(bed.response().body, ANSWER.as_bytes());
        bed.receive(phone.ack(OFFER));
        assert_eq!(bed.events(), ["answer", "acknowledged"]);
    }
}

/// RFC 3262 section 5: a PRACK may carry an offer, answered in its 200; the call's 200 waits for that.
#[test]
fn a_prack_may_carry_a_new_offer() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let (call, rseq) = ringing(&mut bed, &mut phone, SUPPORTED);
    bed.receive(phone.prack(rseq, HOLD));
    assert!(matches!(bed.event(), Event::ProvisionalAcknowledged { .. }));
    let Event::Offer { id, method: OfferMethod::Prack, sdp: Some(offer), .. } = bed.event() else {
        panic!("expected an offer in the PRACK")
    };
    assert_eq!(offer, sdp(HOLD));
    bed.answer(call, None);
    assert_eq!(bed.lines(), [""; 0]);
    let answer = sdp(ANSWER);
    bed.act(|endpoint, now| endpoint.answer_offer(now, call, id, Ok(&answer))).expect("it answers");
    let sent = bed.sent();
    let lines: Vec<_> = sent.iter().map(support::bed::line).collect();
    assert_eq!(lines, ["200 PRACK", "200 INVITE"]);
    let offhook_sip::Message::Response(ok) = &sent[0].message else { panic!("a response") };
    assert_eq!(ok.body, ANSWER.as_bytes());
}

#[test]
fn an_offer_in_a_prack_can_be_refused_and_the_response_counts_as_acknowledged() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let (call, rseq) = ringing(&mut bed, &mut phone, SUPPORTED);
    bed.receive(phone.prack(rseq, HOLD));
    bed.event();
    let Event::Offer { id, .. } = bed.event() else { panic!("expected an offer") };
    bed.act(|endpoint, now| endpoint.answer_offer(now, call, id, Err(StatusCode::NOT_ACCEPTABLE_HERE)))
        .expect("it refuses");
    assert_eq!(bed.lines(), ["488 PRACK"]);
    bed.wait(ms(20_000));
    assert_eq!(bed.lines(), [""; 0]);
}

/// RING-24, RING-25: the repetition after a minute and the one for an INVITE that arrives again are the same
/// bytes, RSeq included.
#[test]
fn a_reliable_response_is_repeated_unchanged_after_its_prack() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let invite = phone.invite(SUPPORTED, OFFER);
    let call = bed.arrive(&invite);
    bed.ring(call, 183, Some(ANSWER));
    let early = bed.sent().remove(0);
    phone.learn_all(std::slice::from_ref(&early));
    let offhook_sip::Message::Response(response) = &early.message else { panic!("a response") };
    bed.receive(phone.prack(rseq(response), ""));
    bed.sent();
    bed.receive(&invite);
    bed.wait(ms(60_000));
    let sent = bed.sent();
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|wire| wire.bytes == early.bytes));
}

/// RING-23: RSeq is from 1 to 2^31 - 1 and each call has its own.
#[test]
fn each_call_counts_its_reliable_responses_from_a_number_of_its_own() {
    let mut bed = Bed::new();
    let mut numbers = Vec::new();
    for n in 0..20 {
        let mut phone = Phone::named(&n.to_string());
        let (_, rseq) = ringing(&mut bed, &mut phone, SUPPORTED);
        assert!((1..=0x7fff_ffff).contains(&rseq));
        numbers.push(rseq);
    }
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), 20);
}
