//! What this side brings to a negotiation: its codecs and where it receives media.

use std::net::IpAddr;

use super::attribute::RtpMap;

/// A codec that this side can send and receive, in the words that SDP needs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CodecSpec {
    /// The name by which the caller of this module knows it, for example `g711a`.
    pub name: &'static str,
    /// Encoding name in `a=rtpmap`, for example `PCMA`.
    pub encoding: &'static str,
    /// RTP clock rate in hertz.
    pub clock_rate_hz: u32,
    /// Number of audio channels.
    pub channels: u8,
    /// The payload number that RFC 3551 assigns, if it assigns one.
    pub static_payload: Option<u8>,
    /// The format parameters that this side writes, if any.
    pub fmtp: Option<String>,
    /// A packet holds a whole number of frames of so many milliseconds.
    pub frame_ms: u8,
}

impl CodecSpec {
    /// A mono codec with a dynamic payload number, no format parameters, and packets of any length.
    pub fn new(name: &'static str, encoding: &'static str, clock_rate_hz: u32) -> Self {
        Self { name, encoding, clock_rate_hz, channels: 1, static_payload: None, fmtp: None, frame_ms: 1 }
    }

    /// The same with the payload number that RFC 3551 assigns to it.
    pub fn with_static_payload(self, payload: u8) -> Self {
        Self { static_payload: Some(payload), ..self }
    }

    /// The same with another number of channels.
    pub fn with_channels(self, channels: u8) -> Self {
        Self { channels, ..self }
    }

    /// The same with format parameters.
    pub fn with_fmtp(self, fmtp: impl Into<String>) -> Self {
        Self { fmtp: Some(fmtp.into()), ..self }
    }

    /// The same with packets that hold a whole number of frames.
    pub fn with_frame_ms(self, frame_ms: u8) -> Self {
        Self { frame_ms, ..self }
    }

    pub(crate) fn rtpmap(&self, payload: u8) -> RtpMap {
        RtpMap {
            payload,
            encoding: self.encoding.to_owned(),
            clock_rate_hz: self.clock_rate_hz,
            channels: self.channels,
        }
    }
}

/// Where and how this side receives media.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalMedia {
    /// The address that the far end is told to send to.
    pub address: IpAddr,
    /// The RTP port; RTCP is received on the next one, or on the same where `rtcp-mux` is agreed.
    pub port: u16,
    /// Session identifier of the `o=` line: one number for the life of the dialog.
    pub session_id: u64,
    /// Preferred packet time in milliseconds, 10 to 60; values outside are taken as the nearest bound.
    pub packet_time_ms: u8,
    /// Whether `telephone-event` (RFC 4733) is offered, and accepted when it is offered.
    pub telephone_event: bool,
}

impl LocalMedia {
    /// 20 ms packets, with `telephone-event`.
    pub fn new(address: IpAddr, port: u16, session_id: u64) -> Self {
        Self { address, port, session_id, packet_time_ms: 20, telephone_event: true }
    }
}
