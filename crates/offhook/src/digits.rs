//! `DTMFDetector`: collects the digits that the far end presses.

use thiserror::Error;

use crate::channel::CallChannel;
use crate::command::{Command, DigitsCommand};
use crate::error::{BadArgument, Busy, Operation, WrongState, operation_error};
use crate::names::documented_names;
use crate::state::State;

/// Collects digits (DTMF-1 to DTMF-12). It works in `ANSWERED`, and before the answer while early media is in force
/// (MED-4, MED-5); players and recorders may run beside it (MED-9).
///
/// Digits come as telephone events. Where these were not negotiated, tones within the audio and SIP INFO are taken
/// (DTMF-11).
#[derive(Clone, Debug)]
pub struct DtmfDetector {
    channel: CallChannel,
}

impl DtmfDetector {
    pub(crate) fn new(channel: CallChannel) -> Self {
        Self { channel }
    }

    /// Collects digits, first those in the buffer, then those that are pressed, until one of the limits of `digits` is
    /// reached; [`cause`](Self::cause) tells which. If the call clears, the digits so far are returned (DTMF-8).
    ///
    /// Dropping the future leaves the digits that it has taken to the next collection.
    ///
    /// # Errors
    ///
    /// [`DigitsError`]: nothing was taken from the buffer.
    pub async fn get_digits(&self, digits: GetDigits) -> Result<String, DigitsError> {
        let collected = self
            .channel
            .operate(|ticket, reply| Command::Digits(DigitsCommand::Collect(ticket, digits, reply)))
            .await;
        let gone = || DigitsError::Hangup(self.channel.gone(Operation::GetDigits, DigitsError::ALLOWED));
        collected.unwrap_or_else(|_| Err(gone()))
    }

    /// Empties the buffer (DTMF-2).
    pub async fn clear_digits(&self) {
        let cleared = |_, reply| Command::Digits(DigitsCommand::Clear(reply));
        // A call that is gone has no digits.
        let _ = self.channel.operate(cleared).await;
    }

    /// Why the last collection ended; never waits (DTMF-2).
    pub fn cause(&self) -> DigitsCause {
        self.channel.published(|published| published.digits_cause)
    }
}

/// What to collect and for how long (DTMF-3).
///
/// ```
/// use offhook::GetDigits;
///
/// let pin = GetDigits::new().clear().count(4).seconds_predigits_timeout(Some(10.0)).end("#");
/// # let _ = pin;
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct GetDigits {
    pub(crate) clear: bool,
    pub(crate) count: usize,
    pub(crate) seconds_predigits_timeout: Option<f64>,
    pub(crate) seconds_interdigit_timeout: Option<f64>,
    pub(crate) end: String,
    pub(crate) seconds_timeout: Option<f64>,
}

impl Default for GetDigits {
    fn default() -> Self {
        Self::new()
    }
}

impl GetDigits {
    /// What is in the buffer, without waiting.
    pub fn new() -> Self {
        Self {
            clear: false,
            count: 0,
            seconds_predigits_timeout: Some(0.0),
            seconds_interdigit_timeout: Some(5.0),
            end: String::new(),
            seconds_timeout: None,
        }
    }

    /// Empties the buffer first (DTMF-4).
    pub fn clear(mut self) -> Self {
        self.clear = true;
        self
    }

    /// Ends with so many digits; 0, the default, sets no limit (DTMF-4).
    pub fn count(mut self, count: usize) -> Self {
        self.count = count;
        self
    }

    /// The longest wait for the first digit; 0, the default, does not wait at all, `None` sets no limit (DTMF-5).
    pub fn seconds_predigits_timeout(mut self, seconds: Option<f64>) -> Self {
        self.seconds_predigits_timeout = seconds;
        self
    }

    /// The longest wait between two digits, 5 s by default (DTMF-6); `None` sets no limit.
    pub fn seconds_interdigit_timeout(mut self, seconds: impl Into<Option<f64>>) -> Self {
        self.seconds_interdigit_timeout = seconds.into();
        self
    }

    /// Digits each of which ends the collection; the end digit is taken and not returned (DTMF-7).
    pub fn end(mut self, digits: impl Into<String>) -> Self {
        self.end = digits.into();
        self
    }

    /// The longest time of the whole collection (DTMF-6); `None`, the default, sets no limit.
    pub fn seconds_timeout(mut self, seconds: Option<f64>) -> Self {
        self.seconds_timeout = seconds;
        self
    }
}

/// Why a collection ended (DTMF-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DigitsCause {
    /// The call cleared.
    Hangup,
    /// The wanted number of digits was received.
    Count,
    /// An end digit was received.
    End,
    /// One of the three time limits was reached.
    Timeout,
    /// Stopped by an error.
    Error,
    /// Digits are being collected, or never were.
    #[default]
    None,
}

documented_names!(DigitsCause {
    Hangup => "HANGUP",
    Count => "COUNT",
    End => "END",
    Timeout => "TIMEOUT",
    Error => "ERROR",
    None => "NONE",
});

/// Why no digits were collected; the buffer is as it was.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum DigitsError {
    /// The call is gone (DTMF-8).
    #[error(transparent)]
    Hangup(WrongState),
    /// The call is not answered and no early media is in force (MED-4, MED-5).
    #[error(transparent)]
    WrongState(WrongState),
    /// Digits are being collected already.
    #[error(transparent)]
    Busy(Busy),
    /// A time limit or a set of digits is not accepted (GEN-9, GEN-11).
    #[error(transparent)]
    Argument(BadArgument),
}

operation_error!(DigitsError {
    Hangup => Hangup,
    WrongState => WrongState,
    Busy => Busy,
    Argument => Argument,
});

impl DigitsError {
    /// The states in which a receiver works without early media.
    pub(crate) const ALLOWED: &'static [State] = &[State::Answered];
    /// The same while early media is in force (MED-4, MED-5).
    pub(crate) const ALLOWED_EARLY: &'static [State] =
        &[State::Answered, State::RingIncoming, State::RingOutgoing];
}
