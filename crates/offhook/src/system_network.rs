//! The machine's own network.

use std::any::Any;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::sync::Arc;

use bytes::Bytes;
use offhook_media::{Clip, Party, StreamCommand, StreamConfig, StreamStats};
use offhook_net::{Reserved, RoomId, RtpConfig, RtpEngine, SendError, StreamId, UdpConfig, UdpTransport};
use offhook_sip::{Flow, Transmit};

use crate::config::MediaConfig;
use crate::network::{BoxFuture, MediaEngine, Network, ReservedPorts, SipSocket, StreamEvents};

/// The machine's own network: UDP sockets, and threads that pace RTP.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNetwork;

impl SystemNetwork {
    /// The machine's own network.
    pub fn new() -> Self {
        Self
    }
}

impl Network for SystemNetwork {
    fn sip(&self, bind: SocketAddr) -> BoxFuture<'_, io::Result<Arc<dyn SipSocket>>> {
        Box::pin(async move {
            let transport = UdpTransport::bind(&UdpConfig::new(bind))?;
            Ok(Arc::new(UdpSocket { transport }) as Arc<dyn SipSocket>)
        })
    }

    fn media(&self, config: &MediaConfig) -> io::Result<Arc<dyn MediaEngine>> {
        let rtp = RtpConfig {
            ports: config.ports.clone(),
            threads: NonZeroUsize::new(config.threads),
            ..RtpConfig::default()
        };
        let engine = RtpEngine::start(&rtp).map_err(io::Error::other)?;
        Ok(Arc::new(SystemMedia { engine }))
    }
}

struct UdpSocket {
    transport: UdpTransport,
}

impl SipSocket for UdpSocket {
    fn local_addr(&self) -> SocketAddr {
        self.transport.local_addr()
    }

    fn local_for(&self, remote: SocketAddr) -> SocketAddr {
        self.transport.local_for(remote.ip())
    }

    fn recv(&self) -> BoxFuture<'_, io::Result<(Flow, Bytes)>> {
        Box::pin(async {
            let datagram = self.transport.recv().await?;
            Ok((Flow::udp(datagram.local, datagram.remote), datagram.bytes))
        })
    }

    fn try_recv(&self) -> io::Result<Option<(Flow, Bytes)>> {
        let datagram = self.transport.try_recv()?;
        Ok(datagram.map(|datagram| (Flow::udp(datagram.local, datagram.remote), datagram.bytes)))
    }

    fn try_send(&self, transmit: &Transmit) -> io::Result<()> {
        self.transport.try_send(transmit.flow.remote, &transmit.bytes).map_err(|error| {
            let kind = match &error {
                SendError::Refused { cause, .. } => cause.kind(),
                _ => io::ErrorKind::WouldBlock,
            };
            io::Error::new(kind, error)
        })
    }
}

struct SystemMedia {
    engine: RtpEngine,
}

impl MediaEngine for SystemMedia {
    fn reserve(&self, address: IpAddr) -> io::Result<Box<dyn ReservedPorts>> {
        let ports = self.engine.reserve(address).map_err(io::Error::other)?;
        Ok(Box::new(ports))
    }

    fn open(
        &self,
        ports: Box<dyn ReservedPorts>,
        config: StreamConfig,
        events: StreamEvents,
    ) -> io::Result<StreamId> {
        let ports: Box<dyn Any> = ports;
        let ports = ports.downcast::<Reserved>().map_err(|_| io::ErrorKind::InvalidInput)?;
        Ok(self.engine.open(*ports, config, events))
    }

    fn command(&self, stream: StreamId, command: StreamCommand) {
        self.engine.command(stream, command);
    }

    fn open_room(&self, near: Option<StreamId>, loudest: Option<NonZeroUsize>) -> RoomId {
        self.engine.open_room(near, loudest)
    }

    fn enter(&self, room: RoomId, stream: StreamId, party: Party) {
        self.engine.enter(room, stream, party);
    }

    fn leave(&self, room: RoomId, stream: StreamId) {
        self.engine.leave(room, stream);
    }

    fn play_alone(&self, stream: StreamId, clip: Option<Clip>) {
        self.engine.play_alone(stream, clip);
    }

    fn announce(&self, room: RoomId, clip: Clip) {
        self.engine.announce(room, clip);
    }

    fn close_room(&self, room: RoomId) {
        self.engine.close_room(room);
    }

    fn open_in_room(
        &self,
        room: RoomId,
        config: StreamConfig,
        events: StreamEvents,
        party: Party,
    ) -> StreamId {
        self.engine.open_in_room(room, config, events, party)
    }

    fn stats(&self, stream: StreamId) -> Option<StreamStats> {
        self.engine.stats(stream)
    }

    fn ports_free(&self) -> usize {
        self.engine.ports_free()
    }

    fn streams(&self) -> usize {
        self.engine.streams()
    }
}

impl ReservedPorts for Reserved {
    fn rtp(&self) -> SocketAddr {
        Self::rtp(self)
    }
}
