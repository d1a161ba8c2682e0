//! What the responses to a call of ours bring: early descriptions, changed ones, several forks.

mod support;

use std::time::Duration;

use offhook_sip::header::CallId;
use offhook_sip::{
    Call, Event, HeaderName, InviteError, OfferMethod, PrackPolicy, Reliability, Request, Text,
};
use support::bed::outgoing;
use support::phone::reply;
use support::{ANSWER, Bed, HOLD, OFFER, Wire, flow, lines, requests, sdp};

/// Another answer than `ANSWER`: other address, other codec.
const OTHER: &str = "v=0\r\no=bob 8 1 IN IP4 192.0.2.77\r\ns=-\r\nc=IN IP4 192.0.2.77\r\nt=0 0\r\nm=audio 7000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";

fn calling(bed: &mut Bed) -> (Call, Request) {
    let call = bed.invite(Some(OFFER), Reliability::Supported, PrackPolicy::Auto);
    (call, bed.request())
}

/// The ports of the answers among the events, and the names of the other events.
fn told(bed: &mut Bed) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(event) = bed.try_event() {
        told.push(match &event {
            Event::Answer { sdp, .. } => format!("answer {}", sdp.media[0].port),
            other => support::name(other),
        });
    }
    told
}

fn to_tags(sent: &[Wire]) -> Vec<String> {
    let tag = |request: &Request| request.to().expect("a To").tag().expect("a tag").to_string();
    requests(sent).iter().map(tag).collect()
}

/// CALL-10: a description in any response from 101 to 199 is the early answer, reliable or not.
#[test]
fn every_provisional_response_can_bring_the_early_answer() {
    for code in [101, 155, 180, 181, 182, 183, 199] {
        for headers in ["", "Require: 100rel\r\nRSeq: 7\r\n"] {
            let mut bed = Bed::new();
            let (_, invite) = calling(&mut bed);
            bed.receive(reply(&invite, code, "a", headers, ANSWER));
            assert_eq!(told(&mut bed), ["answer 6000".to_owned(), format!("progress {code}")], "{headers:?}");
        }
    }
}

/// CALL-11: another description in the 2xx than before is told before the answer, whether the early one came
/// reliably or not.
#[test]
fn a_changed_description_in_the_2xx_is_told() {
    for headers in ["", "Require: 100rel\r\nRSeq: 7\r\n"] {
        let mut bed = Bed::new();
        let (call, invite) = calling(&mut bed);
        bed.receive(reply(&invite, 183, "a", headers, ANSWER));
        bed.receive(reply(&invite, 200, "a", "", OTHER));
        assert_eq!(told(&mut bed), ["answer 6000", "progress 183", "answer 7000", "answered 200"]);
        bed.sent();
        let hold = sdp(HOLD);
        bed.act(|endpoint, now| endpoint.offer(now, call, OfferMethod::ReInvite, &hold))
            .expect("the exchange is over");
    }
}

/// CALL-11: without a description in the 2xx the early one stays, and the exchange is over.
#[test]
fn a_2xx_without_description_keeps_the_early_one() {
    let mut bed = Bed::new();
    let (call, invite) = calling(&mut bed);
    bed.receive(reply(&invite, 183, "a", "", ANSWER));
    bed.receive(reply(&invite, 200, "a", "", ""));
    assert_eq!(told(&mut bed), ["answer 6000", "progress 183", "answered 200"]);
    bed.sent();
    let hold = sdp(HOLD);
    bed.act(|endpoint, now| endpoint.offer(now, call, OfferMethod::ReInvite, &hold)).expect("it offers");
}

/// CALL-11: a gateway that tries another destination changes the description under the same tag.
#[test]
fn a_changed_early_description_is_told() {
    let mut bed = Bed::new();
    let (_, invite) = calling(&mut bed);
    bed.receive(reply(&invite, 183, "a", "", ANSWER));
    bed.receive(reply(&invite, 183, "a", "", OTHER));
    bed.receive(reply(&invite, 180, "a", "", ""));
    bed.receive(reply(&invite, 200, "a", "", OTHER));
    assert_eq!(
        told(&mut bed),
        ["answer 6000", "progress 183", "answer 7000", "progress 183", "progress 180", "answered 200"]
    );
}

/// What a response repeats after an UPDATE of ours is out of date and not told again.
#[test]
fn a_repeated_answer_after_an_update_is_not_told() {
    let mut bed = Bed::new();
    let (call, invite) = calling(&mut bed);
    bed.receive(reply(
        &invite,
        183,
        "a",
        "Require: 100rel\r\nRSeq: 7\r\nAllow: INVITE, ACK, BYE, CANCEL, PRACK, UPDATE\r\n",
        ANSWER,
    ));
    bed.sent();
    let hold = sdp(HOLD);
    bed.act(|endpoint, now| endpoint.offer(now, call, OfferMethod::Update, &hold)).expect("it offers");
    let update = bed.request();
    bed.receive(reply(&update, 200, "a", "", OTHER));
    bed.receive(reply(&invite, 200, "a", "", ANSWER));
    assert_eq!(told(&mut bed), ["answer 6000", "progress 183", "answer 7000", "answered 200"]);
}

/// CALL-11, CALL-12: each fork's early answer is told when it comes, and that of the fork which answers once
/// more, so that the last one told is the one that counts.
#[test]
fn the_answer_of_the_fork_that_wins_is_told_last() {
    for (body, last) in [(ANSWER, "answer 6000"), ("", "answer 6000"), (OTHER, "answer 7000")] {
        let mut bed = Bed::new();
        let (_, invite) = calling(&mut bed);
        bed.receive(reply(&invite, 183, "a", "", ANSWER));
        bed.receive(reply(&invite, 183, "b", "", HOLD));
        bed.receive(reply(&invite, 200, "a", "", body));
        assert_eq!(
            told(&mut bed),
            ["answer 6000", "progress 183", "answer 4000", "progress 183", last, "answered 200"]
        );
    }
}

/// CALL-12: of several 2xx the first one counts; each other one gets ACK and BYE within its own dialog, and
/// the ACK again when it is repeated.
#[test]
fn every_other_2xx_gets_ack_and_bye() {
    let mut bed = Bed::new();
    let (call, invite) = calling(&mut bed);
    bed.receive(reply(&invite, 200, "a", "", ANSWER));
    assert_eq!(to_tags(&bed.sent()), ["a"]);
    for tag in ["b", "c", "d"] {
        bed.receive(reply(&invite, 200, tag, "", ANSWER));
        let sent = bed.sent();
        assert_eq!((lines(&sent), to_tags(&sent)), (vec!["ACK".into(), "BYE".into()], vec![tag.into(); 2]));
        bed.receive(reply(&requests(&sent)[1], 200, tag, "", ""));
        bed.receive(reply(&invite, 200, tag, "", ANSWER));
        assert_eq!(bed.lines(), ["ACK"]);
    }
    assert_eq!(told(&mut bed), ["answer 6000", "answered 200"]);
    bed.hang_up(call);
    let bye = bed.request();
    assert_eq!(bye.to().expect("a To").tag().map(|tag| tag.to_string()).as_deref(), Some("a"));
    bed.receive(reply(&bye, 200, "a", "", ""));
    bed.assert_nothing_is_left();
}

/// HUP-7, CALL-12: after a CANCEL every fork that answers all the same is ended, and the call ends once.
#[test]
fn several_2xx_that_cross_our_cancel_are_all_ended() {
    let mut bed = Bed::new();
    let (call, invite) = calling(&mut bed);
    bed.receive(reply(&invite, 180, "a", "", ""));
    bed.hang_up(call);
    assert_eq!(bed.lines(), ["CANCEL"]);
    for tag in ["a", "b"] {
        bed.receive(reply(&invite, 200, tag, "", ANSWER));
        let sent = bed.sent();
        assert_eq!((lines(&sent), to_tags(&sent)), (vec!["ACK".into(), "BYE".into()], vec![tag.into(); 2]));
    }
    assert_eq!(told(&mut bed), ["progress 180", "cleared Cancelled 487 by Us"]);
    bed.assert_nothing_is_left();
}

/// CALL-13: a redirection is not followed.
#[test]
fn a_redirection_ends_the_call_with_its_code() {
    for code in [300, 301, 302, 305, 380] {
        let mut bed = Bed::new();
        let (_, invite) = calling(&mut bed);
        bed.receive(reply(&invite, code, "a", "", ""));
        assert_eq!(bed.lines(), ["ACK"]);
        assert_eq!(told(&mut bed), [format!("cleared Refused {code} by Peer")]);
        bed.assert_nothing_is_left();
    }
}

/// CAU-1: whether a 503 has Retry-After decides about the cause, so it is told.
#[test]
fn the_retry_after_of_a_refusal_is_told() {
    for (header, expected) in [("Retry-After: 18\r\n", Some(Duration::from_secs(18))), ("", None)] {
        let mut bed = Bed::new();
        let (_, invite) = calling(&mut bed);
        bed.receive(reply(&invite, 503, "a", header, ""));
        let Event::Cleared { clearing, .. } = bed.event() else { panic!("expected the end") };
        assert_eq!(clearing.retry_after, expected);
    }
}

/// CALL-7: header fields to be sent stand in the INVITE, identities among them.
#[test]
fn given_header_fields_stand_in_the_invite() {
    let mut bed = Bed::new();
    let mut call = outgoing(flow(), Some(sdp(OFFER)), Reliability::Supported, PrackPolicy::Auto);
    call.headers.push(HeaderName::PAssertedIdentity, "<sip:+441908273800@example.com>");
    call.headers.push("X-Account".into(), "42\r\nInjected: yes");
    bed.act(|endpoint, now| endpoint.invite(now, call)).expect("it calls");
    let invite = bed.request();
    let field = |name: HeaderName| invite.headers.get(&name).map(|value| value.to_string());
    assert_eq!(field(HeaderName::PAssertedIdentity).as_deref(), Some("<sip:+441908273800@example.com>"));
    assert_eq!(field("X-Account".into()).as_deref(), Some("42  Injected: yes"));
    assert_eq!(field("Injected".into()), None);
}

#[test]
fn a_given_call_id_names_the_call() {
    let mut bed = Bed::new();
    let mut call = outgoing(flow(), Some(sdp(OFFER)), Reliability::Supported, PrackPolicy::Auto);
    call.call_id = Some(CallId(Text::from("chosen@192.0.2.9")));
    bed.act(|endpoint, now| endpoint.invite(now, call.clone())).expect("it calls");
    assert_eq!(bed.request().call_id().expect("a Call-ID").as_str(), "chosen@192.0.2.9");
    for malformed in ["", "a b", "a\r\nb"] {
        call.call_id = Some(CallId(Text::from(malformed)));
        let refused = bed.act(|endpoint, now| endpoint.invite(now, call.clone()));
        assert_eq!(refused, Err(InviteError::MalformedCallId { call_id: Text::from(malformed) }));
    }
    assert_eq!(bed.lines(), [""; 0]);
}

/// RFC 3261 section 8.1.1.1: a route set of ours leads the INVITE, its CANCEL and the ACK for its refusal.
#[test]
fn preloaded_routes_lead_the_invite() {
    for (routes, uri, fields) in [
        (
            ["<sip:192.0.2.50;lr>", "<sip:edge.example.com;lr>"],
            "sip:bob@192.0.2.1:5060",
            vec!["<sip:192.0.2.50;lr>", "<sip:edge.example.com;lr>"],
        ),
        (
            ["<sip:192.0.2.50>", "<sip:edge.example.com;lr>"],
            "sip:192.0.2.50",
            vec!["<sip:edge.example.com;lr>", "<sip:bob@192.0.2.1:5060>"],
        ),
    ] {
        let mut bed = Bed::new();
        let mut call = outgoing(flow(), Some(sdp(OFFER)), Reliability::Supported, PrackPolicy::Auto);
        call.routes = routes.map(|route| route.parse().expect("an address")).to_vec();
        let call = bed.act(|endpoint, now| endpoint.invite(now, call)).expect("it calls");
        let invite = bed.request();
        let routes_of = |request: &Request| -> Vec<String> {
            request.headers.get_all(&HeaderName::Route).map(|route| route.to_string()).collect()
        };
        assert_eq!((invite.uri.to_string().as_str(), routes_of(&invite)), (uri, to_strings(&fields)));
        bed.receive(reply(&invite, 180, "a", "", ""));
        bed.hang_up(call);
        let cancel = bed.request();
        assert_eq!((cancel.uri.to_string().as_str(), routes_of(&cancel)), (uri, to_strings(&fields)));
        bed.receive(reply(&invite, 487, "a", "", ""));
        assert_eq!(routes_of(&bed.request()), fields);
    }
}

fn to_strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
