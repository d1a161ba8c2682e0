//! Virtual time with real workers: the clock of a simulation waits for application code, and what applications ask
//! takes effect in an order that does not depend on the machine.
//!
//! # The rule
//!
//! A thread of an instance is *at work* from `instance.start`, or from the response to its last request, until its next
//! request. It has to be: a worker's functions wait for their response, whether they block the call or return at once.
//! A thread that an application starts counts from its start to its end (`clock.thread`). Instances that are tasks of an
//! event loop (`clock.loop`) are at work from the moment at which the loop gets a response until it has nothing left to
//! do with it (`clock.settled`), however many of their requests are open.
//!
//! 1. While any thread is at work, or the worker owes a response to the server, virtual time is held.
//! 2. Requests and responses of workers are not carried out when they come but collected.
//! 3. When nobody is at work, and the simulation has nothing left to do at this moment, they are carried out: responses
//!    first, then requests in the order of their instances, those of one instance in the order in which it wrote them.
//! 4. What that brings about may set threads to work again: back to 1. Otherwise time goes on to the next timer.
//!
//! So neither how fast the machine is nor which thread it runs first makes a difference to any packet.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use offhook::CallChannel;
use offhook::sim::{Hold, Sim};
use serde_json::Value;
use tokio::sync::Notify;

use super::journal::{Ended, Journal};
use super::link::{Link, lock};
use super::protocol::{Request, RpcError};

/// Keeps the clock of a simulation and its workers in step.
pub(crate) struct Lockstep {
    sim: Sim,
    state: Mutex<State>,
    /// What is collected can be carried out.
    ready: Notify,
    /// For somebody who looks on.
    journal: Option<Arc<Journal>>,
}

#[derive(Default)]
struct State {
    instances: HashMap<String, Participant>,
    /// What event loops have been given and have not done with, by their worker.
    loops: HashMap<LoopKey, HashSet<u64>>,
    /// Requests of the server that a worker has not answered.
    owed: usize,
    begun: u64,
    collected: Vec<Collected>,
    hold: Option<Hold>,
    /// When the clock was held, on the machine's clock.
    held_since: Option<Instant>,
    /// The virtual moment of the last turn, and how many there have been at it.
    turns: Option<(tokio::time::Instant, u32)>,
}

/// An instance whose `main` runs.
struct Participant {
    /// Instances count in the order in which they began.
    number: u64,
    /// What `main` was given; `None` for nobody's, in tests.
    channel: Option<CallChannel>,
    /// `main` and the threads that it started.
    threads: usize,
    /// The event loop that it is a task of.
    looped: Option<LoopKey>,
    /// Requests without a response so far, and what they are.
    asked: HashMap<u64, String>,
}

/// A message of a worker that waits for its turn.
struct Collected {
    /// The number of the instance, 0 for a response to the server, and the worker's id of the message.
    turn: (u64, u64),
    link: Arc<Link>,
    message: Message,
}

enum Message {
    Request(Result<Request, RpcError>),
    Response(Result<Value, RpcError>),
}

/// Tells the event loop of one worker from that of another.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct LoopKey(usize);

impl LoopKey {
    fn of(link: &Link) -> Self {
        Self(std::ptr::from_ref(link).addr())
    }
}

impl Participant {
    fn is_at_work(&self) -> bool {
        self.looped.is_none() && self.asked.len() < self.threads
    }
}

impl State {
    fn is_anybody_at_work(&self) -> bool {
        self.owed > 0
            || self.loops.values().any(|open| !open.is_empty())
            || self.instances.values().any(Participant::is_at_work)
    }

    /// Holds the clock or lets it go, whichever is due.
    fn look(&mut self) {
        let held = self.is_anybody_at_work() || !self.collected.is_empty();
        match (held, self.hold.is_some()) {
            (true, false) => {
                self.hold = Some(Hold::new());
                self.held_since = Some(Instant::now());
            }
            (false, true) => {
                self.hold = None;
                self.held_since = None;
            }
            _ => {}
        }
    }

    /// What has been collected is about to be carried out.
    fn begin_turn(&mut self) {
        // Working time counts from here: nobody has been at work so far.
        self.held_since = Some(Instant::now());
        let now = tokio::time::Instant::now();
        let before = self.turns.filter(|(moment, _)| *moment == now).map_or(0, |(_, turns)| turns);
        self.turns = Some((now, before.saturating_add(1)));
    }
}

impl Lockstep {
    /// For the workers of that simulation. With a journal they are probed, and what they do is noted in it.
    pub(crate) fn new(sim: Sim, journal: Option<Arc<Journal>>) -> Self {
        Self { sim, state: Mutex::default(), ready: Notify::new(), journal }
    }

    /// Where it is noted what workers do, if it is.
    pub(super) fn journal(&self) -> Option<&Journal> {
        self.journal.as_deref()
    }

    /// Carries out what workers ask whenever its turn has come; runs for as long as the simulation.
    pub(crate) async fn run(self: Arc<Self>) {
        loop {
            self.ready.notified().await;
            let mut turns = std::mem::take(&mut lock(&self.state).collected);
            turns.sort_by_key(|collected| collected.turn);
            lock(&self.state).begin_turn();
            for Collected { turn: (_, id), link, message } in turns {
                match message {
                    Message::Request(request) => link.take_request(id, request),
                    Message::Response(result) => link.take_response(id, result),
                }
            }
            lock(&self.state).look();
        }
    }

    /// The simulation has nothing left to do at this moment.
    pub(crate) fn idle(&self) {
        let state = lock(&self.state);
        if !state.collected.is_empty() && !state.is_anybody_at_work() {
            self.ready.notify_one();
        }
    }

    /// What application code has kept the clock standing for so long that nothing can be expected of it any more; for a
    /// person.
    pub(crate) fn stuck(&self, patience: std::time::Duration) -> Option<String> {
        let state = lock(&self.state);
        if state.turns.is_some_and(|(_, turns)| turns > MOST_TURNS) {
            return Some(format!(
                "virtual time stands still because an application has asked {MOST_TURNS} times without waiting for \
                 anything"
            ));
        }
        let since = state.held_since.filter(|since| since.elapsed() >= patience)?;
        let at_work = state.instances.values().filter(|instance| instance.is_at_work()).count();
        Some(format!(
            "virtual time has stood still for {:.0} s of real time because {at_work} {} at work: computing, or waiting \
             for something outside the call-channel API",
            since.elapsed().as_secs_f64(),
            if at_work == 1 { "instance is" } else { "instances are" }
        ))
    }

    /// What the instance that was given a channel waits for at this moment, by the methods of the protocol, the longest waiting
    /// first; empty when it has ended.
    pub(crate) fn waits_for(&self, channel: &CallChannel) -> Vec<String> {
        let state = lock(&self.state);
        let instance = state.instances.values().find(|instance| instance.channel.as_ref() == Some(channel));
        let mut asked: Vec<_> = instance.into_iter().flat_map(|instance| &instance.asked).collect();
        asked.sort();
        asked.into_iter().map(|(_, method)| method.clone()).collect()
    }

    /// Seconds of virtual time since the simulation began.
    pub(super) fn now(&self) -> f64 {
        self.sim.elapsed().as_secs_f64()
    }

    // What the connection reports.

    /// The server has asked a worker.
    pub(super) fn owes(&self) {
        let mut state = lock(&self.state);
        state.owed += 1;
        state.look();
    }

    /// An instance begins.
    pub(super) fn begins(&self, instance: &str, channel: CallChannel) {
        let mut state = lock(&self.state);
        state.begun += 1;
        let participant = Participant {
            number: state.begun,
            channel: Some(channel),
            threads: 1,
            looped: None,
            asked: HashMap::new(),
        };
        state.instances.insert(instance.to_owned(), participant);
        state.look();
        if let Some(journal) = &self.journal {
            journal.begins(instance);
        }
    }

    /// An instance has started a thread, or one of them has ended.
    pub(super) fn thread(&self, instance: &str, begins: bool) {
        let mut state = lock(&self.state);
        if let Some(participant) = state.instances.get_mut(instance) {
            participant.threads = match begins {
                true => participant.threads + 1,
                false => participant.threads.saturating_sub(1),
            };
        }
        state.look();
    }

    /// An instance is a task of its worker's event loop, which begins to run it.
    pub(super) fn looped(&self, link: &Link, instance: &str) {
        let mut state = lock(&self.state);
        let key = LoopKey::of(link);
        if let Some(participant) = state.instances.get_mut(instance) {
            participant.looped = Some(key);
        }
        state.loops.entry(key).or_default().insert(BEGINNING);
        state.look();
    }

    /// The event loop of a worker has nothing left to do with these responses.
    pub(super) fn settled(&self, link: &Link, ids: &[u64]) {
        let mut state = lock(&self.state);
        if let Some(open) = state.loops.get_mut(&LoopKey::of(link)) {
            open.retain(|id| !ids.contains(id));
        }
        state.look();
    }

    /// A worker asks something for an instance.
    pub(super) fn asks(
        &self,
        link: &Arc<Link>,
        instance: Option<&str>,
        id: u64,
        method: &str,
        request: Result<Request, RpcError>,
    ) {
        let mut state = lock(&self.state);
        let participant = instance.and_then(|instance| state.instances.get_mut(instance));
        let number = participant.map_or(u64::MAX, |participant| {
            participant.asked.insert(id, method.to_owned());
            participant.number
        });
        // Its thread goes on to nothing: what it did for the instance is over.
        if let (Ok(Request::InstanceEnd(end)), Some(instance)) = (&request, instance) {
            state.instances.remove(instance);
            if let Some(journal) = &self.journal {
                journal.ends(instance, Ended::Over(end.clone()));
            }
        }
        let message = Message::Request(request);
        state.collected.push(Collected { turn: (number, id), link: Arc::clone(link), message });
        state.look();
    }

    /// A worker has answered.
    pub(super) fn responds(&self, link: &Arc<Link>, id: u64, result: Result<Value, RpcError>) {
        let mut state = lock(&self.state);
        state.owed = state.owed.saturating_sub(1);
        let message = Message::Response(result);
        state.collected.push(Collected { turn: (0, id), link: Arc::clone(link), message });
        state.look();
    }

    /// A request of an instance has its response.
    pub(super) fn answered(&self, instance: &str, id: u64) {
        let mut state = lock(&self.state);
        let mut looped = None;
        if let Some(participant) = state.instances.get_mut(instance) {
            participant.asked.remove(&id);
            looped = participant.looped;
        }
        if let Some(journal) = &self.journal {
            journal.answered(instance, id);
        }
        if let Some(key) = looped {
            state.loops.entry(key).or_default().insert(id);
        }
        state.look();
    }

    /// A worker is gone, and with it everything that could be expected of it.
    pub(super) fn loses(&self, link: &Link, instances: impl IntoIterator<Item = String>) {
        let mut state = lock(&self.state);
        state.loops.remove(&LoopKey::of(link));
        for instance in instances {
            state.instances.remove(&instance);
            if let Some(journal) = &self.journal {
                journal.ends(&instance, Ended::Lost);
            }
        }
        state.owed = 0;
        state.look();
    }
}

impl fmt::Debug for Lockstep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lockstep").finish_non_exhaustive()
    }
}

/// So often application code may ask at one moment; a loop that asks on and on would keep the clock standing for ever.
const MOST_TURNS: u32 = 10_000;
/// Stands for the beginning of an instance among the ids of responses, which count from 1.
const BEGINNING: u64 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    fn participant(threads: usize, asked: &[u64]) -> Participant {
        let asked = asked.iter().map(|id| (*id, "channel.ring".to_owned())).collect();
        Participant { number: 1, channel: None, threads, looped: None, asked }
    }

    #[test]
    fn an_instance_is_at_work_until_each_of_its_threads_has_asked() {
        assert!(participant(1, &[]).is_at_work());
        assert!(!participant(1, &[7]).is_at_work());
        assert!(participant(2, &[7]).is_at_work());
        assert!(!participant(2, &[7, 8]).is_at_work());
    }

    #[test]
    fn a_task_is_at_work_as_long_as_its_event_loop() {
        let mut state = State::default();
        let task = Participant { looped: Some(LoopKey(1)), ..participant(1, &[]) };
        state.instances.insert("i".to_owned(), task);
        state.loops.entry(LoopKey(1)).or_default().insert(7);
        assert!(state.is_anybody_at_work());
        state.loops.entry(LoopKey(1)).or_default().clear();
        assert!(!state.is_anybody_at_work());
    }

    #[test]
    fn a_response_that_the_server_waits_for_counts_as_work() {
        let state = State { owed: 1, ..State::default() };
        assert!(state.is_anybody_at_work());
    }
}
