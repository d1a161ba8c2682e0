//! Two endpoints joined by a link that delays, loses, doubles and reorders, all from a seed.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook_sip::sdp::SessionDescription;
use offhook_sip::{
    Call, Counts, Endpoint, EndpointConfig, Event, Flow, Message, ParseLimits, PrackPolicy, Reliability,
};

use super::bed::{Wire, line, outgoing};
use super::{PEER, US, address, ms, name};

/// What the network does to datagrams.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub seed: u64,
    pub delay: Duration,
    /// At most so much more, at random: datagrams may overtake each other.
    pub jitter: Duration,
    pub loss_percent: u64,
    pub duplicate_percent: u64,
}

impl Link {
    /// Ten milliseconds, and nothing is lost.
    pub fn perfect() -> Self {
        Self { seed: 1, delay: ms(10), jitter: Duration::ZERO, loss_percent: 0, duplicate_percent: 0 }
    }

    pub fn bad(seed: u64) -> Self {
        Self { seed, delay: ms(20), jitter: ms(300), loss_percent: 25, duplicate_percent: 15 }
    }
}

/// The endpoint that calls, or the one that is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Caller,
    Callee,
}

/// Decides which datagrams are lost.
type Loss = Box<dyn FnMut(Side, &str, usize) -> bool>;

pub struct Pair {
    pub caller: Endpoint,
    pub callee: Endpoint,
    link: Link,
    drawn: u64,
    start: Instant,
    pub now: Instant,
    /// When, in which order, to whom, what.
    flying: BinaryHeap<Reverse<(Instant, u64, Side, Bytes)>>,
    sent: u64,
    pub events: VecDeque<(Side, Event)>,
    pub wires: Vec<(Side, Wire)>,
    /// Drops a datagram, given its sender, its short line and how many of that line were sent before.
    pub drop: Loss,
}

impl Pair {
    pub fn new(link: Link) -> Self {
        Self::with(link, EndpointConfig::default())
    }

    pub fn with(link: Link, config: EndpointConfig) -> Self {
        let start = Instant::now();
        Self {
            caller: Endpoint::new(config.clone(), link.seed.wrapping_mul(2) + 1),
            callee: Endpoint::new(config, link.seed.wrapping_mul(2) + 2),
            link,
            drawn: 0,
            start,
            now: start,
            flying: BinaryHeap::new(),
            sent: 0,
            events: VecDeque::new(),
            wires: Vec::new(),
            drop: Box::new(|_, _, _| false),
        }
    }

    pub fn at(&self) -> Duration {
        self.now - self.start
    }

    pub fn call(&mut self, sdp: Option<SessionDescription>, reliability: Reliability) -> Call {
        let flow = Flow::udp(address(PEER), address(US));
        let call = self.caller.invite(self.now, outgoing(flow, sdp, reliability, PrackPolicy::Auto));
        self.flush();
        call.expect("it calls")
    }

    /// Acts on one side.
    pub fn act<R>(&mut self, side: Side, act: impl FnOnce(&mut Endpoint, Instant) -> R) -> R {
        let now = self.now;
        let result = act(self.side(side), now);
        self.flush();
        result
    }

    /// Lets time pass until an event comes up or `limit` is over.
    pub fn next_event(&mut self, limit: Duration) -> Option<(Side, Event)> {
        let end = self.now + limit;
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            if !self.step(end) {
                return None;
            }
        }
    }

    /// Lets time pass, and everything happen that is due.
    pub fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while self.step(end) {}
    }

    pub fn event_names(&mut self) -> Vec<(Side, String)> {
        self.events.drain(..).map(|(side, event)| (side, name(&event))).collect()
    }

    pub fn lines(&mut self) -> Vec<(Side, String)> {
        self.wires.drain(..).map(|(side, wire)| (side, line(&wire))).collect()
    }

    pub fn assert_nothing_is_left(&mut self) {
        self.wait(ms(3 * 64 * 500));
        assert_eq!(self.caller.counts(), Counts::default(), "caller, seed {}", self.link.seed);
        assert_eq!(self.callee.counts(), Counts::default(), "callee, seed {}", self.link.seed);
    }

    fn side(&mut self, side: Side) -> &mut Endpoint {
        match side {
            Side::Caller => &mut self.caller,
            Side::Callee => &mut self.callee,
        }
    }

    /// Moves to the next thing that happens, if that is not after `end`.
    fn step(&mut self, end: Instant) -> bool {
        let arrival = self.flying.peek().map(|Reverse((at, ..))| *at);
        let timers = [self.caller.poll_timeout(), self.callee.poll_timeout()];
        let next = timers.into_iter().flatten().chain(arrival).min();
        let Some(next) = next.filter(|next| *next <= end) else {
            self.now = self.now.max(end);
            return false;
        };
        self.now = self.now.max(next);
        while let Some(Reverse((at, ..))) = self.flying.peek() {
            if *at > self.now {
                break;
            }
            let Some(Reverse((_, _, to, bytes))) = self.flying.pop() else { break };
            let (local, remote) = match to {
                Side::Caller => (address(PEER), address(US)),
                Side::Callee => (address(US), address(PEER)),
            };
            let now = self.now;
            self.side(to).receive(now, Flow::udp(local, remote), bytes);
            self.flush();
        }
        let now = self.now;
        self.caller.handle_timeout(now);
        self.callee.handle_timeout(now);
        self.flush();
        true
    }

    fn flush(&mut self) {
        for side in [Side::Caller, Side::Callee] {
            while let Some(transmit) = self.side(side).poll_transmit() {
                let message = Message::parse(transmit.bytes.clone(), &ParseLimits::default());
                let message = message.expect("what we send is well formed");
                let wire =
                    Wire { at: self.at(), flow: transmit.flow, message, bytes: transmit.bytes.clone() };
                let text = line(&wire);
                let before =
                    self.wires.iter().filter(|(who, wire)| *who == side && line(wire) == text).count();
                self.wires.push((side, wire));
                if (self.drop)(side, &text, before) || self.draw(100) < self.link.loss_percent {
                    continue;
                }
                let copies = if self.draw(100) < self.link.duplicate_percent { 2 } else { 1 };
                for _ in 0..copies {
                    let jitter = self.link.jitter.as_micros() as u64;
                    let extra = if jitter == 0 { 0 } else { self.draw(jitter) };
                    let at = self.now + self.link.delay + Duration::from_micros(extra);
                    let to = if side == Side::Caller { Side::Callee } else { Side::Caller };
                    self.sent += 1;
                    self.flying.push(Reverse((at, self.sent, to, transmit.bytes.clone())));
                }
            }
            while let Some(event) = self.side(side).poll_event() {
                self.events.push_back((side, event));
            }
        }
    }

    /// A random number below `bound` (splitmix64).
    fn draw(&mut self, bound: u64) -> u64 {
        self.drawn = self.drawn.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.drawn ^ self.link.seed.wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % bound
    }
}
