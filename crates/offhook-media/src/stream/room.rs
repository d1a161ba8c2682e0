//! The side of a stream that is turned to a room.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use super::hearing::HeardFrame;
use super::{Stream, StreamConfig};
use crate::codec::NARROW_BAND_HZ;
use crate::rate::RateConverter;
use crate::room::{MOST_FRAME_SAMPLES, frame_samples};
use crate::rtp::{HEADER_BYTES, Header};
use crate::{Codec, Law};

/// A stream's seat in a room: what the room said and the stream has not sent so far, at the stream's sampling rate.
#[derive(Debug, Default)]
pub(super) struct Seat {
    mix: Samples,
    /// From the room's rate to the stream's.
    converter: RateConverter,
}

impl Seat {
    /// Encodes the next samples of the mix into a frame of G.711; what is not there is left as it was. Tells how many
    /// were.
    pub(super) fn fill_encoded(&mut self, law: Law, frame: &mut [u8]) -> usize {
        self.mix.take(frame.len(), |samples, at| {
            law.encode_into(samples, &mut frame[at..at + samples.len()]);
        })
    }

    /// Writes the next samples of the mix into a frame; what is not there is left as it was. Tells how many were.
    pub(super) fn fill(&mut self, frame: &mut [i16]) -> usize {
        self.mix.take(frame.len(), |samples, at| frame[at..at + samples.len()].copy_from_slice(samples))
    }

    /// Takes in what the room says, for a stream with this sampling rate and so many samples in its frames.
    fn put(&mut self, room_hz: u32, frame: &[i16], stream_hz: u32, frame_samples: usize) {
        let mut samples = [0; MOST_FRAME_SAMPLES];
        let room_frame = frame.len() * stream_hz as usize / room_hz as usize;
        let samples = &mut samples[..room_frame.min(MOST_FRAME_SAMPLES)];
        self.converter.convert(room_hz, frame, stream_hz, samples);
        // More than the next packet and one frame is old by the time it is heard.
        self.mix.put(samples, frame_samples.max(room_frame) + room_frame);
    }

    /// Forgets what was not sent: the stream's sampling rate changes.
    pub(super) fn forget(&mut self) {
        self.skip(usize::MAX);
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
/// detectors work as they do with any other far end. The packets are A-law.
#[derive(Debug)]
pub(super) struct RoomFarEnd {
    said: Samples,
    /// Between the packets' rate and the room's.
    to_room: RateConverter,
    from_room: RateConverter,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
}

impl RoomFarEnd {
    /// Takes the payload of a packet that the stream sends.
    pub(super) fn take_in(&mut self, payload: &[u8]) {
        let mut samples = [0; MOST_SAMPLES];
        let count = ROOM_LAW.decode_into(payload, &mut samples);
        let room_frame = frame_samples(NARROW_BAND_HZ);
        self.said.put(&samples[..count], count.max(room_frame) + room_frame);
    }

    /// Writes the next samples of what was said to a frame of a room, and tells whether there were any.
    fn say(&mut self, rate_hz: u32, frame: &mut [i16]) -> bool {
        let mut samples = [0; MOST_FRAME_SAMPLES];
        let samples = &mut samples[..frame_samples(NARROW_BAND_HZ)];
        let taken = self.said.take(samples.len(), |said, at| {
            samples[at..at + said.len()].copy_from_slice(said);
        });
        self.to_room.convert(NARROW_BAND_HZ, samples, rate_hz, frame);
        taken > 0
    }

    fn packet(&mut self, payload_type: u8, rate_hz: u32, frame: &[i16], buffer: &mut [u8]) -> usize {
        let (mut samples, mut payload) = ([0; MOST_FRAME_SAMPLES], [0; MOST_FRAME_SAMPLES]);
        let samples = &mut samples[..frame_samples(NARROW_BAND_HZ)];
        self.from_room.convert(rate_hz, frame, NARROW_BAND_HZ, samples);
        let length = ROOM_LAW.encode_into(samples, &mut payload);
        let (sequence, timestamp, ssrc) = (self.sequence, self.timestamp, self.ssrc);
        let header = Header { marker: sequence == 0, payload_type, sequence, timestamp, ssrc };
        self.sequence = sequence.wrapping_add(1);
        self.timestamp = timestamp.wrapping_add(length as u32);
        header.write(&payload[..length], buffer).unwrap_or(0)
    }
}

impl Stream {
    /// A stream whose far end is the room that it enters, with no network between: what it plays is heard by the room,
    /// and what the room says is what it hears (CONF-16). Codec, addresses and telephone events of `config` mean nothing.
    pub fn inside_room(now: Instant, config: StreamConfig) -> Self {
        let far_end = RoomFarEnd {
            said: Samples::default(),
            to_room: RateConverter::default(),
            from_room: RateConverter::default(),
            ssrc: !config.ssrc,
            sequence: 0,
            timestamp: config.first_timestamp,
        };
        let config = StreamConfig {
            codec: ROOM_CODEC,
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

    /// The samples a second of what this party says and hears.
    pub(crate) fn sampling_rate_hz(&self) -> u32 {
        self.codec.sampling_rate_hz()
    }

    /// Takes the next frame of what this party says into a room with this sampling rate; `false` if it says nothing,
    /// and the frame is silence.
    pub(crate) fn say_to_room(&mut self, now: Instant, rate_hz: u32, frame: &mut [i16]) -> bool {
        match &mut self.room_far_end {
            Some(far_end) => far_end.say(rate_hz, frame),
            None => self.take_heard_frame_at(now, rate_hz, frame) != HeardFrame::Nothing,
        }
    }

    /// Takes in what a room with this sampling rate says.
    pub(crate) fn hear_room(&mut self, now: Instant, rate_hz: u32, frame: &[i16]) {
        if let Some(far_end) = &mut self.room_far_end {
            let mut packet = [0; HEADER_BYTES + MOST_FRAME_SAMPLES];
            let length = far_end.packet(self.payload_receive, rate_hz, frame, &mut packet);
            self.handle_rtp(now, ROOM, &packet[..length]);
        } else if let Some(seat) = &mut self.seat {
            seat.put(rate_hz, frame, self.codec.sampling_rate_hz(), self.frame_samples);
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
/// What a stream without a network speaks with its room.
const ROOM_CODEC: Codec = Codec::G711A;
const ROOM_LAW: Law = Law::A;
/// The samples of the longest packet, 60 ms at 8000 Hz.
const MOST_SAMPLES: usize = 480;
