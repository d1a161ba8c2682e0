//! The hot paths of signalling: what one message costs, and one whole call.

mod support;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use offhook_sip::{
    Endpoint, EndpointConfig, Event, Flow, Headers, Message, ParseLimits, Progress, Response, StatusCode,
    sdp::{self, CodecSpec, LocalMedia, SessionDescription},
};
use support::{OFFER, invite};

fn message(criterion: &mut Criterion) {
    let limits = ParseLimits::default();
    let datagram = invite(1);
    criterion.bench_function("parse an INVITE", |bencher| {
        bencher.iter(|| Message::parse(black_box(datagram.clone()), &limits));
    });
    let Ok(Message::Request(request)) = Message::parse(datagram, &limits) else {
        panic!("the INVITE of this benchmark is well formed");
    };
    criterion.bench_function("make and write a 180", |bencher| {
        bencher.iter(|| Response::for_request(black_box(&request), StatusCode::RINGING).to_bytes());
    });
}

fn description(criterion: &mut Criterion) {
    criterion.bench_function("parse an offer", |bencher| {
        bencher.iter(|| SessionDescription::parse(black_box(OFFER)));
    });
    let offer = SessionDescription::parse(OFFER).expect("well formed");
    let codecs = [
        CodecSpec::new("g711a", "PCMA", 8000).with_static_payload(8),
        CodecSpec::new("g711u", "PCMU", 8000).with_static_payload(0),
    ];
    let local = LocalMedia::new([192, 0, 2, 1].into(), 20000, 1);
    criterion.bench_function("answer an offer", |bencher| {
        bencher.iter(|| sdp::answer(black_box(&offer), &codecs, &local));
    });
}

/// INVITE, 180, 486, ACK: the far end's bytes are made outside the measured time.
fn call(criterion: &mut Criterion) {
    let flow = Flow::udp(
        "192.0.2.1:5060".parse().expect("an address"),
        "192.0.2.60:5060".parse().expect("an address"),
    );
    let mut endpoint = Endpoint::new(EndpointConfig::default(), 1);
    let mut now = Instant::now();
    let mut number = 0;
    criterion.bench_function("a call that is rung and refused", |bencher| {
        bencher.iter_batched(
            || {
                number += 1;
                invite(number)
            },
            |datagram| {
                now += Duration::from_millis(10);
                endpoint.handle_timeout(now);
                endpoint.receive(now, flow, datagram);
                while let Some(event) = endpoint.poll_event() {
                    if let Event::Incoming(incoming) = event {
                        let ringing =
                            Progress { status: StatusCode::RINGING, sdp: None, headers: Headers::new() };
                        let _ = endpoint.ring(now, incoming.call, ringing);
                        let _ = endpoint.reject(now, incoming.call, StatusCode::BUSY_HERE, Headers::new());
                    }
                }
                while let Some(transmit) = endpoint.poll_transmit() {
                    black_box(transmit);
                }
            },
            BatchSize::SmallInput,
        );
    });
}

criterion_group!(signalling, message, description, call);
criterion_main!(signalling);
