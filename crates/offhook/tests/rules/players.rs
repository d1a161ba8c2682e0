//! The rules of all players, and `FilePlayer`.

use offhook::media::{Codec, Sound, measure};
use offhook::{
    Answer, ErrorKind, OperationError, Play, PlayableMedia, PlayerCause, PlayerState, Ring, State,
    ToneManager,
};

use crate::support::*;

async fn answered(scene: &mut Scene) -> (offhook::caller::OutCall, Instance) {
    let (call, channel) = scene.plain_call().await;
    assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
    (call, channel)
}

/// MED-1, FP-2, FP-3: state and cause before, during and after a job.
#[test]
fn a_player_tells_its_state_and_cause() {
    scene(1, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 1.0));
        let (_call, channel) = answered(&mut scene).await;
        let player = channel.file_player();
        assert_eq!((player.state(), player.cause()), (PlayerState::Idle, PlayerCause::None));
        player.start(Play::file(&tone)).await.unwrap();
        assert_eq!((player.state(), player.cause()), (PlayerState::Playing, PlayerCause::None));
        assert_eq!(player.wait_until_finished(None).await, PlayerCause::Normal);
        assert_eq!((player.state(), player.cause()), (PlayerState::Idle, PlayerCause::Normal));
        player.start(Play::file(&tone)).await.unwrap();
        assert_eq!(player.cause(), PlayerCause::None);
    });
}

/// MED-3, MED-4, MED-12, GEN-6: where a job may be started.
#[test]
fn a_job_needs_an_answer_or_early_media() {
    scene(2, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 0.2));
        let (_call, channel) = scene.plain_call().await;
        let tones = channel.attach_tone_player(&ToneManager::new()).unwrap();
        let player = channel.file_player();
        for state in [State::CallIncoming, State::RingIncoming] {
            assert_eq!(channel.state(), state);
            assert_eq!(player.play(Play::file(&tone)).await.unwrap_err().kind(), ErrorKind::WrongState);
            let error = tones.start("RINGBACK", true).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WrongState);
            channel.ring(Ring::new()).await.unwrap();
        }
        channel.ring(Ring::new().early_media()).await.unwrap();
        assert_eq!(player.play(Play::file(&tone)).await.unwrap(), PlayerCause::Normal);
        channel.answer(Answer::new()).await.unwrap();
        assert_eq!(player.play(Play::file(&tone)).await.unwrap(), PlayerCause::Normal);
        channel.hang_up().await;
        assert!(player.play(Play::file(&tone)).await.unwrap_err().is_hangup());
        assert!(tones.start("RINGBACK", true).await.unwrap_err().is_hangup());
        assert_eq!(player.stop().await, PlayerCause::Normal);
        assert_eq!(player.wait_until_finished(None).await, PlayerCause::Normal);
        assert_eq!(tones.stop().await, PlayerCause::None);
    });
}

/// MED-6: one transmitter runs at a time; a second one is an error and changes nothing.
#[test]
fn one_transmitter_runs_at_a_time() {
    scene(3, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 1.0));
        let (call, channel) = answered(&mut scene).await;
        let tones = channel.attach_tone_player(&ToneManager::new()).unwrap();
        channel.file_player().start(Play::file(&tone)).await.unwrap();
        assert_eq!(channel.file_player().start(Play::file(&tone)).await.unwrap_err().kind(), ErrorKind::Busy);
        assert_eq!(tones.start("RINGBACK", true).await.unwrap_err().kind(), ErrorKind::Busy);
        assert_eq!(channel.file_player().wait_until_finished(None).await, PlayerCause::Normal);
        tones.start("RINGBACK_EU", true).await.unwrap();
        assert_eq!(channel.file_player().play(Play::file(&tone)).await.unwrap_err().kind(), ErrorKind::Busy);
        assert_eq!(channel.file_player().cause(), PlayerCause::Normal);
        scene.sim.sleep(secs(0.5)).await;
        assert_eq!(tones.stop().await, PlayerCause::Aborted);
        let sound = call.heard().await.sound();
        let start = bursts(&sound)[0].0 / 1000.0;
        assert_tone(part(&sound, start + 0.1, start + 0.9), 440.0, -10.0);
        assert_tone(part(&sound, start + 1.1, start + 1.4), 425.0, -13.0);
    });
}

/// MED-7: a job that is started while a ringtone plays stops the ringtone.
#[test]
fn a_ringtone_gives_way_to_a_job() {
    scene(4, |mut scene| async move {
        let low = scene.file("low.wav", &sine(500.0, 0.7));
        let high = scene.file("high.wav", &sine(1500.0, 1.0));
        let (call, channel) = scene.plain_call().await;
        channel.ring(Ring::new().early_media().ringtone(PlayableMedia::file(low)).looped()).await.unwrap();
        scene.sim.sleep(secs(2.0)).await;
        assert_eq!(channel.file_player().play(Play::file(high)).await.unwrap(), PlayerCause::Normal);
        scene.sim.sleep(secs(1.0)).await;
        let sound = call.heard().await.sound();
        assert_tone(part(&sound, 0.1, 1.9), 500.0, -10.0);
        assert_tone(part(&sound, 2.1, 2.9), 1500.0, -10.0);
        assert_silent(part(&sound, 3.1, 3.9));
    });
}

/// MED-7, RING-34: a `ring()` under early media ends a running job with `ABORTED`.
#[test]
fn a_ring_ends_a_running_job() {
    for (seed, (tone_player, ringtone)) in
        [(false, true), (false, false), (true, true), (true, false)].into_iter().enumerate()
    {
        scene(seed as u64, |mut scene| async move {
            let low = scene.file("low.wav", &sine(425.0, 10.0));
            let high = scene.file("high.wav", &sine(1500.0, 1.0));
            let (call, channel) = scene.plain_call().await;
            let tones = channel.attach_tone_player(&ToneManager::new()).unwrap();
            channel.ring(Ring::new().early_media()).await.unwrap();
            if tone_player {
                tones.start("RINGBACK_EU", true).await.unwrap();
            } else {
                channel.file_player().start(Play::file(low)).await.unwrap();
            }
            scene.sim.sleep(secs(0.6)).await;
            let ring = Ring::new().seconds(1.0);
            let ring = if ringtone { ring.ringtone(PlayableMedia::file(high)) } else { ring };
            channel.ring(ring).await.unwrap();
            let cause = if tone_player { tones.cause() } else { channel.file_player().cause() };
            assert_eq!(cause, PlayerCause::Aborted);
            let sound = call.heard().await.sound();
            let level = if tone_player { -13.0 } else { -10.0 };
            assert_tone(part(&sound, 0.1, 0.5), 425.0, level);
            match ringtone {
                true => assert_tone(part(&sound, 0.7, 1.5), 1500.0, -10.0),
                false => assert_silent(part(&sound, 0.7, 1.5)),
            }
        });
    }
}

/// MED-11, FILE-8, PM-3, PM-6: what is known before the start is an error and leaves the player as it was.
#[test]
fn what_cannot_be_played_leaves_the_player_as_it_was() {
    scene(5, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 0.2));
        scene.file_of("text.wav", b"no sound at all");
        let (_call, channel) = answered(&mut scene).await;
        let player = channel.file_player();
        player.play(Play::file(&tone)).await.unwrap();
        for media in [
            PlayableMedia::file("missing.wav"),
            PlayableMedia::file("../tone.wav"),
            PlayableMedia::file("text.wav"),
            PlayableMedia::text(""),
            PlayableMedia::new(),
            PlayableMedia::from_parts(Some("a".into()), Some("tone.wav".into())),
        ] {
            let error = player.start(media.clone()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Media, "{media:?}: {error}");
            assert_eq!((player.state(), player.cause()), (PlayerState::Idle, PlayerCause::Normal));
        }
    });
}

/// PM-1, PM-2, PM-3, PM-5, FP-6: one medium, made in any way, is used any number of times.
#[test]
fn a_medium_is_used_again_and_again() {
    scene(6, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 0.3));
        let other = scene.file("other.wav", &sine(880.0, 0.3));
        let (call, channel) = scene.plain_call().await;
        let mut media = PlayableMedia::new();
        media.set_text("not to be heard");
        media.set_file(&tone);
        channel.ring(Ring::new().early_media().ringtone(media.clone()).until_it_ends()).await.unwrap();
        channel.file_player().play(media.clone()).await.unwrap();
        media.set_file(other);
        channel.file_player().play(media).await.unwrap();
        let sound = call.heard().await.sound();
        assert_tone(part(&sound, 0.02, 0.28), 440.0, -10.0);
        assert_tone(part(&sound, 0.32, 0.58), 440.0, -10.0);
        assert_tone(part(&sound, 0.62, 0.88), 880.0, -10.0);
    });
}

/// MED-13, FP-8, GEN-8: a wait that runs out returns `NONE`, and the job goes on.
#[test]
fn waiting_may_time_out_without_ending_the_job() {
    scene(7, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 2.0));
        let (_call, channel) = answered(&mut scene).await;
        let player = channel.file_player();
        player.start(Play::file(tone)).await.unwrap();
        let (cause, waited) = timed(player.wait_until_finished(Some(secs(0.5)))).await;
        assert_eq!((cause, player.state()), (PlayerCause::None, PlayerState::Playing));
        assert_near(waited, secs(0.5), ms(100));
        let (cause, waited) = timed(player.wait_until_finished(Some(secs(10.0)))).await;
        assert_eq!(cause, PlayerCause::Normal);
        assert_near(waited, secs(1.5), ms(100));
    });
}

/// FP-4, FP-7, GEN-12: `play()` lasts as long as the file; `stop()` ends it with `ABORTED` at once.
#[test]
fn a_job_plays_to_its_end_or_to_stop() {
    scene(8, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 1.5));
        let (call, channel) = answered(&mut scene).await;
        let (cause, blocked) = timed(channel.file_player().play(Play::file(&tone))).await;
        assert_eq!(cause.unwrap(), PlayerCause::Normal);
        assert_near(blocked, secs(1.5), ms(50));
        scene.sim.sleep(secs(0.5)).await;
        let playing =
            channel.spawn(|channel| async move { channel.file_player().play(Play::file(tone)).await });
        scene.sim.sleep(secs(0.7)).await;
        assert_eq!(channel.file_player().stop().await, PlayerCause::Aborted);
        let (cause, waited) = timed(playing).await;
        assert_eq!(cause.unwrap().unwrap(), PlayerCause::Aborted);
        assert!(waited <= ms(100), "{waited:?}");
        scene.sim.sleep(secs(1.0)).await;
        let lengths: Vec<f64> = bursts(&call.heard().await.sound()).iter().map(|burst| burst.1).collect();
        assert_eq!(lengths.len(), 2, "{lengths:?}");
        assert!((lengths[0] - 1500.0).abs() <= 20.0 && (lengths[1] - 700.0).abs() <= 20.0, "{lengths:?}");
    });
}

/// FP-5, FP-18: a text is spoken.
#[test]
fn a_text_is_spoken_to_its_end() {
    scene(9, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let (cause, blocked) = timed(channel.file_player().say("Good morning.")).await;
        assert_eq!(cause.unwrap(), PlayerCause::Normal);
        assert!(blocked > ms(400) && blocked < secs(5.0), "{blocked:?}");
        assert!(measure::rms_dbm0(&call.heard().await.sound().samples) > -35.0);
    });
}

/// FP-11: digits that are in the buffer already do not stop a job.
#[test]
fn buffered_digits_are_no_barge_in() {
    scene(10, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 1.0));
        let (call, channel) = answered(&mut scene).await;
        call.send_digits("123");
        scene.sim.sleep(secs(2.0)).await;
        assert_eq!(channel.digits(), "123");
        let (cause, blocked) = timed(channel.file_player().play(Play::file(tone).barge_in())).await;
        assert_eq!(cause.unwrap(), PlayerCause::Normal);
        assert_near(blocked, secs(1.0), ms(50));
    });
}

/// FP-12, FP-13, DTMF-12: which digits stop a job; the digit stays in the buffer.
#[test]
fn barge_in_digits_stop_a_job() {
    type Options = fn(Play) -> Play;
    let rows: [(&str, Options, &str, bool); 7] = [
        ("no barge-in", |play| play, "1", false),
        ("any digit", Play::barge_in, "#", true),
        ("a listed digit", |play| play.barge_in_digits("12"), "2", true),
        ("another digit", |play| play.barge_in_digits("12"), "3", false),
        ("listed, and any", |play| play.barge_in().barge_in_digits("12"), "3", false),
        ("an empty list alone", |play| play.barge_in_digits(""), "3", false),
        ("any, and an empty list", |play| play.barge_in().barge_in_digits(""), "3", true),
    ];
    for (seed, (row, options, digit, stops)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 3.0));
            let (call, channel) = answered(&mut scene).await;
            let playing = channel.spawn(move |channel| async move {
                timed(channel.file_player().play(options(Play::file(tone)))).await
            });
            scene.sim.sleep(secs(1.0)).await;
            call.send_digits(digit);
            let (cause, blocked) = playing.await.unwrap();
            let expected = if stops { PlayerCause::BargeIn } else { PlayerCause::Normal };
            assert_eq!(cause.unwrap(), expected, "{row}");
            assert_eq!(blocked < secs(1.3), stops, "{row}: {blocked:?}");
            assert_eq!(channel.digits(), digit, "{row}");
        });
    }
}

/// FP-14, GEN-12: after a barge-in digit no more than 60 ms of audio is sent.
#[test]
fn barge_in_is_quick() {
    scene(11, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 5.0));
        let began = scene.sim.elapsed();
        let (call, channel) = answered(&mut scene).await;
        let playing = channel
            .spawn(|channel| async move { channel.file_player().play(Play::file(tone).barge_in()).await });
        scene.sim.sleep(secs(1.0)).await;
        call.send_digits("5");
        while channel.digits().is_empty() {
            scene.sim.sleep(ms(1)).await;
        }
        let recognised = scene.sim.elapsed() - began;
        let (cause, waited) = timed(playing).await;
        assert_eq!(cause.unwrap().unwrap(), PlayerCause::BargeIn);
        assert!(waited <= ms(100), "{waited:?}");
        scene.sim.sleep(secs(1.0)).await;
        let heard = call.heard().await;
        let loud = heard.packets.iter().filter(|packet| {
            packet
                .codec
                .and_then(Codec::law)
                .is_some_and(|law| measure::rms_dbm0(&law.decode(&packet.payload)) > -30.0)
        });
        let last = loud.map(|packet| packet.at).max().unwrap();
        assert!(last <= recognised + ms(60), "audio at {last:?}, recognised at {recognised:?}");
    });
}

/// FP-15, FP-16: a looped job repeats without a gap until its time is over, which gives `TIMEOUT`.
#[test]
fn a_looped_job_repeats_until_its_time_is_over() {
    scene(12, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(400.0, 0.1275));
        let (call, channel) = answered(&mut scene).await;
        let (cause, blocked) =
            timed(channel.file_player().play(Play::file(tone).looped().seconds_timeout(3.0))).await;
        assert_eq!(cause.unwrap(), PlayerCause::Timeout);
        assert_near(blocked, secs(3.0), ms(50));
        scene.sim.sleep(secs(1.0)).await;
        let sound = call.heard().await.sound();
        assert_one_burst(&sound, 3000.0);
        let start = bursts(&sound)[0].0 / 1000.0;
        assert_tone(part(&sound, start + 0.1, start + 2.9), 400.0, -10.0);
    });
}

/// FP-15: a looped job ends with a digit, with `stop()`, or with the call.
#[test]
fn a_looped_job_is_ended_by_others() {
    for (seed, expected) in
        [PlayerCause::BargeIn, PlayerCause::Aborted, PlayerCause::Hangup].into_iter().enumerate()
    {
        scene(seed as u64, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 0.3));
            let (call, channel) = answered(&mut scene).await;
            let job = Play::file(tone).looped().barge_in();
            let playing = channel.spawn(|channel| async move { channel.file_player().play(job).await });
            scene.sim.sleep(secs(5.0)).await;
            assert!(!playing.is_finished());
            match expected {
                PlayerCause::BargeIn => call.send_digits("1"),
                PlayerCause::Aborted => {
                    channel.file_player().stop().await;
                }
                _ => call.hang_up(),
            }
            assert_eq!(playing.await.unwrap().unwrap(), expected);
        });
    }
}

/// FP-16: the time limit counts for a job that is not looped too, and is no error.
#[test]
fn a_time_limit_ends_a_job() {
    scene(13, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 5.0));
        let (_call, channel) = answered(&mut scene).await;
        for (limit, cause, length) in [(1.0, PlayerCause::Timeout, 1.0), (9.0, PlayerCause::Normal, 5.0)] {
            let play = Play::file(&tone).seconds_timeout(limit);
            let (got, blocked) = timed(channel.file_player().play(play)).await;
            assert_eq!(got.unwrap(), cause);
            assert_near(blocked, secs(length), ms(50));
        }
        for limit in [-1.0, f64::NAN, f64::INFINITY] {
            let error =
                channel.file_player().play(Play::file(&tone).seconds_timeout(limit)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument, "{limit}");
            assert!(error.to_string().contains("seconds_timeout"), "{error}");
        }
    });
}

/// MED-10, GEN-7, GEN-12: when the caller clears, `wait_until_finished()` returns `HANGUP` at once.
#[test]
fn a_wait_ends_with_the_call() {
    scene(14, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 60.0));
        let (call, channel) = answered(&mut scene).await;
        channel.file_player().start(Play::file(tone)).await.unwrap();
        let waiting =
            channel.spawn(|channel| async move { channel.file_player().wait_until_finished(None).await });
        scene.sim.sleep(secs(1.0)).await;
        call.hang_up();
        let (cause, waited) = timed(waiting).await;
        assert_eq!(cause.unwrap(), PlayerCause::Hangup);
        assert!(waited <= ms(100), "{waited:?}");
    });
}

/// MED-14, MED-15: between jobs the time line runs on without a gap, and nothing is marked again.
#[test]
fn packets_are_paced_across_jobs() {
    scene(15, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 0.5));
        let (call, channel) = answered(&mut scene).await;
        for pause in [0, 7, 333] {
            channel.file_player().play(Play::file(&tone)).await.unwrap();
            scene.sim.sleep(ms(pause)).await;
        }
        let heard = call.heard().await;
        assert!(heard.gaps().iter().all(|gap| gap.abs_diff(ms(20)) <= ms(1)), "{:?}", heard.gaps());
        assert_eq!(heard.packets.iter().filter(|packet| packet.marker).count(), 1);
        assert!(
            heard.packets.windows(2).all(|pair| pair[1].timestamp == pair[0].timestamp.wrapping_add(160))
        );
    });
}

/// FP-21: a text longer than the setting is an error.
#[test]
fn a_text_may_be_too_long() {
    scene_with(
        16,
        |config| config.speech.max_characters = 10,
        |mut scene| async move {
            let (_call, channel) = answered(&mut scene).await;
            let error = channel.file_player().say("eleven char").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Media);
            assert!(error.to_string().contains("11") && error.to_string().contains("10"), "{error}");
            channel.file_player().say("ten chars.").await.unwrap();
        },
    );
}

/// FILE-13: a file that is being played keeps its contents until the job ends; the next job sees the new ones.
#[test]
fn a_changed_file_is_heard_by_the_next_job() {
    scene(17, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(500.0, 1.0));
        let (call, channel) = answered(&mut scene).await;
        channel.file_player().start(Play::file(&tone)).await.unwrap();
        scene.file("tone.wav", &sine(1500.0, 1.2));
        channel.file_player().wait_until_finished(None).await;
        channel.file_player().play(Play::file(&tone)).await.unwrap();
        let sound: Sound = call.heard().await.sound();
        let start = bursts(&sound)[0].0 / 1000.0;
        assert_tone(part(&sound, start + 0.1, start + 0.9), 500.0, -10.0);
        assert_tone(part(&sound, start + 1.1, start + 2.1), 1500.0, -10.0);
    });
}

/// FP-9: a paused job stays `PLAYING` and silence is sent; it goes on where it was.
#[test]
fn a_job_pauses_and_resumes() {
    scene(21, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 2.0));
        let (call, channel) = answered(&mut scene).await;
        let player = channel.file_player();
        assert!(!player.pause().await && !player.resume().await);
        let playing = channel
            .spawn(move |channel| async move { timed(channel.file_player().play(Play::file(tone))).await });
        scene.sim.sleep(secs(1.0)).await;
        assert!(player.pause().await);
        scene.sim.sleep(secs(1.5)).await;
        assert_eq!((player.state(), player.cause()), (PlayerState::Playing, PlayerCause::None));
        assert!(player.resume().await);
        let (cause, blocked) = playing.await.unwrap();
        assert_eq!(cause.unwrap(), PlayerCause::Normal);
        assert_near(blocked, secs(3.5), ms(50));
        let bursts = bursts(&call.heard().await.sound());
        assert_eq!(bursts.len(), 2, "{bursts:?}");
        assert!((bursts[0].1 - 1000.0).abs() <= 40.0 && (bursts[1].1 - 1000.0).abs() <= 40.0, "{bursts:?}");
        assert!((bursts[1].0 - bursts[0].0 - 2500.0).abs() <= 40.0, "{bursts:?}");
    });
}

/// FP-10: a job goes on from another place of its file; past the end it is over, or begins again when looped.
#[test]
fn a_job_seeks() {
    scene(22, |mut scene| async move {
        let mut sound = sine(440.0, 2.0);
        sound.append(&sine(1000.0, 2.0));
        let file = scene.file("two.wav", &sound);
        let (call, channel) = answered(&mut scene).await;
        let player = channel.file_player();
        assert!(!player.seek(1.0).await.unwrap(), "nothing plays");
        player.start(Play::file(&file)).await.unwrap();
        scene.sim.sleep(secs(0.5)).await;
        assert!(player.seek(3.0).await.unwrap());
        let (cause, blocked) = timed(player.wait_until_finished(None)).await;
        assert_eq!(cause, PlayerCause::Normal);
        assert_near(blocked, secs(1.0), ms(50));
        let heard = call.heard().await.sound();
        let start = bursts(&heard)[0].0 / 1000.0;
        assert_tone(part(&heard, start + 0.1, start + 0.4), 440.0, -10.0);
        assert_tone(part(&heard, start + 0.6, start + 1.4), 1000.0, -10.0);

        player.start(Play::file(&file)).await.unwrap();
        assert!(player.seek(60.0).await.unwrap());
        let (cause, blocked) = timed(player.wait_until_finished(None)).await;
        assert_eq!(cause, PlayerCause::Normal);
        assert!(blocked <= ms(100), "{blocked:?}");
        player.start(Play::file(&file).looped()).await.unwrap();
        assert!(player.seek(60.0).await.unwrap());
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!(player.state(), PlayerState::Playing);
        player.stop().await;
    });
}

/// FP-10, GEN-9: there is no seeking in spoken text, nor to what is no time.
#[test]
fn seeking_needs_a_file_and_a_time() {
    scene(23, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 2.0));
        let (_call, channel) = answered(&mut scene).await;
        let player = channel.file_player();
        player.start_say("Good morning, and welcome to our office.").await.unwrap();
        assert_eq!(player.seek(0.5).await.unwrap_err().kind(), ErrorKind::Media);
        assert_eq!(player.state(), PlayerState::Playing);
        player.stop().await;
        player.start(Play::file(&tone)).await.unwrap();
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(player.seek(bad).await.unwrap_err().kind(), ErrorKind::Argument);
        }
    });
}
