//! What is played to a whole room: entry and exit sounds, one after another.

use std::collections::VecDeque;

use super::FRAME_SAMPLES;
use crate::Clip;

#[derive(Debug, Default)]
pub(super) struct Announcements {
    waiting: VecDeque<Clip>,
    /// The next sample of the first one.
    position: usize,
}

impl Announcements {
    pub(super) fn push(&mut self, clip: Clip) {
        if self.waiting.len() < LONGEST_QUEUE {
            self.waiting.push_back(clip);
        }
    }

    /// Adds the next frame of what is played to a sum.
    pub(super) fn add_to(&mut self, sum: &mut [i32; FRAME_SAMPLES]) {
        let mut samples = [0; FRAME_SAMPLES];
        let mut at = 0;
        while at < FRAME_SAMPLES
            && let Some(clip) = self.waiting.front()
        {
            let rest = clip.bytes.get(self.position..).unwrap_or_default();
            let count = clip.codec.decode_into(rest, &mut samples[at..]);
            at += count;
            self.position += count;
            if self.position >= clip.len() {
                self.waiting.pop_front();
                self.position = 0;
            }
        }
        for (sum, sample) in sum.iter_mut().zip(&samples[..at]) {
            *sum += i32::from(*sample);
        }
    }
}

pub(super) const LONGEST_QUEUE: usize = 16;
