//! Retransmission at growing intervals.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Due;

/// A deadline that moves away by an interval which doubles each time, up to a cap.
///
/// Timers A, E and G, the 2xx of RFC 3261 section 13.3.1.4 and the reliable responses of RFC 3262 section 3
/// are all this.
#[derive(Clone, Debug)]
pub(crate) struct Backoff {
    next: Instant,
    interval: Duration,
    cap: Duration,
}

impl Backoff {
    /// First due `first` after `now`; later intervals never exceed `cap`.
    pub(crate) fn new(now: Instant, first: Duration, cap: Duration) -> Self {
        // An interval of nothing would never come to an end.
        let (first, cap) = (first.max(SHORTEST), cap.max(SHORTEST));
        Self { next: now + first, interval: first, cap }
    }

    pub(crate) fn next(&self) -> Instant {
        self.next
    }

    /// Whether the deadline has passed; if so, the next one is set.
    pub(crate) fn fire(&mut self, now: Instant) -> bool {
        if now < self.next {
            return false;
        }
        self.interval = (self.interval * 2).min(self.cap);
        // Counted from the deadline, so that late wake-ups do not add up; but never in the past, so that a
        // long stall is not followed by a burst.
        self.next = (self.next + self.interval).max(now);
        if self.next == now {
            self.next = now + self.interval;
        }
        true
    }

    /// Sends `message` again if the deadline has passed.
    pub(crate) fn repeat(&mut self, now: Instant, message: &Bytes) -> Due {
        if self.fire(now) { Due::Send(message.clone()) } else { Due::Nothing }
    }

    /// Intervals from here on are the cap: timer E after a provisional response (RFC 3261 section 17.1.2.2).
    pub(crate) fn slow_down(&mut self) {
        self.interval = self.cap;
    }
}

const SHORTEST: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_double_up_to_the_cap() {
        let start = Instant::now();
        let ms = Duration::from_millis;
        let mut backoff = Backoff::new(start, ms(500), ms(4000));
        let mut at = Vec::new();
        for _ in 0..6 {
            let due = backoff.next();
            assert!(!backoff.fire(due - ms(1)));
            assert!(backoff.fire(due));
            at.push((due - start).as_millis());
        }
        assert_eq!(at, [500, 1500, 3500, 7500, 11500, 15500]);
    }

    #[test]
    fn a_stall_is_not_followed_by_a_burst() {
        let start = Instant::now();
        let mut backoff = Backoff::new(start, Duration::from_millis(500), Duration::from_secs(4));
        let late = start + Duration::from_secs(20);
        assert!(backoff.fire(late));
        assert!(backoff.next() > late);
    }
}
