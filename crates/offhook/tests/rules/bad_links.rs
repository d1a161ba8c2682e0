//! Calls over networks that lose, repeat and reorder what they carry.

use offhook::media::measure;
use offhook::sim::Link;
use offhook::sip::Reliability;
use offhook::{Answer, Cause, PlayableMedia, Reject, Ring, State};

use crate::support::*;

const RELIABILITIES: [Reliability; 3] = [Reliability::Absent, Reliability::Supported, Reliability::Required];

fn bad(seed: u64) -> Link {
    let loss = [0.0, 0.05, 0.1, 0.2][seed as usize % 4];
    Link { delay: ms(40), jitter: ms(30), loss, duplicate: 0.1, reorder: 0.1 }
}

/// RING-23, RING-25, ANS-6, HUP-6: a call is rung, answered and hung up over a bad network; nothing is left of it.
#[test]
fn a_call_gets_through_a_bad_network() {
    for seed in 0..36 {
        scene(seed, |mut scene| async move {
            scene.sim.set_link(bad(seed));
            let request = scene.request().reliability(RELIABILITIES[seed as usize % 3]);
            let (call, channel) = scene.call(request).await;
            let ring = Ring::new().seconds(5.0);
            let ring = if seed % 2 == 0 { ring.early_media() } else { ring };
            assert_eq!(channel.ring(ring).await.unwrap(), State::RingIncoming, "seed {seed}");
            assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered, "seed {seed}");
            scene.sim.sleep(secs(2.0)).await;
            assert_eq!(channel.hang_up().await, State::Idle);
            assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Normal, "200"));
            assert_eq!(call.cleared().await.unwrap().status, 200);
            drop(channel);
            assert_nothing_is_left(&scene).await;
        });
    }
}

/// RING-4, HUP-8, CAU-8: a call is cancelled or refused over a bad network; both sides agree how it ended.
#[test]
fn both_sides_agree_how_a_call_ended() {
    for seed in 0..36 {
        scene(seed, |mut scene| async move {
            scene.sim.set_link(bad(seed));
            let request = scene.request().reliability(RELIABILITIES[seed as usize % 3]);
            let (call, channel) = scene.call(request).await;
            let ring = Ring::new().seconds(30.0);
            let ring = if seed % 2 == 0 { ring.early_media() } else { ring };
            let acting = channel.spawn(move |channel| async move {
                if seed % 4 < 2 {
                    channel.ring(ring).await.unwrap()
                } else {
                    channel.reject(Reject::new().cause(Cause::Busy)).await.unwrap()
                }
            });
            // At every moment of the exchange, one after another.
            scene.sim.sleep(ms(seed * 9)).await;
            call.hang_up();
            assert_eq!(acting.await.unwrap(), State::Idle, "seed {seed}");
            let raw_cause = channel.details().raw_cause;
            drop(channel);
            assert_nothing_is_left(&scene).await;
            let finals: Vec<u16> = call.statuses().into_iter().filter(|status| *status >= 200).collect();
            assert_eq!(finals.iter().map(u16::to_string).collect::<Vec<_>>(), [&*raw_cause], "seed {seed}");
        });
    }
}

/// RING-36, RING-47: jitter and loss on the way do not change what is sent, and how fast.
#[test]
fn the_pace_does_not_depend_on_the_network() {
    scene(1, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(1000.0, 10.0));
        let link = Link { delay: ms(40), jitter: ms(30), loss: 0.05, duplicate: 0.05, reorder: 0.05 };
        let (call, channel) = scene.plain_call().await;
        scene.sim.set_link(link);
        channel
            .ring(Ring::new().early_media().ringtone(PlayableMedia::file(tone)).until_it_ends())
            .await
            .unwrap();
        assert!((499..=502).contains(&channel.details().media_stats.packets_sent));
        scene.sim.sleep(secs(1.0)).await;
        let sound = call.heard().await.sound();
        let frequency = measure::dominant_frequency(part(&sound, 1.0, 9.0), 8000).unwrap();
        assert!((frequency - 1000.0).abs() <= 5.0, "{frequency} Hz");
    });
}

/// RUN-21: calls side by side do not disturb each other: each hears its own tone.
#[test]
fn calls_side_by_side_hear_their_own_tones() {
    scene(2, |mut scene| async move {
        let mut calls = Vec::new();
        for number in 0..20_u32 {
            let hz = 400.0 + 100.0 * f64::from(number);
            let file = scene.file(&format!("{number}.wav"), &sine(hz, 0.5));
            let (call, channel) = scene.plain_call().await;
            let ring = Ring::new().early_media().ringtone(PlayableMedia::file(file)).looped();
            channel.ring(ring).await.unwrap();
            calls.push((hz, call, channel));
        }
        scene.sim.sleep(secs(2.0)).await;
        for (hz, call, channel) in calls {
            channel.hang_up().await;
            let sound = call.heard().await.sound();
            assert_tone(part(&sound, 0.0, 0.49), hz, -10.0);
            assert!(measure::rms_dbm0(part(&sound, 1.0, 1.9)) > -15.0);
        }
    });
}

async fn assert_nothing_is_left(scene: &Scene) {
    scene.sim.sleep(secs(140.0)).await;
    let counts = scene.server.counts().await;
    let held = (counts.calls, counts.instances, counts.transactions, counts.dialogs, counts.streams);
    assert_eq!(held, (0, 0, 0, 0, 0), "{counts:?}");
}
