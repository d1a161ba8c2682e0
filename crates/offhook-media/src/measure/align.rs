//! Finding a sound in another one.

use offhook_dsp::{Complex, Forward, Inverse};

/// Where a sound was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Alignment {
    /// The sample of the heard sound at which the reference begins.
    pub offset: usize,
    /// How alike they are there, whatever the level: 1 the same, 0 unrelated, -1 the same with its sign reversed.
    pub score: f64,
}

/// Finds `reference` in `heard`, both at the same rate: the place of the highest normalised cross-correlation.
///
/// `None` if `reference` is longer than `heard`, or either is empty or silent. Takes time and memory in proportion to
/// the length of `heard`, a second of sound well below a millisecond.
pub fn correlate(reference: &[i16], heard: &[i16]) -> Option<Alignment> {
    let energy: f64 = reference.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    if reference.len() > heard.len() || energy == 0.0 {
        return None;
    }
    scores(reference, heard)
        .into_iter()
        .enumerate()
        .map(|(offset, score)| Alignment { offset, score })
        .max_by(|first, second| first.score.total_cmp(&second.score).then(second.offset.cmp(&first.offset)))
        .filter(|best| best.score != 0.0)
}

/// The normalised cross-correlation for each offset of the reference; empty if it is longer than `heard`.
pub(super) fn scores(reference: &[i16], heard: &[i16]) -> Vec<f64> {
    if reference.len() > heard.len() {
        return Vec::new();
    }
    let energy: f64 = reference.iter().map(|sample| f64::from(*sample).powi(2)).sum();
    let products = products(reference, heard);
    let mut sums = vec![0.0];
    sums.extend(heard.iter().scan(0.0, |sum, sample| {
        *sum += f64::from(*sample).powi(2);
        Some(*sum)
    }));
    let score = |offset: usize| {
        let local: f64 = sums[offset + reference.len()] - sums[offset];
        if local > 0.0 { products[offset] / (energy * local).sqrt() } else { 0.0 }
    };
    (0..=heard.len() - reference.len()).map(|offset| score(offset).clamp(-1.0, 1.0)).collect()
}

/// The sum of products of both sounds for each offset of the reference.
fn products(reference: &[i16], heard: &[i16]) -> Vec<f64> {
    let size = (reference.len() + heard.len()).next_power_of_two();
    let forward = Forward::new(size);
    let spectrum = |samples: &[i16]| -> Vec<Complex<f64>> {
        let mut input = vec![0.0; size];
        for (slot, sample) in input.iter_mut().zip(samples) {
            *slot = f64::from(*sample);
        }
        forward.spectrum(&input)
    };
    let product: Vec<_> = spectrum(heard)
        .into_iter()
        .zip(spectrum(reference))
        .map(|(heard, sought)| heard * sought.conj())
        .collect();
    let output = Inverse::new(size).samples(&product);
    output.iter().map(|value| value / size as f64).collect()
}
