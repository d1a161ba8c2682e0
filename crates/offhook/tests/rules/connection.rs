//! `connect()` and `disconnect()`.

use std::sync::{Arc, Mutex};

use offhook::media::rtp::Packet;
use offhook::media::{Law, measure};
use offhook::sim::Fate;
use offhook::{
    Answer, CallChannel, Dial, ErrorKind, GetDigits, OperationError, Play, PlayableMedia, Record, Ring, State,
};

use crate::legs::*;
use crate::support::*;

/// A caller and a callee of one instance, both answered and speaking, not connected.
async fn two_legs(
    scene: &mut Scene,
) -> (offhook::caller::OutCall, Instance, offhook::caller::OutCall, CallChannel) {
    let mut callee = speaking_callee(scene, 1, B).await;
    let (caller, instance) = speaking_caller(scene, A).await;
    let other = instance.extra_channels()[0].clone();
    let target = called(&other, &mut callee, 1).await;
    // The callee goes on by itself for as long as the scenario lasts.
    std::mem::forget(callee);
    (caller, instance, target, other)
}

/// CONN-1, CONN-4: both far ends hear each other and not themselves, and each call names the other.
#[test]
fn two_calls_hear_each_other() {
    legs_scene(1, |mut scene| async move {
        let (caller, channel, target, other) = two_legs(&mut scene).await;
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&caller, &[]).await;
        assert_hears(&target, &[]).await;
        assert!(channel.connect(&other).await.unwrap());
        assert_eq!(channel.details().connected_id, Some(other.details().call_id));
        assert_eq!(other.details().connected_id, Some(channel.details().call_id));
        scene.sim.sleep(secs(2.0)).await;
        assert_hears(&caller, &[B]).await;
        assert_hears(&target, &[A]).await;
        assert_eq!((channel.state(), other.state()), (State::Answered, State::Answered));
    });
}

/// CONN-2, GEN-6: the own call must be answered; another one that is not gives `False`.
#[test]
fn both_calls_must_be_answered() {
    legs_scene(2, |mut scene| async move {
        let mut callee = speaking_callee(&scene, 1, B).await;
        let (_caller, channel) = scene.plain_call().await;
        let other = channel.extra_channels()[0].clone();
        channel.ring(Ring::new()).await.unwrap();
        let error = channel.connect(&other).await.unwrap_err();
        assert!(error.kind() == ErrorKind::WrongState && !error.is_hangup(), "{error}");
        assert_eq!(error.to_string(), "connect() in state RING_INCOMING; allowed in ANSWERED");
        channel.answer(Answer::new()).await.unwrap();
        assert!(!channel.connect(&other).await.unwrap(), "the other one is IDLE");
        other.start_call(Dial::to(callee_uri(1))).await.unwrap();
        assert!(!channel.connect(&other).await.unwrap(), "the other one is dialling");
        other.wait_for_answer(None).await.unwrap();
        let _target = callee.next_call().await.unwrap();
        channel.hang_up().await;
        assert!(channel.connect(&other).await.unwrap_err().is_hangup());
        assert!(channel.disconnect().await.unwrap_err().is_hangup());
        assert!(!other.connect(&channel).await.unwrap());
    });
}

/// CONN-3: a side that transmits, is connected or is on hold, the own channel, and one of another instance.
#[test]
fn what_is_engaged_cannot_be_connected() {
    legs_scene(3, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(E, 5.0));
        let (_caller, channel, _target, other) = two_legs(&mut scene).await;
        let (_stranger, elsewhere) = speaking_caller(&mut scene, C).await;
        let kind = |connected: Result<bool, offhook::ConnectError>| connected.unwrap_err().kind();
        assert_eq!(kind(channel.connect(&channel).await), ErrorKind::Argument);
        assert_eq!(kind(channel.connect(&elsewhere).await), ErrorKind::Argument);
        for transmitter in [&channel.channel, &other] {
            transmitter.file_player().start(Play::file(&tone)).await.unwrap();
            assert_eq!(kind(channel.connect(&other).await), ErrorKind::Busy);
            transmitter.file_player().stop().await;
        }
        other.hold(Some(PlayableMedia::file(&tone))).await.unwrap();
        assert_eq!(kind(channel.connect(&other).await), ErrorKind::Busy);
        other.retrieve().await.unwrap();
        assert!(channel.connect(&other).await.unwrap());
        for (one, two) in [(&channel.channel, &other), (&other, &channel.channel)] {
            let error = one.connect(two).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Busy);
            assert!(error.to_string().contains("the connection with another call"), "{error}");
        }
    });
}

/// CONN-5, HOLD-1, MED-8, DTMF-9, DTMF-15, REC-11, REC-18: while connected, what receives works and what transmits does not.
#[test]
fn only_receivers_work_while_connected() {
    legs_scene(4, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(E, 1.0));
        let (caller, channel, target, other) = two_legs(&mut scene).await;
        assert!(channel.connect(&other).await.unwrap());
        for side in [&channel.channel, &other] {
            assert_eq!(
                side.file_player().start(Play::file(&tone)).await.unwrap_err().kind(),
                ErrorKind::Busy
            );
            assert_eq!(side.dtmf_player().play("1").await.unwrap_err().kind(), ErrorKind::Busy);
            assert_eq!(side.hold(None).await.unwrap_err().kind(), ErrorKind::Busy);
            let beep = side.file_recorder().start(Record::to("beep.wav").beep_on_start()).await;
            assert_eq!(beep.unwrap_err().kind(), ErrorKind::Busy);
        }
        channel.file_recorder().start(Record::to("caller.wav")).await.unwrap();
        let digits = channel.spawn(|channel| async move {
            channel
                .dtmf_detector()
                .get_digits(GetDigits::new().count(2).seconds_predigits_timeout(Some(5.0)))
                .await
        });
        scene.sim.sleep(secs(1.0)).await;
        caller.send_digits("42");
        assert_eq!(digits.await.unwrap().unwrap(), "42");
        channel.file_recorder().stop().await;
        let recorded = offhook::media::wav::read(&std::fs::read(scene.path("caller.wav")).unwrap()).unwrap();
        let level = measure::level_dbm0(part(&recorded, 0.3, 0.8), 8000, A);
        assert!((level + 10.0).abs() < 1.0, "the recorder hears its own far end: {level}");
        scene.sim.sleep(secs(1.0)).await;
        assert_hears(&target, &[A]).await;
    });
}

/// CONN-6: the end of either call ends the connection, and the other one goes on by itself.
#[test]
fn the_end_of_either_call_ends_the_connection() {
    for (seed, caller_clears) in [(5, true), (6, false)] {
        legs_scene(seed, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(E, 2.0));
            let (caller, channel, target, other) = two_legs(&mut scene).await;
            assert!(channel.connect(&other).await.unwrap());
            scene.sim.sleep(secs(1.0)).await;
            let (clearing, staying, left) = match caller_clears {
                true => (&caller, &other, &target),
                false => (&target, &channel.channel, &caller),
            };
            clearing.hang_up();
            scene.sim.sleep(secs(1.0)).await;
            assert_eq!((staying.state(), staying.details().connected_id), (State::Answered, None));
            assert_hears(left, &[]).await;
            staying.file_player().start(Play::file(&tone)).await.unwrap();
            scene.sim.sleep(secs(1.0)).await;
            assert_hears(left, &[E]).await;
            let ended = if caller_clears { &channel.channel } else { &other };
            assert_eq!((ended.state(), ended.details().connected_id), (State::Idle, None));
        });
    }
}

/// CONN-7, CONN-8: a connection is undone from either side, once; both calls go on and can be connected again.
#[test]
fn a_connection_is_undone_from_either_side() {
    legs_scene(7, |mut scene| async move {
        let (caller, channel, target, other) = two_legs(&mut scene).await;
        assert!(!channel.disconnect().await.unwrap(), "nothing to undo");
        for side in [&channel.channel, &other] {
            assert!(channel.connect(&other).await.unwrap());
            scene.sim.sleep(secs(1.0)).await;
            assert_hears(&caller, &[B]).await;
            assert!(side.disconnect().await.unwrap());
            for call in [&channel.channel, &other] {
                assert_eq!((call.state(), call.details().connected_id), (State::Answered, None));
                assert!(!call.disconnect().await.unwrap());
            }
            scene.sim.sleep(secs(1.0)).await;
            assert_hears(&caller, &[]).await;
            assert_hears(&target, &[]).await;
        }
    });
}

/// CONN-9: digits reach the detector of the party that pressed them, and the other party.
#[test]
fn digits_are_passed_on() {
    legs_scene(8, |mut scene| async move {
        let (caller, channel, target, other) = two_legs(&mut scene).await;
        assert!(channel.connect(&other).await.unwrap());
        caller.send_digits("12");
        scene.sim.sleep(secs(2.0)).await;
        target.send_digits("9");
        scene.sim.sleep(secs(2.0)).await;
        assert_eq!((channel.digits().as_str(), other.digits().as_str()), ("12", "9"));
        let events = |call: &offhook::caller::Heard| {
            let mut events: Vec<(u32, u8)> = call
                .packets
                .iter()
                .filter(|packet| packet.codec.is_none())
                .map(|packet| (packet.timestamp, packet.payload[0]))
                .collect();
            events.dedup();
            events.into_iter().map(|(_, event)| event).collect::<Vec<_>>()
        };
        assert_eq!(events(&target.heard().await), [1, 2]);
        assert_eq!(events(&caller.heard().await), [9]);
    });
}

/// CONN-10: at the median no more than 30 ms are added to the delay of the jitter buffer.
#[test]
fn a_connection_adds_little_delay() {
    legs_scene(9, |mut scene| async move {
        let reception = offhook::caller::Reception::new().answer();
        let mut callee = scene.sim.callee(callee_address(1), reception).await;
        // When the first loud packet left the caller, and when it left the server.
        let seen = Arc::new(Mutex::new([None, None]));
        let (wire, server) = (seen.clone(), scene.address().ip());
        scene.sim.intercept(move |datagram| {
            if let Ok(packet) = Packet::parse(datagram.bytes)
                && measure::rms_dbm0(&Law::A.decode(packet.payload())) > -30.0
            {
                let place = usize::from(datagram.from.ip() == server);
                wire.lock().unwrap()[place].get_or_insert(Instant::now());
            }
            Fate::Pass
        });
        let mut delays = Vec::new();
        for number in 0..9_u64 {
            let (caller, channel) = scene.plain_call().await;
            channel.answer(Answer::new()).await.unwrap();
            let other = channel.extra_channels()[0].clone();
            // The phases of the two streams differ from turn to turn.
            scene.sim.sleep(ms(number * 3)).await;
            let _target = called(&other, &mut callee, 1).await;
            assert!(channel.connect(&other).await.unwrap());
            scene.sim.sleep(secs(2.0)).await;
            *seen.lock().unwrap() = [None, None];
            caller.play(sine(A, 1.0));
            scene.sim.sleep(secs(1.0)).await;
            let [said, heard] = *seen.lock().unwrap();
            delays.push(heard.expect("it is heard") - said.expect("it is said"));
            channel.hang_up().await;
            other.hang_up().await;
            channel.end(Ok(0));
        }
        delays.sort_unstable();
        assert!(delays[4] <= SHORTEST_HOLD + ms(30), "{delays:?}");
    });
}

/// What the jitter buffer holds a packet back on a network without jitter: one packet.
const SHORTEST_HOLD: Duration = ms(20);
