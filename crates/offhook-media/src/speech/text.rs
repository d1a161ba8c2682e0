//! What markup says about the text itself: how it is read, in which numbers.

use std::time::Duration;

/// How the text of `say-as` is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reading {
    /// As the engine reads it: numbers, dates and the like by its own rules.
    #[default]
    Plain,
    /// Each character by its name.
    Characters,
    /// Each digit by itself.
    Digits,
}

impl Reading {
    /// The reading that `interpret-as` asks for.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "characters" | "character" | "spell-out" | "verbatim" | "letters" => Some(Self::Characters),
            "digits" | "telephone" => Some(Self::Digits),
            // The engine finds out by itself what these are.
            "cardinal" | "number" | "ordinal" | "fraction" | "unit" | "date" | "time" | "currency"
            | "name" | "address" | "net" | "vxml:date" | "vxml:time" | "vxml:currency" | "vxml:number"
            | "vxml:phone" => Some(Self::Plain),
            _ => None,
        }
    }

    pub(super) fn apply(self, text: &str) -> String {
        let apart = |wanted: fn(char) -> bool, separator: &str| {
            let groups = text.split(|character| !wanted(character)).filter(|group| !group.is_empty());
            let groups =
                groups.map(|group| group.chars().map(String::from).collect::<Vec<_>>().join(separator));
            groups.collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Plain => text.to_owned(),
            // Commas, as a voice makes a word of letters that stand close to each other.
            Self::Characters => apart(char::is_alphanumeric, ", "),
            Self::Digits => apart(|character| character.is_ascii_digit(), " "),
        }
    }
}

/// `500ms`, `1.5s`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim().trim_start_matches('+');
    let (number, unit_seconds) = match text.strip_suffix("ms") {
        Some(number) => (number, 0.001),
        None => (text.strip_suffix('s')?, 1.0),
    };
    let seconds = number.trim().parse::<f64>().ok()? * unit_seconds;
    Duration::try_from_secs_f64(seconds).ok()
}

/// A pause by its strength.
pub(super) fn strength(name: &str) -> Option<Duration> {
    let milliseconds = match name {
        "none" => 0,
        "x-weak" => 100,
        "weak" => 200,
        "medium" => 400,
        "strong" => 700,
        "x-strong" => 1200,
        _ => return None,
    };
    Some(Duration::from_millis(milliseconds))
}

/// A rate: a name, or `120%`, which in SSML is what it is multiplied by.
pub(super) fn rate(value: &str) -> Option<f64> {
    match value {
        "x-slow" => Some(0.5),
        "slow" => Some(0.75),
        "medium" | "default" => Some(1.0),
        "fast" => Some(1.35),
        "x-fast" => Some(1.8),
        _ if value.starts_with(['+', '-']) => change(value),
        _ => percentage(value).or_else(|| value.parse().ok().filter(|factor| *factor > 0.0)),
    }
}

/// A pitch: a name, or a change in percent or semitones.
pub(super) fn pitch(value: &str) -> Option<f64> {
    match value {
        "x-low" => Some(0.6),
        "low" => Some(0.8),
        "medium" | "default" => Some(1.0),
        "high" => Some(1.25),
        "x-high" => Some(1.6),
        _ => change(value).or_else(|| {
            let semitones: f64 = value.strip_suffix("st")?.parse().ok()?;
            Some(2_f64.powf(semitones / 12.0)).filter(|factor| factor.is_finite())
        }),
    }
}

/// A volume: a name, a change in decibels or percent, or a number from 0 to 100.
pub(super) fn volume(value: &str) -> Option<f64> {
    match value {
        "silent" => Some(0.0),
        "x-soft" => Some(0.3),
        "soft" => Some(0.6),
        "medium" | "default" => Some(1.0),
        "loud" => Some(1.4),
        "x-loud" => Some(1.8),
        _ => {
            if let Some(decibels) = value.strip_suffix("dB") {
                let decibels: f64 = decibels.parse().ok()?;
                return Some(10_f64.powf(decibels / 20.0)).filter(|factor| factor.is_finite());
            }
            change(value).or_else(|| {
                value.parse().ok().filter(|it| (0.0..=100.0).contains(it)).map(|it: f64| it / 100.0)
            })
        }
    }
}

/// `+20%`, `-10%`: a factor of 1.2, of 0.9.
fn change(value: &str) -> Option<f64> {
    if !value.starts_with(['+', '-']) {
        return None;
    }
    let percent: f64 = value.strip_suffix('%')?.parse().ok()?;
    Some(1.0 + percent / 100.0).filter(|factor| *factor > 0.0 && factor.is_finite())
}

fn percentage(value: &str) -> Option<f64> {
    let percent: f64 = value.strip_suffix('%')?.parse().ok()?;
    Some(percent / 100.0).filter(|factor| *factor > 0.0 && factor.is_finite())
}
