//! Streams on their way from one pacing thread to another.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use super::engine::{Door, StreamId};
use super::order::Order;
use super::pacer::Pacer;
use super::slot::Slot;

/// The orders that wait for streams which are expected from other threads.
///
/// A stream can be expected more than once: it may go on to a third thread before it has come here, and come back.
#[derive(Debug, Default)]
pub(super) struct Expected {
    waiting: HashMap<StreamId, Vec<Order>>,
}

impl Expected {
    /// Keeps an order for a stream that is expected; gives back every other.
    pub(super) fn keep(&mut self, order: Order) -> Option<Order> {
        match order.stream().and_then(|stream| self.waiting.get_mut(&stream)) {
            Some(waiting) => {
                waiting.push(order);
                None
            }
            None => Some(order),
        }
    }
}

impl Pacer {
    /// A stream will come; orders to it wait from now on.
    pub(super) fn expect(&mut self, stream: StreamId) {
        match self.expected.waiting.get_mut(&stream) {
            // It was told to go on and to come back before it came for the first time.
            Some(waiting) => waiting.push(Order::Expect(stream)),
            None => {
                self.expected.waiting.insert(stream, Vec::new());
            }
        }
    }

    /// Sends a stream to another thread, with everything it has.
    pub(super) fn send_away(&mut self, stream: StreamId, to: &Door) {
        let Some(&index) = self.by_id.get(&stream) else {
            let _ = to.send(Order::Gone(stream));
            return;
        };
        self.leave_room(index);
        let Some(mut slot) = self.vacate(index) else { return };
        slot.unwatch(self.poll.registry());
        to.shared.streams.fetch_add(1, Ordering::SeqCst);
        self.shared.streams.fetch_sub(1, Ordering::SeqCst);
        if let Err(Order::Adopt(slot)) = to.send(Order::Adopt(slot)) {
            // The other thread has ended: the stream stays, and is closed with the rest.
            to.shared.streams.fetch_sub(1, Ordering::SeqCst);
            self.shared.streams.fetch_add(1, Ordering::SeqCst);
            self.settle_in(slot);
        }
    }

    /// Takes in a stream that has come, then carries out what was ordered meanwhile.
    pub(super) fn adopt(&mut self, mut slot: Box<Slot>) {
        let stream = slot.id;
        slot.has_moved = true;
        self.settle_in(slot);
        self.carry_out_waiting(stream);
    }

    /// A stream that was expected has ended: orders to it are ignored, but for those that say it comes again.
    pub(super) fn gone(&mut self, stream: StreamId) {
        self.places.forget(stream);
        self.carry_out_waiting(stream);
    }

    fn carry_out_waiting(&mut self, stream: StreamId) {
        let waiting = self.expected.waiting.remove(&stream).unwrap_or_default();
        for order in waiting {
            self.obey(order);
        }
    }

    fn settle_in(&mut self, mut slot: Box<Slot>) {
        slot.phase = self.phases.adopt(slot.stream.poll_timeout());
        self.house(slot);
    }
}
