//! Who has answered, over several hundred synthetic answers.

mod answers;

use std::collections::BTreeMap;
use std::time::Duration;

use offhook_media::measure;
use offhook_media::speaker::{DetectionStart, FarEnd, MachineDetector, MachineSettings, SpeakerDetector};

/// LSD-4, LSD-10: people, machines and fax machines are told apart; `--nocapture` shows the confusion.
#[test]
fn answers_are_told_apart() {
    let answers = answers::answers();
    assert!(answers.len() >= 300, "{} answers", answers.len());
    let mut right: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut machines_for_people = 0;
    for answer in &answers {
        let found = answer.found().map_or(FarEnd::Unknown, |found| found.far_end);
        let count = right.entry(answer.kind).or_default();
        count.0 += usize::from(found == answer.truth);
        count.1 += 1;
        machines_for_people += usize::from(answer.truth == FarEnd::Live && found == FarEnd::AnswerMachine);
        if found != answer.truth {
            println!("{}: {found:?}, {:?}", answer.kind, answer.found());
        }
    }
    println!("{right:#?}");
    for (kind, (right, of)) in &right {
        assert!(right * 100 >= of * 80, "{kind}: {right} of {of}");
    }
    let all: usize = right.values().map(|(right, _)| right).sum();
    assert!(all * 100 >= answers.len() * 95, "{all} of {} answers", answers.len());
    assert!(machines_for_people * 50 <= answers.len(), "{machines_for_people} people taken for machines");
}

fn tone(hz: f64, seconds: f64) -> Vec<i16> {
    let peak = measure::peak_of_dbm0(-12.0);
    let samples = (0..(8000.0 * seconds) as usize)
        .map(|n| (peak * (std::f64::consts::TAU * hz * n as f64 / 8000.0).sin()) as i16);
    samples.collect()
}

fn silence(seconds: f64) -> Vec<i16> {
    vec![0; (8000.0 * seconds) as usize]
}

/// Sound that is no tone and no line noise: syllables of noise, with hardly a pause between them.
fn sound(seconds: f64) -> Vec<i16> {
    let mut state = 1_u32;
    let samples = (0..(8000.0 * seconds) as usize).map(|n| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let syllable = n % 1600 >= 240;
        if syllable { ((state >> 18) as i16) - 8192 } else { 0 }
    });
    samples.collect()
}

/// When the detector of a machine decides, in seconds, and how.
fn ready(settings: MachineSettings, parts: &[Vec<i16>]) -> Option<(f64, bool)> {
    let mut detector = MachineDetector::new(settings);
    let samples = parts.concat();
    samples
        .chunks(160)
        .enumerate()
        .find_map(|(frame, samples)| Some(((frame + 1) as f64 * 0.02, detector.hear(samples)?)))
}

fn default_settings() -> MachineSettings {
    MachineSettings {
        min_beep: Duration::from_millis(180),
        post_beep_silence: Duration::from_millis(1000),
        no_beep_silence: Duration::from_millis(4000),
        limit: Some(Duration::from_secs(10)),
    }
}

/// LSD-8: a beep that is long enough, and the silence after it; or a longer silence without a beep; or the time.
#[test]
fn a_machine_is_ready_after_its_beep_or_a_long_silence() {
    let rows = [
        ("beep", vec![sound(2.0), silence(0.5), tone(1000.0, 0.4), silence(5.0)], 3.9, true),
        ("beep at once after speech", vec![sound(2.0), tone(620.0, 0.3), silence(5.0)], 3.3, true),
        ("too short a beep", vec![sound(2.0), tone(1000.0, 0.1), silence(6.0)], 6.1, true),
        ("speech after a beep", vec![tone(1000.0, 0.4), silence(0.5), sound(1.0), silence(6.0)], 5.9, true),
        ("no beep", vec![sound(3.0), silence(6.0)], 7.0, true),
        ("speech without end", vec![sound(12.0)], 10.0, false),
    ];
    for (row, parts, seconds, expected) in rows {
        let (at, ready) = ready(default_settings(), &parts).expect(row);
        assert_eq!(ready, expected, "{row}");
        assert!((at - seconds).abs() <= 0.1, "{row}: after {at} s instead of {seconds} s");
    }
}

/// LSD-2, LSD-3: ringing tone after the connection counts towards the time, or does not.
#[test]
fn ringing_tone_after_the_connection_may_not_count() {
    let ringing = offhook_media::tone::named("ringback.gb").expect("a tone").render(8000);
    let ringing: Vec<i16> = ringing.iter().copied().cycle().take(8 * 8000).collect();
    let answer = [ringing, silence(0.3), sound(0.6), silence(3.0)].concat();
    for (start, expected) in
        [(DetectionStart::NetworkConnect, FarEnd::Unknown), (DetectionStart::AnswerDetect, FarEnd::Live)]
    {
        let mut detector = SpeakerDetector::new(start, Duration::from_secs(5));
        let found = answer.chunks(160).find_map(|frame| detector.hear(frame)).expect("an end");
        assert_eq!(found.far_end, expected, "{start:?}");
    }
}
