//! The sending half of a stream.

use std::net::SocketAddr;

use super::room::Seat;
use super::{Outgoing, SilencePolicy, Stream, StreamEvent, units_in};
use crate::codec::Encoder;
use crate::dtmf::{EVENT_BYTES, Slot};
use crate::rtp::HEADER_BYTES;
use crate::rtp::rtcp::{OutgoingCompound, SenderInfo, ntp_timestamp};
use crate::{Codec, Law};

/// What a stream needs to send in a codec that remembers what went before: frames are put together as linear samples,
/// and encoded as they leave.
#[derive(Debug)]
pub(super) struct Linear {
    encoder: Encoder,
    /// Room for one frame.
    frame: Vec<i16>,
}

impl Linear {
    /// `None` for G.711.
    pub(super) fn for_codec(codec: Codec) -> Option<Box<Self>> {
        let frame = Vec::with_capacity(LONGEST_FRAME * (codec.sampling_rate_hz() / Law::RATE_HZ) as usize);
        codec.law().is_none().then(|| Box::new(Self { encoder: Encoder::new(codec), frame }))
    }
}

impl Stream {
    /// Writes the frame that is due: audio, a telephone event in its place, or nothing.
    pub(super) fn write_frame(&mut self, buffer: &mut [u8]) -> Option<Outgoing> {
        let to = self.latch.target()?;
        let (samples, ticks) = (self.frame_samples, self.frame_ticks);
        if self.digits_waiting {
            let slot = self.digits_out.slot(self.sender.timestamp(), ticks, self.codec.clock_rate_hz());
            if self.digits_out.is_idle() && self.tones_out.is_idle() {
                self.digits_waiting = false;
                self.events.push_back(StreamEvent::DigitsSent);
            }
            if let (Slot::Packet(packet), Some(payload_type)) = (slot, self.telephone_event_send) {
                self.skip_sound(samples);
                self.sent_silence(samples);
                let header = self.sender.event(packet.start, packet.first, payload_type, ticks, EVENT_BYTES);
                let length = header.write(&packet.event.to_bytes(), buffer)?;
                return Some(self.sent(to, length));
            }
        }

        let tones = !self.tones_out.is_idle();
        let plays = tones || self.playout.is_playing() || self.seat.as_ref().is_some_and(Seat::has_mix);
        if self.silence == SilencePolicy::Suppress && !plays {
            self.sender.skip(ticks);
            self.sent_silence(samples);
            return None;
        }
        let Some((head, payload)) = buffer.split_first_chunk_mut::<HEADER_BYTES>() else {
            self.skip_frames(1);
            return None;
        };
        let length = match self.codec.law() {
            Some(law) => self.write_encoded(law, tones, payload),
            None => self.write_linear(tones, payload),
        };
        if length == 0 {
            self.sender.skip(ticks);
            return None;
        }
        *head = self.sender.frame(ticks, length).to_bytes();
        if let Some(far_end) = &mut self.room_far_end {
            far_end.take_in(&payload[..length]);
            return None;
        }
        Some(self.sent(to, HEADER_BYTES + length))
    }

    /// Writes a frame of G.711 and tells its length; none if there is no room for it.
    fn write_encoded(&mut self, law: Law, tones: bool, payload: &mut [u8]) -> usize {
        let Some(frame) = payload.get_mut(..self.frame_samples) else {
            self.skip_sound(self.frame_samples);
            self.sent_silence(self.frame_samples);
            return 0;
        };
        if tones {
            let mut samples = [0; LONGEST_FRAME];
            let samples = &mut samples[..frame.len().min(LONGEST_FRAME)];
            self.skip_sound(frame.len());
            self.tones_out.fill(Law::RATE_HZ, samples);
            law.encode_into(samples, frame);
        } else {
            // What plays takes the place of what the room says.
            let filled = match &mut self.seat {
                Some(seat) if !self.playout.is_playing() => seat.fill_encoded(law, frame),
                Some(seat) => {
                    seat.skip(frame.len());
                    self.playout.fill(law, frame)
                }
                None => self.playout.fill(law, frame),
            };
            frame[filled..].fill(law.silence_byte());
        }
        if self.hearing.is_some() {
            self.sent_encoded(law, frame);
        }
        frame.len()
    }

    /// Writes a frame of any other codec and tells its length; none if the codec sends nothing for it.
    fn write_linear(&mut self, tones: bool, payload: &mut [u8]) -> usize {
        let Some(mut linear) = self.linear.take() else { return 0 };
        let rate_hz = self.codec.sampling_rate_hz();
        let frame = &mut linear.frame;
        frame.clear();
        frame.resize(self.frame_samples, 0);
        if tones {
            self.skip_sound(frame.len());
            self.tones_out.fill(rate_hz, frame);
        } else {
            match &mut self.seat {
                Some(seat) if !self.playout.is_playing() => seat.fill(frame),
                Some(seat) => {
                    seat.skip(frame.len());
                    self.playout.fill_linear(rate_hz, frame)
                }
                None => self.playout.fill_linear(rate_hz, frame),
            };
        }
        if self.hearing.is_some() {
            self.sent_linear(rate_hz, frame);
        }
        let length = linear.encoder.encode(frame, payload);
        self.linear = Some(linear);
        length
    }

    fn sent(&mut self, to: SocketAddr, len: usize) -> Outgoing {
        if self.sender.packets() == 1 {
            self.present = true;
            self.events.push_back(StreamEvent::Started);
        }
        Outgoing { rtcp: false, to, len }
    }

    pub(super) fn write_report(&mut self, bye: bool, buffer: &mut [u8]) -> Option<Outgoing> {
        let to = match self.rtcp_mux {
            true => self.latch.target()?,
            false => self.remote_rtcp.map(|signalled| self.latched_rtcp.unwrap_or(signalled))?,
        };
        let sent = self.sender.packets();
        let sender = (sent > self.reported_packets[0]).then(|| SenderInfo {
            ntp_timestamp: ntp_timestamp(self.now.saturating_duration_since(self.started_at)),
            rtp_timestamp: self.timestamp_now(),
            packets: sent as u32,
            octets: self.sender.octets() as u32,
        });
        self.reported_packets = [self.reported_packets[1], sent];

        let mut report = self.receiver.report();
        if let (Some(report), Some((ntp_middle, at))) = (&mut report, self.last_sender_report) {
            let since = self.now.saturating_duration_since(at);
            report.last_sender_report = ntp_middle;
            report.delay_since_last_sender_report = (ntp_timestamp(since) >> 16) as u32;
        }
        let compound =
            OutgoingCompound { ssrc: self.sender.ssrc(), sender, report, canonical_name: &self.cname, bye };
        let len = compound.write(buffer)?;
        self.present = true;
        Some(Outgoing { rtcp: !self.rtcp_mux, to, len })
    }

    /// The timestamp line at this very moment, between two frames.
    fn timestamp_now(&self) -> u32 {
        let ahead = match self.next_frame {
            Some(next) => units_in(next.saturating_duration_since(self.now), self.codec.clock_rate_hz()),
            None => 0,
        };
        self.sender.timestamp().wrapping_sub(ahead as u32)
    }

    /// Passes over frames that are not sent.
    pub(super) fn skip_frames(&mut self, count: u32) {
        let samples = self.frame_samples.saturating_mul(count as usize);
        self.skip_sound(samples);
        self.sent_silence(samples);
        self.sender.skip(self.frame_ticks.wrapping_mul(count));
    }

    /// Passes over samples of what plays and of what the room says.
    fn skip_sound(&mut self, samples: usize) {
        self.playout.skip(samples, self.codec.sampling_rate_hz());
        if let Some(seat) = &mut self.seat {
            seat.skip(samples);
        }
    }
}

/// 60 ms at 8000 Hz.
const LONGEST_FRAME: usize = 480;
