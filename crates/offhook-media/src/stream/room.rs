//! The side of a stream that is turned to a room.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use super::hearing::HeardFrame;
use super::{Stream, StreamConfig};
use crate::Codec;
use crate::room::FRAME_SAMPLES;
use crate::rtp::{HEADER_BYTES, Header};

/// A stream's seat in a room: what the room said and the stream has not sent so far.
#[derive(Debug, Default)]
pub(super) struct Seat {
    mix: Samples,
}

impl Seat {
    /// Encodes the next samples of the mix into a frame; what is not there is left as it was. Tells how many were.
    pub(super) fn fill(&mut self, codec: Codec, frame: &mut [u8]) -> usize {
        self.mix.take(frame.len(), |samples, at| {
            codec.encode_into(samples, &mut frame[at..at + samples.len()]);
        })
    }

    /// Passes over samples that are not sent.
    pub(super) fn skip(&mut self, count: usize) {
        self.mix.take(count, |_, _| {});
    }

    /// Whether the room said anything that was not sent.
    pub(super) fn has_mix(&self) -> bool {
        self.mix.len() > 0
    }
}

/// The far end of a stream that has no network: the room itself (CONF-16).
///
/// What the stream sends is what it says into the room, and the mix comes to it as packets: players, recorders and
/// detectors work as they do with any other far end.
#[derive(Debug)]
pub(super) struct RoomFarEnd {
    said: Samples,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
}

impl RoomFarEnd {
    /// Takes the payload of a packet that the stream sends.
    pub(super) fn take_in(&mut self, codec: Codec, payload: &[u8]) {
        let mut samples = [0; MOST_SAMPLES];
        let count = codec.decode_into(payload, &mut samples);
        self.said.put(&samples[..count], count.max(FRAME_SAMPLES) + FRAME_SAMPLES);
    }

    fn packet(&mut self, codec: Codec, payload_type: u8, samples: &[i16], buffer: &mut [u8]) -> usize {
        let mut payload = [0; FRAME_SAMPLES];
        let length = codec.encode_into(samples, &mut payload);
        let (sequence, timestamp, ssrc) = (self.sequence, self.timestamp, self.ssrc);
        let header = Header { marker: sequence == 0, payload_type, sequence, timestamp, ssrc };
        self.sequence = sequence.wrapping_add(1);
        self.timestamp = timestamp.wrapping_add(length as u32);
        header.write(&payload[..length], buffer).unwrap_or(0)
    }
}

impl Stream {
    /// A stream whose far end is the room that it enters, with no network between: what it plays is heard by the room,
    /// and what the room says is what it hears (CONF-16). The addresses and telephone events of `config` mean nothing.
    pub fn inside_room(now: Instant, config: StreamConfig) -> Self {
        let far_end = RoomFarEnd {
            said: Samples::default(),
            ssrc: !config.ssrc,
            sequence: 0,
            timestamp: config.first_timestamp,
        };
        let config = StreamConfig {
            remote_rtp: Some(ROOM),
            remote_rtcp: None,
            rtcp_mux: false,
            symmetric: false,
            telephone_event: None,
            telephone_event_send: None,
            ..config
        };
        let mut stream = Self::new(now, config);
        stream.room_far_end = Some(far_end);
        stream
    }

    /// Takes a seat in a room: from now on the room, and not the stream, decides when the next frame of what is heard
    /// is taken, and what the room says is sent while nothing else plays.
    pub fn enter_room(&mut self) {
        self.seat.get_or_insert_default();
        self.review_hearing();
    }

    /// Gives up the seat; silence from the next frame on.
    pub fn leave_room(&mut self) {
        self.seat = None;
        self.review_hearing();
    }

    /// Whether a room takes what the far end on the network says.
    pub(super) fn speaks_in_room(&self) -> bool {
        self.seat.is_some() && self.room_far_end.is_none()
    }

    /// Takes the next frame of what this party says into its room; `false` if it says nothing, and the frame is
    /// silence.
    pub(crate) fn say_to_room(&mut self, now: Instant, frame: &mut [i16; FRAME_SAMPLES]) -> bool {
        let Some(far_end) = &mut self.room_far_end else {
            return self.take_heard_frame(now, frame) != HeardFrame::Nothing;
        };
        let taken = far_end.said.take(frame.len(), |samples, at| {
            frame[at..at + samples.len()].copy_from_slice(samples);
        });
        frame[taken..].fill(0);
        taken > 0
    }

    /// Takes in what the room says.
    pub(crate) fn hear_room(&mut self, now: Instant, frame: &[i16; FRAME_SAMPLES]) {
        if let Some(far_end) = &mut self.room_far_end {
            let mut packet = [0; HEADER_BYTES + FRAME_SAMPLES];
            let length = far_end.packet(self.codec, self.payload_receive, frame, &mut packet);
            self.handle_rtp(now, ROOM, &packet[..length]);
        } else if let Some(seat) = &mut self.seat {
            // More than the next packet and one frame is old by the time it is heard.
            let most = (self.frame_samples as usize).max(FRAME_SAMPLES) + FRAME_SAMPLES;
            seat.mix.put(frame, most);
        }
    }
}

/// A queue of samples that forgets the oldest when it gets too long.
#[derive(Debug)]
pub(super) struct Samples {
    samples: VecDeque<i16>,
}

impl Default for Samples {
    fn default() -> Self {
        Self { samples: VecDeque::with_capacity(2 * MOST_SAMPLES) }
    }
}

impl Samples {
    pub(super) fn put(&mut self, samples: &[i16], most: usize) {
        let excess = (self.samples.len() + samples.len()).saturating_sub(most);
        self.samples.drain(..excess.min(self.samples.len()));
        self.samples.extend(samples);
    }

    pub(super) fn len(&self) -> usize {
        self.samples.len()
    }

    /// Hands out the next `count` samples, or as many as there are, in one or two pieces with their places.
    pub(super) fn take(&mut self, count: usize, mut part: impl FnMut(&[i16], usize)) -> usize {
        let count = count.min(self.samples.len());
        let (first, second) = self.samples.as_slices();
        let split = first.len().min(count);
        part(&first[..split], 0);
        if split < count {
            part(&second[..count - split], split);
        }
        self.samples.drain(..count);
        count
    }
}

/// The address that a stream without a network knows its room by.
const ROOM: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 1);
/// The samples of the longest packet, 60 ms.
const MOST_SAMPLES: usize = 480;
