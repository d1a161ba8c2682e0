//! What can be a ringtone, and how it sounds.

use offhook::media::{Clip, Codec, Sound, measure, tone::Segment, wav};
use offhook::{ErrorKind, OperationError, PlayableMedia, Ring, Ringtone, State, ToneManager};

use crate::support::*;

fn early(ringtone: impl Into<Ringtone>) -> Ring {
    Ring::new().early_media().ringtone(ringtone)
}

fn file(name: &str) -> PlayableMedia {
    PlayableMedia::file(name)
}

/// RING-40, RING-47: a file is heard as it is.
#[test]
fn a_file_is_played() {
    scene(1, |mut scene| async move {
        let name = scene.file("folder/tone.wav", &sine_at(8000, 697.0, -16.0, 1.0));
        let (call, channel) = scene.plain_call().await;
        channel.ring(early(file(&name)).until_it_ends()).await.unwrap();
        let sound = call.heard().await.sound();
        assert_one_burst(&sound, 1000.0);
        assert_tone(part(&sound, 0.1, 0.9), 697.0, -16.0);
    });
}

/// RING-40, RING-12: a text is spoken, and `ring()` lasts as long as it.
#[test]
fn a_text_is_spoken() {
    scene(2, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        let text = PlayableMedia::text("Please hold the line.");
        let (_, blocked) = timed(channel.ring(early(text).until_it_ends())).await;
        assert!(blocked > ms(700) && blocked < secs(5.0), "{blocked:?}");
        let sound = call.heard().await.sound();
        assert!(measure::rms_dbm0(&sound.samples) > -35.0);
        assert!(sound.duration().abs_diff(blocked) <= ms(40), "{:?} in {blocked:?}", sound.duration());
    });
}

/// RING-41, TONE-11, TONE-15: a tone name needs a tone player, and a tone that its manager knows.
#[test]
fn a_tone_needs_a_player_that_knows_it() {
    scene(3, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        let error = channel.ring(early("RINGBACK")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Media);
        let tones = ToneManager::new();
        tones.create_tone(vec![Segment::single(1400, 12, 200)], "mine").unwrap();
        channel.attach_tone_player(&tones).unwrap();
        let error = channel.ring(early("yours")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Media);
        for known in ["RINGBACK", "RINGBACK_UK", "RINGBACK_EU", "mine"] {
            assert!(error.to_string().contains(known), "{error} does not list {known}");
        }
        assert_eq!((channel.state(), call.statuses()), (State::CallIncoming, vec![]));
        channel.ring(early("mine").until_it_ends()).await.unwrap();
        let sound = call.heard().await.sound();
        assert_tone(part(&sound, 0.02, 0.18), 1400.0, -12.0);
    });
}

/// RING-42: without a ringtone nothing is played.
#[test]
fn without_a_ringtone_nothing_is_played() {
    scene(4, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.ring(Ring::new().early_media().looped().seconds(1.0)).await.unwrap();
        assert_silent(&call.heard().await.sound().samples);
    });
}

/// RING-43: a ringtone of any other type is an error, nothing is sent.
#[test]
fn another_type_is_an_error() {
    scene(5, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        let error = channel.ring(early(Ringtone::Invalid("custom_ringtone is 7".into()))).await.unwrap_err();
        assert!(!error.is_hangup());
        assert!(error.to_string().contains("custom_ringtone is 7"), "{error}");
        assert_eq!((channel.state(), call.statuses()), (State::CallIncoming, vec![]));
    });
}

/// RING-44: the loop point falls on a sample: no gap and no click at the seam.
#[test]
fn a_loop_has_no_seam() {
    // Whole periods, but no whole number of frames: 20 samples a period, 8.375 frames and others.
    for (seed, samples) in [1340_usize, 1020, 20, 900, 1600].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let reference = sine(400.0, samples as f64 / 8000.0);
            let name = scene.file("loop.wav", &reference);
            let (call, channel) = scene.plain_call().await;
            channel.ring(early(file(&name)).looped().seconds(5.0)).await.unwrap();
            let sound = call.heard().await.sound();
            assert_one_burst(&sound, 5000.0);
            let heard = part(&sound, 0.0, 4.98);
            let expected = sine(400.0, 4.98).samples;
            for (at, (heard, expected)) in heard.iter().zip(&expected).enumerate() {
                let wrong = (i32::from(*heard) - i32::from(*expected)).abs();
                assert!(wrong <= 300, "{samples} samples: {wrong} at sample {at}");
            }
        });
    }
}

/// RING-45, RING-6, FILE-6, FILE-8: what cannot be played is an error before anything is sent.
#[test]
fn what_cannot_be_played_is_an_error() {
    let rows = [
        file("missing.wav"),
        file("folder/missing.wav"),
        file("text.wav"),
        file("cut.wav"),
        file("no_samples.wav"),
        file("nothing.wav"),
        file("folder.wav"),
        file("mp3.wav"),
        file("../outside.wav"),
        file("/etc/hosts.wav"),
        file("sound.mp3"),
        file(""),
        PlayableMedia::text(""),
        PlayableMedia::text("   "),
        PlayableMedia::new(),
        PlayableMedia::from_parts(Some("both".into()), Some("tone.wav".into())),
    ];
    for (seed, media) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let good = wav::write(&sine(440.0, 0.1));
            scene.file_of("tone.wav", &good);
            scene.file_of("text.wav", b"this is no sound");
            scene.file_of("cut.wav", &good[..30]);
            scene.file_of("nothing.wav", b"");
            scene.file("no_samples.wav", &Sound::new(8000, Vec::new()));
            std::fs::create_dir(scene.path("folder.wav")).unwrap();
            let mut mp3 = good.clone();
            mp3[20..22].copy_from_slice(&0x55_u16.to_le_bytes());
            scene.file_of("mp3.wav", &mp3);
            let (call, channel) = scene.plain_call().await;
            let error = channel.ring(early(media.clone()).until_it_ends()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Media, "{media:?}: {error}");
            assert_eq!((channel.state(), call.statuses()), (State::CallIncoming, vec![]), "{media:?}");
            channel.ring(early(file("tone.wav")).until_it_ends()).await.unwrap();
        });
    }
}

/// RING-46, FILE-7: every sampling rate from 6000 to 48000 Hz.
#[test]
fn every_sampling_rate_is_heard_alike() {
    for (seed, rate) in [6000, 8000, 11_000, 11_025, 16_000, 22_050, 44_100, 48_000].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let name = scene.file("tone.wav", &sine_at(rate, 1000.0, -10.0, 1.0));
            assert_plays_a_tone(&mut scene, &name, &rate).await;
        });
    }
}

/// RING-46, FILE-7: every accepted encoding, and stereo mixed down.
#[test]
fn every_encoding_is_heard_alike() {
    let tone = sine(1000.0, 1.0);
    let pcm8: Vec<u8> = tone.samples.iter().map(|sample| ((sample >> 8) + 128) as u8).collect();
    let stereo: Vec<u8> =
        tone.samples.iter().flat_map(|sample| [*sample; 2]).flat_map(i16::to_le_bytes).collect();
    let rows = [
        ("A-law", wav::write_clip(&Clip::for_codec(&tone, Codec::G711A))),
        ("mu-law", wav::write_clip(&Clip::for_codec(&tone, Codec::G711U))),
        ("16 bits", wav::write(&tone)),
        ("8 bits", wav_file(1, 1, 8, 1, &pcm8)),
        ("stereo", wav_file(1, 2, 16, 4, &stereo)),
        ("OKI ADPCM", wav_file(0x10, 1, 4, 1, &oki(&tone.samples))),
        ("IMA ADPCM", wav_file(0x11, 1, 4, 256, &ima(&tone.samples))),
    ];
    for (seed, (encoding, bytes)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let name = scene.file_of("tone.wav", &bytes);
            assert_plays_a_tone(&mut scene, &name, &encoding).await;
        });
    }
}

/// RING-46: what lies above the codec's band is not heard as something else.
#[test]
fn resampling_does_not_alias() {
    scene(6, |mut scene| async move {
        let name = scene.file("high.wav", &sine_at(48_000, 7000.0, -3.0, 1.0));
        let (call, channel) = scene.plain_call().await;
        channel.ring(early(file(&name)).until_it_ends()).await.unwrap();
        let sound = call.heard().await.sound();
        let level = measure::rms_dbm0(part(&sound, 0.1, 0.9));
        assert!(level <= -60.0, "{level} dBm0");
    });
}

/// RING-47, TONE-10, TONE-16: the predefined tones have their frequencies, levels and cadence.
#[test]
fn the_predefined_tones_sound_as_defined() {
    type Row = (&'static str, &'static [f64], f64, &'static [(f64, f64)]);
    let rows: [Row; 3] = [
        ("RINGBACK", &[440.0, 480.0], -19.0, &[(2000.0, 4000.0), (2000.0, 4000.0)]),
        (
            "RINGBACK_UK",
            &[400.0, 450.0],
            -19.0,
            &[(400.0, 200.0), (400.0, 2000.0), (400.0, 200.0), (400.0, 2000.0)],
        ),
        ("RINGBACK_EU", &[425.0], -13.0, &[(1000.0, 4000.0), (1000.0, 4000.0)]),
    ];
    for (seed, (tone, frequencies, level, cadence)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            channel.attach_tone_player(&ToneManager::new()).unwrap();
            let seconds = cadence.iter().map(|(on, off)| (on + off) / 1000.0).sum();
            channel.ring(early(tone).looped().seconds(seconds)).await.unwrap();
            let sound = call.heard().await.sound();
            let heard = measure::cadence(&sound.samples, 8000);
            assert_eq!(heard.len(), cadence.len(), "{tone}: {heard:?}");
            for (heard, expected) in heard.iter().zip(cadence) {
                assert!((heard.0 - expected.0).abs() <= 20.0, "{tone}: {heard:?} instead of {expected:?}");
                assert!((heard.1 - expected.1).abs() <= 20.0, "{tone}: {heard:?} instead of {expected:?}");
            }
            let burst = part(&sound, 0.02, cadence[0].0 / 1000.0 - 0.02);
            let mut found: Vec<f64> = measure::dominant_frequencies(burst, 8000, frequencies.len())
                .iter()
                .map(|component| component.frequency_hz)
                .collect();
            found.sort_by(f64::total_cmp);
            assert_eq!(found.len(), frequencies.len(), "{tone}: {found:?}");
            for (found, expected) in found.iter().zip(frequencies) {
                assert!((found - expected).abs() <= expected * 0.005, "{tone}: {found} Hz");
                assert_level(burst, *expected, level);
            }
        });
    }
}

/// RING-47: a file keeps its level, whatever it is.
#[test]
fn levels_are_kept() {
    for (seed, level) in [0.0, -6.0, -20.0, -35.0].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let name = scene.file("tone.wav", &sine_at(16_000, 1004.0, level, 1.0));
            let (call, channel) = scene.plain_call().await;
            channel.ring(early(file(&name)).until_it_ends()).await.unwrap();
            let sound = call.heard().await.sound();
            assert_tone(part(&sound, 0.1, 0.9), 1004.0, level);
        });
    }
}

async fn assert_plays_a_tone(scene: &mut Scene, name: &str, row: &dyn std::fmt::Display) {
    let (call, channel) = scene.plain_call().await;
    let (_, blocked) = timed(channel.ring(early(file(name)).until_it_ends())).await;
    assert!(blocked.abs_diff(secs(1.0)) <= ms(70), "{row}: {blocked:?}");
    let sound = call.heard().await.sound();
    let tone = part(&sound, 0.1, 0.9);
    let frequency = measure::dominant_frequency(tone, 8000).unwrap();
    assert!((frequency - 1000.0).abs() <= 5.0, "{row}: {frequency} Hz");
    let level = measure::level_dbm0(tone, 8000, 1000.0);
    assert!((level + 10.0).abs() <= 0.5, "{row}: {level} dBm0");
}

/// A WAV file at 8000 Hz of any format tag.
fn wav_file(tag: u16, channels: u16, bits: u16, block: u16, data: &[u8]) -> Vec<u8> {
    let samples_per_block: u16 = if tag == 0x11 { (block - 4) * 2 + 1 } else { 0 };
    let extra: Vec<u8> = if tag == 0x11 { samples_per_block.to_le_bytes().into() } else { Vec::new() };
    let bytes_per_second = 8000 * u32::from(bits) * u32::from(channels) / 8;
    let mut format = Vec::new();
    format.extend(tag.to_le_bytes());
    format.extend(channels.to_le_bytes());
    format.extend(8000_u32.to_le_bytes());
    format.extend(bytes_per_second.to_le_bytes());
    format.extend(block.to_le_bytes());
    format.extend(bits.to_le_bytes());
    format.extend((extra.len() as u16).to_le_bytes());
    format.extend(extra);
    let mut file = b"RIFF".to_vec();
    file.extend(((4 + 8 + format.len() + 8 + data.len()) as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend((format.len() as u32).to_le_bytes());
    file.extend(format);
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

/// OKI ADPCM: 12 bits, the first sample in the high half of each byte.
fn oki(samples: &[i16]) -> Vec<u8> {
    let steps: Vec<i32> = (0..49).map(|n| (16.0 * 1.1_f64.powi(n)).floor() as i32).collect();
    let codes = adpcm(samples.iter().map(|sample| i32::from(*sample >> 4)), &steps, -2048, 2047);
    codes.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).unwrap_or(&0)).collect()
}

/// IMA ADPCM in blocks of 256 bytes, the first sample in the low half of each byte.
fn ima(samples: &[i16]) -> Vec<u8> {
    const STEPS: [i32; 89] = [
        7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80,
        88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544,
        598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024,
        3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899,
        15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
    ];
    let (mut data, mut index) = (Vec::new(), 0);
    for block in samples.chunks(505) {
        data.extend(block[0].to_le_bytes());
        data.extend([index as u8, 0]);
        let mut codes = Vec::new();
        let mut predicted = i32::from(block[0]);
        for sample in &block[1..] {
            codes.push(adpcm_step(i32::from(*sample), &mut predicted, &mut index, &STEPS, -32768, 32767));
        }
        codes.resize(504, 0);
        data.extend(codes.chunks(2).map(|pair| pair[1] << 4 | pair[0]));
    }
    data
}

fn adpcm(samples: impl Iterator<Item = i32>, steps: &[i32], low: i32, high: i32) -> Vec<u8> {
    let (mut predicted, mut index) = (0, 0);
    samples.map(|sample| adpcm_step(sample, &mut predicted, &mut index, steps, low, high)).collect()
}

/// One code of four bits, the way both kinds of ADPCM have in common.
fn adpcm_step(sample: i32, predicted: &mut i32, index: &mut usize, steps: &[i32], low: i32, high: i32) -> u8 {
    let step = steps[*index];
    let difference = sample - *predicted;
    let magnitude = (difference.abs() * 4 / step).min(7);
    let change = step / 8
        + if magnitude & 4 != 0 { step } else { 0 }
        + if magnitude & 2 != 0 { step / 2 } else { 0 }
        + if magnitude & 1 != 0 { step / 4 } else { 0 };
    *predicted = (*predicted + if difference < 0 { -change } else { change }).clamp(low, high);
    let adjust: i32 = [-1, -1, -1, -1, 2, 4, 6, 8][magnitude as usize];
    *index = (*index as i32 + adjust).clamp(0, steps.len() as i32 - 1) as usize;
    magnitude as u8 | if difference < 0 { 8 } else { 0 }
}
