//! How the parameters lie in a frame: one after the other, the most significant bit first (RFC 3551 section 4.5.6).

use super::FRAME;
use super::fixed_codebook::Pulses;
use super::lsp_codebook::Indices;

/// Bytes of a frame of speech.
pub(super) const SPEECH: usize = 10;
/// Bytes of a SID frame, which describes comfort noise.
pub(super) const NOISE: usize = 2;

/// The samples that a payload stands for, without decoding it; 0 if it is not a whole number of frames.
pub(in crate::codec) fn packet_samples(payload: &[u8]) -> usize {
    match payload.len() % SPEECH {
        0 => payload.len() / SPEECH * FRAME,
        NOISE => (payload.len() / SPEECH + 1) * FRAME,
        _ => 0,
    }
}

/// The parameters of one subframe of speech.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SubframeParameters {
    /// P: pitch lag, 8 bits in the first subframe and 5 in the second.
    pub(super) lag: u16,
    /// C and S: pulses of the fixed codebook, 13 and 4 bits.
    pub(super) pulses: Pulses,
    /// GA and GB: gains, 7 bits.
    pub(super) gains: u16,
}

/// The parameters of one frame of speech.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SpeechParameters {
    /// L0 to L3.
    pub(super) lsp: Indices,
    /// P0: parity of the first lag, 1 bit.
    pub(super) parity: u16,
    pub(super) subframes: [SubframeParameters; 2],
}

/// The parameters of a SID frame (B.4.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct NoiseParameters {
    /// Which predictor, 1 bit.
    pub(super) predictor: u8,
    /// Index of the first stage, 5 bits.
    pub(super) first: u8,
    /// Index of the second stage, 4 bits.
    pub(super) second: u8,
    /// Index of the gain, 5 bits.
    pub(super) gain: u8,
}

impl SpeechParameters {
    pub(super) fn pack(&self) -> [u8; SPEECH] {
        let mut bits = Writer(0);
        bits.put(u16::from(self.lsp.predictor), 1);
        bits.put(u16::from(self.lsp.first), 7);
        bits.put(u16::from(self.lsp.lower), 5);
        bits.put(u16::from(self.lsp.upper), 5);
        for (subframe, lag_bits) in self.subframes.iter().zip([8, 5]) {
            bits.put(subframe.lag, lag_bits);
            if lag_bits == 8 {
                bits.put(self.parity, 1);
            }
            bits.put(subframe.pulses.positions, 13);
            bits.put(subframe.pulses.signs, 4);
            bits.put(subframe.gains, 7);
        }
        let mut bytes = [0; SPEECH];
        bytes.copy_from_slice(&bits.0.to_be_bytes()[16 - SPEECH..]);
        bytes
    }

    pub(super) fn unpack(frame: &[u8; SPEECH]) -> Self {
        let mut bytes = [0; 16];
        bytes[..SPEECH].copy_from_slice(frame);
        let mut bits = Reader(u128::from_be_bytes(bytes));
        let lsp = Indices {
            predictor: bits.take(1) as u8,
            first: bits.take(7) as u8,
            lower: bits.take(5) as u8,
            upper: bits.take(5) as u8,
        };
        let mut parity = 0;
        let subframes = [8, 5].map(|lag_bits| {
            let lag = bits.take(lag_bits);
            if lag_bits == 8 {
                parity = bits.take(1);
            }
            let pulses = Pulses { positions: bits.take(13), signs: bits.take(4) };
            SubframeParameters { lag, pulses, gains: bits.take(7) }
        });
        Self { lsp, parity, subframes }
    }
}

impl NoiseParameters {
    pub(super) fn unpack(frame: &[u8; NOISE]) -> Self {
        let mut bits = Reader(u128::from(u16::from_be_bytes(*frame)) << 112);
        Self {
            predictor: bits.take(1) as u8,
            first: bits.take(5) as u8,
            second: bits.take(4) as u8,
            gain: bits.take(5) as u8,
        }
    }
}

/// Bits taken from the most significant end.
struct Reader(u128);

impl Reader {
    fn take(&mut self, bits: u32) -> u16 {
        let value = (self.0 >> (128 - bits)) as u16;
        self.0 <<= bits;
        value
    }
}

/// Bits put in at the least significant end.
struct Writer(u128);

impl Writer {
    fn put(&mut self, value: u16, bits: u32) {
        self.0 = self.0 << bits | u128::from(value);
    }
}
