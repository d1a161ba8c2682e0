//! `offhook record-scenario`: a call that happened becomes a test for `offhook.testing`.
//!
//! 1. [`capture`] reads the UDP datagrams of a pcap or pcapng file, [`packet`] their headers.
//! 2. [`signalling`] finds the call by its SIP: what the caller did and what the server answered.
//! 3. [`media`] decodes both directions of its RTP, [`recognition`] tells what the server let the caller hear.
//! 4. [`script`] puts all of it into the order of a test, [`python`] writes it down.

mod capture;
mod media;
mod packet;
mod python;
mod recognition;
mod script;
mod signalling;

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use anyhow::Context;
use offhook::media::measure::Sought;
use offhook::media::{Sound, wav};
use thiserror::Error;

use self::capture::Capture;
pub(crate) use self::capture::CaptureError;
use self::media::{Direction, Directions, RATE_HZ};
use self::python::{Ending, Test, beside, quoted};
use self::recognition::{Passage, What};
use self::script::{Deed, Step};
pub(crate) use self::signalling::CallError;
use self::signalling::{Act, Signalling};

/// What is recorded, and how.
pub(crate) struct Wanted {
    pub(crate) capture: PathBuf,
    /// The test to be written.
    pub(crate) test: PathBuf,
    /// The application that takes the call.
    pub(crate) application: PathBuf,
    /// Which of several calls.
    pub(crate) call_id: Option<String>,
    /// The files that the application plays; `None` for its own folder.
    pub(crate) media_root: Option<PathBuf>,
    /// What `main` returned, which no capture shows.
    pub(crate) return_code: Option<i64>,
}

/// What was written.
pub(crate) struct Written {
    /// The test, then the sounds.
    pub(crate) files: Vec<PathBuf>,
    pub(crate) duration: Duration,
    /// How much the caller does in it, and how much is asserted.
    pub(crate) deeds: usize,
    pub(crate) assertions: usize,
    /// What a reader of the test should know.
    pub(crate) remarks: Vec<String>,
}

/// Why a file cannot be written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum TestFileError {
    /// A test that somebody may have worked on is not written over.
    #[error("{} is there already; accepted: a new name", path.display())]
    Exists { path: PathBuf },
    /// Python takes no such file for a module.
    #[error("the test is {}; accepted: a name such as test_call.py", path.display())]
    Name { path: PathBuf },
}

/// Turns a capture into a test and the sounds beside it.
///
/// # Errors
///
/// [`CaptureError`], [`CallError`], [`TestFileError`], or the system's reason why something cannot be read or written.
pub(crate) fn record(wanted: &Wanted) -> anyhow::Result<Written> {
    let (folder, stem) = place(&wanted.test)?;
    let capture = Capture::read(&wanted.capture)?;
    let call = Signalling::find(&capture, wanted.call_id.as_deref())?;
    let media = Directions::of(&capture, &call);
    let media_root = wanted.media_root.clone().unwrap_or_else(|| folder_of(&wanted.application));
    let files = recognition::files_of(&media_root)?;

    let deeds = script::deeds(&call, &media);
    let moments: Vec<f64> = deeds.iter().map(|(at, _)| *at).collect();
    let mut heard = recognition::recognise(&media.to_caller.sound, &files, &moments);
    heard.extend(digits(&media.to_caller));
    let steps = script::script(&call, deeds, heard);

    let mut sounds = Sounds { stem: &stem, known: Vec::new(), new: Vec::new(), said: 0, heard: 0 };
    let names: Vec<PathBuf> = steps.iter().filter_map(|step| sounds.name(step)).collect();
    let arguments = arguments(wanted, &call, &media, &folder)?;
    let left_out: Vec<(f64, String)> =
        call.left_out.iter().map(|(at, what)| (at.as_secs_f64(), what.clone())).collect();
    let test = Test {
        about: about(wanted, &call),
        name: if stem.starts_with("test_") { stem.clone() } else { format!("test_{stem}") },
        application: application(&wanted.application, &folder)?,
        arguments,
        steps: &steps,
        sounds: names,
        left_out,
        ending: ending(wanted, &call),
    };
    let text = test.to_string();
    let mut written = Written {
        files: vec![wanted.test.clone()],
        duration: call.last,
        deeds: steps.iter().filter(|step| matches!(step, Step::Do { .. })).count(),
        assertions: text.lines().filter(|line| line.trim_start().starts_with("assert ")).count(),
        remarks: remarks(&capture, &call, &media),
    };
    let mut contents = vec![(wanted.test.clone(), text.into_bytes())];
    for (name, sound) in &sounds.new {
        contents.push((folder.join(name), wav::write(sound)));
        written.files.push(folder.join(name));
    }
    for (path, _) in &contents {
        if path.exists() {
            return Err(TestFileError::Exists { path: path.clone() }.into());
        }
    }
    for (path, content) in contents {
        fs::write(&path, content).with_context(|| format!("{} could not be written", path.display()))?;
    }
    Ok(written)
}

/// The folder of the test, and its name without the ending.
fn place(test: &Path) -> Result<(PathBuf, String), TestFileError> {
    let refused = || TestFileError::Name { path: test.to_owned() };
    let stem = test.file_stem().and_then(|stem| stem.to_str()).ok_or_else(refused)?;
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if stem.is_empty() || !stem.chars().all(word) || test.extension().is_none_or(|ending| ending != "py") {
        return Err(refused());
    }
    Ok((folder_of(test), stem.to_owned()))
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// The names of the sounds of a test, and which of them are to be written.
struct Sounds<'a> {
    stem: &'a str,
    /// What was heard before, so that what is heard again is not kept twice.
    known: Vec<(Sought, PathBuf)>,
    new: Vec<(PathBuf, Sound)>,
    said: usize,
    heard: usize,
}

impl Sounds<'_> {
    /// The file of what is played or heard in a step.
    fn name(&mut self, step: &Step) -> Option<PathBuf> {
        match step {
            Step::Do { deed: Deed::Play(sound), .. } => {
                self.said += 1;
                let name = PathBuf::from(format!("{}_said_{}.wav", self.stem, self.said));
                self.new.push((name.clone(), sound.clone()));
                Some(name)
            }
            Step::Hears { passage: Passage { what: What::Other(sound), .. }, .. } => {
                let same = |(sought, _): &&(Sought, PathBuf)| {
                    sought.length().abs_diff(sound.samples.len()) < (RATE_HZ / 10) as usize
                        && sought.find(&sound.samples, 0).is_some_and(|found| found.recognised)
                };
                if let Some((_, name)) = self.known.iter().find(same) {
                    return Some(name.clone());
                }
                self.heard += 1;
                let name = PathBuf::from(format!("{}_heard_{}.wav", self.stem, self.heard));
                self.known.extend(Sought::new(&sound.samples, RATE_HZ).map(|sought| (sought, name.clone())));
                self.new.push((name.clone(), sound.clone()));
                Some(name)
            }
            _ => None,
        }
    }
}

/// The keys that the server pressed, in groups between pauses.
fn digits(direction: &Direction) -> Vec<Passage> {
    let mut groups: Vec<(f64, f64, String)> = Vec::new();
    for (at, key) in &direction.digits {
        let at = at.as_secs_f64();
        match groups.last_mut() {
            Some((_, to, keys)) if at - *to < PAUSE_BETWEEN_NUMBERS => {
                *to = at;
                keys.push(*key);
            }
            _ => groups.push((at, at, key.to_string())),
        }
    }
    groups.into_iter().map(|(from, to, keys)| Passage::whole(from, to, What::Digits(keys))).collect()
}

fn arguments(
    wanted: &Wanted,
    call: &Signalling,
    media: &Directions,
    folder: &Path,
) -> anyhow::Result<Vec<(&'static str, String)>> {
    let user = |uri: &offhook::sip::Uri| uri.user_unescaped().map(|user| quoted(&user));
    let from = call.invite.from().ok().and_then(|from| user(&from.uri));
    let mut all = Vec::new();
    all.extend(user(&call.invite.uri).map(|user| ("to", user)));
    all.extend(from.map(|user| ("caller", user)));
    if call.has_offer() {
        let offered = call.of_caller.first().map(media::codecs).unwrap_or_default();
        all.extend((!offered.is_empty()).then(|| ("codecs", quoted(&offered.join(";")))));
    } else {
        all.push(("sdp", "False".to_owned()));
    }
    all.push(("reliable", quoted(call.reliable())));
    let headers: Vec<String> =
        call.headers().iter().map(|(name, value)| format!("{}: {}", quoted(name), quoted(value))).collect();
    all.extend((!headers.is_empty()).then(|| ("headers", format!("{{{}}}", headers.join(", ")))));
    if call.is_behind_nat() {
        all.push(("link", "Link(nat=True)".to_owned()));
    }
    if media.to_caller.packets > 0 && media.from_caller.packets == 0 {
        all.push(("mute", "True".to_owned()));
    }
    // The kit's server has the list of a server without settings; one that chose something else has another.
    let chosen: Vec<&str> = call.of_server.iter().flat_map(media::codecs).collect();
    if let Some(first) = chosen.first().filter(|name| !name.starts_with("g711")) {
        all.push(("server_codecs", quoted(first)));
    }
    if let Some(media_root) = &wanted.media_root {
        all.push(("media_root", beside(&relative(media_root, folder)?)));
    }
    Ok(all)
}

/// How the test names the application.
fn application(application: &Path, folder: &Path) -> anyhow::Result<String> {
    match application.exists() {
        true => Ok(relative(application, folder)?.to_string_lossy().into_owned()),
        // The kit looks for it in several folders.
        false => Ok(application.to_string_lossy().into_owned()),
    }
}

/// A path as seen from a folder, if it lies in it; else the whole path.
fn relative(path: &Path, folder: &Path) -> anyhow::Result<PathBuf> {
    let whole =
        |path: &Path| path.canonicalize().with_context(|| format!("{} cannot be read", path.display()));
    let (path, folder) = (whole(path)?, whole(folder)?);
    Ok(path.strip_prefix(&folder).map(Path::to_owned).unwrap_or(path))
}

fn about(wanted: &Wanted, call: &Signalling) -> Vec<String> {
    let user = |uri: &offhook::sip::Uri| uri.user_unescaped().unwrap_or_default().into_owned();
    let from = call.invite.from().map(|from| user(&from.uri)).unwrap_or_default();
    let day = crate::logs::utc(UNIX_EPOCH + call.began);
    let file = wanted.capture.file_name().unwrap_or_default().to_string_lossy().into_owned();
    vec![
        format!("A call from {from} to {} of {day}.", user(&call.invite.uri)),
        format!(
            "Written by record_scenario from {file}, Call-ID {}. It is yours from here on: take out what does not matter, \
             and say more of what does.",
            call.call_id
        ),
    ]
}

fn ending(wanted: &Wanted, call: &Signalling) -> Ending {
    let by_caller = call.acts.iter().any(|(_, act)| matches!(act, Act::CallerCancels | Act::CallerHangsUp));
    let by_server = call.acts.iter().any(|(_, act)| *act == Act::ServerHangsUp);
    let last = call.responses.iter().map(|answer| answer.status).find(|status| *status >= 200);
    let refused = last.is_some_and(|status| status >= 300);
    let by = match (by_caller, by_server || refused) {
        (true, _) => Some("caller"),
        (false, true) => Some("application"),
        (false, false) => None,
    };
    Ending { by, status: last.filter(|_| by.is_some()), return_code: wanted.return_code }
}

fn remarks(capture: &Capture, call: &Signalling, media: &Directions) -> Vec<String> {
    let mut remarks = Vec::new();
    if capture.ends_early {
        remarks.push("the capture ends within a packet; what came after it is not in the test".to_owned());
    }
    if capture.shortened > 0 {
        remarks.push(format!(
            "of {} packets only the beginning was kept: capture with -s 0 to have everything",
            capture.shortened
        ));
    }
    if call.is_encrypted() {
        remarks.push("the sound is encrypted, so that nothing is asserted about it".to_owned());
    } else if media.to_caller.packets == 0 && !call.of_server.is_empty() {
        remarks.push(
            "there is no sound of the server in the capture, so that nothing is asserted about it".to_owned(),
        );
    }
    let events = call.of_caller.iter().any(media::takes_events);
    if !events && call.has_offer() {
        remarks.push(
            "the caller offered no telephone events; the test presses keys as telephone events".to_owned(),
        );
    }
    let offered: HashSet<&str> = call.of_caller.iter().flat_map(media::codecs).collect();
    if call.has_offer() && offered.is_empty() {
        remarks
            .push("the caller offered no codec that the kit has; the test offers the kit's own".to_owned());
    }
    remarks.extend(
        call.left_out
            .iter()
            .map(|(at, what)| format!("{:.2} s: {what}, which a test cannot repeat", at.as_secs_f64())),
    );
    remarks
}

/// Seconds between two numbers that were dialled.
const PAUSE_BETWEEN_NUMBERS: f64 = 1.0;
