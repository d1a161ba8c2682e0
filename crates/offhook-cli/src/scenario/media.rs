//! The RTP of one call in a capture: what the caller heard and said, and the keys that were pressed.

use std::ops::Range;
use std::time::{Duration, Instant};

use offhook::caller::{Heard, HeardPacket};
use offhook::media::dtmf::{Event, EventHeader, EventReceiver, Press, ToneDetector};
use offhook::media::rtp::{Packet, is_rtcp};
use offhook::media::{Codec, Sound};
use offhook::sip::sdp::SessionDescription;

use super::capture::Capture;
use super::signalling::{Signalling, audio};

/// One direction of a call's sound. Times count from the INVITE.
#[derive(Debug)]
pub(super) struct Direction {
    /// From the INVITE on; what was not received is silence.
    pub(super) sound: Sound,
    /// How many packets it is made of.
    pub(super) packets: usize,
    /// The keys that were pressed by telephone events (RFC 4733), and when.
    pub(super) digits: Vec<(Duration, char)>,
}

/// Both directions.
#[derive(Debug)]
pub(super) struct Directions {
    pub(super) to_caller: Direction,
    pub(super) from_caller: Direction,
}

/// A key that was pressed as a tone within the sound, and the samples that it lasted.
pub(super) struct Pressed {
    pub(super) digit: char,
    pub(super) samples: Range<usize>,
}

impl Directions {
    /// Collects the packets of a call.
    pub(super) fn of(capture: &Capture, call: &Signalling) -> Self {
        let server = call.media();
        let end = (call.last + AFTER_THE_CALL).min(LONGEST_CALL);
        // A payload type means what its receiver has said; where that is not known, what its sender has.
        let mut to_caller = Stream::new(call.of_caller.iter().chain(&call.of_server));
        let mut from_caller = Stream::new(call.of_server.iter().chain(&call.of_caller));
        for datagram in &capture.datagrams {
            let stream = match (server.contains(&datagram.from), server.contains(&datagram.to)) {
                (true, false) => &mut to_caller,
                (false, true) => &mut from_caller,
                _ => continue,
            };
            let at = datagram.at.checked_sub(call.began).filter(|at| *at <= end);
            if let (Some(at), false) = (at, is_rtcp(&datagram.bytes))
                && let Ok(packet) = Packet::parse(&datagram.bytes)
            {
                stream.take(at, &packet);
            }
        }
        Self { to_caller: to_caller.over(), from_caller: from_caller.over() }
    }
}

/// The packets of one direction, as they come.
struct Stream {
    payloads: Vec<(u8, Payload)>,
    /// Packets whose timestamps are of one line.
    lines: Vec<Vec<HeardPacket>>,
    packets: usize,
    events: EventReceiver,
    digits: Vec<(Duration, char)>,
    /// Any moment, from which the receiver of events counts.
    origin: Instant,
}

/// What a payload type stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Payload {
    Sound(Codec),
    Events,
}

impl Stream {
    fn new<'a>(descriptions: impl Iterator<Item = &'a SessionDescription>) -> Self {
        let payloads = descriptions.flat_map(payloads).collect();
        Self {
            payloads,
            lines: Vec::new(),
            packets: 0,
            events: EventReceiver::default(),
            digits: Vec::new(),
            origin: Instant::now(),
        }
    }

    fn take(&mut self, at: Duration, packet: &Packet<'_>) {
        let header = packet.header();
        let known = self.payloads.iter().find(|(number, _)| *number == header.payload_type);
        match known.map(|(_, payload)| *payload) {
            Some(Payload::Events) => self.event(at, packet),
            Some(Payload::Sound(codec)) => {
                self.packets += 1;
                let packet = HeardPacket::new(at, packet, Some(codec));
                let line = self.lines.iter_mut().rev().take(MOST_LINES_AT_A_TIME);
                match line
                    .into_iter()
                    .find(|line| line.last().is_some_and(|last| follows(last, &packet, codec)))
                {
                    Some(line) => line.push(packet),
                    None => self.lines.push(vec![packet]),
                }
            }
            None => {}
        }
    }

    fn event(&mut self, at: Duration, packet: &Packet<'_>) {
        let Ok(event) = Event::parse(packet.payload()) else { return };
        let header = packet.header();
        let of = EventHeader { marker: header.marker, timestamp: header.timestamp };
        for press in self.events.packet(self.origin + at, header.ssrc, of, &event).into_iter().flatten() {
            if let Press::Begun { digit } = press {
                self.digits.push((at, digit.as_char()));
            }
        }
    }

    fn over(self) -> Direction {
        let mut samples: Vec<i16> = Vec::new();
        for line in self.lines {
            let heard = Heard::from(line);
            let start = heard.first_at().map_or(0, |at| (at.as_secs_f64() * f64::from(RATE_HZ)) as usize);
            let sound = heard.sound().resampled(RATE_HZ);
            let end = start + sound.samples.len();
            if samples.len() < end {
                samples.resize(end, 0);
            }
            for (sum, sample) in samples[start..end].iter_mut().zip(sound.samples) {
                *sum = sum.saturating_add(sample);
            }
        }
        Direction { sound: Sound::new(RATE_HZ, samples), packets: self.packets, digits: self.digits }
    }
}

/// Whether a packet is of the same line of timestamps: of the same source, and its timestamp is about as much later as
/// it came later. Whoever sends may begin anew at any time.
fn follows(last: &HeardPacket, next: &HeardPacket, codec: Codec) -> bool {
    let by_timestamp = f64::from(next.timestamp.wrapping_sub(last.timestamp).cast_signed());
    let by_arrival = next.at.as_secs_f64() - last.at.as_secs_f64();
    next.ssrc == last.ssrc
        && (by_timestamp / f64::from(codec.clock_rate_hz()) - by_arrival).abs() < LONGEST_JITTER_SECONDS
}

/// What the payload types of a description stand for, as far as this program knows.
fn payloads(description: &SessionDescription) -> Vec<(u8, Payload)> {
    let Some(audio) = audio(description) else { return Vec::new() };
    let meaning = |number: u8| match audio.rtpmap(number) {
        Some(map) if map.encoding.eq_ignore_ascii_case("telephone-event") => Some(Payload::Events),
        Some(map) => codec_of_encoding(&map.encoding).map(Payload::Sound),
        None => Codec::ALL
            .into_iter()
            .find(|codec| codec.static_payload_type() == Some(number))
            .map(Payload::Sound),
    };
    audio.payloads().filter_map(|number| Some((number, meaning(number)?))).collect()
}

/// The names of the codecs that a description offers, as far as this program knows them, first choice first.
pub(super) fn codecs(description: &SessionDescription) -> Vec<&'static str> {
    let mut names = Vec::new();
    for (_, payload) in payloads(description) {
        if let Payload::Sound(codec) = payload
            && !names.contains(&codec.name())
        {
            names.push(codec.name());
        }
    }
    names
}

/// Whether a description takes telephone events.
pub(super) fn takes_events(description: &SessionDescription) -> bool {
    payloads(description).iter().any(|(_, payload)| *payload == Payload::Events)
}

fn codec_of_encoding(encoding: &str) -> Option<Codec> {
    Codec::ALL.into_iter().find(|codec| codec.rtp_encoding().eq_ignore_ascii_case(encoding))
}

/// The keys that were pressed as tones within a sound at 8000 Hz (ITU-T Q.24).
pub(super) fn pressed_in_band(sound: &Sound) -> Vec<Pressed> {
    let mut detector = ToneDetector::new();
    let mut found: Vec<Pressed> = Vec::new();
    for (index, block) in sound.samples.chunks(DETECTOR_BLOCK).enumerate() {
        let now = (index + 1) * DETECTOR_BLOCK;
        detector.hear(block, |press| match press {
            Press::Begun { digit } => {
                let start = now.saturating_sub(DETECTION_SAMPLES);
                found.push(Pressed { digit: digit.as_char(), samples: start..now });
            }
            Press::Over { .. } => {
                if let Some(last) = found.last_mut() {
                    last.samples.end = now.min(sound.samples.len());
                }
            }
        });
    }
    if let (Some(_), Some(last)) = (detector.finish(), found.last_mut()) {
        last.samples.end = sound.samples.len();
    }
    found
}

/// The rate at which both sides are heard.
pub(super) const RATE_HZ: u32 = 8000;
/// Sound that is still on its way when the last message has been sent.
const AFTER_THE_CALL: Duration = Duration::from_secs(1);
/// What comes later is left out.
const LONGEST_CALL: Duration = Duration::from_secs(4 * 3600);
/// What a network holds back at most.
const LONGEST_JITTER_SECONDS: f64 = 2.0;
/// Sources that take turns.
const MOST_LINES_AT_A_TIME: usize = 8;
/// 5 ms, the step of the detector.
const DETECTOR_BLOCK: usize = 40;
/// A key is reported when it has been heard for 35 ms.
const DETECTION_SAMPLES: usize = 280;

#[cfg(test)]
mod tests {
    use offhook::media::Law;
    use offhook::media::rtp::Header;
    use offhook::media::tone::Sequence;

    use super::*;

    fn description(media: &str) -> SessionDescription {
        let text =
            format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{media}");
        SessionDescription::parse(text).expect("it is a description")
    }

    fn stream() -> Stream {
        let offer = description("m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/8000\r\n");
        Stream::new([&offer].into_iter())
    }

    fn take(stream: &mut Stream, ms: u64, ssrc: u32, payload_type: u8, timestamp: u32, payload: &[u8]) {
        let header = Header { marker: false, payload_type, sequence: 0, timestamp, ssrc };
        let bytes = [&header.to_bytes()[..], payload].concat();
        stream.take(Duration::from_millis(ms), &Packet::parse(&bytes).expect("it is a packet"));
    }

    #[test]
    fn codecs_are_known_by_number_and_by_name() {
        let offer = description("m=audio 4000 RTP/AVP 97 0 3 101\r\na=rtpmap:97 pcma/8000\r\n");
        assert_eq!(codecs(&offer), ["g711a", "g711u"]);
        assert!(!takes_events(&offer));
    }

    /// A sender that begins its timestamps anew, or another source, is heard when it came.
    #[test]
    fn every_source_is_heard_at_its_time() {
        let mut stream = stream();
        let loud = Law::A.encode(&[8000; 160]);
        take(&mut stream, 100, 1, 8, 5000, &loud);
        take(&mut stream, 120, 1, 8, 5160, &loud);
        take(&mut stream, 200, 1, 8, 4_000_000_000, &loud);
        take(&mut stream, 300, 2, 8, 1, &loud);
        let direction = stream.over();
        assert_eq!(direction.packets, 4);
        let loud_ms: Vec<usize> = (0..40)
            .map(|frame| frame * 10)
            .filter(|ms| direction.sound.samples.get(ms * 8 + 4) > Some(&4000))
            .collect();
        assert_eq!(loud_ms, [100, 110, 120, 130, 200, 210, 300, 310]);
    }

    /// DTMF-12: however many packets tell of a press, it is one.
    #[test]
    fn a_press_is_told_once_and_when_it_began() {
        let mut stream = stream();
        for (ms, end, duration) in
            [(1000, false, 160), (1020, false, 320), (1100, true, 800), (1100, true, 800)]
        {
            let event = Event { code: 11, end, volume_db: 10, duration };
            take(&mut stream, ms, 1, 96, 7000, &event.to_bytes());
        }
        assert_eq!(stream.over().digits, [(Duration::from_secs(1), '#')]);
    }

    #[test]
    fn keys_within_the_sound_are_found_with_their_place() {
        let key = Sequence::from_notation("770+1336@10:100").expect("a tone").render(RATE_HZ);
        let mut sound = Sound::silence(RATE_HZ, Duration::from_secs(1));
        sound.samples.extend(&key);
        sound.append(&Sound::silence(RATE_HZ, Duration::from_millis(200)));
        let found = pressed_in_band(&sound);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].digit, '5');
        assert!(found[0].samples.start.abs_diff(8000) < 200, "{:?}", found[0].samples);
        assert!(found[0].samples.end >= 8800, "{:?}", found[0].samples);
    }
}
