//! WAV files in memory: what the media store holds (RING-46, FILE-7).
//!
//! Read are G.711 A-law and mu-law, signed 16-bit and unsigned 8-bit PCM, IMA ADPCM and OKI/Dialogic ADPCM with
//! 4 bits, mono or stereo (mixed down), at 6000 to 48000 Hz. Everything else is refused by an error that names the
//! format found (FILE-8).
//!
//! The container is read by our own code rather than by symphonia: symphonia has no OKI ADPCM, its errors do not name
//! the format, and it refuses headers that telephony equipment writes (a `fmt ` chunk of unusual length, a data size
//! that was never filled in). The tests compare the formats that it does read with its output.
//!
//! Reading allocates at most the samples of the result: four bytes for each byte of the file, whatever the header
//! claims. No input makes it panic.

mod chunks;
mod decode;
mod error;
mod format;
mod ima;
mod oki;

use std::time::Duration;

pub use error::WavError;
pub use format::WavFormat;

use crate::{Clip, Law, Sound};
use chunks::Chunks;
use format::Description;

/// Reads a whole file; stereo is mixed down. The sound keeps the file's rate.
///
/// # Errors
///
/// [`WavError`]: not a WAV file, malformed, a format outside RING-46, or without a sample.
pub fn read(file: &[u8]) -> Result<Sound, WavError> {
    let chunks = Chunks::find(file)?;
    let description = Description::parse(chunks.format)?;
    let samples = decode::decode(&description, chunks.data, chunks.fact_samples());
    if samples.is_empty() {
        return Err(WavError::Empty { format: description.format });
    }
    Ok(Sound { rate_hz: description.rate_hz, samples })
}

/// Reads a file's header: what [`read`] would return, without decoding. Fails exactly when [`read`] fails.
///
/// # Errors
///
/// As [`read`].
pub fn probe(file: &[u8]) -> Result<WavInfo, WavError> {
    let chunks = Chunks::find(file)?;
    let description = Description::parse(chunks.format)?;
    let samples = decode::samples_in(&description, chunks.data.len(), chunks.fact_samples());
    if samples == 0 {
        return Err(WavError::Empty { format: description.format });
    }
    Ok(WavInfo {
        format: description.format,
        channels: description.channels,
        rate_hz: description.rate_hz,
        samples,
    })
}

/// Writes sound as signed 16-bit PCM.
pub fn write(sound: &Sound) -> Vec<u8> {
    let data: Vec<u8> = sound.samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    container(WavFormat::Pcm16, sound.rate_hz, &data)
}

/// Writes a clip as it is: G.711, or signed 16-bit PCM where it was made for another codec.
pub fn write_clip(clip: &Clip) -> Vec<u8> {
    match clip.encoded() {
        Some((Law::A, bytes)) => container(WavFormat::ALaw, Law::RATE_HZ, bytes),
        Some((Law::Mu, bytes)) => container(WavFormat::MuLaw, Law::RATE_HZ, bytes),
        None => write(&clip.decode()),
    }
}

/// What a WAV file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WavInfo {
    /// The encoding of the samples.
    pub format: WavFormat,
    /// 1 or 2.
    pub channels: u16,
    /// Samples a second and channel.
    pub rate_hz: u32,
    /// Samples of each channel.
    pub samples: usize,
}

impl WavInfo {
    /// The playing time.
    pub fn duration(&self) -> Duration {
        Duration::from_secs_f64(self.samples as f64 / f64::from(self.rate_hz))
    }
}

/// A mono file of a format without blocks.
fn container(format: WavFormat, rate_hz: u32, data: &[u8]) -> Vec<u8> {
    let mut file = header(format, 1, rate_hz, data.len());
    file.extend_from_slice(data);
    if data.len() % 2 == 1 {
        file.push(0);
    }
    file
}

/// What stands before `data_bytes` of a format without blocks. Its length does not depend on them.
pub(crate) fn header(format: WavFormat, channels: u16, rate_hz: u32, data_bytes: usize) -> Vec<u8> {
    let frame_bytes = channels * (format.bits_per_sample() / 8);
    let pcm = format == WavFormat::Pcm16;
    let mut header = Vec::with_capacity(64);
    header.extend_from_slice(b"RIFF");
    header.extend_from_slice(&[0; 4]);
    header.extend_from_slice(b"WAVEfmt ");
    header.extend_from_slice(&if pcm { 16_u32 } else { 18 }.to_le_bytes());
    header.extend_from_slice(&format.tag().to_le_bytes());
    header.extend_from_slice(&channels.to_le_bytes());
    header.extend_from_slice(&rate_hz.to_le_bytes());
    header.extend_from_slice(&rate_hz.saturating_mul(u32::from(frame_bytes)).to_le_bytes());
    header.extend_from_slice(&frame_bytes.to_le_bytes());
    header.extend_from_slice(&format.bits_per_sample().to_le_bytes());
    if !pcm {
        // Formats other than PCM state the size of their extension, here none, and their length in samples.
        header.extend_from_slice(&0_u16.to_le_bytes());
        header.extend_from_slice(b"fact");
        header.extend_from_slice(&4_u32.to_le_bytes());
        header.extend_from_slice(&chunk_size(data_bytes / usize::from(frame_bytes)));
    }
    header.extend_from_slice(b"data");
    header.extend_from_slice(&chunk_size(data_bytes));
    // The size counts what follows it, with the padding of data of an odd length.
    let riff_bytes = chunk_size((header.len() - 8).saturating_add(data_bytes).saturating_add(data_bytes % 2));
    header[4..8].copy_from_slice(&riff_bytes);
    header
}

/// Beyond 4 GiB the size reads "unknown": up to the end of the file.
fn chunk_size(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes()
}
