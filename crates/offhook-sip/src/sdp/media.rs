//! One `m=` section.

use std::fmt;

use super::address::Connection;
use super::attribute::{Attribute, Direction, RtcpAddress, RtpMap, payload_number};
use super::description::{Bandwidth, line};

/// One `m=` line with the lines below it (RFC 8866 section 5.14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Kind of media.
    pub kind: MediaKind,
    /// Port; 0 refuses or ends the stream (RFC 3264 sections 6 and 8.2).
    pub port: u16,
    /// Number of ports, if written as `port/count`.
    pub port_count: Option<u16>,
    /// Transport protocol.
    pub protocol: Protocol,
    /// Formats in order of preference; for RTP the payload numbers.
    pub formats: Vec<String>,
    /// `i=`: a title.
    pub title: Option<String>,
    /// `c=` of this section; where there is none, the session's holds.
    pub connection: Option<Connection>,
    /// `b=` lines.
    pub bandwidths: Vec<Bandwidth>,
    /// `a=` lines.
    pub attributes: Vec<Attribute>,
}

impl Media {
    /// A section without formats and attributes.
    pub fn new(kind: MediaKind, port: u16, protocol: Protocol) -> Self {
        Self {
            kind,
            port,
            port_count: None,
            protocol,
            formats: Vec::new(),
            title: None,
            connection: None,
            bandwidths: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// The section that refuses this one: port 0, same kind, protocol and formats (RFC 3264 section 6).
    pub fn refused(&self) -> Self {
        let mut formats = self.formats.clone();
        if formats.is_empty() {
            // The grammar wants at least one; what it is has no meaning at port 0.
            formats.push("0".to_owned());
        }
        Self { formats, ..Self::new(self.kind.clone(), 0, self.protocol.clone()) }
    }

    /// The first attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The values of all attributes of that name.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.attributes.iter().filter(move |a| a.name == name).filter_map(|a| a.value.as_deref())
    }

    /// The RTP payload numbers among the formats, in order.
    pub fn payloads(&self) -> impl Iterator<Item = u8> + '_ {
        self.formats.iter().filter_map(|format| payload_number(format))
    }

    /// All well-formed `a=rtpmap` lines.
    pub fn rtpmaps(&self) -> impl Iterator<Item = RtpMap> + '_ {
        self.values("rtpmap").filter_map(RtpMap::parse)
    }

    /// The encoding that is written for a payload number.
    pub fn rtpmap(&self, payload: u8) -> Option<RtpMap> {
        self.rtpmaps().find(|map| map.payload == payload)
    }

    /// The format parameters that are written for a payload number.
    pub fn fmtp(&self, payload: u8) -> Option<&str> {
        self.values("fmtp").find_map(|value| {
            let (number, parameters) = value.trim_start().split_once(|c: char| c.is_ascii_whitespace())?;
            (payload_number(number) == Some(payload)).then(|| parameters.trim())
        })
    }

    /// `a=ptime` in milliseconds: how much sound the writer wants in a packet.
    pub fn ptime(&self) -> Option<u32> {
        self.milliseconds("ptime")
    }

    /// `a=maxptime` in milliseconds: how much sound the writer can take in a packet.
    pub fn maxptime(&self) -> Option<u32> {
        self.milliseconds("maxptime")
    }

    /// The direction written in this section; where there is none, the session's holds (see
    /// [`SessionDescription::direction`](super::SessionDescription::direction)).
    pub fn direction(&self) -> Option<Direction> {
        Direction::of(&self.attributes)
    }

    /// `a=rtcp` (RFC 3605).
    pub fn rtcp(&self) -> Option<RtcpAddress> {
        self.values("rtcp").find_map(RtcpAddress::parse)
    }

    /// Whether RTP and RTCP may share a port: `a=rtcp-mux` (RFC 5761).
    pub fn rtcp_mux(&self) -> bool {
        self.attribute("rtcp-mux").is_some()
    }

    /// Whole milliseconds; a fraction, which some phones write, is dropped, and zero counts as not written.
    fn milliseconds(&self, name: &str) -> Option<u32> {
        let value = self.values(name).next()?.trim();
        value.split('.').next()?.parse().ok().filter(|milliseconds| *milliseconds > 0)
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {}", self.kind, self.port)?;
        if let Some(count) = self.port_count {
            write!(f, "/{count}")?;
        }
        f.write_str(" ")?;
        self.protocol.fmt(f)?;
        for format in &self.formats {
            f.write_str(" ")?;
            f.write_str(format)?;
        }
        f.write_str("\r\n")?;
        if let Some(title) = &self.title {
            line(f, "i=", title)?;
        }
        if let Some(connection) = &self.connection {
            line(f, "c=", connection)?;
        }
        for bandwidth in &self.bandwidths {
            line(f, "b=", bandwidth)?;
        }
        for attribute in &self.attributes {
            line(f, "a=", attribute)?;
        }
        Ok(())
    }
}

/// The kind of media in an `m=` line. Known names are read without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaKind {
    /// `audio`
    Audio,
    /// `video`
    Video,
    /// `application`
    Application,
    /// `text`
    Text,
    /// `image`, for example T.38 fax.
    Image,
    /// Any other, as written.
    Other(String),
}

impl MediaKind {
    pub(crate) fn parse(text: &str) -> Self {
        const KNOWN: [MediaKind; 5] =
            [MediaKind::Audio, MediaKind::Video, MediaKind::Application, MediaKind::Text, MediaKind::Image];
        KNOWN
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(text))
            .unwrap_or_else(|| Self::Other(text.to_owned()))
    }

    /// The name as written in SDP.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Audio => "audio",
            Self::Video => "video",
            Self::Application => "application",
            Self::Text => "text",
            Self::Image => "image",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for MediaKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The transport protocol of an `m=` line. Known names are read without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protocol {
    /// `RTP/AVP`: plain RTP (RFC 3551).
    RtpAvp,
    /// `RTP/SAVP`: SRTP (RFC 3711).
    RtpSavp,
    /// `RTP/AVPF`: plain RTP with early feedback (RFC 4585).
    RtpAvpf,
    /// `RTP/SAVPF`: SRTP with early feedback (RFC 5124).
    RtpSavpf,
    /// `UDP/TLS/RTP/SAVP`: SRTP keyed by DTLS (RFC 5764).
    UdpTlsRtpSavp,
    /// `UDP/TLS/RTP/SAVPF`: the same with early feedback.
    UdpTlsRtpSavpf,
    /// Any other, as written.
    Other(String),
}

impl Protocol {
    pub(crate) fn parse(text: &str) -> Self {
        const KNOWN: [Protocol; 6] = [
            Protocol::RtpAvp,
            Protocol::RtpSavp,
            Protocol::RtpAvpf,
            Protocol::RtpSavpf,
            Protocol::UdpTlsRtpSavp,
            Protocol::UdpTlsRtpSavpf,
        ];
        KNOWN
            .into_iter()
            .find(|protocol| protocol.as_str().eq_ignore_ascii_case(text))
            .unwrap_or_else(|| Self::Other(text.to_owned()))
    }

    /// The name as written in SDP.
    pub fn as_str(&self) -> &str {
        match self {
            Self::RtpAvp => "RTP/AVP",
            Self::RtpSavp => "RTP/SAVP",
            Self::RtpAvpf => "RTP/AVPF",
            Self::RtpSavpf => "RTP/SAVPF",
            Self::UdpTlsRtpSavp => "UDP/TLS/RTP/SAVP",
            Self::UdpTlsRtpSavpf => "UDP/TLS/RTP/SAVPF",
            Self::Other(name) => name,
        }
    }

    /// Whether it asks for SRTP.
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Self::RtpSavp | Self::RtpSavpf | Self::UdpTlsRtpSavp | Self::UdpTlsRtpSavpf)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
