//! Why a WAV file was refused.

use super::WavFormat;

/// Why a file cannot be read. Each message names what was found and what is accepted (FILE-8).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WavError {
    /// The file is no RIFF/WAVE file.
    #[error("not a WAV file, found {found}; {ACCEPTED}")]
    NotWav {
        /// What the first bytes show.
        found: &'static str,
    },
    /// A chunk that every WAV file has is missing.
    #[error("malformed WAV file: no `{chunk}` chunk")]
    Missing {
        /// `fmt ` or `data`.
        chunk: &'static str,
    },
    /// The format chunk is too short or contradicts itself.
    #[error("malformed WAV file: {what}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
    },
    /// A format that is not read.
    #[error("WAV format {format} is not supported; {ACCEPTED}")]
    Unsupported {
        /// The format found, with its tag or its bits per sample.
        format: String,
    },
    /// More than two channels, or none.
    #[error("{format} WAV file with {channels} channels; accepted: 1 or 2")]
    Channels {
        /// The format found.
        format: WavFormat,
        /// The number of channels found.
        channels: u16,
    },
    /// A sampling rate out of range.
    #[error("{format} WAV file at {rate_hz} Hz; accepted: 6000 to 48000 Hz")]
    Rate {
        /// The format found.
        format: WavFormat,
        /// The rate found.
        rate_hz: u32,
    },
    /// No sample at all.
    #[error("{format} WAV file without a sample")]
    Empty {
        /// The format found.
        format: WavFormat,
    },
}

const ACCEPTED: &str = "accepted: WAV with G.711 A-law, G.711 mu-law, signed 16-bit or unsigned 8-bit PCM, IMA ADPCM, \
                        OKI ADPCM";
