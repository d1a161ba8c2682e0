//! The end of a stream and of the engine.

mod support;

use std::net::UdpSocket;

use offhook_media::rtp::rtcp::{Compound, Report};
use offhook_media::{StreamCommand, StreamEvent};
use support::{FarEnd, Server, play};
use tokio::sync::mpsc::unbounded_channel;

fn says_bye(rtcp: &UdpSocket) -> bool {
    let mut buffer = [0; 1500];
    let (length, _) = rtcp.recv_from(&mut buffer).expect("a report comes");
    Compound::parse(&buffer[..length]).unwrap().reports().any(|report| matches!(report, Report::Bye { .. }))
}

/// RFC 3550 section 6.6: who leaves says BYE. The ports are free by the time the end is told.
#[test]
fn closing_says_bye_and_frees_the_ports() {
    let mut server = Server::start(23_000..=23_001);
    let far_end = FarEnd::new();
    let (stream, _) = server.open(far_end.config());
    far_end.packet();
    assert_eq!((server.engine.ports_free(), server.engine.streams()), (0, 1));
    server.engine.command(stream, StreamCommand::Close);
    let stats = server.wait_until_closed();
    assert!(stats.packets_sent >= 1);
    assert_eq!((server.engine.ports_free(), server.engine.streams()), (1, 0));
    assert!(says_bye(&far_end.rtcp));
    assert_eq!(server.engine.stats(stream), None);
}

#[test]
fn orders_to_a_stream_that_has_ended_are_ignored() {
    let mut server = Server::start(23_100..=23_199);
    let far_end = FarEnd::new();
    let (stream, _) = server.open(far_end.config());
    server.engine.command(stream, StreamCommand::Close);
    server.wait_until_closed();
    server.engine.command(stream, play([0; 160], true));
    server.engine.command(stream, StreamCommand::Close);
    // The next stream takes the place of the one before, and none of its orders.
    let (next, _) = server.open(far_end.config());
    assert_ne!(next, stream);
    server.engine.command(next, StreamCommand::Close);
    server.wait_until_closed();
    assert!(server.events.try_recv().is_err());
}

#[test]
fn shutting_down_closes_every_stream_with_bye() {
    let mut server = Server::start(23_200..=23_299);
    let far_ends: Vec<FarEnd> = (0..10).map(|_| FarEnd::new()).collect();
    for far_end in &far_ends {
        server.open(far_end.config());
        far_end.packet();
    }
    server.engine.shut_down();
    assert_eq!((server.engine.streams(), server.engine.ports_free()), (0, 50));
    assert!(far_ends.iter().all(|far_end| says_bye(&far_end.rtcp)));
    for _ in 0..10 {
        server.wait_until_closed();
    }
}

#[test]
fn a_stream_opened_after_the_end_of_the_engine_is_closed_at_once() {
    let mut server = Server::start(23_300..=23_301);
    server.engine.shut_down();
    server.open(FarEnd::new().config());
    let stats = server.wait_until_closed();
    assert_eq!(stats.packets_sent, 0);
    assert_eq!((server.engine.streams(), server.engine.ports_free()), (0, 1));
}

#[test]
fn a_stream_that_nobody_listens_to_closes_itself() {
    let server = Server::start(23_400..=23_401);
    let far_end = FarEnd::new();
    let (events, listener) = unbounded_channel();
    server.engine.open(server.reserve(), far_end.config(), events);
    far_end.packet();
    drop(listener);
    assert!(says_bye(&far_end.rtcp));
}

#[test]
fn what_plays_is_told_to_have_ended_before_the_stream() {
    let mut server = Server::start(23_500..=23_599);
    let (stream, _) = server.open(FarEnd::new().config());
    server.engine.command(stream, play([0; 8000], true));
    server.engine.command(stream, StreamCommand::Close);
    let mut ended = false;
    server.wait_for(|event| {
        ended |= matches!(event, StreamEvent::PlayEnded { .. });
        matches!(event, StreamEvent::Closed(_)).then_some(())
    });
    assert!(ended);
}
