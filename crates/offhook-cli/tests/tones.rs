//! `offhook tones`.

mod support;

use offhook::media::measure::{cadence, dominant_frequencies};
use offhook::media::wav;
use support::run;

/// TONE-9: the list shows every tone with its frequencies and its cadence.
#[test]
fn the_list_names_countries_frequencies_and_cadence() {
    let ran = run(&["tones"]);
    assert_eq!(ran.code, 0);
    for part in [
        "RINGBACK_UK",
        "400+450 Hz 0.4 s on, 0.2 s off, 0.4 s on, 2 s off",
        "France",
        "ringback.fr",
        "busy.de",
    ] {
        assert!(ran.out.contains(part), "{part:?} is not in {}", ran.out);
    }
    let ran = run(&["tones", "--country", "FR"]);
    assert!(ran.out.contains("ringback.fr") && !ran.out.contains("ringback.gb"), "{}", ran.out);
}

/// TONE-16: the file holds the tone, looped for as long as was asked.
#[test]
fn a_tone_is_written_to_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.wav");
    let ran = run(&["tones", "RINGBACK_UK", "--wav", &path.to_string_lossy(), "--seconds", "6"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let sound = wav::read(&std::fs::read(path).expect("written")).expect("a WAV file");
    assert_eq!((sound.rate_hz, sound.samples.len()), (8000, 48000));
    let times = cadence(&sound.samples, 8000);
    assert_eq!(times.len(), 4, "{times:?}");
    assert!((times[0].0 - 400.0).abs() < 20.0 && (times[1].1 - 2000.0).abs() < 20.0, "{times:?}");
    let mut frequencies: Vec<_> =
        dominant_frequencies(&sound.samples[..3200], 8000, 2).iter().map(|c| c.frequency_hz).collect();
    frequencies.sort_by(f64::total_cmp);
    assert!((frequencies[0] - 400.0).abs() < 2.0 && (frequencies[1] - 450.0).abs() < 2.0, "{frequencies:?}");
}

#[test]
fn a_tone_that_is_not_known_is_answered_with_names_like_it() {
    let ran = run(&["tones", "ringback"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("ringback.") && ran.err.contains("RINGBACK"), "{}", ran.err);
}
