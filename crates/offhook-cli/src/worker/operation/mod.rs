//! Carries out what a worker asks of a channel, and puts the outcome into the words of the protocol; one file for each
//! object of the channel.

mod clock;
mod control;
mod digits;
mod file;
mod file_player;
mod joining;
mod outgoing;
mod playable;
mod recorder;
mod tone_player;

use std::time::Duration;

use offhook::{ErrorKind, OperationError, State};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::instance::Instance;
use super::leg::Leg;
use super::protocol::{ErrorData, RpcError, code};

/// What a worker can ask of a channel: section 4 of the protocol.
#[derive(Debug)]
pub(crate) enum Operation {
    Clock(clock::Operation),
    Control(control::Operation),
    Digits(digits::Operation),
    File(file::Operation),
    FilePlayer(file_player::Operation),
    Joining(joining::Operation),
    Outgoing(outgoing::Operation),
    Recorder(recorder::Operation),
    TonePlayer(tone_player::Operation),
}

/// A job that an operation waits for, and that ends when nobody waits any more (GEN-17).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Job {
    File,
    Recording,
    Tone,
}

impl Operation {
    /// Reads the method and its parameters.
    pub(crate) fn parse(method: &str, params: &str) -> Result<Self, RpcError> {
        let (object, function) = method.split_once('.').unwrap_or((method, ""));
        let known = match object {
            "clock" => clock::Operation::parse(function, params).map(|found| found.map(Self::Clock)),
            "channel" => Self::parse_channel(function, params),
            "dtmf_detector" => {
                digits::Operation::parse_detector(function, params).map(|found| found.map(Self::Digits))
            }
            "dtmf_player" => {
                digits::Operation::parse_player(function, params).map(|found| found.map(Self::Digits))
            }
            "file" => file::Operation::parse(function, params).map(|found| found.map(Self::File)),
            "file_player" => {
                file_player::Operation::parse(function, params).map(|found| found.map(Self::FilePlayer))
            }
            "file_recorder" => {
                recorder::Operation::parse(function, params).map(|found| found.map(Self::Recorder))
            }
            "tone_player" => {
                tone_player::Operation::parse(function, params).map(|found| found.map(Self::TonePlayer))
            }
            _ => Ok(None),
        };
        match known {
            Ok(Some(operation)) => Ok(operation),
            Ok(None) => Err(RpcError::protocol(code::UNKNOWN_METHOD, format!("no method {method:?}"))),
            Err(error) => Err(RpcError::protocol(code::BAD_PARAMETERS, format!("{method}: {error}"))),
        }
    }

    /// A function of the channel itself.
    fn parse_channel(function: &str, params: &str) -> serde_json::Result<Option<Self>> {
        if let Some(operation) = control::Operation::parse(function, params)? {
            return Ok(Some(Self::Control(operation)));
        }
        if let Some(operation) = outgoing::Operation::parse(function, params)? {
            return Ok(Some(Self::Outgoing(operation)));
        }
        Ok(joining::Operation::parse(function, params)?.map(Self::Joining))
    }

    /// Runs it to its end, or until `cancel` is notified (GEN-17): then a job that it waits for is stopped, and every
    /// other operation leaves the call as it is.
    pub(super) async fn run(
        self,
        instance: &Instance,
        leg: &Leg,
        cancel: &Notify,
    ) -> Result<Value, RpcError> {
        let job = self.job();
        let mut work = std::pin::pin!(self.perform(instance, leg));
        tokio::select! {
            biased;
            result = &mut work => return result,
            () = cancel.notified() => {}
        }
        let Some(job) = job else {
            let message = "cancelled: the task that waited for this operation is gone".to_owned();
            return Err(leg.error(code::CANCELLED, "Error", message));
        };
        match job {
            Job::File => drop(file_player::stop(leg).await),
            Job::Recording => drop(recorder::stop(leg).await),
            Job::Tone => drop(tone_player::stop(leg).await),
        }
        work.await
    }

    async fn perform(self, instance: &Instance, leg: &Leg) -> Result<Value, RpcError> {
        match self {
            Self::Clock(operation) => operation.perform(leg).await,
            Self::Control(operation) => operation.perform(leg).await,
            Self::Digits(operation) => operation.perform(leg).await,
            Self::File(operation) => operation.perform(leg).await,
            Self::FilePlayer(operation) => operation.perform(leg).await,
            Self::Joining(operation) => operation.perform(instance, leg).await,
            Self::Outgoing(operation) => operation.perform(leg).await,
            Self::Recorder(operation) => operation.perform(leg).await,
            Self::TonePlayer(operation) => operation.perform(leg).await,
        }
    }

    fn job(&self) -> Option<Job> {
        match self {
            Self::Clock(_)
            | Self::Control(_)
            | Self::Digits(_)
            | Self::File(_)
            | Self::Joining(_)
            | Self::Outgoing(_) => None,
            Self::FilePlayer(operation) => operation.waits_for_its_job().then_some(Job::File),
            Self::Recorder(operation) => operation.waits_for_its_job().then_some(Job::Recording),
            Self::TonePlayer(operation) => operation.waits_for_its_job().then_some(Job::Tone),
        }
    }
}

/// The parameters of an operation, or what is wrong with them.
fn read<'a, T: Deserialize<'a>>(params: &'a str) -> serde_json::Result<T> {
    serde_json::from_str(params)
}

/// The parameter of operations that have only a time.
#[derive(Debug, Deserialize)]
struct Seconds {
    seconds: Option<f64>,
}

/// A time limit from the wire; `None` sets no limit (GEN-9).
fn limit(leg: &Leg, function: &str, seconds: Option<f64>) -> Result<Option<Duration>, RpcError> {
    let Some(seconds) = seconds else { return Ok(None) };
    Duration::try_from_secs_f64(seconds).map(Some).map_err(|_| {
        let message =
            format!("{function}: seconds_timeout is {seconds}; accepted: 0 or more seconds, or None");
        leg.error(code::BAD_ARGUMENT, "Error", message)
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
    let data = ErrorData { kind: kind.into(), state: error.state().name().into() };
    RpcError { code, message: error.to_string(), data: Some(data) }
}

fn state(state: State) -> Value {
    json!({"state": state.name()})
}

fn cause(name: &str) -> Value {
    json!({"cause": name})
}

fn started() -> Value {
    json!({"started": true})
}

fn done(done: bool) -> Value {
    json!({"done": done})
}
