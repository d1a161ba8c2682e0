//! Trunks that are registered, so that their calls come to the server.

use std::net::SocketAddr;

use offhook::sim::{RawPeer, Sim};
use offhook::sip::auth::{Challenger, ChallengerConfig, Credentials, Verdict};
use offhook::sip::header::{Contact, Expires};
use offhook::sip::{Headers, Request, Response, StatusCode};
use offhook::{Server, Trunk, TrunkCredentials};

use crate::support::*;

const FIRST: SocketAddr = Sim::CALLEE;

fn trunk(address: &str) -> Trunk {
    let mut trunk = Trunk::new("provider", address);
    trunk.domain = Some("provider.example".to_owned());
    trunk.credentials = Some(TrunkCredentials::new("line7", "open sesame"));
    trunk.register = true;
    trunk
}

/// Answers a REGISTER with a status and these header fields.
fn reply(registrar: &RawPeer, request: &Request, status: StatusCode, headers: &Headers) {
    let mut response = Response::for_request(request, status);
    response.headers.extend(headers);
    registrar.send(Sim::SERVER, response.to_bytes());
}

/// Grants what a REGISTER asks for, for ten minutes.
fn grant(registrar: &RawPeer, request: &Request) {
    let mut headers = Headers::new();
    headers.push_typed(&request.headers.typed::<Contact>().expect("a Contact"));
    headers.push_typed(&Expires(600));
    reply(registrar, request, StatusCode::OK, &headers);
}

fn seconds(request: &Request) -> u32 {
    request.headers.typed::<Expires>().expect("an Expires").0
}

async fn server_with(sim: &Sim, trunk: Trunk) -> Server {
    let app = |_: offhook::CallChannel| async { Ok(0) };
    sim.server_with(|config| config.trunks = vec![trunk], app).await
}

/// A registered trunk is challenged, granted and refreshed, and its registration ends with the server.
#[test]
fn a_trunk_is_kept_registered_until_the_server_ends() {
    Sim::new(1).run(|sim| async move {
        let mut registrar = sim.raw_peer(FIRST);
        let now = Instant::now().into_std();
        let mut challenger = Challenger::new(ChallengerConfig::new("provider.example"), [7; 32], now);
        let line7 = Credentials::new("line7", "open sesame");
        let mut server = server_with(&sim, trunk(&FIRST.to_string())).await;
        let first = registrar.receive_request("REGISTER").await;
        assert_eq!(first.uri.to_string(), "sip:provider.example");
        assert_eq!(first.to().expect("a To").uri.to_string(), "sip:line7@provider.example");
        let contact: Contact = first.headers.typed().expect("a Contact");
        assert_eq!(contact.uri.to_string(), "sip:line7@10.0.0.1:5060");
        let challenge = challenger.challenge(now, false);
        reply(&registrar, &first, StatusCode::UNAUTHORIZED, &challenge);
        let second = registrar.receive_request("REGISTER").await;
        let verdict = challenger.verify(now, &second, |user| (user == "line7").then_some(&line7));
        assert!(matches!(verdict, Verdict::Accepted { .. }), "{verdict:?}");
        grant(&registrar, &second);
        // A tenth of the time before its end.
        assert_eq!(registrar.receive_for(secs(530.0)).await.len(), 0);
        let refresh = registrar.receive_request("REGISTER").await;
        assert_eq!((refresh.call_id(), seconds(&refresh)), (first.call_id(), 3600));
        grant(&registrar, &refresh);
        sim.sleep(secs(1.0)).await;
        server.shut_down().await;
        let last = registrar.receive_request("REGISTER").await;
        assert_eq!(seconds(&last), 0);
    });
}

/// A name that cannot be resolved at first is asked for again.
#[test]
fn a_trunk_whose_name_comes_late_is_registered() {
    Sim::new(3).run(|sim| async move {
        let mut registrar = sim.raw_peer(FIRST);
        let _server = server_with(&sim, trunk("sip.provider.example")).await;
        sim.sleep(secs(7.0)).await;
        sim.name("sip.provider.example", FIRST.ip());
        registrar.receive_request("REGISTER").await;
    });
}

/// What cannot be registered is a mistake in the settings.
#[test]
fn a_trunk_without_credentials_cannot_be_registered() {
    Sim::new(4).run(|sim| async move {
        let mut config = sim.config();
        let mut bare = trunk("10.0.0.4");
        bare.credentials = None;
        config.trunks = vec![bare];
        let app = |_: offhook::CallChannel| async { Ok(0) };
        let network = sim.network(Sim::SERVER.ip());
        let refused = Server::builder(config).network(network).start(app).await;
        let error = refused.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains("\"provider\"") && error.contains("credentials"), "{error}");
    });
}
