//! Writes messages, each into one buffer.

use bytes::Bytes;

use crate::grammar::write_number;
use crate::header::{HeaderName, Headers};
use crate::message::{Request, Response};

pub(super) fn request(request: &Request) -> Bytes {
    // The URI is the only part whose length is not at hand; what it is short of, the buffer grows by.
    let mut out = String::with_capacity(size(&request.headers) + 128 + request.body.len());
    out.push_str(request.method.as_str());
    out.push(' ');
    request.uri.write(&mut out);
    out.push_str(" SIP/2.0\r\n");
    finish(out, &request.headers, &request.body)
}

pub(super) fn response(response: &Response) -> Bytes {
    let mut out =
        String::with_capacity(size(&response.headers) + 48 + response.reason.len() + response.body.len());
    out.push_str("SIP/2.0 ");
    write_number(&mut out, response.status.code().into());
    out.push(' ');
    push_line(&mut out, &response.reason);
    finish(out, &response.headers, &response.body)
}

fn finish(mut out: String, headers: &Headers, body: &[u8]) -> Bytes {
    for (name, value) in headers {
        if *name == HeaderName::ContentLength {
            continue;
        }
        out.push_str(name.as_str());
        out.push_str(": ");
        push_line(&mut out, value);
    }
    out.push_str("Content-Length: ");
    write_number(&mut out, body.len() as u64);
    out.push_str("\r\n\r\n");
    let mut bytes = out.into_bytes();
    bytes.extend_from_slice(body);
    Bytes::from(bytes)
}

/// Bytes of the header section without Content-Length.
fn size(headers: &Headers) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

/// Appends a value and the line end. A line end within would begin a header field that nobody meant to send;
/// it becomes a blank.
fn push_line(out: &mut String, value: &str) {
    if memchr::memchr2(b'\r', b'\n', value.as_bytes()).is_none() {
        out.push_str(value);
    } else {
        out.extend(value.chars().map(|c| if matches!(c, '\r' | '\n') { ' ' } else { c }));
    }
    out.push_str("\r\n");
}
