//! A stream over real sockets: what the far end receives.

mod support;

use std::net::UdpSocket;
use std::time::{Duration, Instant};

use offhook_media::{StreamCommand, StreamConfig, StreamEvent};
use support::{FarEnd, PATIENCE, Received, Server, play, receive};

/// RING-36, RING-44: the clip arrives whole and without a seam, in one line of numbers, from the reserved port.
#[test]
fn a_looped_clip_arrives_without_a_seam() {
    let server = Server::start(21_000..=21_099);
    let far_end = FarEnd::new();
    let (stream, rtp) = server.open(far_end.config());
    let clip: Vec<u8> = (0..=220).collect();
    server.engine.command(stream, play(clip.clone(), true));

    let packets: Vec<Received> = (0..25).map(|_| far_end.packet()).collect();
    assert!(packets.iter().all(|packet| packet.from == rtp));
    for pair in packets.windows(2) {
        assert_eq!(pair[1].header.sequence, pair[0].header.sequence + 1);
        assert_eq!(pair[1].header.timestamp, pair[0].header.timestamp + 160);
    }
    assert!(packets[0].header.marker && !packets[1].header.marker);
    let heard: Vec<u8> = packets.iter().flat_map(|packet| packet.payload.clone()).collect();
    // The order to play may come a frame after the stream.
    let start =
        heard.chunks(160).position(|frame| frame[..] == clip[..160]).expect("the clip begins with a frame");
    let expected: Vec<u8> = clip.iter().copied().cycle().take(heard.len() - start * 160).collect();
    assert_eq!(heard[start * 160..], expected);
}

/// MED-14: packets leave at the clock's pace, none before its time.
#[test]
fn a_second_of_packets_takes_a_second() {
    let server = Server::start(21_100..=21_199);
    let far_end = FarEnd::new();
    let opened = Instant::now();
    server.open(far_end.config());
    let packets: Vec<Received> = (0..51).map(|_| far_end.packet()).collect();
    for packet in &packets {
        let due = Duration::from_millis(u64::from(packet.header.timestamp) / 8);
        assert!(packet.at - opened >= due, "{due:?} of sound after {:?}", packet.at - opened);
    }
}

/// RING-36: packets of 60 ms and of 10 ms are paced as well as those of 20.
#[test]
fn every_packet_time_is_paced() {
    for (packet_time, samples) in [(10, 80), (60, 480)] {
        let server = Server::start(21_200..=21_299);
        let far_end = FarEnd::new();
        server.open(StreamConfig { packet_time: Duration::from_millis(packet_time), ..far_end.config() });
        for n in 0..10 {
            let packet = far_end.packet();
            assert_eq!((packet.payload.len(), packet.header.timestamp), (samples, n * samples as u32));
        }
    }
}

#[test]
fn a_far_end_that_is_gone_does_not_stop_the_stream() {
    let mut server = Server::start(21_300..=21_399);
    let far_end = FarEnd::new();
    let (stream, rtp) = server.open(far_end.config());
    far_end.send(rtp, 1);
    far_end.packet();
    let address = far_end.rtp.local_addr().unwrap();
    drop(far_end);
    // Every packet meets a closed port for a while; then the far end is there again.
    let before = server.engine.stats(stream).unwrap().packets_sent;
    while server.engine.stats(stream).unwrap().packets_sent < before + 20 {
        std::thread::yield_now();
    }
    let again = UdpSocket::bind(address).unwrap();
    again.set_read_timeout(Some(PATIENCE)).unwrap();
    receive(&again);
    receive(&again);
    server.engine.command(stream, StreamCommand::Close);
    server.wait_until_closed();
}

#[test]
fn the_first_packet_is_told() {
    let mut server = Server::start(21_400..=21_499);
    let far_end = FarEnd::new();
    server.open(far_end.config());
    far_end.packet();
    server.wait_for(|event| matches!(event, StreamEvent::Started).then_some(()));
}

#[test]
fn a_stream_over_ipv6_and_over_a_dual_stack_socket() {
    let Ok(v6) = UdpSocket::bind("[::1]:0") else {
        // This machine has no IPv6.
        return;
    };
    v6.set_read_timeout(Some(PATIENCE)).unwrap();
    let server = Server::start(21_500..=21_599);
    let far_end = FarEnd::new();
    for host in ["::1", "::"] {
        let ports = server.engine.reserve(host.parse().unwrap()).unwrap();
        let config = StreamConfig { remote_rtp: Some(v6.local_addr().unwrap()), ..far_end.config() };
        let stream = server.engine.open(ports, config, server.sender.clone());
        assert!(receive(&v6).from.is_ipv6(), "{host}");
        server.engine.command(stream, StreamCommand::Close);
    }
    let ports = server.engine.reserve("::".parse().unwrap()).unwrap();
    server.engine.open(ports, far_end.config(), server.sender.clone());
    assert!(far_end.packet().from.is_ipv4());
}
