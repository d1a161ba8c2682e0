//! Mutation: a hundred thousand INVITEs and session descriptions, broken from a seed, through an endpoint
//! with an application that does whatever comes. Nothing may panic, hang or stay behind, and a good request
//! is served in between and afterwards.

mod mutator;
mod seeds;

use std::time::{Duration, Instant};

use bytes::Bytes;
use mutator::{Numbers, mutate};
use offhook_sip::sdp::{self, CodecSpec, LocalMedia, SessionDescription};
use offhook_sip::{
    Call, Counts, Endpoint, EndpointConfig, Event, Flow, Headers, Message, OfferId, ParseLimits, Progress,
    StatusCode,
};
use seeds::{INVITES, OFFERS, WORDS};

/// An endpoint with little room, its application, and a clock that is moved by hand.
struct Desk {
    endpoint: Endpoint,
    now: Instant,
    numbers: Numbers,
    calls: Vec<(Call, Option<SessionDescription>)>,
    offers: Vec<(Call, OfferId)>,
    codecs: Vec<CodecSpec>,
    local: LocalMedia,
}

const TRANSACTIONS: usize = 200;
const CALLS: usize = 100;

impl Desk {
    fn new(seed: u64) -> Self {
        let mut config = EndpointConfig::default();
        config.limits.transactions = TRANSACTIONS;
        config.limits.calls = CALLS;
        Self {
            endpoint: Endpoint::new(config, seed),
            now: Instant::now(),
            numbers: Numbers::new(seed),
            calls: Vec::new(),
            offers: Vec::new(),
            codecs: vec![
                CodecSpec::new("g711a", "PCMA", 8000).with_static_payload(8),
                CodecSpec::new("g711u", "PCMU", 8000).with_static_payload(0),
            ],
            local: LocalMedia::new("192.0.2.1".parse().unwrap(), 30_000, 99),
        }
    }

    fn receive(&mut self, datagram: Vec<u8>) -> Vec<Bytes> {
        let flow = Flow::udp("192.0.2.1:5060".parse().unwrap(), "192.0.2.60:5060".parse().unwrap());
        self.endpoint.receive(self.now, flow, Bytes::from(datagram));
        self.events();
        self.sent()
    }

    fn sent(&mut self) -> Vec<Bytes> {
        std::iter::from_fn(|| self.endpoint.poll_transmit()).map(|transmit| transmit.bytes).collect()
    }

    fn events(&mut self) {
        while let Some(event) = self.endpoint.poll_event() {
            match event {
                Event::Incoming(incoming) => self.calls.push((incoming.call, incoming.sdp)),
                Event::Offer { call, id, .. } => self.offers.push((call, id)),
                Event::Cleared { call, .. } => self.calls.retain(|(known, _)| *known != call),
                _ => {}
            }
        }
    }

    /// The application does something with one of its calls.
    fn act(&mut self) {
        if let Some((call, id)) = self.offers.pop() {
            // Refused by the endpoint if the call is over by now, which is as good.
            let _ = self.endpoint.answer_offer(self.now, call, id, Err(StatusCode::NOT_ACCEPTABLE_HERE));
        }
        let at = self.numbers.below(self.calls.len());
        let Some((call, offer)) = self.calls.get(at) else { return };
        let (call, now) = (*call, self.now);
        let description = match offer {
            Some(offer) => {
                sdp::answer(offer, &self.codecs, &self.local).ok().map(|negotiated| negotiated.answer)
            }
            None => Some(sdp::offer(&self.codecs, &self.local, sdp::Direction::SendRecv)),
        };
        // Each act may come at a wrong moment; then it is refused and nothing happens, which is what is tried
        // here.
        match self.numbers.below(6) {
            0 => {
                let ringing = Progress { status: StatusCode::RINGING, sdp: None, headers: Headers::new() };
                let _ = self.endpoint.ring(now, call, ringing);
            }
            1 => {
                let early = Progress {
                    status: StatusCode::SESSION_PROGRESS,
                    sdp: description,
                    headers: Headers::new(),
                };
                let _ = self.endpoint.ring(now, call, early);
            }
            2 => drop(self.endpoint.answer(now, call, description.as_ref(), Headers::new())),
            3 => drop(self.endpoint.reject(now, call, StatusCode::BUSY_HERE, Headers::new())),
            _ => drop(self.endpoint.hang_up(now, call, Headers::new())),
        }
        self.events();
    }

    /// Lets a while pass.
    fn pass(&mut self, while_: Duration) {
        let end = self.now + while_;
        while let Some(next) = self.endpoint.poll_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.endpoint.handle_timeout(self.now);
            self.events();
            self.sent();
        }
        self.now = end;
    }

    /// Ends all calls and lets time pass until nothing is left to do.
    fn settle(&mut self) {
        for (call, _) in std::mem::take(&mut self.calls) {
            let _ = self.endpoint.hang_up(self.now, call, Headers::new());
        }
        self.pass(Duration::from_secs(300));
        self.offers.clear();
    }

    fn assert_alive(&mut self, seed: u64, serial: usize) {
        let options = format!(
            "OPTIONS sip:192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-good{serial};rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:q@example.org>;tag=g\r\nTo: <sip:192.0.2.1>\r\nCall-ID: good{serial}\r\n\
             CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
        );
        let sent = self.receive(options.into_bytes());
        assert!(
            sent.iter().any(|bytes| bytes.starts_with(b"SIP/2.0 200 ")),
            "seed {seed}, message {serial}: a good OPTIONS is not served: {sent:?}"
        );
    }
}

/// A mutated INVITE, or one with a mutated offer.
fn broken_invite(numbers: &mut Numbers, serial: usize) -> Vec<u8> {
    let offer = OFFERS[numbers.below(OFFERS.len())];
    let other = INVITES[numbers.below(INVITES.len())];
    let invite = INVITES[numbers.below(INVITES.len())].replace("@N@", &serial.to_string());
    if numbers.below(2) == 0 {
        let mut invite = invite.replace("@SDP@", offer).into_bytes();
        mutate(numbers, &mut invite, other.as_bytes(), WORDS);
        invite
    } else {
        let mut broken = offer.as_bytes().to_vec();
        mutate(numbers, &mut broken, OFFERS[0].as_bytes(), WORDS);
        let (head, tail) = invite.split_once("@SDP@").unwrap_or((&invite, ""));
        [head.as_bytes(), &broken, tail.as_bytes()].concat()
    }
}

fn run(seed: u64, messages: usize) {
    let mut desk = Desk::new(seed);
    let mut numbers = Numbers::new(seed);
    let mut warm = None;
    for serial in 0..messages {
        let datagram = broken_invite(&mut numbers, serial);
        for bytes in desk.receive(datagram) {
            assert!(bytes.starts_with(b"SIP/2.0 "), "seed {seed}, message {serial}: {bytes:?}");
        }
        desk.act();
        desk.sent();
        if serial % 16 == 0 {
            desk.pass(Duration::from_millis(400));
            let counts = desk.endpoint.counts();
            assert!(
                counts.calls <= CALLS && counts.transactions <= TRANSACTIONS * 5 / 4 + 16,
                "seed {seed}, message {serial}: {counts:?}"
            );
        }
        if serial % 2048 == 2047 {
            desk.settle();
            desk.assert_alive(seed, serial);
            desk.settle();
            assert_eq!(desk.endpoint.counts(), Counts::default(), "seed {seed}, message {serial}");
            warm = warm.or_else(resident_bytes);
        }
    }
    if let (Some(warm), Some(end)) = (warm, resident_bytes()) {
        assert!(end < warm + MEMORY_BYTES, "seed {seed}: memory grew from {warm} to {end} bytes");
    }
}

/// Growth that passes as noise of the allocator: far less than a few hundred bytes kept for each message
/// would take.
const MEMORY_BYTES: usize = 8 << 20;

/// Memory of this process, on systems that tell it in `/proc`.
fn resident_bytes() -> Option<usize> {
    let pages: usize = std::fs::read_to_string("/proc/self/statm").ok()?.split(' ').nth(1)?.parse().ok()?;
    Some(pages * 4096)
}

/// One of four runs, so that they share the processors: 25,000 messages each.
macro_rules! runs {
    ($($name:ident $seed:literal,)*) => {
        $(#[test]
        fn $name() {
            run($seed, 25_000);
        })*
    };
}

runs! {
    broken_invites_leave_the_endpoint_alive_and_empty_1 0x01d_b0d,
    broken_invites_leave_the_endpoint_alive_and_empty_2 0x02d_b0d,
    broken_invites_leave_the_endpoint_alive_and_empty_3 0x03d_b0d,
    broken_invites_leave_the_endpoint_alive_and_empty_4 0x04d_b0d,
}

#[test]
fn what_is_accepted_reads_back_the_same_after_writing() {
    let mut numbers = Numbers::new(7);
    let wide = ParseLimits {
        max_message_bytes: 1 << 20,
        max_headers: 1 << 10,
        max_header_bytes: 1 << 16,
        max_uri_bytes: 1 << 16,
    };
    for serial in 0..10_000 {
        let datagram = Bytes::from(broken_invite(&mut numbers, serial));
        let Ok(message) = Message::parse(datagram.clone(), &ParseLimits::default()) else { continue };
        let written = message.to_bytes();
        match Message::parse(written.clone(), &wide) {
            Ok(again) => assert_eq!(again.to_bytes(), written, "message {serial}: {datagram:?}"),
            Err(error) => panic!("message {serial}: {error}\n{datagram:?}\n{written:?}"),
        }
    }
}

/// The mutations are worth something only if many messages still get far.
#[test]
fn mutated_messages_reach_every_depth() {
    let mut numbers = Numbers::new(1);
    let (mut accepted, mut refused, mut dropped, mut offers) = (0, 0, 0, 0);
    for serial in 0..2000 {
        match Message::parse(Bytes::from(broken_invite(&mut numbers, serial)), &ParseLimits::default()) {
            Ok(message) => {
                accepted += 1;
                let Message::Request(request) = message else { continue };
                offers += usize::from(SessionDescription::parse(&request.body).is_ok());
            }
            Err(error) if error.status().is_some() => refused += 1,
            Err(_) => dropped += 1,
        }
    }
    assert!(
        accepted > 700 && refused > 200 && dropped > 20 && offers > 200,
        "{accepted} {refused} {dropped} {offers}"
    );
}
