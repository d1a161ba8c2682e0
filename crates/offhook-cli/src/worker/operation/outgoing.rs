//! Placing calls, and judging who has answered (CALL, LSD).

use offhook::{AnswerMachine, Dial, LiveSpeakerDetection};
use serde::Deserialize;
use serde_json::Value;

use super::control::header_fields;
use super::{Leg, RpcError, Seconds, done, read, refused, state};

#[derive(Debug)]
pub(crate) enum Operation {
    Call(DialParameters),
    StartCall(DialParameters),
    WaitForAnswer { seconds: Option<f64> },
    WaitForAnswerMachine(AnswerMachineParameters),
}

#[derive(Debug, Deserialize)]
pub(crate) struct AnswerMachineParameters {
    beep_milliseconds: u32,
    silence_after_beep_milliseconds: u32,
    silence_without_beep_milliseconds: u32,
    seconds: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DialParameters {
    to: String,
    from: String,
    codecs: Option<String>,
    live_speaker: Option<WireDetection>,
    live_speaker_milliseconds: u32,
    headers: Vec<(String, String)>,
    /// Of `call` only.
    #[serde(default)]
    seconds: Option<f64>,
}

/// From when the time of live speaker detection runs (LSD-1).
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum WireDetection {
    Default,
    TimeoutFromNetworkConnect,
    TimeoutFromAnswerDetect,
}

impl From<WireDetection> for LiveSpeakerDetection {
    fn from(detection: WireDetection) -> Self {
        match detection {
            WireDetection::Default => Self::Default,
            WireDetection::TimeoutFromNetworkConnect => Self::FromNetworkConnect,
            WireDetection::TimeoutFromAnswerDetect => Self::FromAnswerDetect,
        }
    }
}

impl Operation {
    pub(super) fn parse(function: &str, params: &str) -> serde_json::Result<Option<Self>> {
        Ok(Some(match function {
            "call" => Self::Call(read(params)?),
            "start_call" => Self::StartCall(read(params)?),
            "wait_for_answer" => Self::WaitForAnswer { seconds: read::<Seconds>(params)?.seconds },
            "wait_for_answer_machine" => Self::WaitForAnswerMachine(read(params)?),
            _ => return Ok(None),
        }))
    }

    pub(super) async fn perform(self, leg: &Leg) -> Result<Value, RpcError> {
        let channel = leg.channel();
        match self {
            Self::Call(parameters) => {
                let dial = dial(leg, "call()", parameters)?;
                channel.call(dial).await.map(state).map_err(|error| refused(&error))
            }
            Self::StartCall(parameters) => {
                let dial = dial(leg, "start_call()", parameters)?;
                channel.start_call(dial).await.map(state).map_err(|error| refused(&error))
            }
            Self::WaitForAnswer { seconds } => {
                channel.wait_for_answer(seconds).await.map(state).map_err(|error| refused(&error))
            }
            Self::WaitForAnswerMachine(parameters) => {
                let machine = AnswerMachine::new()
                    .milliseconds_min_beep_duration(parameters.beep_milliseconds)
                    .milliseconds_post_beep_silence(parameters.silence_after_beep_milliseconds)
                    .milliseconds_no_beep_silence(parameters.silence_without_beep_milliseconds)
                    .seconds_timeout(parameters.seconds);
                let ready = channel.wait_for_answer_machine(machine).await;
                ready.map(done).map_err(|error| refused(&error))
            }
        }
    }
}

fn dial(leg: &Leg, function: &str, parameters: DialParameters) -> Result<Dial, RpcError> {
    leg.channel().set_headers_to_send(header_fields(leg, function, parameters.headers)?);
    let mut dial = Dial::to(parameters.to).from(parameters.from).seconds_timeout(parameters.seconds);
    if let Some(codecs) = parameters.codecs {
        dial = dial.codecs(codecs);
    }
    if let Some(detection) = parameters.live_speaker {
        dial = dial.live_speaker(detection.into(), parameters.live_speaker_milliseconds);
    }
    Ok(dial)
}
