//! Keys as tones within the audio: detection as ITU-T Q.24 asks for, deaf to speech.
//!
//! Every 5 ms each of the eight frequencies is correlated with the newest samples. Four such blocks, put together in
//! phase, make a window of 20 ms. A window is a hit when one low and one high frequency, each near its nominal value
//! and within 10 dB of each other, hold nearly all of its energy. Four windows in a row that hit the same
//! key, and no more than 2.5 % off the mark, are a press: so 40 ms always suffice, and 23 ms never do. Speech hardly ever holds all of its energy in two such
//! frequencies, and never steadily.

use std::f32::consts::TAU;
use std::sync::LazyLock;

use super::digit::Digit;
use super::receiver::Press;

/// Finds key presses in sound at 8000 Hz (DTMF-11).
///
/// Costs about 16 multiplications a sample and allocates nothing.
#[derive(Clone, Debug)]
pub struct ToneDetector {
    /// Samples of the block that is not complete.
    block: [f32; BLOCK],
    filled: usize,
    /// The newest blocks, a ring.
    blocks: [Correlations; BLOCKS],
    newest: usize,
    /// The key that the newest windows hit.
    candidate: Option<Candidate>,
    pressed: Option<Pressed>,
}

/// One block: the correlation with each frequency as real and imaginary part, and the energy.
#[derive(Clone, Copy, Debug, Default)]
struct Correlations {
    of: [[f32; 2]; 8],
    energy: f32,
}

/// Windows in a row that hit the same key.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    digit: Digit,
    hits: u32,
    /// The sums of the deviations of both frequencies.
    deviation: [f32; 2],
}

/// What a window hit: the key and the deviations of both its frequencies, 0.01 for 1 %.
struct Hit {
    digit: Digit,
    deviation: [f32; 2],
}

#[derive(Clone, Copy, Debug)]
struct Pressed {
    digit: Digit,
    /// Blocks since the press began.
    blocks: u32,
    /// Blocks since a window last hit its key.
    silent: u32,
}

impl ToneDetector {
    /// A detector that has heard nothing.
    pub fn new() -> Self {
        Self {
            block: [0.0; BLOCK],
            filled: 0,
            blocks: [Correlations::default(); BLOCKS],
            newest: 0,
            candidate: None,
            pressed: None,
        }
    }

    /// Takes in the next samples and tells what became of a key, in order. The duration of a press that is over is in
    /// samples.
    pub fn hear(&mut self, samples: &[i16], mut tell: impl FnMut(Press)) {
        for sample in samples {
            self.block[self.filled] = f32::from(*sample);
            self.filled += 1;
            if self.filled == BLOCK {
                self.filled = 0;
                self.newest = (self.newest + 1) % BLOCKS;
                self.blocks[self.newest] = correlate(&self.block);
                self.decide(&mut tell);
            }
        }
    }

    /// Ends a press that lasts until the sound ends.
    pub fn finish(&mut self) -> Option<Press> {
        self.candidate = None;
        self.pressed.take().map(Pressed::over)
    }

    fn decide(&mut self, tell: &mut impl FnMut(Press)) {
        let hit = self.window();
        if let Some(pressed) = &mut self.pressed {
            pressed.blocks += 1;
            pressed.silent = if hit.as_ref().is_some_and(|hit| hit.digit == pressed.digit) {
                0
            } else {
                pressed.silent + 1
            };
        }
        self.candidate = hit.map(|Hit { digit, deviation }| match self.candidate {
            Some(Candidate { digit: same, hits, deviation: sum }) if digit == same => {
                let deviation = [sum[0] + deviation[0], sum[1] + deviation[1]];
                Candidate { digit, hits: hits + 1, deviation }
            }
            _ => Candidate { digit, hits: 1, deviation },
        });
        let another = self.candidate.filter(|candidate| {
            candidate.is_press() && self.pressed.is_none_or(|pressed| pressed.digit != candidate.digit)
        });
        let over = |pressed: &mut Pressed| another.is_some() || pressed.silent >= RELEASED;
        if let Some(pressed) = self.pressed.take_if(over) {
            tell(pressed.over());
        }
        if let Some(Candidate { digit, hits, .. }) = another {
            self.pressed = Some(Pressed { digit, blocks: hits + BLOCKS as u32 - 1, silent: 0 });
            tell(Press::Begun { digit });
        }
    }

    /// The key of the newest window.
    fn window(&self) -> Option<Hit> {
        let energy: f32 = self.blocks.iter().map(|block| block.energy).sum();
        if energy < LEAST_ENERGY {
            return None;
        }
        let (low, low_power, low_deviation) = self.strongest(0..4)?;
        let (high, high_power, high_deviation) = self.strongest(4..8)?;

        if low_power > high_power * MOST_TWIST || high_power > low_power * MOST_TWIST {
            return None;
        }
        // A sine of n samples has the power |c|^2 = energy * n / 2.
        let explained = (low_power + high_power) * 2.0 / (energy * (BLOCK * BLOCKS) as f32);
        let weakest = low_power.min(high_power) * 2.0 / (BLOCK * BLOCKS) as f32;
        if explained < LEAST_EXPLAINED || weakest < LEAST_ENERGY / 2.0 {
            return None;
        }
        let digit = Digit::try_from(KEYPAD[low][high - 4]).ok()?;
        Some(Hit { digit, deviation: [low_deviation, high_deviation] })
    }

    /// The strongest frequency of a group, with its power and deviation.
    fn strongest(&self, group: std::ops::Range<usize>) -> Option<(usize, f32, f32)> {
        // A block is too short to tell neighbours apart: it only says which are worth a closer look.
        let strength =
            |frequency: usize| self.blocks.iter().map(|block| power(block.of[frequency])).sum::<f32>();
        let strengths = group.clone().map(strength);
        let most = strengths.fold(0.0, f32::max);
        group
            .filter(|frequency| strength(*frequency) * WORTH_A_LOOK >= most)
            .filter_map(|frequency| self.in_phase(frequency).map(|(power, off)| (frequency, power, off)))
            .max_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The power of a frequency over the whole window, at the frequency that is really heard, and the deviation of that
    /// one from the nominal. `None` if it is not near enough.
    fn in_phase(&self, frequency: usize) -> Option<(f32, f32)> {
        let [advance_re, advance_im] = TABLE.advance[frequency];
        let block = |step: usize| self.blocks[(self.newest + step) % BLOCKS].of[frequency];
        // How far the phase runs on over `blocks` blocks, averaged over the window.
        let run = |blocks: usize| {
            let pairs = (1..=BLOCKS - blocks).map(|step| (block(step), block(step + blocks)));
            let (re, im) = pairs.fold((0.0, 0.0), |(re, im), ([a_re, a_im], [b_re, b_im])| {
                (re + b_re * a_re + b_im * a_im, im + b_im * a_re - b_re * a_im)
            });
            im.atan2(re)
        };
        let nominal = advance_im.atan2(advance_re);
        let whole_turns = |phase: f32| phase - TAU * (phase / TAU).round();
        // Over one block the deviation is told without doubt, over two more exactly.
        let coarse = whole_turns(run(1) - nominal);
        let ahead = coarse + whole_turns(run(2) - 2.0 * (nominal + coarse)) / 2.0;
        let deviation = ahead / (TAU * FREQUENCIES_HZ[frequency] * BLOCK as f32 / RATE_HZ);
        if deviation.abs() > MOST_DEVIATION_OF_WINDOW {
            return None;
        }
        // One step of the phase, nominal and deviation together, backwards.
        let (back_im, back_re) = (-(nominal + ahead)).sin_cos();
        let (mut turn_re, mut turn_im) = (1.0, 0.0);
        let (mut sum_re, mut sum_im) = (0.0, 0.0);
        for step in 1..=BLOCKS {
            let [re, im] = block(step);
            sum_re += re * turn_re - im * turn_im;
            sum_im += re * turn_im + im * turn_re;
            (turn_re, turn_im) =
                (turn_re * back_re - turn_im * back_im, turn_re * back_im + turn_im * back_re);
        }
        Some((sum_re * sum_re + sum_im * sum_im, deviation))
    }
}

impl Default for ToneDetector {
    fn default() -> Self {
        Self::new()
    }
}

impl Candidate {
    fn is_press(&self) -> bool {
        let near = |sum: f32| sum.abs() <= MOST_DEVIATION * self.hits as f32;
        self.hits >= HITS && self.deviation.into_iter().all(near)
    }
}

impl Pressed {
    fn over(self) -> Press {
        let blocks = self.blocks.saturating_sub(self.silent);
        Press::Over { digit: self.digit, timestamp_units: blocks * BLOCK as u32 }
    }
}

/// What a block is correlated with.
struct Table {
    wave: [[[f32; BLOCK]; 2]; 8],
    /// How the phase of each frequency advances from block to block.
    advance: [[f32; 2]; 8],
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { wave: [[[0.0; BLOCK]; 2]; 8], advance: [[0.0; 2]; 8] };
    for (frequency, hz) in FREQUENCIES_HZ.into_iter().enumerate() {
        let step = TAU * hz / RATE_HZ;
        for at in 0..BLOCK {
            table.wave[frequency][0][at] = (step * at as f32).cos();
            table.wave[frequency][1][at] = -(step * at as f32).sin();
        }
        let whole = step * BLOCK as f32;
        table.advance[frequency] = [whole.cos(), whole.sin()];
    }
    table
});

fn correlate(block: &[f32; BLOCK]) -> Correlations {
    if block.iter().all(|sample| *sample == 0.0) {
        // Where nothing comes at all, listening costs next to nothing.
        return Correlations::default();
    }
    let mut result = Correlations { of: [[0.0; 2]; 8], energy: sum_of_products(block, block) };
    for (parts, waves) in result.of.iter_mut().zip(&TABLE.wave) {
        *parts = [sum_of_products(block, &waves[0]), sum_of_products(block, &waves[1])];
    }
    result
}

/// In eight lanes, which the compiler turns into vector instructions.
fn sum_of_products(a: &[f32; BLOCK], b: &[f32; BLOCK]) -> f32 {
    let mut lanes = [0.0; 8];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for (lane, (a, b)) in lanes.iter_mut().zip(a.iter().zip(b)) {
            *lane += a * b;
        }
    }
    lanes.iter().sum()
}

fn power([re, im]: [f32; 2]) -> f32 {
    re * re + im * im
}

/// ITU-T Q.23: the rows of the keypad, then its columns.
pub(super) const FREQUENCIES_HZ: [f32; 8] = [697.0, 770.0, 852.0, 941.0, 1209.0, 1336.0, 1477.0, 1633.0];
/// ITU-T Q.23.
pub(super) const KEYPAD: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];
const RATE_HZ: f32 = 8000.0;
/// 5 ms.
const BLOCK: usize = 40;
/// 20 ms.
const BLOCKS: usize = 4;
/// This many windows in a row are a press.
const HITS: u32 = 4;
/// After 35 ms without a hit the key is released: an interruption of 10 ms does not make two presses of one.
const RELEASED: u32 = 7;
/// What the two frequencies hold of the energy of a window, at least.
const LEAST_EXPLAINED: f32 = 0.85;
/// Each frequency has -40 dBm0 at least: a peak of 228 for 20 ms.
const LEAST_ENERGY: f32 = 2.0 * 228.0 * 228.0 / 2.0 * (BLOCK * BLOCKS) as f32;
/// A frequency is looked at when it is within 6 dB of the strongest of its group in the single blocks.
const WORTH_A_LOOK: f32 = 4.0;
/// 10 dB: between the 8 dB and 4 dB that Q.24 wants accepted and what nothing sends.
const MOST_TWIST: f32 = 10.0;
/// Between the 1.5 % that must and the 3.5 % that must not be accepted (Q.24).
const MOST_DEVIATION: f32 = 0.025;
/// In a single window the other frequency of the key and noise disturb the measurement.
const MOST_DEVIATION_OF_WINDOW: f32 = 0.035;
