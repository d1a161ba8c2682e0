//! SIP datagrams over real sockets.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use bytes::Bytes;
use offhook_net::{Datagram, LocalAddresses, SendError, UdpConfig, UdpTransport};

fn bind(address: &str) -> UdpTransport {
    UdpTransport::bind(&UdpConfig::new(address.parse().unwrap())).unwrap()
}

fn peer() -> UdpSocket {
    let peer = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    peer
}

async fn next(transport: &UdpTransport) -> Datagram {
    tokio::time::timeout(Duration::from_secs(20), transport.recv()).await.expect("a datagram comes").unwrap()
}

#[tokio::test]
async fn datagrams_go_both_ways() {
    let (transport, peer) = (bind("127.0.0.1:0"), peer());
    peer.send_to(b"OPTIONS", transport.local_addr()).unwrap();
    let datagram = next(&transport).await;
    let expected = Datagram {
        local: transport.local_addr(),
        remote: peer.local_addr().unwrap(),
        bytes: Bytes::from_static(b"OPTIONS"),
    };
    assert_eq!(datagram, expected);

    transport.try_send(datagram.remote, &Bytes::from_static(b"200")).unwrap();
    let mut buffer = [0; 10];
    assert_eq!(peer.recv_from(&mut buffer).unwrap(), (3, transport.local_addr()));
    assert_eq!(&buffer[..3], b"200");
}

#[tokio::test]
async fn a_burst_is_read_whole_and_in_order() {
    let (transport, peer) = (bind("127.0.0.1:0"), peer());
    for n in 0..100_u8 {
        peer.send_to(&[n; 500], transport.local_addr()).unwrap();
    }
    for n in 0..100_u8 {
        assert_eq!(next(&transport).await.bytes, [n; 500][..]);
    }
    assert!(transport.try_recv().unwrap().is_none());
}

#[tokio::test]
async fn a_datagram_of_the_largest_size_arrives_whole() {
    let (transport, peer) = (bind("127.0.0.1:0"), peer());
    peer.send_to(&[7; 65_507], transport.local_addr()).unwrap();
    assert_eq!(next(&transport).await.bytes.len(), 65_507);
}

/// Bound to all addresses, the socket names the one that the sender can reach.
#[tokio::test]
async fn a_socket_bound_to_all_addresses_knows_its_own_towards_each_sender() {
    let (transport, peer) = (bind("0.0.0.0:0"), peer());
    let reachable = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), transport.local_addr().port());
    peer.send_to(b"x", reachable).unwrap();
    assert_eq!(next(&transport).await.local, reachable);
}

#[tokio::test]
async fn ipv6_and_ipv4_come_through_one_dual_stack_socket() {
    let Ok(v6) = UdpSocket::bind("[::1]:0") else {
        // This machine has no IPv6.
        return;
    };
    let (transport, v4) = (bind("[::]:0"), peer());
    let port = transport.local_addr().port();
    v6.send_to(b"six", ("::1", port)).unwrap();
    let six = next(&transport).await;
    assert_eq!((six.local.ip(), six.remote), ("::1".parse::<IpAddr>().unwrap(), v6.local_addr().unwrap()));

    v4.send_to(b"four", ("127.0.0.1", port)).unwrap();
    let four = next(&transport).await;
    assert_eq!((four.local.ip(), four.remote), (Ipv4Addr::LOCALHOST.into(), v4.local_addr().unwrap()));
    transport.try_send(four.remote, &four.bytes).unwrap();
    assert_eq!(v4.recv_from(&mut [0; 10]).unwrap().0, 4);
}

/// A port nobody listens on is reported by ICMP; the socket goes on.
#[tokio::test]
async fn a_closed_port_at_the_other_end_breaks_nothing() {
    let (transport, gone, peer) = (bind("127.0.0.1:0"), peer(), peer());
    let nobody = gone.local_addr().unwrap();
    drop(gone);
    for _ in 0..10 {
        transport.try_send(nobody, &Bytes::from_static(b"x")).unwrap();
    }
    peer.send_to(b"y", transport.local_addr()).unwrap();
    assert_eq!(next(&transport).await.bytes, b"y"[..]);
}

#[tokio::test]
async fn what_is_too_long_for_udp_is_refused_and_counted() {
    let (transport, peer) = (bind("127.0.0.1:0"), peer());
    peer.send_to(b"x", transport.local_addr()).unwrap();
    let remote = next(&transport).await.remote;
    let error = transport.try_send(remote, &Bytes::from(vec![0; 70_000])).unwrap_err();
    assert!(matches!(error, SendError::Refused { remote: to, .. } if to == remote));
    assert_eq!(transport.dropped(), 1);
}

/// A socket takes nothing before its runtime has looked at it once: what is sent until then waits in line, as it
/// does when the system's buffer is full.
#[tokio::test]
async fn what_the_system_does_not_take_waits_in_line_and_what_the_line_does_not_take_is_refused() {
    let address = (Ipv4Addr::LOCALHOST, 0).into();
    let transport = UdpTransport::bind(&UdpConfig { queue_limit: 2, ..UdpConfig::new(address) }).unwrap();
    let peer = peer();
    let remote = peer.local_addr().unwrap();
    transport.try_send(remote, &Bytes::from_static(b"first")).unwrap();
    transport.try_send(remote, &Bytes::from_static(b"second")).unwrap();
    let error = transport.try_send(remote, &Bytes::from_static(b"third")).unwrap_err();
    assert!(matches!(error, SendError::QueueFull { limit: 2 }));
    assert_eq!(transport.dropped(), 1);

    peer.send_to(b"x", transport.local_addr()).unwrap();
    next(&transport).await;
    // Nothing waits any more once recv has been awaited again.
    peer.send_to(b"y", transport.local_addr()).unwrap();
    next(&transport).await;
    let mut buffer = [0; 10];
    for expected in [&b"first"[..], b"second"] {
        let (length, _) = peer.recv_from(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], expected);
    }
}

#[tokio::test]
async fn an_address_in_use_cannot_be_bound() {
    let transport = bind("127.0.0.1:0");
    let again = UdpTransport::bind(&UdpConfig::new(transport.local_addr()));
    assert_eq!(again.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
}

#[test]
fn the_way_to_a_loopback_address_begins_at_a_loopback_address() {
    let addresses = LocalAddresses::default();
    for remote in ["127.0.0.1", "127.0.0.1", "::ffff:127.0.0.1"] {
        assert_eq!(addresses.toward(remote.parse().unwrap()).unwrap(), IpAddr::from(Ipv4Addr::LOCALHOST));
    }
}
