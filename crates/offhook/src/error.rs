//! What the errors of all operations have in common.
//!
//! Each operation has one small error enum of its own (`RingError`, `AnswerError`, ...). Their
//! variants hold the values below, so that every message has the one form of EXC-3: the operation,
//! the state of the channel, and what would have been accepted.

use std::fmt;

use thiserror::Error;

use crate::names::documented_names;
use crate::playable::MediaError;
use crate::state::State;

/// An operation of a channel or of one of its players, as messages name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// `ring()`
    Ring,
    /// `answer()`
    Answer,
    /// `reject()`
    Reject,
    /// `hang_up()`
    HangUp,
    /// Starting a job of the file player.
    FilePlayer,
    /// Starting a job of the tone player.
    TonePlayer,
    /// Attaching a tone player.
    AttachTonePlayer,
    /// Going to another place of what a file player plays.
    Seek,
    /// `wait_for_answer_machine()`
    WaitForAnswerMachine,
    /// Collecting digits.
    GetDigits,
    /// Sending digits.
    DtmfPlayer,
    /// Starting a recording.
    FileRecorder,
    /// `call()`
    Call,
    /// `start_call()`
    StartCall,
    /// `wait_for_answer()`
    WaitForAnswer,
    /// `hold()`
    Hold,
    /// `retrieve()`
    Retrieve,
    /// `connect()`
    Connect,
    /// `disconnect()`
    Disconnect,
    /// `retrievable_transfer()`
    RetrievableTransfer,
    /// `transfer_to_inbound_service()`
    TransferToInboundService,
    /// `transfer_to_conference_room()`
    TransferToConferenceRoom,
    /// `retrieve_transferred_call()`
    RetrieveTransferredCall,
    /// `call_conference_room()`
    CallConferenceRoom,
    /// A connection with another call, which lasts until it is undone.
    Connection,
    /// A transfer for which the channel is the other leg, until its call is over.
    TransferLeg,
    /// A stay in a conference room.
    Conference,
}

documented_names!(Operation {
    Ring => "ring()",
    Answer => "answer()",
    Reject => "reject()",
    HangUp => "hang_up()",
    FilePlayer => "FilePlayer.play()",
    TonePlayer => "TonePlayer.play()",
    AttachTonePlayer => "TonePlayer()",
    Seek => "FilePlayer.seek()",
    WaitForAnswerMachine => "wait_for_answer_machine()",
    GetDigits => "DTMFDetector.get_digits()",
    DtmfPlayer => "DTMFPlayer.play()",
    FileRecorder => "FileRecorder.record()",
    Call => "call()",
    StartCall => "start_call()",
    WaitForAnswer => "wait_for_answer()",
    Hold => "hold()",
    Retrieve => "retrieve()",
    Connect => "connect()",
    Disconnect => "disconnect()",
    RetrievableTransfer => "retrievable_transfer()",
    TransferToInboundService => "transfer_to_inbound_service()",
    TransferToConferenceRoom => "transfer_to_conference_room()",
    RetrieveTransferredCall => "retrieve_transferred_call()",
    CallConferenceRoom => "call_conference_room()",
    Connection => "the connection with another call",
    TransferLeg => "the transfer of another call",
    Conference => "the conference",
});

/// The call is in a state in which the operation is not allowed; nothing was sent (RING-1, GEN-6).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{operation} in state {state}; allowed in {}", Names(.allowed))]
pub struct WrongState {
    /// What was tried.
    pub operation: Operation,
    /// The state that was found.
    pub state: State,
    /// The states in which it is allowed.
    pub allowed: &'static [State],
}

/// The primary channel of an inbound application makes no calls; nothing was sent (CALL-22).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error(
    "{operation} in state {state}: the primary channel of an inbound application makes no calls; allowed on its \
     extra channels"
)]
pub struct MakesNoCalls {
    /// What was tried.
    pub operation: Operation,
    /// The state of the call.
    pub state: State,
}

/// Another operation holds what this one needs (RING-5, MED-6).
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("{operation} in state {state}; allowed once {running} has ended")]
pub struct Busy {
    /// What was tried.
    pub operation: Operation,
    /// The state of the call.
    pub state: State,
    /// The operation that is running.
    pub running: Operation,
}

/// An argument is outside its range; the call is exactly as it was (RING-6, GEN-11).
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{operation} in state {state}: {name} is {value}; accepted: {accepted}")]
pub struct BadArgument {
    /// What was tried.
    pub operation: Operation,
    /// The state of the call.
    pub state: State,
    /// The argument's documented name.
    pub name: &'static str,
    /// The value given.
    pub value: String,
    /// What is accepted.
    pub accepted: String,
}

/// What should be played or recorded cannot be; nothing was sent (RING-45, MED-11).
#[derive(Clone, Debug, Error)]
#[error("{operation} in state {state}: {error}")]
pub struct Unplayable {
    /// What was tried.
    pub operation: Operation,
    /// The state of the call.
    pub state: State,
    /// What is wrong with the medium.
    #[source]
    pub error: MediaError,
}

/// The fault is the server's: a resource is missing or a part of it has stopped.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{operation} in state {state}: {reason}")]
pub struct Fault {
    /// What was tried.
    pub operation: Operation,
    /// The state of the call.
    pub state: State,
    /// What happened.
    pub reason: &'static str,
}

/// Whose fault an error is, the same distinction for every operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The operation needs a live call and the call is gone (EXC-1).
    Hangup,
    /// The state of the call does not allow it.
    WrongState,
    /// An argument is not accepted.
    Argument,
    /// Another operation is running.
    Busy,
    /// A file, text or tone cannot be played.
    Media,
    /// The far end and this server have no codec in common.
    NoCommonCodec,
    /// The server itself failed.
    Fault,
}

/// What every error of an operation can tell.
pub trait OperationError: std::error::Error {
    /// Whose fault it is.
    fn kind(&self) -> ErrorKind;

    /// The state of the call when the error arose.
    fn state(&self) -> State;

    /// Whether the call is gone (`Hangup`), as opposed to every other error (`Error`) (EXC-1).
    fn is_hangup(&self) -> bool {
        self.kind() == ErrorKind::Hangup
    }
}

/// Implements [`OperationError`] and `is_hangup` for an enum whose variants hold the values above.
macro_rules! operation_error {
    ($name:ident { $($variant:ident => $kind:ident),+ $(,)? }) => {
        impl $name {
            /// Whether the call is gone (`Hangup`), as opposed to every other error (`Error`) (EXC-1).
            pub fn is_hangup(&self) -> bool {
                $crate::error::OperationError::kind(self) == $crate::error::ErrorKind::Hangup
            }
        }

        impl $crate::error::OperationError for $name {
            fn kind(&self) -> $crate::error::ErrorKind {
                match self { $(Self::$variant(_) => $crate::error::ErrorKind::$kind),+ }
            }

            fn state(&self) -> $crate::state::State {
                match self { $(Self::$variant(inner) => inner.state),+ }
            }
        }
    };
}
pub(crate) use operation_error;

struct Names<'a>(&'a [State]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, state) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            f.write_str(state.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// EXC-3: the form of the message, word for word.
    #[test]
    fn a_wrong_state_names_function_state_and_allowed_states() {
        let error = WrongState {
            operation: Operation::Answer,
            state: State::Answered,
            allowed: &[State::CallIncoming, State::RingIncoming],
        };
        assert_eq!(error.to_string(), "answer() in state ANSWERED; allowed in CALL_INCOMING, RING_INCOMING");
    }

    /// RING-6: a bad argument is named with its value and what is accepted.
    #[test]
    fn a_bad_argument_names_argument_value_and_range() {
        let error = BadArgument {
            operation: Operation::Ring,
            state: State::CallIncoming,
            name: "seconds_ringtime",
            value: "-1".into(),
            accepted: "0 or more seconds".into(),
        };
        assert_eq!(
            error.to_string(),
            "ring() in state CALL_INCOMING: seconds_ringtime is -1; accepted: 0 or more seconds"
        );
    }
}
