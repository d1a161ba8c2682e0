//! The two ends of a codec that remembers what went before: an encoder for what leaves a stream, a decoder for what
//! comes to it.

use super::noise::ComfortNoise;
use super::{Codec, Law, g722, g729, opus};

/// Encodes what one stream sends, packet after packet.
///
/// Neither this nor [`Decoder`] allocates once it is made.
#[derive(Debug)]
pub struct Encoder(AnyEncoder);

#[derive(Debug)]
enum AnyEncoder {
    G711(Law),
    G722(Box<g722::Encoder>),
    Opus(Box<opus::Encoder>),
    G729(Box<g729::Encoder>),
}

impl Encoder {
    /// An encoder that has encoded nothing.
    pub fn new(codec: Codec) -> Self {
        Self(match codec {
            Codec::G711A => AnyEncoder::G711(Law::A),
            Codec::G711U => AnyEncoder::G711(Law::Mu),
            Codec::G722 => AnyEncoder::G722(Box::default()),
            Codec::Opus => AnyEncoder::Opus(Box::default()),
            Codec::G729 => AnyEncoder::G729(Box::default()),
        })
    }

    /// Encodes the samples of one packet, at [`Codec::sampling_rate_hz`] and a whole number of
    /// [`Codec::frame_time`]s, and tells how many bytes of `payload` they take. None: the packet is not sent, since
    /// the far end makes the silence itself.
    pub fn encode(&mut self, samples: &[i16], payload: &mut [u8]) -> usize {
        match &mut self.0 {
            AnyEncoder::G711(law) => law.encode_into(samples, payload),
            AnyEncoder::G722(encoder) => encoder.encode(samples, payload),
            AnyEncoder::Opus(encoder) => encoder.encode(samples, payload),
            AnyEncoder::G729(encoder) => encoder.encode(samples, payload),
        }
    }
}

/// Decodes what one stream hears, packet after packet in the order in which they were sent.
#[derive(Clone, Debug)]
pub struct Decoder {
    codec: Codec,
    decoder: AnyDecoder,
    /// What the far end wants heard while it says nothing; `None` while it speaks.
    noise: Option<ComfortNoise>,
}

#[derive(Clone, Debug)]
enum AnyDecoder {
    G711(Law),
    G722(Box<g722::Decoder>),
    Opus(Box<opus::Decoder>),
    G729(Box<g729::Decoder>),
}

impl Decoder {
    /// A decoder that has decoded nothing.
    pub fn new(codec: Codec) -> Self {
        let decoder = match codec {
            Codec::G711A => AnyDecoder::G711(Law::A),
            Codec::G711U => AnyDecoder::G711(Law::Mu),
            Codec::G722 => AnyDecoder::G722(Box::default()),
            Codec::Opus => AnyDecoder::Opus(Box::default()),
            Codec::G729 => AnyDecoder::G729(Box::default()),
        };
        Self { codec, decoder, noise: None }
    }

    /// Decodes the payload of one packet and returns how many samples it gave, at [`Codec::sampling_rate_hz`].
    /// `samples` has room for [`Codec::packet_samples`]; what does not fit is left out.
    ///
    /// # Errors
    ///
    /// [`DecodeError`]: the payload is none of this codec. What comes next can be decoded all the same.
    pub fn decode(&mut self, payload: &[u8], samples: &mut [i16]) -> Result<usize, DecodeError> {
        self.noise = None;
        let error = DecodeError { codec: self.codec, bytes: payload.len() };
        if self.codec.packet_samples(payload).is_none() {
            return Err(error);
        }
        match &mut self.decoder {
            AnyDecoder::G711(law) => Ok(law.decode_into(payload, samples)),
            AnyDecoder::G722(decoder) => Ok(decoder.decode(payload, samples)),
            AnyDecoder::G729(decoder) => Ok(decoder.decode(payload, samples)),
            AnyDecoder::Opus(decoder) => decoder.decode(payload, samples).ok_or(error),
        }
    }

    /// Takes in the payload of a comfort noise packet (RFC 3389): [`conceal`](Self::conceal) makes that noise until
    /// the next packet is decoded. An empty payload is ignored.
    pub fn take_comfort_noise(&mut self, payload: &[u8]) {
        if let Some(noise) = ComfortNoise::parse(payload) {
            self.noise = Some(noise);
        }
    }

    /// Fills 10 ms of `samples` with what stands for a packet that has not come.
    pub fn conceal(&mut self, samples: &mut [i16]) -> Concealed {
        if let Some(noise) = &mut self.noise {
            noise.fill(samples);
            return Concealed::Pause;
        }
        match &mut self.decoder {
            AnyDecoder::G711(_) | AnyDecoder::G722(_) => Concealed::Unable,
            AnyDecoder::Opus(decoder) => decoder.conceal(samples),
            AnyDecoder::G729(decoder) => decoder.conceal(samples),
        }
    }

    /// Fills `samples`, which stand before the packet `next` and were lost, from what that packet repeats of them.
    /// `false` if it does not repeat just these: then `samples` is as it was.
    pub fn recover(&mut self, next: &[u8], samples: &mut [i16]) -> bool {
        match &mut self.decoder {
            AnyDecoder::G711(_) | AnyDecoder::G722(_) | AnyDecoder::G729(_) => false,
            AnyDecoder::Opus(decoder) => decoder.recover(next, samples),
        }
    }

    /// The codec.
    pub fn codec(&self) -> Codec {
        self.codec
    }
}

/// What [`Decoder::conceal`] has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Concealed {
    /// Nothing: the codec has no way of its own, and `samples` is as it was.
    Unable,
    /// What went before goes on, since a packet is missing.
    Loss,
    /// Comfort noise: nothing is missing, the far end pauses.
    Pause,
}

/// A payload that a codec cannot have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("payload of {bytes} bytes is no packet of {codec}")]
pub struct DecodeError {
    /// The codec that was to decode it.
    pub codec: Codec,
    /// Its length.
    pub bytes: usize,
}
