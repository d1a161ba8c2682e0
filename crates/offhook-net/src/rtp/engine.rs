//! The media engine: ports, threads, and the way to a stream.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

use offhook_media::{StreamCommand, StreamConfig, StreamEvent, StreamStats};
use parking_lot::Mutex;
use tokio::sync::mpsc::UnboundedSender;

use super::config::{RtpConfig, StartRtpError};
use super::metrics::RtpMetrics;
use super::pacer::{Opening, Order, Pacer, Shared};
use super::ports::{PortPool, PortsExhausted, Reserved};
use super::slot::Published;

/// Drives media streams on a few threads of its own: one per core, each with its own streams.
///
/// No method waits for a pacing thread, but for [`shut_down`](RtpEngine::shut_down): an order goes through a channel
/// and is carried out within a millisecond. Dropping the engine shuts it down.
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
        let threads = (0..config.thread_count()).map(Thread::start).collect::<Result<_, _>>()?;
        Ok(Self { ports: Arc::new(ports), threads, next_id: AtomicU64::new(0) })
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
        let (thread, _) = self
            .threads
            .iter()
            .enumerate()
            .min_by_key(|(_, thread)| thread.shared.streams.load(Ordering::Relaxed))
            .unwrap_or_else(|| unreachable!("an engine has at least one thread"));
        let serial = self.next_id.fetch_add(1, Ordering::Relaxed);
        let id = StreamId(serial * self.threads.len() as u64 + thread as u64);
        let thread = &self.threads[thread];

        let published = Published::default();
        thread.shared.published.lock().insert(id, Arc::clone(&published));
        thread.shared.streams.fetch_add(1, Ordering::SeqCst);
        let opening = Opening { id, sockets: ports, config, events, published };
        if let Err(Order::Open(opening)) = thread.send(Order::Open(Box::new(opening))) {
            // The engine was shut down before.
            thread.shared.streams.fetch_sub(1, Ordering::SeqCst);
            thread.shared.published.lock().remove(&id);
            let Opening { sockets, events, .. } = *opening;
            drop(sockets);
            let _ = events.send((id, StreamEvent::Closed(StreamStats::default())));
        }
        id
    }

    /// Hands an order to a stream; one that has ended ignores it.
    pub fn command(&self, stream: StreamId, command: StreamCommand) {
        // After the engine was shut down there is no stream left to take the order.
        let _ = self.thread(stream).send(Order::Command(stream, command));
    }

    /// The counts of a stream, at most a tenth of a second old. `None` once it has ended: then
    /// [`StreamEvent::Closed`] has the last ones.
    pub fn stats(&self, stream: StreamId) -> Option<StreamStats> {
        let published = Arc::clone(self.thread(stream).shared.published.lock().get(&stream)?);
        let stats = published.lock().clone();
        Some(stats)
    }

    /// How many pairs of ports are free.
    pub fn ports_free(&self) -> usize {
        self.ports.free()
    }

    /// How many streams run.
    pub fn streams(&self) -> usize {
        self.threads.iter().map(|thread| thread.shared.streams.load(Ordering::SeqCst)).sum()
    }

    /// What the threads have done so far.
    pub fn metrics(&self) -> RtpMetrics {
        let mut sum = RtpMetrics::default();
        for thread in &self.threads {
            thread.shared.metrics.sum_into(&mut sum);
        }
        sum
    }

    /// Closes every stream, with RTCP BYE, and ends the threads. Waits for them, a few milliseconds. Later calls
    /// do nothing.
    pub fn shut_down(&self) {
        for thread in &self.threads {
            let _ = thread.send(Order::Stop);
        }
        for thread in &self.threads {
            if let Some(handle) = thread.handle.lock().take()
                && handle.join().is_err()
            {
                tracing::error!("a media thread has panicked");
            }
        }
    }

    fn thread(&self, stream: StreamId) -> &Thread {
        &self.threads[(stream.0 % self.threads.len() as u64) as usize]
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

/// A pacing thread, seen from the engine.
#[derive(Debug)]
struct Thread {
    orders: Sender<Order>,
    shared: Arc<Shared>,
    handle: Mutex<Option<JoinHandle<()>>>,
}

impl Thread {
    fn start(number: usize) -> Result<Self, StartRtpError> {
        let (orders, inbox) = mpsc::channel();
        let (pacer, shared) = Pacer::new(inbox)?;
        let handle =
            thread::Builder::new().name(format!("offhook-rtp-{number}")).spawn(move || pacer.run())?;
        Ok(Self { orders, shared, handle: Mutex::new(Some(handle)) })
    }

    /// Gives the order back when the thread has ended.
    fn send(&self, order: Order) -> Result<(), Order> {
        self.orders.send(order).map_err(|unsent| unsent.0)?;
        if self.shared.asleep.swap(false, Ordering::SeqCst) {
            // If the waker fails the order is carried out at the thread's next turn.
            let _ = self.shared.waker.wake();
        }
        Ok(())
    }
}
