//! Offers of the far end after the answer.

use offhook::caller::OfferOutcome;
use offhook::sim::RawCall;
use offhook::sip::OfferMethod;
use offhook::sip::sdp::Direction;
use offhook::{Answer, Play, PlayerCause, PlayerState, State};

use crate::ring_signalling::next_status;
use crate::support::*;

/// HOLD-6: the far end holds and resumes: our state stays `ANSWERED`, the job goes on, and nothing is sent meanwhile.
#[test]
fn the_far_end_holds_and_resumes() {
    for (seed, (method, direction)) in [
        (OfferMethod::ReInvite, Direction::SendOnly),
        (OfferMethod::ReInvite, Direction::Inactive),
        (OfferMethod::Update, Direction::SendOnly),
    ]
    .into_iter()
    .enumerate()
    {
        scene(seed as u64, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 4.0));
            let (call, channel) = scene.plain_call().await;
            channel.answer(Answer::new()).await.unwrap();
            channel.file_player().start(Play::file(tone)).await.unwrap();
            scene.sim.sleep(secs(1.0)).await;
            let held = call.offer(method, direction).await;
            assert!(matches!(held, OfferOutcome::Accepted(_)), "{held:?}");
            assert_eq!(channel.state(), State::Answered);
            let before = call.heard().await.packets.len();
            scene.sim.sleep(secs(1.0)).await;
            assert!(call.heard().await.packets.len() <= before + 1);
            assert_eq!(channel.file_player().state(), PlayerState::Playing);
            let resumed = call.offer(method, Direction::SendRecv).await;
            assert!(matches!(resumed, OfferOutcome::Accepted(Direction::SendRecv)), "{resumed:?}");
            let (cause, waited) = timed(channel.file_player().wait_until_finished(None)).await;
            assert_eq!(cause, PlayerCause::Normal);
            assert_near(waited, secs(2.0), ms(100));
        });
    }
}

/// RING-52, DET-1: a re-INVITE with another codec changes the codec in the middle of a job.
#[test]
fn a_reinvite_changes_the_codec() {
    scene(1, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 2.0));
        let (call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        channel.file_player().start(Play::file(tone)).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        let outcome = call.offer_codecs(OfferMethod::ReInvite, "g711u").await;
        assert!(matches!(outcome, OfferOutcome::Accepted(_)), "{outcome:?}");
        assert_eq!(channel.details().codec, Some("g711u"));
        channel.file_player().wait_until_finished(None).await;
        let heard = call.heard().await;
        let mut types: Vec<u8> = heard.packets.iter().map(|packet| packet.payload_type).collect();
        types.dedup();
        assert_eq!(types, [8, 0]);
        let sound = heard.sound();
        let start = bursts(&sound)[0].0 / 1000.0;
        assert_tone(part(&sound, start + 0.1, start + 1.9), 440.0, -10.0);
    });
}

/// HOLD-6, RING-35: a re-INVITE without anything in common is refused with 488, and the call goes on as it was.
#[test]
fn a_reinvite_without_a_common_codec_changes_nothing() {
    scene(2, |mut scene| async move {
        let (mut raw, mut socket) = (scene.raw(), scene.raw_rtp());
        let mut dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
        let ok = raw.receive_response(200).await;
        raw.send(scene.address(), dialog.ack(&ok));
        answering.await.unwrap().unwrap();
        let offer = RawCall::offer(RAW_RTP, "18").replace("o=- 1 1", "o=- 1 2");
        raw.send(scene.address(), dialog.reinvite(&ok, &offer));
        let mut status = next_status(&mut raw, "INVITE").await;
        while status < 200 {
            status = next_status(&mut raw, "INVITE").await;
        }
        assert_eq!((status, channel.state()), (488, State::Answered));
        socket.receive_for(Duration::ZERO).await;
        scene.sim.sleep(secs(1.0)).await;
        assert!(socket.receive_for(Duration::ZERO).await.len() >= 49);
    });
}

/// ANS-13: a re-INVITE without SDP is offered media, and its ACK carries the answer.
#[test]
fn a_reinvite_without_sdp_is_offered_media() {
    scene(3, |mut scene| async move {
        let (mut raw, mut socket) = (scene.raw(), scene.raw_rtp());
        let mut dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
        let first = raw.receive_response(200).await;
        raw.send(scene.address(), dialog.ack(&first));
        answering.await.unwrap().unwrap();
        raw.send(scene.address(), dialog.reinvite(&first, ""));
        let second = raw.receive_response(200).await;
        assert_eq!(media_lines(&sdp(&second)).len(), 1);
        dialog.cseq = dialog.next_cseq;
        let answer = RawCall::offer(RAW_RTP, "8").replace("o=- 1 1", "o=- 1 2");
        raw.send(scene.address(), dialog.ack_with(&second, &answer));
        socket.receive_for(Duration::ZERO).await;
        scene.sim.sleep(secs(1.0)).await;
        assert!(socket.receive_for(Duration::ZERO).await.len() >= 49);
        assert_eq!(channel.state(), State::Answered);
    });
}
