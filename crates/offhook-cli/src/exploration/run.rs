//! One call, from the INVITE to the end of `main`: a script is carried out, and what the application does is observed.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::{sleep, sleep_until, timeout};

use super::place::Place;
use super::script::{Action, Script, Step};
use crate::rehearsal::{PersonsCall, Problem};
use crate::worker::{Ended, Journal, Site};

/// How long things may go on, in virtual time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// The call, when its caller does nothing more.
    pub(super) call: Duration,
    /// `main`, when the call is over.
    pub(super) after: Duration,
}

/// What was observed in one call.
#[derive(Debug)]
pub(super) struct Run {
    /// What the caller did; a run that was cut off has a step more than it was given.
    pub(super) script: Script,
    /// When each step was made, since the INVITE.
    pub(super) times: Vec<Duration>,
    /// Where the application waited.
    pub(super) places: Vec<Place>,
    /// Files and texts that it asked for.
    pub(super) played: BTreeSet<String>,
    /// The caller did nothing more, and the call was still up when the patience was over.
    pub(super) held: bool,
    /// `main` was over, and the call was not.
    pub(super) lingered: bool,
    pub(super) outcome: Outcome,
}

/// What became of the instance.
#[derive(Debug, Clone)]
pub(super) enum Outcome {
    /// It has ended.
    Ended(Ended),
    /// The call is over, and `main` goes on.
    GoesOn,
    /// Application code works without end, in these functions.
    Stuck(Vec<Site>),
    /// No instance was started; the call got this status.
    Refused(u16),
    /// The application did not come to a place at which something was to be done: it does not do the same each time.
    OffScript,
}

impl Run {
    /// Nothing has happened so far.
    pub(super) fn new(script: Script) -> Self {
        Self {
            script,
            times: Vec::new(),
            places: Vec::new(),
            played: BTreeSet::new(),
            held: false,
            lingered: false,
            outcome: Outcome::OffScript,
        }
    }

    /// The places at which something could be done after everything that was done.
    pub(super) fn open_places(&self) -> impl Iterator<Item = (usize, &Place)> {
        let first = self.script.steps.last().map_or(0, |step| step.place + 1);
        self.places.iter().enumerate().skip(first)
    }

    /// Carries out the script, and observes until everything is over. At a place that is `known` after the last step
    /// the caller hangs up: what follows has been observed already.
    ///
    /// Whatever has been observed is in here even if the future is dropped before its end.
    pub(super) async fn observe(
        &mut self,
        call: &PersonsCall,
        journal: &Journal,
        patience: Patience,
        known: impl Fn(&Place) -> bool,
    ) -> Result<(), Problem> {
        let mut asked: Vec<u64> = Vec::new();
        let mut over_at = None;
        loop {
            // Everything that happens at this moment comes first.
            sleep(INSTANT).await;
            let entry = journal.entry();
            self.played.extend(entry.played);
            if over_at.is_none() && call.out.clearing().is_some() {
                over_at = Some(call.now());
            }
            if let Some(ended) = entry.ended {
                self.leave(call.now());
                self.conclude(Outcome::Ended(ended));
                break;
            }
            if over_at.is_some() && !journal.has_begun() {
                self.outcome = Outcome::Refused(call.out.clearing().map_or(0, |clearing| clearing.status));
                return Ok(());
            }
            let waits_now: Vec<u64> = entry.waits.keys().copied().collect();
            if waits_now != asked {
                asked = waits_now;
                self.leave(call.now());
                if !asked.is_empty() {
                    self.arrive(call, entry.waits.into_values().collect(), entry.last_played);
                    if over_at.is_none() && self.act(call, &known).await? {
                        continue;
                    }
                }
            }
            let limit = match over_at {
                Some(at) => at + patience.after,
                None => patience.call,
            };
            let left = limit.saturating_sub(call.now());
            tokio::select! {
                biased;
                () = journal.changed() => {}
                _ = call.out.cleared(), if over_at.is_none() => {}
                () = sleep_until(tokio::time::Instant::now() + left) => match over_at {
                    Some(_) => {
                        self.conclude(Outcome::GoesOn);
                        return Ok(());
                    }
                    None => {
                        self.held = true;
                        over_at = Some(call.now());
                        call.out.hang_up();
                    }
                }
            }
        }
        self.lingered = timeout(LONGEST_CLEARING, call.out.cleared()).await.is_err();
        Ok(())
    }

    /// Without everything that was to be done, it was another call.
    fn conclude(&mut self, outcome: Outcome) {
        if self.times.len() == self.script.steps.len() {
            self.outcome = outcome;
        }
    }

    /// The application goes on from where it waited.
    fn leave(&mut self, now: Duration) {
        if let Some(place) = self.places.last_mut() {
            place.until.get_or_insert(now);
        }
    }

    fn arrive(&mut self, call: &PersonsCall, waits: Vec<crate::worker::Wait>, heard: Option<String>) {
        let mut place = Place {
            from: call.now(),
            until: None,
            waits,
            heard,
            answered: call.out.statuses().iter().any(|status| (200..300).contains(status)),
            visits: 0,
        };
        let lines = place.lines();
        place.visits = self.places.iter().filter(|before| before.lines() == lines).count().min(2);
        self.places.push(place);
    }

    /// Does what is to be done at the last place; whether that was anything.
    async fn act(&mut self, call: &PersonsCall, known: &impl Fn(&Place) -> bool) -> Result<bool, Problem> {
        let number = self.places.len() - 1;
        let mut done = false;
        while let Some(step) = self.script.steps.get(self.times.len()).filter(|step| step.place == number) {
            sleep(step.after).await;
            self.times.push(call.now());
            call.act(step.action.deed()).await?;
            done = true;
        }
        let is_over = self.times.len() == self.script.steps.len() && !self.script.hangs_up();
        if let Some(place) = self.places.last().filter(|place| !done && is_over && known(place)) {
            let step =
                Step { place: number, after: Duration::ZERO, action: Action::HangUp, where_: place.words() };
            self.times.push(call.now());
            self.script.steps.push(step);
            call.out.hang_up();
            done = true;
        }
        Ok(done)
    }
}

/// The shortest time that there is.
const INSTANT: Duration = Duration::from_millis(1);
/// As long as the server's `hang_up()` waits (HUP-4), and a little more.
const LONGEST_CLEARING: Duration = Duration::from_secs(65);
