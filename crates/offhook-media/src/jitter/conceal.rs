//! Packet loss concealment for codecs that have none of their own: the last period of the voice goes on, and fades.
//!
//! The idea is that of ITU-T G.711 appendix I: voices hardly change in 10 ms. A repetition that lasts longer sounds
//! like a machine, so it fades out and is silent after 60 ms.

use crate::Law;

/// Continues what was received, and goes over to what is received again.
#[derive(Clone, Debug)]
pub(super) struct Concealer {
    /// The newest samples, the oldest first; none before the first came.
    history: Vec<i16>,
    /// The period that is repeated, without a click at its seam.
    period: Vec<f32>,
    phase: usize,
    /// How many samples there are for one at 8000 Hz.
    scale: usize,
    /// Samples concealed since the last one received.
    concealed: usize,
}

impl Concealer {
    pub(super) fn new(rate_hz: u32) -> Self {
        let scale = (rate_hz / Law::RATE_HZ) as usize;
        Self {
            history: Vec::new(),
            period: Vec::new(),
            phase: 0,
            scale,
            // Nothing was received that could go on.
            concealed: FADED_OUT * scale,
        }
    }

    /// Takes in what was received; its beginning is blended with what stood for the part before.
    pub(super) fn received(&mut self, samples: &mut [i16]) {
        if self.concealed > 0 {
            let blended = samples.len().min(BLENDED * self.scale);
            for (at, sample) in samples[..blended].iter_mut().enumerate() {
                let weight = (at as f32 + 0.5) / blended as f32;
                let synthetic = self.next_synthetic();
                *sample = (f32::from(*sample) * weight + synthetic * (1.0 - weight)) as i16;
            }
            self.concealed = 0;
        }
        self.remember(samples);
    }

    /// Fills `samples` with what stands for the part that did not come.
    pub(super) fn conceal(&mut self, samples: &mut [i16]) {
        if self.concealed == 0 && !self.history.is_empty() {
            self.find_period();
        }
        for sample in samples.iter_mut() {
            *sample = self.next_synthetic() as i16;
        }
        self.remember(samples);
    }

    fn next_synthetic(&mut self) -> f32 {
        let (full_level, faded_out) = (FULL_LEVEL * self.scale, FADED_OUT * self.scale);
        if self.concealed >= faded_out || self.period.is_empty() {
            return 0.0;
        }
        let faded = self.concealed.saturating_sub(full_level) as f32 / (faded_out - full_level) as f32;
        self.concealed += 1;
        let sample = self.period[self.phase];
        self.phase = (self.phase + 1) % self.period.len();
        sample * (1.0 - faded)
    }

    fn remember(&mut self, samples: &[i16]) {
        let history = HISTORY * self.scale;
        if self.history.is_empty() {
            self.history.resize(history, 0);
            self.period.reserve_exact(LONGEST_PERIOD * self.scale);
        }
        let kept = samples.len().min(history);
        self.history.copy_within(kept.., 0);
        self.history[history - kept..].copy_from_slice(&samples[samples.len() - kept..]);
    }

    /// The period at which the newest samples are most like those before them.
    fn find_period(&mut self) {
        let (history, compared) = (self.history.len(), COMPARED * self.scale);
        let newest = &self.history[history - compared..];
        let shortest = SHORTEST_PERIOD * self.scale;
        let mut best = (f32::MIN, shortest);
        for lag in shortest..=LONGEST_PERIOD * self.scale {
            let before = &self.history[history - compared - lag..];
            let (mut product, mut energy) = (0.0_f32, 1.0_f32);
            for (a, b) in newest.iter().zip(before) {
                let (a, b) = (f32::from(*a), f32::from(*b));
                product += a * b;
                energy += b * b;
            }
            let likeness = product / energy.sqrt();
            if likeness > best.0 {
                best = (likeness, lag);
            }
        }
        let length = best.1;
        self.period.clear();
        self.period.extend(self.history[history - length..].iter().map(|sample| f32::from(*sample)));
        // The end of the period goes over into what came before its beginning, so that it can be repeated.
        let overlap = length / 4;
        for at in 0..overlap {
            let weight = (at as f32 + 0.5) / overlap as f32;
            let place = length - overlap + at;
            let before = f32::from(self.history[history - length - overlap + at]);
            // The very last sample was heard already: only repetitions go through the blended end.
            self.period[place] = self.period[place] * (1.0 - weight) + before * weight;
        }
        self.phase = 0;
    }
}

/// All lengths are in samples at 8000 Hz.
const HISTORY: usize = 320;
/// 20 ms are compared.
const COMPARED: usize = 160;
/// 66 Hz to 200 Hz, and the multiples of higher voices.
const SHORTEST_PERIOD: usize = 40;
const LONGEST_PERIOD: usize = 120;
/// The first 10 ms keep their level.
const FULL_LEVEL: usize = 80;
/// After 60 ms there is silence.
pub(super) const FADED_OUT: usize = 480;
/// What is received again is blended in over 5 ms.
const BLENDED: usize = 40;
