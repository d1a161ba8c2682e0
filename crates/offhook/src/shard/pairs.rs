//! What happens to two channels of a shard at once.

use std::time::Instant;

use super::Shard;
use crate::call::{Channel, Context};
use crate::channels::ChannelRef;
use crate::command::Command;
use crate::connection::{ConnectError, ConnectReply};
use crate::error::{BadArgument, Operation};
use crate::shared::Shared;
use crate::transfer::{TransferError, TransferOrder};

impl Shard {
    /// Takes a command of a channel, which may be about another channel too.
    pub(super) fn command(&mut self, now: Instant, id: ChannelRef, command: Command) {
        match command {
            Command::Connect(other, reply) => self.connect(now, id, &other.shared, reply),
            Command::Disconnect(reply) => self.disconnect(now, id, reply),
            Command::Transfer(order) => self.transfer(now, id, *order),
            // A handle that outlives its channel: dropping the reply lets it see the published IDLE.
            command => self.with_channel(now, id, |channel, cx| channel.command(cx, command)),
        }
    }

    /// Delivers what channels have told each other.
    pub(super) fn deliver_posts(&mut self, now: Instant) {
        while let Some((to, post)) = self.posts.pop_front() {
            self.with_channel(now, to, |channel, cx| channel.take_post(cx, post));
        }
    }

    fn connect(&mut self, now: Instant, id: ChannelRef, other: &Shared, reply: ConnectReply) {
        let Some(connected) = self.with_pair(now, id, other, |channel, cx, other| match other {
            Some(other) => channel.connect(cx, other),
            None => Err(channel
                .connect_state()
                .err()
                .unwrap_or_else(|| ConnectError::Argument(stranger(Operation::Connect, channel)))),
        }) else {
            return;
        };
        let _ = reply.send(connected);
    }

    fn disconnect(&mut self, now: Instant, id: ChannelRef, reply: ConnectReply) {
        let mut outcome = None;
        self.with_channel(now, id, |channel, cx| outcome = Some(channel.disconnect(cx)));
        // Both sides are by themselves before the application hears of it.
        if let Some(Ok(Some(partner))) = &outcome {
            self.with_channel(now, *partner, |channel, cx| channel.parted_from(cx, id));
        }
        if let Some(outcome) = outcome {
            let _ = reply.send(outcome.map(|partner| partner.is_some()));
        }
    }

    fn transfer(&mut self, now: Instant, id: ChannelRef, order: TransferOrder) {
        let (operation, other) = (order.operation, order.other.shared.clone());
        self.with_pair(now, id, &other, |channel, cx, other| match other {
            Some(other) => channel.begin_transfer(cx, other, order),
            None => {
                let error = channel.transfer_state(operation).err();
                let error = error.unwrap_or_else(|| TransferError::Argument(stranger(operation, channel)));
                let _ = order.reply.send(Err(error));
            }
        });
    }

    /// Lets a channel act together with another one, or with `None` if that is itself or of another instance.
    fn with_pair<T>(
        &mut self,
        now: Instant,
        id: ChannelRef,
        other: &Shared,
        act: impl FnOnce(&mut Channel, &mut Context<'_>, Option<&mut Channel>) -> T,
    ) -> Option<T> {
        let of_instance = self.channels.get_mut(id)?.channel.is_of_instance(other);
        // The other one is taken out of the table meanwhile.
        let taken = (of_instance && other.channel != id).then(|| self.channels.lend(other.channel)).flatten();
        let mut other_entry = taken;
        let before = other_entry.as_ref().map(|entry| entry.channel.watched());
        let mut outcome = None;
        self.with_channel(now, id, |channel, cx| {
            let other = other_entry.as_mut().map(|entry| &mut entry.channel);
            outcome = Some(act(channel, cx, other));
            if let (Some(entry), Some(before)) = (&other_entry, &before) {
                entry.channel.tell_watchers(cx, before);
            }
        });
        if let Some(entry) = other_entry {
            self.channels.give_back(other.channel, entry);
            // Looks after its timers.
            self.with_channel(now, other.channel, |_, _| {});
        }
        outcome
    }
}

fn stranger(operation: Operation, channel: &Channel) -> BadArgument {
    BadArgument {
        operation,
        state: channel.state(),
        name: "other_call",
        value: "this channel, or one of another instance".to_owned(),
        accepted: "another channel of this instance".to_owned(),
    }
}
