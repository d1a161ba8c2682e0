//! When within the 20 ms a stream's frames are due.

use std::time::{Duration, Instant};

use super::wheel::BUCKET;

/// Spreads streams over the packet time, so that a thousand of them do not fire at once.
#[derive(Debug)]
pub(super) struct Phases {
    epoch: Instant,
    load: [u32; PHASES],
}

impl Phases {
    pub(super) fn new(epoch: Instant) -> Self {
        Self { epoch, load: [0; PHASES] }
    }

    /// Chooses a phase for a stream that was asked for at `asked` and begins `now`, counts it, and returns it with
    /// the time of its first frame: at most 20 ms after the asking (RING-36), and within 8 ms unless the phases there
    /// are crowded.
    ///
    /// Not at once where that can be chosen: what is to be played comes right after the stream, and a call that is
    /// answered and hung up in the same breath need not send anything at all.
    pub(super) fn occupy(&mut self, now: Instant, asked: Instant) -> (usize, Instant) {
        let (first, asked) = (self.bucket_after(now), self.bucket_after(asked));
        let soon = first.max(asked + HEAD_START);
        let last = first.max(asked + PHASES as u64 - 1);
        let phase_of = |bucket: u64| (bucket % PHASES as u64) as usize;
        let emptiest = |buckets: std::ops::Range<u64>| {
            buckets.min_by_key(|bucket| self.load[phase_of(*bucket)]).unwrap_or(first)
        };
        let soon = emptiest(soon..soon + SOON);
        let any = emptiest(first..last + 1);
        let crowded = self.load[phase_of(soon)] > 2 * self.load[phase_of(any)] + CROWD;
        let bucket = if crowded { any } else { soon };
        let phase = phase_of(bucket);
        self.load[phase] += 1;
        (phase, self.epoch + Duration::from_nanos(bucket * BUCKET.as_nanos() as u64))
    }

    /// Counts a stream that came from elsewhere, whose next frame is due at `due`, and returns its phase.
    pub(super) fn adopt(&mut self, due: Option<Instant>) -> usize {
        let since = due.map_or(Duration::ZERO, |due| due.saturating_duration_since(self.epoch)).as_nanos();
        let phase = (since.div_ceil(BUCKET.as_nanos()) % PHASES as u128) as usize;
        self.load[phase] += 1;
        phase
    }

    /// The next whole bucket.
    fn bucket_after(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.epoch).as_nanos();
        u64::try_from(since / BUCKET.as_nanos()).unwrap_or(0) + 1
    }

    /// Counts off a stream that has ended.
    pub(super) fn vacate(&mut self, phase: usize) {
        self.load[phase] = self.load[phase].saturating_sub(1);
    }
}

/// Phases of 20 ms, a bucket each.
const PHASES: usize = 40;
/// How many phases pass before the first frame: 4 ms.
const HEAD_START: u64 = 8;
/// How many phases after those count as soon: 4 ms.
const SOON: u64 = 8;
/// How many streams more than twice the emptiest phase make a phase crowded.
const CROWD: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_frame_is_at_most_20_ms_away() {
        let epoch = Instant::now();
        let mut phases = Phases::new(epoch);
        for n in 0..5000_u64 {
            let now = epoch + Duration::from_micros(n * 37);
            let (_, due) = phases.occupy(now, now);
            assert!(due > now && due - now <= Duration::from_millis(20), "stream {n}: {:?}", due - now);
        }
    }

    #[test]
    fn a_few_streams_begin_within_8_ms() {
        let epoch = Instant::now();
        let mut phases = Phases::new(epoch);
        for n in 0..40_u32 {
            let now = epoch + Duration::from_millis(100) * n;
            assert!(phases.occupy(now, now).1 - now <= Duration::from_micros(8_500));
        }
    }

    #[test]
    fn streams_that_begin_at_once_are_spread_over_all_phases() {
        let epoch = Instant::now();
        let mut phases = Phases::new(epoch);
        for _ in 0..4000 {
            phases.occupy(epoch, epoch);
        }
        let (least, most) = (phases.load.iter().min().unwrap(), phases.load.iter().max().unwrap());
        assert!(*most <= 2 * (*least + CROWD) + CROWD, "{least} to {most}");
    }

    #[test]
    fn a_stream_that_ended_makes_room() {
        let epoch = Instant::now();
        let mut phases = Phases::new(epoch);
        let (phase, _) = phases.occupy(epoch, epoch);
        phases.vacate(phase);
        assert_eq!(phases.load, [0; PHASES]);
    }
}
