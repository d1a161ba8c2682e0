//! The tone player (TONE-11 to TONE-14). Which tones it may play the worker has checked.

use offhook::PlayerCause;
use serde::Deserialize;
use serde_json::Value;

use super::playable::Tone;
use super::{Leg, RpcError, Seconds, cause, code, limit, read, refused, started};

#[derive(Debug)]
pub(crate) enum Operation {
    Play(PlayParameters),
    Stop,
    Wait { seconds: Option<f64> },
}

#[derive(Debug, Deserialize)]
pub(crate) struct PlayParameters {
    tone: Tone,
    #[serde(rename = "loop")]
    looped: bool,
    seconds_timeout: Option<f64>,
    wait: bool,
}

impl Operation {
    pub(super) fn parse(function: &str, params: &str) -> serde_json::Result<Option<Self>> {
        Ok(Some(match function {
            "play" => Self::Play(read(params)?),
            "stop" => Self::Stop,
            "wait" => Self::Wait { seconds: read::<Seconds>(params)?.seconds },
            _ => return Ok(None),
        }))
    }

    pub(super) fn waits_for_its_job(&self) -> bool {
        match self {
            Self::Play(parameters) => parameters.wait,
            Self::Wait { .. } => true,
            Self::Stop => false,
        }
    }

    pub(super) async fn perform(self, leg: &Leg) -> Result<Value, RpcError> {
        match self {
            Self::Play(parameters) => play(leg, parameters).await,
            Self::Stop => Ok(cause(stop(leg).await.name())),
            Self::Wait { seconds } => {
                let limit = limit(leg, "TonePlayer.wait_until_finished()", seconds)?;
                match leg.channel().tone_player() {
                    Some(player) => Ok(cause(player.wait_until_finished(limit).await.name())),
                    None => Ok(cause(PlayerCause::None.name())),
                }
            }
        }
    }
}

async fn play(leg: &Leg, parameters: PlayParameters) -> Result<Value, RpcError> {
    let limit = limit(leg, "TonePlayer.play()", parameters.seconds_timeout)?;
    let name = parameters
        .tone
        .known_to(leg)
        .map_err(|problem| leg.error(code::BAD_ARGUMENT, "Error", format!("TonePlayer.play(): {problem}")))?;
    let Some(player) = leg.channel().tone_player() else {
        let message = "TonePlayer.play(): the server has no tone player".to_owned();
        return Err(leg.error(code::FAULT, "Error", message));
    };
    let outcome = if parameters.wait {
        player.play(name, limit).await.map(|ended| cause(ended.name()))
    } else {
        player.start(name, parameters.looped).await.map(|()| started())
    };
    outcome.map_err(|error| refused(&error))
}

pub(super) async fn stop(leg: &Leg) -> PlayerCause {
    match leg.channel().tone_player() {
        Some(player) => player.stop().await,
        None => PlayerCause::None,
    }
}
