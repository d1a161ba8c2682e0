//! What the parser says to each message.

use bytes::Bytes;
use offhook_sip::header::{Contact, Date, Route, To, Via};
use offhook_sip::{Message, ParseLimits, Request};

use super::case::{Case, Reading};
use super::cases;

fn read(datagram: Bytes) -> Reading {
    match Message::parse(datagram, &ParseLimits::default()) {
        Ok(_) => Reading::Accepted,
        Err(error) => match error.status() {
            Some(status) => Reading::Refused(status.code()),
            None => Reading::Dropped,
        },
    }
}

fn case(section: &str) -> &'static Case {
    cases().find(|case| case.section == section).expect("the table has the section")
}

fn request(section: &str) -> Request {
    match Message::parse(case(section).datagram(), &ParseLimits::default()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{section} is no request: {other:?}"),
    }
}

#[test]
fn each_message_gets_its_verdict() {
    let wrong: Vec<String> = cases()
        .map(|case| (case, read(case.datagram())))
        .filter(|(case, reading)| *reading != case.reading)
        .map(|(case, reading)| {
            let (section, situation, expected) = (case.section, case.situation, case.reading);
            format!("{section} {situation}: {reading:?}, expected {expected:?}")
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_section_of_the_rfc_has_a_message() {
    let sections = (1..=13)
        .map(|n| format!("3.1.1.{n}"))
        .chain((1..=19).map(|n| format!("3.1.2.{n}")))
        .chain(["3.2.1".to_owned()])
        .chain((1..=15).map(|n| format!("3.3.{n}")))
        .chain(["3.4.1".to_owned()]);
    for section in sections {
        assert!(cases().any(|case| case.section == section), "{section} has no message");
    }
}

#[test]
fn accepted_messages_are_the_same_after_writing_and_reading() {
    for case in cases().filter(|case| case.reading == Reading::Accepted) {
        let first = Message::parse(case.datagram(), &ParseLimits::default()).unwrap();
        let second = Message::parse(first.to_bytes(), &ParseLimits::default())
            .unwrap_or_else(|error| panic!("{}: {error}", case.section));
        assert_eq!(first.to_bytes(), second.to_bytes(), "{}", case.section);
    }
}

#[test]
fn no_beginning_of_a_message_is_taken_for_the_whole() {
    // The whole head must be there; where the body ends is for Content-Length to say.
    for case in cases().filter(|case| case.reading == Reading::Accepted) {
        let whole = case.datagram();
        let head = whole.windows(4).position(|end| end == b"\r\n\r\n").unwrap();
        // The long message at fewer places: all of them take the square of its length.
        for length in (0..head).step_by(1 + head / 1500) {
            assert_ne!(read(whole.slice(..length)), Reading::Accepted, "{} cut to {length}", case.section);
        }
    }
}

#[test]
fn the_twisted_invite_is_understood() {
    let request = request("3.1.1.1");
    assert_eq!(request.to().unwrap().params.value("other").unwrap().as_str(), "7");
    assert_eq!(request.cseq().unwrap().number, 9);
    let vias: Vec<Via> = request.headers.typed_all().unwrap();
    assert_eq!(vias.iter().map(|via| via.transport.as_str()).collect::<Vec<_>>(), ["UDP", "TCP", "SCTP"]);
    assert_eq!(vias[1].branch.as_deref(), Some("z9hG4bK-tw2"));
    assert_eq!(request.from().unwrap().display.as_deref(), Some("Q \"tw\" \\ end"));
    let routes: Vec<Route> = request.headers.typed_all().unwrap();
    assert_eq!(routes[1].display.as_deref(), Some("comma, and <bracket>"));
    let contact: Contact = request.headers.typed().unwrap();
    assert_eq!(contact.params.value("q").unwrap().as_str(), "0.25");
    assert_eq!(request.headers.get(&"X-Hidden-Too".into()).unwrap().as_str(), "folded and folded again");
}

#[test]
fn wide_characters_are_understood() {
    let request = request("3.1.1.2");
    assert_eq!(request.method.as_str(), "Aa0-.!%*_+`'~");
    assert_eq!(request.to().unwrap().display.as_deref(), Some("NUL:\0 BEL:\u{7} DEL:\u{7f}"));
    assert_eq!(request.from().unwrap().tag().unwrap().as_str(), "!%*_+`'~-.0");
    assert_eq!(request.uri.port, Some(4242));
}

#[test]
fn escapes_are_resolved_and_hide_nothing() {
    let escaped = request("3.1.1.3");
    assert_eq!(escaped.uri.user_unescaped().as_deref(), Some("sip:desk@elsewhere.example"));
    assert!(escaped.to().unwrap().uri.equivalent(&"sip:desk%40x@192.0.2.1".parse().unwrap()));
    let zeros: Vec<Contact> = request("3.1.1.4").headers.typed_all().unwrap();
    assert!(!zeros[0].uri.equivalent(&zeros[1].uri));
}

#[test]
fn a_parameter_of_the_user_is_not_one_of_the_uri() {
    let uri = request("3.1.1.9").uri;
    assert_eq!(uri.user.as_deref(), Some("desk;room=7%40west.example"));
    assert!(uri.params.is_empty());
}

#[test]
fn a_binary_body_is_kept_byte_by_byte() {
    let request = request("3.1.1.11");
    assert!(request.body.windows(4).any(|bytes| bytes == b"\x82\x00\xff\xfe"));
    assert!(request.body.ends_with(b"--7a9cbec02ceef655--\r\n"));
}

#[test]
fn an_unusual_reason_is_read_and_a_missing_one_is_empty() {
    for (section, expected) in
        [("3.1.1.12", "= 2**3 * 5**2 \u{43d}\u{43e} \"\u{660e}\u{65e5}\" Via: <none>"), ("3.1.1.13", "")]
    {
        let Ok(Message::Response(response)) =
            Message::parse(case(section).datagram(), &ParseLimits::default())
        else {
            panic!("{section} is no response");
        };
        assert_eq!(response.reason.as_str(), expected);
    }
}

#[test]
fn a_date_of_another_zone_is_malformed_and_disturbs_nothing() {
    assert!(request("3.1.2.12").headers.typed::<Date>().is_err());
}

#[test]
fn a_refused_request_keeps_what_its_refusal_needs() {
    for case in cases() {
        if let (Reading::Refused(_), Err(error)) =
            (case.reading, Message::parse(case.datagram(), &ParseLimits::default()))
        {
            let request = error.request.expect("a refusal has a request");
            assert!(request.headers.contains(&offhook_sip::HeaderName::Via), "{}", case.section);
        }
    }
    let broken = Message::parse(case("3.1.2.9").datagram(), &ParseLimits::default()).unwrap_err();
    assert_eq!(broken.request.unwrap().headers.typed::<To>().unwrap().uri.user.as_deref(), Some("desk"));
}
