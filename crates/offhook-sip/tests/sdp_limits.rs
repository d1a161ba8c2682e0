//! No description uses up more memory or time than a small, known amount.

use offhook_sip::sdp::{
    CodecSpec, LocalMedia, MAX_ATTRIBUTES, MAX_BYTES, MAX_FORMATS, MAX_LINE_BYTES, MAX_MEDIA,
    MAX_SESSION_LINES, NoAgreement, SdpError, SessionDescription, answer,
};

const HEAD: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n";

fn too_many(text: String) -> Option<&'static str> {
    match SessionDescription::parse(text) {
        Ok(_) => None,
        Err(SdpError::TooMany { what, .. }) => Some(what),
        Err(other) => panic!("{other}"),
    }
}

/// RING-31: each limit is reached and not passed.
#[test]
fn every_limit_is_held() {
    let lines = |line: &str, count: usize| format!("{HEAD}{}", line.repeat(count));
    let formats = |count: usize| format!("{HEAD}m=audio 4000 RTP/AVP{}\r\n", " 8".repeat(count));
    let long = |length: usize| format!("{HEAD}a={}\r\n", "x".repeat(length - 2));
    for (within, beyond, what) in [
        (
            lines("m=audio 4000 RTP/AVP 8\r\n", MAX_MEDIA),
            lines("m=audio 4000 RTP/AVP 8\r\n", MAX_MEDIA + 1),
            "media sections",
        ),
        (lines("a=x\r\n", MAX_ATTRIBUTES), lines("a=x\r\n", MAX_ATTRIBUTES + 1), "attributes in a section"),
        (lines("e=x\r\n", MAX_SESSION_LINES - 3), lines("e=x\r\n", MAX_SESSION_LINES), "lines in a section"),
        (formats(MAX_FORMATS), formats(MAX_FORMATS + 1), "formats in a media line"),
        (long(MAX_LINE_BYTES), long(MAX_LINE_BYTES + 1), "bytes in a line"),
    ] {
        assert_eq!(too_many(within), None, "{what}");
        assert_eq!(too_many(beyond), Some(what));
    }
}

/// RING-31: the limits hold in each media section as in the head.
#[test]
fn limits_hold_in_media_sections() {
    let section =
        |line: &str, count: usize| format!("{HEAD}m=audio 4000 RTP/AVP 8\r\n{}", line.repeat(count));
    assert_eq!(too_many(section("a=x\r\n", MAX_ATTRIBUTES)), None);
    assert_eq!(too_many(section("a=x\r\n", MAX_ATTRIBUTES + 1)), Some("attributes in a section"));
    assert_eq!(
        too_many(section("c=IN IP4 192.0.2.1\r\n", MAX_SESSION_LINES + 1)),
        Some("lines in a section")
    );
}

/// RING-31: too large is refused by its length alone, also where bytes that are not UTF-8 would make it so.
#[test]
fn too_large_is_refused() {
    let large = vec![b'x'; MAX_BYTES + 1];
    assert_eq!(SessionDescription::parse(large), Err(SdpError::TooLong { bytes: MAX_BYTES + 1 }));
    let swelling = vec![0xff; MAX_BYTES / 2];
    assert!(matches!(SessionDescription::parse(swelling), Err(SdpError::TooLong { .. })));
}

/// RING-31: messages quote only the beginning of what a peer wrote.
#[test]
fn messages_stay_short() {
    let text = format!("{HEAD}m={}\r\n", "ä".repeat(1000));
    let message = SessionDescription::parse(text).expect_err("malformed").to_string();
    assert!(message.chars().count() < 120, "{message}");
}

/// RING-31: the largest description with the most lines to search is answered like any other.
#[test]
fn the_most_laborious_offer_is_answered() {
    let formats: String = (0..MAX_FORMATS).map(|n| format!(" {}", 20 + n % 100)).collect();
    let mut text = String::from("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n");
    while text.len() + 20_000 < MAX_BYTES {
        text.push_str(&format!("m=audio 4000 RTP/AVP{formats}\n"));
        for number in 0..MAX_ATTRIBUTES {
            text.push_str(&format!("a=rtpmap:{} X/8000\n", 20 + number % 100));
        }
    }
    let offer = SessionDescription::parse(text).expect("a description");
    let codecs = [CodecSpec::new("g711a", "PCMA", 8000).with_static_payload(8)];
    let local = LocalMedia::new([192, 0, 2, 9].into(), 20000, 1);
    assert!(matches!(answer(&offer, &codecs, &local), Err(NoAgreement::NoCommonCodec { .. })));
}
