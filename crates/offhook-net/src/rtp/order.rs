//! What a pacing thread is told.

use std::num::NonZeroUsize;
use std::time::Instant;

use offhook_media::{Clip, Party, StreamCommand, StreamConfig};

use super::engine::{Door, RoomId, StreamId};
use super::ports::Reserved;
use super::slot::{Events, Published, Slot};

/// An order to a pacing thread, by the engine or by another thread.
#[derive(Debug)]
pub(super) enum Order {
    Open(Box<Opening>),
    Command(StreamId, StreamCommand),
    /// The stream enters a room of this thread.
    Enter(StreamId, RoomId, Party),
    /// The stream leaves this room, if it is there.
    Leave(StreamId, RoomId),
    /// The stream is played a clip of its own in its room.
    PlayAlone(StreamId, Option<Clip>),
    /// The stream goes to another thread.
    Move(StreamId, Door),
    /// The stream will come from another thread; orders to it wait for it.
    Expect(StreamId),
    /// The stream that was expected.
    Adopt(Box<Slot>),
    /// The stream that was expected has ended before.
    Gone(StreamId),
    Room(RoomId, RoomOrder),
    Stop,
}

impl Order {
    /// The stream that an order is for, if it has to wait for that stream.
    pub(super) fn stream(&self) -> Option<StreamId> {
        match self {
            Self::Command(stream, _)
            | Self::Enter(stream, ..)
            | Self::Leave(stream, _)
            | Self::PlayAlone(stream, _)
            | Self::Move(stream, _) => Some(*stream),
            _ => None,
        }
    }
}

/// An order to a room.
#[derive(Debug)]
pub(super) enum RoomOrder {
    Open { loudest: Option<NonZeroUsize> },
    Announce(Clip),
    Close,
}

/// A stream to be opened.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) id: StreamId,
    /// When the order was given.
    pub(super) at: Instant,
    /// `None` for a stream whose far end is a room.
    pub(super) sockets: Option<Reserved>,
    pub(super) config: StreamConfig,
    pub(super) events: Events,
    pub(super) published: Published,
}
