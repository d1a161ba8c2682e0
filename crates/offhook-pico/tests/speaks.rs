//! What the engine says, as far as a machine can tell.

use std::thread;
use std::time::{Duration, Instant};

use offhook_pico::{Prosody, RATE_HZ, SynthesisError, Voice};

/// "One two three" in each language.
const COUNTING: [(Voice, &str); 6] = [
    (Voice::EnUs, "one two three"),
    (Voice::EnGb, "one two three"),
    (Voice::DeDe, "eins zwei drei"),
    (Voice::FrFr, "un deux trois"),
    (Voice::EsEs, "uno dos tres"),
    (Voice::ItIt, "uno due tre"),
];

fn synthesize(text: &str, voice: Voice) -> Result<Vec<i16>, SynthesisError> {
    offhook_pico::synthesize(text, voice, Prosody::PLAIN)
}

fn seconds(samples: &[i16]) -> f64 {
    samples.len() as f64 / f64::from(RATE_HZ)
}

fn root_mean_square(samples: &[i16]) -> f64 {
    (samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>() / samples.len() as f64).sqrt()
}

/// RING-40: each of the six voices speaks, as loud and as long as three words take.
#[test]
fn all_six_voices_speak() {
    for (voice, text) in COUNTING {
        let samples = synthesize(text, voice).unwrap();
        assert!((0.6..3.0).contains(&seconds(&samples)), "{voice}: {} s", seconds(&samples));
        assert!(root_mean_square(&samples) > 500.0, "{voice}: {}", root_mean_square(&samples));
    }
}

/// RING-40: the voices are different ones, also where the language is the same.
#[test]
fn voices_differ() {
    let american = synthesize("hello world", Voice::EnUs).unwrap();
    let british = synthesize("hello world", Voice::EnGb).unwrap();
    assert_ne!(american, british);
}

/// RING-40: the same text gives the same samples, whatever was spoken before and beside it.
#[test]
fn the_same_text_gives_the_same_samples_in_every_thread() {
    let text = "The quick brown fox jumps over the lazy dog.";
    let expected = synthesize(text, Voice::EnGb).unwrap();
    thread::scope(|scope| {
        let speakers: Vec<_> = (0..4)
            .map(|number| {
                scope.spawn(move || {
                    let (other, words) = COUNTING[number];
                    synthesize(words, other).unwrap();
                    synthesize(text, Voice::EnGb).unwrap()
                })
            })
            .collect();
        for speaker in speakers {
            assert!(speaker.join().unwrap() == expected);
        }
    });
}

/// RING-40: nothing is cut off: sentences one after another last as long as they do alone, but for the pauses.
#[test]
fn long_texts_are_spoken_whole() {
    let sentence = "The office is open from nine to five, and closed on Sundays. ";
    let alone = seconds(&synthesize(sentence, Voice::EnUs).unwrap());
    let text = sentence.repeat(3000 / sentence.len());
    let started = Instant::now();
    let together = seconds(&synthesize(&text, Voice::EnUs).unwrap());
    let expected = alone * (3000 / sentence.len()) as f64;
    assert!((together / expected - 1.0).abs() < 0.15, "{together} s for {expected} s");
    // Generous, as it is only to notice an engine that has hung.
    assert!(started.elapsed() < Duration::from_secs(300));
}

/// RING-40: nothing is cut off where no sentence ends for 3000 characters either.
#[test]
fn long_texts_without_a_full_stop_are_spoken_whole() {
    let words = "seven eight nine ";
    let alone = seconds(&synthesize(&words.repeat(4), Voice::EnUs).unwrap()) / 4.0;
    let text = words.repeat(3000 / words.len());
    let together = seconds(&synthesize(&text, Voice::EnUs).unwrap());
    let expected = alone * (3000 / words.len()) as f64;
    assert!((together / expected - 1.0).abs() < 0.25, "{together} s for {expected} s");
}

/// RING-40: the engine takes text as UTF-8: an umlaut or accent is one sound of the word, and another one than the
/// letter without it.
#[test]
fn umlauts_and_accents_are_spoken() {
    let cases = [
        (Voice::DeDe, "Müll", "Mull", "M ll"),
        (Voice::DeDe, "schön", "schon", "sch n"),
        (Voice::FrFr, "passé", "passe", "pass \u{e9} \u{e9}"),
        (Voice::EsEs, "niño", "nino", "ni \u{f1} o"),
    ];
    for (voice, word, without, apart) in cases {
        let spoken = synthesize(word, voice).unwrap();
        assert!(spoken != synthesize(without, voice).unwrap(), "{word} sounds like {without}");
        let apart_seconds = seconds(&synthesize(apart, voice).unwrap());
        assert!(
            seconds(&spoken) < apart_seconds,
            "{word}: {} s, {apart}: {apart_seconds} s",
            seconds(&spoken)
        );
    }
    // Decomposed or not, and with characters that no voice knows, the engine goes on.
    assert!(
        !synthesize("Gr\u{fc}n und Gru\u{308}n, 中文, \u{1F600}, fertig", Voice::DeDe).unwrap().is_empty()
    );
}

/// FP-18: a voice speaks faster, louder and higher as asked; values out of range count as the nearest in range.
#[test]
fn prosody_changes_speed_volume_and_pitch() {
    let text = "The office is open from nine to five.";
    let plain = synthesize(text, Voice::EnGb).unwrap();
    let with = |prosody| offhook_pico::synthesize(text, Voice::EnGb, prosody).unwrap();
    let fast = with(Prosody { speed_percent: 200, ..Prosody::PLAIN });
    assert!(
        (0.4..0.75).contains(&(seconds(&fast) / seconds(&plain))),
        "{} s, {} s",
        seconds(&fast),
        seconds(&plain)
    );
    let quiet = with(Prosody { volume_percent: 50, ..Prosody::PLAIN });
    let ratio = root_mean_square(&quiet) / root_mean_square(&plain);
    assert!((0.4..0.6).contains(&ratio), "{ratio}");
    let high = with(Prosody { pitch_percent: 150, ..Prosody::PLAIN });
    assert!(high != plain && (seconds(&high) / seconds(&plain) - 1.0).abs() < 0.1);
    let highest = with(Prosody { pitch_percent: 200, ..Prosody::PLAIN });
    assert!(with(Prosody { pitch_percent: 60_000, ..Prosody::PLAIN }) == highest);
}

/// RING-45: the commands of the engine that reach files are not obeyed, whatever the text says.
#[test]
fn commands_in_the_text_are_not_obeyed() {
    let directory = tempfile::tempdir().unwrap();
    let written = directory.path().join("written.wav");
    let text = format!("before <genfile file=\"{}\"> spoken </genfile> after", written.display());
    assert!(!synthesize(&text, Voice::EnUs).unwrap().is_empty());
    assert!(!written.exists());
}

/// RING-45: text that holds nothing to say gives no or little sound, and no failure.
#[test]
fn empty_text_is_no_failure() {
    for text in ["", " ", "\n\t", ".", "\0\0", "<<>>"] {
        assert!(seconds(&synthesize(text, Voice::ItIt).unwrap()) < 2.0, "{text:?}");
    }
}

/// FP-19: voices are named by their language, in the usual spellings.
#[test]
fn voices_have_names() {
    for voice in Voice::ALL {
        assert_eq!(voice.language().parse::<Voice>().unwrap(), voice);
        assert_eq!(voice.language().to_uppercase().replace('-', "_").parse::<Voice>().unwrap(), voice);
    }
    assert_eq!("de".parse::<Voice>().unwrap(), Voice::DeDe);
    let error = "klingon".parse::<Voice>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "voice \"klingon\" is not known, accepted: en-US, en-GB, de-DE, fr-FR, es-ES, it-IT"
    );
}
