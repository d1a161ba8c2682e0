//! A pacing thread: it owns its streams outright and sends each one's packets when they are due (MED-14).

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events as Ready, Poll, Token, Waker};
use offhook_media::{Party, Stream, StreamCommand};
use parking_lot::Mutex;

use super::engine::{RoomId, StreamId};
use super::metrics::{RtpMetrics, SharedMetrics};
use super::moving::Expected;
use super::order::{Opening, Order, RoomOrder};
use super::phases::Phases;
use super::places::Places;
use super::priority;
use super::rooms::Rooms;
use super::slot::{Published, Slot};
use super::wheel::{Key, Wheel};

/// What a pacing thread shares with the engine.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) waker: Waker,
    /// Whether the thread waits for longer than a moment, so that an order must wake it.
    pub(super) asleep: AtomicBool,
    pub(super) streams: AtomicUsize,
    pub(super) published: Mutex<HashMap<StreamId, Published>>,
    pub(super) metrics: SharedMetrics,
}

/// The thread's own state.
pub(super) struct Pacer {
    pub(super) poll: Poll,
    orders: Receiver<Order>,
    pub(super) shared: Arc<Shared>,
    pub(super) places: Arc<Places>,
    slots: Vec<Option<Box<Slot>>>,
    /// Counts the tenants of a slot, so that what was meant for one does not reach the next.
    tenants: Vec<u32>,
    free: Vec<u32>,
    pub(super) by_id: HashMap<StreamId, u32>,
    wheel: Wheel,
    pub(super) phases: Phases,
    rooms: Rooms,
    pub(super) expected: Expected,
    /// Sockets that were not read to the end.
    unread: Vec<Token>,
    /// Whether an order was carried out in this turn.
    had_orders: bool,
    metrics: RtpMetrics,
    buffer: Box<[u8; BUFFER_BYTES]>,
    stopped: bool,
}

impl Pacer {
    /// Makes the state of a thread. It is to be moved into the thread that calls [`Pacer::run`].
    pub(super) fn new(orders: Receiver<Order>, places: Arc<Places>) -> io::Result<(Self, Arc<Shared>)> {
        let poll = Poll::new()?;
        let shared = Arc::new(Shared {
            waker: Waker::new(poll.registry(), WAKE)?,
            asleep: AtomicBool::new(false),
            streams: AtomicUsize::new(0),
            published: Mutex::default(),
            metrics: SharedMetrics::default(),
        });
        let epoch = Instant::now();
        let pacer = Self {
            poll,
            orders,
            shared: Arc::clone(&shared),
            places,
            slots: Vec::new(),
            tenants: Vec::new(),
            free: Vec::new(),
            by_id: HashMap::new(),
            wheel: Wheel::new(epoch),
            phases: Phases::new(epoch),
            rooms: Rooms::new(epoch),
            expected: Expected::default(),
            unread: Vec::new(),
            had_orders: false,
            metrics: RtpMetrics::default(),
            buffer: Box::new([0; BUFFER_BYTES]),
            stopped: false,
        };
        Ok((pacer, shared))
    }

    /// Runs until it is told to stop, or the engine is gone; then every stream says BYE and is closed.
    pub(super) fn run(mut self) {
        priority::raise();
        let mut ready = Ready::with_capacity(1024);
        let mut wait = Duration::ZERO;
        while !self.stopped {
            self.wait(wait, &mut ready);
            self.take_orders();
            self.receive(&ready);
            self.rooms.visit_due(&mut self.slots);
            self.visit_due();
            self.shared.metrics.add(&mut self.metrics);
            let next_due = [self.wheel.next_due(), self.rooms.next_due()].into_iter().flatten().min();
            wait = match next_due {
                _ if !self.unread.is_empty() => Duration::ZERO,
                Some(due) => due.saturating_duration_since(Instant::now()),
                None => Duration::MAX,
            };
            // Orders take effect with the next frame, so while there are streams it is enough to look for them now and
            // then: a thread that had to be woken for each would cost more than what it is told to do.
            if std::mem::take(&mut self.had_orders) || !self.by_id.is_empty() {
                wait = wait.min(ORDERS_WITHIN);
            }
        }
        // What was opened in the meantime is closed like the rest.
        while let Ok(order) = self.orders.try_recv() {
            self.obey(order);
        }
        for index in 0..self.slots.len() as u32 {
            self.command(index, StreamCommand::Close);
        }
        self.shared.metrics.add(&mut self.metrics);
    }

    /// Waits for datagrams, an order, or the time; for less than a millisecond, for the time alone.
    ///
    /// The system's wait for sockets counts in milliseconds, which is too coarse to pace by: the rest is slept, and
    /// what comes meanwhile is read afterwards, many datagrams at one waking.
    fn wait(&mut self, wait: Duration, ready: &mut Ready) {
        if wait == Duration::MAX {
            self.shared.asleep.store(true, Ordering::SeqCst);
            // An order that came before the thread was known to sleep has woken nobody.
            let orders = self.orders.try_recv();
            if matches!(orders, Err(TryRecvError::Empty)) {
                // Fails when interrupted, and then the turn comes early, which does no harm.
                let _ = self.poll.poll(ready, None);
            } else {
                ready.clear();
            }
            self.shared.asleep.store(false, Ordering::SeqCst);
            match orders {
                Ok(order) => self.obey(order),
                Err(TryRecvError::Disconnected) => self.stopped = true,
                Err(TryRecvError::Empty) => {}
            }
            return;
        }
        let whole = Duration::from_millis(wait.as_millis() as u64);
        if whole.is_zero() && !wait.is_zero() {
            thread::sleep(wait);
        }
        let _ = self.poll.poll(ready, Some(whole));
    }

    fn take_orders(&mut self) {
        for _ in 0..ORDERS_PER_TURN {
            match self.orders.try_recv() {
                Ok(order) => self.obey(order),
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => {
                    self.stopped = true;
                    return;
                }
            }
        }
    }

    pub(super) fn obey(&mut self, order: Order) {
        self.had_orders = true;
        let Some(order) = self.expected.keep(order) else { return };
        match order {
            Order::Open(opening) => self.open(*opening),
            Order::Command(id, command) => {
                if let Some(&index) = self.by_id.get(&id) {
                    self.command(index, command);
                }
            }
            Order::Enter(id, room, party) => self.enter(id, room, party),
            Order::Leave(id, room) => {
                if let Some(&index) = self.by_id.get(&id)
                    && self.slots[index as usize].as_ref().is_some_and(|slot| slot.room == Some(room))
                {
                    self.leave_room(index);
                }
            }
            Order::PlayAlone(id, clip) => {
                if let Some(&index) = self.by_id.get(&id)
                    && let Some(room) = self.slots[index as usize].as_ref().and_then(|slot| slot.room)
                {
                    self.rooms.play_alone(room, index, clip);
                }
            }
            Order::Move(id, to) => self.send_away(id, &to),
            Order::Expect(id) => self.expect(id),
            Order::Adopt(slot) => self.adopt(slot),
            Order::Gone(id) => self.gone(id),
            Order::Room(room, RoomOrder::Open { loudest }) => self.rooms.open(room, loudest),
            Order::Room(room, RoomOrder::Announce(clip)) => self.rooms.announce(room, clip),
            Order::Room(room, RoomOrder::Close) => {
                for index in self.rooms.close(room) {
                    if let Some(slot) = &mut self.slots[index as usize] {
                        slot.leave_room();
                    }
                }
            }
            Order::Stop => self.stopped = true,
        }
    }

    fn open(&mut self, opening: Opening) {
        let Opening { id, at, sockets, mut config, events, published } = opening;
        let now = Instant::now();
        let (phase, first_frame) = self.phases.occupy(now, at);
        config.offset = first_frame.saturating_duration_since(now);
        let stream = match sockets {
            Some(_) => Stream::new(now, config),
            None => Stream::inside_room(now, config),
        };
        let home = Arc::clone(&self.shared);
        self.house(Box::new(Slot::new(id, stream, sockets, events, published, home, phase)));
    }

    /// Gives a slot its place here.
    pub(super) fn house(&mut self, mut slot: Box<Slot>) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.tenants.push(0);
            self.slots.len() as u32 - 1
        });
        slot.due = slot.stream.poll_timeout();
        if let Some(due) = slot.due {
            self.wheel.insert(due, Key { slot: index, tenant: self.tenants[index as usize] });
        }
        self.by_id.insert(slot.id, index);
        self.slots[index as usize] = Some(slot);
    }

    /// Takes a slot from its place.
    pub(super) fn vacate(&mut self, index: u32) -> Option<Box<Slot>> {
        let mut slot = self.slots[index as usize].take()?;
        if let Some(due) = slot.due.take() {
            // Left there it would wake the thread for nobody.
            self.wheel.remove(due, Key { slot: index, tenant: self.tenants[index as usize] });
        }
        self.tenants[index as usize] = self.tenants[index as usize].wrapping_add(1);
        self.free.push(index);
        self.by_id.remove(&slot.id);
        self.phases.vacate(slot.phase);
        Some(slot)
    }

    fn enter(&mut self, id: StreamId, room: RoomId, party: Party) {
        let Some(&index) = self.by_id.get(&id) else { return };
        if self.slots[index as usize].as_ref().is_some_and(|slot| slot.room != Some(room)) {
            self.leave_room(index);
        }
        let Some(slot) = &mut self.slots[index as usize] else { return };
        let Some(due) = slot.stream.poll_timeout() else { return };
        if self.rooms.enter(room, index, party, due) {
            slot.enter_room(room);
        }
    }

    /// Lets a slot out of the room in which it is.
    pub(super) fn leave_room(&mut self, index: u32) {
        let left = self.slots[index as usize].as_mut().and_then(|slot| slot.leave_room());
        if let Some(room) = left {
            self.rooms.leave(room, index);
        }
    }

    fn command(&mut self, index: u32, command: StreamCommand) {
        let Some(slot) = &mut self.slots[index as usize] else { return };
        slot.stream.command(Instant::now(), command);
        slot.connect();
        slot.flush(&mut self.buffer[..], &mut self.metrics);
        self.remove_if_closed(index);
    }

    /// Reads what has come, from each socket a few datagrams a turn, so that a flood on one delays no other.
    fn receive(&mut self, ready: &Ready) {
        let now = Instant::now();
        let mut unread = std::mem::take(&mut self.unread);
        unread.retain(|token| self.receive_from(now, *token));
        for token in ready.iter().map(|event| event.token()).filter(|token| *token != WAKE) {
            // One that is still unread has had its share of this turn.
            if !unread.contains(&token) && self.receive_from(now, token) {
                unread.push(token);
            }
        }
        self.unread = unread;
    }

    /// Reads one socket; returns whether there may be more.
    fn receive_from(&mut self, now: Instant, token: Token) -> bool {
        let (index, rtcp) = (token.0 / 2, token.0 % 2 == 1);
        let Some(Some(slot)) = self.slots.get_mut(index) else { return false };
        slot.receive(now, rtcp, DATAGRAMS_PER_TURN, &mut self.buffer[..], &mut self.metrics)
    }

    /// Visits the streams whose frames are due, those of the oldest bucket first.
    fn visit_due(&mut self) {
        let mut now = Instant::now();
        while let Some((due, keys)) = self.wheel.take_due(now) {
            let lateness = now.saturating_duration_since(due);
            self.metrics.worst_lateness = self.metrics.worst_lateness.max(lateness);
            if lateness > LATE {
                self.metrics.late_visits += keys.len() as u64;
            }
            for key in &keys {
                self.visit(now, *key);
            }
            self.wheel.put_back(keys);
            now = Instant::now();
        }
        self.wheel.advance(now);
    }

    fn visit(&mut self, now: Instant, key: Key) {
        let index = key.slot as usize;
        if self.tenants[index] != key.tenant {
            return;
        }
        let Some(slot) = &mut self.slots[index] else { return };
        // Only now: a stream that was closed before its first frame costs its thread next to nothing. What came in
        // these milliseconds waits in the sockets.
        if let Err(error) = slot.watch(self.poll.registry(), key.slot) {
            // It sends all the same; what it would hear is lost.
            tracing::error!(%error, "media socket cannot be watched");
        }
        // A visit that comes late finds more than one frame due.
        while slot.stream.poll_timeout().is_some_and(|due| due <= now) {
            slot.visit(now, &mut self.buffer[..], &mut self.metrics);
        }
        slot.due = slot.stream.poll_timeout();
        if let Some(due) = slot.due {
            self.wheel.insert(due, key);
        }
        if slot.is_abandoned() {
            self.command(key.slot, StreamCommand::Close);
        }
    }

    fn remove_if_closed(&mut self, index: u32) {
        if !self.slots[index as usize].as_ref().is_some_and(|slot| slot.stream.is_closed()) {
            return;
        }
        self.leave_room(index);
        let Some(slot) = self.vacate(index) else { return };
        slot.home.published.lock().remove(&slot.id);
        if slot.has_moved {
            self.places.forget(slot.id);
        }
        self.shared.streams.fetch_sub(1, Ordering::SeqCst);
        slot.end();
    }
}

/// The token of the waker; slots count from zero.
const WAKE: Token = Token(usize::MAX);
/// Room for the largest datagram there is.
const BUFFER_BYTES: usize = 65_536;
/// How soon a thread with streams looks for orders.
const ORDERS_WITHIN: Duration = Duration::from_millis(4);
/// How many orders are carried out before frames are looked after again.
const ORDERS_PER_TURN: usize = 64;
/// How many datagrams are read from a socket before others are looked after.
const DATAGRAMS_PER_TURN: u32 = 16;
/// A visit later than this is counted as late.
const LATE: Duration = Duration::from_millis(5);
