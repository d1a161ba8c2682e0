//! Streams in a room: who hears whom.

mod stream_support;

use std::f64::consts::TAU;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use offhook_media::{
    Clip, Codec, JobId, Law, Party, Room, RoomStreams, Stream, StreamCommand, StreamConfig, StreamEvent,
    measure,
};
use stream_support::{config, ms, packet, signalled};

/// A stream, what its far end says, and what its far end hears.
struct Leg {
    stream: Stream,
    /// The tone that the far end speaks; silence for `None`.
    tone_hz: Option<f64>,
    level_dbm0: f64,
    codec: Codec,
    spoken: u32,
    next_packet: Instant,
    said: Vec<u8>,
    heard: Vec<u8>,
    heard_inside: Vec<u8>,
}

impl Leg {
    fn law(&self) -> Law {
        self.codec.law().expect("it is G.711")
    }

    fn speak(&mut self, now: Instant) {
        let Some(hz) = self.tone_hz else { return };
        let peak = measure::peak_of_dbm0(self.level_dbm0);
        let samples: Vec<i16> = (self.spoken..self.spoken + 160)
            .map(|at| (peak * (TAU * hz * f64::from(at) / 8000.0).sin()).round() as i16)
            .collect();
        let payload = self.law().encode(&samples);
        let sequence = (self.spoken / 160) as u16;
        let payload_type = self.codec.static_payload_type().expect("it has one");
        self.stream.handle_rtp(now, signalled(), &packet(payload_type, sequence, self.spoken, &payload));
        self.said.extend(payload);
        self.spoken += 160;
    }

    fn settle(&mut self) {
        let mut buffer = [0; Stream::MAX_DATAGRAM];
        while let Some(outgoing) = self.stream.poll_transmit(&mut buffer) {
            if !outgoing.rtcp {
                self.heard.extend(&buffer[12..outgoing.len]);
            }
        }
        while let Some(event) = self.stream.poll_event() {
            if let StreamEvent::Heard(packet) = event {
                self.heard_inside.extend(&packet.payload);
            }
        }
    }
}

struct Legs(Vec<Leg>);

impl RoomStreams<usize> for Legs {
    fn stream(&mut self, member: usize) -> Option<&mut Stream> {
        self.0.get_mut(member).map(|leg| &mut leg.stream)
    }
}

/// A room and the legs of its members, under a hand-driven clock.
struct Scene {
    now: Instant,
    room: Room<usize>,
    legs: Legs,
}

impl Scene {
    fn new(loudest: Option<usize>) -> Self {
        let room = Room::new(loudest.and_then(NonZeroUsize::new));
        Self { now: Instant::now(), room, legs: Legs(Vec::new()) }
    }

    /// A member whose far end speaks a tone of -10 dBm0; its frames are due at a time of their own.
    fn enter(&mut self, tone_hz: f64, party: Party) -> usize {
        self.enter_with(config(), Some(tone_hz), party)
    }

    fn enter_with(&mut self, config: StreamConfig, tone_hz: Option<f64>, party: Party) -> usize {
        let member = self.legs.0.len();
        let phase = ms(7 * member as u64 % 20);
        let codec = config.codec;
        let stream = Stream::new(self.now, StreamConfig { offset: phase, ..config });
        self.seat(stream, tone_hz, codec, party)
    }

    fn enter_inside(&mut self, party: Party) -> usize {
        let config = StreamConfig { record: true, ..config() };
        let stream = Stream::inside_room(self.now, config);
        self.seat(stream, None, Codec::G711A, party)
    }

    fn seat(&mut self, stream: Stream, tone_hz: Option<f64>, codec: Codec, party: Party) -> usize {
        let (member, next_packet) = (self.legs.0.len(), self.now + ms(3));
        self.legs.0.push(Leg {
            stream,
            tone_hz,
            level_dbm0: -10.0,
            codec,
            spoken: 0,
            next_packet,
            said: Vec::new(),
            heard: Vec::new(),
            heard_inside: Vec::new(),
        });
        self.legs.0[member].stream.enter_room();
        self.change(member, party);
        member
    }

    fn change(&mut self, member: usize, party: Party) {
        let due = self.legs.0[member].stream.poll_timeout().expect("the stream runs");
        self.room.enter(member, party, due);
    }

    fn play(&mut self, member: usize, clip: Clip) {
        let command = StreamCommand::Play { job: JobId(1), clip, looped: true, limit: None };
        self.legs.0[member].stream.command(self.now, command);
    }

    fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            for leg in &mut self.legs.0 {
                if leg.next_packet <= self.now {
                    leg.next_packet += ms(20);
                    leg.speak(self.now);
                }
            }
            self.room.handle_timeout(self.now, &mut self.legs);
            for leg in &mut self.legs.0 {
                while leg.stream.poll_timeout().is_some_and(|due| due <= self.now) {
                    leg.stream.handle_timeout(self.now);
                    leg.settle();
                }
            }
            self.now += ms(1);
        }
    }

    /// The level of a tone in the last half second that a member's far end heard.
    fn level(&self, member: usize, hz: f64) -> f64 {
        let leg = &self.legs.0[member];
        level(&leg.law().decode(&leg.heard), hz)
    }

    #[track_caller]
    fn assert_hears(&self, member: usize, hz: f64) {
        let level = self.level(member, hz);
        assert!((level + 10.0).abs() < 0.5, "member {member} hears {hz} Hz at {level} dBm0");
    }

    #[track_caller]
    fn assert_hears_not(&self, member: usize, hz: f64) {
        let level = self.level(member, hz);
        assert!(level < -50.0, "member {member} hears {hz} Hz at {level} dBm0");
    }
}

fn level(samples: &[i16], hz: f64) -> f64 {
    measure::level_dbm0(&samples[samples.len() - 4000..], 8000, hz)
}

const LISTENER: Party = Party { talks: false, hears: true };

/// CONN-1, CONN-10: two legs of the same codec exchange the very bytes that they sent.
#[test]
fn two_legs_of_one_codec_exchange_the_very_bytes() {
    let mut scene = Scene::new(None);
    let (a, b) = (scene.enter(400.0, Party::BOTH), scene.enter(1000.0, Party::BOTH));
    scene.run(ms(2000));
    for (speaker, listener) in [(a, b), (b, a)] {
        let said = &scene.legs.0[speaker].said[4000..8000];
        let heard = &scene.legs.0[listener].heard;
        assert!(heard.windows(said.len()).any(|window| window == said), "{speaker} to {listener}");
    }
}

/// CONN-1: legs of different codecs understand each other.
#[test]
fn two_legs_of_different_codecs_are_transcoded() {
    let mut scene = Scene::new(None);
    let ulaw = StreamConfig { codec: Codec::G711U, payload_send: 0, payload_receive: 0, ..config() };
    let a = scene.enter(400.0, Party::BOTH);
    let b = scene.enter_with(ulaw, Some(1000.0), Party::BOTH);
    scene.run(ms(1500));
    scene.assert_hears(a, 1000.0);
    scene.assert_hears(b, 400.0);
    scene.assert_hears_not(a, 400.0);
}

/// CONF-13: the sum of all others and never oneself.
#[test]
fn each_hears_all_others_and_not_itself() {
    let mut scene = Scene::new(None);
    let tones = [400.0, 700.0, 1100.0, 1700.0];
    let members = tones.map(|hz| scene.enter(hz, Party::BOTH));
    scene.run(ms(1500));
    for (listener, own) in members.into_iter().zip(tones) {
        for hz in tones {
            match hz == own {
                true => scene.assert_hears_not(listener, hz),
                false => scene.assert_hears(listener, hz),
            }
        }
    }
}

/// CONF-9, CONF-13: a listener and a muted party hear and are not heard; muting takes effect while it lasts.
#[test]
fn who_may_not_talk_is_not_heard() {
    let mut scene = Scene::new(None);
    let talker = scene.enter(400.0, Party::BOTH);
    let listener = scene.enter(700.0, LISTENER);
    scene.run(ms(1500));
    scene.assert_hears(listener, 400.0);
    scene.assert_hears_not(talker, 700.0);
    scene.change(listener, Party::BOTH);
    scene.run(ms(800));
    scene.assert_hears(talker, 700.0);
    scene.change(talker, LISTENER);
    scene.run(ms(800));
    scene.assert_hears_not(listener, 400.0);
    scene.assert_hears(talker, 700.0);
}

/// CONF-10: who may not hear hears silence.
#[test]
fn who_may_not_hear_hears_silence() {
    let mut scene = Scene::new(None);
    scene.enter(400.0, Party::BOTH);
    let waiting = scene.enter(700.0, Party { talks: false, hears: false });
    scene.run(ms(1500));
    scene.assert_hears_not(waiting, 400.0);
    assert!(scene.legs.0[waiting].heard.len() > 11_000, "its packets go on");
}

#[test]
fn only_the_loudest_are_heard_where_their_number_is_limited() {
    let mut scene = Scene::new(Some(2));
    let listener = scene.enter_with(config(), None, Party::BOTH);
    let tones = [400.0, 700.0, 1100.0];
    let members = tones.map(|hz| scene.enter(hz, Party::BOTH));
    scene.legs.0[members[1]].level_dbm0 = -25.0;
    scene.run(ms(1500));
    scene.assert_hears(listener, 400.0);
    scene.assert_hears_not(listener, 700.0);
    scene.assert_hears(listener, 1100.0);
    scene.legs.0[members[0]].tone_hz = None;
    scene.legs.0[members[1]].level_dbm0 = -10.0;
    scene.run(ms(1500));
    scene.assert_hears(listener, 700.0);
    scene.assert_hears(listener, 1100.0);
}

/// Many at full level are turned down: the sum keeps its form, without the harmonics of clipping.
#[test]
fn a_sum_that_is_too_loud_is_not_clipped() {
    let mut scene = Scene::new(None);
    let listener = scene.enter_with(config(), None, Party::BOTH);
    for hz in [500.0, 1300.0, 2100.0] {
        let member = scene.enter(hz, Party::BOTH);
        scene.legs.0[member].level_dbm0 = 0.0;
    }
    scene.run(ms(2500));
    let levels = [500.0, 1300.0, 2100.0].map(|hz| scene.level(listener, hz));
    let spread = levels[0] - levels[2];
    assert!(levels[0] > -12.0 && spread.abs() < 0.5, "{levels:?}");
    // Where clipping would put its products.
    for hz in [300.0, 1500.0, 2900.0, 3700.0] {
        let product = scene.level(listener, hz);
        assert!(product < levels[0] - 30.0, "{hz} Hz at {product} dBm0 beside {levels:?}");
    }
}

/// CONF-3: announcements are heard by all who hear, one after another.
#[test]
fn announcements_are_heard_by_all_who_hear() {
    let mut scene = Scene::new(None);
    let (a, b) = (scene.enter(400.0, Party::BOTH), scene.enter(700.0, LISTENER));
    let tone = |hz: f64| {
        let peak = measure::peak_of_dbm0(-10.0);
        let samples: Vec<i16> =
            (0..8000).map(|at| (peak * (TAU * hz * f64::from(at) / 8000.0).sin()) as i16).collect();
        Clip::from_encoded(Law::Mu, Law::Mu.encode(&samples))
    };
    scene.room.announce(tone(1500.0));
    scene.room.announce(tone(2000.0));
    scene.run(ms(900));
    for member in [a, b] {
        scene.assert_hears(member, 1500.0);
        scene.assert_hears_not(member, 2000.0);
    }
    scene.run(ms(1000));
    for member in [a, b] {
        scene.assert_hears(member, 2000.0);
        scene.assert_hears_not(member, 1500.0);
    }
    scene.assert_hears(b, 400.0);
    scene.run(ms(1000));
    scene.assert_hears_not(a, 2000.0);
}

/// CONF-10: what plays on a stream takes the place of what the room says.
#[test]
fn what_plays_is_heard_in_place_of_the_room() {
    let mut scene = Scene::new(None);
    let waiting = scene.enter(400.0, Party::BOTH);
    scene.enter(700.0, Party::BOTH);
    let peak = measure::peak_of_dbm0(-10.0);
    let music: Vec<i16> =
        (0..800).map(|at| (peak * (TAU * 1500.0 * f64::from(at) / 8000.0).sin()) as i16).collect();
    scene.play(waiting, Clip::from_encoded(Law::A, Law::A.encode(&music)));
    scene.run(ms(1000));
    scene.assert_hears(waiting, 1500.0);
    scene.assert_hears_not(waiting, 700.0);
    let now = scene.now;
    scene.legs.0[waiting].stream.command(now, StreamCommand::Stop);
    scene.run(ms(1000));
    scene.assert_hears(waiting, 700.0);
    scene.assert_hears_not(waiting, 1500.0);
}

/// CONF-10: what is played to one member alone is repeated without a gap, whatever the others say, and nobody else
/// hears it.
#[test]
fn what_is_played_to_one_alone_is_heard_by_nobody_else() {
    let mut scene = Scene::new(None);
    let waiting = scene.enter(400.0, Party { talks: false, hears: false });
    let other = scene.enter(700.0, Party::BOTH);
    let peak = measure::peak_of_dbm0(-10.0);
    let music: Vec<i16> =
        (0..400).map(|at| (peak * (TAU * 1500.0 * f64::from(at) / 8000.0).sin()) as i16).collect();
    let clip = Clip::from_encoded(Law::Mu, Law::Mu.encode(&music));
    scene.room.play_alone(waiting, Some(clip));
    scene.run(ms(1500));
    scene.assert_hears(waiting, 1500.0);
    scene.assert_hears_not(waiting, 700.0);
    scene.assert_hears_not(other, 1500.0);
    scene.room.play_alone(waiting, None);
    scene.change(waiting, LISTENER);
    scene.run(ms(1000));
    scene.assert_hears(waiting, 700.0);
    scene.assert_hears_not(waiting, 1500.0);
}

/// CONF-16: a stream inside a room is heard by the others, and hears them as packets.
#[test]
fn a_stream_without_a_network_talks_and_hears_in_its_room() {
    let mut scene = Scene::new(None);
    let caller = scene.enter(400.0, Party::BOTH);
    let inside = scene.enter_inside(Party::BOTH);
    let peak = measure::peak_of_dbm0(-10.0);
    let speech: Vec<i16> =
        (0..800).map(|at| (peak * (TAU * 1500.0 * f64::from(at) / 8000.0).sin()) as i16).collect();
    scene.play(inside, Clip::from_encoded(Law::A, Law::A.encode(&speech)));
    scene.run(ms(1500));
    scene.assert_hears(caller, 1500.0);
    let heard = Law::A.decode(&scene.legs.0[inside].heard_inside);
    assert!((level(&heard, 400.0) + 10.0).abs() < 0.5, "{}", level(&heard, 400.0));
    assert!(level(&heard, 1500.0) < -50.0, "never itself");
    assert!(scene.legs.0[inside].heard.is_empty(), "nothing goes to a network");
}

/// A room serves legs of every packet time without gaps.
#[test]
fn every_packet_time_is_served_without_gaps() {
    for packet_time in [10, 30, 40, 60] {
        let mut scene = Scene::new(None);
        scene.enter(400.0, Party::BOTH);
        let other = StreamConfig { packet_time: ms(packet_time), ..config() };
        let listener = scene.enter_with(other, None, Party::BOTH);
        scene.run(ms(2500));
        scene.assert_hears(listener, 400.0);
        let heard = &scene.legs.0[listener].heard;
        let gaps = heard[heard.len() - 8000..].windows(40).filter(|run| run.iter().all(|byte| *byte == 0xd5));
        assert_eq!(gaps.count(), 0, "at {packet_time} ms");
    }
}

/// CONN-10: what was said is sent on within 30 ms of being taken from the jitter buffer, whatever the phases are.
#[test]
fn a_frame_waits_at_most_30_ms_for_its_listener() {
    let mut longest = Duration::ZERO;
    for phase in 0..20 {
        let mut scene = Scene::new(None);
        let speaker = scene.enter_inside(Party::BOTH);
        let listener = StreamConfig { offset: ms(phase), ..config() };
        let stream = Stream::new(scene.now, listener);
        let listener = scene.seat(stream, None, Codec::G711A, Party::BOTH);
        scene.run(ms(500));
        // What a stream inside a room plays is heard with no jitter buffer between.
        scene.play(speaker, Clip::from_encoded(Law::A, vec![0x11; 160]));
        let before = scene.legs.0[listener].heard.len();
        let began = scene.now;
        while !scene.legs.0[listener].heard[before..].contains(&0x11) {
            scene.run(ms(1));
        }
        // Up to 20 ms pass before the stream inside sends its next frame, which is no delay of the room.
        longest = longest.max(scene.now - began);
    }
    assert!(longest <= ms(20 + 30), "{longest:?}");
}

#[test]
fn who_has_left_neither_hears_nor_is_heard() {
    let mut scene = Scene::new(None);
    let (a, b) = (scene.enter(400.0, Party::BOTH), scene.enter(1000.0, Party::BOTH));
    scene.run(ms(1000));
    scene.room.leave(b);
    scene.legs.0[b].stream.leave_room();
    scene.run(ms(1000));
    scene.assert_hears_not(a, 1000.0);
    scene.assert_hears_not(b, 400.0);
    assert_eq!(scene.room.members().collect::<Vec<_>>(), [a]);
    scene.room.leave(a);
    assert_eq!(scene.room.poll_timeout(), None);
}
