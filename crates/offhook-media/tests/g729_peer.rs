//! G.729 both ways against bcg729, an independent implementation of annexes A and B in fixed point.
//!
//! bcg729 computes logarithms, cosines and roots by polynomials where the Recommendation has tables, and rounds where it
//! cuts off. So neither its bits nor its samples are ours, but each has to decode the other's stream as well as its own,
//! and both have to make nearly the same samples of one stream, lost frames and pauses included, in which the random
//! numbers are those that the Recommendation prescribes.
//!
//! They need the library (Debian package libbcg729-0): `cargo xtask test` gets it.

mod g729_support;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use g729_support::{DELAY, FRAME, level_db, noise, segmental_snr_db, snr_db, spoken};
use offhook_media::speech::Voice;
use offhook_media::{Codec, Decoder, Encoder};

/// A frame as it is handed to the peer: its bytes with their number before, or this byte where it was lost.
const LOST: u8 = 255;

/// FILE-10: what we decode of the peer's stream is what it decodes itself.
#[test]
fn both_decode_one_stream_alike() {
    for (name, samples, least_snr_db) in sounds() {
        let stream = peer(&["encode"], &bytes(&samples));
        let theirs = samples_of(&peer(&["decode"], &stream));
        let ours = decoded(&stream);
        let snr = snr_db(&theirs, &ours);
        assert!(snr > least_snr_db, "{name}: {snr:.1} dB");
        // The postfilter's gain loses half a step in each sample where the Recommendation cuts off.
        let louder = level_db(&ours) - level_db(&theirs);
        assert!(louder.abs() < 0.5, "{name}: {louder:.2} dB louder");
    }
}

/// FILE-10: the peer hears what we encode as well as what it encodes itself, and so do we.
#[test]
fn our_stream_is_as_good_as_the_peers() {
    for (name, samples, _) in sounds() {
        let theirs = peer(&["encode"], &bytes(&samples));
        let ours = encoded(&samples);
        let quality = |heard: &[i16]| segmental_snr_db(&samples, &heard[DELAY..]);
        let among_themselves = quality(&samples_of(&peer(&["decode"], &theirs)));
        let by_the_peer = quality(&samples_of(&peer(&["decode"], &ours)));
        let by_us = quality(&decoded(&ours));
        for (who, snr) in [("the peer", by_the_peer), ("us", by_us)] {
            assert!(
                snr > among_themselves - 0.3,
                "{name}: {snr:.2} dB decoded by {who}, {among_themselves:.2} dB by the peer alone"
            );
        }
    }
}

/// UR-40: lost frames are concealed alike.
#[test]
fn both_conceal_losses_alike() {
    let samples = speech(4);
    let mut random = noise(5);
    let lossy: Vec<u8> = frames(&peer(&["encode"], &bytes(&samples)))
        .flat_map(|frame| if random() > 29_000 { vec![LOST] } else { packed(frame) })
        .collect();
    let snr = snr_db(&samples_of(&peer(&["decode"], &lossy)), &decoded(&lossy));
    assert!(snr > 20.0, "{snr:.1} dB");
}

/// FILE-10: the comfort noise of the peer's pauses is the noise that it makes itself (G.729 annex B).
#[test]
fn both_fill_pauses_alike() {
    let mut random = noise(7);
    let mut quiet = |samples: usize| -> Vec<i16> { (0..samples).map(|_| random() >> 7).collect() };
    let mut samples = quiet(80 * FRAME);
    samples.extend(speech(1));
    samples.extend(quiet(200 * FRAME));
    samples.extend(speech(1));
    samples.extend(quiet(100 * FRAME));
    let stream = peer(&["encode", "dtx"], &bytes(&samples));
    let (theirs, ours) = (samples_of(&peer(&["decode"], &stream)), decoded(&stream));
    let pause: Vec<bool> = frames(&stream).map(|frame| frame.len() < 10).collect();
    let noise_of = |samples: &[i16]| -> Vec<i16> {
        let frames = samples.chunks_exact(FRAME).zip(&pause);
        frames.filter(|(_, pause)| **pause).flat_map(|(frame, _)| frame.to_vec()).collect()
    };
    let (theirs, ours) = (noise_of(&theirs), noise_of(&ours));
    assert!(theirs.len() > 100 * FRAME, "only {} samples of noise", theirs.len());
    let snr = snr_db(&theirs, &ours);
    assert!(snr > 10.0, "{snr:.1} dB");
}

/// Sounds, and how near to the peer we have to come in decoding them.
///
/// A tone is the worst, since each period is made of the one before, and with it its error.
fn sounds() -> [(&'static str, Vec<i16>, f64); 4] {
    let mut random = noise(3);
    let tone = |hertz: f64, peak: f64| -> Vec<i16> {
        let step = std::f64::consts::TAU * hertz / 8000.0;
        (0..300 * FRAME).map(|index| (peak * (step * index as f64).sin()) as i16).collect()
    };
    [
        ("speech", speech(4), 25.0),
        ("noise", (0..300 * FRAME).map(|_| random() >> 3).collect(), 35.0),
        ("a tone", tone(440.0, 8000.0), 15.0),
        ("a loud tone", tone(1800.0, 32_000.0), 15.0),
    ]
}

/// What several voices say, one after the other.
fn speech(voices: usize) -> Vec<i16> {
    const TEXTS: [&str; 4] = [
        "Rice is often served in round bowls. The juice of lemons makes fine punch.",
        "The box was thrown beside the parked truck. The hogs were fed chopped corn and garbage.",
        "Four hours of steady work faced us. A large size in stockings is hard to sell.",
        "The boy was there when the sun rose. A rod is used to catch pink salmon.",
    ];
    TEXTS.into_iter().zip(Voice::ALL).take(voices).flat_map(|(text, voice)| spoken(text, voice)).collect()
}

fn encoded(samples: &[i16]) -> Vec<u8> {
    let mut encoder = Encoder::new(Codec::G729);
    let mut stream = Vec::new();
    for frame in samples.chunks_exact(FRAME) {
        let mut payload = [0; 10];
        assert_eq!(encoder.encode(frame, &mut payload), 10);
        stream.extend(packed(&payload));
    }
    stream
}

fn decoded(stream: &[u8]) -> Vec<i16> {
    let mut decoder = Decoder::new(Codec::G729);
    frames(stream)
        .flat_map(|frame| {
            let mut samples = [0; FRAME];
            match frame {
                [] | [LOST] => {
                    decoder.conceal(&mut samples);
                }
                _ => assert_eq!(decoder.decode(frame, &mut samples), Ok(FRAME)),
            }
            samples
        })
        .collect()
}

/// The frames of a stream; one that was lost is the byte that says so.
fn frames(mut stream: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = stream.split_first()?;
        let (frame, rest) = match *length {
            LOST => stream.split_at(1),
            length => rest.split_at(usize::from(length)),
        };
        stream = rest;
        Some(frame)
    })
}

fn packed(frame: &[u8]) -> Vec<u8> {
    let mut packed = vec![frame.len() as u8];
    packed.extend(frame);
    packed
}

fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

fn samples_of(bytes: &[u8]) -> Vec<i16> {
    bytes.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect()
}

/// What the peer makes of `input`.
fn peer(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/bcg729.py");
    let mut child = Command::new("python3")
        .arg(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 starts");
    let mut stdin = child.stdin.take().expect("it was asked for");
    let input = input.to_vec();
    let writer = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("python3 runs");
    assert!(output.status.success(), "bcg729 is missing: install libbcg729-0");
    writer.join().expect("no panic").expect("all is read");
    output.stdout
}
