//! The RIFF container: finds the chunks that matter and steps over the others.

use super::WavError;
use super::format::{u16_at, u32_at};

/// The chunks of a WAV file, borrowed from it.
pub(super) struct Chunks<'a> {
    /// Body of `fmt `.
    pub(super) format: &'a [u8],
    /// Body of `data`, cut to what the file holds.
    pub(super) data: &'a [u8],
    fact: Option<&'a [u8]>,
}

impl<'a> Chunks<'a> {
    pub(super) fn find(file: &'a [u8]) -> Result<Self, WavError> {
        if !(file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WAVE")) {
            return Err(WavError::NotWav { found: recognise(file) });
        }
        // A writer that streams cannot know the sizes and leaves 0 or "unknown" in both places.
        let streamed = matches!(u32_at(file, 4), Some(0 | u32::MAX));
        let (mut format, mut data, mut fact) = (None, None, None);
        let mut rest = &file[12..];
        while let (Some(id), Some(size)) = (rest.first_chunk::<4>(), u32_at(rest, 4)) {
            let body = &rest[8..];
            // A size beyond the end of the file: cut off in transit, or by a crash of the writer.
            let length = usize::try_from(size).unwrap_or(usize::MAX).min(body.len());
            match id {
                b"fmt " if format.is_none() => format = Some(&body[..length]),
                b"fact" => fact = Some(&body[..length]),
                b"data" if data.is_none() => {
                    if size == 0 && streamed {
                        data = Some(body);
                        break;
                    }
                    data = Some(&body[..length]);
                }
                _ => {}
            }
            // Chunks begin at even offsets; a few writers forget the padding byte.
            let padded = length + length % 2;
            rest = match body.get(padded..) {
                Some(next) if length % 2 == 1 && !is_chunk_id(next) && is_chunk_id(&body[length..]) => {
                    &body[length..]
                }
                Some(next) => next,
                None => &[],
            };
        }
        Ok(Self {
            format: format.ok_or(WavError::Missing { chunk: "fmt " })?,
            data: data.ok_or(WavError::Missing { chunk: "data" })?,
            fact,
        })
    }

    /// Samples of each channel by the `fact` chunk.
    pub(super) fn fact_samples(&self) -> Option<usize> {
        u32_at(self.fact?, 0).and_then(|samples| usize::try_from(samples).ok())
    }
}

fn is_chunk_id(bytes: &[u8]) -> bool {
    bytes.first_chunk::<4>().is_some_and(|id| id.iter().all(|byte| matches!(byte, b' '..=b'~')))
}

/// What a file that is no WAV file seems to be, for the error message.
fn recognise(file: &[u8]) -> &'static str {
    match file {
        [] => "an empty file",
        [b'R', b'I', b'F', b'F', ..] if file.len() < 12 => "a RIFF file cut off in its header",
        [b'R', b'I', b'F', b'F', ..] => "a RIFF file of another kind",
        [b'R', b'I', b'F', b'X', ..] => "a big-endian WAV file (RIFX)",
        [b'R', b'F', b'6', b'4', ..] | [b'B', b'W', b'6', b'4', ..] => "a 64-bit WAV file (RF64)",
        [b'O', b'g', b'g', b'S', ..] => "an Ogg file",
        [b'f', b'L', b'a', b'C', ..] => "a FLAC file",
        [b'I', b'D', b'3', ..] => "an MP3 file",
        [b'F', b'O', b'R', b'M', ..] => "an AIFF file",
        [b'.', b's', b'n', b'd', ..] => "an AU file",
        [b'#', b'!', b'A', b'M', b'R', ..] => "an AMR file",
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => "a TIFF file",
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => "an MP4 file",
        // The frame sync of MPEG audio: eleven bits set, then neither the reserved version nor the reserved layer.
        _ if u16_at(file, 0).is_some_and(|word| word & 0xE0FF == 0xE0FF && word & 0x0600 != 0) => {
            "an MP3 file"
        }
        _ => "unknown data",
    }
}
