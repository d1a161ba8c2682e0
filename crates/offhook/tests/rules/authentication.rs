//! Callers that must say who they are (RFC 3261 section 22, RFC 7616, RFC 8760).

use offhook::caller::{CallRequest, LadderDirection, OutCall};
use offhook::sim::{RawPeer, Sim};
use offhook::sip::auth::Credentials;
use offhook::{Answer, Config, Server, Service, State};

use crate::support::*;

fn ann() -> Credentials {
    Credentials::new("ann", "open sesame")
}

/// A server that knows two users.
fn guarded(config: &mut Config) {
    config.realm = "example.com".to_owned();
    config.users = vec![ann(), Credentials::new("bob", "swordfish")];
}

/// The `Authorization` line of the last INVITE that a caller sent.
fn authorization(call: &OutCall) -> String {
    let ladder = call.ladder();
    let last = ladder.iter().rfind(|step| {
        step.direction == LadderDirection::Sent && step.method == "INVITE" && step.status.is_none()
    });
    let text = String::from_utf8_lossy(&last.expect("an INVITE").bytes).into_owned();
    let line = text.lines().find(|line| line.starts_with("Authorization:"));
    line.expect("credentials").to_owned()
}

/// Sends an INVITE with a further header line, and acknowledges the 401 that comes.
async fn challenged(raw: &mut RawPeer, server: std::net::SocketAddr, line: &str) -> Vec<String> {
    let mut dialog = raw.call(server).with_header(line);
    raw.send(server, dialog.invite());
    let response = raw.receive_response(401).await;
    raw.send(server, dialog.ack(&response));
    let name = offhook::sip::HeaderName::WwwAuthenticate;
    response.headers.get_all(&name).map(ToString::to_string).collect()
}

/// RFC 3261 section 22.2: who has the password of a user gets an instance, which is told the user; what follows in the
/// call is not asked for again.
#[test]
fn a_caller_with_a_password_is_let_in() {
    scene_with(1, guarded, |mut scene| async move {
        let request = scene.request().credentials(ann());
        let (call, channel) = scene.call(request).await;
        assert_eq!(channel.details().authenticated_user.as_deref(), Some("ann"));
        assert_eq!(responses(&call).first().map(|(status, _)| *status), Some(401));
        assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
        call.hang_up();
        assert_eq!(channel.wait_for_idle(None).await, State::Idle);
        scene.sim.sleep(ms(100)).await;
        assert!(!got(&call, 401, "BYE"));
    });
}

/// RFC 8760 section 2.4: who says nothing gets 401 with a challenge for SHA-256 and one for MD5, and no application runs.
#[test]
fn a_caller_without_a_password_reaches_no_application() {
    scene_with(2, guarded, |scene| async move {
        let mut raw = scene.raw();
        let challenges = challenged(&mut raw, scene.address(), "Subject: none").await;
        assert_eq!(challenges.len(), 2, "{challenges:?}");
        for (challenge, algorithm) in challenges.iter().zip(["SHA-256", "MD5"]) {
            assert!(challenge.contains("realm=\"example.com\""), "{challenge}");
            assert!(challenge.contains(&format!("algorithm={algorithm}")), "{challenge}");
            assert!(challenge.contains("qop=\"auth\"") && !challenge.contains("stale"), "{challenge}");
        }
        assert_eq!(scene.started(), 0);
    });
}

/// RFC 7616 section 3.3: a wrong password and an unknown user get another challenge, which is not stale.
#[test]
fn a_wrong_password_and_an_unknown_user_are_refused_alike() {
    scene_with(3, guarded, |scene| async move {
        for credentials in [Credentials::new("ann", "wrong"), Credentials::new("eve", "open sesame")] {
            let call = scene.caller.call(scene.request().credentials(credentials)).await.unwrap();
            assert_eq!(call.cleared().await.unwrap().status, 401);
            let last = call.responses().pop().expect("a response");
            assert!(header(&last, "WWW-Authenticate").is_some_and(|challenge| !challenge.contains("stale")));
        }
        assert_eq!(scene.started(), 0);
    });
}

/// RFC 7616 section 3.3: credentials that were used are not taken a second time: the challenge is stale.
#[test]
fn an_answer_that_was_overheard_lets_nobody_in() {
    scene_with(4, guarded, |mut scene| async move {
        let request = scene.request().credentials(ann());
        let (call, _channel) = scene.call(request).await;
        let challenges = challenged(&mut scene.raw(), scene.address(), &authorization(&call)).await;
        assert!(challenges.iter().all(|challenge| challenge.contains("stale=true")), "{challenges:?}");
        assert_eq!(scene.started(), 1);
    });
}

/// RFC 7616 section 3.3: a nonce is good for five minutes.
#[test]
fn an_old_nonce_is_replaced() {
    scene_with(5, guarded, |mut scene| async move {
        let request = scene.request().credentials(ann());
        let (call, _channel) = scene.call(request).await;
        // As a phone does that keeps its nonce, and counts on: its next answer would be right but for the time.
        let line = authorization(&call);
        scene.sim.sleep(secs(301.0)).await;
        let challenges = challenged(&mut scene.raw(), scene.address(), &line).await;
        assert!(challenges.iter().all(|challenge| challenge.contains("stale=true")), "{challenges:?}");
        let request = scene.request().credentials(ann());
        let (_again, channel) = scene.call(request).await;
        assert_eq!(channel.details().authenticated_user.as_deref(), Some("ann"));
    });
}

/// RFC 3261 section 21.4.4: a service may choose its users; another one gets 403, which no password helps against.
#[test]
fn a_service_chooses_its_users() {
    let services = |config: &mut Config| {
        guarded(config);
        let mut desk = Service::inbound("100", "desk");
        desk.users = Some(vec!["bob".to_owned()]);
        config.services = vec![desk];
    };
    scene_with(6, services, |mut scene| async move {
        let call = scene.caller.call(scene.request().credentials(ann())).await.unwrap();
        assert_eq!(call.cleared().await.unwrap().status, 403);
        assert_eq!(scene.started(), 0);
        let request = scene.request().credentials(Credentials::new("bob", "swordfish"));
        let (_call, channel) = scene.call(request).await;
        assert_eq!(channel.details().authenticated_user.as_deref(), Some("bob"));
        let other = CallRequest::to("sip:200@10.0.0.1").unwrap().credentials(ann());
        let (_call, channel) = scene.call(other).await;
        assert_eq!(channel.details().authenticated_user.as_deref(), Some("ann"));
    });
}

/// A service with an empty list of users lets everybody in; all others ask.
#[test]
fn a_service_may_be_open_to_everybody() {
    let services = |config: &mut Config| {
        guarded(config);
        let mut desk = Service::inbound("100", "desk");
        desk.users = Some(Vec::new());
        config.services = vec![desk];
    };
    scene_with(7, services, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        assert_eq!(channel.details().authenticated_user, None);
        assert!(!got(&call, 401, "INVITE"));
        let other = scene.caller.call(CallRequest::to("sip:200@10.0.0.1").unwrap()).await.unwrap();
        assert_eq!(other.cleared().await.unwrap().status, 401);
        assert_eq!(scene.started(), 1);
    });
}

/// A flood of callers without a password leaves nothing behind.
#[test]
fn a_flood_without_passwords_leaves_nothing() {
    scene_with(8, guarded, |scene| async move {
        let before = scene.server.counts().await;
        let mut raw = scene.raw();
        for _ in 0..500 {
            challenged(&mut raw, scene.address(), "Subject: flood").await;
        }
        scene.sim.sleep(secs(60.0)).await;
        assert_eq!((scene.server.counts().await, scene.started()), (before, 0));
    });
}

/// Settings that cannot be meant are refused at the start, with what is wrong and what is accepted.
#[test]
fn users_are_checked() {
    let cases: [(Change, &str); 4] = [
        (|config| config.users.push(ann()), "user \"ann\" is there twice"),
        (|config| config.users.push(Credentials::new("", "x")), "user \"\" is there twice or has no name"),
        (|config| config.realm.clear(), "realm \"\"; accepted"),
        (
            |config| {
                let mut desk = Service::inbound("100", "desk");
                desk.users = Some(vec!["eve".to_owned()]);
                config.services = vec![desk];
            },
            "user \"eve\" of service \"100\"; accepted: users of the server",
        ),
    ];
    Sim::new(9).run(|sim| async move {
        for (change, words) in cases {
            let mut config = sim.config();
            guarded(&mut config);
            change(&mut config);
            let app = |_: offhook::CallChannel| async { Ok(0) };
            let network = sim.network(Sim::SERVER.ip());
            let refused = Server::builder(config).network(network).start(app).await;
            let error = refused.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains(words) && !error.contains("sesame"), "{error}");
        }
    });
}

/// What a test does to right settings.
type Change = fn(&mut Config);

/// No password is shown with the settings.
#[test]
fn passwords_are_not_shown() {
    let mut config = Config::default();
    guarded(&mut config);
    let shown = format!("{config:?}");
    assert!(
        shown.contains("\"ann\"") && !shown.contains("sesame") && !shown.contains("swordfish"),
        "{shown}"
    );
}
