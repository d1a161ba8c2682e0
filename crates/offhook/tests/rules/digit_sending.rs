//! `DTMFPlayer`: what the far end receives, and when nothing is sent.

use offhook::media::dtmf::{Event, Press, ToneDetector};
use offhook::{Answer, DtmfPlayerCause, ErrorKind, OperationError, Play, PlayerState, Ring, State};

use crate::support::*;

async fn answered(scene: &mut Scene) -> (offhook::caller::OutCall, Instance) {
    let (call, channel) = scene.plain_call().await;
    assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
    (call, channel)
}

/// DTMF-13, DTMF-14, DTMF-17: digits as telephone events, 100 ms each and 100 ms apart; a comma is half a second.
#[test]
fn digits_are_sent_as_telephone_events() {
    scene(1, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let player = channel.dtmf_player();
        assert_eq!((player.state(), player.cause()), (PlayerState::Idle, DtmfPlayerCause::None));
        let playing = channel.spawn(|channel| async move { timed(channel.dtmf_player().play("1,A#")).await });
        scene.sim.sleep(ms(100)).await;
        assert_eq!((player.state(), player.cause()), (PlayerState::Playing, DtmfPlayerCause::None));
        let (cause, blocked) = playing.await.unwrap();
        assert_eq!(cause.unwrap(), DtmfPlayerCause::Normal);
        assert_eq!((player.state(), player.cause()), (PlayerState::Idle, DtmfPlayerCause::Normal));
        assert_near(blocked, ms(1100), ms(60));
        let heard = call.heard().await;
        let mut presses: Vec<(u32, u8, u16)> = Vec::new();
        for packet in heard.packets.iter().filter(|packet| packet.codec.is_none()) {
            let event = Event::parse(&packet.payload).unwrap();
            match presses.last_mut() {
                Some((timestamp, _, duration)) if *timestamp == packet.timestamp => {
                    *duration = event.duration
                }
                _ => presses.push((packet.timestamp, event.code, event.duration)),
            }
        }
        let begin = presses[0].0;
        let presses: Vec<_> = presses
            .into_iter()
            .map(|(timestamp, code, duration)| (timestamp.wrapping_sub(begin) / 8, code, duration / 8))
            .collect();
        assert_eq!(presses, [(0, 1, 100), (700, 12, 100), (900, 11, 100)]);
    });
}

/// DTMF-17: without telephone events they are sent as tones.
#[test]
fn digits_are_sent_as_tones_without_telephone_events() {
    scene(2, |mut scene| async move {
        let request = scene.request().no_telephone_events();
        let (call, channel) = scene.call(request).await;
        channel.answer(Answer::new()).await.unwrap();
        assert_eq!(channel.dtmf_player().play("0123456789ABCD*#").await.unwrap(), DtmfPlayerCause::Normal);
        let mut heard = String::new();
        ToneDetector::new().hear(&call.heard().await.sound().samples, |press| {
            if let Press::Begun { digit } = press {
                heard.push(digit.as_char());
            }
        });
        assert_eq!(heard, "0123456789ABCD*#");
    });
}

/// DTMF-15, DTMF-16, MED-6: what is refused, with nothing sent.
#[test]
fn what_cannot_be_sent_is_refused() {
    scene(3, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 2.0));
        let (call, channel) = scene.plain_call().await;
        let player = channel.dtmf_player();
        assert_eq!(player.play("1").await.unwrap_err().kind(), ErrorKind::WrongState);
        channel.ring(Ring::new().early_media()).await.unwrap();
        assert_eq!(player.play("1").await.unwrap_err().kind(), ErrorKind::WrongState);
        channel.answer(Answer::new()).await.unwrap();
        let long = "1".repeat(33);
        for bad in ["", "a", "1 2", "x", "E", long.as_str()] {
            assert_eq!(player.play(bad).await.unwrap_err().kind(), ErrorKind::Argument, "{bad:?}");
        }
        channel.file_player().start(Play::file(&tone)).await.unwrap();
        assert_eq!(player.play("1").await.unwrap_err().kind(), ErrorKind::Busy);
        channel.file_player().stop().await;
        let first = channel.spawn(|channel| async move { channel.dtmf_player().play("12").await });
        scene.sim.sleep(ms(20)).await;
        assert_eq!(player.play("1").await.unwrap_err().kind(), ErrorKind::Busy);
        let error = channel.file_player().start(Play::file(&tone)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert_eq!(first.await.unwrap().unwrap(), DtmfPlayerCause::Normal);
        let events = call.heard().await.packets.iter().filter(|packet| packet.codec.is_none()).count();
        assert!(events <= 16, "{events} packets for two digits");
        call.hang_up();
        channel.wait_for_idle(None).await;
        assert!(player.play("1").await.unwrap_err().is_hangup());
    });
}

/// DTMF-13, UR-29, MED-10, GEN-12: the far end leaves while digits are sent.
#[test]
fn a_cleared_call_ends_the_sending() {
    scene(4, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let playing = channel.spawn(|channel| async move { channel.dtmf_player().play("1,1,1,1,1,1").await });
        scene.sim.sleep(ms(700)).await;
        call.hang_up();
        let (cause, waited) = timed(playing).await;
        assert_eq!(cause.unwrap().unwrap(), DtmfPlayerCause::Hangup);
        assert_eq!(channel.dtmf_player().cause(), DtmfPlayerCause::Hangup);
        assert!(waited <= ms(100), "{waited:?}");
    });
}

/// DTMF-13, GEN-8: digits that a far end on hold does not take are given up.
#[test]
fn digits_that_cannot_leave_time_out() {
    scene(5, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let inactive = offhook::sip::sdp::Direction::Inactive;
        call.offer(offhook::sip::OfferMethod::Update, inactive).await;
        let (cause, blocked) = timed(channel.dtmf_player().play("12")).await;
        assert_eq!(cause.unwrap(), DtmfPlayerCause::Timeout);
        assert!(blocked < secs(5.0), "{blocked:?}");
    });
}

/// GEN-17: dropping the future stops the sending.
#[test]
fn a_dropped_future_stops_the_sending() {
    scene(6, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let playing = channel.spawn(|channel| async move { channel.dtmf_player().play("1111111111").await });
        scene.sim.sleep(ms(500)).await;
        playing.abort();
        scene.sim.sleep(secs(3.0)).await;
        let heard = call.heard().await;
        let last = heard.packets.iter().rposition(|packet| packet.codec.is_none()).unwrap();
        assert!(heard.packets.len() - last > 100, "nothing was sent any more");
        assert_eq!(channel.dtmf_player().play("1").await.unwrap(), DtmfPlayerCause::Normal);
    });
}
