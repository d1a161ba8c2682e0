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
//! What the network lost is heard from the next packet if that repeats it, else concealed. Where the far end pauses nothing was lost: comfort noise is heard if it has sent
//! some (RFC 3389, or within its codec), else silence.

mod conceal;
mod delay;
mod stretch;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use self::conceal::Concealer;
use self::delay::DelayEstimator;
use crate::codec::{Concealed, Decoder};
use crate::{Codec, Law};

/// Puts the packets of one source back in order and in time (UR-40).
///
/// Packets may come late, twice, in any order, in any length, or not at all. The buffer allocates for the first
/// packets only: in the steady state neither [`put`](Self::put) nor [`pull`](Self::pull) does.
#[derive(Clone, Debug)]
pub struct JitterBuffer {
    /// Samples a second: times and places are counted in these.
    rate_hz: u32,
    /// Timestamp units a second.
    clock_hz: u32,
    /// Arrival times are counted in samples from here.
    epoch: Option<Instant>,
    /// The newest timestamp that came, as the packet said it and on the line without wrapping, in timestamp units.
    newest: Option<(u32, i64)>,
    /// The place of the next sample to be taken from a packet.
    position: i64,
    /// Whether the first packet has been played.
    started: bool,
    /// By their places.
    packets: VecDeque<Stored>,
    /// Room of packets that were played, for those that come.
    spare: Vec<Vec<u8>>,
    decoder: Decoder,
    /// The samples of the first packet, once it is its turn.
    decoded: Vec<i16>,
    is_first_decoded: bool,
    /// What the decoder made in place of packets, 10 ms at a time, and how much of it is used.
    substitute: Vec<i16>,
    substitute_used: usize,
    /// Whether the far end pauses, as the decoder says.
    pausing: bool,
    /// Concealed since something was received, and how much of that counts as concealed so far.
    gap: usize,
    gap_counted: u64,
    /// What the frame that is being put together holds.
    pulled: Pulled,
    /// Decoded or concealed, not yet handed out.
    pending: Vec<i16>,
    delay: DelayEstimator,
    concealer: Concealer,
    pulls_since_stretch: u32,
    /// How far what was played last lay behind the reference.
    played_behind: i64,
    stats: JitterStats,
}

/// What one packet holds.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    /// Its RTP timestamp.
    pub timestamp: u32,
    /// Its marker bit: whether the far end speaks again after a pause (RFC 3551 section 4.1).
    pub marker: bool,
    /// What its bytes are.
    pub kind: PayloadKind,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// What the bytes of a packet are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PayloadKind {
    /// Audio.
    Audio(Codec),
    /// Comfort noise (RFC 3389), to be heard until there is audio again.
    ComfortNoise,
}

/// What a frame of [`JitterBuffer::pull`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Pulled {
    /// Silence: nothing has come so far, or nothing for so long that there is nothing to continue.
    Nothing,
    /// What the far end sent, or the comfort noise that it asked for, all of it.
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
    /// Samples that stand for what did not come in time. Silence is none of it, and the beginning of a pause is not,
    /// once it is known to be one.
    pub concealed_samples: u64,
    /// Samples of lost packets that the packets after them repeat, less exactly.
    pub recovered_samples: u64,
    /// Samples left out to shrink the delay.
    pub removed_samples: u64,
    /// Samples added to grow it.
    pub added_samples: u64,
}

impl JitterBuffer {
    /// A buffer for audio of a codec.
    pub fn new(codec: Codec) -> Self {
        let rate_hz = codec.sampling_rate_hz();
        Self {
            rate_hz,
            clock_hz: codec.clock_rate_hz(),
            epoch: None,
            newest: None,
            position: 0,
            started: false,
            packets: VecDeque::new(),
            spare: Vec::new(),
            decoder: Decoder::new(codec),
            decoded: Vec::new(),
            is_first_decoded: false,
            substitute: Vec::new(),
            substitute_used: 0,
            pausing: false,
            gap: 0,
            gap_counted: 0,
            pulled: Pulled::Nothing,
            pending: Vec::new(),
            delay: DelayEstimator::new(rate_hz),
            concealer: Concealer::new(rate_hz),
            pulls_since_stretch: 0,
            played_behind: 0,
            stats: JitterStats::default(),
        }
    }

    /// Takes in a packet that came at `now`. Duplicates and packets whose time is over are dropped, and so is what its
    /// codec cannot have made. Audio of a codec with other rates than before makes the buffer begin anew.
    pub fn put(&mut self, now: Instant, payload: Payload<'_>) {
        let samples = match payload.kind {
            PayloadKind::Audio(codec) => {
                let Some(samples) = codec.packet_samples(payload.bytes) else { return };
                self.follow_rates(codec);
                samples
            }
            PayloadKind::ComfortNoise => 0,
        };
        if self.packets.capacity() == 0 {
            // A line on which nothing ever comes costs no memory.
            let scale = self.scale();
            self.packets.reserve_exact(MOST_PACKETS);
            self.spare.reserve_exact(MOST_PACKETS);
            self.decoded.reserve_exact(LONGEST_FRAME * scale);
            self.substitute.resize(SUBSTITUTED_AT_ONCE * scale, 0);
            self.substitute_used = self.substitute.len();
            self.pending.reserve_exact((4 * stretch::LONGEST_LAG + 2 * LONGEST_FRAME) * scale);
        }
        let arrived = self.samples_until(now);
        let line = match self.newest {
            Some((wrapped, line)) => {
                let step = i64::from(payload.timestamp.wrapping_sub(wrapped).cast_signed());
                if step.abs() > i64::from(self.clock_hz) * LONGEST_STEP_SECONDS {
                    // The sender began its timestamps anew.
                    self.restart();
                    0
                } else {
                    line + step
                }
            }
            None => 0,
        };
        if self.newest.is_none_or(|(_, newest)| line > newest) {
            self.newest = Some((payload.timestamp, line));
        }
        let start = (line * i64::from(self.rate_hz)).div_euclid(i64::from(self.clock_hz));
        self.delay.observe(arrived, arrived - start);
        let end = start + samples as i64;
        let is_late = if samples == 0 { end < self.position } else { end <= self.position };
        if self.started && is_late {
            self.stats.late_packets += 1;
            return;
        }

        let place = self.packets.iter().rposition(|stored| stored.start <= start);
        if place.is_some_and(|place| self.packets[place].start == start) {
            return;
        }
        let mut bytes = match self.packets.len() < MOST_PACKETS {
            true => self.spare.pop().unwrap_or_else(|| Vec::with_capacity(ROOM_OF_PACKET)),
            // More than two seconds wait: the oldest are of no use any more.
            false => match self.take_first() {
                Some(oldest) => oldest.bytes,
                None => return,
            },
        };
        bytes.clear();
        bytes.extend_from_slice(payload.bytes);
        let place = self.packets.iter().rposition(|stored| stored.start <= start);
        let place = place.map_or(0, |place| place + 1);
        if place == 0 {
            self.is_first_decoded = false;
        }
        let (marker, kind) = (payload.marker, payload.kind);
        self.packets.insert(place, Stored { start, end, marker, kind, bytes });
    }

    /// Forgets the source: another one follows, on another time line.
    pub fn restart(&mut self) {
        while let Some(stored) = self.take_first() {
            self.spare.push(stored.bytes);
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

        self.pulled = Pulled::Audio;
        let missing = wanted.saturating_sub(self.pending.len());
        self.read(missing);
        out.copy_from_slice(&self.pending[..wanted]);
        self.pending.drain(..wanted);
        self.pulled
    }

    /// Takes everything that waits, at once and without regard to time, and hands it over in pieces: what came before
    /// an end is part of it (REC-15).
    pub fn drain(&mut self, mut take: impl FnMut(&[i16])) {
        loop {
            let buffered = self.packets.back().map_or(0, |last| last.end - self.position);
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

    /// Samples a second of what [`pull`](Self::pull) and [`drain`](Self::drain) give: the codec's sampling rate.
    pub fn rate_hz(&self) -> u32 {
        self.rate_hz
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
        self.position = first.start;
        self.started = self.lag(arrived) >= self.delay.target(wanted as i64);
        self.started
    }

    /// Where the far end sent nothing, or far too much waits, the position moves on in one step.
    fn skip_what_is_too_old(&mut self, arrived: i64, wanted: usize) {
        let Some(first) = self.packets.front() else { return };
        let target = self.delay.target(wanted as i64);
        let on_time = self.delay.reference().map_or(self.position, |reference| arrived - reference - target);
        let first = first.start;
        if first > self.position && on_time > self.position {
            self.position = on_time.min(first);
        } else if on_time - self.position > i64::from(self.rate_hz) / TOO_MUCH_PER_SECOND {
            self.stats.removed_samples += (on_time - self.position).unsigned_abs();
            self.position = on_time;
        }
        while self.packets.front().is_some_and(|stored| stored.end <= self.position) {
            self.finish_first();
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
        let scale = self.scale();
        let buffered = self.pending.len() + self.contiguous();
        let longest = (buffered / 2).min(stretch::LONGEST_LAG * scale);
        // What is left out is not there to be played now.
        let longest = if shrink { longest.min(buffered.saturating_sub(wanted)) } else { longest };
        if longest < stretch::SHORTEST_LAG * scale {
            return;
        }
        let look = 2 * longest;
        self.read(look.saturating_sub(self.pending.len()));
        let must = excess > i64::from(self.rate_hz) / FAR_TOO_MUCH_PER_SECOND;
        let Some(lag) = stretch::period(&self.pending[..look], stretch::SHORTEST_LAG * scale..=longest, must)
        else {
            return;
        };
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
            let Some(first) = self.packets.front() else {
                // It may still come: the position stands still, and the delay grows.
                self.conceal(left);
                return;
            };
            let ahead = first.start - self.position;
            if ahead > 0 {
                let repeated = first.repeated_samples() as i64;
                if ahead == repeated && self.recover() {
                    self.position += repeated;
                    left = left.saturating_sub(repeated as usize);
                    continue;
                }
                let gap = if ahead > repeated { ahead - repeated } else { ahead };
                let run = left.min(usize::try_from(gap).unwrap_or(left));
                self.conceal(run);
                self.position += run as i64;
                left -= run;
                continue;
            }
            if !self.decode_first() {
                self.finish_first();
                continue;
            }
            let from = usize::try_from(-ahead).unwrap_or(usize::MAX);
            let run = left.min(self.decoded.len().saturating_sub(from));
            if run > 0 {
                let at = self.pending.len();
                self.pending.extend_from_slice(&self.decoded[from..from + run]);
                self.concealer.received(&mut self.pending[at..]);
                self.position += run as i64;
                left -= run;
            }
            if from + run >= self.decoded.len() {
                self.finish_first();
            }
        }
    }

    /// Decodes the first packet, unless that was done before. `false` if there is no audio in it.
    fn decode_first(&mut self) -> bool {
        if self.is_first_decoded {
            return true;
        }
        let Some(first) = self.packets.front() else { return false };
        let PayloadKind::Audio(codec) = first.kind else { return false };
        if self.decoder.codec() != codec {
            self.decoder = Decoder::new(codec);
        }
        self.decoded.resize(usize::try_from(first.end - first.start).unwrap_or(0), 0);
        let Ok(samples) = self.decoder.decode(&first.bytes, &mut self.decoded) else { return false };
        self.decoded.truncate(samples);
        if first.marker {
            // The far end was silent, and nothing was lost.
            self.stats.concealed_samples -= self.gap_counted;
        }
        self.end_gap();
        if self.pulled == Pulled::Nothing {
            self.pulled = Pulled::Concealed;
        }
        self.is_first_decoded = true;
        true
    }

    /// Lets the first packet go, since its time is over.
    fn finish_first(&mut self) {
        if let Some(stored) = self.take_first() {
            if stored.kind == PayloadKind::ComfortNoise {
                self.decoder.take_comfort_noise(&stored.bytes);
                self.substitute_used = self.substitute.len();
            }
            self.spare.push(stored.bytes);
        }
    }

    fn take_first(&mut self) -> Option<Stored> {
        self.is_first_decoded = false;
        self.packets.pop_front()
    }

    /// Appends what the first packet repeats of the lost one before it. `false` if the decoder cannot.
    fn recover(&mut self) -> bool {
        let Some(first) = self.packets.front() else { return false };
        let at = self.pending.len();
        self.pending.resize(at + first.repeated_samples(), 0);
        if first.kind != PayloadKind::Audio(self.decoder.codec())
            || !self.decoder.recover(&first.bytes, &mut self.pending[at..])
        {
            self.pending.truncate(at);
            return false;
        }
        self.stats.recovered_samples += (self.pending.len() - at) as u64;
        self.concealer.received(&mut self.pending[at..]);
        self.end_gap();
        true
    }

    /// There is something to be heard again.
    fn end_gap(&mut self) {
        (self.gap, self.gap_counted, self.pausing) = (0, 0, false);
        self.substitute_used = self.substitute.len();
    }

    /// Appends `count` samples that stand for what is not there.
    fn conceal(&mut self, count: usize) {
        let at = self.pending.len();
        self.pending.resize(at + count, 0);
        let substituted = at + self.substitute(at);
        self.concealer.conceal(&mut self.pending[substituted..]);
        if self.pausing {
            return;
        }
        let faded_out = conceal::FADED_OUT * self.scale();
        let counted = count.min(faded_out.saturating_sub(self.gap)) as u64;
        self.gap = self.gap.saturating_add(count);
        self.gap_counted += counted;
        self.stats.concealed_samples += counted;
        self.pulled = if counted > 0 { Pulled::Concealed } else { Pulled::Nothing };
    }

    /// Fills `pending` from `at` on with what the decoder makes in place of packets, and tells how much that is: all,
    /// or nothing if the codec has no way of its own.
    fn substitute(&mut self, at: usize) -> usize {
        let mut filled = 0;
        while at + filled < self.pending.len() {
            if self.substitute_used == self.substitute.len() {
                match self.decoder.conceal(&mut self.substitute) {
                    Concealed::Unable => return filled,
                    concealed => self.pausing = concealed == Concealed::Pause,
                }
                self.substitute_used = 0;
            }
            let out = &mut self.pending[at + filled..];
            let run = out.len().min(self.substitute.len() - self.substitute_used);
            out[..run].copy_from_slice(&self.substitute[self.substitute_used..][..run]);
            self.substitute_used += run;
            filled += run;
        }
        filled
    }

    /// How many samples lie in packets without a gap from the position on.
    fn contiguous(&self) -> usize {
        let mut end = self.position;
        for stored in &self.packets {
            if stored.start > end {
                break;
            }
            end = end.max(stored.end);
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

    /// Begins anew for a codec whose rates are others than those so far.
    fn follow_rates(&mut self, codec: Codec) {
        if codec.sampling_rate_hz() == self.rate_hz && codec.clock_rate_hz() == self.clock_hz {
            return;
        }
        let before = self.stats;
        let scaled = |samples: u64| samples * u64::from(codec.sampling_rate_hz()) / u64::from(self.rate_hz);
        let stats = JitterStats {
            concealed_samples: scaled(before.concealed_samples),
            recovered_samples: scaled(before.recovered_samples),
            removed_samples: scaled(before.removed_samples),
            added_samples: scaled(before.added_samples),
            ..before
        };
        *self = Self { stats, ..Self::new(codec) };
    }

    /// How many samples there are for one at 8000 Hz.
    fn scale(&self) -> usize {
        (self.rate_hz / Law::RATE_HZ) as usize
    }
}

/// A packet and its place.
#[derive(Clone, Debug)]
struct Stored {
    start: i64,
    end: i64,
    marker: bool,
    kind: PayloadKind,
    bytes: Vec<u8>,
}

impl Stored {
    /// How many samples before it the packet repeats.
    fn repeated_samples(&self) -> usize {
        match self.kind {
            PayloadKind::Audio(codec) => codec.repeated_samples(&self.bytes),
            PayloadKind::ComfortNoise => 0,
        }
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
/// 60 ms at 8000 Hz: a longer packet or frame takes memory when it comes.
const LONGEST_FRAME: usize = 480;
/// 10 ms at 8000 Hz.
const SUBSTITUTED_AT_ONCE: usize = 80;
