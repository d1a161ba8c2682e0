//! ITU-T G.722 at 64 kbit/s: two bands of ADPCM, 16000 samples a second, a byte for every two of them.
//!
//! The names of steps and signals are those of the recommendation's block diagrams; the arithmetic is its 16-bit
//! arithmetic, so that a conforming decoder gives the same samples to the bit.

mod band;
mod filter_bank;

use self::band::{HighBand, LowBand};
use self::filter_bank::{Join, Split};

/// The sending side.
#[derive(Clone, Debug, Default)]
pub(super) struct Encoder {
    split: Split,
    low: LowBand,
    high: HighBand,
}

impl Encoder {
    /// Encodes pairs of samples, as many as both slices hold, and returns the number of bytes.
    pub(super) fn encode(&mut self, samples: &[i16], payload: &mut [u8]) -> usize {
        let (pairs, _) = samples.as_chunks::<2>();
        for (byte, pair) in payload.iter_mut().zip(pairs) {
            let (low, high) = self.split.take(*pair);
            *byte = self.high.encode(high) << 6 | self.low.encode(low);
        }
        pairs.len().min(payload.len())
    }
}

/// The receiving side.
#[derive(Clone, Debug, Default)]
pub(super) struct Decoder {
    join: Join,
    low: LowBand,
    high: HighBand,
}

impl Decoder {
    /// Decodes to as many pairs of samples as both slices hold and returns the number of samples.
    pub(super) fn decode(&mut self, payload: &[u8], samples: &mut [i16]) -> usize {
        let (pairs, _) = samples.as_chunks_mut::<2>();
        let decoded = pairs.len().min(payload.len());
        for (pair, byte) in pairs.iter_mut().zip(payload) {
            *pair = self.join.take(self.low.decode(byte & 0x3f), self.high.decode(byte >> 6));
        }
        2 * decoded
    }
}

/// How many samples a payload stands for.
pub(super) fn packet_samples(payload: &[u8]) -> usize {
    2 * payload.len()
}

/// Brings a value into the range of 16 bits.
fn saturate(value: i32) -> i32 {
    value.clamp(i16::MIN.into(), i16::MAX.into())
}
