//! Offers of the peer within a call: hold, a new address, a new codec, by UPDATE and by re-INVITE.

mod support;

use offhook_sip::header::RetryAfter;
use offhook_sip::{AnswerOfferError, Call, Event, HeaderName, OfferError, OfferId, OfferMethod, StatusCode};
use support::{ANSWER, Bed, HOLD, OFFER, Phone, ms, sdp};

fn connected(bed: &mut Bed, phone: &mut Phone) -> Call {
    let call = bed.arrive(phone.invite("", OFFER));
    bed.answer(call, Some(ANSWER));
    phone.learn_all(&bed.sent());
    bed.receive(phone.ack(""));
    bed.events();
    call
}

/// A call in reliable early media, its answer acknowledged.
fn early(bed: &mut Bed, phone: &mut Phone) -> Call {
    let call = bed.arrive(phone.invite("Supported: 100rel\r\n", OFFER));
    bed.ring(call, 183, Some(ANSWER));
    phone.learn_all(&bed.sent());
    let rseq = phone.rseq.expect("a reliable response");
    bed.receive(phone.prack(rseq, ""));
    bed.sent();
    bed.events();
    call
}

fn offered(bed: &mut Bed) -> (OfferId, OfferMethod) {
    match bed.event() {
        Event::Offer { id, method, .. } => (id, method),
        other => panic!("expected an offer, got {other:?}"),
    }
}

fn accept(bed: &mut Bed, call: Call, id: OfferId) {
    let answer = sdp(ANSWER);
    bed.act(|endpoint, now| endpoint.answer_offer(now, call, id, Ok(&answer))).expect("it answers");
}

/// RFC 3311: an UPDATE during early media is offered to the user and answered in its 200; the call goes on
/// ringing.
#[test]
fn an_update_in_early_media_is_offered_and_answered() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = early(&mut bed, &mut phone);
    bed.receive(phone.request("UPDATE", "", HOLD));
    assert_eq!(bed.lines(), [""; 0]);
    let (id, method) = offered(&mut bed);
    assert_eq!(method, OfferMethod::Update);
    accept(&mut bed, call, id);
    let ok = bed.response();
    assert_eq!((ok.status.code(), &ok.body[..]), (200, ANSWER.as_bytes()));
    assert!(ok.headers.contains(&HeaderName::Contact));
    bed.answer(call, None);
    assert_eq!(bed.lines(), ["200 INVITE"]);
}

/// RFC 3311 section 5.2: while the INVITE's offer has no reliable answer, an UPDATE with another gets 500 and
/// Retry-After.
#[test]
fn an_update_before_the_first_answer_gets_500() {
    for session in [None, Some(ANSWER)] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let call = bed.arrive(phone.invite("", OFFER));
        bed.ring(call, if session.is_some() { 183 } else { 180 }, session);
        phone.learn_all(&bed.sent());
        bed.receive(phone.request("UPDATE", "", HOLD));
        let refused = bed.response();
        assert_eq!(refused.status.code(), 500);
        assert!(refused.headers.typed::<RetryAfter>().expect("a Retry-After").seconds <= 10);
        assert_eq!(bed.events(), [""; 0]);
    }
}

/// RFC 3311 section 5.2: a second UPDATE while the first is not answered gets 500 and Retry-After.
#[test]
fn an_update_while_another_waits_gets_500() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = connected(&mut bed, &mut phone);
    bed.receive(phone.request("UPDATE", "", HOLD));
    bed.receive(phone.request("UPDATE", "", OFFER));
    let refused = bed.response();
    assert_eq!(refused.status.code(), 500);
    assert!(refused.headers.contains(&HeaderName::RetryAfter));
    let (id, _) = offered(&mut bed);
    accept(&mut bed, call, id);
    assert_eq!(bed.lines(), ["200 UPDATE"]);
}

/// RFC 3311 section 5.2, RFC 3261 section 14.2: an offer that crosses one of ours gets 491.
#[test]
fn an_offer_that_crosses_ours_gets_491() {
    for ours in [OfferMethod::Update, OfferMethod::ReInvite] {
        for theirs in ["UPDATE", "INVITE"] {
            let (mut bed, mut phone) = (Bed::new(), Phone::new());
            let call = connected(&mut bed, &mut phone);
            let offer = sdp(ANSWER);
            bed.act(|endpoint, now| endpoint.offer(now, call, ours, &offer)).expect("it offers");
            let request = bed.request();
            let crossing = phone.request(theirs, "", HOLD);
            bed.receive(&crossing);
            assert_eq!(bed.lines(), [format!("491 {theirs}")], "{ours:?}");
            bed.receive(support::phone::reply(&request, 491, "", "", ""));
            assert_eq!(bed.events(), [""; 0], "ours is made again later");
        }
    }
}

/// RFC 3311 section 5.2: 491 too while our offer in a provisional response waits for its PRACK.
#[test]
fn an_update_that_crosses_our_first_offer_gets_491() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("Supported: 100rel\r\n", ""));
    bed.ring(call, 183, Some(ANSWER));
    phone.learn_all(&bed.sent());
    bed.receive(phone.request("UPDATE", "", HOLD));
    assert_eq!(bed.lines(), ["491 UPDATE"]);
}

/// An UPDATE without offer is answered at once and moves the remote target (RFC 3311 section 5.2).
#[test]
fn an_update_without_offer_moves_the_target() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = connected(&mut bed, &mut phone);
    phone.contact = "<sip:ann@192.0.2.77:5070>".into();
    bed.receive(phone.request("UPDATE", "", ""));
    assert_eq!(bed.lines(), ["200 UPDATE"]);
    bed.hang_up(call);
    let sent = bed.sent();
    assert_eq!(sent[0].flow.remote, support::address("192.0.2.77:5070"));
    let bye = support::requests(&sent).remove(0);
    assert_eq!(bye.uri.to_string(), "sip:ann@192.0.2.77:5070");
}

/// RFC 3261 section 14.2: a re-INVITE is offered to the user, its 200 repeated until the ACK.
#[test]
fn a_reinvite_is_offered_answered_and_acknowledged() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = connected(&mut bed, &mut phone);
    bed.receive(phone.invite("", HOLD));
    let (id, method) = offered(&mut bed);
    assert_eq!(method, OfferMethod::ReInvite);
    accept(&mut bed, call, id);
    let ok = bed.response();
    assert_eq!((ok.status.code(), &ok.body[..]), (200, ANSWER.as_bytes()));
    bed.wait(ms(600));
    assert_eq!(bed.lines(), ["200 INVITE"]);
    bed.receive(phone.ack(""));
    bed.wait(ms(60_000));
    assert_eq!(bed.lines(), [""; 0]);
    assert_eq!(bed.events(), [""; 0], "the call was acknowledged long ago");
}

/// RFC 3261 section 14.2: a re-INVITE without offer gets ours in the 200, answered by the ACK.
#[test]
fn a_reinvite_without_offer_gets_ours() {
    for (body, event) in [(HOLD, "answer"), ("", "no answer")] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let call = connected(&mut bed, &mut phone);
        bed.receive(phone.invite("", ""));
        let Event::Offer { id, sdp: None, .. } = bed.event() else { panic!("expected a bare re-INVITE") };
        accept(&mut bed, call, id);
        assert_eq!(bed.response().body, ANSWER.as_bytes());
        bed.receive(phone.request("UPDATE", "", HOLD));
        assert_eq!(bed.lines(), ["491 UPDATE"], "our offer waits");
        bed.receive(phone.ack(body));
        assert_eq!(bed.events(), [event]);
        bed.receive(phone.request("UPDATE", "", HOLD));
        assert_eq!(bed.events(), ["offer Update"]);
    }
}

/// A refused offer leaves the call as it was.
#[test]
fn a_refused_offer_leaves_the_call_as_it_was() {
    for method in ["INVITE", "UPDATE"] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let call = connected(&mut bed, &mut phone);
        bed.receive(phone.invite("", HOLD).replace("INVITE", method));
        let (id, _) = offered(&mut bed);
        let status = StatusCode::NOT_ACCEPTABLE_HERE;
        bed.act(|endpoint, now| endpoint.answer_offer(now, call, id, Err(status))).expect("it refuses");
        assert_eq!(bed.lines(), [format!("488 {method}")]);
        bed.receive(phone.ack_refusal());
        bed.receive(phone.request("BYE", "", ""));
        assert_eq!(bed.events(), ["cleared RemoteBye 200 by Peer"]);
        bed.assert_nothing_is_left();
    }
}

/// RFC 3261 section 14.2: without ACK for the 200 to a re-INVITE the call is cleared.
#[test]
fn a_reinvite_without_ack_clears_the_call() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = connected(&mut bed, &mut phone);
    bed.receive(phone.invite("", HOLD));
    let (id, _) = offered(&mut bed);
    accept(&mut bed, call, id);
    bed.wait(ms(32_000));
    assert_eq!(bed.events(), ["cleared NoAck 408 by Us"]);
    assert_eq!(bed.lines().last().map(String::as_str), Some("BYE"));
    bed.assert_nothing_is_left();
}

/// RFC 3261 section 14.2: a re-INVITE before the first INVITE has its final response gets 500 and
/// Retry-After.
#[test]
fn a_reinvite_before_the_answer_gets_500() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    early(&mut bed, &mut phone);
    bed.receive(phone.invite("", HOLD));
    let refused = bed.response();
    assert_eq!(refused.status.code(), 500);
    assert!(refused.headers.contains(&HeaderName::RetryAfter));
    assert_eq!(bed.events(), [""; 0]);
}

/// RFC 3261 section 17.2.1: a user who takes longer than 200 ms gets the peer a 100.
#[test]
fn a_reinvite_that_is_not_answered_at_once_gets_100() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = connected(&mut bed, &mut phone);
    let invite = phone.invite("", HOLD);
    bed.receive(&invite);
    let (id, _) = offered(&mut bed);
    bed.wait(ms(199));
    assert_eq!(bed.lines(), [""; 0]);
    bed.wait(ms(1));
    assert_eq!(bed.lines(), ["100 INVITE"]);
    bed.receive(&invite);
    assert_eq!(bed.lines(), ["100 INVITE"]);
    accept(&mut bed, call, id);
    assert_eq!(bed.lines(), ["200 INVITE"]);
}

/// A CANCEL withdraws a re-INVITE, and the call goes on (RFC 3261 section 14.1).
#[test]
fn a_cancelled_reinvite_leaves_the_call_as_it_was() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = connected(&mut bed, &mut phone);
    bed.receive(phone.invite("", HOLD));
    let (id, _) = offered(&mut bed);
    bed.receive(phone.cancel(""));
    assert_eq!(bed.lines(), ["200 CANCEL", "487 INVITE"]);
    let late = sdp(ANSWER);
    let refused = bed.act(|endpoint, now| endpoint.answer_offer(now, call, id, Ok(&late)));
    assert_eq!(refused, Err(AnswerOfferError::NoSuchOffer));
    bed.receive(phone.ack_refusal());
    assert_eq!((bed.lines(), bed.events()), (vec![], vec![]));
}

/// RFC 3261 section 15.1.2: a BYE ends requests that still wait for the user.
#[test]
fn a_bye_ends_an_offer_that_waits() {
    for method in ["INVITE", "UPDATE"] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        connected(&mut bed, &mut phone);
        bed.receive(phone.invite("", HOLD).replace("INVITE", method));
        bed.receive(phone.request("BYE", "", ""));
        assert_eq!(bed.lines(), ["200 BYE".to_owned(), format!("487 {method}")]);
        bed.receive(phone.ack_refusal());
        bed.assert_nothing_is_left();
    }
}

/// RFC 3261 section 12.2.2: a lower CSeq, or the same one again, gets 500.
#[test]
fn a_request_out_of_order_gets_500() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    connected(&mut bed, &mut phone);
    phone.cseq = 40;
    bed.receive(phone.request("INFO", "", ""));
    assert_eq!(bed.lines(), ["200 INFO"]);
    for (cseq, expected) in [(10, "500 INFO"), (40, "500 INFO"), (41, "500 INFO"), (42, "200 INFO")] {
        phone.cseq = cseq - 1;
        bed.receive(phone.request("INFO", "", ""));
        assert_eq!(bed.lines(), [expected], "CSeq {cseq}");
    }
}

#[test]
fn a_body_that_is_no_session_description_is_refused() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    connected(&mut bed, &mut phone);
    for (headers, status) in [("Content-Type: text/plain\r\n", 415), ("", 400)] {
        bed.receive(phone.request("UPDATE", headers, "hello"));
        assert_eq!(bed.lines(), [format!("{status} UPDATE")]);
        bed.receive(phone.invite(headers, "hello"));
        assert_eq!(bed.lines(), [format!("{status} INVITE")]);
        bed.receive(phone.ack_refusal());
    }
    assert_eq!(bed.events(), [""; 0]);
}

#[test]
fn an_info_is_answered_and_told() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    connected(&mut bed, &mut phone);
    bed.receive(phone.request("INFO", "Content-Type: application/dtmf-relay\r\n", "Signal=5\r\n"));
    assert_eq!(bed.lines(), ["200 INFO"]);
    let Event::Info { content_type, body, .. } = bed.event() else { panic!("expected an INFO") };
    assert_eq!(content_type.as_deref(), Some("application/dtmf-relay"));
    assert_eq!(&body[..], b"Signal=5\r\n");
}

#[test]
fn options_within_a_call_are_answered() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    connected(&mut bed, &mut phone);
    bed.receive(phone.request("OPTIONS", "", ""));
    let ok = bed.response();
    assert_eq!(ok.status.code(), 200);
    assert!(ok.headers.contains(&HeaderName::Allow));
}

/// RFC 3311: our own UPDATE before the answer, once the first agreement has its PRACK; the answer waits for
/// it.
#[test]
fn our_update_in_early_media_holds_back_the_answer() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("Supported: 100rel\r\n", OFFER));
    bed.ring(call, 183, Some(ANSWER));
    phone.learn_all(&bed.sent());
    let offer = sdp(ANSWER);
    let early = bed.act(|endpoint, now| endpoint.offer(now, call, OfferMethod::Update, &offer));
    assert_eq!(early, Err(OfferError::OfferPending), "before the PRACK");
    let rseq = phone.rseq.expect("a reliable response");
    bed.receive(phone.prack(rseq, ""));
    bed.sent();
    bed.events();
    bed.act(|endpoint, now| endpoint.offer(now, call, OfferMethod::Update, &offer)).expect("it offers");
    let update = bed.request();
    bed.answer(call, None);
    assert_eq!(bed.lines(), [""; 0]);
    bed.receive(support::phone::reply(&update, 200, "", "", OFFER));
    assert_eq!(bed.events(), ["answer"]);
    assert_eq!(bed.lines(), ["200 INVITE"]);
}

/// A re-INVITE of ours that the far end only ever considers does not outlive its call.
#[test]
fn a_reinvite_that_is_never_answered_ends_with_its_call() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = connected(&mut bed, &mut phone);
    let offer = sdp(ANSWER);
    bed.act(|endpoint, now| endpoint.offer(now, call, OfferMethod::ReInvite, &offer)).expect("it offers");
    let invite = bed.request();
    bed.receive(support::phone::reply(&invite, 100, "", "", ""));
    bed.wait(ms(20_000));
    assert_eq!((bed.lines(), bed.events()), (vec![], vec![]));
    bed.receive(phone.request("BYE", "", ""));
    assert_eq!(bed.lines(), ["200 BYE"]);
    bed.assert_nothing_is_left();
}
