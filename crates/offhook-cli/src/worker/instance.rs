//! One run of an application in a worker: its channel, and what the worker has been told about it.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offhook::{CallChannel, ChannelEvent, Details, Events, State, ToneManager};
use serde_json::{Map, Value, json};
use tokio::sync::oneshot;

use super::link::{Link, lock};
use super::protocol::{self, ErrorData, InstanceEnd, RpcError, code};

/// How an instance ended.
#[derive(Debug)]
pub(super) enum End {
    /// `main` is over; the request is answered when the call is closed and the record written.
    Returned { request: u64, end: InstanceEnd },
    /// The worker is gone.
    Lost { reason: String },
}

/// One run of an application.
pub(super) struct Instance {
    id: String,
    channel_id: String,
    application: String,
    channel: CallChannel,
    tones: ToneManager,
    mirror: Mutex<Mirror>,
    end: Mutex<Option<oneshot::Sender<End>>>,
}

/// What the worker knows of the channel.
struct Mirror {
    events: Events,
    details: Map<String, Value>,
}

impl Instance {
    /// An instance that has not been announced to any worker; the receiver gets its end.
    pub(super) fn new(
        id: String,
        application: String,
        channel: CallChannel,
    ) -> (Arc<Self>, oneshot::Receiver<End>) {
        let (end, ended) = oneshot::channel();
        let events = channel.events();
        let instance = Self {
            channel_id: format!("c-{id}"),
            id,
            application,
            tones: ToneManager::new(),
            mirror: Mutex::new(Mirror { events, details: Map::new() }),
            end: Mutex::new(Some(end)),
            channel,
        };
        (Arc::new(instance), ended)
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn channel_id(&self) -> &str {
        &self.channel_id
    }

    pub(super) fn application(&self) -> &str {
        &self.application
    }

    pub(super) fn channel(&self) -> &CallChannel {
        &self.channel
    }

    /// The tones that the application made with `create_tone`, as far as it has used them.
    pub(super) fn tones(&self) -> &ToneManager {
        &self.tones
    }

    /// Ends it; only the first end counts.
    pub(super) fn end(&self, end: End) {
        if let Some(waiting) = lock(&self.end).take() {
            // The receiver lives as long as the server runs the instance.
            let _ = waiting.send(end);
        }
    }

    /// The line that starts it in its worker.
    pub(super) fn start_line(&self, path: &str, parameters: &str) -> Vec<u8> {
        let mut mirror = lock(&self.mirror);
        // What happened so far is part of what the worker is told.
        while mirror.events.try_next().is_some() {}
        let details = self.channel.details();
        mirror.details = lasting(&details);
        let headers: Vec<(String, String)> = self
            .channel
            .request_headers()
            .into_iter()
            .flat_map(|field| {
                let name = field.name().to_owned();
                field.values().iter().map(|value| (name.clone(), value.clone())).collect::<Vec<_>>()
            })
            .collect();
        protocol::notification(
            "instance.start",
            &json!({
                "instance": self.id,
                "application": self.application,
                "path": path,
                "service": self.application,
                "channel": self.channel_id,
                "extra_channels": [],
                "direction": details.direction.name(),
                "application_parameters": parameters,
                "outbound_parameters": null,
                "state": self.channel.state().name(),
                "cause": self.channel.cause().name(),
                "details": whole(&details),
                "headers": headers,
            }),
        )
    }

    /// Tells the worker what has happened since the last time.
    pub(super) fn report(&self, link: &Link) {
        let mut mirror = lock(&self.mirror);
        let lines = self.news(&mut mirror);
        if !lines.is_empty() {
            link.send(&lines);
        }
    }

    /// Answers a request, after everything that the operation caused (ST-6).
    pub(super) fn reply(&self, link: &Link, id: u64, result: &Result<Value, RpcError>) {
        let mut mirror = lock(&self.mirror);
        let mut lines = self.news(&mut mirror);
        lines.extend(protocol::response(id, result));
        link.answered(self, id);
        link.send(&lines);
    }

    /// Another operation is in the way.
    pub(super) fn busy(&self, message: &str) -> RpcError {
        self.error(code::BUSY, "Error", message.to_owned())
    }

    /// An error that carries the channel's state.
    pub(super) fn error(&self, code: i64, kind: &'static str, message: String) -> RpcError {
        let data = ErrorData { kind: kind.into(), state: self.channel.state().name().into() };
        RpcError { code, message, data: Some(data) }
    }

    fn news(&self, mirror: &mut Mirror) -> Vec<u8> {
        let mut lines = Vec::new();
        let mut told = false;
        while let Some(event) = mirror.events.try_next() {
            match event {
                ChannelEvent::State { state, cause, .. } => {
                    let line = self.state_line(mirror, state.name(), cause.name(), state == State::Idle);
                    lines.extend(line);
                    told = true;
                }
                ChannelEvent::Player { player, state, cause, .. } => {
                    lines.extend(protocol::notification(
                        "player.state",
                        &json!({
                            "channel": self.channel_id,
                            "object": player.name(),
                            "state": state.name(),
                            "cause": cause.name(),
                        }),
                    ));
                }
                _ => {}
            }
        }
        // Early media can come into force, or a codec be chosen, without a change of the state.
        if !told && lasting(&self.channel.details()) != mirror.details {
            let (state, cause) = (self.channel.state(), self.channel.cause());
            lines.extend(self.state_line(mirror, state.name(), cause.name(), state == State::Idle));
        }
        lines
    }

    fn state_line(&self, mirror: &mut Mirror, state: &str, cause: &str, last: bool) -> Vec<u8> {
        let details = self.channel.details();
        let now = lasting(&details);
        let told = if last {
            whole(&details)
        } else {
            Value::Object(
                now.iter()
                    .filter(|(key, value)| mirror.details.get(*key) != Some(*value))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect(),
            )
        };
        mirror.details = now;
        protocol::notification(
            "channel.state",
            &json!({"channel": self.channel_id, "state": state, "cause": cause, "details": told}),
        )
    }
}

/// Every attribute of DET-1.
pub(super) fn whole(details: &Details) -> Value {
    let mut all = lasting(details);
    all.insert("duration".into(), tenths(details.duration));
    let stats = &details.media_stats;
    all.insert(
        "media_stats".into(),
        json!({
            "packets_sent": stats.packets_sent,
            "packets_received": stats.packets_received,
            "packets_lost": stats.packets_lost,
            "jitter_milliseconds": stats.jitter_milliseconds,
            "mos": stats.mos,
        }),
    );
    Value::Object(all)
}

/// The attributes that do not change by themselves.
fn lasting(details: &Details) -> Map<String, Value> {
    let value = json!({
        "call_id": &*details.call_id,
        "call_from": &*details.call_from,
        "call_to": &*details.call_to,
        "call_target": &*details.call_target,
        "call_divert": details.call_divert.as_deref(),
        "attestation": details.attestation.map(|attestation| attestation.name()),
        "codec": details.codec,
        "direction": details.direction.name(),
        "raw_cause": &*details.raw_cause,
        "connected_id": details.connected_id.as_deref(),
        "far_end_type": details.far_end_type.name(),
        "remote_address": details.remote_address.map(|address| address.to_string()),
        "start_time": unix_seconds(details.start_time),
        "answer_time": details.answer_time.map(unix_seconds),
        "early_media": details.early_media,
    });
    match value {
        Value::Object(map) => map,
        // The literal above is an object.
        _ => Map::new(),
    }
}

fn unix_seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
}

fn tenths(duration: Duration) -> Value {
    json!((duration.as_secs_f64() * 10.0).round() / 10.0)
}
