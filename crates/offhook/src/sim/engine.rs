//! The media engine of a virtual host: the same streams as on a real one, driven by the virtual clock.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::{Arc, Weak};
use std::time::Instant;

use bytes::Bytes;
use offhook_media::{
    Clip, Party, Room, RoomStreams, Stream, StreamCommand, StreamConfig, StreamEvent, StreamStats,
};
use offhook_net::{RoomId, StreamId};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant as TokioInstant, sleep_until};

use super::clock::HostClock;
use super::wire::Wire;
use crate::network::{MediaEngine, ReservedPorts, StreamEvents};

pub(super) struct VirtualEngine {
    wire: Arc<Wire>,
    host: IpAddr,
    /// What streams take for the time; the wire goes by the time of the simulation.
    clock: HostClock,
    ports: RangeInclusive<u16>,
    state: Mutex<State>,
    /// The earliest deadline may have changed.
    changed: Notify,
    myself: Weak<Self>,
}

#[derive(Default)]
struct State {
    streams: HashMap<StreamId, Running>,
    deadlines: BTreeSet<(Instant, StreamId)>,
    rooms: BTreeMap<RoomId, Room<StreamId>>,
    taken: HashSet<SocketAddr>,
    opened: u64,
    last_port: u16,
}

struct Running {
    stream: Stream,
    /// `None` for a stream whose far end is its room.
    ports: Option<VirtualPorts>,
    events: StreamEvents,
    deadline: Option<Instant>,
    room: Option<RoomId>,
}

impl VirtualEngine {
    pub(super) fn start(wire: Arc<Wire>, host: IpAddr, ports: RangeInclusive<u16>) -> Arc<Self> {
        let clock = HostClock::new(TokioInstant::now().into_std(), wire.drift_of(host));
        let engine = Arc::new_cyclic(|myself| Self {
            wire,
            clock,
            host,
            ports,
            state: Mutex::default(),
            changed: Notify::new(),
            myself: myself.clone(),
        });
        tokio::spawn(drive(Arc::downgrade(&engine)));
        engine
    }

    /// The even ports with an odd one above them.
    fn pairs(&self) -> impl Iterator<Item = u16> + use<> {
        let last = *self.ports.end();
        self.ports.clone().filter(move |port| port % 2 == 0 && *port < last)
    }

    fn receive(&self, id: StreamId, rtcp: bool, from: SocketAddr, bytes: &[u8]) {
        self.with_stream(id, |stream, now| match rtcp {
            false => stream.handle_rtp(now, from, bytes),
            true => stream.handle_rtcp(now, from, bytes),
        });
    }

    /// What the clock of the host shows.
    fn now(&self) -> Instant {
        self.clock.shown_at(TokioInstant::now().into_std())
    }

    fn handle_timeouts(&self) {
        let now = self.now();
        loop {
            // Rooms come before the streams that send what they say.
            self.state.lock().exchange(now);
            let due = self.state.lock().deadlines.first().copied();
            match due {
                Some((deadline, id)) if deadline <= now => self.with_stream(id, Stream::handle_timeout),
                _ => return,
            }
        }
    }

    /// The moment of the simulation at which the next timer ends.
    fn next_deadline(&self) -> Option<Instant> {
        let state = self.state.lock();
        let streams = state.deadlines.first().map(|(deadline, _)| *deadline);
        let rooms = state.rooms.values().filter_map(Room::poll_timeout).min();
        streams.into_iter().chain(rooms).min().map(|shown| self.clock.moment_after(shown))
    }

    fn with_room(&self, id: RoomId, act: impl FnOnce(&mut Room<StreamId>)) {
        if let Some(room) = self.state.lock().rooms.get_mut(&id) {
            act(room);
        }
        self.changed.notify_one();
    }

    fn start_stream(&self, id: StreamId, stream: Stream, ports: Option<VirtualPorts>, events: StreamEvents) {
        let running = Running { stream, ports, events, deadline: None, room: None };
        self.state.lock().streams.insert(id, running);
        self.with_stream(id, |_, _| {});
    }

    /// Lets a stream act, then carries out what it wants.
    fn with_stream(&self, id: StreamId, act: impl FnOnce(&mut Stream, Instant)) {
        let now = self.now();
        let ended = {
            let mut state = self.state.lock();
            let state = &mut *state;
            let Some(running) = state.streams.get_mut(&id) else { return };
            act(&mut running.stream, now);
            let closed = running.settle(id, &self.wire, &self.clock);
            let deadline = running.stream.poll_timeout();
            if deadline != running.deadline || closed {
                if let Some(old) = running.deadline {
                    state.deadlines.remove(&(old, id));
                }
                if let Some(new) = deadline.filter(|_| !closed) {
                    state.deadlines.insert((new, id));
                }
                running.deadline = deadline;
                self.changed.notify_one();
            }
            if closed {
                state.leave(id);
                state.streams.remove(&id)
            } else {
                None
            }
        };
        // Gives the ports back, which takes the lock again.
        drop(ended);
    }
}

impl State {
    fn next_number(&mut self) -> u64 {
        self.opened += 1;
        self.opened
    }

    /// Lets the rooms whose frame is due exchange it.
    fn exchange(&mut self, now: Instant) {
        let mut streams = InStreams(&mut self.streams);
        for room in self.rooms.values_mut() {
            while room.poll_timeout().is_some_and(|due| due <= now) {
                room.handle_timeout(now, &mut streams);
            }
        }
    }

    /// Lets a stream out of the room in which it is.
    fn leave(&mut self, id: StreamId) {
        let Some(running) = self.streams.get_mut(&id) else { return };
        running.stream.leave_room();
        if let Some(room) = running.room.take().and_then(|room| self.rooms.get_mut(&room)) {
            room.leave(id);
        }
    }
}

struct InStreams<'a>(&'a mut HashMap<StreamId, Running>);

impl RoomStreams<StreamId> for InStreams<'_> {
    fn stream(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.0.get_mut(&id).map(|running| &mut running.stream)
    }
}

impl Running {
    /// Sends what is to be sent and tells what is to be told; `true` when the stream has ended.
    fn settle(&mut self, id: StreamId, wire: &Wire, clock: &HostClock) -> bool {
        let mut buffer = [0; Stream::MAX_DATAGRAM];
        while let Some(outgoing) = self.stream.poll_transmit(&mut buffer) {
            let Some(ports) = &self.ports else { continue };
            let from = if outgoing.rtcp { ports.rtcp() } else { ports.rtp };
            wire.send(from, outgoing.to, Bytes::copy_from_slice(&buffer[..outgoing.len]));
        }
        let mut closed = false;
        while let Some(event) = self.stream.poll_event() {
            closed |= matches!(event, StreamEvent::Closed(_));
            // Whoever opened the stream may have ended.
            let _ = self.events.send((id, in_simulated_time(event, clock)));
        }
        closed
    }
}

impl MediaEngine for VirtualEngine {
    fn reserve(&self, address: IpAddr) -> io::Result<Box<dyn ReservedPorts>> {
        let ip = if address.is_unspecified() { self.host } else { address };
        let mut state = self.state.lock();
        // Ports are given out in turn, so that a late packet of a call that is over meets nobody.
        let later = self.pairs().filter(|port| *port > state.last_port);
        let earlier = self.pairs().filter(|port| *port <= state.last_port);
        let mut turn = later.chain(earlier).map(|port| SocketAddr::new(ip, port));
        let rtp = turn.find(|rtp| !state.taken.contains(rtp)).ok_or(io::ErrorKind::AddrInUse)?;
        state.taken.insert(rtp);
        state.last_port = rtp.port();
        Ok(Box::new(VirtualPorts { engine: self.myself.clone(), rtp }))
    }

    fn open(
        &self,
        ports: Box<dyn ReservedPorts>,
        config: StreamConfig,
        events: StreamEvents,
    ) -> io::Result<StreamId> {
        let ports: Box<dyn Any> = ports;
        let ports = *ports.downcast::<VirtualPorts>().map_err(|_| io::ErrorKind::InvalidInput)?;
        let id = StreamId(self.state.lock().next_number());
        for (address, rtcp) in [(ports.rtp, false), (ports.rtcp(), true)] {
            let engine = self.myself.clone();
            let receive = move |from, bytes: Bytes| {
                if let Some(engine) = engine.upgrade() {
                    engine.receive(id, rtcp, from, &bytes);
                }
            };
            self.wire.bind(address, Arc::new(receive))?;
        }
        let stream = Stream::new(self.now(), config);
        self.start_stream(id, stream, Some(ports), events);
        Ok(id)
    }

    fn open_in_room(
        &self,
        room: RoomId,
        config: StreamConfig,
        events: StreamEvents,
        party: Party,
    ) -> StreamId {
        let id = StreamId(self.state.lock().next_number());
        let stream = Stream::inside_room(self.now(), config);
        self.start_stream(id, stream, None, events);
        self.enter(room, id, party);
        id
    }

    fn open_room(&self, _near: Option<StreamId>, loudest: Option<NonZeroUsize>) -> RoomId {
        let mut state = self.state.lock();
        let id = RoomId(state.next_number());
        state.rooms.insert(id, Room::new(loudest));
        id
    }

    fn enter(&self, room: RoomId, stream: StreamId, party: Party) {
        let mut state = self.state.lock();
        let state = &mut *state;
        let elsewhere = state.streams.get(&stream).is_some_and(|running| running.room != Some(room));
        if elsewhere {
            state.leave(stream);
        }
        let Some(running) = state.streams.get_mut(&stream) else { return };
        let Some(due) = running.stream.poll_timeout() else { return };
        if let Some(entered) = state.rooms.get_mut(&room) {
            running.room = Some(room);
            running.stream.enter_room();
            entered.enter(stream, party, due);
            self.changed.notify_one();
        }
    }

    fn leave(&self, room: RoomId, stream: StreamId) {
        let mut state = self.state.lock();
        if state.streams.get(&stream).is_some_and(|running| running.room == Some(room)) {
            state.leave(stream);
        }
    }

    fn play_alone(&self, stream: StreamId, clip: Option<Clip>) {
        let room = self.state.lock().streams.get(&stream).and_then(|running| running.room);
        if let Some(room) = room {
            self.with_room(room, |room| room.play_alone(stream, clip));
        }
    }

    fn announce(&self, room: RoomId, clip: Clip) {
        self.with_room(room, |room| room.announce(clip));
    }

    fn close_room(&self, room: RoomId) {
        let mut state = self.state.lock();
        let Some(closed) = state.rooms.remove(&room) else { return };
        for member in closed.members() {
            state.leave(member);
        }
    }

    fn command(&self, stream: StreamId, command: StreamCommand) {
        self.with_stream(stream, |stream, now| stream.command(now, command));
    }

    fn stats(&self, stream: StreamId) -> Option<StreamStats> {
        let stats = self.state.lock().streams.get(&stream).map(|running| running.stream.stats());
        stats.map(|stats| stats_in_simulated_time(stats, &self.clock))
    }

    fn ports_free(&self) -> usize {
        self.pairs().count().saturating_sub(self.state.lock().taken.len())
    }

    fn streams(&self) -> usize {
        self.state.lock().streams.len()
    }
}

/// An event as those see it who have the clock of the simulation.
fn in_simulated_time(event: StreamEvent, clock: &HostClock) -> StreamEvent {
    match event {
        StreamEvent::Heard(mut packet) => {
            packet.at = clock.moment_of(packet.at);
            StreamEvent::Heard(packet)
        }
        StreamEvent::Report(stats) => StreamEvent::Report(stats_in_simulated_time(stats, clock)),
        StreamEvent::Closed(stats) => StreamEvent::Closed(stats_in_simulated_time(stats, clock)),
        event => event,
    }
}

fn stats_in_simulated_time(mut stats: StreamStats, clock: &HostClock) -> StreamStats {
    stats.last_received = stats.last_received.map(|at| clock.moment_of(at));
    stats
}

/// A pair of ports of a virtual host.
struct VirtualPorts {
    engine: Weak<VirtualEngine>,
    rtp: SocketAddr,
}

impl VirtualPorts {
    fn rtcp(&self) -> SocketAddr {
        SocketAddr::new(self.rtp.ip(), self.rtp.port() + 1)
    }
}

impl ReservedPorts for VirtualPorts {
    fn rtp(&self) -> SocketAddr {
        self.rtp
    }
}

impl Drop for VirtualPorts {
    fn drop(&mut self) {
        let Some(engine) = self.engine.upgrade() else { return };
        engine.wire.unbind(self.rtp);
        engine.wire.unbind(self.rtcp());
        engine.state.lock().taken.remove(&self.rtp);
    }
}

/// Wakes the streams of an engine when their time has come, for as long as anyone holds the engine.
async fn drive(engine: Weak<VirtualEngine>) {
    loop {
        let Some(running) = engine.upgrade() else { return };
        running.handle_timeouts();
        let changed = running.changed.notified();
        match running.next_deadline() {
            Some(deadline) => {
                tokio::select! {
                    () = sleep_until(TokioInstant::from_std(deadline)) => {}
                    () = changed => {}
                }
            }
            None => changed.await,
        }
    }
}
