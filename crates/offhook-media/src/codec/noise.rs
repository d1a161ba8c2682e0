//! Comfort noise: what is heard while a far end that sends nothing in pauses says nothing (RFC 3389).

/// Noise of a level and a spectrum.
///
/// White noise goes through the all-pole filter that the reflection coefficients of the packet describe, as a lattice:
/// it is stable for all coefficients that a packet can hold.
#[derive(Clone, Debug)]
pub(super) struct ComfortNoise {
    /// The peak of the white noise that gives the level behind the filter.
    peak: f32,
    order: usize,
    reflection: [f32; MOST_ORDER],
    /// The backward errors of the lattice, a sample ago.
    backward: [f32; MOST_ORDER],
    random: u32,
}

impl ComfortNoise {
    /// Reads a payload: the level, and as many coefficients as there are; those above the twelfth change little and
    /// are left out. `None` for an empty one.
    pub(super) fn parse(payload: &[u8]) -> Option<Self> {
        let (&level, coefficients) = payload.split_first()?;
        let mut reflection = [0.0; MOST_ORDER];
        let mut order = 0;
        for (place, &coded) in reflection.iter_mut().zip(coefficients) {
            // RFC 3389 section 3.2; 255 is not assigned.
            *place = COEFFICIENT_STEP * (f32::from(coded.min(254)) - 127.0);
            order += 1;
        }
        // The filter amplifies; the level is that of what comes out of it.
        let passed: f32 = reflection.iter().map(|k| 1.0 - k * k).product();
        let rms = FULL_SCALE * 10.0_f32.powf(-f32::from(level & 0x7f) / 20.0);
        // Evenly distributed noise has a peak of the square root of three times its root mean square.
        let peak = (3.0 * passed).sqrt() * rms;
        Some(Self { peak, order, reflection, backward: [0.0; MOST_ORDER], random: SEED })
    }

    pub(super) fn fill(&mut self, samples: &mut [i16]) {
        for sample in samples {
            let mut forward = self.white();
            for stage in (0..self.order).rev() {
                forward -= self.reflection[stage] * self.backward[stage];
                let backward = self.backward[stage] + self.reflection[stage] * forward;
                if let Some(next) = self.backward.get_mut(stage + 1) {
                    *next = backward;
                }
            }
            self.backward[0] = forward;
            *sample = forward as i16;
        }
    }

    fn white(&mut self) -> f32 {
        // Xorshift: noise need not be unpredictable.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        let even = self.random as f32 / u32::MAX as f32 * 2.0 - 1.0;
        even * self.peak
    }
}

const MOST_ORDER: usize = 12;
/// One step of a coefficient: 258 in units of 2^-15 (RFC 3389 section 3.2).
const COEFFICIENT_STEP: f32 = 258.0 / 32_768.0;
/// The root mean square of 0 dBov.
const FULL_SCALE: f32 = 32_768.0;
const SEED: u32 = 0x2545_f491;

#[cfg(test)]
mod tests {
    use super::*;

    fn second(payload: &[u8]) -> Vec<f64> {
        let mut samples = [0; 8000];
        ComfortNoise::parse(payload).expect("not empty").fill(&mut samples);
        samples.iter().map(|sample| f64::from(*sample)).collect()
    }

    fn level_dbov(samples: &[f64]) -> f64 {
        let power = samples.iter().map(|sample| sample * sample).sum::<f64>() / samples.len() as f64;
        10.0 * (power / 32_768.0_f64.powi(2)).log10()
    }

    #[test]
    fn noise_has_the_level_that_the_packet_names() {
        for payload in [&[30_u8][..], &[50], &[40, 20, 200], &[40, 60, 180, 100, 140]] {
            let level = level_dbov(&second(payload));
            assert!((level + f64::from(payload[0])).abs() < 1.0, "{payload:?}: {level}");
        }
    }

    /// The first coefficient of a low sound is negative.
    #[test]
    fn noise_has_the_spectrum_that_the_packet_names() {
        let likeness = |first: u8| {
            let samples = second(&[40, first]);
            let product: f64 = samples.windows(2).map(|pair| pair[0] * pair[1]).sum();
            product / samples.iter().map(|sample| sample * sample).sum::<f64>()
        };
        assert!(likeness(27) > 0.7 && likeness(227) < -0.7 && likeness(127).abs() < 0.1);
    }

    #[test]
    fn no_payload_makes_noise_grow() {
        for coded in [0, 254, 255] {
            let mut payload = [coded; 200];
            payload[0] = 20;
            let level = level_dbov(&second(&payload));
            assert!(level < -10.0, "{coded}: {level}");
        }
    }
}
