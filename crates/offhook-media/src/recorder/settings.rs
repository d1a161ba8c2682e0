//! How a recording is made, and why it ended.

use std::time::Duration;

use crate::wav::{self, WavFormat};

/// How a recording is made.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordSettings {
    /// What is recorded.
    pub channels: RecordChannels,
    /// The encoding of the file.
    pub codec: RecordCodec,
    /// The longest playing time.
    pub max_duration: Option<Duration>,
    /// The longest time from the beginning, by the clock.
    pub limit: Option<Duration>,
    /// The longest unbroken silence once something was heard; before that if `initial_silence` is `None` (REC-8).
    pub max_silence: Option<Duration>,
    /// The longest silence until something is heard.
    pub initial_silence: Option<Duration>,
    /// A frame of 20 ms below this level is silent (REC-9).
    pub silence_dbm0: f64,
    /// The largest file, header included (REC-13).
    pub max_bytes: u64,
    /// The digits that end the recording.
    pub barge_in_digits: String,
}

impl RecordSettings {
    /// The file before the first sample: valid and empty (REC-15). It is what [`RecordedPart`](super::RecordedPart)s are
    /// appended to.
    pub fn empty_file(&self) -> Vec<u8> {
        self.header(0)
    }

    /// What stands before so many bytes of sound.
    pub(super) fn header(&self, data_bytes: usize) -> Vec<u8> {
        wav::header(self.codec.wav_format(), self.channels.count(), RATE_HZ, data_bytes)
    }

    /// Bytes of one sample of all channels.
    pub(super) fn frame_bytes(&self) -> usize {
        usize::from(self.channels.count()) * usize::from(self.codec.wav_format().bits_per_sample() / 8)
    }
}

impl Default for RecordSettings {
    /// The far end alone as A-law, without limits but that of the file's size.
    fn default() -> Self {
        Self {
            channels: RecordChannels::Mono,
            codec: RecordCodec::ALaw,
            max_duration: None,
            limit: None,
            max_silence: None,
            initial_silence: None,
            silence_dbm0: -40.0,
            max_bytes: 1 << 30,
            barge_in_digits: String::new(),
        }
    }
}

/// What a recording holds (REC-12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RecordChannels {
    /// What is heard.
    #[default]
    Mono,
    /// What is heard on the left, what is sent on the right.
    Stereo,
}

impl RecordChannels {
    /// 1 or 2.
    pub const fn count(self) -> u16 {
        match self {
            Self::Mono => 1,
            Self::Stereo => 2,
        }
    }
}

/// The encoding of a recording (REC-12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordCodec {
    /// G.711 A-law.
    #[default]
    ALaw,
    /// G.711 mu-law.
    MuLaw,
    /// Signed 16-bit PCM.
    Pcm16,
}

impl RecordCodec {
    /// The format of the file.
    pub const fn wav_format(self) -> WavFormat {
        match self {
            Self::ALaw => WavFormat::ALaw,
            Self::MuLaw => WavFormat::MuLaw,
            Self::Pcm16 => WavFormat::Pcm16,
        }
    }
}

/// Why a recording ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecordEnd {
    /// A digit was pressed (REC-10).
    Digit,
    /// It was silent for too long (REC-8).
    Silence,
    /// The file has its largest size (REC-13).
    Size,
    /// Its longest time is reached (REC-7).
    Limit,
    /// It was stopped.
    Stopped,
    /// The stream was closed.
    Closed,
}

/// Every recording has this rate (REC-12).
pub(super) const RATE_HZ: u32 = 8000;
