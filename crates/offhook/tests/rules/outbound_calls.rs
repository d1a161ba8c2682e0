//! Outbound calls: `call()`, `start_call()`, `wait_for_answer()`.

use std::future::Future;

use offhook::caller::Reception;
use offhook::sim::{RawAnswer, RawCall, Sim};
use offhook::{Cause, Dial, Direction, ErrorKind, HeaderField, OperationError, Service, State};

use crate::support::*;

/// A scenario whose server has an outbound service `out`.
pub(crate) fn outbound_scene<Running: Future<Output = ()>>(seed: u64, run: impl FnOnce(Scene) -> Running) {
    outbound_scene_with(seed, |_| {}, run);
}

/// The same with other settings.
pub(crate) fn outbound_scene_with<Running: Future<Output = ()>>(
    seed: u64,
    change: impl FnOnce(&mut offhook::Config),
    run: impl FnOnce(Scene) -> Running,
) {
    let change = |config: &mut offhook::Config| {
        let mut service = Service::outbound("out", "out");
        service.extra_channels = 1;
        config.services = vec![service];
        change(config);
    };
    scene_with(seed, change, run);
}

/// Starts an instance of the outbound service.
pub(crate) async fn started(scene: &mut Scene) -> Instance {
    scene.server.start_outbound("out", "").expect("the service is there");
    scene.instance().await
}

/// Calls the callee.
pub(crate) fn to_callee() -> Dial {
    Dial::to(format!("sip:200@{}", Sim::CALLEE))
}

/// CALL-1, CALL-3, CALL-9, ST-3, ST-4, DET-4, GEN-20: from `IDLE` over the outbound states to `ANSWERED`.
#[test]
fn a_call_goes_through_the_outbound_states() {
    outbound_scene(1, |mut scene| async move {
        let reception = Reception::new().wait(secs(1.0)).ring().wait(secs(2.0)).answer();
        let mut callee = scene.sim.callee(Sim::CALLEE, reception).await;
        let channel = started(&mut scene).await;
        assert_eq!(channel.state(), State::Idle);
        assert_eq!((&*channel.details().call_id, channel.details().direction), ("", Direction::Outbound));
        let calling = channel.spawn(|channel| async move { timed(channel.call(to_callee())).await });
        scene.sim.sleep(ms(500)).await;
        assert_eq!(channel.state(), State::CallOutgoing);
        scene.sim.sleep(ms(1000)).await;
        assert_eq!(channel.state(), State::RingOutgoing);
        let (state, blocked) = calling.await.unwrap();
        assert_eq!((state.unwrap(), channel.state()), (State::Answered, State::Answered));
        assert_near(blocked, secs(3.0), ms(50));
        let details = channel.details();
        assert_eq!((&*details.call_to, &*details.call_target), ("200", "200"));
        assert_eq!(details.remote_address, Some(Sim::CALLEE));
        assert!(details.answer_time.is_some() && !details.call_id.is_empty());
        let call = callee.next_call().await.unwrap();
        assert!(call.answered().await);
        channel.hang_up().await;
        assert_eq!(call.cleared().await.unwrap().status, 200);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Normal, "200"));
    });
}

/// CALL-2, GEN-21: a channel with a call makes no other; a blocking call is named.
#[test]
fn a_channel_with_a_call_makes_no_other() {
    outbound_scene(2, |mut scene| async move {
        let reception = Reception::new().wait(secs(1.0)).answer();
        let _callee = scene.sim.callee(Sim::CALLEE, reception).await;
        let channel = started(&mut scene).await;
        let calling = channel.spawn(|channel| async move { channel.call(to_callee()).await });
        scene.sim.sleep(ms(100)).await;
        let busy = channel.start_call(to_callee()).await.unwrap_err();
        assert!(busy.kind() == ErrorKind::Busy && busy.to_string().contains("call()"), "{busy}");
        calling.await.unwrap().unwrap();
        let wrong = channel.call(to_callee()).await.unwrap_err();
        assert!(wrong.kind() == ErrorKind::WrongState && !wrong.is_hangup(), "{wrong}");
        assert_eq!(wrong.to_string(), "call() in state ANSWERED; allowed in IDLE");
    });
}

/// CALL-4, CAU-1, CAU-4, GEN-8, GEN-12: after its time the call is cancelled, and `call()` returns `IDLE`.
#[test]
fn a_call_is_abandoned_after_its_time() {
    outbound_scene(3, |mut scene| async move {
        let mut callee = scene.sim.callee(Sim::CALLEE, Reception::new().ring()).await;
        let channel = started(&mut scene).await;
        let (state, blocked) = timed(channel.call(to_callee().seconds_timeout(Some(5.0)))).await;
        assert_eq!(state.unwrap(), State::Idle);
        assert_near(blocked, secs(5.0), ms(50));
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Timeout, "487"));
        let call = callee.next_call().await.unwrap();
        assert_eq!(call.cleared().await.unwrap().status, 487);
        assert!(got(&call, 200, "CANCEL") || call.ladder().iter().any(|step| step.method == "CANCEL"));
    });
}

/// CALL-4, GEN-9: `None` sets no limit; what is no time is refused before anything is sent.
#[test]
fn the_time_limit_may_be_absent_but_not_senseless() {
    outbound_scene(4, |mut scene| async move {
        let _callee = scene.sim.callee(Sim::CALLEE, Reception::new().ring().wait(secs(500.0)).answer()).await;
        let channel = started(&mut scene).await;
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            let error = channel.call(to_callee().seconds_timeout(Some(bad))).await.unwrap_err();
            assert_eq!((error.kind(), channel.state()), (ErrorKind::Argument, State::Idle), "{bad}");
        }
        let state = channel.call(to_callee().seconds_timeout(None)).await.unwrap();
        assert_eq!(state, State::Answered);
    });
}

/// CALL-4, HUP-7: a callee that says nothing at all is given up in time, and its late answer gets ACK and BYE.
#[test]
fn a_late_answer_gets_ack_and_bye() {
    outbound_scene(5, |mut scene| async move {
        let mut raw = scene.sim.raw_peer(Sim::CALLEE);
        let channel = started(&mut scene).await;
        let (state, blocked) = timed(channel.call(to_callee().seconds_timeout(Some(2.0)))).await;
        assert_eq!(state.unwrap(), State::Idle);
        assert_near(blocked, secs(2.0), ms(50));
        let invite = raw.receive_request("INVITE").await;
        let answer = RawAnswer::new(&invite, Sim::CALLEE);
        raw.send(scene.address(), answer.response(200, "", &RawCall::offer(RAW_RTP, "8")));
        raw.receive_request("ACK").await;
        let bye = raw.receive_request("BYE").await;
        raw.send(scene.address(), RawAnswer::new(&bye, Sim::CALLEE).response(200, "", ""));
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Timeout, "487"));
    });
}

/// CALL-5, ANS-8, RING-51: the offer names the codecs of the call; bad lists are refused.
#[test]
fn the_offer_names_the_codecs() {
    outbound_scene(6, |mut scene| async move {
        let mut callee = scene.sim.callee(Sim::CALLEE, Reception::new().answer()).await;
        let channel = started(&mut scene).await;
        let error = channel.call(to_callee().codecs("g711a;nonsense")).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Argument && error.to_string().contains("codecs"), "{error}");
        channel.call(to_callee().codecs("g711u")).await.unwrap();
        assert_eq!(channel.details().codec, Some("g711u"));
        let call = callee.next_call().await.unwrap();
        let invite = call.ladder()[0].text();
        let media = media_lines(&invite)[0].to_owned();
        assert!(media.contains("RTP/AVP 0 101"), "{media}");
    });
}

/// CALL-7, SIP-1, SIP-7: the INVITE carries the header fields to send.
#[test]
fn the_invite_carries_the_header_fields_to_send() {
    outbound_scene(7, |mut scene| async move {
        let mut callee = scene.sim.callee(Sim::CALLEE, Reception::new().answer()).await;
        let channel = started(&mut scene).await;
        channel.set_headers_to_send(vec![HeaderField::new("X-Order", "17").unwrap()]);
        channel.call(to_callee()).await.unwrap();
        let call = callee.next_call().await.unwrap();
        assert!(call.ladder()[0].text().contains("\r\nX-Order: 17\r\n"));
        assert_eq!(channel.headers_to_send().len(), 1);
    });
}

/// CALL-8, LSD-5: the time of live speaker detection is checked before anything is sent.
#[test]
fn the_detection_time_is_checked() {
    outbound_scene(8, |mut scene| async move {
        let channel = started(&mut scene).await;
        for bad in [0, 499, 10_001] {
            let dial = to_callee().live_speaker(offhook::LiveSpeakerDetection::Default, bad);
            let error = channel.call(dial).await.unwrap_err();
            assert!(error.to_string().contains("lsd_timeout_milliseconds"), "{error}");
            assert_eq!(channel.state(), State::Idle);
        }
    });
}

/// CALL-9: only 180 and 183 mean that the far end rings.
#[test]
fn other_provisional_responses_do_not_ring() {
    outbound_scene(9, |mut scene| async move {
        let reception = Reception::new().provisional(181, false).wait(secs(1.0)).provisional(183, false);
        let _callee = scene.sim.callee(Sim::CALLEE, reception).await;
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        scene.sim.sleep(ms(500)).await;
        assert_eq!(channel.state(), State::CallOutgoing);
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!((channel.state(), channel.details().early_media), (State::RingOutgoing, false));
    });
}

/// CALL-12: of several 2xx the first counts; each other gets ACK and BYE.
#[test]
fn of_several_answers_the_first_counts() {
    outbound_scene(10, |mut scene| async move {
        let mut raw = scene.sim.raw_peer(Sim::CALLEE);
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        let invite = raw.receive_request("INVITE").await;
        let answer = RawAnswer::new(&invite, Sim::CALLEE);
        let sdp = RawCall::offer(RAW_RTP, "8");
        for tag in ["one", "two"] {
            raw.send(scene.address(), answer.tagged(tag).response(200, "", &sdp));
        }
        assert_eq!(channel.wait_for_answer(Some(5.0)).await.unwrap(), State::Answered);
        let bye = raw.receive_request("BYE").await;
        assert_eq!(bye.to().unwrap().tag().map(|tag| tag.as_str()), Some("two"));
        raw.send(scene.address(), RawAnswer::new(&bye, Sim::CALLEE).response(200, "", ""));
        let acks: Vec<String> = raw.seen().iter().map(|arrived| arrived.text()).collect();
        assert!(acks.iter().any(|text| text.starts_with("ACK") && text.contains("tag=two")), "{acks:#?}");
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(channel.state(), State::Answered);
    });
}

/// CALL-13, CAU-1: a 3xx is not followed.
#[test]
fn a_redirection_is_not_followed() {
    outbound_scene(11, |mut scene| async move {
        let contact = [("Contact", "<sip:300@10.0.0.9>")];
        let _callee = scene.sim.callee(Sim::CALLEE, Reception::new().refuse_with(302, &contact)).await;
        let mut elsewhere = scene.sim.raw_peer("10.0.0.9:5060".parse().unwrap());
        let channel = started(&mut scene).await;
        assert_eq!(channel.call(to_callee()).await.unwrap(), State::Idle);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Other, "302"));
        assert!(elsewhere.receive_within(secs(2.0)).await.is_none());
    });
}

/// CALL-15, CALL-16, CALL-17: `start_call` does not block; a `wait_for_answer` that times out leaves the call going.
#[test]
fn a_call_is_started_and_waited_for() {
    outbound_scene(12, |mut scene| async move {
        let _callee = scene.sim.callee(Sim::CALLEE, Reception::new().ring().wait(secs(3.0)).answer()).await;
        let channel = started(&mut scene).await;
        let (state, blocked) = timed(channel.start_call(to_callee())).await;
        assert_eq!((state.unwrap(), blocked), (State::CallOutgoing, Duration::ZERO));
        let (state, blocked) = timed(channel.wait_for_answer(Some(1.0))).await;
        assert_eq!(state.unwrap(), State::RingOutgoing);
        assert_near(blocked, secs(1.0), ms(20));
        let (state, blocked) = timed(channel.wait_for_answer(None)).await;
        assert_eq!(state.unwrap(), State::Answered);
        assert_near(blocked, secs(2.0), ms(50));
    });
}

/// CALL-18: `wait_for_answer` returns at once in `ANSWERED` and `IDLE` and never raises `Hangup`.
#[test]
fn there_is_nothing_to_wait_for_before_and_after() {
    outbound_scene(13, |mut scene| async move {
        let _callee = scene.sim.callee(Sim::CALLEE, Reception::new().answer()).await;
        let channel = started(&mut scene).await;
        assert_eq!(channel.wait_for_answer(Some(9.0)).await.unwrap(), State::Idle);
        channel.call(to_callee()).await.unwrap();
        let (state, blocked) = timed(channel.wait_for_answer(Some(9.0))).await;
        assert_eq!((state.unwrap(), blocked), (State::Answered, Duration::ZERO));
        let bad = channel.wait_for_answer(Some(-1.0)).await.unwrap_err();
        assert_eq!(bad.kind(), ErrorKind::Argument);
        channel.hold(None).await.unwrap();
        let wrong = channel.wait_for_answer(None).await.unwrap_err();
        assert!(wrong.kind() == ErrorKind::WrongState && !wrong.is_hangup(), "{wrong}");
    });
}

/// CALL-17, GEN-7: a refusal ends `wait_for_answer` with `IDLE`.
#[test]
fn a_refusal_ends_the_wait() {
    outbound_scene(14, |mut scene| async move {
        let _callee =
            scene.sim.callee(Sim::CALLEE, Reception::new().ring().wait(secs(1.0)).refuse(486)).await;
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        assert_eq!(channel.wait_for_answer(None).await.unwrap(), State::Idle);
        assert_eq!(channel.cause(), Cause::Busy);
    });
}

/// CALL-22: the primary channel of an inbound application makes no calls.
#[test]
fn the_callers_channel_makes_no_calls() {
    scene(15, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        let call = channel.call(to_callee()).await.unwrap_err();
        let start = channel.start_call(to_callee()).await.unwrap_err();
        let wait = channel.wait_for_answer(None).await.unwrap_err();
        for (error, name) in [
            (call.to_string(), "call()"),
            (start.to_string(), "start_call()"),
            (wait.to_string(), "wait_for_"),
        ] {
            assert!(error.contains(name) && error.contains("extra channels"), "{error}");
        }
        assert!(!call.is_hangup() && !start.is_hangup() && !wait.is_hangup());
        assert_eq!(channel.state(), State::CallIncoming);
    });
}

/// GEN-19, DET-2, CAU-2, CAU-3, DTMF-2: each call on a channel starts afresh; until then the last one's details stay.
#[test]
fn a_channel_carries_one_call_after_another() {
    outbound_scene(16, |mut scene| async move {
        let mut callee = scene.sim.callee(Sim::CALLEE, Reception::new().wait(ms(100)).answer()).await;
        let tone = scene.file("tone.wav", &sine(440.0, 0.2));
        let channel = started(&mut scene).await;
        channel.call(to_callee()).await.unwrap();
        let first = callee.next_call().await.unwrap();
        first.answered().await;
        first.send_digits("12");
        channel.file_player().play(offhook::PlayableMedia::file(&tone)).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(channel.digits(), "12");
        first.hang_up();
        channel.wait_for_idle(None).await;
        let old = channel.details();
        assert_eq!((channel.digits().as_str(), channel.cause()), ("12", Cause::Normal));
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(channel.details().call_id, old.call_id);

        channel.start_call(to_callee()).await.unwrap();
        let new = channel.details();
        assert_ne!(new.call_id, old.call_id);
        assert_eq!((&*new.raw_cause, new.answer_time, new.codec), ("", None, None));
        assert_eq!(new.media_stats.packets_sent, 0);
        assert_eq!(channel.digits(), "");
        assert_eq!(channel.file_player().cause(), offhook::PlayerCause::None);
        assert_eq!(channel.wait_for_answer(None).await.unwrap(), State::Answered);
    });
}

/// RUN-22, RUN-18: when an instance with calls ends, nothing is left of it.
#[test]
fn nothing_is_left_of_outbound_calls() {
    outbound_scene(17, |mut scene| async move {
        let _callee = scene.sim.callee(Sim::CALLEE, Reception::new().answer()).await;
        for _ in 0..20 {
            let channel = started(&mut scene).await;
            channel.call(to_callee()).await.unwrap();
            channel.extra_channels()[0].start_call(to_callee()).await.unwrap();
            channel.end(Ok(0));
        }
        scene.sim.sleep(secs(60.0)).await;
        let counts = scene.server.counts().await;
        assert_eq!(
            (counts.calls, counts.calls_up, counts.streams, counts.dialogs),
            (0, 0, 0, 0),
            "{counts:?}"
        );
    });
}
