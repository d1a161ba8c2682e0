//! The clock of one host, which need not run as fast as that of the simulation.

use std::time::{Duration, Instant};

/// A media clock that is right when the host starts and runs too fast or too slow from then on.
#[derive(Clone, Copy, Debug)]
pub(super) struct HostClock {
    began: Instant,
    /// Seconds of the host in one second of the simulation.
    rate: f64,
}

impl HostClock {
    /// A clock that gains so many millionths, or loses them if they are negative.
    pub(super) fn new(began: Instant, drift_ppm: f64) -> Self {
        Self { began, rate: 1.0 + drift_ppm / 1e6 }
    }

    /// What the host's clock shows at a moment of the simulation.
    pub(super) fn shown_at(&self, moment: Instant) -> Instant {
        self.scaled(moment, self.rate)
    }

    /// The moment of the simulation at which the host's clock shows this.
    pub(super) fn moment_of(&self, shown: Instant) -> Instant {
        self.scaled(shown, 1.0 / self.rate)
    }

    /// A moment of the simulation at which the host's clock certainly shows this or a little more, so that a timer
    /// that ends then is over on the host's clock too.
    pub(super) fn moment_after(&self, shown: Instant) -> Instant {
        if self.is_right() { shown } else { self.moment_of(shown) + ROUNDING }
    }

    fn scaled(&self, at: Instant, rate: f64) -> Instant {
        if self.is_right() {
            return at;
        }
        self.began + at.saturating_duration_since(self.began).mul_f64(rate)
    }

    #[expect(clippy::float_cmp, reason = "no drift gives exactly this rate")]
    fn is_right(&self) -> bool {
        self.rate == 1.0
    }
}

/// More than the conversion of a day of nanoseconds to seconds and back can lose.
const ROUNDING: Duration = Duration::from_micros(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fast_clock_shows_more_and_a_slow_one_less() {
        let began = Instant::now();
        let hour = Duration::from_secs(3600);
        for (ppm, expected_ms) in [(200.0, 3_600_720_i64), (-200.0, 3_599_280), (0.0, 3_600_000)] {
            let clock = HostClock::new(began, ppm);
            let shown = clock.shown_at(began + hour) - began;
            assert!((shown.as_millis() as i64 - expected_ms).abs() <= 1, "{ppm} {shown:?}");
        }
    }

    #[test]
    fn a_timer_is_over_on_the_clock_of_the_host_too() {
        let began = Instant::now();
        for ppm in [-10_000.0, -3.7, 0.0, 0.1, 250.0, 10_000.0] {
            let clock = HostClock::new(began, ppm);
            for ms in [1, 20, 123_457, 86_400_000] {
                let deadline = began + Duration::from_millis(ms);
                assert!(clock.shown_at(clock.moment_after(deadline)) >= deadline, "{ppm} {ms}");
            }
        }
    }
}
