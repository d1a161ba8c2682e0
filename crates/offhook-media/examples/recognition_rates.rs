//! How often recognition is right: random comparisons of expected and heard sound, as a Markdown table.
//!
//! ```sh
//! cargo run --release -p offhook-media --example recognition_rates > docs/recognition.md
//! ```
//!
//! Every chance comes from one seed, so that each line can be had again.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

use offhook_media::measure::{Sought, SoughtTone};
use offhook_media::speech::{self, Voice};
use offhook_media::tone::{self, Segment, Sequence};
use offhook_media::{Law, Sound};

/// One kind of comparison.
struct Kind {
    name: &'static str,
    /// Whether the sound is the expected one.
    same: bool,
    compare: fn(&mut Trial) -> bool,
}

const KINDS: [Kind; 12] = [
    Kind {
        name: "speech, same text; any codec, level and start",
        same: true,
        compare: |trial| trial.same(0.0, 0.0),
    },
    Kind { name: "the same, 1 to 10 % of the packets lost", same: true, compare: Trial::lossy },
    Kind {
        name: "the same, single lost packets concealed by repetition",
        same: true,
        compare: Trial::concealed,
    },
    Kind { name: "the same, clocks 20 to 200 ppm apart", same: true, compare: Trial::drifted },
    Kind { name: "the same, one sentence of a longer text", same: true, compare: Trial::within_more },
    Kind {
        name: "tone, same name; any codec, level and start",
        same: true,
        compare: |trial| trial.same_tone(0.0),
    },
    Kind { name: "the same, 1 to 3 % of the packets lost", same: true, compare: Trial::lossy_tone },
    Kind { name: "speech, one word replaced", same: false, compare: Trial::other_word },
    Kind { name: "speech, a word cut out", same: false, compare: Trial::cut_word },
    Kind { name: "speech, same text in another voice", same: false, compare: Trial::other_voice },
    Kind { name: "tone, another tone of the same country", same: false, compare: Trial::other_tone },
    Kind {
        name: "tone, the same kind of tone of another country",
        same: false,
        compare: Trial::other_country,
    },
];

/// Comparisons of each kind.
const TRIALS: usize = 200;
const SEED: u64 = 20;
const RATE_HZ: u32 = 8000;

fn main() -> ExitCode {
    println!("# How often recognition is right\n");
    println!(
        "Written by `cargo run --release -p offhook-media --example recognition_rates > docs/recognition.md`. {} random \
         comparisons from seed {SEED}: speech of random sentences, tones of the catalogue, both codecs, levels from \
         -18 to +3 dB. What counts as the same is in the documentation of `offhook_media::measure::Sought` and \
         `SoughtTone`; tones that lie within its tolerance of each other are not compared as different.\n",
        KINDS.len() * TRIALS
    );
    println!("| comparison | is it the same? | comparisons | recognised | wrong verdicts |");
    println!("|---|---|---|---|---|");
    let mut trial = Trial { random: SEED, spoken: HashMap::new() };
    let mut wrong = 0;
    for Kind { name, same, compare } in KINDS {
        let recognised = (0..TRIALS).filter(|_| compare(&mut trial)).count();
        let of_these = if same { TRIALS - recognised } else { recognised };
        wrong += of_these;
        println!("| {name} | {} | {TRIALS} | {recognised} | {of_these} |", if same { "yes" } else { "no" });
    }
    println!("\n{wrong} wrong verdicts in {} comparisons.", KINDS.len() * TRIALS);
    if wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The source of random comparisons.
struct Trial {
    random: u64,
    spoken: HashMap<(String, Voice), Vec<i16>>,
}

impl Trial {
    /// Speech that is the expected one, with loss and drift.
    fn same(&mut self, loss: f64, drift_ppm: f64) -> bool {
        let words = self.sentence();
        let expected = self.speak(&words.join(" "), Voice::default());
        let drifted = stretch(&expected, drift_ppm);
        let heard = self.heard(&drifted);
        let heard = self.lose(heard, loss, false);
        is_recognised(&expected, &heard)
    }

    fn lossy(&mut self) -> bool {
        let loss = self.between(0.01, 0.1);
        self.same(loss, 0.0)
    }

    fn drifted(&mut self) -> bool {
        let sign = if self.below(2) == 0 { -1.0 } else { 1.0 };
        let ppm = sign * self.between(20.0, 200.0);
        self.same(0.0, ppm)
    }

    fn concealed(&mut self) -> bool {
        let words = self.sentence();
        let expected = self.speak(&words.join(" "), Voice::default());
        let heard = self.heard(&expected);
        let heard = self.lose(heard, 0.03, true);
        is_recognised(&expected, &heard)
    }

    fn within_more(&mut self) -> bool {
        let (before, words, after) = (self.sentence(), self.sentence(), self.sentence());
        let text = [before, words.clone(), after].map(|words| words.join(" ")).join(" ");
        let all = self.speak(&text, Voice::default());
        let expected = self.speak(&words.join(" "), Voice::default());
        let heard = self.heard(&all);
        is_recognised(&expected, &heard)
    }

    fn other_word(&mut self) -> bool {
        let words = self.sentence();
        let mut other = words.clone();
        let place = self.below(WORDS.len());
        while other[place] == words[place] {
            other[place] = self.one_of(WORDS[place]);
        }
        let expected = self.speak(&words.join(" "), Voice::default());
        let spoken = self.speak(&other.join(" "), Voice::default());
        let heard = self.heard(&spoken);
        is_recognised(&expected, &heard)
    }

    fn cut_word(&mut self) -> bool {
        let words = self.sentence();
        let expected = self.speak(&words.join(" "), Voice::default());
        let mut other = words;
        other.remove(1);
        let spoken = self.speak(&other.join(" "), Voice::default());
        let heard = self.heard(&spoken);
        is_recognised(&expected, &heard)
    }

    fn other_voice(&mut self) -> bool {
        let text = self.sentence().join(" ");
        let expected = self.speak(&text, Voice::EnUs);
        let spoken = self.speak(&text, Voice::EnGb);
        let heard = self.heard(&spoken);
        is_recognised(&expected, &heard)
    }

    fn same_tone(&mut self, loss: f64) -> bool {
        let names = tone::names();
        let long =
            |tone: &Sequence| tone.segments().iter().all(|s| s.duration_ms == 0 || s.duration_ms >= 200);
        let tone = loop {
            let tone = named(&names[self.below(names.len())]);
            // A packet is a large part of what is very short.
            if loss == 0.0 || long(&tone) {
                break tone;
            }
        };
        let played = played(&tone);
        let heard = self.heard(&played);
        let heard = self.lose(heard, loss, false);
        is_tone(&tone, &heard)
    }

    fn lossy_tone(&mut self) -> bool {
        let loss = self.between(0.01, 0.03);
        self.same_tone(loss)
    }

    fn other_tone(&mut self) -> bool {
        self.different_tones(|one, other| {
            one.split_once('.').zip(other.split_once('.')).is_some_and(|(a, b)| a.1 == b.1)
        })
    }

    fn other_country(&mut self) -> bool {
        self.different_tones(|one, other| {
            one.split_once('.').zip(other.split_once('.')).is_some_and(|(a, b)| a.0 == b.0)
        })
    }

    fn different_tones(&mut self, family: fn(&str, &str) -> bool) -> bool {
        let names = tone::names();
        loop {
            let (one, other) =
                (names[self.below(names.len())].clone(), names[self.below(names.len())].clone());
            let (sought, heard) = (named(&one), named(&other));
            if family(&one, &other) && !are_alike(&sought, &heard) {
                let played = played(&heard);
                let heard = self.heard(&played);
                return is_tone(&sought, &heard);
            }
        }
    }

    /// The sound as it comes through the network: after some silence, at some level, through some codec.
    fn heard(&mut self, sound: &[i16]) -> Vec<i16> {
        let gain = 10_f64.powf(self.between(-18.0, 3.0) / 20.0);
        let mut samples = Sound::silence(RATE_HZ, Duration::from_secs_f64(self.between(0.0, 2.0))).samples;
        samples.extend(sound.iter().map(|sample| (f64::from(*sample) * gain) as i16));
        samples.extend(Sound::silence(RATE_HZ, Duration::from_millis(500)).samples);
        let law = Law::ALL[self.below(2)];
        let mut heard = vec![0; samples.len()];
        law.decode_into(&law.encode(&samples), &mut heard);
        heard
    }

    /// Loses packets; a concealed one is the one before it again.
    fn lose(&mut self, mut heard: Vec<i16>, share: f64, concealed: bool) -> Vec<i16> {
        let mut from = PACKET;
        while from + PACKET <= heard.len() {
            if self.between(0.0, 1.0) < share {
                match concealed {
                    true => heard.copy_within(from - PACKET..from, from),
                    false => heard[from..from + PACKET].fill(0),
                }
                // Bursts of losses that last a word are differences.
                from += PACKET;
            }
            from += PACKET;
        }
        heard
    }

    fn sentence(&mut self) -> Vec<&'static str> {
        WORDS.iter().map(|words| self.one_of(words)).collect()
    }

    fn speak(&mut self, text: &str, voice: Voice) -> Vec<i16> {
        let speak = || match speech::speak(text, voice) {
            Ok(spoken) => spoken.sound.resampled(RATE_HZ).samples,
            Err(error) => panic!("{text:?} cannot be spoken: {error}"),
        };
        self.spoken.entry((text.to_owned(), voice)).or_insert_with(speak).clone()
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (self.next() >> 11) as f64 / (1_u64 << 53) as f64 * (high - low)
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

fn is_recognised(expected: &[i16], heard: &[i16]) -> bool {
    let sought = Sought::new(expected, RATE_HZ);
    sought.and_then(|sought| sought.find(heard, 0)).is_some_and(|found| found.recognised)
}

fn is_tone(tone: &Sequence, heard: &[i16]) -> bool {
    SoughtTone::new(tone, RATE_HZ).and_then(|sought| sought.find(heard, 0, None)).is_some()
}

fn named(name: &str) -> Sequence {
    match tone::named(name) {
        Some(tone) => tone,
        None => panic!("{name} is in the list of names but has no tone"),
    }
}

/// Three passes and a little more.
fn played(tone: &Sequence) -> Vec<i16> {
    let length = tone.duration().as_secs() as usize * 3 + 4;
    tone.render_loop(RATE_HZ).into_iter().cycle().take(length * RATE_HZ as usize).collect()
}

/// The sound by a clock that runs faster or slower.
fn stretch(samples: &[i16], ppm: f64) -> Vec<i16> {
    let step = 1.0 + ppm / 1e6;
    let length = (samples.len() as f64 / step) as usize;
    let at = |index: usize| {
        let place = index as f64 * step;
        let (left, part) = (place as usize, place.fract());
        let right = samples.get(left + 1).copied().unwrap_or(0);
        (f64::from(samples[left]) * (1.0 - part) + f64::from(right) * part) as i16
    };
    (0..length).map(at).collect()
}

/// Whether two tones lie within the tolerance of each other, from some segment on.
fn are_alike(one: &Sequence, other: &Sequence) -> bool {
    let (one, other) = (merged(one), merged(other));
    let near = |(a, b): (&Stretch, &Stretch)| {
        let mut pairs = a.frequencies.iter().zip(&b.frequencies);
        let same = a.frequencies.len() == b.frequencies.len() && pairs.all(|(a, b)| a.abs_diff(*b) <= 10);
        same && (one.len() == 1 || (a.ms - b.ms).abs() <= (0.08 * a.ms.max(b.ms)).max(60.0))
    };
    one.len() == other.len() && (0..one.len()).any(|turn| one.iter().cycle().skip(turn).zip(&other).all(near))
}

/// A part of a tone in which nothing changes.
struct Stretch {
    frequencies: Vec<u16>,
    ms: f64,
}

/// The segments with their frequencies in order, those of one spectrum joined.
fn merged(tone: &Sequence) -> Vec<Stretch> {
    let mut all: Vec<Stretch> = Vec::new();
    for segment in tone.segments().iter().filter(|segment| segment.duration_ms > 0) {
        let Segment { a, b, duration_ms, .. } = segment;
        let mut frequencies = vec![a.frequency_hz, b.frequency_hz];
        frequencies.retain(|hz| *hz > 0);
        frequencies.sort_unstable();
        match all.last_mut() {
            Some(last) if last.frequencies == frequencies => last.ms += f64::from(*duration_ms),
            _ => all.push(Stretch { frequencies, ms: f64::from(*duration_ms) }),
        }
    }
    all
}

/// 20 ms.
const PACKET: usize = 160;
const WORDS: [&[&str]; 6] = [
    &["Please", "Now", "Then", "Kindly"],
    &["press", "dial", "choose", "enter"],
    &["one", "two", "three", "four", "five", "nine"],
    &["for", "to reach", "to ask"],
    &["the sales", "the service", "our support", "our reception", "the night", "the repair"],
    &["department.", "office.", "team.", "desk.", "manager."],
];
