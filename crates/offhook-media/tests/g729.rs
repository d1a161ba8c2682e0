//! G.729: what is heard after encoding and decoding, and that nothing from the network does harm.

mod g729_support;

use allocation_counter::measure;
use g729_support::{DELAY, FRAME, level_db, noise, segmental_snr_db, spoken};
use offhook_media::speech::Voice;
use offhook_media::{Codec, Concealed, Decoder, Encoder};

const CODEC: Codec = Codec::G729;

/// FILE-10: speech comes out as speech, at its level.
#[test]
fn speech_survives() {
    let speech = speech();
    let heard = decoded(&encoded(&speech));
    // At 8 kbit/s a waveform is kept only as far as that helps the ear; another encoder's is no better (g729_peer.rs).
    let snr = segmental_snr_db(&speech, &heard[DELAY..]);
    assert!(snr > 2.0, "segmental SNR of {snr:.2} dB");
    let louder = level_db(&heard) - level_db(&speech);
    assert!(louder.abs() < 1.0, "{louder:.2} dB louder");
}

/// FILE-10: a frame of 10 ms is 10 bytes, and a packet any number of frames.
#[test]
fn frames_are_ten_bytes() {
    let mut encoder = Encoder::new(CODEC);
    for frames in 1..=6 {
        let mut payload = [0; 200];
        assert_eq!(encoder.encode(&vec![0; frames * FRAME], &mut payload), frames * 10);
    }
}

/// FILE-10: only whole frames, at the end of which one of two bytes may stand, are a packet (RFC 3551 section 4.5.6).
#[test]
fn payloads_that_are_not_whole_frames_are_refused() {
    let rows = [
        (0, None),
        (1, None),
        (2, Some(1)),
        (3, None),
        (9, None),
        (10, Some(1)),
        (11, None),
        (12, Some(2)),
        (20, Some(2)),
        (22, Some(3)),
        (24, None),
        (60, Some(6)),
    ];
    for (bytes, frames) in rows {
        let payload = vec![0; bytes];
        let samples = frames.map(|frames: usize| frames * FRAME);
        assert_eq!(CODEC.packet_samples(&payload), samples, "{bytes} bytes");
        let decoded = Decoder::new(CODEC).decode(&payload, &mut [0; 1000]);
        assert_eq!(decoded.ok(), samples, "{bytes} bytes");
    }
}

/// UR-40: speech goes on where a packet is missing, and fades if more are.
#[test]
fn missing_frames_are_concealed_and_fade() {
    let speech = speech();
    let mut decoder = Decoder::new(CODEC);
    let mut heard = vec![0; 150 * FRAME];
    for (payload, heard) in encoded(&speech).chunks(10).zip(heard.chunks_mut(FRAME)) {
        decoder.decode(payload, heard).unwrap();
    }
    let levels: Vec<f64> = (0..60)
        .map(|_| {
            let mut frame = [0; FRAME];
            assert_eq!(decoder.conceal(&mut frame), Concealed::Loss);
            level_db(&frame)
        })
        .collect();
    let before = level_db(&heard[145 * FRAME..]);
    assert!((levels[0] - before).abs() < 6.0, "{before:.1} dB goes on at {:.1} dB", levels[0]);
    assert!(levels[59] < before - 20.0, "{before:.1} dB is still {:.1} dB after 600 ms", levels[59]);
}

/// FILE-10: after a SID frame there is noise of the level it names, until speech comes (G.729 annex B).
#[test]
fn a_pause_is_filled_with_comfort_noise() {
    let mut decoder = Decoder::new(CODEC);
    let mut frame = [0; FRAME];
    for (gain, level) in [(12_u16, 201.0), (18, 800.0), (24, 3185.0)] {
        let level = 20.0 * f64::log10(level / 8.0);
        // Predictor 0, rows 8 and 3, and the gain; the last bit is not used.
        let sid = (8 << 10 | 3 << 6 | gain << 1).to_be_bytes();
        decoder.decode(&sid, &mut frame).unwrap();
        let mut noise = Vec::new();
        for _ in 0..100 {
            assert_eq!(decoder.conceal(&mut frame), Concealed::Pause);
            noise.extend(frame);
        }
        // The gain is that of the excitation: the spectrum adds some, and the output is twice as loud as the synthesis.
        let excess = level_db(&noise) - level;
        assert!((3.0..20.0).contains(&excess), "index {gain}: {excess:.1} dB above the gain");
    }
    decoder.decode(&encoded(&speech())[..10], &mut frame).unwrap();
    assert_eq!(decoder.conceal(&mut frame), Concealed::Loss);
}

/// UR-42: neither loud nor broken input makes the encoder or the decoder panic, and what they give is bounded.
#[test]
fn nothing_panics() {
    let mut random = noise(11);
    let mut encoder = Encoder::new(CODEC);
    let mut decoder = Decoder::new(CODEC);
    let mut samples = [0; 3 * FRAME];
    for round in 0..3000 {
        let word = random();
        for (index, sample) in samples.iter_mut().enumerate() {
            *sample = match word & 7 {
                0 => random(),
                1 => {
                    if random() < 0 {
                        i16::MIN
                    } else {
                        i16::MAX
                    }
                }
                2 => {
                    if index / 20 % 2 == 0 {
                        i16::MIN
                    } else {
                        i16::MAX
                    }
                }
                3 => i16::MIN,
                4 => 0,
                _ => random() >> (word >> 3 & 15),
            };
        }
        let mut payload = [0; 32];
        let mut length = encoder.encode(&samples, &mut payload);
        if round % 2 == 0 {
            for byte in &mut payload {
                *byte = random() as u8;
            }
            length = [2, 10, 12, 20, 22, 30][usize::from(word.unsigned_abs() >> 8) % 6];
        }
        decoder.decode(&payload[..length], &mut samples).unwrap();
        for _ in 0..word & 3 {
            decoder.conceal(&mut samples[..FRAME]);
        }
    }
}

/// MED-14: neither encoding nor decoding nor concealing allocates.
#[test]
fn no_frame_allocates() {
    let speech = speech();
    let mut encoder = Encoder::new(CODEC);
    let mut decoder = Decoder::new(CODEC);
    let allocations = measure(|| {
        for samples in speech[..200 * FRAME].chunks(2 * FRAME) {
            let mut payload = [0; 20];
            let mut heard = [0; 2 * FRAME];
            let bytes = encoder.encode(samples, &mut payload);
            decoder.decode(&payload[..bytes], &mut heard).unwrap();
            decoder.conceal(&mut heard[..FRAME]);
            decoder.decode(&[0x20, 0x12], &mut heard).unwrap();
            decoder.conceal(&mut heard[..FRAME]);
        }
    });
    assert_eq!(allocations.count_total, 0);
}

/// Some seconds of speech, a whole number of packets of 20 ms.
fn speech() -> Vec<i16> {
    let text = "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. \
        It is easy to tell the depth of a well. These days a chicken leg is a rare dish.";
    spoken(text, Voice::default())
}

fn encoded(samples: &[i16]) -> Vec<u8> {
    let mut payload = vec![0; samples.len() / FRAME * 10];
    let bytes = Encoder::new(CODEC).encode(samples, &mut payload);
    assert_eq!(bytes, payload.len());
    payload
}

fn decoded(payload: &[u8]) -> Vec<i16> {
    let mut decoder = Decoder::new(CODEC);
    let mut samples = vec![0; payload.len() / 10 * FRAME];
    for (payload, samples) in payload.chunks(20).zip(samples.chunks_mut(2 * FRAME)) {
        decoder.decode(payload, samples).unwrap();
    }
    samples
}
