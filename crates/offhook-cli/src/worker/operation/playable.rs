//! What can be played, as the protocol writes it: files, texts and tones.

use offhook::media::tone::{Combination, Partial, Segment};
use offhook::{Cipher, CipherError, PlayableMedia};
use serde::Deserialize;

use super::Leg;

/// A file or a text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Media {
    File {
        file: String,
        #[serde(default)]
        cipher: Option<WireCipher>,
    },
    Text {
        text: String,
    },
}

impl From<Media> for PlayableMedia {
    fn from(media: Media) -> Self {
        match media {
            Media::File { file, cipher } => Self::file(file).with_cipher(cipher.map(Cipher::from)),
            Media::Text { text } => Self::text(text),
        }
    }
}

/// Key and vector of an encrypted file (FILE-12). No message shows them (FILE-11).
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "KeyAndVector")]
pub(crate) struct WireCipher(Cipher);

#[derive(Deserialize)]
struct KeyAndVector {
    key: String,
    vector: String,
}

impl TryFrom<KeyAndVector> for WireCipher {
    type Error = CipherError;

    fn try_from(wire: KeyAndVector) -> Result<Self, CipherError> {
        Cipher::aes_cbc(&wire.key, &wire.vector).map(Self)
    }
}

impl From<WireCipher> for Cipher {
    fn from(WireCipher(cipher): WireCipher) -> Self {
        cipher
    }
}

/// A tone of the catalogue, or one that the application made.
#[derive(Debug, Deserialize)]
pub(super) struct Tone {
    tone: String,
    #[serde(default)]
    sequence: Option<Vec<WireSegment>>,
}

/// Frequency and amplitude of the first tone, of the second, milliseconds, how they are combined (TONE-5).
#[derive(Debug, Deserialize)]
struct WireSegment(u16, u8, u16, u8, u16, WireCombination);

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WireCombination {
    Summation,
    Modulation,
}

impl Tone {
    /// The name of the tone, which the channel's tone manager knows from now on; the error is for a person.
    pub(super) fn known_to(self, leg: &Leg) -> Result<String, String> {
        let Some(sequence) = self.sequence else { return Ok(self.tone) };
        let segments: Vec<Segment> = sequence.into_iter().map(Segment::from).collect();
        leg.tones().create_tone(segments, self.tone.as_str()).map_err(|error| error.to_string())?;
        Ok(self.tone)
    }
}

impl From<WireSegment> for Segment {
    fn from(segment: WireSegment) -> Self {
        let WireSegment(frequency_a, amplitude_a, frequency_b, amplitude_b, duration_ms, add) = segment;
        Self {
            a: Partial { frequency_hz: frequency_a, amplitude: amplitude_a },
            b: Partial { frequency_hz: frequency_b, amplitude: amplitude_b },
            duration_ms,
            add: match add {
                WireCombination::Summation => Combination::Summation,
                WireCombination::Modulation => Combination::Modulation,
            },
        }
    }
}
