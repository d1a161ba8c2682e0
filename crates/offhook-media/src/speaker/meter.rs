//! What a frame of 20 ms holds: silence, a steady tone, or other sound.

use crate::measure;

/// Tells silence, tones and other sound apart.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    /// The mean square of the line's own noise.
    floor: f64,
    quietest: f64,
    tone: Option<Tone>,
    frame: [f64; FRAME],
    filled: usize,
    /// The last two samples of the frame before.
    before: [f64; 2],
    /// This frame and the one before at a quarter of the rate.
    low: [f64; 2 * LOW_FRAME],
    ringing: Option<Tone>,
}

/// A steady tone that goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tone {
    pub(super) hz: f64,
    /// How many frames it has lasted.
    pub(super) frames: u32,
}

/// One frame of 20 ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Frame {
    Silence,
    /// A tone; its beginning may be a voice that holds its pitch for a moment.
    Tone(Tone),
    Sound,
}

impl Meter {
    pub(super) fn new() -> Self {
        let quietest = mean_square(QUIETEST_DBM0);
        Self {
            floor: f64::INFINITY,
            quietest,
            tone: None,
            frame: [0.0; FRAME],
            filled: 0,
            before: [0.0; 2],
            low: [0.0; 2 * LOW_FRAME],
            ringing: None,
        }
    }

    /// Takes in a sample at 8000 Hz, and tells the frame that it completes.
    pub(super) fn hear(&mut self, sample: i16) -> Option<Frame> {
        self.frame[self.filled] = f64::from(sample);
        self.filled = (self.filled + 1) % FRAME;
        (self.filled == 0).then(|| self.judge())
    }

    /// What might be ringing tone, and how long it has lasted so far.
    pub(super) fn ringing_ms(&self) -> u32 {
        self.ringing.map_or(0, |tone| tone.frames * FRAME_MS)
    }

    /// Ringing tone is one frequency, or two that beat, around 440 Hz: it is looked for where these are most of what is
    /// left, over two frames, so that neither noise nor the beat disturbs.
    fn look_for_ringing(&mut self, energy: f64) {
        self.low.copy_within(LOW_FRAME.., 0);
        for (low, samples) in self.low[LOW_FRAME..].iter_mut().zip(self.frame.chunks_exact(4)) {
            *low = samples.iter().sum::<f64>() / 4.0;
        }
        let (cosine, rest) = fit(&self.low);
        let low_energy =
            self.low[LOW_FRAME..].iter().map(|sample| sample * sample).sum::<f64>() / LOW_FRAME as f64;
        let hz = cosine.clamp(-1.0, 1.0).acos() * 2000.0 / std::f64::consts::TAU;
        let fits = rest <= MOST_REST_OF_RINGING
            && RINGING_HZ.contains(&hz)
            && low_energy > energy * LEAST_OF_RINGING
            && energy > self.quietest * ABOVE_QUIETEST;
        self.ringing = match (fits, self.ringing) {
            (true, Some(tone)) if (hz - tone.hz).abs() <= tone.hz * STEADY_RINGING => {
                Some(Tone { hz: tone.hz, frames: tone.frames + 1 })
            }
            (true, _) => Some(Tone { hz, frames: 1 }),
            (false, _) => None,
        };
    }

    fn judge(&mut self) -> Frame {
        let energy = self.frame.iter().map(|sample| sample * sample).sum::<f64>() / FRAME as f64;
        // The floor follows what is quiet at once, and rises slowly with what is loud.
        self.floor = energy.max(self.quietest).min(self.floor * FLOOR_RISE);
        let loud = energy > (self.floor * ABOVE_FLOOR).max(self.quietest * ABOVE_QUIETEST);
        let frequency = self.frequency();
        self.look_for_ringing(energy);
        [self.before[0], self.before[1]] = [self.frame[FRAME - 2], self.frame[FRAME - 1]];
        if !loud && self.tone.is_none() {
            return Frame::Silence;
        }
        self.tone = match (frequency.filter(|_| energy > self.quietest * ABOVE_QUIETEST), self.tone) {
            (Some(hz), Some(tone)) if (hz - tone.hz).abs() <= tone.hz * STEADY => {
                let frames = tone.frames + 1;
                Some(Tone { hz: tone.hz + (hz - tone.hz) / f64::from(frames), frames })
            }
            (Some(hz), _) if loud => Some(Tone { hz, frames: 1 }),
            _ => None,
        };
        match self.tone {
            Some(tone) => Frame::Tone(tone),
            None if loud => Frame::Sound,
            None => Frame::Silence,
        }
    }

    /// The frequency of a frame that holds little but one, or two that are close to each other.
    fn frequency(&self) -> Option<f64> {
        let mut samples = [0.0; FRAME + 2];
        samples[..2].copy_from_slice(&self.before);
        samples[2..].copy_from_slice(&self.frame);
        let (cosine, rest) = fit(&samples);
        let hz = cosine.clamp(-1.0, 1.0).acos() * 8000.0 / std::f64::consts::TAU;
        (rest <= MOST_REST && (LOWEST_HZ..HIGHEST_HZ).contains(&hz)).then_some(hz)
    }
}

/// Every sine fulfils `x[n-1] + x[n+1] = 2 cos(w) x[n]`: the cosine that fits best, and what it leaves over of the
/// energy, which tells how much else there is.
fn fit(samples: &[f64]) -> (f64, f64) {
    let (mut product, mut energy, mut sides) = (0.0, 0.0, 0.0);
    for window in samples.windows(3) {
        let (side, middle) = (window[0] + window[2], window[1]);
        product += side * middle;
        energy += middle * middle;
        sides += side * side;
    }
    if energy <= 0.0 {
        return (0.0, f64::INFINITY);
    }
    (product / (2.0 * energy), (sides - product * product / energy) / energy)
}

fn mean_square(level_dbm0: f64) -> f64 {
    measure::peak_of_dbm0(level_dbm0).powi(2) / 2.0
}

/// Milliseconds of a frame.
pub(super) const FRAME_MS: u32 = 20;
const FRAME: usize = 160;
/// No line is taken to be quieter.
const QUIETEST_DBM0: f64 = -58.0;
/// 10 dB above the line's noise, and -45 dBm0 at least, something is heard.
const ABOVE_FLOOR: f64 = 10.0;
const ABOVE_QUIETEST: f64 = 20.0;
/// 4 dB a second.
const FLOOR_RISE: f64 = 1.0186;
/// From frame to frame the frequency of a tone stays within 4 %.
const STEADY: f64 = 0.04;
/// What one frequency may leave over: noise 16 dB below it.
const MOST_REST: f64 = 0.12;
/// Tones of the network, machines and fax machines lie between.
const LOWEST_HZ: f64 = 330.0;
const HIGHEST_HZ: f64 = 3000.0;
/// 20 ms at 2000 Hz.
const LOW_FRAME: usize = 40;
/// From 400 Hz to 480 Hz, and a little more.
const RINGING_HZ: std::ops::Range<f64> = 385.0..500.0;
/// Two frequencies 50 Hz apart, and noise 13 dB below them.
const MOST_REST_OF_RINGING: f64 = 0.2;
/// Little else is heard than ringing tone.
const LEAST_OF_RINGING: f64 = 0.6;
const STEADY_RINGING: f64 = 0.06;
