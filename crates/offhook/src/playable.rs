//! What can be played: a file of the media root, or a text to be spoken.

use std::sync::Arc;

use thiserror::Error;

use crate::cipher::Cipher;

/// A file or a text to play.
///
/// It can be used any number of times (PM-5) and is checked when it is used, not when it is made
/// (PM-6).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlayableMedia {
    text: Option<String>,
    file: Option<String>,
    cipher: Option<Cipher>,
}

impl PlayableMedia {
    /// A medium with nothing set so far; using it is an error until one of the setters was called (PM-3).
    pub fn new() -> Self {
        Self::default()
    }

    /// A text to be spoken.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: Some(text.into()), ..Self::default() }
    }

    /// A WAV file, named below the media root (FILE-4 to FILE-6).
    pub fn file(name: impl Into<String>) -> Self {
        Self { file: Some(name.into()), ..Self::default() }
    }

    /// A medium made of two optional parts, as other languages hand them over. Using one with both
    /// or none set is an error (PM-3).
    pub fn from_parts(text: Option<String>, file: Option<String>) -> Self {
        Self { text, file, cipher: None }
    }

    /// The same with the cipher of its file, if there is one (FP-17).
    pub fn with_cipher(mut self, cipher: impl Into<Option<Cipher>>) -> Self {
        self.cipher = cipher.into();
        self
    }

    /// Makes it a text and forgets the file (PM-3).
    pub fn set_text(&mut self, text: impl Into<String>) {
        (self.text, self.file) = (Some(text.into()), None);
    }

    /// Makes it a file and forgets the text (PM-3).
    pub fn set_file(&mut self, name: impl Into<String>) {
        (self.text, self.file) = (None, Some(name.into()));
    }

    /// What to load.
    pub(crate) fn source(&self) -> Result<Source<'_>, MediaError> {
        match (&self.text, &self.file) {
            (Some(text), None) => Ok(Source::Text(text)),
            (None, Some(file)) => Ok(Source::File(file, self.cipher.as_ref())),
            (None, None) => Err(MediaError::NothingSet),
            (Some(_), Some(_)) => Err(MediaError::BothSet),
        }
    }
}

/// The one thing that a medium names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source<'a> {
    Text(&'a str),
    /// With its cipher, if it is encrypted.
    File(&'a str, Option<&'a Cipher>),
}

/// Why something cannot be played or recorded.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum MediaError {
    /// Neither text nor file is set (PM-3).
    #[error(
        "the medium names neither a text nor a file; accepted: exactly one of text_to_say and file_to_play"
    )]
    NothingSet,
    /// Both are set (PM-3).
    #[error("the medium names both a text and a file; accepted: exactly one of text_to_say and file_to_play")]
    BothSet,
    /// The name breaks the rules for file names (FILE-4, FILE-5).
    #[error(
        "file name {name:?} {problem}; accepted: folders and names of a-z A-Z 0-9 . _ @ - ending in .wav or .wave"
    )]
    Name {
        /// The name given.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The name leads out of the media root (FILE-6).
    #[error("file {name:?} lies outside the media root; accepted: files inside it")]
    OutsideRoot {
        /// The name given.
        name: String,
    },
    /// The file does not exist or cannot be read.
    #[error("file {name:?} cannot be read: {error}; accepted: a readable WAV file")]
    Unreadable {
        /// The name given.
        name: String,
        /// The system's reason.
        error: Arc<std::io::Error>,
    },
    /// The file of a recording cannot be made (MED-11).
    #[error("file {name:?} cannot be written: {error}; accepted: a file that can be made or replaced")]
    Unwritable {
        /// The name given.
        name: String,
        /// The system's reason.
        error: Arc<std::io::Error>,
    },
    /// Another recording writes the same file (REC-17).
    #[error(
        "file {name:?} is being recorded; accepted: another name, or this one once that recording has ended"
    )]
    BeingRecorded {
        /// The name given.
        name: String,
    },
    /// An encrypted file was not validated by this instance (FP-17).
    #[error(
        "file {name:?} was not validated with this cipher; accepted: a file that validate has accepted before"
    )]
    NotValidated {
        /// The name given.
        name: String,
    },
    /// The file was not encrypted with this cipher, or its recording was never closed.
    #[error("file {name:?} cannot be decrypted; accepted: a file that was encrypted with the cipher given")]
    Undecryptable {
        /// The name given.
        name: String,
    },
    /// The file is larger than the server loads.
    #[error("file {name:?} has {bytes} bytes; accepted: at most {limit}")]
    TooLarge {
        /// The name given.
        name: String,
        /// Its size.
        bytes: u64,
        /// The largest size that is loaded.
        limit: u64,
    },
    /// The file is not a WAV file of an accepted format (FILE-7, FILE-8).
    #[error("file {name:?}: {error}")]
    Format {
        /// The name given.
        name: String,
        /// The format found and those accepted.
        error: String,
    },
    /// There is no sound in it.
    #[error("{what} has no sound; accepted: at least one sample")]
    Empty {
        /// The file or text.
        what: String,
    },
    /// The text is longer than the setting `tts_max_characters` (FP-21).
    #[error("the text has {characters} characters; accepted: at most {limit}")]
    TextTooLong {
        /// Its length.
        characters: usize,
        /// The setting.
        limit: usize,
    },
    /// The text cannot be spoken.
    #[error("the text cannot be spoken: {reason}")]
    Speech {
        /// What the speech engine said.
        reason: String,
    },
    /// The channel has no tone player (RING-41, TONE-15).
    #[error(
        "tone {name:?} needs a tone player on this channel; accepted: a tone name once a TonePlayer is attached"
    )]
    NoTonePlayer {
        /// The tone asked for.
        name: String,
    },
    /// The tone manager does not know the tone (RING-41, TONE-15).
    #[error("tone {name:?} is not known; accepted: {}", .known.join(", "))]
    UnknownTone {
        /// The tone asked for.
        name: String,
        /// The names that the tone manager knows.
        known: Vec<String>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PM-3: setting one clears the other, and exactly one must be set at use.
    #[test]
    fn setting_one_clears_the_other() {
        let mut media = PlayableMedia::new();
        assert!(matches!(media.source(), Err(MediaError::NothingSet)));
        media.set_text("hello");
        assert_eq!(media.source().unwrap(), Source::Text("hello"));
        media.set_file("a.wav");
        assert_eq!(media.source().unwrap(), Source::File("a.wav", None));
        media.set_text("hello");
        assert_eq!(media.source().unwrap(), Source::Text("hello"));
        let both = PlayableMedia::from_parts(Some("a".into()), Some("b.wav".into()));
        assert!(matches!(both.source(), Err(MediaError::BothSet)));
    }
}
