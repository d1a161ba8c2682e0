//! `a=` lines and the attributes that offer/answer reads.

use std::fmt;

use super::address::Address;

/// One `a=` line (RFC 8866 section 5.13): `a=name` or `a=name:value`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attribute {
    /// The name; attribute names are case-sensitive.
    pub name: String,
    /// What follows the colon; `None` for a property attribute such as `a=sendrecv`.
    pub value: Option<String>,
}

impl Attribute {
    /// A property attribute: `a=name`.
    pub fn flag(name: impl Into<String>) -> Self {
        Self { name: name.into(), value: None }
    }

    /// A value attribute: `a=name:value`.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), value: Some(value.into()) }
    }

    pub(crate) fn parse(value: &str) -> Self {
        match value.split_once(':') {
            Some((name, value)) => Self::new(name.trim_end(), value),
            None => Self::flag(value.trim_end()),
        }
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => {
                f.write_str(&self.name)?;
                f.write_str(":")?;
                f.write_str(value)
            }
            None => f.write_str(&self.name),
        }
    }
}

/// Which way media flows, seen from the side that wrote it (RFC 8866 section 6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Direction {
    /// Both ways; what holds where no direction is written.
    #[default]
    SendRecv,
    /// The writer sends and does not want to receive.
    SendOnly,
    /// The writer receives and does not send.
    RecvOnly,
    /// Neither way; RTCP still flows.
    Inactive,
}

impl Direction {
    /// From the two halves.
    pub fn from_halves(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether the writer sends.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the writer receives.
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// The same stream seen from the other side.
    pub fn reversed(self) -> Self {
        Self::from_halves(self.receives(), self.sends())
    }

    /// What is left when both sides of one view limit it.
    pub fn and(self, other: Self) -> Self {
        Self::from_halves(self.sends() && other.sends(), self.receives() && other.receives())
    }

    /// The attribute's name, for example `sendrecv`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// The first direction attribute in the list. Names are compared without regard to case, since some phones write
    /// `a=SendRecv`.
    pub(crate) fn of(attributes: &[Attribute]) -> Option<Self> {
        const ALL: [Direction; 4] =
            [Direction::SendRecv, Direction::SendOnly, Direction::RecvOnly, Direction::Inactive];
        attributes
            .iter()
            .filter(|attribute| attribute.value.is_none())
            .find_map(|attribute| ALL.into_iter().find(|d| attribute.name.eq_ignore_ascii_case(d.as_str())))
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `a=rtpmap`: which encoding a payload number stands for (RFC 8866 section 6.6).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RtpMap {
    /// RTP payload type number, 0 to 127.
    pub payload: u8,
    /// Encoding name, for example `PCMA`; compared without regard to case.
    pub encoding: String,
    /// RTP clock rate in hertz.
    pub clock_rate_hz: u32,
    /// Number of audio channels; 1 where none is written.
    pub channels: u8,
}

impl RtpMap {
    /// Reads the attribute's value, for example `8 PCMA/8000`; `None` if it is malformed.
    pub fn parse(value: &str) -> Option<Self> {
        let (payload, rest) = value.trim().split_once(|c: char| c.is_ascii_whitespace())?;
        let mut parts = rest.trim().split('/');
        let encoding = parts.next().filter(|encoding| !encoding.is_empty())?;
        let clock_rate_hz = parts.next()?.trim().parse().ok().filter(|rate| *rate > 0)?;
        let channels = match parts.next() {
            Some(channels) => channels.trim().parse().ok().filter(|channels| *channels > 0)?,
            None => 1,
        };
        Some(Self { payload: payload_number(payload)?, encoding: encoding.into(), clock_rate_hz, channels })
    }

    /// Whether this is the named encoding at that rate with that many channels.
    pub fn is(&self, encoding: &str, clock_rate_hz: u32, channels: u8) -> bool {
        self.encoding.eq_ignore_ascii_case(encoding)
            && self.clock_rate_hz == clock_rate_hz
            && self.channels == channels
    }
}

impl fmt::Display for RtpMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.payload, self.encoding, self.clock_rate_hz)?;
        if self.channels > 1 { write!(f, "/{}", self.channels) } else { Ok(()) }
    }
}

/// Reads a payload type number: 0 to 127 (RFC 3550 section 5.1).
pub(crate) fn payload_number(text: &str) -> Option<u8> {
    text.parse().ok().filter(|number| *number <= 127)
}

/// `a=rtcp`: where RTCP is wanted if not on the port after RTP's (RFC 3605).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RtcpAddress {
    /// UDP port.
    pub port: u16,
    /// The address, if another than that of the media.
    pub address: Option<Address>,
}

impl RtcpAddress {
    /// Reads the attribute's value, for example `53020` or `53020 IN IP4 192.0.2.4`; `None` if it is malformed.
    pub fn parse(value: &str) -> Option<Self> {
        let mut tokens = value.split_ascii_whitespace();
        let port = tokens.next()?.parse().ok()?;
        let address = match tokens.next() {
            Some(network) => Some(Address::from_tokens(network, tokens.next()?, tokens.next()?)),
            None => None,
        };
        Some(Self { port, address })
    }
}

/// Which telephone events a side can receive: the `fmtp` of `telephone-event` (RFC 4733 section 2.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EventSet([u64; 4]);

impl EventSet {
    /// The sixteen DTMF digits, events 0 to 15: what holds where nothing is written.
    pub const DTMF: Self = Self([0xffff, 0, 0, 0]);

    /// Reads a list such as `0-15,66`. Parts that make no sense are passed over; if nothing is left the set is
    /// [`EventSet::DTMF`].
    pub fn parse(value: &str) -> Self {
        let mut set = Self([0; 4]);
        for part in value.split(',').map(str::trim) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Ok(first), Ok(last)) = (first.trim().parse::<u8>(), last.trim().parse::<u8>()) else {
                continue;
            };
            for event in first..=last {
                set.0[usize::from(event / 64)] |= 1 << (event % 64);
            }
        }
        if set.0 == [0; 4] { Self::DTMF } else { set }
    }

    /// Whether the event is in the set; 0 to 9 are the digits, 10 `*`, 11 `#`, 12 to 15 `A` to `D`, 16 flash.
    pub fn contains(&self, event: u8) -> bool {
        self.0[usize::from(event / 64)] & (1 << (event % 64)) != 0
    }
}
