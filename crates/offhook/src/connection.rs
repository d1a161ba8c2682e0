//! Two calls of one application joined: `connect()` and `disconnect()`, and their error.

use thiserror::Error;
use tokio::sync::oneshot;

use crate::channel::{CallChannel, Unanswered};
use crate::command::Command;
use crate::error::{BadArgument, Busy, Operation, WrongState, operation_error};
use crate::state::State;

impl CallChannel {
    /// Joins the audio of this call and another one of the same application, in both directions (CONN-1 to CONN-10).
    ///
    /// Returns `true` once they are joined, `false` if the other call is not [`State::Answered`]. While they are,
    /// recorders and digit detectors work on both, players do not, and digits that either far end presses are passed
    /// on to the other. The end of either call ends the connection; the other call goes on.
    ///
    /// # Errors
    ///
    /// [`ConnectError`]: nothing has changed.
    pub async fn connect(&self, other: &CallChannel) -> Result<bool, ConnectError> {
        let other = other.clone();
        let connected = self.operate(|_, reply| Command::Connect(other, reply)).await;
        connected.unwrap_or_else(|ended| self.unanswered(ended, Operation::Connect))
    }

    /// Undoes a connection: both calls are [`State::Answered`] and by themselves again (CONN-7). Returns `false` if
    /// this call is not connected (CONN-8).
    ///
    /// # Errors
    ///
    /// [`ConnectError`]: nothing has changed.
    pub async fn disconnect(&self) -> Result<bool, ConnectError> {
        let disconnected = self.operate(|_, reply| Command::Disconnect(reply)).await;
        disconnected.unwrap_or_else(|ended| self.unanswered(ended, Operation::Disconnect))
    }

    fn unanswered(&self, ended: Unanswered, operation: Operation) -> Result<bool, ConnectError> {
        match ended {
            Unanswered::Before => Err(ConnectError::Hangup(self.gone(operation, ConnectError::ALLOWED))),
            Unanswered::Meanwhile => Ok(false),
        }
    }
}

/// Where the outcome of `connect()` and `disconnect()` goes.
pub(crate) type ConnectReply = oneshot::Sender<Result<bool, ConnectError>>;

/// Why `connect()` or `disconnect()` failed. Nothing has changed.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The call is gone (CONN-2).
    #[error(transparent)]
    Hangup(WrongState),
    /// The call is not `ANSWERED` (CONN-2).
    #[error(transparent)]
    WrongState(WrongState),
    /// The other channel is this one, or one of another instance (CONN-3).
    #[error(transparent)]
    Argument(BadArgument),
    /// Either side transmits, is connected or in a conference, or has music on hold (CONN-3).
    #[error(transparent)]
    Busy(Busy),
}

operation_error!(ConnectError {
    Hangup => Hangup,
    WrongState => WrongState,
    Argument => Argument,
    Busy => Busy,
});

impl ConnectError {
    /// The state in which calls are connected and disconnected.
    pub(crate) const ALLOWED: &'static [State] = &[State::Answered];
}
