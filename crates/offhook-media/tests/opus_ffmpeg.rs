//! Opus against two other implementations: the decoder and encoder of ffmpeg itself, and libopus, which ffmpeg calls.
//!
//! What a stream sends is decoded by them, and what they encode is heard by a stream. Ogg (RFC 7845) carries the packets
//! from one to the other.

mod stream_support;

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use offhook_media::recorder::{RecordCodec, RecordSettings};
use offhook_media::speech::{self, Voice};
use offhook_media::{Clip, Codec, JobId, Sound, StreamCommand, StreamConfig, StreamEvent, measure, wav};
use opus_pure::{OggOpusReader, OggOpusWriter, OpusHead, packet::samples_48k};
use stream_support::{Driven, config, ms, packet, signalled};

/// The decoders of ffmpeg: its own, and the one of libopus.
const DECODERS: [&str; 2] = ["opus", "libopus"];
/// What the packets are counted in.
const CLOCK_RATE_HZ: u32 = 48_000;
const PAYLOAD_TYPE: u8 = 97;

#[test]
fn others_hear_what_a_stream_sends() {
    let spoken = spoken();
    for packet_ms in [20, 40, 60] {
        let file = folder().join(format!("sent-{packet_ms}.opus"));
        std::fs::write(&file, ogg(&sent(&spoken, packet_ms))).unwrap();
        // ffmpeg's own decoder takes what longer packets repeat for what they hold.
        for decoder in DECODERS.into_iter().filter(|decoder| *decoder == "libopus" || packet_ms == 20) {
            let heard = decoded(&file, decoder);
            assert_same(&spoken, &heard, &format!("{packet_ms} ms, decoded by {decoder}"));
        }
    }
}

/// Of every length from 2.5 to 60 ms, in each mode of the codec, in mono and in stereo (RFC 7587 section 4.2).
#[test]
fn a_stream_hears_what_others_send() {
    let voip = ["-c:a", "libopus", "-application", "voip", "-b:a", "24k"];
    let music = ["-c:a", "libopus", "-application", "audio", "-b:a", "64k"];
    let fast = ["-c:a", "libopus", "-application", "lowdelay", "-b:a", "64k"];
    let constant = ["-c:a", "libopus", "-application", "voip", "-b:a", "16k", "-vbr", "off"];
    let own = ["-c:a", "opus", "-strict", "experimental", "-b:a", "64k"];
    let rows: [(&[&str], &str, &str); 11] = [
        (&voip, "1", "10"),
        (&voip, "1", "20"),
        (&voip, "1", "60"),
        (&voip, "2", "20"),
        (&music, "1", "20"),
        (&music, "2", "40"),
        (&fast, "1", "2.5"),
        (&fast, "1", "5"),
        (&fast, "2", "10"),
        (&constant, "1", "40"),
        (&own, "1", ""),
    ];
    let spoken = spoken();
    let source = folder().join("source.wav");
    std::fs::write(&source, wav::write(&spoken)).unwrap();
    for (encoder, channels, packet_ms) in rows {
        let name = format!("{}, {channels} channels, packets of {packet_ms} ms", encoder.join(" "));
        let length: &[&str] = if packet_ms.is_empty() { &[] } else { &["-frame_duration", packet_ms] };
        // Both channels hold the voice at its level.
        let pan = if channels == "1" { "pan=mono|c0=c0" } else { "pan=stereo|c0=c0|c1=c0" };
        let file = folder().join("heard.opus");
        let input = source.to_string_lossy();
        let output = file.to_string_lossy();
        ffmpeg(&[&["-i", &input, "-af", pan, "-ar", "48000"], encoder, length, &[output.as_ref()]].concat());
        let packets = packets(&std::fs::read(&file).unwrap());
        let (heard, concealed) = heard(&packets, |_| false);
        assert_same(&spoken, &heard, &name);
        assert!(concealed < ms(30), "{name}: {concealed:?} concealed of {:?}", spoken.duration());
    }
}

/// RFC 7587 section 3.3: what libopus repeats of a packet that is lost is heard in its place.
#[test]
fn a_lost_packet_is_heard_from_what_the_next_one_repeats() {
    let spoken = spoken();
    let source = folder().join("repeated.wav");
    std::fs::write(&source, wav::write(&spoken)).unwrap();
    let file = folder().join("repeated.opus");
    let (input, output) = (source.to_string_lossy(), file.to_string_lossy());
    let encoder =
        ["-c:a", "libopus", "-application", "voip", "-b:a", "24k", "-fec", "1", "-packet_loss", "20"];
    ffmpeg(&[&["-i", &input, "-ac", "1", "-ar", "16000"], &encoder[..], &[output.as_ref()]].concat());
    let packets = packets(&std::fs::read(&file).unwrap());
    let lost = |number: usize| number % 7 == 3;
    let (heard, concealed) = heard(&packets, lost);
    assert_same(&spoken, &heard, "every seventh packet lost");
    let missing = ms(20) * packets.len() as u32 / 7;
    // Pauses are not repeated.
    assert!(concealed < missing / 3, "{concealed:?} concealed of {missing:?} that were lost");
}

/// What a stream sends when it plays `sound`.
fn sent(sound: &Sound, packet_ms: u64) -> Vec<Vec<u8>> {
    let mut driven = Driven::new(StreamConfig { packet_time: ms(packet_ms), ..opus() });
    let clip = Clip::for_codec(sound, Codec::Opus);
    driven.command(StreamCommand::Play { job: JobId(1), clip, looped: false, limit: None });
    driven.run(sound.duration() + ms(100));
    driven.rtp_sent().iter().map(|sent| sent.payload().to_vec()).collect()
}

/// What a stream records of these packets, and how much of it stands for what was lost.
fn heard(packets: &[Vec<u8>], lost: impl Fn(usize) -> bool) -> (Sound, Duration) {
    let mut driven = Driven::new(opus());
    let settings = RecordSettings { codec: RecordCodec::Pcm16, ..RecordSettings::default() };
    driven.command(StreamCommand::Record { job: JobId(1), settings: Box::new(settings) });
    let mut timestamp = 0;
    for (number, payload) in packets.iter().enumerate() {
        if !lost(number) {
            driven.rtp(signalled(), &packet(PAYLOAD_TYPE, number as u16, timestamp, payload));
        }
        let length = samples_48k(payload).unwrap() as u32;
        timestamp += length;
        driven.run(Duration::from_secs(1) * length / CLOCK_RATE_HZ);
    }
    let concealed = driven.stream.stats().concealed;
    driven.command(StreamCommand::Close);
    let (mut header, mut data) = (Vec::new(), Vec::new());
    for event in driven.happened() {
        if let StreamEvent::Recorded { part, .. } = event {
            header.clone_from(&part.header);
            data.extend_from_slice(&part.data);
        }
    }
    (wav::read(&[header, data].concat()).expect("the recording is a file"), concealed)
}

/// Both sound the same, wave by wave, at the same level.
fn assert_same(expected: &Sound, heard: &Sound, name: &str) {
    let expected = expected.resampled(heard.rate_hz);
    // From one second to four, which leaves the delay of the codec to both sides.
    let second = heard.rate_hz as usize;
    let part = &expected.samples[second..4 * second];
    let found =
        measure::correlate(part, &heard.samples).unwrap_or_else(|| panic!("{name}: nothing was heard"));
    let level =
        measure::rms_dbm0(&heard.samples[found.offset..found.offset + part.len()]) - measure::rms_dbm0(part);
    println!("{name}: likeness {:.3}, level {level:+.1} dB", found.score);
    assert!(found.score > 0.85, "{name}: likeness {:.3}", found.score);
    assert!(level.abs() < 1.5, "{name}: {level:+.1} dB");
}

fn spoken() -> Sound {
    let text =
        "Thank you for calling. Our office is open from nine to five. Please leave a message after the tone.";
    speech::synthesize(text, Voice::EnGb).unwrap().resampled(16_000)
}

fn opus() -> StreamConfig {
    StreamConfig { codec: Codec::Opus, payload_send: PAYLOAD_TYPE, payload_receive: PAYLOAD_TYPE, ..config() }
}

/// The file that holds these packets.
fn ogg(packets: &[Vec<u8>]) -> Vec<u8> {
    let head = OpusHead::new(1, 16_000).unwrap();
    let mut writer = OggOpusWriter::new(Vec::new(), head).unwrap();
    for packet in packets {
        writer.write_packet(packet).unwrap();
    }
    writer.finish().unwrap()
}

/// The packets of a file.
fn packets(file: &[u8]) -> Vec<Vec<u8>> {
    let mut reader = OggOpusReader::new(file).unwrap();
    reader.packets().map(|packet| packet.unwrap().data).collect()
}

/// The file as a decoder of ffmpeg hears it.
fn decoded(file: &std::path::Path, decoder: &str) -> Sound {
    let output = file.with_extension(format!("{decoder}.wav"));
    let (from, to) = (file.to_string_lossy(), output.to_string_lossy());
    ffmpeg(&["-c:a", decoder, "-i", &from, "-ac", "1", "-ar", "16000", "-c:a", "pcm_s16le", &to]);
    wav::read(&std::fs::read(&output).unwrap()).unwrap()
}

fn ffmpeg(arguments: &[&str]) {
    let output = Command::new("ffmpeg")
        .args(["-hide_banner", "-loglevel", "error", "-nostdin", "-y"])
        .args(arguments)
        .output()
        .expect("ffmpeg runs (package ffmpeg)");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "ffmpeg {}: {said}", arguments.join(" "));
}

/// Of this test file alone.
fn folder() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("opus");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
