//! A whole endpoint: datagrams in any order, with time passing between them and an application that reacts to calls.
//!
//! The input is split at lines `%%`; each part is a datagram. What was held must be gone once every timer has run out.

#![no_main]

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use offhook_sip::{Endpoint, EndpointConfig, Event, Flow, Headers, Progress, Protocol, StatusCode};

fuzz_target!(|input: &[u8]| {
    let mut now = Instant::now();
    let mut endpoint = Endpoint::new(EndpointConfig::default(), 1);
    let flow = Flow {
        protocol: Protocol::Udp,
        local: SocketAddr::from(([192, 0, 2, 9], 5060)),
        remote: SocketAddr::from(([192, 0, 2, 1], 5060)),
    };
    for (number, datagram) in parts(input).take(64).enumerate() {
        endpoint.receive(now, flow, Bytes::copy_from_slice(datagram));
        react(&mut endpoint, now, number);
        now += Duration::from_millis(100 * (number as u64 % 8));
        endpoint.handle_timeout(now);
    }
    for number in 0..10_000 {
        react(&mut endpoint, now, number);
        let Some(next) = endpoint.poll_timeout() else { break };
        now = now.max(next);
        endpoint.handle_timeout(now);
    }
});

fn parts(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(input);
    std::iter::from_fn(move || {
        let bytes = rest?;
        match bytes.windows(3).position(|window| window == b"%%\n") {
            Some(at) => {
                rest = Some(&bytes[at + 3..]);
                Some(&bytes[..at])
            }
            None => {
                rest = None;
                Some(bytes)
            }
        }
    })
}

fn react(endpoint: &mut Endpoint, now: Instant, number: usize) {
    while let Some(event) = endpoint.poll_event() {
        match event {
            Event::Incoming(incoming) if number % 3 == 0 => {
                let _ = endpoint.answer(now, incoming.call, None, Headers::default());
            }
            Event::Incoming(incoming) => {
                let progress =
                    Progress { status: StatusCode::RINGING, sdp: None, headers: Headers::default() };
                let _ = endpoint.ring(now, incoming.call, progress);
            }
            Event::ProvisionalAcknowledged { call } => {
                let _ = endpoint.answer(now, call, None, Headers::default());
            }
            Event::Acknowledged { call } => {
                let _ = endpoint.hang_up(now, call, Headers::default());
            }
            Event::Offer { call, id, .. } => {
                let refusal = Err(StatusCode::NOT_ACCEPTABLE_HERE);
                let _ = endpoint.answer_offer(now, call, id, refusal);
            }
            _ => {}
        }
    }
    while endpoint.poll_transmit().is_some() {}
}
