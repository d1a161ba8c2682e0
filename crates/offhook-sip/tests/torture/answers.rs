//! What the endpoint answers to each message.

use std::time::Instant;

use bytes::Bytes;
use offhook_sip::{Call, Counts, Endpoint, EndpointConfig, Event, Flow, Headers};

use super::case::{Answer, Case};
use super::cases;

/// An endpoint with one peer and a clock that is moved by hand.
struct Desk {
    endpoint: Endpoint,
    now: Instant,
}

/// What an endpoint made of one datagram.
struct Outcome {
    /// Responses as text: what repeats a broken field would not read back.
    responses: Vec<String>,
    calls: Vec<Call>,
}

impl Desk {
    fn new() -> Self {
        Self { endpoint: Endpoint::new(EndpointConfig::default(), 4475), now: Instant::now() }
    }

    fn receive(&mut self, datagram: Bytes) -> Outcome {
        let flow = Flow::udp("192.0.2.1:5060".parse().unwrap(), "192.0.2.60:5060".parse().unwrap());
        self.endpoint.receive(self.now, flow, datagram);
        self.outcome()
    }

    fn outcome(&mut self) -> Outcome {
        let mut responses = Vec::new();
        while let Some(transmit) = self.endpoint.poll_transmit() {
            responses.push(String::from_utf8_lossy(&transmit.bytes).into_owned());
        }
        let mut calls = Vec::new();
        while let Some(event) = self.endpoint.poll_event() {
            if let Event::Incoming(incoming) = event {
                calls.push(incoming.call);
            }
        }
        Outcome { responses, calls }
    }

    /// Lets time pass until nothing is left to do.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            let Some(next) = self.endpoint.poll_timeout() else { return };
            self.now = self.now.max(next);
            self.endpoint.handle_timeout(self.now);
            self.outcome();
        }
        panic!("the endpoint does not come to rest");
    }
}

fn status(response: &str) -> Option<u16> {
    response.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
}

fn answer_to(case: &Case) -> (Answer, Outcome) {
    let outcome = Desk::new().receive(case.datagram());
    let first = outcome.responses.first().and_then(|response| status(response));
    let answer = match first {
        Some(100) if outcome.calls.len() == 1 => Answer::Call,
        Some(status) => Answer::Status(status),
        None => Answer::Silence,
    };
    (answer, outcome)
}

#[test]
fn each_message_gets_its_answer() {
    let mut wrong = Vec::new();
    for case in cases() {
        let (answer, outcome) = answer_to(case);
        let has = |(name, value): &(&str, &str)| {
            outcome.responses.first().is_some_and(|text| text.contains(&format!("\r\n{name}: {value}\r\n")))
        };
        if answer != case.answer || !case.carries.iter().all(has) {
            let (section, situation, expected) = (case.section, case.situation, case.answer);
            let responses = outcome.responses.join("\n");
            wrong.push(format!(
                "{section} {situation}: {answer:?}, expected {expected:?} with {:?}\n{responses}",
                case.carries
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_message_gets_one_answer_and_begins_one_call_at_most() {
    for case in cases() {
        let (answer, outcome) = answer_to(case);
        let expected = usize::from(answer != Answer::Silence);
        assert_eq!(outcome.responses.len(), expected, "{} {}", case.section, case.situation);
        assert_eq!(
            outcome.calls.len(),
            usize::from(answer == Answer::Call),
            "{} {}",
            case.section,
            case.situation
        );
    }
}

#[test]
fn every_answer_says_which_transaction_it_belongs_to() {
    for case in cases() {
        for response in answer_to(case).1.responses {
            let wire = case.datagram();
            let text = String::from_utf8_lossy(&wire);
            // The branch, or what stands in for it, comes back as it was.
            if let Some(branch) =
                text.split("branch=").nth(1).and_then(|rest| rest.split([';', ',', '\r']).next())
            {
                assert!(response.contains(branch), "{}: {response}", case.section);
            }
            assert!(response.ends_with("\r\n\r\n"), "{}: {response}", case.section);
        }
    }
}

#[test]
fn all_of_them_one_after_another_leave_nothing_behind() {
    let mut desk = Desk::new();
    for case in cases() {
        for call in desk.receive(case.datagram()).calls {
            let refused =
                desk.endpoint.reject(desk.now, call, offhook_sip::StatusCode::BUSY_HERE, Headers::new());
            assert!(refused.is_ok(), "{}: {refused:?}", case.section);
        }
        desk.outcome();
        let alive = desk.receive(Bytes::from_static(OPTIONS)).responses;
        assert_eq!(alive.first().and_then(|response| status(response)), Some(200), "after {}", case.section);
        desk.settle();
        assert_eq!(desk.endpoint.counts(), Counts::default(), "after {} {}", case.section, case.situation);
    }
}

const OPTIONS: &[u8] = b"OPTIONS sip:192.0.2.1 SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-alive;rport\r\n\
    Max-Forwards: 70\r\n\
    From: <sip:q@example.org>;tag=alive\r\n\
    To: <sip:192.0.2.1>\r\n\
    Call-ID: alive@192.0.2.60\r\n\
    CSeq: 1 OPTIONS\r\n\
    Content-Length: 0\r\n\r\n";
