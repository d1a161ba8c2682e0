//! The adaptive jitter buffer: packets in as the network brings them, sound out at the pace of the stream's clock.
//!
//! # How the delay is kept
//!
//! Every packet tells how long it was under way, up to a constant. The fastest packet of the last seconds is the
//! reference, the latest of them say how much delay is needed. What is played lies that much behind the reference. The
//! delay
//!
//! * grows by stretching speech, or by itself when nothing is there to be played: the position then stands still;
//! * shrinks by leaving out periods of speech, or in one step where the far end sent nothing anyway.
//!
//! A clock of the far end that runs fast or slow shows as a delay that drifts, and is put right in the same way.
//! What the network lost is concealed.

mod conceal;
mod delay;
mod stretch;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use self::conceal::Concealer;
use self::delay::DelayEstimator;
use crate::Codec;

/// Puts the packets of one source back in order and in time (UR-40).
///
/// Packets may come late, twice, in any order, in any length, or not at all. The buffer allocates for the first
/// packets only: in the steady state neither [`put`](Self::put) nor [`pull`](Self::pull) does.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    rate_hz: u32,
    /// Arrival times are counted in samples from here.
    epoch: Option<Instant>,
    /// The newest timestamp that came, as the packet said it and on the line without wrapping.
    newest: Option<(u32, i64)>,
    /// The timestamp of the next sample to be decoded.
    position: i64,
    /// Whether the first packet has been played.
    started: bool,
    /// By timestamp.
    packets: VecDeque<Stored>,
    /// Room of packets that were played, for those that come.
    spare: Vec<Vec<u8>>,
    /// Decoded or concealed, not yet handed out.
    pending: Vec<i16>,
    delay: DelayEstimator,
    concealer: Concealer,
    pulls_since_stretch: u32,
    /// How far what was played last lay behind the reference.
    played_behind: i64,
    stats: JitterStats,
}

/// One packet's audio.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    /// Its RTP timestamp.
    pub timestamp: u32,
    /// What its bytes are encoded in.
    pub codec: Codec,
    /// One byte a sample.
    pub bytes: &'a [u8],
}

/// What a frame of [`JitterBuffer::pull`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pulled {
    /// Silence: nothing has come so far, or nothing for so long that there is nothing to continue.
    Nothing,
    /// What the far end sent, all of it.
    Audio,
    /// At least a part stands for what did not come in time.
    Concealed,
}

/// What the buffer has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JitterStats {
    /// Packets that came after their time.
    pub late_packets: u64,
    /// Samples that stand for what did not come in time.
    pub concealed_samples: u64,
    /// Samples left out to shrink the delay.
    pub removed_samples: u64,
    /// Samples added to grow it.
    pub added_samples: u64,
}

impl JitterBuffer {
    /// A buffer for audio at `rate_hz` samples a second.
    pub fn new(rate_hz: u32) -> Self {
        Self {
            rate_hz: rate_hz.max(1),
            epoch: None,
            newest: None,
            position: 0,
            started: false,
            packets: VecDeque::new(),
            spare: Vec::new(),
            pending: Vec::new(),
            delay: DelayEstimator::new(rate_hz.max(1)),
            concealer: Concealer::default(),
            pulls_since_stretch: 0,
            played_behind: 0,
            stats: JitterStats::default(),
        }
    }

    /// Takes in a packet that came at `now`. Duplicates and packets whose time is over are dropped.
    pub fn put(&mut self, now: Instant, payload: Payload<'_>) {
        let length = payload.bytes.len() as i64;
        if length == 0 {
            return;
        }
        if self.packets.capacity() == 0 {
            // A line on which nothing ever comes costs no memory.
            self.packets.reserve_exact(MOST_PACKETS);
            self.spare.reserve_exact(MOST_PACKETS);
            self.pending.reserve_exact(4 * stretch::LONGEST_LAG + 960);
        }
        let arrived = self.samples_until(now);
        let timestamp = match self.newest {
            Some((wrapped, line)) => {
                let step = i64::from(payload.timestamp.wrapping_sub(wrapped).cast_signed());
                if step.abs() > i64::from(self.rate_hz) * LONGEST_STEP_SECONDS {
                    // The sender began its timestamps anew.
                    self.restart();
                    0
                } else {
                    line + step
                }
            }
            None => 0,
        };
        if self.newest.is_none_or(|(_, line)| timestamp > line) {
            self.newest = Some((payload.timestamp, timestamp));
        }
        self.delay.observe(arrived, arrived - timestamp);
        if self.started && timestamp + length <= self.position {
            self.stats.late_packets += 1;
            return;
        }

        let place = self.packets.iter().rposition(|stored| stored.timestamp <= timestamp);
        if place.is_some_and(|place| self.packets[place].timestamp == timestamp) {
            return;
        }
        let mut bytes = match self.packets.len() < MOST_PACKETS {
            true => self.spare.pop().unwrap_or_else(|| Vec::with_capacity(ROOM_OF_PACKET)),
            // More than two seconds wait: the oldest are of no use any more.
            false => match self.packets.pop_front() {
                Some(oldest) => oldest.bytes,
                None => return,
            },
        };
        bytes.clear();
        bytes.extend_from_slice(payload.bytes);
        let place = self.packets.iter().rposition(|stored| stored.timestamp <= timestamp);
        let place = place.map_or(0, |place| place + 1);
        self.packets.insert(place, Stored { timestamp, codec: payload.codec, bytes });
    }

    /// Forgets the source: another one follows, on another time line.
    pub fn restart(&mut self) {
        while let Some(stored) = self.packets.pop_front() {
            self.keep_room(stored);
        }
        self.newest = None;
        self.started = false;
        self.delay = DelayEstimator::new(self.rate_hz);
    }

    /// Fills `out` with the next samples.
    ///
    /// To be called at an even pace: one call for every `out.len()` samples of time.
    pub fn pull(&mut self, now: Instant, out: &mut [i16]) -> Pulled {
        let wanted = out.len();
        let arrived = self.samples_until(now);
        if !self.begin(arrived, wanted) {
            out.fill(0);
            return Pulled::Nothing;
        }
        self.skip_what_is_too_old(arrived, wanted);
        self.played_behind = self.lag(arrived).max(0);
        self.stretch(arrived, wanted);

        let concealed = self.stats.concealed_samples;
        let missing = wanted.saturating_sub(self.pending.len());
        self.read(missing);
        out.copy_from_slice(&self.pending[..wanted]);
        self.pending.drain(..wanted);
        match (self.stats.concealed_samples == concealed, self.concealer.is_mute()) {
            (true, _) => Pulled::Audio,
            (false, false) => Pulled::Concealed,
            (false, true) => Pulled::Nothing,
        }
    }

    /// Takes everything that waits, at once and without regard to time, and hands it over in pieces: what came before
    /// an end is part of it (REC-15).
    pub fn drain(&mut self, mut take: impl FnMut(&[i16])) {
        loop {
            let buffered = self.packets.back().map_or(0, |last| last.end() - self.position);
            if self.pending.is_empty() && buffered <= 0 {
                return;
            }
            let run = usize::try_from(buffered).unwrap_or(0).min(DRAINED_AT_ONCE);
            self.read(run);
            take(&self.pending);
            self.pending.clear();
        }
    }

    /// How far what is played lies behind the fastest packet: the delay that the buffer adds. Before anything is
    /// played, the delay that the first packet will have.
    pub fn delay(&self) -> Duration {
        let samples = if self.started { self.played_behind } else { self.delay.target(0) };
        Duration::from_nanos(samples.unsigned_abs() * 1_000_000_000 / u64::from(self.rate_hz))
    }

    /// What the buffer has done so far.
    pub fn stats(&self) -> JitterStats {
        self.stats
    }

    /// Whether something is there to be played; the first packet waits until the delay is reached.
    fn begin(&mut self, arrived: i64, wanted: usize) -> bool {
        if self.started {
            return true;
        }
        let Some(first) = self.packets.front() else { return false };
        self.position = first.timestamp;
        self.started = self.lag(arrived) >= self.delay.target(wanted as i64);
        self.started
    }

    /// Where the far end sent nothing, or far too much waits, the position moves on in one step.
    fn skip_what_is_too_old(&mut self, arrived: i64, wanted: usize) {
        let Some(first) = self.packets.front() else { return };
        let target = self.delay.target(wanted as i64);
        let on_time = self.delay.reference().map_or(self.position, |reference| arrived - reference - target);
        let first = first.timestamp;
        if first > self.position && on_time > self.position {
            self.position = on_time.min(first);
        } else if on_time - self.position > i64::from(self.rate_hz) / TOO_MUCH_PER_SECOND {
            self.stats.removed_samples += (on_time - self.position).unsigned_abs();
            self.position = on_time;
        }
        while self.packets.front().is_some_and(|stored| stored.end() <= self.position) {
            if let Some(stored) = self.packets.pop_front() {
                self.keep_room(stored);
            }
        }
    }

    /// Leaves out or repeats a period of what is heard when the delay is not what it should be.
    fn stretch(&mut self, arrived: i64, wanted: usize) {
        self.pulls_since_stretch = self.pulls_since_stretch.saturating_add(1);
        let excess = self.lag(arrived) - self.delay.target(wanted as i64);
        let shrink = excess > i64::from(self.rate_hz) / 1000 * TOLERATED_MS;
        let grow = excess < -i64::from(self.rate_hz) / 1000 * TOLERATED_MS / 2;
        if !(shrink || grow) || self.pulls_since_stretch < PULLS_BETWEEN {
            return;
        }
        let buffered = self.pending.len() + self.contiguous();
        let longest = (buffered / 2).min(stretch::LONGEST_LAG);
        // What is left out is not there to be played now.
        let longest = if shrink { longest.min(buffered.saturating_sub(wanted)) } else { longest };
        if longest < stretch::SHORTEST_LAG {
            return;
        }
        let look = 2 * longest;
        self.read(look.saturating_sub(self.pending.len()));
        let must = excess > i64::from(self.rate_hz) / FAR_TOO_MUCH_PER_SECOND;
        let Some(lag) = stretch::period(&self.pending[..look], longest, must) else { return };
        self.pulls_since_stretch = 0;
        if shrink {
            stretch::leave_out(&mut self.pending, lag);
            self.stats.removed_samples += lag as u64;
        } else {
            stretch::repeat(&mut self.pending, lag);
            self.stats.added_samples += lag as u64;
        }
    }

    /// Appends `count` samples to `pending`.
    fn read(&mut self, count: usize) {
        let mut left = count;
        while left > 0 {
            let at = self.pending.len();
            let Some(first) = self.packets.front() else {
                // It may still come: the position stands still, and the delay grows.
                self.conceal(left);
                return;
            };
            let ahead = first.timestamp - self.position;
            if ahead > 0 {
                let run = left.min(usize::try_from(ahead).unwrap_or(left));
                self.conceal(run);
                self.position += run as i64;
                left -= run;
                continue;
            }
            let from = usize::try_from(-ahead).unwrap_or(usize::MAX);
            let run = left.min(first.bytes.len().saturating_sub(from));
            if run > 0 {
                self.pending.resize(at + run, 0);
                first.codec.decode_into(&first.bytes[from..from + run], &mut self.pending[at..]);
                self.concealer.received(&mut self.pending[at..]);
                self.position += run as i64;
                left -= run;
            }
            if from + run >= first.bytes.len()
                && let Some(stored) = self.packets.pop_front()
            {
                self.keep_room(stored);
            }
        }
    }

    fn conceal(&mut self, count: usize) {
        let at = self.pending.len();
        self.pending.resize(at + count, 0);
        self.concealer.conceal(&mut self.pending[at..]);
        self.stats.concealed_samples += count as u64;
    }

    /// How many samples lie in packets without a gap from the position on.
    fn contiguous(&self) -> usize {
        let mut end = self.position;
        for stored in &self.packets {
            if stored.timestamp > end {
                break;
            }
            end = end.max(stored.end());
        }
        usize::try_from(end - self.position).unwrap_or(0)
    }

    /// How far the next sample to be handed out lies behind the reference, in samples.
    fn lag(&self, arrived: i64) -> i64 {
        let next = self.position - self.pending.len() as i64;
        self.delay.reference().map_or(0, |reference| arrived - reference - next)
    }

    fn samples_until(&mut self, now: Instant) -> i64 {
        let since = now.saturating_duration_since(*self.epoch.get_or_insert(now));
        i64::try_from(since.as_nanos() * u128::from(self.rate_hz) / 1_000_000_000).unwrap_or(i64::MAX)
    }

    fn keep_room(&mut self, stored: Stored) {
        self.spare.push(stored.bytes);
    }
}

#[derive(Clone, Debug)]
struct Stored {
    timestamp: i64,
    codec: Codec,
    bytes: Vec<u8>,
}

impl Stored {
    fn end(&self) -> i64 {
        self.timestamp + self.bytes.len() as i64
    }
}

/// Two seconds of packets of 20 ms.
const MOST_PACKETS: usize = 100;
/// A packet of 20 ms or 30 ms fits without growing.
const ROOM_OF_PACKET: usize = 240;
/// A larger step of timestamps is a sender that began anew.
const LONGEST_STEP_SECONDS: i64 = 10;
/// The delay may be this much too large before it is shrunk.
const TOLERATED_MS: i64 = 20;
/// Above half a second too much is thrown away at once.
const TOO_MUCH_PER_SECOND: i64 = 2;
/// Above a tenth of a second too much, what does not repeat itself is shortened too.
const FAR_TOO_MUCH_PER_SECOND: i64 = 10;
/// Two changes of length lie this many frames apart.
const PULLS_BETWEEN: u32 = 2;
const DRAINED_AT_ONCE: usize = 1600;
