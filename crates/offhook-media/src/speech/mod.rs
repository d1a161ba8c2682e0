//! Speech from text, with the engine and its six voices inside the program.

pub use offhook_pico::{UnknownVoice, Voice};

use crate::Sound;

/// Samples a second of synthesised speech.
pub const RATE_HZ: u32 = offhook_pico::RATE_HZ;

/// Speaks plain text in one voice.
///
/// The same text and voice always give the same sound. Blocks while it works: some milliseconds for a sentence, a
/// second or so for 3000 characters; call it where that does no harm. Can be called from several threads at once.
///
/// # Errors
///
/// [`SpeechError`]: nothing to say, or the engine failed.
pub fn synthesize(text: &str, voice: Voice) -> Result<Sound, SpeechError> {
    if !text.chars().any(char::is_alphanumeric) {
        return Err(SpeechError::Nothing { text: text.to_owned() });
    }
    let samples = offhook_pico::synthesize(text, voice).map_err(SpeechError::Engine)?;
    Ok(Sound { rate_hz: RATE_HZ, samples })
}

/// Why a text cannot be spoken (RING-45).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpeechError {
    /// The text holds nothing that can be spoken.
    #[error("text {text:?} holds nothing to say, accepted: text with a letter or a digit")]
    Nothing {
        /// The text as given.
        text: String,
    },
    /// The speech engine failed.
    #[error(transparent)]
    Engine(offhook_pico::SynthesisError),
}
