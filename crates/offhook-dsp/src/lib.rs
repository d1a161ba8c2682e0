//! The generic arithmetic of sound, fixed to the number types that offhook uses.
//!
//! The libraries behind it are generic, and a crate that uses them compiles all their kernels itself: minutes for each
//! change of a line. Here they are compiled once; whoever uses this crate only links them.
//!
//! It knows nothing of codecs, files or tones.

#![forbid(unsafe_code)]

mod resample;
mod stream;
mod transform;

pub use resample::resample;
pub use rustfft::num_complex::Complex;
pub use stream::StreamResampler;
pub use transform::{Forward, Inverse};
