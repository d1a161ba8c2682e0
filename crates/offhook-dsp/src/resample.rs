//! Band-limited change of the sampling rate.

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

/// The same sound at another rate: `samples.len() * to_hz / from_hz` samples, rounded.
///
/// The filter's delay is taken out, so that sample `n` of the result is the sound at the time `n / to_hz`. Everything
/// that the target rate cannot hold is at least 60 dB down (RING-46); the pass band is flat to 0.1 dB up to 90 % of
/// the lower rate's half. A rate of zero on either side gives no samples.
pub fn resample(samples: &[i16], from_hz: u32, to_hz: u32) -> Vec<i16> {
    if from_hz == to_hz {
        return samples.to_vec();
    }
    if from_hz == 0 || to_hz == 0 || samples.is_empty() {
        return Vec::new();
    }
    let (from, to) = (from_hz as usize, to_hz as usize);
    let length = (samples.len() as u128 * u128::from(to_hz) + u128::from(from_hz / 2)) / u128::from(from_hz);
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let input: Vec<f32> = samples.iter().map(|sample| f32::from(*sample)).collect();
    // Neither fails: the rates are not zero, the buffer is as long as stated, and there is one channel throughout.
    let mut resampler =
        Fft::<f32>::new(from, to, chunk(from, to), 1, FixedSync::Both).expect("rates are not zero");
    let input = InterleavedSlice::new(&input, 1, samples.len()).expect("length as stated");
    let output = resampler.process_all(&input, samples.len(), None).expect("one channel");
    // The cast saturates: an overshoot of the filter clips and does not wrap.
    let mut output: Vec<i16> = output.take_data().into_iter().map(|sample| sample.round() as i16).collect();
    output.resize(length, 0);
    output
}

/// Input frames that are transformed at once: a whole and even number of the smallest step that both rates share, so
/// that the filter's delay, half a transform, is a whole number of samples at both rates.
fn chunk(from: usize, to: usize) -> usize {
    let step = 2 * from / greatest_common_divisor(from, to);
    step * LEAST_CHUNK.div_ceil(step)
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// More frames make the filter steeper.
const LEAST_CHUNK: usize = 4096;
