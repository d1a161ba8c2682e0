//! The encoder of annex A: 80 samples to 10 bytes.

use super::adaptive_codebook as adaptive;
use super::arithmetic::{extract_h, l_mac, l_mult, l_shl, mult, norm_l, round};
use super::bitstream::{SPEECH, SpeechParameters, SubframeParameters};
use super::filters::{HighPass, expand_bandwidth, memory_of, residual, scale_q14, synthesis};
use super::fixed_codebook;
use super::gains::{self, Correlations, Gains, SHARPENING_MIN};
use super::lpc::{Analysis, WINDOW};
use super::lsp_codebook::{Memory, quantise};
use super::open_loop;
use super::taming::Taming;
use super::{FRAME, LAG_MAX, LAG_MIN, Lsp, ORDER, Predictor, SUBFRAME, Subframe, lsp};

/// Samples of the next frame that the analysis looks at: the encoder's delay beyond a frame.
const LOOKAHEAD: usize = 40;
/// Where the frame that is encoded begins in the window of speech.
const FRAME_AT: usize = WINDOW - FRAME - LOOKAHEAD;

/// An encoder with its memories.
#[derive(Clone, Debug)]
pub(in crate::codec) struct Encoder {
    input: HighPass,
    /// Speech of the past, of the frame, and of the lookahead.
    speech: [i16; WINDOW],
    analysis: Analysis,
    lsp_memory: Memory,
    /// Quantised pairs of the last frame.
    lsp: Lsp,
    weighted: [i16; open_loop::PAST + FRAME],
    excitation: [i16; adaptive::PAST + FRAME],
    /// Memories of the weighting filter for the open loop, and for the target.
    weighting: [i16; ORDER],
    target: [i16; ORDER],
    /// Sharpening of the next subframe's fixed codebook, Q14.
    sharpening: i16,
    gains: gains::Predictor,
    taming: Taming,
}

impl Encoder {
    /// Encodes the whole frames of `samples`, as many as `payload` has room for, and returns the number of bytes.
    pub(in crate::codec) fn encode(&mut self, samples: &[i16], payload: &mut [u8]) -> usize {
        let mut bytes = 0;
        for (samples, payload) in samples.chunks_exact(FRAME).zip(payload.chunks_exact_mut(SPEECH)) {
            payload.copy_from_slice(&self.encode_frame(samples));
            bytes += SPEECH;
        }
        bytes
    }

    fn encode_frame(&mut self, samples: &[i16]) -> [u8; SPEECH] {
        self.speech.copy_within(FRAME.., 0);
        for (speech, sample) in self.speech[WINDOW - FRAME..].iter_mut().zip(samples) {
            *speech = round(self.input.next(*sample));
        }

        let unquantised = lsp::to_frequencies(&self.analysis.lsp(&self.speech));
        let (indices, quantised) = quantise(&mut self.lsp_memory, &unquantised);
        let quantised = lsp::from_frequencies(&quantised);
        let predictors = lsp::interpolate(&self.lsp, &quantised);
        self.lsp = quantised;

        let weights = predictors.map(|predictor| expand_bandwidth(&predictor, WEIGHT));
        self.weigh(&predictors, &weights);
        let about = open_loop::lag(&self.weighted);
        let low = (about - 3).clamp(LAG_MIN, LAG_MAX - 6);

        let (first, lag) = self.encode_subframe(0, &weights[0], (low, low + 6), None);
        let range = adaptive::range_of_second(lag);
        let (second, _) = self.encode_subframe(1, &weights[1], range, Some(lag));

        self.weighted.copy_within(FRAME.., 0);
        self.excitation.copy_within(FRAME.., 0);
        let parity = adaptive::parity(first.lag);
        SpeechParameters { lsp: indices, parity, subframes: [first, second] }.pack()
    }

    /// Leaves the residual of the frame in the excitation, and adds it, weighted and without its tilt, to the weighted
    /// speech (A.3.3).
    fn weigh(&mut self, predictors: &[Predictor; 2], weights: &[Predictor; 2]) {
        for (subframe, (predictor, weight)) in predictors.iter().zip(weights).enumerate() {
            let at = subframe * SUBFRAME;
            let signal = &self.speech[FRAME_AT + at - ORDER..][..ORDER + SUBFRAME];
            let excitation = &mut self.excitation[adaptive::PAST + at..][..SUBFRAME];
            residual(predictor, signal, excitation);

            let low_pass = std::array::from_fn(|index| match index {
                0 => weight[0],
                _ => weight[index].saturating_sub(mult(weight[index - 1], TILT)),
            });
            let weighted = &mut self.weighted[open_loop::PAST + at..][..SUBFRAME];
            synthesis(&low_pass, excitation, weighted, &self.weighting);
            self.weighting = memory_of(weighted);
        }
    }

    /// Encodes one subframe, and returns its parameters and its lag. `first_lag` is that of the first subframe.
    fn encode_subframe(
        &mut self,
        subframe: usize,
        weight: &Predictor,
        range: (i16, i16),
        first_lag: Option<i16>,
    ) -> (SubframeParameters, i16) {
        let at = adaptive::PAST + subframe * SUBFRAME;
        let mut pulse = [0; SUBFRAME];
        pulse[0] = UNITY_Q12;
        let mut impulse = self.filtered(weight, &pulse, &[0; ORDER]);
        let target = self.filtered(weight, &self.excitation[at..at + SUBFRAME], &self.target);

        let lag = adaptive::search(&mut self.excitation, at, &target, &impulse, range, first_lag.is_none());
        let lag_index = match first_lag {
            None => adaptive::encode_first(lag),
            Some(first) => adaptive::encode_second(lag, first),
        };
        let adaptive_filtered = self.filtered(weight, &self.excitation[at..at + SUBFRAME], &[0; ORDER]);
        let found = adaptive::compare(&target, &adaptive_filtered);
        let tamed = self.taming.is_needed(lag);
        let pitch_gain = if tamed { found.gain.min(TAMED_PITCH) } else { found.gain };

        let left: Subframe = std::array::from_fn(|index| {
            target[index].saturating_sub(scale_q14(adaptive_filtered[index], pitch_gain))
        });
        fixed_codebook::sharpen(&mut impulse, lag.samples, self.sharpening);
        let mut fixed = fixed_codebook::search(&left, &impulse);
        fixed_codebook::sharpen(&mut fixed.code, lag.samples, self.sharpening);

        let correlations = correlations(&target, &adaptive_filtered, &fixed.filtered, &found);
        let (gain_index, gains) = self.gains.quantise(&fixed.code, &correlations, tamed);
        self.sharpening = gains.sharpening();
        gains.mix(&mut self.excitation[at..at + SUBFRAME], &fixed.code);
        self.taming.update(gains.pitch, lag);
        self.target = std::array::from_fn(|index| {
            let index = SUBFRAME - ORDER + index;
            target[index].saturating_sub(weighted_excitation(
                gains,
                adaptive_filtered[index],
                fixed.filtered[index],
            ))
        });
        (SubframeParameters { lag: lag_index, pulses: fixed.pulses, gains: gain_index }, lag.samples)
    }

    fn filtered(&self, weight: &Predictor, input: &[i16], memory: &[i16; ORDER]) -> Subframe {
        let mut output = [0; SUBFRAME];
        synthesis(weight, input, &mut output, memory);
        output
    }
}

impl Default for Encoder {
    fn default() -> Self {
        Self {
            input: HighPass::before_encoding(),
            speech: [0; WINDOW],
            analysis: Analysis::new(),
            lsp_memory: Memory::new(),
            lsp: lsp::AT_START,
            weighted: [0; open_loop::PAST + FRAME],
            excitation: [0; adaptive::PAST + FRAME],
            weighting: [0; ORDER],
            target: [0; ORDER],
            sharpening: SHARPENING_MIN,
            gains: gains::Predictor::new(),
            taming: Taming::new(),
        }
    }
}

/// What both codebooks give after the weighting filter.
fn weighted_excitation(gains: Gains, adaptive: i16, fixed: i16) -> i16 {
    let fixed = extract_h(l_shl(l_mult(fixed, gains.code), 2));
    scale_q14(adaptive, gains.pitch).saturating_add(fixed)
}

/// The correlations from which the gains are quantised: of the adaptive codebook's vector, of the fixed one's, and of
/// both (3.9).
fn correlations(
    target: &Subframe,
    adaptive: &Subframe,
    fixed: &Subframe,
    found: &adaptive::Match,
) -> Correlations {
    let fixed = fixed.map(|value| value >> 3);
    let product = |other: &Subframe| {
        let sum = other.iter().zip(&fixed).fold(1, |sum, (a, b)| l_mac(sum, *a, *b));
        let shift = norm_l(sum);
        (round(l_shl(sum, shift)), shift)
    };
    let (energy, energy_shift) = product(&fixed);
    let (with_target, target_shift) = product(target);
    let (with_adaptive, adaptive_shift) = product(adaptive);
    Correlations {
        mantissas: [
            found.energy.0,
            found.correlation.0.saturating_neg(),
            energy,
            with_target.saturating_neg(),
            with_adaptive,
        ],
        exponents: [
            -found.energy.1,
            -(found.correlation.1 + 1),
            energy_shift + 3,
            target_shift - 7,
            adaptive_shift - 7,
        ],
    }
}

/// 0.75 in Q15: the bandwidth of the perceptual weighting (A.3.3).
const WEIGHT: i16 = 24576;
/// 0.7 in Q15.
const TILT: i16 = 22938;
/// 0.95 in Q14.
const TAMED_PITCH: i16 = 15564;
const UNITY_Q12: i16 = 4096;
