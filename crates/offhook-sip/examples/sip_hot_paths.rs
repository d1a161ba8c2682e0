//! The hot paths of signalling, each run so many times: what `cargo xtask bench --instructions` counts.
//!
//! ```sh
//! sip_hot_paths parse-invite|make-180|call TIMES
//! ```

#[path = "../benches/support/mod.rs"]
mod support;

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook_sip::sdp::{self, CodecSpec, LocalMedia};
use offhook_sip::{
    Call, Endpoint, EndpointConfig, Event, Flow, Headers, Incoming, Message, ParseLimits, Progress, Response,
    StatusCode, Transmit,
};
use support::invite;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["parse-invite", times] => parse_invite(times.parse()?),
        ["make-180", times] => make_180(times.parse()?),
        ["call", times] => calls(times.parse()?),
        _ => return Err("usage: sip_hot_paths parse-invite|make-180|call TIMES".into()),
    }
    Ok(())
}

fn parse_invite(times: u64) {
    let limits = ParseLimits::default();
    let datagram = invite(1);
    for _ in 0..times {
        let _ = black_box(Message::parse(black_box(datagram.clone()), &limits));
    }
}

fn make_180(times: u64) {
    let parsed = Message::parse(invite(1), &ParseLimits::default());
    let Ok(Message::Request(request)) = parsed else { unreachable!("the INVITE is well formed") };
    for _ in 0..times {
        black_box(Response::for_request(black_box(&request), StatusCode::RINGING).to_bytes());
    }
}

/// INVITE, 180, 200 with a session description, ACK, BYE; calls that are over go with time.
fn calls(times: u64) {
    let mut callee = Callee::new();
    for number in 0..times {
        callee.now += Duration::from_millis(1);
        callee.receive(invite(number));
        let Some(incoming) = callee.incoming.take() else { unreachable!("the INVITE begins a call") };
        callee.ring(incoming.call);
        callee.answer(&incoming);
        let tag = callee.tag();
        callee.receive(within("ACK", 1, number, &tag));
        callee.receive(within("BYE", 2, number, &tag));
    }
}

struct Callee {
    endpoint: Endpoint,
    flow: Flow,
    codecs: [CodecSpec; 2],
    now: Instant,
    incoming: Option<Box<Incoming>>,
    newest: Option<Transmit>,
}

impl Callee {
    fn new() -> Self {
        Self {
            endpoint: Endpoint::new(EndpointConfig::default(), 1),
            flow: Flow::udp(([192, 0, 2, 1], 5060).into(), ([192, 0, 2, 60], 5060).into()),
            codecs: [
                CodecSpec::new("g711a", "PCMA", 8000).with_static_payload(8),
                CodecSpec::new("g711u", "PCMU", 8000).with_static_payload(0),
            ],
            now: Instant::now(),
            incoming: None,
            newest: None,
        }
    }

    fn receive(&mut self, datagram: Bytes) {
        self.endpoint.receive(self.now, self.flow, datagram);
        self.settle();
    }

    fn ring(&mut self, call: Call) {
        let ringing = Progress { status: StatusCode::RINGING, sdp: None, headers: Headers::new() };
        let _ = self.endpoint.ring(self.now, call, ringing);
        self.settle();
    }

    fn answer(&mut self, incoming: &Incoming) {
        let local = LocalMedia::new([192, 0, 2, 1].into(), 20_000, 1);
        let Some(offer) = &incoming.sdp else { unreachable!("the INVITE has an offer") };
        let Ok(negotiated) = sdp::answer(offer, &self.codecs, &local) else {
            unreachable!("the offer has PCMA")
        };
        let _ = self.endpoint.answer(self.now, incoming.call, Some(&negotiated.answer), Headers::new());
        self.settle();
    }

    fn settle(&mut self) {
        self.endpoint.handle_timeout(self.now);
        while let Some(event) = self.endpoint.poll_event() {
            if let Event::Incoming(incoming) = event {
                self.incoming = Some(incoming);
            }
        }
        while let Some(transmit) = self.endpoint.poll_transmit() {
            self.newest = Some(transmit);
        }
    }

    /// Our tag, as the newest response says it.
    fn tag(&self) -> String {
        let bytes = self.newest.as_ref().map(|newest| &newest.bytes[..]).unwrap_or_default();
        let text = String::from_utf8_lossy(bytes);
        let to = text.lines().find(|line| line.starts_with("To:")).unwrap_or_default();
        to.split_once(";tag=").map(|(_, tag)| tag.to_owned()).unwrap_or_default()
    }
}

/// A request within the dialog of that call.
fn within(method: &str, cseq: u32, number: u64, tag: &str) -> Bytes {
    format!(
        "{method} sip:192.0.2.1:5060 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.60:5060;branch=z9hG4bK-{method}-{number};rport\r\n\
         Max-Forwards: 70\r\n\
         From: \"Ann\" <sip:ann@example.com>;tag=a{number}\r\n\
         To: <sip:desk@192.0.2.1>;tag={tag}\r\n\
         Call-ID: {number}@192.0.2.60\r\n\
         CSeq: {cseq} {method}\r\n\
         Contact: <sip:ann@192.0.2.60:5060>\r\n\
         User-Agent: telephone/1.0\r\n\
         Content-Length: 0\r\n\r\n"
    )
    .into()
}
