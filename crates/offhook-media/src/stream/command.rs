//! What a user of a stream asks of it.

use std::time::Duration;

use super::config::StreamUpdate;
use crate::Clip;
use crate::playout::JobId;
use crate::recorder::{RecordEnd, RecordSettings};
use crate::speaker::{DetectionStart, MachineSettings};

/// An order to a [`Stream`](crate::Stream).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StreamCommand {
    /// Play a clip from the next frame on, in place of what plays (RING-34).
    Play {
        /// The name that [`StreamEvent::PlayEnded`](super::StreamEvent::PlayEnded) will carry.
        job: JobId,
        /// What is played.
        clip: Clip,
        /// Whether it is played again and again, without a seam (RING-44).
        looped: bool,
        /// The longest time that it is heard, to a sample; `None`: to its end, or for ever when looped.
        limit: Option<Duration>,
    },
    /// Stop what plays; silence from the next frame on.
    Stop,
    /// A later offer and answer changed the session.
    Update(StreamUpdate),
    /// Stand still in what plays, with silence in its place, until [`Resume`](Self::Resume) (FP-9). Limits count on.
    Pause,
    /// Go on with what plays.
    Resume,
    /// Go on from another place of what plays, counted from its beginning. Past its end it is over, or begins again
    /// when looped (FP-10).
    Seek(Duration),
    /// Send digits, 100 ms each and 100 ms apart; a comma is a pause of half a second. As telephone events, or as tones
    /// where these were not negotiated (DTMF-17).
    SendDigits(String),
    /// Send none of the digits that wait.
    StopDigits,
    /// Record what is heard from here on. A recording that runs ends.
    Record {
        /// The name that [`StreamEvent::Recorded`](super::StreamEvent::Recorded) will carry.
        job: JobId,
        /// How.
        settings: Box<RecordSettings>,
    },
    /// Listen who has answered; [`StreamEvent::SpeakerFound`](super::StreamEvent::SpeakerFound) tells (LSD-2, LSD-3).
    DetectSpeaker(DetectionStart, Duration),
    /// Wait until an answering machine is ready to record; [`StreamEvent::MachineReady`](super::StreamEvent::MachineReady)
    /// tells (LSD-8). `None` ends the wait silently.
    AwaitMachine(Option<MachineSettings>),
    /// End the recording, for this reason.
    StopRecording(RecordEnd),
    /// Say where things stand: answered by [`StreamEvent::Report`](super::StreamEvent::Report).
    Report,
    /// Say BYE and end. The last event is [`StreamEvent::Closed`](super::StreamEvent::Closed).
    Close,
}
