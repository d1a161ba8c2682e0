//! Destinations, trunks and names of outbound calls.

use offhook::caller::Reception;
use offhook::sim::{RawAnswer, Sim};
use offhook::{Cause, Dial, ErrorKind, OperationError, Service, State, Trunk, TrunkCredentials};

use crate::outbound_calls::{outbound_scene, outbound_scene_with, started, to_callee};
use crate::support::*;

fn trunk() -> Trunk {
    Trunk::new("provider", Sim::CALLEE.to_string())
}

/// CALL-6, CALL-19: numbers in every form go through a trunk, from the number given or the trunk's identity.
#[test]
fn numbers_go_through_a_trunk() {
    let with_trunk = |config: &mut offhook::Config| {
        let mut trunk = trunk();
        trunk.domain = Some("provider.example".to_owned());
        config.trunks = vec![trunk];
    };
    outbound_scene_with(1, with_trunk, |mut scene| async move {
        let mut callee = scene.sim.callee(Sim::CALLEE, Reception::new().answer()).await;
        let channel = started(&mut scene).await;
        let error = channel.call(Dial::to("030-1234")).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Argument && error.to_string().contains("call_from"), "{error}");
        for (to, user) in
            [("030-1234", "0301234"), ("tel:+49301234", "+49301234"), ("tel:49301234", "+49301234")]
        {
            assert_eq!(channel.call(Dial::to(to).from("4930999")).await.unwrap(), State::Answered, "{to}");
            let invite = callee.next_call().await.unwrap().ladder()[0].text();
            assert!(invite.starts_with(&format!("INVITE sip:{user}@provider.example SIP/2.0")), "{invite}");
            assert!(invite.contains("<sip:4930999@provider.example>"), "{invite}");
            assert_eq!((&*channel.details().call_to, &*channel.details().call_from), (user, "4930999"));
            channel.hang_up().await;
        }
    });
}

/// CALL-6: a trunk's identity stands for an empty `call_from`.
#[test]
fn a_trunk_has_an_identity() {
    let with_trunk = |config: &mut offhook::Config| {
        let mut trunk = trunk();
        trunk.identity = Some("+4930555".to_owned());
        config.trunks = vec![trunk];
    };
    outbound_scene_with(2, with_trunk, |mut scene| async move {
        let mut callee = scene.sim.callee(Sim::CALLEE, Reception::new().answer()).await;
        let channel = started(&mut scene).await;
        channel.call(Dial::to("0301234")).await.unwrap();
        assert!(callee.next_call().await.unwrap().ladder()[0].text().contains("<sip:+4930555@10.0.0.4>"));
    });
}

/// CALL-19, CALL-21: the longest prefix decides; without a trunk there is no route.
#[test]
fn the_longest_prefix_decides() {
    let with_trunks = |config: &mut offhook::Config| {
        let mut far = Trunk::new("far", "10.0.0.9");
        far.prefixes = vec!["4".to_owned()];
        let mut near = trunk();
        near.prefixes = vec!["+49".to_owned()];
        config.trunks = vec![far, near];
    };
    outbound_scene_with(3, with_trunks, |mut scene| async move {
        let _callee = scene.sim.callee(Sim::CALLEE, Reception::new().answer()).await;
        let channel = started(&mut scene).await;
        assert_eq!(channel.call(Dial::to("tel:4930").from("1")).await.unwrap(), State::Answered);
        channel.hang_up().await;
        assert_eq!(channel.call(Dial::to("tel:3314").from("1")).await.unwrap(), State::Idle);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Unobtainable, "404"));
        assert_eq!(channel.start_call(Dial::to("tel:3314").from("1")).await.unwrap(), State::Idle);
    });
}

/// CALL-14, CAU-1: a challenge is answered once with the trunk's credentials.
#[test]
fn a_trunks_challenge_is_answered() {
    let with_trunk = |config: &mut offhook::Config| {
        let mut trunk = trunk();
        trunk.credentials = Some(TrunkCredentials::new("ann", "s3cret"));
        config.trunks = vec![trunk];
    };
    let challenge = "WWW-Authenticate: Digest realm=\"x\", nonce=\"n\", algorithm=MD5, qop=\"auth\"\r\n";
    outbound_scene_with(4, with_trunk, |mut scene| async move {
        let mut raw = scene.sim.raw_peer(Sim::CALLEE);
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        for round in 0..2 {
            let invite = raw.receive_request("INVITE").await;
            let text = String::from_utf8_lossy(&invite.to_bytes()).into_owned();
            assert_eq!(text.contains("Authorization: Digest"), round == 1, "{text}");
            assert!(!text.contains("s3cret"));
            raw.send(scene.address(), RawAnswer::new(&invite, Sim::CALLEE).response(401, challenge, ""));
        }
        assert_eq!(channel.wait_for_answer(None).await.unwrap(), State::Idle);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Barred, "401"));
    });
}

/// CALL-14, CAU-1: without credentials a challenge bars the call.
#[test]
fn without_credentials_a_challenge_bars_the_call() {
    outbound_scene(5, |mut scene| async move {
        for (status, field) in [(401, "WWW-Authenticate"), (407, "Proxy-Authenticate")] {
            let challenge = [(field, "Digest realm=\"x\", nonce=\"n\"")];
            let callee =
                scene.sim.callee(Sim::CALLEE, Reception::new().refuse_with(status, &challenge)).await;
            let channel = started(&mut scene).await;
            assert_eq!(channel.call(to_callee()).await.unwrap(), State::Idle);
            assert_eq!(channel.cause(), Cause::Barred);
            assert_eq!(*channel.details().raw_cause, *status.to_string());
            drop(callee);
            scene.sim.sleep(ms(100)).await;
        }
    });
}

/// CALL-19, GEN-18: `loc:` calls an inbound service of this server, as a real call.
#[test]
fn a_service_of_this_server_is_called() {
    let with_desk = |config: &mut offhook::Config| {
        config.services.push(Service::inbound("desk", "desk"));
    };
    outbound_scene_with(6, with_desk, |mut scene| async move {
        let channel = started(&mut scene).await;
        channel.start_call(Dial::to("loc:desk").from("ann")).await.unwrap();
        let desk = scene.instance().await;
        assert_eq!(desk.channel.instance().service.as_ref().unwrap().application, "desk");
        assert_eq!(desk.details().direction, offhook::Direction::Inbound);
        desk.answer(offhook::Answer::new()).await.unwrap();
        assert_eq!(channel.wait_for_answer(Some(5.0)).await.unwrap(), State::Answered);
        desk.hang_up().await;
        assert_eq!(channel.wait_for_idle(Some(secs(1.0))).await, State::Idle);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Normal, "200"));
    });
}

/// CALL-19, CALL-20: a bare address is a SIP address; what fits no form or has no transport is refused.
#[test]
fn addresses_have_forms() {
    outbound_scene(7, |mut scene| async move {
        let _callee = scene.sim.callee(Sim::CALLEE, Reception::new().answer()).await;
        let channel = started(&mut scene).await;
        for bad in ["", "tel:0123", "a b@c", "webrtc:ann", "wss://example.com/x", "sips:ann@example.com"] {
            for error in [
                channel.call(Dial::to(bad)).await.unwrap_err(),
                channel.start_call(Dial::to(bad)).await.unwrap_err(),
            ] {
                assert!(
                    error.kind() == ErrorKind::Argument && error.to_string().contains("call_to"),
                    "{error}"
                );
            }
            assert_eq!((channel.state(), &*channel.details().call_id), (State::Idle, ""), "{bad:?}");
        }
        assert_eq!(channel.call(Dial::to("200@10.0.0.4")).await.unwrap(), State::Answered);
    });
}

/// CAU-1, CAU-4, CALL-19: a host name is resolved; without an answer of the DNS the interface is out of order.
#[test]
fn names_are_resolved() {
    outbound_scene(8, |mut scene| async move {
        let _callee = scene.sim.callee(Sim::CALLEE, Reception::new().answer()).await;
        scene.sim.name("pbx.example", Sim::CALLEE.ip());
        let channel = started(&mut scene).await;
        assert_eq!(channel.call(Dial::to("sip:200@pbx.example")).await.unwrap(), State::Answered);
        channel.hang_up().await;
        assert_eq!(channel.start_call(Dial::to("200@nowhere.example")).await.unwrap(), State::CallOutgoing);
        assert_eq!(channel.wait_for_answer(None).await.unwrap(), State::Idle);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::OutOfOrder, "503"));
    });
}

/// HUP-1, HUP-2, CAU-8: a call that is hung up while its host is looked up sends nothing afterwards.
#[test]
fn a_call_that_is_hung_up_during_the_lookup_is_not_made() {
    outbound_scene(9, |mut scene| async move {
        let mut callee = scene.sim.raw_peer(Sim::CALLEE);
        scene.sim.name("pbx.example", Sim::CALLEE.ip());
        scene.sim.set_link(offhook::sim::Link { delay: ms(50), ..Default::default() });
        let channel = started(&mut scene).await;
        channel.start_call(Dial::to("sip:200@pbx.example")).await.unwrap();
        assert_eq!(channel.hang_up().await, State::Idle);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Normal, "487"));
        assert!(callee.receive_within(secs(2.0)).await.is_none());
        assert_eq!((channel.state(), scene.server.counts().await.calls_up), (State::Idle, 0));
    });
}
