//! Limits and settings: `auto_ring`, the limiter, `max_call_seconds`, `media_timeout_seconds`.

use offhook::caller::OfferOutcome;
use offhook::sim::{RawCall, RawPeer};
use offhook::sip::sdp::Direction;
use offhook::sip::{OfferMethod, Response};
use offhook::{Answer, AppError, Cause, Config, Play, PlayerCause, Refusal, Ring, State};

use crate::rtp;
use crate::support::*;

/// RUN-12, ST-2, ST-4: 100 is sent at once, and ringing is left to the application.
#[test]
fn ringing_is_left_to_the_application() {
    scene(1, |mut scene| async move {
        let mut raw = scene.raw();
        let dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let first = raw.receive().await.unwrap();
        assert_eq!((first.status(), first.at), (Some(100), scene.sim.elapsed()));
        let channel = scene.instance().await;
        scene.sim.sleep(secs(30.0)).await;
        assert_eq!(channel.state(), State::CallIncoming);
        assert_eq!(statuses(&raw.receive_for(Duration::ZERO).await), []);
    });
}

/// RUN-12, ST-2, RING-20, RING-22: with `auto_ring` 180 is sent on arrival, and the call starts in `RING_INCOMING`.
#[test]
fn auto_ring_rings_on_arrival() {
    scene_with(
        2,
        |config| config.auto_ring = true,
        |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            assert_eq!(channel.state(), State::RingIncoming);
            assert_eq!(responses(&call), [(180, Duration::ZERO)]);
            channel.ring(Ring::new()).await.unwrap();
            assert_eq!(call.statuses(), [180]);
            channel.ring(Ring::new().early_media()).await.unwrap();
            assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
            assert_eq!(call.statuses(), [180, 183, 200]);
        },
    );
}

/// RUN-15, CAU-6: an application that cannot be started refuses the call.
#[test]
fn an_application_that_cannot_be_started_refuses_the_call() {
    for (refusal, status) in [(Refusal::NotFound, 404), (Refusal::Invalid, 500), (Refusal::Busy, 503)] {
        scene_with(
            3,
            |config| config.retry_after = Duration::from_secs(23),
            |mut scene| async move {
                let (call, instance) = scene.plain_call().await;
                let channel = instance.end(Err(AppError::refused(refusal, "cannot be started")));
                assert_eq!(call.cleared().await.unwrap().status, status);
                let retry_after = header(&call.response(status).await.unwrap(), "Retry-After");
                assert_eq!(retry_after.as_deref(), (status == 503).then_some("23"));
                assert_eq!(channel.state(), State::Idle);
            },
        );
    }
}

/// RUN-18, MED-10, HUP-9: when the instance returns, its call is closed and its jobs end with it.
#[test]
fn the_end_of_the_instance_closes_its_call() {
    scene(4, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 60.0));
        let (call, instance) = scene.plain_call().await;
        instance.answer(Answer::new()).await.unwrap();
        instance.file_player().start(Play::file(tone)).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        let channel = instance.end(Ok(7));
        assert_eq!(channel.wait_for_idle(Some(secs(1.0))).await, State::Idle);
        assert_eq!((channel.cause(), channel.file_player().cause()), (Cause::Normal, PlayerCause::Hangup));
        assert_eq!(call.cleared().await.unwrap().status, 200);
    });
}

/// RUN-19: an instance goes on after its call has cleared, and counts as running until it returns.
#[test]
fn an_instance_outlives_its_call() {
    scene(5, |mut scene| async move {
        let (call, instance) = scene.plain_call().await;
        call.hang_up();
        instance.wait_for_idle(None).await;
        scene.sim.sleep(secs(600.0)).await;
        let counts = scene.server.counts().await;
        assert_eq!((counts.instances, counts.calls_up), (1, 0), "{counts:?}");
        assert_eq!(instance.state(), State::Idle);
        instance.end(Ok(0));
        scene.sim.sleep(ms(10)).await;
        let counts = scene.server.counts().await;
        assert_eq!((counts.instances, counts.calls), (0, 0), "{counts:?}");
    });
}

/// RUN-25, CAU-6: at `num_apps` instances new calls get 503, until the number has fallen to `num_apps_lower`.
#[test]
fn the_limiter_backs_off() {
    let limit = |config: &mut Config| {
        config.num_apps = 3;
        config.num_apps_lower = 1;
    };
    scene_with(6, limit, |mut scene| async move {
        let mut running = Vec::new();
        for _ in 0..3 {
            running.push(scene.plain_call().await.1);
        }
        for left in [3, 2] {
            let call = scene.caller.call(scene.request()).await.unwrap();
            assert_eq!(call.cleared().await.unwrap().status, 503, "{left} instances");
            let refusal = call.response(503).await.unwrap();
            assert_eq!(header(&refusal, "Retry-After").as_deref(), Some("10"));
            running.pop();
            scene.sim.sleep(ms(100)).await;
        }
        let (_call, channel) = scene.plain_call().await;
        assert_eq!(channel.state(), State::CallIncoming);
    });
}

/// RUN-26: with `app_responder` off new calls get 503.
#[test]
fn without_responder_calls_are_refused() {
    scene_with(
        7,
        |config| config.app_responder = false,
        |scene| async move {
            let call = scene.caller.call(scene.request()).await.unwrap();
            assert_eq!(call.cleared().await.unwrap().status, 503);
            assert_eq!(scene.started(), 0);
        },
    );
}

/// RUN-27, CAU-1, CAU-4: a call is cleared `max_call_seconds` after its answer, with `TIMEOUT` and -3.
#[test]
fn a_call_lasts_max_call_seconds() {
    scene_with(
        8,
        |config| config.max_call = Duration::from_secs(10),
        |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 60.0));
            let (call, channel) = scene.plain_call().await;
            channel.ring(Ring::new().seconds(30.0)).await.unwrap();
            channel.answer(Answer::new()).await.unwrap();
            let (cause, blocked) = timed(channel.file_player().play(Play::file(tone))).await;
            assert_eq!(cause.unwrap(), PlayerCause::Hangup);
            assert_near(blocked, secs(10.0), ms(100));
            assert_eq!((channel.state(), channel.cause()), (State::Idle, Cause::Timeout));
            assert_eq!(&*channel.details().raw_cause, "-3");
            assert_eq!(call.cleared().await.unwrap().status, 200);
            assert!(call.ladder().iter().any(|step| step.summary == "BYE"));
        },
    );
}

/// RUN-27: zero switches the limit off.
#[test]
fn a_call_without_limit_lasts() {
    scene_with(
        9,
        |config| config.max_call = Duration::ZERO,
        |mut scene| async move {
            let (_call, channel) = scene.plain_call().await;
            channel.answer(Answer::new()).await.unwrap();
            assert_eq!(channel.wait_for_idle(Some(secs(600.0))).await, State::Answered);
        },
    );
}

fn five_seconds(config: &mut Config) {
    config.media_timeout = Duration::from_secs(5);
}

/// Answers a raw peer's call; gives what goes on from there, and the server's RTP address.
async fn raw_answered(
    scene: &mut Scene,
    raw: &mut RawPeer,
) -> (RawCall, Instance, Response, std::net::SocketAddr) {
    let mut dialog = raw.call(scene.address());
    raw.send(scene.address(), dialog.invite());
    let channel = scene.instance().await;
    let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
    let ok = raw.receive_response(200).await;
    raw.send(scene.address(), dialog.ack(&ok));
    answering.await.unwrap().unwrap();
    let port = media_lines(&sdp(&ok))[0].split(' ').nth(1).unwrap().parse().unwrap();
    let server = std::net::SocketAddr::new(scene.address().ip(), port);
    (dialog, channel, ok, server)
}

/// RUN-28, CAU-1, CAU-4: a call that never hears anything is cleared that long after the answer.
#[test]
fn a_call_without_media_is_cleared() {
    scene_with(10, five_seconds, |mut scene| async move {
        let mut raw = scene.raw();
        let (_, channel, _, _) = raw_answered(&mut scene, &mut raw).await;
        let (state, waited) = timed(channel.wait_for_idle(Some(secs(60.0)))).await;
        assert_eq!(state, State::Idle);
        assert_near(waited, secs(5.0), ms(500));
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Timeout, "-2"));
        raw.receive_request("BYE").await;
    });
}

/// RUN-28: the time runs from the last packet, RTP or RTCP.
#[test]
fn the_media_timeout_runs_from_the_last_packet() {
    let rtcp =
        [&[0x80, 0xC9, 0, 1, 0, 0, 0x12, 0x67][..], &[0x81, 0xCA, 0, 2, 0, 0, 0x12, 0x67, 1, 1, b'a', 0]]
            .concat();
    for (seed, uses_rtcp) in [false, true].into_iter().enumerate() {
        let rtcp = rtcp.clone();
        scene_with(seed as u64, five_seconds, |mut scene| async move {
            let mut raw = scene.raw();
            let socket = scene.raw_rtp();
            let (_, channel, _, server) = raw_answered(&mut scene, &mut raw).await;
            let rtcp_to = std::net::SocketAddr::new(server.ip(), server.port() + 1);
            let mut rtp = rtp::silence(8, 4711).into_iter();
            for _ in 0..4 {
                scene.sim.sleep(secs(4.0)).await;
                assert_eq!(channel.state(), State::Answered);
                match uses_rtcp {
                    true => socket.send(rtcp_to, rtcp.clone()),
                    // Two in a row: a source that has sent one packet only is not trusted yet.
                    false => rtp.by_ref().take(2).for_each(|packet| socket.send(server, packet)),
                }
            }
            let (state, waited) = timed(channel.wait_for_idle(Some(secs(60.0)))).await;
            assert_eq!(state, State::Idle);
            assert_near(waited, secs(5.0), ms(500));
            assert_eq!(&*channel.details().raw_cause, "-2");
        });
    }
}

/// RUN-28: the time does not run before the answer, nor while the far end holds the call.
#[test]
fn the_media_timeout_is_suspended_on_hold() {
    scene_with(11, five_seconds, |mut scene| async move {
        let (call, channel) = scene.call(scene.request().silent()).await;
        channel.ring(Ring::new().early_media().seconds(20.0)).await.unwrap();
        channel.answer(Answer::new()).await.unwrap();
        scene.sim.sleep(secs(2.0)).await;
        let held = call.offer(OfferMethod::ReInvite, Direction::Inactive).await;
        assert!(matches!(held, OfferOutcome::Accepted(_)), "{held:?}");
        assert_eq!(channel.wait_for_idle(Some(secs(60.0))).await, State::Answered);
    });
}

/// RUN-28: zero, the default, switches the limit off.
#[test]
fn without_media_timeout_a_silent_call_lasts() {
    scene(12, |mut scene| async move {
        let mut raw = scene.raw();
        let (_, channel, _, _) = raw_answered(&mut scene, &mut raw).await;
        assert_eq!(channel.wait_for_idle(Some(secs(600.0))).await, State::Answered);
    });
}

/// GEN-7, EXC-1, HUP-2: a server that has ended leaves its calls `IDLE`; what needs the call raises `Hangup`.
#[test]
fn the_end_of_the_server_ends_its_calls() {
    scene(13, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        scene.server.shut_down().await;
        assert_eq!(call.cleared().await.unwrap().status, 200);
        assert_eq!(channel.state(), State::Idle);
        assert!(channel.ring(Ring::new()).await.unwrap_err().is_hangup());
        assert_eq!(channel.hang_up().await, State::Idle);
    });
}
