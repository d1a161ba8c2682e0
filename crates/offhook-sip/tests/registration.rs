//! Registrations of ours: granted, refreshed, challenged, moved to the next target, ended.

mod support;

use std::time::Duration;

use offhook_sip::auth::{Challenger, ChallengerConfig, Credentials, Verdict};
use offhook_sip::header::{CallId, Contact, Expires};
use offhook_sip::{
    Event, Flow, RegisterError, Registration, RegistrationFailure, RegistrationId, Request, StatusCode, Text,
    Transmit, UnregisterError,
};
use support::phone::reply;
use support::{Bed, PEER, US, address, ms, requests};

const SECOND: &str = "192.0.2.2:5060";
const THIRD: &str = "192.0.2.3:5060";

fn to(remote: &str) -> Flow {
    Flow::udp(address(US), address(remote))
}

fn registration(targets: &[&str]) -> Registration {
    let mut registration = Registration::new(
        "<sip:trunk@example.com>".parse().expect("an address"),
        targets.iter().map(|target| to(target)).collect(),
    );
    registration.contact_user = Some(Text::from("line7"));
    registration
}

fn register(bed: &mut Bed, registration: Registration) -> (RegistrationId, Request) {
    let id = bed.act(|endpoint, now| endpoint.register(now, registration)).expect("it registers");
    (id, bed.request())
}

/// Grants a REGISTER for so many seconds.
fn grant(bed: &mut Bed, request: &Request, seconds: u32) {
    let contact: Contact = request.headers.typed().expect("a Contact");
    let contacts =
        format!("Contact: <sip:other@192.0.2.77>;expires=9\r\nContact: {contact};expires={seconds}\r\n");
    bed.receive(reply(request, 200, "r", &contacts, ""));
}

fn seconds_asked(request: &Request) -> u32 {
    request.headers.typed::<Expires>().expect("an Expires").0
}

/// What happened, in short.
fn told(bed: &mut Bed) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(event) = bed.try_event() {
        told.push(match event {
            Event::Registered { flow, expires, .. } => format!("{} for {}", flow.remote, expires.as_secs()),
            Event::RegistrationFailed { failure, .. } => format!("failed {failure:?}"),
            Event::Unregistered { .. } => "unregistered".to_owned(),
            other => support::name(&other),
        });
    }
    told
}

/// The next request and the time until it came, in seconds.
fn next(bed: &mut Bed, limit: u64) -> (u64, Request) {
    let start = bed.at();
    for _ in 0..limit * 10 {
        bed.wait(ms(100));
        let sent = bed.sent();
        if let Some(request) = requests(&sent).into_iter().next() {
            return ((bed.at() - start).as_secs(), request);
        }
    }
    panic!("nothing was sent in {limit} s");
}

/// RFC 3261 section 10.2: what REGISTER says.
#[test]
fn a_register_names_the_address_and_our_contact() {
    let mut bed = Bed::new();
    let (_, request) = register(&mut bed, registration(&[PEER]));
    assert_eq!((request.method.as_str(), request.uri.to_string().as_str()), ("REGISTER", "sip:example.com"));
    assert_eq!(request.to().expect("a To").to_string(), "<sip:trunk@example.com>");
    assert_eq!(request.from().expect("a From").uri.to_string(), "sip:trunk@example.com");
    assert_eq!(
        request.headers.typed::<Contact>().expect("a Contact").to_string(),
        "<sip:line7@192.0.2.9:5060>"
    );
    assert_eq!(seconds_asked(&request), 3600);
}

/// RFC 3261 section 10.2.4: the time that stands with our own Contact holds, and it is refreshed before its
/// end in the same Call-ID under the next number.
#[test]
fn a_registration_is_refreshed_before_its_end() {
    let mut bed = Bed::new();
    let (_, mut request) = register(&mut bed, registration(&[PEER]));
    for (seconds, refreshed_after) in [(3600, 3240), (60, 30), (300, 268)] {
        grant(&mut bed, &request, seconds);
        assert_eq!(told(&mut bed), [format!("{PEER} for {seconds}")]);
        let (after, refresh) = next(&mut bed, 4000);
        assert_eq!(after, refreshed_after);
        assert_eq!(refresh.call_id(), request.call_id());
        assert_eq!(refresh.cseq().expect("a CSeq").number, request.cseq().expect("a CSeq").number + 1);
        request = refresh;
    }
}

/// RFC 3261 section 10.2.8: 423 tells the least time, and that is asked for from then on.
#[test]
fn a_time_too_brief_is_lengthened() {
    let mut bed = Bed::new();
    let mut wanted = registration(&[PEER]);
    wanted.expires = Duration::from_secs(60);
    let (_, first) = register(&mut bed, wanted);
    assert_eq!(seconds_asked(&first), 60);
    bed.receive(reply(&first, 423, "r", "Min-Expires: 600\r\n", ""));
    let second = bed.request();
    assert_eq!(seconds_asked(&second), 600);
    grant(&mut bed, &second, 600);
    assert_eq!(told(&mut bed), [format!("{PEER} for 600")]);
    assert_eq!(seconds_asked(&next(&mut bed, 700).1), 600);
}

#[test]
fn a_423_that_makes_no_sense_is_a_refusal() {
    for header in ["", "Min-Expires: 3600\r\n", "Min-Expires: 4294967295\r\n", "Min-Expires: soon\r\n"] {
        let mut bed = Bed::new();
        let (_, request) = register(&mut bed, registration(&[PEER]));
        bed.receive(reply(&request, 423, "r", header, ""));
        assert_eq!(
            (bed.lines(), told(&mut bed)),
            (vec![], vec!["failed Refused(StatusCode(423))".to_owned()])
        );
    }
}

/// RFC 3261 section 22: a challenge is answered, and later refreshes answer it in advance.
#[test]
fn a_challenge_is_answered() {
    let mut bed = Bed::new();
    let mut server = Challenger::new(ChallengerConfig::new("example.com"), [1; 32], bed.now);
    let ann = Credentials::new("ann", "open sesame");
    let mut wanted = registration(&[PEER]);
    wanted.credentials = Some(ann.clone());
    let (_, first) = register(&mut bed, wanted);
    let verify = |bed: &Bed, server: &mut Challenger, request: &Request| {
        server.verify(bed.now, request, |user| (user == "ann").then_some(&ann))
    };
    let challenge = |bed: &mut Bed, server: &mut Challenger, request: &Request, stale| {
        let headers = server.challenge(bed.now, stale);
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        bed.receive(reply(request, 401, "r", &headers, ""));
    };
    challenge(&mut bed, &mut server, &first, false);
    let second = bed.request();
    let accepted = Verdict::Accepted { user: Text::from("ann") };
    assert_eq!(verify(&bed, &mut server, &second), accepted);
    grant(&mut bed, &second, 60);
    let (_, refresh) = next(&mut bed, 100);
    assert_eq!(verify(&bed, &mut server, &refresh), accepted);
    // The nonce has become stale, and later the password was changed.
    challenge(&mut bed, &mut server, &refresh, true);
    let again = bed.request();
    assert_eq!(verify(&bed, &mut server, &again), accepted);
    challenge(&mut bed, &mut server, &again, false);
    assert_eq!(told(&mut bed), [format!("{PEER} for 60"), "failed Refused(StatusCode(401))".to_owned()]);
}

/// A target that is silent, out of order or out of reach is passed over at once; the one that grants is kept.
#[test]
fn the_next_target_is_tried_at_once() {
    let mut bed = Bed::new();
    let (_, first) = register(&mut bed, registration(&[PEER, SECOND, THIRD]));
    bed.receive(reply(&first, 503, "r", "", ""));
    let second = bed.sent().remove(0);
    assert_eq!(second.flow, to(SECOND));
    let failed = Transmit { flow: second.flow, bytes: second.bytes };
    bed.act(|endpoint, now| endpoint.transmit_failed(now, &failed));
    let third = bed.sent().remove(0);
    assert_eq!(third.flow, to(THIRD));
    let offhook_sip::Message::Request(third) = third.message else { panic!("expected a request") };
    grant(&mut bed, &third, 60);
    assert_eq!(told(&mut bed), [format!("{THIRD} for 60")]);
    bed.wait(ms(30_100));
    assert_eq!(bed.sent().remove(0).flow, to(THIRD));
    // It does not answer the refresh: after 64*T1 it is the first one's turn.
    bed.wait(ms(32_000));
    assert_eq!(bed.sent().pop().map(|wire| wire.flow), Some(to(PEER)));
    assert_eq!(told(&mut bed), [""; 0]);
}

/// RFC 5626 section 4.5: when all targets have failed, the pause grows from half a minute to half an hour.
#[test]
fn the_pause_between_rounds_grows() {
    let mut bed = Bed::new();
    let (_, mut request) = register(&mut bed, registration(&[PEER]));
    for longest in [30, 60, 120, 240, 480, 960, 1800, 1800] {
        bed.receive(reply(&request, 503, "r", "", ""));
        let Event::RegistrationFailed { failure, retry_in, .. } = bed.event() else { panic!("a failure") };
        assert_eq!(failure, RegistrationFailure::Refused(StatusCode::SERVICE_UNAVAILABLE));
        let bounds = Duration::from_secs(longest / 2)..=Duration::from_secs(longest);
        assert!(bounds.contains(&retry_in), "{retry_in:?} of {longest} s");
        let (after, next) = next(&mut bed, 2000);
        assert!(after.abs_diff(retry_in.as_secs()) <= 1);
        request = next;
    }
    // A success begins anew.
    grant(&mut bed, &request, 60);
    let (_, request) = next(&mut bed, 100);
    bed.receive(reply(&request, 503, "r", "", ""));
    bed.event();
    let Event::RegistrationFailed { retry_in, .. } = bed.event() else { panic!("a failure") };
    assert!(retry_in <= Duration::from_secs(30));
}

#[test]
fn the_registrars_own_pause_is_kept() {
    let mut bed = Bed::new();
    let (_, request) = register(&mut bed, registration(&[PEER]));
    bed.receive(reply(&request, 503, "r", "Retry-After: 500\r\n", ""));
    let Event::RegistrationFailed { retry_in, .. } = bed.event() else { panic!("a failure") };
    assert_eq!(retry_in, Duration::from_secs(500));
}

/// A refusal of the registrar is the same everywhere: no other target is bothered.
#[test]
fn a_refusal_is_not_carried_to_other_targets() {
    for code in [403, 404, 407] {
        let mut bed = Bed::new();
        let (_, request) = register(&mut bed, registration(&[PEER, SECOND]));
        bed.receive(reply(&request, code, "r", "", ""));
        assert_eq!(
            (bed.lines(), told(&mut bed)),
            (vec![], vec![format!("failed Refused(StatusCode({code}))")])
        );
    }
}

/// RFC 3261 section 10.2.2: a registration is ended by one for no time.
#[test]
fn a_registration_is_ended() {
    let mut bed = Bed::new();
    let (id, request) = register(&mut bed, registration(&[PEER]));
    grant(&mut bed, &request, 60);
    bed.act(|endpoint, now| endpoint.unregister(now, id)).expect("it unregisters");
    let last = bed.request();
    assert_eq!(seconds_asked(&last), 0);
    let again = bed.act(|endpoint, now| endpoint.unregister(now, id));
    assert_eq!(again, Err(UnregisterError::NotRegistered));
    bed.receive(reply(&last, 200, "r", "", ""));
    assert_eq!(told(&mut bed), [format!("{PEER} for 60"), "unregistered".to_owned()]);
    bed.assert_nothing_is_left();
}

/// At whatever moment it is ended, it ends: while it is asked for, while it pauses, and when nobody answers.
#[test]
fn a_registration_can_be_ended_at_any_moment() {
    // While it is asked for: what comes is given back.
    let mut bed = Bed::new();
    let (id, request) = register(&mut bed, registration(&[PEER]));
    bed.act(|endpoint, now| endpoint.unregister(now, id)).expect("it unregisters");
    assert_eq!(bed.lines(), [""; 0]);
    grant(&mut bed, &request, 60);
    let last = bed.request();
    assert_eq!(seconds_asked(&last), 0);
    bed.wait(ms(32_000));
    assert_eq!(told(&mut bed), ["unregistered"]);
    bed.assert_nothing_is_left();
    // While it pauses.
    let mut bed = Bed::new();
    let (id, request) = register(&mut bed, registration(&[PEER]));
    bed.receive(reply(&request, 403, "r", "", ""));
    bed.act(|endpoint, now| endpoint.unregister(now, id)).expect("it unregisters");
    assert_eq!(told(&mut bed), ["failed Refused(StatusCode(403))", "unregistered"]);
    bed.assert_nothing_is_left();
}

#[test]
fn what_cannot_be_registered_is_refused() {
    let mut bed = Bed::new();
    let none = bed.act(|endpoint, now| endpoint.register(now, registration(&[])));
    assert_eq!(none, Err(RegisterError::NoTarget));
    let mut malformed = registration(&[PEER]);
    malformed.call_id = Some(CallId(Text::from("a b")));
    let refused = bed.act(|endpoint, now| endpoint.register(now, malformed));
    assert_eq!(refused, Err(RegisterError::MalformedCallId { call_id: Text::from("a b") }));
    let mut chosen = registration(&[PEER]);
    chosen.call_id = Some(CallId(Text::from("chosen")));
    let (_, request) = register(&mut bed, chosen);
    assert_eq!(request.call_id().expect("a Call-ID").as_str(), "chosen");
}
