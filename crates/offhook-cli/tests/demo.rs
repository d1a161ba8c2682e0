//! `offhook demo`: what it leaves is measured.

mod support;

use offhook::media::measure::{cadence, dominant_frequencies, rms_dbm0};
use offhook::media::{Sound, wav};
use tempfile::TempDir;

/// RING-30, RING-32, RING-47: early media with the British ringback tone, an announcement, the answer, a greeting.
#[test]
fn the_demonstration_shows_a_whole_call() {
    let (folder, ran, sound) = demonstration();
    for part in ["INVITE", "183 Session Progress", "200 OK", "ACK", "BYE", "400 + 450 Hz", "speech"] {
        assert!(ran.out.contains(part), "{part:?} is not in {}", ran.out);
    }

    let second = sound.rate_hz as usize;
    assert!(sound.samples.len() > 7 * second, "{:?}", sound.duration());
    let ringback = ringback(&sound);
    let times = cadence(ringback, sound.rate_hz);
    assert_eq!(times.len(), BURSTS, "{times:?}");
    assert!(times.iter().all(|(on, _)| (on - 400.0).abs() < 20.0), "{times:?}");
    let burst = &ringback[..second * 3 / 8];
    let mut frequencies: Vec<_> = dominant_frequencies(burst, sound.rate_hz, 2)
        .iter()
        .map(|component| component.frequency_hz)
        .collect();
    frequencies.sort_by(f64::total_cmp);
    assert!((frequencies[0] - 400.0).abs() < 2.0 && (frequencies[1] - 450.0).abs() < 2.25, "{frequencies:?}");
    assert!((rms_dbm0(burst) - -16.0).abs() < 0.5, "two frequencies of -19 dBm0 each");
    assert!(rms_dbm0(&sound.samples[4 * second..]) > -35.0, "somebody speaks");

    let picture = std::fs::read_to_string(folder.path().join("demo/call.svg")).expect("call.svg is left");
    for part in
        ["RING_INCOMING", "ANSWERED", "183 Session Progress", "400 + 450 Hz", "data:image/png;base64,"]
    {
        assert!(picture.contains(part), "{part:?} is not in the picture");
    }
    assert!(folder.path().join("demo/app.py").is_file());
}

/// Runs the demonstration: where it left its files, what it printed, and what was heard. It is a call in real time: where
/// the machine stood still for some frames, which makes a hole in a burst of the tone, it is run again.
fn demonstration() -> (TempDir, support::Ran, Sound) {
    let mut tries = 0;
    loop {
        tries += 1;
        let folder = tempfile::tempdir().expect("a folder");
        let ran = support::Ran::of(support::offhook().arg("demo").current_dir(folder.path()));
        assert_eq!(ran.code, 0, "{ran:?}");
        let file = std::fs::read(folder.path().join("demo/heard.wav")).expect("heard.wav is left");
        let sound = wav::read(&file).expect("a WAV file");
        if tries == TRIES || cadence(ringback(&sound), sound.rate_hz).len() <= BURSTS {
            return (folder, ran, sound);
        }
    }
}

/// What is heard in four seconds and a bit from where it rings.
fn ringback(sound: &Sound) -> &[i16] {
    let begin = sound.samples.iter().position(|sample| sample.unsigned_abs() > 500).expect("it rings");
    let end = begin + 41 * sound.rate_hz as usize / 10;
    &sound.samples[begin..end.min(sound.samples.len())]
}

/// Bursts of the tone in these four seconds.
const BURSTS: usize = 4;
/// How often a machine that keeps standing still gets its chance.
const TRIES: usize = 4;
