//! Sleeping by the clock of a simulation (`offhook.sleep`); asked only under a virtual clock.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Leg, RpcError, limit, read};

#[derive(Debug)]
pub(crate) enum Operation {
    Sleep { seconds: f64 },
}

impl Operation {
    pub(super) fn parse(function: &str, params: &str) -> serde_json::Result<Option<Self>> {
        #[derive(Deserialize)]
        struct Sleep {
            seconds: f64,
        }
        Ok(match function {
            "sleep" => Some(Self::Sleep { seconds: read::<Sleep>(params)?.seconds }),
            _ => None,
        })
    }

    pub(super) async fn perform(self, leg: &Leg) -> Result<Value, RpcError> {
        let Self::Sleep { seconds } = self;
        let time = limit(leg, "sleep()", Some(seconds))?.unwrap_or_default();
        tokio::time::sleep(time).await;
        Ok(json!({}))
    }
}
