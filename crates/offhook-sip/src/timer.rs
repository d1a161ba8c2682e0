//! The one queue of all timers of an endpoint.
//!
//! Transactions and calls keep their own tables of deadlines; each has at most one entry here, for the
//! earliest. An entry that was stopped stays in the heap until it comes to the top or until stale entries
//! outnumber the live ones, whichever is first, so the heap is never larger than twice the number of live
//! timers and a constant.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Instant;

use crate::arena::{Arena, Key};

/// Names a timer that was started. It is of no use once the timer has fired or was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TimerId(Key);

/// A queue of deadlines with something to wake at each.
#[derive(Debug)]
pub(crate) struct TimerQueue<W> {
    live: Arena<Timer<W>>,
    /// Earliest first; equal deadlines in the order in which they were set.
    heap: BinaryHeap<Reverse<(Instant, u64, TimerId)>>,
    started: u64,
}

#[derive(Debug)]
struct Timer<W> {
    at: Instant,
    wake: W,
}

impl<W: Copy> TimerQueue<W> {
    pub(crate) fn new() -> Self {
        Self { live: Arena::new(), heap: BinaryHeap::new(), started: 0 }
    }

    /// Makes `slot` the timer for `at`: started, moved or stopped, whatever is needed.
    pub(crate) fn arrange(&mut self, slot: &mut Option<TimerId>, at: Option<Instant>, wake: W) {
        if let Some(id) = *slot {
            match self.live.get(id.0) {
                Some(timer) if Some(timer.at) == at => return,
                Some(_) => self.stop(id),
                None => {}
            }
            *slot = None;
        }
        if let Some(at) = at {
            *slot = Some(self.start(at, wake));
        }
    }

    pub(crate) fn start(&mut self, at: Instant, wake: W) -> TimerId {
        let id = TimerId(self.live.insert(Timer { at, wake }));
        self.started += 1;
        self.heap.push(Reverse((at, self.started, id)));
        id
    }

    pub(crate) fn stop(&mut self, id: TimerId) {
        if self.live.remove(id.0).is_some() {
            self.drop_stale();
        }
    }

    /// Takes the earliest timer that is due at `now`.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<W> {
        let &Reverse((at, _, id)) = self.heap.peek()?;
        if at > now {
            return None;
        }
        self.heap.pop();
        let fired = self.live.remove(id.0);
        self.drop_stale();
        fired.map(|timer| timer.wake)
    }

    /// The earliest deadline. The top of the heap is always live, so this only looks.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.heap.peek().map(|&Reverse((at, _, _))| at)
    }

    /// The number of timers that run.
    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    fn drop_stale(&mut self) {
        while let Some(&Reverse((_, _, id))) = self.heap.peek() {
            if self.live.get(id.0).is_some() {
                break;
            }
            self.heap.pop();
        }
        if self.heap.len() > 2 * self.live.len() + 64 {
            let live = &self.live;
            self.heap.retain(|Reverse((_, _, id))| live.get(id.0).is_some());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn timers_fire_in_the_order_of_their_deadlines_and_then_of_their_start() {
        let start = Instant::now();
        let mut queue = TimerQueue::new();
        queue.start(start + Duration::from_millis(20), 'c');
        queue.start(start + Duration::from_millis(10), 'a');
        queue.start(start + Duration::from_millis(10), 'b');
        assert_eq!(queue.next(), Some(start + Duration::from_millis(10)));
        assert_eq!(queue.pop(start), None);
        let later = start + Duration::from_millis(20);
        let fired: Vec<_> = std::iter::from_fn(|| queue.pop(later)).collect();
        assert_eq!(fired, ['a', 'b', 'c']);
        assert_eq!(queue.next(), None);
    }

    #[test]
    fn a_stopped_timer_neither_fires_nor_shows_as_the_next_deadline() {
        let start = Instant::now();
        let mut queue = TimerQueue::new();
        let early = queue.start(start + Duration::from_millis(1), 1);
        queue.start(start + Duration::from_millis(2), 2);
        queue.stop(early);
        assert_eq!(queue.next(), Some(start + Duration::from_millis(2)));
        assert_eq!(queue.pop(start + Duration::from_secs(1)), Some(2));
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn stopped_timers_do_not_pile_up() {
        let start = Instant::now();
        let mut queue = TimerQueue::new();
        queue.start(start, 0);
        for n in 1..100_000 {
            let id = queue.start(start + Duration::from_secs(n), 1);
            queue.stop(id);
        }
        assert!(queue.heap.len() <= 66, "{} entries for one timer", queue.heap.len());
    }

    #[test]
    fn arranging_the_same_deadline_again_keeps_the_timer() {
        let start = Instant::now();
        let mut queue = TimerQueue::new();
        let mut slot = None;
        queue.arrange(&mut slot, Some(start), 7);
        let first = slot;
        queue.arrange(&mut slot, Some(start), 7);
        assert_eq!(slot, first);
        queue.arrange(&mut slot, None, 7);
        assert_eq!((slot, queue.len()), (None, 0));
    }
}
