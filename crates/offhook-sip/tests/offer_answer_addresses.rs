//! Where RTP and RTCP are sent.

mod offer_answer_support;

use std::net::IpAddr;

use offer_answer_support::*;
use offhook_sip::sdp::{LocalMedia, NoAgreement, StreamParameters, answer};

fn stream(connection: &str, lines: &[&str]) -> Result<StreamParameters, NoAgreement> {
    answer(&description_with(connection, lines), &both(), &local()).map(|negotiated| negotiated.stream)
}

/// RING-31: the section's address counts, else the session's.
#[test]
fn section_address_counts_before_session_address() {
    let own = stream("IN IP4 192.0.2.1", &["m=audio 4000 RTP/AVP 8", "c=IN IP4 192.0.2.2"]);
    assert_eq!(own.expect("an agreement").remote_rtp, at("192.0.2.2:4000"));
    let sessions = stream("IN IP4 192.0.2.1", &["m=audio 4000 RTP/AVP 8"]);
    assert_eq!(sessions.expect("an agreement").remote_rtp, at("192.0.2.1:4000"));
}

/// RING-31: IPv6 on both sides, in the address to send to and in the answer.
#[test]
fn ip6_is_negotiated() {
    let local = LocalMedia { address: "2001:db8::9".parse::<IpAddr>().expect("an address"), ..local() };
    let offer = description_with("IN IP6 2001:db8::1", &["m=audio 4000 RTP/AVP 8"]);
    let negotiated = answer(&offer, &both(), &local).expect("an agreement");
    assert_eq!(negotiated.stream.remote_rtp, at("[2001:db8::1]:4000"));
    assert_eq!(negotiated.stream.remote_rtcp, at("[2001:db8::1]:4001"));
    let text = negotiated.answer.to_string();
    assert!(text.contains("o=- 4711 1 IN IP6 2001:db8::9\r\n"), "{text}");
    assert!(text.contains("c=IN IP6 2001:db8::9\r\n"), "{text}");
}

/// RING-31: an address under the wrong address type is taken for what it is.
#[test]
fn a_wrong_address_type_is_forgiven() {
    let stream = stream("IN IP6 192.0.2.1", &["m=audio 4000 RTP/AVP 8"]).expect("an agreement");
    assert_eq!(stream.remote_rtp, at("192.0.2.1:4000"));
}

/// RING-31: addresses to which our socket cannot send, or at a caller's wish must not.
#[test]
fn unreachable_addresses_give_no_agreement() {
    for connection in [
        "IN IP6 2001:db8::1",
        "IN IP4 phone.example.com",
        "IN IP4 224.2.1.1/127/3",
        "IN IP4 239.1.2.3",
        "IN IP4 255.255.255.255",
        "IN IP4 192.0.2.1/24",
        "ATM NSAP 47.0091",
    ] {
        let refusal = stream(connection, &["m=audio 4000 RTP/AVP 8"]).expect_err("no agreement");
        assert_eq!(
            refusal,
            NoAgreement::Address { address: connection.into(), accepted: "IPv4" },
            "{connection}"
        );
    }
}

/// RING-31: a description without any connection address gives no agreement.
#[test]
fn a_missing_address_gives_no_agreement() {
    let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n";
    let offer = offhook_sip::sdp::SessionDescription::parse(text).expect("a description");
    let refusal = answer(&offer, &both(), &local()).expect_err("no agreement");
    assert_eq!(refusal, NoAgreement::Address { address: String::new(), accepted: "IPv4" });
}

/// RING-31: RTCP goes to the port after RTP's, or where `a=rtcp` says (RFC 3605).
#[test]
fn rtcp_goes_where_it_is_wanted() {
    for (attribute, rtcp) in [
        ("a=x-none", at("192.0.2.1:4001")),
        ("a=rtcp:53020", at("192.0.2.1:53020")),
        ("a=rtcp:53020 IN IP4 192.0.2.4", at("192.0.2.4:53020")),
        ("a=rtcp:53020 IN IP6 2001:db8::4", None),
        ("a=rtcp:53020 IN IP4 224.0.0.1", None),
        ("a=rtcp:53020 IN IP4 0.0.0.0", None),
        ("a=rtcp:0", None),
        ("a=rtcp:nonsense", at("192.0.2.1:4001")),
    ] {
        let stream = stream("IN IP4 192.0.2.1", &["m=audio 4000 RTP/AVP 8", attribute]);
        let stream = stream.expect("an agreement");
        assert_eq!(stream.remote_rtcp, rtcp, "{attribute}");
        assert_eq!(stream.remote_rtp, at("192.0.2.1:4000"), "{attribute}");
    }
}

/// RING-31: after the highest port there is none for RTCP.
#[test]
fn the_highest_port_has_no_rtcp() {
    let stream = stream("IN IP4 192.0.2.1", &["m=audio 65535 RTP/AVP 8"]).expect("an agreement");
    assert_eq!((stream.remote_rtp, stream.remote_rtcp), (at("192.0.2.1:65535"), None));
}

/// RING-31: RTP and RTCP share a port where that is offered (RFC 5761), and the answer says so.
#[test]
fn rtcp_is_multiplexed_where_offered() {
    let offer = description(&["m=audio 4000 RTP/AVP 8", "a=rtcp-mux", "a=rtcp:4001"]);
    let negotiated = answer(&offer, &both(), &local()).expect("an agreement");
    assert!(negotiated.stream.rtcp_mux && negotiated.answer.media[0].rtcp_mux());
    assert_eq!(negotiated.stream.remote_rtcp, at("192.0.2.1:4000"));
    let negotiated = answered(&["m=audio 4000 RTP/AVP 8"]);
    assert!(!negotiated.stream.rtcp_mux && !negotiated.answer.media[0].rtcp_mux());
}
