//! The gains of both codebooks (3.9, 4.1.5): the fixed codebook's is predicted from the energy of past frames, and what
//! the prediction lacks is quantised together with the pitch gain.

use super::Subframe;
use super::arithmetic::{
    div_s, extract_h, extract_l, l_deposit_h, l_mac, l_mult, l_shl, l_shr, mult, norm_l, round, shr,
};
use super::functions::{Double, log2, pow2};
use super::tables::{
    ENERGY_PREDICTOR, GAIN_FIRST, GAIN_FIRST_RECEIVED, GAIN_FIRST_SENT, GAIN_FIRST_THRESHOLDS, GAIN_SECOND,
    GAIN_SECOND_RECEIVED, GAIN_SECOND_SENT, GAIN_SECOND_THRESHOLDS,
};

/// The gains of a subframe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gains {
    /// Of the adaptive codebook, Q14.
    pub(super) pitch: i16,
    /// Of the fixed codebook, Q1.
    pub(super) code: i16,
}

impl Gains {
    /// Turns the adaptive codebook's vector into the excitation: both codebooks times their gains (3.10).
    pub(super) fn mix(self, adaptive: &mut [i16], code: &Subframe) {
        for (value, code) in adaptive.iter_mut().zip(code) {
            let sum = l_mac(l_mult(*value, self.pitch), *code, self.code);
            *value = round(l_shl(sum, 1));
        }
    }

    /// How much the next subframe's fixed codebook is sharpened, Q14 (3.8).
    pub(super) fn sharpening(self) -> i16 {
        self.pitch.clamp(SHARPENING_MIN, SHARPENING_MAX)
    }

    /// The gains for a subframe that did not come (4.4.2, 4.4.3).
    pub(super) fn attenuated(self) -> Self {
        Self {
            pitch: mult(self.pitch, NINE_TENTHS).min(NINE_TENTHS),
            code: mult(self.code, CODE_ATTENUATION),
        }
    }
}

/// Correlations of target and filtered codebook vectors, mantissas and exponents, from which the error of a pair of
/// gains follows (3.9, equation 63).
pub(super) struct Correlations {
    pub(super) mantissas: [i16; 5],
    pub(super) exponents: [i16; 5],
}

/// The prediction of the fixed codebook gain.
#[derive(Clone, Debug)]
pub(super) struct Predictor {
    /// Energies of the last four subframes' corrections in dB, Q10.
    past: [i16; 4],
}

/// The predicted gain with the number of its fractional bits.
#[derive(Clone, Copy)]
struct Predicted {
    mantissa: i16,
    fraction: i16,
}

impl Predictor {
    pub(super) fn new() -> Self {
        Self { past: [LEAST_ENERGY; 4] }
    }

    /// The gains that an index of 7 bits stands for.
    pub(super) fn decode(&mut self, index: u16, code: &Subframe) -> Gains {
        let first = usize::from(GAIN_FIRST_RECEIVED[usize::from(index >> 4 & 7)]);
        let second = usize::from(GAIN_SECOND_RECEIVED[usize::from(index & 15)]);
        let predicted = self.predict(code);
        self.gains(predicted, first, second)
    }

    /// Takes up that a subframe did not come: the prediction falls by 4 dB (4.4.3).
    pub(super) fn lose(&mut self) {
        let mean = self.past.iter().map(|energy| i32::from(*energy)).sum::<i32>() >> 2;
        self.push(extract_l(mean).saturating_sub(FOUR_DB).max(LEAST_ENERGY));
    }

    /// Quantises the gains. `tamed` keeps the pitch gain below 1 (see [`super::taming`]).
    pub(super) fn quantise(
        &mut self,
        code: &Subframe,
        correlations: &Correlations,
        tamed: bool,
    ) -> (u16, Gains) {
        let predicted = self.predict(code);
        let (first, second) = search(predicted, correlations, tamed);
        let index = u16::from(GAIN_FIRST_SENT[first]) << 4 | u16::from(GAIN_SECOND_SENT[second]);
        (index, self.gains(predicted, first, second))
    }

    /// The gain of `code` with which it would have the predicted energy (3.9.1).
    fn predict(&self, code: &Subframe) -> Predicted {
        let energy = code.iter().fold(0, |sum, value| l_mac(sum, *value, *value));
        // Mean energy less that of the code, in dB: 127.298 - 3.0103 log2(energy).
        let level = l_mac(log2(energy).times_short(-DECIBELS_PER_OCTAVE), 32588, 32);
        let past = self.past.iter().zip(&ENERGY_PREDICTOR);
        let level = extract_h(past.fold(l_shl(level, 10), |sum, (past, factor)| l_mac(sum, *factor, *past)));
        // From dB to a power of two: 0.166 per dB.
        let power = Double::from(l_mult(level, 5439) >> 8);
        Predicted { mantissa: extract_l(pow2(14, power.low)), fraction: 14 - power.high }
    }

    /// The gains of two codebook rows, of which the predictor takes note.
    fn gains(&mut self, predicted: Predicted, first: usize, second: usize) -> Gains {
        let (pitch, correction) = sum_of_rows(first, second);
        let product = l_mult(extract_l(correction >> 1), predicted.mantissa);
        self.push(decibels(correction));
        Gains { pitch, code: extract_h(l_shl(product, 4 - predicted.fraction)) }
    }

    fn push(&mut self, energy: i16) {
        self.past.rotate_right(1);
        self.past[0] = energy;
    }
}

/// The rows of both stages with the least error, among four of the first and eight of the second that lie nearest to
/// the best gains (3.9.2).
fn search(predicted: Predicted, correlations: &Correlations, tamed: bool) -> (usize, usize) {
    let (pitch, code) = optimum(correlations, tamed);
    let (first, second) = preselect(pitch, code, predicted.in_q4());

    let terms = aligned(correlations, predicted.fraction);
    let mut best = (first, second, i32::MAX);
    for one in first..first + FIRST_CANDIDATES {
        for two in second..second + SECOND_CANDIDATES {
            let (pitch, correction) = sum_of_rows(one, two);
            if tamed && pitch >= ALMOST_ONE {
                continue;
            }
            let code = mult(predicted.mantissa, extract_l(correction >> 1));
            let factors = [mult(pitch, pitch), pitch, mult(code, code), code, mult(code, pitch)];
            let error = terms
                .iter()
                .zip(factors)
                .fold(0_i32, |sum, (term, factor)| sum.saturating_add(term.times_short(factor)));
            if error < best.2 {
                best = (one, two, error);
            }
        }
    }
    (best.0, best.1)
}

/// The pitch gain in Q14, and the correction of the fixed codebook gain in Q13, of a row of each stage.
fn sum_of_rows(first: usize, second: usize) -> (i16, i32) {
    let (first, second) = (GAIN_FIRST[first], GAIN_SECOND[second]);
    (first[0].saturating_add(second[0]), i32::from(first[1]) + i32::from(second[1]))
}

/// The level of a correction, in Q13, in decibels, in Q10.
fn decibels(correction: i32) -> i16 {
    let mut logarithm = log2(correction);
    logarithm.high -= 13;
    mult(extract_h(l_shl(logarithm.value(), 13)), DECIBELS_PER_OCTAVE)
}

impl Predicted {
    fn in_q4(self) -> i16 {
        if self.fraction >= 4 {
            shr(self.mantissa, self.fraction - 4)
        } else {
            extract_h(l_shl(i32::from(self.mantissa), 20 - self.fraction))
        }
    }
}

/// The gains without quantisation: the pitch gain in Q9, the fixed codebook gain in Q2.
fn optimum(correlations: &Correlations, tamed: bool) -> (i16, i16) {
    let [own, target, other_own, other_target, both] = Float::terms(correlations);
    // The correlation of both vectors holds a factor of two, hence four times the product of the energies.
    let (denominator, exponent) = own.product(other_own, -1).less_exact(both.product(both, 1));
    let inverse = div_s(1 << 14, denominator).saturating_neg();
    let exponent = 29 - exponent;
    let quotient = |(numerator, own_exponent): (i16, i16), fraction: i16| {
        extract_h(l_shr(l_mult(numerator, inverse), own_exponent + exponent - (fraction + 15)))
    };
    let pitch = other_own.product(target, 0).less_halved(other_target.product(both, 1));
    let code = own.product(other_target, 0).less_halved(target.product(both, 1));
    let pitch = quotient(pitch, 9);
    (if tamed { pitch.min(TAMED_PITCH_Q9) } else { pitch }, quotient(code, 2))
}

/// A mantissa with the number of its fractional bits.
#[derive(Clone, Copy)]
struct Float<T> {
    mantissa: T,
    exponent: i16,
}

impl Float<i16> {
    fn terms(correlations: &Correlations) -> [Self; 5] {
        std::array::from_fn(|index| Self {
            mantissa: correlations.mantissas[index],
            exponent: correlations.exponents[index],
        })
    }

    /// The product with `extra` bits of fraction more.
    fn product(self, other: Self, extra: i16) -> Float<i32> {
        Float {
            mantissa: l_mult(self.mantissa, other.mantissa),
            exponent: self.exponent + other.exponent + extra,
        }
    }
}

impl Float<i32> {
    /// The difference, normalised.
    fn less_exact(self, other: Self) -> (i16, i16) {
        let apart = self.exponent - other.exponent;
        let difference = if apart > 0 {
            l_shr(self.mantissa, apart).saturating_sub(other.mantissa)
        } else {
            self.mantissa.saturating_sub(l_shr(other.mantissa, -apart))
        };
        normalised(difference, self.exponent.min(other.exponent))
    }

    /// The difference, normalised, of numbers that are halved so that it cannot overflow.
    fn less_halved(self, other: Self) -> (i16, i16) {
        let apart = self.exponent - other.exponent;
        let difference = if apart > 0 {
            l_shr(self.mantissa, apart + 1).saturating_sub(other.mantissa >> 1)
        } else {
            (self.mantissa >> 1).saturating_sub(l_shr(other.mantissa, 1 - apart))
        };
        normalised(difference, self.exponent.min(other.exponent) - 1)
    }
}

fn normalised(value: i32, exponent: i16) -> (i16, i16) {
    let shift = norm_l(value);
    (extract_h(l_shl(value, shift)), exponent + shift - 16)
}

/// The first row of the candidates in each stage, found with the two lines on which the stages' rows lie about
/// (3.9.2).
fn preselect(pitch: i16, code: i16, predicted: i16) -> (usize, usize) {
    let along = l_mult(31881, pitch);
    let sum = extract_h(along.saturating_add(1_822_990_272 >> 15));
    let difference = l_shl(i32::from(code), 7).saturating_sub(l_mult(sum, predicted));
    let second = l_mult(extract_h(l_shl(difference, 2)), INVERSE_DETERMINANT);

    let rest = mult(extract_h(along.saturating_sub(1_731_217_536 >> 10)), predicted);
    let difference = l_mult(rest, 31548).saturating_sub(l_mult(31881, code) >> 3);
    let first = l_mult(extract_h(l_shl(difference, 2)), INVERSE_DETERMINANT);

    let exceeded = |value: i32, threshold: i16, shift: i16| {
        let excess = value.saturating_sub(l_shr(l_mult(threshold, predicted), shift));
        if predicted > 0 { excess > 0 } else { excess < 0 }
    };
    (
        GAIN_FIRST_THRESHOLDS.iter().take_while(|threshold| exceeded(first, **threshold, 3)).count(),
        GAIN_SECOND_THRESHOLDS.iter().take_while(|threshold| exceeded(second, **threshold, 5)).count(),
    )
}

/// The correlations with the same exponent, where the gains' own formats are allowed for.
fn aligned(correlations: &Correlations, fraction: i16) -> [Double; 5] {
    let formats = [13, 14, 2 * fraction - 21, fraction - 3, fraction - 4];
    let exponents: [i16; 5] = std::array::from_fn(|index| correlations.exponents[index] + formats[index]);
    let least = exponents.into_iter().fold(i16::MAX, i16::min);
    std::array::from_fn(|index| {
        l_shr(l_deposit_h(correlations.mantissas[index]), exponents[index] - least).into()
    })
}

const FIRST_CANDIDATES: usize = 4;
const SECOND_CANDIDATES: usize = 8;
/// -1 over the determinant of the two lines of the preselection, scaled to 16 bits.
const INVERSE_DETERMINANT: i16 = -17103;
/// 0.94 in Q9.
const TAMED_PITCH_Q9: i16 = 481;
/// 0.9999 in Q14.
const ALMOST_ONE: i16 = 16383;
/// 6.0205 in Q12.
const DECIBELS_PER_OCTAVE: i16 = 24660;
/// -14 dB in Q10.
const LEAST_ENERGY: i16 = -14336;
/// 4 dB in Q10.
const FOUR_DB: i16 = 4096;
/// 0.9 in Q15.
const NINE_TENTHS: i16 = 29491;
/// 0.98 in Q15.
const CODE_ATTENUATION: i16 = 32111;
/// 0.2 in Q14.
pub(super) const SHARPENING_MIN: i16 = 3277;
/// 0.7945 in Q14.
const SHARPENING_MAX: i16 = 13017;

#[cfg(test)]
mod tests {
    use super::decibels;

    /// FILE-10: the figures are what the Recommendation's own program writes for its test sequences.
    #[test]
    fn corrections_have_the_level_of_the_recommendation() {
        let rows = [
            (0x05EC, -15007),
            (0x7D17, 12124),
            (0xA1DE, 14416),
            (0x5EA1, 9642),
            (0x1AE3, -1550),
            (0x1C61, -1069),
            (0x225C, 631),
            (0x3273, 4048),
            (0x19FC, -1853),
            (0x2B89, 2737),
            (0x148B, -3943),
            (0x0A66, -9999),
        ];
        for (correction, level) in rows {
            assert_eq!(decibels(correction), level, "{correction:#x}");
        }
    }
}
