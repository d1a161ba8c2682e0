//! Which frequencies a signal holds.

use std::f64::consts::TAU;

use offhook_dsp::{Complex, Forward};

use super::level::{amplitude, dbm0_of_rms};

/// One frequency of a signal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Component {
    /// The frequency in hertz.
    pub frequency_hz: f64,
    /// Its level in dBm0.
    pub level_dbm0: f64,
}

/// The strongest frequency, or `None` in silence. For a steady tone of 100 ms or more, exact to 0.05 %.
pub fn dominant_frequency(samples: &[i16], rate_hz: u32) -> Option<f64> {
    dominant_frequencies(samples, rate_hz, 1).first().map(|component| component.frequency_hz)
}

/// Up to `most` frequencies, the strongest first, none more than 50 dB below the strongest.
///
/// Frequencies closer than `4 / duration` (40 Hz for 100 ms) are seen as one. Analysed are at most the first 2^20
/// samples; below 16 samples nothing is found.
pub fn dominant_frequencies(samples: &[i16], rate_hz: u32, most: usize) -> Vec<Component> {
    let samples = &samples[..samples.len().min(1 << 20)];
    if samples.len() < 16 || rate_hz == 0 || samples.iter().all(|sample| *sample == samples[0]) {
        return Vec::new();
    }
    // Padded to four times the length: a peak then never lies far from a bin.
    let size = (samples.len() * 4).next_power_of_two();
    let length = samples.len() as f64;
    let mut input = vec![0.0; size];
    for (index, (slot, sample)) in input.iter_mut().zip(samples).enumerate() {
        *slot = f64::from(*sample) * blackman_harris((index as f64 + 0.5) / length);
    }
    let output = Forward::new(size).spectrum(&input);
    let power: Vec<f64> = output.iter().map(Complex::norm_sqr).collect();

    // The main lobe of the window reaches four bins of the unpadded transform to each side.
    let reach = (4.0 * size as f64 / length).ceil() as usize;
    let hz_per_bin = f64::from(rate_hz) / size as f64;
    let strongest = power.iter().copied().fold(0.0, f64::max);
    let mut peaks: Vec<usize> = (1..power.len() - 1)
        .filter(|bin| {
            power[*bin] > strongest * 1e-5 && power[*bin] >= power[bin - 1] && power[*bin] > power[bin + 1]
        })
        .collect();
    peaks.sort_by(|first, second| power[*second].total_cmp(&power[*first]));
    let mut found: Vec<usize> = Vec::new();
    for bin in peaks {
        if found.len() == most {
            break;
        }
        if found.iter().all(|other| other.abs_diff(bin) >= reach) {
            found.push(bin);
        }
    }
    found
        .into_iter()
        .map(|bin| {
            let frequency_hz = (bin as f64 + offset_of_peak(&power, bin)) * hz_per_bin;
            let level_dbm0 =
                dbm0_of_rms(amplitude(samples, rate_hz, frequency_hz) / std::f64::consts::SQRT_2);
            Component { frequency_hz, level_dbm0 }
        })
        .collect()
}

/// The top of the parabola through the logarithms of a peak and its neighbours, in bins from the peak.
fn offset_of_peak(power: &[f64], bin: usize) -> f64 {
    let log = |bin: usize| power[bin].max(f64::MIN_POSITIVE).ln();
    let (left, middle, right) = (log(bin - 1), log(bin), log(bin + 1));
    let curvature = left - 2.0 * middle + right;
    if curvature < 0.0 { (0.5 * (left - right) / curvature).clamp(-0.5, 0.5) } else { 0.0 }
}

/// The window with four terms and side lobes 92 dB down; `at` runs from 0 to 1.
fn blackman_harris(at: f64) -> f64 {
    0.358_75 - 0.488_29 * (TAU * at).cos() + 0.141_28 * (2.0 * TAU * at).cos()
        - 0.011_68 * (3.0 * TAU * at).cos()
}
