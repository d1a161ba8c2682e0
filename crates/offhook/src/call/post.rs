//! What channels of one shard tell each other.

use offhook_net::RoomId;

use super::connection::Side;
use super::transfer::LegReport;
use super::{Channel, Context};
use crate::channels::ChannelRef;
use crate::error::Unplayable;
use crate::state::State;

/// A message to another channel of the same shard. It is delivered before anything else happens to the shard.
#[derive(Debug)]
pub(crate) enum Post {
    /// The sender has joined itself and the receiver.
    Joined { room: RoomId, other: Side },
    /// The call of the sender, to which the receiver is connected, is over.
    Parted { from: ChannelRef },
    /// The other leg of the receiver's transfer has changed.
    Leg { leg: ChannelRef, report: LegReport },
    /// The other leg hears its far end, before it is answered.
    LegEarlyMedia { side: Side },
    /// A sound that the other leg was to bring into a conference room cannot be played.
    LegUnplayable { leg: ChannelRef, error: Unplayable },
    /// The call that the receiver is the other leg of is over, or does not want it any more.
    HangUp,
}

/// How a channel stood before something happened to it, and who wants to know of a change.
pub(crate) struct Watched {
    state: State,
    partner: Option<ChannelRef>,
    leg: Option<ChannelRef>,
    leg_of: Option<ChannelRef>,
}

impl Channel {
    /// Takes a message of another channel.
    pub(crate) fn take_post(&mut self, cx: &mut Context<'_>, post: Post) {
        match post {
            Post::Joined { room, other } => self.joined(cx, room, other),
            Post::Parted { from } => self.parted_from(cx, from),
            Post::Leg { leg, report } => self.leg_changed(cx, leg, report),
            Post::LegEarlyMedia { side } => self.leg_has_early_media(cx, side),
            Post::LegUnplayable { leg, error } => self.leg_is_unplayable(leg, error),
            Post::HangUp => self.leg_hang_up(cx),
        }
    }

    /// How the channel stands, to be compared by [`tell_watchers`](Self::tell_watchers).
    pub(crate) fn watched(&self) -> Watched {
        Watched {
            state: self.state(),
            partner: self.connection.as_ref().map(|connection| connection.partner),
            leg: self.transfer.as_ref().and_then(|transfer| transfer.leg),
            leg_of: self.leg_of,
        }
    }

    /// Tells the channels that depend on this one what has become of its call.
    pub(crate) fn tell_watchers(&self, cx: &mut Context<'_>, before: &Watched) {
        let state = self.state();
        if state == before.state {
            return;
        }
        if state == State::Idle {
            cx.posts.extend(before.partner.map(|partner| (partner, Post::Parted { from: self.id })));
            cx.posts.extend(before.leg.map(|leg| (leg, Post::HangUp)));
        }
        if let Some(owner) = before.leg_of {
            cx.posts.push_back((owner, Post::Leg { leg: self.id, report: self.leg_report() }));
        }
    }

    /// The far end of this leg is heard for the first time (XFER-9).
    pub(super) fn first_heard(&mut self, cx: &mut Context<'_>) {
        if let (Some(owner), Some(side)) = (self.leg_of, self.side()) {
            cx.posts.push_back((owner, Post::LegEarlyMedia { side }));
        }
    }

    /// The call is over: so is everything that it has with others.
    pub(super) fn leave_others(&mut self, cx: &Context<'_>) {
        self.part(cx);
        self.transferred_call_ended();
        self.leg_of = None;
        if let Some(room_call) = self.room_call.take() {
            cx.rooms.leave(room_call.party);
        }
    }
}
