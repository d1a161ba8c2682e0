//! The file player (FP).

use offhook::{Play, PlayableMedia, PlayerCause};
use serde::Deserialize;
use serde_json::Value;

use super::playable::Media;
use super::{Leg, RpcError, Seconds, cause, done, limit, read, refused, started};

#[derive(Debug)]
pub(crate) enum Operation {
    Play(PlayParameters),
    Stop,
    Wait { seconds: Option<f64> },
    Pause,
    Resume,
    Seek { seconds: f64 },
}

#[derive(Debug, Deserialize)]
pub(crate) struct PlayParameters {
    media: Media,
    barge_in: bool,
    barge_in_digits: Option<String>,
    #[serde(rename = "loop")]
    looped: bool,
    seconds_timeout: Option<f64>,
    wait: bool,
}

impl Operation {
    pub(super) fn parse(function: &str, params: &str) -> serde_json::Result<Option<Self>> {
        #[derive(Deserialize)]
        struct Seek {
            seconds: f64,
        }
        Ok(Some(match function {
            "play" => Self::Play(read(params)?),
            "stop" => Self::Stop,
            "wait" => Self::Wait { seconds: read::<Seconds>(params)?.seconds },
            "pause" => Self::Pause,
            "resume" => Self::Resume,
            "seek" => Self::Seek { seconds: read::<Seek>(params)?.seconds },
            _ => return Ok(None),
        }))
    }

    pub(super) fn waits_for_its_job(&self) -> bool {
        match self {
            Self::Play(parameters) => parameters.wait,
            Self::Wait { .. } => true,
            Self::Stop | Self::Pause | Self::Resume | Self::Seek { .. } => false,
        }
    }

    pub(super) async fn perform(self, leg: &Leg) -> Result<Value, RpcError> {
        let player = leg.channel().file_player();
        match self {
            Self::Play(parameters) => play(leg, parameters).await,
            Self::Stop => Ok(cause(stop(leg).await.name())),
            Self::Wait { seconds } => {
                let limit = limit(leg, "FilePlayer.wait_until_finished()", seconds)?;
                Ok(cause(player.wait_until_finished(limit).await.name()))
            }
            Self::Pause => Ok(done(player.pause().await)),
            Self::Resume => Ok(done(player.resume().await)),
            Self::Seek { seconds } => player.seek(seconds).await.map(done).map_err(|error| refused(&error)),
        }
    }
}

async fn play(leg: &Leg, parameters: PlayParameters) -> Result<Value, RpcError> {
    let mut play = Play::from(PlayableMedia::from(parameters.media));
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
    let player = leg.channel().file_player();
    let outcome = if parameters.wait {
        player.play(play).await.map(|ended| cause(ended.name()))
    } else {
        player.start(play).await.map(|()| started())
    };
    outcome.map_err(|error| refused(&error))
}

pub(super) async fn stop(leg: &Leg) -> PlayerCause {
    leg.channel().file_player().stop().await
}
