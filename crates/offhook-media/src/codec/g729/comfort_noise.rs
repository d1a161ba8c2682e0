//! Comfort noise (B.4): what the decoder makes of SID frames and of the frames after them that are not sent.

use super::adaptive_codebook::{Lag, predict};
use super::arithmetic::{extract_h, extract_l, l_mac, l_mult, l_shl, l_shr, mult_r, norm_l, norm_s, shr_r};
use super::bitstream::NoiseParameters;
use super::functions::{Double, inverse_square_root};
use super::lsp_codebook::{Coefficients, Memory, spread, stabilise};
use super::random::Random;
use super::tables::{
    LSP_FIRST, LSP_PREDICTORS, LSP_SECOND, NOISE_GAIN, NOISE_LSP_FIRST, NOISE_LSP_SECOND,
    NOISE_PREDICTOR_REST,
};
use super::{FRAME, Lsp, ORDER, SUBFRAME, Subframe, lsp};

/// The generator of comfort noise.
#[derive(Clone, Debug)]
pub(super) struct ComfortNoise {
    random: Random,
    /// The level that the last SID frame asks for, and the smoothed one, Q3.
    wanted: i16,
    gain: i16,
    /// The spectrum of the last SID frame.
    pub(super) lsp: Lsp,
}

impl ComfortNoise {
    pub(super) fn new() -> Self {
        Self { random: Random::new(SEED), wanted: NOISE_GAIN[0], gain: 0, lsp: SPECTRUM_AT_START }
    }

    /// Takes note that speech came, after which the noise begins anew.
    pub(super) fn restart(&mut self) {
        self.random = Random::new(SEED);
    }

    /// Takes up a SID frame. `memory` is what predicts the frequencies of the next frame, whichever its kind.
    pub(super) fn describe(&mut self, parameters: NoiseParameters, memory: &mut Memory) {
        self.wanted = NOISE_GAIN[usize::from(parameters.gain & 31)];
        let first = usize::from(NOISE_LSP_FIRST[usize::from(parameters.first & 31)]);
        let second = NOISE_LSP_SECOND.map(|rows| usize::from(rows[usize::from(parameters.second & 15)]));
        let mut added: [i16; ORDER] = std::array::from_fn(|index| {
            let row = second[usize::from(index >= ORDER / 2)];
            LSP_FIRST[first][index].saturating_add(LSP_SECOND[row][index])
        });
        spread(&mut added, LEAST_GAP);
        let predictor = usize::from(parameters.predictor & 1);
        let mut frequencies =
            memory.compose(&added, &coefficients(predictor), &NOISE_PREDICTOR_REST[predictor]);
        memory.push(added);
        stabilise(&mut frequencies);
        self.lsp = lsp::from_frequencies(&frequencies);
    }

    /// Writes the excitation of one frame, which begins at `at`. `first` says that speech preceded it.
    pub(super) fn excite(&mut self, excitation: &mut [i16], at: usize, first: bool) {
        self.gain = if first {
            self.wanted
        } else {
            mult_r(self.gain, GAIN_KEPT).saturating_add(mult_r(self.wanted, GAIN_STEP))
        };
        if self.gain == 0 {
            excitation[at..at + FRAME].fill(0);
            return;
        }
        for at in [at, at + SUBFRAME] {
            self.excite_subframe(excitation, at);
        }
    }

    /// White noise, the past excitation at a random lag, and four random pulses, together of the wanted level (B.4.4).
    fn excite_subframe(&mut self, excitation: &mut [i16], at: usize) {
        let choice = Choice::draw(&mut self.random);
        let white = self.white_noise();
        predict(excitation, at, choice.lag);
        let present = &mut excitation[at..at + SUBFRAME];
        for (value, white) in present.iter_mut().zip(&white) {
            *value = mult_r(*value, choice.pitch_gain_q15).saturating_add(*white);
        }

        // The gain g of the pulses solves 4 g^2 + 2 b g + c = 0, where b is the sum at the pulses, and c what the
        // energy lacks; everything `shift` bits smaller so that it fits.
        let loudest = present.iter().map(|value| value.saturating_abs()).max().unwrap_or(0);
        let shift = if loudest == 0 { 0 } else { (3 - norm_s(loudest)).max(0) };
        let energy = present.iter().fold(0, |sum, value| l_mac(sum, value >> shift, value >> shift));
        let at_pulses = choice.sum(present, shift) >> 1;
        let wanted = l_mult(self.gain, extract_l(l_mult(self.gain, SUBFRAME as i16) >> 6));
        let lacking = l_shr(wanted, 1 + 2 * shift).saturating_sub(energy);
        let discriminant = l_mac(lacking, at_pulses, at_pulses);
        let gain = if discriminant >= 0 {
            pulse_gain(discriminant, at_pulses, shift + 1)
        } else {
            // Too much without pulses: white noise and pulses alone.
            present.copy_from_slice(&white);
            let shift = if choice.places.iter().any(|place| white[*place].saturating_abs() & 0x4000 != 0) {
                2
            } else {
                1
            };
            let at_pulses = choice.sum(present, shift);
            let lacking = l_shr(Double::from(wanted).times_short(THREE_QUARTERS), 2 * shift - 1);
            pulse_gain(l_mac(lacking, at_pulses, at_pulses), at_pulses, shift)
        };
        for (place, positive) in choice.places.into_iter().zip(choice.positive) {
            let value = &mut present[place];
            *value = if positive { value.saturating_add(gain) } else { value.saturating_sub(gain) };
        }
    }

    /// White noise of half the wanted level.
    fn white_noise(&mut self) -> Subframe {
        let noise: Subframe = std::array::from_fn(|_| {
            let sum: i32 = (0..12).map(|_| i32::from(self.random.draw())).sum();
            extract_l(sum >> 7)
        });
        let energy = noise.iter().fold(0, |sum, value| l_mac(sum, *value, *value));
        let inverse = Double::from(inverse_square_root(energy >> 1));
        let scale = inverse.times_short(self.gain.saturating_add(mult_r(self.gain, NOISE_SHARE)));
        let shift = norm_l(scale);
        let factor = extract_h(l_shl(scale, shift));
        noise.map(|value| shr_r(mult_r(value, factor), shift - 14))
    }
}

/// What is drawn for each subframe.
struct Choice {
    lag: Lag,
    places: [usize; 4],
    positive: [bool; 4],
    /// Gain of the past excitation, less than 0.5, Q15.
    pitch_gain_q15: i16,
}

impl Choice {
    fn draw(random: &mut Random) -> Self {
        let bits = u32::from(random.draw() as u16) | u32::from(random.draw() as u16) << 16;
        let field = |shift: u32, width: u32| bits >> shift & ((1 << width) - 1);
        let place = |shift: u32, track: usize| field(shift, 3) as usize * 5 + track;
        let thirds = match field(0, 2) as i16 {
            3 => 0,
            drawn => drawn - 1,
        };
        Self {
            lag: Lag { samples: field(2, 6) as i16 + 40, thirds },
            places: [place(8, 0), place(12, 1), place(16, 2), place(21, 3 + field(20, 1) as usize)],
            positive: [11, 15, 19, 24].map(|shift| field(shift, 1) == 1),
            pitch_gain_q15: (random.draw() & 0x1FFF) << 1,
        }
    }

    /// The sum of `signal`, `shift` bits smaller, at the pulses with their signs.
    fn sum(&self, signal: &[i16], shift: i16) -> i16 {
        self.places.iter().zip(self.positive).fold(0_i16, |sum, (place, positive)| {
            let value = signal[*place] >> shift;
            if positive { sum.saturating_add(value) } else { sum.saturating_sub(value) }
        })
    }
}

/// The smaller of the equation's two solutions; its terms are `shift` bits smaller than the signal.
fn pulse_gain(discriminant: i32, at_pulses: i16, shift: i16) -> i16 {
    let root = square_root(discriminant);
    let one = root.saturating_sub(at_pulses);
    let other = at_pulses.saturating_add(root).saturating_neg();
    let smaller = if other.saturating_abs() < one.saturating_abs() { other } else { one };
    shr_r(smaller, 2 - shift).clamp(-PULSE_GAIN_MAX, PULSE_GAIN_MAX)
}

/// The square root of half a number, by 14 steps of bisection.
fn square_root(value: i32) -> i16 {
    let mut root = 0_i16;
    for bit in (1..=14).rev() {
        let tried = root + (1 << bit);
        if l_mult(tried, tried) <= value {
            root = tried;
        }
    }
    root
}

/// The predictor of SID frames: the first is that of speech, the second a mean of both (B.4.2.2).
fn coefficients(predictor: usize) -> Coefficients {
    if predictor == 0 {
        return LSP_PREDICTORS[0];
    }
    std::array::from_fn(|frame| {
        std::array::from_fn(|index| {
            let sum = l_mult(LSP_PREDICTORS[0][frame][index], THREE_FIFTHS);
            extract_h(l_mac(sum, LSP_PREDICTORS[1][frame][index], TWO_FIFTHS))
        })
    })
}

const SEED: i16 = 11111;
/// The spectrum before the first SID frame: flat.
const SPECTRUM_AT_START: Lsp = [31441, 27566, 21458, 13612, 4663, -4663, -13612, -21458, -27566, -31441];
/// 0.0012 in Q13.
const LEAST_GAP: i16 = 10;
/// 7/8 in Q15.
const GAIN_KEPT: i16 = 28672;
/// 1/8 in Q15.
const GAIN_STEP: i16 = 4096;
/// sqrt(40) / 4 - 1 in Q15.
const NOISE_SHARE: i16 = 19043;
/// 0.75 in Q15.
const THREE_QUARTERS: i16 = 24576;
const PULSE_GAIN_MAX: i16 = 5000;
/// 0.6 in Q15, rounded down.
const THREE_FIFTHS: i16 = 19660;
/// 0.4 in Q15.
const TWO_FIFTHS: i16 = 13107;
