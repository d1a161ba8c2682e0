//! What a stream plays: an encoded clip, once or in a loop, cut into frames at sample precision.

use crate::{Clip, Codec};

/// Plays one clip at a time into frames.
///
/// Positions and limits are counted in samples: a frame may hold the end of a clip and its beginning (RING-44), or
/// its end and silence. Filling a frame only copies.
#[derive(Clone, Debug, Default)]
pub struct Playout {
    playing: Option<Playing>,
    /// A job whose last sample is in the latest frame, until that frame is over.
    ending: Option<Ended>,
}

/// One clip to be played.
#[derive(Clone, Debug)]
pub struct Play {
    /// The name that [`Ended`] carries.
    pub job: JobId,
    /// What is played. A clip in another codec than the stream's is transcoded on the way.
    pub clip: Clip,
    /// Whether its beginning follows its end, for as long as the limit allows.
    pub looped: bool,
    /// The longest time that it is heard, in samples.
    pub limit_samples: Option<u64>,
}

impl Playout {
    /// Plays `play` from the next frame on; what played before ends here.
    ///
    /// A clip without samples, or a limit of zero, is over with the next frame.
    pub fn play(&mut self, play: Play) -> Option<Ended> {
        let replaced = self.end(PlayEnd::Replaced);
        let Play { job, clip, looped, limit_samples } = play;
        let position = 0;
        self.playing =
            Some(Playing { job, clip, looped, position, left: limit_samples, played: 0, paused: false });
        replaced
    }

    /// Stops what plays; silence from the next frame on.
    pub fn stop(&mut self) -> Option<Ended> {
        self.end(PlayEnd::Stopped)
    }

    /// Stands still, with silence in place of the clip; the limit counts on (FP-9). `false` if nothing plays.
    pub fn pause(&mut self) -> bool {
        self.set_paused(true)
    }

    /// Goes on after a [`pause`](Self::pause). `false` if nothing plays.
    pub fn resume(&mut self) -> bool {
        self.set_paused(false)
    }

    /// Goes on from the given sample of the clip; past its end it is over with the next frame, or begins again when
    /// looped (FP-10). `false` if nothing plays.
    pub fn seek(&mut self, sample: u64) -> bool {
        let Some(playing) = &mut self.playing else { return false };
        let length = playing.clip.len();
        playing.position = usize::try_from(sample).map_or(length, |sample| sample.min(length));
        true
    }

    /// The job whose last sample was in the frame before, to be called when the next frame is due: what was
    /// played has been heard by then.
    pub fn take_ended(&mut self) -> Option<Ended> {
        self.ending.take()
    }

    /// Fills a frame with what plays, in the stream's codec, and returns how many bytes from its beginning are
    /// filled. The rest is left as it was.
    pub fn fill(&mut self, codec: Codec, frame: &mut [u8]) -> usize {
        self.advance(frame.len(), |clip, range, at| {
            let target = &mut frame[at..at + range.len()];
            target.copy_from_slice(&clip.bytes[range]);
            if clip.codec != codec {
                transcode(clip.codec, codec, target);
            }
        })
    }

    /// Passes over a frame of `samples` that is not sent: time goes on.
    pub fn skip(&mut self, samples: usize) {
        self.advance(samples, |_, _, _| {});
    }

    /// Whether a clip plays.
    pub fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    fn advance(
        &mut self,
        samples: usize,
        mut part: impl FnMut(&Clip, std::ops::Range<usize>, usize),
    ) -> usize {
        let Some(playing) = &mut self.playing else { return 0 };
        if playing.paused {
            self.stand_still(samples);
            return 0;
        }
        let length = playing.clip.bytes.len();
        let mut done = 0;
        let reason = loop {
            if playing.left == Some(0) {
                break Some(PlayEnd::Limit);
            }
            if playing.position == length {
                if !playing.looped || length == 0 {
                    break Some(PlayEnd::Finished);
                }
                playing.position = 0;
            }
            if done == samples {
                break None;
            }
            let left = playing.left.map_or(usize::MAX, |left| usize::try_from(left).unwrap_or(usize::MAX));
            let run = (samples - done).min(length - playing.position).min(left);
            part(&playing.clip, playing.position..playing.position + run, done);
            done += run;
            playing.position += run;
            playing.played += run as u64;
            if let Some(left) = &mut playing.left {
                *left -= run as u64;
            }
        };
        if let Some(reason) = reason {
            // A limit that falls on the very end of a clip played once is not what ended it.
            let whole = !playing.looped && playing.position == length;
            let reason = if whole { PlayEnd::Finished } else { reason };
            self.ending = Some(Ended { job: playing.job, reason, played_samples: playing.played });
            self.playing = None;
        }
        done
    }

    /// A frame of a pause: only the limit counts.
    fn stand_still(&mut self, samples: usize) {
        let Some(Playing { left: Some(left), .. }) = &mut self.playing else { return };
        *left = left.saturating_sub(samples as u64);
        if *left == 0 {
            self.ending = self.end(PlayEnd::Limit);
        }
    }

    fn set_paused(&mut self, paused: bool) -> bool {
        let Some(playing) = &mut self.playing else { return false };
        playing.paused = paused;
        true
    }

    fn end(&mut self, reason: PlayEnd) -> Option<Ended> {
        if let Some(playing) = self.playing.take() {
            return Some(Ended { job: playing.job, reason, played_samples: playing.played });
        }
        self.ending.take()
    }
}

/// The name of one thing that is played, chosen by whoever plays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobId(pub u64);

/// One thing that has been played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Which.
    pub job: JobId,
    /// Why it ended.
    pub reason: PlayEnd,
    /// How much of it was heard, in samples; every pass of a loop counts.
    pub played_samples: u64,
}

/// Why something is no longer played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlayEnd {
    /// It was played to its end.
    Finished,
    /// Its limit was reached.
    Limit,
    /// It was stopped.
    Stopped,
    /// Something else was played in its place.
    Replaced,
    /// The stream was closed.
    Closed,
}

#[derive(Clone, Debug)]
struct Playing {
    job: JobId,
    clip: Clip,
    looped: bool,
    /// The next sample of the clip.
    position: usize,
    /// What is left of the limit.
    left: Option<u64>,
    played: u64,
    paused: bool,
}

/// Turns bytes of one codec into another's, through linear samples.
fn transcode(from: Codec, to: Codec, bytes: &mut [u8]) {
    let mut samples = [0; 80];
    for chunk in bytes.chunks_mut(samples.len()) {
        let count = from.decode_into(chunk, &mut samples);
        to.encode_into(&samples[..count], chunk);
    }
}
