//! Our codecs against those of ffmpeg, which share no line with ours, both ways.
//!
//! They need the program `ffmpeg`: `cargo xtask test` gets it.

use std::io::Write;
use std::process::{Command, Stdio};

use offhook_media::speech::{self, Voice};
use offhook_media::{Codec, Decoder, Encoder};

/// Speech at the codec's sampling rate.
fn spoken(codec: Codec) -> Vec<i16> {
    let text = "The quick brown fox jumps over the lazy dog, six times seven makes forty two.";
    let sound = speech::speak(text, Voice::default()).expect("it can be spoken").sound;
    sound.resampled(codec.sampling_rate_hz()).samples
}

/// What ffmpeg makes of `input`.
fn ffmpeg(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error"])
        .args(arguments)
        .arg("pipe:1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("ffmpeg is installed (Debian package ffmpeg)");
    let mut pipe = child.stdin.take().expect("it was asked for");
    let input = input.to_vec();
    let writer = std::thread::spawn(move || pipe.write_all(&input));
    let output = child.wait_with_output().expect("ffmpeg runs");
    writer.join().expect("the writer ends").expect("ffmpeg reads all of it");
    assert!(output.status.success(), "ffmpeg {arguments:?}: {}", output.status);
    output.stdout
}

fn bytes_of(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

fn samples_of(bytes: &[u8]) -> Vec<i16> {
    bytes.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
}

fn encoded(codec: Codec, samples: &[i16]) -> Vec<u8> {
    let mut encoder = Encoder::new(codec);
    let mut payload = vec![0; samples.len()];
    let length = encoder.encode(samples, &mut payload);
    payload.truncate(length);
    payload
}

fn decoded(codec: Codec, payload: &[u8]) -> Vec<i16> {
    let mut decoder = Decoder::new(codec);
    let mut samples = Vec::new();
    for packet in payload.chunks(160) {
        let mut part = [0; 320];
        let count = decoder.decode(packet, &mut part).expect("it is a packet");
        samples.extend_from_slice(&part[..count]);
    }
    samples
}

/// Of the same bytes both decoders make the same samples, to the bit.
#[test]
fn g722_is_decoded_as_ffmpeg_decodes_it() {
    let said = spoken(Codec::G722);
    let theirs = ["-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "pipe:0", "-f", "g722"];
    for payload in [encoded(Codec::G722, &said), ffmpeg(&theirs, &bytes_of(&said))] {
        let ours = decoded(Codec::G722, &payload);
        let theirs = samples_of(&ffmpeg(&["-f", "g722", "-i", "pipe:0", "-f", "s16le"], &payload));
        assert!(ours.len() > 16_000);
        assert_eq!(ours.len(), theirs.len());
        let differs = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
        assert_eq!(differs, None, "the first sample that differs");
    }
}

/// Speech that we encode is as good, decoded by ffmpeg, as speech that ffmpeg encodes.
#[test]
fn g722_is_encoded_as_well_as_ffmpeg_encodes_it() {
    let said = spoken(Codec::G722);
    let quality = |payload: &[u8]| {
        let heard = samples_of(&ffmpeg(&["-f", "g722", "-i", "pipe:0", "-f", "s16le"], payload));
        signal_to_noise_db(&said, &heard[G722_DELAY..])
    };
    let to_g722 = ["-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "pipe:0", "-f", "g722"];
    let (ours, theirs) =
        (quality(&encoded(Codec::G722, &said)), quality(&ffmpeg(&to_g722, &bytes_of(&said))));
    assert!(ours > 20.0 && ours > theirs - 0.5, "ours {ours} dB, ffmpeg's {theirs} dB");
}

/// How far what was heard, aligned with what was said, lies above its difference from it.
fn signal_to_noise_db(said: &[i16], heard: &[i16]) -> f64 {
    let (mut signal, mut noise) = (0.0, 0.0);
    for (said, heard) in said.iter().zip(heard) {
        signal += f64::from(*said).powi(2);
        noise += (f64::from(*said) - f64::from(*heard)).powi(2);
    }
    10.0 * (signal / noise).log10()
}

/// The samples by which the filters of G.722 delay.
const G722_DELAY: usize = 22;
