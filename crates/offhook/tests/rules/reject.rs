//! `reject()`.

use offhook::{Answer, Cause, ErrorKind, OperationError, PlayableMedia, Reject, Ring, State};

use crate::support::*;

/// REJ-1, REJ-2, CAU-1, CAU-4, CAU-5: the code that each permitted cause sends.
#[test]
fn each_cause_sends_its_code() {
    let rows = [
        (Cause::Busy, 486),
        (Cause::NoAnswer, 480),
        (Cause::Unobtainable, 404),
        (Cause::Changed, 410),
        (Cause::OutOfOrder, 502),
        (Cause::Barred, 403),
        (Cause::Rejected, 603),
        (Cause::NoChannels, 503),
        (Cause::Congestion, 503),
    ];
    for (seed, (cause, code)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            assert_eq!(channel.reject(Reject::new().cause(cause)).await.unwrap(), State::Idle);
            assert_eq!((channel.state(), channel.cause()), (State::Idle, cause));
            assert_eq!(&*channel.details().raw_cause, code.to_string());
            assert_eq!(call.cleared().await.unwrap().status, code);
        });
    }
}

/// REJ-2: without a cause it is `REJECTED`, 603.
#[test]
fn the_default_is_rejected() {
    scene(1, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.reject(Reject::new()).await.unwrap();
        assert_eq!((channel.cause(), call.cleared().await.unwrap().status), (Cause::Rejected, 603));
    });
}

/// REJ-2, RING-6: the other causes are errors, and the call stays.
#[test]
fn a_cause_without_a_code_is_an_error() {
    for cause in [Cause::Timeout, Cause::Error, Cause::Normal, Cause::Failed, Cause::Other] {
        scene(2, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            let error = channel.reject(Reject::new().cause(cause)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument, "{error}");
            assert!(error.to_string().contains(cause.name()), "{error}");
            assert_eq!((channel.state(), call.statuses()), (State::CallIncoming, vec![]));
        });
    }
}

/// CAU-1, CAU-6: `NOCHANNELS` sends `Retry-After` with the setting, `CONGESTION` sends none.
#[test]
fn retry_after_goes_with_nochannels_only() {
    for (seconds, cause, expected) in [
        (10, Cause::NoChannels, Some("10")),
        (37, Cause::NoChannels, Some("37")),
        (37, Cause::Congestion, None),
    ] {
        scene_with(
            3,
            |config| config.retry_after = Duration::from_secs(seconds),
            |mut scene| async move {
                let (call, channel) = scene.plain_call().await;
                channel.reject(Reject::new().cause(cause)).await.unwrap();
                let refusal = call.response(503).await.unwrap();
                assert_eq!(header(&refusal, "Retry-After").as_deref(), expected, "{cause}");
            },
        );
    }
}

/// REJ-3, REJ-4, CAU-4, CAU-5: a raw cause overrides the cause; the cause is then that of receiving the code.
#[test]
fn a_raw_cause_is_sent_as_it_is() {
    let rows = [
        ("486", Cause::Busy),
        ("600", Cause::Busy),
        ("408", Cause::NoAnswer),
        ("484", Cause::Unobtainable),
        ("504", Cause::OutOfOrder),
        ("488", Cause::NoChannels),
        ("503", Cause::Congestion),
        ("500", Cause::Failed),
        ("400", Cause::Other),
        ("606", Cause::Other),
        ("699", Cause::Other),
    ];
    for (seed, (code, cause)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            let reject = Reject::new().cause(Cause::Barred).raw_cause(code);
            assert_eq!(channel.reject(reject).await.unwrap(), State::Idle);
            assert_eq!((channel.cause(), &*channel.details().raw_cause), (cause, code));
            assert_eq!(call.cleared().await.unwrap().status.to_string(), code);
        });
    }
}

/// REJ-3: a number is taken as its decimal string.
#[test]
fn a_raw_cause_may_be_a_number() {
    scene(4, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.reject(Reject::new().raw_cause(486)).await.unwrap();
        assert_eq!(call.cleared().await.unwrap().status, 486);
    });
}

/// REJ-4, REJ-5: an unsupported raw cause returns `ERROR` and leaves the call in place.
#[test]
fn an_unsupported_raw_cause_leaves_the_call() {
    for code in ["401", "407", "399", "302", "200", "700", "0", "", "busy", "48 6", "4860", "-486"] {
        scene(5, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            channel.ring(Ring::new()).await.unwrap();
            let outcome = channel.reject(Reject::new().raw_cause(code)).await.unwrap();
            assert_eq!((outcome, channel.state()), (State::Error, State::RingIncoming), "{code:?}");
            scene.sim.sleep(ms(100)).await;
            assert_eq!(call.statuses(), [180], "{code:?}");
            assert_eq!(channel.reject(Reject::new().raw_cause("486")).await.unwrap(), State::Idle);
            assert_eq!(call.cleared().await.unwrap().status, 486);
        });
    }
}

/// REJ-6: it blocks until `IDLE`; a far end that never confirms holds it for 60 seconds at most.
#[test]
fn rejecting_takes_60_seconds_at_most() {
    for (seed, answered) in [false, true].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let mut raw = scene.raw();
            let mut dialog = raw.call(scene.address());
            raw.send(scene.address(), dialog.invite());
            let channel = scene.instance().await;
            if answered {
                let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
                let ok = raw.receive_response(200).await;
                raw.send(scene.address(), dialog.ack(&ok));
                answering.await.unwrap().unwrap();
            }
            // The refusal gets no ACK, the BYE no 200.
            let (state, blocked) = timed(channel.reject(Reject::new())).await;
            assert!(blocked <= secs(60.1), "{blocked:?}");
            assert_eq!(state.unwrap(), channel.state());
            assert_eq!(channel.wait_for_idle(Some(secs(60.0))).await, State::Idle);
        });
    }
}

/// REJ-7: while the answer is under way `reject()` is an error.
#[test]
fn rejecting_while_answering_is_an_error() {
    scene(6, |mut scene| async move {
        let mut raw = scene.raw();
        let mut dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
        let ok = raw.receive_response(200).await;
        let error = channel.reject(Reject::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WrongState, "{error}");
        raw.send(scene.address(), dialog.ack(&ok));
        assert_eq!(answering.await.unwrap().unwrap(), State::Answered);
    });
}

/// REJ-1, REJ-7, REJ-8: a connected call is released by BYE with a `Reason` that holds the code.
#[test]
fn a_connected_call_is_released_with_a_reason() {
    scene(7, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        assert_eq!(channel.reject(Reject::new().cause(Cause::Busy)).await.unwrap(), State::Idle);
        call.cleared().await;
        let bye = call.ladder().into_iter().find(|step| step.summary == "BYE").expect("a BYE").text();
        let reason = bye.lines().find(|line| line.starts_with("Reason:")).expect("a Reason");
        assert!(reason.contains("SIP") && reason.contains("cause=486"), "{reason}");
        assert_eq!(&*channel.details().raw_cause, "200");
    });
}

/// REJ-9: during early media the audio stops, then the final response is sent.
#[test]
fn rejecting_stops_early_media_first() {
    scene(8, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 0.7));
        let (call, channel) = scene.plain_call().await;
        channel.ring(Ring::new().early_media().ringtone(PlayableMedia::file(tone)).looped()).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(channel.reject(Reject::new()).await.unwrap(), State::Idle);
        scene.sim.sleep(secs(1.0)).await;
        let refused_at = responses(&call).iter().find(|(status, _)| *status == 603).unwrap().1;
        let heard = call.heard().await;
        assert!(heard.packets.iter().all(|packet| packet.at <= refused_at));
        assert_one_burst(&heard.sound(), 1000.0);
    });
}
