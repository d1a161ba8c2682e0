//! Our re-INVITE and UPDATE: what happens to them when the far end offers at the same time, refuses, or is
//! silent.

mod support;

use offhook_sip::sdp::SessionDescription;
use offhook_sip::{
    Call, Event, OfferError, OfferId, OfferMethod, PrackPolicy, Reliability, Request, StatusCode,
};
use support::phone::reply;
use support::{ANSWER, Bed, HOLD, OFFER, Phone, ms, requests, sdp};

const TAG: &str = "theirs";
const ALLOW: &str = "Allow: INVITE, ACK, BYE, CANCEL, UPDATE\r\n";

/// A connected call, which this side made or took.
struct Connected {
    bed: Bed,
    call: Call,
    /// The far end.
    phone: Phone,
}

impl Connected {
    fn as_caller() -> Self {
        let mut bed = Bed::new();
        let call = bed.invite(Some(OFFER), Reliability::Absent, PrackPolicy::Auto);
        let invite = bed.request();
        bed.receive(reply(&invite, 200, TAG, ALLOW, ANSWER));
        assert_eq!(bed.lines(), ["ACK"]);
        bed.events();
        let mut phone = Phone::new();
        phone.call_id = invite.call_id().expect("a Call-ID").as_str().to_owned();
        phone.tag = TAG.into();
        phone.remote_tag = invite.from().expect("a From").tag().map(|tag| tag.to_string());
        Self { bed, call, phone }
    }

    fn as_callee() -> Self {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let call = bed.arrive(phone.invite("", OFFER));
        bed.answer(call, Some(ANSWER));
        phone.learn_all(&bed.sent());
        bed.receive(phone.ack(""));
        bed.events();
        Self { bed, call, phone }
    }

    fn offer(&mut self, method: OfferMethod, text: &str) -> OfferId {
        self.try_offer(method, text).expect("it offers")
    }

    fn try_offer(&mut self, method: OfferMethod, text: &str) -> Result<OfferId, OfferError> {
        let (call, sdp) = (self.call, sdp(text));
        self.bed.act(|endpoint, now| endpoint.offer(now, call, method, &sdp))
    }

    fn refuse(&mut self, request: &Request, code: u16, headers: &str) {
        self.bed.receive(reply(request, code, TAG, headers, ""));
    }

    /// The next request that is not an ACK, and how long it took in milliseconds.
    fn next(&mut self, limit: u64) -> Option<(u64, Request)> {
        for waited in (10..=limit).step_by(10) {
            self.bed.wait(ms(10));
            let sent = requests(&self.bed.sent());
            if let Some(request) = sent.into_iter().find(|request| request.method.as_str() != "ACK") {
                return Some((waited, request));
            }
        }
        None
    }

    fn end(mut self) {
        self.bed.hang_up(self.call);
        let bye = requests(&self.bed.sent()).pop().expect("a BYE");
        self.bed.receive(reply(&bye, 200, TAG, "", ""));
        self.bed.assert_nothing_is_left();
    }
}

fn version(request: &Request) -> u64 {
    SessionDescription::parse(&request.body).expect("a session description").origin.session_version
}

/// HOLD-6, RFC 3261 section 14.1: after a 491 the offer is made again, after 2.1 to 4 s by the side that made
/// the Call-ID, after 0 to 2 s by the other, and each time after another pause.
#[test]
fn a_491_is_answered_by_another_attempt() {
    for (is_caller, from, to) in [(true, 2_100, 4_010), (false, 0, 2_010)] {
        for method in [OfferMethod::ReInvite, OfferMethod::Update] {
            let mut side = if is_caller { Connected::as_caller() } else { Connected::as_callee() };
            side.offer(method, HOLD);
            let mut request = side.bed.request();
            let mut pauses = Vec::new();
            for _ in 0..4 {
                side.refuse(&request, 491, "");
                let (pause, next) = side.next(5_000).expect("another attempt");
                assert!((from..=to).contains(&pause), "{pause} ms");
                assert!(next.cseq().expect("a CSeq").number > request.cseq().expect("a CSeq").number);
                assert_eq!(next.body, request.body);
                pauses.push(pause);
                request = next;
            }
            pauses.dedup();
            assert!(pauses.len() > 1, "{pauses:?}");
            side.bed.receive(reply(&request, 200, TAG, "", ANSWER));
            assert_eq!(side.bed.events(), ["answer"]);
            side.bed.sent();
            side.end();
        }
    }
}

/// HOLD-6: a far end that puts us off for ever has refused.
#[test]
fn endless_491_is_a_refusal() {
    let mut side = Connected::as_caller();
    let id = side.offer(OfferMethod::ReInvite, HOLD);
    let mut request = side.bed.request();
    let mut attempts = 1;
    loop {
        side.refuse(&request, 491, "");
        match side.next(5_000) {
            Some((_, next)) => request = next,
            None => break,
        }
        attempts += 1;
        assert!(attempts < 20);
    }
    let Event::OfferRefused { id: refused, status, .. } = side.bed.event() else { panic!("a refusal") };
    assert_eq!((refused, status), (id, StatusCode::REQUEST_PENDING));
    side.offer(OfferMethod::Update, HOLD);
    side.bed.sent();
    side.end();
}

/// Glare: both offer at once, both get 491, and both offers come through, one after the other.
#[test]
fn the_far_ends_offer_comes_first_while_ours_waits() {
    let mut side = Connected::as_caller();
    side.offer(OfferMethod::ReInvite, HOLD);
    let ours = side.bed.request();
    let theirs = side.phone.invite("", OFFER);
    side.bed.receive(theirs);
    assert_eq!(side.bed.lines(), ["491 INVITE"]);
    let ack = side.phone.ack_refusal();
    side.bed.receive(ack);
    side.refuse(&ours, 491, "");
    assert_eq!(side.bed.lines(), ["ACK"]);
    // While ours waits, theirs comes again and is answered.
    let theirs = side.phone.invite("", OFFER);
    side.bed.receive(theirs);
    let Event::Offer { id, .. } = side.bed.event() else { panic!("an offer") };
    let answer = sdp(ANSWER);
    let call = side.call;
    // Its answer takes so long that our offer's time comes, which has to wait for it.
    side.bed.wait(ms(4_500));
    assert_eq!(side.bed.lines(), ["100 INVITE"]);
    side.bed.act(|endpoint, now| endpoint.answer_offer(now, call, id, Ok(&answer))).expect("it answers");
    assert_eq!(side.bed.lines(), ["200 INVITE"]);
    let ack = side.phone.ack("");
    side.bed.receive(ack);
    let (_, again) = side.next(1_000).expect("our offer again");
    side.bed.receive(reply(&again, 200, TAG, "", ANSWER));
    assert_eq!(side.bed.events(), ["answer"]);
    side.bed.sent();
    side.end();
}

/// RFC 3264 section 8: what is offered after an answer of ours in between has a version of its own.
#[test]
fn an_offer_made_again_is_newer_than_what_was_said_in_between() {
    let mut side = Connected::as_callee();
    let hold = ANSWER.replace("bob 7 1", "bob 7 2") + "a=sendonly\r\n";
    side.offer(OfferMethod::ReInvite, &hold);
    let ours = side.bed.request();
    assert_eq!(version(&ours), 2);
    side.refuse(&ours, 491, "");
    side.bed.sent();
    let theirs = side.phone.request("UPDATE", "", OFFER);
    side.bed.receive(theirs);
    let Event::Offer { id, .. } = side.bed.event() else { panic!("an offer") };
    let answer = sdp(&ANSWER.replace("bob 7 1", "bob 7 2"));
    let call = side.call;
    side.bed.act(|endpoint, now| endpoint.answer_offer(now, call, id, Ok(&answer))).expect("it answers");
    side.bed.sent();
    let (_, again) = side.next(3_000).expect("our offer again");
    assert_eq!(version(&again), 3);
}

/// When the far end has added media in between, our offer no longer fits and is given back.
#[test]
fn an_offer_that_no_longer_fits_is_refused() {
    let mut side = Connected::as_callee();
    side.offer(OfferMethod::ReInvite, HOLD);
    let ours = side.bed.request();
    side.refuse(&ours, 491, "");
    side.bed.sent();
    let two = format!("{OFFER}m=video 0 RTP/AVP 96\r\n");
    let theirs = side.phone.request("UPDATE", "", &two);
    side.bed.receive(theirs);
    let Event::Offer { id, .. } = side.bed.event() else { panic!("an offer") };
    let answer = sdp(&format!("{ANSWER}m=video 0 RTP/AVP 96\r\n"));
    let call = side.call;
    side.bed.act(|endpoint, now| endpoint.answer_offer(now, call, id, Ok(&answer))).expect("it answers");
    side.bed.sent();
    assert_eq!(side.next(3_000).map(|(_, request)| request), None);
    assert_eq!(side.bed.events(), ["refused 491"]);
}

/// A re-INVITE may not overtake the ACK of the one before; it waits for it.
#[test]
fn a_re_invite_waits_for_the_ack_of_our_200() {
    let mut side = Connected::as_caller();
    let theirs = side.phone.invite("", OFFER);
    side.bed.receive(theirs);
    let Event::Offer { id, .. } = side.bed.event() else { panic!("an offer") };
    let (call, answer) = (side.call, sdp(ANSWER));
    side.bed.act(|endpoint, now| endpoint.answer_offer(now, call, id, Ok(&answer))).expect("it answers");
    side.bed.sent();
    side.offer(OfferMethod::ReInvite, HOLD);
    assert_eq!(side.bed.lines(), [""; 0]);
    let ack = side.phone.ack("");
    side.bed.receive(ack);
    let (waited, _) = side.next(1_000).expect("our offer");
    assert!(waited <= 200);
}

/// RFC 3261 section 14: a re-INVITE that only rings at the far end is cancelled after 64*T1, and the session
/// stays.
#[test]
fn a_re_invite_without_final_response_is_cancelled() {
    let mut side = Connected::as_caller();
    side.offer(OfferMethod::ReInvite, HOLD);
    let request = side.bed.request();
    side.refuse(&request, 180, "");
    side.bed.wait(ms(31_900));
    assert_eq!(side.bed.lines(), [""; 0]);
    side.bed.wait(ms(200));
    assert_eq!(side.bed.lines(), ["CANCEL"]);
    side.refuse(&request, 487, "");
    assert_eq!(side.bed.events(), ["refused 487"]);
    side.bed.sent();
    side.end();
}

/// The 200 that crosses this CANCEL counts.
#[test]
fn a_200_that_crosses_the_cancel_of_a_re_invite_counts() {
    let mut side = Connected::as_caller();
    side.offer(OfferMethod::ReInvite, HOLD);
    let request = side.bed.request();
    side.refuse(&request, 100, "");
    side.bed.wait(ms(32_000));
    assert_eq!(side.bed.lines(), ["CANCEL"]);
    side.bed.receive(reply(&request, 200, TAG, "", ANSWER));
    assert_eq!((side.bed.lines(), side.bed.events()), (vec!["ACK".to_owned()], vec!["answer".to_owned()]));
    side.end();
}

/// RFC 3261 section 12.2.1.2: no response at all ends the call; what comes later changes nothing.
#[test]
fn a_final_response_after_the_timeout_changes_nothing() {
    for method in [OfferMethod::ReInvite, OfferMethod::Update] {
        let mut side = Connected::as_caller();
        side.offer(method, HOLD);
        let request = side.bed.request();
        side.bed.wait(ms(32_000));
        assert_eq!(side.bed.lines().last().map(String::as_str), Some("BYE"));
        assert_eq!(side.bed.events(), ["refused 408", "cleared NoResponse 408 by Us"]);
        side.bed.receive(reply(&request, 200, TAG, "", ANSWER));
        assert_eq!((side.bed.lines(), side.bed.events()), (vec![], vec![]));
        side.bed.assert_nothing_is_left();
    }
}

/// HOLD-2: a refusal leaves the session as it was, and the next offer is as good as the first.
#[test]
fn a_refused_offer_leaves_the_session_as_it_was() {
    for code in [400, 403, 415, 488, 500, 503, 603] {
        let mut side = Connected::as_caller();
        side.offer(OfferMethod::ReInvite, HOLD);
        let request = side.bed.request();
        assert_eq!(side.try_offer(OfferMethod::Update, HOLD), Err(OfferError::OfferPending));
        side.refuse(&request, code, "");
        assert_eq!(side.bed.events(), [format!("refused {code}")]);
        assert_eq!(side.bed.lines(), ["ACK"]);
        side.offer(OfferMethod::ReInvite, HOLD);
        let again = side.bed.request();
        side.bed.receive(reply(&again, 200, TAG, "", ANSWER));
        assert_eq!(side.bed.events(), ["answer"]);
        side.bed.sent();
        side.end();
    }
}

/// A call that ends while an offer waits for its next attempt ends once, and nothing is sent any more.
#[test]
fn a_call_may_end_while_an_offer_waits() {
    let mut side = Connected::as_caller();
    side.offer(OfferMethod::ReInvite, HOLD);
    let request = side.bed.request();
    side.refuse(&request, 491, "");
    side.bed.sent();
    let bye = side.phone.request("BYE", "", "");
    side.bed.receive(bye);
    assert_eq!(
        (side.bed.lines(), side.bed.events()),
        (vec!["200 BYE".into()], vec!["cleared RemoteBye 200 by Peer".into()])
    );
    side.bed.wait(ms(10_000));
    assert_eq!(side.bed.lines(), [""; 0]);
    side.bed.assert_nothing_is_left();
}
