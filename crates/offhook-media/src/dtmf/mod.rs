//! Telephone events (RFC 4733): key presses as RTP packets of their own payload type.

mod digit;
mod event;
mod receiver;
mod sender;

pub use self::digit::{Digit, ParseDigitError};
pub use self::event::{EVENT_BYTES, Event, ParseEventError};
pub use self::receiver::{EventHeader, EventReceiver, Press};
pub use self::sender::{EventPacket, EventSender, QueueDigitsError, Slot};
