//! `wait_for_answer_machine()`: waits until an answering machine is ready to record.

use thiserror::Error;

use crate::channel::CallChannel;
use crate::command::Command;
use crate::error::{BadArgument, Busy, Operation, WrongState, operation_error};
use crate::state::State;

/// What a machine that is ready sounds like (LSD-7).
///
/// ```
/// use offhook::AnswerMachine;
///
/// let machine = AnswerMachine::new().milliseconds_min_beep_duration(250).seconds_timeout(Some(20.0));
/// # let _ = machine;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerMachine {
    pub(crate) min_beep_ms: u32,
    pub(crate) post_beep_silence_ms: u32,
    pub(crate) no_beep_silence_ms: u32,
    pub(crate) seconds_timeout: Option<f64>,
}

impl Default for AnswerMachine {
    fn default() -> Self {
        Self::new()
    }
}

impl AnswerMachine {
    /// A beep of 180 ms with a second of silence after it, or 4 s of silence; for 10 s at most.
    pub fn new() -> Self {
        Self {
            min_beep_ms: 180,
            post_beep_silence_ms: 1000,
            no_beep_silence_ms: 4000,
            seconds_timeout: Some(10.0),
        }
    }

    /// The shortest beep in milliseconds.
    pub fn milliseconds_min_beep_duration(mut self, milliseconds: u32) -> Self {
        self.min_beep_ms = milliseconds;
        self
    }

    /// The silence after the beep in milliseconds.
    pub fn milliseconds_post_beep_silence(mut self, milliseconds: u32) -> Self {
        self.post_beep_silence_ms = milliseconds;
        self
    }

    /// The unbroken silence in milliseconds that is enough without a beep.
    pub fn milliseconds_no_beep_silence(mut self, milliseconds: u32) -> Self {
        self.no_beep_silence_ms = milliseconds;
        self
    }

    /// The longest wait; `None` sets no limit.
    pub fn seconds_timeout(mut self, seconds: impl Into<Option<f64>>) -> Self {
        self.seconds_timeout = seconds.into();
        self
    }
}

impl CallChannel {
    /// Waits until an answering machine seems ready to record; `false` if the time is over first or the call clears
    /// (LSD-7 to LSD-9). Dropping the future ends the wait.
    ///
    /// # Errors
    ///
    /// [`AnswerMachineError`]: nothing was listened for.
    pub async fn wait_for_answer_machine(&self, machine: AnswerMachine) -> Result<bool, AnswerMachineError> {
        let waited = self.operate(|ticket, reply| Command::AwaitMachine(ticket, machine, reply)).await;
        waited.unwrap_or_else(|_| {
            let allowed = AnswerMachineError::ALLOWED;
            Err(AnswerMachineError::Hangup(self.gone(Operation::WaitForAnswerMachine, allowed)))
        })
    }
}

/// Why nothing was listened for.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum AnswerMachineError {
    /// The call is gone (LSD-9).
    #[error(transparent)]
    Hangup(WrongState),
    /// The call is not answered (LSD-9).
    #[error(transparent)]
    WrongState(WrongState),
    /// A machine is waited for already.
    #[error(transparent)]
    Busy(Busy),
    /// A time is not accepted (GEN-9).
    #[error(transparent)]
    Argument(BadArgument),
}

operation_error!(AnswerMachineError {
    Hangup => Hangup,
    WrongState => WrongState,
    Busy => Busy,
    Argument => Argument,
});

impl AnswerMachineError {
    pub(crate) const ALLOWED: &'static [State] = &[State::Answered];
}
