//! One member of a room: what it says in a frame, and what it hears.

use std::time::Instant;

use super::limiter::Limiter;
use super::{FRAME_SAMPLES, Party, RoomStreams};
use crate::Clip;

#[derive(Debug)]
pub(super) struct Member<K> {
    pub(super) key: K,
    pub(super) party: Party,
    /// What it says in the present frame.
    said: [i16; FRAME_SAMPLES],
    /// Whether `said` is in the sum.
    in_sum: bool,
    /// Whether it is to be heard in the present frame.
    pub(super) audible: bool,
    pub(super) was_audible: bool,
    /// The mean of its samples' magnitude, smoothed over some frames.
    pub(super) level: u32,
    limiter: Limiter,
    /// What it hears in place of the others.
    private: Option<Looped>,
}

#[derive(Debug)]
struct Looped {
    clip: Clip,
    position: usize,
}

impl<K: Copy> Member<K> {
    pub(super) fn new(key: K, party: Party) -> Self {
        Self {
            key,
            party,
            said: [0; FRAME_SAMPLES],
            in_sum: false,
            audible: false,
            was_audible: false,
            level: 0,
            limiter: Limiter::default(),
            private: None,
        }
    }

    /// Repeats a clip to this member alone.
    pub(super) fn play_alone(&mut self, clip: Option<Clip>) {
        let clip = clip.filter(|clip| !clip.is_empty());
        self.private = clip.map(|clip| Looped { clip, position: 0 });
    }

    /// Takes what the member says, whether or not it may talk: its time goes on.
    pub(super) fn listen(&mut self, now: Instant, streams: &mut impl RoomStreams<K>) {
        let says = streams.stream(self.key).is_some_and(|stream| stream.say_to_room(now, &mut self.said));
        let magnitude = match says {
            true => self.said.iter().map(|sample| u32::from(sample.unsigned_abs())).sum(),
            false => 0,
        };
        let mean = magnitude / FRAME_SAMPLES as u32;
        self.level = (self.level * 3 + mean) / 4;
        self.was_audible = self.audible;
        self.audible = self.party.talks;
        self.in_sum = says;
    }

    /// Adds what the member says to a sum. A talker that begins or ceases to be heard is faded over the frame, so that
    /// it does not click.
    pub(super) fn add_to(&mut self, sum: &mut [i32; FRAME_SAMPLES]) {
        match (self.was_audible, self.audible) {
            (false, false) => self.in_sum = false,
            (true, true) => {}
            (_, rises) => fade(&mut self.said, rises),
        }
        if self.in_sum {
            for (sum, said) in sum.iter_mut().zip(&self.said) {
                *sum += i32::from(*said);
            }
        }
    }

    /// Writes what the member hears: the sum without its own part, or what is played to it alone. Tells whether it
    /// hears anything.
    pub(super) fn hears(&mut self, sum: &[i32; FRAME_SAMPLES], mixed: &mut [i16; FRAME_SAMPLES]) -> bool {
        match &mut self.private {
            Some(private) => private.fill(mixed),
            None if self.party.hears => self.mix(sum, mixed),
            None => return false,
        }
        true
    }

    fn mix(&mut self, sum: &[i32; FRAME_SAMPLES], mixed: &mut [i16; FRAME_SAMPLES]) {
        if !self.in_sum {
            return self.limiter.apply(sum, mixed);
        }
        let mut others = [0; FRAME_SAMPLES];
        for ((others, sum), said) in others.iter_mut().zip(sum).zip(&self.said) {
            *others = sum - i32::from(*said);
        }
        self.limiter.apply(&others, mixed);
    }
}

impl Looped {
    fn fill(&mut self, frame: &mut [i16; FRAME_SAMPLES]) {
        let mut at = 0;
        while at < FRAME_SAMPLES {
            let rest = self.clip.bytes.get(self.position..).unwrap_or_default();
            let count = self.clip.codec.decode_into(rest, &mut frame[at..]);
            at += count;
            self.position = (self.position + count) % self.clip.len().max(1);
        }
    }
}

fn fade(samples: &mut [i16; FRAME_SAMPLES], rises: bool) {
    for (at, sample) in samples.iter_mut().enumerate() {
        let share = if rises { at } else { FRAME_SAMPLES - at };
        *sample = (i32::from(*sample) * share as i32 / FRAME_SAMPLES as i32) as i16;
    }
}
