//! The sockets of offhook, and the threads that pace RTP.
//!
//! This is the only crate with sockets. [`RtpEngine`] owns the media ports and drives every
//! [`Stream`](offhook_media::Stream) on its own few threads; [`UdpTransport`] carries SIP datagrams under tokio;
//! [`LocalAddresses`] says which of the machine's addresses a far end can reach.
//!
//! It knows nothing of SIP's meaning: a datagram is bytes from one address to another. It knows nothing of calls: a
//! stream is opened, ordered about and closed by its [`StreamId`].

#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]

mod rtp;
mod sip;

pub use self::rtp::{
    PortsExhausted, Reserved, RoomId, RtpConfig, RtpEngine, RtpMetrics, StartRtpError, StreamId,
};
pub use self::sip::{Datagram, LocalAddresses, SendError, UdpConfig, UdpTransport};
