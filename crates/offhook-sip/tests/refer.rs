//! REFER in both directions (RFC 3515), with Replaces (RFC 3891).

mod support;

use offhook_sip::header::{EventPackage, ReferTo, Replaces, SubscriptionState};
use offhook_sip::{
    AnswerReferError, Call, EndpointConfig, Event, HeaderName, Headers, NameAddr, PrackPolicy, Refer,
    ReferError, ReferProgress, Reliability, ReportReferError, Request, StatusCode, Text,
};
use support::phone::reply;
use support::{ANSWER, Bed, HOLD, OFFER, Phone, ms, requests, responses};

const TARGET: &str = "Refer-To: <sip:carol@example.com>\r\n";

/// A connected call that the phone made.
fn connected(takes_refers: bool) -> (Bed, Phone, Call) {
    let mut config = EndpointConfig::default();
    config.takes_refers = takes_refers;
    let (mut bed, mut phone) = (Bed::with(config), Phone::new());
    let call = bed.arrive(phone.invite("", OFFER));
    bed.answer(call, Some(ANSWER));
    phone.learn_all(&bed.sent());
    bed.receive(phone.ack(""));
    bed.events();
    (bed, phone, call)
}

fn refer_event(bed: &mut Bed) -> Refer {
    match bed.event() {
        Event::Refer(refer) => *refer,
        other => panic!("expected a REFER, got {other:?}"),
    }
}

fn status(code: u16) -> StatusCode {
    StatusCode::new(code).expect("a status")
}

/// The status and the state that a NOTIFY tells.
fn news(notify: &Request) -> (String, String) {
    assert_eq!(notify.method.as_str(), "NOTIFY");
    let state: SubscriptionState = notify.headers.typed().expect("a Subscription-State");
    (String::from_utf8_lossy(&notify.body).trim_end().to_owned(), state.state.to_string())
}

/// By default nobody is transferred: 603, and no event.
#[test]
fn a_refer_is_refused_unless_the_user_takes_it() {
    let (mut bed, mut phone, _) = connected(false);
    bed.receive(phone.request("REFER", TARGET, ""));
    assert_eq!((bed.lines(), bed.events()), (vec!["603 REFER".to_owned()], vec![]));
}

/// Before there is a call, there is nobody to refer.
#[test]
fn a_refer_outside_of_a_call_is_refused() {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    bed.receive(phone.request("REFER", TARGET, ""));
    bed.receive(phone.request("NOTIFY", "Event: refer\r\nSubscription-State: active\r\n", ""));
    assert_eq!((bed.lines(), bed.events()), (vec!["603 REFER".into(), "481 NOTIFY".into()], vec![]));
}

/// RFC 3515 section 2.4: accepted, told at once, told further, told the end.
#[test]
fn an_accepted_refer_is_reported_on() {
    let (mut bed, mut phone, call) = connected(true);
    bed.receive(phone.request("REFER", &format!("{TARGET}Referred-By: <sip:ann@example.com>\r\n"), ""));
    let refer = refer_event(&mut bed);
    assert_eq!(refer.target.to_string(), "<sip:carol@example.com>");
    assert_eq!(refer.referred_by.map(|by| by.to_string()).as_deref(), Some("<sip:ann@example.com>"));
    assert_eq!((refer.call, refer.replaces), (call, None));
    let number = phone.cseq;
    bed.act(|endpoint, now| endpoint.answer_refer(now, call, StatusCode::ACCEPTED)).expect("it accepts");
    let sent = bed.sent();
    assert_eq!(responses(&sent)[0].status.code(), 202);
    assert!(responses(&sent)[0].headers.contains(&HeaderName::Contact));
    let first = &requests(&sent)[0];
    assert_eq!(news(first), ("SIP/2.0 100 Trying".into(), "active".into()));
    let event: EventPackage = first.headers.typed().expect("an Event");
    assert_eq!(event.to_string(), format!("refer;id={number}"));
    bed.receive(reply(first, 200, "", "", ""));
    for (code, state) in [(180, "active"), (200, "terminated")] {
        bed.act(|endpoint, now| endpoint.report_refer(now, call, status(code))).expect("it reports");
        let notify = bed.request();
        assert_eq!(
            news(&notify),
            (format!("SIP/2.0 {code} {}", status(code).default_reason()), state.into())
        );
        bed.receive(reply(&notify, 200, "", "", ""));
    }
    let late = bed.act(|endpoint, now| endpoint.report_refer(now, call, status(200)));
    assert_eq!(late, Err(ReportReferError::NoRefer));
    assert_eq!(bed.events(), [""; 0]);
    bed.hang_up(call);
    bed.sent();
    bed.assert_nothing_is_left();
}

/// RFC 3891 section 7.1: the call to be replaced stands escaped in the address.
#[test]
fn the_call_to_be_replaced_is_read() {
    let (mut bed, mut phone, _) = connected(true);
    let target =
        "Refer-To: <sip:carol@example.com?Replaces=c%40x%3Bto-tag%3Da%3Bfrom-tag%3Db%3Bearly-only>\r\n";
    bed.receive(phone.request("REFER", target, ""));
    let expected = Replaces {
        call_id: Text::from("c@x"),
        to_tag: Text::from("a"),
        from_tag: Text::from("b"),
        early_only: true,
    };
    assert_eq!(refer_event(&mut bed).replaces, Some(expected));
}

#[test]
fn a_refer_without_a_single_sound_target_gets_400() {
    let two = format!("{TARGET}{TARGET}");
    for headers in ["", "Refer-To: nonsense\r\n", &two, "Refer-To: <sip:c@x?Replaces=c%3Bto-tag%3Da>\r\n"] {
        let (mut bed, mut phone, _) = connected(true);
        bed.receive(phone.request("REFER", headers, ""));
        assert_eq!((bed.lines(), bed.events()), (vec!["400 REFER".to_owned()], vec![]), "{headers}");
    }
}

/// The user may refuse with a status of its choice, and has to answer with one that answers.
#[test]
fn the_user_may_refuse_a_refer() {
    let (mut bed, mut phone, call) = connected(true);
    bed.receive(phone.request("REFER", TARGET, ""));
    refer_event(&mut bed);
    for code in [180, 200] {
        let wrong = bed.act(|endpoint, now| endpoint.answer_refer(now, call, status(code)));
        assert_eq!(wrong, Err(AnswerReferError::NotAnAnswer { status: status(code) }));
    }
    // A second one meanwhile has to wait.
    bed.receive(phone.request("REFER", TARGET, ""));
    assert_eq!(bed.lines(), ["500 REFER"]);
    bed.act(|endpoint, now| endpoint.answer_refer(now, call, status(486))).expect("it refuses");
    assert_eq!(bed.lines(), ["486 REFER"]);
    let again = bed.act(|endpoint, now| endpoint.answer_refer(now, call, status(486)));
    assert_eq!(again, Err(AnswerReferError::NoRefer));
}

/// RFC 4320: a user that does not answer has refused, before the far end has given up.
#[test]
fn a_refer_that_nobody_answers_is_refused() {
    let (mut bed, mut phone, _) = connected(true);
    bed.receive(phone.request("REFER", TARGET, ""));
    bed.wait(ms(15_900));
    assert_eq!(bed.lines(), [""; 0]);
    bed.wait(ms(200));
    assert_eq!(bed.lines(), ["603 REFER"]);
}

/// When the call ends, a REFER that waits gets its answer, and news have nobody to go to.
#[test]
fn a_call_may_end_before_its_refer() {
    let (mut bed, mut phone, call) = connected(true);
    bed.receive(phone.request("REFER", TARGET, ""));
    bed.receive(phone.request("BYE", "", ""));
    assert_eq!(bed.lines(), ["200 BYE", "487 REFER"]);
    let late = bed.act(|endpoint, now| endpoint.report_refer(now, call, status(200)));
    assert_eq!(late, Err(ReportReferError::NoRefer));
    bed.assert_nothing_is_left();
}

/// RFC 5057 section 5.1: a far end that wants no news keeps its call.
#[test]
fn a_refused_notify_does_not_end_the_call() {
    for code in [Some(481), Some(489), None] {
        let (mut bed, mut phone, call) = connected(true);
        bed.receive(phone.request("REFER", TARGET, ""));
        refer_event(&mut bed);
        bed.act(|endpoint, now| endpoint.answer_refer(now, call, StatusCode::ACCEPTED)).expect("it accepts");
        let notify = requests(&bed.sent()).remove(0);
        match code {
            Some(code) => bed.receive(reply(&notify, code, "", "", "")),
            None => bed.wait(ms(32_000)),
        }
        bed.sent();
        let late = bed.act(|endpoint, now| endpoint.report_refer(now, call, status(200)));
        assert_eq!((late, bed.events()), (Err(ReportReferError::NoRefer), vec![]));
    }
}

/// A call of ours to the phone.
fn calling(bed: &mut Bed) -> (Call, Phone) {
    let call = bed.invite(Some(OFFER), Reliability::Absent, PrackPolicy::Auto);
    let invite = bed.request();
    bed.receive(reply(&invite, 200, "theirs", "", ANSWER));
    bed.sent();
    bed.events();
    let mut phone = Phone::new();
    phone.call_id = invite.call_id().expect("a Call-ID").as_str().to_owned();
    phone.tag = "theirs".into();
    phone.remote_tag = invite.from().expect("a From").tag().map(|tag| tag.to_string());
    (call, phone)
}

fn refer(bed: &mut Bed, call: Call) -> Result<(), ReferError> {
    let target: NameAddr = "<sip:carol@example.com>".parse().expect("an address");
    let mut headers = Headers::new();
    headers.push(HeaderName::ReferredBy, "<sip:desk@example.com>");
    bed.act(|endpoint, now| endpoint.refer(now, call, &target, &headers))
}

fn progress(bed: &mut Bed) -> Vec<ReferProgress> {
    let mut all = Vec::new();
    while let Some(event) = bed.try_event() {
        let Event::ReferProgress { progress, .. } = event else { panic!("unexpected {event:?}") };
        all.push(progress);
    }
    all
}

fn notify(phone: &mut Phone, state: &str, line: &str) -> String {
    let headers = format!(
        "Event: refer\r\nSubscription-State: {state}\r\nContent-Type: message/sipfrag;version=2.0\r\n"
    );
    phone.request("NOTIFY", &headers, line)
}

/// RFC 3515: our REFER, and what the far end tells about it.
#[test]
fn a_refer_of_ours_is_reported_on() {
    let mut bed = Bed::new();
    let (call, mut phone) = calling(&mut bed);
    refer(&mut bed, call).expect("it refers");
    let request = bed.request();
    assert_eq!(
        request.headers.typed::<ReferTo>().map(|to| to.0.to_string()),
        Ok("<sip:carol@example.com>".into())
    );
    assert!(request.headers.contains(&HeaderName::ReferredBy));
    assert!(request.headers.contains(&HeaderName::Contact));
    assert_eq!(refer(&mut bed, call), Err(ReferError::Pending));
    bed.receive(reply(&request, 202, "", "", ""));
    for (state, line) in [
        ("active", "SIP/2.0 100 Trying\r\n"),
        ("active;expires=60", "SIP/2.0 180 Ringing\r\n"),
        ("active", "not a status line"),
        ("terminated;reason=noresource", "SIP/2.0 200 OK\r\n"),
    ] {
        bed.receive(notify(&mut phone, state, line));
        assert_eq!(bed.lines(), ["200 NOTIFY"], "{line}");
    }
    let reported = |code, is_last| ReferProgress::Reported { status: status(code), is_last };
    assert_eq!(
        progress(&mut bed),
        [ReferProgress::Accepted, reported(100, false), reported(180, false), reported(200, true)]
    );
    bed.receive(notify(&mut phone, "active", "SIP/2.0 200 OK\r\n"));
    assert_eq!((bed.lines(), progress(&mut bed)), (vec!["481 NOTIFY".to_owned()], vec![]));
    refer(&mut bed, call).expect("the next one may follow");
}

#[test]
fn a_refused_refer_of_ours_leaves_the_call() {
    for code in [403, 405, 603] {
        let mut bed = Bed::new();
        let (call, _) = calling(&mut bed);
        refer(&mut bed, call).expect("it refers");
        let request = bed.request();
        bed.receive(reply(&request, code, "", "", ""));
        assert_eq!(progress(&mut bed), [ReferProgress::Refused(status(code))]);
        refer(&mut bed, call).expect("it may be tried again");
    }
}

/// The NOTIFY may overtake the 202, and a subscription may end without a word.
#[test]
fn news_may_come_early_or_not_at_all() {
    let mut bed = Bed::new();
    let (call, mut phone) = calling(&mut bed);
    refer(&mut bed, call).expect("it refers");
    let request = bed.request();
    bed.receive(notify(&mut phone, "terminated", "SIP/2.0 486 Busy Here\r\n"));
    bed.receive(reply(&request, 202, "", "", ""));
    assert_eq!(progress(&mut bed), [ReferProgress::Reported { status: status(486), is_last: true }]);
    bed.sent();
    refer(&mut bed, call).expect("it refers");
    let request = bed.request();
    bed.receive(reply(&request, 202, "", "", ""));
    bed.receive(phone.request("NOTIFY", "Event: refer\r\nSubscription-State: terminated\r\n", ""));
    assert_eq!(progress(&mut bed), [ReferProgress::Accepted, ReferProgress::Ended]);
}

#[test]
fn news_of_something_else_get_489() {
    let mut bed = Bed::new();
    let (_, mut phone) = calling(&mut bed);
    for headers in ["", "Event: presence\r\n"] {
        bed.receive(phone.request("NOTIFY", headers, ""));
        assert_eq!(bed.lines(), ["489 NOTIFY"]);
    }
}

#[test]
fn only_a_connected_call_is_referred() {
    let mut bed = Bed::new();
    let call = bed.invite(Some(HOLD), Reliability::Absent, PrackPolicy::Auto);
    assert!(matches!(refer(&mut bed, call), Err(ReferError::WrongState { .. })));
}

/// Reason and fields of one's own go into the BYE or the CANCEL, whichever it is.
#[test]
fn given_header_fields_stand_in_bye_and_cancel() {
    for rings in [false, true] {
        let mut bed = Bed::new();
        let call = if rings {
            let call = bed.invite(Some(OFFER), Reliability::Absent, PrackPolicy::Auto);
            let invite = bed.request();
            bed.receive(reply(&invite, 180, "theirs", "", ""));
            call
        } else {
            calling(&mut bed).0
        };
        let mut headers = Headers::new();
        headers.push(HeaderName::Reason, "Q.850;cause=16;text=\"done\"");
        headers.push("X-Account".into(), "42");
        bed.act(|endpoint, now| endpoint.hang_up(now, call, headers)).expect("it hangs up");
        let request = bed.request();
        assert_eq!(request.method.as_str(), if rings { "CANCEL" } else { "BYE" });
        let field = |name: HeaderName| request.headers.get(&name).map(|value| value.to_string());
        assert_eq!(field(HeaderName::Reason).as_deref(), Some("Q.850;cause=16;text=\"done\""));
        assert_eq!(field("X-Account".into()).as_deref(), Some("42"));
    }
}
