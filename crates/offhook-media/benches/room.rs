//! What a frame of 20 ms costs in a room, per party, beside what it costs a stream that plays a clip.

use std::hint::black_box;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use offhook_media::rtp::Header;
use offhook_media::{
    Clip, Codec, JobId, Party, Room, RoomStreams, SilencePolicy, Sound, Stream, StreamCommand, StreamConfig,
    StreamDirection,
};

const FRAME: usize = 160;
const FRAME_TIME: Duration = Duration::from_millis(20);

struct Streams(Vec<Stream>);

impl RoomStreams<usize> for Streams {
    fn stream(&mut self, member: usize) -> Option<&mut Stream> {
        self.0.get_mut(member)
    }
}

fn far_end() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4000))
}

fn stream(now: Instant, codec: Codec) -> Stream {
    let payload = codec.static_payload_type().unwrap_or(96);
    let config = StreamConfig {
        ssrc: 1,
        first_sequence: 0,
        first_timestamp: 0,
        codec,
        payload_send: payload,
        payload_receive: payload,
        telephone_event: None,
        telephone_event_send: None,
        packet_time: FRAME_TIME,
        remote_rtp: Some(far_end()),
        remote_rtcp: None,
        rtcp_mux: false,
        direction: StreamDirection::SendRecv,
        symmetric: true,
        silence: SilencePolicy::Send,
        cname: "bench@localhost".to_owned(),
        record: false,
        offset: Duration::ZERO,
    };
    Stream::new(now, config)
}

/// One packet from every far end, one frame of the room, one packet to every far end.
struct Bench {
    now: Instant,
    room: Option<Room<usize>>,
    streams: Streams,
    codecs: Vec<Codec>,
    sequence: u16,
    payload: [u8; FRAME],
}

impl Bench {
    fn new(codecs: Vec<Codec>) -> Self {
        let now = Instant::now();
        let streams = Streams(codecs.iter().map(|codec| stream(now, *codec)).collect());
        let payload = std::array::from_fn(|at| (at as u8).wrapping_mul(73));
        Self { now, room: None, streams, codecs, sequence: 0, payload }
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

    fn playing(mut self) -> Self {
        for (stream, codec) in self.streams.0.iter_mut().zip(&self.codecs) {
            let clip = Clip::for_codec(&Sound::new(8000, vec![0x55; 80_000]), *codec);
            let play = StreamCommand::Play { job: JobId(1), clip, looped: true, limit: None };
            stream.command(self.now, play);
        }
        self
    }

    fn frame(&mut self) {
        let mut buffer = [0; Stream::MAX_DATAGRAM];
        self.sequence = self.sequence.wrapping_add(1);
        for (stream, codec) in self.streams.0.iter_mut().zip(&self.codecs) {
            let header = Header {
                marker: false,
                payload_type: codec.static_payload_type().unwrap_or(96),
                sequence: self.sequence,
                timestamp: u32::from(self.sequence) * FRAME as u32,
                ssrc: 9,
            };
            let length = header.write(&self.payload, &mut buffer).unwrap_or(0);
            stream.handle_rtp(self.now, far_end(), &buffer[..length]);
        }
        if let Some(room) = &mut self.room {
            room.handle_timeout(self.now, &mut self.streams);
        }
        for stream in &mut self.streams.0 {
            stream.handle_timeout(self.now);
            while black_box(stream.poll_transmit(&mut buffer)).is_some() {}
            while stream.poll_event().is_some() {}
        }
        self.now += FRAME_TIME;
    }
}

fn rooms(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("room");
    for parties in [2, 3, 10, 40] {
        let alaw = vec![Codec::G711A; parties];
        group.throughput(Throughput::Elements(parties as u64));
        let mut alone = Bench::new(alaw.clone()).playing();
        group.bench_function(BenchmarkId::new("plain playback", parties), |bencher| {
            bencher.iter(|| alone.frame());
        });
        let mut mixed = Bench::new(alaw.clone()).in_room(None);
        group.bench_function(BenchmarkId::new("mixing", parties), |bencher| bencher.iter(|| mixed.frame()));
        let mut loudest = Bench::new(alaw).in_room(Some(3));
        group.bench_function(BenchmarkId::new("mixing the loudest three", parties), |bencher| {
            bencher.iter(|| loudest.frame());
        });
    }
    for from in Codec::ALL {
        for to in Codec::ALL {
            let mut legs = Bench::new(vec![from, to]).in_room(None);
            group.throughput(Throughput::Elements(2));
            group.bench_function(format!("connection of {from} and {to}"), |bencher| {
                bencher.iter(|| legs.frame());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, rooms);
criterion_main!(benches);
