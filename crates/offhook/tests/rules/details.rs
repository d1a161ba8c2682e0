//! `Details`.

use std::time::SystemTime;

use offhook::caller::CallRequest;
use offhook::{Answer, Attestation, Direction, FarEndType, Play, Reject, Ring, State};

use crate::support::*;

/// DET-1: who calls whom, in which direction, from where.
#[test]
fn details_tell_who_calls_whom() {
    scene(1, |mut scene| async move {
        let request = CallRequest::to("sip:4711@10.0.0.1:5060").unwrap();
        let (_call, channel) = scene.call(request).await;
        let details = channel.details();
        assert!(!details.call_id.is_empty());
        assert!(details.call_from.contains("caller"), "{}", details.call_from);
        assert_eq!((&*details.call_to, &*details.call_target), ("4711", "4711"));
        assert_eq!((details.call_divert.clone(), details.attestation), (None, None));
        assert_eq!((details.direction, details.direction.name()), (Direction::Inbound, "inbound"));
        assert_eq!((details.connected_id.clone(), details.far_end_type), (None, FarEndType::Unknown));
        assert_eq!(details.remote_address, Some(scene.caller.address()));
    });
}

/// DET-1: the original destination of a diverted call.
#[test]
fn details_tell_about_diversion() {
    scene(2, |mut scene| async move {
        let request = scene.request().header("Diversion", "<sip:0815@example.org>;reason=unconditional");
        let (_call, channel) = scene.call(request).await;
        assert_eq!(channel.details().call_divert.as_deref(), Some("0815"));
    });
}

/// DET-1: the attestation that a verifying proxy noted (3GPP TS 24.229, `P-Attestation-Indicator`).
#[test]
fn details_tell_the_attestation() {
    let rows = [
        ("A", Some(Attestation::A)),
        ("B", Some(Attestation::B)),
        ("C", Some(Attestation::C)),
        ("nonsense", None),
    ];
    for (value, level) in rows {
        scene(2, |mut scene| async move {
            let request = scene.request().header("P-Attestation-Indicator", value);
            let (_call, channel) = scene.call(request).await;
            assert_eq!(channel.details().attestation, level, "{value}");
        });
    }
}

/// DET-1, DET-4, RING-30: codec and early media, before and after they are settled.
#[test]
fn details_tell_codec_and_early_media() {
    scene(3, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        assert_eq!((channel.details().codec, channel.details().early_media), (None, false));
        channel.ring(Ring::new()).await.unwrap();
        assert_eq!((channel.details().codec, channel.details().early_media), (None, false));
        channel.ring(Ring::new().early_media()).await.unwrap();
        assert_eq!((channel.details().codec, channel.details().early_media), (Some("g711a"), true));
        channel.answer(Answer::new()).await.unwrap();
        assert!(channel.details().early_media, "it stays true after the answer");
    });
}

/// DET-1, DET-4: without early media it stays false.
#[test]
fn without_early_media_details_say_so() {
    scene(4, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        channel.ring(Ring::new()).await.unwrap();
        channel.answer(Answer::new()).await.unwrap();
        assert_eq!((channel.details().codec, channel.details().early_media), (Some("g711a"), false));
    });
}

/// DET-1, DET-2, DET-4: start, answer and duration; they stay after the call.
#[test]
fn details_tell_the_times_of_the_call() {
    scene(5, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        let start = channel.details().start_time;
        // The wall clock of a simulation begins with the server and runs with the virtual clock.
        let since = SystemTime::now().duration_since(start).expect("a call begins before it is looked at");
        assert!(since < secs(60.0), "{since:?}");
        channel.ring(Ring::new().seconds(7.0)).await.unwrap();
        assert_eq!((channel.details().answer_time, channel.details().duration), (None, Duration::ZERO));
        channel.answer(Answer::new()).await.unwrap();
        let answer = channel.details().answer_time.unwrap();
        assert_near(answer.duration_since(start).unwrap(), secs(7.0), ms(100));
        scene.sim.sleep(secs(12.34)).await;
        assert_near(channel.details().duration, secs(12.3), ms(100));
        call.hang_up();
        channel.wait_for_idle(None).await;
        let duration = channel.details().duration;
        assert_eq!(duration.as_millis() % 100, 0, "one decimal");
        scene.sim.sleep(secs(100.0)).await;
        let after = channel.details();
        assert_eq!((after.duration, after.answer_time), (duration, Some(answer)));
    });
}

/// DET-4: a call that was never answered has no duration.
#[test]
fn a_call_without_answer_has_no_duration() {
    scene(6, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        channel.ring(Ring::new().early_media().seconds(5.0)).await.unwrap();
        channel.reject(Reject::new()).await.unwrap();
        assert_eq!((channel.details().duration, channel.details().answer_time), (Duration::ZERO, None));
    });
}

/// DET-3, DET-4, DET-2: counts of the audio; final after the end of the call, whoever ended it.
#[test]
fn details_count_the_audio() {
    for (seed, caller_clears) in [false, true].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 8.0));
            let (call, channel) = scene.plain_call().await;
            assert_eq!(channel.details().media_stats.packets_sent, 0);
            channel.answer(Answer::new()).await.unwrap();
            scene.sim.sleep(secs(2.0)).await;
            assert_eq!(channel.details().media_stats.mos, None, "no score before five seconds");
            channel.file_player().play(Play::file(tone)).await.unwrap();
            let mos = channel.details().media_stats.mos.expect("a score after ten seconds");
            assert!((1.0..=4.5).contains(&mos), "{mos}");
            if caller_clears {
                call.hang_up();
                channel.wait_for_idle(None).await;
            } else {
                channel.hang_up().await;
            }
            scene.sim.sleep(secs(1.0)).await;
            let stats = channel.details().media_stats;
            assert!((495..=505).contains(&stats.packets_sent), "{stats:?}");
            assert!((495..=505).contains(&stats.packets_received), "{stats:?}");
            assert_eq!(stats.packets_lost, 0);
            assert_eq!(stats.packets_sent, call.heard().await.packets.len() as u64);
            scene.sim.sleep(secs(60.0)).await;
            assert_eq!(channel.details().media_stats, stats);
            assert_eq!(channel.state(), State::Idle);
        });
    }
}

/// DET-3: lost packets are counted by their sequence numbers.
#[test]
fn details_count_lost_packets() {
    scene(7, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        scene.sim.sleep(secs(2.0)).await;
        let mut count = 0;
        scene.sim.intercept(move |datagram| {
            let rtp_of_caller = datagram.bytes[0] == 0x80
                && datagram.bytes[1] & 0x7F < 64
                && datagram.from.ip() == offhook::sim::Sim::CALLER.ip();
            count += i32::from(rtp_of_caller);
            if rtp_of_caller && count % 10 == 0 { offhook::sim::Fate::Lose } else { offhook::sim::Fate::Pass }
        });
        scene.sim.sleep(secs(10.0)).await;
        let stats = channel.details().media_stats;
        assert!((45..=52).contains(&stats.packets_lost), "{stats:?}");
    });
}

/// GEN-19, DET-4: each call starts with an empty digit buffer, no job causes and fresh details.
#[test]
fn each_call_starts_afresh() {
    scene(8, |mut scene| async move {
        let (first, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        first.send_digits("123");
        scene.sim.sleep(secs(2.0)).await;
        let old = channel.details().call_id;
        first.hang_up();
        channel.wait_for_idle(None).await;
        let (_second, channel) = scene.plain_call().await;
        assert_eq!((channel.digits().as_str(), channel.state()), ("", State::CallIncoming));
        assert_eq!(channel.file_player().cause(), offhook::PlayerCause::None);
        assert_ne!(channel.details().call_id, old);
        assert_eq!((channel.details().codec, &*channel.details().raw_cause), (None, ""));
    });
}
