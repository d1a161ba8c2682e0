//! A whole session description.

use std::fmt;

use super::address::{Address, Connection};
use super::attribute::{Attribute, Direction};
use super::media::Media;

/// A session description (RFC 8866 section 5). `Display` writes it with CRLF line ends, in the order that the RFC
/// prescribes; the protocol version is always 0.
///
/// Fields that are filled in by a program must not contain CR, LF or NUL; those that were parsed never do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionDescription {
    /// `o=`: who made it, and which version it is.
    pub origin: Origin,
    /// `s=`: name of the session; `-` where nobody cares.
    pub session_name: String,
    /// `i=`: a description for a person.
    pub information: Option<String>,
    /// `u=`: where to read more.
    pub uri: Option<String>,
    /// `e=`: addresses of the persons responsible.
    pub emails: Vec<String>,
    /// `p=`: their telephone numbers.
    pub phones: Vec<String>,
    /// `c=` for all media sections that have none of their own.
    pub connection: Option<Connection>,
    /// `b=` lines.
    pub bandwidths: Vec<Bandwidth>,
    /// `t=` lines. At least one is mandatory: where there is none, `t=0 0` is read and written.
    pub timings: Vec<Timing>,
    /// `z=`: adjustments of time zones, as written.
    pub time_zones: Option<String>,
    /// `a=` lines of the session.
    pub attributes: Vec<Attribute>,
    /// `m=` sections in order.
    pub media: Vec<Media>,
}

impl SessionDescription {
    /// A description without media.
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            session_name: "-".to_owned(),
            information: None,
            uri: None,
            emails: Vec::new(),
            phones: Vec::new(),
            connection: None,
            bandwidths: Vec::new(),
            timings: vec![Timing::UNBOUNDED],
            time_zones: None,
            attributes: Vec::new(),
            media: Vec::new(),
        }
    }

    /// The connection address that holds for a section: its own, else the session's.
    pub fn connection<'a>(&'a self, media: &'a Media) -> Option<&'a Connection> {
        media.connection.as_ref().or(self.connection.as_ref())
    }

    /// The direction that holds for a section: its own, else the session's, else `sendrecv`.
    pub fn direction(&self, media: &Media) -> Direction {
        media.direction().or_else(|| Direction::of(&self.attributes)).unwrap_or_default()
    }
}

impl fmt::Display for SessionDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("v=0\r\n")?;
        line(f, "o=", &self.origin)?;
        line(f, "s=", &self.session_name)?;
        if let Some(information) = &self.information {
            line(f, "i=", information)?;
        }
        if let Some(uri) = &self.uri {
            line(f, "u=", uri)?;
        }
        for email in &self.emails {
            line(f, "e=", email)?;
        }
        for phone in &self.phones {
            line(f, "p=", phone)?;
        }
        if let Some(connection) = &self.connection {
            line(f, "c=", connection)?;
        }
        for bandwidth in &self.bandwidths {
            line(f, "b=", bandwidth)?;
        }
        if self.timings.is_empty() {
            Timing::UNBOUNDED.fmt(f)?;
        }
        for timing in &self.timings {
            timing.fmt(f)?;
        }
        if let Some(time_zones) = &self.time_zones {
            line(f, "z=", time_zones)?;
        }
        for attribute in &self.attributes {
            line(f, "a=", attribute)?;
        }
        self.media.iter().try_for_each(|media| media.fmt(f))
    }
}

/// Writes a line with its line end. Descriptions consist of little else, and `write!` takes twice as long.
pub(super) fn line(f: &mut fmt::Formatter<'_>, kind: &str, value: &impl fmt::Display) -> fmt::Result {
    f.write_str(kind)?;
    value.fmt(f)?;
    f.write_str("\r\n")
}

/// The `o=` line (RFC 8866 section 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// User name; `-` for none.
    pub username: String,
    /// Identifies the session together with the user name and the address.
    pub session_id: u64,
    /// Goes up by one with each change of the description (RFC 3264 section 8).
    pub session_version: u64,
    /// The address of the machine that made it.
    pub address: Address,
}

impl Origin {
    /// The first version of a session, without a user name.
    pub fn new(session_id: u64, address: impl Into<Address>) -> Self {
        Self { username: "-".to_owned(), session_id, session_version: 1, address: address.into() }
    }

    pub(crate) fn parse(value: &str) -> Option<Self> {
        // Read from the right: user names with blanks in them are illegal and not rare.
        let tokens: Vec<&str> = value.split_ascii_whitespace().collect();
        let (username, rest) = tokens.split_at_checked(tokens.len().checked_sub(5)?)?;
        let [session_id, session_version, network, kind, address] = rest else { return None };
        Some(Self {
            username: if username.is_empty() { "-".to_owned() } else { username.join(" ") },
            session_id: loose_number(session_id)?,
            session_version: loose_number(session_version)?,
            address: Address::from_tokens(network, kind, address),
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.username, self.session_id, self.session_version, self.address)
    }
}

/// Session numbers are only ever compared with each other, so what overflows on a peer's side (a minus sign, more than
/// 64 bits) is no reason to refuse a call: the sign is dropped and the number cut at the largest.
fn loose_number(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits.parse().unwrap_or(u64::MAX))
}

/// A `b=` line (RFC 8866 section 5.8).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bandwidth {
    /// Type, for example `AS` or `TIAS`.
    pub kind: String,
    /// Value in the unit of its type: kilobits a second for `AS` and `CT`, bits a second for `TIAS`, `RS` and `RR`.
    pub value: u64,
}

impl Bandwidth {
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let (kind, value) = value.split_once(':')?;
        Some(Self { kind: kind.trim().to_owned(), value: value.trim().parse().ok()? })
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.value)
    }
}

/// A `t=` line with its `r=` lines (RFC 8866 sections 5.9 and 5.10).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Timing {
    /// Start in seconds since 1900; 0 for unbounded.
    pub start: u64,
    /// End in seconds since 1900; 0 for unbounded.
    pub stop: u64,
    /// `r=` lines, as written.
    pub repeats: Vec<String>,
}

impl Timing {
    /// `t=0 0`, as in every call.
    pub const UNBOUNDED: Self = Self { start: 0, stop: 0, repeats: Vec::new() };

    pub(crate) fn parse(value: &str) -> Option<Self> {
        let mut tokens = value.split_ascii_whitespace();
        let (start, stop) = (tokens.next()?.parse().ok()?, tokens.next()?.parse().ok()?);
        Some(Self { start, stop, repeats: Vec::new() })
    }
}

impl fmt::Display for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t={} {}\r\n", self.start, self.stop)?;
        self.repeats.iter().try_for_each(|repeat| write!(f, "r={repeat}\r\n"))
    }
}
