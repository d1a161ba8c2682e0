//! Who makes the offer, who answers it, and what happens to it later.

mod support;

use std::time::Duration;

use offhook::caller::{CallRequest, CallSdp, OfferOutcome};
use offhook::media::measure;
use offhook::sim::{Fate, RawCall, Sim};
use offhook::sip::sdp::Direction;
use offhook::sip::{OfferMethod, Reliability};
use offhook::{Answer, AppError, CallChannel, Cause, ErrorKind, OperationError, Ring, State, ToneManager};
use support::{one_call, to_server};

/// Rings with a tone as early media for two seconds, then answers for a second.
async fn tone_then_answer(channel: CallChannel) -> Result<i64, AppError> {
    channel
        .attach_tone_player(&ToneManager::new())
        .map_err(|error| AppError::exception(error.to_string()))?;
    channel.ring(Ring::new().early_media().ringtone("dial.de").looped().seconds(2.0)).await?;
    assert!(channel.details().early_media);
    channel.answer(Answer::new()).await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(0)
}

/// RING-35, ANS-7: one stream from the 183 to the end, and the 200's SDP is the 183's byte for byte.
#[test]
fn one_stream_serves_ringing_and_answer() {
    one_call(to_server(), tone_then_answer, async |_, call| {
        call.cleared().await;
        let body = |status| {
            let ladder = call.ladder();
            let step =
                ladder.iter().find(|step| step.status == Some(status) && step.method == "INVITE").unwrap();
            step.text().split_once("\r\n\r\n").unwrap().1.to_owned()
        };
        assert_eq!(body(183), body(200));
        let heard = call.heard().await;
        let first = heard.packets[0].clone();
        assert!(first.marker);
        for (index, packet) in heard.packets.iter().enumerate() {
            assert_eq!(packet.ssrc, first.ssrc);
            assert_eq!(packet.sequence, first.sequence.wrapping_add(index as u16));
            assert_eq!(packet.timestamp, first.timestamp.wrapping_add(160 * index as u32));
        }
        let seconds = heard.packets.len() as f64 * 0.02;
        assert!((2.95..3.1).contains(&seconds), "{seconds}");
        let rang_at = call.ladder().iter().find(|step| step.status == Some(183)).unwrap().at;
        assert!(heard.first_at().unwrap() - rang_at <= Duration::from_millis(20));
    });
}

/// RING-23, RING-31: an INVITE without SDP whose sender supports 100rel gets our offer in the 183 and
/// answers it in its PRACK.
#[test]
fn an_invite_without_offer_gets_one_in_the_183() {
    for reliability in [Reliability::Supported, Reliability::Required] {
        let request = to_server().sdp(CallSdp::None).reliability(reliability);
        one_call(request, tone_then_answer, async |_, call| {
            call.cleared().await;
            let ladder = call.ladder();
            assert!(ladder.iter().any(|step| step.status == Some(183) && step.has_sdp));
            assert!(
                ladder.iter().any(|step| step.method == "PRACK" && step.status.is_none() && step.has_sdp)
            );
            let sound = call.heard().await.sound();
            assert!(
                (measure::dominant_frequency(&sound.samples[..16_000], 8000).unwrap() - 425.0).abs() < 2.0
            );
        });
    }
}

/// ANS-13: without 100rel the 200 carries our offer and the ACK the answer.
#[test]
fn an_invite_without_offer_gets_one_in_the_200() {
    one_call(
        to_server().sdp(CallSdp::None).reliability(Reliability::Absent),
        async |channel| {
            channel.ring(Ring::new().early_media().seconds(1.0)).await?;
            assert!(!channel.details().early_media);
            assert_eq!(channel.answer(Answer::new()).await?, State::Answered);
            assert_eq!(channel.details().codec, Some("g711a"));
            tokio::time::sleep(Duration::from_secs(1)).await;
            Ok(0)
        },
        async |_, call| {
            call.cleared().await;
            assert_eq!(call.statuses(), [180, 200]);
            assert!(call.heard().await.packets.len() > 45);
        },
    );
}

/// ANS-9: nothing in common: 488, `answer` fails, cause REJECTED.
#[test]
fn without_a_common_codec_the_answer_is_488() {
    let offer = "v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n\
                 m=audio {port} RTP/AVP 18\r\n";
    one_call(
        to_server().sdp(CallSdp::Raw(offer.to_owned())),
        async |channel| {
            channel.ring(Ring::new().early_media().ringtone("ignored").seconds(0.5)).await?;
            let error = channel.answer(Answer::new()).await.unwrap_err();
            assert_eq!((error.kind(), error.state()), (ErrorKind::NoCommonCodec, State::Idle));
            assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Rejected, "488"));
            Ok(0)
        },
        async |_, call| {
            call.cleared().await;
            assert_eq!(call.statuses(), [180, 488]);
        },
    );
}

/// RING-23: hold and resume by UPDATE in early media and by re-INVITE after the answer; the audio
/// stops and goes on, and the timestamp line runs through.
#[test]
fn a_caller_holds_and_resumes() {
    one_call(
        to_server(),
        async |channel| {
            channel.attach_tone_player(&ToneManager::new()).unwrap();
            channel.ring(Ring::new().early_media().ringtone("dial.de").looped().seconds(6.0)).await?;
            channel.answer(Answer::new()).await?;
            channel.wait_for_idle(None).await;
            Ok(0)
        },
        async |sim, call| {
            assert!(call.media().await);
            sim.sleep(Duration::from_secs(1)).await;
            let held = call.offer(OfferMethod::Update, Direction::Inactive).await;
            assert_eq!(held, OfferOutcome::Accepted(Direction::Inactive));
            let before = call.heard().await.packets.len();
            sim.sleep(Duration::from_secs(2)).await;
            assert!(call.heard().await.packets.len() <= before + 1);
            let resumed = call.offer(OfferMethod::Update, Direction::SendRecv).await;
            assert_eq!(resumed, OfferOutcome::Accepted(Direction::SendRecv));
            assert!(call.answered().await);
            let codec = call.offer_codecs(OfferMethod::ReInvite, "g711u").await;
            assert_eq!(codec, OfferOutcome::Accepted(Direction::SendRecv));
            sim.sleep(Duration::from_secs(1)).await;
            let heard = call.heard().await;
            assert_eq!(heard.packets.last().unwrap().payload_type, 0);
            let first = &heard.packets[0];
            let last = heard.packets.last().unwrap();
            let played = last.timestamp.wrapping_sub(first.timestamp);
            let elapsed = (last.at - first.at).as_millis() as u32 * 8;
            assert!(played.abs_diff(elapsed) <= 240, "{played} and {elapsed}");
            call.hang_up();
        },
    );
}

/// RING-23: a lost PRACK is repeated with the response, and the call goes on.
#[test]
fn a_lost_prack_is_repeated() {
    Sim::new(1).run(|sim| async move {
        let _server = sim.server(tone_then_answer).await;
        let mut lost = 0;
        sim.intercept(move |datagram| {
            let lose = datagram.begins_with("PRACK") && lost < 2;
            lost += usize::from(lose);
            if lose { Fate::Lose } else { Fate::Pass }
        });
        let caller = sim.caller().await;
        let request = CallRequest::to_address(Sim::SERVER).reliability(Reliability::Required);
        let call = caller.call(request).await.unwrap();
        assert!(call.answered().await);
        call.cleared().await;
        assert!(call.ladder().iter().filter(|step| step.status == Some(183)).count() >= 2);
    });
}

/// RING-52: the answer refuses every further stream with port 0, in order.
#[test]
fn further_streams_are_refused_in_order() {
    Sim::new(1).run(|sim| async move {
        let _server = sim.server(tone_then_answer).await;
        let mut peer = sim.raw_peer("10.0.0.3:5060".parse().unwrap());
        let offer = RawCall::offer("10.0.0.3:40000".parse().unwrap(), "0 8")
            + "m=video 40002 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\nm=audio 40004 RTP/AVP 8\r\n";
        let mut call = peer.call(Sim::SERVER).with_sdp(offer);
        peer.send(Sim::SERVER, call.invite());
        let progress = peer.receive_response(183).await;
        let body = String::from_utf8_lossy(&progress.body).into_owned();
        let media: Vec<&str> = body.lines().filter(|line| line.starts_with("m=")).collect();
        assert_eq!(media.len(), 3);
        assert!(media[0].ends_with("RTP/AVP 8"), "{media:?}");
        assert!(media[1].starts_with("m=video 0 ") && media[2].starts_with("m=audio 0 "), "{media:?}");
        let answered = peer.receive_response(200).await;
        peer.send(Sim::SERVER, call.ack(&answered));
        let bye = peer.receive_request("BYE").await;
        peer.send(Sim::SERVER, call.ok(&bye));
    });
}
