//! What 20 ms of a call cost, beside a call that only plays: `cargo xtask bench --media` prints the ratios.
//!
//! In every call a packet comes from the far end and a packet goes to it. All rows tell the cost of one call, those of
//! rooms and connections too.

use std::hint::black_box;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use offhook_media::recorder::{RecordChannels, RecordSettings};
use offhook_media::rtp::{Header, Packet};
use offhook_media::speaker::DetectionStart;
use offhook_media::{
    Clip, Codec, JobId, Party, Room, RoomStreams, SilencePolicy, Sound, Stream, StreamCommand, StreamConfig,
    StreamDirection,
};

const FAR_END: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4000);
const FRAME_TIME: Duration = Duration::from_millis(20);

/// Calls side by side, in a room or each on its own.
struct Calls {
    now: Instant,
    streams: Streams,
    far_ends: Vec<FarEnd>,
    room: Option<Room<usize>>,
}

struct Streams(Vec<Stream>);

impl RoomStreams<usize> for Streams {
    fn stream(&mut self, member: usize) -> Option<&mut Stream> {
        self.0.get_mut(member)
    }
}

/// Sends a voice, encoded beforehand.
struct FarEnd {
    payloads: Vec<Vec<u8>>,
    next: Header,
    timestamp_units: u32,
}

impl Calls {
    fn new(codecs: &[Codec]) -> Self {
        let now = Instant::now();
        let streams = Streams(codecs.iter().map(|codec| Stream::new(now, config(*codec))).collect());
        Self { now, streams, far_ends: codecs.iter().map(|codec| FarEnd::new(*codec)).collect(), room: None }
    }

    fn playing(mut self, codec: Codec) -> Self {
        let clip = Clip::for_codec(&voice(), codec);
        self.command(|| StreamCommand::Play { job: JobId(1), clip: clip.clone(), looped: true, limit: None });
        self
    }

    fn commanded(mut self, command: impl Fn() -> StreamCommand) -> Self {
        self.command(command);
        self
    }

    /// Keys are listened for as tones: telephone events were not negotiated.
    fn listening_for_keys(mut self, codec: Codec) -> Self {
        let config = StreamConfig { telephone_event: None, telephone_event_send: None, ..config(codec) };
        self.streams =
            Streams(self.streams.0.iter().map(|_| Stream::new(self.now, config.clone())).collect());
        self
    }

    fn in_room(mut self, loudest: Option<usize>) -> Self {
        let mut room = Room::new(loudest.and_then(NonZeroUsize::new));
        for (member, stream) in self.streams.0.iter_mut().enumerate() {
            stream.enter_room();
            room.enter(member, Party::BOTH, self.now);
        }
        self.room = Some(room);
        self
    }

    fn command(&mut self, command: impl Fn() -> StreamCommand) {
        for stream in &mut self.streams.0 {
            stream.command(self.now, command());
        }
    }

    fn frame(&mut self) {
        let mut buffer = [0; Stream::MAX_DATAGRAM];
        for (stream, far_end) in self.streams.0.iter_mut().zip(&mut self.far_ends) {
            let length = far_end.packet(&mut buffer);
            stream.handle_rtp(self.now, FAR_END, &buffer[..length]);
        }
        if let Some(room) = &mut self.room {
            room.handle_timeout(self.now, &mut self.streams);
        }
        for stream in &mut self.streams.0 {
            stream.handle_timeout(self.now);
            while black_box(stream.poll_transmit(&mut buffer)).is_some() {}
            while let Some(event) = stream.poll_event() {
                black_box(event);
            }
        }
        self.now += FRAME_TIME;
    }

    fn measure(mut self, row: &str, group: &mut BenchmarkGroup<'_, WallTime>) {
        group.throughput(Throughput::Elements(self.streams.0.len() as u64));
        group.bench_function(row, |bencher| bencher.iter(|| self.frame()));
    }
}

impl FarEnd {
    fn new(codec: Codec) -> Self {
        let now = Instant::now();
        let config = config(codec);
        let payload_type = config.payload_send;
        let mut sender = Stream::new(now, config);
        let clip = Clip::for_codec(&voice(), codec);
        sender.command(now, StreamCommand::Play { job: JobId(1), clip, looped: true, limit: None });
        let mut payloads = Vec::new();
        let mut buffer = [0; Stream::MAX_DATAGRAM];
        for frame in 0..100 {
            sender.handle_timeout(now + FRAME_TIME * frame);
            while let Some(outgoing) = sender.poll_transmit(&mut buffer) {
                payloads
                    .extend(Packet::parse(&buffer[..outgoing.len]).map(|packet| packet.payload().to_vec()));
            }
        }
        let next = Header { marker: false, payload_type, sequence: 0, timestamp: 0, ssrc: 9 };
        Self { payloads, next, timestamp_units: codec.clock_rate_hz() / 50 }
    }

    fn packet(&mut self, buffer: &mut [u8]) -> usize {
        let payload = &self.payloads[usize::from(self.next.sequence) % self.payloads.len()];
        let length = self.next.write(payload, buffer).unwrap_or(0);
        self.next.sequence = self.next.sequence.wrapping_add(1);
        self.next.timestamp = self.next.timestamp.wrapping_add(self.timestamp_units);
        length
    }
}

fn config(codec: Codec) -> StreamConfig {
    let payload_type = codec.static_payload_type().unwrap_or(97);
    StreamConfig {
        ssrc: 1,
        first_sequence: 0,
        first_timestamp: 0,
        codec,
        payload_send: payload_type,
        payload_receive: payload_type,
        telephone_event: Some(101),
        telephone_event_send: Some(101),
        packet_time: FRAME_TIME,
        remote_rtp: Some(FAR_END),
        remote_rtcp: None,
        rtcp_mux: false,
        direction: StreamDirection::SendRecv,
        symmetric: true,
        silence: SilencePolicy::Send,
        cname: "bench".to_owned(),
        record: false,
        offset: Duration::ZERO,
    }
}

/// Two seconds of a pulse train with a pitch that wanders.
fn voice() -> Sound {
    let mut phase = 0.0_f64;
    let samples = (0..32_000).map(|at| {
        let pitch = 120.0 + 20.0 * (f64::from(at) / 16_000.0 * 3.0).sin();
        phase += std::f64::consts::TAU * pitch / 16_000.0;
        let wave: f64 =
            (1..12).map(|harmonic| (phase * f64::from(harmonic)).sin() / f64::from(harmonic)).sum();
        (wave * 4000.0) as i16
    });
    Sound::new(16_000, samples.collect())
}

fn calls(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("call");
    group.sample_size(20).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    let one = [Codec::G711A];
    let call = || Calls::new(&one).playing(one[0]);
    call().measure("plain playback", &mut group);
    Calls::new(&one)
        .listening_for_keys(one[0])
        .playing(one[0])
        .measure("in-band detection of digits", &mut group);
    for (row, channels) in
        [("recording", RecordChannels::Mono), ("recording in stereo", RecordChannels::Stereo)]
    {
        let settings = RecordSettings { channels, max_bytes: u64::MAX, ..RecordSettings::default() };
        let record = || StreamCommand::Record { job: JobId(2), settings: Box::new(settings.clone()) };
        call().commanded(record).measure(row, &mut group);
    }
    let detect = || StreamCommand::DetectSpeaker(DetectionStart::NetworkConnect, Duration::MAX);
    call().commanded(detect).measure("live speaker detection", &mut group);
    for parties in [2, 3, 10, 40] {
        let row = format!("mixing {parties:2} parties");
        Calls::new(&vec![Codec::G711A; parties]).in_room(None).measure(&row, &mut group);
    }
    Calls::new(&[Codec::G711A; 40])
        .in_room(Some(3))
        .measure("mixing the loudest 3 of 40 parties", &mut group);
    for codec in Codec::ALL {
        let row = format!("plain playback in {codec}");
        Calls::new(&[codec]).playing(codec).measure(&row, &mut group);
    }
    for (at, from) in Codec::ALL.into_iter().enumerate() {
        for to in Codec::ALL.into_iter().skip(at) {
            let row = format!("transcoding {from} and {to}");
            Calls::new(&[from, to]).in_room(None).measure(&row, &mut group);
        }
    }
    group.finish();
}

criterion_group!(benches, calls);
criterion_main!(benches);
