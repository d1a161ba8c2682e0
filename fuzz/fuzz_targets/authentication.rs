//! Digest authentication: a challenge of any form is answered or passed over, and an answer of any form is
//! judged.
//!
//! The input stands in the header fields that carry challenges and answers.

#![no_main]

use std::time::Instant;

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use offhook_sip::auth::{Challenger, ChallengerConfig, Credentials, Verdict};
use offhook_sip::{
    Endpoint, EndpointConfig, Flow, Headers, HeaderName, Message, Method, NameAddr, Outgoing, ParseLimits,
    Request, Response, StatusCode, Text, Uri,
};

fuzz_target!(|input: &[u8]| {
    let Ok(value) = Text::from_utf8(Bytes::copy_from_slice(input)) else { return };
    judge(&value);
    answer(&value);
});

/// Credentials of any form are right only if they were made with the password.
fn judge(value: &Text) {
    let now = Instant::now();
    let mut challenger = Challenger::new(ChallengerConfig::new("example.com"), [7; 32], now);
    let Ok(uri) = "sip:bob@example.com".parse::<Uri>() else { return };
    let mut request = Request::new(Method::Invite, uri);
    request.headers.push(HeaderName::Authorization, value.clone());
    let ann = Credentials::new("ann", "open sesame");
    let verdict = challenger.verify(now, &request, |_| Some(&ann));
    assert!(!matches!(verdict, Verdict::Accepted { .. }));
}

/// A challenge of any form is answered by at most one other INVITE, which is well formed.
fn answer(value: &Text) {
    let now = Instant::now();
    let mut endpoint = Endpoint::new(EndpointConfig::default(), 1);
    let flow = Flow::udp(([192, 0, 2, 9], 5060).into(), ([192, 0, 2, 1], 5060).into());
    let (Ok(target), Ok(address)) =
        ("sip:bob@192.0.2.1".parse::<Uri>(), "<sip:ann@example.com>".parse::<NameAddr>())
    else {
        return;
    };
    let mut call = Outgoing::new(flow, target, address.clone(), address);
    call.credentials = Some(Credentials::new("ann", "open sesame"));
    if endpoint.invite(now, call).is_err() {
        return;
    }
    let limits = ParseLimits::default();
    let Some(Ok(Message::Request(invite))) =
        endpoint.poll_transmit().map(|transmit| Message::parse(transmit.bytes, &limits))
    else {
        return;
    };
    let mut challenge = Response::for_request(&invite, StatusCode::UNAUTHORIZED);
    let mut headers = Headers::new();
    headers.push(HeaderName::WwwAuthenticate, value.clone());
    headers.push(HeaderName::ProxyAuthenticate, value.clone());
    challenge.headers.extend(&headers);
    endpoint.receive(now, flow, challenge.to_bytes());
    let mut sent = 0;
    while let Some(transmit) = endpoint.poll_transmit() {
        assert!(!transmit.bytes.windows(11).any(|window| window == b"open sesame"));
        // A challenge near the limits may be answered beyond them.
        let _ = Message::parse(transmit.bytes, &limits);
        sent += 1;
    }
    assert!(sent <= 2, "an ACK and an INVITE at most");
}
