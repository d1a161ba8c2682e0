//! What a call publishes for every thread to read without waiting (ST-6, DET-2).

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use offhook_media::StreamStats;
use offhook_net::StreamId;
use offhook_sip::Headers;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use crate::cause::Cause;
use crate::command::{CallRef, Command};
use crate::details::{Attestation, Details, Direction, FarEndType, MediaStats};
use crate::header::HeaderField;
use crate::network::MediaEngine;
use crate::player::{JobStatus, Player, PlayerCause, PlayerState};
use crate::state::State;
use crate::tones::ToneManager;

/// The part of a call that its channels share with its shard.
pub(crate) struct Shared {
    pub(crate) identity: Identity,
    /// All header fields of the INVITE (SIP-5).
    pub(crate) request_headers: Headers,
    pub(crate) headers_to_send: Mutex<Vec<HeaderField>>,
    pub(crate) tone_manager: Mutex<Option<ToneManager>>,
    published: watch::Sender<Published>,
    listeners: Mutex<Vec<mpsc::UnboundedSender<ChannelEvent>>>,
    shard: mpsc::UnboundedSender<(CallRef, Command)>,
    call: CallRef,
}

/// What never changes about a call.
pub(crate) struct Identity {
    pub(crate) call_id: Arc<str>,
    pub(crate) from: Arc<str>,
    pub(crate) to: Arc<str>,
    pub(crate) target: Arc<str>,
    pub(crate) divert: Option<Arc<str>>,
    pub(crate) attestation: Option<Attestation>,
    pub(crate) remote: std::net::SocketAddr,
    pub(crate) start: SystemTime,
    pub(crate) started_at: Instant,
}

impl Identity {
    /// The wall clock at an instant of this call, so that both clocks agree in a simulation too.
    pub(crate) fn wall_clock(&self, at: Instant) -> SystemTime {
        self.start + at.saturating_duration_since(self.started_at)
    }
}

/// What changes about a call, always as a whole: a reader never sees `IDLE` with yesterday's cause (CAU-8).
#[derive(Clone)]
pub(crate) struct Published {
    pub(crate) state: State,
    pub(crate) cause: Cause,
    pub(crate) raw_cause: Arc<str>,
    pub(crate) q850: Option<u8>,
    pub(crate) codec: Option<&'static str>,
    pub(crate) early_media: bool,
    pub(crate) answered_at: Option<Instant>,
    pub(crate) ended_at: Option<Instant>,
    pub(crate) media: Media,
    pub(crate) file_player: JobStatus,
    pub(crate) tone_player: JobStatus,
    /// Digits that were received and not taken (DTMF-10).
    pub(crate) digits: String,
}

/// Where the statistics of a call come from.
#[derive(Clone)]
pub(crate) enum Media {
    None,
    Running(Arc<dyn MediaEngine>, StreamId),
    Ended(MediaStats),
}

impl Media {
    /// The counts at this moment.
    pub(crate) fn stats(&self) -> MediaStats {
        match self {
            Self::None => MediaStats::default(),
            Self::Running(engine, stream) => {
                engine.stats(*stream).as_ref().map(MediaStats::of).unwrap_or_default()
            }
            Self::Ended(stats) => *stats,
        }
    }

    /// The counts of the stream itself, while it runs.
    pub(crate) fn stream_stats(&self) -> Option<StreamStats> {
        match self {
            Self::Running(engine, stream) => engine.stats(*stream),
            Self::None | Self::Ended(_) => None,
        }
    }
}

impl Published {
    fn new(state: State) -> Self {
        Self {
            state,
            cause: Cause::Normal,
            raw_cause: Arc::from(""),
            q850: None,
            codec: None,
            early_media: false,
            answered_at: None,
            ended_at: None,
            media: Media::None,
            file_player: JobStatus::default(),
            tone_player: JobStatus::default(),
            digits: String::new(),
        }
    }

    pub(crate) fn player(&self, player: Player) -> JobStatus {
        match player {
            Player::File => self.file_player,
            Player::Tone => self.tone_player,
        }
    }

    pub(crate) fn player_mut(&mut self, player: Player) -> &mut JobStatus {
        match player {
            Player::File => &mut self.file_player,
            Player::Tone => &mut self.tone_player,
        }
    }
}

/// A change on a channel, in the order in which it happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ChannelEvent {
    /// The state of the call changed.
    State {
        /// The state now.
        state: State,
        /// The clearing cause; it has a meaning in `IDLE`.
        cause: Cause,
        /// The details at this moment.
        details: Box<Details>,
    },
    /// A player started or ended a job.
    Player {
        /// Which one.
        player: Player,
        /// Its state now.
        state: PlayerState,
        /// Why its last job ended.
        cause: PlayerCause,
    },
}

impl Shared {
    pub(crate) fn new(
        identity: Identity,
        request_headers: Headers,
        call: CallRef,
        shard: mpsc::UnboundedSender<(CallRef, Command)>,
    ) -> Self {
        Self {
            identity,
            request_headers,
            headers_to_send: Mutex::default(),
            tone_manager: Mutex::default(),
            published: watch::Sender::new(Published::new(State::CallIncoming)),
            listeners: Mutex::default(),
            shard,
            call,
        }
    }

    /// Hands a command to the shard; `false` if the server has ended.
    pub(crate) fn send(&self, command: Command) -> bool {
        self.shard.send((self.call, command)).is_ok()
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Published> {
        self.published.subscribe()
    }

    pub(crate) fn listen(&self) -> mpsc::UnboundedReceiver<ChannelEvent> {
        let (sender, receiver) = mpsc::unbounded_channel();
        self.listeners.lock().push(sender);
        receiver
    }

    /// Reads what is published; the closure must not wait.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Published) -> T) -> T {
        read(&self.published.borrow())
    }

    pub(crate) fn state(&self) -> State {
        self.read(|published| published.state)
    }

    /// Changes what is published, visible to every thread before this returns (ST-6).
    pub(crate) fn publish(&self, change: impl FnOnce(&mut Published)) {
        self.published.send_modify(change);
    }

    /// Tells the listeners about the present state of the call.
    pub(crate) fn announce_state(&self, now: Instant) {
        if self.listeners.lock().is_empty() {
            return;
        }
        let (state, cause) = self.read(|published| (published.state, published.cause));
        self.announce(&ChannelEvent::State { state, cause, details: Box::new(self.details(now)) });
    }

    /// Tells the listeners about the end of the call; nothing follows it.
    pub(crate) fn announce_end(&self, now: Instant) {
        self.announce_state(now);
        self.listeners.lock().clear();
    }

    /// Tells the listeners about the present state of a player.
    pub(crate) fn announce_player(&self, player: Player) {
        let status = self.read(|published| published.player(player));
        self.announce(&ChannelEvent::Player { player, state: status.state, cause: status.cause });
    }

    pub(crate) fn details(&self, now: Instant) -> Details {
        let published = self.published.borrow().clone();
        let identity = &self.identity;
        let until = published.ended_at.unwrap_or(now);
        let since_answer = published.answered_at.map(|at| until.saturating_duration_since(at));
        Details {
            call_id: identity.call_id.clone(),
            call_from: identity.from.clone(),
            call_to: identity.to.clone(),
            call_target: identity.target.clone(),
            call_divert: identity.divert.clone(),
            attestation: identity.attestation,
            codec: published.codec,
            direction: Direction::Inbound,
            raw_cause: published.raw_cause,
            q850: published.q850,
            connected_id: None,
            far_end_type: FarEndType::Unknown,
            remote_address: Some(identity.remote),
            start_time: identity.start,
            answer_time: published.answered_at.map(|at| identity.wall_clock(at)),
            duration: since_answer.map_or(Duration::ZERO, to_tenths),
            early_media: published.early_media,
            media_stats: published.media.stats(),
        }
    }

    fn announce(&self, event: &ChannelEvent) {
        self.listeners.lock().retain(|listener| listener.send(event.clone()).is_ok());
    }
}

/// One decimal (DET-1).
fn to_tenths(time: Duration) -> Duration {
    Duration::from_millis((time.as_millis() as u64 + 50) / 100 * 100)
}
