//! Where datagrams come from and go to.

use std::net::SocketAddr;

use bytes::Bytes;

/// A transport protocol for SIP.
///
/// The reliable ones switch off the retransmissions that the transport does itself (RFC 3261 section 17).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// UDP.
    Udp,
    /// TCP.
    Tcp,
    /// TLS over TCP.
    Tls,
    /// WebSocket (RFC 7118).
    Ws,
    /// WebSocket over TLS (RFC 7118).
    Wss,
}

impl Protocol {
    /// Whether the transport itself delivers or fails, so that nothing has to be sent twice.
    pub fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// The name in a `Via` header field, for example `UDP`.
    pub fn via_name(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// The port that an address without one means: 5060, or 5061 over TLS (RFC 3261 section 19.1.2); 80 and
    /// 443 for WebSockets (RFC 7118 section 5).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }
}

/// The two ends and the transport of a message on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Flow {
    /// The transport.
    pub protocol: Protocol,
    /// Our end: an address that the peer can reach, not the unspecified one.
    pub local: SocketAddr,
    /// The peer's end.
    pub remote: SocketAddr,
}

impl Flow {
    /// A flow over UDP.
    pub fn udp(local: SocketAddr, remote: SocketAddr) -> Self {
        Self { protocol: Protocol::Udp, local, remote }
    }

    /// The same flow to another remote address.
    pub(crate) fn to(self, remote: SocketAddr) -> Self {
        Self { remote, ..self }
    }
}

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transmit {
    /// From where to where.
    pub flow: Flow,
    /// The whole message.
    pub bytes: Bytes,
}
