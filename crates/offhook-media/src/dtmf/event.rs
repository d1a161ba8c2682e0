//! The payload of a telephone event packet: RFC 4733 section 2.3.

use thiserror::Error;

/// The payload of one telephone event packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Which event: 0 to 15 are the keys (RFC 4733 section 3.2).
    pub code: u8,
    /// Set on the last packet of an event and on its repetitions.
    pub end: bool,
    /// Level below 0 dBm0, 0 to 63 dB.
    pub volume_db: u8,
    /// How long the event has lasted so far, in timestamp units.
    pub duration: u16,
}

impl Event {
    /// Reads the first event of a payload; repeated older events behind it are left out.
    ///
    /// # Errors
    ///
    /// When the payload is shorter than one event.
    pub fn parse(payload: &[u8]) -> Result<Self, ParseEventError> {
        let Some(&[code, flags, d0, d1]) = payload.first_chunk::<EVENT_BYTES>() else {
            return Err(ParseEventError { bytes: payload.len() });
        };
        Ok(Self {
            code,
            end: flags & 0x80 != 0,
            volume_db: flags & 0x3f,
            duration: u16::from_be_bytes([d0, d1]),
        })
    }

    /// The four bytes of this payload.
    pub fn to_bytes(&self) -> [u8; EVENT_BYTES] {
        let [d0, d1] = self.duration.to_be_bytes();
        [self.code, u8::from(self.end) << 7 | (self.volume_db & 0x3f), d0, d1]
    }
}

/// A payload that is shorter than one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("telephone event of {bytes} bytes is shorter than 4 bytes")]
pub struct ParseEventError {
    /// Length of the payload.
    pub bytes: usize,
}

/// Length of the payload.
pub const EVENT_BYTES: usize = 4;
