//! The end of a call: BYE from either side, on early and confirmed dialogs, and refusals.

mod support;

use offhook_sip::{Event, HangUpError, HeaderName, Headers, RejectError, Stage, StatusCode};
use support::{ANSWER, Bed, HOLD, OFFER, Phone, lines, ms};

fn connected(bed: &mut Bed, phone: &mut Phone) -> offhook_sip::Call {
    let call = bed.arrive(phone.invite("", OFFER));
    bed.answer(call, Some(ANSWER));
    phone.learn_all(&bed.sent());
    bed.receive(phone.ack(""));
    assert_eq!(bed.events(), ["acknowledged"]);
    call
}

#[test]
fn the_callers_bye_ends_a_connected_call() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    connected(&mut bed, &mut phone);
    bed.receive(phone.request("BYE", "", ""));
    assert_eq!(bed.lines(), ["200 BYE"]);
    assert_eq!(bed.events(), ["cleared RemoteBye 200 by Peer"]);
    bed.assert_nothing_is_left();
}

/// RING-23: BYE on the early dialog gets 200 and the INVITE 487, also while a PRACK is awaited or the answer
/// held back.
#[test]
fn a_bye_on_the_early_dialog_ends_the_call() {
    for (headers, answered) in
        [("", false), ("Supported: 100rel\r\n", false), ("Supported: 100rel\r\n", true)]
    {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let call = bed.arrive(phone.invite(headers, OFFER));
        bed.ring(call, 183, Some(ANSWER));
        phone.learn_all(&bed.sent());
        if answered {
            bed.answer(call, None);
        }
        bed.receive(phone.request("BYE", "", ""));
        assert_eq!(bed.lines(), ["200 BYE", "487 INVITE"]);
        assert_eq!(bed.events(), ["cleared RemoteBye 487 by Peer"]);
        bed.receive(phone.ack_refusal());
        bed.assert_nothing_is_left();
    }
}

/// RFC 3261 section 15: a BYE between our 200 and its ACK ends the call, and the 200 is not repeated any
/// more.
#[test]
fn a_bye_before_the_ack_ends_the_call() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.answer(call, Some(ANSWER));
    phone.learn_all(&bed.sent());
    bed.receive(phone.request("BYE", "", ""));
    assert_eq!(bed.lines(), ["200 BYE"]);
    assert_eq!(bed.events(), ["cleared RemoteBye 200 by Peer"]);
    bed.wait(ms(40_000));
    assert_eq!(bed.lines(), [""; 0]);
}

/// CAU-7: the Q.850 cause of a BYE is told, and a malformed Reason does no harm.
#[test]
fn the_reason_of_a_bye_is_told() {
    for (reason, q850, text) in [
        ("Reason: Q.850;cause=17;text=\"User busy\"\r\n", Some(17), Some("User busy")),
        ("Reason: SIP;cause=600;text=\"x\"\r\n", None, Some("x")),
        ("Reason: Q.850;cause=999\r\n", None, None),
        ("Reason: ;;;\r\n", None, None),
        ("", None, None),
    ] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        connected(&mut bed, &mut phone);
        bed.receive(phone.request("BYE", reason, ""));
        let Event::Cleared { clearing, .. } = bed.event() else { panic!("expected the end") };
        assert_eq!(clearing.q850, q850, "{reason}");
        assert_eq!(clearing.reason.as_deref(), text, "{reason}");
    }
}

/// HUP-6: a connected call is ended by BYE, with the header fields of the user.
#[test]
fn hanging_up_a_connected_call_sends_bye() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = connected(&mut bed, &mut phone);
    let mut headers = Headers::new();
    headers.push(HeaderName::Reason, "SIP;cause=486");
    bed.act(|endpoint, now| endpoint.hang_up(now, call, headers)).expect("it hangs up");
    let bye = bed.request();
    assert_eq!(bye.method.as_str(), "BYE");
    assert_eq!(bye.uri.to_string(), "sip:ann@192.0.2.1:5060");
    assert_eq!(bye.headers.get(&HeaderName::Reason).map(|reason| reason.as_str()), Some("SIP;cause=486"));
    assert_eq!(bye.to().expect("a To").tag().map(|tag| tag.to_string()), Some(phone.tag.clone()));
    assert_eq!(bed.events(), ["cleared LocalBye 200 by Us"]);
    bed.receive(support::phone::reply(&bye, 200, "", "", ""));
    bed.assert_nothing_is_left();
}

/// HUP-6: a call that is not answered gets 480, whatever was sent before.
#[test]
fn hanging_up_an_unanswered_call_refuses_it_with_480() {
    for rings in [None, Some((180, None)), Some((183, Some(ANSWER)))] {
        for answered in [false, true] {
            let headers = "Supported: 100rel\r\n";
            let (mut bed, mut phone) = (Bed::new(), Phone::new());
            let call = bed.arrive(phone.invite(headers, OFFER));
            if let Some((status, session)) = rings {
                bed.ring(call, status, session);
            }
            let holds = rings.is_some_and(|(_, session)| session.is_some());
            if answered && holds {
                bed.answer(call, None);
            }
            bed.sent();
            bed.hang_up(call);
            assert_eq!(bed.lines(), ["480 INVITE"], "{rings:?} {answered}");
            assert_eq!(bed.events(), ["cleared Rejected 480 by Us"]);
            bed.receive(phone.ack_refusal());
            bed.assert_nothing_is_left();
        }
    }
}

/// REJ-9: a refusal ends the call with the code given, also in early media.
#[test]
fn a_refusal_ends_the_call_with_its_code() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.ring(call, 183, Some(ANSWER));
    bed.sent();
    bed.reject(call, 603);
    assert_eq!(bed.lines(), ["603 INVITE"]);
    assert_eq!(bed.events(), ["cleared Rejected 603 by Us"]);
    bed.wait(ms(5_000));
    assert_eq!(bed.lines(), ["603 INVITE", "603 INVITE", "603 INVITE"]);
    bed.receive(phone.ack_refusal());
    bed.assert_nothing_is_left();
}

/// A refusal whose ACK never comes is given up after 64*T1.
#[test]
fn a_refusal_without_ack_is_given_up() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.reject(call, 486);
    bed.wait(ms(31_999));
    assert_eq!(lines(&bed.sent()).len(), 1 + 10);
    bed.assert_nothing_is_left();
}

#[test]
fn what_does_not_refuse_a_call_is_refused_to_the_user() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    for status in [StatusCode::RINGING, StatusCode::OK] {
        let refused = bed.act(|endpoint, now| endpoint.reject(now, call, status, Headers::new()));
        assert_eq!(refused, Err(RejectError::NotRefusal { status }));
    }
    bed.answer(call, Some(ANSWER));
    let late = bed.act(|endpoint, now| endpoint.reject(now, call, StatusCode::BUSY_HERE, Headers::new()));
    assert_eq!(late, Err(RejectError::WrongState { expected: Stage::Incoming, got: Stage::Answering }));
}

/// RFC 5407 section 3.2: BYE crossing BYE; both get 200, and the call is cleared once.
#[test]
fn crossing_byes_are_both_answered() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = connected(&mut bed, &mut phone);
    bed.hang_up(call);
    let bye = bed.request();
    bed.receive(phone.request("BYE", "", ""));
    assert_eq!(bed.lines(), ["200 BYE"]);
    bed.receive(support::phone::reply(&bye, 200, "", "", ""));
    assert_eq!(bed.events(), ["cleared LocalBye 200 by Us"]);
    bed.assert_nothing_is_left();
}

/// CAU-8: what comes after the end changes nothing: hanging up again, another BYE, requests within the call.
#[test]
fn after_the_end_nothing_changes() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = connected(&mut bed, &mut phone);
    bed.receive(phone.request("BYE", "", ""));
    bed.sent();
    assert_eq!(bed.events(), ["cleared RemoteBye 200 by Peer"]);
    let again = bed.act(|endpoint, now| endpoint.hang_up(now, call, Headers::new()));
    assert_eq!(again, Err(HangUpError::WrongState { got: Stage::Over }));
    for (method, answer) in
        [("BYE", "200 BYE"), ("INFO", "481 INFO"), ("UPDATE", "481 UPDATE"), ("OPTIONS", "481 OPTIONS")]
    {
        bed.receive(phone.request(method, "", ""));
        assert_eq!(bed.lines(), [answer]);
    }
    bed.receive(phone.request("INVITE", "", HOLD));
    assert_eq!(bed.lines(), ["481 INVITE"]);
    assert_eq!(bed.events(), [""; 0]);
    bed.wait(ms(6_000));
    bed.sent();
    bed.receive(phone.request("BYE", "", ""));
    assert_eq!(bed.lines(), ["481 BYE"], "the dialog is forgotten after T4");
    bed.assert_nothing_is_left();
}

/// A BYE that nobody answers is repeated for 64*T1 and then given up; the call was cleared at once.
#[test]
fn a_bye_without_response_is_given_up() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = connected(&mut bed, &mut phone);
    bed.hang_up(call);
    bed.wait(ms(40_000));
    let byes: Vec<_> = bed.timed_lines().into_iter().map(|(at, _)| at).collect();
    assert_eq!(byes, [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert_eq!(bed.events(), ["cleared LocalBye 200 by Us"]);
    bed.assert_nothing_is_left();
}
