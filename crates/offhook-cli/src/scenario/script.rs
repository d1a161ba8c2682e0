//! The order of a test: what the caller does at its moment, and what is asserted as soon as it must have happened.

use std::time::Duration;

use offhook::media::Sound;

use super::media::{Directions, RATE_HZ, pressed_in_band};
use super::recognition::Passage;
use super::signalling::{Act, Answer, Signalling};
use crate::hearing::passages_between;

/// One step of a test. Times are seconds since the INVITE.
#[derive(Debug)]
pub(super) enum Step {
    /// The caller does something at a moment.
    Do { at: f64, deed: Deed },
    /// A response comes, `within` seconds from the step before.
    Response { at: f64, within: f64, status: u16, brings_early_media: bool },
    /// Something is heard, which begins within so many seconds.
    Hears { passage: Passage, within: f64 },
    /// At this moment, which is shortly before the next step, nothing has changed: these responses and no others.
    Nothing { at: f64, so_far: Vec<u16> },
    /// The call is still up, shortly before the server ends it.
    Up { at: f64 },
    /// The server ends the call.
    Ends { at: f64, within: f64 },
}

/// What the caller does.
#[derive(Debug)]
pub(super) enum Deed {
    Press(String),
    Play(Sound),
    Cancel,
    HangUp,
}

impl Deed {
    /// How long it takes on the kit.
    fn seconds(&self) -> f64 {
        match self {
            Self::Press(keys) => PRESS_SECONDS * keys.len() as f64,
            Self::Play(sound) => sound.duration().as_secs_f64(),
            Self::Cancel | Self::HangUp => 0.0,
        }
    }
}

/// What the caller of a recorded call did, in order.
pub(super) fn deeds(call: &Signalling, media: &Directions) -> Vec<(f64, Deed)> {
    let mut deeds: Vec<(f64, Deed)> = Vec::new();
    let (mut keys, blanked) = keys(call, media);
    keys.sort_by(|one, other| one.0.total_cmp(&other.0));
    for (at, key) in keys {
        match deeds.last_mut() {
            // As fast as the kit presses them: one number that was dialled.
            Some((from, Deed::Press(before)))
                if (at - *from - PRESS_SECONDS * before.len() as f64).abs() < SAME_PRESS_SECONDS =>
            {
                before.push(key);
            }
            _ => deeds.push((at, Deed::Press(key.to_string()))),
        }
    }
    let end = call.acts.iter().find_map(|(at, act)| match act {
        Act::CallerCancels => Some((at.as_secs_f64(), Deed::Cancel)),
        Act::CallerHangsUp => Some((at.as_secs_f64(), Deed::HangUp)),
        Act::ServerHangsUp | Act::Digit(_) => None,
    });
    deeds.extend(end);
    let moments: Vec<f64> = deeds.iter().map(|(at, _)| *at).collect();
    deeds.extend(said(&blanked, &moments));
    deeds.sort_by(|one, other| one.0.total_cmp(&other.0));
    deeds
}

/// The keys that were pressed, by the first of the ways that was used; a telephone that sends events may let the tones
/// through as well. With it, what was said, without those tones.
fn keys(call: &Signalling, media: &Directions) -> (Vec<(f64, char)>, Sound) {
    let said = &media.from_caller.sound;
    let of = |keys: &[(Duration, char)]| keys.iter().map(|(at, key)| (at.as_secs_f64(), *key)).collect();
    let by_info: Vec<(Duration, char)> = call
        .acts
        .iter()
        .filter_map(|(at, act)| match act {
            Act::Digit(key) => Some((*at, *key)),
            _ => None,
        })
        .collect();
    let in_band = pressed_in_band(said);
    let mut blanked = said.clone();
    for pressed in &in_band {
        blanked.samples[pressed.samples.clone()].fill(0);
    }
    let seconds = |samples: usize| samples as f64 / f64::from(RATE_HZ);
    let keys = match (&media.from_caller.digits[..], &by_info[..]) {
        ([], []) => in_band.iter().map(|pressed| (seconds(pressed.samples.start), pressed.digit)).collect(),
        ([], by_info) => of(by_info),
        (by_event, _) => of(by_event),
    };
    (keys, blanked)
}

/// What the caller said, each piece from its beginning to a pause or to the next thing that the caller did.
fn said(sound: &Sound, moments: &[f64]) -> Vec<(f64, Deed)> {
    let edges = [0.0].into_iter().chain(moments.iter().copied());
    let ends = moments.iter().copied().chain([sound.duration().as_secs_f64()]);
    edges
        .zip(ends)
        .flat_map(|(from, to)| {
            let at = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
            passages_between(sound, at(from), at(to))
        })
        .filter(|passage| passage.to - passage.from >= SHORTEST_SAID)
        .map(|passage| {
            let sample = |at: Duration| (at.as_secs_f64() * f64::from(RATE_HZ)) as usize;
            let samples = sound.samples[sample(passage.from)..sample(passage.to)].to_vec();
            (passage.from.as_secs_f64(), Deed::Play(Sound::new(RATE_HZ, samples)))
        })
        .collect()
}

/// Puts everything into the order of a test.
pub(super) fn script(call: &Signalling, deeds: Vec<(f64, Deed)>, heard: Vec<Passage>) -> Vec<Step> {
    let moments: Vec<f64> = deeds.iter().map(|(at, _)| *at).collect();
    let mut all: Vec<(f64, Event)> = Vec::new();
    all.extend(deeds.into_iter().map(|(at, deed)| (at, Event::Does(deed))));
    all.extend(call.responses.iter().map(|answer| (answer.at.as_secs_f64(), Event::Answers(answer.clone()))));
    all.extend(server_ends(call).map(|at| (at, Event::Ends)));
    for passage in heard {
        // Whoever listens notices a little later, and the caller's next deed must not be late for it. What was heard
        // can be asked for at any time after.
        let over = passage.known_at;
        let next = moments.iter().copied().find(|at| *at >= over && *at < over + NOTICED_SECONDS);
        all.push((next.unwrap_or(over), Event::IsHeard(passage)));
    }
    all.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.rank().cmp(&other.1.rank())));

    let (mut steps, mut now, mut so_far): (Vec<Step>, f64, Vec<u16>) = (Vec::new(), 0.0, Vec::new());
    for (at, event) in all {
        let is_late = at - now > WAITING_SECONDS;
        match event {
            Event::Does(deed) => {
                now = at + deed.seconds();
                steps.push(Step::Do { at, deed });
            }
            Event::Answers(answer) => {
                if is_late {
                    now = at - BEFORE_SECONDS;
                    steps.push(Step::Nothing { at: now, so_far: so_far.clone() });
                }
                let status = answer.status;
                let brings_early_media = answer.has_sdp && status < 200;
                steps.push(Step::Response { at, within: within(at, now), status, brings_early_media });
                so_far.push(status);
                now = now.max(at);
            }
            Event::IsHeard(passage) => {
                let within = within(passage.from, now);
                now = now.max(passage.known_at);
                steps.push(Step::Hears { passage, within });
            }
            Event::Ends => {
                if is_late {
                    now = at - BEFORE_SECONDS;
                    steps.push(Step::Up { at: now });
                }
                steps.push(Step::Ends { at, within: within(at, now) });
                now = now.max(at);
            }
        }
    }
    steps
}

/// When the server ended the call: by BYE, or by refusing it. After a CANCEL it only confirms.
fn server_ends(call: &Signalling) -> Option<f64> {
    let by_caller = call.acts.iter().any(|(_, act)| matches!(act, Act::CallerCancels | Act::CallerHangsUp));
    let bye = call.acts.iter().find(|(_, act)| *act == Act::ServerHangsUp).map(|(at, _)| *at);
    let refusal = call.responses.iter().find(|answer| answer.status >= 300).map(|answer| answer.at);
    bye.or(refusal).filter(|_| !by_caller).map(|at| at.as_secs_f64())
}

/// How long to wait for what came at `at`, in half seconds.
fn within(at: f64, now: f64) -> f64 {
    (((at - now).max(0.0) + SLACK_SECONDS) * 2.0).ceil() / 2.0
}

/// What happened.
enum Event {
    Does(Deed),
    Answers(Answer),
    Ends,
    IsHeard(Passage),
}

impl Event {
    /// Of what happens at one moment, what comes first.
    fn rank(&self) -> u8 {
        match self {
            Self::Does(_) => 0,
            Self::Answers(_) => 1,
            Self::Ends => 2,
            Self::IsHeard(_) => 3,
        }
    }
}

/// A key is pressed for 100 ms, and 100 ms lie between two (DTMF-17).
const PRESS_SECONDS: f64 = 0.2;
const SAME_PRESS_SECONDS: f64 = 0.06;
const SHORTEST_SAID: Duration = Duration::from_millis(150);
/// The kit looks twice a second whether something was heard.
const NOTICED_SECONDS: f64 = 0.6;
/// What takes longer than this is worth saying that it does.
const WAITING_SECONDS: f64 = 2.5;
const BEFORE_SECONDS: f64 = 1.0;
/// How much later than in the recorded call something may come.
const SLACK_SECONDS: f64 = 1.0;
