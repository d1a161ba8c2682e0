//! What we send.

use opus_pure::{Application, OpusEncoder};

use super::{CHANNELS, SAMPLING_RATE_HZ};

/// Encodes one stream.
#[derive(Debug)]
pub(in crate::codec) struct Encoder {
    encoder: OpusEncoder,
}

impl Encoder {
    /// Encodes a packet of 20, 40 or 60 ms, and tells its length.
    pub(in crate::codec) fn encode(&mut self, samples: &[i16], payload: &mut [u8]) -> usize {
        // Refused are other durations and a payload without room for anything: then nothing is sent.
        self.encoder.encode_s16(samples, samples.len(), payload).unwrap_or(0)
    }
}

impl Default for Encoder {
    fn default() -> Self {
        // It refuses other rates and other numbers of channels, and nothing else.
        let mut encoder = OpusEncoder::new(SAMPLING_RATE_HZ, CHANNELS, Application::Voip)
            .expect("16 kHz and one channel are among what Opus encodes");
        encoder.bitrate_bps = BITRATE_BPS;
        encoder.complexity = COMPLEXITY;
        encoder.use_inband_fec = true;
        encoder.packet_loss_perc = EXPECTED_LOSS_PERCENT;
        Self { encoder }
    }
}

/// RFC 7587 section 3.1.1 names 16 to 20 kbit/s for wide-band speech; the rest pays for the repetition of the packet
/// before.
const BITRATE_BPS: i32 = 24_000;
/// From 0 to 10. Above 6 the encoder tells speech from music, which costs more than all else.
const COMPLEXITY: i32 = 5;
/// What the encoder makes provision for. With less than that there is no repetition.
const EXPECTED_LOSS_PERCENT: i32 = 10;
