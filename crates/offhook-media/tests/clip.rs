//! Clips: what is played, encoded once.

use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use offhook_media::{Clip, Codec, Sound, measure};

fn sine(rate_hz: u32, frequency_hz: f64, level_dbm0: f64, seconds: f64) -> Sound {
    let peak = measure::peak_of_dbm0(level_dbm0);
    let step = TAU * frequency_hz / f64::from(rate_hz);
    let samples = (0..(f64::from(rate_hz) * seconds) as usize)
        .map(|index| (peak * (step * index as f64).sin()).round() as i16)
        .collect();
    Sound { rate_hz, samples }
}

/// RING-47: what is encoded at the codec's rate is heard at its level and frequency, in both laws.
#[test]
fn a_clip_keeps_level_and_frequency() {
    let sound = sine(8000, 1004.0, -10.0, 1.0);
    for codec in Codec::ALL {
        let heard = Clip::encode(&sound, codec).decode();
        let level = measure::level_dbm0(&heard.samples, 8000, 1004.0);
        assert!((level + 10.0).abs() < 0.1, "{codec}: {level}");
        let frequency = measure::dominant_frequency(&heard.samples, 8000).unwrap();
        assert!((frequency - 1004.0).abs() < 0.5, "{codec}: {frequency}");
    }
}

/// RING-46: sound at another rate is resampled to the codec's, for as long as it lasted.
#[test]
fn a_clip_of_sound_at_another_rate_keeps_its_duration() {
    for rate_hz in [6000, 11_025, 16_000, 44_100, 48_000] {
        let clip = Clip::encode(&sine(rate_hz, 440.0, -10.0, 2.0), Codec::G711A);
        assert_eq!(clip.len(), 16_000, "{rate_hz}");
        assert_eq!(clip.duration(), Duration::from_secs(2), "{rate_hz}");
    }
}

/// RING-12: the duration is that of the samples.
#[test]
fn the_duration_counts_samples() {
    assert_eq!(
        Clip::from_encoded(Codec::G711U, vec![0xFF; 12_345]).duration(),
        Duration::from_micros(1_543_125)
    );
    assert!(Clip::from_encoded(Codec::G711U, Vec::new()).is_empty());
}

/// RING-44: clones share the bytes, so that a thousand calls play one copy.
#[test]
fn clones_share_the_bytes() {
    let clip = Clip::from_encoded(Codec::G711A, vec![0xD5; 160]);
    assert!(Arc::ptr_eq(&clip.bytes, &clip.clone().bytes));
}
