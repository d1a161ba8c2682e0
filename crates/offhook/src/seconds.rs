//! Times that come from an application as plain numbers.

use std::time::Duration;

/// The longest time an argument may name: some 136 years, so that adding it to an instant cannot overflow.
const LONGEST_SECONDS: f64 = u32::MAX as f64;

/// A number of seconds that an application gave (RING-15, GEN-9): `None` if it is negative, not a
/// number or infinite; longer times than an instant can hold count as the longest one.
pub(crate) fn duration(seconds: f64) -> Option<Duration> {
    (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(LONGEST_SECONDS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RING-15: negative, NaN and infinite are refused; zero and fractions are not.
    #[test]
    fn numbers_that_are_no_time_are_refused() {
        for bad in [-1.0, -0.000_1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(duration(bad), None, "{bad}");
        }
        assert_eq!(duration(0.0), Some(Duration::ZERO));
        assert_eq!(duration(0.25), Some(Duration::from_millis(250)));
        assert!(duration(f64::MAX).is_some());
    }
}
