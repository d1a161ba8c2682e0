//! What the tests of the endpoint stand on: a virtual clock, a scripted peer, and two endpoints joined by a
//! lossy link.
//!
//! Nothing here sleeps, opens a port or reads a clock more than once.

#![allow(dead_code, unused_imports, unreachable_pub)] // Each test file uses its own part of this.

pub mod bed;
pub mod pair;
pub mod phone;

use std::net::SocketAddr;
use std::time::Duration;

use offhook_sip::sdp::SessionDescription;
use offhook_sip::{Event, Flow};

pub use bed::{Bed, Wire};
pub use pair::{Link, Pair, Side};
pub use phone::Phone;

/// Where the endpoint under test listens.
pub const US: &str = "192.0.2.9:5060";
/// Where its peer sits.
pub const PEER: &str = "192.0.2.1:5060";

pub const OFFER: &str = "v=0\r\no=ann 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8 0\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n";
pub const ANSWER: &str = "v=0\r\no=bob 7 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n";
pub const HOLD: &str = "v=0\r\no=ann 1 2 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\na=sendonly\r\n";

pub fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

pub fn sdp(text: &str) -> SessionDescription {
    SessionDescription::parse(text).expect("a session description")
}

pub fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

pub fn flow() -> Flow {
    Flow::udp(address(US), address(PEER))
}

/// `status method` or `method` lines of several messages.
pub fn lines(sent: &[Wire]) -> Vec<String> {
    sent.iter().map(bed::line).collect()
}

/// The responses among these.
pub fn responses(sent: &[Wire]) -> Vec<offhook_sip::Response> {
    sent.iter()
        .filter_map(|wire| match &wire.message {
            offhook_sip::Message::Response(response) => Some(response.clone()),
            offhook_sip::Message::Request(_) => None,
        })
        .collect()
}

/// The requests among these.
pub fn requests(sent: &[Wire]) -> Vec<offhook_sip::Request> {
    sent.iter()
        .filter_map(|wire| match &wire.message {
            offhook_sip::Message::Request(request) => Some(request.clone()),
            offhook_sip::Message::Response(_) => None,
        })
        .collect()
}

/// The name of an event, for comparing sequences.
pub fn name(event: &Event) -> String {
    match event {
        Event::Incoming(_) => "incoming".into(),
        Event::Acknowledged { .. } => "acknowledged".into(),
        Event::ProvisionalAcknowledged { .. } => "provisional acknowledged".into(),
        Event::Answer { .. } => "answer".into(),
        Event::NoAnswer { .. } => "no answer".into(),
        Event::Offer { method, .. } => format!("offer {method:?}"),
        Event::OfferRefused { status, .. } => format!("refused {}", status.code()),
        Event::Info { .. } => "info".into(),
        Event::Progress { response, .. } => format!("progress {}", response.status.code()),
        Event::Answered { response, .. } => format!("answered {}", response.status.code()),
        Event::Cleared { clearing, .. } => {
            format!("cleared {:?} {} by {:?}", clearing.cause, clearing.status, clearing.by)
        }
        other => format!("{other:?}"),
    }
}
