//! ITU-T G.711: one byte a sample, by table.
//!
//! A 16-bit sample holds the uniform value of G.711 left-justified: A-law's 13 bits are the sample divided by 8 and
//! mu-law's 14 bits are the sample divided by 4. No decision value of either law falls inside one step of the tables
//! below, so looking a sample up is exact.

use std::fmt;

/// A companding law of G.711. Every byte stands for one sample, whatever comes before and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Law {
    /// A-law.
    A,
    /// Mu-law.
    Mu,
}

impl Law {
    /// Both laws.
    pub const ALL: [Self; 2] = [Self::A, Self::Mu];

    /// The byte that stands for one sample of silence.
    ///
    /// A-law has no code for zero; its silence is the smallest positive value.
    pub const fn silence_byte(self) -> u8 {
        match self {
            Self::A => 0xD5,
            Self::Mu => 0xFF,
        }
    }

    /// Encodes 16-bit samples.
    pub fn encode(self, samples: &[i16]) -> Vec<u8> {
        let mut bytes = vec![0; samples.len()];
        self.encode_into(samples, &mut bytes);
        bytes
    }

    /// Encodes as many samples as both slices hold and returns how many. Does not allocate.
    #[inline]
    pub fn encode_into(self, samples: &[i16], bytes: &mut [u8]) -> usize {
        match self {
            Self::A => map(samples, bytes, |sample| ALAW_ENCODE[usize::from(sample as u16 >> 4)]),
            Self::Mu => map(samples, bytes, |sample| ULAW_ENCODE[usize::from(sample as u16 >> 2)]),
        }
    }

    /// Decodes to 16-bit samples.
    pub fn decode(self, bytes: &[u8]) -> Vec<i16> {
        let mut samples = vec![0; bytes.len()];
        self.decode_into(bytes, &mut samples);
        samples
    }

    /// Decodes as many bytes as both slices hold and returns how many. Does not allocate.
    #[inline]
    pub fn decode_into(self, bytes: &[u8], samples: &mut [i16]) -> usize {
        match self {
            Self::A => map(bytes, samples, |byte| Self::A.sample(byte)),
            Self::Mu => map(bytes, samples, |byte| Self::Mu.sample(byte)),
        }
    }

    /// The sample that one byte stands for.
    #[inline]
    pub(crate) fn sample(self, byte: u8) -> i16 {
        match self {
            Self::A => ALAW_DECODE[usize::from(byte)],
            Self::Mu => ULAW_DECODE[usize::from(byte)],
        }
    }

    /// The samples a second of both laws.
    pub const RATE_HZ: u32 = 8000;
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "A-law",
            Self::Mu => "mu-law",
        })
    }
}

/// Applies `convert` to as many items as both slices hold and returns how many.
#[inline]
fn map<A: Copy, B>(from: &[A], to: &mut [B], convert: impl Fn(A) -> B) -> usize {
    for (out, item) in to.iter_mut().zip(from) {
        *out = convert(*item);
    }
    from.len().min(to.len())
}

/// A-law inverts the even bits of every character signal (G.711 table 1a, note 2).
const ALAW_INVERSION: u8 = 0x55;
/// Added to a mu-law magnitude, it turns each segment into a power of two.
const ULAW_BIAS: u16 = 33;
/// The largest 14-bit magnitude that mu-law tells apart.
const ULAW_CLIP: u16 = 8158;

/// Indexed by the upper 12 bits of the sample.
static ALAW_ENCODE: [u8; 1 << 12] = {
    let mut table = [0; 1 << 12];
    let mut index = 0;
    while index < table.len() {
        table[index] = alaw_character(index as u16);
        index += 1;
    }
    table
};

/// Indexed by the upper 14 bits of the sample.
static ULAW_ENCODE: [u8; 1 << 14] = {
    let mut table = [0; 1 << 14];
    let mut index = 0;
    while index < table.len() {
        table[index] = ulaw_character(index as u16);
        index += 1;
    }
    table
};

static ALAW_DECODE: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < table.len() {
        table[code] = alaw_sample(code as u8);
        code += 1;
    }
    table
};

static ULAW_DECODE: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < table.len() {
        table[code] = ulaw_sample(code as u8);
        code += 1;
    }
    table
};

/// `upper` is the upper 12 bits of a two's complement sample.
const fn alaw_character(upper: u16) -> u8 {
    let negative = upper & 0x800 != 0;
    // One's complement: the intervals of the two signs mirror each other around zero.
    let magnitude = if negative { !upper & 0x7FF } else { upper };
    let code = if magnitude < 32 {
        magnitude as u8
    } else {
        let segment = 12 - magnitude.leading_zeros() as u16; // 32..=2047 has 10..=5 leading zeros
        ((segment << 4) | ((magnitude >> (segment - 1)) & 0x0F)) as u8
    };
    let sign = if negative { 0 } else { 0x80 };
    (code | sign) ^ ALAW_INVERSION
}

/// `upper` is the upper 14 bits of a two's complement sample.
const fn ulaw_character(upper: u16) -> u8 {
    let negative = upper & 0x2000 != 0;
    let magnitude = if negative { !upper & 0x1FFF } else { upper };
    let clipped = if magnitude > ULAW_CLIP { ULAW_CLIP } else { magnitude };
    let biased = clipped + ULAW_BIAS;
    let segment = 10 - biased.leading_zeros() as u16; // 33..=8191 has 10..=3 leading zeros
    let code = ((segment << 4) | ((biased >> (segment + 1)) & 0x0F)) as u8;
    // Mu-law inverts all magnitude bits (G.711 table 2a, note 2).
    let sign = if negative { 0 } else { 0x80 };
    sign | (!code & 0x7F)
}

const fn alaw_sample(code: u8) -> i16 {
    let plain = code ^ ALAW_INVERSION;
    let segment = (plain >> 4) & 0x07;
    let interval = (plain & 0x0F) as i16;
    // The value lies in the middle of its interval, hence the half step.
    let magnitude = match segment {
        0 => (interval << 4) + 8,
        _ => ((interval << 4) + 0x108) << (segment - 1),
    };
    if plain & 0x80 != 0 { magnitude } else { -magnitude }
}

const fn ulaw_sample(code: u8) -> i16 {
    let plain = !code;
    let segment = (plain >> 4) & 0x07;
    let interval = (plain & 0x0F) as i16;
    let biased = ((interval << 1) + ULAW_BIAS as i16) << segment;
    let magnitude = (biased - ULAW_BIAS as i16) << 2;
    if plain & 0x80 != 0 { -magnitude } else { magnitude }
}
