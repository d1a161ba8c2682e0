//! The notation of the country table.
//!
//! Segments separated by blanks, each `frequencies:milliseconds`. Frequencies are `425`, `350+440` (both), `400*25`
//! (400 Hz modulated by 25 Hz), or `0` for silence; more than two at once do not occur. `@19` after the frequencies
//! sets the amplitude of each; without it, it is 13 for one frequency and 19 for two. Without milliseconds the
//! segment is continuous, which is one second, repeated.

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
        let segments = notation
            .split_whitespace()
            .map(|part| segment(part).ok_or_else(|| NotationError { segment: part.to_owned() }))
            .collect::<Result<Vec<_>, _>>()?;
        Self::new(segments).map_err(|error| NotationError { segment: error.to_string() })
    }
}

/// A part of a tone's notation that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tone segment {segment:?} cannot be read, accepted: frequencies:milliseconds, for example 350+440@19:400")]
pub struct NotationError {
    /// The part.
    pub segment: String,
}

fn segment(part: &str) -> Option<Segment> {
    let (sound, duration) = part.split_once(':').unwrap_or((part, "1000"));
    let duration_ms = duration.parse().ok()?;
    let (frequencies, amplitude) = match sound.split_once('@') {
        Some((frequencies, amplitude)) => (frequencies, Some(amplitude.parse::<u8>().ok()?)),
        None => (sound, None),
    };
    Some(if let Some((first, second)) = frequencies.split_once('+') {
        Segment::sum(first.parse().ok()?, second.parse().ok()?, amplitude.unwrap_or(19), duration_ms)
    } else if let Some((carrier, modulator)) = frequencies.split_once('*') {
        Segment::modulated(carrier.parse().ok()?, modulator.parse().ok()?, amplitude.unwrap_or(13), duration_ms)
    } else {
        match frequencies.parse().ok()? {
            0 => Segment::silence(duration_ms),
            frequency_hz => Segment::single(frequency_hz, amplitude.unwrap_or(13), duration_ms),
        }
    })
}
