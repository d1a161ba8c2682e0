//! One stream with its sockets, as its pacing thread owns it.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use mio::{Interest, Registry, Token};
use offhook_media::{Outgoing, Stream, StreamEvent, StreamStats};
use parking_lot::Mutex;
use tokio::sync::mpsc::UnboundedSender;

use super::engine::{RoomId, StreamId};
use super::metrics::RtpMetrics;
use super::pacer::Shared;
use super::ports::Reserved;

/// Where the events of a stream go, each with the stream's name.
pub(super) type Events = UnboundedSender<(StreamId, StreamEvent)>;

/// The counts of a stream as others see them: written by the pacing thread now and then, and only when nobody is
/// reading, so that it never waits.
pub(super) type Published = Arc<Mutex<StreamStats>>;

/// A stream, its sockets, and who wants to hear of it.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) id: StreamId,
    pub(super) stream: Stream,
    /// `None` for a stream whose far end is its room.
    sockets: Option<Reserved>,
    events: Events,
    published: Published,
    /// What the thread on which the stream was opened shares with the engine: the counts are looked for there.
    pub(super) home: Arc<Shared>,
    /// Whether the stream has come from another thread.
    pub(super) has_moved: bool,
    /// The room in which the stream is.
    pub(super) room: Option<RoomId>,
    /// For when the stream stands in its thread's wheel.
    pub(super) due: Option<Instant>,
    /// Visits until the counts are published again.
    publish_in: u8,
    connected: Option<SocketAddr>,
    watched: bool,
    /// What is counted in the engine's phases.
    pub(super) phase: usize,
}

impl Slot {
    pub(super) fn new(
        id: StreamId,
        stream: Stream,
        sockets: Option<Reserved>,
        events: Events,
        published: Published,
        home: Arc<Shared>,
        phase: usize,
    ) -> Self {
        Self {
            id,
            stream,
            sockets,
            events,
            published,
            home,
            has_moved: false,
            room: None,
            due: None,
            publish_in: 0,
            connected: None,
            watched: false,
            phase,
        }
    }

    /// Asks to be told when datagrams come, if nobody has asked yet.
    pub(super) fn watch(&mut self, registry: &Registry, index: u32) -> io::Result<()> {
        if std::mem::replace(&mut self.watched, true) {
            return Ok(());
        }
        let Some(sockets) = &mut self.sockets else { return Ok(()) };
        let [rtp, rtcp] = tokens(index);
        registry.register(&mut sockets.rtp_socket, rtp, Interest::READABLE)?;
        registry.register(&mut sockets.rtcp_socket, rtcp, Interest::READABLE)
    }

    /// Asks to be told no more. Datagrams that wait in the sockets stay there.
    pub(super) fn unwatch(&mut self, registry: &Registry) {
        if !std::mem::take(&mut self.watched) {
            return;
        }
        let Some(sockets) = &mut self.sockets else { return };
        for socket in [&mut sockets.rtp_socket, &mut sockets.rtcp_socket] {
            // Fails for a socket that could not be registered.
            let _ = registry.deregister(socket);
        }
    }

    /// Takes a seat in a room.
    pub(super) fn enter_room(&mut self, room: RoomId) {
        self.room = Some(room);
        self.stream.enter_room();
    }

    /// Gives up the seat and tells in which room it was.
    pub(super) fn leave_room(&mut self) -> Option<RoomId> {
        self.stream.leave_room();
        self.room.take()
    }

    /// Lets the stream do what is due, and sends what it has.
    pub(super) fn visit(&mut self, now: Instant, buffer: &mut [u8], metrics: &mut RtpMetrics) {
        self.stream.handle_timeout(now);
        self.flush(buffer, metrics);
        match self.publish_in.checked_sub(1) {
            Some(rest) => self.publish_in = rest,
            None => {
                self.publish_in = VISITS_PER_PUBLICATION - 1;
                if let Some(mut published) = self.published.try_lock() {
                    *published = self.stream.stats();
                }
            }
        }
    }

    /// Whether nobody is left who wants to hear of the stream.
    pub(super) fn is_abandoned(&self) -> bool {
        self.publish_in == 0 && self.events.is_closed()
    }

    /// Sends what the stream has to send, and tells what it has to tell.
    pub(super) fn flush(&mut self, buffer: &mut [u8], metrics: &mut RtpMetrics) {
        while let Some(outgoing) = self.stream.poll_transmit(buffer) {
            match self.send(&outgoing, buffer) {
                Ok(()) => metrics.datagrams_sent += 1,
                Err(_) => metrics.send_failures += 1,
            }
        }
        if !self.stream.is_closed() {
            while let Some(event) = self.stream.poll_event() {
                // A stream that nobody listens to is closed at its next publication.
                let _ = self.events.send((self.id, event));
            }
        }
    }

    /// Reads what has come on one of the sockets, at most `limit` datagrams; returns whether there may be more.
    pub(super) fn receive(
        &mut self,
        now: Instant,
        rtcp: bool,
        limit: u32,
        buffer: &mut [u8],
        metrics: &mut RtpMetrics,
    ) -> bool {
        let Some(sockets) = &self.sockets else { return false };
        let socket = if rtcp { &sockets.rtcp_socket } else { &sockets.rtp_socket };
        let mut more = true;
        for _ in 0..limit {
            match socket.recv_from(buffer) {
                Ok((length, from)) => {
                    metrics.datagrams_received += 1;
                    match rtcp {
                        true => self.stream.handle_rtcp(now, from, &buffer[..length]),
                        false => self.stream.handle_rtp(now, from, &buffer[..length]),
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    more = false;
                    break;
                }
                // What an earlier datagram of ours met (ICMP); the socket is as good as before.
                Err(_) => {}
            }
        }
        self.connect();
        self.flush(buffer, metrics);
        more
    }

    /// Lets go of sockets and ports, and only then tells that the stream has ended.
    pub(super) fn end(self) {
        let Self { id, mut stream, sockets, events, published, .. } = self;
        *published.lock() = stream.stats();
        drop(sockets);
        while let Some(event) = stream.poll_event() {
            let _ = events.send((id, event));
        }
    }

    /// Connects the RTP socket to the address that the latch is locked on, and disconnects it when it is open: the
    /// system then drops strangers' packets, and looks up the route once and not for every packet.
    pub(super) fn connect(&mut self) {
        let settled = self.stream.settled_remote();
        let Some(sockets) = self.sockets.as_ref().filter(|_| settled != self.connected) else { return };
        if self.connected.take().is_some() && rustix::net::connect_unspec(&sockets.rtp_socket).is_err() {
            return;
        }
        if let Some(remote) = settled {
            // Unconnected, packets go the same way; it only costs more.
            self.connected = sockets.rtp_socket.connect(native(sockets, remote)).is_ok().then_some(remote);
        }
    }

    fn send(&self, outgoing: &Outgoing, buffer: &[u8]) -> io::Result<()> {
        let bytes = &buffer[..outgoing.len];
        let Some(sockets) = &self.sockets else { return Err(io::ErrorKind::NotConnected.into()) };
        if outgoing.rtcp {
            return sockets.rtcp_socket.send_to(bytes, native(sockets, outgoing.to)).map(|_| ());
        }
        if self.connected != Some(outgoing.to) {
            return sockets.rtp_socket.send_to(bytes, native(sockets, outgoing.to)).map(|_| ());
        }
        match sockets.rtp_socket.send(bytes) {
            // Reports what became of the packet before (ICMP), and does not send this one.
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                sockets.rtp_socket.send(bytes).map(|_| ())
            }
            sent => sent.map(|_| ()),
        }
    }
}

/// The address as the sockets' family wants it.
fn native(sockets: &Reserved, remote: SocketAddr) -> SocketAddr {
    match remote {
        SocketAddr::V4(v4) if sockets.is_ipv6() => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
        _ => remote,
    }
}

/// The tokens of a slot's RTP and RTCP socket.
pub(super) fn tokens(index: u32) -> [Token; 2] {
    [Token(index as usize * 2), Token(index as usize * 2 + 1)]
}

/// Every how many visits the counts are published: 100 ms at 20 ms a packet.
const VISITS_PER_PUBLICATION: u8 = 5;
