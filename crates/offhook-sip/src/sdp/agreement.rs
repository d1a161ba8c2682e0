//! Why two sides cannot agree on a stream.

use thiserror::Error;

/// Why an offer or an answer yields no audio stream. For an offer the fitting refusal is 488 (RFC 3261 section
/// 13.3.1.3); where early media was asked for, it is not available (`RING-31`).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NoAgreement {
    /// There is no `m=audio` line whose port is other than 0.
    #[error("no audio stream with a port other than 0")]
    NoAudio,
    /// No codec of ours is in the audio line.
    #[error("no common codec: the far end lists {offered}, we have {ours}")]
    NoCommonCodec {
        /// What the far end lists, as `encoding/rate` or number.
        offered: String,
        /// What this side has, by name.
        ours: String,
    },
    /// SRTP is asked for, and its keying is not supported.
    #[error(
        "encrypted media is not supported: the far end wants {protocol}, accepted is RTP/AVP or RTP/AVPF"
    )]
    Encryption {
        /// The protocol of the line.
        protocol: String,
    },
    /// A transport other than RTP over UDP.
    #[error("media transport {protocol} is not supported; accepted is RTP/AVP or RTP/AVPF")]
    Protocol {
        /// The protocol of the line.
        protocol: String,
    },
    /// There is no address to send to, or one to which nothing can or must be sent: a host name, a multicast or
    /// broadcast address, or one of another IP version than ours.
    #[error("media cannot be sent to {address:?}; accepted is a unicast {accepted} address")]
    Address {
        /// The address as written; empty if there is none.
        address: String,
        /// `IPv4` or `IPv6`.
        accepted: &'static str,
    },
    /// The answer has not as many `m=` lines as the offer (RFC 3264 section 6).
    #[error("the answer has {answered} media lines, the offer {offered}")]
    MediaCount {
        /// Lines in the offer.
        offered: usize,
        /// Lines in the answer.
        answered: usize,
    },
}
