//! Responses.

use bytes::Bytes;

use crate::header::{CSeq, CallId, From, HeaderError, HeaderName, Headers, To, Via};
use crate::message::{Request, StatusCode, write};
use crate::text::Text;

/// A response (RFC 3261 section 7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// What came of the request.
    pub status: StatusCode,
    /// The same for people; may be empty.
    pub reason: Text,
    /// The header fields. Content-Length is written from the body, whatever stands here.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

impl Response {
    /// A response without header fields and body, with the status's usual reason phrase.
    pub fn new(status: StatusCode) -> Self {
        Self {
            status,
            reason: Text::from_static(status.default_reason()),
            headers: Headers::new(),
            body: Bytes::new(),
        }
    }

    /// A response to `request` with what it must repeat: all Via, From, To, Call-ID and CSeq, and in a 100
    /// the Timestamp (RFC 3261 section 8.2.6). No tag is added to the To.
    pub fn for_request(request: &Request, status: StatusCode) -> Self {
        let mut response = Self::new(status);
        let mut headers = Headers::with_capacity(12);
        for name in [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq]
        {
            for value in request.headers.get_all(&name) {
                headers.push(name.clone(), value.clone());
            }
        }
        if status == StatusCode::TRYING
            && let Some(timestamp) = request.headers.get(&HeaderName::Timestamp)
        {
            headers.push(HeaderName::Timestamp, timestamp.clone());
        }
        response.headers = headers;
        response
    }

    /// The wire form, with a Content-Length.
    pub fn to_bytes(&self) -> Bytes {
        write::response(self)
    }

    /// The topmost Via.
    pub fn via(&self) -> Result<Via, HeaderError> {
        self.headers.typed()
    }

    /// From.
    pub fn from(&self) -> Result<From, HeaderError> {
        self.headers.typed()
    }

    /// To.
    pub fn to(&self) -> Result<To, HeaderError> {
        self.headers.typed()
    }

    /// Call-ID.
    pub fn call_id(&self) -> Result<CallId, HeaderError> {
        self.headers.typed()
    }

    /// CSeq.
    pub fn cseq(&self) -> Result<CSeq, HeaderError> {
        self.headers.typed()
    }
}
