//! Giving up on an operation: dropping its future.

use offhook::{Answer, Play, PlayerCause, PlayerState, Ring, State};
use tokio::time::timeout;

use crate::support::*;

/// GEN-17, RING-5: giving up on a `ring()` leaves the call as it is; it rings on, and another operation may follow.
#[test]
fn giving_up_on_a_ring_leaves_the_call_ringing() {
    scene(1, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 0.4));
        let (call, channel) = scene.plain_call().await;
        let ring = Ring::new().early_media().ringtone(offhook::PlayableMedia::file(tone)).looped();
        assert!(timeout(secs(1.0), channel.ring(ring.seconds(60.0))).await.is_err());
        assert_eq!(channel.state(), State::RingIncoming);
        assert_eq!(channel.ring(Ring::new().seconds(0.5)).await.unwrap(), State::RingIncoming);
        assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
        assert_eq!(call.statuses(), [183, 200]);
    });
}

/// GEN-17: giving up on an `answer()` leaves the call as it is; the ACK still makes it `ANSWERED`.
#[test]
fn giving_up_on_an_answer_leaves_it_under_way() {
    scene(2, |mut scene| async move {
        let mut raw = scene.raw();
        let mut dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        assert!(timeout(secs(1.0), channel.answer(Answer::new())).await.is_err());
        assert_eq!(channel.state(), State::Answering);
        let ok = raw.receive_response(200).await;
        raw.send(scene.address(), dialog.ack(&ok));
        scene.sim.sleep(ms(10)).await;
        assert_eq!(channel.state(), State::Answered);
    });
}

/// GEN-17: giving up on a job stops it with `ABORTED`.
#[test]
fn giving_up_on_a_job_stops_it() {
    scene(3, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 10.0));
        let (call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        let player = channel.file_player();
        assert!(timeout(secs(1.0), player.play(Play::file(&tone))).await.is_err());
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!((player.state(), player.cause()), (PlayerState::Idle, PlayerCause::Aborted));
        assert_one_burst(&call.heard().await.sound(), 1000.0);
        assert_eq!(player.play(Play::file(&tone).seconds_timeout(0.1)).await.unwrap(), PlayerCause::Timeout);
    });
}

/// GEN-17, MED-13: giving up on a wait leaves the job running.
#[test]
fn giving_up_on_a_wait_leaves_the_job_running() {
    scene(4, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 2.0));
        let (_call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        let player = channel.file_player();
        player.start(Play::file(&tone)).await.unwrap();
        assert!(timeout(secs(1.0), player.wait_until_finished(None)).await.is_err());
        assert_eq!(player.state(), PlayerState::Playing);
        assert_eq!(player.wait_until_finished(None).await, PlayerCause::Normal);
    });
}
