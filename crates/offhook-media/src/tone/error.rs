//! Why a tone's definition was refused.

/// An entry of a tone's definition that is out of range (TONE-7).
///
/// ```
/// use offhook_media::tone::{Segment, Sequence};
///
/// let error = Sequence::new(vec![Segment::silence(100), Segment::single(425, 100, 500)]).unwrap_err();
/// assert_eq!(error.to_string(), "tone_info[1]: tone_a amplitude is 100, accepted: 0 to 99");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tone_info[{index}]: {key} is {value}, accepted: {accepted}")]
pub struct ToneError {
    /// The index of the entry, from 0. Of a definition without entries: 0.
    pub index: usize,
    /// What is out of range, for example `tone_a frequency`.
    pub key: &'static str,
    /// The value found.
    pub value: String,
    /// The values accepted.
    pub accepted: &'static str,
}
