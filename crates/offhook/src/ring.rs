//! The arguments and the error of `ring()`.

use std::time::Duration;

use thiserror::Error;

use crate::error::{BadArgument, Busy, Fault, Unplayable, WrongState, operation_error};
use crate::playable::PlayableMedia;
use crate::state::State;

/// How to ring: the argument of [`CallChannel::ring`](crate::CallChannel::ring).
///
/// ```
/// use offhook::{PlayableMedia, Ring};
///
/// // Speak a sentence to the caller as early media, and go on when it has been spoken.
/// let announce = Ring::new()
///     .early_media()
///     .ringtone(PlayableMedia::text("Thank you for calling."))
///     .until_it_ends();
/// // Then music for ten seconds.
/// let music = Ring::new().seconds(10.0).ringtone(PlayableMedia::file("some_music.wav"));
/// # let _ = (announce, music);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Ring {
    pub(crate) time: RingTime,
    pub(crate) early_media: bool,
    pub(crate) ringtone: Option<Ringtone>,
    pub(crate) looped: bool,
    pub(crate) codecs: Option<String>,
}

impl Ring {
    /// Rings plainly (180) and returns at once (RING-10, RING-20).
    pub fn new() -> Self {
        Self::default()
    }

    /// Rings for so many seconds; 0 does not block (RING-10, RING-11). A negative, infinite or NaN
    /// number makes `ring` fail (RING-15).
    pub fn seconds(mut self, seconds: f64) -> Self {
        self.time = RingTime::Seconds(seconds);
        self
    }

    /// Rings for this time; zero does not block.
    pub fn for_(self, time: Duration) -> Self {
        self.seconds(time.as_secs_f64())
    }

    /// Rings for the duration of the ringtone, which is then played once whatever
    /// [`looped`](Self::looped) says (RING-12). Without early media or without a ringtone it counts
    /// as zero seconds (RING-13, RING-14).
    pub fn until_it_ends(mut self) -> Self {
        self.time = RingTime::UntilItEnds;
        self
    }

    /// Negotiates early media if it is available; if not, the call rings plainly (RING-30).
    pub fn early_media(mut self) -> Self {
        self.early_media = true;
        self
    }

    /// What the caller hears under early media: a file, a text, or the name of a tone. Ignored
    /// without early media (RING-33).
    pub fn ringtone(mut self, ringtone: impl Into<Ringtone>) -> Self {
        self.ringtone = Some(ringtone.into());
        self
    }

    /// Plays the ringtone in a loop, without a gap at the seam (RING-44).
    pub fn looped(mut self) -> Self {
        self.looped = true;
        self
    }

    /// The codecs of this call in the order of priority, for example `g711a;g711u` (RING-50 to RING-53).
    pub fn codecs(mut self, codecs: impl Into<String>) -> Self {
        self.codecs = Some(codecs.into());
        self
    }
}

/// What is played to a caller who hears early media.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ringtone {
    /// The name of a tone that the tone manager of the channel's tone player knows (RING-41).
    Tone(String),
    /// A file or a text (RING-40).
    Media(PlayableMedia),
    /// A ringtone that is known to be wrong, with the reason. A gateway to another language uses it
    /// to report an argument of a wrong type only where the ringtone would be played (RING-33, RING-43).
    Invalid(String),
}

impl From<&str> for Ringtone {
    fn from(name: &str) -> Self {
        Self::Tone(name.to_owned())
    }
}

impl From<String> for Ringtone {
    fn from(name: String) -> Self {
        Self::Tone(name)
    }
}

impl From<PlayableMedia> for Ringtone {
    fn from(media: PlayableMedia) -> Self {
        Self::Media(media)
    }
}

/// How long `ring()` blocks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RingTime {
    Seconds(f64),
    UntilItEnds,
}

impl Default for RingTime {
    fn default() -> Self {
        Self::Seconds(0.0)
    }
}

/// Why `ring()` failed. Nothing was sent and the call is as it was (RING-1, RING-6).
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum RingError {
    /// The call is gone.
    #[error(transparent)]
    Hangup(WrongState),
    /// The call is neither `CALL_INCOMING` nor `RING_INCOMING`.
    #[error(transparent)]
    WrongState(WrongState),
    /// Another call-control operation is blocking (RING-5).
    #[error(transparent)]
    Busy(Busy),
    /// The ring time, the ringtone's type or the codec list is not accepted (RING-15, RING-43, RING-51).
    #[error(transparent)]
    Argument(BadArgument),
    /// The ringtone cannot be played (RING-41, RING-45).
    #[error(transparent)]
    Ringtone(Unplayable),
    /// The server cannot signal ringing.
    #[error(transparent)]
    Fault(Fault),
}

operation_error!(RingError {
    Hangup => Hangup,
    WrongState => WrongState,
    Busy => Busy,
    Argument => Argument,
    Ringtone => Media,
    Fault => Fault,
});

impl RingError {
    /// The states in which `ring()` is allowed (RING-1).
    pub(crate) const ALLOWED: &'static [State] = &[State::CallIncoming, State::RingIncoming];
}
