//! Where responses and requests go: Via, rport, Record-Route, Contact.

mod support;

use offhook_sip::{Flow, HeaderName};
use support::{ANSWER, Bed, OFFER, Phone, US, address};

/// RFC 3261 section 18.2.2, RFC 3581: where the response to a request with this Via goes, and what the Via
/// then says.
#[test]
fn responses_go_back_to_the_source() {
    for (via, source, target, noted) in [
        ("192.0.2.1:5060;rport", "192.0.2.1:5060", "192.0.2.1:5060", ";rport=5060;received=192.0.2.1"),
        ("192.0.2.1:5060;rport", "192.0.2.1:6123", "192.0.2.1:6123", ";rport=6123;received=192.0.2.1"),
        ("10.0.0.1:5070;rport", "192.0.2.1:6123", "192.0.2.1:6123", ";rport=6123;received=192.0.2.1"),
        ("10.0.0.1:5070", "192.0.2.1:6123", "192.0.2.1:5070", ";received=192.0.2.1"),
        ("192.0.2.1:5070", "192.0.2.1:6123", "192.0.2.1:5070", ""),
        ("phone.example.com", "192.0.2.1:6123", "192.0.2.1:5060", ";received=192.0.2.1"),
        ("192.0.2.1;received=203.0.113.9", "192.0.2.1:5060", "192.0.2.1:5060", ""),
        ("192.0.2.1;rport=9;received=203.0.113.9", "192.0.2.1:6000", "192.0.2.1:6000", ";rport=6000"),
        ("192.0.2.1;maddr=203.0.113.9", "192.0.2.1:5060", "192.0.2.1:5060", ""),
    ] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let own = format!("{};branch=", phone.via);
        let invite =
            phone.invite("", OFFER).replace(&own, &format!("{via};branch=")).replace(";rport\r\n", "\r\n");
        bed.receive_from(address(source), invite);
        let sent = bed.sent();
        assert_eq!(sent[0].flow, Flow::udp(address(US), address(target)), "{via} from {source}");
        let response = support::responses(&sent).remove(0);
        let written = response.headers.get(&HeaderName::Via).expect("a Via");
        assert!(written.contains(noted), "{via}: {written}");
        assert!(!written.contains("received=203"), "{via}: {written}");
    }
}

/// RFC 3261 section 8.2.6: all Vias go back in their order.
#[test]
fn responses_carry_all_vias() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let below =
        "Via: SIP/2.0/TCP p2.example.com;branch=z9hG4bKb, SIP/2.0/UDP p1.example.com;branch=z9hG4bKa\r\n";
    bed.receive(phone.invite(below, OFFER));
    let trying = support::responses(&bed.sent()).remove(0);
    let vias: Vec<_> = trying.headers.typed_all::<offhook_sip::header::Via>().expect("Vias");
    let branches: Vec<_> = vias.iter().filter_map(|via| via.branch.as_deref()).collect();
    assert_eq!(branches, ["z9hG4bK-tag-one-1", "z9hG4bKb", "z9hG4bKa"]);
}

/// RFC 3261 section 12: responses repeat Record-Route, and our requests go by it: loose routers and strict
/// ones.
#[test]
fn requests_within_a_dialog_go_by_the_route_set() {
    for (record, uri, routes, hop) in [
        (
            "Record-Route: <sip:203.0.113.7:5080;lr>, <sip:203.0.113.8;lr>\r\n",
            "sip:ann@192.0.2.1:5060",
            vec!["<sip:203.0.113.7:5080;lr>", "<sip:203.0.113.8;lr>"],
            "203.0.113.7:5080",
        ),
        (
            "Record-Route: <sip:203.0.113.7>\r\nRecord-Route: <sip:203.0.113.8;lr>\r\n",
            "sip:203.0.113.7",
            vec!["<sip:203.0.113.8;lr>", "<sip:ann@192.0.2.1:5060>"],
            "203.0.113.7:5060",
        ),
        // A name cannot be looked up here: back to where the dialog came from.
        (
            "Record-Route: <sip:proxy.example.com;lr>\r\n",
            "sip:ann@192.0.2.1:5060",
            vec!["<sip:proxy.example.com;lr>"],
            "192.0.2.1:5060",
        ),
        ("", "sip:ann@192.0.2.1:5060", vec![], "192.0.2.1:5060"),
    ] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let call = bed.arrive(phone.invite(record, OFFER));
        bed.answer(call, Some(ANSWER));
        let sent = bed.sent();
        phone.learn_all(&sent);
        let ok = support::responses(&sent).remove(0);
        let repeated: Vec<_> =
            ok.headers.get_all(&HeaderName::RecordRoute).map(|r| format!("Record-Route: {r}\r\n")).collect();
        assert_eq!(repeated.concat(), record);
        bed.receive(phone.ack(""));
        bed.hang_up(call);
        let sent = bed.sent();
        let bye = support::requests(&sent).remove(0);
        assert_eq!(bye.uri.to_string(), uri);
        assert_eq!(
            bye.headers.get_all(&HeaderName::Route).map(|route| route.as_str()).collect::<Vec<_>>(),
            routes
        );
        assert_eq!(sent[0].flow.remote, address(hop));
    }
}

/// A phone behind address translation names an address that cannot be reached; requests go where its own came
/// from.
#[test]
fn requests_to_a_phone_behind_address_translation_follow_its_flow() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    phone.via = "10.0.0.1:5060".into();
    phone.contact = "<sip:ann@10.0.0.1:5060>".into();
    let outside = address("203.0.113.50:40000");
    bed.receive_from(outside, phone.invite("", OFFER));
    let call = bed.incoming().call;
    bed.answer(call, Some(ANSWER));
    phone.learn_all(&bed.sent());
    bed.receive_from(outside, phone.ack(""));
    // The translation moves; the newest request tells where to.
    let moved = address("203.0.113.50:41000");
    bed.receive_from(moved, phone.request("INFO", "", ""));
    bed.sent();
    bed.hang_up(call);
    let sent = bed.sent();
    assert_eq!(sent[0].flow.remote, moved);
    assert_eq!(support::requests(&sent).remove(0).uri.to_string(), "sip:ann@10.0.0.1:5060");
}

/// IPv6: addresses in brackets where the grammar wants them.
#[test]
fn a_call_over_ipv6() {
    let (us, peer) = (address("[2001:db8::9]:5060"), address("[2001:db8::1]:5062"));
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    phone.via = "[2001:db8::1]:5062".into();
    phone.contact = "<sip:ann@[2001:db8::1]:5062>".into();
    let flow = Flow::udp(us, peer);
    bed.receive_bytes(flow, phone.invite("", OFFER).into());
    let call = bed.incoming().call;
    bed.answer(call, Some(ANSWER));
    let sent = bed.sent();
    assert!(sent.iter().all(|wire| wire.flow == flow));
    phone.learn_all(&sent);
    let ok = support::responses(&sent).remove(1);
    assert_eq!(ok.headers.get(&HeaderName::Contact).map(|c| c.as_str()), Some("<sip:[2001:db8::9]:5060>"));
    bed.receive_bytes(flow, phone.ack("").into());
    bed.hang_up(call);
    let bye = bed.request();
    assert_eq!(bye.uri.to_string(), "sip:ann@[2001:db8::1]:5062");
    assert!(
        bye.headers
            .get(&HeaderName::Via)
            .is_some_and(|via| via.starts_with("SIP/2.0/UDP [2001:db8::9]:5060;"))
    );
}

/// A caller from before RFC 3261: no magic cookie in the branch, no tag in From (sections 8.2.6.2 and
/// 17.2.3).
#[test]
fn a_caller_from_before_rfc_3261_is_served() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let old =
        |text: String| text.replace("branch=z9hG4bK-tag-one-1;rport", "branch=1").replace(";tag=tag-one", "");
    let invite = old(phone.invite("", OFFER));
    let call = bed.arrive(&invite);
    bed.receive(&invite);
    assert_eq!(bed.lines(), ["100 INVITE"], "a retransmission is known as one");
    bed.answer(call, Some(ANSWER));
    phone.learn_all(&bed.sent());
    bed.receive(old(phone.ack("")));
    assert_eq!(bed.events(), ["acknowledged"]);
    bed.receive(old(phone.request("BYE", "", "")));
    assert_eq!(bed.events(), ["cleared RemoteBye 200 by Peer"]);
    bed.assert_nothing_is_left();
}
