//! WAV files made for tests, with encoders of their own, and an independent reader.

use std::io::Cursor;

use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::formats::FormatOptions;
use symphonia::core::formats::probe::Hint;
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::MetadataOptions;

/// A file in the making.
pub(crate) struct Wav {
    tag: u16,
    bits: u16,
    channels: u16,
    rate_hz: u32,
    block_bytes: u16,
    extension: Vec<u8>,
    extensible: bool,
    before_data: Vec<u8>,
    fact: Option<u32>,
    data: Vec<u8>,
    data_size: Option<u32>,
    riff_size: Option<u32>,
}

#[allow(dead_code, reason = "each test file uses its part")]
impl Wav {
    pub(crate) fn new(tag: u16, bits: u16, rate_hz: u32, data: Vec<u8>) -> Self {
        Self {
            tag,
            bits,
            channels: 1,
            rate_hz,
            block_bytes: (bits / 8).max(1),
            extension: Vec::new(),
            extensible: false,
            before_data: Vec::new(),
            fact: None,
            data,
            data_size: None,
            riff_size: None,
        }
    }

    /// OKI ADPCM, encoded by [`oki_encode`].
    pub(crate) fn oki(rate_hz: u32, samples: &[i16]) -> Self {
        Self::new(0x10, 4, rate_hz, oki_encode(samples))
    }

    /// IMA ADPCM in mono blocks of `block_bytes`, the last one filled up and the length stated in `fact`.
    pub(crate) fn ima(rate_hz: u32, samples: &[i16], block_bytes: u16) -> Self {
        let per_block = usize::from(block_bytes - 4) * 2 + 1;
        let mut index = 20;
        let data =
            samples.chunks(per_block).flat_map(|block| ima_block(block, per_block, &mut index)).collect();
        let mut wav = Self::new(0x11, 4, rate_hz, data);
        wav.block_bytes = block_bytes;
        wav.extension = (per_block as u16).to_le_bytes().to_vec();
        wav.fact = Some(samples.len() as u32);
        wav
    }

    pub(crate) fn tag(mut self, tag: u16) -> Self {
        self.tag = tag;
        self
    }

    pub(crate) fn fact(mut self, samples: Option<u32>) -> Self {
        self.fact = samples;
        self
    }

    pub(crate) fn stereo(self) -> Self {
        self.channels(2)
    }

    pub(crate) fn channels(mut self, channels: u16) -> Self {
        self.channels = channels;
        self
    }

    pub(crate) fn extensible(mut self) -> Self {
        self.extensible = true;
        self
    }

    pub(crate) fn chunk_before_data(mut self, id: &[u8; 4], body: &[u8], padded: bool) -> Self {
        self.before_data.extend_from_slice(id);
        self.before_data.extend_from_slice(&(body.len() as u32).to_le_bytes());
        self.before_data.extend_from_slice(body);
        if padded && body.len() % 2 == 1 {
            self.before_data.push(0);
        }
        self
    }

    pub(crate) fn data_size(mut self, size: u32) -> Self {
        self.data_size = Some(size);
        self
    }

    pub(crate) fn riff_size(mut self, size: u32) -> Self {
        self.riff_size = Some(size);
        self
    }

    pub(crate) fn build(&self) -> Vec<u8> {
        let mut format = Vec::new();
        let tag = if self.extensible { 0xFFFE } else { self.tag };
        for field in [tag, self.channels] {
            format.extend_from_slice(&field.to_le_bytes());
        }
        format.extend_from_slice(&self.rate_hz.to_le_bytes());
        format.extend_from_slice(&self.rate_hz.to_le_bytes());
        for field in [self.block_bytes * self.channels.clamp(1, 2), self.bits] {
            format.extend_from_slice(&field.to_le_bytes());
        }
        if self.extensible {
            format.extend_from_slice(&22_u16.to_le_bytes());
            format.extend_from_slice(&self.bits.to_le_bytes());
            format.extend_from_slice(&4_u32.to_le_bytes());
            format.extend_from_slice(&self.tag.to_le_bytes());
            format.extend_from_slice(b"\0\0\0\0\x10\0\x80\0\0\xAA\0\x38\x9B\x71");
        } else if self.tag != 1 {
            format.extend_from_slice(&(self.extension.len() as u16).to_le_bytes());
            format.extend_from_slice(&self.extension);
        }
        let mut body = b"WAVEfmt ".to_vec();
        body.extend_from_slice(&(format.len() as u32).to_le_bytes());
        body.extend_from_slice(&format);
        if let Some(samples) = self.fact {
            body.extend_from_slice(b"fact\x04\0\0\0");
            body.extend_from_slice(&samples.to_le_bytes());
        }
        body.extend_from_slice(&self.before_data);
        body.extend_from_slice(b"data");
        body.extend_from_slice(&self.data_size.unwrap_or(self.data.len() as u32).to_le_bytes());
        body.extend_from_slice(&self.data);
        let mut file = b"RIFF".to_vec();
        file.extend_from_slice(&self.riff_size.unwrap_or(body.len() as u32).to_le_bytes());
        file.extend_from_slice(&body);
        file
    }
}

/// An encoder that searches: of the sixteen codes it takes the one whose decoded value lies nearest, with the step
/// size computed by rule (each a tenth larger) instead of looked up.
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) fn oki_encode(samples: &[i16]) -> Vec<u8> {
    let step = |index: i32| (16.0 * 1.1_f64.powi(index)).floor() as i32;
    let (mut signal, mut index) = (0_i32, 0_i32);
    let mut codes = samples.iter().map(|sample| {
        let wanted = i32::from(*sample) / 16;
        let (code, next) = best_code(wanted, signal, step(index), -2048, 2047);
        signal = next;
        index = (index + index_change(code)).clamp(0, 48);
        code
    });
    let mut bytes = Vec::new();
    while let Some(high) = codes.next() {
        bytes.push(high << 4 | codes.next().unwrap_or(0));
    }
    bytes
}

/// A mono block of IMA ADPCM, filled up with its last sample. The step size goes on from block to block.
fn ima_block(samples: &[i16], per_block: usize, index: &mut i32) -> Vec<u8> {
    let mut predicted = i32::from(samples[0]);
    let mut block = vec![samples[0] as u8, (samples[0] >> 8) as u8, *index as u8, 0];
    let last = samples[samples.len() - 1];
    let mut codes = (1..per_block).map(|at| {
        let wanted = i32::from(samples.get(at).copied().unwrap_or(last));
        let (code, next) = best_code(wanted, predicted, ima_step(*index), -32_768, 32_767);
        predicted = next;
        *index = (*index + index_change(code)).clamp(0, 88);
        code
    });
    while let Some(low) = codes.next() {
        block.push(low | codes.next().unwrap_or(0) << 4);
    }
    block
}

/// The step sizes of IMA ADPCM grow by a tenth each; those that rounding by rule would miss are given.
fn ima_step(index: i32) -> i32 {
    const STEPS: &str = "7 8 9 10 11 12 13 14 16 17 19 21 23 25 28 31 34 37 41 45 50 55 60 66 73 80 88 97 107 118 130 \
                         143 157 173 190 209 230 253 279 307 337 371 408 449 494 544 598 658 724 796 876 963 1060 \
                         1166 1282 1411 1552 1707 1878 2066 2272 2499 2749 3024 3327 3660 4026 4428 4871 5358 5894 \
                         6484 7132 7845 8630 9493 10442 11487 12635 13899 15289 16818 18500 20350 22385 24623 27086 \
                         29794 32767";
    STEPS.split(' ').nth(index as usize).and_then(|step| step.parse().ok()).expect("89 steps")
}

fn best_code(wanted: i32, signal: i32, step: i32, lowest: i32, highest: i32) -> (u8, i32) {
    (0..16_u8)
        .map(|code| {
            let [eighth, half, whole] = [step >> 3, step >> 1, step];
            let mut difference = eighth;
            difference += if code & 4 == 0 { 0 } else { whole };
            difference += if code & 2 == 0 { 0 } else { half };
            difference += if code & 1 == 0 { 0 } else { step >> 2 };
            let next = signal + if code & 8 == 0 { difference } else { -difference };
            (code, next.clamp(lowest, highest))
        })
        .min_by_key(|(_, next)| (next - wanted).abs())
        .expect("sixteen codes")
}

fn index_change(code: u8) -> i32 {
    [-1, -1, -1, -1, 2, 4, 6, 8][usize::from(code & 7)]
}

/// What symphonia reads: the mean of the channels.
#[allow(dead_code, reason = "each test file uses its part")]
pub(crate) fn symphonia_mono(file: &[u8]) -> Vec<i16> {
    let source = MediaSourceStream::new(Box::new(Cursor::new(file.to_vec())), Default::default());
    let mut format = symphonia::default::get_probe()
        .probe(
            Hint::new().with_extension("wav"),
            source,
            FormatOptions::default(),
            MetadataOptions::default(),
        )
        .expect("a file that symphonia knows");
    let track = &format.tracks()[0];
    let parameters = track.codec_params.as_ref().and_then(|it| it.audio()).expect("audio").clone();
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&parameters, &AudioDecoderOptions::default())
        .expect("a codec that symphonia knows");
    let mut interleaved: Vec<i16> = Vec::new();
    let mut channels = 1;
    while let Ok(Some(packet)) = format.next_packet() {
        let audio = decoder.decode(&packet).expect("sound data");
        channels = audio.spec().channels().count();
        let mut part = vec![0_i16; audio.samples_interleaved()];
        audio.copy_to_slice_interleaved(&mut part);
        interleaved.extend(part);
    }
    interleaved
        .chunks(channels)
        .map(|frame| (frame.iter().map(|it| i32::from(*it)).sum::<i32>() / channels as i32) as i16)
        .collect()
}
