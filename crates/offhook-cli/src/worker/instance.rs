//! One run of an application in a worker: its channels, and how it ends.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use offhook::{CallChannel, Events};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::leg::{Leg, Mirror};
use super::link::{Link, lock};
use super::protocol::{self, InstanceEnd, RpcError};

/// How an instance ended.
#[derive(Debug)]
pub(super) enum End {
    /// `main` is over; the request is answered when the calls are closed and the record written.
    Returned { request: u64, end: InstanceEnd },
    /// The worker is gone.
    Lost { reason: String },
}

/// What an instance runs for.
#[derive(Debug, Clone)]
pub(super) struct Purpose {
    /// Name of the application.
    pub(super) application: String,
    /// Its file.
    pub(super) path: String,
    /// Name of the service that was called or started.
    pub(super) service: String,
    /// RUN-7.
    pub(super) parameters: String,
    /// RUN-7; `None` for an inbound instance.
    pub(super) outbound_parameters: Option<String>,
}

/// One run of an application.
pub(super) struct Instance {
    id: String,
    purpose: Purpose,
    primary: Arc<Leg>,
    extra: Vec<Arc<Leg>>,
    /// What the worker knows of each; held while lines about them are sent, so that these stay in order.
    mirrors: Mutex<Vec<Mirror>>,
    end: Mutex<Option<oneshot::Sender<End>>>,
}

impl Instance {
    /// An instance that has not been announced to any worker; the receiver gets its end.
    pub(super) fn new(
        id: String,
        purpose: Purpose,
        primary: CallChannel,
    ) -> (Arc<Self>, oneshot::Receiver<End>) {
        let (end, ended) = oneshot::channel();
        let extra: Vec<_> = primary
            .extra_channels()
            .iter()
            .enumerate()
            .map(|(index, channel)| Arc::new(Leg::new(format!("c-{id}-{index}"), channel.clone())))
            .collect();
        let primary = Arc::new(Leg::new(format!("c-{id}"), primary));
        let mirrors = std::iter::once(&primary).chain(&extra).map(|leg| leg.mirror()).collect();
        let (mirrors, end) = (Mutex::new(mirrors), Mutex::new(Some(end)));
        (Arc::new(Self { id, purpose, primary, extra, mirrors, end }), ended)
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn application(&self) -> &str {
        &self.purpose.application
    }

    /// The channel that `main` is given.
    pub(super) fn primary(&self) -> &Leg {
        &self.primary
    }

    /// Its channels, the primary one first.
    pub(super) fn legs(&self) -> impl Iterator<Item = &Arc<Leg>> {
        std::iter::once(&self.primary).chain(&self.extra)
    }

    /// Ends it; only the first end counts.
    pub(super) fn end(&self, end: End) {
        if let Some(waiting) = lock(&self.end).take() {
            // The receiver lives as long as the server runs the instance.
            let _ = waiting.send(end);
        }
    }

    /// Sends the line that starts it in its worker.
    pub(super) fn start(&self, link: &Link) {
        let mut mirrors = lock(&self.mirrors);
        let primary = mirrors.first_mut().map(|mirror| self.primary.first_report(mirror));
        let headers: Vec<(String, String)> = self
            .primary
            .channel()
            .request_headers()
            .into_iter()
            .flat_map(|field| {
                let name = field.name().to_owned();
                field.values().iter().map(|value| (name.clone(), value.clone())).collect::<Vec<_>>()
            })
            .collect();
        let mut start = json!({
            "instance": self.id,
            "application": self.purpose.application,
            "path": self.purpose.path,
            "service": self.purpose.service,
            "channel": self.primary.id(),
            "extra_channels": self.extra.iter().map(|leg| leg.id()).collect::<Vec<_>>(),
            "direction": if self.purpose.outbound_parameters.is_some() { "outbound" } else { "inbound" },
            "application_parameters": self.purpose.parameters,
            "outbound_parameters": self.purpose.outbound_parameters,
            "headers": headers,
        });
        if let Some(start) = start.as_object_mut() {
            start.extend(primary.unwrap_or_default());
        }
        link.send(&protocol::notification("instance.start", &start));
    }

    /// Tells the worker what has happened since the last time.
    pub(super) fn report(&self, link: &Link) {
        let mut mirrors = lock(&self.mirrors);
        let lines = self.news(&mut mirrors);
        if !lines.is_empty() {
            link.send(&lines);
        }
    }

    /// Answers a request, after everything that the operation caused on any channel (ST-6).
    pub(super) fn reply(&self, link: &Link, id: u64, result: &Result<Value, RpcError>) {
        let mut mirrors = lock(&self.mirrors);
        let mut lines = self.news(&mut mirrors);
        lines.extend(protocol::response(id, result));
        link.answered(self, id);
        link.send(&lines);
    }

    fn news(&self, mirrors: &mut [Mirror]) -> Vec<u8> {
        let mut lines = Vec::new();
        for (leg, mirror) in self.legs().zip(mirrors) {
            lines.append(&mut leg.news(mirror));
        }
        lines
    }
}

/// Something that wakes whoever waits for changes of any of an instance's channels.
pub(super) struct Changes(Vec<Events>);

impl Changes {
    pub(super) fn of(instance: &Instance) -> Self {
        Self(instance.legs().map(|leg| leg.channel().events()).collect())
    }

    /// Waits for the next change of any channel; `false` when nothing more can come.
    pub(super) async fn next(&mut self) -> bool {
        poll_fn(|context| {
            let mut changed = false;
            self.0.retain_mut(|events| {
                if changed {
                    return true;
                }
                match pin!(events.next()).poll(context) {
                    Poll::Ready(Some(_)) => {
                        changed = true;
                        true
                    }
                    Poll::Ready(None) => false,
                    Poll::Pending => true,
                }
            });
            if changed {
                return Poll::Ready(true);
            }
            if self.0.is_empty() { Poll::Ready(false) } else { Poll::Pending }
        })
        .await
    }
}
