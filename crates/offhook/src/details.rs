//! What is known about a call: `Details`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// A snapshot of what is known about a call (DET-1).
///
/// Taking one never waits, in any state; after the call the values stay as they were at its end (DET-2).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Details {
    /// Unique id of this call.
    pub call_id: Arc<str>,
    /// The caller's number, or SIP address if it is not a number.
    pub call_from: Arc<str>,
    /// The final destination: number or SIP address of the request.
    pub call_to: Arc<str>,
    /// The destination as first dialled.
    pub call_target: Arc<str>,
    /// The original destination if the call was diverted.
    pub call_divert: Option<Arc<str>>,
    /// The attestation level of the caller's number.
    pub attestation: Option<Attestation>,
    /// The user of [`Config::users`](crate::Config::users) whose password the caller had; `None` where nobody asked.
    /// What `call_from` says is the caller's own word.
    pub authenticated_user: Option<Arc<str>>,
    /// The codec in use, in the notation of codec lists.
    pub codec: Option<&'static str>,
    /// The direction of the call.
    pub direction: Direction,
    /// The protocol's own reason for the end of the call (CAU-4); empty until then.
    pub raw_cause: Arc<str>,
    /// The Q.850 cause of the far end's last message, if it sent one (CAU-7).
    pub q850: Option<u8>,
    /// The call this one is connected to.
    pub connected_id: Option<Arc<str>>,
    /// Result of live speaker detection.
    pub far_end_type: FarEndType,
    /// The far end's signalling address.
    pub remote_address: Option<SocketAddr>,
    /// When the call began.
    pub start_time: SystemTime,
    /// When it became `ANSWERED`.
    pub answer_time: Option<SystemTime>,
    /// Time since the answer, up to now or to the end, to a tenth of a second; zero if never answered.
    pub duration: Duration,
    /// Early media is or was in force.
    pub early_media: bool,
    /// How the audio does.
    pub media_stats: MediaStats,
}

/// The direction of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// A caller called us.
    Inbound,
    /// We called.
    Outbound,
}

impl Direction {
    /// The documented name: `inbound` or `outbound`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

/// How far the caller's provider vouches for the calling number (RFC 8588, ATIS-1000074).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Attestation {
    /// Full attestation.
    A,
    /// Partial attestation.
    B,
    /// Gateway attestation.
    C,
}

impl Attestation {
    /// The letter.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }
}

/// Who or what answered, as live speaker detection judges it (LSD-4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FarEndType {
    /// A person.
    Live,
    /// An answering machine.
    AnswerMachine,
    /// A fax machine.
    FaxMachine,
    /// Not classified.
    #[default]
    Unknown,
}

impl FarEndType {
    /// The documented name, for example `ANSWER_MACHINE`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "LIVE",
            Self::AnswerMachine => "ANSWER_MACHINE",
            Self::FaxMachine => "FAX_MACHINE",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// Counts of a call's audio (DET-3). After the end of the call they are final.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct MediaStats {
    /// RTP packets sent.
    pub packets_sent: u64,
    /// RTP packets received.
    pub packets_received: u64,
    /// RTP packets that never arrived, by sequence number.
    pub packets_lost: u64,
    /// Interarrival jitter in milliseconds (RFC 3550 section 6.4.1).
    pub jitter_milliseconds: f64,
    /// Estimated mean opinion score, 1.0 to 4.5; `None` before five seconds of received audio.
    pub mos: Option<f64>,
}

impl MediaStats {
    /// The statistics of a stream.
    pub(crate) fn of(stream: &offhook_media::StreamStats) -> Self {
        Self {
            packets_sent: stream.packets_sent,
            packets_received: stream.packets_received,
            packets_lost: stream.packets_lost,
            jitter_milliseconds: stream.jitter_ms,
            mos: stream.mos(),
        }
    }
}
