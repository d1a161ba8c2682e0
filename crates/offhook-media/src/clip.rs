//! Sound made ready once, shared by every call that plays it.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crate::{Codec, Law, Sound};

/// Sound made ready for the packets of a codec. Cloning shares it.
///
/// For G.711 it is encoded, and packets are copies of its bytes. A codec that remembers what went before has to encode
/// for each stream, so for all others it is linear samples at the codec's sampling rate. A stream plays any clip,
/// whatever codec it was made for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Content {
    /// One byte a sample.
    Encoded(Law, Arc<[u8]>),
    /// Samples a second, and samples.
    Linear(u32, Arc<[i16]>),
}

impl Clip {
    /// Makes sound ready, resampled to the codec's sampling rate.
    pub fn for_codec(sound: &Sound, codec: Codec) -> Self {
        let rate_hz = codec.sampling_rate_hz();
        if sound.rate_hz == rate_hz {
            return Self::of_samples(&sound.samples, codec);
        }
        Self::of_samples(&sound.resampled(rate_hz).samples, codec)
    }

    /// Makes sound ready for being repeated: like [`for_codec`](Self::for_codec), but what runs on across the seam at
    /// the sound's own rate does so at the codec's (RING-44).
    pub fn for_codec_looped(sound: &Sound, codec: Codec) -> Self {
        Self::for_codec(&sound.resampled_for_loop(codec.sampling_rate_hz()), codec)
    }

    /// Wraps bytes that are already encoded.
    pub fn from_encoded(law: Law, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { content: Content::Encoded(law, bytes.into()) }
    }

    /// The sound that a far end hears.
    pub fn decode(&self) -> Sound {
        let samples = match &self.content {
            Content::Encoded(law, bytes) => law.decode(bytes),
            Content::Linear(_, samples) => samples.to_vec(),
        };
        Sound { rate_hz: self.rate_hz(), samples }
    }

    /// Samples a second.
    pub fn rate_hz(&self) -> u32 {
        match self.content {
            Content::Encoded(..) => Law::RATE_HZ,
            Content::Linear(rate_hz, _) => rate_hz,
        }
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        match &self.content {
            Content::Encoded(_, bytes) => bytes.len(),
            Content::Linear(_, samples) => samples.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The memory that it takes, in bytes.
    pub fn size(&self) -> usize {
        match &self.content {
            Content::Encoded(_, bytes) => bytes.len(),
            Content::Linear(_, samples) => size_of_val::<[i16]>(samples),
        }
    }

    /// The duration.
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.len() as u64 * 1_000_000_000 / u64::from(self.rate_hz()))
    }

    /// The bytes of a clip that was made for G.711, one a sample.
    pub fn encoded(&self) -> Option<(Law, &[u8])> {
        match &self.content {
            Content::Encoded(law, bytes) => Some((*law, bytes)),
            Content::Linear(..) => None,
        }
    }

    /// Writes the samples of a range, which lies within the clip, to the beginning of `samples`.
    pub(crate) fn read(&self, range: Range<usize>, samples: &mut [i16]) {
        match &self.content {
            Content::Encoded(law, bytes) => {
                law.decode_into(&bytes[range], samples);
            }
            Content::Linear(_, linear) => samples[..range.len()].copy_from_slice(&linear[range]),
        }
    }

    /// The samples of a time, rounded to the nearest.
    pub(crate) fn samples_in(&self, time: Duration) -> u64 {
        let samples = (time.as_nanos() * u128::from(self.rate_hz()) + 500_000_000) / 1_000_000_000;
        u64::try_from(samples).unwrap_or(u64::MAX)
    }

    fn of_samples(samples: &[i16], codec: Codec) -> Self {
        let content = match codec.law() {
            Some(law) => Content::Encoded(law, law.encode(samples).into()),
            None => Content::Linear(codec.sampling_rate_hz(), samples.into()),
        };
        Self { content }
    }
}
