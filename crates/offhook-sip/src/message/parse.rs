//! Reads messages from datagrams.

use std::borrow::Cow;

use bytes::Bytes;
use memchr::{Memchr, memchr_iter};

use crate::grammar::{Scanner, Source, elements, is_token, number, trim, trim_end};
use crate::header::{CSeq, CallId, HeaderError, HeaderName, Headers, NameAddr, ValueError, Via};
use crate::message::{Message, Method, ParseLimits, Request, Response, StatusCode};
use crate::text::Text;
use crate::uri::{Uri, UriError};

/// Why a datagram is not a message that can be worked with.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub struct ParseError {
    /// What is wrong.
    pub kind: ParseErrorKind,
    /// What could be saved of a request, so that it can be refused: the method, at least one Via line, and
    /// whatever else of the header section could be read. The URI is only a filler if the request line is
    /// what is wrong. `None` for responses and for what is no message at all.
    pub request: Option<Box<Request>>,
}

impl ParseError {
    /// The status that refuses the request; `None` if the datagram is to be dropped without a word, as broken
    /// responses and ACKs are.
    pub fn status(&self) -> Option<StatusCode> {
        let request = self.request.as_ref()?;
        if request.method == Method::Ack {
            return None;
        }
        Some(match self.kind {
            ParseErrorKind::UnsupportedVersion => StatusCode::VERSION_NOT_SUPPORTED,
            ParseErrorKind::MessageTooLarge { .. }
            | ParseErrorKind::TooManyHeaders { .. }
            | ParseErrorKind::HeaderTooLong { .. } => StatusCode::MESSAGE_TOO_LARGE,
            ParseErrorKind::UriTooLong { .. } => StatusCode::REQUEST_URI_TOO_LONG,
            _ => StatusCode::BAD_REQUEST,
        })
    }
}

/// What is wrong with a datagram.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseErrorKind {
    /// Nothing but line ends: a peer keeps its binding in a NAT open (RFC 5626 section 4.4.1). Not an error
    /// of anyone.
    #[error("only line ends: a keep-alive")]
    KeepAlive,
    /// Neither a request nor a response of any version.
    #[error("not a SIP message")]
    NotSip,
    /// The request line is not `METHOD URI SIP/2.0` with one blank each.
    #[error("malformed request line: expected {expected}")]
    RequestLine {
        /// What the grammar wants.
        expected: &'static str,
    },
    /// The Request-URI cannot be read.
    #[error("malformed Request-URI: expected {expected}", expected = .0.expected())]
    RequestUri(UriError),
    /// The status line is not `SIP/2.0 CODE reason` with a code from 100 to 699.
    #[error("malformed status line: expected `SIP/2.0`, a code from 100 to 699 and a reason")]
    StatusLine,
    /// A version other than SIP/2.0.
    #[error("unsupported protocol version: only SIP/2.0 is")]
    UnsupportedVersion,
    /// More bytes than allowed.
    #[error("message of {bytes} bytes: at most {limit} are accepted")]
    MessageTooLarge {
        /// Size of the message.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// More header lines than allowed.
    #[error("too many header lines: at most {limit} are accepted")]
    TooManyHeaders {
        /// The limit.
        limit: usize,
    },
    /// A header line with more bytes than allowed.
    #[error("header line of {bytes} bytes: at most {limit} are accepted")]
    HeaderTooLong {
        /// Size of the line.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A Request-URI with more bytes than allowed.
    #[error("Request-URI of {bytes} bytes: at most {limit} are accepted")]
    UriTooLong {
        /// Size of the URI.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A line of the header section is not `Name: value`, or holds a control character outside a quoted pair.
    #[error("malformed header line: expected {expected}")]
    HeaderLine {
        /// What the grammar wants.
        expected: &'static str,
    },
    /// The empty line after the header section is missing.
    #[error("no empty line after the header section")]
    Unterminated,
    /// One of the fields that every message has is missing, repeated or malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The method of the CSeq is not that of the request line.
    #[error("the CSeq names the method {cseq}, the request line {method}")]
    MethodMismatch {
        /// Method of the CSeq.
        cseq: Method,
        /// Method of the request line.
        method: Method,
    },
    /// Content-Length is not a number or stands more than once.
    #[error("malformed Content-Length: expected one number")]
    ContentLength,
    /// The body is shorter than Content-Length says.
    #[error("body of {bytes} bytes, and Content-Length says {content_length}")]
    BodyTooShort {
        /// Bytes that came.
        bytes: usize,
        /// Bytes that were announced.
        content_length: u64,
    },
}

pub(super) fn parse(datagram: Bytes, limits: &ParseLimits) -> Result<Message, ParseError> {
    let drop = |kind| ParseError { kind, request: None };
    let start = datagram.iter().position(|b| !matches!(b, b'\r' | b'\n'));
    let Some(start) = start else {
        return Err(drop(ParseErrorKind::KeepAlive));
    };
    let (head_end, body_start) = find_end_of_head(&datagram, start);
    let head = text_of(datagram.slice(start..head_end));

    let mut head = Head {
        text: &head,
        at: 0,
        feeds: memchr_iter(b'\n', head.as_bytes()),
        line_ends: 0,
        limits,
        headers: Headers::with_capacity(USUAL_HEADERS),
        problem: None,
    };
    let line = head.line();
    let start_line = match head.start_line(line) {
        Ok(start_line) => start_line,
        Err(kind) => return Err(drop(kind)),
    };
    if datagram.len() > limits.max_message_bytes {
        head.fail(ParseErrorKind::MessageTooLarge { bytes: datagram.len(), limit: limits.max_message_bytes });
    }
    head.header_lines();
    head.check_controls();
    if body_start.is_none() {
        head.fail(ParseErrorKind::Unterminated);
    }
    let body = head.body(datagram.slice(body_start.unwrap_or(datagram.len())..));
    let method = match &start_line {
        StartLine::Request { method, .. } => Some(method),
        StartLine::Response { .. } => None,
    };
    head.check_fields(method);

    let Head { headers, problem, .. } = head;
    match start_line {
        StartLine::Request { method, uri } => {
            let request = Request { method, uri: uri.unwrap_or_else(filler_uri), headers, body };
            match problem {
                None => Ok(Message::Request(request)),
                Some(kind) => {
                    let answerable = request.headers.contains(&HeaderName::Via);
                    Err(ParseError { kind, request: answerable.then(|| Box::new(request)) })
                }
            }
        }
        StartLine::Response { status, reason } => match problem {
            None => Ok(Message::Response(Response { status, reason, headers, body })),
            Some(kind) => Err(drop(kind)),
        },
    }
}

enum StartLine {
    Request { method: Method, uri: Option<Uri> },
    Response { status: StatusCode, reason: Text },
}

/// The header section while it is read. The first problem is kept and reading goes on, so that a refusal has
/// all it needs.
struct Head<'a> {
    text: &'a Text,
    /// Where the next line begins.
    at: usize,
    /// The line feeds from there on.
    feeds: Memchr<'a>,
    /// Line ends of carriage return and line feed so far.
    line_ends: usize,
    limits: &'a ParseLimits,
    headers: Headers,
    problem: Option<ParseErrorKind>,
}

impl<'a> Head<'a> {
    fn fail(&mut self, kind: ParseErrorKind) {
        self.problem.get_or_insert(kind);
    }

    /// Takes a line without its line end.
    fn line(&mut self) -> &'a str {
        let start = self.at;
        let end = self.skip_line();
        self.text.as_str().get(start..end).unwrap_or_default()
    }

    /// Goes to the beginning of the next line; returns where this one ends.
    fn skip_line(&mut self) -> usize {
        let bytes = self.text.as_bytes();
        let Some(end) = self.feeds.next() else {
            self.at = bytes.len();
            return bytes.len();
        };
        self.at = end + 1;
        if end > 0 && bytes[end - 1] == b'\r' {
            self.line_ends += 1;
            return end - 1;
        }
        end
    }

    /// Reads the first line. An error means that nothing can be answered.
    fn start_line(&mut self, line: &'a str) -> Result<StartLine, ParseErrorKind> {
        if is_sip_version(line) {
            return self.status_line(line);
        }
        // The words by their borders: the first ends at the first blank, the last begins after the last one.
        let is_blank = |b: u8| matches!(b, b' ' | b'\t');
        let words = trim(line);
        let first = words.bytes().position(is_blank).unwrap_or(words.len());
        let last = words.bytes().rposition(is_blank).map_or(0, |blank| blank + 1);
        let (method, version) = (&words[..first], &words[last..]);
        if line.starts_with([' ', '\t']) || !is_sip_version(version) {
            return Err(ParseErrorKind::NotSip);
        }
        let method = Method::parse(&self.text.slice(method)).ok_or(ParseErrorKind::NotSip)?;
        if !version.eq_ignore_ascii_case("SIP/2.0") {
            self.fail(ParseErrorKind::UnsupportedVersion);
        }
        // One blank each, none elsewhere.
        let uri = words.get(first + 1..last.saturating_sub(1)).unwrap_or_default();
        let blanks = line.bytes().filter(|&b| b == b' ').count();
        if uri.is_empty() || blanks != 2 || line.contains('\t') {
            self.fail(ParseErrorKind::RequestLine {
                expected: "method, URI and version with one blank between",
            });
            return Ok(StartLine::Request { method, uri: None });
        }
        if uri.len() > self.limits.max_uri_bytes {
            self.fail(ParseErrorKind::UriTooLong { bytes: uri.len(), limit: self.limits.max_uri_bytes });
            return Ok(StartLine::Request { method, uri: None });
        }
        match Uri::read(uri, Source::Shared(self.text)) {
            Ok(uri) => Ok(StartLine::Request { method, uri: Some(uri) }),
            Err(error) => {
                self.fail(ParseErrorKind::RequestUri(error));
                Ok(StartLine::Request { method, uri: None })
            }
        }
    }

    fn status_line(&mut self, line: &'a str) -> Result<StartLine, ParseErrorKind> {
        let (version, rest) = line.split_once(' ').ok_or(ParseErrorKind::StatusLine)?;
        if !version.eq_ignore_ascii_case("SIP/2.0") {
            return Err(ParseErrorKind::UnsupportedVersion);
        }
        // The blank before an empty reason is often forgotten.
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = Some(code)
            .filter(|code| code.len() == 3)
            .and_then(|code| number(code, 699))
            .and_then(|code| u16::try_from(code).ok())
            .and_then(StatusCode::new)
            .ok_or(ParseErrorKind::StatusLine)?;
        Ok(StartLine::Response { status, reason: self.text.slice(reason) })
    }

    /// Reads all header lines.
    fn header_lines(&mut self) {
        let text = self.text.as_str();
        while self.at < text.len() {
            let start = self.at;
            let mut folded = false;
            // A line goes on as long as the next one begins with a blank (RFC 3261 section 7.3.1).
            let end = loop {
                let end = self.skip_line();
                if !matches!(text.as_bytes().get(self.at), Some(b' ' | b'\t')) {
                    break end;
                }
                folded = true;
            };
            // Cut at ASCII bytes, so always between characters.
            let line = text.get(start..end).unwrap_or_default();
            if self.headers.len() >= self.limits.max_headers {
                return self.fail(ParseErrorKind::TooManyHeaders { limit: self.limits.max_headers });
            }
            if line.len() > self.limits.max_header_bytes {
                self.fail(ParseErrorKind::HeaderTooLong {
                    bytes: line.len(),
                    limit: self.limits.max_header_bytes,
                });
                continue;
            }
            self.header_line(line, folded);
        }
    }

    fn header_line(&mut self, line: &str, folded: bool) {
        // Names are short: looking byte by byte is done sooner than a wide search begins.
        let Some(colon) = line.bytes().position(|b| b == b':') else {
            return self.fail(ParseErrorKind::HeaderLine { expected: "`:` after the name" });
        };
        let name = trim_end(&line[..colon]);
        let known = HeaderName::known(name);
        if known.is_none() && !is_token(name) {
            return self.fail(ParseErrorKind::HeaderLine { expected: "a token as name" });
        }
        let name = known.unwrap_or_else(|| HeaderName::Other(self.text.slice(name)));
        let value = if folded { unfold(&line[colon + 1..]) } else { Cow::Borrowed(&line[colon + 1..]) };
        let value = match value {
            Cow::Borrowed(value) => self.text.slice(trim(value)),
            Cow::Owned(value) => Text::from(trim(&value)),
        };
        self.headers.push(name, value);
    }

    /// Refuses control characters, except in quoted pairs (RFC 3261 section 25.1).
    fn check_controls(&mut self) {
        let text = self.text.as_bytes();
        // First the whole section at once, without early exit so that the compiler can look at many bytes
        // together: a look at each value is only worth its time if there is something to find.
        let control = |b: u8| (b < b' ' && b != b'\t' && b != b'\r' && b != b'\n') || b == 0x7f;
        let controls = text.iter().fold(0u8, |found, &b| found | u8::from(control(b))) != 0;
        let returns = memchr_iter(b'\r', text).count();
        if (controls || returns != self.line_ends)
            && self.headers.iter().any(|(_, value)| has_stray_control(value))
        {
            self.fail(ParseErrorKind::HeaderLine { expected: "no control character outside a quoted pair" });
        }
    }

    /// Cuts the body to Content-Length; without it, it is all that follows (RFC 3261 section 18.3).
    fn body(&mut self, rest: Bytes) -> Bytes {
        let length = {
            let mut lines = self.headers.get_all(&HeaderName::ContentLength);
            match (lines.next(), lines.next()) {
                (None, _) => return rest,
                (Some(line), None) => number(line, u64::MAX),
                (Some(_), Some(_)) => None,
            }
        };
        let Some(length) = length else {
            self.fail(ParseErrorKind::ContentLength);
            return Bytes::new();
        };
        match usize::try_from(length) {
            Ok(length) if length <= rest.len() => rest.slice(..length),
            _ => {
                self.fail(ParseErrorKind::BodyTooShort { bytes: rest.len(), content_length: length });
                rest
            }
        }
    }

    /// Checks the fields without which no transaction can be kept (RFC 3261 section 8.1.1).
    fn check_fields(&mut self, method: Option<&Method>) {
        if self.problem.is_some() {
            return;
        }
        if let Err(kind) = self.checked_fields(method) {
            self.fail(kind);
        }
    }

    fn checked_fields(&self, method: Option<&Method>) -> Result<(), ParseErrorKind> {
        let via = self.headers.get(&HeaderName::Via).ok_or(HeaderError::Missing { name: HeaderName::Via })?;
        let top = elements(via).next().unwrap_or_default();
        Via::scan(Scanner::check(top)).map_err(|error| malformed(HeaderName::Via, via, error))?;
        for name in [HeaderName::From, HeaderName::To] {
            let value = self.only(&name)?;
            NameAddr::scan(Scanner::check(value)).map_err(|error| malformed(name, value, error))?;
        }
        self.headers.typed::<CallId>()?;
        let cseq = self.headers.typed::<CSeq>()?;
        match method {
            Some(method) if cseq.method != *method => {
                Err(ParseErrorKind::MethodMismatch { cseq: cseq.method, method: method.clone() })
            }
            _ => Ok(()),
        }
    }

    /// The value of a field that has to stand exactly once.
    fn only(&self, name: &HeaderName) -> Result<&Text, HeaderError> {
        let value = self.headers.get(name).ok_or_else(|| HeaderError::Missing { name: name.clone() })?;
        match self.headers.get_all(name).count() {
            1 => Ok(value),
            count => Err(HeaderError::Repeated { name: name.clone(), count }),
        }
    }
}

fn malformed(name: HeaderName, value: &Text, error: ValueError) -> HeaderError {
    HeaderError::Malformed { name, value: value.clone(), expected: error.expected() }
}

/// Where the header section ends and where the body starts; no body start if the empty line is missing.
fn find_end_of_head(datagram: &[u8], start: usize) -> (usize, Option<usize>) {
    for feed in memchr_iter(b'\n', &datagram[start..]) {
        let next = start + feed + 1;
        match &datagram[next..] {
            [b'\r', b'\n', ..] => return (next, Some(next + 2)),
            [b'\n', ..] => return (next, Some(next + 1)),
            _ => {}
        }
    }
    (datagram.len(), None)
}

fn is_sip_version(text: &str) -> bool {
    text.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("SIP/"))
}

/// The bytes as text: as they are if they are UTF-8, otherwise read as ISO 8859-1.
fn text_of(bytes: Bytes) -> Text {
    match Text::from_utf8(bytes.clone()) {
        Ok(text) => text,
        Err(_) => Text::from(bytes.iter().map(|&byte| char::from(byte)).collect::<String>()),
    }
}

/// Joins continuation lines with one blank each.
fn unfold(value: &str) -> Cow<'_, str> {
    let mut joined = String::with_capacity(value.len());
    for line in value.split('\n') {
        let line = trim(line.strip_suffix('\r').unwrap_or(line));
        if !joined.is_empty() && !line.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line);
    }
    Cow::Owned(joined)
}

/// Whether there is a control character that is neither a tab nor the second half of a quoted pair.
fn has_stray_control(value: &str) -> bool {
    let mut escaped = false;
    value.bytes().any(|b| {
        if escaped {
            escaped = false;
            return matches!(b, b'\r' | b'\n');
        }
        escaped = b == b'\\';
        b.is_ascii_control() && b != b'\t'
    })
}

/// Room for so many header lines is made at once: what most messages have, and little enough that allocators have such
/// a block at hand.
const USUAL_HEADERS: usize = 14;

/// Stands for a Request-URI that could not be read.
fn filler_uri() -> Uri {
    Uri::sip(None, crate::uri::Host::Name(Text::from_static("invalid.invalid")), None)
}
