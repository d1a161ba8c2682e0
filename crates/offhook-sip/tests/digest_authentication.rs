//! Digest authentication of our calls: challenges to the INVITE and to the requests within the call.

mod support;

use std::time::Instant;

use offhook_sip::auth::{Challenger, ChallengerConfig, Credentials, Verdict};
use offhook_sip::header::{Authorization, ProxyAuthorization};
use offhook_sip::{
    Call, HeaderName, Headers, OfferMethod, Outgoing, PrackPolicy, Reliability, Request, Text,
};
use support::bed::outgoing;
use support::phone::reply;
use support::{ANSWER, Bed, HOLD, OFFER, flow, lines, requests, sdp};

const REALM: &str = "example.com";
const TAG: &str = "theirs";

fn ann() -> Credentials {
    Credentials::new("ann", "open sesame")
}

fn call_of(credentials: Option<Credentials>) -> Outgoing {
    let mut call = outgoing(flow(), Some(sdp(OFFER)), Reliability::Supported, PrackPolicy::Auto);
    call.credentials = credentials;
    call
}

fn calling(bed: &mut Bed, credentials: Option<Credentials>) -> (Call, Request) {
    let call = bed.act(|endpoint, now| endpoint.invite(now, call_of(credentials))).expect("it calls");
    (call, bed.request())
}

fn challenger(bed: &Bed) -> Challenger {
    Challenger::new(ChallengerConfig::new(REALM), [7; 32], bed.now)
}

fn field_lines(headers: &Headers) -> String {
    headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect()
}

/// Refuses `request` with 401 and a challenge, and takes the ACK, if it is an INVITE, and what comes next.
fn challenge(bed: &mut Bed, challenger: &mut Challenger, request: &Request, stale: bool) -> Option<Request> {
    let headers = field_lines(&challenger.challenge(bed.now, stale));
    refuse(bed, request, 401, &headers)
}

fn refuse(bed: &mut Bed, request: &Request, code: u16, headers: &str) -> Option<Request> {
    bed.receive(reply(request, code, TAG, headers, ""));
    let mut sent = requests(&bed.sent());
    if request.method.as_str() == "INVITE" {
        assert_eq!(sent.remove(0).method.as_str(), "ACK");
    }
    assert!(sent.len() <= 1, "{sent:?}");
    sent.pop()
}

fn verify(challenger: &mut Challenger, now: Instant, request: &Request) -> Verdict {
    let ann = ann();
    challenger.verify(now, request, |user| (user == "ann").then_some(&ann))
}

fn accepted() -> Verdict {
    Verdict::Accepted { user: Text::from("ann") }
}

fn param(request: &Request, name: &str) -> Option<String> {
    let answer: Authorization = request.headers.typed().expect("credentials");
    answer.params.unquoted(name).map(|value| value.into_owned())
}

/// CALL-14: the INVITE is sent again in the same call under the next number, with the answer to the
/// challenge.
#[test]
fn a_challenged_invite_is_sent_again_with_credentials() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed);
    let (_, first) = calling(&mut bed, Some(ann()));
    assert_eq!(verify(&mut server, bed.now, &first), Verdict::Missing);
    let second = challenge(&mut bed, &mut server, &first, false).expect("another INVITE");
    assert_eq!(verify(&mut server, bed.now, &second), accepted());
    assert_eq!((first.cseq().expect("a CSeq").number, second.cseq().expect("a CSeq").number), (1, 2));
    for name in [HeaderName::CallId, HeaderName::From, HeaderName::To, HeaderName::Contact] {
        assert_eq!(first.headers.get(&name), second.headers.get(&name), "{name}");
    }
    assert_ne!(first.via().expect("a Via").branch, second.via().expect("a Via").branch);
    assert_eq!((&second.uri, &second.body), (&first.uri, &first.body));
    bed.receive(reply(&second, 200, TAG, "", ANSWER));
    let ack = bed.request();
    assert_eq!(ack.cseq().expect("a CSeq").number, 2);
    let credentials = |request: &Request| request.headers.get(&HeaderName::Authorization).cloned();
    assert_eq!(credentials(&ack), credentials(&second), "RFC 3261 section 22.1");
    assert_eq!(bed.events(), ["answer", "answered 200"]);
}

/// CALL-14: whoever asks again without saying that the nonce is stale has refused the credentials.
#[test]
fn a_second_challenge_of_the_realm_ends_the_call() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed);
    let (_, first) = calling(&mut bed, Some(Credentials::new("ann", "wrong")));
    let second = challenge(&mut bed, &mut server, &first, false).expect("another INVITE");
    assert_eq!(verify(&mut server, bed.now, &second), Verdict::Wrong);
    assert_eq!(challenge(&mut bed, &mut server, &second, false), None);
    assert_eq!(bed.events(), ["cleared Refused 401 by Peer"]);
    bed.assert_nothing_is_left();
}

/// CALL-14: without credentials, with those of another realm, or to a challenge that cannot be answered,
/// there is no second INVITE.
#[test]
fn a_challenge_that_cannot_be_answered_ends_the_call() {
    let md5 = "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n\"\r\n";
    for (credentials, headers) in [
        (None, md5),
        (Some(ann().for_realm("elsewhere")), md5),
        (Some(ann()), ""),
        (Some(ann()), "WWW-Authenticate: Basic realm=\"example.com\"\r\n"),
        (Some(ann()), "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n\", algorithm=SHA-1\r\n"),
        (Some(ann()), "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n\", qop=\"auth-int\"\r\n"),
        (Some(ann()), "WWW-Authenticate: Digest realm=\"example.com\"\r\n"),
        (Some(ann()), "WWW-Authenticate: Digest nonsense\r\n"),
    ] {
        for code in [401, 407] {
            let mut bed = Bed::new();
            let (_, invite) = calling(&mut bed, credentials.clone());
            assert_eq!(refuse(&mut bed, &invite, code, headers), None, "{headers}");
            assert_eq!(bed.events(), [format!("cleared Refused {code} by Peer")]);
        }
    }
}

/// RFC 7616 section 3.3: a stale nonce is no refusal; the same credentials are tried with the new one.
#[test]
fn a_stale_nonce_is_replaced() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed);
    let (_, first) = calling(&mut bed, Some(ann()));
    let second = challenge(&mut bed, &mut server, &first, false).expect("another INVITE");
    let third = challenge(&mut bed, &mut server, &second, true).expect("a third INVITE");
    assert_ne!(param(&second, "nonce"), param(&third, "nonce"));
    assert_eq!((param(&third, "nc").as_deref(), third.cseq().expect("a CSeq").number), (Some("00000001"), 3));
    assert_eq!(verify(&mut server, bed.now, &third), accepted());
    // A server that finds every nonce stale does not keep us busy for ever.
    let mut last = third;
    let mut rounds = 0;
    while let Some(next) = challenge(&mut bed, &mut server, &last, true) {
        last = next;
        rounds += 1;
        assert!(rounds < 10);
    }
    assert_eq!(bed.events(), ["cleared Refused 401 by Peer"]);
}

/// The same nonce again is not a new one, whatever is said about it.
#[test]
fn a_stale_challenge_with_the_same_nonce_is_a_refusal() {
    let mut bed = Bed::new();
    let (_, first) = calling(&mut bed, Some(ann()));
    let header = "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"n\", stale=true\r\n";
    let second = refuse(&mut bed, &first, 401, header).expect("another INVITE");
    assert_eq!(refuse(&mut bed, &second, 401, header), None);
}

/// RFC 8760 section 2.4: of several challenges the first that is understood is answered.
#[test]
fn the_first_algorithm_that_is_known_is_taken() {
    let of = |algorithm: &str| {
        format!("WWW-Authenticate: Digest realm=\"a\", nonce=\"n\", qop=\"auth,auth-int\"{algorithm}\r\n")
    };
    for (offered, taken, digits) in [
        (["SHA-3", "SHA-256", "MD5"], Some("SHA-256"), 64),
        (["MD5", "SHA-256", "SHA-512-256"], Some("MD5"), 32),
        (["sha-512-256", "MD5", ""], Some("SHA-512-256"), 64),
        (["", "SHA-256", "MD5"], None, 32),
    ] {
        let headers: String = offered
            .iter()
            .map(|name| of(&if name.is_empty() { String::new() } else { format!(", algorithm={name}") }))
            .collect();
        let mut bed = Bed::new();
        let (_, invite) = calling(&mut bed, Some(ann()));
        let again = refuse(&mut bed, &invite, 401, &headers).expect("another INVITE");
        assert_eq!(again.headers.get_all(&HeaderName::Authorization).count(), 1);
        assert_eq!(param(&again, "algorithm").as_deref(), taken);
        assert_eq!(param(&again, "response").map(|response| response.len()), Some(digits));
        assert_eq!(param(&again, "qop").as_deref(), Some("auth"));
    }
}

/// RFC 2069: servers of old ask without `qop`, and are answered so.
#[test]
fn a_challenge_without_qop_is_answered_without() {
    let mut bed = Bed::new();
    let (_, invite) = calling(&mut bed, Some(ann()));
    let header = "WWW-Authenticate: Digest realm=\"a \\\"b\\\"\", nonce=\"n\", opaque=\"x\"\r\n";
    let again = refuse(&mut bed, &invite, 401, header).expect("another INVITE");
    for name in ["qop", "nc", "cnonce", "algorithm"] {
        assert_eq!(param(&again, name), None, "{name}");
    }
    assert_eq!(param(&again, "realm").as_deref(), Some("a \"b\""));
    assert_eq!(param(&again, "opaque").as_deref(), Some("x"));
    assert_eq!(param(&again, "uri"), Some(invite.uri.to_string()));
}

/// RFC 3261 section 22.3: a proxy and the far end may both ask; the last INVITE answers both.
#[test]
fn a_proxy_and_the_far_end_are_both_answered() {
    let mut bed = Bed::new();
    let (_, first) = calling(&mut bed, Some(ann()));
    let proxy = "Proxy-Authenticate: Digest realm=\"edge\", nonce=\"p\", qop=\"auth\"\r\n";
    let second = refuse(&mut bed, &first, 407, proxy).expect("another INVITE");
    assert!(second.headers.contains(&HeaderName::ProxyAuthorization));
    let server = "WWW-Authenticate: Digest realm=\"example.com\", nonce=\"s\", qop=\"auth\"\r\n";
    let third = refuse(&mut bed, &second, 401, server).expect("a third INVITE");
    let edge: ProxyAuthorization = third.headers.typed().expect("credentials for the proxy");
    assert_eq!(edge.params.unquoted("nc").as_deref(), Some("00000002"));
    assert_eq!(param(&third, "nc").as_deref(), Some("00000001"));
    bed.receive(reply(&third, 200, TAG, "", ANSWER));
    assert_eq!(bed.events(), ["answer", "answered 200"]);
}

/// A call that was hung up is not begun anew by a challenge.
#[test]
fn a_challenge_after_hanging_up_ends_the_call() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed);
    let (call, invite) = calling(&mut bed, Some(ann()));
    bed.hang_up(call);
    assert_eq!(challenge(&mut bed, &mut server, &invite, false), None);
    assert_eq!(bed.events(), ["cleared Cancelled 487 by Us"]);
    bed.assert_nothing_is_left();
}

/// HUP-6: after a challenge the CANCEL is for the newest INVITE.
#[test]
fn a_cancel_after_a_challenge_names_the_newest_invite() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed);
    let (call, first) = calling(&mut bed, Some(ann()));
    let second = challenge(&mut bed, &mut server, &first, false).expect("another INVITE");
    bed.receive(reply(&second, 180, TAG, "", ""));
    bed.hang_up(call);
    let cancel = bed.request();
    assert_eq!(cancel.headers.get(&HeaderName::Via), second.headers.get(&HeaderName::Via));
    assert_eq!(cancel.cseq().expect("a CSeq").number, 2);
    bed.receive(reply(&second, 487, TAG, "", ""));
    assert_eq!(bed.events(), ["progress 180", "cleared Cancelled 487 by Us"]);
    bed.assert_nothing_is_left();
}

/// A call that got through a challenge.
fn connected(bed: &mut Bed, server: &mut Challenger) -> Call {
    let (call, first) = calling(bed, Some(ann()));
    let invite = challenge(bed, server, &first, false).expect("another INVITE");
    assert_eq!(verify(server, bed.now, &invite), accepted());
    bed.receive(reply(&invite, 200, TAG, "Allow: INVITE, ACK, BYE, UPDATE\r\n", ANSWER));
    assert_eq!(bed.lines(), ["ACK"]);
    bed.events();
    call
}

/// RFC 3261 section 22.2: later requests answer the challenge in advance, each under another nonce count.
#[test]
fn later_requests_of_the_call_carry_credentials() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed);
    let call = connected(&mut bed, &mut server);
    let body = bytes::Bytes::from_static(b"Signal=1\r\n");
    bed.act(|endpoint, now| endpoint.info(now, call, "application/dtmf-relay", body)).expect("it sends");
    let info = bed.request();
    assert_eq!(verify(&mut server, bed.now, &info), accepted());
    bed.receive(reply(&info, 200, TAG, "", ""));
    bed.hang_up(call);
    let bye = bed.request();
    assert_eq!(verify(&mut server, bed.now, &bye), accepted());
    assert_eq!(param(&bye, "nc").as_deref(), Some("00000003"));
}

/// CALL-14: re-INVITE, UPDATE and INFO are sent again as well, within the dialog.
#[test]
fn challenged_requests_within_the_call_are_sent_again() {
    for method in [OfferMethod::ReInvite, OfferMethod::Update] {
        let mut bed = Bed::new();
        let mut server = challenger(&bed);
        let call = connected(&mut bed, &mut server);
        let hold = sdp(HOLD);
        bed.act(|endpoint, now| endpoint.offer(now, call, method, &hold)).expect("it offers");
        let first = bed.request();
        let second = challenge(&mut bed, &mut server, &first, true).expect("another request");
        assert_eq!(verify(&mut server, bed.now, &second), accepted());
        assert_eq!(second.cseq().expect("a CSeq").number, first.cseq().expect("a CSeq").number + 1);
        assert_eq!(&second.body[..], HOLD.as_bytes());
        bed.receive(reply(&second, 200, TAG, "", ANSWER));
        let expected: &[&str] = if method == OfferMethod::ReInvite { &["ACK"] } else { &[] };
        assert_eq!(
            (bed.lines(), bed.events()),
            (expected.iter().map(|line| (*line).to_owned()).collect(), vec!["answer".to_owned()])
        );
        bed.hang_up(call);
        bed.sent();
        bed.assert_nothing_is_left();
    }
}

/// HUP-7: a BYE that is challenged is sent again, so that the far end does not stay connected.
#[test]
fn a_challenged_bye_is_sent_again() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed);
    let call = connected(&mut bed, &mut server);
    bed.hang_up(call);
    assert_eq!(bed.events(), ["cleared LocalBye 200 by Us"]);
    let bye = bed.request();
    let again = challenge(&mut bed, &mut server, &bye, true).expect("another BYE");
    assert_eq!(verify(&mut server, bed.now, &again), accepted());
    bed.receive(reply(&again, 200, TAG, "", ""));
    assert_eq!((bed.lines(), bed.events()), (vec![], vec![]));
    bed.assert_nothing_is_left();
}

/// CALL-12: the BYE that ends another fork carries credentials too.
#[test]
fn the_bye_to_another_fork_carries_credentials() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed);
    let (_, first) = calling(&mut bed, Some(ann()));
    let invite = challenge(&mut bed, &mut server, &first, false).expect("another INVITE");
    bed.receive(reply(&invite, 200, "one", "", ANSWER));
    bed.sent();
    bed.receive(reply(&invite, 200, "two", "", ANSWER));
    let sent = bed.sent();
    assert_eq!(lines(&sent), ["ACK", "BYE"]);
    assert_eq!(verify(&mut server, bed.now, &requests(&sent)[1]), accepted());
}

/// Passwords are in no debug output: neither of the credentials nor of what holds them.
#[test]
fn passwords_are_not_shown() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed);
    let (_, first) = calling(&mut bed, Some(ann()));
    let second = challenge(&mut bed, &mut server, &first, false);
    for shown in [
        format!("{:?}", ann()),
        format!("{:?}", call_of(Some(ann()))),
        format!("{:?}", bed.endpoint),
        format!("{second:?}"),
        format!("{server:?}"),
    ] {
        assert!(!shown.contains("sesame"), "{shown}");
    }
}
