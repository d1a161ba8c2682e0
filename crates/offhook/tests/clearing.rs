//! How calls end: by the caller, by the application, by limits, by the end of the instance.

mod support;

use std::time::Duration;

use offhook::sim::Sim;
use offhook::{Answer, AppError, Cause, Play, PlayerCause, Reject, Ring, State};
use support::{one_call, to_server, watched};

/// RING-4, CAU-1, CAU-4: a CANCEL ends a blocked `ring` at once, without an error; the next call-control
/// function raises `Hangup`.
#[test]
fn a_cancel_ends_a_blocked_ring() {
    one_call(
        to_server(),
        async |channel| {
            assert_eq!(channel.ring(Ring::new().seconds(30.0)).await?, State::Idle);
            assert_eq!((channel.state(), channel.cause()), (State::Idle, Cause::Normal));
            assert_eq!(&*channel.details().raw_cause, "487");
            assert!(channel.ring(Ring::new()).await.unwrap_err().is_hangup());
            assert!(channel.answer(Answer::new()).await.unwrap_err().is_hangup());
            assert_eq!(channel.hang_up().await, State::Idle);
            Ok(0)
        },
        async |sim, call| {
            assert!(call.ringing().await);
            sim.sleep(Duration::from_secs(2)).await;
            call.hang_up();
            assert_eq!(call.cleared().await.unwrap().status, 487);
            assert!(sim.elapsed() < Duration::from_millis(2050), "{:?}", sim.elapsed());
        },
    );
}

/// REJ-1, REJ-2, REJ-9, CAU-5: `reject` sends the code of its cause, during early media too.
#[test]
fn a_call_is_rejected_during_early_media() {
    one_call(
        to_server(),
        async |channel| {
            channel.ring(Ring::new().early_media().seconds(1.0)).await?;
            assert_eq!(channel.reject(Reject::new().cause(Cause::Busy)).await?, State::Idle);
            assert_eq!(channel.cause(), Cause::Busy);
            assert_eq!(&*channel.details().raw_cause, "486");
            Ok(0)
        },
        async |_, call| {
            assert_eq!(call.cleared().await.unwrap().status, 486);
            assert_eq!(call.statuses(), [183, 486]);
        },
    );
}

/// REJ-4, REJ-5: an unsupported raw cause leaves the call in place.
#[test]
fn an_unsupported_raw_cause_changes_nothing() {
    one_call(
        to_server(),
        async |channel| {
            assert_eq!(channel.reject(Reject::new().raw_cause("302")).await?, State::Error);
            assert_eq!(channel.state(), State::CallIncoming);
            assert_eq!(channel.reject(Reject::new().raw_cause(404)).await?, State::Idle);
            assert_eq!(channel.cause(), Cause::Unobtainable);
            Ok(0)
        },
        async |_, call| assert_eq!(call.cleared().await.unwrap().status, 404),
    );
}

/// GEN-7, MED-10, ST-5, HUP-9: the caller's BYE ends a running job with HANGUP and makes the call idle.
#[test]
fn a_bye_ends_a_running_job() {
    one_call(
        to_server(),
        async |channel| {
            channel.answer(Answer::new()).await?;
            let text = Play::text("This is said again and again.").looped();
            assert_eq!(channel.file_player().play(text).await?, PlayerCause::Hangup);
            assert_eq!((channel.state(), channel.cause()), (State::Idle, Cause::Normal));
            assert!(channel.file_player().say("Gone.").await.unwrap_err().is_hangup());
            Ok(0)
        },
        async |sim, call| {
            assert!(call.answered().await);
            sim.sleep(Duration::from_secs(5)).await;
            call.hang_up();
            assert_eq!(call.cleared().await.unwrap().status, 200);
        },
    );
}

/// RUN-27, CAU-4: a call that lasts `max_call_seconds` is cleared with TIMEOUT and "-3".
#[test]
fn a_call_that_lasts_too_long_is_cleared() {
    Sim::new(1).run(|sim| async move {
        let (app, mut outcome) = watched(async |channel| {
            channel.answer(Answer::new()).await?;
            channel.wait_for_idle(None).await;
            assert_eq!(channel.cause(), Cause::Timeout);
            assert_eq!(&*channel.details().raw_cause, "-3");
            assert_eq!(channel.details().duration, Duration::from_secs(60));
            Ok(0)
        });
        let _server = sim.server_with(|config| config.max_call = Duration::from_secs(60), app).await;
        let caller = sim.caller().await;
        let call = caller.call(to_server()).await.unwrap();
        call.cleared().await;
        assert!(call.ladder().iter().any(|step| step.method == "BYE"));
        outcome.recv().await.unwrap().unwrap();
    });
}

/// RUN-28, CAU-4: a call without RTP is cleared with TIMEOUT and "-2", exact to half a second.
#[test]
fn a_call_without_rtp_is_cleared() {
    Sim::new(1).run(|sim| async move {
        let (app, mut outcome) = watched(async |channel| {
            channel.answer(Answer::new()).await?;
            channel.wait_for_idle(None).await;
            assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Timeout, "-2"));
            Ok(0)
        });
        let _server = sim.server_with(|config| config.media_timeout = Duration::from_secs(10), app).await;
        let caller = sim.caller().await;
        let call = caller.call(to_server().silent()).await.unwrap();
        call.cleared().await;
        let lasted = sim.elapsed();
        assert!((10.0..10.5).contains(&lasted.as_secs_f64()), "{lasted:?}");
        outcome.recv().await.unwrap().unwrap();
    });
}

/// RUN-18, CAU-1: after an exception or a panic an unanswered call gets 500 with cause ERROR.
#[test]
fn a_failed_instance_refuses_its_call() {
    for panics in [false, true] {
        Sim::new(1).run(|sim| async move {
            let app = move |channel: offhook::CallChannel| async move {
                channel.ring(Ring::new()).await?;
                assert!(!panics, "this instance panics");
                Err(AppError::exception("this instance fails"))
            };
            let server = sim.server(app).await;
            let caller = sim.caller().await;
            let call = caller.call(to_server()).await.unwrap();
            assert_eq!(call.cleared().await.unwrap().status, 500);
            assert_eq!(server.counts().await.instances, 0);
        });
    }
}

/// RUN-18: when `main` returns, a call that is still up is hung up.
#[test]
fn a_returned_instance_hangs_up() {
    one_call(
        to_server(),
        async |channel| {
            channel.answer(Answer::new()).await?;
            Ok(0)
        },
        async |_, call| {
            assert!(call.answered().await);
            assert_eq!(call.cleared().await.unwrap().status, 200);
        },
    );
}
