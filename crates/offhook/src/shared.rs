//! What a channel publishes for every thread to read without waiting (ST-6, DET-2).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use offhook_media::StreamStats;
use offhook_net::StreamId;
use offhook_sip::Headers;
use parking_lot::Mutex;
use tokio::sync::{mpsc, watch};

use crate::cause::Cause;
use crate::channel::CallChannel;
use crate::channels::ChannelRef;
use crate::command::Command;
use crate::details::{Attestation, Details, Direction, FarEndType, MediaStats};
use crate::digits::DigitsCause;
use crate::dtmf_player::{DtmfPlayerCause, DtmfPlayerStatus};
use crate::header::HeaderField;
use crate::network::MediaEngine;
use crate::player::{JobStatus, Player, PlayerCause, PlayerState};
use crate::recorder::{RecorderCause, RecorderState, RecorderStatus};
use crate::service::InstanceStart;
use crate::state::State;
use crate::tones::ToneManager;
use crate::transfer::TransferCause;

/// The part of a channel that its handles share with its shard.
pub(crate) struct Shared {
    pub(crate) direction: Direction,
    pub(crate) instance: Arc<InstanceStart>,
    /// The extra channels, on the primary one (RUN-23).
    pub(crate) extra: Box<[CallChannel]>,
    pub(crate) headers_to_send: Mutex<Vec<HeaderField>>,
    pub(crate) tone_manager: Mutex<Option<ToneManager>>,
    /// What became of the last transfer; it outlives the call (XFER-14).
    pub(crate) transfer_cause: Mutex<TransferCause>,
    published: watch::Sender<Published>,
    listeners: Mutex<Vec<mpsc::UnboundedSender<ChannelEvent>>>,
    shard: mpsc::UnboundedSender<(ChannelRef, Command)>,
    pub(crate) channel: ChannelRef,
}

/// What never changes about a call.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) call_id: Arc<str>,
    pub(crate) from: Arc<str>,
    pub(crate) to: Arc<str>,
    pub(crate) target: Arc<str>,
    pub(crate) divert: Option<Arc<str>>,
    pub(crate) attestation: Option<Attestation>,
    /// The user whose password the caller had.
    pub(crate) authenticated_user: Option<Arc<str>>,
    pub(crate) remote: Option<SocketAddr>,
    /// All header fields of the INVITE that came (SIP-5).
    pub(crate) request_headers: Headers,
    pub(crate) start: SystemTime,
    pub(crate) started_at: Instant,
}

impl Identity {
    /// What there is to know before the first call (DET-4).
    pub(crate) fn none(now: Instant) -> Self {
        let nobody: Arc<str> = Arc::from("");
        Self {
            call_id: nobody.clone(),
            from: nobody.clone(),
            to: nobody.clone(),
            target: nobody,
            divert: None,
            attestation: None,
            authenticated_user: None,
            remote: None,
            request_headers: Headers::default(),
            start: SystemTime::UNIX_EPOCH,
            started_at: now,
        }
    }

    /// The wall clock at an instant of this call, so that both clocks agree in a simulation too.
    pub(crate) fn wall_clock(&self, at: Instant) -> SystemTime {
        self.start + at.saturating_duration_since(self.started_at)
    }
}

/// The present call, or the last one, always as a whole: a reader never sees `IDLE` with yesterday's cause
/// (CAU-8), nor one call's details with another's state.
#[derive(Clone)]
pub(crate) struct Published {
    pub(crate) identity: Arc<Identity>,
    /// How many calls the channel has carried, this one included.
    pub(crate) call_number: u64,
    pub(crate) state: State,
    pub(crate) cause: Cause,
    pub(crate) raw_cause: Arc<str>,
    pub(crate) q850: Option<u8>,
    /// The call that this one is connected to (CONN-4).
    pub(crate) connected_id: Option<Arc<str>>,
    pub(crate) codec: Option<&'static str>,
    pub(crate) early_media: bool,
    pub(crate) answered_at: Option<Instant>,
    pub(crate) ended_at: Option<Instant>,
    pub(crate) media: Media,
    pub(crate) file_player: JobStatus,
    pub(crate) tone_player: JobStatus,
    /// Digits that were received and not taken (DTMF-10).
    pub(crate) digits: String,
    pub(crate) digits_cause: DigitsCause,
    pub(crate) dtmf_player: DtmfPlayerStatus,
    pub(crate) recorder: RecorderStatus,
    pub(crate) far_end_type: FarEndType,
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
    fn new(identity: Arc<Identity>, call_number: u64, state: State) -> Self {
        Self {
            identity,
            call_number,
            state,
            cause: Cause::Normal,
            raw_cause: Arc::from(""),
            q850: None,
            connected_id: None,
            codec: None,
            early_media: false,
            answered_at: None,
            ended_at: None,
            media: Media::None,
            file_player: JobStatus::default(),
            tone_player: JobStatus::default(),
            digits: String::new(),
            digits_cause: DigitsCause::None,
            dtmf_player: DtmfPlayerStatus::default(),
            recorder: RecorderStatus::default(),
            far_end_type: FarEndType::Unknown,
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
    /// The sender of digits began or ended.
    DtmfPlayer {
        /// Its state now.
        state: PlayerState,
        /// Why its last digits are no longer sent.
        cause: DtmfPlayerCause,
    },
    /// The recorder began or ended a recording.
    Recorder {
        /// Its state now.
        state: RecorderState,
        /// Why its last recording ended.
        cause: RecorderCause,
    },
}

impl Shared {
    /// The channel of a caller whose call is `identity`.
    pub(crate) fn incoming(
        identity: Identity,
        instance: Arc<InstanceStart>,
        extra: Box<[CallChannel]>,
        channel: ChannelRef,
        shard: mpsc::UnboundedSender<(ChannelRef, Command)>,
    ) -> Self {
        let published = Published::new(Arc::new(identity), 1, State::CallIncoming);
        Self::new(Direction::Inbound, published, instance, extra, channel, shard)
    }

    /// A channel that makes calls and has none so far (ST-3).
    pub(crate) fn outgoing(
        now: Instant,
        instance: Arc<InstanceStart>,
        extra: Box<[CallChannel]>,
        channel: ChannelRef,
        shard: mpsc::UnboundedSender<(ChannelRef, Command)>,
    ) -> Self {
        let published = Published::new(Arc::new(Identity::none(now)), 0, State::Idle);
        Self::new(Direction::Outbound, published, instance, extra, channel, shard)
    }

    fn new(
        direction: Direction,
        published: Published,
        instance: Arc<InstanceStart>,
        extra: Box<[CallChannel]>,
        channel: ChannelRef,
        shard: mpsc::UnboundedSender<(ChannelRef, Command)>,
    ) -> Self {
        Self {
            direction,
            instance,
            extra,
            headers_to_send: Mutex::default(),
            tone_manager: Mutex::default(),
            transfer_cause: Mutex::default(),
            published: watch::Sender::new(published),
            listeners: Mutex::default(),
            shard,
            channel,
        }
    }

    /// Hands a command to the shard; `false` if the server has ended.
    pub(crate) fn send(&self, command: Command) -> bool {
        self.shard.send((self.channel, command)).is_ok()
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

    /// What never changes about the present call, or about the last one.
    pub(crate) fn identity(&self) -> Arc<Identity> {
        self.read(|published| published.identity.clone())
    }

    /// Changes what is published, visible to every thread before this returns (ST-6).
    pub(crate) fn publish(&self, change: impl FnOnce(&mut Published)) {
        self.published.send_modify(change);
    }

    /// Begins another call: everything of the last one goes as a whole (GEN-19).
    pub(crate) fn begin_call(&self, identity: Arc<Identity>, state: State) {
        self.publish(|published| {
            *published = Published::new(identity, published.call_number + 1, state);
        });
    }

    /// Tells the listeners about the present state of the call.
    pub(crate) fn announce_state(&self, now: Instant) {
        if self.listeners.lock().is_empty() {
            return;
        }
        let (state, cause) = self.read(|published| (published.state, published.cause));
        self.announce(&ChannelEvent::State { state, cause, details: Box::new(self.details(now)) });
    }

    /// Tells the listeners about the end of the call. On a channel that makes no calls nothing follows it.
    pub(crate) fn announce_end(&self, now: Instant) {
        self.announce_state(now);
        self.stop_announcing_if_over();
    }

    /// Publishes the end of a recording and tells the listeners, who are kept for it when the call is over already:
    /// the file is closed a moment later (REC-15). `change` says whether it is the recording that was published last.
    pub(crate) fn end_recording(&self, change: impl FnOnce(&mut RecorderStatus) -> bool) {
        {
            // Held meanwhile, so that the end of the call does not let the listeners go in between.
            let mut listeners = self.listeners.lock();
            let mut changed = false;
            self.publish(|published| changed = change(&mut published.recorder));
            if !changed {
                return;
            }
            let status = self.read(|published| published.recorder);
            let event = ChannelEvent::Recorder { state: status.state, cause: status.cause };
            listeners.retain(|listener| listener.send(event.clone()).is_ok());
        }
        self.stop_announcing_if_over();
    }

    /// Lets the listeners go if nothing more can happen: the call of a channel that makes none is over, and its last
    /// recording is closed.
    fn stop_announcing_if_over(&self) {
        let mut listeners = self.listeners.lock();
        let over = self.read(|published| {
            published.state == State::Idle && published.recorder.state != RecorderState::Recording
        });
        if self.direction == Direction::Inbound && over {
            listeners.clear();
        }
    }

    /// Nothing more will happen on this channel.
    pub(crate) fn stop_announcing(&self) {
        self.listeners.lock().clear();
    }

    /// Tells the listeners about the present state of a player.
    pub(crate) fn announce_player(&self, player: Player) {
        let status = self.read(|published| published.player(player));
        self.announce(&ChannelEvent::Player { player, state: status.state, cause: status.cause });
    }

    pub(crate) fn details(&self, now: Instant) -> Details {
        let published = self.published.borrow().clone();
        let identity = &published.identity;
        let until = published.ended_at.unwrap_or(now);
        let since_answer = published.answered_at.map(|at| until.saturating_duration_since(at));
        Details {
            call_id: identity.call_id.clone(),
            call_from: identity.from.clone(),
            call_to: identity.to.clone(),
            call_target: identity.target.clone(),
            call_divert: identity.divert.clone(),
            attestation: identity.attestation,
            authenticated_user: identity.authenticated_user.clone(),
            codec: published.codec,
            direction: self.direction,
            raw_cause: published.raw_cause,
            q850: published.q850,
            connected_id: published.connected_id,
            far_end_type: published.far_end_type,
            remote_address: identity.remote,
            start_time: identity.start,
            answer_time: published.answered_at.map(|at| identity.wall_clock(at)),
            duration: since_answer.map_or(Duration::ZERO, to_tenths),
            early_media: published.early_media,
            media_stats: published.media.stats(),
        }
    }

    pub(crate) fn announce(&self, event: &ChannelEvent) {
        self.listeners.lock().retain(|listener| listener.send(event.clone()).is_ok());
    }
}

/// One decimal (DET-1).
fn to_tenths(time: Duration) -> Duration {
    Duration::from_millis((time.as_millis() as u64 + 50) / 100 * 100)
}
