//! A packet that a stream has heard, for callers, recorders and tests.

use std::time::Instant;

/// One RTP packet that was accepted, in the order in which it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeardPacket {
    /// When it came.
    pub at: Instant,
    /// Its synchronisation source.
    pub ssrc: u32,
    /// Its sequence number.
    pub sequence: u16,
    /// Its timestamp.
    pub timestamp: u32,
    /// Its marker bit.
    pub marker: bool,
    /// Its payload type.
    pub payload_type: u8,
    /// What it carried.
    pub payload: Box<[u8]>,
}
