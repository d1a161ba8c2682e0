//! Requests.

use bytes::Bytes;

use crate::header::{CSeq, CallId, From, HeaderError, Headers, To, Via};
use crate::message::{Method, write};
use crate::uri::Uri;

/// A request (RFC 3261 section 7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What is asked for.
    pub method: Method,
    /// Whom it is asked of: the Request-URI.
    pub uri: Uri,
    /// The header fields. Content-Length is written from the body, whatever stands here.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

impl Request {
    /// A request without header fields and body.
    pub fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: Headers::with_capacity(16), body: Bytes::new() }
    }

    /// The wire form, with a Content-Length.
    pub fn to_bytes(&self) -> Bytes {
        write::request(self)
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
