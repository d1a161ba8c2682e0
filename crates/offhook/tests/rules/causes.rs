//! Clearing causes: `cause()` and `Details::raw_cause`.

use offhook::{Answer, AppError, Cause, Reject, Ring, State};

use crate::support::*;

/// CAU-2, CAU-3: while the call is up the cause is `NORMAL` and the raw cause empty, in every state.
#[test]
fn a_call_in_progress_has_no_cause() {
    scene(1, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        let assert_none = || {
            assert_eq!(
                (channel.cause(), &*channel.details().raw_cause),
                (Cause::Normal, ""),
                "{}",
                channel.state()
            );
        };
        assert_none();
        channel.ring(Ring::new()).await.unwrap();
        assert_none();
        channel.ring(Ring::new().early_media()).await.unwrap();
        assert_none();
        channel.answer(Answer::new()).await.unwrap();
        assert_none();
    });
}

/// CAU-1, CAU-4: the caller's CANCEL gives `NORMAL` and 487, its BYE `NORMAL` and 200.
#[test]
fn the_caller_clears_normally() {
    for (answers, raw_cause) in [(false, "487"), (true, "200")] {
        scene(2, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            channel.ring(Ring::new()).await.unwrap();
            if answers {
                channel.answer(Answer::new()).await.unwrap();
            }
            call.hang_up();
            assert_eq!(channel.wait_for_idle(Some(secs(1.0))).await, State::Idle);
            assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Normal, raw_cause));
        });
    }
}

/// CAU-3, CAU-8, DET-2: what a call ended with is never changed, not even by a late `reject()`.
#[test]
fn a_call_ends_once() {
    scene(3, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        channel.reject(Reject::new().cause(Cause::Busy)).await.unwrap();
        channel.hang_up().await;
        channel.reject(Reject::new().cause(Cause::Barred)).await.unwrap();
        channel.answer(Answer::new()).await.unwrap_err();
        scene.sim.sleep(secs(60.0)).await;
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Busy, "486"));
    });
}

/// CAU-8, ST-5: whoever sees `IDLE` sees the cause that belongs to it.
#[test]
fn state_and_cause_change_together() {
    scene(4, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        let mut events = channel.events();
        channel.reject(Reject::new().cause(Cause::Changed)).await.unwrap();
        let mut last = None;
        while let Some(event) = events.try_next() {
            if let offhook::ChannelEvent::State { state, cause, details } = event {
                last = Some((state, cause, details.raw_cause.to_string()));
            }
        }
        assert_eq!(last, Some((State::Idle, Cause::Changed, "410".to_owned())));
    });
}

/// CAU-1, CAU-4, RUN-18: an exception before the answer gives 500 and `ERROR`, after it a BYE.
#[test]
fn an_exception_before_the_answer_is_an_error() {
    scene(5, |mut scene| async move {
        let (call, instance) = scene.plain_call().await;
        instance.ring(Ring::new()).await.unwrap();
        let channel = instance.end(Err(AppError::exception("out of luck")));
        assert_eq!(call.cleared().await.unwrap().status, 500);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Error, "500"));
    });
}

/// CAU-7: a Q.850 cause in the caller's BYE or CANCEL is kept.
#[test]
fn the_q850_cause_of_the_caller_is_kept() {
    for answers in [false, true] {
        scene(6, |mut scene| async move {
            let mut raw = scene.raw();
            let mut dialog = raw.call(scene.address());
            raw.send(scene.address(), dialog.invite());
            let channel = scene.instance().await;
            let reason = "Max-Forwards: 70\r\nReason: Q.850;cause=16;text=\"Terminated\"\r\n";
            let goodbye = if answers {
                let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
                let ok = raw.receive_response(200).await;
                raw.send(scene.address(), dialog.ack(&ok));
                answering.await.unwrap().unwrap();
                dialog.bye(&ok)
            } else {
                dialog.cancel()
            };
            assert_eq!(channel.details().q850, None);
            raw.send(scene.address(), goodbye.replace("Max-Forwards: 70\r\n", reason));
            scene.sim.sleep(ms(10)).await;
            assert_eq!((channel.state(), channel.details().q850), (State::Idle, Some(16)));
        });
    }
}
