//! What a recording is to be like.

use offhook_media::recorder::{RecordChannels, RecordCodec};

use crate::cipher::Cipher;

/// A recording of the file recorder (REC-4).
///
/// ```
/// use offhook::Record;
///
/// let message = Record::to("messages/1.wav").max_duration(60_000).max_silence(3_000).beep_on_start();
/// # let _ = message;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub(crate) file: String,
    pub(crate) max_duration_ms: Option<u64>,
    pub(crate) max_silence_ms: Option<u64>,
    pub(crate) initial_silence_ms: Option<u64>,
    pub(crate) barge_in_digits: String,
    pub(crate) beep_on_start: bool,
    pub(crate) seconds_timeout: Option<f64>,
    pub(crate) channels: RecordChannels,
    pub(crate) codec: RecordCodec,
    pub(crate) cipher: Option<Cipher>,
}

impl Record {
    /// Records to a WAV file of the media root, which is replaced if it exists (REC-17).
    pub fn to(file: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            max_duration_ms: None,
            max_silence_ms: None,
            initial_silence_ms: None,
            barge_in_digits: String::new(),
            beep_on_start: false,
            seconds_timeout: None,
            channels: RecordChannels::Mono,
            codec: RecordCodec::ALaw,
            cipher: None,
        }
    }

    /// The longest recording in milliseconds of recorded audio (REC-7).
    pub fn max_duration(mut self, milliseconds: u64) -> Self {
        self.max_duration_ms = Some(milliseconds);
        self
    }

    /// Ends after so many milliseconds of unbroken silence (REC-8).
    pub fn max_silence(mut self, milliseconds: u64) -> Self {
        self.max_silence_ms = Some(milliseconds);
        self
    }

    /// The limit of silence in milliseconds until audio is first heard; 0 means the same as later (REC-8).
    pub fn initial_silence(mut self, milliseconds: u64) -> Self {
        self.initial_silence_ms = Some(milliseconds);
        self
    }

    /// Digits each of which ends the recording (REC-10).
    pub fn barge_in_digits(mut self, digits: impl Into<String>) -> Self {
        self.barge_in_digits = digits.into();
        self
    }

    /// Plays a beep before the recording, which is not in the file (REC-11).
    pub fn beep_on_start(mut self) -> Self {
        self.beep_on_start = true;
        self
    }

    /// Ends so many seconds after the call of the function, beep included (REC-7).
    pub fn seconds_timeout(mut self, seconds: f64) -> Self {
        self.seconds_timeout = Some(seconds);
        self
    }

    /// Records the far end on the left and what is sent on the right (REC-12).
    pub fn stereo(mut self) -> Self {
        self.channels = RecordChannels::Stereo;
        self
    }

    /// The encoding of the file, A-law by default (REC-12).
    pub fn codec(mut self, codec: RecordCodec) -> Self {
        self.codec = codec;
        self
    }

    /// Encrypts the file (FILE-11). It becomes readable when it is closed (REC-14).
    pub fn cipher(mut self, cipher: Cipher) -> Self {
        self.cipher = Some(cipher);
        self
    }
}
