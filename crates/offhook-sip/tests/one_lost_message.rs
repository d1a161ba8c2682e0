//! A table: for each kind of message of a call, lose its first copies, and see the call through.

mod support;

use offhook_sip::{Event, Headers, OfferMethod, Progress, Reliability, StatusCode};
use support::{ANSWER, HOLD, Link, OFFER, Pair, Side, ms, sdp};

/// Plays a whole call with reliable early media, answer, hold by UPDATE and by re-INVITE, and BYE; `lost`
/// drops messages.
fn play(lost: impl FnMut(Side, &str, usize) -> bool + 'static) -> Vec<(Side, String)> {
    let mut pair = Pair::new(Link::perfect());
    pair.drop = Box::new(lost);
    let calling = pair.call(Some(sdp(OFFER)), Reliability::Supported);
    let mut log = Vec::new();
    let mut offers = vec![OfferMethod::ReInvite, OfferMethod::Update];
    while let Some((side, event)) = pair.next_event(ms(100_000)) {
        log.push((side, support::name(&event)));
        match event {
            Event::Incoming(incoming) => {
                let progress = Progress {
                    status: StatusCode::SESSION_PROGRESS,
                    sdp: Some(sdp(ANSWER)),
                    headers: Headers::new(),
                };
                pair.act(side, |endpoint, now| endpoint.ring(now, incoming.call, progress))
                    .expect("it rings");
            }
            Event::ProvisionalAcknowledged { call } => {
                pair.act(side, |endpoint, now| endpoint.answer(now, call, None, Headers::new()))
                    .expect("it answers");
            }
            Event::Offer { call, id, .. } => {
                let answer = sdp(ANSWER);
                pair.act(side, |endpoint, now| endpoint.answer_offer(now, call, id, Ok(&answer)))
                    .expect("it answers the offer");
            }
            Event::Answered { .. } | Event::Answer { .. } if side == Side::Caller => {
                let is_up = log.iter().any(|(side, text)| *side == Side::Caller && text == "answered 200");
                let is_first_answer = log.iter().filter(|(_, text)| text == "answer").count() == 1;
                if !is_up || (is_first_answer && support::name(&event) == "answer") {
                    continue;
                }
                // An offer right after the answer may meet the callee before its ACK did.
                pair.wait(ms(40_000));
                // If the callee has cleared meanwhile, that is the end.
                let _ = match offers.pop() {
                    Some(method) => {
                        let hold = sdp(HOLD);
                        pair.act(side, |endpoint, now| endpoint.offer(now, calling, method, &hold)).is_ok()
                    }
                    None => {
                        pair.act(side, |endpoint, now| endpoint.hang_up(now, calling, Headers::new())).is_ok()
                    }
                };
            }
            _ => {}
        }
    }
    pair.assert_nothing_is_left();
    log
}

const MESSAGES: &[(Side, &str)] = &[
    (Side::Caller, "INVITE"),
    (Side::Callee, "100 INVITE"),
    (Side::Callee, "183 INVITE"),
    (Side::Caller, "PRACK"),
    (Side::Callee, "200 PRACK"),
    (Side::Callee, "200 INVITE"),
    (Side::Caller, "ACK"),
    (Side::Caller, "UPDATE"),
    (Side::Callee, "200 UPDATE"),
    (Side::Caller, "BYE"),
    (Side::Callee, "200 BYE"),
];

/// RING-23, RING-25, ANS-6: whichever message is lost, once or three times, the call takes the same course on
/// both sides.
#[test]
fn a_lost_message_changes_nothing_but_the_time() {
    let whole = play(|_, _, _| false);
    assert_eq!(whole.last(), Some(&(Side::Callee, "cleared RemoteBye 200 by Peer".to_owned())), "{whole:?}");
    for (side, message) in MESSAGES {
        for copies in [1, 3] {
            let log = play(move |from, line, before| from == *side && line == *message && before < copies);
            for side in [Side::Caller, Side::Callee] {
                let of = |log: &[(Side, String)]| -> Vec<String> {
                    log.iter().filter(|(who, _)| *who == side).map(|(_, text)| text.clone()).collect()
                };
                assert_eq!(of(&log), of(&whole), "{side:?} without {copies} of {message}");
            }
        }
    }
}

/// ANS-5: when every ACK is lost the callee clears by BYE.
#[test]
fn without_any_ack_the_callee_clears() {
    let log = play(|from, line, _| from == Side::Caller && line == "ACK");
    assert!(log.contains(&(Side::Callee, "cleared NoAck 408 by Us".to_owned())), "{log:?}");
    assert!(log.contains(&(Side::Caller, "cleared RemoteBye 200 by Peer".to_owned())), "{log:?}");
}

/// RING-23: when every PRACK is lost the callee refuses with 504.
#[test]
fn without_any_prack_the_call_is_refused() {
    let log = play(|from, line, _| from == Side::Caller && line == "PRACK");
    assert!(log.contains(&(Side::Callee, "cleared NoPrack 504 by Us".to_owned())), "{log:?}");
    assert!(log.contains(&(Side::Caller, "cleared Refused 504 by Peer".to_owned())), "{log:?}");
}
