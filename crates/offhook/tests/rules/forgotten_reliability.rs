//! Cases that every implementation forgets: reliable responses, and offers before the answer.

use offhook::caller::OfferOutcome;
use offhook::sim::{Fate, RawCall};
use offhook::sip::sdp::Direction;
use offhook::sip::{OfferMethod, PrackPolicy, Reliability};
use offhook::{Answer, PlayableMedia, Ring, State};

use crate::ring_signalling::next_status;
use crate::rtp::packets;
use crate::support::*;

/// RING-23: 100rel required, supported and absent: the call is rung, answered and hung up alike.
#[test]
fn every_kind_of_100rel_ends_in_an_answered_call() {
    for (seed, reliability) in
        [Reliability::Required, Reliability::Supported, Reliability::Absent].into_iter().enumerate()
    {
        for early in [false, true] {
            scene(seed as u64, |mut scene| async move {
                let (call, channel) = scene.call(scene.request().reliability(reliability)).await;
                let ring = Ring::new().seconds(1.0);
                channel.ring(if early { ring.early_media() } else { ring }).await.unwrap();
                assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
                assert_eq!(channel.hang_up().await, State::Idle);
                assert_eq!(call.cleared().await.unwrap().status, 200);
                assert_eq!(call.statuses(), [if early { 183 } else { 180 }, 200], "{reliability:?}");
            });
        }
    }
}

/// RING-23: a lost PRACK, or a lost 200 to it, is made good by repetition.
#[test]
fn a_lost_prack_is_repeated() {
    for (seed, lost) in ["PRACK", "SIP/2.0 200"].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            let mut losses = 2;
            scene.sim.intercept(move |datagram| {
                let hit = losses > 0 && datagram.begins_with(lost) && datagram.is_about("PRACK");
                losses -= i32::from(hit);
                if hit { Fate::Lose } else { Fate::Pass }
            });
            channel.ring(Ring::new().early_media().seconds(5.0)).await.unwrap();
            assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
            assert_eq!(call.statuses(), [183, 200]);
        });
    }
}

/// RING-23, ANS-12: a late PRACK is taken, and lets the held 200 go.
#[test]
fn a_late_prack_is_taken() {
    scene(1, |mut scene| async move {
        let (call, channel) = scene.call(scene.request().prack(PrackPolicy::Manual)).await;
        let ringing = channel.spawn(|channel| async move {
            channel.ring(Ring::new().early_media().seconds(1.0)).await.unwrap();
            channel.answer(Answer::new()).await
        });
        scene.sim.sleep(secs(30.0)).await;
        assert_eq!(call.statuses(), [183]);
        call.prack();
        assert_eq!(ringing.await.unwrap().unwrap(), State::Answered);
    });
}

/// RING-23: a duplicated PRACK gets its 200 again; one for a response that was acknowledged gets 481.
#[test]
fn a_duplicated_prack_does_no_harm() {
    scene(2, |mut scene| async move {
        let mut raw = scene.raw();
        let mut dialog = raw.call(scene.address()).with_header("Supported: 100rel");
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        channel.ring(Ring::new().early_media()).await.unwrap();
        let progress = raw.receive_response(183).await;
        let prack = dialog.prack(&progress);
        for _ in 0..3 {
            raw.send(scene.address(), prack.clone());
            assert_eq!(next_status(&mut raw, "PRACK").await, 200);
        }
        raw.send(scene.address(), dialog.prack(&progress));
        assert_eq!(next_status(&mut raw, "PRACK").await, 481);
        assert_eq!(channel.state(), State::RingIncoming);
    });
}

/// RING-23: a PRACK whose RAck matches nothing gets 481, and the 183 is repeated on.
#[test]
fn a_prack_with_a_wrong_rack_gets_481() {
    scene(3, |mut scene| async move {
        let mut raw = scene.raw();
        let mut dialog = raw.call(scene.address()).with_header("Supported: 100rel");
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        channel.ring(Ring::new().early_media()).await.unwrap();
        let progress = raw.receive_response(183).await;
        let rseq: u64 = header(&progress, "RSeq").unwrap().parse().unwrap();
        for rack in [format!("{} 1 INVITE", rseq + 1), format!("{rseq} 2 INVITE"), format!("{rseq} 1 UPDATE")]
        {
            raw.send(scene.address(), dialog.within("PRACK", &progress, &format!("RAck: {rack}\r\n"), ""));
            assert_eq!(next_status(&mut raw, "PRACK").await, 481, "RAck {rack}");
        }
        let again = raw.receive_for(secs(4.0)).await;
        assert_eq!(statuses(&again), [183, 183, 183]);
        assert_eq!(channel.state(), State::RingIncoming);
    });
}

/// RING-34, HOLD-6: an UPDATE that holds the call during early media stops the RTP; the next one resumes it.
#[test]
fn an_update_holds_and_resumes_early_media() {
    for (seed, direction) in [Direction::SendOnly, Direction::Inactive].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 0.7));
            let (call, channel) = scene.plain_call().await;
            let ring = Ring::new().early_media().ringtone(PlayableMedia::file(tone)).looped();
            channel.ring(ring).await.unwrap();
            scene.sim.sleep(secs(1.0)).await;
            let held = call.offer(OfferMethod::Update, direction).await;
            assert!(matches!(held, OfferOutcome::Accepted(_)), "{held:?}");
            let before = call.heard().await.packets.len();
            scene.sim.sleep(secs(1.0)).await;
            let during = call.heard().await.packets.len();
            assert!(during - before <= 1, "{} packets while on hold", during - before);
            let resumed = call.offer(OfferMethod::Update, Direction::SendRecv).await;
            assert!(matches!(resumed, OfferOutcome::Accepted(_)), "{resumed:?}");
            scene.sim.sleep(secs(1.0)).await;
            let after = call.heard().await.packets.len();
            assert!(after - during >= 49, "{} packets after the hold", after - during);
            assert_eq!(channel.state(), State::RingIncoming);
            assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
        });
    }
}

/// RING-35, RING-38: an UPDATE with a new address moves the RTP there; SSRC and time line go on.
#[test]
fn an_update_moves_early_media_to_a_new_address() {
    scene(4, |mut scene| async move {
        let (mut raw, mut old) = (scene.raw(), scene.raw_rtp());
        let new_address = "10.0.0.4:42000".parse().unwrap();
        let mut new = scene.sim.raw_peer(new_address);
        let mut dialog = raw.call(scene.address()).with_header("Supported: 100rel");
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        channel.ring(Ring::new().early_media()).await.unwrap();
        let progress = raw.receive_response(183).await;
        raw.send(scene.address(), dialog.prack(&progress));
        scene.sim.sleep(secs(1.0)).await;
        let before = packets(&old.receive_for(Duration::ZERO).await);
        let offer = RawCall::offer(new_address, "8").replace("o=- 1 1", "o=- 1 2");
        raw.send(scene.address(), dialog.update(&progress, &offer));
        assert_eq!(next_status(&mut raw, "UPDATE").await, 200);
        old.receive_for(Duration::ZERO).await;
        scene.sim.sleep(secs(1.0)).await;
        assert!(old.receive_within(ms(1)).await.is_none());
        let after = packets(&new.receive_for(Duration::ZERO).await);
        assert!(after.len() >= 49, "{}", after.len());
        assert_eq!(after[0].ssrc, before[0].ssrc);
        let ticks = after[0].timestamp.wrapping_sub(before[0].timestamp);
        assert_near(Duration::from_micros(u64::from(ticks) * 125), after[0].at - before[0].at, ms(20));
    });
}

/// RING-52: an UPDATE with another codec changes the codec in the middle of the ringtone.
#[test]
fn an_update_changes_the_codec_of_early_media() {
    scene(5, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 4.0));
        let (call, channel) = scene.plain_call().await;
        channel.ring(Ring::new().early_media().ringtone(PlayableMedia::file(tone))).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(channel.details().codec, Some("g711a"));
        let outcome = call.offer_codecs(OfferMethod::Update, "g711u").await;
        assert!(matches!(outcome, OfferOutcome::Accepted(_)), "{outcome:?}");
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(channel.details().codec, Some("g711u"));
        channel.ring(Ring::new()).await.unwrap();
        let heard = call.heard().await;
        let mut types: Vec<u8> = heard.packets.iter().map(|packet| packet.payload_type).collect();
        types.dedup();
        assert_eq!(types, [8, 0]);
        let sound = heard.sound();
        assert_one_burst(&sound, 2000.0);
        assert_tone(part(&sound, 0.1, 1.9), 440.0, -10.0);
    });
}

/// RING-35: an UPDATE without anything in common is refused with 488, and the ringtone goes on.
#[test]
fn an_update_without_a_common_codec_changes_nothing() {
    scene(6, |mut scene| async move {
        let (mut raw, mut socket) = (scene.raw(), scene.raw_rtp());
        let mut dialog = raw.call(scene.address()).with_header("Supported: 100rel");
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        channel.ring(Ring::new().early_media()).await.unwrap();
        let progress = raw.receive_response(183).await;
        raw.send(scene.address(), dialog.prack(&progress));
        scene.sim.sleep(ms(100)).await;
        let offer = RawCall::offer(RAW_RTP, "18").replace("o=- 1 1", "o=- 1 2");
        raw.send(scene.address(), dialog.update(&progress, &offer));
        assert_eq!(next_status(&mut raw, "UPDATE").await, 488);
        socket.receive_for(Duration::ZERO).await;
        scene.sim.sleep(secs(1.0)).await;
        assert!(socket.receive_for(Duration::ZERO).await.len() >= 49);
        assert_eq!(channel.state(), State::RingIncoming);
    });
}
