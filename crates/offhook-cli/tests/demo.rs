//! `offhook demo`: what it leaves is measured.

mod support;

use offhook::media::measure::{cadence, dominant_frequencies, rms_dbm0};
use offhook::media::wav;

/// RING-30, RING-32, RING-47: early media with the British ringback tone, an announcement, the answer, a greeting.
#[test]
fn the_demonstration_shows_a_whole_call() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = support::Ran::of(support::offhook().arg("demo").current_dir(folder.path()));
    assert_eq!(ran.code, 0, "{ran:?}");
    for part in ["INVITE", "183 Session Progress", "200 OK", "ACK", "BYE", "400 + 450 Hz", "speech"] {
        assert!(ran.out.contains(part), "{part:?} is not in {}", ran.out);
    }

    let file = std::fs::read(folder.path().join("demo/heard.wav")).expect("heard.wav is left");
    let sound = wav::read(&file).expect("a WAV file");
    let second = sound.rate_hz as usize;
    assert!(sound.samples.len() > 7 * second, "{:?}", sound.duration());
    let ringback = &sound.samples[..4 * second];
    let times = cadence(ringback, sound.rate_hz);
    assert_eq!(times.len(), 4, "{times:?}");
    assert!(times.iter().all(|(on, _)| (on - 400.0).abs() < 20.0), "{times:?}");
    let begin = ringback.iter().position(|sample| sample.unsigned_abs() > 500).expect("it rings");
    let burst = &ringback[begin..begin + second * 3 / 8];
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
