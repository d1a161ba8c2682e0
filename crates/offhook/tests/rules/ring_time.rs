//! How long `ring()` blocks, and how long the ringtone plays.

use offhook::{Answer, PlayableMedia, Reject, Ring, State, ToneManager};

use crate::support::*;

fn early(file: &str) -> Ring {
    Ring::new().early_media().ringtone(PlayableMedia::file(file))
}

/// RING-10: zero seconds do not block; an unlooped ringtone goes on to its end, then there is silence.
#[test]
fn without_ring_time_the_ringtone_goes_on_in_the_background() {
    scene(1, |mut scene| async move {
        let file = scene.file("tone.wav", &sine(440.0, 1.5));
        let (call, channel) = scene.plain_call().await;
        let (state, blocked) = timed(channel.ring(early(&file))).await;
        assert_eq!(state.unwrap(), State::RingIncoming);
        assert!(blocked < ms(20), "{blocked:?}");
        scene.sim.sleep(secs(3.0)).await;
        let sound = call.heard().await.sound();
        assert_one_burst(&sound, 1500.0);
        assert!(sound.duration() >= secs(2.9));
        assert_silent(part(&sound, 1.6, 2.9));
    });
}

/// RING-10: without early media zero seconds do not block either.
#[test]
fn a_plain_ring_without_ring_time_does_not_block() {
    scene(2, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        let (state, blocked) = timed(channel.ring(Ring::new())).await;
        assert_eq!((state.unwrap(), blocked), (State::RingIncoming, Duration::ZERO));
    });
}

#[derive(Clone, Copy, Debug)]
enum Stop {
    Ring,
    Answer,
    Reject,
    HangUp,
    CallerClears,
}

/// RING-10, ANS-10, REJ-9, HUP-9: a looped ringtone lasts until the next operation or the caller's clearing.
#[test]
fn everything_that_follows_stops_the_ringtone() {
    for (seed, stop) in
        [Stop::Ring, Stop::Answer, Stop::Reject, Stop::HangUp, Stop::CallerClears].into_iter().enumerate()
    {
        scene(seed as u64, |mut scene| async move {
            let file = scene.file("tone.wav", &sine(440.0, 0.7));
            let (call, channel) = scene.plain_call().await;
            channel.ring(early(&file).looped()).await.unwrap();
            scene.sim.sleep(secs(4.0)).await;
            match stop {
                Stop::Ring => {
                    channel.ring(Ring::new()).await.unwrap();
                }
                Stop::Answer => {
                    channel.answer(Answer::new()).await.unwrap();
                }
                Stop::Reject => {
                    channel.reject(Reject::new()).await.unwrap();
                }
                Stop::HangUp => {
                    channel.hang_up().await;
                }
                Stop::CallerClears => call.hang_up(),
            }
            scene.sim.sleep(secs(1.0)).await;
            assert_one_burst(&call.heard().await.sound(), 4000.0);
        });
    }
}

/// RING-11: the ringtone stops when the ring time is over.
#[test]
fn the_ringtone_stops_with_the_ring_time() {
    scene(3, |mut scene| async move {
        let file = scene.file("tone.wav", &sine(440.0, 30.0));
        let (call, channel) = scene.plain_call().await;
        let (_, blocked) = timed(channel.ring(early(&file).seconds(10.0))).await;
        assert_near(blocked, secs(10.0), ms(50));
        scene.sim.sleep(secs(2.0)).await;
        let sound = call.heard().await.sound();
        assert_one_burst(&sound, 10_000.0);
        assert_silent(part(&sound, 10.1, 11.9));
    });
}

/// RING-11: a shorter ringtone is followed by silence for the rest of the ring time.
#[test]
fn a_short_ringtone_is_followed_by_silence() {
    scene(4, |mut scene| async move {
        let file = scene.file("tone.wav", &sine(440.0, 0.6));
        let (call, channel) = scene.plain_call().await;
        let (_, blocked) = timed(channel.ring(early(&file).seconds(2.0))).await;
        assert_near(blocked, secs(2.0), ms(50));
        let sound = call.heard().await.sound();
        assert_one_burst(&sound, 600.0);
        assert_silent(part(&sound, 0.7, 1.9));
    });
}

/// RING-12: without a number `ring()` lasts as long as the file, and is not looped whatever was given.
#[test]
fn until_it_ends_plays_a_file_once() {
    for (seed, looped) in [false, true].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let file = scene.file("tone.wav", &sine(440.0, 1.23));
            let (call, channel) = scene.plain_call().await;
            let ring = early(&file).until_it_ends();
            let ring = if looped { ring.looped() } else { ring };
            let (_, blocked) = timed(channel.ring(ring)).await;
            assert!(blocked >= secs(1.23) && blocked <= secs(1.28), "{blocked:?}");
            scene.sim.sleep(secs(3.0)).await;
            assert_one_burst(&call.heard().await.sound(), 1230.0);
        });
    }
}

/// RING-12: the duration of a tone is one pass through its sequence.
#[test]
fn until_it_ends_plays_a_tone_through_its_sequence_once() {
    let rows = [("RINGBACK", 6.0, 1), ("RINGBACK_UK", 3.0, 2), ("RINGBACK_EU", 5.0, 1)];
    for (seed, (tone, seconds, count)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            channel.attach_tone_player(&ToneManager::new()).unwrap();
            let ring = Ring::new().early_media().ringtone(tone).looped().until_it_ends();
            let (_, blocked) = timed(channel.ring(ring)).await;
            assert!(blocked >= secs(seconds) && blocked <= secs(seconds + 0.05), "{tone}: {blocked:?}");
            scene.sim.sleep(secs(7.0)).await;
            assert_eq!(bursts(&call.heard().await.sound()).len(), count, "{tone}");
        });
    }
}

/// RING-13: without early media there is nothing to wait for.
#[test]
fn until_it_ends_counts_as_zero_without_early_media() {
    scene(5, |mut scene| async move {
        let file = scene.file("tone.wav", &sine(440.0, 5.0));
        let (call, channel) = scene.plain_call().await;
        let ring = Ring::new().ringtone(PlayableMedia::file(file)).until_it_ends();
        let (state, blocked) = timed(channel.ring(ring)).await;
        assert_eq!(state.unwrap(), State::RingIncoming);
        assert!(blocked < ms(20), "{blocked:?}");
        assert_eq!(call.statuses(), [180]);
    });
}

/// RING-13: early media that is not available counts as none.
#[test]
fn until_it_ends_counts_as_zero_where_early_media_is_unavailable() {
    scene(6, |mut scene| async move {
        let file = scene.file("tone.wav", &sine(440.0, 5.0));
        let request = scene.request().sdp(offhook::caller::CallSdp::Raw(video_only()));
        let (call, channel) = scene.call(request).await;
        let (state, blocked) = timed(channel.ring(early(&file).until_it_ends())).await;
        assert_eq!(state.unwrap(), State::RingIncoming);
        assert!(blocked < ms(20), "{blocked:?}");
        assert_eq!(call.statuses(), [180]);
    });
}

/// RING-14: without a ringtone there is nothing to wait for.
#[test]
fn until_it_ends_counts_as_zero_without_a_ringtone() {
    scene(7, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        let (state, blocked) = timed(channel.ring(Ring::new().early_media().until_it_ends())).await;
        assert_eq!(state.unwrap(), State::RingIncoming);
        assert!(blocked < ms(20), "{blocked:?}");
        assert_eq!(call.statuses(), [183]);
    });
}

/// RING-15, GEN-9: no number below zero, no infinity, no NaN.
#[test]
fn a_ring_time_is_a_number_from_zero_on() {
    for seconds in [-0.001, -1.0, f64::NEG_INFINITY, f64::INFINITY, f64::NAN] {
        scene(8, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            let error = channel.ring(Ring::new().seconds(seconds)).await.unwrap_err();
            assert!(matches!(error, offhook::RingError::Argument(_)), "{seconds}: {error:?}");
            assert!(error.to_string().contains("seconds_ringtime"), "{error}");
            assert_eq!((call.statuses(), channel.state()), (vec![], State::CallIncoming));
        });
    }
}

/// RING-16, RING-11: `ring(s)` returns within 50 ms after `s`, and plays `s` seconds to one frame.
#[test]
fn ring_times_are_exact() {
    for (seed, seconds) in [0.02, 0.1, 0.35, 0.5, 1.0, 2.503, 10.0, 45.25].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let file = scene.file("tone.wav", &sine(1000.0, 0.333));
            let (call, channel) = scene.plain_call().await;
            let (_, blocked) = timed(channel.ring(early(&file).looped().seconds(seconds))).await;
            assert!(blocked >= secs(seconds) && blocked <= secs(seconds + 0.05), "{seconds}: {blocked:?}");
            scene.sim.sleep(secs(1.0)).await;
            assert_one_burst(&call.heard().await.sound(), seconds * 1000.0);
        });
    }
}

/// RING-16: without early media the ring time is as exact.
#[test]
fn plain_ring_times_are_exact() {
    for seconds in [0.02, 0.35, 1.0, 2.503, 45.25] {
        scene(9, |mut scene| async move {
            let (_call, channel) = scene.plain_call().await;
            let (_, blocked) = timed(channel.ring(Ring::new().seconds(seconds))).await;
            assert!(blocked >= secs(seconds) && blocked <= secs(seconds + 0.05), "{seconds}: {blocked:?}");
        });
    }
}

/// RING-11, RING-34, RING-40: the second example of the founding document: a sentence, then music for ten
/// seconds, with early media asked for once.
#[test]
fn a_sentence_and_then_music_for_ten_seconds() {
    scene(10, |mut scene| async move {
        let sentence = scene.file("sentence.wav", &sine(600.0, 2.0));
        let music = scene.file("music.wav", &sine(900.0, 30.0));
        let (call, channel) = scene.plain_call().await;
        channel.ring(early(&sentence).until_it_ends()).await.unwrap();
        channel.ring(Ring::new().seconds(10.0).ringtone(PlayableMedia::file(music))).await.unwrap();
        channel.answer(Answer::new()).await.unwrap();
        assert_eq!(call.statuses(), [183, 200]);
        let sound = call.heard().await.sound();
        assert_tone(part(&sound, 0.1, 1.9), 600.0, -10.0);
        assert_tone(part(&sound, 2.1, 11.9), 900.0, -10.0);
    });
}

fn video_only() -> String {
    "v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\nm=video {port} RTP/AVP 96\r\n\
     a=rtpmap:96 H264/90000\r\n"
        .to_owned()
}
