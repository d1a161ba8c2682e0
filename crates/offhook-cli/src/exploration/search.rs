//! The search: from a caller who does nothing to callers who do more and more.
//!
//! A script's call shows the places at which the application waits. From each of them that comes after the script's
//! last step, new scripts branch off, one for each thing that a caller could do there. Places of a new *kind* (lines,
//! request, visits) go first, the shortest scripts before longer ones; then places of a known kind with new values in
//! the application's variables. Where lines, request, visits and values are all known, a call is cut off by hanging up:
//! what follows has been seen.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Instant;

use super::Limits;
use super::finding::{self, Finding};
use super::place::{Inputs, Place};
use super::run::{Outcome, Patience, Run};
use super::script::{Action, Caller, Script, Step};
use super::theatre::Theatre;
use crate::rehearsal::Problem;

/// What was searched, and what was found.
#[derive(Debug, Default)]
pub(super) struct Search {
    limits: Limits,
    inputs: Inputs,
    /// What is to be done: first by whether a known kind of place branches, then by steps, then by order.
    queue: BTreeMap<(bool, usize, usize), Script>,
    queued: usize,
    /// Kinds of places from which scripts have branched off.
    kinds: HashSet<u64>,
    /// States of places from which scripts have branched off.
    branched: HashSet<u64>,
    /// States of places from which a caller who does nothing has been followed to the end.
    followed: HashSet<u64>,
    /// The shortest way to each fault, by its key, and the order in which the faults came up.
    found: HashMap<String, (usize, Finding)>,
    pub(super) played: BTreeSet<String>,
    /// Calls that were made.
    pub(super) calls: usize,
    /// Seconds of telephony.
    pub(super) seconds: f64,
    /// Scripts at which the application did something else than the time before.
    pub(super) strayed: usize,
    /// Scripts that were left when a limit was reached: at new places, and at known ones with new values.
    pub(super) left: (usize, usize),
    /// The limit that was reached, if any.
    pub(super) stopped_by: Option<&'static str>,
}

impl Search {
    pub(super) fn new(limits: Limits, inputs: Inputs, callers: Vec<Caller>) -> Self {
        let mut search = Self { limits, inputs, ..Self::default() };
        for caller in callers {
            search.push(false, Script::silent(caller));
        }
        search
    }

    /// Makes calls until nothing is left to do or a limit is reached. `tell` is called before each.
    pub(super) fn run(
        &mut self,
        theatre: &mut Theatre,
        patience: Patience,
        mut tell: impl FnMut(&Self),
    ) -> Result<(), Problem> {
        let began = Instant::now();
        while let Some((&key, _)) = self.queue.first_key_value() {
            self.stopped_by = match () {
                () if self.calls >= self.limits.calls => Some("--calls"),
                () if began.elapsed() >= self.limits.time => Some("--time"),
                () => None,
            };
            if self.stopped_by.is_some() {
                let known = self.queue.keys().filter(|(known, ..)| *known).count();
                self.left = (self.queue.len() - known, known);
                return Ok(());
            }
            let Some(script) = self.queue.remove(&key) else { continue };
            tell(self);
            let (followed, caller) = (&self.followed, script.caller.clone());
            // The first call of each caller is followed to its end, and so is one after which keys are left over.
            let is_cut = !script.steps.is_empty() && !script.leaves_keys();
            let run = theatre.run(script, |place| is_cut && followed.contains(&place.state(&caller)))?;
            self.calls += 1;
            self.take(&run, patience);
            if self.calls == 1 {
                let (sources, _) = theatre.journal().sources();
                let keys = sources.into_iter().flat_map(|source| source.keys);
                self.inputs.known.extend(keys.take(MOST_KNOWN));
                self.inputs.known.dedup();
                self.branch(&run);
            }
        }
        Ok(())
    }

    /// Everything that was found, in the order in which it came up.
    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut found: Vec<_> = self.found.values().collect();
        found.sort_by_key(|(order, _)| *order);
        found.into_iter().map(|(_, finding)| finding.clone()).collect()
    }

    fn take(&mut self, run: &Run, patience: Patience) {
        self.played.extend(run.played.iter().cloned());
        let end = run.places.last().and_then(|place| place.until).unwrap_or_default();
        self.seconds += end.as_secs_f64();
        if matches!(run.outcome, Outcome::OffScript) {
            self.strayed += 1;
            return;
        }
        for finding in finding::of(run, patience, self.limits.strict) {
            let order = self.found.len();
            match self.found.get_mut(&finding.key) {
                Some((_, known)) if length(known) <= length(&finding) => {}
                Some((_, known)) => *known = finding,
                None => drop(self.found.insert(finding.key.clone(), (order, finding))),
            }
        }
        if !run.script.hangs_up() {
            let caller = &run.script.caller;
            self.followed.extend(run.open_places().map(|(_, place)| place.state(caller)));
        }
        // The first run branches when it is known what stands in the source.
        if self.calls > 1 {
            self.branch(run);
        }
    }

    /// Queues what could be done in a call after everything that was done in it.
    fn branch(&mut self, run: &Run) {
        let script = &run.script;
        // A caller who has hung up does nothing any more; one that was cut off did so at a known place.
        if script.hangs_up() || matches!(run.outcome, Outcome::Stuck(_)) {
            return;
        }
        let places: Vec<(usize, Place)> =
            run.open_places().map(|(number, place)| (number, place.clone())).collect();
        for (number, place) in places {
            if !self.branched.insert(place.state(&script.caller)) {
                continue;
            }
            let is_known = !self.kinds.insert(place.kind(&script.caller));
            for action in place.actions(&self.inputs) {
                if action != Action::HangUp && script.depth() >= self.limits.depth {
                    continue;
                }
                let (after, where_) = (place.moment(), place.words());
                self.push(is_known, script.and(Step { place: number, after, action, where_ }));
            }
        }
    }

    fn push(&mut self, is_known: bool, script: Script) {
        self.queued += 1;
        self.queue.insert((is_known, script.steps.len(), self.queued), script);
    }
}

/// Of two ways with as many steps, the one that was found first stays.
fn length(finding: &Finding) -> usize {
    finding.way.script.steps.len()
}

/// So many strings of digits of the source are tried.
const MOST_KNOWN: usize = 16;
