//! Two channels joined in a room of their own (CONN-1 to CONN-10).

use std::sync::Arc;

use offhook_media::{DigitCarrier, Party, StreamCommand};
use offhook_net::{RoomId, StreamId};

use super::{Channel, Context};
use crate::channels::ChannelRef;
use crate::connection::ConnectError;
use crate::error::{Busy, Operation, WrongState};
use crate::state::State;

/// What a channel knows of the one that it is connected to. Both are in one shard.
pub(super) struct Connection {
    pub(super) partner: ChannelRef,
    /// The partner's stream, to which digits are passed on.
    stream: StreamId,
    room: RoomId,
}

/// A channel's side of a connection, as the other one needs it.
#[derive(Clone, Debug)]
pub(crate) struct Side {
    pub(super) channel: ChannelRef,
    pub(super) stream: StreamId,
    pub(super) call_id: Arc<str>,
}

impl Channel {
    /// Joins this channel and another one of the same instance.
    pub(crate) fn connect(&mut self, cx: &mut Context<'_>, other: &mut Self) -> Result<bool, ConnectError> {
        let (operation, state) = (Operation::Connect, self.state());
        self.check_connected_state(operation)?;
        let held = other.is_holding().then_some(Operation::Hold);
        let engaged = [self.engaged(), other.engaged(), held].into_iter().flatten().next();
        if let Some(running) = engaged {
            return Err(ConnectError::Busy(Busy { operation, state, running }));
        }
        if other.state() != State::Answered {
            return Ok(false);
        }
        let (Some(ours), Some(theirs)) = (self.side(), other.side()) else { return Ok(false) };
        let room = self.join(cx, theirs);
        other.joined(cx, room, ours);
        Ok(true)
    }

    /// Ends the connection of this channel, if it has one, and tells which channel was the other side.
    pub(crate) fn disconnect(&mut self, cx: &mut Context<'_>) -> Result<Option<ChannelRef>, ConnectError> {
        self.check_connected_state(Operation::Disconnect)?;
        let partner = self.connection.as_ref().map(|connection| connection.partner);
        self.part(cx);
        Ok(partner)
    }

    /// Makes a room for this channel and another one, whose streams exchange audio from now on.
    pub(super) fn join(&mut self, cx: &mut Context<'_>, other: Side) -> RoomId {
        let room = cx.media.open_room(Some(other.stream), None);
        if let Some(stream) = self.session.stream() {
            cx.media.enter(room, stream, Party::BOTH);
        }
        cx.media.enter(room, other.stream, Party::BOTH);
        self.joined(cx, room, other);
        room
    }

    /// The other side has joined this channel and itself.
    pub(super) fn joined(&mut self, cx: &Context<'_>, room: RoomId, other: Side) {
        let Side { channel: partner, stream, call_id } = other;
        self.connection = Some(Connection { partner, stream, room });
        self.shared.publish(|published| published.connected_id = Some(call_id));
        self.shared.announce_state(cx.now);
    }

    /// Ends the connection on this side; the room goes with it.
    pub(super) fn part(&mut self, cx: &Context<'_>) {
        let Some(Connection { room, .. }) = self.connection.take() else { return };
        if let Some(stream) = self.session.stream() {
            cx.media.leave(room, stream);
        }
        cx.media.close_room(room);
        self.shared.publish(|published| published.connected_id = None);
        if self.state() != State::Idle {
            self.shared.announce_state(cx.now);
        }
    }

    /// The connection with this channel is over, unless another one has begun.
    pub(crate) fn parted_from(&mut self, cx: &Context<'_>, partner: ChannelRef) {
        if self.connection.as_ref().is_some_and(|connection| connection.partner == partner) {
            self.part(cx);
        }
    }

    /// This channel, as the other side of a connection needs it; `None` while no stream runs.
    pub(super) fn side(&self) -> Option<Side> {
        let stream = self.session.stream()?;
        Some(Side { channel: self.id, stream, call_id: self.identity.call_id.clone() })
    }

    /// Passes a digit of the far end on to the other side (CONN-9). A digit that was heard within the audio has
    /// passed already.
    pub(super) fn pass_digit_on(&self, cx: &Context<'_>, digit: char, carrier: Option<DigitCarrier>) {
        if let Some(Connection { stream, .. }) = &self.connection
            && carrier != Some(DigitCarrier::InBand)
        {
            cx.media.command(*stream, StreamCommand::SendDigits(digit.to_string()));
        }
        self.digit_to_room(cx, digit);
    }

    /// What joins this channel with another one.
    pub(super) fn joined_by(&self) -> Option<Operation> {
        match (&self.leg_of, &self.connection) {
            (Some(_), _) => Some(Operation::TransferLeg),
            (_, Some(_)) => Some(Operation::Connection),
            _ => None,
        }
    }

    /// What keeps this channel from being connected (CONN-3).
    pub(super) fn engaged(&self) -> Option<Operation> {
        if self.room_call.is_some() { Some(Operation::Conference) } else { self.transmitting() }
    }

    /// Whether the channel could be connected, by its state.
    pub(crate) fn connect_state(&self) -> Result<(), ConnectError> {
        self.check_connected_state(Operation::Connect)
    }

    fn check_connected_state(&self, operation: Operation) -> Result<(), ConnectError> {
        let state = self.state();
        let wrong = WrongState { operation, state, allowed: ConnectError::ALLOWED };
        match state {
            State::Idle => Err(ConnectError::Hangup(wrong)),
            State::Answered => self.busy(operation).map_or(Ok(()), |busy| Err(ConnectError::Busy(busy))),
            _ => Err(ConnectError::WrongState(wrong)),
        }
    }
}
