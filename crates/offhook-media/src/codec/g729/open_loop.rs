//! Open-loop pitch analysis (A.3.4): about which lag the adaptive codebook is to be searched.

use super::arithmetic::{Checked, extract_l, l_mac, mult, shl};
use super::functions::{Double, inverse_square_root};
use super::{FRAME, LAG_MAX};

/// Samples of weighted speech before the frame that the longest lag reaches.
pub(super) const PAST: usize = LAG_MAX as usize;

/// The lag at which the weighted speech is most like its past.
///
/// The lags are searched in three ranges, none of which holds a multiple of one of its own; a short lag is favoured
/// where a longer one is its multiple. Every other sample is looked at.
pub(super) fn lag(weighted: &[i16; PAST + FRAME]) -> i16 {
    let energy = Checked::new(0).mac(weighted.iter().step_by(2).map(|value| (*value, *value)));
    let speech = &weighted.map(|value| match energy {
        Checked { overflowed: true, .. } => value >> 3,
        Checked { sum, .. } if sum < 1 << 20 => shl(value, 3),
        _ => value,
    });

    let (mut short, mut short_likeness) = normalised(speech, most_alike(speech, 20..40));
    let (middle, mut middle_likeness) = normalised(speech, most_alike(speech, 40..80));
    let mut long = most_alike(speech, (80..143).step_by(2));
    let centre = long.0;
    for neighbour in [centre + 1, centre - 1] {
        let likeness = correlation(speech, neighbour);
        if likeness > long.1 {
            long = (neighbour, likeness);
        }
    }
    let (long, long_likeness) = normalised(speech, long);

    if (2 * middle).abs_diff(long) < 5 {
        middle_likeness = middle_likeness.saturating_add(long_likeness >> 2);
    }
    if (3 * middle).abs_diff(long) < 7 {
        middle_likeness = middle_likeness.saturating_add(long_likeness >> 2);
    }
    if (2 * short).abs_diff(middle) < 5 {
        short_likeness = short_likeness.saturating_add(mult(middle_likeness, A_FIFTH));
    }
    if (3 * short).abs_diff(middle) < 7 {
        short_likeness = short_likeness.saturating_add(mult(middle_likeness, A_FIFTH));
    }
    if short_likeness < middle_likeness {
        (short, short_likeness) = (middle, middle_likeness);
    }
    if short_likeness < long_likeness { long as i16 } else { short as i16 }
}

/// The lag with the greatest correlation, and that; the first of equal ones.
fn most_alike(speech: &[i16; PAST + FRAME], lags: impl Iterator<Item = usize>) -> (usize, i32) {
    let mut best = (0, i32::MIN);
    for lag in lags {
        let likeness = correlation(speech, lag);
        if likeness > best.1 || best.0 == 0 {
            best = (lag, likeness);
        }
    }
    best
}

/// The correlation divided by the root of the delayed speech's energy.
fn normalised(speech: &[i16; PAST + FRAME], (lag, correlation): (usize, i32)) -> (usize, i16) {
    let delayed = speech[PAST - lag..][..FRAME].iter().step_by(2);
    let energy = delayed.fold(1, |sum, value| l_mac(sum, *value, *value));
    let scale = Double::from(inverse_square_root(energy));
    (lag, extract_l(Double::from(correlation).times(scale)))
}

fn correlation(speech: &[i16; PAST + FRAME], lag: usize) -> i32 {
    let frame = speech[PAST..].iter().step_by(2);
    let delayed = speech[PAST - lag..].iter().step_by(2);
    frame.zip(delayed).fold(0, |sum, (a, b)| l_mac(sum, *a, *b))
}

/// 0.2 in Q15.
const A_FIFTH: i16 = 6554;
