//! One band of G.722: a quantizer whose steps follow the signal, around a predictor.

use super::saturate;

/// The lower band, up to 4000 Hz; encoder and decoder have the same state.
#[derive(Clone, Debug)]
pub(super) struct LowBand {
    step: Step,
    predictor: Predictor,
}

impl Default for LowBand {
    fn default() -> Self {
        Self { step: Step { log: 0, size: 32 }, predictor: Predictor::default() }
    }
}

impl LowBand {
    /// The 6 bits for a sample.
    pub(super) fn encode(&mut self, sample: i32) -> u8 {
        let difference = saturate(sample - self.predictor.prediction);
        // One's complement, as everywhere in the recommendation.
        let magnitude = if difference < 0 { !difference } else { difference };
        let exceeded = |decision: &&i32| magnitude >= (**decision * self.step.size) >> 12;
        let level = DECISIONS.iter().take_while(exceeded).count() as u8;
        let code = match (difference < 0, level) {
            (true, 0..2) => 63 - level,
            (true, _) => 33 - level,
            (false, _) => 61 - level,
        };
        self.adapt(code);
        code
    }

    /// The sample that 6 bits stand for.
    pub(super) fn decode(&mut self, code: u8) -> i32 {
        let difference = (self.step.size * OUTPUTS_6[usize::from(code & 0x3f)]) >> 15;
        let sample = (self.predictor.prediction + difference).clamp(LEAST, MOST);
        self.adapt(code);
        sample
    }

    /// Step and predictor follow the upper 4 bits only.
    fn adapt(&mut self, code: u8) {
        let kept = usize::from(code >> 2 & 0x0f);
        let difference = (self.step.size * OUTPUTS_4[kept]) >> 15;
        self.step.change(STEP_CHANGES_4[kept], 18_432, 8);
        self.predictor.update(difference);
    }
}

/// The higher band, from 4000 Hz on.
#[derive(Clone, Debug)]
pub(super) struct HighBand {
    step: Step,
    predictor: Predictor,
}

impl Default for HighBand {
    fn default() -> Self {
        Self { step: Step { log: 0, size: 8 }, predictor: Predictor::default() }
    }
}

impl HighBand {
    /// The 2 bits for a sample.
    pub(super) fn encode(&mut self, sample: i32) -> u8 {
        let difference = saturate(sample - self.predictor.prediction);
        let magnitude = if difference < 0 { !difference } else { difference };
        let large = magnitude >= (564 * self.step.size) >> 12;
        let code = match (difference < 0, large) {
            (true, false) => 1,
            (true, true) => 0,
            (false, false) => 3,
            (false, true) => 2,
        };
        self.adapt(code);
        code
    }

    /// The sample that 2 bits stand for.
    pub(super) fn decode(&mut self, code: u8) -> i32 {
        let prediction = self.predictor.prediction;
        (prediction + self.adapt(code)).clamp(LEAST, MOST)
    }

    fn adapt(&mut self, code: u8) -> i32 {
        let code = usize::from(code & 3);
        let difference = (self.step.size * OUTPUTS_2[code]) >> 15;
        self.step.change(STEP_CHANGES_2[code], 22_528, 10);
        self.predictor.update(difference);
        difference
    }
}

/// The step of a quantizer, which grows with the signal.
#[derive(Clone, Debug)]
struct Step {
    /// Its logarithm; 2048 is an octave.
    log: i32,
    size: i32,
}

impl Step {
    fn change(&mut self, by: i32, most: i32, octaves: i32) {
        self.log = (((self.log * 127) >> 7) + by).clamp(0, most);
        let fraction = STEPS[(self.log >> 6 & 31) as usize];
        let shift = octaves - (self.log >> 11);
        self.size = if shift < 0 { fraction << -shift } else { fraction >> shift } << 2;
    }
}

/// Predicts a band's next sample from the last two samples and the last six differences.
#[derive(Clone, Debug, Default)]
struct Predictor {
    /// The whole prediction, and the part of it that comes from the differences.
    prediction: i32,
    from_differences: i32,
    /// The last two reconstructed samples, the newest first.
    samples: [i32; 2],
    /// The same without what was predicted from samples.
    partial: [i32; 2],
    poles: [i32; 2],
    /// The last six differences, the newest first.
    differences: [i32; 6],
    zeros: [i32; 6],
}

impl Predictor {
    fn update(&mut self, difference: i32) {
        let sample = saturate(self.prediction + difference);
        let partial = saturate(self.from_differences + difference);
        self.adapt_poles(partial);
        self.adapt_zeros(difference);

        self.samples = [sample, self.samples[0]];
        self.partial = [partial, self.partial[0]];
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;

        let weighed = |weight: i32, value: i32| (weight * saturate(2 * value)) >> 15;
        let from_samples = weighed(self.poles[0], self.samples[0]) + weighed(self.poles[1], self.samples[1]);
        let from_differences = self.zeros.iter().zip(&self.differences).map(|(b, d)| weighed(*b, *d)).sum();
        self.from_differences = saturate(from_differences);
        self.prediction = saturate(saturate(from_samples) + self.from_differences);
    }

    fn adapt_poles(&mut self, partial: i32) {
        let same_sign = |before: i32| (partial < 0) == (before < 0);
        let [first, second] = self.poles;

        let push = saturate(4 * first);
        // The most negative value has no opposite of 16 bits.
        let push = if same_sign(self.partial[0]) { (-push).min(i16::MAX.into()) } else { push };
        let pull = if same_sign(self.partial[1]) { 128 } else { -128 };
        let second = (pull + (push >> 7) + ((second * 32_512) >> 15)).clamp(-12_288, 12_288);

        let pull = if same_sign(self.partial[0]) { 192 } else { -192 };
        let limit = saturate(15_360 - second);
        let first = saturate(pull + ((first * 32_640) >> 15)).clamp(-limit, limit);
        self.poles = [first, second];
    }

    fn adapt_zeros(&mut self, difference: i32) {
        let pull = if difference == 0 { 0 } else { 128 };
        for (zero, before) in self.zeros.iter_mut().zip(&self.differences) {
            let pull = if (difference < 0) == (*before < 0) { pull } else { -pull };
            *zero = saturate(pull + ((*zero * 32_640) >> 15));
        }
    }
}

/// The range of a band's samples.
const LEAST: i32 = -16_384;
const MOST: i32 = 16_383;

/// Where the lower band's quantizer goes over to the next level.
const DECISIONS: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219,
    1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,
];

/// What the 6 bits of the lower band stand for; the first four are never sent.
const OUTPUTS_6: [i32; 64] = [
    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360,
    -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688,
    -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856,
    7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136,
    -432, -136,
];

/// What the upper 4 of them stand for.
const OUTPUTS_4: [i32; 16] =
    [0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0];

/// What the 2 bits of the higher band stand for.
const OUTPUTS_2: [i32; 4] = [-7408, -1616, 7408, 1616];

/// By how much the logarithm of the lower band's step changes with each code.
const STEP_CHANGES_4: [i32; 16] =
    [-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60];

/// The same for the higher band.
const STEP_CHANGES_2: [i32; 4] = [798, -214, 798, -214];

/// The steps within one octave.
const STEPS: [i32; 32] = [
    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834, 2896,
    2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,
];
