//! Sound encoded once, shared by every call that plays it.

use std::sync::Arc;
use std::time::Duration;

use crate::{Codec, Sound};

/// Encoded sound, ready to be cut into packets. Cloning shares the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    /// The codec of `bytes`.
    pub codec: Codec,
    /// One byte a sample.
    pub bytes: Arc<[u8]>,
}

impl Clip {
    /// Encodes sound, resampled to the codec's rate.
    pub fn encode(sound: &Sound, codec: Codec) -> Self {
        let bytes = if sound.rate_hz == codec.clock_rate_hz() {
            codec.encode(&sound.samples)
        } else {
            codec.encode(&sound.resampled(codec.clock_rate_hz()).samples)
        };
        Self { codec, bytes: bytes.into() }
    }

    /// Encodes sound for being repeated: like [`encode`](Self::encode), but what runs on across the seam at the sound's
    /// own rate does so at the codec's (RING-44).
    pub fn encode_for_loop(sound: &Sound, codec: Codec) -> Self {
        Self::encode(&sound.resampled_for_loop(codec.clock_rate_hz()), codec)
    }

    /// Wraps bytes that are already encoded.
    pub fn from_encoded(codec: Codec, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self { codec, bytes: bytes.into() }
    }

    /// The sound that a far end hears.
    pub fn decode(&self) -> Sound {
        Sound { rate_hz: self.codec.clock_rate_hz(), samples: self.codec.decode(&self.bytes) }
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The duration.
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.bytes.len() as u64 * 1_000_000_000 / u64::from(self.codec.clock_rate_hz()))
    }
}
