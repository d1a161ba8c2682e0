//! Holding a call (HOLD).

use offhook::PlayableMedia;
use serde::Deserialize;
use serde_json::Value;

use super::playable::Media;
use super::{Leg, RpcError, read, refused, state};

#[derive(Debug)]
pub(crate) enum Operation {
    Hold { music: Option<Media> },
    Retrieve,
}

impl Operation {
    pub(super) fn parse(function: &str, params: &str) -> serde_json::Result<Option<Self>> {
        #[derive(Deserialize)]
        struct Hold {
            music: Option<Media>,
        }
        Ok(Some(match function {
            "hold" => Self::Hold { music: read::<Hold>(params)?.music },
            "retrieve" => Self::Retrieve,
            _ => return Ok(None),
        }))
    }

    pub(super) async fn perform(self, leg: &Leg) -> Result<Value, RpcError> {
        let channel = leg.channel();
        let reached = match self {
            Self::Hold { music } => channel.hold(music.map(PlayableMedia::from)).await,
            Self::Retrieve => channel.retrieve().await,
        };
        reached.map(state).map_err(|error| refused(&error))
    }
}
