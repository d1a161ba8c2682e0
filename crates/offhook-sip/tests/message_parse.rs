//! Reading whole messages.

use bytes::Bytes;
use offhook_sip::header::{Contact, RecordRoute, Require, Supported};
use offhook_sip::{HeaderName, Message, Method, ParseErrorKind, ParseLimits, Request, StatusCode};

fn parse(text: &str) -> Result<Message, offhook_sip::ParseError> {
    Message::parse(Bytes::from(text.replace('\n', "\r\n")), &ParseLimits::default())
}

fn request(text: &str) -> Request {
    match parse(text) {
        Ok(Message::Request(request)) => request,
        other => panic!("not a request: {other:?}"),
    }
}

const INVITE: &str = "INVITE sip:bob@192.0.2.7:5080 SIP/2.0
v: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK776;rport, SIP/2.0/TCP [2001:db8::9]:5070;branch=z9hG4bK9
Max-Forwards: 70
f: \"Ann \\\"A\\\" Example\" <sip:ann@example.com>;tag=1928
t: Bob
 <sip:bob@192.0.2.7>
i: a84b4c76e66710@pc33
CSEQ: 314159 INVITE
m: <sip:ann@198.51.100.1:5060;transport=udp>
k: 100rel, timer
Require: 100rel
Supported: path
Record-Route: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>
c: application/sdp
l: 4

v=0
trailing bytes";

#[test]
fn an_invite_with_compact_names_folding_and_lists_is_read_whole() {
    let request = request(INVITE);
    assert_eq!(request.method, Method::Invite);
    assert_eq!(request.uri.to_string(), "sip:bob@192.0.2.7:5080");
    let via = request.via().unwrap();
    assert_eq!(via.branch.as_deref(), Some("z9hG4bK776"));
    assert_eq!((via.port, via.rport), (Some(5060), Some(None)));
    let from = request.from().unwrap();
    assert_eq!(from.display.as_deref(), Some("Ann \"A\" Example"));
    assert_eq!(from.tag().map(|tag| tag.as_str()), Some("1928"));
    assert_eq!(request.to().unwrap().display.as_deref(), Some("Bob"));
    assert_eq!(request.cseq().unwrap().number, 314_159);
    assert_eq!(request.headers.typed_all::<RecordRoute>().unwrap().len(), 2);
    let supported: Supported = request.headers.typed().unwrap();
    assert!(supported.contains("100rel") && supported.contains("path"));
    assert!(request.headers.typed::<Require>().unwrap().contains("100rel"));
    assert!(request.headers.typed::<Contact>().unwrap().uri.params.contains("transport"));
    assert_eq!(&request.body[..], b"v=0\r");
}

#[test]
fn what_is_written_reads_back_the_same() {
    let first = request(INVITE);
    let Ok(Message::Request(second)) = Message::parse(first.to_bytes(), &ParseLimits::default()) else {
        panic!("does not read back");
    };
    assert_eq!(first.uri, second.uri);
    assert_eq!(first.body, second.body);
    for name in [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::RecordRoute] {
        let values = |request: &Request| request.headers.get_all(&name).cloned().collect::<Vec<_>>();
        assert_eq!(values(&first), values(&second));
    }
}

#[test]
fn only_line_ends_are_a_keep_alive() {
    for datagram in ["", "\n", "\n\n", "\n\n\n\n"] {
        assert_eq!(parse(datagram).unwrap_err().kind, ParseErrorKind::KeepAlive);
    }
}

#[test]
fn a_request_with_a_broken_field_can_still_be_refused() {
    let error = parse(&INVITE.replace("i: a84b4c76e66710@pc33\n", "")).unwrap_err();
    assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
    assert_eq!(error.kind.to_string(), "the header field Call-ID is missing");
    assert!(error.request.unwrap().headers.contains(&HeaderName::Via));
}
