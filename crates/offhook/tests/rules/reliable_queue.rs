//! A second reliable response waits for the PRACK of the first (RFC 3262 section 3).

use offhook::caller::{CallSdp, OutCall};
use offhook::sip::{PrackPolicy, Reliability};
use offhook::{Answer, Cause, PlayableMedia, Reject, Ring, State};

use crate::support::*;

/// A call whose reliable 180 has no PRACK yet, and whose 183 therefore waits.
async fn waiting_183(scene: &mut Scene) -> (OutCall, Instance) {
    let request = scene.request().reliability(Reliability::Required).prack(PrackPolicy::Manual);
    let (call, channel) = scene.call(request).await;
    let tone = scene.file("tone.wav", &sine(440.0, 0.7));
    channel.ring(Ring::new()).await.unwrap();
    let ring = Ring::new().early_media().ringtone(PlayableMedia::file(tone)).looped();
    assert_eq!(channel.ring(ring).await.unwrap(), State::RingIncoming);
    scene.sim.sleep(secs(1.0)).await;
    assert_eq!(call.statuses(), [180]);
    assert!(call.heard().await.packets.is_empty(), "no audio before the 183");
    (call, channel)
}

/// RING-22, RING-23, RING-36: the 183 follows the PRACK of the 180, and the audio starts with it.
#[test]
fn a_183_follows_the_prack_of_the_180() {
    scene(1, |mut scene| async move {
        let (call, channel) = waiting_183(&mut scene).await;
        call.prack();
        scene.sim.sleep(secs(2.0)).await;
        assert_eq!(call.statuses(), [180, 183]);
        let progress = responses(&call).iter().find(|(status, _)| *status == 183).unwrap().1;
        let heard = call.heard().await;
        let first = heard.first_at().unwrap();
        assert!(first >= progress && first - progress <= ms(20), "{first:?} after {progress:?}");
        assert_tone(part(&heard.sound(), 0.1, 0.6), 440.0, -10.0);
        assert!(channel.details().early_media);
        call.prack();
        assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
        assert_eq!(call.statuses(), [180, 183, 200]);
    });
}

/// RING-23, ANS-12: an answer at that moment is held, not lost; PRACK by PRACK the call gets to `ANSWERED`.
#[test]
fn an_answer_while_a_183_waits_gets_through() {
    scene(2, |mut scene| async move {
        let (call, channel) = waiting_183(&mut scene).await;
        let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
        for _ in 0..2 {
            scene.sim.sleep(secs(1.0)).await;
            call.prack();
        }
        assert_eq!(answering.await.unwrap().unwrap(), State::Answered);
        assert_eq!(call.statuses().last(), Some(&200));
        scene.sim.sleep(secs(1.0)).await;
        assert!(!call.heard().await.packets.is_empty());
    });
}

/// RING-23, REJ-9, HUP-6, CAU-8: refusing, hanging up and CANCEL do not wait, and the 183 never comes.
#[test]
fn the_end_of_the_call_does_not_wait_for_a_prack() {
    for (seed, (act, status)) in [("reject", 486), ("hang_up", 480), ("cancel", 487)].into_iter().enumerate()
    {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = waiting_183(&mut scene).await;
            let (state, waited) = timed(async {
                match act {
                    "reject" => channel.reject(Reject::new().cause(Cause::Busy)).await.unwrap(),
                    "hang_up" => channel.hang_up().await,
                    _ => {
                        call.hang_up();
                        channel.wait_for_idle(Some(secs(5.0))).await
                    }
                }
            })
            .await;
            assert_eq!(state, State::Idle, "{act}");
            assert!(waited <= ms(200), "{act}: {waited:?}");
            drop(channel);
            scene.sim.sleep(secs(140.0)).await;
            assert_eq!(call.statuses(), [180, status], "{act}");
            let counts = scene.server.counts().await;
            let held = (counts.calls, counts.instances, counts.transactions, counts.dialogs, counts.streams);
            assert_eq!(held, (0, 0, 0, 0, 0), "{act}: {counts:?}");
        });
    }
}

/// RING-23, CAU-4: a reliable 180 without PRACK in 64*T1 is followed by 504, cause `TIMEOUT`.
#[test]
fn a_reliable_180_without_prack_times_out() {
    scene(3, |mut scene| async move {
        let (call, channel) = waiting_183(&mut scene).await;
        let (state, waited) = timed(channel.wait_for_idle(Some(secs(60.0)))).await;
        assert_eq!(state, State::Idle);
        assert_near(waited, secs(31.0), ms(100));
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Timeout, "504"));
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(call.statuses(), [180, 504]);
    });
}

/// RING-20, RING-23, RING-30, RING-32: after an offer in the 180 was answered, a `ring()` with early media is heard.
#[test]
fn early_media_follows_an_offer_in_the_180() {
    scene(4, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 1.0));
        let request = scene.request().sdp(CallSdp::None).reliability(Reliability::Required);
        let (call, channel) = scene.call(request).await;
        channel.ring(Ring::new().seconds(1.0)).await.unwrap();
        assert!(!channel.details().early_media);
        let ring = Ring::new().early_media().ringtone(PlayableMedia::file(tone)).until_it_ends();
        let (state, blocked) = timed(channel.ring(ring)).await;
        assert_eq!(state.unwrap(), State::RingIncoming);
        assert_near(blocked, secs(1.0), ms(50));
        assert!(channel.details().early_media);
        assert_one_burst(&call.heard().await.sound(), 1000.0);
        let without = call.ladder().iter().any(|step| step.status == Some(183) && !step.has_sdp);
        assert!(!without, "a 183 without SDP is never sent");
        assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
    });
}

/// RUN-12, RING-23: `auto_ring` with `Require: 100rel` and without an offer: the reliable 180 carries ours.
#[test]
fn auto_ring_makes_an_offer_where_it_must() {
    scene_with(
        5,
        |config| config.auto_ring = true,
        |mut scene| async move {
            let request = scene.request().sdp(CallSdp::None).reliability(Reliability::Required);
            let (call, channel) = scene.call(request).await;
            assert!(sdp(&call.response(180).await.unwrap()).starts_with("v=0"));
            scene.sim.sleep(secs(1.0)).await;
            assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
            assert_eq!(call.statuses(), [180, 200]);
        },
    );
}
