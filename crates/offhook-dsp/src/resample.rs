//! Band-limited change of the sampling rate.

use std::f64::consts::PI;

/// The same sound at another rate: `samples.len() * to_hz / from_hz` samples, rounded.
///
/// Sample `n` of the result is the sound at the time `n / to_hz`: there is no delay. Everything that the target rate
/// cannot hold is at least 60 dB down (RING-46); the pass band is flat to 0.1 dB up to 90 % of the lower rate's half.
/// Before and after the sound there is silence. A rate of zero on either side gives no samples. Memory grows with the
/// rates where they have no common divisor: some megabytes at 48 kHz.
///
/// This is our own code, and not a library's, because libraries convert streams: they filter with a delay that they
/// state in whole samples, while a sound in memory can be filtered with none.
pub fn resample(samples: &[i16], from_hz: u32, to_hz: u32) -> Vec<i16> {
    if from_hz == to_hz {
        return samples.to_vec();
    }
    if from_hz == 0 || to_hz == 0 {
        return Vec::new();
    }
    let mut filter = Filter::new(from_hz, to_hz);
    let length = (samples.len() as u128 * u128::from(to_hz) + u128::from(from_hz / 2)) / u128::from(from_hz);
    // Silence on both sides, so that the filter always finds as many samples as it is long.
    let mut padded = vec![0.0; filter.reach];
    padded.extend(samples.iter().map(|sample| f32::from(*sample)));
    padded.resize(samples.len() + 2 * filter.reach + 1, 0.0);
    (0..u64::try_from(length).unwrap_or(u64::MAX)).map(|index| filter.at(index, &padded)).collect()
}

/// A sinc under a Kaiser window, centred on each sample of the result.
struct Filter {
    /// Both rates without their common divisor: sample `n` of the result lies at `n * from / to` of the source.
    from: u64,
    to: u64,
    /// The band that both rates hold, as a part of the source's.
    band: f64,
    /// Samples of the source on each side of the centre.
    reach: usize,
    /// The weights for each place that a centre can have between two samples of the source, made when first needed.
    weights: Vec<Vec<f32>>,
}

impl Filter {
    fn new(from_hz: u32, to_hz: u32) -> Self {
        let divisor = greatest_common_divisor(from_hz, to_hz);
        let band = (f64::from(to_hz) / f64::from(from_hz)).min(1.0);
        Self {
            from: u64::from(from_hz / divisor),
            to: u64::from(to_hz / divisor),
            band,
            reach: (REACH / band).ceil() as usize,
            weights: vec![Vec::new(); (to_hz / divisor) as usize],
        }
    }

    /// Sample `index` of the result.
    fn at(&mut self, index: u64, padded: &[f32]) -> i16 {
        let position = u128::from(index) * u128::from(self.from);
        // Both fit: the result is as long as the source, and the place is smaller than a rate.
        let whole = (position / u128::from(self.to)) as usize;
        let place = (position % u128::from(self.to)) as usize;
        if self.weights[place].is_empty() {
            self.weights[place] = self.weights_at(place as f64 / self.to as f64);
        }
        let weights = &self.weights[place];
        let Some(around) = padded.get(whole..whole + weights.len()) else { return 0 };
        // The cast saturates: an overshoot of the filter clips and does not wrap.
        dot(around, weights).round() as i16
    }

    /// The weights of the samples from `reach` before the one left of the centre to `reach` behind it, and one more.
    fn weights_at(&self, centre: f64) -> Vec<f32> {
        let weight = |index: usize| {
            let distance = (index as f64 - self.reach as f64 - centre) * self.band;
            sinc(distance * CUT_OFF) * kaiser(distance / REACH, KAISER_BETA)
        };
        let weights: Vec<f64> = (0..2 * self.reach + 1).map(weight).collect();
        // What is constant stays as it is, wherever the centre lies.
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| (weight / sum) as f32).collect()
    }
}

/// Samples of the lower rate on each side. With this window it takes 60 to fall by 90 dB within 10 % of the band.
const REACH: f64 = 60.0;
/// The middle of the slope, as a part of the band.
const CUT_OFF: f64 = 0.95;
/// The shape of the window: 90 dB.
const KAISER_BETA: f64 = 8.96;

pub(crate) fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// The window, from -1 to 1; zero outside.
pub(crate) fn kaiser(x: f64, beta: f64) -> f64 {
    let inside = 1.0 - x * x;
    if inside < 0.0 { 0.0 } else { bessel(beta * inside.sqrt()) / bessel(beta) }
}

/// The modified Bessel function of the first kind and order zero, by its power series.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut order) = (1.0, 1.0, 1.0);
    while term > sum * 1e-12 {
        term *= quarter / (order * order);
        sum += term;
        order += 1.0;
    }
    sum
}

/// The sum of products, in eight strands that the compiler can keep side by side.
pub(crate) fn dot(first: &[f32], second: &[f32]) -> f32 {
    let (first_eights, first_rest) = first.as_chunks::<8>();
    let (second_eights, second_rest) = second.as_chunks::<8>();
    let mut strands = [0.0_f32; 8];
    for (first, second) in first_eights.iter().zip(second_eights) {
        for (strand, (first, second)) in strands.iter_mut().zip(first.iter().zip(second)) {
            *strand += first * second;
        }
    }
    let rest: f32 = first_rest.iter().zip(second_rest).map(|(first, second)| first * second).sum();
    strands.iter().sum::<f32>() + rest
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
