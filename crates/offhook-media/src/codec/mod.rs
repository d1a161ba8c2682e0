//! The codecs that calls are made with, and the lists that name them.

mod g711;
mod list;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

pub(crate) use g711::{decode_alaw, decode_ulaw};
pub use list::{CodecList, CodecListError, CodecName};

/// A codec this build can encode and decode.
///
/// Both are ITU-T G.711: one byte a sample, 8000 samples a second, no state between samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// G.711 A-law, `PCMA` in RTP, static payload type 8.
    G711A,
    /// G.711 mu-law, `PCMU` in RTP, static payload type 0.
    G711U,
}

impl Codec {
    /// Every codec of this build, in the order of the server's default list.
    pub const ALL: [Self; 2] = [Self::G711A, Self::G711U];

    /// The names that a codec list may hold, those of codecs that this build lacks included (RING-51).
    pub fn names_known() -> [&'static str; 5] {
        CodecName::ALL.map(CodecName::as_str)
    }

    /// The name in codec lists, for example `g711a`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::G711A => "g711a",
            Self::G711U => "g711u",
        }
    }

    /// The encoding name of `a=rtpmap` (RFC 3551 section 6).
    pub const fn rtp_encoding(self) -> &'static str {
        match self {
            Self::G711A => "PCMA",
            Self::G711U => "PCMU",
        }
    }

    /// The static RTP payload type (RFC 3551 section 6).
    pub const fn static_payload_type(self) -> u8 {
        match self {
            Self::G711A => 8,
            Self::G711U => 0,
        }
    }

    /// The RTP clock rate and sampling rate in hertz.
    pub const fn clock_rate_hz(self) -> u32 {
        8000
    }

    /// Samples in one millisecond.
    pub const fn samples_per_ms(self) -> usize {
        self.clock_rate_hz() as usize / 1000
    }

    /// Samples in `duration`, rounded down.
    pub fn samples_in(self, duration: Duration) -> usize {
        let samples = duration.as_nanos() * u128::from(self.clock_rate_hz()) / 1_000_000_000;
        usize::try_from(samples).unwrap_or(usize::MAX)
    }

    /// The byte that stands for one sample of silence.
    ///
    /// A-law has no code for zero; its silence is the smallest positive value.
    pub const fn silence_byte(self) -> u8 {
        match self {
            Self::G711A => 0xD5,
            Self::G711U => 0xFF,
        }
    }

    /// Encodes 16-bit samples at [`clock_rate_hz`](Self::clock_rate_hz).
    pub fn encode(self, samples: &[i16]) -> Vec<u8> {
        let mut bytes = vec![0; samples.len()];
        self.encode_into(samples, &mut bytes);
        bytes
    }

    /// Encodes as many samples as both slices hold and returns how many. Does not allocate.
    pub fn encode_into(self, samples: &[i16], bytes: &mut [u8]) -> usize {
        match self {
            Self::G711A => g711::map(samples, bytes, g711::encode_alaw),
            Self::G711U => g711::map(samples, bytes, g711::encode_ulaw),
        }
    }

    /// Decodes to 16-bit samples at [`clock_rate_hz`](Self::clock_rate_hz).
    pub fn decode(self, bytes: &[u8]) -> Vec<i16> {
        let mut samples = vec![0; bytes.len()];
        self.decode_into(bytes, &mut samples);
        samples
    }

    /// Decodes as many bytes as both slices hold and returns how many. Does not allocate.
    pub fn decode_into(self, bytes: &[u8], samples: &mut [i16]) -> usize {
        match self {
            Self::G711A => g711::map(bytes, samples, g711::decode_alaw),
            Self::G711U => g711::map(bytes, samples, g711::decode_ulaw),
        }
    }
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
    /// An unknown name, or the name of a codec that this build does not have.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known: CodecName = name.parse()?;
        known.available().ok_or_else(|| CodecListError::NoneAvailable { given: name.to_owned() })
    }
}
