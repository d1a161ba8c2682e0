//! The wire between all hosts of a simulation.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant as TokioInstant, sleep_until};

use super::link::{Arrival, Datagram, Fate, Link};
use super::nat::Nats;
use crate::random::Random;

/// Takes in what arrives at an address: the sender and the bytes. Called without a lock held.
pub(super) type Receiver = Arc<dyn Fn(SocketAddr, Bytes) + Send + Sync>;

type Interceptor = Box<dyn FnMut(&Datagram<'_>) -> Fate + Send>;

/// Carries datagrams between addresses.
pub(super) struct Wire {
    state: Mutex<State>,
    /// Something was sent.
    sent: Notify,
}

struct State {
    began: Option<Instant>,
    link: Link,
    /// What differs for single hosts, in both directions.
    links: HashMap<IpAddr, Link>,
    nats: Nats,
    /// By how many millionths the media clocks of hosts run too fast.
    drifts_ppm: HashMap<IpAddr, f64>,
    interceptor: Option<Interceptor>,
    random: Random,
    receivers: HashMap<SocketAddr, Receiver>,
    /// The hosts that have a name.
    names: HashMap<String, IpAddr>,
    on_the_way: BinaryHeap<Reverse<OnTheWay>>,
    sent: u64,
    /// The latest arrival between two addresses: jitter alone does not reorder.
    latest: HashMap<(SocketAddr, SocketAddr), Instant>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct OnTheWay {
    at: Instant,
    /// Datagrams that arrive at one moment arrive in the order in which they were sent.
    order: u64,
    from: SocketAddr,
    to: SocketAddr,
    bytes: Bytes,
}

impl Wire {
    pub(super) fn new(seed: u64) -> Self {
        let state = State {
            began: None,
            link: Link::default(),
            links: HashMap::new(),
            nats: Nats::default(),
            drifts_ppm: HashMap::new(),
            interceptor: None,
            random: Random::new(Some(seed)),
            receivers: HashMap::new(),
            names: HashMap::new(),
            on_the_way: BinaryHeap::new(),
            sent: 0,
            latest: HashMap::new(),
        };
        Self { state: Mutex::new(state), sent: Notify::new() }
    }

    pub(super) fn begin(&self, now: Instant) {
        self.state.lock().began = Some(now);
    }

    pub(super) fn elapsed(&self, now: Instant) -> Duration {
        self.state.lock().began.map_or(Duration::ZERO, |began| now.saturating_duration_since(began))
    }

    pub(super) fn set_link(&self, link: Link) {
        self.state.lock().link = link;
    }

    pub(super) fn set_link_of(&self, host: IpAddr, link: Link) {
        self.state.lock().links.insert(host, link);
    }

    pub(super) fn put_behind_nat(&self, host: IpAddr, router: IpAddr) {
        self.state.lock().nats.put_behind(host, router);
    }

    /// How others see an address of a host.
    pub(super) fn seen_from_outside(&self, address: SocketAddr) -> SocketAddr {
        self.state.lock().nats.seen_from_outside(address)
    }

    pub(super) fn set_drift_of(&self, host: IpAddr, ppm: f64) {
        self.state.lock().drifts_ppm.insert(host, ppm);
    }

    /// By how many millionths the media clock of a host runs too fast.
    pub(super) fn drift_of(&self, host: IpAddr) -> f64 {
        self.state.lock().drifts_ppm.get(&host).copied().unwrap_or_default()
    }

    pub(super) fn intercept(&self, interceptor: Interceptor) {
        self.state.lock().interceptor = Some(interceptor);
    }

    /// Time on the way between two hosts.
    pub(super) fn delay(&self) -> Duration {
        self.state.lock().link.delay
    }

    /// Gives a host a name.
    pub(super) fn name(&self, name: &str, host: IpAddr) {
        self.state.lock().names.insert(name.to_owned(), host);
    }

    /// The host of that name.
    pub(super) fn host(&self, name: &str) -> Option<IpAddr> {
        self.state.lock().names.get(name).copied()
    }

    /// Listens on an address; port 0 takes a free one.
    pub(super) fn bind(&self, address: SocketAddr, receiver: Receiver) -> io::Result<SocketAddr> {
        let mut state = self.state.lock();
        let address = match address.port() {
            0 => {
                let free = (EPHEMERAL_PORTS).map(|port| SocketAddr::new(address.ip(), port));
                let mut free = free.filter(|address| !state.receivers.contains_key(address));
                free.next().ok_or(io::ErrorKind::AddrInUse)?
            }
            _ => address,
        };
        if state.receivers.contains_key(&address) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        state.receivers.insert(address, receiver);
        Ok(address)
    }

    pub(super) fn unbind(&self, address: SocketAddr) {
        self.state.lock().receivers.remove(&address);
    }

    pub(super) fn send(&self, from: SocketAddr, to: SocketAddr, bytes: Bytes) {
        let now = TokioInstant::now().into_std();
        {
            let mut state = self.state.lock();
            let state = &mut *state;
            let from = state.nats.seen_from_outside(from);
            let fate = match &mut state.interceptor {
                Some(interceptor) => interceptor(&Datagram { from, to, bytes: &bytes }),
                None => Fate::Pass,
            };
            let own = state.links.get(&from.ip()).or_else(|| state.links.get(&to.ip()));
            let link = *own.unwrap_or(&state.link);
            // No way leads there: lost.
            let Some(to) = state.nats.reached_at(to) else { return };
            let on_time = |after| Arrival { after, overtaken: false };
            let arrivals = match fate {
                Fate::Pass => link.arrivals(&mut state.random),
                Fate::Lose => Vec::new(),
                Fate::Delay(after) => vec![Arrival { after, overtaken: true }],
                Fate::Duplicate => vec![on_time(link.delay), on_time(link.delay)],
            };
            for Arrival { after, overtaken } in arrivals {
                let mut at = now + after;
                if !overtaken {
                    let latest = state.latest.entry((from, to)).or_insert(at);
                    at = at.max(*latest);
                    *latest = at;
                }
                state.sent += 1;
                let (order, bytes) = (state.sent, bytes.clone());
                state.on_the_way.push(Reverse(OnTheWay { at, order, from, to, bytes }));
            }
        }
        self.sent.notify_one();
    }

    /// Takes out a datagram that has arrived, and who receives it.
    fn arrived(&self, now: Instant) -> Option<(Option<Receiver>, OnTheWay)> {
        let mut state = self.state.lock();
        let due = state.on_the_way.peek().is_some_and(|Reverse(next)| next.at <= now);
        let Reverse(datagram) = if due { state.on_the_way.pop()? } else { return None };
        Some((state.receivers.get(&datagram.to).cloned(), datagram))
    }

    fn next_arrival(&self) -> Option<Instant> {
        self.state.lock().on_the_way.peek().map(|Reverse(next)| next.at)
    }
}

/// Delivers datagrams when their time has come, for as long as the simulation runs.
pub(super) async fn deliver(wire: Arc<Wire>) {
    loop {
        while let Some((receiver, datagram)) = wire.arrived(TokioInstant::now().into_std()) {
            // Nobody listens: lost, as on a network without ICMP.
            if let Some(receiver) = receiver {
                receiver(datagram.from, datagram.bytes);
            }
        }
        match wire.next_arrival() {
            Some(at) => {
                tokio::select! {
                    () = sleep_until(TokioInstant::from_std(at)) => {}
                    () = wire.sent.notified() => {}
                }
            }
            None => wire.sent.notified().await,
        }
    }
}

/// Where port 0 finds a free one.
const EPHEMERAL_PORTS: std::ops::RangeInclusive<u16> = 49_152..=65_535;
