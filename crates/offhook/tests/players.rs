//! The file player and the tone player.

mod support;

use std::time::Duration;

use offhook::media::{Sound, measure, wav};
use offhook::sim::Sim;
use offhook::{
    Answer, ErrorKind, OperationError, Play, PlayError, PlayerCause, PlayerState, Ring, State, ToneManager,
};
use support::{one_call, to_server, watched};

/// A sine in a WAV file below a fresh media root.
fn media_root(name: &str, frequency_hz: f64, seconds: f64) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let sample = |index: u32| {
        let phase = std::f64::consts::TAU * frequency_hz * f64::from(index) / 8000.0;
        (phase.sin() * 8000.0) as i16
    };
    let samples = (0..(seconds * 8000.0) as u32).map(sample).collect();
    std::fs::write(root.path().join(name), wav::write(&Sound::new(8000, samples))).unwrap();
    root
}

/// FP-4, FP-15, FP-16: a file is played once with NORMAL, and in a loop until its time with TIMEOUT.
#[test]
fn a_file_is_played_once_and_in_a_loop() {
    Sim::new(1).run(|sim| async move {
        let root = media_root("tone.wav", 1000.0, 0.5);
        let (app, mut outcome) = watched(async |channel| {
            channel.answer(Answer::new()).await?;
            let player = channel.file_player();
            assert_eq!(player.play(Play::file("tone.wav")).await?, PlayerCause::Normal);
            let looped = Play::file("tone.wav").looped().seconds_timeout(2.0);
            assert_eq!(player.play(looped).await?, PlayerCause::Timeout);
            assert_eq!((player.state(), player.cause()), (PlayerState::Idle, PlayerCause::Timeout));
            Ok(0)
        });
        let path = root.path().to_owned();
        let _server = sim.server_with(|config| config.media_root = path, app).await;
        let caller = sim.caller().await;
        let call = caller.call(to_server()).await.unwrap();
        call.cleared().await;
        outcome.recv().await.unwrap().unwrap();
        let sound = call.heard().await.sound();
        let frequency = measure::dominant_frequency(&sound.samples, sound.rate_hz).unwrap();
        assert!((frequency - 1000.0).abs() < 5.0, "{frequency}");
        let heard: f64 = measure::bursts(&sound.samples, 8000).iter().map(|burst| burst.on_ms).sum();
        assert!((heard - 2500.0).abs() < 40.0, "{heard} ms");
    });
}

/// FP-12, FP-13, FP-14: a digit stops the job and stays in the buffer.
#[test]
fn a_digit_stops_a_job() {
    one_call(
        to_server(),
        async |channel| {
            channel.answer(Answer::new()).await?;
            let long = Play::text("One, two, three, four, five, six, seven.").looped();
            let cause = channel.file_player().play(long.barge_in_digits("12")).await?;
            assert_eq!(cause, PlayerCause::BargeIn);
            assert_eq!(channel.digits(), "92");
            Ok(0)
        },
        async |sim, call| {
            assert!(call.answered().await);
            sim.sleep(Duration::from_secs(1)).await;
            call.send_digits("92");
            call.cleared().await;
        },
    );
}

/// MED-3, MED-4, MED-6, MED-11: what is known before the start is an error and plays nothing.
#[test]
fn jobs_that_cannot_start_are_errors() {
    one_call(
        to_server(),
        async |channel| {
            let player = channel.file_player();
            let kind = |error: PlayError| error.kind();
            assert_eq!(player.say("Early.").await.map_err(kind), Err(ErrorKind::WrongState));
            channel.ring(Ring::new().early_media()).await?;
            assert_eq!(player.play(Play::file("missing.wav")).await.map_err(kind), Err(ErrorKind::Media));
            assert_eq!(player.play(Play::file("../x.wav")).await.map_err(kind), Err(ErrorKind::Media));
            let negative = Play::text("Hello.").seconds_timeout(-1.0);
            assert_eq!(player.play(negative).await.map_err(kind), Err(ErrorKind::Argument));
            assert_eq!((player.state(), player.cause()), (PlayerState::Idle, PlayerCause::None));
            player.start(Play::text("Hello, hello, hello.").looped()).await?;
            assert_eq!(player.state(), PlayerState::Playing);
            assert_eq!(player.start_say("Again.").await.map_err(kind), Err(ErrorKind::Busy));
            assert_eq!(player.wait_until_finished(Some(Duration::from_secs(1))).await, PlayerCause::None);
            assert_eq!(player.stop().await, PlayerCause::Aborted);
            assert_eq!(player.stop().await, PlayerCause::Aborted);
            Ok(0)
        },
        async |_, call| {
            call.cleared().await;
        },
    );
}

/// TONE-12, TONE-13: a tone player plays for its time, or once.
#[test]
fn a_tone_player_plays_for_its_time() {
    one_call(
        to_server(),
        async |channel| {
            channel.answer(Answer::new()).await?;
            let tones = channel.attach_tone_player(&ToneManager::new()).unwrap();
            assert_eq!(tones.play("RINGBACK_UK", Some(Duration::from_secs(5))).await?, PlayerCause::Timeout);
            assert_eq!(tones.play("RINGBACK_UK", None).await?, PlayerCause::Normal);
            let unknown = tones.play("no such tone", None).await.unwrap_err();
            assert!(unknown.to_string().contains("RINGBACK_UK"), "{unknown}");
            assert_eq!(channel.state(), State::Answered);
            Ok(0)
        },
        async |sim, call| {
            call.cleared().await;
            assert!((8.0..8.2).contains(&sim.elapsed().as_secs_f64()), "{:?}", sim.elapsed());
        },
    );
}
