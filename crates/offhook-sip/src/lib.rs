//! SIP and SDP as a state machine: bytes and time in, bytes, events and the next wake-up out.

#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]

pub mod header;
pub mod sdp;
pub mod uri;

mod grammar;
mod message;
mod text;

pub use header::{HeaderError, HeaderName, Headers, NameAddr, TypedHeader};
pub use message::{Message, Method, ParseError, ParseErrorKind, ParseLimits, Request, Response, StatusCode};
pub use text::Text;
pub use uri::{Host, Scheme, Uri};
