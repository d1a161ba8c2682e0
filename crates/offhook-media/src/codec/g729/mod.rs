//! ITU-T G.729 at 8 kbit/s: conjugate-structure algebraic-code-excited linear prediction, frames of 10 ms.
//!
//! The encoder and the decoder follow annex A in the fixed-point arithmetic that clause 5 prescribes; both understand,
//! and are understood by, every coder of the main body. Of annex B there is the reception: comfort noise is
//! made of SID frames and in the pauses after them, but speech is sent all the time (`annexb=no`, RFC 4856 section
//! 2.1.9). A frame that was lost is concealed as clause 4.4 says, in the form of annex A.
//!
//! A payload is any number of frames of speech, ten bytes each, and at its end at most one SID frame of two (RFC 3551
//! section 4.5.6). No payload makes anything here panic, and nothing allocates.
//!
//! Both are verified against an independent implementation, both ways, with losses and pauses (`tests/g729_peer.rs`).

mod adaptive_codebook;
mod arithmetic;
mod bitstream;
mod comfort_noise;
mod decoder;
mod encoder;
mod filters;
mod fixed_codebook;
mod functions;
mod gains;
mod lpc;
mod lsp;
mod lsp_codebook;
mod open_loop;
mod postfilter;
mod random;
mod tables;
mod taming;

pub(super) use bitstream::packet_samples;
pub(super) use decoder::Decoder;
pub(super) use encoder::Encoder;

/// Samples of a frame.
const FRAME: usize = 80;
/// Samples of a subframe.
const SUBFRAME: usize = 40;
/// Order of the linear prediction.
const ORDER: usize = 10;
/// The shortest and the longest pitch lag that is searched, in samples.
const LAG_MIN: i16 = 20;
const LAG_MAX: i16 = 143;

/// Coefficients of A(z), Q12; the first is 1.
type Predictor = [i16; ORDER + 1];
/// Line spectral pairs, Q15.
type Lsp = [i16; ORDER];
/// Samples of a subframe.
type Subframe = [i16; SUBFRAME];
