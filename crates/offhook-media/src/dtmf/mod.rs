//! Key presses: as telephone events (RFC 4733), RTP packets of their own payload type, and as tones within the audio
//! (ITU-T Q.23, Q.24).

mod digit;
mod event;
mod receiver;
mod sender;
mod tone_detector;
mod tone_sender;

pub use self::digit::{Digit, ParseDigitError};
pub use self::event::{EVENT_BYTES, Event, ParseEventError};
pub use self::receiver::{EventHeader, EventReceiver, Press};
pub use self::sender::{EventPacket, EventSender, QueueDigitsError, Slot};
pub use self::tone_detector::ToneDetector;
pub use self::tone_sender::ToneSender;
