//! The detector and the player of digits (DTMF).

use offhook::GetDigits;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Leg, RpcError, cause, read, refused};

#[derive(Debug)]
pub(crate) enum Operation {
    Get(GetParameters),
    Clear,
    Play { digits: String },
}

#[derive(Debug, Deserialize)]
pub(crate) struct GetParameters {
    clear: bool,
    count: usize,
    first_digit_seconds: Option<f64>,
    next_digit_seconds: Option<f64>,
    end: String,
    seconds_timeout: Option<f64>,
}

impl Operation {
    /// The methods of `dtmf_detector`.
    pub(super) fn parse_detector(function: &str, params: &str) -> serde_json::Result<Option<Self>> {
        Ok(Some(match function {
            "get_digits" => Self::Get(read(params)?),
            "clear_digits" => Self::Clear,
            _ => return Ok(None),
        }))
    }

    /// The methods of `dtmf_player`.
    pub(super) fn parse_player(function: &str, params: &str) -> serde_json::Result<Option<Self>> {
        #[derive(Deserialize)]
        struct Play {
            digits: String,
        }
        Ok(match function {
            "play" => Some(Self::Play { digits: read::<Play>(params)?.digits }),
            _ => None,
        })
    }

    pub(super) async fn perform(self, leg: &Leg) -> Result<Value, RpcError> {
        let detector = leg.channel().dtmf_detector();
        match self {
            Self::Get(parameters) => {
                let digits = detector.get_digits(parameters.into()).await.map_err(|error| refused(&error))?;
                Ok(json!({"digits": digits, "cause": detector.cause().name()}))
            }
            Self::Clear => {
                detector.clear_digits().await;
                Ok(json!({}))
            }
            Self::Play { digits } => {
                let played = leg.channel().dtmf_player().play(&digits).await;
                played.map(|ended| cause(ended.name())).map_err(|error| refused(&error))
            }
        }
    }
}

impl From<GetParameters> for GetDigits {
    fn from(parameters: GetParameters) -> Self {
        let digits = Self::new()
            .count(parameters.count)
            .seconds_predigits_timeout(parameters.first_digit_seconds)
            .seconds_interdigit_timeout(parameters.next_digit_seconds)
            .end(parameters.end)
            .seconds_timeout(parameters.seconds_timeout);
        if parameters.clear { digits.clear() } else { digits }
    }
}
