//! Speech is not taken for keys.

use std::fmt::Write as _;

use offhook_media::dtmf::{Press, ToneDetector};
use offhook_media::speech::{self, Voice};
use offhook_media::{Clip, Codec};

/// How much is spoken to the detector: an hour if asked for, else some minutes.
fn seconds() -> f64 {
    let minutes = std::env::var("OFFHOOK_TALK_OFF_MINUTES").ok().and_then(|minutes| minutes.parse().ok());
    60.0 * minutes.unwrap_or(6.0)
}

/// DTMF-11: no false digit in speech of six voices. `OFFHOOK_TALK_OFF_MINUTES=60` speaks for an hour.
#[test]
fn speech_is_no_digit() {
    let each = seconds() / Voice::ALL.len() as f64;
    for voice in Voice::ALL {
        let (mut heard, mut round) = (0.0, 0);
        let mut detector = ToneDetector::new();
        let mut false_digits = String::new();
        while heard < each {
            let sound = speech::synthesize(&text(round), voice).expect("the engine speaks");
            let clip = Clip::for_codec(&sound, Codec::G711A);
            detector.hear(&clip.decode().samples, |press| {
                if let Press::Begun { digit } = press {
                    false_digits.push(digit.as_char());
                }
            });
            heard += clip.duration().as_secs_f64();
            round += 1;
        }
        println!("{voice}: {heard:.0} s, {} false digits {false_digits}", false_digits.len());
        assert_eq!(false_digits, "", "{voice}");
    }
}

/// Another text in every round: names, numbers and sentences in another order.
fn text(round: u32) -> String {
    const WORDS: [&str; 48] = [
        "please",
        "hold",
        "the",
        "line",
        "while",
        "we",
        "connect",
        "you",
        "to",
        "an",
        "operator",
        "thank",
        "calling",
        "our",
        "office",
        "is",
        "closed",
        "until",
        "monday",
        "morning",
        "leave",
        "your",
        "name",
        "number",
        "after",
        "tone",
        "for",
        "sales",
        "press",
        "one",
        "appointments",
        "three",
        "seven",
        "fifteen",
        "invoice",
        "delivery",
        "address",
        "yes",
        "no",
        "certainly",
        "hello",
        "good",
        "afternoon",
        "goodbye",
        "emergency",
        "water",
        "blue",
        "music",
    ];
    let mut state = round.wrapping_mul(2_654_435_761).wrapping_add(12_345);
    let mut text = String::new();
    for word in 0..120 {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let chosen = WORDS[(state >> 16) as usize % WORDS.len()];
        let mark = if word % 11 == 10 { "." } else { "" };
        let _ = write!(text, "{chosen}{mark} ");
    }
    text
}
