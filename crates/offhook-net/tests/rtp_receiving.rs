//! A stream over real sockets: what it hears, and whom it follows.

mod support;

use std::net::UdpSocket;

use offhook_media::{HeardPacket, StreamConfig, StreamEvent};
use support::{FarEnd, Server, moved_to, receive, send};

fn heard(event: &StreamEvent) -> Option<HeardPacket> {
    match event {
        StreamEvent::Heard(packet) => Some(packet.clone()),
        _ => None,
    }
}

#[test]
fn what_the_far_end_says_is_heard() {
    let mut server = Server::start(22_000..=22_099);
    let far_end = FarEnd::new();
    let (_, rtp) = server.open(StreamConfig { record: true, ..far_end.config() });
    for sequence in 1..=20 {
        far_end.send(rtp, sequence);
    }
    for sequence in 1..=20 {
        let packet = server.wait_for(heard);
        assert_eq!((packet.sequence, &packet.payload[..]), (sequence, &[0x55; 160][..]));
    }
}

/// RING-38: ours go where the first valid packet came from, and strangers are not heard.
#[test]
fn packets_follow_the_far_end_to_where_it_really_is() {
    let mut server = Server::start(22_100..=22_199);
    let (signalled, real, stranger) = (FarEnd::new(), FarEnd::new(), FarEnd::new());
    let (_, rtp) = server.open(StreamConfig { record: true, ..signalled.config() });
    signalled.packet();
    real.send(rtp, 1);
    let from = server.wait_for(|event| match event {
        StreamEvent::Latched { from } => Some(*from),
        _ => None,
    });
    assert_eq!(from, real.rtp.local_addr().unwrap());
    assert_eq!(real.packet().from, rtp);
    for sequence in 100..110 {
        stranger.send(rtp, sequence);
    }
    real.send(rtp, 2);
    let sequences = [server.wait_for(heard).sequence, server.wait_for(heard).sequence];
    assert_eq!(sequences, [1, 2]);
}

/// RING-38: a later offer with another address is followed, although the socket was settled on the one before.
#[test]
fn a_far_end_that_moves_by_a_later_offer_is_followed_and_heard() {
    let mut server = Server::start(22_200..=22_299);
    let (before, after) = (FarEnd::new(), FarEnd::new());
    let config = StreamConfig { record: true, ..before.config() };
    let (stream, rtp) = server.open(config.clone());
    before.send(rtp, 1);
    server.wait_for(heard);

    server.engine.command(stream, moved_to(&config, after.rtp.local_addr().unwrap()));
    assert_eq!(after.packet().from, rtp);
    // Not from the address in the offer: from behind another NAT.
    let behind_nat = UdpSocket::bind("127.0.0.1:0").unwrap();
    behind_nat.set_read_timeout(Some(support::PATIENCE)).unwrap();
    send(&behind_nat, rtp, 2);
    assert_eq!(server.wait_for(heard).sequence, 2);
    assert_eq!(receive(&behind_nat).from, rtp);
}

/// UR-41: a flood of anything at all is read and dropped, and the stream goes on.
#[test]
fn a_flood_of_rubbish_does_not_stop_a_stream() {
    let server = Server::start(22_300..=22_399);
    let far_end = FarEnd::new();
    let (stream, rtp) = server.open(far_end.config());
    let rubbish = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut rtcp = rtp;
    rtcp.set_port(rtp.port() + 1);
    for n in 0..2000_usize {
        let bytes: Vec<u8> = (0..n % 300).map(|at| (at * 31 + n) as u8).collect();
        rubbish.send_to(&bytes, if n % 2 == 0 { rtp } else { rtcp }).unwrap();
    }
    for _ in 0..5 {
        far_end.packet();
    }
    assert_eq!(server.engine.stats(stream).map(|stats| stats.packets_received), Some(0));
}

#[test]
fn counts_can_be_read_while_the_stream_runs() {
    let server = Server::start(22_400..=22_499);
    let far_end = FarEnd::new();
    let (stream, rtp) = server.open(far_end.config());
    for sequence in 1..=3 {
        far_end.send(rtp, sequence);
    }
    // Published within a tenth of a second of packets.
    for _ in 0..15 {
        far_end.packet();
    }
    let stats = server.engine.stats(stream).unwrap();
    assert_eq!(stats.packets_received, 3);
    assert!(stats.packets_sent >= 5, "{stats:?}");
    assert!(stats.last_received.is_some());
}
