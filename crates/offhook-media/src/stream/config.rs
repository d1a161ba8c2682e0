//! What a stream is made with, and what a later offer and answer can change.

use std::net::SocketAddr;
use std::time::Duration;

use crate::Codec;

/// Everything a [`Stream`](crate::Stream) is made with.
#[derive(Clone, Debug)]
pub struct StreamConfig {
    /// Our synchronisation source, drawn at random. It also seeds the times of RTCP reports.
    pub ssrc: u32,
    /// Sequence number of the first packet, drawn at random.
    pub first_sequence: u16,
    /// Timestamp of the first packet, drawn at random.
    pub first_timestamp: u32,
    /// The codec of both directions.
    pub codec: Codec,
    /// Payload type that the far end wants for `codec`.
    pub payload_send: u8,
    /// Payload type that we named for `codec`.
    pub payload_receive: u8,
    /// Payload type that we named for telephone events, `None` if they were not negotiated.
    pub telephone_event: Option<u8>,
    /// Payload type that the far end wants for telephone events, `None` if they were not negotiated.
    pub telephone_event_send: Option<u8>,
    /// Time from packet to packet: 10 to 60 ms, and a whole number of [`Codec::frame_time`]s; what lies outside is
    /// brought inside.
    pub packet_time: Duration,
    /// Where the session description wants RTP; `None`: nothing is sent (RFC 3264 section 5.1, `c=0.0.0.0`).
    pub remote_rtp: Option<SocketAddr>,
    /// Where the session description wants RTCP; `None`: no reports.
    pub remote_rtcp: Option<SocketAddr>,
    /// Whether RTP and RTCP share one port (RFC 5761).
    pub rtcp_mux: bool,
    /// Our direction.
    pub direction: StreamDirection,
    /// Whether packets go where valid packets come from (RING-38).
    pub symmetric: bool,
    /// What is sent when nothing plays.
    pub silence: SilencePolicy,
    /// Our canonical name in RTCP (RFC 3550 section 6.5.1).
    pub cname: String,
    /// Whether every packet heard is told, as [`StreamEvent::Heard`](crate::StreamEvent::Heard).
    pub record: bool,
    /// Time from the stream's beginning to its first frame; spreads many streams over one packet time.
    pub offset: Duration,
}

/// What a later offer and answer agreed on; replaces all of it, from the next frame on.
///
/// SSRC, sequence numbers, timestamps and what plays go on (RING-35).
#[derive(Clone, Debug)]
pub struct StreamUpdate {
    /// As in [`StreamConfig`]; another address than before opens the latch again.
    pub remote_rtp: Option<SocketAddr>,
    /// As in [`StreamConfig`].
    pub remote_rtcp: Option<SocketAddr>,
    /// As in [`StreamConfig`].
    pub rtcp_mux: bool,
    /// As in [`StreamConfig`].
    pub codec: Codec,
    /// As in [`StreamConfig`].
    pub payload_send: u8,
    /// As in [`StreamConfig`].
    pub payload_receive: u8,
    /// As in [`StreamConfig`].
    pub telephone_event: Option<u8>,
    /// As in [`StreamConfig`].
    pub telephone_event_send: Option<u8>,
    /// As in [`StreamConfig`].
    pub packet_time: Duration,
    /// As in [`StreamConfig`].
    pub direction: StreamDirection,
}

/// Which way media flows, seen from us (RFC 3264 section 5.1).
///
/// In a direction that does not send, the timestamp line and the position in what plays advance all the same: a
/// caller that takes the call off hold hears the ringtone where it is by then, not where it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamDirection {
    /// Both ways.
    SendRecv,
    /// We send only.
    SendOnly,
    /// We hear only.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl StreamDirection {
    /// Whether we send.
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }
}

/// What is sent while nothing plays (RING-37).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SilencePolicy {
    /// Frames of silence.
    #[default]
    Send,
    /// Nothing; the first packet after it carries the marker.
    Suppress,
}

/// The packet times that are sent.
pub(super) const PACKET_TIMES_MS: std::ops::RangeInclusive<u128> = 10..=60;

/// A packet time as it is sent: within the range, and a whole number of the codec's frames.
pub(super) fn packet_time(codec: Codec, wanted: Duration) -> Duration {
    let wanted_ms = wanted.as_millis().clamp(*PACKET_TIMES_MS.start(), *PACKET_TIMES_MS.end());
    let frame = codec.frame_time();
    let frames = wanted_ms / frame.as_millis().max(1);
    // At most 60.
    frame * frames.max(1) as u32
}
