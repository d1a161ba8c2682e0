//! Whether what was heard is a certain tone: by the frequencies of its segments and by their durations.

use std::f64::consts::TAU;

use super::rms_dbm0;
use crate::tone::{Combination, Segment, Sequence};

/// A tone that is looked for in what was heard.
///
/// It is recognised by the frequencies of its segments, to about 6 Hz, whatever their level, and by their durations,
/// to 45 ms or 8 %, whichever is more. Single packets may be lost.
#[derive(Clone, Debug)]
pub struct SoughtTone {
    /// What is to be told apart: one entry for each set of frequencies.
    spectra: Vec<Spectrum>,
    /// One pass: which spectrum, `None` for silence, and for how many milliseconds.
    pass: Vec<(Option<usize>, f64)>,
    rate_hz: u32,
    window: usize,
}

/// Where a tone was recognised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ToneFound {
    /// The sample at which it begins.
    pub start: usize,
    /// The sample after the part by which it was recognised.
    pub end: usize,
}

impl SoughtTone {
    /// A tone to be sought in sound of this rate; `None` if nothing of it is heard.
    pub fn new(tone: &Sequence, rate_hz: u32) -> Option<Self> {
        let mut sets: Vec<Vec<f64>> = Vec::new();
        let mut pass: Vec<(Option<usize>, f64)> = Vec::new();
        for segment in tone.segments().iter().filter(|segment| segment.duration_ms > 0) {
            let frequencies = frequencies(segment, rate_hz);
            let label = (!frequencies.is_empty()).then(|| {
                sets.iter().position(|known| *known == frequencies).unwrap_or_else(|| {
                    sets.push(frequencies);
                    sets.len() - 1
                })
            });
            match pass.last_mut() {
                Some((last, duration)) if *last == label => *duration += f64::from(segment.duration_ms),
                _ => pass.push((label, f64::from(segment.duration_ms))),
            }
        }
        if sets.is_empty() {
            return None;
        }
        let shortest = pass.iter().map(|(_, ms)| *ms).fold(f64::INFINITY, f64::min);
        let window = ((shortest / 2.0).clamp(20.0, 60.0) * f64::from(rate_hz) / 1000.0) as usize;
        let spectra = sets.iter().map(|set| Spectrum::new(set, rate_hz, window)).collect();
        Some(Self { spectra, pass, rate_hz, window })
    }

    /// How much of it has to be heard, in samples: whole passes of two seconds at least; of a tone that never
    /// changes, three seconds, which no tone with a cadence sounds for.
    pub fn length(&self) -> usize {
        (self.length_ms() * f64::from(self.rate_hz) / 1000.0) as usize
    }

    /// The first place at or after sample `from` of `heard` at which at least `at_least_ms` of it are heard. `None` takes
    /// [`length`](Self::length), and the beginning of the next pass.
    pub fn find(&self, heard: &[i16], from: usize, at_least_ms: Option<f64>) -> Option<ToneFound> {
        let runs = self.runs(heard.get(from..)?);
        for begin in 0..runs.len() {
            for phase in 0..self.pass.len() {
                // A tone that runs already is met anywhere.
                if let Some(ms) = self.matches(&runs[begin..], phase, begin == 0, at_least_ms) {
                    let at = |ms: f64| from + (ms * f64::from(self.rate_hz) / 1000.0) as usize;
                    let start = runs[begin].from_ms;
                    return Some(ToneFound { start: at(start), end: at(start + ms).min(heard.len()) });
                }
            }
        }
        None
    }

    /// How many milliseconds of these runs are the tone from this segment on, if they are enough.
    fn matches(&self, runs: &[Run], phase: usize, is_cut: bool, at_least_ms: Option<f64>) -> Option<f64> {
        runs.first().filter(|run| self.pass[phase].0.is_some() && run.label == self.pass[phase].0)?;
        let (mut ms, mut is_complete) = (0.0, false);
        for (index, run) in runs.iter().enumerate() {
            let (label, expected) = self.pass[(phase + index) % self.pass.len()];
            if run.label != label {
                break;
            }
            // Only the sound after it tells how long a silence was.
            is_complete |= index >= self.pass.len() * self.passes() || self.is_steady();
            let tolerance = (expected * RELATIVE_TOLERANCE).max(TOLERANCE_MS);
            let is_long = !self.is_steady() && run.ms > expected + tolerance;
            // What is under way, or was when the search began, is short for a reason.
            let is_cut = index + 1 == runs.len() || (index == 0 && is_cut) || self.is_steady();
            if is_long || (run.ms < expected - tolerance && !is_cut) {
                break;
            }
            ms += run.ms;
        }
        let enough = match at_least_ms {
            Some(at_least_ms) => ms >= at_least_ms - TOLERANCE_MS,
            None => is_complete && ms >= self.length_ms() - TOLERANCE_MS,
        };
        enough.then_some(ms)
    }

    fn length_ms(&self) -> f64 {
        let pass: f64 = self.pass.iter().map(|(_, ms)| ms).sum();
        if self.is_steady() { STEADY_MS } else { pass * self.passes() as f64 }
    }

    /// How many passes tell it from a tone that only begins like it.
    fn passes(&self) -> usize {
        let pass: f64 = self.pass.iter().map(|(_, ms)| ms).sum();
        (SHORTEST_MS / pass).ceil().max(1.0) as usize
    }

    fn is_steady(&self) -> bool {
        self.pass.len() == 1
    }

    /// What is heard, one entry for each stretch of one label.
    fn runs(&self, heard: &[i16]) -> Vec<Run> {
        let hop = (self.rate_hz as usize * HOP_MS as usize / 1000).max(1);
        let labels = (0..heard.len() / hop).map(|index| {
            let centre = index * hop + hop / 2;
            let from = centre.saturating_sub(self.window / 2).min(heard.len().saturating_sub(self.window));
            let around = heard.get(from..from + self.window).unwrap_or(heard);
            let here = &heard[index * hop..((index + 1) * hop).min(heard.len())];
            self.label(around, here)
        });
        let mut runs: Vec<Run> = Vec::new();
        for (index, label) in labels.enumerate() {
            match runs.last_mut() {
                Some(last) if last.label == label => last.ms += HOP_MS,
                _ => runs.push(Run { label, from_ms: index as f64 * HOP_MS, ms: HOP_MS }),
            }
        }
        let shortest = self.pass.iter().map(|(_, ms)| *ms).fold(f64::INFINITY, f64::min);
        smooth(runs, LONGEST_GAP_MS.min(shortest * 0.6))
    }

    fn label(&self, around: &[i16], here: &[i16]) -> Option<usize> {
        let is_quiet = rms_dbm0(here) < FLOOR_DBM0;
        // A packet that was not received is zeros, and counts as what is around it.
        if is_quiet && here.iter().any(|sample| *sample != 0) {
            return None;
        }
        let fits = self.spectra.iter().map(|spectrum| spectrum.fit(around)).enumerate();
        let best = fits.max_by(|(_, first), (_, second)| first.total_cmp(second));
        match best.filter(|(_, fit)| *fit >= SHARE_OF_TONE) {
            Some((index, _)) => Some(index),
            None => (!is_quiet).then_some(OTHER),
        }
    }
}

/// A stretch of one label.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// The index of the spectrum, or [`OTHER`]; `None` for silence.
    label: Option<usize>,
    from_ms: f64,
    ms: f64,
}

/// Takes out what windows that see two things at once, and packets that were lost, have made of the runs.
fn smooth(runs: Vec<Run>, longest_ms: f64) -> Vec<Run> {
    // An edge belongs half to each side.
    let mut edged: Vec<Run> = Vec::new();
    let mut early = 0.0;
    for mut run in runs {
        run.from_ms -= early;
        run.ms += early;
        early = 0.0;
        if run.label == Some(OTHER) && run.ms <= longest_ms {
            early = run.ms;
            if let Some(last) = edged.last_mut() {
                early /= 2.0;
                last.ms += early;
            }
        } else {
            push(&mut edged, run);
        }
    }
    // What is between two stretches of one label is a gap in one stretch.
    let mut kept: Vec<Run> = Vec::new();
    let mut rest = edged.into_iter().peekable();
    while let Some(mut run) = rest.next() {
        if let (Some(last), Some(next)) = (kept.last(), rest.peek())
            && run.ms <= longest_ms
            && last.label == next.label
        {
            run.label = last.label;
        }
        push(&mut kept, run);
    }
    kept
}

/// Appends a run, or extends the last one by it if their labels are the same.
fn push(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut() {
        Some(last) if last.label == run.label => last.ms += run.ms,
        _ => runs.push(run),
    }
}

/// The frequencies of a segment, in rising order.
fn frequencies(segment: &Segment, rate_hz: u32) -> Vec<f64> {
    let (a, b) = (f64::from(segment.a.frequency_hz), f64::from(segment.b.frequency_hz));
    let all = match segment.add {
        Combination::Modulation if a > 0.0 && b > 0.0 => vec![a - b, a, a + b],
        Combination::Modulation => vec![a],
        Combination::Summation => vec![a, b],
    };
    let mut heard: Vec<f64> =
        all.into_iter().filter(|hz| *hz > 0.0 && *hz < f64::from(rate_hz) / 2.0).collect();
    heard.sort_by(f64::total_cmp);
    heard.dedup();
    heard
}

/// How well a window of sound is made of certain frequencies, each of them in it.
#[derive(Clone, Debug)]
struct Spectrum {
    /// A cosine and a sine for each frequency.
    waves: Vec<Vec<f64>>,
    /// The inverse of the waves' products with each other: close frequencies are not independent in a short window.
    inverse: Vec<Vec<f64>>,
}

impl Spectrum {
    fn new(frequencies_hz: &[f64], rate_hz: u32, window: usize) -> Self {
        let wave = |hz: f64, phase: f64| -> Vec<f64> {
            (0..window).map(|index| (TAU * hz * index as f64 / f64::from(rate_hz) + phase).sin()).collect()
        };
        let waves: Vec<Vec<f64>> =
            frequencies_hz.iter().flat_map(|hz| [wave(*hz, TAU / 4.0), wave(*hz, 0.0)]).collect();
        let products = waves.iter().map(|a| waves.iter().map(|b| dot(a, b)).collect()).collect();
        Self { inverse: inverse(products), waves }
    }

    /// The share of the power that these frequencies explain; 0 if one of them is not there.
    fn fit(&self, samples: &[i16]) -> f64 {
        let samples: Vec<f64> = samples.iter().map(|sample| f64::from(*sample)).collect();
        let power = dot(&samples, &samples);
        if power == 0.0 {
            return 0.0;
        }
        let seen: Vec<f64> = self.waves.iter().map(|wave| dot(wave, &samples)).collect();
        let weights: Vec<f64> = self.inverse.iter().map(|row| dot(row, &seen)).collect();
        let amplitudes: Vec<f64> = weights.chunks(2).map(|pair| pair[0].hypot(pair[1])).collect();
        let strongest = amplitudes.iter().copied().fold(0.0, f64::max);
        if amplitudes.iter().any(|amplitude| *amplitude < strongest * WEAKEST_PARTIAL) {
            return 0.0;
        }
        dot(&weights, &seen) / power
    }
}

fn dot(first: &[f64], second: &[f64]) -> f64 {
    first.iter().zip(second).map(|(a, b)| a * b).sum()
}

/// By elimination; the matrix is small and, for frequencies that differ, never singular.
fn inverse(mut matrix: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let size = matrix.len();
    for (index, row) in matrix.iter_mut().enumerate() {
        row.extend((0..size).map(|column| f64::from(u8::from(column == index))));
    }
    for pivot in 0..size {
        let best = (pivot..size).max_by(|a, b| matrix[*a][pivot].abs().total_cmp(&matrix[*b][pivot].abs()));
        matrix.swap(pivot, best.unwrap_or(pivot));
        let scale = matrix[pivot][pivot];
        matrix[pivot].iter_mut().for_each(|value| *value /= scale);
        let row = matrix[pivot].clone();
        for (_, other) in matrix.iter_mut().enumerate().filter(|(index, _)| *index != pivot) {
            let factor = other[pivot];
            other.iter_mut().zip(&row).for_each(|(value, above)| *value -= factor * above);
        }
    }
    matrix.into_iter().map(|row| row[size..].to_vec()).collect()
}

/// The label of sound that is none of the spectra.
const OTHER: usize = usize::MAX;
const HOP_MS: f64 = 10.0;
const FLOOR_DBM0: f64 = -45.0;
/// The share of the power that has to lie in the tone's frequencies.
const SHARE_OF_TONE: f64 = 0.65;
/// A partial is there if it is at most 12 dB below the strongest.
const WEAKEST_PARTIAL: f64 = 0.25;
const TOLERANCE_MS: f64 = 45.0;
const RELATIVE_TOLERANCE: f64 = 0.08;
/// What two packets that were lost, one after the other, make of a tone.
const LONGEST_GAP_MS: f64 = 90.0;
/// Less of a tone with a cadence does not tell it from others.
const SHORTEST_MS: f64 = 2000.0;
/// How much of a tone that never changes is enough.
const STEADY_MS: f64 = 3000.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inverse_undoes_its_matrix() {
        let matrix = vec![vec![4.0, 1.0], vec![2.0, 3.0]];
        let inverse = inverse(matrix.clone());
        for (row, expected) in matrix.iter().zip([[1.0, 0.0], [0.0, 1.0]]) {
            for (column, expected) in (0..2).zip(expected) {
                let value = row[0] * inverse[0][column] + row[1] * inverse[1][column];
                assert!((value - expected).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn a_tone_that_lacks_a_partial_does_not_fit() {
        let both = Spectrum::new(&[440.0, 480.0], 8000, 480);
        let of = |frequencies: &[f64]| -> Vec<i16> {
            let at = |index: usize, hz: f64| (TAU * hz * index as f64 / 8000.0).sin() * 3000.0;
            (0..480).map(|index| frequencies.iter().map(|hz| at(index, *hz)).sum::<f64>() as i16).collect()
        };
        assert!(both.fit(&of(&[440.0, 480.0])) > 0.99);
        assert_eq!(both.fit(&of(&[440.0])), 0.0);
        assert!(both.fit(&of(&[440.0, 500.0])) < SHARE_OF_TONE);
    }
}
