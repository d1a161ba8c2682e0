//! What a person at a telephone hears, and whether it is what the test expects.

use std::path::Path;
use std::time::Duration;

use offhook::media::dtmf::{Digit, Event};
use offhook::media::measure::{Likeness, Sought, SoughtTone, rms_dbm0};
use offhook::media::speech::{self, Voice};
use offhook::media::{Sound, tone};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::calls::PersonsCall;
use super::people;
use super::protocol::{Expectation, Problem};
use crate::hearing::{self, passages};

/// Where files and voices of a server come from.
pub(super) struct Sources<'a> {
    pub(super) media_root: &'a Path,
    pub(super) voice: Voice,
}

/// What is listened for.
enum Wanted {
    Tone { sought: SoughtTone, at_least_ms: Option<f64> },
    Sound(Box<Sought>),
    Beep,
    Silence { seconds: f64 },
    Digits(String),
}

/// One look at what was heard so far.
enum Look {
    /// It was heard from here to here, in seconds since the INVITE.
    Heard(f64, f64),
    /// It is not there; the words are for a person.
    Not(Option<String>),
}

/// Listens until it is heard that is expected, or until it would have begun too late.
pub(super) async fn listen(
    call: &mut PersonsCall,
    sources: &Sources<'_>,
    expectation: &Expectation,
    within: Duration,
) -> Result<Value, Problem> {
    let wanted = Wanted::of(expectation, sources)?;
    let began = Instant::now();
    let from = match wanted {
        // Silence has no beginning that one could look for: it is from now on.
        Wanted::Silence { .. } => call.now().as_secs_f64(),
        _ => call.heard_until,
    };
    let deadline = began + within + wanted.length();
    loop {
        let heard = call.out.heard().await;
        let sound = heard.sound_since_invite().resampled(RATE_HZ);
        let look = wanted.look(&sound, &heard, from);
        if let Look::Heard(start, end) = look {
            call.heard_until = end;
            return Ok(json!({"heard": true, "at": start, "until": end}));
        }
        let over = Instant::now() >= deadline;
        // After the call nothing comes any more.
        if over || call.out.clearing().is_some() {
            let nearest = match look {
                Look::Not(words) => words,
                Look::Heard(..) => None,
            };
            return Ok(
                json!({"heard": false, "from": from, "to": call.now().as_secs_f64(), "nearest": nearest,
                "passages": told(&sound, from)}),
            );
        }
        let left = deadline - Instant::now();
        sleep(left.clamp(SHORTEST_LOOK, LONGEST_LOOK)).await;
    }
}

/// What was heard from `from` on, in words, a line each.
pub(super) fn told(sound: &Sound, from: f64) -> Vec<Value> {
    let rate = sound.rate_hz;
    let start = ((from * f64::from(rate)) as usize).min(sound.samples.len());
    let part = Sound::new(rate, sound.samples[start..].to_vec());
    passages(&part)
        .iter()
        .map(|passage: &hearing::Passage| {
            let at = |time: Duration| from + time.as_secs_f64();
            json!([at(passage.from), at(passage.to), passage.name(), passage.level_dbm0])
        })
        .collect()
}

impl Wanted {
    fn of(expectation: &Expectation, sources: &Sources<'_>) -> Result<Self, Problem> {
        Ok(match expectation {
            Expectation::Tone { name, at_least } => {
                let sequence = tone::named(name).ok_or_else(|| {
                    Problem::usage(format!("tone is {name:?}; accepted: the names that offhook tones lists"))
                })?;
                let sought = SoughtTone::new(&sequence, RATE_HZ)
                    .ok_or_else(|| Problem::usage(format!("tone {name:?} is silent")))?;
                Self::Tone { sought, at_least_ms: at_least.map(|seconds| seconds * 1000.0) }
            }
            Expectation::File(name) => Self::sound(&people::read(&sources.media_root.join(name))?, name)?,
            Expectation::Speech(text) => {
                let spoken = speech::speak(text, sources.voice);
                let spoken = spoken.map_err(|error| Problem::usage(error.to_string()))?;
                Self::sound(&spoken.sound, text)?
            }
            Expectation::Beep => Self::Beep,
            Expectation::Silence(seconds) => Self::Silence { seconds: *seconds },
            Expectation::Digits(digits) => Self::Digits(digits.clone()),
        })
    }

    fn sound(sound: &Sound, name: &str) -> Result<Self, Problem> {
        Sought::new(&sound.resampled(RATE_HZ).samples, RATE_HZ)
            .map(|sought| Self::Sound(Box::new(sought)))
            .ok_or_else(|| Problem::usage(format!("{name:?} is silent, so that it cannot be recognised")))
    }

    /// How long it takes once it has begun.
    fn length(&self) -> Duration {
        let of = |samples: usize| Duration::from_secs_f64(samples as f64 / f64::from(RATE_HZ));
        let slack = Duration::from_millis(300);
        match self {
            Self::Tone { at_least_ms: Some(ms), .. } => Duration::from_secs_f64(ms / 1000.0) + slack,
            // A pass, and the beginning of the next.
            Self::Tone { sought, .. } => of(sought.length()) + slack,
            Self::Sound(sought) => of(sought.lead() + sought.length()) + slack,
            Self::Beep => LONGEST_BEEP + slack,
            Self::Silence { seconds } => Duration::try_from_secs_f64(*seconds).unwrap_or_default(),
            Self::Digits(digits) => Duration::from_millis(200) * digits.len() as u32 + slack,
        }
    }

    fn look(&self, sound: &Sound, heard: &offhook::caller::Heard, from: f64) -> Look {
        let rate = f64::from(sound.rate_hz);
        let first = ((from * rate) as usize).min(sound.samples.len());
        let seconds = |sample: usize| sample as f64 / rate;
        match self {
            Self::Tone { sought, at_least_ms } => match sought.find(&sound.samples, first, *at_least_ms) {
                Some(found) => Look::Heard(seconds(found.start), seconds(found.end)),
                None => Look::Not(None),
            },
            Self::Sound(sought) => match sought.find(&sound.samples, first) {
                Some(found) if found.recognised => Look::Heard(seconds(found.start), seconds(found.end)),
                found => Look::Not(found.and_then(|found| nearest(sought, &found, rate))),
            },
            Self::Beep => beep(sound, first),
            Self::Silence { seconds: wanted } => {
                let loud = (sound.samples[first..].chunks(SILENCE_BLOCK))
                    .position(|block| rms_dbm0(block) > LOUDEST_SILENCE_DBM0);
                let now = sound.duration().as_secs_f64();
                match loud {
                    Some(block) => {
                        let at = from + seconds(block * SILENCE_BLOCK);
                        Look::Not(Some(format!("it was silent until {at:.3} s")))
                    }
                    None if now - from >= *wanted - 0.05 || sound.samples.len() <= first => {
                        Look::Heard(from, from + wanted)
                    }
                    None => Look::Not(None),
                }
            }
            Self::Digits(wanted) => {
                let (pressed, ends) = pressed(heard, from);
                match pressed.find(wanted.as_str()) {
                    Some(at) => Look::Heard(from, ends[at + wanted.len() - 1]),
                    None => Look::Not(Some(format!("the digits that came are {pressed:?}"))),
                }
            }
        }
    }
}

/// Where a sound that was not recognised differs.
fn nearest(sought: &Sought, found: &Likeness, rate: f64) -> Option<String> {
    let until = found.alike_until as f64 / rate;
    (until >= 0.2).then(|| {
        format!(
            "the most alike begins at {:.3} s: it is the same for {until:.2} s of {:.2} s, then it differs \
             ({:.0} % alike, {:.0} % not received)",
            found.start as f64 / rate,
            sought.length() as f64 / rate,
            found.alike * 100.0,
            found.missing * 100.0
        )
    })
}

/// One steady tone of 80 ms to two seconds, with silence after it.
fn beep(sound: &Sound, first: usize) -> Look {
    let rest = Sound::new(sound.rate_hz, sound.samples[first..].to_vec());
    let offset = first as f64 / f64::from(sound.rate_hz);
    let found = passages(&rest).into_iter().find(|passage| {
        let length = passage.to - passage.from;
        let single = matches!(&passage.kind, hearing::Heard::Tone { frequencies_hz, bursts: 1 }
            if frequencies_hz.len() == 1);
        single
            && (SHORTEST_BEEP..=LONGEST_BEEP).contains(&length)
            && rest.duration() >= passage.to + Duration::from_millis(100)
    });
    match found {
        Some(found) => Look::Heard(offset + found.from.as_secs_f64(), offset + found.to.as_secs_f64()),
        None => Look::Not(None),
    }
}

/// The keys that the far end has pressed, as telephone events, and when each was released.
fn pressed(heard: &offhook::caller::Heard, from: f64) -> (String, Vec<f64>) {
    let (mut digits, mut ends) = (String::new(), Vec::new());
    let mut last = None;
    for packet in heard.packets.iter().filter(|packet| packet.codec.is_none()) {
        let at = packet.at.as_secs_f64();
        let Ok(event) = Event::parse(&packet.payload) else { continue };
        // One press has one timestamp, however many packets tell of it.
        if at < from || last == Some(packet.timestamp) {
            continue;
        }
        if let Some(digit) = Digit::from_code(event.code) {
            last = Some(packet.timestamp);
            digits.push(digit.as_char());
            ends.push(at);
        }
    }
    (digits, ends)
}

/// The rate at which a person hears.
const RATE_HZ: u32 = 8000;
const SHORTEST_LOOK: Duration = Duration::from_millis(20);
const LONGEST_LOOK: Duration = Duration::from_millis(500);
const SHORTEST_BEEP: Duration = Duration::from_millis(80);
const LONGEST_BEEP: Duration = Duration::from_secs(2);
const LOUDEST_SILENCE_DBM0: f64 = -45.0;
/// 20 ms.
const SILENCE_BLOCK: usize = 160;
