//! Digest authentication as server: what credentials are worth.

mod support;

use std::time::Duration;

use offhook_sip::auth::{Algorithm, Challenger, ChallengerConfig, Credentials, Verdict};
use offhook_sip::header::{Authorization, WwwAuthenticate};
use offhook_sip::{HeaderName, Headers, Method, PrackPolicy, Reliability, Request, Text};
use support::bed::outgoing;
use support::phone::reply;
use support::{Bed, OFFER, flow, requests, sdp};

const REALM: &str = "example.com";

fn challenger(bed: &Bed, change: impl FnOnce(&mut ChallengerConfig)) -> Challenger {
    let mut config = ChallengerConfig::new(REALM);
    change(&mut config);
    Challenger::new(config, [7; 32], bed.now)
}

/// A request with the answer of `user` to these challenges.
fn answer(bed: &mut Bed, challenges: &Headers, user: &str, password: &str) -> Request {
    bed.sent();
    let mut call = outgoing(flow(), Some(sdp(OFFER)), Reliability::Absent, PrackPolicy::Auto);
    call.credentials = Some(Credentials::new(user, password));
    bed.act(|endpoint, now| endpoint.invite(now, call)).expect("it calls");
    let invite = bed.request();
    let headers: String = challenges.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    bed.receive(reply(&invite, 401, "t", &headers, ""));
    requests(&bed.sent()).pop().expect("another INVITE")
}

fn verify(challenger: &mut Challenger, bed: &Bed, request: &Request) -> Verdict {
    let ann = Credentials::new("ann", "open sesame");
    challenger.verify(bed.now, request, |user| (user == "ann").then_some(&ann))
}

fn accepted() -> Verdict {
    Verdict::Accepted { user: Text::from("ann") }
}

/// Changes a parameter of the credentials.
fn with(request: &Request, name: &str, value: &str) -> Request {
    let mut request = request.clone();
    let mut credentials: Authorization = request.headers.typed().expect("credentials");
    credentials.0.params.remove(name);
    credentials.0.params.push(Text::from(name), Some(Text::from(value)));
    request.headers.set_typed(&credentials);
    request
}

/// RFC 8760 section 2.4: a challenge for each algorithm, the preferred one first, all with one nonce.
#[test]
fn there_is_a_challenge_for_each_algorithm() {
    let bed = Bed::new();
    let mut server =
        challenger(&bed, |config| config.algorithms = vec![Algorithm::Sha512_256, Algorithm::Md5]);
    for stale in [false, true] {
        let challenges: Vec<WwwAuthenticate> =
            server.challenge(bed.now, stale).typed_all().expect("challenges");
        let of = |name: &str| -> Vec<Option<String>> {
            challenges.iter().map(|one| one.params.unquoted(name).map(|value| value.into_owned())).collect()
        };
        assert_eq!(of("algorithm"), [Some("SHA-512-256".into()), Some("MD5".into())]);
        assert_eq!(of("nonce")[0], of("nonce")[1]);
        assert_eq!(of("stale"), vec![stale.then(|| "true".to_owned()); 2]);
        assert_eq!(of("qop"), vec![Some("auth".to_owned()); 2]);
    }
}

#[test]
fn right_credentials_are_accepted_with_every_algorithm() {
    for algorithm in [Algorithm::Md5, Algorithm::Sha256, Algorithm::Sha512_256] {
        let mut bed = Bed::new();
        let mut server = challenger(&bed, |config| config.algorithms = vec![algorithm]);
        let challenges = server.challenge(bed.now, false);
        let request = answer(&mut bed, &challenges, "ann", "open sesame");
        assert_eq!(verify(&mut server, &bed, &request), accepted(), "{algorithm:?}");
    }
}

#[test]
fn wrong_credentials_are_wrong() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed, |_| {});
    let challenges = server.challenge(bed.now, false);
    for (user, password) in [("ann", "open"), ("bob", "open sesame"), ("", "")] {
        let request = answer(&mut bed, &challenges, user, password);
        assert_eq!(verify(&mut server, &bed, &request), Verdict::Wrong, "{user}");
    }
    let right = answer(&mut bed, &challenges, "ann", "open sesame");
    for (name, value) in [
        ("response", "\"00\""),
        ("qop", "auth-int"),
        ("nc", "1"),
        ("nc", "0000000g"),
        ("algorithm", "SHA-512-256"),
        ("algorithm", "SHA-1"),
        ("uri", "\"sip:carol@192.0.2.1\""),
    ] {
        assert_eq!(verify(&mut server, &bed, &with(&right, name, value)), Verdict::Wrong, "{name}={value}");
    }
    let mut other = right.clone();
    other.method = Method::Bye;
    assert_eq!(verify(&mut server, &bed, &other), Verdict::Wrong, "the answer is for an INVITE");
    assert_eq!(verify(&mut server, &bed, &right), accepted());
}

#[test]
fn credentials_for_another_realm_or_scheme_are_none() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed, |_| {});
    let challenges = server.challenge(bed.now, false);
    let right = answer(&mut bed, &challenges, "ann", "open sesame");
    assert_eq!(verify(&mut server, &bed, &with(&right, "realm", "\"elsewhere\"")), Verdict::Missing);
    let mut basic = right;
    basic.headers.set(HeaderName::Authorization, "Basic YW5uOm9wZW4=");
    assert_eq!(verify(&mut server, &bed, &basic), Verdict::Missing);
}

/// RFC 7616 section 5.4: an answer is good once; under the next nonce count the nonce is good again.
#[test]
fn an_answer_is_good_once() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed, |_| {});
    let challenges = server.challenge(bed.now, false);
    let request = answer(&mut bed, &challenges, "ann", "open sesame");
    assert_eq!(verify(&mut server, &bed, &request), accepted());
    assert_eq!(verify(&mut server, &bed, &request), Verdict::Stale);
}

/// Old clients without nonce count need a challenge for each request.
#[test]
fn an_answer_without_nonce_count_is_good_once() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed, |config| config.algorithms = vec![Algorithm::Md5]);
    let mut challenge: WwwAuthenticate = server.challenge(bed.now, false).typed().expect("a challenge");
    challenge.0.params.remove("qop");
    let mut challenges = Headers::new();
    challenges.push_typed(&challenge);
    let request = answer(&mut bed, &challenges, "ann", "open sesame");
    assert_eq!(verify(&mut server, &bed, &request), accepted());
    assert_eq!(verify(&mut server, &bed, &request), Verdict::Stale);
}

/// RFC 7616 section 3.3: right credentials under an old nonce are told apart from wrong ones.
#[test]
fn a_nonce_expires() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed, |config| config.lifetime = Duration::from_secs(60));
    let challenges = server.challenge(bed.now, false);
    let right = answer(&mut bed, &challenges, "ann", "open sesame");
    let wrong = answer(&mut bed, &challenges, "ann", "open");
    bed.wait(Duration::from_secs(60));
    assert_eq!(verify(&mut server, &bed, &right), accepted());
    let right = answer(&mut bed, &challenges, "ann", "open sesame");
    bed.wait(Duration::from_millis(1));
    assert_eq!(verify(&mut server, &bed, &right), Verdict::Stale);
    assert_eq!(verify(&mut server, &bed, &wrong), Verdict::Wrong);
}

/// A nonce that another server, or this one before a restart, has made is as good as an expired one.
#[test]
fn a_foreign_nonce_is_stale() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed, |_| {});
    let mut other = Challenger::new(ChallengerConfig::new(REALM), [8; 32], bed.now);
    let challenges = other.challenge(bed.now, false);
    let request = answer(&mut bed, &challenges, "ann", "open sesame");
    assert_eq!(verify(&mut server, &bed, &request), Verdict::Stale);
    for nonce in ["\"\"", "\"x\"", "\"é\"", "\"+0000000000000010000000000000000\""] {
        assert_eq!(verify(&mut server, &bed, &with(&request, "nonce", nonce)), Verdict::Stale, "{nonce}");
    }
}

/// What is remembered is bounded, and what was forgotten is not accepted again.
#[test]
fn forgotten_nonces_are_not_accepted_again() {
    let mut bed = Bed::new();
    let mut server = challenger(&bed, |config| config.remembered_nonces = 2);
    let mut used = Vec::new();
    for _ in 0..5 {
        let challenges = server.challenge(bed.now, false);
        let request = answer(&mut bed, &challenges, "ann", "open sesame");
        assert_eq!(verify(&mut server, &bed, &request), accepted());
        used.push(request);
    }
    for request in &used {
        assert_eq!(verify(&mut server, &bed, request), Verdict::Stale);
    }
}
