//! Streams that exchange audio: they come together on one thread, and lose nothing on the way.

mod support;

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use offhook_media::rtp::{Header, Packet};
use offhook_media::{Clip, JobId, Law, Party, StreamCommand, StreamConfig, StreamEvent};
use offhook_net::{RtpConfig, RtpEngine, StreamId};
use support::{FarEnd, PATIENCE, Server};
use tokio::sync::mpsc::unbounded_channel;

/// An engine with so many threads.
fn engine(ports: std::ops::RangeInclusive<u16>, threads: usize) -> Server {
    let config = RtpConfig { ports, threads: NonZeroUsize::new(threads), ..RtpConfig::default() };
    let engine = RtpEngine::start(&config).unwrap();
    let (sender, events) = unbounded_channel();
    Server { engine, events, sender }
}

/// Speaks `payload` in every packet until the other hears a packet of nothing else.
fn speak_until_heard(from: &FarEnd, to: SocketAddr, payload: u8, listener: &FarEnd) -> Duration {
    let began = Instant::now();
    listener.rtp.set_nonblocking(true).unwrap();
    let mut buffer = [0; 2048];
    for sequence in 0..u16::MAX {
        let timestamp = u32::from(sequence) * 160;
        let header = Header { marker: false, payload_type: 8, sequence, timestamp, ssrc: 0xfeed };
        let mut packet = [0; 172];
        header.write(&[payload; 160], &mut packet).unwrap();
        from.rtp.send_to(&packet, to).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        while let Ok((length, _)) = listener.rtp.recv_from(&mut buffer) {
            let heard = Packet::parse(&buffer[..length]).unwrap();
            if heard.payload().iter().all(|byte| *byte == payload) {
                listener.rtp.set_nonblocking(false).unwrap();
                return began.elapsed();
            }
        }
        assert!(began.elapsed() < PATIENCE, "nothing is heard");
    }
    unreachable!("patience ends before")
}

/// CONN-1: streams of different threads hear each other once they are in one room, and are silent after it.
#[test]
fn streams_of_different_threads_exchange_audio_in_a_room() {
    let server = engine(25_000..=25_099, 3);
    let (left, right) = (FarEnd::new(), FarEnd::new());
    let (a, at_a) = server.open(left.config());
    let (b, at_b) = server.open(right.config());
    let room = server.engine.open_room(Some(a), None);
    server.engine.enter(room, a, Party::BOTH);
    server.engine.enter(room, b, Party::BOTH);
    speak_until_heard(&left, at_a, 0x11, &right);
    speak_until_heard(&right, at_b, 0x22, &left);
    server.engine.leave(room, a);
    server.engine.close_room(room);
    let silent = (0..50).any(|_| right.packet().payload.iter().all(|byte| *byte == 0xd5));
    assert!(silent, "who is alone hears silence");
}

/// RING-35: a stream that moves keeps its port, its source, and its line of sequence numbers and timestamps.
#[test]
fn a_stream_that_moves_goes_on_without_a_break() {
    let server = engine(25_100..=25_199, 2);
    let far_ends = [FarEnd::new(), FarEnd::new()];
    let [(a, _), (b, _)] = [server.open(far_ends[0].config()), server.open(far_ends[1].config())];
    let rooms = [a, b].map(|near| server.engine.open_room(Some(near), None));
    let first = far_ends[0].packet();
    for turn in 0..20 {
        server.engine.enter(rooms[turn % 2], a, Party::BOTH);
        server.engine.enter(rooms[turn % 2], b, Party::BOTH);
        std::thread::sleep(Duration::from_millis(15));
    }
    let mut before = first;
    for _ in 0..14 {
        let next = far_ends[0].packet();
        assert_eq!((next.from, next.header.ssrc), (before.from, before.header.ssrc));
        assert_eq!(next.header.sequence, before.header.sequence.wrapping_add(1));
        let step = next.header.timestamp.wrapping_sub(before.header.timestamp);
        assert!(step.is_multiple_of(160) && step > 0, "{step}");
        before = next;
    }
}

/// GEN-22: orders to a stream that is moving about are carried out, all of them and in order.
#[test]
fn orders_to_a_moving_stream_are_neither_lost_nor_reordered() {
    let mut server = engine(25_200..=25_299, 4);
    let far_end = FarEnd::new();
    let (stream, _) = server.open(far_end.config());
    let others: Vec<StreamId> = (0..3).map(|_| server.open(FarEnd::new().config()).0).collect();
    let rooms: Vec<_> = others.iter().map(|near| server.engine.open_room(Some(*near), None)).collect();
    const ORDERS: u64 = 600;
    for number in 0..ORDERS {
        server.engine.enter(rooms[number as usize % 3], stream, Party::BOTH);
        let clip = Clip::from_encoded(Law::A, vec![0x55; 8000]);
        let play = StreamCommand::Play { job: JobId(number), clip, looped: false, limit: None };
        server.engine.command(stream, play);
        if number % 7 == 0 {
            server.engine.leave(rooms[number as usize % 2], stream);
        }
    }
    server.engine.command(stream, StreamCommand::Stop);
    let mut ended = Vec::new();
    server.wait_for(|event| {
        if let StreamEvent::PlayEnded { job, .. } = event {
            ended.push(job.0);
        }
        (ended.len() as u64 == ORDERS).then_some(())
    });
    assert_eq!(ended, (0..ORDERS).collect::<Vec<_>>());
    assert!(server.engine.stats(stream).is_some());
}

/// RUN-22: a stream that has moved leaves as little behind as any other.
#[test]
fn a_stream_that_has_moved_ends_like_any_other() {
    let mut server = engine(25_300..=25_307, 3);
    let far_end = FarEnd::new();
    for _ in 0..20 {
        let streams: Vec<StreamId> = (0..4).map(|_| server.open(far_end.config()).0).collect();
        let room = server.engine.open_room(Some(streams[0]), None);
        for stream in &streams {
            server.engine.enter(room, *stream, Party::BOTH);
        }
        for stream in &streams {
            server.engine.command(*stream, StreamCommand::Close);
            // What is ordered after the end is ignored.
            server.engine.enter(room, *stream, Party::BOTH);
        }
        for _ in &streams {
            server.wait_until_closed();
        }
        server.engine.close_room(room);
        assert_eq!((server.engine.streams(), server.engine.ports_free()), (0, 4));
        assert!(streams.iter().all(|stream| server.engine.stats(*stream).is_none()));
    }
}

/// CONF-16: a stream without ports is heard in its room, and takes no port.
#[test]
fn a_stream_inside_a_room_is_heard_by_the_others() {
    let mut server = engine(25_400..=25_401, 2);
    let far_end = FarEnd::new();
    let (caller, _) = server.open(far_end.config());
    let room = server.engine.open_room(None, None);
    server.engine.enter(room, caller, Party::BOTH);
    let config = StreamConfig { remote_rtp: None, ..far_end.config() };
    let inside = server.engine.open_in_room(room, config, server.sender.clone(), Party::BOTH);
    let clip = Clip::from_encoded(Law::A, vec![0x33; 800]);
    let play = StreamCommand::Play { job: JobId(1), clip, looped: true, limit: None };
    server.engine.command(inside, play);
    assert!((0..200).any(|_| far_end.packet().payload.iter().all(|byte| *byte == 0x33)));
    assert_eq!((server.engine.ports_free(), server.engine.streams()), (0, 2));
    server.engine.command(inside, StreamCommand::Close);
    server.wait_until_closed();
    assert_eq!(server.engine.streams(), 1);
}
