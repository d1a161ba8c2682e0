//! Text is spoken by the embedded engine or by a command, and kept in a cache.

mod support;

use std::path::Path;
use std::time::Duration;

use offhook::media::{Sound, measure, wav};
use offhook::sim::Sim;
use offhook::{Answer, AppError, CallChannel, PlayError, PlayerCause, SpeechConfig, SpeechProvider};
use support::{to_server, watched};

/// Writes a sine of 700 Hz as a WAV file.
fn tone(path: &Path) {
    let sample =
        |index: i32| ((f64::from(index) * std::f64::consts::TAU * 700.0 / 8000.0).sin() * 8000.0) as i16;
    std::fs::write(path, wav::write(&Sound::new(8000, (0..8000).map(sample).collect()))).unwrap();
}

/// Speaks with these settings in a simulated call; gives the outcome and what the caller heard.
fn speak(
    text: &'static str,
    change: impl FnOnce(&mut SpeechConfig),
) -> (Result<PlayerCause, PlayError>, Sound) {
    Sim::new(1).run(|sim| async move {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let (app, _) = watched(move |channel: CallChannel| {
            let sender = sender.clone();
            async move {
                channel.answer(Answer::new()).await?;
                let outcome = channel.file_player().say(text).await;
                sender.send(outcome).map_err(|error| AppError::exception(error.to_string()))?;
                Ok(0)
            }
        });
        let _server = sim.server_with(|config| change(&mut config.speech), app).await;
        let caller = sim.caller().await;
        let call = caller.call(to_server()).await.unwrap();
        call.cleared().await;
        let heard = call.heard().await.sound();
        (receiver.recv().await.unwrap(), heard)
    })
}

fn command(line: &str) -> SpeechProvider {
    let command = ["sh", "-c", line].map(str::to_owned).to_vec();
    SpeechProvider::Command { command, timeout: Duration::from_secs(20) }
}

/// FP-5: a command that writes a WAV file speaks; the text comes on its standard input.
#[cfg(unix)]
#[test]
fn a_command_speaks() {
    let directory = tempfile::tempdir().unwrap();
    let (wav, said) = (directory.path().join("tone.wav"), directory.path().join("said"));
    tone(&wav);
    let line = format!("cat > {}; cat {}", said.display(), wav.display());
    let (outcome, heard) =
        speak("Hello <emphasis>there</emphasis>.", |speech| speech.provider = command(&line));
    assert_eq!(outcome.unwrap(), PlayerCause::Normal);
    assert_eq!(std::fs::read_to_string(said).unwrap(), "Hello there.");
    let frequency = measure::dominant_frequency(&heard.samples, 8000).unwrap();
    assert!((frequency - 700.0).abs() < 3.0, "{frequency}");
}

/// MED-11, RING-45: a command that fails, writes no WAV file, or takes too long is an error.
#[cfg(unix)]
#[test]
fn a_command_that_fails_is_an_error() {
    for (line, reason) in [("exit 3", "3"), ("echo no sound", "not a WAV"), ("sleep 600", "0.2 s")] {
        let (outcome, _) = speak("Hello.", |speech| {
            let command = ["sh", "-c", line].map(str::to_owned).to_vec();
            let slow = line.starts_with("sleep");
            let timeout = if slow { Duration::from_millis(200) } else { Duration::from_secs(20) };
            speech.provider = SpeechProvider::Command { command, timeout };
        });
        let error = outcome.unwrap_err().to_string();
        assert!(error.contains(reason), "{line}: {error}");
    }
}

/// A text is kept by text and voice: the second server does not run the command again.
#[cfg(unix)]
#[test]
fn a_spoken_text_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let (wav, runs) = (directory.path().join("tone.wav"), directory.path().join("runs"));
    tone(&wav);
    let line = format!("echo run >> {}; cat {}", runs.display(), wav.display());
    for voice in ["one", "one", "two"] {
        let (outcome, _) = speak("Hello.", |speech| {
            speech.provider = command(&line);
            speech.voice = voice.to_owned();
            speech.cache = Some(directory.path().join("cache"));
        });
        assert_eq!(outcome.unwrap(), PlayerCause::Normal);
    }
    assert_eq!(std::fs::read_to_string(runs).unwrap().lines().count(), 2);
}

/// FP-21: a text longer than the setting is an error.
#[test]
fn a_text_that_is_too_long_is_an_error() {
    let (outcome, _) = speak("Hello.", |speech| speech.max_characters = 5);
    let error = outcome.unwrap_err().to_string();
    assert!(error.contains("6 characters") && error.contains("at most 5"), "{error}");
}
