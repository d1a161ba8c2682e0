//! What a player's job plays and how.

use std::time::Duration;

use crate::playable::PlayableMedia;
use crate::ring::Ringtone;

/// A job of the file player (FP-4, FP-5).
///
/// ```
/// use offhook::Play;
///
/// let menu = Play::file("menu.wav").barge_in_digits("123").seconds_timeout(30.0);
/// let greeting = Play::text("Good morning.").looped();
/// # let _ = (menu, greeting);
/// ```
#[derive(Clone, Debug)]
pub struct Play {
    pub(crate) what: Ringtone,
    pub(crate) barge_in: bool,
    pub(crate) barge_in_digits: Option<String>,
    pub(crate) looped: bool,
    pub(crate) seconds_timeout: Option<f64>,
}

impl Play {
    /// Plays a WAV file of the media root.
    pub fn file(name: impl Into<String>) -> Self {
        Self::from(PlayableMedia::file(name))
    }

    /// Speaks a text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::from(PlayableMedia::text(text))
    }

    /// Any digit stops the job (FP-12).
    pub fn barge_in(mut self) -> Self {
        self.barge_in = true;
        self
    }

    /// These digits stop the job; an empty set leaves barge-in as it is (FP-12).
    pub fn barge_in_digits(mut self, digits: impl Into<String>) -> Self {
        self.barge_in_digits = Some(digits.into());
        self
    }

    /// Repeats without a gap until something else ends the job (FP-15).
    pub fn looped(mut self) -> Self {
        self.looped = true;
        self
    }

    /// Ends the job with [`PlayerCause::Timeout`](crate::PlayerCause::Timeout) after so many seconds (FP-16).
    pub fn seconds_timeout(mut self, seconds: f64) -> Self {
        self.seconds_timeout = Some(seconds);
        self
    }

    /// Ends the job after this time (FP-16).
    pub fn for_(self, limit: Duration) -> Self {
        self.seconds_timeout(limit.as_secs_f64())
    }

    /// A tone: the job of a tone player.
    pub(crate) fn tone(name: String) -> Self {
        Self {
            what: Ringtone::Tone(name),
            barge_in: false,
            barge_in_digits: None,
            looped: false,
            seconds_timeout: None,
        }
    }
}

impl From<PlayableMedia> for Play {
    fn from(media: PlayableMedia) -> Self {
        Self { what: Ringtone::Media(media), ..Self::tone(String::new()) }
    }
}
