//! The table of a shard's channels.

/// Names a channel of a shard. It is never used again for another channel, so a handle that outlives
/// its channel finds nothing instead of somebody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ChannelRef {
    slot: u32,
    generation: u32,
}

/// Values in slots, found in constant time by a [`ChannelRef`].
pub(crate) struct Channels<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    held: usize,
}

struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Channels<T> {
    pub(crate) fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new(), held: 0 }
    }

    /// A name for a channel that is inserted later, or released without one.
    pub(crate) fn reserve(&mut self) -> ChannelRef {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, value: None });
            // The limit of calls keeps the table far below four thousand million entries.
            (self.slots.len() - 1) as u32
        });
        ChannelRef { slot, generation: self.slots[slot as usize].generation }
    }

    /// Stores the value of a name that was reserved.
    pub(crate) fn insert(&mut self, id: ChannelRef, value: T) {
        let Some(slot) = self.slots.get_mut(id.slot as usize) else { return };
        if slot.generation == id.generation {
            self.held += usize::from(slot.value.replace(value).is_none());
        }
    }

    pub(crate) fn get_mut(&mut self, id: ChannelRef) -> Option<&mut T> {
        let slot = self.slots.get_mut(id.slot as usize)?;
        if slot.generation == id.generation { slot.value.as_mut() } else { None }
    }

    /// Takes a value out, if there is one; the name ends in any case.
    pub(crate) fn remove(&mut self, id: ChannelRef) -> Option<T> {
        let slot = self.slots.get_mut(id.slot as usize).filter(|slot| slot.generation == id.generation)?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.slot);
        let value = slot.value.take();
        self.held -= usize::from(value.is_some());
        value
    }

    /// Takes a value out for a moment; its name stays, and it counts as there.
    pub(crate) fn lend(&mut self, id: ChannelRef) -> Option<T> {
        let slot = self.slots.get_mut(id.slot as usize).filter(|slot| slot.generation == id.generation)?;
        slot.value.take()
    }

    /// Gives back a value that was lent.
    pub(crate) fn give_back(&mut self, id: ChannelRef, value: T) {
        if let Some(slot) =
            self.slots.get_mut(id.slot as usize).filter(|slot| slot.generation == id.generation)
        {
            slot.value = Some(value);
        }
    }

    /// How many values there are.
    pub(crate) fn len(&self) -> usize {
        self.held
    }
}

#[cfg(test)]
mod tests {
    use super::Channels;

    #[test]
    fn a_name_that_was_kept_too_long_finds_nothing() {
        let mut channels = Channels::new();
        let first = channels.reserve();
        channels.insert(first, 'a');
        assert_eq!(channels.get_mut(first).copied(), Some('a'));
        assert_eq!(channels.remove(first), Some('a'));
        assert_eq!(channels.len(), 0);
        let second = channels.reserve();
        channels.insert(second, 'b');
        assert_ne!(first, second);
        assert_eq!(channels.get_mut(first), None);
        assert_eq!(channels.remove(first), None);
        assert_eq!(channels.get_mut(second).copied(), Some('b'));
        assert_eq!(channels.len(), 1);
    }
}
