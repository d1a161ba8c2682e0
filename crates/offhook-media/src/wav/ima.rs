//! IMA ADPCM in the blocks of WAV files (format tag 0x0011).
//!
//! A block begins with four bytes a channel: its first sample and the index of the step size. Then follow 4-bit
//! codes, the low half of a byte first, in groups of four bytes a channel.

use super::decode::mean;

/// Decodes whole blocks and what there is of the last one.
pub(super) fn decode(data: &[u8], block_bytes: usize, stereo: bool) -> Vec<i16> {
    let channels = if stereo { 2 } else { 1 };
    let mut samples = Vec::with_capacity(samples_in(data.len(), block_bytes, channels));
    for block in data.chunks(block_bytes) {
        let Some((header, mut codes)) = block.split_at_checked(4 * channels) else { break };
        let (headers, _) = header.as_chunks::<4>();
        if let [left, right] = headers {
            let (mut left, mut right) = (Channel::new(left), Channel::new(right));
            samples.push(mean(left.predicted(), right.predicted()));
            while let Some((group, rest)) = codes.split_first_chunk::<8>() {
                for (left_byte, right_byte) in group[..4].iter().zip(&group[4..]) {
                    for shift in [0, 4] {
                        samples.push(mean(left.next(left_byte >> shift), right.next(right_byte >> shift)));
                    }
                }
                codes = rest;
            }
        } else if let [header] = headers {
            let mut channel = Channel::new(header);
            samples.push(channel.predicted());
            for byte in codes {
                samples.push(channel.next(*byte));
                samples.push(channel.next(byte >> 4));
            }
        }
    }
    samples
}

/// Samples of each channel in `bytes` of data.
pub(super) fn samples_in(bytes: usize, block_bytes: usize, channels: usize) -> usize {
    let in_block = |bytes: usize| match bytes.checked_sub(4 * channels) {
        Some(codes) if channels == 1 => 1 + 2 * codes,
        Some(codes) => 1 + codes / 8 * 8,
        None => 0,
    };
    bytes / block_bytes * in_block(block_bytes) + in_block(bytes % block_bytes)
}

struct Channel {
    predicted: i32,
    index: i32,
}

impl Channel {
    fn new(header: &[u8; 4]) -> Self {
        let predicted = i32::from(i16::from_le_bytes([header[0], header[1]]));
        // An index out of range is taken as the highest: damaged files sound bad, nothing worse.
        Self { predicted, index: i32::from(header[2]).min(LAST_STEP) }
    }

    fn predicted(&self) -> i16 {
        self.predicted as i16
    }

    /// Takes the low four bits of `code`.
    fn next(&mut self, code: u8) -> i16 {
        let code = i32::from(code & 0x0F);
        let step = STEPS[self.index as usize];
        let mut difference = step >> 3;
        if code & 4 != 0 {
            difference += step;
        }
        if code & 2 != 0 {
            difference += step >> 1;
        }
        if code & 1 != 0 {
            difference += step >> 2;
        }
        if code & 8 != 0 {
            difference = -difference;
        }
        self.predicted = (self.predicted + difference).clamp(i32::from(i16::MIN), i32::from(i16::MAX));
        self.index = (self.index + INDEX_CHANGES[(code & 7) as usize]).clamp(0, LAST_STEP);
        self.predicted()
    }
}

const LAST_STEP: i32 = STEPS.len() as i32 - 1;

const INDEX_CHANGES: [i32; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];

/// The step sizes of the IMA Digital Audio Focus and Technical Working Groups' recommended practice.
#[rustfmt::skip]
const STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107,
    118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
    1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894,
    6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
    32767,
];
