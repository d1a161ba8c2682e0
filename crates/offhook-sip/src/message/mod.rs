//! Requests and responses as they stand on the wire (RFC 3261 section 7).

mod limits;
mod method;
mod parse;
mod request;
mod response;
mod status;
mod write;

use bytes::Bytes;

pub use limits::ParseLimits;
pub use method::Method;
pub use parse::{ParseError, ParseErrorKind};
pub use request::Request;
pub use response::Response;
pub use status::StatusCode;

/// A SIP message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // Both are moved once, out of the parser; a box would cost an allocation per message.
pub enum Message {
    /// Asks for something.
    Request(Request),
    /// Answers a request.
    Response(Response),
}

impl Message {
    /// Reads the message of one datagram.
    ///
    /// What it returns has exactly one well-formed From, To, Call-ID and CSeq and at least one Via whose
    /// first value is well formed, the CSeq's method is the request's, and the body has the length that
    /// Content-Length says, or reaches to the end of the datagram without it (RFC 3261 section 18.3). All
    /// other fields are checked when they are read.
    ///
    /// Line ends before the message are skipped (RFC 3261 section 7.5), a bare line feed counts as a line
    /// end, folded lines are joined by a blank, and bytes that are not UTF-8 are read as ISO 8859-1, the
    /// habit of old exchanges with names. Slices of the datagram are shared, not copied.
    pub fn parse(datagram: Bytes, limits: &ParseLimits) -> Result<Self, ParseError> {
        parse::parse(datagram, limits)
    }

    /// The wire form.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }

    /// The header fields.
    pub fn headers(&self) -> &crate::header::Headers {
        match self {
            Self::Request(request) => &request.headers,
            Self::Response(response) => &response.headers,
        }
    }
}
