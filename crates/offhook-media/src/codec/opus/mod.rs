//! Opus (RFC 6716) as telephony uses it: wide band, one channel, 20 ms a frame (RFC 7587).
//!
//! The codec itself is the crate `opus-pure`. It runs at 16 kHz, the highest rate of everything else here; packets of
//! any bandwidth and of two channels are decoded to that.

mod decoder;
mod encoder;
mod packet;
#[cfg(test)]
mod tests;

pub(super) use decoder::Decoder;
pub(super) use encoder::Encoder;
pub(super) use packet::{packet_samples, repeated_samples};

/// What samples are counted in on both sides of the codec; its RTP clock runs at 48 kHz whatever is sent
/// (RFC 7587 section 4.1).
const SAMPLING_RATE_HZ: i32 = 16_000;
const CHANNELS: usize = 1;
