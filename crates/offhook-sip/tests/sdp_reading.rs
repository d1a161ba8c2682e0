//! What is read, and how much sloppiness is forgiven (RFC 8866).

use std::net::IpAddr;

use offhook_sip::sdp::{
    Address, Direction, MediaKind, Protocol, RtcpAddress, RtpMap, SdpError, SessionDescription, Timing,
};

fn read(text: &str) -> SessionDescription {
    SessionDescription::parse(text).unwrap_or_else(|error| panic!("{error} in {text:?}"))
}

/// RING-31: every line of RFC 8866 is read, and written back as it was.
#[test]
fn every_line_is_kept() {
    let text = "v=0\r\n\
        o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1\r\n\
        s=Call to John Smith\r\n\
        i=SDP Offer #1\r\n\
        u=http://www.jdoe.example.com/home.html\r\n\
        e=Jane Doe <jane@jdoe.example.com>\r\n\
        p=+1 617 555-6011\r\n\
        c=IN IP4 198.51.100.1\r\n\
        b=AS:128\r\n\
        t=3724394400 3724398000\r\n\
        r=604800 3600 0 90000\r\n\
        t=0 0\r\n\
        z=3730928400 -1h 3749680800 0\r\n\
        a=recvonly\r\n\
        m=audio 49170 RTP/AVP 0 96\r\n\
        i=the sound\r\n\
        c=IN IP4 224.2.1.1/127/3\r\n\
        b=TIAS:64000\r\n\
        a=rtpmap:96 opus/48000/2\r\n\
        m=video 51372/2 RTP/SAVPF 99\r\n\
        c=IN IP6 2001:db8::2\r\n\
        a=rtpmap:99 h263-1998/90000\r\n";
    assert_eq!(read(text).to_string(), text);
}

/// RING-31: the parts of an audio section.
#[test]
fn an_audio_section_is_understood() {
    let description = read(
        "v=0\r\no=- 1 2 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 49170/2 RTP/AVP 8 101\r\n\
         c=IN IP4 192.0.2.3\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:30\r\n\
         a=maxptime:60\r\na=rtcp:53020 IN IP4 192.0.2.4\r\na=rtcp-mux\r\na=sendonly\r\n",
    );
    let media = &description.media[0];
    assert_eq!((&media.kind, media.port, media.port_count), (&MediaKind::Audio, 49170, Some(2)));
    assert_eq!(media.protocol, Protocol::RtpAvp);
    assert_eq!(media.payloads().collect::<Vec<_>>(), [8, 101]);
    assert_eq!(media.rtpmap(101), RtpMap::parse("101 telephone-event/8000"));
    assert_eq!(media.rtpmap(8), None);
    assert_eq!(media.fmtp(101), Some("0-16"));
    assert_eq!((media.ptime(), media.maxptime()), (Some(30), Some(60)));
    let address = Address::Ip(IpAddr::from([192, 0, 2, 4]));
    assert_eq!(media.rtcp(), Some(RtcpAddress { port: 53020, address: Some(address) }));
    assert!(media.rtcp_mux());
    assert_eq!(description.direction(media), Direction::SendOnly);
    assert_eq!(description.origin.session_version, 2);
}

/// RING-31: sloppiness that changes no meaning is forgiven.
#[test]
fn harmless_sloppiness_is_forgiven() {
    let strict = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=sendonly\r\n";
    for (what, sloppy) in [
        ("bare line feeds", strict.replace("\r\n", "\n")),
        ("no last line end", strict.trim_end().to_owned()),
        ("blank lines", strict.replace("s=-", "\r\n  \r\ns=-")),
        ("a blank session name", strict.replace("s=-", "s= ")),
        ("no session name", strict.replace("s=-\r\n", "")),
        ("several blanks", strict.replace("m=audio 4000 RTP/AVP 8", "m=audio  4000 RTP/AVP  8 ")),
        ("other case", strict.replace("m=audio 4000 RTP/AVP 8", "m=Audio 4000 rtp/avp 8")),
        ("a blank at the end", strict.replace("a=sendonly", "a=sendonly ")),
        ("lines out of order", strict.replace("c=IN IP4 192.0.2.1\r\nt=0 0", "t=0 0\r\nc=IN IP4 192.0.2.1")),
        ("a malformed bandwidth", strict.replace("t=0 0", "b=AS\r\nt=0 0")),
        ("an obsolete key", strict.replace("t=0 0", "t=0 0\r\nk=prompt")),
        ("a second connection", strict.replace("t=0 0", "c=IN IP4 192.0.2.99\r\nt=0 0")),
    ] {
        assert_eq!(read(&sloppy), read(strict), "{what}");
    }
}

/// RING-31: a description without times is read, and written with the times of every call.
#[test]
fn missing_times_are_those_of_every_call() {
    let description = read("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n");
    assert_eq!(description.timings, [Timing::UNBOUNDED]);
    assert!(description.to_string().ends_with("\r\nt=0 0\r\n"));
}

/// RING-31: bytes that are not UTF-8 stand in text for persons and spoil nothing.
#[test]
fn other_character_sets_are_forgiven() {
    let description = SessionDescription::parse(
        &b"v=0\r\no=J\xf6rg 1 1 IN IP4 192.0.2.1\r\ns=Gespr\xe4ch\r\nt=0 0\r\n"[..],
    );
    assert_eq!(description.expect("a description").session_name, "Gespr\u{fffd}ch");
}

/// RING-31: origins as they occur: blanks in the user name, none, numbers that overflowed.
#[test]
fn odd_origins_are_forgiven() {
    for (origin, username, id, version) in [
        ("- 0 0 IN IP4 192.0.2.1", "-", 0, 0),
        ("John Q. Public 1 2 IN IP4 192.0.2.1", "John Q. Public", 1, 2),
        ("1 2 IN IP4 192.0.2.1", "-", 1, 2),
        ("- -17 18446744073709551615 IN IP4 192.0.2.1", "-", 17, u64::MAX),
        ("- 99999999999999999999999 1 IN IP4 192.0.2.1", "-", u64::MAX, 1),
    ] {
        let origin = read(&format!("v=0\r\no={origin}\r\ns=-\r\nt=0 0\r\n")).origin;
        assert_eq!(
            (origin.username.as_str(), origin.session_id, origin.session_version),
            (username, id, version)
        );
    }
}

/// RING-31: host names are kept; `.invalid` and unspecified addresses mean "do not send".
#[test]
fn hold_addresses_are_recognised() {
    for (connection, hold) in [
        ("IN IP4 0.0.0.0", true),
        ("IN IP6 ::", true),
        ("IN IP6 ::ffff:0.0.0.0", true),
        ("IN IP4 anything.INVALID.", true),
        ("IN IP4 .invalid", false),
        ("IN IP4 invalid", false),
        ("IN IP4 phone.example.com", false),
        ("IN IP4 192.0.2.1", false),
        ("ATM NSAP 0.0.0.0", false),
    ] {
        let text = format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc={connection}\r\nt=0 0\r\n");
        let found = read(&text).connection.expect("a connection");
        assert_eq!(found.address.is_hold(), hold, "{connection}");
    }
}

/// RING-31: malformed mappings are no mappings.
#[test]
fn malformed_mappings_are_passed_over() {
    for value in [
        "",
        "8",
        "8 ",
        "8 PCMA",
        "8 /8000",
        "8 PCMA/x",
        "8 PCMA/0",
        "128 PCMA/8000",
        "8 PCMA/8000/0",
        "x PCMA/8000",
    ] {
        assert_eq!(RtpMap::parse(value), None, "{value:?}");
    }
    for value in ["", "x", "70000", "1 IN", "1 IN IP4"] {
        assert_eq!(RtcpAddress::parse(value), None, "{value:?}");
    }
}

/// RING-31: what is wrong is named with its line.
#[test]
fn malformed_descriptions_name_the_line() {
    let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n";
    for (text, message) in [
        (String::new(), "the first line must be v=0, not \"\""),
        ("hello".into(), "the first line must be v=0, not \"hello\""),
        ("v=1\r\n".into(), "the first line must be v=0, not \"v=1\""),
        (
            "o=- 1 1 IN IP4 192.0.2.1\r\n".into(),
            "the first line must be v=0, not \"o=- 1 1 IN IP4 192.0.2.1\"",
        ),
        ("v=0\r\ns=-\r\n".into(), "the o= line is missing"),
        ("v=0\r\no=- 1 1 IN IP4\r\n".into(), "line 2: malformed o= line \"- 1 1 IN IP4\""),
        (
            "v=0\r\no=- one 1 IN IP4 192.0.2.1\r\n".into(),
            "line 2: malformed o= line \"- one 1 IN IP4 192.0.2.1\"",
        ),
        (format!("{head}v=0\r\n"), "line 4: second v= line"),
        (format!("{head}s=again\r\n"), "line 4: second s= line"),
        (format!("{head}c=IN IP4\r\n"), "line 4: malformed c= line \"IN IP4\""),
        (format!("{head}t=now\r\n"), "line 4: malformed t= line \"now\""),
        (
            format!("{head}r=1 2\r\n"),
            "line 4: \"r=1 2\" is not a line of a session description at this place",
        ),
        (format!("{head}y=2\r\n"), "line 4: \"y=2\" is not a line of a session description at this place"),
        (
            format!("{head}nonsense\r\n"),
            "line 4: \"nonsense\" is not a line of a session description at this place",
        ),
        (format!("{head}m=audio\r\n"), "line 4: malformed m= line \"audio\""),
        (format!("{head}m=audio 70000 RTP/AVP 0\r\n"), "line 4: malformed m= line \"audio 70000 RTP/AVP 0\""),
        (format!("{head}m=audio 1/0 RTP/AVP 0\r\n"), "line 4: malformed m= line \"audio 1/0 RTP/AVP 0\""),
        (
            format!("{head}m=audio 1 RTP/AVP 0\r\nt=0 0\r\n"),
            "line 5: \"t=0 0\" is not a line of a session description at this place",
        ),
    ] {
        let error = SessionDescription::parse(&text).expect_err(&text);
        assert_eq!(error.to_string(), message);
    }
}

/// RING-31: a description that could be read in two ways is refused.
#[test]
fn ambiguous_descriptions_are_refused() {
    let head = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n";
    assert_eq!(
        SessionDescription::parse(format!("{head}o=- 2 2 IN IP4 192.0.2.2\r\n")),
        Err(SdpError::Repeated { line: 4, kind: 'o' })
    );
    for line in ["a=x\0y", "a=x\rm=audio 4000 RTP/AVP 8"] {
        let error = SessionDescription::parse(format!("{head}{line}\r\n")).expect_err(line);
        assert!(matches!(error, SdpError::UnknownLine { line: 4, .. }), "{error}");
    }
}
