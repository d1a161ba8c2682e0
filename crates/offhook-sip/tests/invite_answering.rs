//! The 200 to an incoming call, its ACK, and what happens without one.

mod support;

use offhook_sip::{AnswerError, Event, HeaderName, Headers, Stage};
use support::{ANSWER, Bed, HOLD, OFFER, Phone, ms, sdp};

fn answered(bed: &mut Bed, phone: &mut Phone) -> offhook_sip::Call {
    let call = bed.arrive(phone.invite("", OFFER));
    bed.answer(call, Some(ANSWER));
    phone.learn_all(&bed.sent());
    call
}

/// ANS-6: the 200 is repeated after T1, 2*T1 and so on up to every T2, and the ACK ends that.
#[test]
fn the_200_is_repeated_up_to_every_t2_until_the_ack() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    answered(&mut bed, &mut phone);
    bed.wait(ms(16_000));
    let times: Vec<_> = bed.timed_lines();
    let expected: Vec<_> =
        [500, 1_500, 3_500, 7_500, 11_500, 15_500].map(|at| (at, "200 INVITE".to_owned())).into();
    assert_eq!(times, expected);
    bed.receive(phone.ack(""));
    bed.wait(ms(60_000));
    assert_eq!(bed.lines(), [""; 0]);
    assert_eq!(bed.events(), ["acknowledged"]);
}

/// ANS-5: without ACK in 64*T1 the call is cleared by BYE.
#[test]
fn without_an_ack_the_call_is_cleared_by_bye() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    answered(&mut bed, &mut phone);
    bed.wait(ms(31_999));
    assert_eq!(bed.events(), [""; 0]);
    bed.sent();
    bed.wait(ms(1));
    assert_eq!(bed.events(), ["cleared NoAck 408 by Us"]);
    let bye = bed.request();
    assert_eq!(bye.method.as_str(), "BYE");
    bed.receive(support::phone::reply(&bye, 200, "", "", ""));
    bed.assert_nothing_is_left();
}

/// ANS-5: an ACK that comes after its wait changes nothing.
#[test]
fn an_ack_that_comes_too_late_is_ignored() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    answered(&mut bed, &mut phone);
    bed.wait(ms(32_000));
    bed.sent();
    bed.events();
    bed.receive(phone.ack(""));
    assert_eq!((bed.lines(), bed.events()), (vec![], vec![]));
}

/// ANS-3: a call can be answered without ringing first.
#[test]
fn the_answer_needs_no_ringing() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.answer(call, Some(ANSWER));
    let ok = bed.response();
    assert_eq!((ok.status.code(), &ok.body[..]), (200, ANSWER.as_bytes()));
    for name in [HeaderName::Contact, HeaderName::Allow, HeaderName::Supported] {
        assert!(ok.headers.contains(&name), "{name:?}");
    }
}

/// ANS-11: header fields of the user go into the 200.
#[test]
fn headers_of_the_user_go_into_the_200() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    let mut headers = Headers::new();
    headers.push(HeaderName::from("X-Agent"), "Ann");
    let answer = sdp(ANSWER);
    bed.act(|endpoint, now| endpoint.answer(now, call, Some(&answer), headers)).expect("it answers");
    assert_eq!(bed.response().headers.get(&HeaderName::from("X-Agent")).map(|v| v.as_str()), Some("Ann"));
}

/// ANS-13: without an offer in the INVITE the 200 carries ours and the ACK its answer, told before the ACK
/// itself.
#[test]
fn without_an_offer_the_200_carries_ours_and_the_ack_the_answer() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", ""));
    let refused = bed.act(|endpoint, now| endpoint.answer(now, call, None, Headers::new()));
    assert_eq!(refused, Err(AnswerError::SessionMissing));
    bed.answer(call, Some(ANSWER));
    let ok = bed.response();
    assert_eq!(ok.body, ANSWER.as_bytes());
    phone.learn(&ok);
    bed.receive(phone.ack(OFFER));
    match bed.event() {
        Event::Answer { sdp: answer, .. } => assert_eq!(answer, sdp(OFFER)),
        other => panic!("expected the answer, got {other:?}"),
    }
    assert_eq!(bed.events(), ["acknowledged"]);
}

/// ANS-13: an ACK without a usable answer is told, so that the user can clear the call.
#[test]
fn an_ack_without_the_answer_is_told() {
    for body in ["", "not SDP at all"] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let call = bed.arrive(phone.invite("", ""));
        bed.answer(call, Some(ANSWER));
        phone.learn_all(&bed.sent());
        bed.receive(phone.ack(body));
        assert_eq!(bed.events(), ["no answer", "acknowledged"]);
        bed.hang_up(call);
        assert_eq!(bed.lines(), ["BYE"]);
    }
}

/// ANS-2: a call is answered once.
#[test]
fn a_second_answer_is_refused_and_sends_nothing() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = answered(&mut bed, &mut phone);
    let again = bed.act(|endpoint, now| endpoint.answer(now, call, None, Headers::new()));
    let wrong = AnswerError::WrongState { expected: Stage::Incoming, got: Stage::Answering };
    assert_eq!(again, Err(wrong));
    assert_eq!(bed.lines(), [""; 0]);
}

/// HUP-6: hung up between 200 and ACK, the BYE waits for the ACK.
#[test]
fn a_bye_waits_for_the_ack() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = answered(&mut bed, &mut phone);
    bed.hang_up(call);
    assert_eq!((bed.lines(), bed.events()), (vec![], vec![]));
    bed.wait(ms(600));
    assert_eq!(bed.lines(), ["200 INVITE"]);
    bed.receive(phone.ack(""));
    assert_eq!(bed.lines(), ["BYE"]);
    assert_eq!(bed.events(), ["acknowledged", "cleared LocalBye 200 by Us"]);
    bed.assert_nothing_is_left();
}

/// HUP-6: or for the end of its wait.
#[test]
fn a_bye_waits_for_the_ack_no_longer_than_64_t1() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = answered(&mut bed, &mut phone);
    bed.hang_up(call);
    bed.wait(ms(32_000));
    assert_eq!(bed.lines().last().map(String::as_str), Some("BYE"));
    assert_eq!(bed.events(), ["cleared LocalBye 200 by Us"]);
}

#[test]
fn a_wrong_or_repeated_ack_is_ignored() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    answered(&mut bed, &mut phone);
    let mut stranger = phone.clone();
    stranger.remote_tag = Some("0123456789abcdef".into());
    bed.receive(stranger.ack(""));
    let mut other_call = phone.clone();
    other_call.call_id = "elsewhere".into();
    bed.receive(other_call.ack(""));
    let mut wrong_number = phone.clone();
    wrong_number.invite_cseq += 1;
    bed.receive(wrong_number.ack(""));
    assert_eq!((bed.lines(), bed.events()), (vec![], vec![]));
    bed.receive(phone.ack(""));
    bed.receive(phone.ack(HOLD));
    assert_eq!((bed.lines(), bed.events()), (vec![], vec!["acknowledged".to_owned()]));
}
