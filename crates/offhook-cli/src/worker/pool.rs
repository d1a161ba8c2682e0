//! The workers of a server: which one takes the next instance, and what happens when one dies (RUN-32).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::link::{CallError, Link, Seat, lock};
use super::memory::{MemoryWatch, PERIOD, Verdict};
use super::starting::{StartError, Worker, WorkerSetup};

/// The worker processes.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    supervisors: tokio::sync::Mutex<JoinSet<()>>,
}

struct Shared {
    setup: WorkerSetup,
    /// The worker of each place; `None` while it is being started.
    links: Mutex<Vec<Option<Arc<Link>>>>,
    /// Where the search for the least busy worker begins, so that idle workers take turns.
    turn: AtomicUsize,
    stopping: AtomicBool,
    /// Tells the supervisors to end their workers.
    end: watch::Sender<bool>,
    seat_left: Notify,
}

impl Pool {
    /// Starts `count` workers and waits until all of them take instances: one that does not come up now would not
    /// come up later either.
    pub(crate) async fn start(setup: WorkerSetup, count: usize) -> Result<Self, StartError> {
        let mut starting = JoinSet::new();
        for index in 0..count {
            let setup = setup.clone();
            starting.spawn(async move { (index, Worker::start(&setup, index).await) });
        }
        let mut workers = Vec::with_capacity(count);
        let mut links = vec![None; count];
        while let Some(started) = starting.join_next().await {
            let (index, worker) = started.map_err(|error| StartError::Process(error.into()))?;
            let worker = worker?;
            // Whoever starts the pool may use it at once, before the supervisors run.
            worker.link.set_accepting(true);
            links[index] = Some(Arc::clone(&worker.link));
            workers.push((index, worker));
        }
        let shared = Arc::new(Shared {
            setup,
            links: Mutex::new(links),
            turn: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            end: watch::Sender::new(false),
            seat_left: Notify::new(),
        });
        let mut supervisors = JoinSet::new();
        for (index, worker) in workers {
            supervisors.spawn(supervise(Arc::clone(&shared), index, worker));
        }
        Ok(Self { shared, supervisors: tokio::sync::Mutex::new(supervisors) })
    }

    /// A place in the least busy worker; `None` if every worker is full, stopping or being started.
    pub(crate) fn take_seat(&self) -> Option<Seat> {
        let links = lock(&self.shared.links);
        let turn = self.shared.turn.fetch_add(1, Ordering::Relaxed) % links.len();
        let (after, before) = (links[turn..].iter(), links[..turn].iter());
        let mut free: Vec<_> = after.chain(before).flatten().filter(|link| link.has_room()).collect();
        free.sort_by_key(|link| link.seats_taken());
        free.into_iter().find_map(|link| link.take_seat())
    }

    /// Whether one more instance could run.
    pub(crate) fn has_room(&self) -> bool {
        lock(&self.shared.links).iter().flatten().any(|link| link.has_room())
    }

    /// Instances that run in all workers.
    pub(crate) fn instances(&self) -> usize {
        lock(&self.shared.links).iter().flatten().map(|link| link.seats_taken()).sum()
    }

    /// Some worker that is up, for questions that any of them can answer.
    pub(crate) fn any(&self) -> Option<Arc<Link>> {
        lock(&self.shared.links).iter().flatten().next().cloned()
    }

    /// A place was given up; wakes whoever waits in [`drained`](Self::drained).
    pub(crate) fn seat_left(&self) {
        self.shared.seat_left.notify_waiters();
    }

    /// Tells every worker to take no new instances and to end after its last one (RUN-20, RUN-29).
    pub(crate) fn stop(&self, drain: Duration) {
        self.shared.stopping.store(true, Ordering::Release);
        for link in lock(&self.shared.links).iter().flatten() {
            link.set_accepting(false);
            link.notify("worker.stop", &json!({"drain_seconds": drain.as_secs_f64()}));
        }
    }

    /// Waits until no instance runs.
    pub(crate) async fn drained(&self) {
        loop {
            let left = self.shared.seat_left.notified();
            if self.instances() == 0 {
                return;
            }
            left.await;
        }
    }

    /// Ends every worker; instances that still run get -1.
    pub(crate) async fn end(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.shared.end.send_replace(true);
        let mut supervisors = self.supervisors.lock().await;
        while supervisors.join_next().await.is_some() {}
    }
}

/// Keeps one place filled with a worker until the pool ends.
async fn supervise(shared: Arc<Shared>, index: usize, first: Worker) {
    let mut first = Some(first);
    let mut end = shared.end.subscribe();
    let mut pause = FIRST_PAUSE;
    loop {
        let begun = Instant::now();
        let worker = match first.take() {
            Some(worker) => Ok(worker),
            None => tokio::select! {
                worker = Worker::start(&shared.setup, index) => worker,
                _ = end.wait_for(|end| *end) => return,
            },
        };
        match worker {
            Ok(worker) => run(&shared, index, worker).await,
            Err(error) => tracing::error!(worker = shared.setup.first + index, "{error}"),
        }
        if shared.stopping.load(Ordering::Acquire) {
            return;
        }
        // A worker that dies at once again and again must not keep the machine busy.
        pause = if begun.elapsed() >= GOOD_RUN { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = end.wait_for(|end| *end) => return,
        }
    }
}

/// From the moment a worker is ready to its end.
async fn run(shared: &Shared, index: usize, mut worker: Worker) {
    let pid = worker.pid().unwrap_or(worker.hello.pid);
    let number = worker.link.index();
    tracing::debug!(worker = number, pid, python = worker.hello.python, "worker is ready");
    let link = Arc::clone(&worker.link);
    lock(&shared.links)[index] = Some(Arc::clone(&link));
    link.set_accepting(!shared.stopping.load(Ordering::Acquire));

    let mut end = shared.end.subscribe();
    let watch = shared.setup.memory_bytes.and_then(|limit| MemoryWatch::new(pid, limit));
    let reason = tokio::select! {
        reason = worker.until_it_ends() => Ended::ByItself(reason),
        reason = watch_over(shared, &link, watch) => Ended::GivenUp(reason),
        _ = end.wait_for(|end| *end) => Ended::AsAsked,
    };
    lock(&shared.links)[index] = None;
    match reason {
        Ended::AsAsked => worker.end("the server has ended").await,
        Ended::ByItself(reason) => {
            let instances = link.seats_taken();
            link.close(&format!("worker {number} has died: {reason}"));
            let status = worker.exit_status().await;
            if shared.stopping.load(Ordering::Acquire) && instances == 0 {
                tracing::debug!(worker = number, pid, status, "worker has stopped");
            } else {
                tracing::error!(
                    worker = number,
                    pid,
                    instances,
                    status,
                    "worker has died: {reason}; its calls are cleared"
                );
            }
        }
        Ended::GivenUp(reason) => {
            let instances = link.seats_taken();
            let status = worker.kill(&format!("worker {number} was ended: {reason}")).await;
            tracing::error!(
                worker = number,
                pid,
                instances,
                status,
                "worker was ended: {reason}; its calls are cleared"
            );
        }
    }
}

enum Ended {
    AsAsked,
    ByItself(String),
    GivenUp(String),
}

/// Keeps new instances out of a worker that does not answer or has no memory left; ends with the reason why the
/// worker has to be replaced.
async fn watch_over(shared: &Shared, link: &Link, mut memory: Option<MemoryWatch>) -> String {
    if shared.setup.lockstep.is_some() {
        // Virtual time says nothing about how long a worker takes to answer.
        return std::future::pending().await;
    }
    let mut look = interval(PERIOD);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut ping = interval(PING_PERIOD);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut full, mut silent) = (false, false);
    loop {
        let was_well = !full && !silent;
        tokio::select! {
            now = look.tick() => {
                let verdict = memory.as_mut().map_or(Verdict::Fine, |watch| watch.look(now.into_std()));
                match verdict {
                    Verdict::Hopeless => return "its memory stays at the limit".to_owned(),
                    Verdict::Full if !full => {
                        tracing::warn!(worker = link.index(), "worker has reached its memory limit: it gets no new calls");
                    }
                    _ => {}
                }
                full = verdict == Verdict::Full;
            }
            _ = ping.tick() => {
                let answered = timeout(PING_PATIENCE, link.call("worker.ping", &json!({}))).await;
                // An error is an answer too.
                let now_silent = matches!(answered, Err(_) | Ok(Err(CallError::Gone)));
                if now_silent && !silent {
                    tracing::warn!(worker = link.index(), "worker does not answer: it gets no new calls");
                }
                silent = now_silent;
            }
        }
        let well = !full && !silent;
        if well != was_well && !shared.stopping.load(Ordering::Acquire) {
            link.set_accepting(well);
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A worker that lived this long died of something new.
const GOOD_RUN: Duration = Duration::from_secs(10);
const PING_PERIOD: Duration = Duration::from_secs(2);
const PING_PATIENCE: Duration = Duration::from_secs(2);
