//! Taming: keeps the pitch gain below 1 where the encoder's and the decoder's past excitation could drift apart after
//! an error on the line (3.9, "taming").

use super::SUBFRAME;
use super::adaptive_codebook::Lag;
use super::arithmetic::l_shl;
use super::functions::Double;

/// How much an error of the past excitation may have grown, for each of the last four subframes, Q14.
#[derive(Clone, Debug)]
pub(super) struct Taming([i32; 4]);

impl Taming {
    pub(super) fn new() -> Self {
        Self([ONE; 4])
    }

    /// Whether the pitch gain is to be kept below 1 with this lag.
    pub(super) fn is_needed(&self, lag: Lag) -> bool {
        let samples = usize::from(lag.samples.unsigned_abs()) + usize::from(lag.thirds > 0);
        let nearest = samples.saturating_sub(SUBFRAME + INTERPOLATION) / SUBFRAME;
        let farthest = ((samples + INTERPOLATION - 2) / SUBFRAME).min(3);
        self.0[nearest..=farthest].iter().any(|error| *error > LIMIT)
    }

    /// Takes note of a subframe's pitch gain (Q14).
    pub(super) fn update(&mut self, pitch_gain: i16, lag: Lag) {
        let grown = |error: i32| l_shl(Double::from(error).times_short(pitch_gain), 1).saturating_add(ONE);
        let samples = usize::from(lag.samples.unsigned_abs());
        let worst = match samples.checked_sub(SUBFRAME) {
            None => {
                let once = grown(self.0[0]);
                once.max(grown(once))
            }
            Some(beyond) => {
                let zones = beyond / SUBFRAME..=((samples - 1) / SUBFRAME).min(3);
                self.0[zones].iter().map(|error| grown(*error)).max().unwrap_or(ONE)
            }
        };
        self.0.rotate_right(1);
        self.0[0] = worst;
    }
}

const ONE: i32 = 1 << 14;
/// 60000 in Q14.
const LIMIT: i32 = 983_040_000;
/// Samples that the interpolation of a fractional lag looks at on either side.
const INTERPOLATION: usize = 10;
