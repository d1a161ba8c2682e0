//! OKI ADPCM with 4 bits, also known as Dialogic ADPCM or VOX (format tags 0x0010 and 0x0017).
//!
//! A stream without blocks: 4-bit codes, the high half of a byte first, that start from silence and the smallest
//! step. The decoder works on 12 bits, which are returned left-justified in 16. Of stereo, the codes alternate.

use super::decode::mean;

/// Decodes the whole stream.
pub(super) fn decode(data: &[u8], stereo: bool) -> Vec<i16> {
    let (mut first, mut second) = (Channel::default(), Channel::default());
    if stereo {
        return data.iter().map(|byte| mean(first.next(byte >> 4), second.next(*byte))).collect();
    }
    data.iter().flat_map(|byte| [first.next(byte >> 4), first.next(*byte)]).collect()
}

#[derive(Default)]
struct Channel {
    signal: i32,
    index: i32,
}

impl Channel {
    /// Takes the low four bits of `code`.
    fn next(&mut self, code: u8) -> i16 {
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
        self.signal = (self.signal + difference).clamp(-2048, 2047);
        self.index = (self.index + INDEX_CHANGES[usize::from(code & 7)]).clamp(0, STEPS.len() as i32 - 1);
        (self.signal << 4) as i16
    }
}

const INDEX_CHANGES: [i32; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];

/// Each step is a tenth larger than the one before.
#[rustfmt::skip]
const STEPS: [i32; 49] = [
    16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190,
    209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552,
];
