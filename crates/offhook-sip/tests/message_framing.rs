//! Where messages begin and end, and what happens when they do not (RFC 3261 sections 7.5 and 18.3).

use bytes::Bytes;
use offhook_sip::{HeaderName, Message, ParseError, ParseErrorKind, ParseLimits, Request, StatusCode};

fn parse(text: &str) -> Result<Message, ParseError> {
    Message::parse(Bytes::from(text.to_owned()), &ParseLimits::default())
}

fn request(text: &str) -> Request {
    match parse(text) {
        Ok(Message::Request(request)) => request,
        other => panic!("not a request: {other:?}"),
    }
}

fn with(lines: &str, body: &str) -> String {
    format!(
        "OPTIONS sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1\r\nFrom: <sip:a@192.0.2.2>;tag=1\r\n\
         To: <sip:192.0.2.1>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n{lines}\r\n{body}"
    )
}

#[test]
fn the_body_ends_where_content_length_says() {
    assert_eq!(&request(&with("Content-Length: 3\r\n", "abcdef")).body[..], b"abc");
    assert_eq!(&request(&with("l:0\r\n", "abcdef")).body[..], b"");
}

#[test]
fn without_content_length_the_body_is_the_rest_of_the_datagram() {
    assert_eq!(&request(&with("", "abcdef")).body[..], b"abcdef");
}

#[test]
fn a_body_shorter_than_announced_is_refused() {
    let error = parse(&with("Content-Length: 9999\r\n", "abcdef")).unwrap_err();
    assert_eq!(error.kind, ParseErrorKind::BodyTooShort { bytes: 6, content_length: 9999 });
    assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
}

#[test]
fn content_lengths_that_are_no_number_or_stand_twice_are_refused() {
    for lines in [
        "Content-Length: -1\r\n",
        "Content-Length: 1 1\r\n",
        "Content-Length:\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Content-Length: 1\r\nContent-Length: 1\r\n",
        "l: 1\r\nContent-Length: 2\r\n",
    ] {
        let error = parse(&with(lines, "abcdef")).unwrap_err();
        assert_eq!(error.kind, ParseErrorKind::ContentLength, "{lines}");
        assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
    }
}

#[test]
fn line_ends_before_the_message_are_skipped() {
    assert_eq!(request(&format!("\r\n\r\n\r\n{}", with("", ""))).headers.len(), 5);
}

#[test]
fn bare_line_feeds_end_lines_too() {
    let text = with("Content-Length: 2\r\n", "").replace("\r\n", "\n") + "a\r\n\r\nb";
    assert_eq!(&request(&text).body[..], b"a\r");
}

#[test]
fn a_datagram_without_the_empty_line_is_refused() {
    let whole = with("", "");
    let error = parse(&whole[..whole.len() - 2]).unwrap_err();
    assert_eq!(error.kind, ParseErrorKind::Unterminated);
    assert_eq!(error.status(), Some(StatusCode::BAD_REQUEST));
}

#[test]
fn folded_lines_are_joined_by_one_blank() {
    let request = request(&with("Subject:\r\n  first \r\n\tsecond\r\n   \r\n third\r\n", ""));
    assert_eq!(request.headers.get(&HeaderName::Subject).unwrap().as_str(), "first second third");
}

#[test]
fn control_characters_are_refused_outside_quoted_pairs() {
    for line in
        ["Subject: a\u{0}b\r\n", "Subject: a\u{7f}b\r\n", "Subject: a\rb\r\n", "Subject: \"\\\rb\"\r\n"]
    {
        assert!(parse(&with(line, "")).is_err(), "{line:?}");
    }
    assert!(parse(&with("Subject: \"a\\\u{0}b\\\u{7f}\"\r\n", "")).is_ok());
    assert!(parse(&with("Subject: a\tb\r\n", "")).is_ok());
}

#[test]
fn names_in_iso_8859_1_are_read() {
    let mut datagram = with("Subject: M", "").into_bytes();
    datagram.truncate(datagram.len() - 2);
    datagram.extend_from_slice(b"\xfcller\r\n\r\n");
    let Ok(Message::Request(request)) = Message::parse(Bytes::from(datagram), &ParseLimits::default()) else {
        panic!("refused");
    };
    assert_eq!(request.headers.get(&HeaderName::Subject).unwrap().as_str(), "M\u{fc}ller");
}

#[test]
fn what_is_no_sip_is_dropped() {
    for text in [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\u{0}\u{1}\u{0}\u{8}!\u{12}\u{a4}B",
        "hello",
        "INVITE sip:x\r\n\r\n",
        "SIP/2.0\r\n\r\n",
        "INV\u{e4}TE sip:x SIP/2.0\r\nVia: x\r\n\r\n",
        " OPTIONS sip:x SIP/2.0\r\n\r\n",
    ] {
        let error = parse(text).unwrap_err();
        assert!(error.request.is_none() && error.status().is_none(), "{text:?}: {error:?}");
    }
}

#[test]
fn broken_responses_and_acks_are_dropped_without_a_word() {
    let response = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bK1\r\n\r\n";
    assert_eq!(parse(response).unwrap_err().status(), None);
    let ack = with("", "").replace("OPTIONS", "ACK").replace("Call-ID: c\r\n", "");
    assert_eq!(parse(&ack).unwrap_err().status(), None);
}

#[test]
fn status_lines_need_a_code_of_three_digits_from_100_to_699() {
    let response = |line: &str| parse(&with("", "").replace("OPTIONS sip:192.0.2.1 SIP/2.0", line));
    for line in [
        "SIP/2.0 99 x",
        "SIP/2.0 700 x",
        "SIP/2.0 4294967301 x",
        "SIP/2.0 20 OK",
        "SIP/2.0 200x",
        "SIP/2.0  200 OK",
    ] {
        assert_eq!(response(line).unwrap_err().kind, ParseErrorKind::StatusLine, "{line}");
    }
    assert_eq!(response("SIP/3.0 200 OK").unwrap_err().kind, ParseErrorKind::UnsupportedVersion);
    for (line, reason) in
        [("SIP/2.0 200 OK", "OK"), ("SIP/2.0 200 ", ""), ("SIP/2.0 200", ""), ("sip/2.0 200 a  b", "a  b")]
    {
        let Ok(Message::Response(response)) = response(line) else { panic!("{line}") };
        assert_eq!(response.reason.as_str(), reason);
    }
}

#[test]
fn a_message_beyond_a_limit_is_answered_and_not_read_further() {
    let limits =
        ParseLimits { max_message_bytes: 2000, max_headers: 20, max_header_bytes: 300, max_uri_bytes: 100 };
    let status = |text: String| Message::parse(Bytes::from(text), &limits).unwrap_err().status();
    assert_eq!(status(with("", &"x".repeat(2000))), Some(StatusCode::MESSAGE_TOO_LARGE));
    assert_eq!(status(with(&"A: b\r\n".repeat(16), "")), Some(StatusCode::MESSAGE_TOO_LARGE));
    assert_eq!(status(with(&format!("A: {}\r\n", "b".repeat(300)), "")), Some(StatusCode::MESSAGE_TOO_LARGE));
    let long_uri = with("", "").replacen("sip:192.0.2.1", &format!("sip:{}@192.0.2.1", "u".repeat(100)), 1);
    assert_eq!(status(long_uri), Some(StatusCode::REQUEST_URI_TOO_LONG));
    let within = with(&"A: b\r\n".repeat(15), "");
    assert!(Message::parse(Bytes::from(within), &limits).is_ok());
}

#[test]
fn a_value_with_a_line_end_cannot_add_a_line() {
    let mut request = request(&with("", ""));
    request.headers.push(HeaderName::Subject, "harmless\r\nInjected: yes\r\n\r\nbody");
    let Ok(Message::Request(read)) = Message::parse(request.to_bytes(), &ParseLimits::default()) else {
        panic!("refused");
    };
    assert!(!read.headers.contains(&HeaderName::from("Injected")));
    assert!(read.body.is_empty());
}

#[test]
fn values_share_the_memory_of_the_datagram() {
    let datagram = Bytes::from(with("Subject: here\r\n", ""));
    let range = datagram.as_ptr_range();
    let Ok(Message::Request(request)) = Message::parse(datagram.clone(), &ParseLimits::default()) else {
        panic!("refused");
    };
    for (name, value) in request.headers.iter() {
        assert!(range.contains(&value.as_ptr()), "{name} was copied");
    }
}
