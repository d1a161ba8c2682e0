//! What became of the instances: the gateway, watched.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use offhook::{AppError, Application, CallChannel, Details, Refusal};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::worker::{Gateway, Lockstep};

/// The instances of all servers, by the address from which their call came.
#[derive(Clone, Default)]
pub(super) struct Runs(Arc<watch::Sender<HashMap<IpAddr, Run>>>);

/// One instance.
#[derive(Clone)]
struct Run {
    channel: CallChannel,
    outcome: watch::Receiver<Option<Outcome>>,
}

#[derive(Clone)]
enum Outcome {
    Returned(i64),
    /// `main` raised, or could not be run.
    Failed {
        message: String,
        hangup: bool,
    },
}

impl Runs {
    /// Waits until the instance of a call has begun and ended.
    pub(super) async fn ended(&self, caller: IpAddr) -> bool {
        let mut runs = self.0.subscribe();
        let begun = runs.wait_for(|runs| runs.contains_key(&caller)).await.ok();
        let run = begun.and_then(|runs| runs.get(&caller).cloned());
        let Some(Run { mut outcome, .. }) = run else { return false };
        outcome.wait_for(Option::is_some).await.is_ok()
    }

    /// What is known about the instance of a call; null if there is none.
    pub(super) fn status(&self, caller: IpAddr, lockstep: &Lockstep) -> Value {
        let run = self.0.borrow().get(&caller).cloned();
        let Some(Run { channel, outcome }) = run else { return Value::Null };
        let outcome = outcome.borrow().clone();
        let (ended, return_code, exception, hangup) = match outcome {
            None => (false, None, None, false),
            Some(Outcome::Returned(code)) => (true, Some(code), None, false),
            Some(Outcome::Failed { message, hangup }) => (true, Some(FAILED), Some(message), hangup),
        };
        let details = channel.details();
        json!({
            "ended": ended,
            "return_code": return_code,
            "exception": exception,
            "hangup": hangup,
            "state": channel.state().name(),
            "cause": channel.cause().name(),
            "raw_cause": &*details.raw_cause,
            "waits_for": lockstep.waits_for(&details.call_id),
        })
    }
}

/// The gateway, with its instances noted.
pub(super) struct Watched {
    pub(super) gateway: Gateway,
    pub(super) runs: Runs,
}

impl Application for Watched {
    fn admit(&self, details: &Details) -> Result<(), Refusal> {
        self.gateway.admit(details)
    }

    async fn run(&self, channel: CallChannel) -> Result<i64, AppError> {
        let (said, outcome) = watch::channel(None);
        if let Some(remote) = channel.details().remote_address {
            let run = Run { channel: channel.clone(), outcome };
            self.runs.0.send_modify(|runs| drop(runs.insert(remote.ip(), run)));
        }
        let result = self.gateway.run(channel).await;
        said.send_replace(Some(match &result {
            Ok(code) => Outcome::Returned(*code),
            Err(error) => Outcome::Failed { message: error.to_string(), hangup: error.is_hangup() },
        }));
        result
    }
}

/// The return code of an instance that raised (RUN-16).
const FAILED: i64 = -1;
