//! The players of a channel: `FilePlayer` and `TonePlayer`.

mod file;
mod play;
mod tone;

use thiserror::Error;

use crate::error::{BadArgument, Busy, Fault, Operation, Unplayable, WrongState, operation_error};
use crate::names::documented_names;
use crate::state::State;

pub use file::FilePlayer;
pub use play::Play;
pub use tone::TonePlayer;

/// What a player does (FP-3, TONE-14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PlayerState {
    /// A job is running.
    Playing,
    /// No job is running.
    #[default]
    Idle,
    /// The last job ended with a fault.
    Error,
}

documented_names!(PlayerState {
    Playing => "PLAYING",
    Idle => "IDLE",
    Error => "ERROR",
});

/// Why a player's last job ended (FP-2, TONE-14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PlayerCause {
    /// Stopped by an error.
    Error,
    /// Reached its end.
    Normal,
    /// Stopped by a digit.
    BargeIn,
    /// Stopped by `stop()`, or by a `ring()` that decides what is heard from then on.
    Aborted,
    /// The call cleared.
    Hangup,
    /// A timer expired.
    Timeout,
    /// A job is running, or there was none so far.
    #[default]
    None,
}

documented_names!(PlayerCause {
    Error => "ERROR",
    Normal => "NORMAL",
    BargeIn => "BARGEIN",
    Aborted => "ABORTED",
    Hangup => "HANGUP",
    Timeout => "TIMEOUT",
    None => "NONE",
});

/// One of the players of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Player {
    /// The file player.
    File,
    /// The tone player.
    Tone,
}

impl Player {
    /// The documented name of its attribute: `FilePlayer` or `TonePlayer`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::File => "FilePlayer",
            Self::Tone => "TonePlayer",
        }
    }

    pub(crate) const fn operation(self) -> Operation {
        match self {
            Self::File => Operation::FilePlayer,
            Self::Tone => Operation::TonePlayer,
        }
    }
}

/// Why a job was not started. Nothing is heard, and the player is as it was (MED-11).
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum PlayError {
    /// The call is gone (MED-3).
    #[error(transparent)]
    Hangup(WrongState),
    /// The call is not answered and no early media is in force (MED-3, MED-4).
    #[error(transparent)]
    WrongState(WrongState),
    /// Another player of the channel is running (MED-6).
    #[error(transparent)]
    Busy(Busy),
    /// A time limit or a set of digits is not accepted (GEN-9).
    #[error(transparent)]
    Argument(BadArgument),
    /// The file, text or tone cannot be played (MED-11, TONE-11).
    #[error(transparent)]
    Media(Unplayable),
    /// The server cannot play.
    #[error(transparent)]
    Fault(Fault),
}

operation_error!(PlayError {
    Hangup => Hangup,
    WrongState => WrongState,
    Busy => Busy,
    Argument => Argument,
    Media => Media,
    Fault => Fault,
});

/// Why a job was not taken to another place; it goes on as it was (FP-10).
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum SeekError {
    /// The place is no time.
    #[error(transparent)]
    Argument(BadArgument),
    /// The job speaks a text.
    #[error(transparent)]
    Spoken(Fault),
}

operation_error!(SeekError {
    Argument => Argument,
    Spoken => Media,
});

impl PlayError {
    /// The states in which a job may be started; `RING_INCOMING` only under early media (MED-3, MED-4).
    pub(crate) const ALLOWED: &'static [State] = &[State::Answered];
    /// The same while early media is in force.
    pub(crate) const ALLOWED_EARLY: &'static [State] = &[State::Answered, State::RingIncoming];
}

/// A player's published state and cause, with the number of its last job.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct JobStatus {
    pub(crate) state: PlayerState,
    pub(crate) cause: PlayerCause,
    /// Counts the jobs of the channel, so that a wait for one job does not run on into the next.
    pub(crate) number: u64,
}
