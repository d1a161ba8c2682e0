//! `hang_up()` and `wait_for_idle()`.

use offhook::{
    Answer, Cause, ErrorKind, OperationError, Play, PlayableMedia, PlayerCause, PlayerState, Ring, State,
};

use crate::support::*;

/// HUP-1, HUP-3, HUP-6, CAU-4: what is sent in each state before the answer, and what the call then says.
#[test]
fn hanging_up_before_the_answer_sends_480() {
    let rows = [None, Some(Ring::new()), Some(Ring::new().early_media())];
    for (seed, ring) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            if let Some(ring) = ring {
                channel.ring(ring).await.unwrap();
            }
            assert_eq!(channel.hang_up().await, State::Idle);
            assert_eq!((channel.state(), channel.cause()), (State::Idle, Cause::Normal));
            assert_eq!(&*channel.details().raw_cause, "480");
            assert_eq!(call.cleared().await.unwrap().status, 480);
        });
    }
}

/// HUP-1, HUP-3, HUP-6, CAU-4: an answered call is ended by BYE.
#[test]
fn hanging_up_after_the_answer_sends_bye() {
    scene(1, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        assert_eq!(channel.hang_up().await, State::Idle);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Normal, "200"));
        assert_eq!(call.cleared().await.unwrap().status, 200);
        assert!(call.ladder().iter().any(|step| step.summary == "BYE"));
    });
}

/// HUP-6, GEN-7: in `ANSWERING` the BYE waits for the ACK, and `answer()` returns `IDLE`.
#[test]
fn hanging_up_while_answering_waits_for_the_ack() {
    scene(2, |mut scene| async move {
        let mut raw = scene.raw();
        let mut dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
        let ok = raw.receive_response(200).await;
        let hanging_up = channel.spawn(|channel| async move { channel.hang_up().await });
        let early = raw.receive_for(ms(300)).await;
        assert!(early.iter().all(|arrived| arrived.request().is_none()), "no BYE before the ACK");
        raw.send(scene.address(), dialog.ack(&ok));
        let bye = raw.receive_request("BYE").await;
        raw.send(scene.address(), dialog.ok(&bye));
        assert_eq!(hanging_up.await.unwrap(), State::Idle);
        assert_eq!(answering.await.unwrap().unwrap(), State::Idle);
        assert_eq!(channel.cause(), Cause::Normal);
    });
}

/// HUP-6: without an ACK the BYE is sent at the end of its wait.
#[test]
fn hanging_up_while_answering_gives_up_on_the_ack() {
    scene(3, |mut scene| async move {
        let mut raw = scene.raw();
        let dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
        raw.receive_response(200).await;
        let start = scene.sim.elapsed();
        let hanging_up = channel.spawn(|channel| async move { channel.hang_up().await });
        let arrived = raw.receive_for(secs(33.0)).await;
        let bye = arrived.iter().find(|arrived| arrived.request().is_some()).expect("a BYE");
        assert_near(bye.at - start, secs(32.0), ms(100));
        assert_eq!(hanging_up.await.unwrap(), State::Idle);
    });
}

/// HUP-2, REJ-7: in `IDLE` it does nothing, sends nothing and raises nothing.
#[test]
fn hanging_up_twice_does_nothing() {
    scene(4, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.hang_up().await;
        let steps = call.ladder().len();
        for _ in 0..3 {
            assert_eq!(timed(channel.hang_up()).await, (State::Idle, Duration::ZERO));
            assert_eq!(channel.reject(offhook::Reject::new()).await.unwrap(), State::Idle);
        }
        scene.sim.sleep(ms(100)).await;
        assert_eq!(call.ladder().len(), steps);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Normal, "480"));
    });
}

/// HUP-4: a far end that confirms nothing cannot hold `hang_up()` for more than 60 seconds.
#[test]
fn hanging_up_takes_60_seconds_at_most() {
    scene(5, |mut scene| async move {
        let mut raw = scene.raw();
        let mut dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
        let ok = raw.receive_response(200).await;
        raw.send(scene.address(), dialog.ack(&ok));
        answering.await.unwrap().unwrap();
        let (state, blocked) = timed(channel.hang_up()).await;
        assert!(blocked <= secs(60.1), "{blocked:?}");
        assert_eq!((state, channel.state()), (State::Idle, State::Idle));
        assert_eq!(channel.cause(), Cause::Normal);
    });
}

/// HUP-9, MED-2, MED-10, GEN-7: a running job ends with `HANGUP`, whoever ends the call.
#[test]
fn the_end_of_the_call_ends_its_jobs() {
    for (seed, caller_clears) in [false, true].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 60.0));
            let (call, channel) = scene.plain_call().await;
            channel.answer(Answer::new()).await.unwrap();
            let playing = channel
                .spawn(|channel| async move { channel.file_player().play(PlayableMedia::file(tone)).await });
            scene.sim.sleep(secs(1.0)).await;
            if caller_clears {
                call.hang_up();
            } else {
                channel.hang_up().await;
            }
            let (cause, waited) = timed(playing).await;
            assert_eq!(cause.unwrap().unwrap(), PlayerCause::Hangup);
            assert!(waited <= ms(100), "{waited:?}");
            let player = channel.file_player();
            assert_eq!((player.state(), player.cause()), (PlayerState::Idle, PlayerCause::Hangup));
            let error = player.play(Play::file("tone.wav")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Hangup);
        });
    }
}

/// HUP-10: `wait_for_idle()` waits, does not clear the call, and returns the state.
#[test]
fn waiting_for_idle_does_not_clear_the_call() {
    scene(6, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        let (state, waited) = timed(channel.wait_for_idle(Some(secs(2.0)))).await;
        assert_eq!(state, State::Answered);
        assert_near(waited, secs(2.0), ms(100));
        let waiting = channel.spawn(|channel| async move { channel.wait_for_idle(None).await });
        scene.sim.sleep(secs(3.0)).await;
        call.hang_up();
        let (state, waited) = timed(waiting).await;
        assert_eq!(state.unwrap(), State::Idle);
        assert!(waited <= ms(100), "{waited:?}");
        assert_eq!(timed(channel.wait_for_idle(None)).await, (State::Idle, Duration::ZERO));
    });
}
