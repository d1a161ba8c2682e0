//! Speech from text, with the engine and its six voices inside the program.
//!
//! [`speak`] takes what applications give: plain text or an SSML fragment. [`synthesize`] takes plain text only.

mod markup;
mod text;

pub use markup::{MarkupWarning, Part, Script};
pub use offhook_pico::{Prosody, UnknownVoice, Voice};

use crate::Sound;

/// Samples a second of synthesised speech.
pub const RATE_HZ: u32 = offhook_pico::RATE_HZ;

/// Speaks plain text or an SSML fragment (FP-18 to FP-20); `voice` speaks where the text does not ask for another.
///
/// Blocks like [`synthesize`].
///
/// # Errors
///
/// [`SpeechError`]: nothing to say, or the engine failed. Markup is never an error: what is not understood becomes a
/// warning in the result.
pub fn speak(text: &str, voice: Voice) -> Result<Spoken, SpeechError> {
    let script = Script::parse(text, voice);
    if !can_be_said(&script.text()) {
        return Err(SpeechError::Nothing { text: text.to_owned() });
    }
    let mut sound = Sound::new(RATE_HZ, Vec::new());
    for part in script.parts() {
        match part {
            Part::Pause(duration) => sound.append(&Sound::silence(RATE_HZ, *duration)),
            Part::Speech { text, voice, prosody } if can_be_said(text) => {
                sound.samples.extend(say(text, *voice, *prosody)?);
            }
            Part::Speech { .. } => {}
        }
    }
    Ok(Spoken { sound, warnings: script.into_warnings() })
}

/// Speaks plain text in one voice.
///
/// The same text and voice always give the same sound. Blocks while it works: some milliseconds for a sentence, a
/// second or so for 3000 characters; call it where that does no harm. Can be called from several threads at once.
///
/// # Errors
///
/// [`SpeechError`]: nothing to say, or the engine failed.
pub fn synthesize(text: &str, voice: Voice) -> Result<Sound, SpeechError> {
    if !can_be_said(text) {
        return Err(SpeechError::Nothing { text: text.to_owned() });
    }
    Ok(Sound { rate_hz: RATE_HZ, samples: say(text, voice, Prosody::PLAIN)? })
}

/// What [`speak`] made of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spoken {
    /// The speech, at [`RATE_HZ`].
    pub sound: Sound,
    /// What in the markup was not followed, for the log.
    pub warnings: Vec<MarkupWarning>,
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

fn can_be_said(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

fn say(text: &str, voice: Voice, prosody: Prosody) -> Result<Vec<i16>, SpeechError> {
    let volume = u32::from(prosody.volume_percent) * LINE_VOLUME_PERCENT / 100;
    let prosody = Prosody { volume_percent: u16::try_from(volume).unwrap_or(u16::MAX), ..prosody };
    offhook_pico::synthesize(text, voice, prosody).map_err(SpeechError::Engine)
}

/// Of the engine's own volume, which is so high that it clips. This gives the level of speech on a telephone line,
/// some -15 dBm0, and leaves room for text that asks to be loud.
const LINE_VOLUME_PERCENT: u32 = 40;
