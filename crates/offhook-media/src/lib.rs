//! Sound as a state machine: packets, files, tones and speech in; packets and samples out.
//!
//! The crate has no socket, no clock, no thread and no task: time is an argument. It knows nothing of SIP. It reads and
//! writes no files: what is a file elsewhere is a slice of bytes here. The one exception is the speech engine, which
//! loads its embedded language resources through a temporary file (see `offhook-pico`).
//!
//! ```
//! use offhook_media::{Clip, Law, measure, tone};
//!
//! let ringback = tone::named("ringback.gb").ok_or("unknown tone")?;
//! let clip = Clip::from_encoded(Law::A, Law::A.encode(&ringback.render(8000)));
//! let heard = clip.decode();
//! let level = measure::level_dbm0(&heard.samples[..3200], 8000, 450.0);
//! assert!((level - -19.0).abs() < 0.5);
//! # Ok::<(), &str>(())
//! ```
#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]

mod clip;
mod codec;
mod rate;
mod room;
mod sound;
mod stream;

pub mod dtmf;
pub mod jitter;
pub mod measure;
pub mod playout;
pub mod recorder;
pub mod rtp;
pub mod speaker;
pub mod speech;
pub mod tone;
pub mod wav;

pub use clip::Clip;
pub use codec::{Codec, CodecList, CodecListError, Concealed, DecodeError, Decoder, Encoder, Law};
pub use offhook_dsp::resample;
pub use playout::{JobId, PlayEnd};
pub use room::{Party, Room, RoomStreams};
pub use sound::Sound;
pub use stream::{
    DigitCarrier, DigitsRefusal, HeardFrame, HeardPacket, Outgoing, SilencePolicy, Stream, StreamCommand,
    StreamConfig, StreamDirection, StreamEvent, StreamStats, StreamUpdate,
};
