//! Whether a sound is the expected one: files and speech by alignment, without any model.

use std::ops::Range;

use super::align;
use super::peak_of_dbm0;

/// A sound that is looked for in what was heard.
///
/// It is recognised whatever its level, its start, and the codec that it went through, with single packets lost or
/// concealed, and with clocks that differ by a few hundred parts per million. It is not recognised with other words,
/// in another voice, or with a part of it cut out or replaced: every 50 ms of it have to have the same waveform, apart
/// from stretches that are shorter than any word.
#[derive(Clone, Debug)]
pub struct Sought {
    /// From its first sound to its last.
    samples: Vec<i16>,
    /// Samples before the first sound.
    lead: usize,
    rate_hz: u32,
    /// The power of the loudest block.
    loudest: f64,
    /// Blocks of less power count as silence.
    floor: f64,
}

/// A place at which it may be.
struct There<'a> {
    heard: &'a [i16],
    start: usize,
    /// How much more power it has there.
    gain: f64,
    floor: f64,
    /// How far a block may lie from where the one before it was, in samples.
    slack: isize,
}

/// How a sought sound was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness {
    /// The sample at which it begins, and the one after its end; of its own silence before and after nothing is
    /// counted.
    pub start: usize,
    /// The sample after its end.
    pub end: usize,
    /// The share of its blocks that are alike, 0 to 1.
    pub alike: f64,
    /// The share of its blocks that were not received, 0 to 1.
    pub missing: f64,
    /// The longest stretch that is not alike, in samples, blocks that were not received included.
    pub longest_difference: usize,
    /// How far it is alike from its beginning, in samples.
    pub alike_until: usize,
    /// Whether it is the sound that was sought.
    pub recognised: bool,
}

impl Sought {
    /// A sound to be sought; `None` if it is silent throughout.
    pub fn new(samples: &[i16], rate_hz: u32) -> Option<Self> {
        let loud = peak_of_dbm0(FLOOR_DBM0) as i32;
        let is_loud = |sample: &i16| i32::from(*sample).abs() > loud;
        let first = samples.iter().position(is_loud)?;
        let last = samples.iter().rposition(is_loud)?;
        let samples = samples[first..=last].to_vec();
        let mut sought = Self { samples, lead: first, rate_hz, loudest: 0.0, floor: 0.0 };
        sought.loudest = sought.blocks().map(|block| power(&sought.samples[block])).fold(0.0, f64::max);
        sought.floor = (sought.loudest * RELATIVE_FLOOR).max(peak_of_dbm0(FLOOR_DBM0).powi(2) / 2.0);
        Some(sought)
    }

    /// Its length from its first sound to its last, in samples.
    pub fn length(&self) -> usize {
        self.samples.len()
    }

    /// The silence before its first sound, in samples.
    pub fn lead(&self) -> usize {
        self.lead
    }

    /// The first place at or after sample `from` of `heard` at which it is recognised, or else the place at which most
    /// of it is alike; `None` if nothing resembles even its beginning.
    ///
    /// Takes time in proportion to the length that is searched, a second of sound about a millisecond.
    pub fn find(&self, heard: &[i16], from: usize) -> Option<Likeness> {
        let anchor = &self.samples[..self.samples.len().min(self.in_samples(ANCHOR_MS))];
        let mut nearest: Option<Likeness> = None;
        let mut at = from;
        while at + anchor.len() <= heard.len() {
            let end = heard.len().min(at + STEP + anchor.len());
            for offset in candidates(anchor, &heard[at..end], self.in_samples(APART_MS)) {
                let found = self.compare(heard, at + offset);
                if found.recognised {
                    return Some(found);
                }
                if nearest.is_none_or(|nearest| found.alike_until > nearest.alike_until) {
                    nearest = Some(found);
                }
            }
            at += STEP;
        }
        nearest
    }

    /// Compares block by block at one place.
    fn compare(&self, heard: &[i16], start: usize) -> Likeness {
        let (mut active, mut alike, mut missing) = (0_u32, 0_u32, 0_u32);
        let (mut run, mut longest, mut alike_until) = (0, 0, None);
        // The last blocks, one bit each: packets are lost here and there, but another word is one place.
        let (mut recent, mut densest) = (0_u16, 0);
        let mut lag = 0_isize;
        let gain = self.gain(heard, start);
        // What comes so quietly that the codec's own noise covers it tells nothing.
        let floor = self.floor.max(peak_of_dbm0(QUIETEST_DBM0).powi(2) / 2.0 / gain.max(f64::MIN_POSITIVE));
        let hop = self.in_samples(BLOCK_MS) / 2;
        let slack = self.in_samples(LAG_MS).max(2) as isize;
        for block in self.blocks() {
            let there = There { heard, start, gain, floor, slack };
            let verdict = self.judge(&there, &block, &mut lag);
            match verdict {
                Verdict::Quiet => continue,
                Verdict::Alike => alike += 1,
                Verdict::Missing => missing += 1,
                Verdict::Different => {}
            }
            active += 1;
            recent = recent << 1 | u16::from(verdict != Verdict::Alike);
            densest = densest.max(recent.count_ones());
            if verdict == Verdict::Alike {
                run = 0;
            } else {
                run += hop;
                longest = longest.max(run);
                if run > self.in_samples(SHORTEST_WORD_MS) && alike_until.is_none() {
                    alike_until = Some(block.start.saturating_sub(run));
                }
            }
        }
        let share = |count: u32| f64::from(count) / f64::from(active.max(1));
        let received = active - missing;
        let recognised = active > 0
            && longest <= self.in_samples(SHORTEST_WORD_MS)
            && densest <= MOST_IN_ONE_PLACE
            && f64::from(alike) >= SHARE_ALIKE * f64::from(received)
            && share(missing) <= SHARE_MISSING;
        Likeness {
            start,
            end: (start + self.samples.len()).min(heard.len()),
            alike: share(alike),
            missing: share(missing),
            longest_difference: longest,
            alike_until: alike_until.unwrap_or(self.samples.len()),
            recognised,
        }
    }

    fn judge(&self, there: &There<'_>, block: &Range<usize>, lag: &mut isize) -> Verdict {
        let expected = &self.samples[block.clone()];
        let is_quiet = power(expected) < there.floor;
        let place = |lag: isize| {
            let from = (there.start + block.start).checked_add_signed(lag)?;
            there.heard.get(from..from + expected.len())
        };
        let Some(heard) = place(*lag) else {
            return if is_quiet { Verdict::Quiet } else { Verdict::Missing };
        };
        if is_quiet {
            // Nothing is expected: what is as loud as the rest does not belong here.
            let loud = power(heard) > self.loudest * there.gain * INTRUSION;
            return if loud { Verdict::Different } else { Verdict::Quiet };
        }
        if present(heard) < 0.4 {
            return Verdict::Missing;
        }
        let best = (*lag - there.slack..=*lag + there.slack)
            .filter_map(|lag| Some((lag, likeness(expected, place(lag)?))))
            .max_by(|(_, first), (_, second)| first.total_cmp(second));
        match best {
            Some((best, score)) if score >= SCORE_ALIKE => {
                // Clocks drift slowly; one block alone may be ambiguous.
                *lag += (best - *lag).signum();
                Verdict::Alike
            }
            _ => Verdict::Different,
        }
    }

    /// How much more power it has there than it was expected to have.
    fn gain(&self, heard: &[i16], start: usize) -> f64 {
        let end = (start + self.samples.len()).min(heard.len());
        power(&heard[start.min(end)..end]) / power(&self.samples).max(1.0)
    }

    /// Blocks that overlap by half.
    fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (length, total) = (self.in_samples(BLOCK_MS).min(self.samples.len()), self.samples.len());
        (0..=total - length).step_by((length / 2).max(1)).map(move |from| from..from + length)
    }

    fn in_samples(&self, ms: u32) -> usize {
        (u64::from(self.rate_hz) * u64::from(ms) / 1000).max(1) as usize
    }
}

/// What one block is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Nothing is to be heard, and nothing is.
    Quiet,
    Alike,
    Missing,
    Different,
}

/// The places at which the beginning may be, in order: peaks of the normalised correlation.
fn candidates(anchor: &[i16], heard: &[i16], apart: usize) -> Vec<usize> {
    let scores = align::scores(anchor, heard);
    let mut peaks: Vec<usize> = (0..scores.len())
        .filter(|&at| {
            scores[at] >= SCORE_ANCHOR
                && (at == 0 || scores[at] >= scores[at - 1])
                && scores.get(at + 1).is_none_or(|next| scores[at] > *next)
        })
        .collect();
    peaks.sort_by(|first, second| scores[*second].total_cmp(&scores[*first]));
    let mut kept: Vec<usize> = Vec::new();
    for peak in peaks {
        if kept.len() < MOST_CANDIDATES && kept.iter().all(|other| other.abs_diff(peak) >= apart) {
            kept.push(peak);
        }
    }
    kept.sort_unstable();
    kept
}

/// The normalised correlation over what was received: packets that were not are runs of zeros.
fn likeness(expected: &[i16], heard: &[i16]) -> f64 {
    let (mut product, mut mine, mut theirs) = (0.0, 0.0, 0.0);
    for (expected, heard) in expected.iter().zip(heard).filter(|(_, heard)| **heard != 0) {
        let (expected, heard) = (f64::from(*expected), f64::from(*heard));
        product += expected * heard;
        mine += expected * expected;
        theirs += heard * heard;
    }
    if mine > 0.0 && theirs > 0.0 { product / (mine * theirs).sqrt() } else { 0.0 }
}

/// The share of samples that are not zero.
fn present(samples: &[i16]) -> f64 {
    samples.iter().filter(|sample| **sample != 0).count() as f64 / samples.len().max(1) as f64
}

fn power(samples: &[i16]) -> f64 {
    samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len().max(1) as f64
}

/// Below this nothing counts as sound.
const FLOOR_DBM0: f64 = -50.0;
/// Nor what is 27 dB below the loudest block.
const RELATIVE_FLOOR: f64 = 0.002;
/// What comes with less than this has as much noise of the codec in it as sound.
const QUIETEST_DBM0: f64 = -43.0;
/// What is louder than 20 dB below the loudest block, where nothing is expected, does not belong there.
const INTRUSION: f64 = 0.01;
const ANCHOR_MS: u32 = 1200;
/// Two places at which a sound begins are not closer.
const APART_MS: u32 = 5;
const BLOCK_MS: u32 = 50;
/// How far a block may lie from where the one before it was.
const LAG_MS: u32 = 1;
/// A difference that is no longer cannot be another word.
const SHORTEST_WORD_MS: u32 = 130;
/// Of 16 blocks, which are 400 ms, so many may differ.
const MOST_IN_ONE_PLACE: u32 = 8;
const SCORE_ANCHOR: f64 = 0.4;
const SCORE_ALIKE: f64 = 0.7;
const SHARE_ALIKE: f64 = 0.8;
const SHARE_MISSING: f64 = 0.3;
const MOST_CANDIDATES: usize = 12;
/// Samples that are searched at a time: some seconds.
const STEP: usize = 1 << 16;
