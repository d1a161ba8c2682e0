//! Keys as tones: what ITU-T Q.24 wants detected is detected, and nothing else.

use offhook_media::dtmf::{Press, ToneDetector, ToneSender};
use offhook_media::{Law, measure};

const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const COLUMNS: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYS: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// One kind of tone.
#[derive(Clone, Copy)]
struct Tone {
    low_dbm0: f64,
    high_dbm0: f64,
    /// Deviation of both frequencies, 0.01 is 1 %.
    low_off: f64,
    high_off: f64,
    on_ms: f64,
    off_ms: f64,
    /// Level of white noise under everything.
    noise_dbm0: Option<f64>,
}

const PLAIN: Tone = Tone {
    low_dbm0: -9.0,
    high_dbm0: -7.0,
    low_off: 0.0,
    high_off: 0.0,
    on_ms: 60.0,
    off_ms: 60.0,
    noise_dbm0: None,
};

/// Every key `rounds` times, through A-law, beginning at odd places of the detector's blocks.
fn sound(tone: Tone, rounds: usize) -> (String, Vec<i16>) {
    let (mut keys, mut samples) = (String::new(), Vec::new());
    let mut random = noise(11);
    let noise_rms = tone.noise_dbm0.map_or(0.0, |level| measure::peak_of_dbm0(level) / 2_f64.sqrt());
    let ms = |ms: f64| (ms * 8.0).round() as usize;
    let mut push = |value: f64| samples.push((value + noise_rms * gauss(&mut random)) as i16);
    for round in 0..rounds {
        for (row, column) in (0..16).map(|key| (key / 4, key % 4)) {
            keys.push(KEYS[row][column]);
            let (low, high) = (ROWS[row] * (1.0 + tone.low_off), COLUMNS[column] * (1.0 + tone.high_off));
            let (low_peak, high_peak) =
                (measure::peak_of_dbm0(tone.low_dbm0), measure::peak_of_dbm0(tone.high_dbm0));
            (0..ms(tone.off_ms) + (round * 16 + column) % 40).for_each(|_| push(0.0));
            for at in 0..ms(tone.on_ms) {
                let time = std::f64::consts::TAU * at as f64 / 8000.0;
                push(low_peak * (low * time).sin() + high_peak * (high * time + 1.0).sin());
            }
        }
    }
    (0..800).for_each(|_| push(0.0));
    (keys, Law::A.decode(&Law::A.encode(&samples)))
}

fn detected(samples: &[i16]) -> String {
    let mut detector = ToneDetector::new();
    let mut keys = String::new();
    for frame in samples.chunks(160) {
        detector.hear(frame, |press| {
            if let Press::Begun { digit } = press {
                keys.push(digit.as_char());
            }
        });
    }
    keys
}

/// Numbers from 0 to 1.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    }
}

fn gauss(random: &mut impl FnMut() -> f64) -> f64 {
    (0..12).map(|_| random()).sum::<f64>() - 6.0
}

#[track_caller]
fn assert_all(tone: Tone) {
    let (keys, samples) = sound(tone, 20);
    assert_eq!(detected(&samples), keys);
}

#[track_caller]
fn assert_none(tone: Tone) {
    let (_, samples) = sound(tone, 20);
    assert_eq!(detected(&samples), "");
}

/// DTMF-11: every key, at the levels of telephones down to -36 dBm0 a frequency.
#[test]
fn tones_are_detected_at_every_level() {
    for level in [0.0, -10.0, -20.0, -30.0, -36.0] {
        assert_all(Tone { low_dbm0: level, high_dbm0: level, ..PLAIN });
    }
}

/// DTMF-11: 8 dB of twist forward and 4 dB in reverse, whichever of the frequencies one counts from.
#[test]
fn tones_are_detected_with_twist() {
    for twist in [-8.0, -4.0, 4.0, 8.0] {
        for level in [-10.0, -28.0] {
            assert_all(Tone { low_dbm0: level, high_dbm0: level + twist, ..PLAIN });
        }
    }
}

/// DTMF-11: deviations of 1.5 % are accepted, of 3.5 % refused.
#[test]
fn only_the_nominal_frequencies_are_keys() {
    for (low, high) in [(0.015, 0.015), (-0.015, -0.015), (0.015, -0.015), (-0.015, 0.015)] {
        assert_all(Tone { low_off: low, high_off: high, ..PLAIN });
    }
    for (low, high) in [(0.035, 0.0), (-0.035, 0.0), (0.0, 0.035), (0.0, -0.035)] {
        assert_none(Tone { low_off: low, high_off: high, ..PLAIN });
    }
}

/// DTMF-11: 40 ms are a press, 23 ms are none, and 40 ms of silence part two presses of one key.
#[test]
fn a_press_lasts_forty_milliseconds() {
    assert_all(Tone { on_ms: 40.0, off_ms: 40.0, ..PLAIN });
    assert_none(Tone { on_ms: 23.0, ..PLAIN });
}

/// DTMF-12: an interruption of 10 ms does not make two presses of one.
#[test]
fn a_short_interruption_does_not_part_a_press() {
    let (_, mut samples) = sound(Tone { on_ms: 200.0, ..PLAIN }, 1);
    // The first press begins after 60 ms.
    samples[1280..1360].fill(0);
    assert_eq!(detected(&samples[..480 + 1600 + 400]), "1");
}

/// DTMF-11: with noise 15 dB below the weaker frequency.
#[test]
fn tones_are_detected_in_noise() {
    for level in [-10.0, -25.0] {
        let noise_dbm0 = Some(level - 15.0);
        assert_all(Tone { low_dbm0: level, high_dbm0: level, noise_dbm0, ..PLAIN });
        assert_all(Tone {
            low_dbm0: level,
            high_dbm0: level,
            noise_dbm0,
            on_ms: 40.0,
            off_ms: 40.0,
            ..PLAIN
        });
    }
}

#[test]
fn one_frequency_noise_and_silence_are_no_keys() {
    assert_none(Tone { high_dbm0: -90.0, ..PLAIN });
    assert_none(Tone { low_dbm0: -90.0, ..PLAIN });
    assert_none(Tone { low_dbm0: -90.0, high_dbm0: -90.0, noise_dbm0: Some(-15.0), ..PLAIN });
    assert_eq!(detected(&[0; 8000]), "");
}

/// DTMF-12: how long a key was held is told to 20 ms.
#[test]
fn the_length_of_a_press_is_told() {
    for on_ms in [50.0, 100.0, 1000.0] {
        let (_, samples) = sound(Tone { on_ms, ..PLAIN }, 1);
        let mut detector = ToneDetector::new();
        detector.hear(&samples, |press| {
            if let Press::Over { timestamp_units, .. } = press {
                let heard = f64::from(timestamp_units) / 8.0;
                assert!((heard - on_ms).abs() <= 20.0, "{heard} ms instead of {on_ms} ms");
            }
        });
    }
}

/// DTMF-17: what is sent as tones is detected, and lasts 100 ms with gaps of 100 ms; a comma is half a second.
#[test]
fn what_is_sent_as_tones_is_detected() {
    let mut sender = ToneSender::default();
    sender.queue("0123456789*#ABCD,,11").unwrap();
    let mut samples = Vec::new();
    let mut frame = [0; 160];
    while sender.fill(8000, &mut frame) {
        samples.extend_from_slice(&frame);
    }
    assert_eq!(detected(&samples), "0123456789*#ABCD11");
    assert_eq!(samples.len(), 18 * 1600 + 8000);
    let bursts = measure::bursts(&samples, 8000);
    assert_eq!(bursts.len(), 18);
    assert!(bursts.iter().all(|burst| (burst.on_ms - 100.0).abs() <= 5.0), "{bursts:?}");
    for (frequency, level) in [(941.0, -9.0), (1336.0, -7.0)] {
        let measured = measure::level_dbm0(&samples[80..720], 8000, frequency);
        assert!((measured - level).abs() <= 0.3, "{measured} dBm0 at {frequency} Hz");
    }
}
