//! The measurements themselves, on signals of which the answer is known.

use std::f64::consts::TAU;

use offhook_media::{Law, measure};

fn sine(frequency_hz: f64, level_dbm0: f64, samples: usize) -> Vec<i16> {
    let peak = measure::peak_of_dbm0(level_dbm0);
    (0..samples)
        .map(|index| (peak * (TAU * frequency_hz * index as f64 / 8000.0 + 0.3).sin()).round() as i16)
        .collect()
}

fn sum(parts: &[Vec<i16>]) -> Vec<i16> {
    (0..parts[0].len()).map(|index| parts.iter().map(|part| part[index]).sum()).collect()
}

/// Noise from a seed: the top bits of a linear congruential generator.
fn noise(seed: u64, peak: i16, samples: usize) -> Vec<i16> {
    let mut state = seed;
    (0..samples)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 48) as i16 as i32 * i32::from(peak) / 32_768) as i16
        })
        .collect()
}

/// RING-47: the digital sequence of ITU-T G.711 tables 5 and 6, a sine of 1 kHz at 0 dBm0, measures 0 dBm0.
#[test]
fn the_reference_sequence_measures_zero() {
    let a_law = [0x34, 0x21, 0x21, 0x34, 0xB4, 0xA1, 0xA1, 0xB4].repeat(1000);
    let mu_law = [0x1E, 0x0B, 0x0B, 0x1E, 0x9E, 0x8B, 0x8B, 0x9E].repeat(1000);
    for (law, bytes) in [(Law::A, a_law), (Law::Mu, mu_law)] {
        let samples = law.decode(&bytes);
        for level in [measure::level_dbm0(&samples, 8000, 1000.0), measure::rms_dbm0(&samples)] {
            assert!(level.abs() < 0.15, "{law}: {level}");
        }
    }
}

/// RING-47: the level of a sine is exact whether or not its periods fit the samples.
#[test]
fn the_level_of_a_sine_is_exact() {
    for frequency_hz in [200.0, 333.3, 440.0, 1004.7, 3399.0] {
        for samples in [400, 803, 8000] {
            for level in [0.0, -10.0, -40.0] {
                let found = measure::level_dbm0(&sine(frequency_hz, level, samples), 8000, frequency_hz);
                assert!(
                    (found - level).abs() < 0.05,
                    "{frequency_hz} Hz, {samples} samples, {level}: {found}"
                );
            }
        }
    }
}

/// RING-47: a neighbouring frequency does not disturb the level.
#[test]
fn the_level_of_one_frequency_ignores_others() {
    let samples = sum(&[sine(440.0, -30.0, 1600), sine(480.0, -3.0, 1600), sine(1000.0, -3.0, 1600)]);
    assert!((measure::level_dbm0(&samples, 8000, 440.0) + 30.0).abs() < 0.5);
}

/// RING-47: silence has no level, and no samples have none either.
#[test]
fn silence_has_no_level() {
    assert_eq!(measure::rms_dbm0(&[0; 100]), f64::NEG_INFINITY);
    assert_eq!(measure::rms_dbm0(&[]), f64::NEG_INFINITY);
    assert_eq!(measure::level_dbm0(&[0; 100], 8000, 440.0), f64::NEG_INFINITY);
    assert_eq!(measure::level_dbm0(&[], 8000, 440.0), f64::NEG_INFINITY);
    assert_eq!(measure::dominant_frequency(&[0; 100], 8000), None);
    assert_eq!(measure::dominant_frequency(&[500; 100], 8000), None);
    assert_eq!(measure::dominant_frequency(&[1, -1], 8000), None);
}

/// RING-47: the dominant frequency of 100 ms is exact to 0.05 %.
#[test]
fn the_dominant_frequency_is_exact() {
    for frequency_hz in [300.0, 424.9, 440.0, 1234.5, 3456.7] {
        let found = measure::dominant_frequency(&sine(frequency_hz, -20.0, 800), 8000).unwrap();
        assert!((found / frequency_hz - 1.0).abs() < 0.0005, "{frequency_hz}: {found}");
    }
}

/// RING-47: several frequencies are found with their levels, the strongest first.
#[test]
fn several_frequencies_are_found_with_their_levels() {
    let samples = sum(&[sine(697.0, -8.0, 1600), sine(1209.0, -6.0, 1600), sine(2000.0, -40.0, 1600)]);
    let found = measure::dominant_frequencies(&samples, 8000, 5);
    assert_eq!(found.len(), 3, "{found:?}");
    for (component, (frequency_hz, level)) in
        found.iter().zip([(1209.0, -6.0), (697.0, -8.0), (2000.0, -40.0)])
    {
        assert!((component.frequency_hz - frequency_hz).abs() < 0.5, "{found:?}");
        assert!((component.level_dbm0 - level).abs() < 0.2, "{found:?}");
    }
}

/// RING-47: on and off times are found to 2 ms, also where sound begins or ends the samples.
#[test]
fn cadence_is_found_to_two_milliseconds() {
    let mut samples = Vec::new();
    for (on_ms, off_ms) in [(100, 50), (400, 200), (30, 600), (250, 0)] {
        samples.extend(sine(425.0, -13.0, on_ms * 8));
        samples.extend(vec![0; off_ms * 8]);
    }
    let found = measure::cadence(&samples, 8000);
    assert_eq!(found.len(), 4, "{found:?}");
    for ((on, off), (expected_on, expected_off)) in
        found.iter().zip([(100.0, 50.0), (400.0, 200.0), (30.0, 600.0), (250.0, 0.0)])
    {
        assert!((on - expected_on).abs() < 2.0 && (off - expected_off).abs() < 2.0, "{found:?}");
    }
}

/// RING-47: beats, modulation and the noise of the codec do not break the cadence.
#[test]
fn beats_and_codec_noise_do_not_break_the_cadence() {
    let beat = sum(&[sine(440.0, -19.0, 4000), sine(480.0, -19.0, 4000)]);
    let mut samples = beat;
    samples.extend(vec![0; 4000]);
    let heard = Law::A.decode(&Law::A.encode(&samples));
    let found = measure::cadence(&heard, 8000);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!((found[0].0 - 500.0).abs() < 13.0, "within half a beat: {found:?}");
}

/// RING-37: nothing but silence has no cadence; a click is none either.
#[test]
fn silence_and_clicks_have_no_cadence() {
    assert!(measure::cadence(&[0; 8000], 8000).is_empty());
    assert!(measure::cadence(&Law::A.decode(&[0xD5; 8000]), 8000).is_empty());
    assert!(measure::cadence(&[], 8000).is_empty());
    let mut click = vec![0; 8000];
    click[4000] = 20_000;
    assert!(measure::cadence(&click, 8000).is_empty());
}

/// RING-44: gaps are found where they are, and only those that last.
#[test]
fn silences_are_found_where_they_are() {
    let mut samples = sine(1000.0, -10.0, 1600);
    samples.extend(vec![0; 800]);
    samples.extend(sine(1000.0, -10.0, 800));
    samples.extend(vec![0; 80]);
    samples.extend(sine(1000.0, -10.0, 800));
    let found = measure::silences(&samples, 8000, -40.0, 20.0);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].start.abs_diff(1600) <= 16 && found[0].end.abs_diff(2400) <= 16, "{found:?}");
    assert_eq!(measure::silences(&[0; 100], 8000, -40.0, 1.0), vec![0..100; 1]);
    assert!(measure::silences(&sine(1000.0, -10.0, 800), 8000, -40.0, 5.0).is_empty());
}

/// RING-44: a sound is found to the sample, under noise and at another level, through the codec.
#[test]
fn a_sound_is_found_to_the_sample() {
    let reference = noise(7, 12_000, 2000);
    let mut heard = noise(99, 1000, 10_000);
    for (slot, sample) in heard[4321..].iter_mut().zip(&reference) {
        *slot += sample / 2;
    }
    let heard = Law::Mu.decode(&Law::Mu.encode(&heard));
    let found = measure::correlate(&reference, &heard).unwrap();
    assert_eq!(found.offset, 4321);
    assert!(found.score > 0.95, "{found:?}");
}

/// RING-44: what is not there scores low, and what cannot be there is not found.
#[test]
fn what_is_not_there_scores_low() {
    let absent = measure::correlate(&noise(7, 12_000, 2000), &noise(99, 12_000, 10_000)).unwrap();
    assert!(absent.score < 0.2, "{absent:?}");
    assert_eq!(measure::correlate(&[1; 10], &[1; 9]), None);
    assert_eq!(measure::correlate(&[], &[]), None);
    assert_eq!(measure::correlate(&[0; 5], &[1; 9]), None);
    assert_eq!(measure::correlate(&[1; 5], &[0; 9]), None);
}

/// RING-47: a spectrogram shows a tone in its band, at its level, while it lasts.
#[test]
fn a_spectrogram_shows_a_tone_where_it_is() {
    let mut samples = sine(1000.0, -10.0, 8000);
    samples.extend(vec![0; 8000]);
    let picture = measure::spectrogram(&samples, 8000, 20, 40);
    assert_eq!((picture.columns, picture.rows, picture.levels_dbm0.len()), (20, 40, 800));
    for column in 1..9 {
        let level = |row| picture.level_dbm0(column, row).unwrap();
        let loudest = (0..40).max_by(|first, second| level(*first).total_cmp(&level(*second))).unwrap();
        assert!((9..=10).contains(&loudest), "column {column}: row {loudest}");
        assert!((level(loudest) + 10.0).abs() < 1.0, "column {column}: {}", level(loudest));
        assert!(level(30) < -60.0, "column {column}");
    }
    assert!((11..20).all(|column| (0..40).all(|row| picture.level_dbm0(column, row).unwrap() < -100.0)));
    assert_eq!(picture.level_dbm0(20, 0), None);
    assert_eq!(picture.level_dbm0(0, 40), None);
}

/// RING-47: pictures of nothing, and of fewer samples than columns, are whole.
#[test]
fn pictures_of_little_are_whole() {
    assert_eq!(measure::spectrogram(&[], 8000, 3, 2).levels_dbm0, [f32::NEG_INFINITY; 6]);
    assert_eq!(measure::spectrogram(&[100; 5], 8000, 10, 300).levels_dbm0.len(), 3000);
    assert_eq!(measure::spectrogram(&[100; 50], 8000, 0, 0).levels_dbm0.len(), 0);
    assert_eq!(measure::peaks(&[], 2), [(0, 0), (0, 0)]);
    assert_eq!(measure::peaks(&[5, -3], 4), [(5, 5), (5, 5), (-3, -3), (-3, -3)]);
}

/// RING-47: the outline of a waveform holds each step's extremes.
#[test]
fn the_outline_holds_the_extremes_of_each_step() {
    assert_eq!(measure::peaks(&[1, -2, 3, 4, 5, -6], 2), [(-2, 3), (-6, 5)]);
}
