//! The rooms of a pacing thread.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::time::Instant;

use offhook_media::{Clip, Party, Room, RoomStreams, Stream};

use super::engine::RoomId;
use super::slot::Slot;
use super::wheel::{Key, Wheel};

/// Rooms by their names, each with slots as its members, and when they are due.
#[derive(Debug)]
pub(super) struct Rooms {
    places: Vec<Place>,
    free: Vec<u32>,
    by_id: HashMap<RoomId, u32>,
    wheel: Wheel,
}

#[derive(Debug, Default)]
struct Place {
    room: Option<Box<Room<u32>>>,
    /// Counts the tenants, so that what was meant for one does not reach the next.
    tenant: u32,
    /// Whether the wheel holds the present tenant.
    scheduled: bool,
}

impl Rooms {
    pub(super) fn new(epoch: Instant) -> Self {
        Self { places: Vec::new(), free: Vec::new(), by_id: HashMap::new(), wheel: Wheel::new(epoch) }
    }

    pub(super) fn open(&mut self, id: RoomId, loudest: Option<NonZeroUsize>) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.places.push(Place::default());
            self.places.len() as u32 - 1
        });
        self.places[index as usize].room = Some(Box::new(Room::new(loudest)));
        self.by_id.insert(id, index);
    }

    pub(super) fn announce(&mut self, id: RoomId, clip: Clip) {
        if let Some(room) = self.find(id).and_then(|index| self.places[index as usize].room.as_mut()) {
            room.announce(clip);
        }
    }

    /// Lets a slot in, whose next frame is due at `due`; `false` if there is no such room.
    pub(super) fn enter(&mut self, id: RoomId, slot: u32, party: Party, due: Instant) -> bool {
        let Some(index) = self.find(id) else { return false };
        let Some(room) = &mut self.places[index as usize].room else { return false };
        room.enter(slot, party, due);
        self.schedule(index);
        true
    }

    pub(super) fn leave(&mut self, id: RoomId, slot: u32) {
        if let Some(room) = self.find(id).and_then(|index| self.places[index as usize].room.as_mut()) {
            room.leave(slot);
        }
    }

    pub(super) fn play_alone(&mut self, id: RoomId, slot: u32, clip: Option<Clip>) {
        if let Some(room) = self.find(id).and_then(|index| self.places[index as usize].room.as_mut()) {
            room.play_alone(slot, clip);
        }
    }

    /// Ends a room and tells who was in it.
    pub(super) fn close(&mut self, id: RoomId) -> Vec<u32> {
        let Some(index) = self.by_id.remove(&id) else { return Vec::new() };
        let place = &mut self.places[index as usize];
        let room = place.room.take();
        place.tenant = place.tenant.wrapping_add(1);
        place.scheduled = false;
        self.free.push(index);
        room.map(|room| room.members().collect()).unwrap_or_default()
    }

    /// Lets the rooms whose frame is due exchange it. To be called before the members' own frames are looked after.
    pub(super) fn visit_due(&mut self, slots: &mut [Option<Box<Slot>>]) {
        let mut streams = InSlots(slots);
        let mut now = Instant::now();
        while let Some((_, keys)) = self.wheel.take_due(now) {
            for key in &keys {
                let place = &mut self.places[key.slot as usize];
                if let Some(room) = place.room.as_mut().filter(|_| place.tenant == key.tenant) {
                    place.scheduled = false;
                    // One that comes late finds more than one frame due.
                    while room.poll_timeout().is_some_and(|due| due <= now) {
                        room.handle_timeout(now, &mut streams);
                    }
                    self.schedule(key.slot);
                }
            }
            self.wheel.put_back(keys);
            now = Instant::now();
        }
        self.wheel.advance(now);
    }

    /// When [`visit_due`](Rooms::visit_due) is to be called.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.wheel.next_due()
    }

    fn schedule(&mut self, index: u32) {
        let place = &mut self.places[index as usize];
        let due = place.room.as_ref().and_then(|room| room.poll_timeout());
        if let Some(due) = due.filter(|_| !place.scheduled) {
            place.scheduled = true;
            self.wheel.insert(due, Key { slot: index, tenant: place.tenant });
        }
    }

    fn find(&self, id: RoomId) -> Option<u32> {
        self.by_id.get(&id).copied()
    }
}

struct InSlots<'a>(&'a mut [Option<Box<Slot>>]);

impl RoomStreams<u32> for InSlots<'_> {
    fn stream(&mut self, slot: u32) -> Option<&mut Stream> {
        self.0.get_mut(slot as usize)?.as_mut().map(|slot| &mut slot.stream)
    }
}
