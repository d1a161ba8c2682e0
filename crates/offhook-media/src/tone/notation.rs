//! The notation of the country table.
//!
//! Segments separated by blanks, each `frequencies:milliseconds`. Frequencies are `425`, `350+440` (both), `400*25`
//! (400 Hz modulated by 25 Hz), or `0` for silence; more than two at once do not occur. `@19` after the frequencies
//! sets the amplitude of each; without it, it is 13 for one frequency and 19 for two. Without milliseconds the
//! segment is continuous, which is one second, repeated. Up to a minute may be stated; segments of a definition are
//! shorter, so that a longer one becomes several.

use super::{Segment, Sequence};

impl Sequence {
    /// Parses the notation of the country table: segments separated by blanks, each `frequencies:milliseconds`.
    ///
    /// ```
    /// use offhook_media::tone::{Predefined, Sequence};
    ///
    /// let ringback = Sequence::from_notation("400+450:400 0:200 400+450:400 0:2000")?;
    /// assert_eq!(ringback, Predefined::RingbackUk.sequence());
    /// # Ok::<(), offhook_media::tone::NotationError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NotationError`] names the segment that cannot be read.
    pub fn from_notation(notation: &str) -> Result<Self, NotationError> {
        let mut segments = Vec::new();
        for part in notation.split_whitespace() {
            let (segment, mut rest_ms) =
                segment(part).ok_or_else(|| NotationError { segment: part.to_owned() })?;
            while rest_ms > LONGEST_MS {
                segments.push(Segment { duration_ms: LONGEST_MS as u16, ..segment });
                rest_ms -= LONGEST_MS;
            }
            // What is left fits: it is no longer than the longest segment.
            segments.push(Segment { duration_ms: rest_ms as u16, ..segment });
        }
        Self::new(segments).map_err(|error| NotationError { segment: error.to_string() })
    }
}

/// A part of a tone's notation that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "tone segment {segment:?} cannot be read, accepted: frequencies:milliseconds, for example 350+440@19:400"
)]
pub struct NotationError {
    /// The part.
    pub segment: String,
}

/// The longest segment of a definition; a longer one is split.
const LONGEST_MS: u32 = 9999;

/// A segment without its duration, and the duration in milliseconds.
fn segment(part: &str) -> Option<(Segment, u32)> {
    let (sound, duration) = part.split_once(':').unwrap_or((part, "1000"));
    let duration_ms = duration.parse().ok().filter(|ms| *ms <= 60_000)?;
    let (frequencies, amplitude) = match sound.split_once('@') {
        Some((frequencies, amplitude)) => (frequencies, Some(amplitude.parse::<u8>().ok()?)),
        None => (sound, None),
    };
    let segment = if let Some((first, second)) = frequencies.split_once('+') {
        Segment::sum(first.parse().ok()?, second.parse().ok()?, amplitude.unwrap_or(19), 0)
    } else if let Some((carrier, modulator)) = frequencies.split_once('*') {
        Segment::modulated(carrier.parse().ok()?, modulator.parse().ok()?, amplitude.unwrap_or(13), 0)
    } else {
        match frequencies.parse().ok()? {
            0 => Segment::silence(0),
            frequency_hz => Segment::single(frequency_hz, amplitude.unwrap_or(13), 0),
        }
    };
    Some((segment, duration_ms))
}
