//! `hold()` and `retrieve()`.

use offhook::caller::Reception;
use offhook::sim::{RawAnswer, Sim};
use offhook::sip::OfferMethod;
use offhook::sip::sdp::Direction;
use offhook::{Answer, ErrorKind, OperationError, Play, PlayableMedia, PlayerCause, Reject, State};

use crate::outbound_calls::{outbound_scene, started, to_callee};
use crate::support::*;

/// HOLD-1, HOLD-2, HOLD-3, HOLD-4, ST-4: the far end is asked by `sendonly`, hears the music again and again, and
/// comes back.
#[test]
fn the_far_end_hears_music_until_it_is_retrieved() {
    scene(1, |mut scene| async move {
        let music = scene.file("music.wav", &sine(440.0, 0.7));
        let (call, channel) = scene.plain_call().await;
        let mut events = channel.events();
        channel.answer(Answer::new()).await.unwrap();
        scene.sim.sleep(ms(500)).await;
        assert_eq!(channel.hold(Some(PlayableMedia::file(music))).await.unwrap(), State::OnHold);
        let begun = call.heard().await.sound().duration().as_secs_f64();
        scene.sim.sleep(secs(3.0)).await;
        assert_eq!(channel.retrieve().await.unwrap(), State::Answered);
        scene.sim.sleep(secs(1.0)).await;
        let sound = call.heard().await.sound();
        assert_tone(part(&sound, begun + 0.2, begun + 2.8), 440.0, -10.0);
        assert_silent(part(&sound, begun + 3.2, begun + 3.8));
        let offers: Vec<String> = call
            .ladder()
            .iter()
            .filter(|step| step.method == "INVITE" && step.status.is_none() && step.text().contains("v=0"))
            .map(|step| step.text())
            .collect();
        assert_eq!(offers.len(), 3);
        assert!(offers[1].contains("a=sendonly") && offers[2].contains("a=sendrecv"), "{offers:#?}");
        let mut states = Vec::new();
        while let Some(event) = events.try_next() {
            if let offhook::ChannelEvent::State { state, .. } = event {
                states.push(state);
            }
        }
        assert_eq!(
            states,
            [State::Answering, State::Answered, State::Holding, State::OnHold, State::Answered]
        );
    });
}

/// HOLD-3: without music the far end hears silence; the running job ends with `ABORTED`.
#[test]
fn holding_stops_what_plays() {
    scene(2, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 9.0));
        let (call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        let player = channel.file_player();
        player.start(Play::file(tone)).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        channel.hold(None).await.unwrap();
        assert_eq!(player.cause(), PlayerCause::Aborted);
        let begun = call.heard().await.sound().duration().as_secs_f64();
        scene.sim.sleep(secs(1.0)).await;
        assert_silent(part(&call.heard().await.sound(), begun + 0.1, begun + 0.9));
    });
}

/// HOLD-1, HOLD-4, GEN-6: other states raise `Error`, `IDLE` raises `Hangup`.
#[test]
fn hold_needs_an_answered_call() {
    scene(3, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        for error in [channel.hold(None).await.unwrap_err(), channel.retrieve().await.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::WrongState, "{error}");
        }
        channel.answer(Answer::new()).await.unwrap();
        assert_eq!(channel.retrieve().await.unwrap_err().kind(), ErrorKind::WrongState);
        channel.hold(None).await.unwrap();
        assert_eq!(channel.hold(None).await.unwrap_err().kind(), ErrorKind::WrongState);
        channel.hang_up().await;
        assert!(channel.hold(None).await.unwrap_err().is_hangup());
        assert!(channel.retrieve().await.unwrap_err().is_hangup());
    });
}

/// HOLD-3, MED-11: music that cannot be played is refused before anything is sent.
#[test]
fn music_is_checked_first() {
    scene(4, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        let before = call.ladder().len();
        let error = channel.hold(Some(PlayableMedia::file("missing.wav"))).await.unwrap_err();
        assert_eq!((error.kind(), channel.state()), (ErrorKind::Media, State::Answered), "{error}");
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(call.ladder().len(), before);
    });
}

/// HOLD-2, HOLD-4: a refusal leaves the call as it was.
#[test]
fn a_far_end_may_refuse() {
    outbound_scene(5, |mut scene| async move {
        let mut raw = scene.sim.raw_peer(Sim::CALLEE);
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        let invite = raw.receive_request("INVITE").await;
        let sdp = offhook::sim::RawCall::offer(RAW_RTP, "8");
        raw.send(scene.address(), RawAnswer::new(&invite, Sim::CALLEE).response(200, "", &sdp));
        channel.wait_for_answer(None).await.unwrap();
        let holding = channel.spawn(|channel| async move { channel.hold(None).await });
        raw.receive_request("ACK").await;
        let offer = raw.receive_request("INVITE").await;
        assert_eq!(channel.state(), State::Holding);
        raw.send(scene.address(), RawAnswer::new(&offer, Sim::CALLEE).response(488, "", ""));
        assert_eq!(holding.await.unwrap().unwrap(), State::Answered);
        assert_eq!(channel.state(), State::Answered);

        let holding = channel.spawn(|channel| async move { channel.hold(None).await });
        let offer = raw.receive_request("INVITE").await;
        let held = sdp.replace("o=- 1 1", "o=- 1 2") + "a=recvonly\r\n";
        raw.send(scene.address(), RawAnswer::new(&offer, Sim::CALLEE).response(200, "", &held));
        assert_eq!(holding.await.unwrap().unwrap(), State::OnHold);
        let retrieving = channel.spawn(|channel| async move { channel.retrieve().await });
        raw.receive_request("ACK").await;
        let offer = raw.receive_request("INVITE").await;
        raw.send(scene.address(), RawAnswer::new(&offer, Sim::CALLEE).response(488, "", ""));
        assert_eq!(retrieving.await.unwrap().unwrap(), State::OnHold);
    });
}

/// HOLD-5, HOLD-1, REJ-7: on hold media functions raise `Error`; `reject()` and `hang_up()` work.
#[test]
fn on_hold_nothing_plays_and_the_call_can_be_ended() {
    for rejects in [false, true] {
        scene(6, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            channel.answer(Answer::new()).await.unwrap();
            channel.hold(None).await.unwrap();
            let error = channel.file_player().start(Play::text("Hello")).await.unwrap_err();
            assert_eq!((error.kind(), channel.state()), (ErrorKind::WrongState, State::OnHold), "{error}");
            if rejects {
                channel.reject(Reject::new()).await.unwrap();
            } else {
                channel.hang_up().await;
            }
            assert_eq!((channel.state(), call.cleared().await.unwrap().status), (State::Idle, 200));
        });
    }
}

/// GEN-7, HOLD-2: a call that clears while the far end is asked ends `hold()` with `IDLE`.
#[test]
fn clearing_ends_the_hold() {
    outbound_scene(7, |mut scene| async move {
        let mut callee = scene.sim.callee(Sim::CALLEE, Reception::new().answer()).await;
        let channel = started(&mut scene).await;
        channel.call(to_callee()).await.unwrap();
        let call = callee.next_call().await.unwrap();
        scene.sim.intercept(|datagram| match datagram.is_about("INVITE") {
            true => offhook::sim::Fate::Lose,
            false => offhook::sim::Fate::Pass,
        });
        let holding = channel.spawn(|channel| async move { channel.hold(None).await });
        scene.sim.sleep(secs(1.0)).await;
        call.hang_up();
        assert_eq!(holding.await.unwrap().unwrap(), State::Idle);
    });
}

/// HOLD-6: an offer of the far end while we hold it leaves it on hold.
#[test]
fn a_held_far_end_cannot_resume_by_itself() {
    scene(8, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        channel.hold(None).await.unwrap();
        let outcome = call.offer(OfferMethod::ReInvite, Direction::SendRecv).await;
        assert!(
            matches!(outcome, offhook::caller::OfferOutcome::Accepted(Direction::RecvOnly)),
            "{outcome:?}"
        );
        assert_eq!(channel.state(), State::OnHold);
        assert_eq!(channel.retrieve().await.unwrap(), State::Answered);
    });
}

/// HOLD-6: 491 is answered by another attempt after a while.
#[test]
fn glare_is_resolved_by_another_attempt() {
    outbound_scene(9, |mut scene| async move {
        let mut raw = scene.sim.raw_peer(Sim::CALLEE);
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        let invite = raw.receive_request("INVITE").await;
        let sdp = offhook::sim::RawCall::offer(RAW_RTP, "8");
        raw.send(scene.address(), RawAnswer::new(&invite, Sim::CALLEE).response(200, "", &sdp));
        channel.wait_for_answer(None).await.unwrap();
        let holding = channel.spawn(|channel| async move { timed(channel.hold(None)).await });
        raw.receive_request("ACK").await;
        let first = raw.receive_request("INVITE").await;
        raw.send(scene.address(), RawAnswer::new(&first, Sim::CALLEE).response(491, "", ""));
        raw.receive_request("ACK").await;
        let second = raw.receive_request("INVITE").await;
        let held = sdp.replace("o=- 1 1", "o=- 1 2") + "a=recvonly\r\n";
        raw.send(scene.address(), RawAnswer::new(&second, Sim::CALLEE).response(200, "", &held));
        let (state, blocked) = holding.await.unwrap();
        assert_eq!(state.unwrap(), State::OnHold);
        // We own the Call-ID: 2.1 to 4 seconds (RFC 3261 section 14.1).
        assert!((2.1..=4.1).contains(&blocked.as_secs_f64()), "{blocked:?}");
    });
}

/// RUN-28, HOLD-4: the time without RTP is not counted on hold, and again from the retrieval on.
#[test]
fn missing_media_is_not_counted_on_hold() {
    scene_with(
        10,
        |config| config.media_timeout = secs(3.0),
        |mut scene| async move {
            let (_call, channel) = scene.call(scene.request().silent()).await;
            channel.answer(Answer::new()).await.unwrap();
            channel.hold(None).await.unwrap();
            scene.sim.sleep(secs(20.0)).await;
            assert_eq!(channel.state(), State::OnHold);
            channel.retrieve().await.unwrap();
            let (_, lasted) = timed(channel.wait_for_idle(None)).await;
            assert_near(lasted, secs(3.0), ms(500));
            assert_eq!(&*channel.details().raw_cause, "-2");
        },
    );
}
