//! Every crossing of CANCEL, 200, ACK, BYE, PRACK, UPDATE and re-INVITE between two endpoints.
//!
//! Two users follow scripts, two queues carry what their endpoints send, and all orders in which acts,
//! deliveries and losses can follow each other are run, each from the beginning on a virtual clock. Orders
//! that differ only in what happens first at two different places cannot be told apart by anybody and are run
//! once.
//!
//! After each order the queues are drained and the timers run, and then it must hold that
//!
//! 1. each side has been told the end of its call exactly once, and nothing after it;
//! 2. the causes on both sides fit together;
//! 3. no side stays connected when the other is not;
//! 4. no offer is left without an end while the call goes on;
//! 5. nothing is retained: no call, dialog, transaction or timer.

#[path = "../support/mod.rs"]
mod support;

mod orders;
mod world;

use offhook_sip::Reliability;
use world::{Act, Scenario};

/// All ordered selections of at most `most` of these acts.
fn selections(acts: &[Act], most: usize) -> Vec<Vec<Act>> {
    let mut all = vec![Vec::new()];
    let mut longest = all.clone();
    for _ in 0..most {
        longest = longest
            .iter()
            .flat_map(|begun: &Vec<Act>| {
                let free = acts.iter().filter(|act| !begun.contains(act));
                free.map(|act| [begun.as_slice(), &[*act]].concat()).collect::<Vec<_>>()
            })
            .collect();
        all.extend_from_slice(&longest);
    }
    all
}

/// `script` with `extra` put in at every place, and without it.
fn with_each(script: &[Act], extras: &[Act]) -> Vec<Vec<Act>> {
    let mut all = vec![script.to_vec()];
    for extra in extras {
        for at in 0..=script.len() {
            let mut longer = script.to_vec();
            longer.insert(at, *extra);
            all.push(longer);
        }
    }
    all
}

/// Runs all orders of all these scripts, and says how many there were.
fn run(callers: &[Vec<Act>], callees: &[Vec<Act>], reliabilities: &[Reliability], losses: usize) -> usize {
    let mut orders = 0;
    for &reliability in reliabilities {
        for caller in callers {
            for callee in callees {
                let scenario =
                    Scenario { caller: caller.clone(), callee: callee.clone(), reliability, losses };
                orders += orders::run_all(&scenario);
            }
        }
    }
    println!("{orders} orders");
    orders
}

const BOTH: [Reliability; 2] = [Reliability::Absent, Reliability::Supported];

/// CAU-8, HUP-7, HUP-8, UR-26: the caller gives up, by CANCEL or BYE as it happens, while the callee rings
/// and answers, refuses, or hangs up itself.
#[test]
fn the_end_of_a_call_at_every_moment() {
    let callees: Vec<Vec<Act>> = [
        &[][..],
        &[Act::Ring],
        &[Act::Answer],
        &[Act::Refuse],
        &[Act::Ring, Act::Answer],
        &[Act::Ring, Act::Refuse],
    ]
    .iter()
    .flat_map(|script| with_each(script, &[Act::HangUp]))
    .collect();
    let orders = run(&[vec![], vec![Act::HangUp]], &callees, &BOTH, 0);
    assert!(orders > 300, "{orders}");
}

/// The same with one datagram lost, whichever it is.
#[test]
fn the_end_of_a_call_at_every_moment_with_a_loss() {
    let callees = [
        vec![Act::Answer],
        vec![Act::Answer, Act::HangUp],
        vec![Act::Ring, Act::Answer],
        vec![Act::Ring, Act::HangUp],
        vec![Act::Refuse],
    ];
    let orders = run(&[vec![], vec![Act::HangUp]], &callees, &BOTH, 1);
    assert!(orders > 700, "{orders}");
}

/// HOLD-6, UR-26: UPDATE and re-INVITE from the caller, in any order with each other and with the end, while
/// the callee rings, answers and hangs up.
#[test]
fn offers_of_the_caller_at_every_moment() {
    let callers = selections(&[Act::HangUp, Act::Update, Act::ReInvite], 2);
    let callees: Vec<Vec<Act>> = [&[Act::Answer][..], &[Act::Ring, Act::Answer]]
        .iter()
        .flat_map(|script| with_each(script, &[Act::HangUp]))
        .collect();
    let orders = run(&callers, &callees, &BOTH, 0);
    assert!(orders > 3_000, "{orders}");
}

/// The same from the callee, while the caller hangs up or not.
#[test]
fn offers_of_the_callee_at_every_moment() {
    let begun = [[Act::Answer].as_slice(), &[Act::Ring, Act::Answer]];
    let later = selections(&[Act::HangUp, Act::Update, Act::ReInvite], 2);
    let callees: Vec<Vec<Act>> = begun
        .iter()
        .flat_map(|begun| later.iter().map(|later| [begun, later.as_slice()].concat()))
        .chain([vec![Act::Ring, Act::Update, Act::Answer], vec![Act::Ring, Act::Update, Act::Refuse]])
        .collect();
    let orders = run(&[vec![], vec![Act::HangUp]], &callees, &BOTH, 0);
    assert!(orders > 1_500, "{orders}");
}

/// Glare: both sides offer, by every pair of methods, and one of them may hang up.
#[test]
fn offers_of_both_sides_at_every_moment() {
    let offers = [
        vec![Act::Update],
        vec![Act::ReInvite],
        vec![Act::ReInvite, Act::HangUp],
        vec![Act::Update, Act::HangUp],
    ];
    let callees: Vec<Vec<Act>> = offers[..2]
        .iter()
        .flat_map(|offers| {
            [&[Act::Answer][..], &[Act::Ring, Act::Answer]].map(|begun| [begun, offers.as_slice()].concat())
        })
        .collect();
    let orders = run(&offers, &callees, &BOTH, 0);
    assert!(orders > 1_500, "{orders}");
}

/// Glare with one datagram lost, whichever it is.
#[test]
fn offers_of_both_sides_with_a_loss() {
    let callees = [vec![Act::Answer, Act::ReInvite], vec![Act::Answer, Act::Update]];
    let orders = run(&[vec![Act::Update], vec![Act::ReInvite]], &callees, &[Reliability::Absent], 1);
    assert!(orders > 200, "{orders}");
}
