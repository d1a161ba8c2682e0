//! The quadrature mirror filters: from samples at 16000 Hz to two bands at 8000 Hz each, and back (G.722 sections 3.1
//! and 4.4).

/// The transmitting filter.
#[derive(Clone, Debug, Default)]
pub(super) struct Split {
    line: Line,
}

impl Split {
    /// Takes in two samples and gives one of the lower and one of the higher band, with 15 bits each.
    pub(super) fn take(&mut self, pair: [i16; 2]) -> (i32, i32) {
        self.line.push(pair.map(i32::from));
        let (odd, even) = self.line.sums();
        ((even + odd) >> 14, (even - odd) >> 14)
    }
}

/// The receiving filter.
#[derive(Clone, Debug, Default)]
pub(super) struct Join {
    line: Line,
}

impl Join {
    /// Takes in one sample of each band and gives two.
    pub(super) fn take(&mut self, low: i32, high: i32) -> [i16; 2] {
        self.line.push([low + high, low - high]);
        let (odd, even) = self.line.sums();
        [even, odd].map(|sum| super::saturate(sum >> 11) as i16)
    }
}

/// The newest 24 values, the oldest first: twelve pairs.
#[derive(Clone, Debug, Default)]
struct Line {
    pairs: [[i32; 2]; 12],
}

impl Line {
    fn push(&mut self, pair: [i32; 2]) {
        self.pairs.copy_within(1.., 0);
        self.pairs[11] = pair;
    }

    /// The filtered first values of all pairs, and the filtered second ones.
    fn sums(&self) -> (i32, i32) {
        let (mut first, mut second) = (0, 0);
        for (at, pair) in self.pairs.iter().enumerate() {
            first += pair[0] * COEFFICIENTS[at];
            second += pair[1] * COEFFICIENTS[11 - at];
        }
        (first, second)
    }
}

/// Every second coefficient of the symmetric filter of 24; the others are these in reverse.
const COEFFICIENTS: [i32; 12] = [3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11];
