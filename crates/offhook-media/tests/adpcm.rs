//! IMA and OKI ADPCM in WAV files.

mod wav_support;

use std::f64::consts::TAU;

use offhook_media::measure;
use offhook_media::wav::{self, WavError, WavFormat};
use wav_support::{Wav, oki_encode, symphonia_mono};

fn sine(samples: usize) -> Vec<i16> {
    (0..samples).map(|index| (12_000.0 * (TAU * 425.0 * index as f64 / 8000.0).sin()) as i16).collect()
}

/// How far the difference of two sounds lies below the first, in decibels.
fn signal_to_noise(sound: &[i16], heard: &[i16]) -> f64 {
    let difference: Vec<i16> =
        sound.iter().zip(heard).map(|(sound, heard)| sound.saturating_sub(*heard)).collect();
    measure::rms_dbm0(sound) - measure::rms_dbm0(&difference)
}

/// FILE-7, RING-46: OKI ADPCM, under either of its tags, sounds like what was encoded.
#[test]
fn oki_adpcm_sounds_like_what_was_encoded() {
    let sound = sine(8000);
    for tag in [0x10, 0x17] {
        let heard = wav::read(&Wav::oki(8000, &sound).tag(tag).build()).unwrap();
        let distance = signal_to_noise(&sound, &heard.samples);
        assert!(distance > 20.0, "tag {tag:#x}: {distance} dB");
    }
}

/// RING-46: OKI ADPCM begins at silence with the smallest step, the high half of a byte first.
#[test]
fn oki_adpcm_decodes_to_the_values_of_its_definition() {
    // From 0 with step 16: +7 adds 16/8 + 16 + 16/2 + 16/4 = 30 and moves the step by eight to 34;
    // -0 then takes 34/8 = 4 away and moves it back by one to 31; +1 adds 31/8 + 31/4 = 10.
    let file = Wav::new(0x10, 4, 8000, vec![0x78, 0x10]).build();
    let heard = wav::read(&file).unwrap().samples;
    assert_eq!(heard[..3], [30 << 4, 26 << 4, 36 << 4]);
}

/// RING-46: OKI ADPCM stops at twelve bits and never wraps.
#[test]
fn oki_adpcm_saturates() {
    let loud = wav::read(&Wav::new(0x10, 4, 8000, vec![0x77; 50]).build()).unwrap().samples;
    assert_eq!(loud.last(), Some(&(2047 << 4)));
    let loud = wav::read(&Wav::new(0x10, 4, 8000, vec![0xFF; 50]).build()).unwrap().samples;
    assert_eq!(loud.last(), Some(&i16::MIN));
}

/// RING-46: of stereo OKI ADPCM the codes alternate between the channels.
#[test]
fn stereo_oki_adpcm_is_mixed_down() {
    let sound = sine(4000);
    let mono = oki_encode(&sound);
    let nibbles = mono.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
    let both = nibbles.map(|code| code << 4 | code).collect();
    let heard = wav::read(&Wav::new(0x10, 4, 8000, both).stereo().build()).unwrap();
    assert_eq!(heard.samples, wav::read(&Wav::oki(8000, &sound).build()).unwrap().samples);
}

/// FILE-7, RING-46: IMA ADPCM sounds like what was encoded, in blocks of any size.
#[test]
fn ima_adpcm_sounds_like_what_was_encoded() {
    let sound = sine(8000);
    for block_bytes in [36, 256, 512, 2048] {
        let heard = wav::read(&Wav::ima(8000, &sound, block_bytes).build()).unwrap();
        assert_eq!(heard.samples.len(), sound.len());
        let distance = signal_to_noise(&sound, &heard.samples);
        assert!(distance > 20.0, "blocks of {block_bytes}: {distance} dB");
    }
}

/// RING-46: an independent decoder agrees on IMA ADPCM. It rounds the differences once instead of in three parts, so
/// that a few units of drift within a block are to be expected.
#[test]
fn an_independent_decoder_agrees_on_ima_adpcm() {
    let file = Wav::ima(8000, &sine(505 * 6), 256).build();
    let (ours, theirs) = (wav::read(&file).unwrap().samples, symphonia_mono(&file));
    assert_eq!(ours.len(), theirs.len());
    let difference = ours.iter().zip(&theirs).map(|(ours, theirs)| ours.abs_diff(*theirs)).max();
    assert!(difference < Some(50), "{difference:?}");
}

/// RING-46: the samples that fill up the last block are not heard; a length that makes no sense is ignored.
#[test]
fn the_fact_chunk_cuts_the_last_block_only() {
    let sound = sine(600);
    let whole = 2 * 505;
    for (fact, expected) in [(Some(600), 600), (None, whole), (Some(3), whole), (Some(9999), whole)] {
        let file = Wav::ima(8000, &sound, 256).fact(fact).build();
        assert_eq!(wav::read(&file).unwrap().samples.len(), expected, "{fact:?}");
        assert_eq!(wav::probe(&file).unwrap().samples, expected, "{fact:?}");
    }
}

/// RING-46: a block that was cut off is heard as far as it goes.
#[test]
fn a_block_that_was_cut_off_is_heard_as_far_as_it_goes() {
    let file = Wav::ima(8000, &sine(1010), 256).build();
    let whole = wav::read(&file).unwrap().samples;
    let cut = wav::read(&file[..file.len() - 100]).unwrap().samples;
    assert_eq!(cut, whole[..1010 - 200]);
}

/// RING-45: blocks without room for a sample are an error, and a step index out of range does no harm.
#[test]
fn impossible_blocks_are_refused_and_damaged_ones_are_heard() {
    let file = Wav::new(0x11, 4, 8000, vec![0; 64]).build();
    let what = "the IMA ADPCM block is not longer than its header";
    assert_eq!(wav::read(&file), Err(WavError::Malformed { what }));
    let mut file = Wav::ima(8000, &sine(505), 256).build();
    let header = file.len() - 256;
    file[header + 2] = 255;
    assert_eq!(wav::read(&file).unwrap().samples.len(), 505);
    assert_eq!(wav::probe(&file).unwrap().format, WavFormat::ImaAdpcm);
}
