//! `offhook tones`: the tones that an application can play by name.

use std::fmt::Write as _;

use anyhow::Context;
use offhook::media::tone::{self, Combination, CountryTone, Predefined, Segment, Sequence};
use offhook::media::{Sound, wav};

use crate::cli::Tones;
use crate::command::Ending;
use crate::config::ConfigError;
use crate::terminal::{Colour, paint, print_all};

/// Lists tones, shows one, or writes one to a file.
pub(super) fn run(arguments: &Tones) -> anyhow::Result<Ending> {
    match &arguments.name {
        None => print_all(list(arguments.country.as_deref())?.as_bytes())?,
        Some(name) => {
            let sequence = find(name)?;
            match &arguments.wav {
                None => print_all(describe(name, &sequence).as_bytes())?,
                Some(path) => {
                    let sound = render(&sequence, arguments.rate, arguments.seconds)?;
                    std::fs::write(path, wav::write(&sound))
                        .with_context(|| format!("{} could not be written", path.display()))?;
                    let seconds = sound.duration().as_secs_f64();
                    let line = format!("wrote {seconds:.2} s of {name} to {}\n", path.display());
                    print_all(line.as_bytes())?;
                }
            }
        }
    }
    Ok(Ending::Done)
}

fn find(name: &str) -> Result<Sequence, ConfigError> {
    tone::named(name).ok_or_else(|| {
        let (head, country) = name.split_once('.').unwrap_or((name, ""));
        let near: Vec<String> = tone::names()
            .into_iter()
            .filter(|known| {
                let (known_head, known_country) = known.split_once('.').unwrap_or((known, ""));
                known_head.eq_ignore_ascii_case(head) && country.is_empty()
                    || !country.is_empty() && known_country.eq_ignore_ascii_case(country)
                    || known.eq_ignore_ascii_case(name)
            })
            .take(8)
            .collect();
        let hint = if near.is_empty() {
            "the names of `offhook tones`, for example RINGBACK_UK or busy.de".to_owned()
        } else {
            format!("the names of `offhook tones`, among them {}", near.join(", "))
        };
        ConfigError::value("tone", name, hint)
    })
}

/// One pass, or as many as fill the time.
fn render(sequence: &Sequence, rate: u32, seconds: Option<f64>) -> Result<Sound, ConfigError> {
    let Some(seconds) = seconds else { return Ok(Sound::new(rate, sequence.render(rate))) };
    if !(0.0..=LONGEST_SECONDS).contains(&seconds) || seconds == 0.0 {
        return Err(ConfigError::value(
            "--seconds",
            seconds,
            format!("more than 0, up to {LONGEST_SECONDS}"),
        ));
    }
    let count = (seconds * f64::from(rate)).round() as usize;
    let samples = sequence.render_loop(rate).into_iter().cycle().take(count).collect();
    Ok(Sound::new(rate, samples))
}

fn list(country: Option<&str>) -> Result<String, ConfigError> {
    let mut text = String::new();
    // Writing to a String cannot fail, here and below.
    if country.is_none() {
        let _ = writeln!(text, "{}", paint(Colour::Bold, "Predefined"));
        for tone in Predefined::ALL {
            let _ = writeln!(text, "  {:<14} {}", tone.name(), in_short(&tone.sequence()));
        }
    }
    let wanted = |code: &str| country.is_none_or(|country| country.eq_ignore_ascii_case(code));
    let countries: Vec<_> = tone::catalogue().iter().filter(|entry| wanted(entry.code)).collect();
    if countries.is_empty() {
        let known: Vec<_> = tone::catalogue().iter().map(|entry| entry.code).collect();
        return Err(ConfigError::value(
            "--country",
            country.unwrap_or_default(),
            format!("one of {}", known.join(", ")),
        ));
    }
    for entry in countries {
        let _ = writeln!(text, "{}", paint(Colour::Bold, entry.name));
        for tone in CountryTone::ALL {
            if let Some(sequence) = entry.sequence(tone) {
                let _ = writeln!(
                    text,
                    "  {:<14} {}",
                    format!("{}.{}", tone.name(), entry.code),
                    in_short(&sequence)
                );
            }
        }
    }
    Ok(text)
}

fn describe(name: &str, sequence: &Sequence) -> String {
    let mut text = format!("{}\n", paint(Colour::Bold, name));
    for segment in sequence.segments() {
        let seconds = f64::from(segment.duration_ms) / 1000.0;
        let _ = writeln!(text, "  {seconds:>6.3} s  {}", sound_of(segment));
    }
    let _ = writeln!(text, "  {:>6.3} s  in all", sequence.duration().as_secs_f64());
    text
}

/// `400+450 Hz, 0.4 s on, 0.2 s off, 0.4 s on, 2 s off`, as the tables of the ITU write it.
fn in_short(sequence: &Sequence) -> String {
    let mut parts = Vec::new();
    let mut last = String::new();
    for segment in sequence.segments() {
        let seconds = f64::from(segment.duration_ms) / 1000.0;
        let sound = sound_of(segment);
        if sound == "silence" {
            parts.push(format!("{seconds} s off"));
        } else if sound == last {
            parts.push(format!("{seconds} s on"));
        } else {
            parts.push(format!("{sound} {seconds} s on"));
            last = sound;
        }
    }
    parts.join(", ")
}

fn sound_of(segment: &Segment) -> String {
    let (a, b) = (segment.a, segment.b);
    match (a.frequency_hz, b.frequency_hz, segment.add) {
        (0, 0, _) => "silence".to_owned(),
        (a, 0, _) | (0, a, Combination::Summation) => format!("{a} Hz"),
        (a, b, Combination::Modulation) => format!("{a}×{b} Hz"),
        (a, b, _) => format!("{a}+{b} Hz"),
    }
}

/// More would only fill the disk.
const LONGEST_SECONDS: f64 = 3600.0;
