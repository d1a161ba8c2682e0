//! Making sound a little shorter or longer without a change of pitch: one period is left out or repeated.

use std::ops::RangeInclusive;

/// The period out of `lags`, in samples, at which `sound` repeats itself best. `None` if it does not repeat itself well
/// enough for the change not to be heard, unless it `must`.
///
/// `sound` has at least twice as many samples as the longest period.
pub(super) fn period(sound: &[i16], lags: RangeInclusive<usize>, must: bool) -> Option<usize> {
    let longest = *lags.end();
    let quiet = sound.iter().all(|sample| sample.unsigned_abs() < QUIET);
    if quiet {
        return Some(longest);
    }
    let mut best = (f32::MIN, longest);
    for lag in lags {
        let window = longest.min(sound.len() - lag);
        let (mut product, mut first, mut second) = (0.0_f32, 1.0_f32, 1.0_f32);
        for (a, b) in sound[..window].iter().zip(&sound[lag..]) {
            let (a, b) = (f32::from(*a), f32::from(*b));
            product += a * b;
            first += a * a;
            second += b * b;
        }
        let likeness = product / (first * second).sqrt();
        if likeness > best.0 {
            best = (likeness, lag);
        }
    }
    (must || best.0 >= LIKE_ENOUGH).then_some(best.1)
}

/// Leaves out `lag` samples near the beginning of `sound`.
pub(super) fn leave_out(sound: &mut Vec<i16>, lag: usize) {
    for at in 0..lag {
        sound[at] = fade(sound[at], sound[at + lag], at, lag);
    }
    sound.drain(lag..2 * lag);
}

/// Repeats the first `lag` samples of `sound`.
pub(super) fn repeat(sound: &mut Vec<i16>, lag: usize) {
    let before = sound.len();
    sound.resize(before + lag, 0);
    sound.copy_within(lag..before, 2 * lag);
    // The samples at `lag..2 * lag` are still those that follow; they go over into the first ones.
    for at in 0..lag {
        let following = sound[2 * lag + at];
        sound[lag + at] = fade(following, sound[at], at, lag);
    }
}

/// From one sample to the other, `at` of `length` on the way.
fn fade(from: i16, to: i16, at: usize, length: usize) -> i16 {
    let weight = (at as f32 + 0.5) / length as f32;
    (f32::from(from) * (1.0 - weight) + f32::from(to) * weight) as i16
}

/// Periods of voices lie between 2.5 ms and 15 ms; in samples at 8000 Hz.
pub(super) const SHORTEST_LAG: usize = 20;
pub(super) const LONGEST_LAG: usize = 120;
/// The least normalised correlation.
const LIKE_ENOUGH: f32 = 0.75;
/// Below -43 dBm0 nothing is heard of a change.
const QUIET: u16 = 160;
