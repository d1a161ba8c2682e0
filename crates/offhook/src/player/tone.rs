//! `TonePlayer`: plays the tones of a tone manager.

use std::time::Duration;

use super::{Play, PlayError, Player, PlayerCause, PlayerState};
use crate::channel::CallChannel;

/// Plays named tones to the far end.
///
/// [`CallChannel::attach_tone_player`] makes one; it knows the tones of the
/// [`ToneManager`](crate::ToneManager) it was given (TONE-11, TONE-12).
#[derive(Clone, Debug)]
pub struct TonePlayer {
    channel: CallChannel,
}

impl TonePlayer {
    pub(crate) fn new(channel: CallChannel) -> Self {
        Self { channel }
    }

    /// Repeats a tone for this time and returns [`PlayerCause::Timeout`], or with `None` plays it
    /// once and returns [`PlayerCause::Normal`] (TONE-13).
    ///
    /// # Errors
    ///
    /// [`PlayError`]: the job was not started.
    pub async fn play(
        &self,
        tone: impl Into<String>,
        limit: Option<Duration>,
    ) -> Result<PlayerCause, PlayError> {
        self.channel.play(Player::Tone, Self::job(tone.into(), limit.is_some(), limit)).await
    }

    /// Starts a tone, repeated or once, and returns as soon as it is heard (TONE-13).
    ///
    /// # Errors
    ///
    /// [`PlayError`]: the job was not started.
    pub async fn start(&self, tone: impl Into<String>, looped: bool) -> Result<(), PlayError> {
        self.channel.start_playing(Player::Tone, Self::job(tone.into(), looped, None)).await
    }

    /// Ends the running job with [`PlayerCause::Aborted`]; without one returns the last cause (MED-12).
    pub async fn stop(&self) -> PlayerCause {
        self.channel.stop_playing(Player::Tone).await
    }

    /// Waits for the running job and returns its cause, or [`PlayerCause::None`] if the time is over
    /// first and the job goes on (MED-13). `None` sets no limit.
    pub async fn wait_until_finished(&self, timeout: Option<Duration>) -> PlayerCause {
        self.channel.wait_playing(Player::Tone, timeout).await
    }

    /// What the player does; never waits (MED-2).
    pub fn state(&self) -> PlayerState {
        self.channel.job_status(Player::Tone).state
    }

    /// Why the last job ended; never waits (MED-1, MED-2).
    pub fn cause(&self) -> PlayerCause {
        self.channel.job_status(Player::Tone).cause
    }

    fn job(tone: String, looped: bool, limit: Option<Duration>) -> Play {
        let play = Play::tone(tone);
        let play = if looped { play.looped() } else { play };
        match limit {
            Some(limit) => play.for_(limit),
            None => play,
        }
    }
}
