//! Values that have a form of their own: port ranges, switches, levels, times. Each one parses the same way from the
//! command line, the environment and the file.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use clap::ValueEnum;
use serde::Deserialize;

/// First and last UDP port of a range, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    /// The range from `first` to `last`.
    pub(crate) const fn new(first: u16, last: u16) -> Self {
        Self { first, last }
    }

    /// Every port of the range.
    pub(crate) fn ports(self) -> RangeInclusive<u16> {
        self.first..=self.last
    }
}

impl FromStr for PortRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let accepted = || {
            format!(
                "rtp_ports: {text:?} is not accepted; a first and a last port of 1024 to 65535 with room for \
                 two ports, for example 16384-32767"
            )
        };
        let (first, last) = text.split_once('-').ok_or_else(accepted)?;
        let first: u16 = first.trim().parse().map_err(|_| accepted())?;
        let last: u16 = last.trim().parse().map_err(|_| accepted())?;
        // A pair begins on an even port, so the first even port and the one after it must fit.
        if first < 1024 || u32::from(first).next_multiple_of(2) + 1 > u32::from(last) {
            return Err(accepted());
        }
        Ok(Self { first, last })
    }
}

impl TryFrom<String> for PortRange {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl std::fmt::Display for PortRange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

/// A setting that is on or off; the file may also say `true` or `false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Switch {
    On,
    Off,
}

impl Switch {
    /// Whether it is on.
    pub(crate) fn is_on(self) -> bool {
        self == Self::On
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Bool(bool),
            Word(String),
            Other(toml::Value),
        }
        match Written::deserialize(deserializer)? {
            Written::Bool(true) => Ok(Self::On),
            Written::Bool(false) => Ok(Self::Off),
            Written::Word(word) if word == "on" => Ok(Self::On),
            Written::Word(word) if word == "off" => Ok(Self::Off),
            Written::Word(word) => {
                Err(serde::de::Error::custom(format!("{word:?} is not accepted; \"on\" or \"off\"")))
            }
            Written::Other(value) => {
                Err(serde::de::Error::custom(format!("{value} is not accepted; \"on\" or \"off\"")))
            }
        }
    }
}

/// What is sent when nothing plays (RING-37).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Silence {
    /// Silent frames.
    Send,
    /// Nothing; the next packet carries the marker.
    Suppress,
}

/// The levels of LOG-2, from most to least verbose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Level {
    /// Everything.
    Debug,
    /// Events such as state changes.
    Trace,
    /// Start and end of channels.
    Info,
    /// Essentials such as the end of an application.
    Report,
    /// Something is not as it should be.
    #[value(alias = "warn")]
    #[serde(alias = "warn")]
    Warning,
    /// Something failed.
    Error,
}

impl Level {
    /// The name that the settings and the worker protocol use.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Trace => "trace",
            Self::Info => "info",
            Self::Report => "report",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// An address with or without a port (5060 then); `*` stands for every address of the machine.
pub(crate) fn parse_bind(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok(address);
    }
    if let Ok(address) = text.trim_matches(['[', ']']).parse::<IpAddr>() {
        return Ok(SocketAddr::new(address, 5060));
    }
    if let Some(Ok(port)) = text.strip_prefix("*:").or_else(|| text.strip_prefix(':')).map(str::parse) {
        return Ok(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port));
    }
    Err(format!(
        "{text:?} is not accepted; an IP address and port, for example 192.0.2.7:5060, [2001:db8::7]:5060 or *:5060"
    ))
}

/// A time such as `10s`, `1.5s`, `500ms`, `2m` or `10` (seconds).
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let accepted = || {
        format!(
            "{text:?} is not accepted; a time of 0 to 24 hours such as 10s, 1.5s, 500ms or 2m, or a number of seconds"
        )
    };
    let number_end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number: f64 = text[..number_end].parse().map_err(|_| accepted())?;
    let seconds = match text[number_end..].trim() {
        "" | "s" => number,
        "ms" => number / 1000.0,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        _ => return Err(accepted()),
    };
    if seconds > 86400.0 {
        return Err(accepted());
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| accepted())
}

/// A final SIP status code.
pub(crate) fn parse_status(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(code @ 200..=699) => Ok(code),
        _ => Err(format!("{text:?} is not accepted; a final SIP status of 200 to 699")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        for (text, milliseconds) in
            [("10s", 10_000), ("1.5s", 1500), ("500ms", 500), ("2m", 120_000), ("7", 7000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn times_that_mean_nothing_are_refused_with_what_is_accepted() {
        for text in ["", "s", "-1s", "1x", "1.2.3", "25h", "NaN", "é"] {
            let message = parse_duration(text).expect_err(text);
            assert!(message.contains("500ms"), "{message}");
        }
    }

    #[test]
    fn a_port_range_needs_room_for_one_pair() {
        assert_eq!("16384-32767".parse(), Ok(PortRange::new(16384, 32767)));
        assert_eq!("20000-20001".parse(), Ok(PortRange::new(20000, 20001)));
        for text in ["20001-20002", "20000", "20000-19000", "80-90", "a-b", "20000-70000", "65535-65535"] {
            assert!(text.parse::<PortRange>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_may_leave_out_the_port() {
        assert_eq!(parse_bind("192.0.2.7"), Ok("192.0.2.7:5060".parse().expect("literal")));
        assert_eq!(parse_bind("[::1]"), Ok("[::1]:5060".parse().expect("literal")));
        assert_eq!(parse_bind("*:5070"), Ok("0.0.0.0:5070".parse().expect("literal")));
        assert!(parse_bind("example.org:5060").is_err());
    }
}
