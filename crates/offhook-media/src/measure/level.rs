//! Levels of signals and of single frequencies.

use std::f64::consts::TAU;

/// The level of a sine whose peak is full scale (ITU-T G.711 table 5).
#[allow(clippy::approx_constant, reason = "the figure of the Recommendation, not pi")]
pub const FULL_SCALE_SINE_DBM0: f64 = 3.14;

/// The peak, in sample values, of a sine of the given level.
pub fn peak_of_dbm0(level_dbm0: f64) -> f64 {
    FULL_SCALE * 10_f64.powf((level_dbm0 - FULL_SCALE_SINE_DBM0) / 20.0)
}

/// The level of the whole signal, from its root mean square. A constant offset counts.
pub fn rms_dbm0(samples: &[i16]) -> f64 {
    if samples.is_empty() {
        return f64::NEG_INFINITY;
    }
    let sum: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    dbm0_of_rms((sum / samples.len() as f64).sqrt())
}

/// The level of one frequency, by a Goertzel filter under a Hann window.
///
/// The window makes the result exact for any frequency, whole periods or not, and keeps other frequencies out that
/// are at least `2 / duration` away: 20 Hz for 100 ms. The frequency must hold its level throughout `samples`.
pub fn level_dbm0(samples: &[i16], rate_hz: u32, frequency_hz: f64) -> f64 {
    dbm0_of_rms(amplitude(samples, rate_hz, frequency_hz) / std::f64::consts::SQRT_2)
}

/// The peak of one frequency, in sample values.
pub(super) fn amplitude(samples: &[i16], rate_hz: u32, frequency_hz: f64) -> f64 {
    if samples.is_empty() || rate_hz == 0 {
        return 0.0;
    }
    let length = samples.len() as f64;
    let step = TAU * frequency_hz / f64::from(rate_hz);
    let coefficient = 2.0 * step.cos();
    let (mut last, mut before, mut weights) = (0.0, 0.0, 0.0);
    for (index, sample) in samples.iter().enumerate() {
        // Half a sample in: the window has no zero at its ends, so a single sample can be measured too.
        let weight = 0.5 - 0.5 * (TAU * (index as f64 + 0.5) / length).cos();
        weights += weight;
        let next = coefficient * last - before + weight * f64::from(*sample);
        (before, last) = (last, next);
    }
    let power = last * last + before * before - coefficient * last * before;
    2.0 * power.max(0.0).sqrt() / weights
}

pub(super) fn dbm0_of_rms(rms: f64) -> f64 {
    20.0 * (rms * std::f64::consts::SQRT_2 / FULL_SCALE).log10() + FULL_SCALE_SINE_DBM0
}

const FULL_SCALE: f64 = 32_768.0;
