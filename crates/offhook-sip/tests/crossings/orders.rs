//! All orders of the steps of a scenario, without those that nobody could tell apart.

use std::collections::BTreeSet;

use super::world::{Scenario, Step, World};

/// A moment at which several steps are possible.
struct Choice {
    possible: Vec<Step>,
    /// Steps whose orders are covered by an earlier branch (sleep sets).
    covered: BTreeSet<Step>,
    taken: Step,
}

/// Runs a scenario in all orders and checks each. How many there are.
pub(crate) fn run_all(scenario: &Scenario) -> usize {
    let mut path: Vec<Choice> = Vec::new();
    let mut orders = 0;
    loop {
        let mut world = World::new(scenario);
        for choice in &path {
            world.take(choice.taken);
        }
        let is_complete = loop {
            let possible = world.possible();
            if possible.is_empty() {
                break true;
            }
            let covered = path.last().map(still_covered).unwrap_or_default();
            let Some(taken) = possible.iter().copied().find(|step| !covered.contains(step)) else {
                break false;
            };
            path.push(Choice { possible, covered, taken });
            world.take(taken);
        };
        if is_complete {
            orders += 1;
            world.settle_and_check(&path.iter().map(|choice| choice.taken).collect::<Vec<_>>());
        }
        if !turn_to_next(&mut path) {
            return orders;
        }
    }
}

/// What stays covered after a choice: what commutes with the step that was taken.
fn still_covered(choice: &Choice) -> BTreeSet<Step> {
    choice.covered.iter().copied().filter(|step| step.commutes_with(choice.taken)).collect()
}

/// Turns the last choice that has another possibility to it. Whether there was one.
fn turn_to_next(path: &mut Vec<Choice>) -> bool {
    while let Some(choice) = path.last_mut() {
        choice.covered.insert(choice.taken);
        if let Some(next) = choice.possible.iter().copied().find(|step| !choice.covered.contains(step)) {
            choice.taken = next;
            return true;
        }
        path.pop();
    }
    false
}
