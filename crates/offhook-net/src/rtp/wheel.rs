//! A timing wheel: which streams are to be visited when.

use std::time::{Duration, Instant};

/// Keys by the time at which they are due, in buckets of half a millisecond over 128 ms.
///
/// What is due later than that comes out at the end of the wheel's reach and is to be put in again. Taking a
/// bucket and filling it again allocates nothing once it has its size.
#[derive(Debug)]
pub(super) struct Wheel {
    epoch: Instant,
    /// The number of the next bucket to be taken, counted from the epoch.
    next: u64,
    buckets: Vec<Vec<Key>>,
    /// One bit a bucket: whether it holds anything.
    occupied: [u64; BUCKETS / 64],
    spare: Vec<Key>,
}

/// What is due: a slot, and which of its tenants was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) slot: u32,
    pub(super) tenant: u32,
}

impl Wheel {
    pub(super) fn new(epoch: Instant) -> Self {
        Self {
            epoch,
            next: 0,
            buckets: vec![Vec::new(); BUCKETS],
            occupied: [0; BUCKETS / 64],
            spare: Vec::new(),
        }
    }

    /// Puts in a key that is due at `at`, not before the present.
    pub(super) fn insert(&mut self, at: Instant, key: Key) {
        let due = self.bucket_at_or_after(at).clamp(self.next, self.next + BUCKETS as u64 - 1);
        let index = (due % BUCKETS as u64) as usize;
        self.buckets[index].push(key);
        self.occupied[index / 64] |= 1 << (index % 64);
    }

    /// Takes out a key that was put in for `at`. One that has come out already, or that was due beyond the wheel's
    /// reach, is not found: it comes out in its time and means nobody.
    pub(super) fn remove(&mut self, at: Instant, key: Key) {
        let due = self.bucket_at_or_after(at);
        if !(self.next..self.next + BUCKETS as u64).contains(&due) {
            return;
        }
        let index = (due % BUCKETS as u64) as usize;
        let bucket = &mut self.buckets[index];
        if let Some(place) = bucket.iter().position(|each| *each == key) {
            bucket.swap_remove(place);
        }
        if bucket.is_empty() {
            self.occupied[index / 64] &= !(1 << (index % 64));
        }
    }

    /// Takes the oldest bucket that is due at `now`: the time it was due, and its keys, which are to be given back
    /// with [`Wheel::put_back`].
    pub(super) fn take_due(&mut self, now: Instant) -> Option<(Instant, Vec<Key>)> {
        let present = self.bucket_begun(now);
        let distance = self.distance_to_next()?;
        let number = self.next + distance;
        if number > present {
            return None;
        }
        self.next = number + 1;
        let index = (number % BUCKETS as u64) as usize;
        self.occupied[index / 64] &= !(1 << (index % 64));
        let keys = std::mem::replace(&mut self.buckets[index], std::mem::take(&mut self.spare));
        Some((self.time_of(number), keys))
    }

    /// Gives back the memory of a bucket that was taken.
    pub(super) fn put_back(&mut self, mut keys: Vec<Key>) {
        keys.clear();
        self.spare = keys;
    }

    /// Moves the wheel to the present; to be called when nothing more is due, so that its reach begins here.
    pub(super) fn advance(&mut self, now: Instant) {
        let present = self.bucket_begun(now) + 1;
        let free = self.distance_to_next().unwrap_or(u64::MAX);
        self.next = present.min(self.next.saturating_add(free)).max(self.next);
    }

    /// When the next bucket that holds anything is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        Some(self.time_of(self.next + self.distance_to_next()?))
    }

    /// How many buckets lie between the next one and the first that holds anything.
    fn distance_to_next(&self) -> Option<u64> {
        let start = (self.next % BUCKETS as u64) as usize;
        let words = self.occupied.len();
        for step in 0..=words {
            let word = (start / 64 + step) % words;
            let mut bits = self.occupied[word];
            if step == 0 {
                bits &= u64::MAX << (start % 64);
            } else if step == words {
                bits &= !(u64::MAX << (start % 64));
            }
            if bits != 0 {
                let index = word * 64 + bits.trailing_zeros() as usize;
                return Some(((index + BUCKETS - start) % BUCKETS) as u64);
            }
        }
        None
    }

    fn bucket_at_or_after(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.epoch).as_nanos();
        u64::try_from(since.div_ceil(BUCKET.as_nanos())).unwrap_or(u64::MAX)
    }

    fn bucket_begun(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.epoch).as_nanos();
        u64::try_from(since / BUCKET.as_nanos()).unwrap_or(u64::MAX)
    }

    fn time_of(&self, bucket: u64) -> Instant {
        self.epoch + Duration::from_nanos(bucket * BUCKET.as_nanos() as u64)
    }
}

/// Width of a bucket.
pub(super) const BUCKET: Duration = Duration::from_micros(500);
/// How many buckets: 128 ms, twice the longest packet time.
const BUCKETS: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(slot: u32) -> Key {
        Key { slot, tenant: 0 }
    }

    fn due(wheel: &mut Wheel, now: Instant) -> Vec<u32> {
        let mut slots = Vec::new();
        while let Some((_, keys)) = wheel.take_due(now) {
            slots.extend(keys.iter().map(|key| key.slot));
            wheel.put_back(keys);
        }
        wheel.advance(now);
        slots
    }

    #[test]
    fn keys_come_out_when_they_are_due_and_in_order() {
        let epoch = Instant::now();
        let mut wheel = Wheel::new(epoch);
        let at = |micros| epoch + Duration::from_micros(micros);
        wheel.insert(at(20_000), key(2));
        wheel.insert(at(1_000), key(1));
        assert_eq!(wheel.next_due(), Some(at(1_000)));
        assert_eq!(due(&mut wheel, at(999)), [] as [u32; 0]);
        assert_eq!(due(&mut wheel, at(1_000)), [1]);
        assert_eq!(due(&mut wheel, at(30_000)), [2]);
        assert_eq!(wheel.next_due(), None);
    }

    #[test]
    fn a_key_between_two_buckets_is_never_early() {
        let epoch = Instant::now();
        let mut wheel = Wheel::new(epoch);
        wheel.insert(epoch + Duration::from_micros(1_001), key(1));
        assert_eq!(wheel.next_due(), Some(epoch + Duration::from_micros(1_500)));
    }

    #[test]
    fn a_key_that_was_taken_out_wakes_nobody() {
        let epoch = Instant::now();
        let mut wheel = Wheel::new(epoch);
        let at = epoch + Duration::from_millis(4);
        wheel.insert(at, key(1));
        wheel.insert(at, key(2));
        wheel.remove(at, key(1));
        assert_eq!(due(&mut wheel, at), [2]);
        wheel.insert(at + Duration::from_millis(4), key(3));
        wheel.remove(at + Duration::from_millis(4), key(3));
        assert_eq!(wheel.next_due(), None);
    }

    #[test]
    fn a_key_that_has_come_out_cannot_be_taken_out() {
        let epoch = Instant::now();
        let mut wheel = Wheel::new(epoch);
        let at = epoch + Duration::from_millis(4);
        wheel.insert(at, key(1));
        assert_eq!(due(&mut wheel, at), [1]);
        wheel.insert(at + BUCKET * BUCKETS as u32, key(2));
        wheel.remove(at, key(2));
        assert_eq!(due(&mut wheel, at + BUCKET * BUCKETS as u32), [2]);
    }

    #[test]
    fn keys_beyond_its_reach_come_out_at_its_end() {
        let epoch = Instant::now();
        let mut wheel = Wheel::new(epoch);
        wheel.insert(epoch + Duration::from_secs(5), key(1));
        assert_eq!(wheel.next_due(), Some(epoch + BUCKET * 255));
    }

    #[test]
    fn the_wheel_turns_round_and_round() {
        let epoch = Instant::now();
        let mut wheel = Wheel::new(epoch);
        for turn in 0..1000_u32 {
            let now = epoch + Duration::from_millis(20) * turn;
            wheel.insert(now + Duration::from_millis(20), key(turn));
            let expected: &[u32] = if turn == 0 { &[] } else { &[turn - 1] };
            assert_eq!(due(&mut wheel, now), expected, "turn {turn}");
        }
    }

    #[test]
    fn a_wheel_that_stood_still_gives_everything_at_once_and_goes_on() {
        let epoch = Instant::now();
        let mut wheel = Wheel::new(epoch);
        wheel.insert(epoch + Duration::from_millis(5), key(1));
        let later = epoch + Duration::from_secs(3600);
        assert_eq!(due(&mut wheel, later), [1]);
        wheel.insert(later + Duration::from_millis(2), key(2));
        assert!(wheel.next_due().unwrap() <= later + Duration::from_micros(2_500));
        assert_eq!(due(&mut wheel, later + Duration::from_millis(3)), [2]);
    }
}
