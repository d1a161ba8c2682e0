//! The file recorder (REC).

use offhook::media::recorder::RecordCodec;
use offhook::{Record, RecorderCause};
use serde::Deserialize;
use serde_json::Value;

use super::playable::WireCipher;
use super::{Leg, RpcError, Seconds, cause, limit, read, refused, started};

#[derive(Debug)]
pub(crate) enum Operation {
    Record(RecordParameters),
    Stop,
    Wait { seconds: Option<f64> },
}

#[derive(Debug, Deserialize)]
pub(crate) struct RecordParameters {
    file: String,
    max_duration_milliseconds: Option<u64>,
    max_silence_milliseconds: Option<u64>,
    initial_silence_milliseconds: Option<u64>,
    barge_in_digits: String,
    beep: bool,
    seconds_timeout: Option<f64>,
    channels: WireChannels,
    codec: WireCodec,
    #[serde(default)]
    cipher: Option<WireCipher>,
    wait: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WireChannels {
    Mono,
    Stereo,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum WireCodec {
    Alaw,
    Ulaw,
    Pcm16,
}

impl From<WireCodec> for RecordCodec {
    fn from(codec: WireCodec) -> Self {
        match codec {
            WireCodec::Alaw => Self::ALaw,
            WireCodec::Ulaw => Self::MuLaw,
            WireCodec::Pcm16 => Self::Pcm16,
        }
    }
}

impl Operation {
    pub(super) fn parse(function: &str, params: &str) -> serde_json::Result<Option<Self>> {
        Ok(Some(match function {
            "record" => Self::Record(read(params)?),
            "stop" => Self::Stop,
            "wait" => Self::Wait { seconds: read::<Seconds>(params)?.seconds },
            _ => return Ok(None),
        }))
    }

    pub(super) fn waits_for_its_job(&self) -> bool {
        match self {
            Self::Record(parameters) => parameters.wait,
            Self::Wait { .. } => true,
            Self::Stop => false,
        }
    }

    pub(super) async fn perform(self, leg: &Leg) -> Result<Value, RpcError> {
        match self {
            Self::Record(parameters) => record(leg, parameters).await,
            Self::Stop => Ok(cause(stop(leg).await.name())),
            Self::Wait { seconds } => {
                let limit = limit(leg, "FileRecorder.wait_until_finished()", seconds)?;
                Ok(cause(leg.channel().file_recorder().wait_until_finished(limit).await.name()))
            }
        }
    }
}

async fn record(leg: &Leg, parameters: RecordParameters) -> Result<Value, RpcError> {
    let mut record = Record::to(parameters.file)
        .barge_in_digits(parameters.barge_in_digits)
        .codec(parameters.codec.into());
    if let Some(milliseconds) = parameters.max_duration_milliseconds {
        record = record.max_duration(milliseconds);
    }
    if let Some(milliseconds) = parameters.max_silence_milliseconds {
        record = record.max_silence(milliseconds);
    }
    if let Some(milliseconds) = parameters.initial_silence_milliseconds {
        record = record.initial_silence(milliseconds);
    }
    if parameters.beep {
        record = record.beep_on_start();
    }
    if let Some(seconds) = parameters.seconds_timeout {
        record = record.seconds_timeout(seconds);
    }
    if let Some(cipher) = parameters.cipher {
        record = record.cipher(cipher.into());
    }
    if parameters.channels == WireChannels::Stereo {
        record = record.stereo();
    }
    let recorder = leg.channel().file_recorder();
    let outcome = if parameters.wait {
        recorder.record(record).await.map(|ended| cause(ended.name()))
    } else {
        recorder.start(record).await.map(|()| started())
    };
    outcome.map_err(|error| refused(&error))
}

pub(super) async fn stop(leg: &Leg) -> RecorderCause {
    leg.channel().file_recorder().stop().await
}
