//! One endpoint under test, its clock, and all that it said.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook_sip::sdp::SessionDescription;
use offhook_sip::{
    Call, Counts, Endpoint, EndpointConfig, Event, Flow, Headers, Incoming, Message, Method, NameAddr,
    Outgoing, ParseLimits, PrackPolicy, Progress, Reliability, Request, Response, Sent, StatusCode,
};

use super::{PEER, US, address, flow, ms, name};

/// A message that the endpoint sent.
#[derive(Clone, Debug)]
pub struct Wire {
    pub at: Duration,
    pub flow: Flow,
    pub message: Message,
    pub bytes: Bytes,
}

/// An endpoint on a virtual clock.
pub struct Bed {
    pub endpoint: Endpoint,
    start: Instant,
    pub now: Instant,
    sent: VecDeque<Wire>,
    events: VecDeque<(Duration, Event)>,
}

impl Bed {
    pub fn new() -> Self {
        Self::with(EndpointConfig::default())
    }

    pub fn with(config: EndpointConfig) -> Self {
        let start = Instant::now();
        Self {
            endpoint: Endpoint::new(config, 1),
            start,
            now: start,
            sent: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Time since the beginning.
    pub fn at(&self) -> Duration {
        self.now - self.start
    }

    pub fn receive(&mut self, message: impl AsRef<str>) {
        self.receive_from(address(PEER), message);
    }

    pub fn receive_from(&mut self, source: SocketAddr, message: impl AsRef<str>) {
        self.receive_bytes(Flow::udp(address(US), source), Bytes::from(message.as_ref().to_owned()));
    }

    pub fn receive_bytes(&mut self, flow: Flow, bytes: Bytes) {
        self.endpoint.receive(self.now, flow, bytes);
        self.collect();
    }

    /// Lets time pass, and everything happen that is due.
    pub fn wait(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(due) = self.endpoint.poll_timeout().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.endpoint.handle_timeout(self.now);
            self.collect();
        }
        self.now = end;
        self.endpoint.handle_timeout(end);
        self.collect();
    }

    /// Acts on the endpoint.
    pub fn act<R>(&mut self, act: impl FnOnce(&mut Endpoint, Instant) -> R) -> R {
        let result = act(&mut self.endpoint, self.now);
        self.collect();
        result
    }

    pub fn ring(&mut self, call: Call, status: u16, sdp: Option<&str>) -> Sent {
        self.try_ring(call, status, sdp).expect("it rings")
    }

    pub fn try_ring(
        &mut self,
        call: Call,
        code: u16,
        sdp: Option<&str>,
    ) -> Result<Sent, offhook_sip::RingError> {
        let progress = Progress { status: status(code), sdp: sdp.map(super::sdp), headers: Headers::new() };
        self.act(|endpoint, now| endpoint.ring(now, call, progress))
    }

    pub fn answer(&mut self, call: Call, sdp: Option<&str>) {
        let sdp = sdp.map(super::sdp);
        self.act(|endpoint, now| endpoint.answer(now, call, sdp.as_ref(), Headers::new()))
            .expect("it answers");
    }

    pub fn reject(&mut self, call: Call, code: u16) {
        self.act(|endpoint, now| endpoint.reject(now, call, status(code), Headers::new()))
            .expect("it rejects");
    }

    pub fn hang_up(&mut self, call: Call) {
        self.act(|endpoint, now| endpoint.hang_up(now, call, Headers::new())).expect("it hangs up");
    }

    /// Makes a call to the peer.
    pub fn invite(&mut self, sdp: Option<&str>, reliability: Reliability, prack: PrackPolicy) -> Call {
        let outgoing = outgoing(flow(), sdp.map(super::sdp), reliability, prack);
        self.act(|endpoint, now| endpoint.invite(now, outgoing)).expect("it calls")
    }

    /// Takes everything that was sent so far.
    pub fn sent(&mut self) -> Vec<Wire> {
        self.sent.drain(..).collect()
    }

    /// Takes everything that was sent so far as short lines: `183 INVITE`, `BYE`.
    pub fn lines(&mut self) -> Vec<String> {
        self.sent().iter().map(line).collect()
    }

    /// Takes everything that was sent so far, with its time in milliseconds.
    pub fn timed_lines(&mut self) -> Vec<(u64, String)> {
        self.sent().iter().map(|wire| (wire.at.as_millis() as u64, line(wire))).collect()
    }

    /// Takes what was sent so far, which must be exactly one response.
    pub fn response(&mut self) -> Response {
        let mut sent = self.sent();
        match (sent.pop().map(|wire| wire.message), sent.is_empty()) {
            (Some(Message::Response(response)), true) => response,
            (last, _) => panic!("expected one response, got {last:?} after {sent:?}"),
        }
    }

    /// Takes what was sent so far, which must be exactly one request.
    pub fn request(&mut self) -> Request {
        let mut sent = self.sent();
        match (sent.pop().map(|wire| wire.message), sent.is_empty()) {
            (Some(Message::Request(request)), true) => request,
            (last, _) => panic!("expected one request, got {last:?} after {sent:?}"),
        }
    }

    /// Takes the next event.
    pub fn event(&mut self) -> Event {
        self.events.pop_front().expect("an event").1
    }

    /// Takes the next event if there is one.
    pub fn try_event(&mut self) -> Option<Event> {
        self.events.pop_front().map(|(_, event)| event)
    }

    /// Takes all events so far, by name.
    pub fn events(&mut self) -> Vec<String> {
        self.events.drain(..).map(|(_, event)| name(&event)).collect()
    }

    /// Takes all events so far, by time in milliseconds and name.
    pub fn timed_events(&mut self) -> Vec<(u64, String)> {
        self.events.drain(..).map(|(at, event)| (at.as_millis() as u64, name(&event))).collect()
    }

    /// Takes the next event, which must be an incoming call.
    pub fn incoming(&mut self) -> Incoming {
        match self.event() {
            Event::Incoming(incoming) => *incoming,
            other => panic!("expected an incoming call, got {other:?}"),
        }
    }

    /// Has a call arrive and takes its 100 Trying.
    pub fn arrive(&mut self, invite: impl AsRef<str>) -> Call {
        self.receive(invite);
        let call = self.incoming().call;
        assert_eq!(self.lines(), ["100 INVITE"]);
        call
    }

    /// Lets all transactions time out, and those that they begin; then nothing may be left.
    pub fn assert_nothing_is_left(&mut self) {
        self.wait(ms(2 * 64 * 500 + 10_000));
        assert_eq!(self.endpoint.counts(), Counts::default());
        assert_eq!(self.endpoint.poll_timeout(), None);
    }

    fn collect(&mut self) {
        let at = self.at();
        while let Some(transmit) = self.endpoint.poll_transmit() {
            let message = Message::parse(transmit.bytes.clone(), &ParseLimits::default());
            let message = message.expect("what we send is well formed");
            self.sent.push_back(Wire { at, flow: transmit.flow, message, bytes: transmit.bytes });
        }
        while let Some(event) = self.endpoint.poll_event() {
            self.events.push_back((at, event));
        }
    }
}

/// A call to be made over `flow`.
pub fn outgoing(
    flow: Flow,
    sdp: Option<SessionDescription>,
    reliability: Reliability,
    prack: PrackPolicy,
) -> Outgoing {
    let address = |text: &str| text.parse::<NameAddr>().expect("an address");
    let target = format!("sip:bob@{}", flow.remote).parse().expect("a URI");
    let mut outgoing =
        Outgoing::new(flow, target, address("<sip:ann@example.com>"), address("<sip:bob@example.com>"));
    outgoing.sdp = sdp;
    outgoing.reliability = reliability;
    outgoing.prack = prack;
    outgoing
}

pub fn status(code: u16) -> StatusCode {
    StatusCode::new(code).expect("a status code")
}

/// A message in short.
pub fn line(wire: &Wire) -> String {
    match &wire.message {
        Message::Request(request) => request.method.to_string(),
        Message::Response(response) => {
            let method = response.cseq().map_or(Method::Options, |cseq| cseq.method);
            format!("{} {method}", response.status.code())
        }
    }
}
