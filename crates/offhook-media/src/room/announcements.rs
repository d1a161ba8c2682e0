//! What is played to a whole room: entry and exit sounds, one after another.

use std::collections::VecDeque;

use super::MOST_FRAME_SAMPLES;
use crate::Clip;
use crate::playout::{JobId, Play, Playout};

#[derive(Debug, Default)]
pub(super) struct Announcements {
    waiting: VecDeque<Clip>,
    playout: Playout,
}

impl Announcements {
    pub(super) fn push(&mut self, clip: Clip) {
        if self.waiting.len() < LONGEST_QUEUE {
            self.waiting.push_back(clip);
        }
    }

    /// Adds the next frame of what is played, at `rate_hz`, to a sum.
    pub(super) fn add_to(&mut self, rate_hz: u32, sum: &mut [i32]) {
        let mut samples = [0; MOST_FRAME_SAMPLES];
        let mut at = 0;
        while at < sum.len() {
            at += self.playout.fill_linear(rate_hz, &mut samples[at..sum.len()]);
            if !self.playout.is_playing() {
                let Some(clip) = self.waiting.pop_front() else { break };
                self.playout.play(Play { job: JobId(0), clip, looped: false, limit_samples: None });
            }
        }
        for (sum, sample) in sum.iter_mut().zip(&samples[..at]) {
            *sum += i32::from(*sample);
        }
    }
}

pub(super) const LONGEST_QUEUE: usize = 16;
