//! Who is at the simulated telephones.

use std::path::Path;

use anyhow::{Context, anyhow};
use offhook::caller;
use offhook::media::speech::{self, Voice};
use offhook::media::tone::{Segment, Sequence};
use offhook::media::{Sound, wav};

use super::protocol::{Person, Problem, Says};

/// The person that a test describes.
pub(super) fn person(wanted: &Person) -> Result<caller::Person, Problem> {
    Ok(match wanted {
        Person::Somebody { says: None } => caller::Person::silent(),
        Person::Somebody { says: Some(says) } => caller::Person::speaking(sound(says)?),
        Person::AnsweringMachine { greeting, beep_hz, beep_seconds } => {
            caller::Person::answering_machine(&sound(greeting)?, &beep(*beep_hz, *beep_seconds)?)
        }
        Person::Fax => caller::Person::fax(),
    })
}

/// A text in a person's voice.
pub(super) fn spoken(text: &str) -> Result<Sound, Problem> {
    let spoken = speech::speak(text, Voice::default());
    Ok(spoken.map_err(|error| Problem::usage(error.to_string()))?.sound)
}

/// The sound of a WAV file.
pub(super) fn read(path: &Path) -> Result<Sound, Problem> {
    let bytes = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()));
    let sound = bytes.and_then(|bytes| {
        wav::read(&bytes).map_err(|error| anyhow!("{} cannot be played: {error}", path.display()))
    });
    sound.map_err(|error| Problem::usage(format!("{error:#}")))
}

fn sound(says: &Says) -> Result<Sound, Problem> {
    match says {
        Says::Text(text) => spoken(text),
        Says::File(path) => read(path),
    }
}

fn beep(frequency_hz: f64, seconds: f64) -> Result<Sequence, Problem> {
    if !(300.0..=3400.0).contains(&frequency_hz) {
        return Err(Problem::usage(format!("beep_hz is {frequency_hz}; accepted: 300 to 3400 Hz")));
    }
    if !(0.05..=5.0).contains(&seconds) {
        return Err(Problem::usage(format!("beep_seconds is {seconds}; accepted: 0.05 to 5 seconds")));
    }
    let segment = Segment::single(frequency_hz.round() as u16, BEEP_LEVEL, (seconds * 1000.0).round() as u16);
    Sequence::new(vec![segment]).map_err(|error| Problem::usage(error.to_string()))
}

/// In dBm0 with its sign reversed.
const BEEP_LEVEL: u8 = 10;
