//! The session description in the body of a message.

use bytes::Bytes;

use crate::header::{ContentType, HeaderName, Headers};
use crate::sdp::SessionDescription;

/// Why a body gives no session description although it is not empty.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// It is of another type, or has none: 415.
    Type,
    /// It is compressed or otherwise encoded: 415.
    Encoding,
    /// It is not SDP although it says so: 400.
    Malformed,
}

/// The session description in a body; `None` for an empty body and for one that need not be understood.
pub(crate) fn session(headers: &Headers, body: &Bytes) -> Result<Option<SessionDescription>, BodyError> {
    if body.is_empty() || is_optional(headers) {
        return Ok(None);
    }
    if headers
        .get(&HeaderName::ContentEncoding)
        .is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity"))
    {
        return Err(BodyError::Encoding);
    }
    let content_type: ContentType = headers.typed().map_err(|_| BodyError::Type)?;
    if content_type.is("application", "sdp") {
        return SessionDescription::parse(body).map(Some).map_err(|_| BodyError::Malformed);
    }
    if content_type.kind.eq_ignore_ascii_case("multipart") {
        let boundary = content_type.params.unquoted("boundary").ok_or(BodyError::Type)?;
        if boundary.len() > MAX_BOUNDARY_BYTES {
            return Err(BodyError::Type);
        }
        let part = session_part(body, &boundary).ok_or(BodyError::Type)?;
        return SessionDescription::parse(part).map(Some).map_err(|_| BodyError::Malformed);
    }
    Err(BodyError::Type)
}

/// The session description in a body that cannot be refused: that of an ACK or of a response.
pub(crate) fn session_or_none(headers: &Headers, body: &Bytes) -> Option<SessionDescription> {
    session(headers, body).ok().flatten()
}

/// `Content-Disposition: ...;handling=optional` (RFC 3261 section 20.11), unless it is SDP, which is always
/// of use.
fn is_optional(headers: &Headers) -> bool {
    let optional = headers.get(&HeaderName::ContentDisposition).is_some_and(|disposition| {
        disposition.split(';').skip(1).any(|param| {
            let mut words = param.splitn(2, '=').map(str::trim);
            words.next().is_some_and(|name| name.eq_ignore_ascii_case("handling"))
                && words.next().is_some_and(|value| value.eq_ignore_ascii_case("optional"))
        })
    });
    optional && !headers.typed::<ContentType>().is_ok_and(|content| content.is("application", "sdp"))
}

/// The first part of type `application/sdp` in a multipart body (RFC 2046 section 5.1, RFC 5621 section 3.2).
fn session_part<'a>(body: &'a Bytes, boundary: &str) -> Option<&'a [u8]> {
    let delimiter = [b"--", boundary.as_bytes()].concat();
    let mut rest: &[u8] = body;
    rest = after(rest, &delimiter)?;
    while !rest.starts_with(b"--") {
        let end = find(rest, &delimiter).unwrap_or(rest.len());
        let part = &rest[..end];
        if let Some(head_end) = find(part, b"\r\n\r\n") {
            let is_sdp = part[..head_end].split(|&byte| byte == b'\n').any(is_sdp_type);
            if is_sdp {
                let content = &part[head_end + 4..];
                // The line end before the delimiter belongs to the delimiter.
                return Some(content.strip_suffix(b"\r\n").unwrap_or(content));
            }
        }
        rest = after(&rest[end..], &delimiter)?;
    }
    None
}

fn is_sdp_type(line: &[u8]) -> bool {
    let Some((name, value)) = std::str::from_utf8(line).ok().and_then(|line| line.split_once(':')) else {
        return false;
    };
    let kind = value.split(';').next().unwrap_or_default().trim();
    let name = name.trim();
    (name.eq_ignore_ascii_case("content-type") || name.eq_ignore_ascii_case("c"))
        && kind.eq_ignore_ascii_case("application/sdp")
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn after<'a>(haystack: &'a [u8], needle: &[u8]) -> Option<&'a [u8]> {
    find(haystack, needle).map(|at| &haystack[at + needle.len()..])
}

/// RFC 2046 section 5.1.1; it also bounds the work of the search.
const MAX_BOUNDARY_BYTES: usize = 70;

#[cfg(test)]
mod tests {
    use super::*;

    const SDP: &str =
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";

    fn read(content_type: &str, body: &str) -> Result<Option<SessionDescription>, BodyError> {
        let mut headers = Headers::new();
        headers.push(HeaderName::ContentType, content_type);
        session(&headers, &Bytes::from(body.to_owned()))
    }

    #[test]
    fn the_session_description_is_found_among_the_parts_of_a_multipart_body() {
        let body = format!(
            "--x\r\nContent-Type: application/isup\r\n\r\n\x01\x02\r\n--x\r\nContent-Type: application/sdp\r\n\r\n{SDP}\r\n--x--\r\n"
        );
        let found =
            read("multipart/mixed;boundary=x", &body).expect("a body").expect("a session description");
        assert_eq!(found.media.len(), 1);
    }

    #[test]
    fn a_multipart_body_without_a_session_description_is_of_an_unknown_type() {
        for body in
            ["--x--", "--x\r\n\r\n--x--", "", "--x", "--x\r\nContent-Type: text/plain\r\n\r\nhello\r\n--x--"]
        {
            let read = read("multipart/mixed;boundary=x", body);
            assert!(matches!(read, Err(BodyError::Type)) || body.is_empty(), "{body:?} gave {read:?}");
        }
    }

    #[test]
    fn an_optional_body_of_another_type_is_passed_over() {
        let mut headers = Headers::new();
        headers.push(HeaderName::ContentType, "application/resource-lists+xml");
        headers.push(HeaderName::ContentDisposition, "recipient-list; handling=optional");
        assert!(matches!(session(&headers, &Bytes::from_static(b"<x/>")), Ok(None)));
    }
}
