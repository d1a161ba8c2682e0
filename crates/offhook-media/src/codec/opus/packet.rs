//! What a packet tells before it is decoded (RFC 6716 section 3.1).

use opus_pure::{OpusMode, packet};

use super::SAMPLING_RATE_HZ;

/// The samples that a packet stands for, 2.5 to 120 ms; `None` if it cannot be a packet of Opus.
pub(in crate::codec) fn packet_samples(payload: &[u8]) -> Option<usize> {
    packet::samples(payload, SAMPLING_RATE_HZ).ok()
}

/// Whether nothing was encoded: with discontinuous transmission an encoder makes packets of two bytes at most while
/// nobody speaks, of which only the first need be sent (RFC 7587 section 3.1.3).
pub(super) fn is_pause(payload: &[u8]) -> bool {
    payload.len() <= 2
}

/// Whether the speech layer has a part in it: no other layer repeats anything.
pub(super) fn has_speech_layer(payload: &[u8]) -> bool {
    packet::mode(payload).is_ok_and(|mode| mode != OpusMode::CeltOnly)
}

/// The samples before this packet that it repeats for the case that they were lost; 0 if none (RFC 7587 section 3.3).
///
/// Only packets of one frame are looked into: those of several frames last so long that they are hardly sent.
pub(in crate::codec) fn repeated_samples(payload: &[u8]) -> usize {
    let [table_of_contents, first, ..] = payload else { return 0 };
    let one_frame = table_of_contents & 0x03 == 0;
    if !one_frame || !has_speech_layer(payload) {
        return 0;
    }
    let Some(samples) = packet_samples(payload) else { return 0 };
    // The frame begins with a bit for each 20 ms that says whether somebody speaks, and one that says whether there is
    // a repetition: first those of the middle, then those of the side (RFC 6716 section 4.2.3).
    let spoken = samples.div_ceil(SAMPLES_OF_20_MS);
    let middle = first >> (7 - spoken) & 1 == 1;
    let stereo = packet::channels(payload).is_ok_and(|channels| channels == 2);
    let side = stereo && first >> (6 - 2 * spoken) & 1 == 1;
    if middle || side { samples } else { 0 }
}

const SAMPLES_OF_20_MS: usize = SAMPLING_RATE_HZ as usize / 50;
