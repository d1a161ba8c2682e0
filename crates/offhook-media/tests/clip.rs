//! Clips: what is played, encoded once.

use std::f64::consts::TAU;
use std::time::Duration;

use offhook_media::{Clip, Codec, Law, Sound, measure};

fn sine(rate_hz: u32, frequency_hz: f64, level_dbm0: f64, seconds: f64) -> Sound {
    let peak = measure::peak_of_dbm0(level_dbm0);
    let step = TAU * frequency_hz / f64::from(rate_hz);
    let samples = (0..(f64::from(rate_hz) * seconds) as usize)
        .map(|index| (peak * (step * index as f64).sin()).round() as i16)
        .collect();
    Sound { rate_hz, samples }
}

/// RING-47: what is made ready for a codec is heard at its level and frequency.
#[test]
fn a_clip_keeps_level_and_frequency() {
    let sound = sine(8000, 1004.0, -10.0, 1.0);
    for codec in Codec::ALL {
        let heard = Clip::for_codec(&sound, codec).decode();
        let level = measure::level_dbm0(&heard.samples, heard.rate_hz, 1004.0);
        assert!((level + 10.0).abs() < 0.1, "{codec}: {level}");
        let frequency = measure::dominant_frequency(&heard.samples, heard.rate_hz).unwrap();
        assert!((frequency - 1004.0).abs() < 0.5, "{codec}: {frequency}");
    }
}

/// RING-46: sound at another rate is resampled to the codec's, for as long as it lasted.
#[test]
fn a_clip_of_sound_at_another_rate_keeps_its_duration() {
    for rate_hz in [6000, 11_025, 16_000, 44_100, 48_000] {
        let clip = Clip::for_codec(&sine(rate_hz, 440.0, -10.0, 2.0), Codec::G711A);
        assert_eq!(clip.len(), 16_000, "{rate_hz}");
        assert_eq!(clip.duration(), Duration::from_secs(2), "{rate_hz}");
    }
}

/// RING-44: a file at another rate that repeats without a seam still does so after resampling: no click, no dip.
#[test]
fn sound_that_runs_across_the_seam_still_does_after_resampling() {
    for rate_hz in [6000, 11_025, 44_100, 48_000] {
        // Half a second of 440 Hz: 220 whole turns.
        let clip = Clip::for_codec_looped(&sine(rate_hz, 440.0, -10.0, 0.5), Codec::G711A);
        assert_eq!(clip.duration(), Duration::from_millis(500), "{rate_hz} Hz");
        let once = clip.decode().samples;
        let repeated: Vec<i16> = once.iter().cycle().take(3 * once.len()).copied().collect();
        // 60 ms around the first seam, in steps that are short against a click.
        for start in (3760..4240).step_by(20) {
            let level = measure::level_dbm0(&repeated[start - 40..start + 40], 8000, 440.0);
            assert!((level + 10.0).abs() < 0.3, "{rate_hz} Hz, at {start}: {level} dBm0");
        }
        let strongest = measure::dominant_frequencies(&repeated, 8000, 3);
        assert!((strongest[0].frequency_hz - 440.0).abs() < 0.1, "{rate_hz} Hz: {strongest:?}");
        assert!(
            strongest.iter().skip(1).all(|other| other.level_dbm0 < -45.0),
            "{rate_hz} Hz: {strongest:?}"
        );
    }
}

/// RING-44: sound shorter than the filter is repeated often enough to fill it.
#[test]
fn the_shortest_sound_can_be_repeated_at_another_rate() {
    for samples in [1, 2, 7] {
        let clip = Clip::for_codec_looped(&Sound::new(16_000, vec![8000; samples]), Codec::G711U);
        assert_eq!(clip.len(), (samples as f64 / 2.0).round() as usize);
        assert!(clip.decode().samples.iter().all(|sample| (7600..8400).contains(sample)), "{samples}");
    }
    assert!(Clip::for_codec_looped(&Sound::new(16_000, Vec::new()), Codec::G711U).is_empty());
}

/// RING-12: the duration is that of the samples.
#[test]
fn the_duration_counts_samples() {
    assert_eq!(Clip::from_encoded(Law::Mu, vec![0xFF; 12_345]).duration(), Duration::from_micros(1_543_125));
    assert!(Clip::from_encoded(Law::Mu, Vec::new()).is_empty());
}

/// RING-44: clones share the bytes, so that a thousand calls play one copy.
#[test]
fn clones_share_the_bytes() {
    let clip = Clip::from_encoded(Law::A, vec![0xD5; 160]);
    let bytes = |clip: &Clip| clip.encoded().expect("it was made for G.711").1.as_ptr();
    assert_eq!(bytes(&clip), bytes(&clip.clone()));
}
