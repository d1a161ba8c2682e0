//! Tones as they sound: definitions rendered, encoded, decoded and measured.

use std::collections::HashSet;
use std::time::Duration;

use offhook_media::tone::{
    self, Combination, CountryTone, Partial, Predefined, Segment, Sequence, ToneError,
};
use offhook_media::{Law, measure};

/// What a far end hears of a rendered tone.
fn heard(samples: &[i16]) -> Vec<i16> {
    Law::A.decode(&Law::A.encode(samples))
}

fn sequence(segments: &[Segment]) -> Sequence {
    Sequence::new(segments.to_vec()).expect("a definition in range")
}

/// RING-47, TONE-10, TONE-16: the predefined tones have their frequencies, levels and cadences.
#[test]
fn the_predefined_tones_sound_as_defined() {
    type Definition = (Predefined, &'static [(f64, f64)], &'static [(f64, f64)]);
    let definitions: [Definition; 3] = [
        (Predefined::Ringback, &[(440.0, -19.0), (480.0, -19.0)], &[(2000.0, 4000.0)]),
        (Predefined::RingbackUk, &[(400.0, -19.0), (450.0, -19.0)], &[(400.0, 200.0), (400.0, 2000.0)]),
        (Predefined::RingbackEu, &[(425.0, -13.0)], &[(1000.0, 4000.0)]),
    ];
    for (tone, partials, cadence) in definitions {
        let samples = heard(&tone.sequence().render(8000));
        let found = measure::cadence(&samples, 8000);
        assert_eq!(found.len(), cadence.len(), "{}: {found:?}", tone.name());
        for ((on, off), (expected_on, expected_off)) in found.iter().zip(cadence) {
            assert!(
                (on - expected_on).abs() < 5.0 && (off - expected_off).abs() < 5.0,
                "{}: {found:?}",
                tone.name()
            );
        }
        let on = &samples[..cadence[0].0 as usize * 8];
        let mut strongest = measure::dominant_frequencies(on, 8000, partials.len());
        strongest.sort_by(|first, second| first.frequency_hz.total_cmp(&second.frequency_hz));
        for (component, (frequency_hz, level_dbm0)) in strongest.iter().zip(partials) {
            assert!(
                (component.frequency_hz / frequency_hz - 1.0).abs() < 0.001,
                "{}: {component:?}",
                tone.name()
            );
            let level = measure::level_dbm0(on, 8000, *frequency_hz);
            assert!((level - level_dbm0).abs() < 0.2, "{} {frequency_hz} Hz: {level}", tone.name());
        }
    }
}

/// TONE-5, TONE-16: an amplitude is the level in dBm0 with its sign reversed, over the range that G.711 resolves.
#[test]
fn levels_are_what_the_amplitude_says() {
    for amplitude in [0, 3, 6, 10, 13, 20, 30, 40] {
        for frequency_hz in [200, 425, 1000, 2100, 3400] {
            let samples = heard(&sequence(&[Segment::single(frequency_hz, amplitude, 1000)]).render(8000));
            let level = measure::level_dbm0(&samples, 8000, f64::from(frequency_hz));
            assert!((level + f64::from(amplitude)).abs() < 0.5, "{frequency_hz} Hz -{amplitude}: {level}");
            let found = measure::dominant_frequency(&samples, 8000).unwrap();
            assert!((found / f64::from(frequency_hz) - 1.0).abs() < 0.005, "{frequency_hz} Hz: {found}");
        }
    }
}

/// TONE-5: in a summation each partial keeps its own level, and nothing else is heard.
#[test]
fn a_summation_keeps_both_levels() {
    let segment = Segment {
        a: Partial { frequency_hz: 350, amplitude: 12 },
        b: Partial { frequency_hz: 440, amplitude: 20 },
        duration_ms: 1000,
        add: Combination::Summation,
    };
    let samples = sequence(&[segment]).render(8000);
    assert!((measure::level_dbm0(&samples, 8000, 350.0) + 12.0).abs() < 0.1);
    assert!((measure::level_dbm0(&samples, 8000, 440.0) + 20.0).abs() < 0.1);
    assert_eq!(measure::dominant_frequencies(&samples, 8000, 9).len(), 2);
}

/// TONE-6: modulation is full: the carrier keeps its level, two side tones lie 6 dB below it, the envelope reaches zero.
#[test]
fn modulation_is_full_and_keeps_the_level_of_the_carrier() {
    let samples = sequence(&[Segment::modulated(400, 25, 13, 2000)]).render(8000);
    assert!((measure::level_dbm0(&samples, 8000, 400.0) + 13.0).abs() < 0.1);
    for side_hz in [375.0, 425.0] {
        let side = measure::level_dbm0(&samples, 8000, side_hz);
        assert!((side + 13.0 + 6.02).abs() < 0.1, "{side_hz} Hz: {side}");
    }
    // Every 40 ms the envelope is at zero and, half a period later, at twice the amplitude of the carrier alone.
    let peak =
        |from_ms: usize| samples[from_ms * 8..(from_ms + 2) * 8].iter().map(|it| it.abs()).max().unwrap();
    let carrier = measure::peak_of_dbm0(-13.0);
    for period in 1..10 {
        assert!(f64::from(peak(period * 40 - 1)) < 0.05 * carrier);
        assert!((f64::from(peak(period * 40 + 19)) / carrier - 2.0).abs() < 0.1);
    }
}

/// TONE-6: the amplitude of the modulating partial has no effect, nor has a modulation by nothing.
#[test]
fn the_amplitude_of_the_modulating_partial_has_no_effect() {
    let quiet =
        Segment { b: Partial { frequency_hz: 25, amplitude: 99 }, ..Segment::modulated(400, 25, 13, 500) };
    assert_eq!(
        sequence(&[quiet]).render(8000),
        sequence(&[Segment::modulated(400, 25, 13, 500)]).render(8000)
    );
    let by_nothing = Segment::modulated(400, 0, 13, 500);
    assert_eq!(sequence(&[by_nothing]).render(8000), sequence(&[Segment::single(400, 13, 500)]).render(8000));
}

/// TONE-6: frequency 0 is silence, in either partial and in both.
#[test]
fn frequency_zero_is_silence() {
    assert!(sequence(&[Segment::silence(100)]).render(8000).iter().all(|sample| *sample == 0));
    assert!(sequence(&[Segment::modulated(0, 25, 0, 100)]).render(8000).iter().all(|sample| *sample == 0));
    assert_eq!(
        sequence(&[Segment::sum(0, 425, 13, 100)]).render(8000),
        sequence(&[Segment::single(425, 13, 100)]).render(8000)
    );
}

/// RING-12, TONE-4: a rendering lasts exactly as long as its definition, at every rate.
#[test]
fn a_rendering_lasts_as_long_as_its_definition() {
    let tone = sequence(&[Segment::single(425, 13, 333), Segment::silence(1), Segment::single(500, 13, 77)]);
    assert_eq!(tone.duration(), Duration::from_millis(411));
    for rate_hz in [8000, 11_025, 16_000, 44_100, 48_000] {
        let expected = (0.411 * f64::from(rate_hz)) as usize;
        assert_eq!(tone.render(rate_hz).len(), expected, "{rate_hz} Hz");
    }
    assert!(tone.render(0).is_empty() && tone.render_loop(0).is_empty());
}

/// TONE-16: the edges are rounded over no more than 2 ms, so that cadence and level hold for the shortest beeps too.
#[test]
fn short_beeps_keep_cadence_and_level() {
    for duration_ms in [25, 40, 100] {
        let beep =
            sequence(&[Segment::silence(100), Segment::single(1000, 10, duration_ms), Segment::silence(300)]);
        let samples = heard(&beep.render(8000));
        let bursts = measure::bursts(&samples, 8000);
        assert_eq!(bursts.len(), 1, "{duration_ms} ms: {bursts:?}");
        assert!((bursts[0].start_ms - 100.0).abs() < 5.0, "{duration_ms} ms: {bursts:?}");
        assert!((bursts[0].on_ms - f64::from(duration_ms)).abs() < 5.0, "{duration_ms} ms: {bursts:?}");
        let level = measure::rms_dbm0(&samples[800..800 + usize::from(duration_ms) * 8]);
        assert!((level + 10.0).abs() < 0.5, "{duration_ms} ms: {level}");
    }
}

/// TONE-16: where a tone begins and ends it does not click: hardly anything is heard outside its band.
#[test]
fn edges_do_not_click() {
    let beep = sequence(&[Segment::single(425, 10, 200), Segment::silence(200)]).render(8000);
    let abrupt: Vec<i16> = (0..3200)
        .map(|index| if index < 1600 { (7000.0 * (0.334 * f64::from(index) + 1.0).sin()) as i16 } else { 0 })
        .collect();
    let splash = |samples: &[i16]| {
        // Around the end of the tone.
        measure::level_dbm0(&samples[1540..1660], 8000, 3000.0)
    };
    assert!(splash(&beep) < splash(&abrupt) - 15.0, "{} {}", splash(&beep), splash(&abrupt));
}

/// Every step of a repeated tone, the seam included, is one that its sines can make.
fn assert_seamless(tone: &Sequence, greatest_step: f64) {
    let pass = tone.render_loop(8000);
    let twice: Vec<i16> = pass.iter().chain(&pass).copied().collect();
    for (index, pair) in twice.windows(2).enumerate() {
        let step = f64::from(i32::from(pair[1]).abs_diff(i32::from(pair[0])));
        assert!(step <= greatest_step, "step of {step} at {index} of {}", pass.len());
    }
}

/// The greatest difference between neighbouring samples of a sine.
fn step_of(frequency_hz: f64, amplitude: f64) -> f64 {
    2.0 * measure::peak_of_dbm0(-amplitude) * (std::f64::consts::PI * frequency_hz / 8000.0).sin() + 2.0
}

/// RING-44: a tone of one segment repeats without a seam, whatever its duration.
#[test]
fn continuous_tones_repeat_without_a_seam() {
    for duration_ms in [1, 7, 333, 500, 1000, 9999] {
        assert_seamless(&sequence(&[Segment::single(425, 13, duration_ms)]), step_of(425.0, 13.0));
        let sum = step_of(350.0, 19.0) + step_of(440.0, 19.0);
        assert_seamless(&sequence(&[Segment::sum(350, 440, 19, duration_ms)]), sum);
    }
}

/// RING-44: a repeated tone whose sound runs across the seam has its phases meet there.
#[test]
fn a_tone_that_sounds_across_the_seam_repeats_without_a_click() {
    // 425 Hz makes 140.25 turns in 330 ms: four passes until the phases meet.
    let tone =
        sequence(&[Segment::single(425, 13, 110), Segment::silence(100), Segment::single(425, 13, 120)]);
    assert_eq!(tone.render_loop(8000).len(), 4 * tone.render(8000).len());
    assert_seamless(&tone, step_of(425.0, 13.0) * 1.3);
}

/// RING-44: repeated tones keep frequency and level: no beat, no dip.
#[test]
fn a_repeated_tone_is_as_pure_as_a_long_one() {
    let pass = sequence(&[Segment::sum(350, 440, 13, 77)]).render_loop(8000);
    let repeated: Vec<i16> = pass.iter().cycle().take(80_000).copied().collect();
    let found = measure::dominant_frequencies(&repeated, 8000, 9);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!((measure::level_dbm0(&repeated, 8000, 350.0) + 13.0).abs() < 0.05);
}

/// RING-44: a tone with a pause repeats by its pass, so that the cadence holds over the seam.
#[test]
fn a_tone_with_a_pause_repeats_by_its_pass() {
    let tone = Predefined::RingbackUk.sequence();
    let pass = tone.render_loop(8000);
    assert_eq!(pass.len(), 24_000);
    let repeated: Vec<i16> = pass.iter().cycle().take(72_000).copied().collect();
    let starts: Vec<f64> = measure::bursts(&repeated, 8000).iter().map(|burst| burst.start_ms).collect();
    let expected = [0.0, 600.0, 3000.0, 3600.0, 6000.0, 6600.0];
    assert_eq!(starts.len(), expected.len());
    for (start, expected) in starts.iter().zip(expected) {
        assert!((start - expected).abs() < 5.0, "{starts:?}");
    }
}

/// TONE-5: frequencies that the rate cannot hold are left out instead of being heard as others.
#[test]
fn frequencies_beyond_the_rate_are_not_folded_back() {
    assert!(sequence(&[Segment::single(5000, 10, 100)]).render(8000).iter().all(|sample| *sample == 0));
    let audible = sequence(&[Segment::single(5000, 10, 1000)]).render(16_000);
    assert!((measure::level_dbm0(&audible, 16_000, 5000.0) + 10.0).abs() < 0.1);
}

/// TONE-5: a sum beyond full scale is clipped, it does not wrap around.
#[test]
fn overload_clips() {
    let samples = sequence(&[Segment::sum(425, 425, 0, 100)]).render(8000);
    let half_turn = |index: usize| (425 * index * 2 / 8000).is_multiple_of(2);
    assert!(samples.contains(&i16::MAX) && samples.contains(&i16::MIN));
    for (index, sample) in samples.iter().enumerate().skip(20).take(760) {
        assert!(*sample == 0 || (*sample > 0) == half_turn(index), "{sample} at {index}");
    }
}

/// TONE-7: a value out of range is named with its index, key and what is accepted.
#[test]
fn values_out_of_range_are_named() {
    let fine = Segment::sum(350, 440, 13, 100);
    let partial = |frequency_hz, amplitude| Partial { frequency_hz, amplitude };
    let cases = [
        (Segment { a: partial(10_000, 0), ..fine }, "tone_a frequency", "10000", "0 to 9999"),
        (Segment { b: partial(65_535, 0), ..fine }, "tone_b frequency", "65535", "0 to 9999"),
        (Segment { a: partial(425, 100), ..fine }, "tone_a amplitude", "100", "0 to 99"),
        (Segment { b: partial(425, 255), ..fine }, "tone_b amplitude", "255", "0 to 99"),
        (Segment { duration_ms: 10_000, ..fine }, "duration", "10000", "0 to 9999"),
    ];
    for (segment, key, value, accepted) in cases {
        let error = Sequence::new(vec![fine, fine, segment]).unwrap_err();
        assert_eq!(error, ToneError { index: 2, key, value: value.to_owned(), accepted });
        assert_eq!(error.to_string(), format!("tone_info[2]: {key} is {value}, accepted: {accepted}"));
    }
}

/// TONE-5: the ends of the ranges are accepted.
#[test]
fn the_ends_of_the_ranges_are_accepted() {
    let most = Partial { frequency_hz: 9999, amplitude: 99 };
    let segment = Segment { a: most, b: most, duration_ms: 9999, add: Combination::Modulation };
    assert_eq!(sequence(&[segment, Segment::silence(0)]).segments(), [segment, Segment::silence(0)]);
}

/// TONE-7: a definition without an entry, or of which nothing lasts, is refused: it could not be played or repeated.
#[test]
fn definitions_that_last_no_time_are_refused() {
    assert_eq!(Sequence::new(Vec::new()).unwrap_err().key, "tone_info");
    assert_eq!(
        Sequence::new(vec![Segment::silence(0), Segment::single(425, 13, 0)]).unwrap_err().key,
        "duration"
    );
}

/// TONE-2: the predefined tones are known by their names.
#[test]
fn predefined_tones_have_names() {
    for (name, tone) in [
        ("RINGBACK", Predefined::Ringback),
        ("RINGBACK_UK", Predefined::RingbackUk),
        ("RINGBACK_EU", Predefined::RingbackEu),
    ] {
        assert_eq!(tone.name(), name);
        assert_eq!(tone::named(name), Some(tone.sequence()));
    }
    assert_eq!(Predefined::default(), Predefined::Ringback);
}

/// TONE-8, TONE-9: every listed name has a tone in range, and no name is listed twice.
#[test]
fn every_listed_name_has_a_tone() {
    let names = tone::names();
    assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
    for name in &names {
        let tone = tone::named(name).unwrap_or_else(|| panic!("{name} has no tone"));
        assert!(Sequence::new(tone.segments().to_vec()).is_ok(), "{name}");
        assert!(tone.segments().iter().any(|segment| !segment.is_silent()), "{name}");
    }
}

/// TONE-9: unknown names have no tone; names are compared exactly.
#[test]
fn unknown_names_have_no_tone() {
    for name in
        ["", "ringback", "ringback.", "ringback.xx", "ringback.FR", "ringing.fr", "ringback_uk", "dial.fr.x"]
    {
        assert_eq!(tone::named(name), None, "{name}");
    }
}

/// TONE-9: at least fifty countries have all five tones; codes are those of ISO 3166-1 in order.
#[test]
fn fifty_countries_and_more_have_all_five_tones() {
    let complete =
        tone::catalogue().iter().filter(|country| country.tones().count() == CountryTone::ALL.len());
    assert!(complete.count() >= 50);
    let codes: Vec<&str> = tone::catalogue().iter().map(|country| country.code).collect();
    assert!(codes.windows(2).all(|pair| pair[0] < pair[1]), "in order");
    assert!(codes.iter().all(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase())));
    for country in tone::catalogue() {
        for (tone, notation) in country.tones() {
            assert!(
                Sequence::from_notation(notation).is_ok(),
                "{}.{}: {notation}",
                tone.name(),
                country.code
            );
        }
    }
}

/// TONE-9, TONE-10: the country tables agree with the predefined tones.
#[test]
fn country_ringbacks_agree_with_the_predefined_ones() {
    assert_eq!(tone::named("ringback.us"), tone::named("RINGBACK"));
    assert_eq!(tone::named("ringback.gb"), tone::named("RINGBACK_UK"));
    assert_eq!(tone::named("ringback.de"), tone::named("RINGBACK_EU"));
}

/// TONE-9, TONE-16: tones of the table sound as their definition: a sample of those that differ from the rest.
#[test]
fn country_tones_sound_as_listed() {
    type Listed = (&'static str, &'static [f64], &'static [(f64, f64)]);
    let cases: [Listed; 6] = [
        ("busy.de", &[425.0], &[(480.0, 480.0)]),
        ("ringback.fr", &[440.0], &[(1500.0, 3500.0)]),
        ("congestion.us", &[480.0, 620.0], &[(250.0, 250.0)]),
        ("congestion.gb", &[400.0], &[(400.0, 350.0), (225.0, 525.0)]),
        ("ringback.jp", &[384.0, 400.0, 416.0], &[(1000.0, 2000.0)]),
        ("waiting.be", &[1400.0], &[(175.0, 175.0), (175.0, 3500.0)]),
    ];
    for (name, frequencies, cadence) in cases {
        let samples = heard(&tone::named(name).unwrap().render(8000));
        let found = measure::cadence(&samples, 8000);
        assert_eq!(found.len(), cadence.len(), "{name}: {found:?}");
        for ((on, off), (expected_on, expected_off)) in found.iter().zip(cadence) {
            assert!(
                (on - expected_on).abs() < 20.0 && (off - expected_off).abs() < 20.0,
                "{name}: {found:?}"
            );
        }
        let on = &samples[..cadence[0].0 as usize * 8];
        let mut strongest: Vec<f64> = measure::dominant_frequencies(on, 8000, frequencies.len())
            .iter()
            .map(|component| component.frequency_hz)
            .collect();
        strongest.sort_by(f64::total_cmp);
        assert_eq!(strongest.len(), frequencies.len(), "{name}: {strongest:?}");
        for (found, expected) in strongest.iter().zip(frequencies) {
            assert!((found / expected - 1.0).abs() < 0.005, "{name}: {strongest:?}");
        }
    }
}

/// TONE-9: the notation says what it cannot read.
#[test]
fn notation_that_cannot_be_read_is_named() {
    for (notation, part) in [("425:500 x:500", "x:500"), ("425+:1", "425+:1"), ("425:70000", "425:70000")] {
        assert_eq!(Sequence::from_notation(notation).unwrap_err().segment, part);
    }
    assert!(Sequence::from_notation("10000:100").is_err() && Sequence::from_notation("").is_err());
}

/// TONE-9: a pause longer than a segment may be is split, and lasts as long.
#[test]
fn long_pauses_are_split() {
    let tone = Sequence::from_notation("440:300 0:25000").unwrap();
    assert_eq!(tone.duration(), Duration::from_millis(25_300));
    assert_eq!(tone.segments().len(), 4);
}
