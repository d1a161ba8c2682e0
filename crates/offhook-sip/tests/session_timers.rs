//! Session timers on both sides (RFC 4028): negotiated, refreshed, enforced.

mod support;

use std::time::Duration;

use offhook_sip::header::{MinSe, Refresher, Require, SessionExpires};
use offhook_sip::{
    Call, EndpointConfig, HeaderName, Headers, Message, OfferMethod, PrackPolicy, Reliability, Request,
    Response, Text,
};
use support::phone::reply;
use support::{ANSWER, Bed, HOLD, Link, OFFER, Pair, Phone, Side, ms, requests, responses, sdp};

const TAG: &str = "theirs";
const TIMER: &str = "Supported: timer\r\n";

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

fn session(headers: &Headers) -> Option<(u32, Option<Refresher>)> {
    let expires: Option<SessionExpires> = headers.typed_opt().expect("a Session-Expires that can be read");
    expires.map(|expires| (expires.seconds, expires.refresher))
}

/// Takes a call whose INVITE has these header lines, and hands out the 200.
fn answered(headers: &str) -> (Bed, Phone, Call, Response) {
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    let call = bed.arrive(phone.invite(headers, OFFER));
    bed.answer(call, Some(ANSWER));
    let sent = bed.sent();
    phone.learn_all(&sent);
    let ok = responses(&sent).pop().expect("a 200");
    bed.receive(phone.ack(""));
    bed.events();
    (bed, phone, call, ok)
}

/// Makes a call that is answered with these header lines.
fn calling(headers: &str) -> (Bed, Call, Request) {
    let mut bed = Bed::new();
    let call = bed.invite(Some(OFFER), Reliability::Absent, PrackPolicy::Auto);
    let invite = bed.request();
    bed.receive(reply(&invite, 200, TAG, headers, ANSWER));
    bed.sent();
    bed.events();
    (bed, call, invite)
}

/// Lets time pass until a request other than ACK is sent: after how many seconds, and the request.
fn next(bed: &mut Bed, limit: u64) -> Option<(u64, Request)> {
    for waited in 1..=limit {
        bed.wait(seconds(1));
        let sent = requests(&bed.sent());
        if let Some(request) = sent.into_iter().find(|request| request.method.as_str() != "ACK") {
            return Some((waited, request));
        }
    }
    None
}

/// RFC 4028 section 9: what the 200 says to what the INVITE says.
#[test]
fn the_200_answers_the_proposal_of_the_invite() {
    use Refresher::{Uac, Uas};
    for (invite, expected, requires) in [
        ("", None, false),
        (TIMER, Some((1800, Some(Uas))), false),
        ("Require: timer\r\nSession-Expires: 600\r\n", Some((600, Some(Uac))), true),
        ("Supported: timer\r\nSession-Expires: 600\r\n", Some((600, Some(Uac))), true),
        ("Supported: timer\r\nSession-Expires: 600;refresher=uac\r\n", Some((600, Some(Uac))), true),
        ("Supported: timer\r\nSession-Expires: 600;refresher=uas\r\n", Some((600, Some(Uas))), false),
        ("Supported: timer\r\nx: 7200\r\n", Some((1800, Some(Uac))), true),
        ("Supported: timer\r\nx: 7200\r\nMin-SE: 3600\r\n", Some((3600, Some(Uac))), true),
        ("Supported: timer\r\nMin-SE: 3600\r\n", Some((3600, Some(Uas))), false),
        ("Supported: timer\r\nSession-Expires: 90\r\n", Some((90, Some(Uac))), true),
        // A proxy has put it there for a phone that knows nothing of it: the refreshes are ours.
        ("Session-Expires: 600\r\n", Some((600, Some(Uas))), false),
        ("Session-Expires: 60\r\n", Some((60, Some(Uas))), false),
        ("Supported: timer\r\nSession-Expires: soon\r\n", Some((1800, Some(Uas))), false),
    ] {
        let (_, _, _, ok) = answered(invite);
        assert_eq!(session(&ok.headers), expected, "{invite}");
        let required: Option<Require> = ok.headers.typed_opt().expect("a Require");
        assert_eq!(required.is_some_and(|tags| tags.contains("timer")), requires, "{invite}");
    }
}

/// RFC 4028 section 9: too short an interval is refused with the least one, in INVITE, re-INVITE and UPDATE.
#[test]
fn too_short_an_interval_gets_422() {
    let short = "Supported: timer\r\nSession-Expires: 89\r\n";
    let (mut bed, mut phone) = (Bed::new(), Phone::new());
    bed.receive(phone.invite(short, OFFER));
    let refusal = bed.response();
    assert_eq!(refusal.status.code(), 422);
    assert_eq!(refusal.headers.typed::<MinSe>(), Ok(MinSe(90)));
    assert_eq!(bed.events(), [""; 0]);
    for method in ["INVITE", "UPDATE"] {
        let (mut bed, mut phone, _, _) = answered(TIMER);
        bed.receive(phone.request(method, short, HOLD));
        let refusal = bed.response();
        assert_eq!(refusal.status.code(), 422);
        assert_eq!(refusal.headers.typed::<MinSe>(), Ok(MinSe(90)));
        assert_eq!(bed.events(), [""; 0]);
    }
}

/// RFC 4028 section 7.1: our INVITE proposes the interval and leaves the choice of the refresher.
#[test]
fn our_invite_proposes_an_interval() {
    let mut bed = Bed::new();
    bed.invite(Some(OFFER), Reliability::Absent, PrackPolicy::Auto);
    let invite = bed.request();
    assert_eq!(session(&invite.headers), Some((1800, None)));
    assert_eq!(invite.headers.typed::<MinSe>(), Ok(MinSe(90)));
}

/// RFC 4028 section 7.3: a 422 is obeyed in the same call; one that demands nothing new, or too much, ends
/// it.
#[test]
fn a_422_is_obeyed() {
    let mut bed = Bed::new();
    bed.invite(Some(OFFER), Reliability::Absent, PrackPolicy::Auto);
    let first = bed.request();
    bed.receive(reply(&first, 422, TAG, "Min-SE: 3600\r\n", ""));
    let second = requests(&bed.sent()).remove(1);
    assert_eq!((first.call_id(), second.cseq().expect("a CSeq").number), (second.call_id(), 2));
    assert_eq!(session(&second.headers), Some((3600, None)));
    assert_eq!(second.headers.typed::<MinSe>(), Ok(MinSe(3600)));
    bed.receive(reply(&second, 422, TAG, "Min-SE: 4000\r\n", ""));
    let third = requests(&bed.sent()).remove(1);
    assert_eq!(session(&third.headers), Some((4000, None)));
    for header in ["Min-SE: 4000\r\n", "Min-SE: 4000000\r\n", ""] {
        let mut bed = Bed::new();
        bed.invite(Some(OFFER), Reliability::Absent, PrackPolicy::Auto);
        let invite = bed.request();
        bed.receive(reply(&invite, 422, TAG, "Min-SE: 4000\r\n", ""));
        let again = requests(&bed.sent()).remove(1);
        bed.receive(reply(&again, 422, TAG, header, ""));
        assert_eq!(bed.events(), ["cleared Refused 422 by Peer"], "{header}");
    }
}

/// RFC 4028 section 7.4: we refresh at half of the interval when that is our part: by UPDATE without an
/// offer, or by re-INVITE with the same description.
#[test]
fn we_refresh_at_half_of_the_interval() {
    for (allow, method) in
        [("Allow: INVITE, ACK, BYE, UPDATE\r\n", "UPDATE"), ("Allow: INVITE, ACK, BYE\r\n", "INVITE")]
    {
        let granted = format!("{allow}Session-Expires: 600;refresher=uac\r\n");
        let (mut bed, _, invite) = calling(&granted);
        for _ in 0..3 {
            let (waited, refresh) = next(&mut bed, 700).expect("a refresh");
            assert_eq!((waited, refresh.method.as_str()), (300, method));
            assert_eq!(session(&refresh.headers), Some((600, Some(Refresher::Uac))));
            let is_update = method == "UPDATE";
            assert_eq!(refresh.body.is_empty(), is_update);
            assert!(is_update || refresh.body == invite.body);
            bed.receive(reply(&refresh, 200, TAG, "Session-Expires: 600;refresher=uac\r\n", ""));
            bed.sent();
            assert_eq!(bed.events(), [""; 0]);
        }
    }
}

/// The same as the side that was called.
#[test]
fn the_called_side_refreshes_when_that_is_its_part() {
    let (mut bed, _, call, _) = answered("Supported: timer\r\nSession-Expires: 120;refresher=uas\r\n");
    let (waited, refresh) = next(&mut bed, 200).expect("a refresh");
    assert_eq!((waited, refresh.method.as_str()), (60, "UPDATE"));
    assert_eq!(
        session(&refresh.headers),
        Some((120, Some(Refresher::Uac))),
        "roles are told from the request"
    );
    bed.receive(reply(&refresh, 200, "tag-one", "Session-Expires: 120;refresher=uac\r\n", ""));
    assert_eq!(next(&mut bed, 200).map(|(waited, _)| waited), Some(60));
    bed.hang_up(call);
    bed.sent();
}

/// RFC 4028 section 10: when nobody refreshes, the call is cleared shortly before the interval is over.
#[test]
fn a_session_that_is_not_refreshed_ends() {
    let (mut bed, _, _) = calling("Session-Expires: 600;refresher=uas\r\n");
    let (waited, bye) = next(&mut bed, 700).expect("a BYE");
    assert_eq!((waited, bye.method.as_str()), (568, "BYE"));
    assert_eq!(
        bye.headers.get(&HeaderName::Reason).map(|reason| reason.as_str().to_owned()),
        Some("SIP;cause=408;text=\"Session Timer Expired\"".into())
    );
    assert_eq!(bed.events(), ["cleared NoResponse 408 by Us"]);
    bed.receive(reply(&bye, 481, TAG, "", ""));
    bed.assert_nothing_is_left();
}

/// The far end's refresh sets the clock back, whether by UPDATE or by re-INVITE.
#[test]
fn the_far_ends_refresh_keeps_the_call() {
    for method in ["UPDATE", "INVITE"] {
        let (mut bed, mut phone, call, _) = answered("Supported: timer\r\nSession-Expires: 90\r\n");
        for _ in 0..5 {
            bed.wait(seconds(45));
            let headers = "Supported: timer\r\nSession-Expires: 90;refresher=uac\r\n";
            if method == "UPDATE" {
                bed.receive(phone.request("UPDATE", headers, ""));
                let ok = bed.response();
                assert_eq!(session(&ok.headers), Some((90, Some(Refresher::Uac))));
            } else {
                bed.receive(phone.invite(headers, OFFER));
                let offhook_sip::Event::Offer { id, .. } = bed.event() else { panic!("an offer") };
                let answer = sdp(ANSWER);
                bed.act(|endpoint, now| endpoint.answer_offer(now, call, id, Ok(&answer)))
                    .expect("it answers");
                let ok = bed.response();
                assert_eq!(session(&ok.headers), Some((90, Some(Refresher::Uac))));
                bed.receive(phone.ack(""));
            }
            assert_eq!(bed.events(), [""; 0]);
        }
        assert_eq!(next(&mut bed, 100).map(|(waited, _)| waited), Some(60), "90 s less a third");
        assert_eq!(bed.events(), ["cleared NoResponse 408 by Us"]);
    }
}

/// RFC 4028 section 7.2: a 2xx without Session-Expires turns the timer off.
#[test]
fn without_the_far_ends_consent_there_is_no_timer() {
    let (mut bed, call, _) = calling("");
    assert_eq!(next(&mut bed, 7200), None);
    assert_eq!(bed.events(), [""; 0]);
    bed.hang_up(call);
    let (mut bed, _, _) = calling("Allow: UPDATE\r\nSession-Expires: 600;refresher=uac\r\n");
    let (_, refresh) = next(&mut bed, 400).expect("a refresh");
    bed.receive(reply(&refresh, 200, TAG, "", ""));
    assert_eq!(next(&mut bed, 7200), None);
}

/// A far end that lost the call, or is silent, is found out by the refresh.
#[test]
fn a_refresh_that_fails_ends_the_call() {
    for lost in [Some(481), None] {
        let (mut bed, _, _) = calling("Allow: UPDATE\r\nSession-Expires: 600;refresher=uac\r\n");
        let (_, refresh) = next(&mut bed, 400).expect("a refresh");
        match lost {
            Some(code) => bed.receive(reply(&refresh, code, TAG, "", "")),
            None => bed.wait(ms(32_000)),
        }
        let code = lost.unwrap_or(408);
        assert_eq!(bed.events(), [format!("cleared NoResponse {code} by Us")]);
        assert_eq!(bed.lines().last().map(String::as_str), Some("BYE"));
        bed.assert_nothing_is_left();
    }
}

/// A refresh that is refused is tried again; the call ends only when the interval is over.
#[test]
fn a_refused_refresh_is_tried_again() {
    // UPDATE is not known after all: re-INVITE.
    let (mut bed, _, _) = calling("Allow: UPDATE\r\nSession-Expires: 600;refresher=uac\r\n");
    let (_, refresh) = next(&mut bed, 400).expect("a refresh");
    bed.receive(reply(&refresh, 405, TAG, "", ""));
    let re_invite = bed.request();
    assert_eq!(re_invite.method.as_str(), "INVITE");
    // Glare: soon.
    bed.receive(reply(&re_invite, 491, TAG, "", ""));
    bed.sent();
    let (waited, again) = next(&mut bed, 10).expect("another attempt");
    assert!((2..=5).contains(&waited));
    // Refused for good: a few more attempts until the end.
    bed.receive(reply(&again, 500, TAG, "", ""));
    bed.sent();
    let mut attempts = 0;
    loop {
        let (_, request) = next(&mut bed, 300).expect("an attempt or the end");
        if request.method.as_str() == "BYE" {
            break;
        }
        attempts += 1;
        bed.receive(reply(&request, 500, TAG, "", ""));
        bed.sent();
    }
    assert!((2..=30).contains(&attempts), "{attempts} attempts");
    assert_eq!(bed.events(), ["cleared NoResponse 408 by Us"]);
    bed.assert_nothing_is_left();
}

/// RFC 4028 section 7.4: a 422 to a refresh is obeyed at once.
#[test]
fn a_422_to_a_refresh_is_obeyed() {
    let (mut bed, _, _) = calling("Allow: UPDATE\r\nSession-Expires: 600;refresher=uac\r\n");
    let (_, refresh) = next(&mut bed, 400).expect("a refresh");
    bed.receive(reply(&refresh, 422, TAG, "Min-SE: 900\r\n", ""));
    let again = bed.request();
    assert_eq!(session(&again.headers), Some((900, Some(Refresher::Uac))));
    bed.receive(reply(&again, 200, TAG, "Session-Expires: 900;refresher=uac\r\n", ""));
    assert_eq!(next(&mut bed, 500).map(|(waited, _)| waited), Some(450));
}

/// HOLD-2: an offer of the user that meets a refresh under way waits for its end and then goes out.
#[test]
fn an_offer_waits_for_the_end_of_a_refresh() {
    let (mut bed, call, _) = calling("Allow: INVITE\r\nSession-Expires: 600;refresher=uac\r\n");
    let (_, refresh) = next(&mut bed, 400).expect("a refresh");
    let hold = sdp(HOLD);
    bed.act(|endpoint, now| endpoint.offer(now, call, OfferMethod::ReInvite, &hold)).expect("it offers");
    assert_eq!(bed.lines(), [""; 0]);
    bed.receive(reply(&refresh, 200, TAG, "Session-Expires: 600;refresher=uac\r\n", ANSWER));
    let sent = requests(&bed.sent());
    let methods: Vec<_> = sent.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["ACK", "INVITE"]);
    assert_eq!(&sent[1].body[..], HOLD.as_bytes());
    assert_eq!(session(&sent[1].headers), Some((600, Some(Refresher::Uac))));
}

#[test]
fn without_the_option_tag_there_are_no_session_timers() {
    let mut config = EndpointConfig::default();
    config.supported = vec![Text::from("100rel")];
    let mut bed = Bed::with(config);
    bed.invite(Some(OFFER), Reliability::Absent, PrackPolicy::Auto);
    let invite = bed.request();
    assert!(
        !invite.headers.contains(&HeaderName::SessionExpires) && !invite.headers.contains(&HeaderName::MinSe)
    );
    bed.receive(reply(&invite, 200, TAG, "Session-Expires: 90;refresher=uac\r\n", ANSWER));
    bed.sent();
    assert_eq!(next(&mut bed, 600), None);
}

/// UR-42: two endpoints keep a call of two hours alive, and notice within the interval when one has vanished.
#[test]
fn two_endpoints_keep_a_long_call() {
    let mut pair = Pair::new(Link::perfect());
    let calling = pair.call(Some(sdp(OFFER)), Reliability::Absent);
    let mut called = None;
    while let Some((_, event)) = pair.next_event(ms(100)) {
        if let offhook_sip::Event::Incoming(incoming) = event {
            called = Some(incoming.call);
            let answer = sdp(ANSWER);
            pair.act(Side::Callee, |endpoint, now| {
                endpoint.answer(now, incoming.call, Some(&answer), Headers::new())
            })
            .expect("it answers");
        }
    }
    assert!(called.is_some());
    pair.lines();
    pair.wait(seconds(7_200));
    assert_eq!(pair.event_names(), []);
    let updates = pair.wires.iter().filter(|(_, wire)| matches!(&wire.message, Message::Request(request) if request.method.as_str() == "UPDATE")).count();
    assert!((7..=9).contains(&updates), "{updates} refreshes");
    pair.drop = Box::new(|side, _, _| side == Side::Caller);
    pair.wait(seconds(1_800));
    let ends: Vec<_> = pair.event_names();
    assert_eq!(ends.len(), 2, "{ends:?}");
    let _ = calling;
    pair.assert_nothing_is_left();
}
