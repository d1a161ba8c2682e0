//! Session descriptions (SDP, RFC 8866) and the offer/answer model (RFC 3264).
//!
//! [`SessionDescription::parse`] reads what a peer sent, [`answer`] and [`offer`] make what is sent back, and
//! [`accept`] reads the peer's answer to an offer of ours. All three end in [`StreamParameters`]: everything that a
//! media engine has to know about the one audio stream of a call.
//!
//! What this module does not do: it resolves no host names, opens no ports, knows no codec by itself (the caller
//! lists them as [`CodecSpec`]s), and speaks no SRTP keying, no ICE and no multicast.
//!
//! ```
//! use offhook_sip::sdp::{CodecSpec, LocalMedia, SessionDescription, answer};
//!
//! let offer = SessionDescription::parse(
//!     "v=0\r\no=alice 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n",
//! )?;
//! let codecs = [CodecSpec::new("g711a", "PCMA", 8000).with_static_payload(8)];
//! let local = LocalMedia::new("192.0.2.9".parse()?, 20000, 1);
//! let negotiated = answer(&offer, &codecs, &local)?;
//! assert_eq!(negotiated.stream.payload_send, 8);
//! assert!(negotiated.answer.to_string().contains("m=audio 20000 RTP/AVP 8\r\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod agreement;
mod answer;
mod attribute;
mod codec;
mod description;
mod formats;
mod media;
mod offer;
mod parse;
mod stream;

pub use self::address::{Address, Connection};
pub use self::agreement::NoAgreement;
pub use self::answer::{Negotiated, answer, answer_again};
pub use self::attribute::{Attribute, Direction, EventSet, RtcpAddress, RtpMap};
pub use self::codec::{CodecSpec, LocalMedia};
pub use self::description::{Bandwidth, Origin, SessionDescription, Timing};
pub use self::media::{Media, MediaKind, Protocol};
pub use self::offer::{accept, offer, offer_again};
pub use self::parse::{
    MAX_ATTRIBUTES, MAX_BYTES, MAX_FORMATS, MAX_LINE_BYTES, MAX_MEDIA, MAX_SESSION_LINES, SdpError,
};
pub use self::stream::{StreamParameters, TelephoneEvent};
