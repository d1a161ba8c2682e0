//! SIP transports: one file each. UDP is here; TCP, TLS and WebSocket have their place beside it.

mod local;
mod udp;

pub use self::local::LocalAddresses;
pub use self::udp::{Datagram, SendError, UdpConfig, UdpTransport};
