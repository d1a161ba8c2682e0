//! `FileRecorder`: what is in the file, when a recording ends, and what is left of it.

use offhook::caller::Reception;
use offhook::media::recorder::RecordCodec;
use offhook::media::{Sound, measure, wav};
use offhook::sim::Sim;
use offhook::{
    Answer, ErrorKind, GetDigits, OperationError, Play, PlayerCause, Record, RecorderCause, RecorderState,
    Ring, State,
};

use crate::outbound_calls::{outbound_scene, started, to_callee};
use crate::support::*;

async fn answered(scene: &mut Scene) -> (offhook::caller::OutCall, Instance) {
    let (call, channel) = scene.plain_call().await;
    assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
    (call, channel)
}

impl Scene {
    fn recorded(&self, name: &str) -> Sound {
        wav::read(&std::fs::read(self.path(name)).expect("the file is there")).expect("the file is valid")
    }
}

/// REC-1, REC-2, REC-3, REC-4, REC-6, REC-7, REC-19: the far end's sound is in the file, which is as long as the time.
#[test]
fn the_far_end_is_recorded() {
    for (seed, codec) in [RecordCodec::ALaw, RecordCodec::MuLaw, RecordCodec::Pcm16].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = answered(&mut scene).await;
            let recorder = channel.file_recorder();
            assert_eq!((recorder.state(), recorder.cause()), (RecorderState::Idle, RecorderCause::None));
            assert_eq!(recorder.audio_detected(), None);
            call.play(sine(440.0, 5.0));
            scene.sim.sleep(ms(200)).await;
            let recording = channel.spawn(move |channel| async move {
                let record = Record::to("folder/heard.wav").max_duration(2000).codec(codec);
                timed(channel.file_recorder().record(record)).await
            });
            scene.sim.sleep(secs(1.0)).await;
            assert_eq!((recorder.state(), recorder.cause()), (RecorderState::Recording, RecorderCause::None));
            assert_eq!(recorder.audio_detected(), None);
            let (cause, blocked) = recording.await.unwrap();
            assert_eq!(cause.unwrap(), RecorderCause::Timeout);
            assert_near(blocked, secs(2.0), ms(100));
            assert_eq!((recorder.state(), recorder.cause()), (RecorderState::Idle, RecorderCause::Timeout));
            assert_eq!(recorder.audio_detected(), Some(true));
            let sound = scene.recorded("folder/heard.wav");
            assert_eq!(sound.samples.len(), 16_000);
            assert_tone(part(&sound, 0.1, 1.9), 440.0, -10.0);
        });
    }
}

/// REC-5, REC-16, REC-17, REC-19, MED-12, MED-13: start, stop and wait; the file can be played at once, and is replaced
/// by the next recording.
#[test]
fn a_recording_is_started_and_stopped() {
    scene(1, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let recorder = channel.file_recorder();
        assert_eq!(recorder.stop().await, RecorderCause::None);
        for (hz, seconds) in [(440.0, 2.0), (1000.0, 1.0)] {
            call.play(sine(hz, 10.0));
            scene.sim.sleep(ms(100)).await;
            recorder.start(Record::to("a.wav")).await.unwrap();
            assert_eq!(recorder.state(), RecorderState::Recording);
            scene.sim.sleep(secs(seconds)).await;
            assert_eq!(recorder.wait_until_finished(Some(ms(1))).await, RecorderCause::None);
            assert_eq!(recorder.stop().await, RecorderCause::Aborted);
            let sound = scene.recorded("a.wav");
            assert_near(sound.duration(), secs(seconds), ms(40));
            assert_tone(part(&sound, 0.1, seconds - 0.1), hz, -10.0);
            assert_eq!(channel.file_player().play(Play::file("a.wav")).await.unwrap(), PlayerCause::Normal);
        }
        assert_eq!(recorder.stop().await, RecorderCause::Aborted);
    });
}

/// REC-19, UR-16: over a network that loses, delays and reorders, nothing is missing and the time is right.
#[test]
fn a_bad_network_leaves_no_holes() {
    scene(2, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        scene.sim.set_link(offhook::sim::Link {
            delay: ms(40),
            jitter: ms(30),
            loss: 0.02,
            duplicate: 0.02,
            ..Default::default()
        });
        call.play(sine(440.0, 40.0));
        scene.sim.sleep(secs(5.0)).await;
        channel.file_recorder().start(Record::to("a.wav")).await.unwrap();
        scene.sim.sleep(secs(30.0)).await;
        channel.file_recorder().stop().await;
        let sound = scene.recorded("a.wav");
        assert_near(sound.duration(), secs(30.0), ms(40));
        let holes = measure::silences(part(&sound, 0.2, 29.8), 8000, -40.0, 10.0);
        assert!(holes.is_empty(), "{holes:?}");
    });
}

/// REC-8, REC-9: silence below the setting ends a recording, with another limit until something is heard.
#[test]
fn silence_ends_a_recording() {
    type Options = fn(Record) -> Record;
    let rows: [(&str, f64, Options, f64, bool); 4] = [
        ("after speech", 1.0, |record| record.max_silence(1500), 2.5, true),
        ("from the beginning", 0.0, |record| record.max_silence(1500), 1.5, false),
        ("initial limit", 0.0, |record| record.max_silence(1500).initial_silence(3000), 3.0, false),
        ("initial limit of zero", 0.0, |record| record.max_silence(1500).initial_silence(0), 1.5, false),
    ];
    for (seed, (row, speech, options, seconds, detected)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = answered(&mut scene).await;
            if speech > 0.0 {
                call.play(sine(440.0, speech));
            }
            let recorder = channel.file_recorder();
            let (cause, blocked) = timed(recorder.record(options(Record::to("a.wav")))).await;
            assert_eq!(cause.unwrap(), RecorderCause::Silence, "{row}");
            assert_near(blocked, secs(seconds), ms(150));
            assert_eq!(recorder.audio_detected(), Some(detected), "{row}");
        });
    }
}

/// REC-10, FP-11, FP-13: a digit of the set ends a recording and stays in the buffer; neither a buffered one nor another
/// does. Its tone is not in the file.
#[test]
fn a_digit_ends_a_recording() {
    for (seed, in_band) in [false, true].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let request = scene.request();
            let request = if in_band { request.no_telephone_events() } else { request };
            let (call, channel) = scene.call(request).await;
            channel.answer(Answer::new()).await.unwrap();
            call.send_digits("1");
            scene.sim.sleep(secs(1.0)).await;
            let recording = channel.spawn(|channel| async move {
                let record = Record::to("a.wav").barge_in_digits("1#");
                timed(channel.file_recorder().record(record)).await
            });
            scene.sim.sleep(secs(1.0)).await;
            call.send_digits("2,#");
            let (cause, blocked) = recording.await.unwrap();
            assert_eq!(cause.unwrap(), RecorderCause::BargeIn);
            // The digit that ends it is pressed 0.7 s later.
            assert_near(blocked, ms(1700), ms(120));
            assert_eq!(channel.digits(), "12#");
            let sound = scene.recorded("a.wav");
            let tone = measure::bursts(&sound.samples[12_000..], 8000);
            assert!(tone.iter().all(|burst| burst.on_ms <= 60.0), "{tone:?}");
        });
    }
}

/// REC-11, MED-6: the beep is heard by the far end and is not in the file; it needs the line for itself.
#[test]
fn a_beep_comes_first() {
    scene(3, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 1.0));
        let (call, channel) = answered(&mut scene).await;
        let record = || Record::to("a.wav").beep_on_start().max_duration(1000);
        channel.file_player().start(Play::file(&tone)).await.unwrap();
        let busy = channel.file_recorder().record(record()).await.unwrap_err();
        assert_eq!(busy.kind(), ErrorKind::Busy);
        channel.file_player().stop().await;
        let before = call.heard().await.sound().samples.len();
        let (cause, blocked) = timed(channel.file_recorder().record(record())).await;
        assert_eq!(cause.unwrap(), RecorderCause::Timeout);
        assert_near(blocked, ms(1400), ms(120));
        let heard = call.heard().await.sound();
        let heard = Sound::new(8000, heard.samples[before..].to_vec());
        assert_one_burst(&heard, 400.0);
        let start = bursts(&heard)[0].0 / 1000.0;
        assert_tone(part(&heard, start + 0.05, start + 0.35), 1000.0, -10.0);
        assert_silent(&scene.recorded("a.wav").samples);
    });
}

/// REC-7: `seconds_timeout` counts from the call of the function, the beep included.
#[test]
fn the_timeout_includes_the_beep() {
    scene(4, |mut scene| async move {
        let (_call, channel) = answered(&mut scene).await;
        for (seconds, recorded) in [(1.0, 0.6), (0.2, 0.0)] {
            let record = Record::to("a.wav").beep_on_start().seconds_timeout(seconds);
            let (cause, blocked) = timed(channel.file_recorder().record(record)).await;
            assert_eq!(cause.unwrap(), RecorderCause::Timeout);
            assert_near(blocked, secs(seconds), ms(100));
            let bytes = std::fs::metadata(scene.path("a.wav")).unwrap().len() - 58;
            assert!((bytes as f64 / 8000.0 - recorded).abs() <= 0.06, "{bytes} bytes");
        }
    });
}

/// REC-12: the far end on the left, our own sound on the right.
#[test]
fn a_stereo_recording_has_both_sides() {
    scene(5, |mut scene| async move {
        let ours = scene.file("ours.wav", &sine(1000.0, 1.0));
        let (call, channel) = answered(&mut scene).await;
        let record = Record::to("both.wav").stereo().codec(RecordCodec::Pcm16);
        channel.file_recorder().start(record).await.unwrap();
        call.play(sine(440.0, 1.0));
        channel.file_player().play(Play::file(&ours)).await.unwrap();
        scene.sim.sleep(ms(300)).await;
        channel.file_recorder().stop().await;
        let file = std::fs::read(scene.path("both.wav")).unwrap();
        assert_eq!(wav::probe(&file).unwrap().channels, 2);
        for (side, hz, other) in [(0, 440.0, 1000.0), (2, 1000.0, 440.0)] {
            let samples: Vec<i16> = file[44..]
                .chunks_exact(4)
                .map(|pair| i16::from_le_bytes([pair[side], pair[side + 1]]))
                .collect();
            let sound = Sound::new(8000, samples);
            assert_one_burst(&sound, 1000.0);
            assert_tone(part(&sound, 0.2, 0.8), hz, -10.0);
            assert!(measure::level_dbm0(part(&sound, 0.2, 0.8), 8000, other) < -50.0);
        }
    });
}

/// REC-13: the largest size ends a recording.
#[test]
fn the_largest_size_ends_a_recording() {
    scene_with(
        6,
        |config| config.recording_max_bytes = 10_000,
        |mut scene| async move {
            let (_call, channel) = answered(&mut scene).await;
            assert_eq!(
                channel.file_recorder().record(Record::to("a.wav")).await.unwrap(),
                RecorderCause::Size
            );
            let bytes = std::fs::metadata(scene.path("a.wav")).unwrap().len();
            assert!((9_990..=10_000).contains(&bytes), "{bytes} bytes");
        },
    );
}

/// REC-14, UR-44: whenever the process may die, the file is valid and lacks at most the last second.
#[test]
fn the_file_is_valid_at_every_instant() {
    scene(7, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        call.play(sine(440.0, 10.0));
        channel.file_recorder().start(Record::to("a.wav")).await.unwrap();
        for step in 1..=90 {
            scene.sim.sleep(ms(100)).await;
            let file = std::fs::read(scene.path("a.wav")).unwrap();
            let samples = wav::read(&file).map_or(0, |sound| sound.samples.len());
            let elapsed = f64::from(step) / 10.0;
            assert!(elapsed - samples as f64 / 8000.0 <= 1.0, "{samples} samples after {elapsed} s");
        }
    });
}

/// REC-15, UR-27, UR-45, MED-10, GEN-7, GEN-12: at the end of the call the last that was heard is in the file; without
/// audio it is valid and empty; and it is closed.
#[test]
fn a_cleared_call_ends_a_recording() {
    scene(8, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        call.play(sine(440.0, 10.0));
        scene.sim.sleep(ms(200)).await;
        let recording = channel.spawn(|channel| async move {
            channel.file_recorder().record(Record::to("a.wav").beep_on_start()).await
        });
        scene.sim.sleep(secs(3.0)).await;
        call.hang_up();
        let (cause, waited) = timed(recording).await;
        assert_eq!(cause.unwrap().unwrap(), RecorderCause::Hangup);
        assert!(waited <= ms(100), "{waited:?}");
        assert_eq!(channel.file_recorder().cause(), RecorderCause::Hangup);
        let sound = scene.recorded("a.wav");
        assert_near(sound.duration(), ms(2600), ms(60));
        assert_tone(&sound.samples[sound.samples.len() - 2400..sound.samples.len() - 400], 440.0, -10.0);
        let error = channel.file_recorder().record(Record::to("a.wav")).await.unwrap_err();
        assert!(error.is_hangup());
    });
    scene(9, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let recording = channel.spawn(|channel| async move {
            channel.file_recorder().record(Record::to("b.wav").beep_on_start()).await
        });
        scene.sim.sleep(ms(100)).await;
        call.hang_up();
        assert_eq!(recording.await.unwrap().unwrap(), RecorderCause::Hangup);
        let file = std::fs::read(scene.path("b.wav")).unwrap();
        assert!(matches!(wav::probe(&file), Err(wav::WavError::Empty { .. })));
        drop(channel);
        scene.sim.sleep(secs(1.0)).await;
        let counts = scene.server.counts().await;
        assert_eq!(counts.streams, 0, "{counts:?}");
    });
}

/// MED-4, MED-9: before the answer under early media, beside a player.
#[test]
fn early_media_is_recorded() {
    scene(10, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(1000.0, 2.0));
        let (call, channel) = scene.plain_call().await;
        let refused = channel.file_recorder().record(Record::to("a.wav")).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::WrongState);
        assert!(!scene.path("a.wav").exists());
        channel.ring(Ring::new().early_media()).await.unwrap();
        call.media().await;
        call.play(sine(440.0, 3.0));
        channel.file_player().start(Play::file(&tone)).await.unwrap();
        let record = Record::to("a.wav").max_duration(1000);
        assert_eq!(channel.file_recorder().record(record).await.unwrap(), RecorderCause::Timeout);
        assert_tone(part(&scene.recorded("a.wav"), 0.2, 0.9), 440.0, -10.0);
    });
}

/// REC-17, MED-11, GEN-11: two recordings of one name, bad names and arguments are refused, and nothing changes.
#[test]
fn what_cannot_be_recorded_is_refused() {
    scene(11, |mut scene| async move {
        let (_call, channel) = answered(&mut scene).await;
        let (_other_call, other) = answered(&mut scene).await;
        std::fs::create_dir(scene.path("dir.wav")).unwrap();
        let recorder = channel.file_recorder();
        for (bad, kind) in [
            (Record::to("../a.wav"), ErrorKind::Media),
            (Record::to("a.mp3"), ErrorKind::Media),
            (Record::to("dir.wav"), ErrorKind::Media),
            (Record::to("a.wav").barge_in_digits("x"), ErrorKind::Argument),
            (Record::to("a.wav").max_duration(0), ErrorKind::Argument),
            (Record::to("a.wav").seconds_timeout(-1.0), ErrorKind::Argument),
        ] {
            let error = recorder.record(bad.clone()).await.unwrap_err();
            assert_eq!(error.kind(), kind, "{bad:?}: {error}");
            assert_eq!((recorder.state(), recorder.cause()), (RecorderState::Idle, RecorderCause::None));
        }
        assert!(!scene.path("a.wav").exists());
        recorder.start(Record::to("a.wav")).await.unwrap();
        assert_eq!(recorder.start(Record::to("b.wav")).await.unwrap_err().kind(), ErrorKind::Busy);
        let error = other.file_recorder().start(Record::to("a.wav")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Media, "{error}");
        recorder.stop().await;
        other.file_recorder().start(Record::to("a.wav")).await.unwrap();
    });
}

/// GEN-17: dropping the future ends the recording and keeps the file.
#[test]
fn a_dropped_future_ends_the_recording() {
    scene(12, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        call.play(sine(440.0, 3.0));
        let recording =
            channel.spawn(|channel| async move { channel.file_recorder().record(Record::to("a.wav")).await });
        scene.sim.sleep(secs(1.0)).await;
        recording.abort();
        scene.sim.sleep(ms(100)).await;
        assert_eq!(channel.file_recorder().cause(), RecorderCause::Aborted);
        assert_near(scene.recorded("a.wav").duration(), secs(1.0), ms(40));
    });
}

/// MED-5, UR-12, UR-16: what is heard before our call is answered is recorded, and the recording goes on through the
/// answer without a hole; digits are collected beside it.
#[test]
fn early_media_of_our_call_is_recorded() {
    outbound_scene(13, |mut scene| async move {
        let reception = Reception::new().early_media().play(sine(440.0, 6.0)).wait(secs(2.0)).answer();
        let mut callee = scene.sim.callee(Sim::CALLEE, reception).await;
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        let callee = callee.next_call().await.unwrap();
        callee.media().await;
        scene.sim.sleep(ms(200)).await;
        assert_eq!(channel.state(), State::RingOutgoing);
        channel.file_recorder().start(Record::to("a.wav")).await.unwrap();
        callee.send_digits("5");
        let wanted = GetDigits::new().count(1).seconds_predigits_timeout(Some(1.0));
        assert_eq!(channel.dtmf_detector().get_digits(wanted).await.unwrap(), "5");
        assert_eq!(channel.wait_for_answer(None).await.unwrap(), State::Answered);
        scene.sim.sleep(secs(2.0)).await;
        channel.file_recorder().stop().await;
        let sound = scene.recorded("a.wav");
        let holes = measure::silences(part(&sound, 1.0, 3.5), 8000, -40.0, 10.0);
        assert!(holes.is_empty(), "{holes:?}");
    });
}
