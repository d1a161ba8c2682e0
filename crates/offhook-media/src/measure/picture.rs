//! What a picture of a call is drawn from.

use std::f64::consts::TAU;

use offhook_dsp::Forward;

use super::level::dbm0_of_rms;

/// Levels over time and frequency.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrogram {
    /// Steps of time.
    pub columns: usize,
    /// Bands of frequency of equal width, from 0 to half the rate.
    pub rows: usize,
    /// The strongest frequency of each band in dBm0, column by column, lowest band first; negative infinity in silence.
    pub levels_dbm0: Vec<f32>,
}

impl Spectrogram {
    /// The level of a band in a column, or `None` outside.
    pub fn level_dbm0(&self, column: usize, row: usize) -> Option<f32> {
        if row >= self.rows {
            return None;
        }
        self.levels_dbm0.get(column.checked_mul(self.rows)?.checked_add(row)?).copied()
    }
}

/// The spectrogram of sound in `columns` equal steps of time and `rows` equal bands of frequency.
///
/// Each column shows the loudest of the windows of 32 ms (Hann, half overlapping) that begin in it, and at least the
/// one at its middle.
pub fn spectrogram(samples: &[i16], rate_hz: u32, columns: usize, rows: usize) -> Spectrogram {
    let mut levels_dbm0 = vec![f32::NEG_INFINITY; columns * rows];
    if samples.is_empty() || rate_hz == 0 || rows == 0 {
        return Spectrogram { columns, rows, levels_dbm0 };
    }
    let size = (rate_hz as usize * 32 / 1000).max(16).next_multiple_of(2);
    let window: Vec<f64> =
        (0..size).map(|index| 0.5 - 0.5 * (TAU * (index as f64 + 0.5) / size as f64).cos()).collect();
    let weights: f64 = window.iter().sum();
    let transform = Forward::new(size);
    let mut input = vec![0.0; size];
    for (column, levels) in levels_dbm0.chunks_exact_mut(rows).enumerate() {
        let from = column * samples.len() / columns;
        let to = (column + 1) * samples.len() / columns;
        let mut middle = from + size / 4;
        if middle >= to {
            middle = from.midpoint(to);
        }
        while middle < to.max(from + 1) {
            for (index, (slot, weight)) in input.iter_mut().zip(&window).enumerate() {
                let at = (middle + index).checked_sub(size / 2);
                let sample = at.and_then(|at| samples.get(at)).copied().unwrap_or(0);
                *slot = f64::from(sample) * weight;
            }
            let bins = transform.spectrum(&input);
            for (row, level) in levels.iter_mut().enumerate() {
                // With more rows than bins, the bands between two bins show the lower one.
                let first = row * bins.len() / rows;
                let end = ((row + 1) * bins.len() / rows).max(first + 1);
                let strongest = bins[first..end].iter().map(|bin| bin.norm()).fold(0.0, f64::max);
                let rms = strongest * std::f64::consts::SQRT_2 / weights;
                *level = level.max(dbm0_of_rms(rms) as f32);
            }
            middle += size / 2;
        }
    }
    Spectrogram { columns, rows, levels_dbm0 }
}

/// The lowest and highest sample in each of `columns` equal steps of time: the outline of a waveform.
///
/// A step without a sample of its own shows the one sample that lies in it.
pub fn peaks(samples: &[i16], columns: usize) -> Vec<(i16, i16)> {
    (0..columns)
        .map(|column| {
            let from = column * samples.len() / columns;
            let to = ((column + 1) * samples.len() / columns).max(from + 1).min(samples.len());
            let part = samples.get(from..to).unwrap_or_default();
            (part.iter().copied().min().unwrap_or(0), part.iter().copied().max().unwrap_or(0))
        })
        .collect()
}
