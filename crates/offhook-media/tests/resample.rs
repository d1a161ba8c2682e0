//! Change of the sampling rate, measured by sweeps.

use std::f64::consts::TAU;

use offhook_media::{measure, resample};

const RATES_HZ: [u32; 9] = [6000, 8000, 11_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000];

fn sine(rate_hz: u32, frequency_hz: f64, peak: f64, samples: usize) -> Vec<i16> {
    let step = TAU * frequency_hz / f64::from(rate_hz);
    (0..samples).map(|index| (peak * (step * index as f64).sin()).round() as i16).collect()
}

/// The middle of a resampled sine, where the ends have no effect.
fn middle(samples: &[i16]) -> &[i16] {
    &samples[samples.len() / 4..samples.len() * 3 / 4]
}

/// RING-46: frequencies that 8 kHz cannot hold are at least 60 dB down after resampling, all of them.
#[test]
fn what_the_rate_cannot_hold_is_sixty_decibels_down() {
    let peak = 30_000.0;
    let level = measure::rms_dbm0(&sine(48_000, 1000.0, peak, 48_000));
    for from_hz in RATES_HZ.into_iter().filter(|rate| *rate > 8000) {
        let half = f64::from(from_hz) / 2.0;
        let mut frequency_hz = 4010.0;
        while frequency_hz < half - 10.0 {
            let heard = resample(&sine(from_hz, frequency_hz, peak, from_hz as usize / 2), from_hz, 8000);
            let alias = measure::rms_dbm0(middle(&heard));
            assert!(alias < level - 60.0, "{frequency_hz} Hz at {from_hz} Hz: {alias} dBm0 left of {level}");
            frequency_hz += if frequency_hz < 4400.0 { 30.0 } else { 317.0 };
        }
    }
}

/// RING-46: the images that a higher rate makes room for are at least 60 dB down.
#[test]
fn images_of_a_lower_rate_are_sixty_decibels_down() {
    for frequency_hz in [300.0, 1000.0, 1900.0, 2700.0] {
        let heard = resample(&sine(6000, frequency_hz, 30_000.0, 6000), 6000, 8000);
        let tone = measure::level_dbm0(middle(&heard), 8000, frequency_hz);
        let image = 6000.0 - frequency_hz;
        if image < 4000.0 {
            let image_level = measure::level_dbm0(middle(&heard), 8000, image);
            assert!(image_level < tone - 60.0, "{frequency_hz} Hz: {image_level} of {tone}");
        }
    }
}

/// RING-47: in the pass band the level stays within 0.1 dB and the frequency within 0.1 %.
#[test]
fn the_pass_band_is_flat() {
    for from_hz in RATES_HZ {
        let edge = f64::from(from_hz.min(8000)) / 2.0 * 0.9;
        for part in 1..=12 {
            let frequency_hz = edge * f64::from(part) / 12.0;
            let sound = sine(from_hz, frequency_hz, 10_000.0, from_hz as usize);
            let heard = resample(&sound, from_hz, 8000);
            let change = measure::level_dbm0(middle(&heard), 8000, frequency_hz)
                - measure::level_dbm0(middle(&sound), from_hz, frequency_hz);
            assert!(change.abs() < 0.1, "{frequency_hz} Hz at {from_hz} Hz: {change} dB");
            let found = measure::dominant_frequency(middle(&heard), 8000).unwrap();
            assert!(
                (found / frequency_hz - 1.0).abs() < 0.001,
                "{found} for {frequency_hz} Hz at {from_hz} Hz"
            );
        }
    }
}

/// RING-46: the length is the same time at the new rate, to the sample.
#[test]
fn the_length_is_exact() {
    for from_hz in RATES_HZ {
        for samples in [1, 2, 100, 4095, 4096, 4097, 20_000] {
            let heard = resample(&vec![1000; samples], from_hz, 8000);
            let expected = (samples as f64 * 8000.0 / f64::from(from_hz)).round() as usize;
            assert_eq!(heard.len(), expected, "{samples} at {from_hz} Hz");
        }
    }
}

/// RING-47: nothing comes later or earlier: a pulse stays where it was, to a tenth of a sample.
#[test]
fn the_delay_of_the_filter_is_taken_out() {
    for from_hz in RATES_HZ {
        let mut sound = vec![0_i16; from_hz as usize];
        // A pulse of 10 ms, so that it lies within the band.
        let (start, width) = (from_hz as usize / 2, from_hz as usize / 100);
        for index in 0..width {
            let phase = TAU * index as f64 / width as f64;
            sound[start + index] = (15_000.0 * (1.0 - phase.cos())) as i16;
        }
        let heard = resample(&sound, from_hz, 8000);
        let weight: f64 = heard.iter().map(|sample| f64::from(*sample)).sum();
        let centre: f64 =
            heard.iter().enumerate().map(|(at, sample)| at as f64 * f64::from(*sample)).sum::<f64>() / weight;
        let expected = (start as f64 + width as f64 / 2.0) * 8000.0 / f64::from(from_hz);
        assert!((centre - expected).abs() < 0.1, "{from_hz} Hz: {centre} for {expected}");
    }
}

/// RING-46: sound at the right rate is not touched.
#[test]
fn the_same_rate_changes_nothing() {
    let sound = sine(8000, 3900.0, 32_767.0, 1000);
    assert_eq!(resample(&sound, 8000, 8000), sound);
}

/// RING-46: full scale clips, it does not wrap around.
#[test]
fn overshoot_is_clipped() {
    let square: Vec<i16> =
        (0..48_000).map(|index| if index / 240 % 2 == 0 { 32_767 } else { -32_768 }).collect();
    let heard = resample(&square, 48_000, 8000);
    for (index, sample) in heard.iter().enumerate() {
        let edge = index % 40 < 2 || index % 40 > 37;
        let high = index / 40 % 2 == 0;
        assert!(edge || (*sample > 0) == high, "{sample} at {index}");
    }
}

/// RING-46: nothing in, nothing out; a rate of zero is nothing too.
#[test]
fn nothing_gives_nothing() {
    assert!(resample(&[], 44_100, 8000).is_empty());
    assert!(resample(&[1, 2, 3], 0, 8000).is_empty());
    assert!(resample(&[1, 2, 3], 8000, 0).is_empty());
}
