//! The decoder of annex A with the comfort noise of annex B: 10 or 2 bytes, or none, to 80 samples.

use super::adaptive_codebook::{self as adaptive, Lag};
use super::arithmetic::{l_shl, round};
use super::bitstream::{NoiseParameters, SPEECH, SpeechParameters, SubframeParameters};
use super::comfort_noise::ComfortNoise;
use super::filters::{HighPass, memory_of, synthesis};
use super::fixed_codebook::{self, Pulses};
use super::gains::{self, Gains, SHARPENING_MIN};
use super::lsp_codebook;
use super::postfilter::Postfilter;
use super::random::Random;
use super::{FRAME, LAG_MAX, Lsp, ORDER, Predictor, SUBFRAME, lsp};
use crate::codec::Concealed;

/// A decoder with its memories.
#[derive(Clone, Debug)]
pub(in crate::codec) struct Decoder {
    lsp_codebook: lsp_codebook::Decoder,
    /// Pairs of the last frame.
    lsp: Lsp,
    excitation: [i16; adaptive::PAST + FRAME],
    /// The last output of the synthesis filter.
    speech: [i16; ORDER],
    /// Whole lag for a subframe whose own is missing.
    lag: i16,
    gains: Gains,
    gain_predictor: gains::Predictor,
    /// Sharpening of the next subframe's fixed codebook, Q14.
    sharpening: i16,
    /// Draws the pulses of subframes that were lost.
    random: Random,
    noise: ComfortNoise,
    /// Whether the last frame was comfort noise.
    in_pause: bool,
    /// Frames of speech that were lost one after the other.
    lost: u16,
    postfilter: Postfilter,
    output: HighPass,
}

impl Decoder {
    /// Decodes the frames of a payload, as many as `samples` has room for, and returns the number of samples.
    pub(in crate::codec) fn decode(&mut self, payload: &[u8], samples: &mut [i16]) -> usize {
        let mut count = 0;
        for (frame, samples) in payload.chunks(SPEECH).zip(samples.chunks_exact_mut(FRAME)) {
            self.lost = 0;
            if let Ok(frame) = frame.try_into() {
                self.make_speech(Some(SpeechParameters::unpack(frame)), samples);
            } else if let Ok(frame) = frame.try_into() {
                self.make_noise(Some(NoiseParameters::unpack(frame)), samples);
            } else {
                break;
            }
            count += FRAME;
        }
        count
    }

    /// Fills one frame for which nothing came: with noise in a pause, in which nothing is sent, otherwise with what
    /// goes on from the frames before (4.4).
    pub(in crate::codec) fn conceal(&mut self, samples: &mut [i16]) -> Concealed {
        if self.in_pause {
            self.make_noise(None, samples);
            return Concealed::Pause;
        }
        if self.lost < FADED_OUT {
            self.lost += 1;
            self.make_speech(None, samples);
        } else {
            // Nothing is left that could go on, and to find that out anew takes as long as to decode.
            samples.fill(0);
        }
        Concealed::Loss
    }

    /// Makes comfort noise, as `described` says if a SID frame came.
    fn make_noise(&mut self, described: Option<NoiseParameters>, samples: &mut [i16]) {
        if let Some(parameters) = described {
            self.noise.describe(parameters, &mut self.lsp_codebook.memory);
        }
        self.noise.excite(&mut self.excitation, adaptive::PAST, !self.in_pause);
        let predictors = self.interpolated(self.noise.lsp);
        for (subframe, samples) in samples.chunks_exact_mut(SUBFRAME).enumerate() {
            self.synthesise(&predictors[subframe], adaptive::PAST + subframe * SUBFRAME, None, samples);
        }
        self.sharpening = SHARPENING_MIN;
        self.in_pause = true;
        self.excitation.copy_within(FRAME.., 0);
    }

    /// Decodes a frame of speech, or conceals one that was lost (4.4).
    fn make_speech(&mut self, parameters: Option<SpeechParameters>, samples: &mut [i16]) {
        self.noise.restart();
        let frequencies = match parameters {
            Some(parameters) => self.lsp_codebook.decode(parameters.lsp),
            None => self.lsp_codebook.repeat(),
        };
        let predictors = self.interpolated(lsp::from_frequencies(&frequencies));

        let mut first_lag = None;
        for (subframe, samples) in samples.chunks_exact_mut(SUBFRAME).enumerate() {
            let at = adaptive::PAST + subframe * SUBFRAME;
            let own = parameters.map(|parameters| parameters.subframes[subframe]);
            let lag = match (own, first_lag, parameters) {
                (Some(own), Some(first), _) => self.received_lag(adaptive::decode_second(own.lag, first)),
                (Some(own), None, Some(frame)) if frame.parity == adaptive::parity(own.lag) => {
                    self.received_lag(adaptive::decode_first(own.lag))
                }
                _ => self.substituted_lag(),
            };
            first_lag = Some(lag.samples);
            self.excite(own, lag, at);
            self.synthesise(&predictors[subframe], at, Some(lag.samples), samples);
        }
        self.in_pause = false;
        self.excitation.copy_within(FRAME.., 0);
    }

    fn received_lag(&mut self, lag: Lag) -> Lag {
        self.lag = lag.samples;
        lag
    }

    /// The last lag, which grows by a sample each time so that the concealment is not too regular (4.4.4).
    fn substituted_lag(&mut self) -> Lag {
        let lag = Lag { samples: self.lag, thirds: 0 };
        self.lag = (self.lag + 1).min(LAG_MAX);
        lag
    }

    /// Writes the excitation of one subframe from both codebooks.
    fn excite(&mut self, parameters: Option<SubframeParameters>, lag: Lag, at: usize) {
        adaptive::predict(&mut self.excitation, at, lag);
        let pulses = match parameters {
            Some(parameters) => parameters.pulses,
            None => Pulses {
                positions: self.random.draw() as u16 & 0x1FFF,
                signs: self.random.draw() as u16 & 0xF,
            },
        };
        let mut code = pulses.code();
        fixed_codebook::sharpen(&mut code, lag.samples, self.sharpening);
        self.gains = match parameters {
            Some(parameters) => self.gain_predictor.decode(parameters.gains, &code),
            None => {
                self.gain_predictor.lose();
                self.gains.attenuated()
            }
        };
        self.sharpening = self.gains.sharpening();
        self.gains.mix(&mut self.excitation[at..at + SUBFRAME], &code);
    }

    /// The predictors of both subframes on the way from the last frame's pairs to `current`.
    fn interpolated(&mut self, current: Lsp) -> [Predictor; 2] {
        let predictors = lsp::interpolate(&self.lsp, &current);
        self.lsp = current;
        predictors
    }

    /// Makes one subframe's sound of the excitation at `at`. Where it overflows, all of the excitation is made smaller.
    /// `lag` is what the postfilter enhances.
    fn synthesise(&mut self, predictor: &Predictor, at: usize, lag: Option<i16>, samples: &mut [i16]) {
        let mut speech = [0; SUBFRAME];
        if synthesis(predictor, &self.excitation[at..at + SUBFRAME], &mut speech, &self.speech) {
            for value in &mut self.excitation {
                *value >>= 2;
            }
            synthesis(predictor, &self.excitation[at..at + SUBFRAME], &mut speech, &self.speech);
        }
        self.speech = memory_of(&speech);
        self.postfilter.apply(&mut speech, predictor, lag);
        for (sample, speech) in samples.iter_mut().zip(speech) {
            *sample = round(l_shl(self.output.next(speech), 1));
        }
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self {
            lsp_codebook: lsp_codebook::Decoder::new(),
            lsp: lsp::AT_START,
            excitation: [0; adaptive::PAST + FRAME],
            speech: [0; ORDER],
            lag: 60,
            gains: Gains::default(),
            gain_predictor: gains::Predictor::new(),
            sharpening: SHARPENING_MIN,
            random: Random::new(SEED),
            noise: ComfortNoise::new(),
            in_pause: false,
            lost: 0,
            postfilter: Postfilter::new(),
            output: HighPass::after_decoding(),
        }
    }
}

const SEED: i16 = 21845;
/// After so many lost frames their sound has fallen by 35 dB.
const FADED_OUT: u16 = 100;
