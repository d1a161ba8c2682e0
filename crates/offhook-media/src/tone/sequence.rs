//! The definition of a tone (TONE-4 to TONE-7).

use std::time::Duration;

use super::{ToneError, render};

/// A tone: segments that are played in order, in ranges that have been checked.
///
/// # What is heard
///
/// A partial of frequency `f` and amplitude `a` is a sine of `f` hertz at `-a` dBm0 (see
/// [`measure`](crate::measure) for the reference), or nothing if `f` is 0.
///
/// * [`Combination::Summation`]: both partials together, each at its own level.
/// * [`Combination::Modulation`]: `a(t) * (1 - cos(2 pi f_b t))`, the full amplitude modulation of partial `a`: the
///   envelope swings between nothing and twice the amplitude, the component at `f_a` keeps its own level, and two
///   side tones at `f_a ± f_b` lie 6 dB below it. The amplitude of `b` has no effect. Without a frequency `b`
///   nothing is modulated; without a frequency `a` nothing is heard.
///
/// The phase of each frequency runs on through the whole pass, over segment boundaries too. Where sound begins or
/// ends, the edge is rounded over 2 ms (less in segments shorter than 32 ms), inside the segment, so that it does not
/// click; that is far below what cadence and level are allowed to differ (TONE-16). Frequencies that the rate cannot
/// hold, half of it and above, are left out rather than folded back. A sum beyond full scale is clipped.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sequence {
    segments: Vec<Segment>,
}

impl Sequence {
    /// Checks a definition.
    ///
    /// # Errors
    ///
    /// [`ToneError`]: no segment, nothing that lasts, or a value out of range: frequencies 0 to 9999 Hz, amplitudes
    /// 0 to 99, durations 0 to 9999 ms.
    pub fn new(segments: Vec<Segment>) -> Result<Self, ToneError> {
        let refuse = |index, key, value: String, accepted| Err(ToneError { index, key, value, accepted });
        for (index, segment) in segments.iter().enumerate() {
            let partials = [
                (segment.a, "tone_a frequency", "tone_a amplitude"),
                (segment.b, "tone_b frequency", "tone_b amplitude"),
            ];
            for (partial, frequency, amplitude) in partials {
                if partial.frequency_hz > 9999 {
                    return refuse(index, frequency, partial.frequency_hz.to_string(), "0 to 9999");
                }
                if partial.amplitude > 99 {
                    return refuse(index, amplitude, partial.amplitude.to_string(), "0 to 99");
                }
            }
            if segment.duration_ms > 9999 {
                return refuse(index, "duration", segment.duration_ms.to_string(), "0 to 9999");
            }
        }
        if segments.is_empty() {
            return refuse(0, "tone_info", "empty".to_owned(), "one entry or more");
        }
        if segments.iter().all(|segment| segment.duration_ms == 0) {
            return refuse(0, "duration", "0 in every entry".to_owned(), "1 to 9999 in one entry or more");
        }
        Ok(Self { segments })
    }

    /// For the definitions of this crate, which its tests pass through [`new`](Self::new).
    pub(super) fn from_checked(segments: Vec<Segment>) -> Self {
        Self { segments }
    }

    /// The segments in order.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The duration of one pass.
    pub fn duration(&self) -> Duration {
        Duration::from_millis(self.segments.iter().map(|segment| u64::from(segment.duration_ms)).sum())
    }

    /// The samples of one pass, for playing it once. A rate of zero gives none.
    pub fn render(&self, rate_hz: u32) -> Vec<i16> {
        render::once(&self.segments, rate_hz)
    }

    /// Samples that can be repeated without a seam.
    ///
    /// That is one pass, or as many as it takes until the phases at the end meet those at the beginning, at most a
    /// minute. A tone that never changes comes as one second, whatever the durations of its segments.
    pub fn render_loop(&self, rate_hz: u32) -> Vec<i16> {
        render::repeatable(&self.segments, rate_hz)
    }
}

/// A stretch of a tone in which nothing changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    /// The first partial; the carrier of a modulation.
    pub a: Partial,
    /// The second partial; modulates `a` if `add` says so.
    pub b: Partial,
    /// 0 to 9999 ms.
    pub duration_ms: u16,
    /// How `b` is added to `a`.
    pub add: Combination,
}

impl Segment {
    /// Nothing for a time.
    pub const fn silence(duration_ms: u16) -> Self {
        Self { a: Partial::NONE, b: Partial::NONE, duration_ms, add: Combination::Summation }
    }

    /// One frequency.
    pub const fn single(frequency_hz: u16, amplitude: u8, duration_ms: u16) -> Self {
        Self { a: Partial { frequency_hz, amplitude }, ..Self::silence(duration_ms) }
    }

    /// Two frequencies at the same level each.
    pub const fn sum(first_hz: u16, second_hz: u16, amplitude: u8, duration_ms: u16) -> Self {
        Self {
            b: Partial { frequency_hz: second_hz, amplitude },
            ..Self::single(first_hz, amplitude, duration_ms)
        }
    }

    /// One frequency, its amplitude modulated by another.
    pub const fn modulated(carrier_hz: u16, modulator_hz: u16, amplitude: u8, duration_ms: u16) -> Self {
        let add = Combination::Modulation;
        Self { add, ..Self::sum(carrier_hz, modulator_hz, amplitude, duration_ms) }
    }

    /// Whether nothing is heard.
    pub const fn is_silent(&self) -> bool {
        self.a.frequency_hz == 0 && (self.b.frequency_hz == 0 || matches!(self.add, Combination::Modulation))
    }
}

/// One frequency of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Partial {
    /// 0 to 9999 Hz; 0 is silence (TONE-6).
    pub frequency_hz: u16,
    /// 0 to 99: the level in dBm0 with its sign reversed.
    pub amplitude: u8,
}

impl Partial {
    /// No sound.
    pub const NONE: Self = Self { frequency_hz: 0, amplitude: 0 };
}

/// How the second partial of a segment is added to the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Combination {
    /// Both are heard.
    #[default]
    Summation,
    /// The second modulates the amplitude of the first fully.
    Modulation,
}

impl Combination {
    /// The name in tone definitions, `summation` or `modulation` (TONE-5).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Summation => "summation",
            Self::Modulation => "modulation",
        }
    }

    /// The combination of a name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Summation, Self::Modulation].into_iter().find(|known| known.name() == name)
    }
}
