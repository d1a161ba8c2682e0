//! The codec alone: what was encoded is heard, what was lost is repaired, pauses are told from losses.

use opus_pure::{Application, Bandwidth, OpusEncoder};

use super::{Decoder, Encoder, packet_samples};
use crate::codec::Concealed;
use crate::measure;

const FRAME: usize = 320;

fn tone(seconds: usize) -> Vec<i16> {
    let sample = |at: usize| (5000.0 * (std::f64::consts::TAU * 440.0 * at as f64 / 16_000.0).sin()) as i16;
    (0..seconds * 16_000).map(sample).collect()
}

/// A pulse train with a pitch that wanders: no frame is like the one before.
fn voice(seconds: usize) -> Vec<i16> {
    let mut phase = 0.0_f64;
    let samples = (0..seconds * 16_000).map(|at| {
        let pitch = 150.0 + 50.0 * (at as f64 / 16_000.0 * 9.0).sin();
        phase += std::f64::consts::TAU * pitch / 16_000.0;
        let wave: f64 =
            (1..20).map(|harmonic| (phase * f64::from(harmonic)).sin() / f64::from(harmonic)).sum();
        (wave * 4000.0) as i16
    });
    samples.collect()
}

fn encoded(samples: &[i16]) -> Vec<Vec<u8>> {
    let mut encoder = Encoder::default();
    let mut payload = [0; 1000];
    let frames = samples.chunks_exact(FRAME);
    frames
        .map(|frame| {
            let length = encoder.encode(frame, &mut payload);
            payload[..length].to_vec()
        })
        .collect()
}

fn decoded(payloads: &[Vec<u8>]) -> Vec<i16> {
    let mut decoder = Decoder::default();
    let mut samples = [0; FRAME];
    payloads
        .iter()
        .flat_map(|payload| {
            assert_eq!(decoder.decode(payload, &mut samples), Some(FRAME));
            samples
        })
        .collect()
}

#[test]
fn a_tone_comes_out_at_its_pitch_and_level() {
    let sound = tone(3);
    let payloads = encoded(&sound);
    let bytes: usize = payloads.iter().map(Vec::len).sum();
    assert!(bytes * 8 / 3 < 30_000, "{} bit/s", bytes * 8 / 3);
    let heard = decoded(&payloads);
    let part = 16_000..32_000;
    let strongest = measure::dominant_frequency(&heard[part.clone()], 16_000).unwrap();
    assert!((strongest - 440.0).abs() < 0.5, "{strongest} Hz");
    let level = measure::rms_dbm0(&heard[part.clone()]) - measure::rms_dbm0(&sound[part]);
    assert!(level.abs() < 0.5, "{level:+.2} dB");
}

/// RFC 6716 section 3.1: whatever the mode, the length and the number of channels, the first bytes tell the length.
#[test]
fn packets_of_every_length_are_decoded_to_their_length() {
    for application in [Application::Voip, Application::RestrictedLowDelay] {
        for channels in [1, 2] {
            let mut encoder = OpusEncoder::new(48_000, channels, application).unwrap();
            let mut decoder = Decoder::default();
            for tenths_ms in [25, 50, 100, 200, 400, 600, 1200] {
                let frame = 48 * tenths_ms / 10;
                let mut payload = [0; 2000];
                let length = encoder.encode_s16(&vec![1000; frame * channels], frame, &mut payload).unwrap();
                let expected = 16 * tenths_ms / 10;
                assert_eq!(packet_samples(&payload[..length]), Some(expected));
                assert_eq!(decoder.decode(&payload[..length], &mut [0; 1920]), Some(expected));
            }
        }
    }
}

#[test]
fn what_is_no_packet_is_refused() {
    let mut decoder = Decoder::default();
    // Nothing; no frames; more than 120 ms; a frame that is longer than the packet.
    for payload in [&[][..], &[0x03, 0x00], &[0x03, 0x3f, 0x00], &[0x02, 0xfb, 0x00]] {
        assert!(decoder.decode(payload, &mut [0; 1920]).is_none(), "{payload:?}");
    }
    let packet = &encoded(&tone(1))[10];
    assert!(decoder.decode(packet, &mut [0; FRAME - 1]).is_none(), "there is no room for it");
}

/// A decoder of the network lives on, whatever comes.
#[test]
fn no_packet_stops_the_decoder() {
    let good = encoded(&voice(1));
    let mut decoder = Decoder::default();
    let mut state = 7_u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let mut heard = 0;
    for round in 0..4000 {
        let mut payload = good[round % good.len()].clone();
        match round % 4 {
            0 => payload = (0..random() % 200).map(|_| random() as u8).collect(),
            1 => payload[0] = random() as u8,
            2 => payload.truncate(random() % 60),
            _ => {
                let at = random() % payload.len();
                payload[at] ^= 1 << (random() % 8);
            }
        }
        let mut samples = [0; 1920];
        heard += usize::from(decoder.decode(&payload, &mut samples).is_some());
        decoder.recover(&payload, &mut samples[..FRAME]);
        if round % 5 == 0 {
            decoder.conceal(&mut samples[..160]);
        }
    }
    assert!(heard > 1000, "{heard} of 4000 could be decoded");
}

/// RFC 7587 section 3.3: a packet repeats the one before it, less exactly; that is nearer to it than anything made up.
#[test]
fn a_lost_packet_is_recovered_from_the_next() {
    let sound = voice(2);
    let payloads = encoded(&sound);
    let whole = decoded(&payloads);
    let (mut error_recovered, mut error_concealed, mut repeated) = (0.0, 0.0, 0);
    for lost in (30..90).step_by(5) {
        let [recovered, concealed] = [true, false].map(|recovers| {
            let mut decoder = Decoder::default();
            for payload in &payloads[..lost] {
                decoder.decode(payload, &mut [0; FRAME]).unwrap();
            }
            let mut samples = [0; FRAME];
            if recovers {
                repeated += usize::from(decoder.recover(&payloads[lost + 1], &mut samples));
            } else {
                samples
                    .chunks_exact_mut(160)
                    .for_each(|part| assert_eq!(decoder.conceal(part), Concealed::Loss));
            }
            samples
        });
        let error = |heard: [i16; FRAME]| -> f64 {
            let expected = &whole[lost * FRAME..];
            heard.iter().zip(expected).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum()
        };
        error_recovered += error(recovered);
        error_concealed += error(concealed);
    }
    // Where the bits do not suffice, or nothing was there to be repeated, a packet does without.
    assert!(repeated >= 9, "{repeated} of 12 packets repeat the one before");
    assert!(error_recovered * 2.0 < error_concealed, "{error_recovered} against {error_concealed}");
}

/// RFC 7587 section 3.1.3: while nobody speaks hardly a packet comes; that is a pause, with comfort noise, and no loss.
#[test]
fn a_pause_is_told_from_a_loss() {
    let mut encoder = OpusEncoder::new(16_000, 1, Application::Voip).unwrap();
    encoder.force_bandwidth = Some(Bandwidth::Wideband);
    encoder.bitrate_bps = 20_000;
    encoder.use_dtx = true;
    let mut decoder = Decoder::default();
    let mut samples = [0; FRAME];
    assert_eq!(decoder.conceal(&mut samples[..160]), Concealed::Unable, "nothing was heard that could go on");
    let mut sound = voice(1);
    sound.extend([0; 32_000]);
    let mut paused = 0;
    for frame in sound.chunks_exact(FRAME) {
        let mut payload = [0; 500];
        let length = encoder.encode_s16(frame, FRAME, &mut payload).unwrap();
        assert_eq!(decoder.decode(&payload[..length], &mut samples), Some(FRAME));
        let next = decoder.clone().conceal(&mut samples[..160]);
        assert_eq!(next == Concealed::Pause, length <= 2);
        paused += usize::from(next == Concealed::Pause);
    }
    assert!(paused > 50, "{paused} of 100 frames without speech");
    for _ in 0..500 {
        assert_eq!(decoder.conceal(&mut samples[..160]), Concealed::Pause);
        assert!(measure::rms_dbm0(&samples[..160]) < -45.0);
    }
}

/// A copy hears what follows as the original does, from the second packet on.
#[test]
fn a_copy_goes_on_where_the_original_is() {
    let payloads = encoded(&voice(2));
    let mut original = Decoder::default();
    for payload in &payloads[..60] {
        original.decode(payload, &mut [0; FRAME]).unwrap();
    }
    let mut copy = original.clone();
    let (mut energy, mut difference) = (0.0, 0.0);
    for payload in &payloads[60..70] {
        let (mut one, mut other) = ([0; FRAME], [0; FRAME]);
        original.decode(payload, &mut one).unwrap();
        copy.decode(payload, &mut other).unwrap();
        energy += one.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
        difference += one.iter().zip(other).map(|(a, b)| (f64::from(*a) - f64::from(b)).powi(2)).sum::<f64>();
    }
    assert!(difference < energy / 20.0, "{difference} of {energy}");
}
