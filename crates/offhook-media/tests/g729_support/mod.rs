//! Sounds for G.729, and how much one is like another.

use offhook_media::Sound;
use offhook_media::speech::{Voice, synthesize};

/// Samples of a frame.
pub(crate) const FRAME: usize = 80;
/// Samples by which what is decoded is later than what was encoded: the encoder's lookahead.
pub(crate) const DELAY: usize = 40;

/// What a voice says, at 8000 Hz, a whole number of packets of 20 ms.
pub(crate) fn spoken(text: &str, voice: Voice) -> Vec<i16> {
    let sound: Sound = synthesize(text, voice).unwrap();
    let mut samples = sound.resampled(8000).samples;
    samples.truncate(samples.len() / (2 * FRAME) * (2 * FRAME));
    samples
}

/// White noise of full scale, the same for the same seed.
pub(crate) fn noise(seed: u64) -> impl FnMut() -> i16 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 48) as i16
    }
}

/// The level relative to an amplitude of 1.
pub(crate) fn level_db(samples: &[i16]) -> f64 {
    10.0 * (energy(samples.iter().map(|sample| f64::from(*sample))) / samples.len() as f64).max(1e-3).log10()
}

/// How far `other` is below `signal`.
pub(crate) fn snr_db(signal: &[i16], other: &[i16]) -> f64 {
    let error = energy(signal.iter().zip(other).map(|(a, b)| f64::from(*a) - f64::from(*b)));
    10.0 * (energy(signal.iter().map(|sample| f64::from(*sample))) / error.max(1.0)).log10()
}

/// The mean of the signal-to-noise ratio over the pieces of 20 ms in which there is sound, each between -10 and 35 dB.
pub(crate) fn segmental_snr_db(signal: &[i16], other: &[i16]) -> f64 {
    let pieces = signal.chunks_exact(2 * FRAME).zip(other.chunks_exact(2 * FRAME));
    let ratios: Vec<f64> = pieces
        .filter(|(signal, _)| level_db(signal) > 30.0)
        .map(|(signal, other)| snr_db(signal, other).clamp(-10.0, 35.0))
        .collect();
    ratios.iter().sum::<f64>() / ratios.len() as f64
}

fn energy(values: impl Iterator<Item = f64>) -> f64 {
    values.map(|value| value * value).sum()
}
