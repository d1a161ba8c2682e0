//! The arguments and the error of `answer()`.

use thiserror::Error;

use crate::error::{BadArgument, Busy, Fault, Operation, WrongState, operation_error};
use crate::header::HeaderField;
use crate::state::State;

/// How to answer: the argument of [`CallChannel::answer`](crate::CallChannel::answer).
#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub(crate) codecs: Option<String>,
    pub(crate) headers: Vec<HeaderField>,
}

impl Answer {
    /// Answers with the codec list that was given to `ring()`, otherwise the server's default (ANS-8).
    pub fn new() -> Self {
        Self::default()
    }

    /// The codecs in the order of priority, for example `g711a;g711u`. Ignored once media is
    /// negotiated (RING-53).
    pub fn codecs(mut self, codecs: impl Into<String>) -> Self {
        self.codecs = Some(codecs.into());
        self
    }

    /// A header field for the 200, after those of
    /// [`headers_to_send`](crate::CallChannel::headers_to_send) (ANS-11).
    pub fn header(mut self, field: HeaderField) -> Self {
        self.headers.push(field);
        self
    }
}

/// Why `answer()` failed.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The call is gone; nothing was sent.
    #[error(transparent)]
    Hangup(WrongState),
    /// The call is neither `CALL_INCOMING` nor `RING_INCOMING`; nothing was sent.
    #[error(transparent)]
    WrongState(WrongState),
    /// Another call-control operation is blocking (GEN-21); nothing was sent.
    #[error(transparent)]
    Busy(Busy),
    /// The codec list is not accepted (RING-51); nothing was sent.
    #[error(transparent)]
    Argument(BadArgument),
    /// The caller's offer and the codec list have nothing in common: the call was refused with 488
    /// and is `IDLE`, its cause `REJECTED` (ANS-9).
    #[error(transparent)]
    NoCommonCodec(NoCommonCodec),
    /// The server has no RTP port left or cannot send: the call was refused with 503 and is `IDLE`.
    #[error(transparent)]
    Fault(Fault),
}

operation_error!(AnswerError {
    Hangup => Hangup,
    WrongState => WrongState,
    Busy => Busy,
    Argument => Argument,
    NoCommonCodec => NoCommonCodec,
    Fault => Fault,
});

impl AnswerError {
    /// The states in which `answer()` is allowed (ANS-2).
    pub(crate) const ALLOWED: &'static [State] = &[State::CallIncoming, State::RingIncoming];
}

/// The offer has no audio stream that this server can serve.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{operation} in state {state}: {reason}; the call was refused with 488, allowed codecs: {codecs}")]
pub struct NoCommonCodec {
    /// What was tried.
    pub operation: Operation,
    /// The state of the call after the refusal.
    pub state: State,
    /// What the offer lacks.
    pub reason: String,
    /// The codecs that were allowed.
    pub codecs: String,
}
