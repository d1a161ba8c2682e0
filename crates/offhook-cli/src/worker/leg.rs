//! One channel of an instance, and what the worker has been told about it.

use offhook::{CallChannel, ChannelEvent, Events, State, ToneManager};
use serde_json::{Map, Value, json};

use super::details::{lasting, whole};
use super::protocol::{self, ErrorData, RpcError, code};

/// A channel of an instance: the primary one, or an extra channel.
pub(super) struct Leg {
    id: String,
    channel: CallChannel,
    tones: ToneManager,
}

/// What the worker knows of a channel.
pub(super) struct Mirror {
    events: Events,
    details: Map<String, Value>,
    transfer_cause: &'static str,
}

impl Leg {
    pub(super) fn new(id: String, channel: CallChannel) -> Self {
        let tones = ToneManager::new();
        // Nothing plays before the application runs, which is the only reason to refuse it.
        let _ = channel.attach_tone_player(&tones);
        Self { id, channel, tones }
    }

    /// What it is called in the protocol.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn channel(&self) -> &CallChannel {
        &self.channel
    }

    /// The tones that the application made with `create_tone`, as far as it has used them here.
    pub(super) fn tones(&self) -> &ToneManager {
        &self.tones
    }

    /// What the worker knows before it has been told anything.
    pub(super) fn mirror(&self) -> Mirror {
        Mirror { events: self.channel.events(), details: Map::new(), transfer_cause: "NONE" }
    }

    /// State, cause and details for the line that starts the instance; from now on changes are told.
    pub(super) fn first_report(&self, mirror: &mut Mirror) -> Map<String, Value> {
        // What happened so far is part of what the worker is told.
        while mirror.events.try_next().is_some() {}
        let details = self.channel.details();
        mirror.details = lasting(&details);
        Map::from_iter([
            ("state".to_owned(), self.channel.state().name().into()),
            ("cause".to_owned(), self.channel.cause().name().into()),
            ("details".to_owned(), whole(&details)),
        ])
    }

    /// The lines that tell what has happened since the last time.
    pub(super) fn news(&self, mirror: &mut Mirror) -> Vec<u8> {
        let mut lines = Vec::new();
        let mut told = false;
        while let Some(event) = mirror.events.try_next() {
            match event {
                ChannelEvent::State { state, cause, .. } => {
                    lines.extend(self.state_line(mirror, state.name(), cause.name(), state == State::Idle));
                    told = true;
                }
                ChannelEvent::Player { player, state, cause, .. } => {
                    lines.extend(self.player_line(player.name(), state.name(), cause.name()));
                }
                ChannelEvent::DtmfPlayer { state, cause, .. } => {
                    lines.extend(self.player_line("DTMFPlayer", state.name(), cause.name()));
                }
                ChannelEvent::Recorder { state, cause, .. } => {
                    lines.extend(self.recorder_line(state.name(), cause.name()));
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

    /// Another operation is in the way.
    pub(super) fn busy(&self, message: &str) -> RpcError {
        self.error(code::BUSY, "Error", message.to_owned())
    }

    /// An error that carries the channel's state.
    pub(super) fn error(&self, code: i64, kind: &'static str, message: String) -> RpcError {
        let data = ErrorData { kind: kind.into(), state: self.channel.state().name().into() };
        RpcError { code, message, data: Some(data) }
    }

    fn player_line(&self, object: &str, state: &str, cause: &str) -> Vec<u8> {
        protocol::notification(
            "player.state",
            &json!({"channel": self.id, "object": object, "state": state, "cause": cause}),
        )
    }

    fn recorder_line(&self, state: &str, cause: &str) -> Vec<u8> {
        protocol::notification(
            "player.state",
            &json!({
                "channel": self.id,
                "object": "FileRecorder",
                "state": state,
                "cause": cause,
                "audio_detected": self.channel.file_recorder().audio_detected(),
            }),
        )
    }

    fn state_line(&self, mirror: &mut Mirror, state: &str, cause: &str, last: bool) -> Vec<u8> {
        let details = self.channel.details();
        let now = lasting(&details);
        // What begins a further call is complete (GEN-19).
        let first = mirror.details.get("call_id") != now.get("call_id");
        let told = if last || first {
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
        let mut params = json!({"channel": self.id, "state": state, "cause": cause, "details": told});
        let transfer_cause = self.channel.transfer_cause().name();
        if transfer_cause != mirror.transfer_cause {
            mirror.transfer_cause = transfer_cause;
            params["transfer_cause"] = transfer_cause.into();
        }
        protocol::notification("channel.state", &params)
    }
}
