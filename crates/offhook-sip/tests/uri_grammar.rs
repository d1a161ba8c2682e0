//! Reading, writing and comparing URIs (RFC 3261 section 19.1).

use offhook_sip::uri::unescape;
use offhook_sip::{Host, Scheme, Uri};

fn uri(text: &str) -> Uri {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn uris_come_back_as_they_were() {
    for text in [
        "sip:example.com",
        "sip:ann@example.com",
        "sips:ann@example.com:5061;transport=tcp",
        "sip:ann:secret@192.0.2.4;ttl=15?subject=hello&priority=urgent",
        "sip:%61lice@example.com;user=phone",
        "sip:room;floor=3@example.com",
        "sip:[2001:db8::9:1]:5070;lr",
        "sip:+1-212-555-1212:1234@gateway.example.com;user=phone",
        "sip:1_odd.User~(!a-b)&%40x=$,;?@example.com",
        "tel:+358-9-123-4567;postd=pp22",
        "tel:7042;phone-context=example.com",
        "unheard-of:anything/goes?here",
    ] {
        assert_eq!(uri(text).to_string(), text);
    }
}

#[test]
fn the_parts_are_found() {
    let parsed = uri("SIP:ann;day=tuesday:pw@[2001:db8::1]:5070;transport=UDP;lr?to=x%40y");
    assert_eq!(parsed.scheme, Scheme::Sip);
    assert_eq!(parsed.user.as_deref(), Some("ann;day=tuesday"));
    assert_eq!(parsed.password.as_deref(), Some("pw"));
    assert_eq!(parsed.host, Host::Ip("2001:db8::1".parse().unwrap()));
    assert_eq!(parsed.port, Some(5070));
    assert_eq!(parsed.params.value("TRANSPORT").map(|value| value.as_str()), Some("UDP"));
    assert!(parsed.params.contains("lr"));
    assert_eq!(parsed.headers[0].name.as_str(), "to");
}

#[test]
fn malformed_uris_are_refused() {
    for text in [
        "",
        "ann@example.com",
        "sip:",
        "sip:@example.com",
        "sip:ann@",
        "sip:ann@exa mple.com",
        "sip:ann@example.com; lr",
        "<sip:ann@example.com>",
        "sip:ann@example.com:",
        "sip:ann@example.com:65536",
        "sip:ann@example.com:-1",
        "sip:ann@example.com;;lr",
        "sip:ann@example.com;=x",
        "sip:ann@example.com;lr=",
        "sip:ann@example.com?subject",
        "sip:ann@example.com?=x",
        "sip:a%4@example.com",
        "sip:a%zz@example.com",
        "sip:a@b@example.com",
        "sip:[2001:db8::1",
        "sip:[2001:db8::g]",
        "sip:192.0.2.256",
        "sip:192.0.2",
        "sip:\u{e4}@example.com",
        "tel:",
        "tel:hello",
        "1sip:x",
        ":x",
    ] {
        assert!(text.parse::<Uri>().is_err(), "accepted {text}");
    }
}

#[test]
fn equivalent_uris_name_the_same_resource() {
    for (one, two) in [
        ("sip:%61lice@atlanta.example;transport=TCP", "sip:alice@AtLanTa.example;Transport=tcp"),
        ("sip:carol@example.com", "sip:carol@example.com;newparam=5"),
        ("sip:carol@example.com;security=on", "sip:carol@example.com;newparam=5"),
        (
            "sip:biloxi.example;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.example",
            "sip:biloxi.example;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.example",
        ),
        ("sip:a@example.com?subject=x&priority=urgent", "sip:a@example.com?priority=urgent&subject=x"),
        ("sip:[2001:db8::1]", "sip:[2001:0db8:0:0:0:0:0:1]"),
    ] {
        assert!(uri(one).equivalent(&uri(two)), "{one} and {two}");
        assert!(uri(two).equivalent(&uri(one)), "{two} and {one}");
    }
}

#[test]
fn different_uris_are_told_apart() {
    for (one, two) in [
        ("SIP:ALICE@example.com", "sip:alice@example.com"),
        ("sip:bob@example.com", "sip:bob@example.com:5060"),
        ("sip:bob@example.com", "sip:bob@example.com;transport=udp"),
        ("sip:bob@example.com", "sips:bob@example.com"),
        ("sip:bob@example.com", "sip:example.com"),
        ("sip:bob:1@example.com", "sip:bob:2@example.com"),
        ("sip:carol@example.com?Subject=next", "sip:carol@example.com"),
        ("sip:carol@example.com;security=on", "sip:carol@example.com;security=off"),
        ("tel:+1", "tel:+2"),
    ] {
        assert!(!uri(one).equivalent(&uri(two)), "{one} and {two}");
    }
}

#[test]
fn users_are_escaped_when_made_and_unescaped_when_asked() {
    let made = Uri::sip(Some("j@s\u{f6}n %1"), Host::Ip("192.0.2.1".parse().unwrap()), None);
    assert_eq!(made.to_string(), "sip:j%40s%C3%B6n%20%251@192.0.2.1");
    assert_eq!(made.user_unescaped().as_deref(), Some("j@s\u{f6}n %1"));
    assert_eq!(uri("sip:a%00b@example.com").user_unescaped().as_deref(), Some("a\0b"));
}

#[test]
fn a_percent_sign_without_digits_stands_for_itself() {
    assert_eq!(&unescape("50%").into_owned(), b"50%");
    assert_eq!(&unescape("%4x%41").into_owned(), b"%4xA");
}

#[test]
fn the_socket_address_has_the_default_port_of_the_scheme() {
    assert_eq!(uri("sip:a@192.0.2.1").socket_address(), "192.0.2.1:5060".parse().ok());
    assert_eq!(uri("sips:a@[2001:db8::1]").socket_address(), "[2001:db8::1]:5061".parse().ok());
    assert_eq!(uri("sip:192.0.2.1:9").socket_address(), "192.0.2.1:9".parse().ok());
    assert_eq!(uri("sip:example.com").socket_address(), None);
}
