//! Turns down what is too loud.

/// Brings sums back into the range of a sample by turning them down, not by cutting off their peaks.
///
/// Within a frame the gain falls from what it was to what is needed by the first sample that needs it; afterwards it
/// comes back over some tenths of a second. A sum that fits, while nothing is turned down, is handed on unchanged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limiter {
    gain: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Limiter {
    pub(super) fn apply(&mut self, sum: &[i32], mixed: &mut [i16]) {
        let peak = sum.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0);
        if self.gain >= 1.0 && peak <= FULL_SCALE {
            for (mixed, sample) in mixed.iter_mut().zip(sum) {
                *mixed = *sample as i16;
            }
            return;
        }

        let before = self.gain;
        let recovered = match before + (1.0 - before) * RECOVERY {
            gain if gain > RECOVERED => 1.0,
            gain => gain,
        };
        let fits = if peak > FULL_SCALE { FULL_SCALE as f32 / peak as f32 } else { 1.0 };
        self.gain = recovered.min(fits);
        // Rising, the gain takes the whole frame; falling, it has fallen when the first sample needs it.
        let loud = |sample: &i32| sample.unsigned_abs() as f32 * before > FULL_SCALE as f32;
        let ramp = match self.gain < before {
            true => sum.iter().position(loud).unwrap_or(sum.len()),
            false => sum.len(),
        };
        for (at, (mixed, sample)) in mixed.iter_mut().zip(sum).enumerate() {
            let gain = match at < ramp {
                true => before + (self.gain - before) * at as f32 / ramp as f32,
                false => self.gain,
            };
            // The cast saturates, which takes care of rounding.
            *mixed = (*sample as f32 * gain) as i16;
        }
    }
}

/// The largest sample.
const FULL_SCALE: u32 = i16::MAX as u32;
/// The part of what was turned down that comes back with each frame.
const RECOVERY: f32 = 0.1;
/// From here on the gain counts as one.
const RECOVERED: f32 = 0.999;

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME_SAMPLES: usize = 160;

    fn frame(value: impl Fn(usize) -> f64) -> [i32; FRAME_SAMPLES] {
        std::array::from_fn(|at| value(at).round() as i32)
    }

    #[test]
    fn a_sum_that_fits_is_unchanged() {
        let mut limiter = Limiter::default();
        let sum = frame(|at| 32_767.0 * (at as f64 / 7.0).sin());
        let mut mixed = [0; FRAME_SAMPLES];
        limiter.apply(&sum, &mut mixed);
        assert!(sum.iter().zip(&mixed).all(|(sum, mixed)| *sum == i32::from(*mixed)));
    }

    /// What is twice too loud keeps its form: no sample lies on the limit's plateau.
    #[test]
    fn a_loud_sum_is_turned_down_and_not_clipped() {
        let mut limiter = Limiter::default();
        let mut mixed = [0; FRAME_SAMPLES];
        for number in 0..10 {
            let sum = frame(|at| {
                60_000.0 * (std::f64::consts::TAU * (number * FRAME_SAMPLES + at) as f64 / 40.0).sin()
            });
            limiter.apply(&sum, &mut mixed);
            if number > 0 {
                let scale = f64::from(FULL_SCALE) / 60_000.0;
                for (sum, mixed) in sum.iter().zip(&mixed) {
                    let ideal = f64::from(*sum) * scale;
                    assert!((ideal - f64::from(*mixed)).abs() < 800.0, "{ideal} and {mixed}");
                }
            }
        }
    }

    #[test]
    fn the_gain_comes_back_within_a_second() {
        let mut limiter = Limiter::default();
        let mut mixed = [0; FRAME_SAMPLES];
        limiter.apply(&[60_000; FRAME_SAMPLES], &mut mixed);
        assert!(limiter.gain < 0.6);
        for _ in 0..70 {
            limiter.apply(&[1000; FRAME_SAMPLES], &mut mixed);
        }
        assert_eq!(mixed, [1000; FRAME_SAMPLES]);
    }
}
