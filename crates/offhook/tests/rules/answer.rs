//! `answer()`.

use offhook::caller::CallSdp;
use offhook::sip::{PrackPolicy, Reliability};
use offhook::{
    Answer, AnswerError, Cause, ChannelEvent, ErrorKind, HeaderField, OperationError, PlayableMedia, Ring,
    State,
};

use crate::support::*;

/// ANS-2, GEN-6: allowed before the answer only; `IDLE` raises `Hangup`, the others `Error`.
#[test]
fn answer_is_allowed_before_the_answer_only() {
    scene(1, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
        let error = channel.answer(Answer::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WrongState);
        assert_eq!(error.to_string(), "answer() in state ANSWERED; allowed in CALL_INCOMING, RING_INCOMING");
        channel.hang_up().await;
        assert!(channel.answer(Answer::new()).await.unwrap_err().is_hangup());
    });
}

/// ANS-3, ANS-4, ST-4, ST-6: without `ring()`; the state passes through `ANSWERING` to `ANSWERED`.
#[test]
fn answer_passes_through_answering() {
    scene(2, |mut scene| async move {
        let mut raw = scene.raw();
        let mut dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        let mut events = channel.events();
        let answering = channel.spawn(|channel| async move { timed(channel.answer(Answer::new())).await });
        let ok = raw.receive_response(200).await;
        assert_eq!(channel.state(), State::Answering);
        scene.sim.sleep(ms(300)).await;
        assert!(!answering.is_finished());
        raw.send(scene.address(), dialog.ack(&ok));
        let (state, blocked) = answering.await.unwrap();
        assert_eq!(state.unwrap(), State::Answered);
        assert_near(blocked, ms(300), ms(100));
        let mut states = Vec::new();
        while let Some(event) = events.try_next() {
            if let ChannelEvent::State { state, .. } = event {
                states.push(state);
            }
        }
        assert_eq!(states, [State::Answering, State::Answered]);
    });
}

/// ANS-4, GEN-7: the caller's BYE instead of an ACK makes `answer()` return `IDLE`.
#[test]
fn a_bye_instead_of_the_ack_ends_the_answer() {
    scene(3, |mut scene| async move {
        let mut raw = scene.raw();
        let mut dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
        let ok = raw.receive_response(200).await;
        raw.send(scene.address(), dialog.bye(&ok));
        assert_eq!(answering.await.unwrap().unwrap(), State::Idle);
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Normal, "200"));
    });
}

/// ANS-5, ANS-6, CAU-1, CAU-4: the 200 is repeated after T1, 2*T1 up to T2; without ACK in 64*T1 comes a BYE.
#[test]
fn without_ack_the_200_is_repeated_and_the_call_cleared() {
    scene(4, |mut scene| async move {
        let mut raw = scene.raw();
        let dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        let answering = channel.spawn(|channel| async move { timed(channel.answer(Answer::new())).await });
        let arrived = raw.receive_for(secs(33.0)).await;
        let times: Vec<_> = arrived
            .iter()
            .filter(|arrived| arrived.status() == Some(200))
            .map(|arrived| arrived.at)
            .collect();
        let expected = [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5];
        assert_eq!(times.len(), expected.len(), "{times:?}");
        for (at, expected) in times.iter().zip(expected) {
            assert_near(*at - times[0], secs(expected), ms(20));
        }
        let bye = arrived
            .iter()
            .find(|arrived| arrived.request().is_some_and(|request| request.method.as_str() == "BYE"));
        assert_near(bye.expect("a BYE").at - times[0], secs(32.0), ms(50));
        let (state, blocked) = answering.await.unwrap();
        assert_eq!(state.unwrap(), State::Idle);
        assert_near(blocked, secs(32.0), ms(100));
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Timeout, "408"));
    });
}

/// ANS-7, RING-35: the 200 carries the session description of the 183 unchanged.
#[test]
fn the_200_carries_the_sdp_of_the_183() {
    for (seed, reliability) in
        [Reliability::Absent, Reliability::Supported, Reliability::Required].into_iter().enumerate()
    {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.call(scene.request().reliability(reliability)).await;
            channel.ring(Ring::new().early_media().seconds(0.5)).await.unwrap();
            channel.answer(Answer::new()).await.unwrap();
            let bodies: Vec<_> = call.responses().iter().map(sdp).collect();
            assert_eq!(bodies.len(), 2);
            assert!(bodies[0].starts_with("v=0"));
            assert_eq!(bodies[0], bodies[1], "{reliability:?}");
        });
    }
}

/// ANS-9, CAU-1, CAU-4, CAU-8: nothing in common: 488, `Error`, `IDLE`, `REJECTED`.
#[test]
fn nothing_in_common_is_refused() {
    scene(5, |mut scene| async move {
        let (call, channel) = scene.call(scene.request().codecs("g711a")).await;
        let error = channel.answer(Answer::new().codecs("g711u")).await.unwrap_err();
        assert!(matches!(error, AnswerError::NoCommonCodec(_)), "{error:?}");
        assert!(!error.is_hangup() && error.to_string().contains("g711u"), "{error}");
        assert_eq!((channel.state(), channel.cause()), (State::Idle, Cause::Rejected));
        assert_eq!(&*channel.details().raw_cause, "488");
        assert_eq!(call.cleared().await.unwrap().status, 488);
    });
}

/// ANS-10: no ringtone packet follows the 200; silence takes its place on the same time line.
#[test]
fn the_ringtone_stops_before_the_200() {
    for (seed, offset) in [0, 3, 7, 11, 19].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 0.7));
            let (call, channel) = scene.plain_call().await;
            channel
                .ring(Ring::new().early_media().ringtone(PlayableMedia::file(tone)).looped())
                .await
                .unwrap();
            scene.sim.sleep(ms(2000 + offset)).await;
            assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
            scene.sim.sleep(secs(1.0)).await;
            let answered_at = responses(&call).iter().find(|(status, _)| *status == 200).unwrap().1;
            let packets = call.heard().await.packets;
            assert!(packets.windows(2).all(|pair| pair[1].timestamp == pair[0].timestamp.wrapping_add(160)));
            let loud_after = packets
                .iter()
                .filter(|packet| packet.at > answered_at)
                .filter(|packet| {
                    let law = packet.codec.unwrap().law().unwrap();
                    offhook::media::measure::rms_dbm0(&law.decode(&packet.payload)) > -50.0
                })
                .count();
            assert_eq!(loud_after, 0, "offset {offset} ms");
            assert!(packets.last().unwrap().at > answered_at + ms(900));
        });
    }
}

/// ANS-10: what is played after the answer takes the ringtone's place on the same time line.
#[test]
fn the_next_job_takes_the_ringtones_place() {
    scene(6, |mut scene| async move {
        let low = scene.file("low.wav", &sine(500.0, 0.7));
        let high = scene.file("high.wav", &sine(1500.0, 1.0));
        let (call, channel) = scene.plain_call().await;
        channel.ring(Ring::new().early_media().ringtone(PlayableMedia::file(low)).looped()).await.unwrap();
        scene.sim.sleep(secs(2.0)).await;
        channel.answer(Answer::new()).await.unwrap();
        channel.file_player().play(PlayableMedia::file(high)).await.unwrap();
        let heard = call.heard().await;
        assert!(
            heard.packets.windows(2).all(|pair| pair[1].ssrc == pair[0].ssrc
                && pair[1].timestamp == pair[0].timestamp.wrapping_add(160))
        );
        let sound = heard.sound();
        assert_tone(part(&sound, 0.1, 1.9), 500.0, -10.0);
        assert_tone(part(&sound, 2.1, 2.9), 1500.0, -10.0);
    });
}

/// ANS-11, SIP-1, SIP-6, SIP-7: the 200 carries the header fields to send, one line a value.
#[test]
fn the_200_carries_the_header_fields_to_send() {
    scene(7, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        let mut field = HeaderField::new("X-Order", "17").unwrap();
        field.add_value("18").unwrap();
        channel.set_headers_to_send(vec![field, HeaderField::new("x-mood", "grün").unwrap()]);
        channel.ring(Ring::new()).await.unwrap();
        channel.answer(Answer::new()).await.unwrap();
        let of = |status: u16| {
            let step = call.ladder().into_iter().find(|step| step.status == Some(status)).unwrap();
            step.text()
                .lines()
                .filter(|line| line.to_lowercase().starts_with("x-"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(of(200), ["X-Order: 17", "X-Order: 18", "x-mood: grün"]);
        assert_eq!(of(180), Vec::<String>::new());
        assert_eq!(channel.headers_to_send().len(), 2);
    });
}

/// ANS-12, RING-23, CAU-4: without PRACK in 64*T1 a held answer returns `IDLE`, cause `TIMEOUT`, 504.
#[test]
fn a_held_answer_without_prack_times_out() {
    scene(8, |mut scene| async move {
        let (call, channel) = scene.call(scene.request().prack(PrackPolicy::Manual)).await;
        channel.ring(Ring::new().early_media().seconds(2.0)).await.unwrap();
        let (state, blocked) = timed(channel.answer(Answer::new())).await;
        assert_eq!(state.unwrap(), State::Idle);
        assert_near(blocked, secs(30.0), ms(100));
        assert_eq!((channel.cause(), &*channel.details().raw_cause), (Cause::Timeout, "504"));
        assert_eq!(call.cleared().await.unwrap().status, 504);
    });
}

/// ANS-13: an INVITE without SDP that was offered media in its 183 is not offered it again in the 200.
#[test]
fn an_offer_that_was_answered_is_not_repeated() {
    scene(9, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 1.0));
        let (call, channel) = scene.call(scene.request().sdp(CallSdp::None)).await;
        channel.ring(Ring::new().early_media().seconds(0.5)).await.unwrap();
        assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
        channel.file_player().play(PlayableMedia::file(tone)).await.unwrap();
        assert_one_burst(&call.heard().await.sound(), 1000.0);
        assert_eq!(call.statuses(), [183, 200]);
    });
}
