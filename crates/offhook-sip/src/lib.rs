//! SIP and SDP as a state machine: bytes and time in, bytes, events and the next wake-up out.

#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]

pub mod header;
pub mod sdp;
pub mod uri;

mod arena;
mod dialog;
mod endpoint;
mod grammar;
mod invite;
mod message;
mod random;
mod text;
mod timer;
mod transaction;

pub use endpoint::{
    AcknowledgeError, AnswerError, AnswerOfferError, Call, Clearing, ClearingCause, Counts, Endpoint,
    EndpointConfig, Event, Flow, HangUpError, Incoming, InfoError, InviteError, Limits, OfferError, OfferId,
    OfferMethod, Outgoing, Party, PrackError, PrackPolicy, Progress, Protocol, RejectError, Reliability,
    RingError, Sent, Stage, Timers, Transmit,
};
pub use header::{HeaderError, HeaderName, Headers, NameAddr, TypedHeader};
pub use message::{Message, Method, ParseError, ParseErrorKind, ParseLimits, Request, Response, StatusCode};
pub use text::Text;
pub use uri::{Host, Scheme, Uri};
