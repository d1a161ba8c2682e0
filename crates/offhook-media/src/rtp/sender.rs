//! The sending side of one stream: one line of sequence numbers and timestamps for its whole life.

use super::packet::Header;

/// Numbers outgoing packets (RFC 3550 section 5.1): one SSRC, one sequence, one timestamp line (RING-35).
///
/// The timestamp line is the clock of the stream: it advances with every frame, sent or not, so that a pause
/// shows as a jump of timestamps and not of time. The first packet and the first after a pause carry the
/// marker (MED-15).
#[derive(Clone, Debug)]
pub struct Sender {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    marker_pending: bool,
    payload_type: u8,
    packets: u64,
    octets: u64,
}

impl Sender {
    /// A stream that has sent nothing yet. `sequence` and `timestamp` are those of its first packet; both should
    /// be random (RFC 3550 section 5.1).
    pub fn new(ssrc: u32, sequence: u16, timestamp: u32, payload_type: u8) -> Self {
        Self { ssrc, sequence, timestamp, marker_pending: true, payload_type, packets: 0, octets: 0 }
    }

    /// The header of the frame that is due, which covers `samples`; the timestamp line advances by them.
    pub fn frame(&mut self, samples: u32, payload_bytes: usize) -> Header {
        let header = self.number(self.marker_pending, self.payload_type, self.timestamp, payload_bytes);
        self.marker_pending = false;
        self.timestamp = self.timestamp.wrapping_add(samples);
        header
    }

    /// Passes over the frame that is due without sending it: a pause.
    pub fn skip(&mut self, samples: u32) {
        self.timestamp = self.timestamp.wrapping_add(samples);
        self.marker_pending = true;
    }

    /// The header of a packet of a telephone event, which lies across the audio line: it carries the timestamp at
    /// which the event began, and takes the place of the frame that is due (RFC 4733 section 2.1).
    pub fn event(&mut self, start: u32, first: bool, payload_type: u8, samples: u32, bytes: usize) -> Header {
        let header = self.number(first, payload_type, start, bytes);
        self.skip(samples);
        header
    }

    /// Sends with another payload type from the next frame on.
    pub fn set_payload_type(&mut self, payload_type: u8) {
        self.payload_type = payload_type;
    }

    /// The timestamp of the frame that is due.
    pub fn timestamp(&self) -> u32 {
        self.timestamp
    }

    /// The synchronisation source of every packet of this stream.
    pub fn ssrc(&self) -> u32 {
        self.ssrc
    }

    /// How many packets were numbered.
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// How many bytes of payload they carried.
    pub fn octets(&self) -> u64 {
        self.octets
    }

    fn number(&mut self, marker: bool, payload_type: u8, timestamp: u32, payload_bytes: usize) -> Header {
        let header = Header { marker, payload_type, sequence: self.sequence, timestamp, ssrc: self.ssrc };
        self.sequence = self.sequence.wrapping_add(1);
        self.packets += 1;
        self.octets += payload_bytes as u64;
        header
    }
}
