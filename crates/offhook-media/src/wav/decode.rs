//! From the bytes of the `data` chunk to mono samples.

use super::format::Description;
use super::{WavFormat, ima, oki};
use crate::Law;

/// Decodes and mixes down. `fact_samples` is the length that the file states for itself.
pub(super) fn decode(description: &Description, data: &[u8], fact_samples: Option<usize>) -> Vec<i16> {
    let length = samples_in(description, data.len(), fact_samples);
    let stereo = description.channels == 2;
    let mut samples = match description.format {
        WavFormat::Pcm16 => mix(data, stereo, |[low, high]: [u8; 2]| i16::from_le_bytes([low, high])),
        WavFormat::Pcm8 => mix(data, stereo, |[byte]: [u8; 1]| (i16::from(byte) - 128) << 8),
        WavFormat::ALaw => mix(data, stereo, |[byte]: [u8; 1]| Law::A.sample(byte)),
        WavFormat::MuLaw => mix(data, stereo, |[byte]: [u8; 1]| Law::Mu.sample(byte)),
        WavFormat::ImaAdpcm => ima::decode(data, description.block_bytes, stereo),
        WavFormat::OkiAdpcm => oki::decode(data, stereo),
    };
    samples.truncate(length);
    samples
}

/// The number of samples that [`decode`] returns for `bytes` of data.
pub(super) fn samples_in(description: &Description, bytes: usize, fact_samples: Option<usize>) -> usize {
    let channels = usize::from(description.channels);
    match description.format {
        WavFormat::Pcm16 => bytes / (2 * channels),
        WavFormat::Pcm8 | WavFormat::ALaw | WavFormat::MuLaw => bytes / channels,
        WavFormat::ImaAdpcm => {
            let decoded = ima::samples_in(bytes, description.block_bytes, channels);
            let per_block = ima::samples_in(description.block_bytes, description.block_bytes, channels);
            trimmed(decoded, fact_samples, per_block)
        }
        WavFormat::OkiAdpcm => trimmed(bytes * 2 / channels, fact_samples, 2),
    }
}

/// The last block is filled up; `fact` tells how much of it counts. A `fact` that would drop a whole block or more
/// was written by someone who does not know what it means, and is ignored.
fn trimmed(decoded: usize, fact_samples: Option<usize>, per_block: usize) -> usize {
    match fact_samples {
        Some(stated) if stated < decoded && decoded - stated < per_block => stated,
        _ => decoded,
    }
}

/// Decodes samples of `N` bytes each; of stereo, takes the mean of each pair. A cut-off last sample is dropped.
fn mix<const N: usize>(data: &[u8], stereo: bool, decode: impl Fn([u8; N]) -> i16) -> Vec<i16> {
    let (samples, _) = data.as_chunks::<N>();
    if stereo {
        let (pairs, _) = samples.as_chunks::<2>();
        pairs.iter().map(|[left, right]| mean(decode(*left), decode(*right))).collect()
    } else {
        samples.iter().map(|sample| decode(*sample)).collect()
    }
}

/// The mean of two samples: what both channels hold keeps its level.
pub(super) fn mean(left: i16, right: i16) -> i16 {
    // The mean of two 16-bit values fits 16 bits.
    ((i32::from(left) + i32::from(right)) / 2) as i16
}
