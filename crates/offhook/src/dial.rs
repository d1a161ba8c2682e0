//! Outbound calls: the arguments and errors of `call()`, `start_call()` and `wait_for_answer()`, and these operations
//! of a channel.

use thiserror::Error;
use tokio::sync::oneshot;

use crate::channel::{CallChannel, Unanswered};
use crate::command::{Command, Until};
use crate::error::{BadArgument, Busy, Fault, MakesNoCalls, Operation, WrongState, operation_error};
use crate::state::State;

/// Whom to call and how: the argument of [`CallChannel::call`] and [`CallChannel::start_call`].
///
/// ```
/// use offhook::Dial;
///
/// let reminder = Dial::to("tel:+442071838750").from("+442071838751").seconds_timeout(Some(30.0));
/// let desk = Dial::to("sip:desk@192.0.2.60").codecs("g711a");
/// # let _ = (reminder, desk);
/// ```
#[derive(Clone, Debug)]
pub struct Dial {
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) seconds_timeout: Option<f64>,
    pub(crate) codecs: Option<String>,
    pub(crate) live_speaker: Option<LiveSpeakerDetection>,
    pub(crate) lsd_timeout_ms: u32,
}

impl Dial {
    /// Calls a number, `tel:`, `sip:`, `loc:` or `con:` address, or a SIP address without a prefix (CALL-19).
    pub fn to(destination: impl Into<String>) -> Self {
        Self {
            to: destination.into(),
            from: String::new(),
            seconds_timeout: Some(120.0),
            codecs: None,
            live_speaker: None,
            lsd_timeout_ms: 7000,
        }
    }

    /// Who calls: a number, a user name or a SIP address. A call to a number needs one, unless its trunk has
    /// an identity (CALL-6).
    pub fn from(mut self, from: impl Into<String>) -> Self {
        self.from = from.into();
        self
    }

    /// How long `call` waits for the answer, 120 seconds by default; `None` sets no limit (CALL-4).
    /// `start_call` has no such limit.
    pub fn seconds_timeout(mut self, seconds: Option<f64>) -> Self {
        self.seconds_timeout = seconds;
        self
    }

    /// The codecs of the offer in the order of priority (CALL-5). Default: the trunk's or the server's.
    pub fn codecs(mut self, codecs: impl Into<String>) -> Self {
        self.codecs = Some(codecs.into());
        self
    }

    /// Finds out who answered, in so many milliseconds, 500 to 10000 (CALL-8, LSD-5).
    pub fn live_speaker(mut self, detection: LiveSpeakerDetection, timeout_ms: u32) -> Self {
        self.live_speaker = Some(detection);
        self.lsd_timeout_ms = timeout_ms;
        self
    }
}

/// From when the time of live speaker detection runs (LSD-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LiveSpeakerDetection {
    /// As `FromNetworkConnect` (LSD-2).
    #[default]
    Default,
    /// From the report that the call is connected (LSD-2).
    FromNetworkConnect,
    /// From the moment at which the callee is judged really to have answered (LSD-3).
    FromAnswerDetect,
}

impl CallChannel {
    /// Calls, and waits until the call is answered, has cleared, or the time limit of the [`Dial`] is over,
    /// which abandons it with cause [`Cause::Timeout`](crate::Cause::Timeout) (CALL-1 to CALL-14). Returns
    /// the state: [`State::Answered`] or [`State::Idle`].
    ///
    /// # Errors
    ///
    /// [`DialError`]: nothing was sent and the channel is as it was.
    pub async fn call(&self, dial: Dial) -> Result<State, DialError> {
        self.dial(Operation::Call, dial, Until::Finished).await
    }

    /// Begins a call and returns at once with [`State::CallOutgoing`], or [`State::Idle`] if there is no way
    /// to the destination (CALL-15, CALL-16).
    ///
    /// # Errors
    ///
    /// [`DialError`]: nothing was sent and the channel is as it was.
    pub async fn start_call(&self, dial: Dial) -> Result<State, DialError> {
        self.dial(Operation::StartCall, dial, Until::Started).await
    }

    /// Waits until a call that was started is answered or has cleared, or so many seconds have passed, which
    /// leaves the call going; `None` sets no limit (CALL-17, CALL-18). Returns the state.
    ///
    /// # Errors
    ///
    /// [`WaitForAnswerError`]; the call is as it was.
    pub async fn wait_for_answer(&self, seconds_timeout: Option<f64>) -> Result<State, WaitForAnswerError> {
        let waited =
            self.operate(|ticket, reply| Command::WaitForAnswer(ticket, seconds_timeout, reply)).await;
        waited.unwrap_or_else(|_| Ok(self.state()))
    }

    async fn dial(&self, operation: Operation, dial: Dial, until: Until) -> Result<State, DialError> {
        let dialled =
            self.operate(|ticket, reply| Command::Dial(ticket, operation, dial, until, reply)).await;
        dialled.unwrap_or_else(|ended| match ended {
            Unanswered::Before => Err(DialError::Fault(Fault {
                operation,
                state: self.state(),
                reason: "the instance of this channel has ended",
            })),
            Unanswered::Meanwhile => Ok(self.state()),
        })
    }
}

/// Where the outcome of `call()` and `start_call()` goes.
pub(crate) type DialReply = oneshot::Sender<Result<State, DialError>>;

/// Where the outcome of `wait_for_answer()` goes.
pub(crate) type WaitReply = oneshot::Sender<Result<State, WaitForAnswerError>>;

/// Why `call()` or `start_call()` failed. Nothing was sent and the channel is as it was.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum DialError {
    /// The channel has a call (CALL-2).
    #[error(transparent)]
    WrongState(WrongState),
    /// The primary channel of an inbound application makes no calls (CALL-22).
    #[error(transparent)]
    MakesNoCalls(MakesNoCalls),
    /// Another call-control operation is blocking (GEN-21).
    #[error(transparent)]
    Busy(Busy),
    /// An argument is not accepted (CALL-5, CALL-6, CALL-8, CALL-20).
    #[error(transparent)]
    Argument(BadArgument),
    /// The server takes no more calls.
    #[error(transparent)]
    Fault(Fault),
}

operation_error!(DialError {
    WrongState => WrongState,
    MakesNoCalls => WrongState,
    Busy => Busy,
    Argument => Argument,
    Fault => Fault,
});

impl DialError {
    /// The state in which a call may be made (CALL-2).
    pub(crate) const ALLOWED: &'static [State] = &[State::Idle];
}

/// Why `wait_for_answer()` failed. The call is as it was.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum WaitForAnswerError {
    /// The call is in a state that `wait_for_answer()` does not cover (CALL-18).
    #[error(transparent)]
    WrongState(WrongState),
    /// The primary channel of an inbound application makes no calls (CALL-22).
    #[error(transparent)]
    MakesNoCalls(MakesNoCalls),
    /// Another call-control operation is blocking (GEN-21).
    #[error(transparent)]
    Busy(Busy),
    /// The time is not accepted (GEN-9).
    #[error(transparent)]
    Argument(BadArgument),
}

operation_error!(WaitForAnswerError {
    WrongState => WrongState,
    MakesNoCalls => WrongState,
    Busy => Busy,
    Argument => Argument,
});

impl WaitForAnswerError {
    /// The states in which `wait_for_answer()` is allowed (CALL-18).
    pub(crate) const ALLOWED: &'static [State] =
        &[State::CallOutgoing, State::RingOutgoing, State::Answered, State::Idle];
}
