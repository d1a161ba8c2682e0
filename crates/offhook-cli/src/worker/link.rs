//! The server's end of the connection to one worker (`docs/worker-protocol.md`).

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::{Notify, oneshot};

use super::applications::Stamp;
use super::instance::{End, Instance};
use super::journal::Journal;
use super::leg::Leg;
use super::lockstep::Lockstep;
use super::operation::Operation;
use super::outbox::{Outbox, PushError};
use super::protocol::{
    self, Hello, Incoming, LINE_BYTES, Loaded, LogLine, Noted, Notification, Request, RpcError,
};
use crate::logs::{Level, one_entry};

/// One connected worker.
pub(crate) struct Link {
    index: usize,
    capacity: usize,
    outbox: Outbox,
    hello: Mutex<Option<oneshot::Sender<Hello>>>,
    answers: Mutex<HashMap<u64, oneshot::Sender<Result<Value, RpcError>>>>,
    next_id: AtomicU64,
    instances: Mutex<Instances>,
    /// Operations that are under way, by the worker's request id; waking one cancels it.
    operations: Mutex<HashMap<u64, Arc<Notify>>>,
    versions: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Option<Version>>>>>,
    seats_taken: AtomicUsize,
    accepting: AtomicBool,
    /// Under a virtual clock: what keeps it and the worker in step.
    lockstep: Option<Arc<Lockstep>>,
    /// The virtual time that the worker was told last, as the bits of its seconds.
    told_time: AtomicU64,
}

#[derive(Default)]
struct Instances {
    by_channel: HashMap<String, (Arc<Instance>, Arc<Leg>)>,
    by_id: HashMap<String, Arc<Instance>>,
    /// The worker is gone; nothing can be added.
    closed: bool,
}

/// What the worker said about one version of an application's file.
struct Version {
    stamp: Option<Stamp>,
    outcome: Result<Loaded, RpcError>,
}

/// Why a request of ours has no result.
#[derive(Debug)]
pub(crate) enum CallError {
    /// The worker is gone.
    Gone,
    /// It answered with an error.
    Refused(RpcError),
    /// It answered with something else than it should.
    Malformed(String),
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gone => f.write_str("the worker is gone"),
            Self::Refused(error) => write!(f, "{error}"),
            Self::Malformed(problem) => write!(f, "the worker's answer is malformed: {problem}"),
        }
    }
}

impl std::error::Error for CallError {}

/// The right to run one instance in a worker; dropping it gives the place to another.
pub(crate) struct Seat {
    link: Arc<Link>,
}

impl Seat {
    /// The worker in which the place is.
    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.link
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.link.seats_taken.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Link {
    /// A connection without any worker on it so far; `hello` gets the worker's first message.
    pub(super) fn new(
        index: usize,
        capacity: usize,
        lockstep: Option<Arc<Lockstep>>,
        hello: oneshot::Sender<Hello>,
    ) -> Arc<Self> {
        Arc::new(Self {
            index,
            capacity,
            outbox: Outbox::new(OUTBOX_BYTES),
            hello: Mutex::new(Some(hello)),
            answers: Mutex::default(),
            next_id: AtomicU64::new(1),
            instances: Mutex::default(),
            operations: Mutex::default(),
            versions: Mutex::default(),
            seats_taken: AtomicUsize::new(0),
            accepting: AtomicBool::new(false),
            lockstep,
            told_time: AtomicU64::new(0),
        })
    }

    /// The worker's number, from 0.
    pub(crate) fn index(&self) -> usize {
        self.index
    }

    /// Instances that run or are about to.
    pub(crate) fn seats_taken(&self) -> usize {
        self.seats_taken.load(Ordering::Acquire)
    }

    /// Whether one more instance could run here.
    pub(super) fn has_room(&self) -> bool {
        self.accepting.load(Ordering::Acquire) && self.seats_taken() < self.capacity
    }

    /// Lets instances in, or keeps further ones out; running ones are not touched.
    pub(super) fn set_accepting(&self, accepting: bool) {
        self.accepting.store(accepting, Ordering::Release);
    }

    /// Takes a place, if there is one.
    pub(super) fn take_seat(self: &Arc<Self>) -> Option<Seat> {
        if !self.accepting.load(Ordering::Acquire) {
            return None;
        }
        self.seats_taken
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |taken| {
                (taken < self.capacity).then_some(taken + 1)
            })
            .is_ok()
            .then(|| Seat { link: Arc::clone(self) })
    }

    /// Asks the worker and waits for its answer.
    pub(crate) async fn call(&self, method: &str, params: &Value) -> Result<Value, CallError> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        lock(&self.answers).insert(id, answer);
        // Whoever stops waiting takes the entry with it, so that late answers are ignored and nothing piles up.
        let _entry = Entry { map: &self.answers, id };
        if let Some(lockstep) = &self.lockstep {
            lockstep.owes();
        }
        self.send(&protocol::request(id, method, params));
        match answered.await {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(CallError::Refused(error)),
            Err(_) => Err(CallError::Gone),
        }
    }

    /// Tells the worker something.
    pub(crate) fn notify(&self, method: &str, params: &Value) {
        self.send(&protocol::notification(method, params));
    }

    /// Queues lines for the worker; one that has left too much unread is given up.
    pub(super) fn send(&self, lines: &[u8]) {
        if let Some(lockstep) = &self.lockstep {
            self.tell_time(lockstep.now());
        }
        self.push(lines);
    }

    /// Under a virtual clock the worker has no other way to know what time it is.
    fn tell_time(&self, seconds: f64) {
        let moment = seconds.to_bits();
        if self.told_time.swap(moment, Ordering::Relaxed) != moment {
            self.push(&protocol::notification("clock.time", &json!({"seconds": seconds})));
        }
    }

    fn push(&self, lines: &[u8]) {
        if self.outbox.push(lines) == Err(PushError::Full) {
            self.set_accepting(false);
            tracing::error!(
                worker = self.index,
                "the worker does not read: {OUTBOX_BYTES} bytes wait for it, it is ended"
            );
        }
    }

    /// The worker's word on the application as its file is now; loads it if it is new or has changed (RUN-33).
    pub(crate) async fn ensure_loaded(&self, name: &str, path: &Path) -> Result<Loaded, CallError> {
        let slot = Arc::clone(lock(&self.versions).entry(name.to_owned()).or_default());
        // One instance at a time loads; the others wait for it and use what it found.
        let mut slot = slot.lock().await;
        let stamp = Stamp::of(path);
        if let Some(version) = slot.as_ref().filter(|version| version.stamp == stamp) {
            return version.outcome.clone().map_err(CallError::Refused);
        }
        let params = json!({"name": name, "path": path.to_string_lossy()});
        let outcome =
            match self.call("application.load", &params).await {
                Ok(result) => Ok(serde_json::from_value::<Loaded>(result)
                    .map_err(|e| CallError::Malformed(e.to_string()))?),
                Err(CallError::Refused(error)) => Err(error),
                Err(other) => return Err(other),
            };
        *slot = Some(Version { stamp, outcome: outcome.clone() });
        outcome.map_err(CallError::Refused)
    }

    /// Adds an instance; `false` if the worker is gone.
    pub(super) fn add(&self, instance: &Arc<Instance>) -> bool {
        let mut instances = lock(&self.instances);
        if instances.closed {
            return false;
        }
        for leg in instance.legs() {
            instances.by_channel.insert(leg.id().to_owned(), (Arc::clone(instance), Arc::clone(leg)));
        }
        instances.by_id.insert(instance.id().to_owned(), Arc::clone(instance));
        if let Some(lockstep) = &self.lockstep {
            lockstep.begins(instance.id(), instance.primary().channel().clone());
        }
        true
    }

    /// Forgets an instance and its channels.
    pub(super) fn remove(&self, instance: &Instance) {
        let mut instances = lock(&self.instances);
        for leg in instance.legs() {
            instances.by_channel.remove(leg.id());
        }
        instances.by_id.remove(instance.id());
    }

    /// Writes to the worker until the connection is closed.
    pub(super) async fn write(&self, socket: impl AsyncWrite + Unpin) {
        self.outbox.run(socket).await;
    }

    /// Reads what the worker says until it closes the connection or breaks the protocol. The result says why.
    pub(super) async fn read(self: &Arc<Self>, mut socket: impl AsyncRead + Unpin) -> String {
        let mut buffer = Vec::with_capacity(READ_BYTES);
        let mut searched = 0;
        loop {
            match socket.read_buf(&mut buffer).await {
                Ok(0) => return "the worker closed its connection".to_owned(),
                Ok(_) => {}
                Err(error) => return format!("the connection to the worker failed: {error}"),
            }
            let mut begin = 0;
            while let Some(length) = buffer[searched..].iter().position(|&byte| byte == b'\n') {
                let end = searched + length;
                if let Err(error) = self.take(&buffer[begin..end]) {
                    return error;
                }
                begin = end + 1;
                searched = begin;
            }
            buffer.drain(..begin);
            searched = buffer.len();
            if buffer.len() >= LINE_BYTES {
                return format!("the worker sent a line longer than {LINE_BYTES} bytes");
            }
        }
    }

    /// The connection is over: every operation and every instance on it ends (RUN-32).
    pub(super) fn close(&self, reason: &str) {
        self.set_accepting(false);
        self.outbox.close();
        lock(&self.answers).clear();
        let lost = {
            let mut instances = lock(&self.instances);
            instances.closed = true;
            instances.by_channel.clear();
            std::mem::take(&mut instances.by_id)
        };
        if let Some(lockstep) = &self.lockstep {
            lockstep.loses(self, lost.keys().cloned());
        }
        for instance in lost.into_values() {
            instance.end(End::Lost { reason: reason.to_owned() });
        }
        for cancel in lock(&self.operations).values() {
            cancel.notify_one();
        }
    }

    fn take(self: &Arc<Self>, line: &[u8]) -> Result<(), String> {
        match Incoming::parse(line).map_err(|error| error.to_string())? {
            Incoming::Request { id, method, request, noted } => match &self.lockstep {
                None => self.take_request(id, request),
                Some(lockstep) => {
                    let instance = request.as_ref().ok().and_then(|request| self.instance_of(request));
                    if let (Some(journal), Some(instance), Some(noted)) =
                        (lockstep.journal(), &instance, noted)
                    {
                        let Noted { params, place } = *noted;
                        journal.asks(instance, id, &method, params, place);
                    }
                    lockstep.asks(self, instance.as_deref(), id, &method, request);
                }
            },
            Incoming::Notification(Some(notification)) => self.take_notification(notification)?,
            Incoming::Notification(None) => {}
            Incoming::Response { id, result } => match &self.lockstep {
                None => self.take_response(id, result),
                Some(lockstep) => lockstep.responds(self, id, result),
            },
        }
        Ok(())
    }

    /// The instance that a request is about.
    fn instance_of(&self, request: &Request) -> Option<String> {
        match request {
            Request::InstanceEnd(end) => Some(end.instance.clone()),
            Request::Operation { channel, .. } => {
                lock(&self.instances).by_channel.get(channel).map(|(instance, _)| instance.id().to_owned())
            }
        }
    }

    pub(super) fn take_response(&self, id: u64, result: Result<Value, RpcError>) {
        if let Some(answer) = lock(&self.answers).remove(&id) {
            // Whoever asked may have stopped waiting.
            let _ = answer.send(result);
        }
    }

    /// The request of an instance has its response.
    pub(super) fn answered(&self, instance: &Instance, id: u64) {
        if let Some(lockstep) = &self.lockstep {
            lockstep.answered(instance.id(), id);
        }
    }

    pub(super) fn take_request(self: &Arc<Self>, id: u64, request: Result<Request, RpcError>) {
        let request = match request {
            Ok(request) => request,
            Err(error) => return self.send(&protocol::response(id, &Err(error))),
        };
        match request {
            Request::InstanceEnd(end) => {
                let instance = lock(&self.instances).by_id.get(&end.instance).cloned();
                match instance {
                    Some(instance) => instance.end(End::Returned { request: id, end }),
                    None => {
                        let error = RpcError::unknown_instance(&end.instance);
                        self.send(&protocol::response(id, &Err(error)));
                    }
                }
            }
            Request::Operation { channel, operation } => {
                let instance = lock(&self.instances).by_channel.get(&channel).cloned();
                match instance {
                    Some((instance, leg)) => self.begin(id, instance, leg, operation),
                    None => self.send(&protocol::response(id, &Err(RpcError::unknown_channel(&channel)))),
                }
            }
        }
    }

    /// Starts an operation. It is driven once before the next line is read, so that operations take effect in the
    /// order in which they were written (GEN-22); only one that has to wait gets a task.
    fn begin(self: &Arc<Self>, id: u64, instance: Arc<Instance>, leg: Arc<Leg>, operation: Operation) {
        let cancel = Arc::new(Notify::new());
        {
            let mut operations = lock(&self.operations);
            if operations.len() >= self.capacity.saturating_mul(OPERATIONS_PER_INSTANCE) {
                drop(operations);
                let error = leg.busy("too many operations of this worker are running");
                return self.send(&protocol::response(id, &Err(error)));
            }
            operations.insert(id, Arc::clone(&cancel));
        }
        let link = Arc::clone(self);
        let mut work = Box::pin(async move {
            let result = operation.run(&instance, &leg, &cancel).await;
            lock(&link.operations).remove(&id);
            instance.reply(&link, id, &result);
        });
        let waker = std::task::Waker::noop();
        let first = work.as_mut().poll(&mut std::task::Context::from_waker(waker));
        if first.is_pending() {
            // The task polls again at once, which gives the operation a waker that works.
            tokio::spawn(work);
        }
    }

    fn take_notification(&self, notification: Notification) -> Result<(), String> {
        match notification {
            Notification::Hello(hello) => match lock(&self.hello).take() {
                // Whoever waits for it may have given up.
                Some(waiting) => drop(waiting.send(hello)),
                None => return Err("the worker said worker.hello twice".to_owned()),
            },
            Notification::Log(line) => self.log(&line),
            Notification::Cancel { id } => {
                if let Some(cancel) = lock(&self.operations).get(&id) {
                    cancel.notify_one();
                }
            }
            Notification::Loop { instance } => {
                if let Some(lockstep) = &self.lockstep {
                    lockstep.looped(self, &instance);
                }
            }
            Notification::Settled { ids } => {
                if let Some(lockstep) = &self.lockstep {
                    lockstep.settled(self, &ids);
                }
            }
            Notification::Source(source) => {
                if let Some(journal) = self.journal() {
                    journal.source(source);
                }
            }
            Notification::At { sites } => {
                if let Some(journal) = self.journal() {
                    journal.at_work(sites);
                }
            }
            Notification::Thread(change) => {
                if let Some(lockstep) = &self.lockstep {
                    lockstep.thread(&change.instance, change.begins);
                }
            }
        }
        Ok(())
    }

    fn journal(&self) -> Option<&Journal> {
        self.lockstep.as_ref().and_then(|lockstep| lockstep.journal())
    }

    /// A line of an application's log, with its name and its instance (LOG-4).
    fn log(&self, line: &LogLine) {
        let instance = line.instance.as_ref().and_then(|id| lock(&self.instances).by_id.get(id).cloned());
        let application = instance.as_ref().map_or("-", |instance| instance.application());
        let id = line.instance.as_deref().map_or("-".into(), one_entry);
        let text = one_entry(&line.text);
        let worker = self.index;
        macro_rules! at {
            ($level:ident, $target:literal) => {
                tracing::event!(target: $target, tracing::Level::$level, worker, application, instance = %id, "{text}")
            };
        }
        match line.level {
            Level::Debug => at!(TRACE, "offhook::application"),
            Level::Trace => at!(DEBUG, "offhook::application"),
            Level::Info => at!(INFO, "offhook::application"),
            Level::Report => at!(INFO, "offhook::report"),
            Level::Warning => at!(WARN, "offhook::application"),
            Level::Error => at!(ERROR, "offhook::application"),
        }
    }
}

/// Removes an entry of the map of answers when whoever waits for it is gone.
struct Entry<'a> {
    map: &'a Mutex<HashMap<u64, oneshot::Sender<Result<Value, RpcError>>>>,
    id: u64,
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        lock(self.map).remove(&self.id);
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while one of these was held cannot have left half a change: each is one insert or remove.
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What may wait for a worker that does not read.
const OUTBOX_BYTES: usize = 16 << 20;
const READ_BYTES: usize = 64 << 10;
/// Operations under way, for each instance that the worker may run.
const OPERATIONS_PER_INSTANCE: usize = 16;
