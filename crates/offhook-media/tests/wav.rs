//! WAV files as the media store holds them.

mod wav_support;

use std::f64::consts::TAU;
use std::time::Duration;

use offhook_media::wav::{self, WavError, WavFormat};
use offhook_media::{Clip, Codec, Law, Sound, measure};
use proptest::prelude::*;
use wav_support::{Wav, symphonia_mono};

const PCM: u16 = 1;
const ALAW: u16 = 6;
const MULAW: u16 = 7;

fn sine(rate_hz: u32, samples: usize) -> Vec<i16> {
    let step = TAU * 700.0 / f64::from(rate_hz);
    (0..samples).map(|index| (9000.0 * (step * index as f64).sin()) as i16).collect()
}

fn little_endian(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// FILE-7, RING-46: signed 16-bit PCM is read sample by sample, at every rate of the range.
#[test]
fn sixteen_bit_pcm_is_read_as_it_is() {
    for rate_hz in [6000, 8000, 11_000, 11_025, 16_000, 22_050, 44_100, 48_000] {
        let samples = sine(rate_hz, 1000);
        let file = Wav::new(PCM, 16, rate_hz, little_endian(&samples)).build();
        assert_eq!(wav::read(&file).unwrap(), Sound { rate_hz, samples });
    }
}

/// FILE-7, RING-46: unsigned 8-bit PCM is centred at 128.
#[test]
fn eight_bit_pcm_is_centred() {
    let file = Wav::new(PCM, 8, 8000, vec![0, 64, 128, 192, 255]).build();
    assert_eq!(wav::read(&file).unwrap().samples, [-32_768, -16_384, 0, 16_384, 32_512]);
}

/// FILE-7, RING-46: G.711 is read through the same tables as on the wire.
#[test]
fn g711_is_read_by_its_tables() {
    let every_code: Vec<u8> = (0..=255).collect();
    for (tag, law) in [(ALAW, Law::A), (MULAW, Law::Mu)] {
        let file = Wav::new(tag, 8, 8000, every_code.clone()).build();
        assert_eq!(wav::read(&file).unwrap().samples, law.decode(&every_code));
    }
}

/// RING-46: stereo is mixed down to the mean of both channels.
#[test]
fn stereo_is_mixed_down() {
    let file = Wav::new(PCM, 16, 8000, little_endian(&[1000, 3000, -32_768, -32_768, 32_767, -32_767]))
        .stereo()
        .build();
    assert_eq!(wav::read(&file).unwrap().samples, [2000, -32_768, 0]);
    let file = Wav::new(PCM, 8, 8000, vec![128, 138, 0, 0]).stereo().build();
    assert_eq!(wav::read(&file).unwrap().samples, [5 * 256, -32_768]);
}

/// RING-46: an independent reader gives the same samples for every format that it knows.
#[test]
fn an_independent_reader_agrees() {
    let samples = sine(11_025, 4000);
    let files = [
        Wav::new(PCM, 16, 11_025, little_endian(&samples)).build(),
        Wav::new(PCM, 8, 11_025, (0..=255).collect()).build(),
        Wav::new(ALAW, 8, 8000, (0..=255).collect()).build(),
        Wav::new(MULAW, 8, 8000, (0..=255).collect()).build(),
    ];
    for file in files {
        let ours = wav::read(&file).unwrap();
        let theirs = symphonia_mono(&file);
        assert_eq!(ours.samples.len(), theirs.len());
        for (ours, theirs) in ours.samples.iter().zip(&theirs) {
            assert!((i32::from(*ours) - i32::from(*theirs)).abs() <= 1, "{ours} {theirs}");
        }
    }
}

/// RING-46: WAVE_FORMAT_EXTENSIBLE is read as the format it wraps.
#[test]
fn extensible_files_are_read_as_what_they_wrap() {
    let samples = sine(8000, 50);
    let file = Wav::new(PCM, 16, 8000, little_endian(&samples)).extensible().build();
    assert_eq!(wav::read(&file).unwrap().samples, samples);
    let file = Wav::new(ALAW, 8, 8000, vec![0xD5; 5]).extensible().build();
    assert_eq!(wav::probe(&file).unwrap().format, WavFormat::ALaw);
}

/// RING-46: chunks of odd length are padded, and a writer that forgets the padding is forgiven.
#[test]
fn odd_chunks_are_stepped_over_padded_or_not() {
    for padded in [true, false] {
        let file =
            Wav::new(ALAW, 8, 8000, vec![0x55; 9]).chunk_before_data(b"LIST", b"INFOabc", padded).build();
        assert_eq!(wav::read(&file).unwrap().samples.len(), 9, "padded: {padded}");
    }
}

/// RING-46: what follows the data chunk is not heard.
#[test]
fn chunks_after_the_data_are_not_heard() {
    let mut file = Wav::new(ALAW, 8, 8000, vec![0xD5; 8]).build();
    file.extend_from_slice(b"LIST\x04\0\0\0abcd");
    assert_eq!(wav::read(&file).unwrap().samples.len(), 8);
}

/// RING-46: a data size that was never filled in means: to the end of the file.
#[test]
fn a_data_size_that_was_never_filled_in_means_the_rest_of_the_file() {
    for size in [0, u32::MAX] {
        let file = Wav::new(MULAW, 8, 8000, vec![0xFF; 777]).data_size(size).riff_size(size).build();
        assert_eq!(wav::read(&file).unwrap().samples.len(), 777, "{size:#x}");
    }
}

/// RING-46: a file that was cut off is played as far as it goes.
#[test]
fn a_file_that_was_cut_off_is_read_as_far_as_it_goes() {
    let file = Wav::new(PCM, 16, 8000, little_endian(&sine(8000, 500))).build();
    let cut = &file[..file.len() - 601];
    assert_eq!(wav::read(cut).unwrap().samples, sine(8000, 500)[..199]);
}

/// FILE-8: each format that is not read is named in the error.
#[test]
fn other_formats_are_refused_by_name() {
    let cases = [
        (PCM, 24, "24-bit PCM"),
        (PCM, 32, "32-bit PCM"),
        (3, 32, "32-bit floating point"),
        (2, 4, "Microsoft ADPCM (tag 0x0002)"),
        (0x31, 0, "GSM 6.10 (tag 0x0031)"),
        (0x55, 0, "MPEG layer 3 (tag 0x0055)"),
        (0x10, 3, "OKI ADPCM with 3 bits"),
        (0x11, 3, "IMA ADPCM with 3 bits"),
        (0x1234, 8, "tag 0x1234"),
    ];
    for (tag, bits, name) in cases {
        let file = Wav::new(tag, bits, 8000, vec![0; 64]).build();
        assert_eq!(wav::read(&file), Err(WavError::Unsupported { format: name.to_owned() }));
        let message = wav::read(&file).unwrap_err().to_string();
        assert!(
            message.starts_with(&format!("WAV format {name} is not supported; accepted: WAV with")),
            "{message}"
        );
    }
}

/// FILE-8: a file that is no WAV file is refused by what it seems to be.
#[test]
fn files_of_other_kinds_are_refused_by_name() {
    let cases: [(&[u8], &str); 8] = [
        (b"", "an empty file"),
        (b"RIFF", "a RIFF file cut off in its header"),
        (b"RIFF\0\0\0\0AVI LIST", "a RIFF file of another kind"),
        (b"OggS\0\x02\0\0\0\0\0\0", "an Ogg file"),
        (b"ID3\x04\0\0\0\0\0\0\0\0", "an MP3 file"),
        (b"fLaC\0\0\0\x22\0\0\0\0", "a FLAC file"),
        (b"II*\0\x08\0\0\0\0\0\0\0", "a TIFF file"),
        (b"Hello, world", "unknown data"),
    ];
    for (file, found) in cases {
        assert_eq!(wav::read(file), Err(WavError::NotWav { found }));
    }
}

/// RING-46, FILE-8: rates and channel counts out of range are named with what is accepted.
#[test]
fn rates_and_channels_out_of_range_are_refused() {
    for rate_hz in [0, 5999, 48_001, u32::MAX] {
        let file = Wav::new(ALAW, 8, rate_hz, vec![0; 8]).build();
        let error = wav::read(&file).unwrap_err();
        assert_eq!(error, WavError::Rate { format: WavFormat::ALaw, rate_hz });
        assert_eq!(
            error.to_string(),
            format!("G.711 A-law WAV file at {rate_hz} Hz; accepted: 6000 to 48000 Hz")
        );
    }
    for channels in [0, 3, 6] {
        let file = Wav::new(PCM, 16, 8000, vec![0; 24]).channels(channels).build();
        assert_eq!(wav::read(&file), Err(WavError::Channels { format: WavFormat::Pcm16, channels }));
    }
}

/// RING-45: a file without a sample is an error.
#[test]
fn a_file_without_a_sample_is_refused() {
    let file = Wav::new(PCM, 16, 8000, Vec::new()).build();
    assert_eq!(wav::read(&file), Err(WavError::Empty { format: WavFormat::Pcm16 }));
    assert_eq!(wav::probe(&file), Err(WavError::Empty { format: WavFormat::Pcm16 }));
}

/// RING-45: a header without its chunks is an error that names the missing one.
#[test]
fn missing_chunks_are_named() {
    assert_eq!(wav::read(b"RIFF\x04\0\0\0WAVE"), Err(WavError::Missing { chunk: "fmt " }));
    let file = Wav::new(PCM, 16, 8000, vec![0; 4]).build();
    assert_eq!(wav::read(&file[..36]), Err(WavError::Missing { chunk: "data" }));
}

/// RING-46: probing tells the duration without decoding.
#[test]
fn probing_tells_format_and_duration() {
    let file = Wav::new(PCM, 16, 16_000, vec![0; 64_000]).stereo().build();
    let info = wav::probe(&file).unwrap();
    assert_eq!(
        (info.format, info.channels, info.rate_hz, info.samples),
        (WavFormat::Pcm16, 2, 16_000, 16_000)
    );
    assert_eq!(info.duration(), Duration::from_secs(1));
}

/// FILE-7: what is written is read back as it was, by ourselves and by an independent reader.
#[test]
fn written_files_are_read_back() {
    let sound = Sound { rate_hz: 8000, samples: sine(8000, 333) };
    let file = wav::write(&sound);
    assert_eq!(wav::read(&file).unwrap(), sound);
    assert_eq!(symphonia_mono(&file), sound.samples);
    for codec in Codec::ALL {
        let clip = Clip::for_codec(&sound, codec);
        let file = wav::write_clip(&clip);
        assert_eq!(file.len() % 2, 0, "chunks are padded");
        assert_eq!(wav::read(&file).unwrap(), clip.decode());
        assert_eq!(symphonia_mono(&file), clip.decode().samples);
    }
}

/// RING-47: the level of a tone is the same from every format.
#[test]
fn levels_survive_every_format() {
    let samples = sine(8000, 8000);
    let expected = measure::level_dbm0(&samples, 8000, 700.0);
    let eight_bit = samples.iter().map(|sample| ((sample >> 8) + 128) as u8).collect();
    let files = [
        Wav::new(PCM, 16, 8000, little_endian(&samples)).build(),
        Wav::new(PCM, 8, 8000, eight_bit).build(),
        Wav::new(ALAW, 8, 8000, Law::A.encode(&samples)).build(),
        Wav::new(MULAW, 8, 8000, Law::Mu.encode(&samples)).build(),
        Wav::oki(8000, &samples).build(),
        Wav::ima(8000, &samples, 256).build(),
    ];
    for file in files {
        let heard = wav::read(&file).unwrap();
        let level = measure::level_dbm0(&heard.samples, 8000, 700.0);
        assert!(
            (level - expected).abs() < 0.3,
            "{:?}: {level} for {expected}",
            wav::probe(&file).unwrap().format
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// RING-45: no damage to a file makes reading panic, and a result is never larger than the file allows.
    #[test]
    fn damaged_files_never_panic(
        which in 0_usize..6,
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let samples = sine(8000, 300);
        let mut file = match which {
            0 => Wav::new(PCM, 16, 8000, little_endian(&samples)).stereo().build(),
            1 => Wav::new(PCM, 8, 8000, vec![1; 300]).extensible().build(),
            2 => Wav::new(ALAW, 8, 8000, vec![1; 301]).chunk_before_data(b"JUNK", b"odd", true).build(),
            3 => Wav::oki(8000, &samples).build(),
            4 => Wav::ima(8000, &samples, 64).build(),
            _ => Wav::ima(8000, &samples, 64).stereo().build(),
        };
        for (index, byte) in damage {
            let at = index.index(file.len());
            file[at] = byte;
        }
        file.truncate(cut.index(file.len() + 1));
        let read = wav::read(&file);
        let probed = wav::probe(&file);
        match (read, probed) {
            (Ok(sound), Ok(info)) => {
                prop_assert_eq!(sound.samples.len(), info.samples);
                prop_assert!(sound.samples.len() <= 2 * file.len());
            }
            (Err(read), Err(probed)) => prop_assert_eq!(read, probed),
            (read, probed) => prop_assert!(false, "{:?} {:?}", read, probed),
        }
    }

    /// RING-45: bytes that were never a file do not panic either.
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut file = b"RIFF\0\0\0\0WAVEfmt ".to_vec();
        file.extend_from_slice(&bytes);
        prop_assert_eq!(wav::read(&file).is_ok(), wav::probe(&file).is_ok());
        prop_assert_eq!(wav::read(&bytes).is_ok(), wav::probe(&bytes).is_ok());
    }
}
