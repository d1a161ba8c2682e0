//! The responses that `ring()` sends.

use offhook::caller::CallSdp;
use offhook::sim::RawPeer;
use offhook::sip::{PrackPolicy, Reliability};
use offhook::{Answer, Cause, Ring, State};

use crate::support::*;

/// RING-20: a plain `ring()` sends 180 without a session description, once.
#[test]
fn a_plain_ring_sends_180_once() {
    scene(1, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        for _ in 0..3 {
            channel.ring(Ring::new().seconds(1.0)).await.unwrap();
        }
        let ladder = call.ladder();
        let ringing: Vec<_> = ladder.iter().filter(|step| step.status == Some(180)).collect();
        assert_eq!(ringing.len(), 1);
        assert!(!ringing[0].has_sdp);
        assert_eq!(call.statuses(), [180]);
    });
}

/// RING-20, RING-2, GEN-22: two plain rings send one 180, whether or not early media was asked for in vain.
#[test]
fn early_media_in_vain_sends_no_second_180() {
    scene(2, |mut scene| async move {
        let request = scene.request().sdp(CallSdp::None).reliability(Reliability::Absent);
        let (call, channel) = scene.call(request).await;
        channel.ring(Ring::new()).await.unwrap();
        channel.ring(Ring::new().early_media()).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(call.statuses(), [180]);
    });
}

/// RING-21: early media sends 183 with a session description.
#[test]
fn early_media_sends_183_with_sdp() {
    for (seed, reliability) in
        [Reliability::Absent, Reliability::Supported, Reliability::Required].into_iter().enumerate()
    {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.call(scene.request().reliability(reliability)).await;
            channel.ring(Ring::new().early_media()).await.unwrap();
            let progress = call.response(183).await.unwrap();
            assert_eq!(header(&progress, "Content-Type").as_deref(), Some("application/sdp"));
            assert!(sdp(&progress).starts_with("v=0"));
            scene.sim.sleep(secs(1.0)).await;
            assert_eq!(call.statuses(), [183]);
            let without = call.ladder().iter().any(|step| step.status == Some(183) && !step.has_sdp);
            assert!(!without, "a 183 without SDP is never sent");
        });
    }
}

/// RING-22: a 183 follows a 180, and no 180 follows a 183.
#[test]
fn a_183_follows_a_180_but_never_the_reverse() {
    let (plain, early) = (Ring::new, || Ring::new().early_media());
    let rows: [(Vec<Ring>, &[u16]); 5] = [
        (vec![plain(), early()], &[180, 183]),
        (vec![early(), plain()], &[183]),
        (vec![plain(), early(), plain(), early()], &[180, 183]),
        (vec![early(), early(), plain()], &[183]),
        (vec![early().seconds(1.0), plain().seconds(1.0), early().seconds(1.0)], &[183]),
    ];
    for (seed, (rings, expected)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            for ring in rings {
                assert_eq!(channel.ring(ring).await.unwrap(), State::RingIncoming);
                scene.sim.sleep(ms(100)).await;
            }
            assert_eq!(call.statuses(), expected);
        });
    }
}

/// RING-23: what is sent reliably, by what the INVITE says and what is asked for.
#[test]
fn reliable_is_what_the_invite_asks_for() {
    use Reliability::{Absent, Required, Supported};
    let rows = [
        (Absent, false, false),
        (Absent, true, false),
        (Supported, false, false),
        (Supported, true, true),
        (Required, false, true),
        (Required, true, true),
    ];
    for (seed, (reliability, early, reliable)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.call(scene.request().reliability(reliability)).await;
            let ring = if early { Ring::new().early_media() } else { Ring::new() };
            channel.ring(ring).await.unwrap();
            let progress = call.response(if early { 183 } else { 180 }).await.unwrap();
            let row = format!("{reliability:?}, early media {early}");
            assert_eq!(header(&progress, "RSeq").is_some(), reliable, "{row}");
            let requires = header(&progress, "Require").is_some_and(|options| options.contains("100rel"));
            assert_eq!(requires, reliable, "{row}");
            scene.sim.sleep(ms(100)).await;
            assert_eq!(got(&call, 200, "PRACK"), reliable, "{row}");
        });
    }
}

/// RING-23, ANS-12, ANS-9: a reliable response is repeated from T1 doubling for 64*T1, then the call is refused.
#[test]
fn without_prack_the_call_is_refused_with_504() {
    scene(3, |mut scene| async move {
        let mut raw = scene.raw();
        let dialog = raw.call(scene.address()).with_header("Supported: 100rel");
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        let ringing = channel.spawn(|channel| async move {
            timed(channel.ring(Ring::new().early_media().seconds(120.0))).await
        });
        let arrived = raw.receive_for(secs(33.0)).await;
        let times = |status| {
            arrived.iter().filter(move |arrived| arrived.status() == Some(status)).map(|arrived| arrived.at)
        };
        let start = times(183).next().unwrap();
        let expected = [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5];
        assert_eq!(times(183).count(), expected.len(), "{:?}", times(183).collect::<Vec<_>>());
        for (at, expected) in times(183).zip(expected) {
            assert_near(at - start, secs(expected), ms(20));
        }
        assert_near(times(504).next().unwrap() - start, secs(32.0), ms(50));
        let (state, blocked) = ringing.await.unwrap();
        assert_eq!(state.unwrap(), State::Idle);
        assert_near(blocked, secs(32.0), ms(50));
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Timeout, "504"));
    });
}

/// RING-23: the PRACK that matches ends the repetition; one that matches nothing gets 481.
#[test]
fn a_prack_ends_the_repetition() {
    scene(4, |mut scene| async move {
        let mut raw = scene.raw();
        let mut dialog = raw.call(scene.address()).with_header("Supported: 100rel");
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        channel.ring(Ring::new().early_media()).await.unwrap();
        let progress = raw.receive_response(183).await;
        let wrong = dialog.within("PRACK", &progress, "RAck: 7777777 1 INVITE\r\n", "");
        raw.send(scene.address(), wrong);
        assert_eq!(next_status(&mut raw, "PRACK").await, 481);
        raw.send(scene.address(), dialog.prack(&progress));
        assert_eq!(next_status(&mut raw, "PRACK").await, 200);
        assert_eq!(statuses(&raw.receive_for(secs(40.0)).await), []);
        assert_eq!(channel.state(), State::RingIncoming);
    });
}

/// RING-23, ANS-12: the 200 waits for the PRACK of a 183 with SDP.
#[test]
fn the_200_waits_for_the_prack() {
    scene(5, |mut scene| async move {
        let (call, channel) = scene.call(scene.request().prack(PrackPolicy::Manual)).await;
        channel.ring(Ring::new().early_media()).await.unwrap();
        call.response(183).await.unwrap();
        let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
        scene.sim.sleep(secs(5.0)).await;
        assert_eq!(call.statuses(), [183]);
        assert_eq!(channel.state(), State::Answering);
        call.prack();
        assert!(call.answered().await);
        assert_eq!(answering.await.unwrap().unwrap(), State::Answered);
        assert_eq!(call.statuses(), [183, 200]);
    });
}

/// RING-23: without an offer, the first reliable response carries ours, the 180 included.
#[test]
fn a_reliable_180_carries_an_offer_if_the_invite_has_none() {
    let rows = [(Reliability::Required, true), (Reliability::Supported, false), (Reliability::Absent, false)];
    for (seed, (reliability, offers)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let request = scene.request().sdp(CallSdp::None).reliability(reliability);
            let (call, channel) = scene.call(request).await;
            channel.ring(Ring::new()).await.unwrap();
            let ringing = call.response(180).await.unwrap();
            assert_eq!(sdp(&ringing).starts_with("v=0"), offers, "{reliability:?}");
            scene.sim.sleep(secs(1.0)).await;
            assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered, "{reliability:?}");
            assert_eq!(call.statuses(), [180, 200]);
        });
    }
}

/// RING-24: while ringing lasts, the provisional response is repeated every 60 seconds.
#[test]
fn ringing_is_repeated_every_minute() {
    use Reliability::{Absent, Required, Supported};
    let rows = [
        (Absent, false),
        (Absent, true),
        (Supported, false),
        (Supported, true),
        (Required, false),
        (Required, true),
    ];
    for (seed, (reliability, early)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.call(scene.request().reliability(reliability)).await;
            let ring = if early { Ring::new().early_media() } else { Ring::new() };
            channel.ring(ring.seconds(200.0)).await.unwrap();
            let status = if early { 183 } else { 180 };
            let row = format!("{reliability:?}, early media {early}: {:?}", responses(&call));
            let times: Vec<_> =
                responses(&call).iter().filter(|(got, _)| *got == status).map(|(_, at)| *at).collect();
            assert_eq!(times.len(), 4, "{row}");
            for (number, at) in times.iter().enumerate() {
                assert_near(*at - times[0], secs(60.0) * number as u32, ms(100));
            }
            assert_eq!(channel.state(), State::RingIncoming, "{row}");
        });
    }
}

/// RING-25: a repeated INVITE gets the newest provisional response again and starts no second instance.
#[test]
fn a_repeated_invite_gets_the_newest_response() {
    scene(6, |mut scene| async move {
        let mut raw = scene.raw();
        let dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        for (ring, status) in [(None, 100), (Some(Ring::new()), 180), (Some(Ring::new().early_media()), 183)]
        {
            if let Some(ring) = ring {
                channel.ring(ring).await.unwrap();
            }
            let first = raw.receive_response(status).await;
            raw.send(scene.address(), dialog.invite());
            let again = raw.receive_for(ms(100)).await;
            let again: Vec<_> = again.iter().filter_map(|arrived| arrived.response()).collect();
            assert_eq!(again, [first], "after {status}");
        }
        assert_eq!(scene.started(), 1);
    });
}

/// RING-26: an extension that is not supported is refused before any application starts.
#[test]
fn an_unknown_required_extension_is_refused() {
    scene(7, |scene| async move {
        let mut raw = scene.raw();
        let mut dialog = raw.call(scene.address()).with_header("Require: 100rel, foo, bar");
        raw.send(scene.address(), dialog.invite());
        let refusal = raw.receive_response(420).await;
        let unsupported = header(&refusal, "Unsupported").unwrap();
        assert!(unsupported.contains("foo") && !unsupported.contains("100rel"), "{unsupported}");
        raw.send(scene.address(), dialog.ack(&refusal));
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(scene.started(), 0);
    });
}

/// The status of the next response to a request of this method.
pub(crate) async fn next_status(raw: &mut RawPeer, method: &str) -> u16 {
    loop {
        let response = raw.receive().await.expect("a response").response();
        let Some(response) = response else { continue };
        if response.cseq().is_ok_and(|cseq| cseq.method.as_str() == method) {
            return response.status.code();
        }
    }
}
