//! CANCEL from the caller, at every moment of an incoming call: a table of moments and what must follow.

mod support;

use offhook_sip::{Call, Event};
use support::{ANSWER, Bed, HOLD, OFFER, Phone, ms};

/// What was done before the CANCEL arrives.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    Ring180,
    Ring183,
    Prack,
    PrackWithOffer,
    Update,
    Answer,
    Ack,
    Reject,
    AckRefusal,
    Wait(u64),
}

struct Row {
    moment: &'static str,
    headers: &'static str,
    steps: &'static [Step],
    /// Sent because of the CANCEL.
    sent: &'static [&'static str],
    /// The last event, because of the CANCEL; empty if it changes nothing.
    cleared: &'static str,
}

const CANCELLED: &str = "cleared Cancelled 487 by Peer";
const ENDS: &[&str] = &["200 CANCEL", "487 INVITE"];
const TOO_LATE: &[&str] = &["200 CANCEL"];
const REL: &str = "Supported: 100rel\r\n";

const ROWS: &[Row] = &[
    Row { moment: "before 180", headers: "", steps: &[], sent: ENDS, cleared: CANCELLED },
    Row { moment: "after 180", headers: "", steps: &[Step::Ring180], sent: ENDS, cleared: CANCELLED },
    Row {
        moment: "after 180 and 183",
        headers: "",
        steps: &[Step::Ring180, Step::Ring183],
        sent: ENDS,
        cleared: CANCELLED,
    },
    Row {
        moment: "after a long ring",
        headers: "",
        steps: &[Step::Ring180, Step::Wait(100_000)],
        sent: ENDS,
        cleared: CANCELLED,
    },
    Row { moment: "PRACK awaited", headers: REL, steps: &[Step::Ring183], sent: ENDS, cleared: CANCELLED },
    Row {
        moment: "PRACK awaited and 183 repeated",
        headers: REL,
        steps: &[Step::Ring183, Step::Wait(5_000)],
        sent: ENDS,
        cleared: CANCELLED,
    },
    Row {
        moment: "after PRACK",
        headers: REL,
        steps: &[Step::Ring183, Step::Prack],
        sent: ENDS,
        cleared: CANCELLED,
    },
    Row {
        moment: "answer held back by a PRACK",
        headers: REL,
        steps: &[Step::Ring183, Step::Answer],
        sent: ENDS,
        cleared: CANCELLED,
    },
    Row {
        moment: "an offer in the PRACK unanswered",
        headers: REL,
        steps: &[Step::Ring183, Step::PrackWithOffer],
        sent: &["200 CANCEL", "487 INVITE", "487 PRACK"],
        cleared: CANCELLED,
    },
    Row {
        moment: "an UPDATE unanswered",
        headers: REL,
        steps: &[Step::Ring183, Step::Prack, Step::Update],
        sent: &["200 CANCEL", "487 INVITE", "487 UPDATE"],
        cleared: CANCELLED,
    },
    Row { moment: "crossing the 200", headers: "", steps: &[Step::Answer], sent: TOO_LATE, cleared: "" },
    Row {
        moment: "after early media and answer",
        headers: "",
        steps: &[Step::Ring183, Step::Answer],
        sent: TOO_LATE,
        cleared: "",
    },
    Row {
        moment: "after the ACK",
        headers: "",
        steps: &[Step::Answer, Step::Ack],
        sent: TOO_LATE,
        cleared: "",
    },
    Row { moment: "crossing a refusal", headers: "", steps: &[Step::Reject], sent: TOO_LATE, cleared: "" },
    Row {
        moment: "after a refusal and its ACK",
        headers: "",
        steps: &[Step::Reject, Step::AckRefusal],
        sent: TOO_LATE,
        cleared: "",
    },
    Row {
        moment: "long after the end",
        headers: "",
        steps: &[Step::Reject, Step::AckRefusal, Step::Wait(40_000)],
        sent: &["481 CANCEL"],
        cleared: "",
    },
];

fn perform(bed: &mut Bed, phone: &mut Phone, call: Call, step: Step) {
    match step {
        Step::Ring180 => drop(bed.ring(call, 180, None)),
        Step::Ring183 => drop(bed.ring(call, 183, Some(ANSWER))),
        Step::Prack | Step::PrackWithOffer => {
            let rseq = phone.rseq.expect("a reliable response");
            let body = if step == Step::Prack { "" } else { HOLD };
            bed.receive(phone.prack(rseq, body));
        }
        Step::Update => bed.receive(phone.request("UPDATE", "", HOLD)),
        Step::Answer => bed.answer(call, Some(ANSWER)),
        Step::Ack => bed.receive(phone.ack("")),
        Step::Reject => bed.reject(call, 486),
        Step::AckRefusal => bed.receive(phone.ack_refusal()),
        Step::Wait(time) => bed.wait(ms(time)),
    }
    let sent = bed.sent();
    phone.learn_all(&sent);
}

/// RING-4, RING-23, HUP-8: before the 200 a CANCEL ends the call, from then on it gets 200 and changes
/// nothing.
#[test]
fn a_cancel_at_every_moment() {
    for row in ROWS {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let call = bed.arrive(phone.invite(row.headers, OFFER));
        for step in row.steps {
            perform(&mut bed, &mut phone, call, *step);
        }
        let before = bed.events();
        bed.receive(phone.cancel(""));
        assert_eq!(bed.lines(), row.sent, "{}: sent", row.moment);
        let expected: Vec<&str> = if row.cleared.is_empty() { vec![] } else { vec![row.cleared] };
        assert_eq!(bed.events(), expected, "{}: events", row.moment);
        if row.sent == ENDS {
            bed.receive(phone.ack_refusal());
        }
        let is_up = row.cleared.is_empty() && !before.iter().any(|event| event.starts_with("cleared"));
        if is_up {
            if !row.steps.contains(&Step::Ack) {
                bed.receive(phone.ack(""));
            }
            bed.receive(phone.request("BYE", "", ""));
            assert_eq!(bed.events().last().map(String::as_str), Some("cleared RemoteBye 200 by Peer"));
        }
        bed.assert_nothing_is_left();
    }
}

/// RING-4: nothing of a cancelled call is repeated but its 487, and that only until the ACK.
#[test]
fn after_a_cancel_only_the_487_is_repeated() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite(REL, OFFER));
    perform(&mut bed, &mut phone, call, Step::Ring183);
    bed.receive(phone.cancel(""));
    bed.sent();
    bed.wait(ms(2_000));
    assert_eq!(bed.lines(), ["487 INVITE", "487 INVITE"]);
    bed.receive(phone.ack_refusal());
    bed.wait(ms(120_000));
    assert_eq!(bed.lines(), [""; 0]);
}

/// RFC 3261 section 9.2: the 200 to the CANCEL and the 487 to the INVITE have the same To tag.
#[test]
fn cancel_and_invite_are_answered_under_one_tag() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.ring(call, 180, None);
    phone.learn(&bed.response());
    bed.receive(phone.cancel(""));
    for response in support::responses(&bed.sent()) {
        let tag = response.to().expect("a To").tag().map(|tag| tag.to_string());
        assert_eq!(tag, phone.remote_tag);
    }
}

/// CAU-7: the cause that a CANCEL gives is told.
#[test]
fn the_reason_of_a_cancel_is_told() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    bed.arrive(phone.invite("", OFFER));
    bed.receive(phone.cancel("Reason: SIP;cause=200;text=\"Call completed elsewhere\", Q.850;cause=16\r\n"));
    let Event::Cleared { clearing, .. } = bed.event() else { panic!("expected the end") };
    assert_eq!(clearing.q850, Some(16));
}

/// RFC 3262 section 3: a PRACK that crosses the 487 is still answered with 200.
#[test]
fn a_prack_that_crosses_the_487_gets_200() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite(REL, OFFER));
    perform(&mut bed, &mut phone, call, Step::Ring183);
    bed.receive(phone.cancel(""));
    bed.sent();
    let rseq = phone.rseq.expect("a reliable response");
    bed.receive(phone.prack(rseq, ""));
    assert_eq!(bed.lines(), ["200 PRACK"]);
}

#[test]
fn a_cancel_that_matches_no_invite_gets_481() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    bed.arrive(phone.invite("", OFFER));
    let mut stranger = Phone::named("two");
    stranger.invite("", OFFER);
    bed.receive(stranger.cancel(""));
    assert_eq!(bed.lines(), ["481 CANCEL"]);
    assert_eq!(bed.events(), [""; 0]);
}

/// A CANCEL that arrives twice is one transaction.
#[test]
fn a_repeated_cancel_gets_its_200_again() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    bed.arrive(phone.invite("", OFFER));
    bed.receive(phone.cancel(""));
    bed.receive(phone.cancel(""));
    assert_eq!(bed.lines(), ["200 CANCEL", "487 INVITE", "200 CANCEL"]);
    assert_eq!(bed.events(), [CANCELLED]);
}
