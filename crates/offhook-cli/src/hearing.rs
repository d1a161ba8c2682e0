//! What a caller heard, in words: tones by their frequencies, speech, silence, each with its time and level.

use std::time::Duration;

use offhook::media::Sound;
use offhook::media::measure::{bursts, dominant_frequencies, rms_dbm0};

/// One stretch of what was heard.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Passage {
    pub(crate) from: Duration,
    pub(crate) to: Duration,
    pub(crate) kind: Heard,
    /// Mean level while it sounds.
    pub(crate) level_dbm0: f64,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    /// A steady tone of one frequency or two, and how often it came.
    Tone { frequencies_hz: Vec<f64>, bursts: usize },
    /// Anything that is not a tone: in a telephone call, speech or music.
    Speech,
}

impl Passage {
    /// Whether it is anything but a tone.
    pub(crate) fn is_speech(&self) -> bool {
        self.kind == Heard::Speech
    }

    /// `400 + 450 Hz` or `speech`.
    pub(crate) fn name(&self) -> String {
        match &self.kind {
            Heard::Tone { frequencies_hz, .. } => {
                let frequencies: Vec<_> = frequencies_hz.iter().map(|hz| format!("{hz:.0}")).collect();
                format!("{} Hz", frequencies.join(" + "))
            }
            Heard::Speech => "speech".to_owned(),
        }
    }
}

/// The passages of a sound in order. Repeated bursts of one tone are one passage, as are the words of a sentence.
pub(crate) fn passages(sound: &Sound) -> Vec<Passage> {
    let rate = sound.rate_hz;
    let mut passages: Vec<Passage> = Vec::new();
    for burst in bursts(&sound.samples, rate) {
        let (from, to) = (burst.start_ms / 1000.0, (burst.start_ms + burst.on_ms) / 1000.0);
        let at = |seconds: f64| ((seconds * f64::from(rate)) as usize).min(sound.samples.len());
        let samples = &sound.samples[at(from)..at(to)];
        let next = Passage {
            from: Duration::from_secs_f64(from),
            to: Duration::from_secs_f64(to),
            kind: kind(samples, rate),
            level_dbm0: rms_dbm0(samples),
        };
        match passages.last_mut() {
            Some(last) if last.continues_in(&next) => last.extend(next),
            _ => passages.push(next),
        }
    }
    passages
}

/// The passages of a part of a sound; their times count from the beginning of the whole.
pub(crate) fn passages_between(sound: &Sound, from: Duration, to: Duration) -> Vec<Passage> {
    let at = |time: Duration| {
        ((time.as_secs_f64() * f64::from(sound.rate_hz)).round() as usize).min(sound.samples.len())
    };
    let (begin, end) = (at(from), at(to).max(at(from)));
    let mut found = passages(&Sound::new(sound.rate_hz, sound.samples[begin..end].to_vec()));
    for passage in &mut found {
        passage.from += from;
        passage.to += from;
    }
    found
}

impl Passage {
    fn continues_in(&self, next: &Self) -> bool {
        let gap = next.from.saturating_sub(self.to);
        match (&self.kind, &next.kind) {
            (Heard::Tone { frequencies_hz: a, .. }, Heard::Tone { frequencies_hz: b, .. }) => {
                gap <= LONGEST_PAUSE_IN_CADENCE
                    && a.len() == b.len()
                    && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 0.02 * a)
            }
            (Heard::Speech, Heard::Speech) => gap <= LONGEST_PAUSE_IN_SPEECH,
            // A vowel can be as pure as a tone, but it is short and stands among other sounds.
            (Heard::Speech, Heard::Tone { .. }) => {
                gap <= LONGEST_PAUSE_IN_SPEECH / 3 && next.to - next.from < SHORTEST_TONE
            }
            (Heard::Tone { .. }, Heard::Speech) => {
                gap <= LONGEST_PAUSE_IN_SPEECH / 3 && self.to - self.from < SHORTEST_TONE
            }
        }
    }

    fn extend(&mut self, next: Self) {
        let (mine, theirs) = ((self.to - self.from).as_secs_f64(), (next.to - next.from).as_secs_f64());
        let power = |dbm0: f64| 10f64.powf(dbm0 / 10.0);
        let mean = (power(self.level_dbm0) * mine + power(next.level_dbm0) * theirs) / (mine + theirs);
        self.level_dbm0 = 10.0 * mean.log10();
        self.to = next.to;
        match (&mut self.kind, &next.kind) {
            (Heard::Tone { bursts, .. }, Heard::Tone { bursts: more, .. }) => *bursts += more,
            _ => self.kind = Heard::Speech,
        }
    }
}

/// A tone is a sound whose power lies in two frequencies at most, the same from its beginning to its end.
fn kind(samples: &[i16], rate: u32) -> Heard {
    let (first, second) = samples.split_at(samples.len() / 2);
    let steady = (rms_dbm0(first) - rms_dbm0(second)).abs() <= LEVEL_CHANGE_DB;
    let (Some(first), Some(second), Some(frequencies_hz)) =
        (tone(first, rate), tone(second, rate), tone(samples, rate))
    else {
        return Heard::Speech;
    };
    let same =
        first.len() == second.len() && first.iter().zip(&second).all(|(a, b)| (a - b).abs() <= 0.015 * a);
    if steady && same { Heard::Tone { frequencies_hz, bursts: 1 } } else { Heard::Speech }
}

/// The one or two frequencies that hold nearly all the power, in rising order.
fn tone(samples: &[i16], rate: u32) -> Option<Vec<f64>> {
    let components = dominant_frequencies(samples, rate, 2);
    let strongest = components.first()?.level_dbm0;
    let of_tone: Vec<_> = components.iter().filter(|c| c.level_dbm0 > strongest - 10.0).collect();
    let power: f64 = of_tone.iter().map(|c| 10f64.powf(c.level_dbm0 / 10.0)).sum();
    let all = 10f64.powf(rms_dbm0(samples) / 10.0);
    let lowest = of_tone.iter().map(|c| c.frequency_hz).fold(f64::INFINITY, f64::min);
    if power < 0.8 * all || lowest < LOWEST_TONE_HZ {
        return None;
    }
    let mut frequencies: Vec<f64> = of_tone.iter().map(|c| c.frequency_hz).collect();
    frequencies.sort_by(f64::total_cmp);
    Some(frequencies)
}

/// Below lie the voices; the tones of telephone networks lie above.
const LOWEST_TONE_HZ: f64 = 300.0;
const LEVEL_CHANGE_DB: f64 = 2.0;
/// The longest pause of a ringback tone is 4 to 5 seconds in most countries.
const LONGEST_PAUSE_IN_CADENCE: Duration = Duration::from_millis(5100);
/// Between two sentences.
const LONGEST_PAUSE_IN_SPEECH: Duration = Duration::from_millis(1100);
const SHORTEST_TONE: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests {
    use offhook::media::tone;

    use super::*;

    #[test]
    fn a_ringback_tone_is_one_passage_with_its_frequencies() {
        let samples = tone::named("RINGBACK_UK").expect("predefined").render(8000).repeat(2);
        let passages = passages(&Sound::new(8000, samples));
        assert_eq!(passages.len(), 1, "{passages:?}");
        assert_eq!(passages[0].name(), "400 + 450 Hz");
        assert!(matches!(passages[0].kind, Heard::Tone { bursts: 4, .. }), "{passages:?}");
        assert!((passages[0].level_dbm0 - -16.0).abs() < 0.5, "two tones of -19 dBm0: {passages:?}");
    }

    #[test]
    fn noise_is_not_a_tone() {
        let mut state = 1u32;
        let samples = (0..16000).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 18) as i16
        });
        let passages = passages(&Sound::new(8000, samples.collect()));
        assert!(passages.iter().all(|passage| passage.kind == Heard::Speech) && !passages.is_empty());
    }

    #[test]
    fn silence_has_no_passages() {
        assert_eq!(passages(&Sound::silence(8000, Duration::from_secs(2))), []);
    }
}
