//! What the offer/answer tests share: codecs, local media, and offers written as a peer would.
#![allow(dead_code, reason = "each test file uses its own part")]

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use offhook_sip::sdp::{CodecSpec, LocalMedia, Media, Negotiated, SessionDescription, answer};

pub(crate) fn g711a() -> CodecSpec {
    CodecSpec::new("g711a", "PCMA", 8000).with_static_payload(8)
}

pub(crate) fn g711u() -> CodecSpec {
    CodecSpec::new("g711u", "PCMU", 8000).with_static_payload(0)
}

pub(crate) fn opus() -> CodecSpec {
    CodecSpec::new("opus", "opus", 48000).with_channels(2).with_fmtp("useinbandfec=1")
}

pub(crate) fn wideband() -> CodecSpec {
    CodecSpec::new("wideband", "L16", 16000)
}

pub(crate) fn both() -> [CodecSpec; 2] {
    [g711a(), g711u()]
}

pub(crate) fn local() -> LocalMedia {
    LocalMedia::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9)), 20000, 4711)
}

pub(crate) fn at(text: &str) -> Option<SocketAddr> {
    Some(text.parse().expect("a socket address"))
}

/// A description from `192.0.2.1` with these lines after `t=`.
pub(crate) fn description(lines: &[&str]) -> SessionDescription {
    description_with("IN IP4 192.0.2.1", lines)
}

/// A description with this connection address and these lines after `t=`.
pub(crate) fn description_with(connection: &str, lines: &[&str]) -> SessionDescription {
    let mut text =
        format!("v=0\r\no=alice 53655765 2353687637 IN IP4 192.0.2.1\r\ns=-\r\nc={connection}\r\nt=0 0\r\n");
    for line in lines {
        text.push_str(line);
        text.push_str("\r\n");
    }
    SessionDescription::parse(text).expect("a well-formed description")
}

/// The answer to a description with these lines, with both G.711 codecs, A-law first.
pub(crate) fn answered(lines: &[&str]) -> Negotiated {
    answer(&description(lines), &both(), &local()).expect("an agreement")
}

/// The `m=` lines of a description as text, without the lines below them.
pub(crate) fn media_lines(description: &SessionDescription) -> Vec<String> {
    description.media.iter().map(first_line).collect()
}

/// The attributes of a section as text.
pub(crate) fn attributes(media: &Media) -> Vec<String> {
    media.attributes.iter().map(ToString::to_string).collect()
}

fn first_line(media: &Media) -> String {
    media.to_string().lines().next().expect("a first line").to_owned()
}
