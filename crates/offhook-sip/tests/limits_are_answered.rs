//! Limits: reaching one is answered, and what was there goes on.

mod support;

use offhook_sip::{EndpointConfig, HeaderName, InviteError, PrackPolicy, Reliability};
use support::{ANSWER, Bed, OFFER, Phone, ms};

/// A call beyond the limit gets 503 with Retry-After, and the next one is taken when another has ended.
#[test]
fn a_call_beyond_the_limit_gets_503() {
    let mut config = EndpointConfig::default();
    config.limits.calls = 2;
    config.retry_after = ms(7_000);
    let mut bed = Bed::with(config);
    let mut first = Phone::named("first");
    let call = bed.arrive(first.invite("", OFFER));
    bed.arrive(Phone::named("second").invite("", OFFER));
    let mut third = Phone::named("third");
    bed.receive(third.invite("", OFFER));
    let refused = bed.response();
    assert_eq!(refused.status.code(), 503);
    assert_eq!(refused.headers.get(&HeaderName::RetryAfter).map(|value| value.as_str()), Some("7"));
    bed.receive(third.ack_refusal());
    bed.receive(Phone::named("asks").request("OPTIONS", "", ""));
    assert_eq!(bed.response().status.code(), 503);
    let refused = support::bed::outgoing(support::flow(), None, Reliability::Absent, PrackPolicy::Auto);
    let refused = bed.act(|endpoint, now| endpoint.invite(now, refused));
    assert!(matches!(refused, Err(InviteError::LimitReached { calls: 2, .. })));
    bed.reject(call, 486);
    bed.receive(first.ack_refusal());
    bed.sent();
    bed.events();
    // A call that is over leaves its place at once, although its dialog lingers.
    bed.arrive(Phone::named("fourth").invite("", OFFER));
}

/// Beyond the limit of transactions a request gets 503 without being kept, in the same words each time; BYE
/// still works.
#[test]
fn a_request_beyond_the_limit_of_transactions_gets_503_and_is_not_kept() {
    let mut config = EndpointConfig::default();
    config.limits.transactions = 4;
    let mut bed = Bed::with(config);
    let mut phone = Phone::new();
    let call = bed.arrive(phone.invite("", OFFER));
    bed.answer(call, Some(ANSWER));
    phone.learn_all(&bed.sent());
    bed.receive(phone.ack(""));
    let mut stranger = Phone::named("stranger");
    for _ in 0..3 {
        bed.receive(stranger.request("OPTIONS", "", ""));
        assert_eq!(bed.lines(), ["200 OPTIONS"]);
    }
    assert_eq!(bed.endpoint.counts().transactions, 4);
    let invite = stranger.invite("", OFFER);
    bed.receive(&invite);
    bed.receive(&invite);
    bed.receive(stranger.ack_refusal());
    let sent = bed.sent();
    assert_eq!(support::lines(&sent), ["503 INVITE", "503 INVITE"]);
    assert_eq!(sent[0].bytes, sent[1].bytes, "the To tag is the same");
    assert_eq!(bed.endpoint.counts().transactions, 4);
    bed.receive(phone.request("BYE", "", ""));
    assert_eq!(bed.lines(), ["200 BYE"]);
    assert_eq!(bed.events(), ["acknowledged", "cleared RemoteBye 200 by Peer"]);
    bed.assert_nothing_is_left();
}

/// A flood within a dialog ends at the reserve.
#[test]
fn a_flood_within_a_dialog_is_bounded() {
    let mut config = EndpointConfig::default();
    config.limits.transactions = 40;
    let (mut bed, mut phone) = (Bed::with(config), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.answer(call, Some(ANSWER));
    phone.learn_all(&bed.sent());
    bed.receive(phone.ack(""));
    for _ in 0..1_000 {
        bed.receive(phone.request("INFO", "", ""));
    }
    assert!(bed.endpoint.counts().transactions <= 40 + 10 + 16);
    assert_eq!(bed.lines().last().map(String::as_str), Some("503 INFO"));
    bed.wait(ms(40_000));
    bed.receive(phone.request("BYE", "", ""));
    assert_eq!(bed.lines(), ["200 BYE"]);
}

/// An overloaded endpoint refuses new calls without keeping anything of them; calls that are up go on, and the next call
/// is taken when the overload is over.
#[test]
fn an_overloaded_endpoint_refuses_new_calls_and_goes_on_with_the_others() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.endpoint.set_overloaded(true);
    bed.answer(call, Some(ANSWER));
    phone.learn_all(&bed.sent());
    bed.receive(phone.ack(""));
    let held = bed.endpoint.counts();
    let mut second = Phone::named("second");
    bed.receive(second.invite("", OFFER));
    let refused = bed.response();
    assert_eq!(refused.status.code(), 503);
    assert!(refused.headers.contains(&HeaderName::RetryAfter));
    bed.receive(second.ack_refusal());
    assert_eq!(bed.endpoint.counts(), held);
    bed.receive(phone.request("BYE", "", ""));
    assert_eq!(bed.lines(), ["200 BYE"]);
    bed.events();
    bed.endpoint.set_overloaded(false);
    bed.arrive(Phone::named("third").invite("", OFFER));
}

/// A message larger than the limit, or with too many header fields, gets 513 and begins nothing.
#[test]
fn a_message_too_large_gets_513() {
    let mut config = EndpointConfig::default();
    config.limits.parse.max_message_bytes = 2_000;
    config.limits.parse.max_headers = 40;
    let mut bed = Bed::with(config);
    let long = format!("X-Long: {}\r\n", "x".repeat(1_900));
    let many = "X-Many: 1\r\n".repeat(60);
    for headers in [long, many] {
        bed.receive(Phone::new().invite(&headers, OFFER));
        assert_eq!(bed.lines(), ["513 INVITE"]);
    }
    assert_eq!(bed.events(), [""; 0]);
    assert_eq!(bed.endpoint.counts(), offhook_sip::Counts::default());
}

/// A callee that forks without end makes no more early dialogs than the limit allows.
#[test]
fn forks_beyond_the_limit_make_no_dialogs() {
    let mut config = EndpointConfig::default();
    config.limits.forks = 3;
    let mut bed = Bed::with(config);
    bed.invite(Some(OFFER), Reliability::Absent, PrackPolicy::Auto);
    let invite = bed.request();
    for n in 0..50 {
        bed.receive(support::phone::reply(&invite, 180, &format!("fork{n}"), "", ""));
    }
    assert_eq!(bed.endpoint.counts().dialogs, 3);
    bed.receive(support::phone::reply(&invite, 200, "fork40", "", ANSWER));
    assert_eq!(bed.endpoint.counts().dialogs, 1);
    assert_eq!(bed.lines(), ["ACK"]);
    for n in 0..50 {
        bed.receive(support::phone::reply(&invite, 200, &format!("fork{n}"), "", ANSWER));
    }
    let lines = bed.lines();
    assert!(lines.iter().filter(|line| *line == "BYE").count() <= 3, "{lines:?}");
}
