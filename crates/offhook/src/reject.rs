//! The arguments and the error of `reject()`.

use thiserror::Error;

use crate::cause::Cause;
use crate::error::{BadArgument, Fault, WrongState, operation_error};
use crate::state::State;

/// How to refuse or release a call: the argument of [`CallChannel::reject`](crate::CallChannel::reject).
#[derive(Clone, Debug)]
pub struct Reject {
    pub(crate) cause: Cause,
    pub(crate) raw_cause: Option<String>,
}

impl Reject {
    /// Refuses with [`Cause::Rejected`], which sends 603 (REJ-2).
    pub fn new() -> Self {
        Self { cause: Cause::Rejected, raw_cause: None }
    }

    /// The clearing cause; only those that [`Cause::reject_code`] gives a code for are accepted (REJ-2).
    pub fn cause(mut self, cause: Cause) -> Self {
        self.cause = cause;
        self
    }

    /// The SIP code as decimal digits, such as `"486"`; it overrides the cause (REJ-3). Supported
    /// are 400 to 699 except 401 and 407 (REJ-4); with another value the call stays as it is and
    /// `reject` returns [`State::Error`] (REJ-5).
    pub fn raw_cause(mut self, code: impl ToString) -> Self {
        self.raw_cause = Some(code.to_string());
        self
    }

    /// The supported raw cause as a number.
    pub(crate) fn supported_code(text: &str) -> Option<u16> {
        let digits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_digit());
        let code = if digits { text.parse::<u16>().ok()? } else { return None };
        ((400..=699).contains(&code) && code != 401 && code != 407).then_some(code)
    }
}

impl Default for Reject {
    fn default() -> Self {
        Self::new()
    }
}

/// Why `reject()` failed. Nothing was sent and the call is as it was.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum RejectError {
    /// The call is in a state that `reject()` does not cover (REJ-7).
    #[error(transparent)]
    WrongState(WrongState),
    /// The cause has no SIP code (REJ-2).
    #[error(transparent)]
    Argument(BadArgument),
    /// The server cannot send.
    #[error(transparent)]
    Fault(Fault),
}

operation_error!(RejectError { WrongState => WrongState, Argument => Argument, Fault => Fault });

impl RejectError {
    /// The states in which `reject()` is allowed; in `IDLE` it does nothing (REJ-7).
    pub(crate) const ALLOWED: &'static [State] =
        &[State::CallIncoming, State::RingIncoming, State::Answered, State::OnHold, State::Transferred];
}

#[cfg(test)]
mod tests {
    use super::Reject;

    /// REJ-4: 400 to 699 except 401 and 407.
    #[test]
    fn raw_causes_are_three_digit_final_codes() {
        for (text, code) in [("400", Some(400)), ("486", Some(486)), ("699", Some(699))] {
            assert_eq!(Reject::supported_code(text), code);
        }
        for text in ["399", "302", "401", "407", "700", "", "4860", "-86", "abc", " 486", "+86"] {
            assert_eq!(Reject::supported_code(text), None, "{text:?}");
        }
    }
}
