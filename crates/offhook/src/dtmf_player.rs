//! `DTMFPlayer`: sends digits to the far end.

use thiserror::Error;

use crate::channel::{CallChannel, Unanswered};
use crate::command::{Command, DigitsCommand};
use crate::error::{BadArgument, Busy, Operation, WrongState, operation_error};
use crate::names::documented_names;
use crate::player::PlayerState;
use crate::state::State;

/// Sends digits as telephone events, or as tones where these were not negotiated (DTMF-13 to DTMF-17).
#[derive(Clone, Debug)]
pub struct DtmfPlayer {
    channel: CallChannel,
}

impl DtmfPlayer {
    pub(crate) fn new(channel: CallChannel) -> Self {
        Self { channel }
    }

    /// Sends up to 32 of `0123456789ABCD*#` and commas, each comma a pause of half a second, and waits until all are
    /// sent (DTMF-14). Dropping the future stops the sending (GEN-17).
    ///
    /// # Errors
    ///
    /// [`DtmfPlayError`]: nothing was sent.
    pub async fn play(&self, digits: &str) -> Result<DtmfPlayerCause, DtmfPlayError> {
        let digits = digits.to_owned();
        let played = self
            .channel
            .operate(|ticket, reply| Command::Digits(DigitsCommand::Send(ticket, digits, reply)))
            .await;
        played.unwrap_or_else(|ended| match ended {
            Unanswered::Before => {
                Err(DtmfPlayError::Hangup(self.channel.gone(Operation::DtmfPlayer, DtmfPlayError::ALLOWED)))
            }
            Unanswered::Meanwhile => Ok(DtmfPlayerCause::Hangup),
        })
    }

    /// What the player does; never waits (MED-2).
    pub fn state(&self) -> PlayerState {
        self.channel.published(|published| published.dtmf_player.state)
    }

    /// Why the last job ended; never waits (MED-1, MED-2).
    pub fn cause(&self) -> DtmfPlayerCause {
        self.channel.published(|published| published.dtmf_player.cause)
    }
}

/// Why the last digits are no longer sent (DTMF-13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DtmfPlayerCause {
    /// Stopped by an error.
    Error,
    /// All were sent.
    Normal,
    /// The call cleared.
    Hangup,
    /// They could not be sent in time, for example because the far end holds the call.
    Timeout,
    /// Digits are being sent, or never were.
    #[default]
    None,
}

documented_names!(DtmfPlayerCause {
    Error => "ERROR",
    Normal => "NORMAL",
    Hangup => "HANGUP",
    Timeout => "TIMEOUT",
    None => "NONE",
});

/// Why no digits were sent.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum DtmfPlayError {
    /// The call is gone (DTMF-15).
    #[error(transparent)]
    Hangup(WrongState),
    /// The call is not answered (DTMF-15).
    #[error(transparent)]
    WrongState(WrongState),
    /// Something else is transmitted on this channel (DTMF-15, MED-6).
    #[error(transparent)]
    Busy(Busy),
    /// There are none, too many, or one that is no digit (DTMF-15, DTMF-16).
    #[error(transparent)]
    Argument(BadArgument),
}

operation_error!(DtmfPlayError {
    Hangup => Hangup,
    WrongState => WrongState,
    Busy => Busy,
    Argument => Argument,
});

impl DtmfPlayError {
    pub(crate) const ALLOWED: &'static [State] = &[State::Answered];
}

/// The published state and cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct DtmfPlayerStatus {
    pub(crate) state: PlayerState,
    pub(crate) cause: DtmfPlayerCause,
}
