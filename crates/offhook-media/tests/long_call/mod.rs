//! Two streams, the network between them, and clocks that run apart.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::{Duration, Instant};

use offhook_media::recorder::{RecordCodec, RecordEnd, RecordSettings, RecordedPart};
use offhook_media::{
    Clip, Codec, JobId, SilencePolicy, Sound, Stream, StreamCommand, StreamConfig, StreamEvent, StreamStats,
    measure,
};

use crate::stream_support::{Driven, address, config, ms, packet};

/// Which end of the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// The server: its clock is that of the call.
    Ours,
    /// The caller: its clock is fast.
    Far,
}

/// What one side heard in the last seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    pub(crate) frequency_hz: f64,
    pub(crate) level_dbm0: f64,
    /// From the moment at which it was played on the other side, by the clock of the listener.
    pub(crate) delay_ms: f64,
}

/// A call in which both sides play now and then.
pub(crate) struct Call {
    codec: Codec,
    now: Duration,
    ours: Party,
    far: Party,
    talker: Talker,
    line: Line,
    longest_delay: Duration,
}

impl Call {
    pub(crate) fn new(codec: Codec) -> Self {
        let mut call = Self {
            codec,
            now: Duration::ZERO,
            ours: Party::new(codec, 1.0),
            far: Party::new(codec, FAR_CLOCK),
            talker: Talker::new(codec),
            line: Line::default(),
            longest_delay: Duration::ZERO,
        };
        call.ours.record(Duration::ZERO);
        call
    }

    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// We play from here on for a while, and the far end records it.
    pub(crate) fn play_for(&mut self, time: Duration) {
        let clip = Clip::for_codec(&pattern(OUR_HZ), self.codec);
        let play = StreamCommand::Play { job: JobId(1), clip, looped: true, limit: Some(time) };
        self.far.record(self.now);
        self.ours.stream.command(self.ours.at(self.now), play);
        self.run_until(self.now + time);
        self.far.stream.command(self.far.at(self.now), StreamCommand::StopRecording(RecordEnd::Stopped));
        self.far.take_events();
    }

    pub(crate) fn press(&mut self, digit: char) {
        self.ours.stream.command(self.ours.at(self.now), StreamCommand::SendDigits(digit.to_string()));
        self.run_until(self.now + ms(1000));
    }

    /// Lets time pass.
    pub(crate) fn run_until(&mut self, end: Duration) {
        while let Some((at, step)) = self.next().filter(|(at, _)| *at < end) {
            self.now = at;
            match step {
                Step::Tick(side) => {
                    let now = self.now;
                    let party = self.party(side);
                    party.stream.handle_timeout(party.at(now));
                    self.drain(side);
                }
                Step::Talk => {
                    let (datagram, pauses) = self.talker.next_packet();
                    self.line.send(self.now, Side::Ours, datagram);
                    if pauses {
                        self.longest_delay = self.longest_delay.max(self.stats().playout_delay);
                    }
                }
                Step::Arrive => {
                    let Some(datagram) = self.line.arrive() else { continue };
                    let (now, side) = (self.now, datagram.to);
                    let party = self.party(side);
                    match datagram.rtcp {
                        true => party.stream.handle_rtcp(party.at(now), address(RTCP), &datagram.bytes),
                        false => party.stream.handle_rtp(party.at(now), address(RTP), &datagram.bytes),
                    }
                    self.drain(side);
                }
            }
        }
        self.now = end;
    }

    /// What the side heard of the last of the patterns.
    pub(crate) fn heard(&self, side: Side) -> Heard {
        let recording = &self.party_ref(side).recording;
        let (samples, rate_hz, begin_ms) = (recording.samples(), recording.rate_hz, recording.begin_ms());
        // When a pattern began on the other side, by the clock of this one.
        let (sent_ms, period_ms) = match side {
            Side::Ours => (0.0, PATTERN_MS / FAR_CLOCK),
            // Its recording began when we did.
            Side::Far => (0.0, PATTERN_MS * FAR_CLOCK),
        };
        let mut delays = Vec::new();
        let (mut frequencies, mut levels) = (Vec::new(), Vec::new());
        for burst in measure::bursts(&samples, rate_hz).iter().filter(|burst| burst.on_ms > 0.8 * TONE_MS) {
            delays.push((begin_ms + burst.start_ms - sent_ms).rem_euclid(period_ms));
            let at = |offset_ms: f64| ((burst.start_ms + offset_ms) / 1000.0 * f64::from(rate_hz)) as usize;
            let Some(tone) = samples.get(at(200.0)..at(TONE_MS - 300.0)) else { continue };
            let Some(strongest) = measure::dominant_frequencies(tone, rate_hz, 1).first().copied() else {
                continue;
            };
            frequencies.push(strongest.frequency_hz);
            levels.push(strongest.level_dbm0);
        }
        assert!(
            frequencies.len() >= 4,
            "{}, {side:?}: of the patterns {} were heard",
            self.codec,
            frequencies.len()
        );
        Heard { frequency_hz: median(frequencies), level_dbm0: median(levels), delay_ms: median(delays) }
    }

    /// The tone that the side shall hear: hertz and dBm0.
    pub(crate) fn played_to(&self, side: Side) -> (f64, f64) {
        match side {
            Side::Ours => (FAR_HZ, LEVEL_DBM0),
            Side::Far => (OUR_HZ, LEVEL_DBM0),
        }
    }

    /// The longest delay that our jitter buffer had at the end of any of the half minutes in which it heard something.
    pub(crate) fn longest_delay(&self) -> Duration {
        self.longest_delay
    }

    /// Where our stream stands.
    pub(crate) fn stats(&self) -> StreamStats {
        self.ours.stream.stats()
    }

    /// What the far end's stream had to tell, but for its recording.
    pub(crate) fn far_events(&self) -> &[StreamEvent] {
        &self.far.events
    }

    fn next(&self) -> Option<(Duration, Step)> {
        let ticks = [Side::Ours, Side::Far].into_iter().filter_map(|side| {
            let party = self.party_ref(side);
            Some((party.real(party.stream.poll_timeout()?), Step::Tick(side)))
        });
        let arrival = self.line.next_arrival().map(|at| (at, Step::Arrive));
        ticks.chain(arrival).chain([(self.talker.due(), Step::Talk)]).min()
    }

    fn drain(&mut self, side: Side) {
        let mut buffer = [0; Stream::MAX_DATAGRAM];
        let to = match side {
            Side::Ours => Side::Far,
            Side::Far => Side::Ours,
        };
        while let Some(outgoing) = self.party(side).stream.poll_transmit(&mut buffer) {
            let datagram = buffer[..outgoing.len].to_vec();
            match outgoing.rtcp {
                true => self.line.report(self.now, to, datagram),
                false => self.line.send(self.now, to, datagram),
            }
        }
        self.party(side).take_events();
    }

    fn party(&mut self, side: Side) -> &mut Party {
        match side {
            Side::Ours => &mut self.ours,
            Side::Far => &mut self.far,
        }
    }

    fn party_ref(&self, side: Side) -> &Party {
        match side {
            Side::Ours => &self.ours,
            Side::Far => &self.far,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Arrive,
    Talk,
    Tick(Side),
}

/// One end: its stream, its clock, and what it records.
struct Party {
    stream: Stream,
    start: Instant,
    /// Seconds of its clock in a second of the call.
    clock: f64,
    recording: Recording,
    events: Vec<StreamEvent>,
}

impl Party {
    fn new(codec: Codec, clock: f64) -> Self {
        let start = Instant::now();
        let stream = Stream::new(start, stream_config(codec));
        let recording = Recording::default();
        Self { stream, start, clock, recording, events: Vec::new() }
    }

    /// Begins a recording, in place of the one before.
    fn record(&mut self, now: Duration) {
        let settings = RecordSettings { codec: RecordCodec::Pcm16, ..RecordSettings::default() };
        let record = StreamCommand::Record { job: JobId(2), settings: Box::new(settings) };
        self.stream.command(self.at(now), record);
        self.recording = Recording::default();
    }

    /// A time of the call by the party's own clock.
    fn at(&self, time: Duration) -> Instant {
        self.start + time.mul_f64(self.clock)
    }

    /// A time of the party's own clock as one of the call.
    fn real(&self, at: Instant) -> Duration {
        // Rounded up, so that the party's clock has got there.
        at.saturating_duration_since(self.start).div_f64(self.clock) + Duration::from_nanos(10)
    }

    fn take_events(&mut self) {
        while let Some(event) = self.stream.poll_event() {
            match event {
                StreamEvent::Recorded { part, .. } => self.recording.append(part),
                other => self.events.push(other),
            }
        }
    }
}

/// The last seconds of a recording, as it came.
#[derive(Default)]
struct Recording {
    rate_hz: u32,
    parts: VecDeque<Vec<u8>>,
    kept_bytes: usize,
    total_bytes: u64,
}

impl Recording {
    fn append(&mut self, part: RecordedPart) {
        if let Some(rate) = part.header.get(24..28).and_then(|rate| rate.try_into().ok()) {
            self.rate_hz = u32::from_le_bytes(rate);
        }
        self.total_bytes += part.data.len() as u64;
        self.kept_bytes += part.data.len();
        self.parts.push_back(part.data);
        while self.kept_bytes > self.rate_hz as usize * 2 * KEPT_SECONDS
            && let Some(oldest) = self.parts.pop_front()
        {
            self.kept_bytes -= oldest.len();
        }
    }

    fn samples(&self) -> Vec<i16> {
        let bytes: Vec<u8> = self.parts.iter().flatten().copied().collect();
        bytes.as_chunks::<2>().0.iter().map(|pair| i16::from_le_bytes(*pair)).collect()
    }

    /// From the beginning of the recording to the first sample that is kept.
    fn begin_ms(&self) -> f64 {
        (self.total_bytes - self.kept_bytes as u64) as f64 / 2.0 * 1000.0 / f64::from(self.rate_hz)
    }
}

/// The far end's sound: a pattern that was encoded once and is sent again and again, by its own clock. Who decodes it
/// takes most of the test's time, hence the pauses.
struct Talker {
    payloads: Vec<Vec<u8>>,
    payload_type: u8,
    ticks: u32,
    /// Packets sent.
    sent: u16,
    /// Packet times passed, with or without a packet.
    frame: u32,
}

impl Talker {
    fn new(codec: Codec) -> Self {
        let mut encoder = Driven::new(StreamConfig { remote_rtcp: None, ..stream_config(codec) });
        let clip = Clip::for_codec(&pattern(FAR_HZ), codec);
        encoder.command(StreamCommand::Play { job: JobId(1), clip, looped: true, limit: None });
        // In the second round the encoder knows what was before.
        let round = Duration::from_secs_f64(PATTERN_MS / 1000.0);
        encoder.run(round * 2);
        let payloads: Vec<_> = encoder.rtp_sent().iter().map(|sent| sent.payload().to_vec()).collect();
        let payloads = payloads[payloads.len() / 2..].to_vec();
        let ticks = codec.clock_rate_hz() / 50;
        Self { payloads, payload_type: stream_config(codec).payload_send, ticks, sent: 0, frame: 0 }
    }

    /// When the next packet leaves, by the clock of the call.
    fn due(&self) -> Duration {
        (ms(20) * self.frame).div_f64(FAR_CLOCK)
    }

    /// The next packet, and whether there is a pause after it.
    fn next_packet(&mut self) -> (Vec<u8>, bool) {
        let payload = &self.payloads[self.frame as usize % self.payloads.len()];
        // Both counters overflow in the course of the call.
        let timestamp = u32::MAX.wrapping_sub(100_000).wrapping_add(self.ticks.wrapping_mul(self.frame));
        let datagram = packet(self.payload_type, self.sent, timestamp, payload);
        self.sent = self.sent.wrapping_add(1);
        self.frame += 1;
        let pauses = !Self::talks(self.frame);
        while !Self::talks(self.frame) {
            self.frame += 1;
        }
        (datagram, pauses)
    }

    /// For half a minute of every two minutes, the first and the last seconds of the call among them.
    fn talks(frame: u32) -> bool {
        (frame + 15 * 50) % (120 * 50) < 30 * 50
    }
}

/// The network: every packet is under way for as long as chance has it, or is lost.
struct Line {
    under_way: BinaryHeap<Reverse<Datagram>>,
    count: u64,
    random: u64,
}

/// One that is under way; the order is that of the arrivals.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Datagram {
    at: Duration,
    number: u64,
    to: Side,
    rtcp: bool,
    bytes: Vec<u8>,
}

impl Default for Line {
    fn default() -> Self {
        Self { under_way: BinaryHeap::new(), count: 0, random: 42 }
    }
}

impl Line {
    fn send(&mut self, now: Duration, to: Side, datagram: Vec<u8>) {
        if self.chance() < LOSS {
            return;
        }
        // One in twenty is held up, and overtaken by the two after it.
        let held_up = if self.chance() < 0.05 { 45.0 } else { 0.0 };
        let delay_ms = SHORTEST_MS + JITTER_MS * self.chance() + held_up;
        self.put(now + Duration::from_secs_f64(delay_ms / 1000.0), to, false, datagram);
    }

    fn report(&mut self, now: Duration, to: Side, datagram: Vec<u8>) {
        self.put(now + Duration::from_secs_f64(SHORTEST_MS / 1000.0), to, true, datagram);
    }

    fn put(&mut self, at: Duration, to: Side, rtcp: bool, datagram: Vec<u8>) {
        self.count += 1;
        self.under_way.push(Reverse(Datagram { at, number: self.count, to, rtcp, bytes: datagram }));
    }

    fn next_arrival(&self) -> Option<Duration> {
        self.under_way.peek().map(|Reverse(first)| first.at)
    }

    fn arrive(&mut self) -> Option<Datagram> {
        self.under_way.pop().map(|Reverse(first)| first)
    }

    /// From 0 to 1, from a fixed seed.
    fn chance(&mut self) -> f64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) as f64 / f64::from(1_u32 << 31)
    }
}

/// A tone and a pause.
fn pattern(hz: f64) -> Sound {
    let peak = measure::peak_of_dbm0(LEVEL_DBM0);
    let (rate_hz, tone) = (16_000, (TONE_MS * 16.0) as usize);
    let sample = |at: usize| match at < tone {
        true => (peak * (std::f64::consts::TAU * hz * at as f64 / f64::from(rate_hz)).sin()) as i16,
        false => 0,
    };
    Sound::new(rate_hz, (0..(PATTERN_MS * 16.0) as usize).map(sample).collect())
}

fn stream_config(codec: Codec) -> StreamConfig {
    let payload_type = codec.static_payload_type().unwrap_or(97);
    StreamConfig {
        codec,
        payload_send: payload_type,
        payload_receive: payload_type,
        telephone_event: Some(101),
        telephone_event_send: Some(101),
        remote_rtp: Some(address(RTP)),
        remote_rtcp: Some(address(RTCP)),
        silence: SilencePolicy::Suppress,
        ..config()
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

const RTP: &str = "192.0.2.1:4000";
const RTCP: &str = "192.0.2.1:4001";
/// 200 ppm fast.
const FAR_CLOCK: f64 = 1.0002;
const LOSS: f64 = 0.02;
const SHORTEST_MS: f64 = 40.0;
const JITTER_MS: f64 = 25.0;
const FAR_HZ: f64 = 440.0;
const OUR_HZ: f64 = 700.0;
const LEVEL_DBM0: f64 = -15.0;
/// Of the pattern the tone.
const TONE_MS: f64 = 1500.0;
const PATTERN_MS: f64 = 2000.0;
/// Less than we play without a break.
const KEPT_SECONDS: usize = 14;
