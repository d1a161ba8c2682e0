//! Transfers: the arguments, causes and errors, and these operations of a channel.

use thiserror::Error;
use tokio::sync::oneshot;

use crate::channel::{CallChannel, Unanswered};
use crate::command::{Command, Ticket};
use crate::conference::ConferenceCall;
use crate::dial::Dial;
use crate::error::{
    BadArgument, Busy, Fault, MakesNoCalls, Operation, Unplayable, WrongState, operation_error,
};
use crate::names::documented_names;
use crate::state::State;

/// Where a call is transferred and how: the argument of [`CallChannel::retrievable_transfer`] and
/// [`CallChannel::transfer_to_inbound_service`].
///
/// ```
/// use offhook::Transfer;
///
/// let to_the_desk = Transfer::to("sip:desk@192.0.2.60").seconds_timeout(Some(20.0));
/// # let _ = to_the_desk;
/// ```
#[derive(Clone, Debug)]
pub struct Transfer {
    pub(crate) to: String,
    pub(crate) from: String,
    pub(crate) ringback_tone: Option<String>,
    pub(crate) seconds_timeout: Option<f64>,
}

impl Transfer {
    /// Transfers to an address as [`Dial`] takes it, or to the inbound service of this name (XFER-2, XFER-6).
    pub fn to(destination: impl Into<String>) -> Self {
        Self {
            to: destination.into(),
            from: String::new(),
            ringback_tone: None,
            seconds_timeout: Some(120.0),
        }
    }

    /// Who calls. Default: the caller of a call that came in, or the number that a call of ours went to (XFER-7).
    pub fn from(mut self, from: impl Into<String>) -> Self {
        self.from = from.into();
        self
    }

    /// The tone that the transferred party hears while the target rings; it needs a tone player on this channel
    /// (TONE-15). Default: the default ringback, which needs none (XFER-8).
    pub fn ringback_tone(mut self, name: impl Into<String>) -> Self {
        self.ringback_tone = Some(name.into());
        self
    }

    /// How long the target may take to answer, 120 seconds by default; `None` sets no limit (XFER-13).
    pub fn seconds_timeout(mut self, seconds: Option<f64>) -> Self {
        self.seconds_timeout = seconds;
        self
    }
}

/// What became of the last transfer (XFER-12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransferCause {
    /// No transfer yet, or one is under way.
    #[default]
    None,
    /// Transferred.
    Normal,
    /// The time was over; the other leg was abandoned.
    Timeout,
    /// The call that was to be transferred cleared first; the other leg was abandoned.
    Hangup,
    /// The target refused.
    TargetReject,
    /// The target answered but cleared before the transfer was complete.
    TargetHangup,
    /// Any other failure.
    Fail,
}

documented_names!(TransferCause {
    None => "NONE",
    Normal => "NORMAL",
    Timeout => "TIMEOUT",
    Hangup => "HANGUP",
    TargetReject => "TARGETREJECT",
    TargetHangup => "TARGETHANGUP",
    Fail => "FAIL",
});

/// What the other channel does with a call that is transferred.
#[derive(Clone, Debug)]
pub(crate) enum TransferPlan {
    /// It calls somebody.
    Call { dial: Box<Dial>, ringback_tone: Option<String> },
    /// It takes the call into a conference room.
    Room(Box<ConferenceCall>),
}

impl CallChannel {
    /// Transfers this call: `other`, an idle channel of the same instance, calls the target, and once it answers the
    /// two far ends talk to each other (XFER-1 to XFER-17). The application keeps control of both legs.
    ///
    /// Returns the state: [`State::Transferred`], [`State::Answered`] if the transfer failed, or [`State::Idle`] if
    /// the call has cleared; [`transfer_cause`](Self::transfer_cause) tells more.
    ///
    /// # Errors
    ///
    /// [`TransferError`]: nothing was sent and both channels are as they were.
    pub async fn retrievable_transfer(
        &self,
        other: &CallChannel,
        transfer: Transfer,
    ) -> Result<State, TransferError> {
        self.transfer(Operation::RetrievableTransfer, other, call_plan(transfer)).await
    }

    /// Transfers this call to an inbound service of this server, named by the [`Transfer`] (XFER-2). In every other
    /// way like [`retrievable_transfer`](Self::retrievable_transfer).
    ///
    /// # Errors
    ///
    /// [`TransferError`]: nothing was sent and both channels are as they were.
    pub async fn transfer_to_inbound_service(
        &self,
        other: &CallChannel,
        transfer: Transfer,
    ) -> Result<State, TransferError> {
        let to = match transfer.to.is_empty() {
            true => String::new(),
            false => format!("loc:{}", transfer.to),
        };
        self.transfer(Operation::TransferToInboundService, other, call_plan(Transfer { to, ..transfer }))
            .await
    }

    /// Transfers this call into a conference room; `other`, an idle channel of the same instance, stands for its place
    /// there (XFER-3). In every other way like [`retrievable_transfer`](Self::retrievable_transfer).
    ///
    /// # Errors
    ///
    /// [`TransferError`]: the room was not entered and both channels are as they were.
    pub async fn transfer_to_conference_room(
        &self,
        other: &CallChannel,
        conference: ConferenceCall,
    ) -> Result<State, TransferError> {
        let plan = TransferPlan::Room(Box::new(conference));
        self.transfer(Operation::TransferToConferenceRoom, other, plan).await
    }

    /// Takes a transferred call back: the other leg is hung up, or the party leaves the conference (XFER-18 to
    /// XFER-20). 60 seconds are the documented limit; `None` sets none. Returns [`State::Answered`], or
    /// [`State::Transferred`] if the time was over first.
    ///
    /// # Errors
    ///
    /// [`RetrieveCallError`]: nothing has changed.
    pub async fn retrieve_transferred_call(
        &self,
        seconds_timeout: Option<f64>,
    ) -> Result<State, RetrieveCallError> {
        let retrieved =
            self.operate(|ticket, reply| Command::RetrieveCall(ticket, seconds_timeout, reply)).await;
        retrieved.unwrap_or_else(|ended| match ended {
            Unanswered::Before => Err(RetrieveCallError::Hangup(
                self.gone(Operation::RetrieveTransferredCall, RetrieveCallError::ALLOWED),
            )),
            Unanswered::Meanwhile => Ok(self.state()),
        })
    }

    /// What became of the last transfer of this channel; kept until the next one starts (XFER-12, XFER-14).
    pub fn transfer_cause(&self) -> TransferCause {
        *self.shared.transfer_cause.lock()
    }

    async fn transfer(
        &self,
        operation: Operation,
        other: &CallChannel,
        plan: TransferPlan,
    ) -> Result<State, TransferError> {
        let other = other.clone();
        let transferred = self
            .operate(|ticket, reply| {
                Command::Transfer(Box::new(TransferOrder { ticket, operation, other, plan, reply }))
            })
            .await;
        transferred.unwrap_or_else(|ended| match ended {
            Unanswered::Before => Err(TransferError::Hangup(self.gone(operation, TransferError::ALLOWED))),
            Unanswered::Meanwhile => Ok(self.state()),
        })
    }
}

fn call_plan(transfer: Transfer) -> TransferPlan {
    let Transfer { to, from, ringback_tone, seconds_timeout } = transfer;
    if let Some(room) = to.strip_prefix("con:") {
        return TransferPlan::Room(Box::new(ConferenceCall::new(room).seconds_timeout(seconds_timeout)));
    }
    let dial = Dial::to(to).from(from).seconds_timeout(seconds_timeout);
    TransferPlan::Call { dial: Box::new(dial), ringback_tone }
}

/// A transfer that is asked for.
#[derive(Debug)]
pub(crate) struct TransferOrder {
    pub(crate) ticket: Ticket,
    pub(crate) operation: Operation,
    pub(crate) other: CallChannel,
    pub(crate) plan: TransferPlan,
    pub(crate) reply: TransferReply,
}

/// Where the outcome of a transfer goes.
pub(crate) type TransferReply = oneshot::Sender<Result<State, TransferError>>;

/// Where the outcome of `retrieve_transferred_call()` goes.
pub(crate) type RetrieveCallReply = oneshot::Sender<Result<State, RetrieveCallError>>;

/// Why a transfer did not start. Nothing was sent and both channels are as they were.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The call is gone (XFER-4).
    #[error(transparent)]
    Hangup(WrongState),
    /// The call is not `ANSWERED` (XFER-4).
    #[error(transparent)]
    WrongState(WrongState),
    /// The other channel is the primary one of an inbound application, which makes no calls (CALL-22).
    #[error(transparent)]
    MakesNoCalls(MakesNoCalls),
    /// The other channel is this one, one of another instance, or not `IDLE`; or the target, the room's name or the
    /// time limit is not accepted (XFER-5, XFER-6, CONF-6).
    #[error(transparent)]
    Argument(BadArgument),
    /// Another call-control operation is blocking, or the call is connected (GEN-21).
    #[error(transparent)]
    Busy(Busy),
    /// A tone or another sound cannot be played (XFER-8, TONE-15).
    #[error(transparent)]
    Media(Unplayable),
    /// The server takes no more calls.
    #[error(transparent)]
    Fault(Fault),
}

operation_error!(TransferError {
    Hangup => Hangup,
    WrongState => WrongState,
    MakesNoCalls => WrongState,
    Argument => Argument,
    Busy => Busy,
    Media => Media,
    Fault => Fault,
});

impl TransferError {
    /// The state in which a call is transferred (XFER-4).
    pub(crate) const ALLOWED: &'static [State] = &[State::Answered];
}

/// Why `retrieve_transferred_call()` failed. Nothing has changed.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum RetrieveCallError {
    /// The call is gone (XFER-18).
    #[error(transparent)]
    Hangup(WrongState),
    /// The call is not `TRANSFERRED` (XFER-18).
    #[error(transparent)]
    WrongState(WrongState),
    /// The time limit is not accepted (GEN-9).
    #[error(transparent)]
    Argument(BadArgument),
    /// Another call-control operation is blocking (GEN-21).
    #[error(transparent)]
    Busy(Busy),
}

operation_error!(RetrieveCallError {
    Hangup => Hangup,
    WrongState => WrongState,
    Argument => Argument,
    Busy => Busy,
});

impl RetrieveCallError {
    /// The state in which a call is retrieved (XFER-18).
    pub(crate) const ALLOWED: &'static [State] = &[State::Transferred];
}
