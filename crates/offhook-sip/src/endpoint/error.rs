//! Why an act of the user was not done: one enum for each act.

use crate::message::StatusCode;
use crate::text::Text;

/// A stage of a call, for error messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// An incoming call that has no final response.
    Incoming,
    /// An incoming call whose answer was given and is not acknowledged.
    Answering,
    /// A call of ours that has no final response.
    Outgoing,
    /// A call of ours that was hung up and has no final response.
    Cancelling,
    /// A connected call.
    Answered,
    /// A call that is over, or a name that never was a call.
    Over,
}

impl std::fmt::Display for Stage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Incoming => "an unanswered incoming call",
            Self::Answering => "an answer without its ACK",
            Self::Outgoing => "an unanswered outgoing call",
            Self::Cancelling => "a cancelled outgoing call",
            Self::Answered => "a connected call",
            Self::Over => "a call that is over",
        })
    }
}

/// Why [`Endpoint::ring`](crate::Endpoint::ring) sent nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RingError {
    /// The call is not an incoming one that waits for its answer.
    #[error("expected {expected}, got {got}")]
    WrongState {
        /// What ringing needs.
        expected: Stage,
        /// What the call is.
        got: Stage,
    },
    /// The status is not one of a provisional response that establishes a dialog.
    #[error("status {} cannot ring; 101 to 199 can", status.code())]
    NotProvisional {
        /// The status given.
        status: StatusCode,
    },
    /// The INVITE carried no offer and demands reliable responses: the first must carry our offer (RFC 3262
    /// section 5).
    #[error("the INVITE has no offer and requires 100rel, so the first response needs a session description")]
    SessionMissing,
    /// The INVITE carried no offer and does not support reliable responses: an offer may not go in an
    /// unreliable one.
    #[error(
        "the INVITE has no offer and no 100rel, so no provisional response may carry a session description"
    )]
    OfferNotReliable,
    /// Too many reliable responses wait for the PRACK of an earlier one.
    #[error("{waiting} provisional responses wait for a PRACK already, and no more may")]
    TooMany {
        /// How many wait.
        waiting: usize,
    },
}

/// Why [`Endpoint::answer`](crate::Endpoint::answer) sent nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// The call is not an incoming one that waits for its answer.
    #[error("expected {expected}, got {got}")]
    WrongState {
        /// What answering needs.
        expected: Stage,
        /// What the call is.
        got: Stage,
    },
    /// No session description was agreed before, so the 200 needs one: the answer to the offer, or our offer.
    #[error("no session description was exchanged before, so the answer needs one")]
    SessionMissing,
}

/// Why [`Endpoint::reject`](crate::Endpoint::reject) sent nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RejectError {
    /// The call is not an incoming one that waits for its answer.
    #[error("expected {expected}, got {got}")]
    WrongState {
        /// What rejecting needs.
        expected: Stage,
        /// What the call is.
        got: Stage,
    },
    /// The status does not refuse a call.
    #[error("status {} does not refuse a call; 300 to 699 do", status.code())]
    NotRefusal {
        /// The status given.
        status: StatusCode,
    },
}

/// Why [`Endpoint::hang_up`](crate::Endpoint::hang_up) did nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HangUpError {
    /// The call is over, or is being hung up already.
    #[error("expected a call in progress, got {got}")]
    WrongState {
        /// What the call is.
        got: Stage,
    },
}

/// Why [`Endpoint::answer_offer`](crate::Endpoint::answer_offer) sent nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerOfferError {
    /// The call is over.
    #[error("expected a call in progress, got {got}")]
    WrongState {
        /// What the call is.
        got: Stage,
    },
    /// No such offer waits: it was answered before, or the peer withdrew it.
    #[error("the offer was answered before, or was withdrawn")]
    NoSuchOffer,
    /// The status does not refuse an offer.
    #[error("status {} does not refuse an offer; 300 to 699 do", status.code())]
    NotRefusal {
        /// The status given.
        status: StatusCode,
    },
}

/// Why [`Endpoint::invite`](crate::Endpoint::invite) sent nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InviteError {
    /// [`Limits::calls`](crate::Limits::calls) or [`Limits::transactions`](crate::Limits::transactions) is
    /// reached.
    #[error("no room for another call: {calls} calls and {transactions} transactions are held")]
    LimitReached {
        /// Calls held.
        calls: usize,
        /// Transactions held.
        transactions: usize,
    },
    /// The [`Outgoing::call_id`](crate::Outgoing::call_id) is not one word.
    #[error("malformed Call-ID {call_id:?}: expected visible characters without blanks")]
    MalformedCallId {
        /// The Call-ID given.
        call_id: Text,
    },
}

/// Why [`Endpoint::prack`](crate::Endpoint::prack) sent nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrackError {
    /// The call is not an outgoing one that waits for its answer.
    #[error("expected {expected}, got {got}")]
    WrongState {
        /// What a PRACK needs.
        expected: Stage,
        /// What the call is.
        got: Stage,
    },
    /// No reliable provisional response waits for a PRACK.
    #[error("no reliable provisional response waits for a PRACK")]
    NothingToAcknowledge,
    /// The response carries an offer, so its PRACK needs the answer.
    #[error("the provisional response carries an offer, so the PRACK needs a session description")]
    SessionMissing,
    /// An earlier offer waits for its answer, so the PRACK may not carry another.
    #[error("an offer waits for its answer, so the PRACK may not carry another")]
    OfferPending,
}

/// Why [`Endpoint::acknowledge`](crate::Endpoint::acknowledge) sent nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AcknowledgeError {
    /// No 2xx of the call waits for an ACK with an answer.
    #[error("no 2xx waits for an ACK, got {got}")]
    WrongState {
        /// What the call is.
        got: Stage,
    },
}

/// Why [`Endpoint::offer`](crate::Endpoint::offer) sent nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfferError {
    /// The call has no dialog in which such a request may be sent.
    #[error("expected {expected}, got {got}")]
    WrongState {
        /// What the request needs.
        expected: Stage,
        /// What the call is.
        got: Stage,
    },
    /// An offer in either direction waits for its answer, or an INVITE of ours for its end.
    #[error("an offer waits for its answer, so no other may be made")]
    OfferPending,
    /// The far end does not list UPDATE in `Allow`, or the method cannot be chosen.
    #[error("the far end does not take offers by this method")]
    MethodNotAllowed,
}

/// Why [`Endpoint::info`](crate::Endpoint::info) sent nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InfoError {
    /// The call has no dialog.
    #[error("expected {expected}, got {got}")]
    WrongState {
        /// What an INFO needs.
        expected: Stage,
        /// What the call is.
        got: Stage,
    },
}

/// Why [`Endpoint::refer`](crate::Endpoint::refer) sent nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReferError {
    /// The call is not connected.
    #[error("expected {expected}, got {got}")]
    WrongState {
        /// What a REFER needs.
        expected: Stage,
        /// What the call is.
        got: Stage,
    },
    /// A REFER of this call is under way.
    #[error("a REFER of this call is under way, and one at a time may be")]
    Pending,
}

/// Why [`Endpoint::answer_refer`](crate::Endpoint::answer_refer) sent nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerReferError {
    /// No REFER waits for an answer: it was answered before, or the call is over.
    #[error("no REFER waits for an answer")]
    NoRefer,
    /// The status does not answer a REFER.
    #[error("status {} does not answer a REFER; 202 and 300 to 699 do", status.code())]
    NotAnAnswer {
        /// The status given.
        status: StatusCode,
    },
}

/// Why [`Endpoint::report_refer`](crate::Endpoint::report_refer) sent nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReportReferError {
    /// No accepted REFER waits for news: its end was reported before, or the call is over.
    #[error("no accepted REFER waits for news")]
    NoRefer,
}
