//! Reading session descriptions.
//!
//! Tolerant in what costs nothing: bare LF as line end, blank lines, lines out of order within their section, missing
//! `s=` and `t=`, bytes that are not UTF-8, blanks where one was meant. Strict in what would let a description mean
//! two things or use up memory: a second `v=`, `o=` or `s=`, NUL and stray CR, unknown line types (RFC 8866 section 5
//! wants such a description ignored as a whole), and everything that there can be too much of.

use std::borrow::Cow;

use thiserror::Error;

use super::address::Connection;
use super::attribute::Attribute;
use super::description::{Bandwidth, Origin, SessionDescription, Timing};
use super::media::{Media, MediaKind, Protocol};

/// The longest description that is read, in bytes.
pub const MAX_BYTES: usize = 65_535;
/// The longest line that is read, in bytes, without its line end.
pub const MAX_LINE_BYTES: usize = 4096;
/// The largest number of lines before the first `m=` line, and of lines other than `a=` below each.
pub const MAX_SESSION_LINES: usize = 256;
/// The largest number of `m=` sections.
pub const MAX_MEDIA: usize = 32;
/// The largest number of formats in an `m=` line.
pub const MAX_FORMATS: usize = 128;
/// The largest number of `a=` lines in a section.
pub const MAX_ATTRIBUTES: usize = 512;

/// Why a session description cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SdpError {
    /// Larger than what is read at all.
    #[error("session description of {bytes} bytes; at most {MAX_BYTES} are accepted")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// More of something than is read.
    #[error("line {line}: too many {what}; at most {limit} are accepted")]
    TooMany {
        /// Line number, counted from 1.
        line: usize,
        /// What there is too much of.
        what: &'static str,
        /// How much is accepted.
        limit: usize,
    },
    /// The first line is not `v=0`.
    #[error("the first line must be v=0, not {found:?}")]
    Version {
        /// What stands there, cut to a readable length.
        found: String,
    },
    /// There is no `o=` line.
    #[error("the o= line is missing")]
    NoOrigin,
    /// A line that may stand once stands twice.
    #[error("line {line}: second {kind}= line")]
    Repeated {
        /// Line number, counted from 1.
        line: usize,
        /// The type letter.
        kind: char,
    },
    /// A line of a type that RFC 8866 does not define or not at this place, or no `type=value` at all.
    #[error("line {line}: {found:?} is not a line of a session description at this place")]
    UnknownLine {
        /// Line number, counted from 1.
        line: usize,
        /// The line, cut to a readable length.
        found: String,
    },
    /// A line whose value does not follow its grammar.
    #[error("line {line}: malformed {kind}= line {value:?}")]
    Malformed {
        /// Line number, counted from 1.
        line: usize,
        /// The type letter.
        kind: char,
        /// The value, cut to a readable length.
        value: String,
    },
}

impl SessionDescription {
    /// Reads a description from text or bytes (RFC 8866).
    ///
    /// Bytes that are not UTF-8 are replaced, since they can only stand in text for persons. Obsolete `k=` lines and
    /// malformed `b=` lines are passed over; of several `c=` lines in a section the first counts.
    ///
    /// # Errors
    ///
    /// [`SdpError`] names the line and what is wrong with it. Nothing panics, and the memory used is bounded by the
    /// length of the input.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Self, SdpError> {
        let bytes = text.as_ref();
        if bytes.len() > MAX_BYTES {
            return Err(SdpError::TooLong { bytes: bytes.len() });
        }
        // The check alone is much faster than the replacement of what does not pass it.
        let text = str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed);
        if text.len() > MAX_BYTES {
            // Each byte that is not UTF-8 becomes three.
            return Err(SdpError::TooLong { bytes: text.len() });
        }
        let mut parser = Parser::default();
        for (index, line) in text.split('\n').enumerate() {
            let line = line.strip_suffix('\r').unwrap_or(line);
            if line.trim().is_empty() {
                continue;
            }
            parser.line(index + 1, line)?;
        }
        parser.finish()
    }
}

#[derive(Default)]
struct Parser {
    version: bool,
    origin: Option<Origin>,
    session_name: Option<String>,
    information: Option<String>,
    uri: Option<String>,
    emails: Vec<String>,
    phones: Vec<String>,
    connection: Option<Connection>,
    bandwidths: Vec<Bandwidth>,
    timings: Vec<Timing>,
    time_zones: Option<String>,
    attributes: Vec<Attribute>,
    media: Vec<Media>,
    lines_in_section: usize,
}

impl Parser {
    fn line(&mut self, number: usize, line: &str) -> Result<(), SdpError> {
        if line.len() > MAX_LINE_BYTES {
            return Err(SdpError::TooMany { line: number, what: "bytes in a line", limit: MAX_LINE_BYTES });
        }
        let unknown = || SdpError::UnknownLine { line: number, found: excerpt(line) };
        if line.contains(['\0', '\r']) {
            return Err(unknown());
        }
        let mut characters = line.chars();
        let (Some(kind), Some('=')) = (characters.next(), characters.next()) else {
            return Err(if self.version { unknown() } else { SdpError::Version { found: excerpt(line) } });
        };
        let line = Line { number, kind, value: characters.as_str() };
        if !self.version {
            if kind != 'v' || line.value.trim() != "0" {
                return Err(SdpError::Version { found: excerpt(&format!("{kind}={}", line.value)) });
            }
            self.version = true;
            return Ok(());
        }
        if kind == 'm' {
            line.at_most(self.media.len(), "media sections", MAX_MEDIA)?;
            self.lines_in_section = 0;
            self.media.push(line.media()?);
            return Ok(());
        }
        if kind != 'a' {
            line.at_most(self.lines_in_section, "lines in a section", MAX_SESSION_LINES)?;
            self.lines_in_section += 1;
        }
        match self.media.last_mut() {
            Some(media) => line.into_media(media),
            None => self.session_line(&line),
        }
    }

    fn session_line(&mut self, line: &Line<'_>) -> Result<(), SdpError> {
        let value = line.value;
        match line.kind {
            'o' => line.once(&mut self.origin, Origin::parse(value).ok_or_else(|| line.malformed())?)?,
            's' => line.once(&mut self.session_name, name(value))?,
            'i' => line.once(&mut self.information, value.to_owned())?,
            'u' => line.once(&mut self.uri, value.to_owned())?,
            'e' => self.emails.push(value.to_owned()),
            'p' => self.phones.push(value.to_owned()),
            'c' => {
                let connection = Connection::parse(value).ok_or_else(|| line.malformed())?;
                self.connection.get_or_insert(connection);
            }
            'b' => self.bandwidths.extend(Bandwidth::parse(value)),
            't' => self.timings.push(Timing::parse(value).ok_or_else(|| line.malformed())?),
            'r' => self.timings.last_mut().ok_or_else(|| line.unknown())?.repeats.push(value.to_owned()),
            'z' => line.once(&mut self.time_zones, value.to_owned())?,
            'k' => {}
            'a' => {
                line.at_most(self.attributes.len(), "attributes in a section", MAX_ATTRIBUTES)?;
                self.attributes.push(Attribute::parse(value));
            }
            'v' => return Err(SdpError::Repeated { line: line.number, kind: 'v' }),
            _ => return Err(line.unknown()),
        }
        Ok(())
    }

    fn finish(self) -> Result<SessionDescription, SdpError> {
        if !self.version {
            return Err(SdpError::Version { found: String::new() });
        }
        let timings = if self.timings.is_empty() { vec![Timing::UNBOUNDED] } else { self.timings };
        Ok(SessionDescription {
            origin: self.origin.ok_or(SdpError::NoOrigin)?,
            session_name: self.session_name.unwrap_or_else(|| "-".to_owned()),
            information: self.information,
            uri: self.uri,
            emails: self.emails,
            phones: self.phones,
            connection: self.connection,
            bandwidths: self.bandwidths,
            timings,
            time_zones: self.time_zones,
            attributes: self.attributes,
            media: self.media,
        })
    }
}

struct Line<'a> {
    number: usize,
    kind: char,
    value: &'a str,
}

impl Line<'_> {
    fn media(&self) -> Result<Media, SdpError> {
        let mut tokens = self.value.split_ascii_whitespace();
        let (Some(kind), Some(port), Some(protocol)) = (tokens.next(), tokens.next(), tokens.next()) else {
            return Err(self.malformed());
        };
        let (port, port_count) = match port.split_once('/') {
            Some((port, count)) => {
                (port, Some(count.parse().ok().filter(|count| *count > 0).ok_or_else(|| self.malformed())?))
            }
            None => (port, None),
        };
        let port = port.parse().map_err(|_| self.malformed())?;
        let mut media = Media::new(MediaKind::parse(kind), port, Protocol::parse(protocol));
        media.port_count = port_count;
        for format in tokens {
            self.at_most(media.formats.len(), "formats in a media line", MAX_FORMATS)?;
            media.formats.push(format.to_owned());
        }
        Ok(media)
    }

    fn into_media(self, media: &mut Media) -> Result<(), SdpError> {
        match self.kind {
            'i' => self.once(&mut media.title, self.value.to_owned())?,
            'c' => {
                let connection = Connection::parse(self.value).ok_or_else(|| self.malformed())?;
                media.connection.get_or_insert(connection);
            }
            'b' => media.bandwidths.extend(Bandwidth::parse(self.value)),
            'k' => {}
            'a' => {
                self.at_most(media.attributes.len(), "attributes in a section", MAX_ATTRIBUTES)?;
                media.attributes.push(Attribute::parse(self.value));
            }
            _ => return Err(self.unknown()),
        }
        Ok(())
    }

    fn once<T>(&self, slot: &mut Option<T>, value: T) -> Result<(), SdpError> {
        if slot.is_some() {
            return Err(SdpError::Repeated { line: self.number, kind: self.kind });
        }
        *slot = Some(value);
        Ok(())
    }

    fn at_most(&self, present: usize, what: &'static str, limit: usize) -> Result<(), SdpError> {
        if present >= limit {
            return Err(SdpError::TooMany { line: self.number, what, limit });
        }
        Ok(())
    }

    fn malformed(&self) -> SdpError {
        SdpError::Malformed { line: self.number, kind: self.kind, value: excerpt(self.value) }
    }

    fn unknown(&self) -> SdpError {
        SdpError::UnknownLine { line: self.number, found: excerpt(&format!("{}={}", self.kind, self.value)) }
    }
}

/// `s=` with nothing behind it is common and illegal; it means the same as `s=-`.
fn name(value: &str) -> String {
    if value.trim().is_empty() { "-".to_owned() } else { value.to_owned() }
}

/// Peers choose what stands in their lines, so that errors quote only the beginning.
fn excerpt(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
