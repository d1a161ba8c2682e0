//! Transfers and the retrieval of transferred calls.

use offhook::caller::{OutCall, Reception};
use offhook::{
    CallChannel, Cause, ErrorKind, GetDigits, OperationError, Play, Service, State, ToneManager, Transfer,
    TransferCause,
};

use crate::legs::*;
use crate::support::*;

/// A transferred call: caller, its channel, the target, and the other leg.
struct Transferred {
    caller: OutCall,
    channel: Instance,
    target: OutCall,
    leg: CallChannel,
    _callee: offhook::caller::Callee,
}

async fn transferred(scene: &mut Scene) -> Transferred {
    let mut callee = speaking_callee(scene, 1, B).await;
    let (caller, channel) = speaking_caller(scene, A).await;
    let leg = channel.extra_channels()[0].clone();
    let state = channel.retrievable_transfer(&leg, Transfer::to(callee_uri(1))).await.unwrap();
    assert_eq!(state, State::Transferred);
    let target = callee.next_call().await.unwrap();
    Transferred { caller, channel, target, leg, _callee: callee }
}

/// Whether the default ringback is heard.
async fn hears_ringback(call: &OutCall) -> bool {
    (level(call, 440.0).await + 19.0).abs() < 1.0 && (level(call, 480.0).await + 19.0).abs() < 1.0
}

/// XFER-1, XFER-10, XFER-11, XFER-15, XFER-21, ST-4: through `TRANSFERRING` to `TRANSFERRED`; the two talk to each
/// other, no REFER is sent, and media functions are errors on both channels.
#[test]
fn a_call_is_transferred() {
    legs_scene(1, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(E, 1.0));
        let mut callee = speaking_callee(&scene, 1, B).await;
        let (caller, channel) = speaking_caller(&mut scene, A).await;
        let leg = channel.extra_channels()[0].clone();
        assert_eq!(channel.transfer_cause(), TransferCause::None);
        let transfer = {
            let leg = leg.clone();
            channel.spawn(|channel| async move {
                channel.retrievable_transfer(&leg, Transfer::to(callee_uri(1))).await
            })
        };
        scene.sim.sleep(ms(500)).await;
        assert_eq!((channel.state(), leg.state()), (State::Transferring, State::RingOutgoing));
        assert_eq!(channel.transfer_cause(), TransferCause::None);
        assert_eq!(transfer.await.unwrap().unwrap(), State::Transferred);
        assert_eq!((channel.state(), leg.state()), (State::Transferred, State::Answered));
        assert_eq!(channel.transfer_cause(), TransferCause::Normal);
        assert_eq!(channel.details().connected_id, Some(leg.details().call_id));
        let target = callee.next_call().await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&caller, &[B]).await;
        assert_hears(&target, &[A]).await;
        let wrong = channel.file_player().start(Play::file(&tone)).await.unwrap_err();
        assert!(wrong.kind() == ErrorKind::WrongState && !wrong.is_hangup(), "{wrong}");
        let digits = channel.dtmf_detector().get_digits(GetDigits::new().count(1)).await.unwrap_err();
        assert!(!digits.is_hangup());
        let busy = leg.file_player().start(Play::file(&tone)).await.unwrap_err();
        assert_eq!(busy.kind(), ErrorKind::Busy, "{busy}");
        for call in [&caller, &target] {
            assert!(call.ladder().iter().all(|step| step.method != "REFER"));
        }
    });
}

/// XFER-4, XFER-5, XFER-6, XFER-8, GEN-9, TONE-15: what is checked before anything is sent.
#[test]
fn arguments_are_checked_before_anything_is_sent() {
    legs_scene(2, |mut scene| async move {
        let to_desk = || Transfer::to(callee_uri(1));
        let mut callee = speaking_callee(&scene, 1, B).await;
        let (_unanswered, early) = scene.plain_call().await;
        let extra = early.extra_channels()[0].clone();
        let error = early.retrievable_transfer(&extra, to_desk()).await.unwrap_err();
        assert_eq!(error.to_string(), "retrievable_transfer() in state CALL_INCOMING; allowed in ANSWERED");

        let (_caller, channel) = speaking_caller(&mut scene, A).await;
        let [leg, busy] = [0, 1].map(|index: usize| channel.extra_channels()[index].clone());
        let _target = called(&busy, &mut callee, 1).await;
        let kind = |error: offhook::TransferError| error.kind();
        assert_eq!(
            kind(channel.retrievable_transfer(&channel, to_desk()).await.unwrap_err()),
            ErrorKind::Argument
        );
        assert_eq!(
            kind(channel.retrievable_transfer(&extra, to_desk()).await.unwrap_err()),
            ErrorKind::Argument
        );
        let error = channel.retrievable_transfer(&busy, to_desk()).await.unwrap_err();
        assert!(error.to_string().contains("a channel in state ANSWERED"), "{error}");
        for bad in [
            Transfer::to(""),
            Transfer::to("nonsense:"),
            to_desk().seconds_timeout(Some(f64::NAN)),
            to_desk().seconds_timeout(Some(-1.0)),
        ] {
            assert_eq!(kind(channel.retrievable_transfer(&leg, bad).await.unwrap_err()), ErrorKind::Argument);
        }
        let error =
            channel.retrievable_transfer(&leg, to_desk().ringback_tone("ringback.fr")).await.unwrap_err();
        assert_eq!(kind(error), ErrorKind::Media, "a named tone needs a tone player");
        assert_eq!((channel.state(), leg.state()), (State::Answered, State::Idle));
        assert!(callee.try_next_call().is_none(), "nothing was sent");
        channel.hang_up().await;
        assert!(channel.retrievable_transfer(&leg, to_desk()).await.unwrap_err().is_hangup());
    });
}

/// XFER-7: without a `call_from` the target sees the caller; a number cannot be called from an address.
#[test]
fn the_target_sees_who_called() {
    legs_scene(3, |mut scene| async move {
        let mut callee = speaking_callee(&scene, 1, B).await;
        let (_caller, channel) = speaking_caller(&mut scene, A).await;
        let leg = channel.extra_channels()[0].clone();
        let from = channel.details().call_from;
        channel.retrievable_transfer(&leg, Transfer::to(callee_uri(1))).await.unwrap();
        assert_eq!(leg.details().call_from, from);
        let _target = callee.next_call().await.unwrap();
        channel.retrieve_transferred_call(Some(5.0)).await.unwrap();
        channel.retrievable_transfer(&leg, Transfer::to(callee_uri(1)).from("12345")).await.unwrap();
        assert_eq!(&*leg.details().call_from, "12345");
        channel.retrieve_transferred_call(Some(5.0)).await.unwrap();
        let state = channel.retrievable_transfer(&leg, Transfer::to("0301234567")).await.unwrap();
        assert_eq!((state, channel.transfer_cause()), (State::Answered, TransferCause::Fail));
        assert_eq!(leg.state(), State::Idle);
    });
}

/// XFER-8, TONE-3, TONE-11: the caller hears ringback while the target rings, and nothing of it after the answer.
#[test]
fn the_caller_hears_ringback_while_the_target_rings() {
    for (seed, tone) in [(4, None), (5, Some("ringback.fr"))] {
        legs_scene(seed, |mut scene| async move {
            let reception =
                Reception::new().wait(secs(1.0)).ring().wait(secs(1.4)).answer().play(sine(B, 60.0));
            let mut callee = scene.sim.callee(callee_address(1), reception).await;
            let (caller, channel) = speaking_caller(&mut scene, A).await;
            channel.attach_tone_player(&ToneManager::new()).unwrap();
            let leg = channel.extra_channels()[0].clone();
            let transfer = Transfer::to(callee_uri(1));
            let transfer = match tone {
                Some(tone) => transfer.ringback_tone(tone),
                None => transfer,
            };
            let transferring =
                channel.spawn(|channel| async move { channel.retrievable_transfer(&leg, transfer).await });
            scene.sim.sleep(ms(900)).await;
            assert!(!hears_ringback(&caller).await, "nothing rings so far");
            scene.sim.sleep(ms(900)).await;
            match tone {
                None => assert!(hears_ringback(&caller).await),
                Some(_) => assert!(level(&caller, 440.0).await > -25.0 && !hears_ringback(&caller).await),
            }
            assert_eq!(transferring.await.unwrap().unwrap(), State::Transferred);
            let _target = callee.next_call().await.unwrap();
            scene.sim.sleep(secs(1.0)).await;
            assert_hears(&caller, &[B]).await;
            assert!(level(&caller, 440.0).await < -45.0);
        });
    }
}

/// XFER-9, UR-18, UR-20: ringback lasts until the first packet of the target's early media, which follows it at once.
#[test]
fn early_media_takes_the_place_of_ringback() {
    legs_scene(6, |mut scene| async move {
        let reception = Reception::new()
            .ring()
            .wait(secs(1.0))
            .early_media()
            .play(sine(B, 60.0))
            .wait(secs(2.0))
            .answer();
        let mut callee = scene.sim.callee(callee_address(1), reception).await;
        let (caller, channel) = speaking_caller(&mut scene, A).await;
        let leg = channel.extra_channels()[0].clone();
        let other = leg.clone();
        let transferring = channel.spawn(|channel| async move {
            channel.retrievable_transfer(&other, Transfer::to(callee_uri(1))).await
        });
        scene.sim.sleep(ms(900)).await;
        assert!(hears_ringback(&caller).await);
        scene.sim.sleep(ms(1100)).await;
        assert_eq!((channel.state(), leg.state()), (State::Transferring, State::RingOutgoing));
        assert_hears(&caller, &[B]).await;
        assert!(!hears_ringback(&caller).await);
        assert_eq!(transferring.await.unwrap().unwrap(), State::Transferred);
        let target = callee.next_call().await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&caller, &[B]).await;
        assert_hears(&target, &[A]).await;
    });
}

/// XFER-12, XFER-13, XFER-14: what becomes of a transfer that fails, and of the call.
#[test]
fn a_failed_transfer_leaves_the_call_answered() {
    let busy = || Reception::new().ring().wait(secs(0.5)).refuse(486);
    let rings = || Reception::new().ring();
    let rows = [
        (callee_uri(1), busy(), Some(30.0), TransferCause::TargetReject, Cause::Busy),
        (callee_uri(1), rings(), Some(3.0), TransferCause::Timeout, Cause::Normal),
        ("0301234567".to_owned(), rings(), None, TransferCause::Fail, Cause::Unobtainable),
    ];
    for (seed, (to, reception, limit, transfer_cause, leg_cause)) in rows.into_iter().enumerate() {
        legs_scene(seed as u64, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(E, 5.0));
            let _callee = scene.sim.callee(callee_address(1), reception).await;
            let (caller, channel) = speaking_caller(&mut scene, A).await;
            let leg = channel.extra_channels()[0].clone();
            let transfer = Transfer::to(to).from("12345").seconds_timeout(limit);
            let (state, blocked) = timed(channel.retrievable_transfer(&leg, transfer)).await;
            assert_eq!((state.unwrap(), channel.state()), (State::Answered, State::Answered));
            assert_eq!(channel.transfer_cause(), transfer_cause);
            if transfer_cause == TransferCause::Timeout {
                assert_near(blocked, secs(3.0), ms(50));
            }
            leg.wait_for_idle(None).await;
            assert_eq!(leg.cause(), leg_cause);
            channel.file_player().start(Play::file(tone)).await.unwrap();
            scene.sim.sleep(secs(1.0)).await;
            assert_hears(&caller, &[E]).await;
            channel.hang_up().await;
            assert_eq!(channel.transfer_cause(), transfer_cause, "it outlives the call");
        });
    }
}

/// XFER-12: when the call clears first, the other leg is abandoned and the cause is `HANGUP`.
#[test]
fn a_caller_who_clears_ends_the_transfer() {
    legs_scene(7, |mut scene| async move {
        let mut callee = scene.sim.callee(callee_address(1), Reception::new().ring()).await;
        let (caller, channel) = speaking_caller(&mut scene, A).await;
        let leg = channel.extra_channels()[0].clone();
        let other = leg.clone();
        let transferring = channel.spawn(|channel| async move {
            channel.retrievable_transfer(&other, Transfer::to(callee_uri(1)).seconds_timeout(None)).await
        });
        scene.sim.sleep(secs(200.0)).await;
        assert_eq!(channel.state(), State::Transferring, "without a limit it goes on");
        caller.hang_up();
        assert_eq!(transferring.await.unwrap().unwrap(), State::Idle);
        assert_eq!((channel.state(), channel.transfer_cause()), (State::Idle, TransferCause::Hangup));
        let target = callee.next_call().await.unwrap();
        assert_eq!(target.cleared().await.unwrap().status, 487);
        assert_eq!(leg.wait_for_idle(None).await, State::Idle);
    });
}

/// XFER-16, XFER-18, XFER-19: when the other leg clears, the caller hears silence until the call is retrieved.
#[test]
fn a_call_whose_target_cleared_is_retrieved() {
    legs_scene(8, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(E, 5.0));
        let Transferred { caller, channel, target, leg, _callee } = transferred(&mut scene).await;
        let error = leg.retrieve_transferred_call(None).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "retrieve_transferred_call() in state ANSWERED; allowed in TRANSFERRED"
        );
        target.hang_up();
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!((channel.state(), leg.state()), (State::Transferred, State::Idle));
        assert_eq!(channel.details().connected_id, None);
        assert_hears(&caller, &[]).await;
        assert_eq!(channel.retrieve_transferred_call(Some(60.0)).await.unwrap(), State::Answered);
        channel.file_player().start(Play::file(tone)).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&caller, &[E]).await;
        assert_eq!(channel.transfer_cause(), TransferCause::Normal);
        channel.hang_up().await;
        assert!(channel.retrieve_transferred_call(None).await.unwrap_err().is_hangup());
    });
}

/// XFER-18, XFER-19, XFER-20: retrieving while the other leg is up hangs it up.
#[test]
fn retrieving_hangs_the_other_leg_up() {
    legs_scene(9, |mut scene| async move {
        let Transferred { caller, channel, target, leg, _callee } = transferred(&mut scene).await;
        for bad in [-1.0, f64::INFINITY] {
            let error = channel.retrieve_transferred_call(Some(bad)).await.unwrap_err();
            assert_eq!((error.kind(), channel.state()), (ErrorKind::Argument, State::Transferred));
        }
        assert_eq!(channel.retrieve_transferred_call(None).await.unwrap(), State::Answered);
        assert_eq!(leg.state(), State::Idle);
        assert!(target.cleared().await.is_some());
        assert_hears(&caller, &[]).await;
    });
}

/// XFER-17: who clears what.
#[test]
fn hanging_up_follows_the_call() {
    for (seed, row) in ["caller", "own", "other"].into_iter().enumerate() {
        legs_scene(10 + seed as u64, |mut scene| async move {
            let Transferred { caller, channel, target, leg, _callee } = transferred(&mut scene).await;
            match row {
                "caller" => caller.hang_up(),
                "own" => assert_eq!(channel.hang_up().await, State::Idle),
                _ => assert_eq!(leg.hang_up().await, State::Idle),
            }
            scene.sim.sleep(secs(1.0)).await;
            assert_eq!(leg.state(), State::Idle, "{row}");
            assert!(target.cleared().await.is_some(), "{row}");
            match row {
                "other" => assert_eq!(channel.state(), State::Transferred),
                _ => assert_eq!((channel.state(), channel.cause()), (State::Idle, Cause::Normal)),
            }
        });
    }
}

/// XFER-2, CALL-19: an inbound service of the same server is a target.
#[test]
fn a_call_is_transferred_to_an_inbound_service() {
    let services = |config: &mut offhook::Config| config.services.push(Service::inbound("77", "desk"));
    legs_scene_with(13, services, |mut scene| async move {
        let (caller, channel) = speaking_caller(&mut scene, A).await;
        let leg = channel.extra_channels()[0].clone();
        let transferring = channel.spawn(|channel| async move {
            channel.transfer_to_inbound_service(&leg, Transfer::to("77").from("12345")).await
        });
        let desk = scene.instance().await;
        desk.answer(offhook::Answer::new()).await.unwrap();
        assert_eq!(transferring.await.unwrap().unwrap(), State::Transferred);
        let tone = scene.file("tone.wav", &sine(E, 5.0));
        desk.file_player().start(Play::file(tone)).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&caller, &[E]).await;
        drop(desk);
        let error = channel.transfer_to_inbound_service(&channel, Transfer::to("77")).await.unwrap_err();
        assert!(error.to_string().starts_with("transfer_to_inbound_service()"), "{error}");
    });
}

/// GEN-17, GEN-21: a transfer goes on without the future that asked for it, and blocks call control meanwhile.
#[test]
fn a_transfer_goes_on_without_its_future() {
    legs_scene(14, |mut scene| async move {
        let mut callee = speaking_callee(&scene, 1, B).await;
        let (caller, channel) = speaking_caller(&mut scene, A).await;
        let [leg, other] = [0, 1].map(|index: usize| channel.extra_channels()[index].clone());
        let asked = channel.retrievable_transfer(&leg, Transfer::to(callee_uri(1)));
        assert!(tokio::time::timeout(ms(500), asked).await.is_err());
        assert_eq!(channel.state(), State::Transferring);
        let error = channel.retrievable_transfer(&other, Transfer::to(callee_uri(1))).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WrongState);
        scene.sim.sleep(secs(1.5)).await;
        assert_eq!((channel.state(), channel.transfer_cause()), (State::Transferred, TransferCause::Normal));
        let _target = callee.next_call().await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&caller, &[B]).await;
    });
}
