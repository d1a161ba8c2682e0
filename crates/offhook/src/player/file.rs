//! `FilePlayer`: plays files and speaks text.

use std::time::Duration;

use super::{Play, PlayError, Player, PlayerCause, PlayerState, SeekError};
use crate::channel::CallChannel;

/// Plays WAV files of the media root and speaks text to the far end (FP-1).
///
/// It works in `ANSWERED`, and before the answer while early media is in force (MED-3, MED-4). One
/// player of a channel runs at a time (MED-6).
#[derive(Clone, Debug)]
pub struct FilePlayer {
    channel: CallChannel,
}

impl FilePlayer {
    pub(crate) fn new(channel: CallChannel) -> Self {
        Self { channel }
    }

    /// Plays and waits until the job ends (FP-4). Dropping the future stops the job with
    /// [`PlayerCause::Aborted`] (GEN-17).
    ///
    /// # Errors
    ///
    /// [`PlayError`]: the job was not started.
    pub async fn play(&self, play: impl Into<Play>) -> Result<PlayerCause, PlayError> {
        self.channel.play(Player::File, play.into()).await
    }

    /// Speaks a text and waits until it has been spoken (FP-5); [`Play::text`] has the options.
    ///
    /// # Errors
    ///
    /// [`PlayError`]: the job was not started.
    pub async fn say(&self, text: impl Into<String>) -> Result<PlayerCause, PlayError> {
        self.play(Play::text(text)).await
    }

    /// Starts a job and returns as soon as it runs (FP-6).
    ///
    /// # Errors
    ///
    /// [`PlayError`]: the job was not started.
    pub async fn start(&self, play: impl Into<Play>) -> Result<(), PlayError> {
        self.channel.start_playing(Player::File, play.into()).await
    }

    /// Starts to speak a text and returns as soon as it is heard (FP-6).
    ///
    /// # Errors
    ///
    /// [`PlayError`]: the job was not started.
    pub async fn start_say(&self, text: impl Into<String>) -> Result<(), PlayError> {
        self.start(Play::text(text)).await
    }

    /// Ends the running job with [`PlayerCause::Aborted`] (FP-7); without one returns the last cause (MED-12).
    pub async fn stop(&self) -> PlayerCause {
        self.channel.stop_playing(Player::File).await
    }

    /// Lets the running job stand still; silence is sent, and its state stays
    /// [`PlayerState::Playing`] (FP-9). `false` without a job.
    pub async fn pause(&self) -> bool {
        self.channel.pause_playing(Player::File, true).await
    }

    /// Lets a paused job go on where it was (FP-9). `false` without a job.
    pub async fn resume(&self) -> bool {
        self.channel.pause_playing(Player::File, false).await
    }

    /// Lets the running job go on from a place that many seconds from the start of the file; a place past its end ends
    /// it, or starts it again if it is repeated (FP-10). `Ok(false)` without a job.
    ///
    /// # Errors
    ///
    /// [`SeekError`]: the job speaks a text, or the place is no time; it goes on as it was.
    pub async fn seek(&self, seconds: f64) -> Result<bool, SeekError> {
        self.channel.seek_playing(Player::File, seconds).await
    }

    /// Waits for the running job and returns its cause, or [`PlayerCause::None`] if the time is over
    /// first and the job goes on (FP-8, MED-13). `None` sets no limit.
    pub async fn wait_until_finished(&self, timeout: Option<Duration>) -> PlayerCause {
        self.channel.wait_playing(Player::File, timeout).await
    }

    /// What the player does; never waits (MED-2).
    pub fn state(&self) -> PlayerState {
        self.channel.job_status(Player::File).state
    }

    /// Why the last job ended; never waits (MED-1, MED-2).
    pub fn cause(&self) -> PlayerCause {
        self.channel.job_status(Player::File).cause
    }
}
