//! What we hear.

use opus_pure::OpusDecoder;

use super::packet::{has_speech_layer, is_pause, packet_samples, repeated_samples};
use super::{CHANNELS, SAMPLING_RATE_HZ};
use crate::codec::Concealed;

/// Decodes one stream.
#[derive(Debug)]
pub(in crate::codec) struct Decoder {
    decoder: OpusDecoder,
    /// The packet that was decoded last, from which a copy of the decoder gets its state; empty before the first.
    latest: Vec<u8>,
    /// How often 10 ms were concealed since the last packet.
    concealed: u32,
}

impl Decoder {
    /// Decodes a packet to the front of `samples`, and tells how many there are; `None` if it is no packet of Opus, or
    /// stands for more samples than there is room for.
    pub(in crate::codec) fn decode(&mut self, payload: &[u8], samples: &mut [i16]) -> Option<usize> {
        let wanted = packet_samples(payload)?;
        let decoded = self.decoder.decode_s16(payload, wanted, samples.get_mut(..wanted)?).ok()?;
        self.concealed = 0;
        self.latest.clear();
        self.latest.extend_from_slice(&payload[..payload.len().min(ROOM_OF_PACKET)]);
        Some(decoded)
    }

    /// Fills 10 ms for which nothing came: comfort noise if the far end has announced a pause.
    pub(in crate::codec) fn conceal(&mut self, samples: &mut [i16]) -> Concealed {
        let pauses = is_pause(&self.latest);
        if !pauses && self.concealed >= FADED_OUT {
            // Nothing is left that could go on, and to find that out anew every 10 ms takes as long as to decode.
            samples.fill(0);
            return Concealed::Loss;
        }
        if self.latest.is_empty() || self.decoder.decode_s16(&[], samples.len(), samples).is_err() {
            return Concealed::Unable;
        }
        self.concealed = self.concealed.saturating_add(1);
        if pauses { Concealed::Pause } else { Concealed::Loss }
    }

    /// Fills `samples`, which were lost, from what the packet after them repeats of them; `false` if it does not.
    pub(in crate::codec) fn recover(&mut self, next: &[u8], samples: &mut [i16]) -> bool {
        let recovered = samples.len() == repeated_samples(next)
            && has_speech_layer(&self.latest)
            && self.decoder.decode_fec_s16(next, samples.len(), samples).is_ok();
        if recovered {
            self.concealed = 0;
        }
        recovered
    }
}

impl Default for Decoder {
    fn default() -> Self {
        // It refuses other rates and other numbers of channels, and nothing else.
        let decoder = OpusDecoder::new(SAMPLING_RATE_HZ, CHANNELS)
            .expect("16 kHz and one channel are among what Opus decodes");
        Self { decoder, latest: Vec::with_capacity(ROOM_OF_PACKET), concealed: 0 }
    }
}

impl Clone for Decoder {
    /// A decoder that has heard the latest packet only. It takes that up to sound like the original.
    fn clone(&self) -> Self {
        let mut copy = Self::default();
        if !self.latest.is_empty() {
            // What was decoded once can be decoded again; if not, the copy begins from silence.
            let _ = copy.decode(&self.latest, &mut [0; MOST_SAMPLES]);
        }
        copy
    }
}

/// A packet of one frame is not longer (RFC 6716 section 3.4, R2), and longer ones are hardly sent.
const ROOM_OF_PACKET: usize = 1276;
/// The decoder lets a lost voice fade, and after 300 ms nothing is heard of it.
const FADED_OUT: u32 = 30;
/// 120 ms.
const MOST_SAMPLES: usize = SAMPLING_RATE_HZ as usize * 120 / 1000;
