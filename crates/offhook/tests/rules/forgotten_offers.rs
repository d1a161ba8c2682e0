//! Cases that every implementation forgets: unusual offers.

use offhook::caller::CallSdp;
use offhook::sim::{RawCall, RawPeer};
use offhook::sip::Reliability;
use offhook::{Answer, AnswerError, Cause, PlayableMedia, Ring, State};

use crate::rtp::packets;
use crate::support::*;

fn sdp_of(media: &str) -> CallSdp {
    CallSdp::Raw(format!(
        "v=0\r\no=- 1 1 IN IP4 {{address}}\r\ns=-\r\nc=IN IP4 {{address}}\r\nt=0 0\r\n{media}"
    ))
}

/// RING-31, ANS-13: a caller without SDP and without 100rel rings plainly and is offered media in the 200.
#[test]
fn a_caller_without_sdp_is_offered_media_in_the_200() {
    scene(1, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 1.0));
        let request = scene.request().sdp(CallSdp::None).reliability(Reliability::Absent);
        let (call, channel) = scene.call(request).await;
        channel.ring(Ring::new().early_media().seconds(1.0)).await.unwrap();
        assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
        assert_eq!(call.statuses(), [180, 200]);
        assert!(sdp(&call.response(200).await.unwrap()).starts_with("v=0"));
        channel.file_player().play(PlayableMedia::file(tone)).await.unwrap();
        assert_one_burst(&call.heard().await.sound(), 1000.0);
    });
}

/// ANS-13: an ACK without a usable answer to the offer in the 200 leads to BYE, with cause `ERROR`.
#[test]
fn an_ack_without_an_answer_ends_the_call() {
    let refused =
        "v=0\r\no=- 1 1 IN IP4 10.0.0.3\r\ns=-\r\nc=IN IP4 10.0.0.3\r\nt=0 0\r\nm=audio 0 RTP/AVP 8\r\n";
    for (seed, body) in ["", refused, "nonsense"].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let mut raw = scene.raw();
            let mut dialog = raw.call(scene.address()).without_sdp();
            raw.send(scene.address(), dialog.invite());
            let channel = scene.instance().await;
            let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
            let ok = raw.receive_response(200).await;
            raw.send(scene.address(), dialog.ack_with(&ok, body));
            let bye = raw.receive_request("BYE").await;
            raw.send(scene.address(), dialog.ok(&bye));
            assert_eq!(answering.await.unwrap().unwrap(), State::Idle, "{body:?}");
            assert_eq!(channel.cause(), Cause::Error, "{body:?}");
        });
    }
}

/// RING-31, ANS-9, CAU-1, CAU-4: without a common codec the call rings plainly, and its answer is a refusal.
#[test]
fn a_caller_without_a_common_codec_is_refused_at_the_answer() {
    for (seed, media) in
        ["m=audio {port} RTP/AVP 18\r\n", "m=video {port} RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"]
            .into_iter()
            .enumerate()
    {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.call(scene.request().sdp(sdp_of(media))).await;
            channel.ring(Ring::new().early_media().seconds(1.0)).await.unwrap();
            let error = channel.answer(Answer::new()).await.unwrap_err();
            assert!(matches!(error, AnswerError::NoCommonCodec(_)), "{error:?}");
            assert!(!error.is_hangup());
            assert_eq!((channel.state(), channel.cause()), (State::Idle, Cause::Rejected));
            assert_eq!(&*channel.details().raw_cause, "488");
            call.cleared().await;
            assert_eq!(call.statuses(), [180, 488]);
        });
    }
}

/// RING-31, RING-36: a caller that does not want to hear (`inactive`, `sendonly`, 0.0.0.0) is sent nothing.
#[test]
fn a_caller_that_does_not_listen_is_sent_nothing() {
    let rows = [
        ("a=inactive", "inactive", "m=audio 40000 RTP/AVP 8\r\na=inactive\r\n"),
        ("a=sendonly", "recvonly", "m=audio 40000 RTP/AVP 8\r\na=sendonly\r\n"),
        ("c=0.0.0.0", "", "m=audio 40000 RTP/AVP 8\r\nc=IN IP4 0.0.0.0\r\n"),
    ];
    for (seed, (row, direction, media)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 1.0));
            let (mut raw, mut socket) = (scene.raw(), scene.raw_rtp());
            let (dialog, channel) = raw_call(&mut scene, &mut raw, media).await;
            let ring = Ring::new().early_media().ringtone(PlayableMedia::file(tone)).until_it_ends();
            assert_eq!(channel.ring(ring).await.unwrap(), State::RingIncoming, "{row}");
            let progress = raw.receive_response(183).await;
            if !direction.is_empty() {
                assert!(sdp(&progress).contains(&format!("a={direction}\r\n")), "{row}: {}", sdp(&progress));
            }
            assert!(socket.receive_within(ms(1)).await.is_none(), "{row}");
            assert_answers(&channel, &mut raw, dialog, row).await;
        });
    }
}

/// RING-31: a caller that only listens (`recvonly`) hears early media.
#[test]
fn a_caller_that_only_listens_hears_early_media() {
    scene(2, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 1.0));
        let (mut raw, mut socket) = (scene.raw(), scene.raw_rtp());
        let media = "m=audio 40000 RTP/AVP 8\r\na=recvonly\r\n";
        let (dialog, channel) = raw_call(&mut scene, &mut raw, media).await;
        let ring = Ring::new().early_media().ringtone(PlayableMedia::file(tone)).until_it_ends();
        channel.ring(ring).await.unwrap();
        let progress = raw.receive_response(183).await;
        assert!(sdp(&progress).contains("a=sendonly\r\n"), "{}", sdp(&progress));
        let sound = crate::rtp::sound(&packets(&socket.receive_for(Duration::ZERO).await));
        assert_one_burst(&sound, 1000.0);
        assert_answers(&channel, &mut raw, dialog, "recvonly").await;
    });
}

/// RING-31, ANS-9: an audio stream with port 0 is none.
#[test]
fn port_0_is_no_stream() {
    scene(3, |mut scene| async move {
        let (call, channel) = scene.call(scene.request().sdp(sdp_of("m=audio 0 RTP/AVP 8\r\n"))).await;
        channel.ring(Ring::new().early_media()).await.unwrap();
        assert!(matches!(channel.answer(Answer::new()).await, Err(AnswerError::NoCommonCodec(_))));
        call.cleared().await;
        assert_eq!(call.statuses(), [180, 488]);
    });
}

/// RING-21, RING-36, DET-1: a call over IPv6.
#[test]
fn ipv6_works() {
    scene_with(
        4,
        |config| config.sip = vec!["[fd00::1]:5060".parse().unwrap()],
        |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 1.0));
            let (call, channel) = scene.plain_call().await;
            let ring = Ring::new().early_media().ringtone(PlayableMedia::file(tone)).until_it_ends();
            channel.ring(ring).await.unwrap();
            let progress = sdp(&call.response(183).await.unwrap());
            assert!(progress.contains("c=IN IP6 fd00::1\r\n"), "{progress}");
            assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
            assert_one_burst(&call.heard().await.sound(), 1000.0);
            let remote = channel.details().remote_address.unwrap();
            assert!(remote.to_string().starts_with("[fd00::2]:"), "{remote}");
            channel.hang_up().await;
            assert_eq!(call.cleared().await.unwrap().status, 200);
        },
    );
}

/// RING-52: of several streams one audio stream is taken; the others are refused with port 0, in order.
#[test]
fn further_streams_are_refused_in_order() {
    let video = "m=video 40002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";
    let audio = "m=audio {port} RTP/AVP 8\r\n";
    let other = "m=audio 40004 RTP/AVP 18\r\n";
    let rows = [
        (vec![audio, video], vec![true, false]),
        (vec![video, audio], vec![false, true]),
        (vec![other, audio, video], vec![false, true, false]),
        (vec![audio, audio, video, other], vec![true, false, false, false]),
    ];
    for (seed, (media, taken)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 0.5));
            let (call, channel) = scene.call(scene.request().sdp(sdp_of(&media.concat()))).await;
            let ring = Ring::new().early_media().ringtone(PlayableMedia::file(tone)).until_it_ends();
            channel.ring(ring).await.unwrap();
            let answer = sdp(&call.response(183).await.unwrap());
            let lines = media_lines(&answer);
            assert_eq!(lines.len(), media.len(), "{answer}");
            for ((line, offered), taken) in lines.iter().zip(&media).zip(taken) {
                let (kind, port) = line.split_once(' ').unwrap();
                assert!(offered.starts_with(kind), "{answer}");
                assert_eq!(!port.starts_with("0 "), taken, "{answer}");
            }
            assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
        });
    }
}

/// Sends an INVITE with these media lines.
async fn raw_call(scene: &mut Scene, raw: &mut RawPeer, media: &str) -> (RawCall, Instance) {
    let sdp = format!("v=0\r\no=- 1 1 IN IP4 10.0.0.3\r\ns=-\r\nc=IN IP4 10.0.0.3\r\nt=0 0\r\n{media}");
    let dialog = raw.call(scene.address()).with_sdp(sdp);
    raw.send(scene.address(), dialog.invite());
    (dialog, scene.instance().await)
}

async fn assert_answers(channel: &Instance, raw: &mut RawPeer, mut dialog: RawCall, row: &str) {
    let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
    let ok = raw.receive_response(200).await;
    let server = raw.seen()[0].from;
    raw.send(server, dialog.ack(&ok));
    assert_eq!(answering.await.unwrap().unwrap(), State::Answered, "{row}");
}
