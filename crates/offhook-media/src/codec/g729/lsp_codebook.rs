//! The quantiser of line spectral frequencies (3.2.4): two stages on what a switched moving average does not predict.

use super::ORDER;
use super::arithmetic::{extract_h, l_deposit_h, l_mac, l_msu, l_mult, l_shl, mult, norm_s};
use super::tables::{
    LSF_AT_START, LSP_FIRST, LSP_PREDICTOR_REST, LSP_PREDICTOR_REST_INVERSE, LSP_PREDICTORS, LSP_SECOND,
};

/// Frequencies in radians, Q13; or what was added to their prediction.
pub(super) type Frequencies = [i16; ORDER];

/// The coefficients of a predictor, the last frame's first, Q15.
pub(super) type Coefficients = [[i16; ORDER]; 4];

/// What a frame tells of its frequencies: the predictor and the rows of the codebooks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Indices {
    /// L0: which predictor.
    pub(super) predictor: u8,
    /// L1: row of the first stage.
    pub(super) first: u8,
    /// L2: row of the second stage, lower half.
    pub(super) lower: u8,
    /// L3: row of the second stage, upper half.
    pub(super) upper: u8,
}

/// What predicts the next frame's frequencies: what was added to the prediction in the last four frames.
#[derive(Clone, Debug)]
pub(super) struct Memory([Frequencies; 4]);

impl Memory {
    pub(super) fn new() -> Self {
        Self([LSF_AT_START; 4])
    }

    /// The frequencies that `added` and the prediction give.
    pub(super) fn compose(
        &self,
        added: &Frequencies,
        coefficients: &Coefficients,
        rest: &[i16; ORDER],
    ) -> Frequencies {
        std::array::from_fn(|index| {
            let own = l_mult(added[index], rest[index]);
            let past = self.0.iter().zip(coefficients);
            extract_h(past.fold(own, |sum, (past, factor)| l_mac(sum, past[index], factor[index])))
        })
    }

    /// What has to be added to the prediction to give `frequencies`.
    fn extract(&self, frequencies: &Frequencies, predictor: usize) -> Frequencies {
        std::array::from_fn(|index| {
            let whole = l_deposit_h(frequencies[index]);
            let past = self.0.iter().zip(&LSP_PREDICTORS[predictor]);
            let left = past.fold(whole, |sum, (past, factor)| l_msu(sum, past[index], factor[index]));
            extract_h(l_shl(l_mult(extract_h(left), LSP_PREDICTOR_REST_INVERSE[predictor][index]), 3))
        })
    }

    /// Remembers what was added in this frame.
    pub(super) fn push(&mut self, added: Frequencies) {
        self.0.rotate_right(1);
        self.0[0] = added;
    }
}

/// The decoder's half: the last frame is repeated where one is missing.
#[derive(Clone, Debug)]
pub(super) struct Decoder {
    pub(super) memory: Memory,
    last: Frequencies,
    last_predictor: usize,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self { memory: Memory::new(), last: LSF_AT_START, last_predictor: 0 }
    }

    /// The frequencies of a frame that came.
    pub(super) fn decode(&mut self, indices: Indices) -> Frequencies {
        self.last_predictor = usize::from(indices.predictor & 1);
        self.last = dequantise(&mut self.memory, indices);
        self.last
    }

    /// The frequencies for a frame that did not come: those of the last one (4.4.1).
    pub(super) fn repeat(&mut self) -> Frequencies {
        let added = self.memory.extract(&self.last, self.last_predictor);
        self.memory.push(added);
        self.last
    }
}

/// Finds the indices for `frequencies` and returns what they give.
pub(super) fn quantise(memory: &mut Memory, frequencies: &Frequencies) -> (Indices, Frequencies) {
    let weights = weights(frequencies);
    let (one, two) =
        (candidate(memory, frequencies, &weights, 0), candidate(memory, frequencies, &weights, 1));
    let indices = if two.1 < one.1 { two.0 } else { one.0 };
    (indices, dequantise(memory, indices))
}

/// Keeps neighbours apart by at least `gap` by moving both (3.2.4).
pub(super) fn spread(values: &mut Frequencies, gap: i16) {
    for index in 1..ORDER {
        spread_at(values, index, gap);
    }
}

/// Puts frequencies in order, at least 0.0392 apart and within the band, so that the filter is stable (3.2.4).
pub(super) fn stabilise(frequencies: &mut Frequencies) {
    for index in 0..ORDER - 1 {
        if frequencies[index + 1] < frequencies[index] {
            frequencies.swap(index, index + 1);
        }
    }
    frequencies[0] = frequencies[0].max(LOWEST);
    for index in 0..ORDER - 1 {
        let distance = i32::from(frequencies[index + 1]) - i32::from(frequencies[index]);
        if distance < i32::from(LEAST_DISTANCE) {
            frequencies[index + 1] = frequencies[index].saturating_add(LEAST_DISTANCE);
        }
    }
    frequencies[ORDER - 1] = frequencies[ORDER - 1].min(HIGHEST);
}

/// The frequencies that indices give, which the memory takes up.
fn dequantise(memory: &mut Memory, indices: Indices) -> Frequencies {
    let predictor = usize::from(indices.predictor & 1);
    let mut added = entry(indices);
    spread(&mut added, WIDE_GAP);
    spread(&mut added, NARROW_GAP);
    let mut frequencies = memory.compose(&added, &LSP_PREDICTORS[predictor], &LSP_PREDICTOR_REST[predictor]);
    memory.push(added);
    stabilise(&mut frequencies);
    frequencies
}

/// The sum of the rows of both stages.
fn entry(indices: Indices) -> Frequencies {
    let first = &LSP_FIRST[usize::from(indices.first & 0x7F)];
    let lower = &LSP_SECOND[usize::from(indices.lower & 0x1F)];
    let upper = &LSP_SECOND[usize::from(indices.upper & 0x1F)];
    std::array::from_fn(|index| {
        first[index].saturating_add(if index < HALF { lower[index] } else { upper[index] })
    })
}

/// The best indices with one of the predictors, and how far off they are.
fn candidate(
    memory: &Memory,
    frequencies: &Frequencies,
    weights: &[i16; ORDER],
    predictor: usize,
) -> (Indices, i32) {
    let wanted = memory.extract(frequencies, predictor);
    let first = nearest(LSP_FIRST.iter().map(|row| {
        wanted.iter().zip(row).fold(0, |sum, (wanted, value)| {
            let error = wanted.saturating_sub(*value);
            l_mac(sum, error, error)
        })
    }));
    let left: Frequencies =
        std::array::from_fn(|index| wanted[index].saturating_sub(LSP_FIRST[first][index]));
    let second = |range: std::ops::Range<usize>| {
        let left = &left;
        nearest(LSP_SECOND.iter().map(move |row| {
            range.clone().fold(0, |sum, index| {
                let error = left[index].saturating_sub(row[index]);
                l_mac(sum, mult(weights[index], error), error)
            })
        }))
    };
    let indices = Indices {
        predictor: predictor as u8,
        first: first as u8,
        lower: second(0..HALF) as u8,
        upper: second(HALF..ORDER) as u8,
    };

    // Each half is spread before the other is known, then the whole.
    let mut added = entry(indices);
    for index in (1..HALF).chain(HALF..ORDER) {
        spread_at(&mut added, index, WIDE_GAP);
    }
    spread(&mut added, NARROW_GAP);
    let distance = (0..ORDER).fold(0, |sum, index| {
        let error = mult(added[index].saturating_sub(wanted[index]), LSP_PREDICTOR_REST[predictor][index]);
        let weighted = extract_h(l_shl(l_mult(weights[index], error), 4));
        l_mac(sum, weighted, error)
    });
    (indices, distance)
}

fn spread_at(values: &mut Frequencies, index: usize, gap: i16) {
    let excess = values[index - 1].saturating_sub(values[index]).saturating_add(gap) >> 1;
    if excess > 0 {
        values[index - 1] = values[index - 1].saturating_sub(excess);
        values[index] = values[index].saturating_add(excess);
    }
}

/// The index of the smallest distance, the first of equal ones.
fn nearest(distances: impl Iterator<Item = i32>) -> usize {
    let mut best = (0, i32::MAX);
    for (index, distance) in distances.enumerate() {
        if distance < best.1 {
            best = (index, distance);
        }
    }
    best.0
}

/// How much each frequency's error matters: more where neighbours are close, as at a formant (3.2.4).
fn weights(frequencies: &Frequencies) -> [i16; ORDER] {
    let mut weights = std::array::from_fn(|index| {
        let below = if index == 0 { FLOOR } else { frequencies[index - 1] };
        let above = if index == ORDER - 1 { CEILING } else { frequencies[index + 1] };
        let room = above.saturating_sub(below).saturating_sub(ONE_Q13);
        if room > 0 {
            ONE_Q11
        } else {
            let square = extract_h(l_shl(l_mult(room, room), 2));
            extract_h(l_shl(l_mult(square, TEN_Q11), 2)).saturating_add(ONE_Q11)
        }
    });
    for index in [4, 5] {
        weights[index] = extract_h(l_shl(l_mult(weights[index], ONE_AND_A_FIFTH_Q14), 1));
    }
    let shift = norm_s(weights.iter().copied().max().unwrap_or(ONE_Q11));
    weights.map(|weight| weight << shift)
}

/// Where the second stage's halves meet.
const HALF: usize = ORDER / 2;
/// 0.0012 in Q13.
const WIDE_GAP: i16 = 10;
/// 0.0006 in Q13.
const NARROW_GAP: i16 = 5;
/// 0.0392 in Q13.
const LEAST_DISTANCE: i16 = 321;
/// 0.005 in Q13.
const LOWEST: i16 = 40;
/// 3.135 in Q13.
const HIGHEST: i16 = 25681;
/// 0.04 pi in Q13.
const FLOOR: i16 = 1029;
/// 0.92 pi in Q13.
const CEILING: i16 = 23677;
const ONE_Q13: i16 = 8192;
const ONE_Q11: i16 = 2048;
const TEN_Q11: i16 = 20480;
const ONE_AND_A_FIFTH_Q14: i16 = 19661;
