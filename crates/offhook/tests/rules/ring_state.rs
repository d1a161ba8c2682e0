//! The states in which `ring()` is allowed, and what it returns.

use offhook::caller::OutCall;
use offhook::{Answer, ErrorKind, OperationError, PlayableMedia, Reject, Ring, RingError, Ringtone, State};

use crate::support::*;

/// RING-1, GEN-6: after the answer `ring()` is an error that is no hang-up, and sends nothing.
#[test]
fn ringing_an_answered_call_is_refused() {
    scene(1, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        let before = call.ladder().len();
        let error = channel.ring(Ring::new()).await.unwrap_err();
        assert!(matches!(error, RingError::WrongState(_)), "{error:?}");
        assert_eq!(error.to_string(), "ring() in state ANSWERED; allowed in CALL_INCOMING, RING_INCOMING");
        scene.sim.sleep(ms(500)).await;
        assert_eq!(call.ladder().len(), before);
        assert_eq!(channel.state(), State::Answered);
    });
}

/// RING-1: while the answer waits for its ACK, `ring()` is an error and sends nothing.
#[test]
fn ringing_while_the_answer_is_under_way_is_refused() {
    scene(2, |mut scene| async move {
        let mut raw = scene.raw();
        let dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
        raw.receive_response(200).await;
        assert_eq!(channel.state(), State::Answering);
        let error = channel.ring(Ring::new()).await.unwrap_err();
        assert!(!error.is_hangup(), "{error}");
        assert_eq!(statuses(&raw.receive_for(ms(100)).await), []);
        answering.abort();
    });
}

/// RING-1: after the end of the call `ring()` raises `Hangup`.
#[test]
fn ringing_a_cleared_call_raises_hangup() {
    scene(3, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        call.hang_up();
        channel.wait_for_idle(None).await;
        let before = call.ladder().len();
        let error = channel.ring(Ring::new().early_media()).await.unwrap_err();
        assert!(error.is_hangup(), "{error:?}");
        assert_eq!(error.state(), State::Idle);
        assert_eq!(call.ladder().len(), before);
    });
}

/// RING-2, RING-3: `ring()` may be called any number of times while the call rings.
#[test]
fn ringing_again_and_again_is_safe() {
    scene(4, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        assert_eq!(channel.state(), State::CallIncoming);
        for round in 0..20 {
            let ring = if round < 10 { Ring::new() } else { Ring::new().early_media() };
            assert_eq!(channel.ring(ring.seconds(0.05)).await.unwrap(), State::RingIncoming);
            assert_eq!(channel.state(), State::RingIncoming);
        }
        assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
        assert_eq!(call.statuses(), [180, 183, 200]);
    });
}

/// RING-3: the state is `RING_INCOMING` as soon as ringing is signalled, while `ring()` still blocks.
#[test]
fn the_state_changes_when_ringing_is_signalled() {
    scene(5, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        let ringing = channel.spawn(|channel| async move { channel.ring(Ring::new().seconds(5.0)).await });
        assert!(call.ringing().await);
        assert_eq!(channel.state(), State::RingIncoming);
        assert_eq!(ringing.await.unwrap().unwrap(), State::RingIncoming);
    });
}

/// RING-4, GEN-7, ST-5: a CANCEL ends a blocked `ring()` at once with `IDLE` and without an error.
#[test]
fn a_cancel_ends_a_blocked_ring() {
    let rows = [
        Ring::new().seconds(60.0),
        Ring::new().early_media().seconds(60.0),
        Ring::new().early_media().ringtone(PlayableMedia::file("long.wav")).until_it_ends(),
        Ring::new().early_media().ringtone(PlayableMedia::file("long.wav")).looped().seconds(60.0),
    ];
    for (seed, ring) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            scene.file("long.wav", &sine(440.0, 20.0));
            let (call, channel) = scene.plain_call().await;
            let ringing = channel.spawn(|channel| async move { channel.ring(ring).await });
            assert!(call.ringing().await);
            scene.sim.sleep(secs(3.0)).await;
            call.hang_up();
            let (state, waited) = timed(ringing).await;
            assert_eq!(state.unwrap().unwrap(), State::Idle);
            assert!(waited <= ms(50), "{waited:?}");
            assert_eq!(channel.state(), State::Idle);
            assert!(channel.ring(Ring::new()).await.unwrap_err().is_hangup());
            call.cleared().await;
            assert!(got(&call, 200, "CANCEL"));
            assert!(got(&call, 487, "INVITE"));
        });
    }
}

/// RING-5, GEN-21: while `ring()` blocks, other blocking operations fail and name it.
#[test]
fn a_second_operation_names_the_first() {
    scene(7, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        let ringing = channel.spawn(|channel| async move { channel.ring(Ring::new().seconds(10.0)).await });
        call.ringing().await;
        let errors: [Box<dyn OperationError>; 2] = [
            Box::new(channel.ring(Ring::new()).await.unwrap_err()),
            Box::new(channel.answer(Answer::new()).await.unwrap_err()),
        ];
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
            assert!(error.to_string().ends_with("allowed once ring() has ended"), "{error}");
        }
        assert_eq!(ringing.await.unwrap().unwrap(), State::RingIncoming);
        assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
        assert_eq!(call.statuses(), [180, 200]);
    });
}

/// RING-5, GEN-21: state, cause, details and every `stop` work while `ring()` blocks.
#[test]
fn reading_and_stopping_are_always_allowed() {
    scene(8, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        let player = channel.attach_tone_player(&offhook::ToneManager::new()).unwrap();
        let ringing = channel
            .spawn(|channel| async move { channel.ring(Ring::new().early_media().seconds(3.0)).await });
        call.ringing().await;
        assert_eq!(channel.state(), State::RingIncoming);
        assert_eq!(channel.cause(), offhook::Cause::Normal);
        assert!(channel.details().early_media);
        assert_eq!(channel.file_player().stop().await, offhook::PlayerCause::None);
        assert_eq!(player.stop().await, offhook::PlayerCause::None);
        assert_eq!(channel.wait_for_idle(Some(ms(100))).await, State::RingIncoming);
        assert_eq!(ringing.await.unwrap().unwrap(), State::RingIncoming);
    });
}

/// RING-5, GEN-15: a `hang_up()` or `reject()` from another task makes a blocked `ring()` return `IDLE`.
#[test]
fn hanging_up_elsewhere_ends_a_blocked_ring() {
    for (seed, rejects) in [false, true].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            let ringing = channel
                .spawn(|channel| async move { channel.ring(Ring::new().early_media().seconds(60.0)).await });
            call.ringing().await;
            let state = match rejects {
                true => channel.reject(Reject::new()).await.unwrap(),
                false => channel.hang_up().await,
            };
            assert_eq!(state, State::Idle);
            let (state, waited) = timed(ringing).await;
            assert_eq!(state.unwrap().unwrap(), State::Idle);
            assert!(waited <= ms(50), "{waited:?}");
        });
    }
}

/// RING-6, RING-15, RING-43, RING-45, RING-51, GEN-11: a bad argument leaves the call exactly as it was.
#[test]
fn a_bad_argument_changes_nothing() {
    let file = |name: &str| Ring::new().early_media().ringtone(PlayableMedia::file(name));
    let rows = [
        (Ring::new().seconds(-1.0), ErrorKind::Argument, ["seconds_ringtime", "-1"]),
        (Ring::new().seconds(f64::NAN), ErrorKind::Argument, ["seconds_ringtime", "NaN"]),
        (Ring::new().seconds(f64::INFINITY), ErrorKind::Argument, ["seconds_ringtime", "inf"]),
        (Ring::new().codecs(""), ErrorKind::Argument, ["codecs", "g711a"]),
        (Ring::new().codecs("g711a;mp3"), ErrorKind::Argument, ["codecs", "mp3"]),
        (file("missing.wav"), ErrorKind::Media, ["missing.wav", "accepted"]),
        (Ring::new().early_media().ringtone("RINGBACK"), ErrorKind::Media, ["RINGBACK", "tone player"]),
        (
            Ring::new().early_media().ringtone(Ringtone::Invalid("custom_ringtone is 7".into())),
            ErrorKind::Argument,
            ["custom_ringtone", "7"],
        ),
    ];
    for (seed, (ring, kind, words)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            let error = channel.ring(ring).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            for word in words {
                assert!(error.to_string().contains(word), "{error} does not say {word:?}");
            }
            assert_untouched(&scene, &call, &channel).await;
            assert_eq!(channel.ring(Ring::new()).await.unwrap(), State::RingIncoming);
        });
    }
}

/// RING-6, RING-34: while early media plays, a bad argument does not disturb what is heard.
#[test]
fn a_bad_argument_does_not_stop_the_ringtone() {
    scene(9, |mut scene| async move {
        let file = scene.file("tone.wav", &sine(440.0, 0.5));
        let (call, channel) = scene.plain_call().await;
        channel.ring(Ring::new().early_media().ringtone(PlayableMedia::file(file)).looped()).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        channel.ring(Ring::new().ringtone(PlayableMedia::file("missing.wav"))).await.unwrap_err();
        channel.ring(Ring::new().seconds(-3.0)).await.unwrap_err();
        scene.sim.sleep(secs(1.0)).await;
        channel.hang_up().await;
        assert_one_burst(&call.heard().await.sound(), 2000.0);
    });
}

/// Nothing but 100 was sent, and the call is where it was.
async fn assert_untouched(scene: &Scene, call: &OutCall, channel: &offhook::CallChannel) {
    scene.sim.sleep(ms(500)).await;
    assert_eq!(channel.state(), State::CallIncoming);
    assert_eq!(call.statuses(), []);
    assert!(call.heard().await.packets.is_empty());
    assert!(!channel.details().early_media);
}
