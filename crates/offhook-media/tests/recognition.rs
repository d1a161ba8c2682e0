//! What was heard is told from what only resembles it.

use std::time::Duration;

use offhook_media::measure::{Sought, SoughtTone};
use offhook_media::speech::{self, Voice};
use offhook_media::{Law, Sound, tone};

fn spoken(text: &str, voice: Voice) -> Vec<i16> {
    speech::speak(text, voice).expect("it can be spoken").sound.resampled(8000).samples
}

fn through(law: Law, samples: &[i16]) -> Vec<i16> {
    let mut heard = vec![0; samples.len()];
    law.decode_into(&law.encode(samples), &mut heard);
    heard
}

fn after(silence_ms: u64, samples: &[i16]) -> Vec<i16> {
    let mut heard = Sound::silence(8000, Duration::from_millis(silence_ms)).samples;
    heard.extend_from_slice(samples);
    heard.extend(Sound::silence(8000, Duration::from_secs(1)).samples);
    heard
}

/// Every `nth` packet of 20 ms is lost.
fn lossy(samples: &[i16], nth: usize) -> Vec<i16> {
    let packet = |(index, packet): (usize, &[i16])| {
        if index % nth == 0 { vec![0; packet.len()] } else { packet.to_vec() }
    };
    samples.chunks(160).enumerate().flat_map(packet).collect()
}

fn is_recognised(sought: &[i16], heard: &[i16]) -> bool {
    let sought = Sought::new(sought, 8000).expect("it is not silent");
    sought.find(heard, 0).is_some_and(|found| found.recognised)
}

#[test]
fn speech_is_recognised_whatever_codec_level_start_and_loss() {
    let text = spoken("Thank you for calling. Please press one for sales.", Voice::default());
    for law in Law::ALL {
        let heard = through(law, &after(1234, &text));
        assert!(is_recognised(&text, &heard), "{law}");
        assert!(is_recognised(&text, &lossy(&heard, 10)), "{law} with loss");
        let quiet: Vec<i16> = text.iter().map(|sample| sample / 8).collect();
        assert!(is_recognised(&text, &through(law, &after(5, &quiet))), "{law} at -18 dB");
    }
}

#[test]
fn a_sentence_is_recognised_within_a_longer_text() {
    let all = spoken("Thank you for calling. All our lines are busy. Please hold on.", Voice::default());
    for part in ["Thank you for calling", "All our lines are busy.", "Please hold on."] {
        assert!(is_recognised(&spoken(part, Voice::default()), &after(400, &all)), "{part}");
    }
}

#[test]
fn other_words_are_not_recognised() {
    let expected = spoken("You have three new messages.", Voice::default());
    for other in
        ["You have four new messages.", "You have three old messages.", "You had three new messages."]
    {
        assert!(!is_recognised(&expected, &after(300, &spoken(other, Voice::default()))), "{other}");
    }
}

#[test]
fn another_voice_is_not_recognised() {
    let expected = spoken("You have three new messages.", Voice::default());
    let other = spoken("You have three new messages.", Voice::EnGb);
    assert!(!is_recognised(&expected, &after(300, &other)));
}

#[test]
fn a_word_that_is_cut_out_is_noticed() {
    let expected = spoken("Your account number is four seven one one.", Voice::default());
    let mut heard = after(300, &expected);
    heard[2400 + 8000..2400 + 8000 + 2400].fill(0);
    assert!(!is_recognised(&expected, &heard));
}

#[test]
fn what_differs_is_told_from_what_is_alike() {
    let expected = spoken("Press one for sales, or two for support.", Voice::default());
    let heard = after(500, &spoken("Press one for sales, or two for accounts.", Voice::default()));
    let found =
        Sought::new(&expected, 8000).and_then(|sought| sought.find(&heard, 0)).expect("it resembles it");
    assert!(!found.recognised);
    let share = found.alike_until as f64 / expected.len() as f64;
    assert!((0.3..0.95).contains(&share), "alike up to {share:.2}: {found:?}");
}

fn tone_heard(name: &str, heard: &[i16]) -> bool {
    let sequence = tone::named(name).expect("a tone of the catalogue");
    SoughtTone::new(&sequence, 8000).and_then(|sought| sought.find(heard, 0, None)).is_some()
}

fn played(name: &str, seconds: usize) -> Vec<i16> {
    let pass = tone::named(name).expect("a tone of the catalogue").render_loop(8000);
    after(700, &pass.into_iter().cycle().take(seconds * 8000).collect::<Vec<_>>())
}

#[test]
fn every_tone_of_the_catalogue_is_recognised() {
    for name in tone::names() {
        let sequence = tone::named(&name).expect("it has a name");
        let heard = through(Law::A, &played(&name, sequence.duration().as_secs() as usize * 2 + 4));
        assert!(tone_heard(&name, &heard), "{name}");
        // A packet is a large part of what is very short.
        if sequence.segments().iter().all(|segment| segment.duration_ms == 0 || segment.duration_ms >= 200) {
            assert!(tone_heard(&name, &lossy(&heard, 33)), "{name} with loss");
        }
    }
}

#[test]
fn tones_of_the_same_frequency_are_told_apart_by_their_cadence() {
    assert!(!tone_heard("busy.gb", &played("congestion.gb", 20)));
    assert!(!tone_heard("ringback.gb", &played("ringback.us", 20)));
    assert!(!tone_heard("busy.us", &played("congestion.us", 20)));
    assert!(!tone_heard("dial.us", &played("ringback.us", 20)));
}

#[test]
fn speech_and_silence_are_no_tone() {
    let speech = spoken("There is nobody here who could answer you at the moment.", Voice::default());
    for name in tone::names() {
        assert!(!tone_heard(&name, &after(100, &speech)), "{name}");
        assert!(!tone_heard(&name, &vec![0; 80_000]), "{name} in silence");
    }
}
