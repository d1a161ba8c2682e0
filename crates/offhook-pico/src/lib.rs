//! The speech engine SVOX Pico with its six voices inside the program: text in, samples out.
//!
//! This is the binding crate of the engine, which `ttspico-sys` builds from its C sources: the only place beside the
//! system calls of `offhook-net` where `unsafe` is allowed. It knows nothing of markup, files or calls.
//!
//! [`synthesize`] makes a fresh engine for each text and takes it down again. That costs a few milliseconds and buys
//! three things: texts can be spoken from any number of threads at once, the same text always gives the same samples,
//! and whatever a text does to the engine ends with it.
//!
//! # Files
//!
//! The engine loads its language resources from files only, and only by names that end in `.bin`, so that neither
//! memory nor an anonymous file will do. Each call writes them to a private temporary file (in shared memory where
//! there is any), which is gone again before a word is spoken.

mod engine;
mod prosody;
mod resource;
mod voice;

pub use engine::{SynthesisError, synthesize};
pub use prosody::Prosody;
pub use voice::{UnknownVoice, Voice};

/// Samples a second of the speech.
pub const RATE_HZ: u32 = 16_000;
