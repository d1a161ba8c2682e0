//! Cases that every implementation forgets: CANCEL, BYE and INVITE at the wrong moment.

use offhook::sim::{Arrived, RawCall, RawPeer};
use offhook::sip::Response;
use offhook::{Answer, Cause, Reject, Ring, State};

use crate::support::*;

/// How far a call has come when the caller does something.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// Nothing but 100 was sent.
    Incoming,
    /// 180 was sent.
    Ringing,
    /// 180 and then 183 were sent.
    EarlyMedia,
    /// A reliable 183 waits for its PRACK.
    PrackAwaited,
    /// A reliable 183 waits for its PRACK, and the application has answered already.
    AnswerHeld,
    /// A blocking `ring()` with early media is under way.
    Blocked,
}

const BEFORE_THE_200: [Stage; 6] = [
    Stage::Incoming,
    Stage::Ringing,
    Stage::EarlyMedia,
    Stage::PrackAwaited,
    Stage::AnswerHeld,
    Stage::Blocked,
];

/// Brings a call of a raw peer to a stage; gives the newest response, if there is one with a tag.
async fn at(stage: Stage, scene: &mut Scene, raw: &mut RawPeer) -> (RawCall, Instance, Option<Response>) {
    let reliable = matches!(stage, Stage::PrackAwaited | Stage::AnswerHeld);
    let dialog = raw.call(scene.address());
    let dialog = if reliable { dialog.with_header("Supported: 100rel") } else { dialog };
    raw.send(scene.address(), dialog.invite());
    let channel = scene.instance().await;
    let early = || Ring::new().early_media();
    let newest = match stage {
        Stage::Incoming => None,
        Stage::Ringing => {
            channel.ring(Ring::new()).await.unwrap();
            Some(raw.receive_response(180).await)
        }
        Stage::EarlyMedia => {
            channel.ring(Ring::new()).await.unwrap();
            channel.ring(early()).await.unwrap();
            Some(raw.receive_response(183).await)
        }
        Stage::PrackAwaited => {
            channel.ring(early()).await.unwrap();
            Some(raw.receive_response(183).await)
        }
        Stage::AnswerHeld => {
            channel.ring(early()).await.unwrap();
            channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
            Some(raw.receive_response(183).await)
        }
        Stage::Blocked => {
            channel.spawn(|channel| async move { channel.ring(early().seconds(60.0)).await });
            Some(raw.receive_response(183).await)
        }
    };
    scene.sim.sleep(ms(100)).await;
    (dialog, channel, newest)
}

/// The statuses of the responses to requests of a method.
fn to_method(arrived: &[Arrived], method: &str) -> Vec<u16> {
    let responses = arrived.iter().filter_map(Arrived::response);
    let about = |response: &Response| response.cseq().is_ok_and(|cseq| cseq.method.as_str() == method);
    responses.filter(about).map(|response| response.status.code()).filter(|status| *status != 100).collect()
}

/// RING-4, RING-23, HUP-8, ST-5, CAU-1, CAU-4: a CANCEL before the 200, at every stage: 200 and 487, `IDLE`, `NORMAL`.
#[test]
fn a_cancel_before_the_200_ends_the_call() {
    for (seed, stage) in BEFORE_THE_200.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let mut raw = scene.raw();
            let (mut dialog, channel, _) = at(stage, &mut scene, &mut raw).await;
            raw.send(scene.address(), dialog.cancel());
            let arrived = raw.receive_for(ms(50)).await;
            assert_eq!(to_method(&arrived, "CANCEL"), [200], "{stage:?}");
            assert_eq!(to_method(&arrived, "INVITE"), [487], "{stage:?}");
            let refusal =
                arrived.iter().filter_map(Arrived::response).find(|response| response.status.code() == 487);
            raw.send(scene.address(), dialog.ack(&refusal.unwrap()));
            assert_eq!((channel.state(), channel.cause()), (State::Idle, Cause::Normal), "{stage:?}");
            assert_eq!(&*channel.details().raw_cause, "487", "{stage:?}");
            assert!(channel.ring(Ring::new()).await.unwrap_err().is_hangup(), "{stage:?}");
            assert_eq!(statuses(&raw.receive_for(secs(40.0)).await), [], "{stage:?}: nothing more is sent");
        });
    }
}

/// RING-23, ST-5, CAU-4: a BYE on the early dialog, at every stage that has one: 200, and 487 for the INVITE.
#[test]
fn a_bye_on_the_early_dialog_ends_the_call() {
    for (seed, stage) in BEFORE_THE_200.into_iter().skip(1).enumerate() {
        scene(seed as u64, |mut scene| async move {
            let mut raw = scene.raw();
            let (mut dialog, channel, newest) = at(stage, &mut scene, &mut raw).await;
            raw.send(scene.address(), dialog.bye(&newest.expect("an early dialog")));
            let arrived = raw.receive_for(ms(50)).await;
            assert_eq!(to_method(&arrived, "BYE"), [200], "{stage:?}");
            assert_eq!(to_method(&arrived, "INVITE"), [487], "{stage:?}");
            assert_eq!((channel.state(), channel.cause()), (State::Idle, Cause::Normal), "{stage:?}");
        });
    }
}

/// HUP-8, ST-5: a CANCEL that crosses the 200 gets 200 and changes nothing; the call goes on until BYE.
#[test]
fn a_cancel_that_crosses_the_200_changes_nothing() {
    for (seed, acknowledged) in [false, true].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let mut raw = scene.raw();
            let (mut dialog, channel, _) = at(Stage::EarlyMedia, &mut scene, &mut raw).await;
            let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
            let ok = raw.receive_response(200).await;
            if acknowledged {
                raw.send(scene.address(), dialog.ack(&ok));
                scene.sim.sleep(ms(1)).await;
            }
            raw.send(scene.address(), dialog.cancel());
            let arrived = raw.receive_for(ms(50)).await;
            assert_eq!(to_method(&arrived, "CANCEL"), [200]);
            assert_eq!(to_method(&arrived, "INVITE"), []);
            if !acknowledged {
                raw.send(scene.address(), dialog.ack(&ok));
            }
            assert_eq!(answering.await.unwrap().unwrap(), State::Answered);
            raw.send(scene.address(), dialog.bye(&ok));
            let arrived = raw.receive_for(ms(50)).await;
            assert_eq!(to_method(&arrived, "BYE"), [200]);
            assert_eq!((channel.state(), &*channel.details().raw_cause), (State::Idle, "200"));
        });
    }
}

/// RING-4, HUP-8, CAU-8: CANCEL and the application's own act at one moment, in both orders: one end, one final response.
#[test]
fn a_cancel_at_the_moment_of_an_operation_has_one_end() {
    #[derive(Clone, Copy, Debug)]
    enum Act {
        Answer,
        Reject,
        HangUp,
        Ring,
        EarlyMedia,
    }
    let acts = [Act::Answer, Act::Reject, Act::HangUp, Act::Ring, Act::EarlyMedia];
    for (seed, act) in acts.into_iter().enumerate() {
        for cancel_first in [false, true] {
            scene(seed as u64, |mut scene| async move {
                let mut raw = scene.raw();
                let (mut dialog, channel, _) = at(Stage::Ringing, &mut scene, &mut raw).await;
                let row = format!("{act:?}, CANCEL first {cancel_first}");
                if cancel_first {
                    raw.send(scene.address(), dialog.cancel());
                }
                let acting = channel.spawn(move |channel| async move {
                    match act {
                        Act::Answer => channel.answer(Answer::new()).await.ok(),
                        Act::Reject => channel.reject(Reject::new()).await.ok(),
                        Act::HangUp => Some(channel.hang_up().await),
                        Act::Ring => channel.ring(Ring::new().seconds(5.0)).await.ok(),
                        Act::EarlyMedia => channel.ring(Ring::new().early_media().seconds(5.0)).await.ok(),
                    }
                });
                if !cancel_first {
                    tokio::task::yield_now().await;
                    raw.send(scene.address(), dialog.cancel());
                }
                let arrived = raw.receive_for(ms(50)).await;
                assert_eq!(to_method(&arrived, "CANCEL"), [200], "{row}");
                let finals: Vec<_> = arrived
                    .iter()
                    .filter_map(Arrived::response)
                    .filter(|response| response.status.code() >= 200)
                    .collect();
                let of_invite: Vec<_> = finals
                    .iter()
                    .filter(|response| response.cseq().is_ok_and(|cseq| cseq.method.as_str() == "INVITE"))
                    .collect();
                assert_eq!(of_invite.len(), 1, "{row}: {of_invite:?}");
                raw.send(scene.address(), dialog.ack(of_invite[0]));
                if of_invite[0].status.code() == 200 {
                    assert!(matches!(act, Act::Answer), "{row}");
                    assert_eq!(acting.await.unwrap(), Some(State::Answered), "{row}");
                    raw.send(scene.address(), dialog.bye(of_invite[0]));
                } else {
                    // The operation was overtaken: it returns IDLE, or raises Hangup if it came too late.
                    let outcome = acting.await.unwrap();
                    assert!(matches!(outcome, Some(State::Idle) | None), "{row}: {outcome:?}");
                }
                scene.sim.sleep(ms(50)).await;
                assert_eq!(channel.state(), State::Idle, "{row}");
                let expected = of_invite[0].status.code().to_string();
                assert_eq!(&*channel.details().raw_cause, expected, "{row}");
                assert_eq!(scene.server.counts().await.calls_up, 0, "{row}");
            });
        }
    }
}

/// RING-25: an INVITE that is repeated at any stage starts no second instance, and disturbs nothing.
#[test]
fn a_repeated_invite_never_starts_a_second_instance() {
    for (seed, stage) in BEFORE_THE_200.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let mut raw = scene.raw();
            let (dialog, channel, newest) = at(stage, &mut scene, &mut raw).await;
            let before = channel.state();
            raw.receive_for(Duration::ZERO).await;
            raw.send(scene.address(), dialog.invite());
            let arrived = raw.receive_for(ms(50)).await;
            let expected = newest.map_or(100, |newest| newest.status.code());
            let got: Vec<u16> = arrived.iter().filter_map(Arrived::status).collect();
            assert_eq!(got, [expected], "{stage:?}");
            assert_eq!((scene.started(), channel.state()), (1, before), "{stage:?}");
        });
    }
}

/// RING-25, ANS-6: an INVITE that is repeated after the answer does not disturb the call.
#[test]
fn a_repeated_invite_after_the_200_changes_nothing() {
    for (seed, acknowledged) in [false, true].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let mut raw = scene.raw();
            let (mut dialog, channel, _) = at(Stage::Incoming, &mut scene, &mut raw).await;
            let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
            let ok = raw.receive_response(200).await;
            if acknowledged {
                raw.send(scene.address(), dialog.ack(&ok));
                scene.sim.sleep(ms(1)).await;
            }
            raw.send(scene.address(), dialog.invite());
            let arrived = raw.receive_for(ms(50)).await;
            assert!(arrived.iter().all(|arrived| arrived.response().as_ref() == Some(&ok)), "{arrived:?}");
            raw.send(scene.address(), dialog.ack(&ok));
            assert_eq!(answering.await.unwrap().unwrap(), State::Answered);
            assert_eq!((scene.started(), channel.state()), (1, State::Answered));
        });
    }
}

/// RING-25: an INVITE that is repeated after a refusal gets the refusal again.
#[test]
fn a_repeated_invite_after_a_refusal_gets_it_again() {
    scene(1, |mut scene| async move {
        let mut raw = scene.raw();
        let (dialog, channel, _) = at(Stage::Ringing, &mut scene, &mut raw).await;
        channel.reject(Reject::new().cause(Cause::Busy)).await.unwrap();
        let refusal = raw.receive_response(486).await;
        raw.send(scene.address(), dialog.invite());
        let again = raw.receive_for(ms(50)).await;
        let again: Vec<_> = again.iter().filter_map(Arrived::response).collect();
        assert_eq!(again, [refusal]);
        assert_eq!(scene.started(), 1);
    });
}

/// RING-25: the same INVITE by another way (a merged request) gets 482 and starts no second instance.
#[test]
fn a_merged_request_gets_482() {
    for (seed, stage) in BEFORE_THE_200.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let mut raw = scene.raw();
            let (dialog, channel, _) = at(stage, &mut scene, &mut raw).await;
            let before = channel.state();
            raw.receive_for(Duration::ZERO).await;
            let invite = dialog.invite();
            let branch = invite.split("branch=").nth(1).unwrap().split(';').next().unwrap();
            raw.send(scene.address(), invite.replace(branch, "z9hG4bK-by-another-way"));
            let arrived = raw.receive_for(ms(50)).await;
            assert_eq!(to_method(&arrived, "INVITE"), [482], "{stage:?}");
            assert_eq!((scene.started(), channel.state()), (1, before), "{stage:?}");
        });
    }
}

/// HUP-8: a CANCEL that matches nothing gets 481.
#[test]
fn a_cancel_of_nothing_gets_481() {
    scene(2, |scene| async move {
        let mut raw = scene.raw();
        let dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.cancel());
        raw.receive_response(481).await;
        assert_eq!(scene.started(), 0);
    });
}
