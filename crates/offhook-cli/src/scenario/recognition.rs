//! What of the sound in a capture a test can ask for: files, tones by name, beeps, and stretches that are kept as files.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use offhook::media::measure::{Sought, SoughtTone};
use offhook::media::tone::{self, Sequence};
use offhook::media::{Sound, wav};

use super::media::RATE_HZ;
use crate::hearing::{Heard, passages};

/// A stretch of sound that a test asks for. Times are seconds since the INVITE.
#[derive(Debug)]
pub(super) struct Passage {
    pub(super) from: f64,
    pub(super) to: f64,
    /// When enough of it has been heard to know it.
    pub(super) known_at: f64,
    pub(super) what: What,
}

/// What it is.
#[derive(Debug)]
pub(super) enum What {
    /// A tone of the catalogue; `at_least` seconds of it, if less than a whole pass was heard.
    Tone { name: String, at_least: Option<f64> },
    /// A short tone that is in no catalogue.
    Beep,
    /// Keys that the server pressed.
    Digits(String),
    /// A file of the media root, by its path there.
    File(PathBuf),
    /// Anything else; kept as a file of its own.
    Other(Sound),
}

/// A file that may be recognised.
pub(super) struct Known {
    path: PathBuf,
    sought: Sought,
}

/// The WAV files of a folder and the folders in it, the longest first.
///
/// # Errors
///
/// The folder cannot be read. A file that is no WAV file that can be played is left out.
pub(super) fn files_of(folder: &Path) -> anyhow::Result<Vec<Known>> {
    let mut known = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        let entries = fs::read_dir(&next).with_context(|| format!("{} cannot be read", next.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("{} cannot be read", next.display()))?;
            let path = entry.path();
            // Links are not followed: they may lead round in a circle.
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && folders.len() < MOST_FOLDERS {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wav"))
                && known.len() < MOST_FILES
                && let Some(file) = known_file(folder, &path)
            {
                known.push(file);
            }
        }
    }
    // A file may begin like another one; of equals the name decides, whatever the order on the disk.
    known.sort_by(|one, other| {
        other.sought.length().cmp(&one.sought.length()).then_with(|| one.path.cmp(&other.path))
    });
    Ok(known)
}

fn known_file(folder: &Path, path: &Path) -> Option<Known> {
    let size = fs::metadata(path).ok()?.len();
    let sound = wav::read(&fs::read(path).ok().filter(|_| size <= LARGEST_FILE)?).ok()?;
    let sought = Sought::new(&sound.resampled(RATE_HZ).samples, RATE_HZ)?;
    let path = path.strip_prefix(folder).ok()?.to_owned();
    (sought.length() >= samples(SHORTEST)).then_some(Known { path, sought })
}

/// Tells what was heard, in order. What ended because the caller did something, at one of the moments `acts`, is told up
/// to that moment: how long it takes a server to notice differs from call to call.
pub(super) fn recognise(sound: &Sound, files: &[Known], acts: &[f64]) -> Vec<Passage> {
    let mut rest = sound.clone();
    let mut found: Vec<Passage> = Vec::new();
    for known in files {
        let mut from = 0;
        while let Some(place) = known.sought.find(&rest.samples, from).filter(|place| place.recognised) {
            rest.samples[place.start..place.end].fill(0);
            let (start, end) = (seconds(place.start), seconds(place.end));
            found.push(Passage::whole(start, end, What::File(known.path.clone())));
            from = place.end;
        }
    }
    let mut tones_until = 0.0;
    for passage in passages(&rest) {
        let (from, to) = (passage.from.as_secs_f64(), passage.to.as_secs_f64());
        if from < tones_until {
            // The tone that was recognised has segments of several frequencies.
            continue;
        }
        let named = match &passage.kind {
            Heard::Tone { frequencies_hz, bursts } => {
                let single = *bursts == 1 && frequencies_hz.len() == 1 && BEEP.contains(&(to - from));
                let beep = || single.then(|| Passage::whole(from, to, What::Beep));
                named(&rest, from, to, frequencies_hz).or_else(beep)
            }
            Heard::Speech => None,
        };
        match named {
            Some(tone) => {
                tones_until = tone.to;
                found.push(tone);
            }
            None => found.extend(kept(&rest, at(from)..at(to), acts)),
        }
    }
    found.sort_by(|one, other| one.from.total_cmp(&other.from));
    found
}

impl Passage {
    /// One that has to be heard to its end.
    pub(super) fn whole(from: f64, to: f64, what: What) -> Self {
        Self { from, to, known_at: to, what }
    }
}

/// The tone of the catalogue that is heard from here on.
fn named(sound: &Sound, from: f64, to: f64, frequencies_hz: &[f64]) -> Option<Passage> {
    let start = at(from).saturating_sub(samples(TONE_EDGE));
    let resembles = |sequence: &Sequence| {
        let partials = sequence.segments().iter().flat_map(|segment| [segment.a, segment.b]);
        let mut all = partials.map(|partial| f64::from(partial.frequency_hz)).filter(|hz| *hz > 0.0);
        all.any(|hz| frequencies_hz.iter().any(|heard| (heard - hz).abs() < NEAR_HZ))
    };
    let candidates: Vec<(String, SoughtTone)> = tone::names()
        .into_iter()
        .filter_map(|name| {
            let sequence = tone::named(&name).filter(resembles)?;
            Some((name, SoughtTone::new(&sequence, RATE_HZ)?))
        })
        .collect();
    let heard = (to - from) * 1000.0;
    let part = heard - 2.0 * TONE_EDGE.as_secs_f64() * 1000.0;
    // A whole pass tells a tone from those that only begin like it.
    let is_long = part >= SHORTEST.as_secs_f64() * 1000.0;
    for at_least_ms in [None].into_iter().chain(is_long.then_some(Some(part))) {
        let fits = candidates.iter().find_map(|(name, sought)| {
            let found = sought.find(&sound.samples, start, at_least_ms)?;
            let begins = seconds(found.start).max(from) - from <= TONE_EDGE.as_secs_f64();
            begins.then(|| (name.clone(), seconds(found.end)))
        });
        if let Some((name, known_at)) = fits {
            let at_least = at_least_ms.map(|ms| (ms / 100.0).floor() / 10.0);
            return Some(Passage {
                from,
                to: to.max(known_at),
                known_at,
                what: What::Tone { name, at_least },
            });
        }
    }
    None
}

/// What is kept of a stretch as files: its parts between pauses in which nothing at all was sent. Such a pause lasts as
/// long as the application takes from one prompt to the next, which differs from call to call.
fn kept(sound: &Sound, stretch: Range<usize>, acts: &[f64]) -> Vec<Passage> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut quiet = samples(PAUSE);
    for index in stretch {
        if sound.samples[index].unsigned_abs() <= SILENT {
            quiet += 1;
            continue;
        }
        match parts.last_mut() {
            Some(part) if quiet < samples(PAUSE) => part.end = index + 1,
            _ => parts.push(index..index + 1),
        }
        quiet = 0;
    }
    parts
        .into_iter()
        .map(|part| {
            let cut =
                |act: &&f64| part.contains(&at(**act)) && seconds(part.end) - **act <= REACTION.as_secs_f64();
            part.start..acts.iter().find(cut).map_or(part.end, |act| at(*act))
        })
        .filter(|part| part.len() >= samples(SHORTEST))
        .map(|part| {
            let (from, to) = (seconds(part.start), seconds(part.end));
            Passage::whole(from, to, What::Other(Sound::new(RATE_HZ, sound.samples[part].to_vec())))
        })
        .collect()
}

fn at(seconds: f64) -> usize {
    (seconds * f64::from(RATE_HZ)) as usize
}

fn seconds(samples: usize) -> f64 {
    samples as f64 / f64::from(RATE_HZ)
}

fn samples(duration: Duration) -> usize {
    at(duration.as_secs_f64())
}

/// What is shorter tells nothing.
const SHORTEST: Duration = Duration::from_millis(300);
/// What `hears_beep` takes for a beep, in seconds.
const BEEP: std::ops::RangeInclusive<f64> = 0.08..=2.0;
/// How exactly the beginning and the end of a tone are known.
const TONE_EDGE: Duration = Duration::from_millis(100);
const NEAR_HZ: f64 = 10.0;
/// The silence of A-law is 8.
const SILENT: u16 = 8;
const PAUSE: Duration = Duration::from_millis(100);
/// So long after the caller has done something a server still sends what it sent before.
const REACTION: Duration = Duration::from_secs(1);
const MOST_FILES: usize = 2000;
const MOST_FOLDERS: usize = 200;
/// Half an hour at 16 kHz.
const LARGEST_FILE: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use offhook::media::speech::{self, Voice};

    use super::*;

    fn spoken(text: &str) -> Sound {
        speech::speak(text, Voice::default()).expect("it is spoken").sound.resampled(RATE_HZ)
    }

    fn silence(ms: u64) -> Sound {
        Sound::silence(RATE_HZ, Duration::from_millis(ms))
    }

    fn joined(parts: &[Sound]) -> Sound {
        let mut all = Sound::new(RATE_HZ, Vec::new());
        parts.iter().for_each(|part| all.append(part));
        all
    }

    fn tone(name: &str, ms: usize) -> Sound {
        let pass = tone::named(name).expect("it is known").render_loop(RATE_HZ);
        Sound::new(RATE_HZ, pass.into_iter().cycle().take(ms * 8).collect())
    }

    fn in_words(passages: &[Passage]) -> Vec<String> {
        let word = |passage: &Passage| match &passage.what {
            What::Tone { name, at_least: None } => name.clone(),
            What::Tone { name, at_least: Some(seconds) } => format!("{seconds} s of {name}"),
            What::Beep => "beep".to_owned(),
            What::Digits(keys) => keys.clone(),
            What::File(path) => path.display().to_string(),
            What::Other(_) => "other".to_owned(),
        };
        passages.iter().map(word).collect()
    }

    #[test]
    fn tones_are_told_by_name_and_short_ones_by_what_was_heard() {
        let sound =
            joined(&[silence(200), tone("RINGBACK_UK", 9000), silence(3000), tone("ringback.us", 1500)]);
        let found = recognise(&sound, &[], &[]);
        assert_eq!(in_words(&found)[0], "RINGBACK_UK", "{found:?}");
        assert!(in_words(&found)[1].ends_with(" s of RINGBACK"), "{:?}", in_words(&found));
        assert!((found[0].from - 0.2).abs() < 0.05, "{found:?}");
    }

    #[test]
    fn files_of_the_media_root_are_told_by_their_path() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("menu")).expect("a folder");
        let (greeting, sales) =
            (spoken("Thank you for calling."), spoken("You have reached the sales desk."));
        for (path, sound) in [("greeting.wav", &greeting), ("menu/sales.wav", &sales)] {
            fs::write(folder.path().join(path), wav::write(sound)).expect("it is written");
        }
        fs::write(folder.path().join("broken.wav"), b"RIFF").expect("it is written");
        let files = files_of(folder.path()).expect("it can be read");
        let sound = joined(&[silence(500), greeting, silence(300), sales, silence(200), spoken("Good bye.")]);
        assert_eq!(in_words(&recognise(&sound, &files, &[])), ["greeting.wav", "menu/sales.wav", "other"]);
    }

    /// Two prompts are two files: how long it takes from one to the next differs.
    #[test]
    fn a_pause_in_which_nothing_is_sent_parts_two_prompts() {
        let sound = joined(&[spoken("Press one."), silence(150), spoken("Press two.")]);
        let found = recognise(&sound, &[], &[]);
        assert!(found.len() >= 2, "{found:?}");
    }

    #[test]
    fn what_the_caller_cuts_short_ends_where_the_caller_acted() {
        let prompt = spoken("This is a long text that nobody hears to its end.");
        let cut = Sound::new(RATE_HZ, prompt.samples[..at(1.5)].to_vec());
        let found = recognise(&cut, &[], &[1.2]);
        assert!((found.last().expect("something").to - 1.2).abs() < 0.01, "{found:?}");
    }
}
