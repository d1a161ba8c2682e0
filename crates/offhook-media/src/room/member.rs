//! One member of a room: what it says in a frame, and what it hears.

use std::time::Instant;

use super::limiter::Limiter;
use super::{MOST_FRAME_SAMPLES, Party, RoomStreams, frame_samples};
use crate::Clip;
use crate::playout::{JobId, Play, Playout};

#[derive(Debug)]
pub(super) struct Member<K> {
    pub(super) key: K,
    pub(super) party: Party,
    /// What it says in the present frame.
    said: [i16; MOST_FRAME_SAMPLES],
    /// Whether `said` is in the sum.
    in_sum: bool,
    /// Whether it is to be heard in the present frame.
    pub(super) audible: bool,
    pub(super) was_audible: bool,
    /// The mean of its samples' magnitude, smoothed over some frames.
    pub(super) level: u32,
    limiter: Limiter,
    /// What it hears in place of the others.
    private: Option<Playout>,
}

impl<K: Copy> Member<K> {
    pub(super) fn new(key: K, party: Party) -> Self {
        Self {
            key,
            party,
            said: [0; MOST_FRAME_SAMPLES],
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
        self.private = clip.filter(|clip| !clip.is_empty()).map(|clip| {
            let mut playout = Playout::default();
            playout.play(Play { job: JobId(0), clip, looped: true, limit_samples: None });
            playout
        });
    }

    /// Takes what the member says, whether or not it may talk: its time goes on.
    pub(super) fn listen(&mut self, now: Instant, rate_hz: u32, streams: &mut impl RoomStreams<K>) {
        let said = &mut self.said[..frame_samples(rate_hz)];
        let says = streams.stream(self.key).is_some_and(|stream| stream.say_to_room(now, rate_hz, said));
        let magnitude = match says {
            true => said.iter().map(|sample| u32::from(sample.unsigned_abs())).sum(),
            false => 0,
        };
        let mean = magnitude / said.len() as u32;
        self.level = (self.level * 3 + mean) / 4;
        self.was_audible = self.audible;
        self.audible = self.party.talks;
        self.in_sum = says;
    }

    /// Adds what the member says to a sum. A talker that begins or ceases to be heard is faded over the frame, so that
    /// it does not click.
    pub(super) fn add_to(&mut self, sum: &mut [i32]) {
        match (self.was_audible, self.audible) {
            (false, false) => self.in_sum = false,
            (true, true) => {}
            (_, rises) => fade(&mut self.said[..sum.len()], rises),
        }
        if self.in_sum {
            for (sum, said) in sum.iter_mut().zip(&self.said) {
                *sum += i32::from(*said);
            }
        }
    }

    /// Writes what the member hears: the sum without its own part, or what is played to it alone. Tells whether it
    /// hears anything.
    pub(super) fn hears(&mut self, rate_hz: u32, sum: &[i32], mixed: &mut [i16]) -> bool {
        match &mut self.private {
            Some(private) => {
                private.fill_linear(rate_hz, mixed);
            }
            None if self.party.hears => self.mix(sum, mixed),
            None => return false,
        }
        true
    }

    fn mix(&mut self, sum: &[i32], mixed: &mut [i16]) {
        if !self.in_sum {
            return self.limiter.apply(sum, mixed);
        }
        let mut others = [0; MOST_FRAME_SAMPLES];
        let others = &mut others[..sum.len()];
        for ((others, sum), said) in others.iter_mut().zip(sum).zip(&self.said) {
            *others = sum - i32::from(*said);
        }
        self.limiter.apply(others, mixed);
    }
}

fn fade(samples: &mut [i16], rises: bool) {
    let length = samples.len();
    for (at, sample) in samples.iter_mut().enumerate() {
        let share = if rises { at } else { length - at };
        *sample = (i32::from(*sample) * share as i32 / length as i32) as i16;
    }
}
