//! The postfilter of the decoder (A.4.2): pitch, formants, tilt, and the level as before.

use super::arithmetic::{div_s, extract_h, l_mac, l_mult, l_shl, l_shr, mult, norm_l, round};
use super::filters::{expand_bandwidth, memory_of, residual, synthesis};
use super::functions::inverse_square_root;
use super::{LAG_MAX, ORDER, Predictor, SUBFRAME, Subframe};

/// Samples of the past residual that the longest lag reaches.
const PAST: usize = LAG_MAX as usize;

/// The postfilter with its memories.
#[derive(Clone, Debug)]
pub(super) struct Postfilter {
    /// The last output of the decoder before the postfilter.
    speech: [i16; ORDER],
    /// Residual of the past and of the present subframe.
    residual: [i16; PAST + SUBFRAME],
    /// The last output of the synthesis filter.
    output: [i16; ORDER],
    /// The last sample that went into the tilt filter.
    tilted: i16,
    /// Gain that restores the level, Q12.
    gain: i16,
}

impl Postfilter {
    pub(super) fn new() -> Self {
        Self {
            speech: [0; ORDER],
            residual: [0; PAST + SUBFRAME],
            output: [0; ORDER],
            tilted: 0,
            gain: UNITY_Q12,
        }
    }

    /// Filters the speech of one subframe in its place. `lag` is that of the excitation; comfort noise has none.
    pub(super) fn apply(&mut self, speech: &mut Subframe, predictor: &Predictor, lag: Option<i16>) {
        let numerator = expand_bandwidth(predictor, NUMERATOR);
        let denominator = expand_bandwidth(predictor, DENOMINATOR);
        let mut signal = [0; ORDER + SUBFRAME];
        signal[..ORDER].copy_from_slice(&self.speech);
        signal[ORDER..].copy_from_slice(speech);
        residual(&numerator, &signal, &mut self.residual[PAST..]);

        let mut filtered = match lag {
            Some(lag) => self.enhance_pitch(lag),
            None => self.present(),
        };
        self.compensate_tilt(&mut filtered, tilt(&numerator, &denominator));
        let mut output = [0; SUBFRAME];
        synthesis(&denominator, &filtered, &mut output, &self.output);
        self.output = memory_of(&output);
        self.restore_level(speech, &mut output);

        self.speech = memory_of(speech);
        self.residual.copy_within(SUBFRAME.., 0);
        *speech = output;
    }

    fn present(&self) -> Subframe {
        std::array::from_fn(|index| self.residual[PAST + index])
    }

    /// Adds the residual of one pitch period before, as far as it is alike (A.4.2.1).
    fn enhance_pitch(&self, lag: i16) -> Subframe {
        let scaled = self.residual.map(|value| value >> 2);
        let product = |lag: usize, other: usize, start: i32| {
            let pairs = scaled[PAST - lag..][..SUBFRAME].iter().zip(&scaled[PAST - other..]);
            pairs.fold(start, |sum, (a, b)| l_mac(sum, *a, *b))
        };
        let low = usize::from((lag - 3).clamp(0, LAG_MAX - 6).unsigned_abs());
        let mut best = (low, i32::MIN);
        for lag in low..=low + 6 {
            let correlation = product(0, lag, 0);
            if correlation > best.1 {
                best = (lag, correlation);
            }
        }
        let (lag, correlation) = (best.0, best.1.max(0));
        let delayed = product(lag, lag, 1);
        let own = product(0, 0, 1);
        let shift = norm_l(correlation.max(delayed).max(own));
        let [correlation, delayed, own] = [correlation, delayed, own].map(|value| round(l_shl(value, shift)));
        // Less than 3 dB of prediction gain: not voiced enough.
        if l_mult(correlation, correlation).saturating_sub(l_mult(delayed, own) >> 1) < 0 {
            return self.present();
        }
        let (gain, rest) = if correlation > delayed {
            (PITCH_GAIN_MOST, PITCH_REST_LEAST)
        } else {
            let correlation = mult(correlation, PITCH_FACTOR) >> 1;
            let sum = correlation.saturating_add(delayed >> 1);
            let gain = div_s(correlation, sum);
            (gain, i16::MAX - gain)
        };
        std::array::from_fn(|index| {
            let past = mult(gain, self.residual[PAST + index - lag]);
            mult(rest, self.residual[PAST + index]).saturating_add(past)
        })
    }

    /// Filters with 1 - tilt z^-1 (A.4.2.3).
    fn compensate_tilt(&mut self, signal: &mut Subframe, tilt: i16) {
        for value in signal {
            let input = *value;
            *value = input.saturating_sub(mult(tilt, self.tilted));
            self.tilted = input;
        }
    }

    /// Gives the output the level that the speech had, in small steps (A.4.2.4).
    fn restore_level(&mut self, speech: &Subframe, output: &mut Subframe) {
        let energy =
            |signal: &Subframe| signal.iter().fold(0, |sum, value| l_mac(sum, value >> 2, value >> 2));
        let after = energy(output);
        if after == 0 {
            self.gain = 0;
            return;
        }
        let after_shift = norm_l(after) - 1;
        let after = round(l_shl(after, after_shift));
        let before = energy(speech);
        let step = if before == 0 {
            0
        } else {
            let before_shift = norm_l(before);
            let ratio = div_s(after, round(l_shl(before, before_shift)));
            let ratio = l_shr(l_shl(i32::from(ratio), 7), after_shift - before_shift);
            mult(round(l_shl(inverse_square_root(ratio), 9)), LEVEL_STEP)
        };
        for value in output {
            self.gain = mult(self.gain, LEVEL_KEPT).saturating_add(step);
            *value = extract_h(l_shl(l_mult(*value, self.gain), 3));
        }
    }
}

/// How much the formant filter tilts the spectrum, from the first two correlations of its impulse response, Q15.
fn tilt(numerator: &Predictor, denominator: &Predictor) -> i16 {
    let mut input = [0; IMPULSE];
    input[..=ORDER].copy_from_slice(numerator);
    let mut impulse = [0; IMPULSE];
    synthesis(denominator, &input, &mut impulse, &[0; ORDER]);
    let energy = impulse.iter().fold(0, |sum, value| l_mac(sum, *value, *value));
    let neighbours = impulse.windows(2).fold(0, |sum, pair| l_mac(sum, pair[0], pair[1]));
    div_s(mult(extract_h(neighbours), TILT), extract_h(energy))
}

/// Samples of the impulse response that the tilt is taken from.
const IMPULSE: usize = 22;
/// 0.55 in Q15.
const NUMERATOR: i16 = 18022;
/// 0.7 in Q15.
const DENOMINATOR: i16 = 22938;
/// 0.5 in Q15.
const PITCH_FACTOR: i16 = 16384;
/// 1/3 in Q15.
const PITCH_GAIN_MOST: i16 = 10923;
/// 2/3 in Q15.
const PITCH_REST_LEAST: i16 = 21845;
/// 0.8 in Q15.
const TILT: i16 = 26214;
/// 0.9 in Q15.
const LEVEL_KEPT: i16 = 29491;
/// 0.1 in Q15.
const LEVEL_STEP: i16 = 3276;
const UNITY_Q12: i16 = 4096;
