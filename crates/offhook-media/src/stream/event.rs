//! What a stream has to tell.

use std::net::SocketAddr;
use std::time::Duration;

use super::heard::HeardPacket;
use super::stats::StreamStats;
use crate::dtmf::QueueDigitsError;
use crate::playout::{JobId, PlayEnd};
use crate::recorder::{RecordEnd, RecordedPart};
use crate::speaker::SpeakerFound;

/// News from a [`Stream`](crate::Stream).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StreamEvent {
    /// The first RTP packet was written.
    Started,
    /// The far end is heard for the first time: its first RTP packet was accepted.
    FirstHeard,
    /// Something is no longer played. At the end of a clip, or at its limit, this comes when the frame that holds
    /// the last sample is over.
    PlayEnded {
        /// What.
        job: JobId,
        /// Why.
        reason: PlayEnd,
        /// How long it was heard.
        played: Duration,
    },
    /// The far end pressed a key.
    DigitBegun {
        /// `0` to `9`, `*`, `#`, `A` to `D`.
        digit: char,
        /// How it came.
        carrier: DigitCarrier,
    },
    /// The far end released a key: one press, one of these (DTMF-12).
    Digit {
        /// `0` to `9`, `*`, `#`, `A` to `D`.
        digit: char,
        /// How long it was pressed, as far as its packets arrived.
        duration: Duration,
        /// How it came.
        carrier: DigitCarrier,
    },
    /// All digits of the [`SendDigits`](super::StreamCommand::SendDigits) so far have been sent.
    DigitsSent,
    /// The digits of a [`SendDigits`](super::StreamCommand::SendDigits) are not sent.
    DigitsRefused {
        /// Why not.
        reason: DigitsRefusal,
    },
    /// It is known who has answered, or the time for it is over.
    SpeakerFound(SpeakerFound),
    /// The wait for an answering machine is over.
    MachineReady {
        /// Whether it is ready; false if the time was over first.
        ready: bool,
    },
    /// A piece of a recording, to be written.
    Recorded {
        /// Which recording.
        job: JobId,
        /// The piece.
        part: RecordedPart,
    },
    /// A recording is over: after its last [`Recorded`](Self::Recorded).
    RecordEnded {
        /// Which recording.
        job: JobId,
        /// Why.
        reason: RecordEnd,
        /// Whether anything but silence was heard (REC-6).
        heard_audio: bool,
        /// The playing time.
        duration: Duration,
    },
    /// Our packets go here from the next one on: the first valid packet came from there, and the session
    /// description names another address (RING-38).
    Latched {
        /// The far end's address.
        from: SocketAddr,
    },
    /// The far end said RTCP BYE.
    Bye,
    /// The answer to [`Report`](super::StreamCommand::Report).
    Report(StreamStats),
    /// A packet that was accepted, telephone events included; only in a stream that records.
    Heard(HeardPacket),
    /// The stream has ended; its last event.
    Closed(StreamStats),
}

/// How a digit came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DigitCarrier {
    /// As telephone events (RFC 4733).
    Event,
    /// As tones within the audio.
    InBand,
}

/// Why digits are not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigitsRefusal {
    /// A later offer and answer took the telephone events away that were being sent.
    #[error("telephone events are no longer negotiated")]
    NotNegotiated,
    /// A character is no digit, or too many are waiting.
    #[error(transparent)]
    Queue(#[from] QueueDigitsError),
}
