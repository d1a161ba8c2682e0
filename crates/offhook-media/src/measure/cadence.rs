//! When a signal is on and when it is off.

use std::ops::Range;

/// A stretch of sound and the silence that follows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// From the first sample to the beginning of the sound, in milliseconds.
    pub start_ms: f64,
    /// How long the sound lasts.
    pub on_ms: f64,
    /// How long the silence after it lasts, up to the next sound or the end of the samples.
    pub off_ms: f64,
}

/// The on and off times in milliseconds, in order; see [`bursts`].
pub fn cadence(samples: &[i16], rate_hz: u32) -> Vec<(f64, f64)> {
    bursts(samples, rate_hz).into_iter().map(|burst| (burst.on_ms, burst.off_ms)).collect()
}

/// The bursts of sound, with edges to about 2 ms.
///
/// Sound is what lies above -45 dBm0 and less than 20 dB below the loudest 4 ms of the signal. Gaps below 25 ms do not
/// count, since beats and modulation make them too; sounds below 5 ms are clicks and do not count either.
pub fn bursts(samples: &[i16], rate_hz: u32) -> Vec<Burst> {
    let sounding = sounding(samples, rate_hz);
    let ms = |samples: usize| samples as f64 * 1000.0 / f64::from(rate_hz);
    let ends = sounding.iter().skip(1).map(|next| next.start).chain([samples.len()]);
    sounding
        .iter()
        .zip(ends)
        .map(|(sound, next)| Burst {
            start_ms: ms(sound.start),
            on_ms: ms(sound.len()),
            off_ms: ms(next.saturating_sub(sound.end)),
        })
        .collect()
}

/// The stretches, in samples, that stay below `threshold_dbm0` for at least `shortest_ms`, by the mean over 4 ms.
pub fn silences(samples: &[i16], rate_hz: u32, threshold_dbm0: f64, shortest_ms: f64) -> Vec<Range<usize>> {
    let threshold = (super::peak_of_dbm0(threshold_dbm0)).powi(2) / 2.0;
    let shortest = (shortest_ms * f64::from(rate_hz) / 1000.0).round() as usize;
    let window = window(rate_hz);
    let loud = Envelope::new(samples, window).above(threshold);
    let mut silences = Vec::new();
    let mut at = 0;
    let end = samples.len();
    for sound in loud.into_iter().chain(std::iter::once(end..end)) {
        if sound.start > at && sound.start - at >= shortest.max(1) {
            silences.push(at..sound.start);
        }
        at = sound.end.max(at);
    }
    silences
}

fn sounding(samples: &[i16], rate_hz: u32) -> Vec<Range<usize>> {
    if rate_hz == 0 || samples.is_empty() {
        return Vec::new();
    }
    let window = window(rate_hz);
    let envelope = Envelope::new(samples, window);
    let floor = super::peak_of_dbm0(-45.0).powi(2) / 2.0;
    let threshold = (envelope.loudest() * 0.01).max(floor);
    let per_ms = f64::from(rate_hz) / 1000.0;
    let mut joined: Vec<Range<usize>> = Vec::new();
    for sound in envelope.above(threshold) {
        match joined.last_mut() {
            Some(last) if (sound.start - last.end) as f64 <= SHORTEST_GAP_MS * per_ms => last.end = sound.end,
            _ => joined.push(sound),
        }
    }
    joined.retain(|sound| sound.len() as f64 >= SHORTEST_SOUND_MS * per_ms);
    joined
}

const WINDOW_MS: u32 = 4;
const SHORTEST_GAP_MS: f64 = 25.0;
const SHORTEST_SOUND_MS: f64 = 5.0;

fn window(rate_hz: u32) -> usize {
    ((rate_hz * WINDOW_MS / 1000) as usize).max(1)
}

/// Mean squares over a window that slides by one sample.
struct Envelope {
    /// `sums[n]` is the sum of the squares of the first `n` samples.
    sums: Vec<f64>,
    window: usize,
}

impl Envelope {
    fn new(samples: &[i16], window: usize) -> Self {
        let mut sum = 0.0;
        let sums = samples.iter().map(|sample| {
            sum += f64::from(*sample).powi(2);
            sum
        });
        Self { sums: [0.0].into_iter().chain(sums).collect(), window: window.min(samples.len().max(1)) }
    }

    /// Of the window that begins at each sample, as far as it fits.
    fn means(&self) -> impl Iterator<Item = f64> {
        let ends = self.sums.iter().skip(self.window);
        // Squares of 16-bit samples are whole numbers, which the sums hold exactly: silence is exactly zero.
        self.sums.iter().zip(ends).map(|(from, to)| (to - from) / self.window as f64)
    }

    fn loudest(&self) -> f64 {
        self.means().fold(0.0, f64::max)
    }

    /// Where the mean exceeds the threshold. A window reports a sound when it holds the sound's first hundredth of
    /// energy, and until it holds its last: the sound itself is narrower than that by a window less the part that it
    /// takes to exceed the threshold.
    fn above(&self, threshold: f64) -> Vec<Range<usize>> {
        let mut ranges: Vec<Range<usize>> = Vec::new();
        let mut start = None;
        let mut count = 0;
        for (index, mean) in self.means().enumerate() {
            count = index + 1;
            match (mean > threshold, start) {
                (true, None) => start = Some(index),
                (false, Some(from)) => {
                    ranges.push(self.trimmed(from, index));
                    start = None;
                }
                _ => {}
            }
        }
        if let Some(from) = start {
            let to = count + self.window - 1;
            let from = if from == 0 { 0 } else { from + self.window - 1 };
            ranges.push(from.min(to)..to);
        }
        ranges
    }

    /// The sound that windows beginning at `from..to` saw.
    fn trimmed(&self, from: usize, to: usize) -> Range<usize> {
        // The first such window ends just inside the sound; the last begins just before its end.
        let start = if from == 0 { 0 } else { from + self.window - 1 };
        start.min(to)..to
    }
}
