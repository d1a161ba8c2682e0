//! The receiving half of a stream.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::{DigitCarrier, HeardPacket, Stream, StreamEvent};
use crate::dtmf::{Event, EventHeader, Press};
use crate::jitter::PayloadKind;
use crate::rtp::rtcp::{Compound, Report};
use crate::rtp::{Arrival, Packet, Verdict, is_rtcp};

impl Stream {
    /// Takes in a datagram that came on the RTP port. Anything at all may be in it: what is no packet of this
    /// session is counted and dropped (UR-41).
    pub fn handle_rtp(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        if self.is_closed() {
            return;
        }
        self.now = now;
        if self.rtcp_mux && is_rtcp(datagram) {
            return self.handle_rtcp(now, from, datagram);
        }
        if !self.latch.admits(from) {
            self.discarded += 1;
            return;
        }
        let Ok(packet) = Packet::parse(datagram) else {
            self.discarded += 1;
            return;
        };

        let header = *packet.header();
        let is_event = self.telephone_event == Some(header.payload_type);
        let event = if is_event { Event::parse(packet.payload()).ok() } else { None };
        let kind = self.payload_kind(header.payload_type, packet.payload());
        if event.is_none() && kind.is_none() {
            self.discarded += 1;
            return;
        }

        match self.latch.valid_packet(from) {
            Verdict::Known | Verdict::Locked { moved: false } => {}
            Verdict::Locked { moved: true } => self.events.push_back(StreamEvent::Latched { from }),
            Verdict::Stranger => {
                self.discarded += 1;
                return;
            }
        }
        let arrival = self.receiver.packet(now, &header, packet.payload().len(), !is_event);
        if arrival == Arrival::Duplicate {
            return;
        }
        if self.receiver.packets() == 1 {
            self.events.push_back(StreamEvent::FirstHeard);
        }
        if let Some(event) = event {
            let of = EventHeader { marker: header.marker, timestamp: header.timestamp };
            for press in self.digits_in.packet(now, header.ssrc, of, &event) {
                self.pressed(press, DigitCarrier::Event);
            }
        } else if let Some(kind) = kind {
            self.heard_packet(now, arrival, &header, kind, packet.payload());
        }
        if self.record {
            self.events.push_back(StreamEvent::Heard(HeardPacket {
                at: now,
                ssrc: header.ssrc,
                sequence: header.sequence,
                timestamp: header.timestamp,
                marker: header.marker,
                payload_type: header.payload_type,
                payload: packet.payload().into(),
            }));
        }
    }

    /// Takes in a datagram that came on the RTCP port.
    ///
    /// It is taken only from the host that the session description names for RTCP or that our RTP goes to.
    pub fn handle_rtcp(&mut self, now: Instant, from: SocketAddr, datagram: &[u8]) {
        if self.is_closed() {
            return;
        }
        self.now = now;
        let host = from.ip().to_canonical();
        let of_latch = self.latch.locked().is_some_and(|locked| locked.ip() == host);
        let of_session = match self.rtcp_mux {
            true => self.latch.target().is_some_and(|target| target.ip().to_canonical() == host),
            false => self.remote_rtcp.is_some_and(|signalled| signalled.ip().to_canonical() == host),
        };
        let compound = match Compound::parse(datagram) {
            Ok(compound) if of_latch || of_session => compound,
            _ => {
                self.discarded += 1;
                return;
            }
        };
        self.last_rtcp = Some(now);
        if of_latch && !self.rtcp_mux {
            self.latched_rtcp.get_or_insert(from);
        }

        let heard = self.receiver.ssrc();
        let ours = |ssrc: u32| heard.is_none_or(|heard| heard == ssrc);
        for report in compound.reports() {
            match report {
                Report::Sender { ssrc, info } if ours(ssrc) => {
                    self.last_sender_report = Some(((info.ntp_timestamp >> 16) as u32, now));
                }
                Report::Bye { ssrc } if ours(ssrc) && !self.bye_heard => {
                    self.bye_heard = true;
                    self.events.push_back(StreamEvent::Bye);
                }
                _ => {}
            }
        }
    }

    /// What a payload is, if it is any that this stream plays. Comfort noise is not negotiated: who sends it in its
    /// pauses is understood, with the static payload type where no other meaning was agreed on.
    fn payload_kind(&self, payload_type: u8, payload: &[u8]) -> Option<PayloadKind> {
        if !PAYLOAD_BYTES.contains(&payload.len()) {
            return None;
        }
        if payload_type == self.payload_receive {
            return self.codec.packet_samples(payload).map(|_| PayloadKind::Audio(self.codec));
        }
        let is_noise = payload_type == COMFORT_NOISE && self.codec.clock_rate_hz() == COMFORT_NOISE_HZ;
        is_noise.then_some(PayloadKind::ComfortNoise)
    }

    pub(super) fn pressed(&mut self, press: Option<Press>, carrier: DigitCarrier) {
        let event = match press {
            None => return,
            Some(Press::Begun { digit }) => {
                let digit = digit.as_char();
                self.events.push_back(StreamEvent::DigitBegun { digit, carrier });
                return self.digit_meets_recording(digit);
            }
            Some(Press::Over { digit, timestamp_units }) => StreamEvent::Digit {
                digit: digit.as_char(),
                duration: Duration::from_secs_f64(
                    f64::from(timestamp_units) / f64::from(self.codec.clock_rate_hz()),
                ),
                carrier,
            },
        };
        self.events.push_back(event);
    }
}

/// What a payload can hold: up to what fits in an Ethernet frame.
const PAYLOAD_BYTES: std::ops::RangeInclusive<usize> = 1..=1460;
/// The static payload type of comfort noise, for codecs with this clock rate (RFC 3389 section 5.1).
const COMFORT_NOISE: u8 = 13;
const COMFORT_NOISE_HZ: u32 = 8000;
