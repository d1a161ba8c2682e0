//! What is refused before a call begins: a table of requests and their answers.

mod support;

use offhook_sip::{Endpoint, EndpointConfig, HeaderName};
use support::{ANSWER, Bed, OFFER, Phone, ms};

struct Row {
    what: &'static str,
    /// Put in place of what the phone writes.
    replace: &'static [(&'static str, &'static str)],
    headers: &'static str,
    body: &'static str,
    status: u16,
    /// A header field of the answer.
    field: Option<(HeaderName, &'static str)>,
}

const PLAIN: Row = Row { what: "", replace: &[], headers: "", body: OFFER, status: 0, field: None };

fn rows() -> Vec<Row> {
    let allow = "INVITE, ACK, CANCEL, OPTIONS, BYE, PRACK, UPDATE, INFO, REFER, NOTIFY";
    vec![
        Row {
            what: "an extension that is not supported (RING-26)",
            headers: "Require: 100rel, gruu\r\nRequire: tdialog\r\n",
            status: 420,
            field: Some((HeaderName::Unsupported, "gruu, tdialog")),
            ..PLAIN
        },
        Row {
            what: "no hops left",
            replace: &[("Max-Forwards: 70", "Max-Forwards: 0")],
            status: 483,
            ..PLAIN
        },
        Row {
            what: "hops that are no number",
            replace: &[("Max-Forwards: 70", "Max-Forwards: many")],
            status: 400,
            ..PLAIN
        },
        Row {
            what: "a scheme that is none of ours",
            replace: &[("INVITE sip:bob@192.0.2.9 SIP", "INVITE http://192.0.2.9 SIP")],
            status: 416,
            ..PLAIN
        },
        Row {
            what: "a method that we do not know",
            replace: &[("INVITE sip", "JUMP sip"), ("1 INVITE", "1 JUMP")],
            status: 405,
            field: Some((HeaderName::Allow, allow)),
            ..PLAIN
        },
        Row {
            what: "a method that we do not serve",
            replace: &[("INVITE sip", "REGISTER sip"), ("1 INVITE", "1 REGISTER")],
            status: 405,
            field: Some((HeaderName::Allow, allow)),
            ..PLAIN
        },
        Row {
            what: "a BYE outside of a call",
            replace: &[("INVITE sip", "BYE sip"), ("1 INVITE", "1 BYE")],
            status: 481,
            ..PLAIN
        },
        Row {
            what: "a request within a dialog that does not exist",
            replace: &[("To: <sip:bob@example.com>", "To: <sip:bob@example.com>;tag=0123456789abcdef")],
            status: 481,
            ..PLAIN
        },
        Row {
            what: "a body of another type",
            headers: "Content-Type: text/plain\r\n",
            status: 415,
            field: Some((HeaderName::Accept, "application/sdp")),
            ..PLAIN
        },
        Row {
            what: "a compressed body",
            headers: "Content-Encoding: gzip\r\n",
            status: 415,
            field: Some((HeaderName::AcceptEncoding, "identity")),
            ..PLAIN
        },
        Row { what: "a body that is not SDP although it says so", body: "m=audio\r\n", status: 400, ..PLAIN },
        Row {
            what: "a caller that does not take session descriptions",
            headers: "Accept: text/plain\r\n",
            status: 406,
            field: Some((HeaderName::Accept, "application/sdp")),
            ..PLAIN
        },
        Row {
            what: "no Contact",
            replace: &[("Contact: <sip:ann@192.0.2.1:5060>\r\n", "")],
            status: 400,
            ..PLAIN
        },
        Row {
            what: "a Contact that cannot be read",
            replace: &[("Contact: <sip:ann@192.0.2.1:5060>", "Contact: <sip:ann@")],
            status: 400,
            ..PLAIN
        },
        Row { what: "a CSeq of another method", replace: &[("1 INVITE", "1 OPTIONS")], status: 400, ..PLAIN },
        Row {
            what: "another version of SIP",
            replace: &[("SIP/2.0\r\nVia", "SIP/3.0\r\nVia")],
            status: 505,
            ..PLAIN
        },
        Row {
            what: "a body shorter than its length",
            replace: &[("Content-Length: ", "Content-Length: 9")],
            status: 400,
            ..PLAIN
        },
    ]
}

/// RING-26: every request that cannot be served gets the answer that says why, and no call begins.
#[test]
fn each_request_that_cannot_be_served_is_told_why() {
    for row in rows() {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let mut request = phone.invite(row.headers, row.body);
        for (from, to) in row.replace {
            assert!(request.contains(from), "{}: {from}", row.what);
            request = request.replace(from, to);
        }
        bed.receive(&request);
        let response = bed.response();
        assert_eq!(response.status.code(), row.status, "{}", row.what);
        if let Some((name, value)) = &row.field {
            assert_eq!(response.headers.get(name).map(|value| value.as_str()), Some(*value), "{}", row.what);
        }
        assert_eq!(bed.events(), [""; 0], "{}", row.what);
        let has_tag = response.headers.get(&HeaderName::To).is_some_and(|to| to.contains(";tag="));
        assert!(has_tag, "{}: a tag in {:?}", row.what, response.headers.get(&HeaderName::To));
        bed.receive(phone.ack_refusal());
        bed.assert_nothing_is_left();
    }
}

/// A refusal is repeated until its ACK, like that of any INVITE.
#[test]
fn a_refusal_is_repeated_until_its_ack() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let invite = phone.invite("Require: gruu\r\n", OFFER);
    bed.receive(&invite);
    bed.wait(ms(1_500));
    bed.receive(&invite);
    assert_eq!(bed.lines(), ["420 INVITE"; 4]);
    bed.receive(phone.ack_refusal());
    bed.wait(ms(60_000));
    assert_eq!(bed.lines(), [""; 0]);
}

/// RFC 3261 section 8.2.2.2: a copy of an INVITE that came by another way gets 482, whether the call rings or
/// is answered.
#[test]
fn a_merged_invite_gets_482() {
    for answered in [false, true] {
        let (mut bed, mut phone) = (Bed::new(), Phone::new());
        let invite = phone.invite("", OFFER);
        let call = bed.arrive(&invite);
        if answered {
            bed.answer(call, Some(ANSWER));
            bed.sent();
        }
        bed.receive(invite.replace("branch=z9hG4bK-", "branch=z9hG4bK-other-"));
        assert_eq!(bed.lines(), ["482 INVITE"]);
        assert_eq!(bed.events(), [""; 0]);
    }
}

/// The same call tried again is no merged request: its CSeq is higher (RFC 3261 section 8.1.3.5).
#[test]
fn an_invite_with_a_higher_cseq_begins_a_call_of_its_own() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let first = bed.arrive(phone.invite("", OFFER));
    bed.reject(first, 503);
    bed.receive(phone.ack_refusal());
    bed.sent();
    bed.events();
    let second = bed.arrive(phone.invite("", OFFER));
    assert_ne!(first, second);
}

/// A request of ours that comes back through a proxy is in a loop.
#[test]
fn a_request_of_ours_that_comes_back_gets_482() {
    let mut bed = Bed::new();
    bed.invite(Some(OFFER), offhook_sip::Reliability::Absent, offhook_sip::PrackPolicy::Auto);
    let ours = bed.sent().remove(0);
    let looped = String::from_utf8(ours.bytes.to_vec()).expect("text").replacen(
        "Via:",
        "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK-proxy\r\nVia:",
        1,
    );
    bed.receive(looped);
    assert_eq!(bed.lines(), ["482 INVITE"]);
    assert_eq!(bed.events(), [""; 0]);
}

/// RFC 3261 section 11: OPTIONS without hops left are answered by whom they reach.
#[test]
fn options_are_answered_with_what_we_can_do() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    bed.receive(phone.request("OPTIONS", "", "").replace("Max-Forwards: 70", "Max-Forwards: 0"));
    let ok = bed.response();
    assert_eq!(ok.status.code(), 200);
    for (name, value) in [
        (HeaderName::Allow, "INVITE, ACK, CANCEL, OPTIONS, BYE, PRACK, UPDATE, INFO, REFER, NOTIFY"),
        (HeaderName::Accept, "application/sdp"),
        (HeaderName::Supported, "100rel, timer"),
    ] {
        assert_eq!(ok.headers.get(&name).map(|value| value.as_str()), Some(value));
    }
    bed.assert_nothing_is_left();
}

/// While draining, OPTIONS and new calls get 503 with Retry-After, and calls in progress go on.
#[test]
fn while_draining_new_calls_are_refused_and_old_ones_go_on() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.act(|endpoint: &mut Endpoint, _| endpoint.set_draining(true));
    let mut late = Phone::named("late");
    for request in [late.invite("", OFFER), late.request("OPTIONS", "", "")] {
        bed.receive(request);
        let refused = bed.response();
        assert_eq!(refused.status.code(), 503);
        assert_eq!(refused.headers.get(&HeaderName::RetryAfter).map(|value| value.as_str()), Some("10"));
    }
    bed.answer(call, Some(ANSWER));
    phone.learn_all(&bed.sent());
    bed.receive(phone.ack(""));
    bed.receive(phone.request("OPTIONS", "", ""));
    assert_eq!(bed.lines(), ["200 OPTIONS"]);
    bed.act(|endpoint: &mut Endpoint, _| endpoint.set_draining(false));
    bed.receive(Phone::named("later").request("OPTIONS", "", ""));
    assert_eq!(bed.lines(), ["200 OPTIONS"]);
}

/// Responses and ACKs that belong to nothing, keep-alives and noise are passed over.
#[test]
fn what_belongs_to_nothing_is_passed_over() {
    let mut bed = Bed::new();
    let mut phone = Phone::new();
    let stray = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK0123456789abcdef\r\n\
                 From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n";
    phone.invite("", OFFER);
    phone.remote_tag = Some("0123456789abcdef".into());
    for message in ["\r\n\r\n", "", "hello", stray, &phone.ack(""), "\0\0\0\0"] {
        bed.receive(message);
    }
    assert_eq!((bed.lines(), bed.events()), (vec![], vec![]));
    assert_eq!(bed.endpoint.counts(), offhook_sip::Counts::default());
}

/// What we say of ourselves is a setting.
#[test]
fn the_name_and_the_address_that_we_give_are_settings() {
    let mut config = EndpointConfig::default();
    config.server = "".into();
    config.advertised = Some(support::address("203.0.113.5:5080"));
    let (mut bed, mut phone) = (Bed::with(config), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.ring(call, 180, None);
    let ringing = bed.response();
    assert!(!ringing.headers.contains(&HeaderName::Server));
    let contact = ringing.headers.get(&HeaderName::Contact).map(|contact| contact.as_str());
    assert_eq!(contact, Some("<sip:203.0.113.5:5080>"));
}
