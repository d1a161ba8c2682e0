//! Hold: the errors of `hold()` and `retrieve()`, and these operations of a channel (HOLD-1 to HOLD-6).

use thiserror::Error;
use tokio::sync::oneshot;

use crate::channel::{CallChannel, Unanswered};
use crate::command::Command;
use crate::error::{Busy, Fault, Operation, Unplayable, WrongState, operation_error};
use crate::playable::PlayableMedia;
use crate::state::State;

impl CallChannel {
    /// Puts the far end on hold; it hears `music` again and again, or silence (HOLD-1 to HOLD-3). Running
    /// jobs end with [`PlayerCause::Aborted`](crate::PlayerCause::Aborted).
    ///
    /// Blocks until the far end has replied, and returns [`State::OnHold`], or [`State::Answered`] if it
    /// refuses.
    ///
    /// # Errors
    ///
    /// [`HoldError`]: nothing was sent and the call is as it was.
    pub async fn hold(&self, music: Option<PlayableMedia>) -> Result<State, HoldError> {
        let held = self.operate(|ticket, reply| Command::Hold(ticket, music, reply)).await;
        self.held(Operation::Hold, HoldError::ALLOWED, held)
    }

    /// Takes the far end back from hold; the music stops (HOLD-4).
    ///
    /// Blocks until the far end has replied, and returns [`State::Answered`], or [`State::OnHold`] if it
    /// refuses.
    ///
    /// # Errors
    ///
    /// [`HoldError`]: nothing was sent and the call is as it was.
    pub async fn retrieve(&self) -> Result<State, HoldError> {
        let held = self.operate(Command::Retrieve).await;
        self.held(Operation::Retrieve, HoldError::ALLOWED_RETRIEVE, held)
    }

    fn held(
        &self,
        operation: Operation,
        allowed: &'static [State],
        held: Result<Result<State, HoldError>, Unanswered>,
    ) -> Result<State, HoldError> {
        held.unwrap_or_else(|ended| match ended {
            Unanswered::Before => Err(HoldError::Hangup(self.gone(operation, allowed))),
            Unanswered::Meanwhile => Ok(self.state()),
        })
    }
}

/// Where the outcome of `hold()` and `retrieve()` goes.
pub(crate) type HoldReply = oneshot::Sender<Result<State, HoldError>>;

/// Why `hold()` or `retrieve()` failed. Nothing was sent and the call is as it was.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum HoldError {
    /// The call is gone.
    #[error(transparent)]
    Hangup(WrongState),
    /// `hold()` needs `ANSWERED`, `retrieve()` needs `ON_HOLD` (HOLD-1, HOLD-4).
    #[error(transparent)]
    WrongState(WrongState),
    /// Another call-control operation is blocking (GEN-21).
    #[error(transparent)]
    Busy(Busy),
    /// The music cannot be played (MED-11).
    #[error(transparent)]
    Media(Unplayable),
    /// The call has no media that could be held, or an earlier offer is still open.
    #[error(transparent)]
    Fault(Fault),
}

operation_error!(HoldError {
    Hangup => Hangup,
    WrongState => WrongState,
    Busy => Busy,
    Media => Media,
    Fault => Fault,
});

impl HoldError {
    /// The state in which `hold()` is allowed (HOLD-1).
    pub(crate) const ALLOWED: &'static [State] = &[State::Answered];
    /// The state in which `retrieve()` is allowed (HOLD-4).
    pub(crate) const ALLOWED_RETRIEVE: &'static [State] = &[State::OnHold];
}
