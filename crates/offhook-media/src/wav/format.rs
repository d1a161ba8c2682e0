//! The `fmt ` chunk.

use std::fmt;

use super::WavError;

/// How the samples of a WAV file are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WavFormat {
    /// G.711 A-law, format tag 0x0006.
    ALaw,
    /// G.711 mu-law, format tag 0x0007.
    MuLaw,
    /// Signed 16-bit PCM, format tag 0x0001.
    Pcm16,
    /// Unsigned 8-bit PCM, format tag 0x0001.
    Pcm8,
    /// IMA ADPCM with 4 bits, format tag 0x0011.
    ImaAdpcm,
    /// OKI ADPCM with 4 bits, format tag 0x0010, or 0x0017 as Dialogic writes it.
    OkiAdpcm,
}

impl WavFormat {
    /// The format tag that is written.
    pub(super) const fn tag(self) -> u16 {
        match self {
            Self::Pcm16 | Self::Pcm8 => TAG_PCM,
            Self::ALaw => TAG_ALAW,
            Self::MuLaw => TAG_MULAW,
            Self::ImaAdpcm => TAG_IMA_ADPCM,
            Self::OkiAdpcm => TAG_OKI_ADPCM,
        }
    }

    pub(crate) const fn bits_per_sample(self) -> u16 {
        match self {
            Self::Pcm16 => 16,
            Self::Pcm8 | Self::ALaw | Self::MuLaw => 8,
            Self::ImaAdpcm | Self::OkiAdpcm => 4,
        }
    }
}

impl fmt::Display for WavFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ALaw => "G.711 A-law",
            Self::MuLaw => "G.711 mu-law",
            Self::Pcm16 => "signed 16-bit PCM",
            Self::Pcm8 => "unsigned 8-bit PCM",
            Self::ImaAdpcm => "IMA ADPCM",
            Self::OkiAdpcm => "OKI ADPCM",
        })
    }
}

/// A checked `fmt ` chunk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Description {
    pub(super) format: WavFormat,
    /// 1 or 2.
    pub(super) channels: u16,
    /// 6000 to 48000.
    pub(super) rate_hz: u32,
    /// Of block formats: at least the block's header and one byte a channel.
    pub(super) block_bytes: usize,
}

impl Description {
    pub(super) fn parse(chunk: &[u8]) -> Result<Self, WavError> {
        let short = WavError::Malformed { what: "the `fmt ` chunk is shorter than 16 bytes" };
        let field = |at: usize| u16_at(chunk, at).ok_or_else(|| short.clone());
        let mut tag = field(0)?;
        let channels = field(2)?;
        let rate_hz = u32_at(chunk, 4).ok_or_else(|| short.clone())?;
        let block_bytes = usize::from(field(12)?);
        let bits = field(14)?;
        if tag == TAG_EXTENSIBLE {
            tag = sub_format(chunk)?;
        }
        let format = match (tag, bits) {
            (TAG_PCM, 16) => WavFormat::Pcm16,
            (TAG_PCM, 8) => WavFormat::Pcm8,
            // Some writers leave the bits of G.711 out.
            (TAG_ALAW, 8 | 0) => WavFormat::ALaw,
            (TAG_MULAW, 8 | 0) => WavFormat::MuLaw,
            (TAG_IMA_ADPCM, 4) => WavFormat::ImaAdpcm,
            (TAG_OKI_ADPCM | TAG_DIALOGIC_OKI_ADPCM, 4) => WavFormat::OkiAdpcm,
            _ => return Err(WavError::Unsupported { format: describe(tag, bits) }),
        };
        if !(1..=2).contains(&channels) {
            return Err(WavError::Channels { format, channels });
        }
        if !RATES_HZ.contains(&rate_hz) {
            return Err(WavError::Rate { format, rate_hz });
        }
        if format == WavFormat::ImaAdpcm && block_bytes <= 4 * usize::from(channels) {
            return Err(WavError::Malformed { what: "the IMA ADPCM block is not longer than its header" });
        }
        Ok(Self { format, channels, rate_hz, block_bytes })
    }
}

/// The sampling rates of RING-46.
const RATES_HZ: std::ops::RangeInclusive<u32> = 6000..=48_000;

const TAG_PCM: u16 = 0x0001;
const TAG_ALAW: u16 = 0x0006;
const TAG_MULAW: u16 = 0x0007;
const TAG_OKI_ADPCM: u16 = 0x0010;
const TAG_IMA_ADPCM: u16 = 0x0011;
const TAG_DIALOGIC_OKI_ADPCM: u16 = 0x0017;
const TAG_EXTENSIBLE: u16 = 0xFFFE;

/// All sub-formats that stand for a format tag end like this; the tag is the two bytes before.
const SUB_FORMAT_TAIL: [u8; 14] =
    [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71];

/// The format tag inside WAVE_FORMAT_EXTENSIBLE.
fn sub_format(chunk: &[u8]) -> Result<u16, WavError> {
    let tag = u16_at(chunk, 24)
        .ok_or(WavError::Malformed { what: "the extensible `fmt ` chunk is shorter than 40 bytes" })?;
    match chunk.get(26..40) {
        Some(tail) if tail == SUB_FORMAT_TAIL => Ok(tag),
        Some(_) => Err(WavError::Unsupported { format: "extensible with an unknown sub-format".to_owned() }),
        None => Err(WavError::Malformed { what: "the extensible `fmt ` chunk is shorter than 40 bytes" }),
    }
}

/// The name of a format for the error message, from the registry of format tags.
fn describe(tag: u16, bits: u16) -> String {
    let name = match tag {
        TAG_PCM => return format!("{bits}-bit PCM"),
        TAG_ALAW => return format!("G.711 A-law with {bits} bits"),
        TAG_MULAW => return format!("G.711 mu-law with {bits} bits"),
        TAG_IMA_ADPCM => return format!("IMA ADPCM with {bits} bits"),
        TAG_OKI_ADPCM | TAG_DIALOGIC_OKI_ADPCM => return format!("OKI ADPCM with {bits} bits"),
        0x0003 => return format!("{bits}-bit floating point"),
        0x0002 => "Microsoft ADPCM",
        0x0014 => "G.723 ADPCM",
        0x0015 => "DIGISTD",
        0x0016 => "DIGIFIX",
        0x0020 => "Yamaha ADPCM",
        0x0022 => "TrueSpeech",
        0x0031 => "GSM 6.10",
        0x0040 => "G.721 ADPCM",
        0x0042 => "G.723.1",
        0x0045 | 0x0064 => "G.726 ADPCM",
        0x0050 => "MPEG layer 1 or 2",
        0x0055 => "MPEG layer 3",
        0x0065 => "G.722 ADPCM",
        0x0083 => "G.729",
        0x00FF | 0x1610 => "AAC",
        0x0160..=0x0163 => "Windows Media Audio",
        0x704F => "Opus",
        0xF1AC => "FLAC",
        _ => return format!("tag {tag:#06x}"),
    };
    format!("{name} (tag {tag:#06x})")
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}
