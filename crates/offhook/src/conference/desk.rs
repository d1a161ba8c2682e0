//! The desk that keeps all conference rooms of a server: one task, common to all shards (CONF-17).

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use offhook_media::StreamConfig;
use offhook_net::StreamId;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::party::{PartyPlan, PartySounds, SoundRequests};
use super::room::{DigitMeans, OUTSIDE, Room};
use crate::clip::ClipStore;
use crate::command::Command;
use crate::config::Config;
use crate::network::{MediaEngine, StreamEvents};
use crate::playable::MediaError;
use crate::shared::Shared;

/// The way to the conference rooms. Cloning gives another way to the same ones.
#[derive(Clone)]
pub(crate) struct Rooms {
    orders: mpsc::UnboundedSender<Order>,
    clips: ClipStore,
    next_party: Arc<AtomicU64>,
}

/// Names one stay of one party; never used twice by one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PartyId(u64);

/// A party that enters.
pub(crate) struct Entry {
    pub(crate) party: PartyId,
    pub(crate) plan: PartyPlan,
    pub(crate) sounds: PartySounds,
    pub(crate) seat: Seat,
    /// The channel that hears what becomes of the party.
    pub(crate) channel: Arc<Shared>,
}

/// The stream of a party.
pub(crate) enum Seat {
    /// A stream with a far end of its own.
    Stream(StreamId),
    /// A stream is opened whose far end is the room (CONF-16).
    Inside { config: Box<StreamConfig>, events: StreamEvents },
}

/// What a channel hears of its party.
#[derive(Debug)]
pub(crate) enum RoomNews {
    /// What the party brings along is loaded, or cannot be.
    Prepared(PartyId, Result<PartySounds, MediaError>),
    /// The party is in, with this stream.
    Entered(PartyId, StreamId),
    /// The room has no place for the party (CONF-15).
    Full(PartyId),
    /// The party is out because its channel wanted it so.
    Left(PartyId),
    /// The party is out: it pressed its exit digit, or the room was destroyed (CONF-7, CONF-8).
    Dismissed(PartyId),
}

enum Order {
    Enter(Box<Entry>),
    Leave(PartyId),
    Digit(PartyId, char),
}

impl Rooms {
    /// Opens the desk on the present runtime.
    pub(crate) fn open(
        config: &Config,
        media: Arc<dyn MediaEngine>,
        clips: ClipStore,
    ) -> (Self, JoinHandle<()>) {
        let (orders, inbox) = mpsc::unbounded_channel();
        let desk = Desk {
            media,
            most_parties: config.conference_max_parties,
            loudest: config.conference_loudest_talkers,
            rooms: BTreeMap::new(),
            whereabouts: HashMap::new(),
        };
        let task = tokio::spawn(desk.run(inbox));
        (Self { orders, clips, next_party: Arc::default() }, task)
    }

    /// Loads what a party brings along; its channel hears of it as [`RoomNews::Prepared`].
    pub(crate) fn prepare(&self, channel: Arc<Shared>, sounds: SoundRequests) -> PartyId {
        let party = PartyId(self.next_party.fetch_add(1, Ordering::Relaxed));
        let clips = self.clips.clone();
        tokio::spawn(async move {
            let loaded = sounds.load(&clips).await;
            channel.send(Command::Room(RoomNews::Prepared(party, loaded)));
        });
        party
    }

    /// Lets a party in; its channel hears of it as [`RoomNews::Entered`] or [`RoomNews::Full`].
    pub(crate) fn enter(&self, entry: Entry) {
        self.order(Order::Enter(Box::new(entry)));
    }

    /// Lets a party out; its channel hears of it as [`RoomNews::Left`]. One that is not in is ignored.
    pub(crate) fn leave(&self, party: PartyId) {
        self.order(Order::Leave(party));
    }

    /// A party pressed a key.
    pub(crate) fn digit(&self, party: PartyId, digit: char) {
        self.order(Order::Digit(party, digit));
    }

    fn order(&self, order: Order) {
        // The desk is closed with the server, and its rooms with it.
        let _ = self.orders.send(order);
    }
}

/// All rooms by name.
struct Desk {
    media: Arc<dyn MediaEngine>,
    most_parties: usize,
    loudest: Option<NonZeroUsize>,
    rooms: BTreeMap<String, Room>,
    whereabouts: HashMap<PartyId, Whereabouts>,
}

struct Whereabouts {
    room: String,
    channel: Arc<Shared>,
}

impl Desk {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Order>) {
        while let Some(order) = inbox.recv().await {
            match order {
                Order::Enter(entry) => self.enter(*entry),
                Order::Leave(party) => {
                    let channel = self.whereabouts.get(&party).map(|whereabouts| whereabouts.channel.clone());
                    self.leave(party);
                    if let Some(channel) = channel {
                        channel.send(Command::Room(RoomNews::Left(party)));
                    }
                }
                Order::Digit(party, digit) => self.digit(party, digit),
            }
        }
    }

    fn enter(&mut self, entry: Entry) {
        let Entry { party, plan, sounds, seat, channel } = entry;
        let name = plan.room.clone();
        if self.rooms.get(&name).is_some_and(|room| room.len() >= self.most_parties) {
            channel.send(Command::Room(RoomNews::Full(party)));
            return;
        }
        let near = match &seat {
            Seat::Stream(stream) => Some(*stream),
            Seat::Inside { .. } => None,
        };
        let room = self.rooms.entry(name.clone()).or_insert_with(|| {
            tracing::debug!(room = name, "a conference room is created");
            Room::new(self.media.open_room(near, self.loudest), name.clone())
        });
        let stream = match seat {
            Seat::Stream(stream) => {
                self.media.enter(room.media(), stream, OUTSIDE);
                stream
            }
            Seat::Inside { config, events } => {
                self.media.open_in_room(room.media(), *config, events, OUTSIDE)
            }
        };
        room.enter(&*self.media, party, stream, plan, sounds);
        channel.send(Command::Room(RoomNews::Entered(party, stream)));
        self.whereabouts.insert(party, Whereabouts { room: name, channel });
    }

    fn leave(&mut self, party: PartyId) {
        let Some(Whereabouts { room: name, .. }) = self.whereabouts.remove(&party) else { return };
        let Some(room) = self.rooms.get_mut(&name) else { return };
        if !room.leave(&*self.media, party) {
            return;
        }
        tracing::debug!(room = name, "a conference room is destroyed");
        let others: Vec<PartyId> = room.parties().collect();
        self.media.close_room(room.media());
        self.rooms.remove(&name);
        for other in others {
            if let Some(dismissed) = self.whereabouts.remove(&other) {
                dismissed.channel.send(Command::Room(RoomNews::Dismissed(other)));
            }
        }
    }

    fn digit(&mut self, party: PartyId, digit: char) {
        let Some(whereabouts) = self.whereabouts.get(&party) else { return };
        let Some(room) = self.rooms.get_mut(&whereabouts.room) else { return };
        if room.digit(&*self.media, party, digit) == DigitMeans::Exit {
            whereabouts.channel.send(Command::Room(RoomNews::Dismissed(party)));
            self.leave(party);
        }
    }
}
