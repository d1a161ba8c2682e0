//! Exceptions, and the general rules of all operations.

use offhook::caller::CallSdp;
use offhook::{
    Answer, AppError, ChannelEvent, ErrorKind, OperationError, Play, PlayerCause, Reject, Ring, State,
    ToneManager,
};

use crate::support::*;

/// EXC-1, EXC-3, GEN-18: the same distinction between `Hangup` and `Error` for every operation, and its message.
#[test]
fn every_operation_on_a_cleared_call_raises_hangup() {
    scene(1, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        let tones = channel.attach_tone_player(&ToneManager::new()).unwrap();
        channel.hang_up().await;
        let errors: [Box<dyn OperationError>; 4] = [
            Box::new(channel.ring(Ring::new()).await.unwrap_err()),
            Box::new(channel.answer(Answer::new()).await.unwrap_err()),
            Box::new(channel.file_player().play(Play::text("hello")).await.unwrap_err()),
            Box::new(tones.start("RINGBACK", true).await.unwrap_err()),
        ];
        for (error, name) in
            errors.iter().zip(["ring()", "answer()", "FilePlayer.play()", "TonePlayer.play()"])
        {
            assert_eq!(
                (error.kind(), error.is_hangup(), error.state()),
                (ErrorKind::Hangup, true, State::Idle)
            );
            assert!(error.to_string().starts_with(&format!("{name} in state IDLE")), "{error}");
            assert!(error.to_string().contains("allowed in"), "{error}");
        }
    });
}

/// EXC-1, EXC-3: in a live call a wrong state is an `Error` that names function, state and allowed states.
#[test]
fn a_wrong_state_is_an_error_with_its_names() {
    scene(2, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        let error = channel.file_player().say("hello").await.unwrap_err();
        assert_eq!((error.kind(), error.is_hangup()), (ErrorKind::WrongState, false));
        assert_eq!(error.to_string(), "FilePlayer.play() in state CALL_INCOMING; allowed in ANSWERED");
        channel.answer(Answer::new()).await.unwrap();
        let error = channel.ring(Ring::new()).await.unwrap_err();
        assert_eq!(error.to_string(), "ring() in state ANSWERED; allowed in CALL_INCOMING, RING_INCOMING");
    });
}

/// EXC-4, RUN-18, CAU-1: what leaves the application ends the instance and closes its call.
#[test]
fn what_leaves_the_application_closes_its_call() {
    type Outcome = fn() -> Result<i64, AppError>;
    let rows: [(&str, bool, Outcome, u16); 6] = [
        ("a return", false, || Ok(0), 480),
        ("a return code below zero", false, || Ok(-100), 480),
        ("an exception", false, || Err(AppError::exception("oh")), 500),
        ("an uncaught Hangup", false, || Err(AppError::hangup("oh")), 480),
        ("a return", true, || Ok(0), 200),
        ("an exception", true, || Err(AppError::exception("oh")), 200),
    ];
    for (seed, (row, answers, outcome, status)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, instance) = scene.plain_call().await;
            if answers {
                instance.answer(Answer::new()).await.unwrap();
            }
            let channel = instance.end(outcome());
            let cleared = call.cleared().await.unwrap();
            assert_eq!(cleared.status, status, "{row}, answered {answers}");
            assert_eq!(channel.wait_for_idle(None).await, State::Idle);
        });
    }
}

/// EXC-4, RUN-18: a panic counts as an exception, and hurts no other call.
#[test]
fn a_panic_hurts_its_own_call_only() {
    offhook::sim::Sim::new(3).run(|sim| async move {
        let server = sim
            .server(|channel: offhook::CallChannel| async move {
                if &*channel.details().call_to == "666" {
                    panic!("an application that panics");
                }
                channel.answer(Answer::new()).await?;
                channel.wait_for_idle(None).await;
                Ok(0)
            })
            .await;
        let caller = sim.caller().await;
        let good = caller.call(offhook::caller::CallRequest::to_address(server.sip_address())).await.unwrap();
        assert!(good.answered().await);
        let bad = offhook::caller::CallRequest::to("sip:666@10.0.0.1").unwrap();
        let bad = caller.call(bad).await.unwrap();
        assert_eq!(bad.cleared().await.unwrap().status, 500);
        sim.sleep(secs(1.0)).await;
        assert_eq!(good.state(), State::Answered);
    });
}

/// GEN-3, GEN-8, CAU-2: functions return a state or a cause; a timeout shows in it and is no error.
#[test]
fn timeouts_are_results() {
    scene(4, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 2.0));
        let (_call, channel) = scene.plain_call().await;
        assert_eq!(channel.wait_for_idle(Some(ms(100))).await, State::CallIncoming);
        assert_eq!(channel.ring(Ring::new().seconds(0.5)).await.unwrap(), State::RingIncoming);
        channel.answer(Answer::new()).await.unwrap();
        let player = channel.file_player();
        let cause = player.play(Play::file(&tone).seconds_timeout(0.5)).await.unwrap();
        assert_eq!((cause, player.cause()), (PlayerCause::Timeout, PlayerCause::Timeout));
        player.start(Play::file(&tone)).await.unwrap();
        assert_eq!(player.wait_until_finished(Some(ms(100))).await, PlayerCause::None);
    });
}

/// GEN-7: everything that waits returns when the call clears, and raises nothing.
#[test]
fn everything_that_waits_returns_when_the_call_clears() {
    for waits_for in ["ring", "play", "tone", "wait_until_finished", "wait_for_idle"] {
        scene(5, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 60.0));
            let (call, channel) = scene.plain_call().await;
            channel.attach_tone_player(&ToneManager::new()).unwrap();
            channel.ring(Ring::new().early_media()).await.unwrap();
            let waiting = channel.spawn(move |channel| async move {
                let tones = channel.tone_player().unwrap();
                match waits_for {
                    "ring" => channel.ring(Ring::new().seconds(60.0)).await.unwrap().name(),
                    "play" => channel.file_player().play(Play::file(tone)).await.unwrap().name(),
                    "tone" => tones.play("RINGBACK", Some(secs(60.0))).await.unwrap().name(),
                    "wait_until_finished" => {
                        channel.file_player().start(Play::file(tone)).await.unwrap();
                        channel.file_player().wait_until_finished(None).await.name()
                    }
                    _ => channel.wait_for_idle(None).await.name(),
                }
            });
            scene.sim.sleep(secs(1.0)).await;
            assert!(!waiting.is_finished(), "{waits_for}");
            call.hang_up();
            let (outcome, waited) = timed(waiting).await;
            let expected =
                if waits_for.starts_with("ring") || waits_for.ends_with("idle") { "IDLE" } else { "HANGUP" };
            assert_eq!(outcome.unwrap(), expected, "{waits_for}");
            assert!(waited <= ms(100), "{waits_for}: {waited:?}");
        });
    }
}

/// GEN-12: what waits returns within 100 ms of what ends its wait: time, clearing, digit, `stop()`.
#[test]
fn waits_end_promptly() {
    scene(6, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 60.0));
        let (call, channel) = scene.plain_call().await;
        let (_, blocked) = timed(channel.ring(Ring::new().seconds(1.5))).await;
        assert!(blocked >= secs(1.5) && blocked <= secs(1.55), "the ring time: {blocked:?}");
        channel.answer(Answer::new()).await.unwrap();

        let (_, blocked) = timed(channel.file_player().play(Play::file(&tone).seconds_timeout(1.5))).await;
        assert!(blocked >= secs(1.5) && blocked <= secs(1.6), "a timer: {blocked:?}");

        let play = Play::file(&tone).barge_in();
        let playing = channel.spawn(|channel| async move { channel.file_player().play(play).await });
        scene.sim.sleep(secs(1.0)).await;
        call.send_digits("1");
        let (_, waited) = timed(playing).await;
        // The digit itself lasts 100 ms and may be recognised at its end.
        assert!(waited <= ms(240), "a digit: {waited:?}");

        let playing =
            channel.spawn(|channel| async move { channel.file_player().play(Play::file(tone)).await });
        scene.sim.sleep(secs(1.0)).await;
        channel.file_player().stop().await;
        let (_, waited) = timed(playing).await;
        assert!(waited <= ms(100), "stop(): {waited:?}");

        let waiting = channel.spawn(|channel| async move { channel.wait_for_idle(None).await });
        call.hang_up();
        let (_, waited) = timed(waiting).await;
        assert!(waited <= ms(100), "the clearing: {waited:?}");
    });
}

/// GEN-15: a `hang_up()` elsewhere ends a waiting `answer()` and a waiting player.
#[test]
fn a_hang_up_elsewhere_ends_what_waits() {
    scene(7, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 60.0));
        let (_call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        let playing =
            channel.spawn(|channel| async move { channel.file_player().play(Play::file(tone)).await });
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(channel.hang_up().await, State::Idle);
        assert_eq!(playing.await.unwrap().unwrap(), PlayerCause::Hangup);
    });
}

/// GEN-21: while `answer()` waits for its ACK, a second operation fails and names it.
#[test]
fn a_second_operation_names_a_waiting_answer() {
    scene(8, |mut scene| async move {
        let mut raw = scene.raw();
        let mut dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
        let ok = raw.receive_response(200).await;
        let error = channel.answer(Answer::new()).await.unwrap_err();
        assert!(!error.is_hangup());
        assert!(error.to_string().starts_with("answer() in state ANSWERING"), "{error}");
        assert_eq!(channel.wait_for_idle(Some(ms(10))).await, State::Answering);
        raw.send(scene.address(), dialog.ack(&ok));
        assert_eq!(answering.await.unwrap().unwrap(), State::Answered);
    });
}

/// GEN-22: commands take effect in the order in which they were called.
#[test]
fn commands_take_effect_in_their_order() {
    scene(9, |mut scene| async move {
        let low = scene.file("low.wav", &sine(500.0, 5.0));
        let high = scene.file("high.wav", &sine(1500.0, 5.0));
        let (call, channel) = scene.plain_call().await;
        let early =
            |file: &str| Ring::new().early_media().ringtone(offhook::PlayableMedia::file(file)).looped();
        // Started at once, none waited for before the next: the last one counts.
        let rings = [early(&low), early(&high), early(&low), early(&high)];
        let outcomes = futures_of(&channel, rings.to_vec()).await;
        assert!(outcomes.contains(&Some(State::RingIncoming)), "{outcomes:?}");
        scene.sim.sleep(secs(1.0)).await;
        channel.ring(early(&high)).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        let sound = call.heard().await.sound();
        assert_tone(part(&sound, 1.1, 1.9), 1500.0, -10.0);
        assert_eq!(call.statuses(), [183]);
    });
}

/// Rings several times at once; `None` for a ring that was refused because another one was under way.
async fn futures_of(channel: &Instance, rings: Vec<Ring>) -> Vec<Option<State>> {
    let tasks: Vec<_> = rings
        .into_iter()
        .map(|ring| channel.spawn(|channel| async move { channel.ring(ring).await }))
        .collect();
    let mut outcomes = Vec::new();
    for task in tasks {
        let outcome = task.await.unwrap();
        if let Err(error) = &outcome {
            assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        }
        outcomes.push(outcome.ok());
    }
    outcomes
}

/// GEN-13, GEN-22, CAU-8: uncoordinated use by many tasks never deadlocks, and the call has one end.
#[test]
fn uncoordinated_use_never_deadlocks() {
    for seed in 0..20 {
        scene(seed, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 0.3));
            let request = if seed % 5 == 4 { scene.request().sdp(CallSdp::None) } else { scene.request() };
            let (call, channel) = scene.call(request).await;
            let tasks: Vec<_> = (0..24)
                .map(|number: u64| {
                    let tone = tone.clone();
                    channel.spawn(move |channel| async move {
                        tokio::time::sleep(ms((number * (seed + 3) * 37) % 900)).await;
                        match (number + seed) % 8 {
                            0 => drop(channel.ring(Ring::new().early_media().seconds(0.2)).await),
                            1 => drop(channel.ring(Ring::new()).await),
                            2 => drop(channel.answer(Answer::new()).await),
                            3 => drop(
                                channel
                                    .file_player()
                                    .play(Play::file(tone).looped().seconds_timeout(0.4))
                                    .await,
                            ),
                            4 => drop(channel.file_player().start(Play::file(tone)).await),
                            5 => drop(channel.file_player().wait_until_finished(Some(secs(0.3))).await),
                            6 if number > 16 => drop(channel.reject(Reject::new()).await),
                            _ => drop(channel.file_player().stop().await),
                        }
                    })
                })
                .collect();
            for task in tasks {
                tokio::time::timeout(secs(70.0), task).await.expect("no deadlock").unwrap();
            }
            assert_eq!(channel.hang_up().await, State::Idle);
            let finals = call.statuses().into_iter().filter(|status| *status >= 200).count();
            assert!(finals <= 1, "{:?}", call.statuses());
            scene.sim.sleep(secs(70.0)).await;
            let counts = scene.server.counts().await;
            assert_eq!((counts.calls_up, counts.streams, counts.dialogs), (0, 0, 0), "{counts:?}");
        });
    }
}

/// ST-4, ST-6: only the transitions of the table occur, and each is visible before its function returns.
#[test]
fn only_the_transitions_of_the_table_occur() {
    use State::{Answered, Answering, Idle, RingIncoming};
    type Steps = fn(Instance) -> std::pin::Pin<Box<dyn Future<Output = ()>>>;
    let rows: [(Steps, &[State]); 4] = [
        (
            |channel| {
                Box::pin(async move {
                    channel.ring(Ring::new()).await.unwrap();
                    assert_eq!(channel.state(), RingIncoming);
                    channel.ring(Ring::new().early_media()).await.unwrap();
                    channel.answer(Answer::new()).await.unwrap();
                    assert_eq!(channel.state(), Answered);
                    channel.hang_up().await;
                    assert_eq!(channel.state(), Idle);
                })
            },
            &[RingIncoming, Answering, Answered, Idle],
        ),
        (
            |channel| {
                Box::pin(async move {
                    channel.answer(Answer::new()).await.unwrap();
                    channel.reject(Reject::new()).await.unwrap();
                })
            },
            &[Answering, Answered, Idle],
        ),
        (
            |channel| {
                Box::pin(async move {
                    channel.reject(Reject::new()).await.unwrap();
                })
            },
            &[Idle],
        ),
        (|channel| Box::pin(async move { drop(channel.end(Ok(0))) }), &[Idle]),
    ];
    for (seed, (steps, expected)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (_call, channel) = scene.plain_call().await;
            assert_eq!(channel.state(), State::CallIncoming);
            let mut events = channel.events();
            steps(channel).await;
            scene.sim.sleep(secs(1.0)).await;
            let mut seen = Vec::new();
            while let Some(event) = events.try_next() {
                match event {
                    ChannelEvent::State { state, .. } if seen.last() != Some(&state) => seen.push(state),
                    _ => {}
                }
            }
            assert_eq!(seen, expected);
        });
    }
}
