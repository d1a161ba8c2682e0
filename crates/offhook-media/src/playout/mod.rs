//! What a stream plays: a clip, once or in a loop, cut into frames at sample precision.

use std::ops::Range;
use std::time::Duration;

use crate::rate::RateConverter;
use crate::{Clip, Law};

/// Plays one clip at a time into frames.
///
/// Positions and limits are counted in samples of the clip: a frame may hold the end of a clip and its beginning
/// (RING-44), or its end and silence. Filling a frame of G.711 with a clip that was made for it only copies.
#[derive(Clone, Debug, Default)]
pub struct Playout {
    playing: Option<Playing>,
    /// For a clip whose sampling rate is not the stream's.
    converter: RateConverter,
    /// A job whose last sample is in the latest frame, until that frame is over.
    ending: Option<Ended>,
}

/// One clip to be played.
#[derive(Clone, Debug)]
pub struct Play {
    /// The name that [`Ended`] carries.
    pub job: JobId,
    /// What is played. A clip that was made for another codec than the stream's is transcoded on the way.
    pub clip: Clip,
    /// Whether its beginning follows its end, for as long as the limit allows.
    pub looped: bool,
    /// The longest time that it is heard, in samples of the clip.
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
        self.converter = RateConverter::default();
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

    /// Goes on from the given time of the clip, rounded to a sample; past its end it is over with the next frame, or
    /// begins again when looped (FP-10). `false` if nothing plays.
    pub fn seek(&mut self, to: Duration) -> bool {
        let Some(playing) = &mut self.playing else { return false };
        let length = playing.clip.len();
        playing.position = usize::try_from(playing.clip.samples_in(to)).map_or(length, |at| at.min(length));
        true
    }

    /// The job whose last sample was in the frame before, to be called when the next frame is due: what was
    /// played has been heard by then.
    pub fn take_ended(&mut self) -> Option<Ended> {
        self.ending.take()
    }

    /// Fills a frame of G.711 with what plays, and returns how many bytes from its beginning are filled. The rest is
    /// left as it was.
    pub fn fill(&mut self, law: Law, frame: &mut [u8]) -> usize {
        if self.playing.as_ref().is_none_or(|playing| playing.clip.encoded().is_none()) {
            return self.fill_transcoded(law, frame);
        }
        self.advance(frame.len(), |clip, range, at| {
            let Some((from, bytes)) = clip.encoded() else { return };
            let target = &mut frame[at..at + range.len()];
            target.copy_from_slice(&bytes[range]);
            if from != law {
                transcode(from, law, target);
            }
        })
    }

    /// Fills a frame of linear samples at `rate_hz` with what plays, and returns how many from its beginning are
    /// filled. The rest is left as it was.
    pub fn fill_linear(&mut self, rate_hz: u32, frame: &mut [i16]) -> usize {
        let Some(from_hz) = self.playing.as_ref().map(|playing| playing.clip.rate_hz()) else { return 0 };
        if from_hz == rate_hz {
            return self.advance(frame.len(), |clip, range, at| clip.read(range, &mut frame[at..]));
        }
        let mut source = [0; 2 * PIECE];
        let mut filled = 0;
        for part in frame.chunks_mut(PIECE) {
            let wanted = self.in_clip(part.len(), rate_hz);
            let source = &mut source[..wanted.min(2 * PIECE)];
            let read = self.advance(source.len(), |clip, range, at| clip.read(range, &mut source[at..]));
            if read == 0 {
                break;
            }
            // The converter's delay moves the last samples of a clip into the silence behind it.
            source[read..].fill(0);
            self.converter.convert(from_hz, source, rate_hz, part);
            filled += part.len();
            if read < source.len() {
                break;
            }
        }
        filled
    }

    /// Passes over a frame of `samples` at `rate_hz` that is not sent: time goes on.
    pub fn skip(&mut self, samples: usize, rate_hz: u32) {
        let samples = self.in_clip(samples, rate_hz);
        self.advance(samples, |_, _, _| {});
    }

    /// Whether a clip plays.
    pub fn is_playing(&self) -> bool {
        self.playing.is_some()
    }

    fn advance(&mut self, samples: usize, mut part: impl FnMut(&Clip, Range<usize>, usize)) -> usize {
        let Some(playing) = &mut self.playing else { return 0 };
        if playing.paused {
            self.stand_still(samples);
            return 0;
        }
        let length = playing.clip.len();
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
            self.ending = Some(playing.ended(reason));
            self.playing = None;
        }
        done
    }

    /// A frame of G.711 with a clip of linear samples.
    fn fill_transcoded(&mut self, law: Law, frame: &mut [u8]) -> usize {
        let mut samples = [0; PIECE];
        let mut filled = 0;
        for part in frame.chunks_mut(PIECE) {
            let count = self.fill_linear(Law::RATE_HZ, &mut samples[..part.len()]);
            law.encode_into(&samples[..count], part);
            filled += count;
            if count < part.len() {
                break;
            }
        }
        filled
    }

    /// How many samples of the clip last as long as so many at `rate_hz`.
    fn in_clip(&self, samples: usize, rate_hz: u32) -> usize {
        let clip_hz = self.playing.as_ref().map_or(rate_hz, |playing| playing.clip.rate_hz());
        scaled(samples, rate_hz, clip_hz)
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
            return Some(playing.ended(reason));
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
    /// How much of it was heard, in samples of the clip; every pass of a loop counts.
    pub played_samples: u64,
    /// The clip's samples a second.
    pub rate_hz: u32,
}

impl Ended {
    /// How long it was heard.
    pub fn played(&self) -> Duration {
        let nanos = u128::from(self.played_samples) * 1_000_000_000 / u128::from(self.rate_hz.max(1));
        Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
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

impl Playing {
    fn ended(&self, reason: PlayEnd) -> Ended {
        let rate_hz = self.clip.rate_hz();
        Ended { job: self.job, reason, played_samples: self.played, rate_hz }
    }
}

/// Turns bytes of one law into the other's, through linear samples.
fn transcode(from: Law, to: Law, bytes: &mut [u8]) {
    let mut samples = [0; PIECE];
    for chunk in bytes.chunks_mut(samples.len()) {
        let count = from.decode_into(chunk, &mut samples);
        to.encode_into(&samples[..count], chunk);
    }
}

/// How many samples at one rate last as long as so many at another.
fn scaled(samples: usize, from_hz: u32, to_hz: u32) -> usize {
    if from_hz == to_hz {
        return samples;
    }
    // Frames have no more samples than fit.
    (samples as u64 * u64::from(to_hz) / u64::from(from_hz.max(1))) as usize
}

/// What is not copied goes through a buffer of so many samples: an even number, for the sake of the converter.
const PIECE: usize = 80;
