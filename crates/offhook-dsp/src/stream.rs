//! Changing the sampling rate of a stream by a factor of two, piece by piece.

use std::sync::LazyLock;

use crate::resample::{dot, kaiser, sinc};

/// Doubles or halves the sampling rate of sound that comes in pieces.
///
/// What goes in comes out 64 samples of the higher rate later, 4 ms at 16000 Hz. What the lower rate cannot hold is at
/// least 60 dB down; up to 85 % of its half the band is flat to 0.1 dB. Before the first piece there is silence. One
/// stream goes one way: the two methods share what they remember.
///
/// Memory is taken when it is made, never later.
#[derive(Clone, Debug)]
pub struct StreamResampler {
    /// The newest samples that went in, and room for a piece behind them.
    line: Box<[f32; TAPS + PIECE]>,
}

impl Default for StreamResampler {
    fn default() -> Self {
        Self { line: Box::new([0.0; TAPS + PIECE]) }
    }
}

impl StreamResampler {
    /// Fills `to` with two samples for each one of `from`, as far as both reach.
    pub fn double(&mut self, from: &[i16], to: &mut [i16]) {
        for (from, to) in from.chunks(PIECE).zip(to.chunks_mut(2 * PIECE)) {
            self.take_in(from);
            let (pairs, _) = to.as_chunks_mut::<2>();
            for (at, pair) in pairs.iter_mut().enumerate() {
                let Some(newest) = self.line.get(at + 1 + TAPS / 2..at + 1 + TAPS) else { break };
                *pair = [sample(dot(newest, &FILTER.odd)), sample(dot(newest, &FILTER.even))];
            }
            self.forget(from.len());
        }
    }

    /// Fills `to` with one sample for every two of `from`, as far as both reach.
    pub fn halve(&mut self, from: &[i16], to: &mut [i16]) {
        for (from, to) in from.chunks(PIECE).zip(to.chunks_mut(PIECE / 2)) {
            self.take_in(from);
            for (at, out) in to.iter_mut().enumerate() {
                let Some(newest) = self.line.get(2 * at + 2..2 * at + 2 + TAPS) else { break };
                *out = sample(dot(newest, &FILTER.all));
            }
            self.forget(from.len());
        }
    }

    fn take_in(&mut self, piece: &[i16]) {
        for (place, sample) in self.line[TAPS..].iter_mut().zip(piece) {
            *place = f32::from(*sample);
        }
    }

    fn forget(&mut self, piece: usize) {
        self.line.copy_within(piece..piece + TAPS, 0);
    }
}

/// The cast saturates: an overshoot of the filter clips and does not wrap.
fn sample(value: f32) -> i16 {
    value.round() as i16
}

/// A low pass at the higher rate, for halving; its odd and even halves are those for doubling.
struct Filter {
    all: [f32; TAPS],
    odd: [f32; TAPS / 2],
    even: [f32; TAPS / 2],
}

static FILTER: LazyLock<Filter> = LazyLock::new(|| {
    let half = TAPS as f64 / 2.0;
    let weight = |at: usize| {
        let distance = at as f64 + 0.5 - half;
        sinc(distance * CUT_OFF) * kaiser(distance / half, KAISER_BETA)
    };
    let weights: [f64; TAPS] = std::array::from_fn(weight);
    // What is constant stays as it is, at both places between two samples that a doubled one can have.
    let sum: f64 = weights.iter().sum();
    Filter {
        all: weights.map(|weight| (weight / sum) as f32),
        odd: std::array::from_fn(|at| (weights[2 * at + 1] / sum * 2.0) as f32),
        even: std::array::from_fn(|at| (weights[2 * at] / sum * 2.0) as f32),
    }
});

const TAPS: usize = 128;
/// 20 ms at 16000 Hz.
const PIECE: usize = 320;
/// The middle of the slope, as a part of the higher rate's half.
const CUT_OFF: f64 = 0.4625;
/// The shape of the window: 70 dB.
const KAISER_BETA: f64 = 6.76;

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    fn sine(rate_hz: f64, hz: f64, samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|at| (10_000.0 * (2.0 * PI * hz * at as f64 / rate_hz).sin()).round() as i16)
            .collect()
    }

    fn gain_db(from: &[i16], to: &[i16]) -> f64 {
        let power = |samples: &[i16]| {
            let settled = &samples[samples.len() / 4..];
            settled.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / settled.len() as f64
        };
        10.0 * (power(to) / power(from)).log10()
    }

    /// RING-46: what both rates hold stays as loud as it was.
    #[test]
    fn the_band_of_the_lower_rate_passes() {
        for hz in [100.0, 1000.0, 3000.0, 3400.0] {
            let (wide, narrow) = (sine(16_000.0, hz, 16_000), sine(8000.0, hz, 8000));
            let (mut doubled, mut halved) = (vec![0; 16_000], vec![0; 8000]);
            StreamResampler::default().double(&narrow, &mut doubled);
            StreamResampler::default().halve(&wide, &mut halved);
            assert!(
                gain_db(&narrow, &doubled).abs() < 0.1,
                "{hz} Hz doubled: {}",
                gain_db(&narrow, &doubled)
            );
            assert!(gain_db(&wide, &halved).abs() < 0.1, "{hz} Hz halved: {}", gain_db(&wide, &halved));
        }
    }

    /// RING-46: nothing of what the lower rate cannot hold is heard, at another pitch or as a mirror image.
    #[test]
    fn what_the_lower_rate_cannot_hold_is_60_db_down() {
        for hz in [4050.0, 5000.0, 7500.0] {
            let wide = sine(16_000.0, hz, 16_000);
            let mut halved = vec![0; 8000];
            StreamResampler::default().halve(&wide, &mut halved);
            assert!(gain_db(&wide, &halved) < -60.0, "{hz} Hz: {}", gain_db(&wide, &halved));
        }
        let (tone, mut doubled) = (sine(8000.0, 1000.0, 8000), vec![0; 16_000]);
        StreamResampler::default().double(&tone, &mut doubled);
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (at, sample) in doubled[8000..].iter().enumerate() {
            let phase = 2.0 * PI * 7000.0 * at as f64 / 16_000.0;
            real += f64::from(*sample) * phase.cos();
            imaginary += f64::from(*sample) * phase.sin();
        }
        let image = 2.0 * f64::hypot(real, imaginary) / 8000.0;
        assert!(image < 10.0, "an image with a peak of {image}");
    }

    /// Pieces of any length give what the whole gives.
    #[test]
    fn pieces_join_without_a_seam() {
        let narrow = sine(8000.0, 700.0, 2000);
        let mut whole = vec![0; 4000];
        StreamResampler::default().double(&narrow, &mut whole);
        let (mut pieces, mut resampler) = (vec![0; 4000], StreamResampler::default());
        let mut at = 0;
        for length in [1, 7, 160, 480, 1000, 352] {
            let end = at + length;
            resampler.double(&narrow[at..end], &mut pieces[2 * at..2 * end]);
            at = end;
        }
        assert_eq!(pieces, whole);
    }
}
