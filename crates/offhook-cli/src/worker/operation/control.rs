//! Taking a call, refusing it, and letting go of it.

use offhook::{Answer, Cause, HeaderField, PlayableMedia, Reject, Ring, RingError, Ringtone};
use serde::Deserialize;
use serde_json::{Value, json};

use super::playable::{Media, Tone};
use super::{Leg, RpcError, Seconds, code, limit, read, refused, state};
use crate::worker::details::whole;

#[derive(Debug)]
pub(crate) enum Operation {
    Ring(RingParameters),
    Answer(AnswerParameters),
    Reject(RejectParameters),
    HangUp,
    WaitForIdle { seconds: Option<f64> },
    Details,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RingParameters {
    seconds: Option<f64>,
    early_media: bool,
    ringtone: Option<WireRingtone>,
    #[serde(rename = "loop")]
    looped: bool,
    codecs: Option<String>,
}

/// What the caller shall hear while it rings.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum WireRingtone {
    Tone(Tone),
    Media(Media),
    /// The worker found it unusable; whether that matters, the server knows (RING-33).
    Unusable {
        error: String,
    },
}

#[derive(Debug, Deserialize)]
pub(crate) struct AnswerParameters {
    codecs: Option<String>,
    headers: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct RejectParameters {
    cause: Option<String>,
    raw_cause: Option<String>,
}

impl Operation {
    pub(super) fn parse(function: &str, params: &str) -> serde_json::Result<Option<Self>> {
        Ok(Some(match function {
            "ring" => Self::Ring(read(params)?),
            "answer" => Self::Answer(read(params)?),
            "reject" => Self::Reject(read(params)?),
            "hang_up" => Self::HangUp,
            "wait_for_idle" => Self::WaitForIdle { seconds: read::<Seconds>(params)?.seconds },
            "details" => Self::Details,
            _ => return Ok(None),
        }))
    }

    pub(super) async fn perform(self, leg: &Leg) -> Result<Value, RpcError> {
        let channel = leg.channel();
        match self {
            Self::Ring(parameters) => ring(leg, parameters).await,
            Self::Answer(parameters) => answer(leg, parameters).await,
            Self::Reject(parameters) => reject(leg, parameters).await,
            Self::HangUp => Ok(state(channel.hang_up().await)),
            Self::WaitForIdle { seconds } => {
                let limit = limit(leg, "wait_for_idle()", seconds)?;
                Ok(state(channel.wait_for_idle(limit).await))
            }
            Self::Details => Ok(json!({"details": whole(&channel.details())})),
        }
    }
}

async fn ring(leg: &Leg, parameters: RingParameters) -> Result<Value, RpcError> {
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
        Some(WireRingtone::Media(media)) => ring.ringtone(PlayableMedia::from(media)),
        Some(WireRingtone::Tone(tone)) => match tone.known_to(leg) {
            Ok(name) => ring.ringtone(name),
            Err(problem) => ring.ringtone(Ringtone::Invalid(problem)),
        },
        Some(WireRingtone::Unusable { error }) => {
            unusable = Some(error.clone());
            ring.ringtone(Ringtone::Invalid(error))
        }
    };
    match leg.channel().ring(ring).await {
        Ok(reached) => Ok(state(reached)),
        Err(error) => {
            // The worker's own words about an argument come back unchanged.
            match (unusable, &error) {
                (Some(text), RingError::Argument(_) | RingError::Ringtone(_))
                    if error.to_string().contains(&text) =>
                {
                    Err(leg.error(code::BAD_ARGUMENT, "Error", text))
                }
                _ => Err(refused(&error)),
            }
        }
    }
}

async fn answer(leg: &Leg, parameters: AnswerParameters) -> Result<Value, RpcError> {
    let mut answer = Answer::new();
    if let Some(codecs) = parameters.codecs {
        answer = answer.codecs(codecs);
    }
    for field in header_fields(leg, "answer()", parameters.headers)? {
        answer = answer.header(field);
    }
    leg.channel().answer(answer).await.map(state).map_err(|error| refused(&error))
}

/// The header fields that an application wants sent (SIP-1).
pub(super) fn header_fields(
    leg: &Leg,
    function: &str,
    fields: Vec<(String, String)>,
) -> Result<Vec<HeaderField>, RpcError> {
    let field = |(name, value): (String, String)| {
        HeaderField::new(name, value)
            .map_err(|error| leg.error(code::BAD_ARGUMENT, "Error", format!("{function}: {error}")))
    };
    fields.into_iter().map(field).collect()
}

async fn reject(leg: &Leg, parameters: RejectParameters) -> Result<Value, RpcError> {
    let mut reject = Reject::new();
    if let Some(name) = parameters.cause {
        let known = Cause::ALL.into_iter().find(|cause| cause.name() == name);
        let known = known.ok_or_else(|| {
            let message = format!("reject(): cause is {name:?}; accepted: the causes of CAU-1");
            leg.error(code::BAD_ARGUMENT, "Error", message)
        })?;
        reject = reject.cause(known);
    }
    if let Some(raw_cause) = parameters.raw_cause {
        reject = reject.raw_cause(raw_cause);
    }
    leg.channel().reject(reject).await.map(state).map_err(|error| refused(&error))
}
