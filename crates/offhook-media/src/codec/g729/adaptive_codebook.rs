//! The adaptive codebook: the past excitation, delayed by the pitch lag in thirds of a sample (3.7, 4.1.3).

use super::arithmetic::{Checked, div_s, extract_l, l_mac, l_shl, norm_l, round, shr};
use super::tables::FRACTIONAL_DELAY;
use super::{LAG_MAX, LAG_MIN, SUBFRAME, Subframe};

/// Samples of the past that the longest lag and the interpolation look at.
pub(super) const PAST: usize = LAG_MAX as usize + TAPS + 1;
/// Samples that the interpolation looks at on either side.
const TAPS: usize = 10;

/// A pitch lag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lag {
    /// Whole samples, from 19 to 144.
    pub(super) samples: i16,
    /// Thirds of a sample to add, from -1 to 1.
    pub(super) thirds: i16,
}

/// Writes the excitation of one subframe, which begins at `at`, by delaying what precedes it (3.7.1).
///
/// A lag shorter than the subframe repeats what has just been written.
pub(super) fn predict(excitation: &mut [i16], at: usize, lag: Lag) {
    // The filter delays by 0, 1 or 2 thirds: a third more than the lag is two thirds less than one sample more.
    let (phase, extra) = match lag.thirds {
        1.. => (2, 1),
        0 => (0, 0),
        _ => (1, 0),
    };
    let from = at - usize::from(lag.samples.unsigned_abs()) - extra;
    for index in 0..SUBFRAME {
        let centre = from + index;
        let mut sum = 0;
        for tap in 0..TAPS {
            sum = l_mac(sum, excitation[centre - tap], FRACTIONAL_DELAY[phase + 3 * tap]);
            sum = l_mac(sum, excitation[centre + 1 + tap], FRACTIONAL_DELAY[3 - phase + 3 * tap]);
        }
        excitation[at + index] = round(sum);
    }
}

/// The lag of the first subframe as it is sent, in 8 bits (3.7.2).
pub(super) fn encode_first(lag: Lag) -> u16 {
    let index = if lag.samples <= 85 { lag.samples * 3 - 58 + lag.thirds } else { lag.samples + 112 };
    index.unsigned_abs()
}

/// The lag of the second subframe as it is sent, in 5 bits, relative to that of the first.
pub(super) fn encode_second(lag: Lag, first: i16) -> u16 {
    ((lag.samples - range_of_second(first).0) * 3 + 2 + lag.thirds).unsigned_abs()
}

/// The inverse of [`encode_first`], for each of the 256 indices.
pub(super) fn decode_first(index: u16) -> Lag {
    let index = (index & 0xFF) as i16;
    if index < 197 {
        let samples = (index + 2) / 3 + 19;
        Lag { samples, thirds: index - samples * 3 + 58 }
    } else {
        Lag { samples: index - 112, thirds: 0 }
    }
}

/// The inverse of [`encode_second`], for each of the 32 indices.
pub(super) fn decode_second(index: u16, first: i16) -> Lag {
    let index = (index & 0x1F) as i16;
    let offset = (index + 2) / 3 - 1;
    Lag { samples: offset + range_of_second(first).0, thirds: index - 2 - offset * 3 }
}

/// The whole lags that the second subframe can have, given the first one's.
pub(super) fn range_of_second(first: i16) -> (i16, i16) {
    let low = (first - 5).clamp(LAG_MIN, LAG_MAX - 9);
    (low, low + 9)
}

/// The parity bit that protects the six upper bits of the first subframe's lag (3.7.2).
pub(super) fn parity(index: u16) -> u16 {
    1 ^ ((index >> 2) & 0x3F).count_ones() as u16 & 1
}

/// Finds the lag whose delayed excitation, filtered by `impulse`, is most like `target`, and leaves that excitation
/// in its place (A.3.7). `range` is of whole lags. Thirds are not tried where they cannot be sent.
pub(super) fn search(
    excitation: &mut [i16],
    at: usize,
    target: &Subframe,
    impulse: &Subframe,
    range: (i16, i16),
    first_subframe: bool,
) -> Lag {
    let backward = backward_filtered(target, impulse);
    let likeness = |excitation: &[i16], from: usize| {
        let pairs = backward.iter().zip(&excitation[from..]);
        pairs.fold(0, |sum, (a, b)| l_mac(sum, *a, *b))
    };

    let mut best = (range.0, i32::MIN);
    for samples in range.0..=range.1 {
        let found = likeness(excitation, at - usize::from(samples.unsigned_abs()));
        if found > best.1 {
            best = (samples, found);
        }
    }
    let samples = best.0;
    let mut lag = Lag { samples, thirds: 0 };
    predict(excitation, at, lag);
    if first_subframe && samples > 84 {
        return lag;
    }
    let mut greatest = likeness(excitation, at);
    for thirds in [-1, 1] {
        predict(excitation, at, Lag { samples, thirds });
        let found = likeness(excitation, at);
        if found > greatest {
            greatest = found;
            lag = Lag { samples, thirds };
        }
    }
    // The last that was tried, a third more, stands in the buffer.
    if lag.thirds != 1 {
        predict(excitation, at, lag);
    }
    lag
}

/// The target filtered backward by the impulse response, scaled to 13 bits (A.3.8.1).
pub(super) fn backward_filtered(target: &Subframe, impulse: &Subframe) -> Subframe {
    let exact: [i32; SUBFRAME] = std::array::from_fn(|from| {
        target[from..].iter().zip(impulse).fold(0, |sum, (a, b)| l_mac(sum, *a, *b))
    });
    let greatest = exact.iter().map(|value| value.saturating_abs()).max().unwrap_or(0);
    let shift = 18 - norm_l(greatest).min(16);
    exact.map(|value| extract_l(value >> shift))
}

/// Two correlations of the adaptive codebook's filtered vector `y`, and its best gain (3.7.3).
pub(super) struct Match {
    /// Energy of `y`: mantissa and exponent.
    pub(super) energy: (i16, i16),
    /// Correlation of `y` with the target: mantissa and exponent.
    pub(super) correlation: (i16, i16),
    /// Gain, at most 1.2, Q14.
    pub(super) gain: i16,
}

/// Compares the adaptive codebook's filtered vector with the target.
pub(super) fn compare(target: &Subframe, filtered: &Subframe) -> Match {
    let scaled = filtered.map(|value| value >> 2);
    let (energy, energy_shift) = mantissa(1, (filtered, filtered), (&scaled, &scaled), 4);
    let (correlation, correlation_shift) = mantissa(0, (target, filtered), (target, &scaled), 2);
    let (exponent, gain) = if correlation <= 0 {
        (-15, 0)
    } else {
        let gain = shr(div_s(correlation >> 1, energy), correlation_shift - energy_shift);
        (15 - correlation_shift, gain.min(GAIN_MAX))
    };
    Match { energy: (energy, 15 - energy_shift), correlation: (correlation, exponent), gain }
}

/// The correlation of a pair as normalised mantissa and shift; where it overflows, that of the `scaled` pair, which is
/// smaller by `less` bits.
fn mantissa(
    start: i32,
    pair: (&Subframe, &Subframe),
    scaled: (&Subframe, &Subframe),
    less: i16,
) -> (i16, i16) {
    let whole = Checked::new(start).mac(zip(pair));
    let (sum, less) =
        if whole.overflowed { (Checked::new(start).mac(zip(scaled)).sum, less) } else { (whole.sum, 0) };
    let shift = norm_l(sum);
    (round(l_shl(sum, shift)), shift - less)
}

fn zip<'a>((a, b): (&'a Subframe, &'a Subframe)) -> impl Iterator<Item = (i16, i16)> + 'a {
    a.iter().zip(b).map(|(a, b)| (*a, *b))
}

/// 1.2 in Q14.
const GAIN_MAX: i16 = 19661;
