//! The port pool.

mod support;

use std::net::{SocketAddr, UdpSocket};

use offhook_net::{RtpConfig, RtpEngine, StartRtpError};
use support::{Server, host};

/// RFC 3550 section 11: RTP on an even port, RTCP on the odd one above it.
#[test]
fn a_pair_is_an_even_port_and_the_odd_one_above_it() {
    let server = Server::start(20_001..=20_010);
    assert_eq!(server.engine.ports_free(), 4, "20002 to 20009");
    let ports = server.reserve();
    assert_eq!(ports.rtp(), SocketAddr::new(host(), 20_002));
    assert_eq!(ports.rtcp(), SocketAddr::new(host(), 20_003));
}

#[test]
fn reserved_ports_are_bound_until_they_are_dropped() {
    let server = Server::start(20_100..=20_101);
    let ports = server.reserve();
    let (rtp, rtcp) = (ports.rtp(), ports.rtcp());
    assert!(UdpSocket::bind(rtp).is_err() && UdpSocket::bind(rtcp).is_err());
    assert_eq!(server.engine.ports_free(), 0);
    drop(ports);
    assert!(UdpSocket::bind(rtp).is_ok() && UdpSocket::bind(rtcp).is_ok());
    assert_eq!(server.engine.ports_free(), 1);
}

#[test]
fn a_pair_that_was_freed_is_used_again_last() {
    let server = Server::start(20_200..=20_207);
    let first = server.reserve().rtp();
    let next: Vec<SocketAddr> = {
        let held: Vec<_> = (0..4).map(|_| server.reserve()).collect();
        held.iter().map(|ports| ports.rtp()).collect()
    };
    assert!(!next[..3].contains(&first));
    assert_eq!(next[3], first);
}

#[test]
fn a_pair_that_another_program_uses_is_passed_over() {
    let server = Server::start(20_300..=20_303);
    for taken in [20_300, 20_301] {
        let _other = UdpSocket::bind((host(), taken)).unwrap();
        for _ in 0..3 {
            assert_eq!(server.reserve().rtp().port(), 20_302, "{taken} is taken");
        }
    }
    assert_eq!(server.engine.ports_free(), 2);
}

#[test]
fn no_pair_left_is_an_error_that_says_so() {
    let server = Server::start(20_400..=20_401);
    let _held = server.reserve();
    let error = server.engine.reserve(host()).unwrap_err();
    assert_eq!(error.to_string(), format!("no media port can be had on {} (0 pairs free)", host()));
}

#[test]
fn an_address_that_is_not_ours_is_an_error_and_uses_no_port_up() {
    let server = Server::start(20_500..=20_503);
    let error = server.engine.reserve("192.0.2.1".parse().unwrap()).unwrap_err();
    assert!(error.cause.is_some(), "{error}");
    assert_eq!(server.engine.ports_free(), 2);
}

#[test]
fn a_range_without_a_pair_starts_no_engine() {
    for ports in [20_601..=20_602, 20_600..=20_600, std::ops::RangeInclusive::new(2, 1)] {
        let config = RtpConfig { ports: ports.clone(), ..RtpConfig::default() };
        assert!(
            matches!(RtpEngine::start(&config), Err(StartRtpError::NoPorts { ports: given }) if given == ports)
        );
    }
}

#[test]
fn an_ipv6_pair_can_be_had() {
    let server = Server::start(20_700..=20_799);
    let address = "::1".parse().unwrap();
    if UdpSocket::bind((address, 0)).is_err() {
        // This machine has no IPv6.
        return;
    }
    assert_eq!(server.engine.reserve(address).unwrap().rtp().ip(), address);
}
