//! Two endpoints over a link that loses, delays, doubles and reorders: whatever happens, each call ends once
//! on each side and nothing is left.

mod support;

use std::collections::BTreeMap;

use offhook_sip::{Call, Event, Headers, Progress, Reliability, StatusCode};
use support::{ANSWER, HOLD, Link, OFFER, Pair, Side, ms, name, sdp};

/// What the callee's user does with a call.
#[derive(Clone, Copy, Debug)]
struct Plan {
    reliability: Reliability,
    caller_offers: bool,
    rings: &'static [(u16, bool)],
    /// After so many milliseconds: answers.
    answers: Option<u64>,
    /// After so many milliseconds from the beginning: this side hangs up.
    hangs_up: (Side, u64),
}

const PLANS: &[Plan] = &[
    Plan {
        reliability: Reliability::Supported,
        caller_offers: true,
        rings: &[(180, false), (183, true)],
        answers: Some(3_000),
        hangs_up: (Side::Caller, 30_000),
    },
    Plan {
        reliability: Reliability::Required,
        caller_offers: true,
        rings: &[(180, false), (183, true)],
        answers: Some(1),
        hangs_up: (Side::Callee, 40_000),
    },
    Plan {
        reliability: Reliability::Required,
        caller_offers: false,
        rings: &[(183, true)],
        answers: Some(2_000),
        hangs_up: (Side::Caller, 20_000),
    },
    Plan {
        reliability: Reliability::Absent,
        caller_offers: false,
        rings: &[(180, false)],
        answers: Some(500),
        hangs_up: (Side::Callee, 8_000),
    },
    Plan {
        reliability: Reliability::Absent,
        caller_offers: true,
        rings: &[(183, true)],
        answers: Some(100),
        // In the midst of things: before the ACK, crossing whatever is on its way.
        hangs_up: (Side::Caller, 200),
    },
    Plan {
        reliability: Reliability::Supported,
        caller_offers: true,
        rings: &[(183, true)],
        answers: None,
        hangs_up: (Side::Caller, 700),
    },
    Plan {
        reliability: Reliability::Supported,
        caller_offers: true,
        rings: &[(183, true)],
        answers: Some(400),
        hangs_up: (Side::Callee, 450),
    },
];

/// The events of one call on both sides.
struct Run {
    log: Vec<(Side, String)>,
}

fn run(plan: Plan, link: Link) -> Run {
    let mut pair = Pair::new(link);
    let mut log = Vec::new();
    let calling = pair.call(plan.caller_offers.then(|| sdp(OFFER)), plan.reliability);
    let mut called: Option<Call> = None;
    let mut acts: Vec<(u64, Act)> = vec![(plan.hangs_up.1, Act::HangUp(plan.hangs_up.0))];
    loop {
        let next = acts.iter().map(|(at, _)| *at).min();
        let limit = next.map_or(ms(3 * 64 * 500), |at| ms(at).saturating_sub(pair.at()));
        match pair.next_event(limit) {
            Some((side, event)) => {
                log.push((side, name(&event)));
                if let Event::Incoming(incoming) = &event {
                    called = Some(incoming.call);
                    for (status, with_sdp) in plan.rings {
                        let progress = Progress {
                            status: StatusCode::new(*status).expect("a status"),
                            sdp: with_sdp.then(|| sdp(ANSWER)),
                            headers: Headers::new(),
                        };
                        pair.act(Side::Callee, |endpoint, now| endpoint.ring(now, incoming.call, progress))
                            .expect("it rings");
                    }
                    if let Some(after) = plan.answers {
                        acts.push((pair.at().as_millis() as u64 + after, Act::Answer));
                    }
                }
                react(&mut pair, side, event);
            }
            None => {
                let Some(at) = next else { break };
                let due: Vec<_> = acts.extract_if(.., |(when, _)| *when <= at).collect();
                for (_, act) in due {
                    perform(&mut pair, act, calling, called);
                }
            }
        }
    }
    pair.assert_nothing_is_left();
    Run { log }
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Answer,
    HangUp(Side),
}

fn perform(pair: &mut Pair, act: Act, calling: Call, called: Option<Call>) {
    // A call that ended before says so, and that is all right here.
    match (act, called) {
        (Act::Answer, Some(call)) => {
            let answer = sdp(ANSWER);
            let _ = pair
                .act(Side::Callee, |endpoint, now| endpoint.answer(now, call, Some(&answer), Headers::new()));
        }
        (Act::HangUp(Side::Callee), Some(call)) => {
            let _ = pair.act(Side::Callee, |endpoint, now| endpoint.hang_up(now, call, Headers::new()));
        }
        (Act::HangUp(_), _) => {
            let _ = pair.act(Side::Caller, |endpoint, now| endpoint.hang_up(now, calling, Headers::new()));
        }
        (Act::Answer, None) => {}
    }
}

/// What a caller without an offer has to answer.
fn react(pair: &mut Pair, side: Side, event: Event) {
    if side != Side::Caller {
        return;
    }
    let answer = sdp(HOLD);
    match event {
        Event::Progress { call, sdp: Some(_), .. } => {
            let _ = pair.act(side, |endpoint, now| endpoint.prack(now, call, Some(&answer)));
        }
        Event::Answered { call, sdp: Some(_), .. } => {
            let _ = pair.act(side, |endpoint, now| endpoint.acknowledge(now, call, Some(&answer)));
        }
        _ => {}
    }
}

fn cleared(run: &Run, side: Side) -> Vec<&str> {
    let of_side = run.log.iter().filter(|(who, text)| *who == side && text.starts_with("cleared"));
    of_side.map(|(_, text)| text.as_str()).collect()
}

/// CAU-8: exactly one end on each side, the last event there, and nothing left, for every plan and many bad
/// links.
#[test]
fn every_call_ends_once_on_each_side_and_leaves_nothing() {
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    for (at, plan) in PLANS.iter().enumerate() {
        for seed in 0..60 {
            let run = run(*plan, Link::bad(seed));
            for side in [Side::Caller, Side::Callee] {
                let ends = cleared(&run, side);
                let was_there = run.log.iter().any(|(who, _)| *who == side);
                let expected = usize::from(side == Side::Caller || was_there);
                assert_eq!(ends.len(), expected, "plan {at}, seed {seed}, {side:?}: {:?}", run.log);
                let last = run.log.iter().rfind(|(who, _)| *who == side).map(|(_, text)| text.as_str());
                assert_eq!(last, ends.last().copied(), "plan {at}, seed {seed}, {side:?}: {:?}", run.log);
            }
            *ends.entry(cleared(&run, Side::Caller).concat()).or_default() += 1;
        }
    }
    let fine = ["LocalBye", "RemoteBye", "Cancelled", "Refused 480"];
    let good: usize =
        ends.iter().filter(|(end, _)| fine.iter().any(|f| end.contains(f))).map(|(_, n)| n).sum();
    assert!(good * 10 >= 60 * PLANS.len() * 9, "retransmission carries nearly all calls through: {ends:?}");
}

/// The same over a link that loses nothing: the whole sequence of events on both sides.
#[test]
fn a_call_over_a_perfect_link_takes_its_course() {
    let run = run(PLANS[0], Link::perfect());
    let of = |side| -> Vec<String> {
        run.log.iter().filter(|(who, _)| *who == side).map(|(_, text)| text.clone()).collect()
    };
    assert_eq!(
        of(Side::Caller),
        ["progress 180", "answer", "progress 183", "answered 200", "cleared LocalBye 200 by Us"]
    );
    assert_eq!(
        of(Side::Callee),
        ["incoming", "provisional acknowledged", "acknowledged", "cleared RemoteBye 200 by Peer"]
    );
}

/// The same seed gives the same run.
#[test]
fn a_seed_repeats_its_run() {
    for seed in 0..5 {
        assert_eq!(run(PLANS[1], Link::bad(seed)).log, run(PLANS[1], Link::bad(seed)).log);
    }
}
