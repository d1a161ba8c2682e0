//! Calls of our own: what a test caller needs (RFC 3261 section 13.2, RFC 3262 section 4).

mod support;

use offhook_sip::header::RAck;
use offhook_sip::{
    AcknowledgeError, Call, Event, HeaderName, Headers, OfferError, OfferMethod, PrackError, PrackPolicy,
    Reliability, Request, Stage, Transmit,
};
use support::phone::reply;
use support::{ANSWER, Bed, HOLD, OFFER, Phone, lines, ms, requests, sdp};

const TAG: &str = "theirs";

fn calling(bed: &mut Bed) -> (Call, Request) {
    let call = bed.invite(Some(OFFER), Reliability::Supported, PrackPolicy::Auto);
    (call, bed.request())
}

fn connected(bed: &mut Bed) -> (Call, Request) {
    let (call, invite) = calling(bed);
    bed.receive(reply(&invite, 200, TAG, "Allow: INVITE, ACK, BYE, UPDATE\r\n", ANSWER));
    assert_eq!(bed.lines(), ["ACK"]);
    bed.events();
    (call, invite)
}

/// The far end, calling itself by the dialog of `invite`.
fn far_end(invite: &Request) -> Phone {
    let mut phone = Phone::new();
    phone.call_id = invite.call_id().expect("a Call-ID").as_str().to_owned();
    phone.tag = TAG.into();
    phone.remote_tag = invite.from().expect("a From").tag().map(|tag| tag.to_string());
    phone
}

#[test]
fn an_invite_says_what_we_can_do() {
    for (reliability, required, supported) in [
        (Reliability::Absent, None, Some("timer")),
        (Reliability::Supported, None, Some("100rel, timer")),
        (Reliability::Required, Some("100rel"), Some("timer")),
    ] {
        let mut bed = Bed::new();
        bed.invite(Some(OFFER), reliability, PrackPolicy::Auto);
        let invite = bed.request();
        let field = |name| invite.headers.get(&name).map(|value| value.as_str());
        assert_eq!((field(HeaderName::Require), field(HeaderName::Supported)), (required, supported));
        assert_eq!(field(HeaderName::MaxForwards), Some("70"));
        assert_eq!(field(HeaderName::Contact), Some("<sip:192.0.2.9:5060>"));
        assert_eq!(&invite.body[..], OFFER.as_bytes());
        assert!(invite.from().expect("a From").tag().is_some());
        assert!(invite.to().expect("a To").tag().is_none());
    }
}

#[test]
fn an_answered_call_is_acknowledged_at_once() {
    let mut bed = Bed::new();
    let (_, invite) = calling(&mut bed);
    bed.receive(reply(&invite, 100, "", "", ""));
    bed.receive(reply(&invite, 180, TAG, "", ""));
    bed.receive(reply(&invite, 200, TAG, "", ANSWER));
    let ack = bed.request();
    assert_eq!(ack.method.as_str(), "ACK");
    assert_eq!(ack.uri.to_string(), "sip:bob@192.0.2.1:5060", "the target is the Contact");
    assert_eq!(ack.cseq().expect("a CSeq").number, invite.cseq().expect("a CSeq").number);
    assert_ne!(ack.headers.get(&HeaderName::Via), invite.headers.get(&HeaderName::Via));
    assert_eq!(bed.events(), ["progress 180", "answer", "answered 200"]);
    // The ACK was lost: the 200 comes again and gets the same ACK.
    bed.receive(reply(&invite, 200, TAG, "", ANSWER));
    assert_eq!(bed.request(), ack);
    assert_eq!(bed.events(), [""; 0]);
}

/// The answer is the first session description, in early media or in the 200, and told once.
#[test]
fn the_answer_is_told_once() {
    let mut bed = Bed::new();
    let (_, invite) = calling(&mut bed);
    bed.receive(reply(&invite, 183, TAG, "", ANSWER));
    bed.receive(reply(&invite, 183, TAG, "", ANSWER));
    bed.receive(reply(&invite, 200, TAG, "", ANSWER));
    assert_eq!(bed.events(), ["answer", "progress 183", "progress 183", "answered 200"]);
}

#[test]
fn a_200_without_the_answer_is_told() {
    let mut bed = Bed::new();
    let (_, invite) = calling(&mut bed);
    bed.receive(reply(&invite, 200, TAG, "", ""));
    assert_eq!(bed.lines(), ["ACK"]);
    assert_eq!(bed.events(), ["no answer", "answered 200"]);
}

/// RFC 3261 section 13.2.1: without our offer the 200 carries one and the ACK its answer.
#[test]
fn without_an_offer_the_ack_carries_the_answer() {
    let mut bed = Bed::new();
    let call = bed.invite(None, Reliability::Absent, PrackPolicy::Auto);
    let invite = bed.request();
    bed.receive(reply(&invite, 200, TAG, "", OFFER));
    assert_eq!(bed.lines(), [""; 0]);
    assert!(matches!(bed.event(), Event::Answered { sdp: Some(_), .. }));
    bed.receive(reply(&invite, 200, TAG, "", OFFER));
    assert_eq!((bed.lines(), bed.events()), (vec![], vec![]));
    let answer = sdp(ANSWER);
    bed.act(|endpoint, now| endpoint.acknowledge(now, call, Some(&answer))).expect("it acknowledges");
    assert_eq!(bed.request().body, ANSWER.as_bytes());
    let again = bed.act(|endpoint, now| endpoint.acknowledge(now, call, None));
    assert_eq!(again, Err(AcknowledgeError::WrongState { got: Stage::Answered }));
}

/// RFC 3262 section 4: each reliable response gets its PRACK at once, its retransmission none, a gap none.
#[test]
fn reliable_responses_get_a_prack_each_in_order() {
    let mut bed = Bed::new();
    let (_, invite) = calling(&mut bed);
    let reliable = |number: u32, body: &str| {
        reply(&invite, 183, TAG, &format!("Require: 100rel\r\nRSeq: {number}\r\n"), body)
    };
    bed.receive(reliable(7, ANSWER));
    let prack = bed.request();
    let rack: RAck = prack.headers.typed().expect("a RAck");
    assert_eq!((rack.rseq, rack.cseq, rack.method.as_str()), (7, 1, "INVITE"));
    bed.receive(reliable(7, ANSWER));
    assert_eq!(bed.lines(), [""; 0], "a retransmission");
    bed.receive(reliable(9, ""));
    assert_eq!(bed.lines(), [""; 0], "8 is missing");
    bed.receive(reliable(8, ""));
    assert_eq!(bed.lines(), ["PRACK"]);
    assert_eq!(bed.events(), ["answer", "progress 183", "progress 183"]);
}

/// A caller that does not support reliable responses acknowledges none.
#[test]
fn without_100rel_no_prack_is_sent() {
    let mut bed = Bed::new();
    bed.invite(Some(OFFER), Reliability::Absent, PrackPolicy::Auto);
    let invite = bed.request();
    bed.receive(reply(&invite, 183, TAG, "Require: 100rel\r\nRSeq: 7\r\n", ANSWER));
    assert_eq!(bed.lines(), [""; 0]);
    assert_eq!(bed.events(), ["answer", "progress 183"]);
}

/// By hand: the PRACK leaves when the user says so, oldest first.
#[test]
fn pracks_by_hand() {
    let mut bed = Bed::new();
    let call = bed.invite(Some(OFFER), Reliability::Required, PrackPolicy::Manual);
    let invite = bed.request();
    let none = bed.act(|endpoint, now| endpoint.prack(now, call, None));
    assert_eq!(none, Err(PrackError::NothingToAcknowledge));
    bed.receive(reply(&invite, 183, TAG, "Require: 100rel\r\nRSeq: 7\r\n", ANSWER));
    assert_eq!(bed.lines(), [""; 0]);
    // With an offer of ours, answered in the 200.
    let hold = sdp(HOLD);
    let offer = bed.act(|endpoint, now| endpoint.prack(now, call, Some(&hold))).expect("it acknowledges");
    assert!(offer.is_some());
    let prack = bed.request();
    assert_eq!(prack.body, HOLD.as_bytes());
    bed.events();
    bed.receive(reply(&prack, 200, TAG, "", ANSWER));
    assert_eq!(bed.events(), ["answer"]);
}

/// RFC 3262 section 5: an offer in a reliable response is answered in its PRACK, also when PRACKs are
/// automatic.
#[test]
fn an_offer_in_a_reliable_response_is_answered_in_the_prack() {
    let mut bed = Bed::new();
    let call = bed.invite(None, Reliability::Supported, PrackPolicy::Auto);
    let invite = bed.request();
    bed.receive(reply(&invite, 183, TAG, "Require: 100rel\r\nRSeq: 1\r\n", OFFER));
    assert_eq!(bed.lines(), [""; 0]);
    let bare = bed.act(|endpoint, now| endpoint.prack(now, call, None));
    assert_eq!(bare, Err(PrackError::SessionMissing));
    let answer = sdp(ANSWER);
    bed.act(|endpoint, now| endpoint.prack(now, call, Some(&answer))).expect("it acknowledges");
    assert_eq!(bed.request().body, ANSWER.as_bytes());
    bed.receive(reply(&invite, 200, TAG, "", ""));
    assert_eq!(bed.lines(), ["ACK"], "nothing is left to answer");
    assert_eq!(bed.events(), ["progress 183", "answered 200"]);
}

/// RFC 3261 section 9.1: CANCEL waits for a provisional response.
#[test]
fn a_cancel_waits_for_a_provisional_response() {
    let mut bed = Bed::new();
    let (call, invite) = calling(&mut bed);
    bed.hang_up(call);
    assert_eq!(bed.lines(), [""; 0]);
    bed.receive(reply(&invite, 100, "", "", ""));
    let cancel = bed.request();
    assert_eq!(cancel.method.as_str(), "CANCEL");
    assert_eq!(cancel.headers.get(&HeaderName::Via), invite.headers.get(&HeaderName::Via));
    assert_eq!(cancel.uri, invite.uri);
    bed.receive(reply(&invite, 180, TAG, "", ""));
    assert_eq!(bed.lines(), [""; 0], "one CANCEL is enough");
    bed.receive(reply(&cancel, 200, TAG, "", ""));
    bed.receive(reply(&invite, 487, TAG, "", ""));
    assert_eq!(bed.lines(), ["ACK"]);
    assert_eq!(bed.events(), ["progress 180", "cleared Cancelled 487 by Us"]);
    bed.assert_nothing_is_left();
}

/// HUP-7: a 200 that crosses our CANCEL, or comes before any provisional response, gets ACK and BYE.
#[test]
fn a_200_that_crosses_our_cancel_gets_ack_and_bye() {
    for rings in [true, false] {
        let mut bed = Bed::new();
        let (call, invite) = calling(&mut bed);
        if rings {
            bed.receive(reply(&invite, 180, TAG, "", ""));
        }
        bed.hang_up(call);
        bed.sent();
        bed.receive(reply(&invite, 200, TAG, "", ANSWER));
        let sent = bed.sent();
        assert_eq!(lines(&sent), ["ACK", "BYE"]);
        assert_eq!(bed.events().last().map(String::as_str), Some("cleared Cancelled 487 by Us"));
        let bye = requests(&sent).remove(1);
        bed.receive(reply(&bye, 200, TAG, "", ""));
        bed.receive(reply(&invite, 200, TAG, "", ANSWER));
        assert_eq!(bed.lines(), ["ACK"], "its retransmission gets the ACK again");
        bed.assert_nothing_is_left();
    }
}

/// RFC 3261 section 9.1: a CANCEL that nobody heeds ends the call after 64*T1.
#[test]
fn a_cancel_that_nobody_heeds_ends_the_call() {
    let mut bed = Bed::new();
    let (call, invite) = calling(&mut bed);
    bed.receive(reply(&invite, 180, TAG, "", ""));
    bed.wait(ms(1_000));
    bed.hang_up(call);
    bed.wait(ms(32_000));
    assert_eq!(bed.timed_events().last(), Some(&(33_000, "cleared Cancelled 487 by Us".to_owned())));
    bed.assert_nothing_is_left();
}

/// CAU-4: what refuses our call is told with its code, acknowledged, and its retransmission acknowledged
/// again.
#[test]
fn a_refused_call_tells_the_code() {
    for code in [302, 404, 486, 503, 603] {
        let mut bed = Bed::new();
        let (_, invite) = calling(&mut bed);
        bed.receive(reply(&invite, code, TAG, "Reason: Q.850;cause=21\r\n", ""));
        let ack = bed.request();
        assert_eq!(ack.headers.get(&HeaderName::Via), invite.headers.get(&HeaderName::Via));
        assert_eq!(ack.to().expect("a To").tag().map(|tag| tag.as_str().to_owned()), Some(TAG.to_owned()));
        let Event::Cleared { clearing, .. } = bed.event() else { panic!("expected the end") };
        assert_eq!((clearing.status, clearing.q850), (code, Some(21)));
        bed.receive(reply(&invite, code, TAG, "", ""));
        assert_eq!(bed.request(), ack);
        assert_eq!(bed.events(), [""; 0]);
        bed.assert_nothing_is_left();
    }
}

/// CAU-4: nothing answers: the INVITE is repeated from T1, doubling, and given up after 64*T1.
#[test]
fn a_call_that_nobody_answers_is_given_up() {
    let mut bed = Bed::new();
    bed.invite(Some(OFFER), Reliability::Absent, PrackPolicy::Auto);
    bed.wait(ms(32_000));
    let times: Vec<_> = bed.timed_lines().into_iter().map(|(at, _)| at).collect();
    assert_eq!(times, [0, 500, 1_500, 3_500, 7_500, 15_500, 31_500]);
    assert_eq!(bed.timed_events(), [(32_000, "cleared NoResponse 408 by Us".to_owned())]);
    bed.assert_nothing_is_left();
}

/// CAU-4: a transport that cannot deliver the INVITE ends the call with 503; other losses are left to their
/// timers.
#[test]
fn a_call_that_cannot_be_delivered_ends() {
    let mut bed = Bed::new();
    bed.invite(Some(OFFER), Reliability::Absent, PrackPolicy::Auto);
    let wire = bed.sent().remove(0);
    let failed = Transmit { flow: wire.flow, bytes: wire.bytes };
    bed.act(|endpoint, now| endpoint.transmit_failed(now, &failed));
    bed.act(|endpoint, now| endpoint.transmit_failed(now, &failed));
    assert_eq!(bed.events(), ["cleared TransportFailure 503 by Us"]);
    bed.assert_nothing_is_left();
}

/// RFC 3261 section 13.2.2.4: the 2xx of another fork gets its own ACK and BYE, and the call goes on.
#[test]
fn a_late_200_of_another_fork_gets_ack_and_bye() {
    let mut bed = Bed::new();
    let (call, invite) = calling(&mut bed);
    bed.receive(reply(&invite, 180, "fork1", "", ""));
    bed.receive(reply(&invite, 180, "fork2", "", ""));
    assert_eq!(bed.endpoint.counts().dialogs, 2);
    bed.receive(reply(&invite, 200, "fork2", "", ANSWER));
    assert_eq!(bed.lines(), ["ACK"]);
    bed.receive(reply(&invite, 200, "fork1", "", ANSWER));
    let sent = bed.sent();
    assert_eq!(lines(&sent), ["ACK", "BYE"]);
    for request in requests(&sent) {
        assert_eq!(
            request.to().expect("a To").tag().map(|tag| tag.as_str().to_owned()),
            Some("fork1".to_owned())
        );
    }
    bed.receive(reply(&requests(&sent)[1], 200, "fork1", "", ""));
    assert_eq!(bed.endpoint.counts().dialogs, 1);
    assert_eq!(bed.events(), ["progress 180", "progress 180", "answer", "answered 200"]);
    bed.hang_up(call);
    let bye = bed.request();
    assert_eq!(bye.to().expect("a To").tag().map(|tag| tag.as_str().to_owned()), Some("fork2".to_owned()));
    bed.receive(reply(&bye, 200, "fork2", "", ""));
    bed.assert_nothing_is_left();
}

#[test]
fn the_far_end_clears_by_bye() {
    let mut bed = Bed::new();
    let (_, invite) = connected(&mut bed);
    bed.receive(far_end(&invite).request("BYE", "Reason: Q.850;cause=16\r\n", ""));
    assert_eq!(bed.lines(), ["200 BYE"]);
    assert_eq!(bed.events(), ["cleared RemoteBye 200 by Peer"]);
    bed.assert_nothing_is_left();
}

/// Our offers within a call: UPDATE and re-INVITE, answered, refused, or without the answer.
#[test]
fn our_offers_within_a_call() {
    for method in [OfferMethod::Update, OfferMethod::ReInvite] {
        for (code, body, event) in [(200, ANSWER, "answer"), (200, "", "no answer"), (488, "", "refused 488")]
        {
            let mut bed = Bed::new();
            let (call, _) = connected(&mut bed);
            let hold = sdp(HOLD);
            bed.act(|endpoint, now| endpoint.offer(now, call, method, &hold)).expect("it offers");
            let request = bed.request();
            assert_eq!(request.body, HOLD.as_bytes());
            assert!(request.headers.contains(&HeaderName::Contact));
            let second = bed.act(|endpoint, now| endpoint.offer(now, call, method, &hold));
            assert_eq!(second, Err(OfferError::OfferPending));
            bed.receive(reply(&request, code, TAG, "", body));
            assert_eq!(bed.events(), [event], "{method:?} {code}");
            let expected: &[&str] = if method == OfferMethod::ReInvite { &["ACK"] } else { &[] };
            assert_eq!(bed.lines(), expected);
            bed.hang_up(call);
            let bye = bed.request();
            bed.receive(reply(&bye, 200, TAG, "", ""));
            bed.assert_nothing_is_left();
        }
    }
}

/// RFC 3261 section 12.2.1.2: a far end that does not know the call any more, or does not answer, ends it.
#[test]
fn a_call_that_the_far_end_lost_is_cleared() {
    for lost in [Some(481), None] {
        let mut bed = Bed::new();
        let (call, _) = connected(&mut bed);
        let hold = sdp(HOLD);
        bed.act(|endpoint, now| endpoint.offer(now, call, OfferMethod::Update, &hold)).expect("it offers");
        let request = bed.request();
        match lost {
            Some(code) => bed.receive(reply(&request, code, TAG, "", "")),
            None => bed.wait(ms(32_000)),
        }
        let code = lost.unwrap_or(408);
        assert_eq!(bed.events(), [format!("refused {code}"), format!("cleared NoResponse {code} by Us")]);
        assert_eq!(bed.lines().last().map(String::as_str), Some("BYE"));
        bed.assert_nothing_is_left();
    }
}

#[test]
fn an_update_is_not_sent_to_a_far_end_that_does_not_take_it() {
    let mut bed = Bed::new();
    let (call, invite) = calling(&mut bed);
    bed.receive(reply(&invite, 200, TAG, "Allow: INVITE, ACK, BYE\r\n", ANSWER));
    bed.sent();
    let hold = sdp(HOLD);
    let refused = bed.act(|endpoint, now| endpoint.offer(now, call, OfferMethod::Update, &hold));
    assert_eq!(refused, Err(OfferError::MethodNotAllowed));
    assert_eq!(bed.lines(), [""; 0]);
}

/// RFC 3261 section 14.1: a re-INVITE of ours whose 200 comes after the call was cleared still gets its ACK.
#[test]
fn a_reinvite_answered_after_the_end_gets_its_ack() {
    let mut bed = Bed::new();
    let (call, invite) = connected(&mut bed);
    let hold = sdp(HOLD);
    bed.act(|endpoint, now| endpoint.offer(now, call, OfferMethod::ReInvite, &hold)).expect("it offers");
    let request = bed.request();
    bed.receive(far_end(&invite).request("BYE", "", ""));
    bed.sent();
    bed.receive(reply(&request, 200, TAG, "", ANSWER));
    assert_eq!(bed.lines(), ["ACK"]);
    assert_eq!(bed.events(), ["cleared RemoteBye 200 by Peer"]);
    bed.assert_nothing_is_left();
}

#[test]
fn an_info_of_ours() {
    let mut bed = Bed::new();
    let (call, _) = connected(&mut bed);
    let body = bytes::Bytes::from_static(b"Signal=1\r\n");
    bed.act(|endpoint, now| endpoint.info(now, call, "application/dtmf-relay", body)).expect("it sends");
    let info = bed.request();
    assert_eq!((info.method.as_str(), &info.body[..]), ("INFO", &b"Signal=1\r\n"[..]));
    bed.receive(reply(&info, 415, TAG, "", ""));
    assert_eq!(bed.events(), [""; 0]);
    let headers = Headers::new();
    bed.act(|endpoint, now| endpoint.hang_up(now, call, headers)).expect("it hangs up");
}

/// A BYE of the callee on the early dialog, which it must not send, is answered and ends the call all the
/// same.
#[test]
fn a_bye_of_the_callee_before_its_answer_ends_the_call() {
    let mut bed = Bed::new();
    let (_, invite) = calling(&mut bed);
    bed.receive(reply(&invite, 180, TAG, "", ""));
    bed.receive(far_end(&invite).request("BYE", "", ""));
    assert_eq!(bed.lines(), ["200 BYE", "CANCEL"]);
    bed.receive(reply(&invite, 487, TAG, "", ""));
    assert_eq!(bed.events(), ["progress 180", "cleared RemoteBye 487 by Peer"]);
    bed.assert_nothing_is_left();
}
