//! What a server needs of a network: SIP sockets and a media engine.
//!
//! [`SystemNetwork`](crate::SystemNetwork) is the machine's own network; the simulator brings a
//! virtual one.

use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use offhook_media::{Clip, Party, StreamCommand, StreamConfig, StreamEvent, StreamStats};
use offhook_net::{RoomId, StreamId};
use offhook_sip::{Flow, Transmit};
use tokio::sync::mpsc;

use crate::config::MediaConfig;

/// A boxed future, as the object-safe traits below return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where SIP sockets and media come from.
pub trait Network: Send + Sync + 'static {
    /// Opens a SIP socket over UDP.
    fn sip(&self, bind: SocketAddr) -> BoxFuture<'_, io::Result<Arc<dyn SipSocket>>>;

    /// The addresses of a host name, in the order in which they are to be tried.
    ///
    /// # Errors
    ///
    /// The system's reason why there are none.
    fn resolve(&self, name: String, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((name, port)).await?.collect()) })
    }

    /// Starts a media engine.
    ///
    /// # Errors
    ///
    /// The system's reason, for example that no thread could be started.
    fn media(&self, config: &MediaConfig) -> io::Result<Arc<dyn MediaEngine>>;
}

/// A socket that carries SIP datagrams.
pub trait SipSocket: Send + Sync + 'static {
    /// The address that the socket is bound to.
    fn local_addr(&self) -> SocketAddr;

    /// The local address that a far end sees when this socket sends to it; for a socket that is bound
    /// to all addresses, the one from which the system reaches it.
    fn local_for(&self, remote: SocketAddr) -> SocketAddr {
        let _ = remote;
        self.local_addr()
    }

    /// The next datagram and the flow on which it came; the flow's local address is one that the far
    /// end can reach, also on a socket that is bound to all addresses.
    fn recv(&self) -> BoxFuture<'_, io::Result<(Flow, Bytes)>>;

    /// The next datagram if it has come already, so that many are taken at one waking. Without anything of
    /// its own a socket has none, and every datagram comes by [`recv`](Self::recv).
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    fn try_recv(&self) -> io::Result<Option<(Flow, Bytes)>> {
        Ok(None)
    }

    /// Sends a datagram without waiting.
    ///
    /// # Errors
    ///
    /// The system's reason. What cannot be sent at once is lost, as the network could lose it: SIP
    /// repeats it.
    fn try_send(&self, transmit: &Transmit) -> io::Result<()>;
}

/// The events of streams, each with the stream's name.
pub type StreamEvents = mpsc::UnboundedSender<(StreamId, StreamEvent)>;

/// Runs RTP streams: owns the ports, keeps the pace.
pub trait MediaEngine: Send + Sync + 'static {
    /// Takes a pair of ports on a local address; they are free again when the value is dropped.
    ///
    /// # Errors
    ///
    /// No pair of ports is free, or the address cannot be bound.
    fn reserve(&self, address: IpAddr) -> io::Result<Box<dyn ReservedPorts>>;

    /// Starts a stream on ports of this engine. Its events go to `events`; the last one is
    /// [`StreamEvent::Closed`], after which the ports are free.
    ///
    /// # Errors
    ///
    /// The ports are not this engine's.
    fn open(
        &self,
        ports: Box<dyn ReservedPorts>,
        config: StreamConfig,
        events: StreamEvents,
    ) -> io::Result<StreamId>;

    /// Hands a command to a stream, in order; one that has ended ignores it. Does not wait.
    fn command(&self, stream: StreamId, command: StreamCommand);

    /// Makes a room, in which streams exchange audio, best where the stream `near` runs. With `loudest`
    /// at most so many talkers are heard at a time.
    fn open_room(&self, near: Option<StreamId>, loudest: Option<NonZeroUsize>) -> RoomId;

    /// Lets a stream into a room, out of the one in which it was, or changes what it may do there. In
    /// order with the stream's commands; a stream or room that has ended ignores it. Does not wait.
    fn enter(&self, room: RoomId, stream: StreamId, party: Party);

    /// Lets a stream out of a room, if it is in that one. In order with the stream's commands.
    fn leave(&self, room: RoomId, stream: StreamId);

    /// Repeats a clip to one stream of a room alone, in place of what the others say; `None` ends that.
    /// In order with the stream's commands.
    fn play_alone(&self, stream: StreamId, clip: Option<Clip>);

    /// Plays a clip to everyone who hears in a room, after those that are being played.
    fn announce(&self, room: RoomId, clip: Clip);

    /// Ends a room; the streams in it go on by themselves.
    fn close_room(&self, room: RoomId);

    /// Starts a stream without ports, whose far end is the room: what it plays is heard there, and what
    /// is said there is what it hears (CONF-16).
    fn open_in_room(
        &self,
        room: RoomId,
        config: StreamConfig,
        events: StreamEvents,
        party: Party,
    ) -> StreamId;

    /// The counts of a stream at this moment; does not wait. `None` once it is closed.
    fn stats(&self, stream: StreamId) -> Option<StreamStats>;

    /// Pairs of ports that are free.
    fn ports_free(&self) -> usize;

    /// Streams that are running.
    fn streams(&self) -> usize;
}

/// A pair of ports, for RTP and RTCP, taken from a media engine.
pub trait ReservedPorts: std::any::Any + Send {
    /// The address of the RTP socket.
    fn rtp(&self) -> SocketAddr;
}
