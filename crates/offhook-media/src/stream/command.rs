//! What a user of a stream asks of it.

use std::time::Duration;

use super::config::StreamUpdate;
use crate::Clip;
use crate::playout::JobId;

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
    /// Send digits as telephone events, 100 ms each and 100 ms apart; a comma is a pause of half a second.
    SendDigits(String),
    /// Say where things stand: answered by [`StreamEvent::Report`](super::StreamEvent::Report).
    Report,
    /// Say BYE and end. The last event is [`StreamEvent::Closed`](super::StreamEvent::Closed).
    Close,
}
