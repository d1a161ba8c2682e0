//! Speech: from text to sound a far end can hear.

use std::time::Duration;

use offhook_media::speech::{self, MarkupWarning, Part, Prosody, Script, SpeechError, Voice};
use offhook_media::{Clip, Codec, measure};
use proptest::prelude::*;

fn parse(text: &str) -> Script {
    Script::parse(text, Voice::EnGb)
}

/// The parts in short: words, or the milliseconds of a pause.
fn outline(text: &str) -> Vec<String> {
    let part = |part: &Part| match part {
        Part::Speech { text, .. } => text.clone(),
        Part::Pause(duration) => format!("({} ms)", duration.as_millis()),
        _ => unreachable!("no other parts"),
    };
    parse(text).parts().iter().map(part).collect()
}

fn prosody(text: &str) -> (u16, u16, u16) {
    match parse(text).parts() {
        [Part::Speech { prosody, .. }] => {
            (prosody.speed_percent, prosody.pitch_percent, prosody.volume_percent)
        }
        parts => panic!("one part expected: {parts:?}"),
    }
}

/// RING-40: spoken text reaches the far end, as loud as speech on a telephone line is, and without clipping.
#[test]
fn spoken_text_is_heard_at_the_level_of_speech() {
    for voice in Voice::ALL {
        let sound = speech::synthesize("Thank you for calling. 123.", voice).unwrap();
        assert_eq!(sound.rate_hz, speech::RATE_HZ);
        let heard = Clip::for_codec(&sound, Codec::G711A).decode();
        let level = measure::rms_dbm0(&heard.samples);
        assert!((-20.0..-10.0).contains(&level), "{voice}: {level} dBm0");
        let peak = sound.samples.iter().map(|sample| sample.unsigned_abs()).max();
        assert!(peak < Some(28_000), "{voice}: {peak:?}");
        let difference = heard.duration().abs_diff(sound.duration());
        assert!(difference < Duration::from_millis(1), "{voice}");
    }
}

/// RING-45: text that holds nothing to say is an error that shows it.
#[test]
fn text_without_a_letter_or_digit_is_refused() {
    for text in ["", "  ", "...", "\u{1F600}", "<speak/>", "<p> - </p>", "<break time='1s'/>"] {
        let error = speech::speak(text, Voice::EnUs).unwrap_err();
        assert!(matches!(&error, SpeechError::Nothing { text: shown } if shown == text), "{error}");
    }
    assert!(speech::synthesize("?!", Voice::EnUs).is_err());
}

/// FP-18: plain text is spoken as it is, and gives what the engine alone gives.
#[test]
fn plain_text_is_spoken_as_it_is() {
    let spoken = speech::speak("Hello,\n  world", Voice::EnGb).unwrap();
    assert_eq!(spoken.sound, speech::synthesize("Hello, world", Voice::EnGb).unwrap());
    assert!(spoken.warnings.is_empty());
}

/// FP-18: markup is not spoken; entities, character references and CDATA are.
#[test]
fn markup_is_resolved() {
    assert_eq!(outline("<speak>Tom &amp; Jerry &#x26; co</speak>"), ["Tom & Jerry & co"]);
    assert_eq!(outline("<![CDATA[a < b]]><!-- not this --> said"), ["a < b said"]);
    assert_eq!(outline("<?xml version='1.0'?><speak version='1.1'>Hello</speak>"), ["Hello"]);
}

/// FP-18: paragraphs and sentences are followed by a pause, which is one pause where both end.
#[test]
fn paragraphs_and_sentences_are_set_apart() {
    assert_eq!(
        outline("<p><s>One.</s><s>Two.</s></p><p>Three.</p>"),
        ["One.", "(150 ms)", "Two.", "(400 ms)", "Three.", "(400 ms)"]
    );
}

/// FP-18: breaks pause for their time or by their strength.
#[test]
fn breaks_pause() {
    assert_eq!(
        outline("a<break time='1.5s'/>b<break time=\"250ms\"/>c"),
        ["a", "(1500 ms)", "b", "(250 ms)", "c"]
    );
    assert_eq!(outline("a<break/>b<break strength='x-strong'/>c"), ["a", "(400 ms)", "b", "(1200 ms)", "c"]);
    assert_eq!(outline("a<break strength='none'/>b"), ["a b"]);
}

/// FP-18: a break is heard as long as it says.
#[test]
fn a_break_is_heard() {
    let whole = speech::speak("one<break time='2s'/>two", Voice::EnUs).unwrap().sound;
    let gaps = measure::silences(&whole.samples, whole.rate_hz, -60.0, 1900.0);
    assert_eq!(gaps.len(), 1, "{gaps:?}");
}

/// FP-18: a pause that is no duration, or too long, is limited with a warning.
#[test]
fn impossible_breaks_are_limited() {
    for (time, expected) in
        [("1h", vec!["a b"]), ("99999s", vec!["a", "(10000 ms)", "b"]), ("-5s", vec!["a b"])]
    {
        let text = format!("a<break time='{time}'/>b");
        assert_eq!(outline(&text), expected);
        let value = time.to_owned();
        let warning = MarkupWarning::UnknownValue { element: "break".to_owned(), attribute: "time", value };
        assert_eq!(parse(&text).warnings(), [warning]);
    }
}

/// FP-18: prosody changes speed, pitch and volume, and multiplies as it nests.
#[test]
fn prosody_is_followed() {
    assert_eq!(prosody("<prosody rate='slow'>x</prosody>"), (75, 100, 100));
    assert_eq!(prosody("<prosody rate='150%' pitch='+20%' volume='-6dB'>x</prosody>"), (150, 120, 50));
    assert_eq!(prosody("<prosody pitch='high' volume='soft'>x</prosody>"), (100, 125, 60));
    assert_eq!(
        prosody("<prosody rate='50%'><prosody rate='50%' pitch='-12st'>x</prosody></prosody>"),
        (25, 50, 100)
    );
    assert_eq!(prosody("<prosody rate='warp' pitch='440Hz' volume='11'>x</prosody>"), (100, 100, 11));
    assert_eq!(parse("<prosody rate='warp' pitch='440Hz'>x</prosody>").warnings().len(), 2);
}

/// FP-18: prosody ends with its element.
#[test]
fn prosody_ends_with_its_element() {
    let script = parse("slow <prosody rate='slow'>is</prosody> over");
    let speeds: Vec<u16> = script
        .parts()
        .iter()
        .map(|part| if let Part::Speech { prosody, .. } = part { prosody.speed_percent } else { 0 })
        .collect();
    assert_eq!(speeds, [100, 75, 100]);
    let fast =
        speech::speak("<prosody rate='200%'>The office is open from nine to five.</prosody>", Voice::EnGb);
    let plain = speech::speak("The office is open from nine to five.", Voice::EnGb);
    assert!(fast.unwrap().sound.duration() < plain.unwrap().sound.duration().mul_f64(0.8));
}

/// FP-18: say-as reads characters and digits one by one, and leaves numbers to the engine.
#[test]
fn say_as_decides_how_text_is_read() {
    assert_eq!(outline("<say-as interpret-as='characters'>AB1</say-as>"), ["A, B, 1"]);
    assert_eq!(outline("Dial <say-as interpret-as='telephone'>0800-123</say-as>."), ["Dial 0 8 0 0, 1 2 3."]);
    assert_eq!(outline("<say-as interpret-as='cardinal'>42</say-as>"), ["42"]);
    let script = parse("<say-as interpret-as='poetry'>x</say-as>");
    assert_eq!(
        script.warnings()[0].to_string(),
        "interpret-as \"poetry\" of say-as is not understood and is ignored"
    );
}

/// FP-18: sub speaks its alias instead of its text, phoneme its text with a warning.
#[test]
fn sub_and_phoneme_replace_what_is_said() {
    assert_eq!(
        outline("The <sub alias='World Wide Web Consortium'>W3C</sub> says"),
        ["The World Wide Web Consortium says"]
    );
    let script = parse("<phoneme alphabet='ipa' ph='təˈmeɪtoʊ'>tomato</phoneme>");
    assert_eq!((script.text().as_str(), script.warnings()), ("tomato", &[MarkupWarning::Pronunciation][..]));
}

/// FP-18: emphasis is slower, higher and louder; reduced emphasis is the opposite.
#[test]
fn emphasis_is_heard() {
    let strong = prosody("<emphasis level='strong'>x</emphasis>");
    let reduced = prosody("<emphasis level='reduced'>x</emphasis>");
    assert!(strong.0 < 100 && strong.1 > 100 && strong.2 > 100, "{strong:?}");
    assert!(reduced.0 > 100 && reduced.1 < 100 && reduced.2 < 100, "{reduced:?}");
}

/// FP-18, FP-19: voice and lang change the voice, for as long as their element lasts.
#[test]
fn voices_change_with_their_element() {
    let text = "one <voice name='de-DE'>zwei <lang xml:lang='fr'>trois</lang></voice> <voice xml:lang='it-IT'>due</voice>";
    let voices: Vec<Voice> = parse(text)
        .parts()
        .iter()
        .map(|part| if let Part::Speech { voice, .. } = part { *voice } else { Voice::EsEs })
        .collect();
    assert_eq!(voices, [Voice::EnGb, Voice::DeDe, Voice::FrFr, Voice::ItIt]);
    // British English is English already.
    assert_eq!(parse("<speak xml:lang='en'>x</speak>").parts(), parse("x").parts());
}

/// FP-19: acu-engine is followed as the outermost element and ignored elsewhere.
#[test]
fn the_engine_is_the_outermost_element() {
    let script = parse("<acu-engine name='default'><voice name='es-ES'>hola</voice></acu-engine>");
    assert!(script.warnings().is_empty(), "{:?}", script.warnings());
    let part = Part::Speech { text: "hola".to_owned(), voice: Voice::EsEs, prosody: Prosody::PLAIN };
    assert_eq!(script.parts(), [part]);
    let script = parse("<p>x <acu-engine name='default'>y</acu-engine></p>");
    assert_eq!(script.warnings(), [MarkupWarning::EngineNotOutermost]);
}

/// FP-19: an unknown engine or voice falls back to the default voice with a warning.
#[test]
fn unknown_engines_and_voices_fall_back_with_a_warning() {
    for text in [
        "<voice name='Klaus'>x</voice>",
        "<acu-engine name='Mbrola'>x</acu-engine>",
        "<lang xml:lang='zh'>x</lang>",
    ] {
        let script = parse(text);
        assert!(matches!(script.warnings(), [MarkupWarning::UnknownVoice { .. }]), "{:?}", script.warnings());
        let part = Part::Speech { text: "x".to_owned(), voice: Voice::EnGb, prosody: Prosody::PLAIN };
        assert_eq!(script.parts(), [part]);
    }
    assert_eq!(
        parse("<voice name='Klaus'>x</voice>").warnings()[0].to_string(),
        "voice \"Klaus\" is not known, the default voice speaks"
    );
}

/// FP-18: elements that are not understood are spoken without their markup, with a warning.
#[test]
fn unknown_elements_are_spoken_without_markup() {
    let script = parse("a <b>bold</b> word");
    assert_eq!(script.text(), "a bold word");
    assert_eq!(script.warnings(), [MarkupWarning::UnknownElement { name: "b".to_owned() }]);
}

/// FP-20: malformed markup, and a bare `<` or `&`, is spoken as plain text with a warning.
#[test]
fn malformed_markup_is_spoken_as_plain_text() {
    for text in [
        "5 < 7",
        "Tom & Jerry",
        "<speak>Hello",
        "Hello</speak>",
        "<p>a</s>",
        "<voice name=x>y</voice>",
        "a &nosuch; b",
        "a &#xD800; b",
        "<",
        "&",
        "<p",
    ] {
        let script = parse(text);
        assert!(
            matches!(script.warnings(), [MarkupWarning::Malformed { .. }]),
            "{text}: {:?}",
            script.warnings()
        );
        assert_eq!(script.text(), text);
    }
    let spoken = speech::speak("Tom & Jerry", Voice::EnGb).unwrap();
    assert!(spoken.sound.duration() > Duration::from_millis(700));
    assert_eq!(spoken.warnings.len(), 1);
}

/// FP-20: elements nested without end are malformed, not a stack overflow.
#[test]
fn deep_nesting_is_malformed() {
    let deep = format!("{}x{}", "<p>".repeat(100_000), "</p>".repeat(100_000));
    assert!(matches!(parse(&deep).warnings(), [MarkupWarning::Malformed { .. }]));
}

/// FP-21: three thousand characters, the longest text that the default setting allows, are spoken to the end.
#[test]
fn the_longest_text_is_spoken_to_the_end() {
    let sentence = "Please hold the line, your call will be answered shortly. ";
    let text = sentence.repeat(3000 / sentence.len());
    let one = speech::speak(sentence, Voice::EnUs).unwrap().sound.duration();
    let all = speech::speak(&text, Voice::EnUs).unwrap().sound.duration();
    let ratio = all.as_secs_f64() / one.as_secs_f64() / (3000 / sentence.len()) as f64;
    assert!((ratio - 1.0).abs() < 0.15, "{ratio}");
}

proptest! {
    /// FP-20: whatever stands in the text, reading it neither fails nor panics nor loses plain words.
    #[test]
    fn any_text_can_be_read(text in "[ a-zäß<>&;/='\"#0-9-]{0,60}") {
        let script = parse(&text);
        if !text.contains(['<', '&']) {
            prop_assert_eq!(script.text(), text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
}
