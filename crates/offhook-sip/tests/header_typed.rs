//! Typed header fields: each reads, writes and refuses.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use offhook_sip::header::{
    Accept, Allow, CSeq, CallId, Contact, ContentLength, ContentType, Date, Diversion, Expires, From,
    HistoryInfo, MaxForwards, MinExpires, MinSe, PAssertedIdentity, RAck, RSeq, Reason, RecordRoute,
    Refresher, Require, RetryAfter, Route, SessionExpires, Supported, Timestamp, To, Unsupported, UserAgent,
    Via, Warning,
};
use offhook_sip::{HeaderError, HeaderName, Headers, Method, NameAddr};

/// Reads each value, writes it and expects what stands right of it.
fn reads<H>(values: &[(&str, &str)])
where
    H: FromStr<Err: Display> + Display + PartialEq + Debug,
{
    for (value, expected) in values {
        let header: H = value.parse().unwrap_or_else(|error| panic!("{value}: {error}"));
        assert_eq!(header.to_string(), *expected);
        let again: H = expected.parse().unwrap_or_else(|error| panic!("{expected}: {error}"));
        assert_eq!(header, again);
    }
}

fn refuses<H: FromStr + Debug>(values: &[&str]) {
    for value in values {
        assert!(value.parse::<H>().is_err(), "accepted {value:?}");
    }
}

#[test]
fn via() {
    reads::<Via>(&[
        ("SIP/2.0/UDP 192.0.2.1", "SIP/2.0/UDP 192.0.2.1"),
        (
            "SIP / 2.0 / TCP  client.example.com:5061 ; branch = z9hG4bK87 ; rport",
            "SIP/2.0/TCP client.example.com:5061;rport;branch=z9hG4bK87",
        ),
        (
            "SIP/2.0/UDP [2001:db8::9:1]:6050;received=[2001:db8::9:255];rport=1;branch=z9hG4bKa;x=\"a;b\"",
            "SIP/2.0/UDP [2001:db8::9:1]:6050;rport=1;received=2001:db8::9:255;branch=z9hG4bKa;x=\"a;b\"",
        ),
        ("SIP/2.0/UNHEARD h;maddr=224.2.0.1;ttl=16", "SIP/2.0/UNHEARD h;maddr=224.2.0.1;ttl=16"),
    ]);
    refuses::<Via>(&[
        "",
        "SIP/2.0",
        "SIP/2.0/UDP",
        "SIP/2.0/UDP ",
        "SIP/2.0/UDP[2001:db8::1]",
        "SIP/2.0/UDP 192.0.2.1:70000",
        "SIP/2.0/UDP 192.0.2.1:",
        "SIP/2.0/UDP 192.0.2.1;;",
        "SIP/2.0/UDP 192.0.2.1;branch",
        "SIP/2.0/UDP 192.0.2.1;branch=",
        "SIP/2.0/UDP 192.0.2.1;rport=x",
        "SIP/2.0/UDP 192.0.2.1;received=host",
        "SIP/2.0/UDP [2001:db8::1",
        "SIP/2.0/UDP 192.0.2.1 192.0.2.2",
    ]);
}

#[test]
fn addresses_with_and_without_names() {
    reads::<NameAddr>(&[
        ("sip:a@example.com", "<sip:a@example.com>"),
        ("sip:a@example.com;tag=1", "<sip:a@example.com>;tag=1"),
        ("<sip:a@example.com;lr>;tag=1", "<sip:a@example.com;lr>;tag=1"),
        ("Ann Example<sip:a@example.com>", "Ann Example <sip:a@example.com>"),
        ("\"Ann, \\\"A\\\"\" <sip:a@example.com>", "\"Ann, \\\"A\\\"\" <sip:a@example.com>"),
        ("\"\"<sip:a@example.com>", "\"\" <sip:a@example.com>"),
        ("\" Ann \" <sip:a@example.com>", "\" Ann \" <sip:a@example.com>"),
        ("J\u{f6}rg <sip:j@example.com>", "\"J\u{f6}rg\" <sip:j@example.com>"),
        ("\"a\\\u{7}b\" <sip:j@example.com>", "\"a\\\u{7}b\" <sip:j@example.com>"),
        ("<tel:+15551234> ; tag = \"q;\"", "<tel:+15551234>;tag=\"q;\""),
        ("<unheard:of>", "<unheard:of>"),
    ]);
    refuses::<NameAddr>(&[
        "",
        "Ann",
        "\"Ann <sip:a@example.com>",
        "\"Ann\" sip:a@example.com",
        "Bell, Ann <sip:a@example.com>",
        "<sip:a@example.com",
        "< sip:a@example.com >",
        "<sip:a@example.com> tag=1",
        "<sip:a@example.com>;",
        "<sip:a@example.com>;=1",
        "<sip:a@example.com>;tag=\"x",
        "sip:a@example.com?Route=%3Csip:x%3E",
        "*",
    ]);
}

#[test]
fn address_headers_share_the_grammar() {
    let value = "\"A\" <sip:a@example.com>;tag=x";
    assert_eq!(value.parse::<From>().unwrap().tag().map(|tag| tag.as_str()), Some("x"));
    for text in [
        value.parse::<To>().unwrap().uri.to_string(),
        value.parse::<Contact>().unwrap().uri.to_string(),
        value.parse::<Route>().unwrap().uri.to_string(),
        value.parse::<RecordRoute>().unwrap().uri.to_string(),
        value.parse::<Diversion>().unwrap().uri.to_string(),
        value.parse::<PAssertedIdentity>().unwrap().uri.to_string(),
    ] {
        assert_eq!(text, "sip:a@example.com");
    }
    let entry: HistoryInfo = "<sip:b@example.com>;index=1.1".parse().unwrap();
    assert_eq!(entry.index().map(|index| index.as_str()), Some("1.1"));
}

#[test]
fn numbers_stay_in_their_range() {
    reads::<CSeq>(&[("2147483647 INVITE", "2147483647 INVITE"), ("0  \tnewMethod", "0 newMethod")]);
    refuses::<CSeq>(&[
        "2147483648 INVITE",
        "36893488147419103232 REGISTER",
        "-1 INVITE",
        "1",
        "1INVITE",
        "INVITE",
        "1 INVITE x",
    ]);
    reads::<RAck>(&[("776656 1 INVITE", "776656 1 INVITE"), ("4294967295 0 INVITE", "4294967295 0 INVITE")]);
    refuses::<RAck>(&["1 INVITE", "4294967296 1 INVITE", "1 1", "1 1 ", ""]);
    reads::<RSeq>(&[("1", "1"), ("4294967295", "4294967295")]);
    refuses::<RSeq>(&["4294967296", "", "x", "1 2"]);
    reads::<MaxForwards>(&[("70", "70"), ("0", "0"), ("255", "255")]);
    refuses::<MaxForwards>(&["256", "300", "-1", "seventy", ""]);
    reads::<ContentLength>(&[("0", "0"), ("00349", "349")]);
    refuses::<ContentLength>(&["-999", "5 5", "0x10"]);
    reads::<Expires>(&[("3600", "3600")]);
    refuses::<Expires>(&["10000000000000000000000", "soon", "1 hour"]);
    reads::<MinExpires>(&[("60", "60")]);
    reads::<MinSe>(&[("90", "90"), ("120;lr", "120")]);
    refuses::<MinSe>(&["", ";lr"]);
}

#[test]
fn lists_of_tokens() {
    reads::<Supported>(&[
        ("100rel,timer", "100rel, timer"),
        ("", ""),
        ("replaces ,  path", "replaces, path"),
    ]);
    refuses::<Supported>(&["100rel,", ",", "a b", "a;b"]);
    reads::<Require>(&[("100rel", "100rel")]);
    reads::<Unsupported>(&[("nothing-we-know", "nothing-we-know")]);
    reads::<Allow>(&[("INVITE,ACK , foo", "INVITE, ACK, foo"), ("", "")]);
    refuses::<Allow>(&["INVITE;ACK", "INVITE,,ACK"]);
    assert!("INVITE, PRACK".parse::<Allow>().unwrap().contains(&Method::Prack));
    assert!("timer, 100REL".parse::<Supported>().unwrap().contains("100rel"));
}

#[test]
fn media_types() {
    reads::<ContentType>(&[
        ("application/sdp", "application/sdp"),
        ("multipart/mixed ; boundary=\"a b\"", "multipart/mixed;boundary=\"a b\""),
    ]);
    refuses::<ContentType>(&["application", "application/", "/sdp", "text/plain text/html", ""]);
    let accept: Accept = "text/*;q=0.5, application/sdp".parse().unwrap();
    assert!(accept.accepts("application", "SDP") && accept.accepts("text", "html"));
    assert!(!accept.accepts("image", "png"));
    assert!(!"".parse::<Accept>().unwrap().accepts("application", "sdp"));
}

#[test]
fn the_rest_of_the_typed_fields() {
    reads::<RetryAfter>(&[
        ("18000;duration=3600", "18000;duration=3600"),
        ("120 (I am in a (long) meeting)", "120"),
        ("5 (soon);duration=1", "5;duration=1"),
    ]);
    refuses::<RetryAfter>(&["", "soon", "120 (open", "120 later"]);
    reads::<Reason>(&[
        ("Q.850;cause=16;text=\"Terminated\"", "Q.850;cause=16;text=\"Terminated\""),
        (
            "SIP ;cause=200 ;text=\"Call completed, \\\"elsewhere\\\"\"",
            "SIP;cause=200;text=\"Call completed, \\\"elsewhere\\\"\"",
        ),
        ("preemption", "preemption"),
    ]);
    refuses::<Reason>(&["", "Q.850;cause=many", ";cause=1", "Q.850;cause=70000"]);
    reads::<SessionExpires>(&[
        ("1800;refresher=uac", "1800;refresher=uac"),
        ("90;REFRESHER=UAS", "90;refresher=uas"),
        ("90", "90"),
    ]);
    assert_eq!("90;refresher=uas".parse::<SessionExpires>().unwrap().refresher, Some(Refresher::Uas));
    refuses::<SessionExpires>(&["", "90;refresher=me", "x"]);
    reads::<Warning>(&[
        (
            "304 192.0.2.1:5060 \"Media type not available\"",
            "304 192.0.2.1:5060 \"Media type not available\"",
        ),
        ("399 \u{2d}me \"say \\\"x\\\"\"", "399 -me \"say \\\"x\\\"\""),
    ]);
    refuses::<Warning>(&["304 host", "304 \"text\"", "30 host \"x\"", "1000 host \"x\"", "304 host \"open"]);
    reads::<Timestamp>(&[("54", "54"), ("54.21  0.1", "54.21 0.1"), (".5", ".5")]);
    refuses::<Timestamp>(&["", ".", "1.2.3", "x", "1 2 3"]);
    reads::<Date>(&[("Sat, 13 Nov 2010 23:29:00 GMT", "Sat, 13 Nov 2010 23:29:00 GMT")]);
    refuses::<Date>(&[
        "Fri, 01 Jan 2010 16:00:00 EST",
        "Sat, 32 Nov 2010 23:29:00 GMT",
        "Sat, 13 Nov 2010 24:29:00 GMT",
        "Sat, 13 Nov 2010 23:29 GMT",
        "13 Nov 2010 23:29:00 GMT",
    ]);
    reads::<CallId>(&[
        ("f81d4fae-7dec@[2001:db8::1]", "f81d4fae-7dec@[2001:db8::1]"),
        ("w{}\"x\\?\"/<>", "w{}\"x\\?\"/<>"),
    ]);
    refuses::<CallId>(&["", "two words"]);
    reads::<UserAgent>(&[("Phone/1.0 (anything (nested)", "Phone/1.0 (anything (nested)")]);
}

#[test]
fn a_field_that_stands_once_is_refused_when_it_stands_twice() {
    let mut headers = Headers::new();
    assert_eq!(headers.typed::<CSeq>(), Err(HeaderError::Missing { name: HeaderName::CSeq }));
    assert_eq!(headers.typed_opt::<CSeq>(), Ok(None));
    headers.push(HeaderName::CSeq, "1 INVITE");
    headers.push(HeaderName::CSeq, "1 INVITE");
    assert_eq!(headers.typed::<CSeq>(), Err(HeaderError::Repeated { name: HeaderName::CSeq, count: 2 }));
}

#[test]
fn a_malformed_field_says_what_was_expected() {
    let mut headers = Headers::new();
    headers.push(HeaderName::MaxForwards, "300");
    let error = headers.typed::<MaxForwards>().unwrap_err();
    assert_eq!(error.to_string(), "malformed Max-Forwards value \"300\": expected a number from 0 to 255");
}

#[test]
fn an_error_shows_the_beginning_of_a_long_value() {
    let mut headers = Headers::new();
    headers.push(HeaderName::CSeq, "\u{f6}".repeat(5000));
    assert!(headers.typed::<CSeq>().unwrap_err().to_string().len() < 400);
}

#[test]
fn lists_are_read_over_all_lines_and_commas() {
    let mut headers = Headers::new();
    headers.push(HeaderName::Route, "<sip:a.example;lr>, \"x, y\" <sip:b.example;p=1,2>");
    headers.push(HeaderName::UserAgent, "between");
    headers.push(HeaderName::from("ROUTE"), "<sip:c.example>");
    let hosts: Vec<String> =
        headers.typed_all::<Route>().unwrap().iter().map(|route| route.uri.host.to_string()).collect();
    assert_eq!(hosts, ["a.example", "b.example", "c.example"]);
    assert_eq!(headers.typed::<Route>().unwrap().uri.host.to_string(), "a.example");

    headers.push(HeaderName::Route, "<sip:d.example>,,<sip:e.example>");
    assert!(headers.typed_all::<Route>().is_err());
}

#[test]
fn the_topmost_value_is_replaced_and_the_others_stay() {
    let mut headers = Headers::new();
    headers.push(
        HeaderName::Via,
        "SIP/2.0/UDP a.example;rport;branch=z9hG4bK1, SIP/2.0/TCP b.example;branch=z9hG4bK2",
    );
    headers.push(HeaderName::Via, "SIP/2.0/TCP c.example;branch=z9hG4bK3");
    let mut top: Via = headers.typed().unwrap();
    top.received = Some("192.0.2.9".parse().unwrap());
    top.rport = Some(Some(9));
    headers.set_first_typed(&top);
    let values: Vec<String> = headers.get_all(&HeaderName::Via).map(ToString::to_string).collect();
    assert_eq!(
        values,
        [
            "SIP/2.0/UDP a.example;rport=9;received=192.0.2.9;branch=z9hG4bK1, SIP/2.0/TCP b.example;branch=z9hG4bK2",
            "SIP/2.0/TCP c.example;branch=z9hG4bK3",
        ]
    );
}

#[test]
fn setting_a_field_replaces_all_its_lines_in_place() {
    let mut headers = Headers::new();
    headers.push(HeaderName::Subject, "one");
    headers.push(HeaderName::Server, "s");
    headers.push(HeaderName::Subject, "two");
    headers.set(HeaderName::Subject, "three");
    let lines: Vec<String> = headers.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(lines, ["Subject=three", "Server=s"]);
    assert_eq!(headers.remove(&HeaderName::Subject), 1);
    assert_eq!(headers.len(), 1);
}
