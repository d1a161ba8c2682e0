//! The codecs that calls are made with, and the lists that name them.

mod coder;
mod g711;
mod g722;
mod g729;
mod list;
mod noise;
mod opus;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

pub use coder::{Concealed, DecodeError, Decoder, Encoder};
pub use g711::Law;
pub use list::{CodecList, CodecListError};

/// A codec this build can encode and decode.
///
/// G.711 has no state between samples; what plays in it is encoded once for all calls. Every other codec has an
/// [`Encoder`] and a [`Decoder`] for each stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// G.711 A-law, `PCMA` in RTP, static payload type 8.
    G711A,
    /// G.711 mu-law, `PCMU` in RTP, static payload type 0.
    G711U,
    /// G.722 at 64 kbit/s: wide band, static payload type 9.
    G722,
    /// Opus (RFC 6716) in wide band, `opus` in RTP, dynamic payload type (RFC 7587).
    Opus,
    /// G.729 at 8 kbit/s, annex A; comfort noise of annex B is understood and not sent. Static payload type 18.
    G729,
}

impl Codec {
    /// Every codec of this build.
    pub const ALL: [Self; 5] = [Self::G711A, Self::G711U, Self::G722, Self::Opus, Self::G729];

    /// The codecs of calls for which no list is given, in their order. The others are used where a list names them
    /// (RING-50).
    pub const DEFAULT: [Self; 2] = [Self::G711A, Self::G711U];

    /// The name in codec lists, for example `g711a`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::G711A => "g711a",
            Self::G711U => "g711u",
            Self::G722 => "g722",
            Self::Opus => "opus",
            Self::G729 => "g729",
        }
    }

    /// The encoding name of `a=rtpmap` (RFC 3551 section 6).
    pub const fn rtp_encoding(self) -> &'static str {
        match self {
            Self::G711A => "PCMA",
            Self::G711U => "PCMU",
            Self::G722 => "G722",
            Self::Opus => "opus",
            Self::G729 => "G729",
        }
    }

    /// The number of channels in `a=rtpmap`. What is sent and heard is mono whatever stands there.
    pub const fn rtp_channels(self) -> u8 {
        match self {
            Self::G711A | Self::G711U | Self::G722 | Self::G729 => 1,
            // RFC 7587 section 7: always, for mono too.
            Self::Opus => 2,
        }
    }

    /// The parameters of `a=fmtp` that this side writes, if any.
    pub const fn fmtp(self) -> Option<&'static str> {
        match self {
            Self::G711A | Self::G711U | Self::G722 => None,
            // RFC 7587 section 6.1: what a far end need not send more of than this, and that a lost packet is heard from
            // the next one.
            Self::Opus => Some("maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1"),
            // RFC 4856 section 2.1.9: without it the far end may take annex B for granted.
            Self::G729 => Some("annexb=no"),
        }
    }

    /// The static RTP payload type (RFC 3551 section 6), if it has one.
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::G711A => Some(8),
            Self::G711U => Some(0),
            Self::G722 => Some(9),
            Self::Opus => None,
            Self::G729 => Some(18),
        }
    }

    /// The rate in hertz at which RTP timestamps count. That of G.722 is not its sampling rate, for the sake of an old
    /// mistake (RFC 3551 section 4.5.2).
    pub const fn clock_rate_hz(self) -> u32 {
        match self {
            Self::G711A | Self::G711U | Self::G722 | Self::G729 => 8000,
            Self::Opus => 48_000,
        }
    }

    /// The samples a second that are encoded: 8000 (narrow band), or 16000 (wide band).
    pub const fn sampling_rate_hz(self) -> u32 {
        match self {
            Self::G711A | Self::G711U | Self::G729 => NARROW_BAND_HZ,
            Self::G722 | Self::Opus => WIDE_BAND_HZ,
        }
    }

    /// A packet holds a whole number of these.
    pub const fn frame_time(self) -> Duration {
        match self {
            Self::G711A | Self::G711U | Self::G722 => Duration::from_millis(1),
            Self::G729 => Duration::from_millis(10),
            Self::Opus => Duration::from_millis(20),
        }
    }

    /// The companding law, where this is G.711.
    pub const fn law(self) -> Option<Law> {
        match self {
            Self::G711A => Some(Law::A),
            Self::G711U => Some(Law::Mu),
            Self::G722 | Self::Opus | Self::G729 => None,
        }
    }

    /// How many samples, at [`sampling_rate_hz`](Self::sampling_rate_hz), the payload of a packet stands for; `None` if
    /// it cannot be one of this codec. Decodes nothing.
    pub fn packet_samples(self, payload: &[u8]) -> Option<usize> {
        let samples = match self {
            Self::G711A | Self::G711U => payload.len(),
            Self::G722 => g722::packet_samples(payload),
            Self::G729 => g729::packet_samples(payload),
            Self::Opus => opus::packet_samples(payload)?,
        };
        (1..=Self::MOST_PACKET_SAMPLES).contains(&samples).then_some(samples)
    }

    /// How many samples before it a packet repeats for the case that they were lost; 0 if none.
    pub(crate) fn repeated_samples(self, payload: &[u8]) -> usize {
        match self {
            Self::G711A | Self::G711U | Self::G722 | Self::G729 => 0,
            Self::Opus => opus::repeated_samples(payload),
        }
    }

    /// No packet stands for more samples: 200 ms at 16000 Hz, which is more than G.711 and G.722 put into an Ethernet
    /// frame.
    pub const MOST_PACKET_SAMPLES: usize = 3200;
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Codec {
    type Err = CodecListError;

    /// Parses one name. Letter case and blanks around it do not matter (RING-51).
    ///
    /// # Errors
    ///
    /// [`CodecListError::Unknown`].
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let name = name.trim();
        Self::ALL
            .into_iter()
            .find(|known| known.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| CodecListError::Unknown { name: name.to_owned() })
    }
}

/// The samples a second of narrow band: of G.711, and of whatever listens or records.
pub(crate) const NARROW_BAND_HZ: u32 = 8000;
/// The samples a second of wide band.
pub(crate) const WIDE_BAND_HZ: u32 = 16_000;
