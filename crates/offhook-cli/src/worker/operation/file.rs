//! The media store (FILE), as far as the server has to look into files for an instance.

use serde::Deserialize;
use serde_json::Value;

use super::playable::WireCipher;
use super::{Leg, RpcError, done, read};
use crate::worker::protocol::code;

#[derive(Debug)]
pub(crate) enum Operation {
    Validate(ValidateParameters),
}

#[derive(Debug, Deserialize)]
pub(crate) struct ValidateParameters {
    file: String,
    cipher: WireCipher,
}

impl Operation {
    pub(super) fn parse(function: &str, params: &str) -> serde_json::Result<Option<Self>> {
        Ok(match function {
            "validate" => Some(Self::Validate(read(params)?)),
            _ => None,
        })
    }

    pub(super) async fn perform(self, leg: &Leg) -> Result<Value, RpcError> {
        let Self::Validate(ValidateParameters { file, cipher }) = self;
        let found = leg.channel().validate(file, offhook::Cipher::from(cipher)).await;
        let refused = |error: offhook::MediaError| {
            leg.error(code::MEDIA, "Error", format!("file_man.validate(): {error}"))
        };
        found.map(done).map_err(refused)
    }
}
