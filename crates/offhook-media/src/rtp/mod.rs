//! RTP and RTCP (RFC 3550), without a socket: packets are byte slices and time is an argument.
//!
//! [`Packet`] and [`Header`] are the wire format, [`Sender`] holds the one line of sequence numbers and
//! timestamps of a stream, [`Receiver`] counts what arrives, [`Latch`] decides whose packets are taken and
//! where ours go, and [`rtcp`] is the control protocol.

mod latch;
mod packet;
mod receiver;
pub mod rtcp;
mod sender;

pub use self::latch::{Latch, Verdict};
pub use self::packet::{HEADER_BYTES, Header, Packet, ParsePacketError, is_rtcp};
pub use self::receiver::{Arrival, Receiver};
pub use self::sender::Sender;
