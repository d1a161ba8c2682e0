//! A small mutator with a seed: what it makes of a message is the same on every machine.

/// Generator of numbers (SplitMix64), good enough to choose places and bytes.
pub(crate) struct Numbers(u64);

impl Numbers {
    /// A generator that gives the same numbers for the same seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        if bound == 0 { 0 } else { usize::try_from(self.next() % bound as u64).unwrap_or_default() }
    }
}

/// Changes `bytes` in one to six places; `other` lends pieces, `words` are put in where they hurt.
pub(crate) fn mutate(numbers: &mut Numbers, bytes: &mut Vec<u8>, other: &[u8], words: &[&[u8]]) {
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(bytes.len() + 1);
        let end = (at + 1 + numbers.below(24)).min(bytes.len());
        let range = at.min(end)..end;
        match numbers.below(10) {
            0 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
            1 => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = numbers.next().to_le_bytes()[0];
                }
            }
            2 => bytes.insert(at, numbers.next().to_le_bytes()[0]),
            3 => drop(bytes.drain(range)),
            4 => {
                let piece = bytes[range].to_vec();
                splice(bytes, at, &piece);
            }
            5 => {
                let from = numbers.below(other.len());
                let piece = &other[from..(from + 1 + numbers.below(64)).min(other.len())];
                splice(bytes, at, piece);
            }
            6 => {
                // A line twice, or at another place.
                let line = line_at(bytes, at);
                let piece = bytes[line].to_vec();
                let to = numbers.below(bytes.len() + 1);
                let to = line_at(bytes, to).start;
                splice(bytes, to, &piece);
            }
            7 => {
                let line = line_at(bytes, at);
                bytes.drain(line);
            }
            8 if numbers.below(8) == 0 => bytes.truncate(at),
            _ => {
                let word = words[numbers.below(words.len())];
                if numbers.below(2) == 0 {
                    bytes.drain(range);
                }
                splice(bytes, at, word);
            }
        }
    }
}

fn splice(bytes: &mut Vec<u8>, at: usize, piece: &[u8]) {
    let at = at.min(bytes.len());
    bytes.splice(at..at, piece.iter().copied());
}

fn line_at(bytes: &[u8], at: usize) -> std::ops::Range<usize> {
    let at = at.min(bytes.len());
    let start = bytes[..at].iter().rposition(|&b| b == b'\n').map_or(0, |feed| feed + 1);
    let end = bytes[at..].iter().position(|&b| b == b'\n').map_or(bytes.len(), |feed| at + feed + 1);
    start..end
}
