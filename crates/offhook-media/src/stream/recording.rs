//! What a stream has heard, packet by packet, for callers and tests.

use std::time::Instant;

/// The packets that a stream accepted, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// One entry a packet, telephone events included.
    pub packets: Vec<HeardPacket>,
    /// Packets that came after [`Recording::MAX_PACKETS`] had been kept.
    pub dropped: u64,
}

impl Recording {
    pub(super) fn keep(&mut self, packet: HeardPacket) {
        if self.packets.len() < Self::MAX_PACKETS {
            self.packets.push(packet);
        } else {
            self.dropped += 1;
        }
    }

    /// How many packets are kept until the recording is taken: an hour of 20 ms packets.
    pub const MAX_PACKETS: usize = 180_000;
}

/// One packet that came.
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
