//! Sound in memory.

use std::time::Duration;

use offhook_dsp::resample;

/// Mono sound: 16-bit samples at a rate.
///
/// Full scale is ±32768; a sine whose peak is at full scale has +3.14 dBm0, as in A-law (ITU-T G.711 table 5); see
/// [`measure`](crate::measure) for levels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// Samples a second.
    pub rate_hz: u32,
    /// The samples in order.
    pub samples: Vec<i16>,
}

impl Sound {
    /// Sound from samples at a rate.
    pub fn new(rate_hz: u32, samples: Vec<i16>) -> Self {
        Self { rate_hz, samples }
    }

    /// Silence of the given duration, rounded to a sample.
    pub fn silence(rate_hz: u32, duration: Duration) -> Self {
        let samples = (duration.as_secs_f64() * f64::from(rate_hz)).round() as usize;
        Self { rate_hz, samples: vec![0; samples] }
    }

    /// The duration; zero for a rate of zero.
    pub fn duration(&self) -> Duration {
        if self.rate_hz == 0 {
            return Duration::ZERO;
        }
        Duration::from_secs_f64(self.samples.len() as f64 / f64::from(self.rate_hz))
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// The same sound at another rate, band-limited (see [`resample()`](crate::resample())).
    ///
    /// Takes a few milliseconds for a minute of sound.
    pub fn resampled(&self, rate_hz: u32) -> Self {
        Self { rate_hz, samples: resample(&self.samples, self.rate_hz, rate_hz) }
    }

    /// The same sound at another rate, for being repeated: the filter takes the end of the sound as what comes before
    /// its beginning and the reverse, so that sound which runs on across the seam keeps doing so (RING-44).
    pub fn resampled_for_loop(&self, rate_hz: u32) -> Self {
        if self.rate_hz == rate_hz || self.rate_hz == 0 || rate_hz == 0 || self.samples.is_empty() {
            return self.resampled(rate_hz);
        }
        // As long as the filter at least, and a whole number of samples at both rates.
        let divisor = greatest_common_divisor(self.rate_hz, rate_hz);
        let steps = (LONGEST_FILTER / (self.rate_hz / divisor)) as usize + 1;
        let before = steps * (self.rate_hz / divisor) as usize;
        let before_resampled = steps * (rate_hz / divisor) as usize;
        let start = self.samples.len() - before % self.samples.len();
        let repeated = self.samples.iter().copied().cycle().skip(start).take(2 * before + self.samples.len());
        let resampled = resample(&repeated.collect::<Vec<_>>(), self.rate_hz, rate_hz);
        let length = self.resampled_len(rate_hz);
        let samples = resampled.into_iter().skip(before_resampled).take(length).collect();
        Self { rate_hz, samples }
    }

    /// Appends `other`, resampled if its rate differs.
    pub fn append(&mut self, other: &Self) {
        if other.rate_hz == self.rate_hz {
            self.samples.extend_from_slice(&other.samples);
        } else {
            self.samples.extend(resample(&other.samples, other.rate_hz, self.rate_hz));
        }
    }

    /// As many samples as [`resampled`](Self::resampled) gives.
    fn resampled_len(&self, rate_hz: u32) -> usize {
        let (from, to) = (u64::from(self.rate_hz), u64::from(rate_hz));
        ((self.samples.len() as u64 * to + from / 2) / from) as usize
    }
}

/// No resampling filter reaches further, in samples of the source.
const LONGEST_FILTER: u32 = 16_384;

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
