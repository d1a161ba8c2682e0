//! Carries out what a worker asks of a channel, and puts the outcome into the words of the protocol.

use std::time::Duration;

use offhook::media::tone::{Combination, Partial, Segment};
use offhook::{
    Answer, Cause, ErrorKind, HeaderField, OperationError, Play, PlayError, PlayableMedia, PlayerCause,
    Reject, Ring, RingError, Ringtone, State,
};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::instance::{Instance, whole};
use super::protocol::{
    AnswerParameters, Operation, PlayFileParameters, PlayToneParameters, RejectParameters, RingParameters,
    RpcError, WireCombination, WireMedia, WireRingtone, WireSegment, WireTone, code,
};

/// Runs one operation to its end, or until `cancel` is notified (GEN-17): then a job that it waits for is stopped, and
/// every other operation leaves the call as it is.
pub(super) async fn run(
    instance: &Instance,
    operation: Operation,
    cancel: &Notify,
) -> Result<Value, RpcError> {
    let owns_a_job = operation.owns_a_job();
    let tone = matches!(operation, Operation::PlayTone(_) | Operation::WaitTone { .. });
    let mut work = std::pin::pin!(perform(instance, operation));
    tokio::select! {
        biased;
        result = &mut work => return result,
        () = cancel.notified() => {}
    }
    if owns_a_job {
        stop(instance, tone).await;
        return work.await;
    }
    Err(instance.error(
        code::CANCELLED,
        "Error",
        "cancelled: the task that waited for this operation is gone".into(),
    ))
}

async fn perform(instance: &Instance, operation: Operation) -> Result<Value, RpcError> {
    let channel = instance.channel();
    match operation {
        Operation::Ring(parameters) => ring(instance, parameters).await,
        Operation::Answer(parameters) => answer(instance, parameters).await,
        Operation::Reject(parameters) => reject(instance, parameters).await,
        Operation::HangUp => Ok(state(channel.hang_up().await)),
        Operation::WaitForIdle { seconds } => {
            let limit = limit(instance, "wait_for_idle()", seconds)?;
            Ok(state(channel.wait_for_idle(limit).await))
        }
        Operation::Details => Ok(json!({"details": whole(&channel.details())})),
        Operation::Sleep { seconds } => {
            let time = limit(instance, "sleep()", Some(seconds))?.unwrap_or_default();
            tokio::time::sleep(time).await;
            Ok(json!({}))
        }
        Operation::PlayFile(parameters) => play_file(instance, parameters).await,
        Operation::StopFile => Ok(cause(stop(instance, false).await)),
        Operation::WaitFile { seconds } => {
            let limit = limit(instance, "FilePlayer.wait_until_finished()", seconds)?;
            Ok(cause(channel.file_player().wait_until_finished(limit).await))
        }
        Operation::PlayTone(parameters) => play_tone(instance, parameters).await,
        Operation::StopTone => Ok(cause(stop(instance, true).await)),
        Operation::WaitTone { seconds } => {
            let limit = limit(instance, "TonePlayer.wait_until_finished()", seconds)?;
            match channel.tone_player() {
                Some(player) => Ok(cause(player.wait_until_finished(limit).await)),
                None => Ok(cause(PlayerCause::None)),
            }
        }
    }
}

async fn ring(instance: &Instance, parameters: RingParameters) -> Result<Value, RpcError> {
    let mut ring = match parameters.seconds {
        Some(seconds) => Ring::new().seconds(seconds),
        None => Ring::new().until_it_ends(),
    };
    if parameters.early_media {
        ring = ring.early_media();
    }
    if parameters.looped {
        ring = ring.looped();
    }
    if let Some(codecs) = parameters.codecs {
        ring = ring.codecs(codecs);
    }
    let mut unusable = None;
    ring = match parameters.ringtone {
        None => ring,
        Some(WireRingtone::File { file }) => ring.ringtone(PlayableMedia::file(file)),
        Some(WireRingtone::Text { text }) => ring.ringtone(PlayableMedia::text(text)),
        Some(WireRingtone::Tone(tone)) => match know(instance, tone) {
            Ok(name) => ring.ringtone(name),
            Err(problem) => ring.ringtone(Ringtone::Invalid(problem)),
        },
        Some(WireRingtone::Unusable { error }) => {
            unusable = Some(error.clone());
            ring.ringtone(Ringtone::Invalid(error))
        }
    };
    match instance.channel().ring(ring).await {
        Ok(reached) => Ok(state(reached)),
        Err(error) => {
            // The worker's own words about an argument come back unchanged.
            match (unusable, &error) {
                (Some(text), RingError::Argument(_) | RingError::Ringtone(_))
                    if error.to_string().contains(&text) =>
                {
                    Err(instance.error(code::BAD_ARGUMENT, "Error", text))
                }
                _ => Err(refused(&error)),
            }
        }
    }
}

async fn answer(instance: &Instance, parameters: AnswerParameters) -> Result<Value, RpcError> {
    let mut answer = Answer::new();
    if let Some(codecs) = parameters.codecs {
        answer = answer.codecs(codecs);
    }
    for (name, value) in parameters.headers {
        let field = HeaderField::new(name, value)
            .map_err(|error| instance.error(code::BAD_ARGUMENT, "Error", format!("answer(): {error}")))?;
        answer = answer.header(field);
    }
    instance.channel().answer(answer).await.map(state).map_err(|error| refused(&error))
}

async fn reject(instance: &Instance, parameters: RejectParameters) -> Result<Value, RpcError> {
    let mut reject = Reject::new();
    if let Some(name) = parameters.cause {
        let known = Cause::ALL.into_iter().find(|cause| cause.name() == name);
        let known = known.ok_or_else(|| {
            instance.error(
                code::BAD_ARGUMENT,
                "Error",
                format!("reject(): cause is {name:?}; accepted: the causes of CAU-1"),
            )
        })?;
        reject = reject.cause(known);
    }
    if let Some(raw_cause) = parameters.raw_cause {
        reject = reject.raw_cause(raw_cause);
    }
    instance.channel().reject(reject).await.map(state).map_err(|error| refused(&error))
}

async fn play_file(instance: &Instance, parameters: PlayFileParameters) -> Result<Value, RpcError> {
    let mut play = match parameters.media {
        WireMedia::File { file } => Play::file(file),
        WireMedia::Text { text } => Play::text(text),
    };
    if parameters.barge_in {
        play = play.barge_in();
    }
    if let Some(digits) = parameters.barge_in_digits {
        play = play.barge_in_digits(digits);
    }
    if parameters.looped {
        play = play.looped();
    }
    if let Some(seconds) = parameters.seconds_timeout {
        play = play.seconds_timeout(seconds);
    }
    let player = instance.channel().file_player();
    if parameters.wait {
        player.play(play).await.map(cause).map_err(|error| refused(&error))
    } else {
        player.start(play).await.map(|()| started()).map_err(|error| refused(&error))
    }
}

async fn play_tone(instance: &Instance, parameters: PlayToneParameters) -> Result<Value, RpcError> {
    let limit = limit(instance, "TonePlayer.play()", parameters.seconds_timeout)?;
    let name = know(instance, parameters.tone).map_err(|problem| {
        instance.error(code::BAD_ARGUMENT, "Error", format!("TonePlayer.play(): {problem}"))
    })?;
    let Some(player) = instance.channel().tone_player() else {
        return Err(instance.error(
            code::FAULT,
            "Error",
            "TonePlayer.play(): the server has no tone player".into(),
        ));
    };
    let outcome: Result<Value, PlayError> = if parameters.wait {
        player.play(name, limit).await.map(cause)
    } else {
        player.start(name, parameters.looped).await.map(|()| started())
    };
    outcome.map_err(|error| refused(&error))
}

async fn stop(instance: &Instance, tone: bool) -> PlayerCause {
    match instance.channel().tone_player() {
        Some(player) if tone => player.stop().await,
        _ if tone => PlayerCause::None,
        _ => instance.channel().file_player().stop().await,
    }
}

/// Makes the server's tone manager for this instance know a tone that the application made; the name of any other tone
/// is known already. The error is for a person.
fn know(instance: &Instance, tone: WireTone) -> Result<String, String> {
    let Some(sequence) = tone.sequence else { return Ok(tone.tone) };
    let segments: Vec<Segment> = sequence
        .into_iter()
        .map(|WireSegment(frequency_a, amplitude_a, frequency_b, amplitude_b, duration_ms, add)| Segment {
            a: Partial { frequency_hz: frequency_a, amplitude: amplitude_a },
            b: Partial { frequency_hz: frequency_b, amplitude: amplitude_b },
            duration_ms,
            add: match add {
                WireCombination::Summation => Combination::Summation,
                WireCombination::Modulation => Combination::Modulation,
            },
        })
        .collect();
    instance.tones().create_tone(segments, tone.tone.as_str()).map_err(|error| error.to_string())?;
    Ok(tone.tone)
}

/// A time limit from the wire; `None` sets no limit (GEN-9).
fn limit(instance: &Instance, function: &str, seconds: Option<f64>) -> Result<Option<Duration>, RpcError> {
    let Some(seconds) = seconds else { return Ok(None) };
    Duration::try_from_secs_f64(seconds).map(Some).map_err(|_| {
        let message =
            format!("{function}: seconds_timeout is {seconds}; accepted: 0 or more seconds, or None");
        instance.error(code::BAD_ARGUMENT, "Error", message)
    })
}

/// An error of the server in the words of section 6 of the protocol.
fn refused(error: &impl OperationError) -> RpcError {
    let (code, kind) = match error.kind() {
        ErrorKind::Hangup => (code::HANGUP, "Hangup"),
        ErrorKind::WrongState => (code::WRONG_STATE, "Error"),
        ErrorKind::Argument => (code::BAD_ARGUMENT, "Error"),
        ErrorKind::Busy => (code::BUSY, "Error"),
        ErrorKind::Media | ErrorKind::NoCommonCodec => (code::MEDIA, "Error"),
        _ => (code::FAULT, "Error"),
    };
    let data = super::protocol::ErrorData { kind: kind.into(), state: error.state().name().into() };
    RpcError { code, message: error.to_string(), data: Some(data) }
}

fn state(state: State) -> Value {
    json!({"state": state.name()})
}

fn cause(cause: PlayerCause) -> Value {
    json!({"cause": cause.name()})
}

fn started() -> Value {
    json!({"started": true})
}
