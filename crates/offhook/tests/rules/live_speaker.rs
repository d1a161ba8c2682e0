//! Live speaker detection and `wait_for_answer_machine()`.

use offhook::caller::Reception;
use offhook::media::Sound;
use offhook::media::speech::{self, Voice};
use offhook::sim::Sim;
use offhook::{AnswerMachine, Dial, ErrorKind, FarEndType, LiveSpeakerDetection, OperationError, State};

use crate::outbound_calls::{outbound_scene, started, to_callee};
use crate::support::*;

fn spoken(text: &str) -> Sound {
    speech::synthesize(text, Voice::EnGb).unwrap().resampled(8000)
}

fn machine_greeting() -> Sound {
    let mut greeting =
        spoken("You have reached Anna Miller. I cannot take your call now. Please leave a message.");
    greeting.append(&sine(1000.0, 0.4));
    greeting
}

fn detecting(dial: Dial) -> Dial {
    dial.live_speaker(LiveSpeakerDetection::FromNetworkConnect, 7000)
}

/// LSD-1, LSD-2, LSD-4, LSD-6, CALL-8: `call` returns once it is known who answered, and the details say who.
#[test]
fn a_call_tells_who_answered() {
    let rows = [
        (spoken("Hello?"), FarEndType::Live, 0.9, 3.5),
        (machine_greeting(), FarEndType::AnswerMachine, 2.0, 4.5),
        (sine(2100.0, 3.0), FarEndType::FaxMachine, 0.3, 1.5),
        (Sound::silence(8000, ms(10)), FarEndType::Unknown, 6.9, 7.3),
    ];
    for (seed, (sound, expected, least, most)) in rows.into_iter().enumerate() {
        outbound_scene(seed as u64, |mut scene| async move {
            let reception = Reception::new().wait(secs(1.0)).answer().wait(secs(0.3)).play(sound);
            let _callee = scene.sim.callee(Sim::CALLEE, reception).await;
            let channel = started(&mut scene).await;
            assert_eq!(channel.details().far_end_type, FarEndType::Unknown);
            let (state, blocked) = timed(channel.call(detecting(to_callee()))).await;
            assert_eq!(state.unwrap(), State::Answered);
            assert_eq!(channel.details().far_end_type, expected);
            let judged = blocked - secs(1.0);
            assert!(judged >= secs(least) && judged <= secs(most), "{expected:?} after {judged:?}");
        });
    }
}

/// LSD-6: with `start_call`, `wait_for_answer` waits for the classification.
#[test]
fn waiting_for_the_answer_waits_for_the_speaker() {
    outbound_scene(5, |mut scene| async move {
        let reception = Reception::new().wait(secs(1.0)).answer().wait(secs(0.3)).play(spoken("Hello?"));
        let _callee = scene.sim.callee(Sim::CALLEE, reception).await;
        let channel = started(&mut scene).await;
        channel.start_call(detecting(to_callee())).await.unwrap();
        scene.sim.sleep(secs(1.2)).await;
        assert_eq!(channel.state(), State::Answered);
        assert_eq!(channel.wait_for_answer(None).await.unwrap(), State::Answered);
        assert_eq!(channel.details().far_end_type, FarEndType::Live);
    });
}

/// LSD-5: the detection time is 500 to 10000 ms.
#[test]
fn the_detection_time_has_limits() {
    outbound_scene(6, |mut scene| async move {
        let channel = started(&mut scene).await;
        for bad in [0, 499, 10_001] {
            let dial = to_callee().live_speaker(LiveSpeakerDetection::Default, bad);
            assert_eq!(channel.call(dial).await.unwrap_err().kind(), ErrorKind::Argument);
        }
        assert_eq!(channel.state(), State::Idle);
    });
}

/// LSD-6, GEN-7: a callee that hangs up while it is found out who it is.
#[test]
fn a_callee_that_leaves_ends_the_detection() {
    outbound_scene(7, |mut scene| async move {
        let reception = Reception::new().answer().wait(secs(2.0)).hang_up();
        let _callee = scene.sim.callee(Sim::CALLEE, reception).await;
        let channel = started(&mut scene).await;
        let (state, blocked) = timed(channel.call(detecting(to_callee()))).await;
        assert_eq!(state.unwrap(), State::Idle);
        assert!(blocked <= secs(2.2), "{blocked:?}");
    });
}

/// LSD-7, LSD-8: a machine is ready a second after its beep, or after four seconds of silence; or not in time.
#[test]
fn a_machine_is_waited_for() {
    let mut endless = spoken("We will be with you in a moment, please hold the line.");
    for _ in 0..3 {
        let again = endless.clone();
        endless.append(&again);
    }
    let beep = machine_greeting();
    let beep_ends = beep.duration();
    let rows = [
        (beep, true, beep_ends + secs(1.0)),
        (Sound::silence(8000, ms(10)), true, secs(4.0)),
        (endless, false, secs(10.0)),
    ];
    for (seed, (sound, expected, time)) in rows.into_iter().enumerate() {
        outbound_scene(seed as u64, |mut scene| async move {
            let reception = Reception::new().answer().play(sound);
            let _callee = scene.sim.callee(Sim::CALLEE, reception).await;
            let channel = started(&mut scene).await;
            channel.call(to_callee()).await.unwrap();
            let (ready, blocked) = timed(channel.wait_for_answer_machine(AnswerMachine::new())).await;
            assert_eq!(ready.unwrap(), expected);
            assert_near(blocked, time, ms(300));
        });
    }
}

/// LSD-9, GEN-7, GEN-9: where a machine may be waited for.
#[test]
fn a_wait_for_a_machine_needs_an_answered_call() {
    outbound_scene(8, |mut scene| async move {
        let mut callee =
            scene.sim.callee(Sim::CALLEE, Reception::new().ring().wait(secs(1.0)).answer()).await;
        let channel = started(&mut scene).await;
        let machine = AnswerMachine::new;
        assert!(channel.wait_for_answer_machine(machine()).await.unwrap_err().is_hangup());
        channel.start_call(to_callee()).await.unwrap();
        scene.sim.sleep(secs(0.5)).await;
        let wrong = channel.wait_for_answer_machine(machine()).await.unwrap_err();
        assert_eq!(wrong.kind(), ErrorKind::WrongState);
        channel.wait_for_answer(None).await.unwrap();
        let bad = channel.wait_for_answer_machine(machine().seconds_timeout(-1.0)).await.unwrap_err();
        assert_eq!(bad.kind(), ErrorKind::Argument);
        let waiting = channel.spawn(|channel| async move {
            channel.wait_for_answer_machine(AnswerMachine::new().milliseconds_no_beep_silence(9000)).await
        });
        scene.sim.sleep(ms(100)).await;
        assert_eq!(channel.wait_for_answer_machine(machine()).await.unwrap_err().kind(), ErrorKind::Busy);
        callee.next_call().await.unwrap().hang_up();
        let (ready, waited) = timed(waiting).await;
        assert!(!ready.unwrap().unwrap());
        assert!(waited <= ms(100), "{waited:?}");
    });
}

/// LSD-6, DET-2: listeners are told who answered.
#[test]
fn the_result_is_announced() {
    outbound_scene(9, |mut scene| async move {
        let reception = Reception::new().answer().wait(secs(0.3)).play(spoken("Hello?"));
        let _callee = scene.sim.callee(Sim::CALLEE, reception).await;
        let channel = started(&mut scene).await;
        let mut events = channel.events();
        channel.call(detecting(to_callee())).await.unwrap();
        let mut told = Vec::new();
        while let Some(event) = events.try_next() {
            if let offhook::ChannelEvent::State { state, details, .. } = event {
                told.push((state, details.far_end_type));
            }
        }
        let last = [(State::Answered, FarEndType::Unknown), (State::Answered, FarEndType::Live)];
        assert_eq!(told[told.len() - 2..], last, "{told:?}");
    });
}
