//! What became of the instances: the gateway, watched.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use offhook::{AppError, Application, CallChannel, Details, Direction, Refusal};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::worker::{Gateway, Lockstep};

/// The instances of all servers.
#[derive(Clone, Default)]
pub(super) struct Runs(Arc<watch::Sender<HashMap<RunKey, Run>>>);

/// What an instance is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum RunKey {
    /// The host from which its call came.
    CalledFrom(IpAddr),
    /// The server by which it was started, and the number of the start request there. Instances begin in the order in
    /// which they are asked for.
    Started { server: usize, number: usize },
}

/// The instances of one server.
pub(super) struct RunsOfServer {
    runs: Runs,
    server: usize,
    started: AtomicUsize,
}

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
    /// Where one server notes its instances.
    pub(super) fn of_server(&self, server: usize) -> RunsOfServer {
        RunsOfServer { runs: self.clone(), server, started: AtomicUsize::new(0) }
    }

    /// Waits until an instance has begun and ended.
    pub(super) async fn ended(&self, key: RunKey) -> bool {
        let mut runs = self.0.subscribe();
        let begun = runs.wait_for(|runs| runs.contains_key(&key)).await.ok();
        let run = begun.and_then(|runs| runs.get(&key).cloned());
        let Some(Run { mut outcome, .. }) = run else { return false };
        outcome.wait_for(Option::is_some).await.is_ok()
    }

    /// What is known about an instance; null if it has not begun.
    pub(super) fn status(&self, key: RunKey, lockstep: &Lockstep) -> Value {
        let run = self.0.borrow().get(&key).cloned();
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
            "waits_for": lockstep.waits_for(&channel),
        })
    }
}

impl RunsOfServer {
    fn note(&self, channel: &CallChannel, outcome: watch::Receiver<Option<Outcome>>) {
        let key = match (channel.instance().direction, channel.details().remote_address) {
            (Direction::Outbound, _) => {
                let number = self.started.fetch_add(1, Ordering::Relaxed);
                RunKey::Started { server: self.server, number }
            }
            (Direction::Inbound, Some(remote)) => RunKey::CalledFrom(remote.ip()),
            (Direction::Inbound, None) => return,
        };
        let run = Run { channel: channel.clone(), outcome };
        self.runs.0.send_modify(|runs| drop(runs.insert(key, run)));
    }
}

/// The gateway, with its instances noted.
pub(super) struct Watched {
    pub(super) gateway: Gateway,
    pub(super) runs: RunsOfServer,
}

impl Application for Watched {
    fn admit(&self, details: &Details) -> Result<(), Refusal> {
        self.gateway.admit(details)
    }

    async fn run(&self, channel: CallChannel) -> Result<i64, AppError> {
        let (said, outcome) = watch::channel(None);
        self.runs.note(&channel, outcome);
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
