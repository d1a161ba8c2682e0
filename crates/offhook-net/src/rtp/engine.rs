//! The media engine: ports, threads, and the way to a stream.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use offhook_media::{Clip, Party, StreamCommand, StreamConfig, StreamEvent, StreamStats};
use parking_lot::Mutex;
use tokio::sync::mpsc::UnboundedSender;

use super::config::{RtpConfig, StartRtpError};
use super::metrics::RtpMetrics;
use super::order::{Opening, Order, RoomOrder};
use super::pacer::{Pacer, Shared};
use super::places::Places;
use super::ports::{PortPool, PortsExhausted, Reserved};
use super::slot::Published;

/// Drives media streams on a few threads of its own: one per core, each with its own streams.
///
/// No method waits for a pacing thread, but for [`shut_down`](RtpEngine::shut_down): an order goes through a channel
/// and is carried out within 4 ms, before the next frame. Dropping the engine shuts it down.
///
/// ```no_run
/// use offhook_media::{StreamCommand, StreamEvent};
/// use offhook_net::{RtpConfig, RtpEngine};
///
/// # async fn example(config: offhook_media::StreamConfig) -> Result<(), Box<dyn std::error::Error>> {
/// let engine = RtpEngine::start(&RtpConfig::default())?;
/// let (events, mut heard) = tokio::sync::mpsc::unbounded_channel();
/// let ports = engine.reserve("192.0.2.9".parse()?)?;
/// println!("RTP on {}", ports.rtp());
/// let stream = engine.open(ports, config, events);
/// engine.command(stream, StreamCommand::Close);
/// while let Some((_, event)) = heard.recv().await {
///     if let StreamEvent::Closed(stats) = event {
///         println!("{} packets sent", stats.packets_sent);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RtpEngine {
    ports: Arc<PortPool>,
    threads: Vec<Thread>,
    places: Arc<Places>,
    next_id: AtomicU64,
}

impl RtpEngine {
    /// Starts the pacing threads.
    ///
    /// # Errors
    ///
    /// The port range holds no pair, or a thread cannot be started.
    pub fn start(config: &RtpConfig) -> Result<Self, StartRtpError> {
        let ports = PortPool::new(config.ports.clone(), config.dscp)
            .ok_or_else(|| StartRtpError::NoPorts { ports: config.ports.clone() })?;
        let places = Arc::new(Places::default());
        let start = |number| Thread::start(number, &places);
        let threads = (0..config.thread_count()).map(start).collect::<Result<_, _>>()?;
        Ok(Self { ports: Arc::new(ports), threads, places, next_id: AtomicU64::new(0) })
    }

    /// Binds a pair of ports on a local address; `0.0.0.0` and `::` are all addresses of the machine.
    ///
    /// # Errors
    ///
    /// No pair is free, or the address is none of this machine's.
    pub fn reserve(&self, address: IpAddr) -> Result<Reserved, PortsExhausted> {
        self.ports.reserve(address)
    }

    /// Starts a stream on reserved ports: its first frame is due within 20 ms (RING-36). `config.offset` is chosen
    /// here. Its events go to `events`, each with the stream's name; when nobody receives them any more, the stream
    /// is closed.
    pub fn open(
        &self,
        ports: Reserved,
        config: StreamConfig,
        events: UnboundedSender<(StreamId, StreamEvent)>,
    ) -> StreamId {
        self.open_on(self.least_busy(), Some(ports), config, events)
    }

    /// Hands an order to a stream; one that has ended ignores it.
    pub fn command(&self, stream: StreamId, command: StreamCommand) {
        self.order(stream, Order::Command(stream, command));
    }

    /// Makes a room, in which streams exchange audio: on the thread of the stream `near`, if one is named. With
    /// `loudest` at most so many talkers are heard at a time.
    pub fn open_room(&self, near: Option<StreamId>, loudest: Option<NonZeroUsize>) -> RoomId {
        let thread = near.map_or_else(|| self.least_busy(), |near| self.places.of(near, self.threads.len()));
        let room = RoomId(self.next_number(thread));
        self.order_room(room, RoomOrder::Open { loudest });
        room
    }

    /// Lets a stream into a room, out of the one in which it was; or changes what it may do there.
    ///
    /// All streams of a room run on one thread: one that runs elsewhere moves there, with its sockets and all that it
    /// is doing. Orders to it are carried out in the order in which they were given, as ever.
    pub fn enter(&self, room: RoomId, stream: StreamId, party: Party) {
        let to = self.thread_of(room);
        self.places.change(stream, self.threads.len(), to, |from| {
            if from != to {
                let (old, new) = (&self.threads[from].door, &self.threads[to].door);
                // The new thread holds back what it is told of the stream until the stream is there.
                let _ = new.send(Order::Expect(stream));
                if old.send(Order::Move(stream, new.clone())).is_err() {
                    let _ = new.send(Order::Gone(stream));
                }
            }
            let _ = self.threads[to].door.send(Order::Enter(stream, room, party));
        });
    }

    /// Lets a stream out of a room, if it is in that one.
    pub fn leave(&self, room: RoomId, stream: StreamId) {
        self.order(stream, Order::Leave(stream, room));
    }

    /// Repeats a clip to one stream of a room alone, in place of what the others say; `None` ends that. Leaving the
    /// room ends it too.
    pub fn play_alone(&self, stream: StreamId, clip: Option<Clip>) {
        self.order(stream, Order::PlayAlone(stream, clip));
    }

    /// Plays a clip to everyone in a room, after those that are being played.
    pub fn announce(&self, room: RoomId, clip: Clip) {
        self.order_room(room, RoomOrder::Announce(clip));
    }

    /// Ends a room; the streams in it go on by themselves.
    pub fn close_room(&self, room: RoomId) {
        self.order_room(room, RoomOrder::Close);
    }

    /// Starts a stream whose far end is a room: it has no ports, what it plays is heard in the room, and what is said
    /// in the room is what it hears (see [`Stream::inside_room`](offhook_media::Stream::inside_room)).
    pub fn open_in_room(
        &self,
        room: RoomId,
        config: StreamConfig,
        events: UnboundedSender<(StreamId, StreamEvent)>,
        party: Party,
    ) -> StreamId {
        let stream = self.open_on(self.thread_of(room), None, config, events);
        self.enter(room, stream, party);
        stream
    }

    /// The counts of a stream, at most a tenth of a second old. `None` once it has ended: then
    /// [`StreamEvent::Closed`] has the last ones.
    pub fn stats(&self, stream: StreamId) -> Option<StreamStats> {
        let home = &self.threads[Places::home(stream, self.threads.len())];
        let published = Arc::clone(home.shared().published.lock().get(&stream)?);
        let stats = published.lock().clone();
        Some(stats)
    }

    /// How many pairs of ports are free.
    pub fn ports_free(&self) -> usize {
        self.ports.free()
    }

    /// How many streams run.
    pub fn streams(&self) -> usize {
        self.threads.iter().map(|thread| thread.shared().streams.load(Ordering::SeqCst)).sum()
    }

    /// What the threads have done so far.
    pub fn metrics(&self) -> RtpMetrics {
        let mut sum = RtpMetrics::default();
        for thread in &self.threads {
            thread.shared().metrics.sum_into(&mut sum);
        }
        sum
    }

    /// Closes every stream, with RTCP BYE, and ends the threads. Waits for them, a few milliseconds. Later calls
    /// do nothing.
    pub fn shut_down(&self) {
        for thread in &self.threads {
            let _ = thread.door.send(Order::Stop);
        }
        for thread in &self.threads {
            if let Some(handle) = thread.handle.lock().take()
                && handle.join().is_err()
            {
                tracing::error!("a media thread has panicked");
            }
        }
    }

    fn open_on(
        &self,
        thread: usize,
        sockets: Option<Reserved>,
        config: StreamConfig,
        events: UnboundedSender<(StreamId, StreamEvent)>,
    ) -> StreamId {
        let id = StreamId(self.next_number(thread));
        let thread = &self.threads[thread];
        let published = Published::default();
        thread.shared().published.lock().insert(id, Arc::clone(&published));
        thread.shared().streams.fetch_add(1, Ordering::SeqCst);
        let opening = Opening { id, at: Instant::now(), sockets, config, events, published };
        if let Err(Order::Open(opening)) = thread.door.send(Order::Open(Box::new(opening))) {
            // The engine was shut down before.
            thread.shared().streams.fetch_sub(1, Ordering::SeqCst);
            thread.shared().published.lock().remove(&id);
            let Opening { sockets, events, .. } = *opening;
            drop(sockets);
            let _ = events.send((id, StreamEvent::Closed(StreamStats::default())));
        }
        id
    }

    /// Hands an order to the thread on which a stream runs.
    fn order(&self, stream: StreamId, order: Order) {
        self.places.with(stream, self.threads.len(), |thread| {
            // After the engine was shut down there is no stream left to take the order.
            let _ = self.threads[thread].door.send(order);
        });
    }

    fn order_room(&self, room: RoomId, order: RoomOrder) {
        // After the engine was shut down there is no room left to take the order.
        let _ = self.threads[self.thread_of(room)].door.send(Order::Room(room, order));
    }

    fn thread_of(&self, room: RoomId) -> usize {
        (room.0 % self.threads.len() as u64) as usize
    }

    fn least_busy(&self) -> usize {
        let streams = |(_, thread): &(usize, &Thread)| thread.shared().streams.load(Ordering::Relaxed);
        self.threads.iter().enumerate().min_by_key(streams).map_or(0, |(thread, _)| thread)
    }

    /// A number never used before, which tells the thread as its remainder.
    fn next_number(&self, thread: usize) -> u64 {
        let serial = self.next_id.fetch_add(1, Ordering::Relaxed);
        serial * self.threads.len() as u64 + thread as u64
    }
}

impl Drop for RtpEngine {
    fn drop(&mut self) {
        self.shut_down();
    }
}

/// Names a stream of a media engine; never used twice by one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub u64);

/// Names a room of a media engine; never used twice by one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomId(pub u64);

/// A pacing thread, seen from the engine.
#[derive(Debug)]
struct Thread {
    door: Door,
    handle: Mutex<Option<JoinHandle<()>>>,
}

impl Thread {
    fn start(number: usize, places: &Arc<Places>) -> Result<Self, StartRtpError> {
        let (orders, inbox) = mpsc::channel();
        let (pacer, shared) = Pacer::new(inbox, Arc::clone(places))?;
        let handle =
            thread::Builder::new().name(format!("offhook-rtp-{number}")).spawn(move || pacer.run())?;
        Ok(Self { door: Door { orders, shared }, handle: Mutex::new(Some(handle)) })
    }

    fn shared(&self) -> &Shared {
        &self.door.shared
    }
}

/// The way to a pacing thread.
#[derive(Clone, Debug)]
pub(super) struct Door {
    orders: Sender<Order>,
    pub(super) shared: Arc<Shared>,
}

impl Door {
    /// Gives the order back when the thread has ended.
    pub(super) fn send(&self, order: Order) -> Result<(), Order> {
        self.orders.send(order).map_err(|unsent| unsent.0)?;
        if self.shared.asleep.swap(false, Ordering::SeqCst) {
            // If the waker fails the order is carried out at the thread's next turn.
            let _ = self.shared.waker.wake();
        }
        Ok(())
    }
}
