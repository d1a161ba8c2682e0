//! The call channel: what an application holds of a call.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout};

use crate::answer::{Answer, AnswerError};
use crate::cause::Cause;
use crate::cipher::Cipher;
use crate::command::{Command, Ticket, Until};
use crate::details::Details;
use crate::digits::DtmfDetector;
use crate::dtmf_player::DtmfPlayer;
use crate::error::{Busy, Operation, WrongState};
use crate::header::HeaderField;
use crate::playable::MediaError;
use crate::player::{
    FilePlayer, JobStatus, Play, PlayError, Player, PlayerCause, PlayerState, SeekError, TonePlayer,
};
use crate::recorder::FileRecorder;
use crate::reject::{Reject, RejectError};
use crate::ring::{Ring, RingError};
use crate::service::InstanceStart;
use crate::shared::{ChannelEvent, Published, Shared};
use crate::state::State;
use crate::tones::ToneManager;

/// One call channel, as an application sees it. It carries one call at a time.
///
/// Cloning gives another handle to the same channel; handles may be used from any task (GEN-13). One
/// blocking call-control operation runs at a time: a second one fails and names the first. `hang_up`,
/// `reject`, `wait_for_idle`, everything that only reads, and every `stop` are always allowed (GEN-21).
///
/// When the call clears, a waiting operation returns [`State::Idle`] and raises nothing; the next one
/// fails with an error whose `is_hangup` is true (GEN-7). Dropping the future of an operation leaves
/// the call as it is (GEN-17).
#[derive(Clone)]
pub struct CallChannel {
    pub(crate) shared: Arc<Shared>,
}

impl PartialEq for CallChannel {
    /// Whether both are handles to the same channel.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl Eq for CallChannel {}

impl CallChannel {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Signals ringing to the caller, or plays to it as early media (01-ring.md).
    ///
    /// Returns the state when the ring time is over; zero seconds do not block. If the caller clears
    /// meanwhile, it returns [`State::Idle`] (RING-4).
    ///
    /// # Errors
    ///
    /// [`RingError`]: nothing was sent and the call is as it was (RING-1, RING-6).
    pub async fn ring(&self, ring: Ring) -> Result<State, RingError> {
        let rung = self.operate(|ticket, reply| Command::Ring(ticket, ring, reply)).await;
        rung.unwrap_or_else(|ended| match ended {
            Unanswered::Before => Err(RingError::Hangup(self.gone(Operation::Ring, RingError::ALLOWED))),
            Unanswered::Meanwhile => Ok(self.state()),
        })
    }

    /// Answers the call (ANS-1 to ANS-14).
    ///
    /// Blocks until the ACK has arrived, which gives [`State::Answered`], or the call has cleared,
    /// which gives [`State::Idle`].
    ///
    /// # Errors
    ///
    /// [`AnswerError`]; after `NoCommonCodec` and `Fault` the call has been refused.
    pub async fn answer(&self, answer: Answer) -> Result<State, AnswerError> {
        let answered = self.operate(|ticket, reply| Command::Answer(ticket, answer, reply)).await;
        answered.unwrap_or_else(|ended| match ended {
            Unanswered::Before => {
                Err(AnswerError::Hangup(self.gone(Operation::Answer, AnswerError::ALLOWED)))
            }
            Unanswered::Meanwhile => Ok(self.state()),
        })
    }

    /// Refuses an incoming call, or releases a connected one (REJ-1 to REJ-9).
    ///
    /// Blocks until [`State::Idle`], 60 seconds at most, and returns the state; [`State::Error`] if
    /// the raw cause is not supported and the call is as it was (REJ-5).
    ///
    /// # Errors
    ///
    /// [`RejectError`]: nothing was sent.
    pub async fn reject(&self, reject: Reject) -> Result<State, RejectError> {
        let (reply, replied) = oneshot::channel();
        self.shared.send(Command::Reject(reject, reply));
        match replied.await {
            Ok(Ok(State::Error)) => Ok(State::Error),
            Ok(Ok(_)) | Err(_) => Ok(self.wait_for_idle(Some(LONGEST_CLEARING)).await),
            Ok(Err(error)) => Err(error),
        }
    }

    /// Releases the call in any state; in `IDLE` it does nothing (HUP-1 to HUP-9).
    ///
    /// Blocks until [`State::Idle`], 60 seconds at most, and returns the state.
    pub async fn hang_up(&self) -> State {
        let (reply, replied) = oneshot::channel();
        self.shared.send(Command::HangUp(reply));
        // A lost reply means that the server has ended, and the call with it.
        let _ = replied.await;
        self.wait_for_idle(Some(LONGEST_CLEARING)).await
    }

    /// Waits until the call is [`State::Idle`] or the time is over, and returns the state; does not
    /// clear the call itself (HUP-10). `None` sets no limit.
    pub async fn wait_for_idle(&self, limit: Option<Duration>) -> State {
        let mut published = self.shared.subscribe();
        let call = published.borrow().call_number;
        // Once another call has begun, this one is over.
        let over = |published: &Published| published.state == State::Idle || published.call_number != call;
        let idle = async { published.wait_for(over).await.is_ok() };
        let ended = match limit {
            Some(limit) => timeout(limit, idle).await.unwrap_or(false),
            None => idle.await,
        };
        if ended { State::Idle } else { self.state() }
    }

    /// The extra channels of the instance, as many as its service allows, 0 to 3 (RUN-23, RUN-24). They
    /// make calls and take none. An extra channel has none itself.
    pub fn extra_channels(&self) -> &[CallChannel] {
        &self.shared.extra
    }

    /// Why the instance of this channel runs.
    pub fn instance(&self) -> &InstanceStart {
        &self.shared.instance
    }

    /// The state of the call; never waits (ST-8).
    pub fn state(&self) -> State {
        self.shared.state()
    }

    /// The clearing cause; it has a meaning in `IDLE` and is [`Cause::Normal`] until then (CAU-2).
    pub fn cause(&self) -> Cause {
        self.shared.read(|published| published.cause)
    }

    /// What is known about the call; never waits (DET-2).
    pub fn details(&self) -> Details {
        self.shared.details(Instant::now().into_std())
    }

    /// Every change of the call and its players from now on, in order. Events are queued before the
    /// operation that caused them returns (ST-6).
    pub fn events(&self) -> Events {
        Events { receiver: self.shared.listen() }
    }

    /// The player of files and spoken text.
    pub fn file_player(&self) -> FilePlayer {
        FilePlayer::new(self.clone())
    }

    /// The tone player, once one is attached (TONE-12).
    pub fn tone_player(&self) -> Option<TonePlayer> {
        let attached = self.shared.tone_manager.lock().is_some();
        attached.then(|| TonePlayer::new(self.clone()))
    }

    /// Attaches a tone player that knows the tones of `manager` (TONE-12).
    ///
    /// # Errors
    ///
    /// The tone player that is attached already is playing.
    pub fn attach_tone_player(&self, manager: &ToneManager) -> Result<TonePlayer, AttachTonePlayerError> {
        if self.job_status(Player::Tone).state == PlayerState::Playing {
            return Err(AttachTonePlayerError(Busy {
                operation: Operation::AttachTonePlayer,
                state: self.state(),
                running: Operation::TonePlayer,
            }));
        }
        *self.shared.tone_manager.lock() = Some(manager.clone());
        Ok(TonePlayer::new(self.clone()))
    }

    /// A header field of the INVITE, its name compared without regard to case (SIP-5, SIP-6).
    pub fn request_header(&self, name: &str) -> Option<HeaderField> {
        let identity = self.shared.identity();
        let lines = identity.request_headers.iter();
        let same = lines.filter(|(known, _)| known.as_str().eq_ignore_ascii_case(name));
        HeaderField::received(name, same.map(|(_, value)| &**value))
    }

    /// The custom header fields of the INVITE, those that begin with `x-`, in order.
    pub fn request_headers(&self) -> Vec<HeaderField> {
        let mut names: Vec<String> = Vec::new();
        for (name, _) in self.shared.identity().request_headers.iter() {
            let name = name.as_str();
            let custom = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("x-"));
            if custom && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name.to_owned());
            }
        }
        names.iter().filter_map(|name| self.request_header(name)).collect()
    }

    /// The header fields that the next INVITE or 200 will carry, in order (SIP-1, ANS-11, CALL-7).
    pub fn headers_to_send(&self) -> Vec<HeaderField> {
        self.shared.headers_to_send.lock().clone()
    }

    /// Sets the header fields that the next INVITE or 200 will carry; they stay after sending (SIP-1, SIP-7).
    pub fn set_headers_to_send(&self, fields: Vec<HeaderField>) {
        *self.shared.headers_to_send.lock() = fields;
    }

    /// The digits that the far end has pressed so far, the newest 128 of them (FP-13, DTMF-10).
    pub fn digits(&self) -> String {
        self.shared.read(|published| published.digits.clone())
    }

    /// The collector of digits (DTMF-1).
    pub fn dtmf_detector(&self) -> DtmfDetector {
        DtmfDetector::new(self.clone())
    }

    /// The sender of digits (DTMF-13).
    pub fn dtmf_player(&self) -> DtmfPlayer {
        DtmfPlayer::new(self.clone())
    }

    /// The recorder (REC-1).
    pub fn file_recorder(&self) -> FileRecorder {
        FileRecorder::new(self.clone())
    }

    /// Whether a WAV file of the media root is there, can be decrypted with this cipher, and has content that can be
    /// played (FILE-2). After `true` the instance may play it with this cipher (FP-17). Works in every state, and waits
    /// for the file system.
    ///
    /// # Errors
    ///
    /// [`MediaError`]: the name is not accepted, or leads out of the media root (FILE-3).
    pub async fn validate(
        &self,
        file: impl Into<String>,
        cipher: impl Into<Option<Cipher>>,
    ) -> Result<bool, MediaError> {
        let (reply, replied) = oneshot::channel();
        self.shared.send(Command::Validate(file.into(), cipher.into(), reply));
        // A server that has ended plays nothing.
        replied.await.unwrap_or(Ok(false))
    }

    /// Reads what is published about the call; the closure must not wait.
    pub(crate) fn published<T>(&self, read: impl FnOnce(&Published) -> T) -> T {
        self.shared.read(read)
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<Published> {
        self.shared.subscribe()
    }

    pub(crate) async fn pause_playing(&self, player: Player, paused: bool) -> bool {
        self.operate(|_, reply| Command::Pause(player, paused, reply)).await.unwrap_or(false)
    }

    pub(crate) async fn seek_playing(&self, player: Player, to: f64) -> Result<bool, SeekError> {
        self.operate(|_, reply| Command::Seek(player, to, reply)).await.unwrap_or(Ok(false))
    }

    pub(crate) fn job_status(&self, player: Player) -> JobStatus {
        self.shared.read(|published| published.player(player))
    }

    pub(crate) async fn play(&self, player: Player, play: Play) -> Result<PlayerCause, PlayError> {
        let played =
            self.operate(|ticket, reply| Command::Play(ticket, player, play, Until::Finished, reply)).await;
        played.unwrap_or_else(|ended| match ended {
            Unanswered::Before => Err(PlayError::Hangup(self.gone(player.operation(), PlayError::ALLOWED))),
            Unanswered::Meanwhile => Ok(PlayerCause::Hangup),
        })
    }

    pub(crate) async fn start_playing(&self, player: Player, play: Play) -> Result<(), PlayError> {
        let started =
            self.operate(|ticket, reply| Command::Play(ticket, player, play, Until::Started, reply)).await;
        let gone = || PlayError::Hangup(self.gone(player.operation(), PlayError::ALLOWED));
        started.unwrap_or_else(|_| Err(gone())).map(drop)
    }

    pub(crate) async fn stop_playing(&self, player: Player) -> PlayerCause {
        let (reply, replied) = oneshot::channel();
        self.shared.send(Command::StopPlaying(player, reply));
        replied.await.unwrap_or_else(|_| self.job_status(player).cause)
    }

    pub(crate) async fn wait_playing(&self, player: Player, limit: Option<Duration>) -> PlayerCause {
        let mut published = self.shared.subscribe();
        let job = self.job_status(player).number;
        let finished = async {
            let ended = |status: JobStatus| status.state != PlayerState::Playing || status.number != job;
            let found = published.wait_for(|published| ended(published.player(player))).await;
            found.map_or(PlayerCause::Hangup, |published| published.player(player).cause)
        };
        match limit {
            Some(limit) => timeout(limit, finished).await.unwrap_or(PlayerCause::None),
            None => finished.await,
        }
    }

    /// Sends a command that can be given up, and waits for its reply.
    pub(crate) async fn operate<T>(
        &self,
        command: impl FnOnce(Ticket, oneshot::Sender<T>) -> Command,
    ) -> Result<T, Unanswered> {
        // A shard that let go of the call when its instance ended gives no reply either.
        let ended_before = self.state() == State::Idle;
        let ticket = Ticket(NEXT_TICKET.fetch_add(1, Ordering::Relaxed));
        let (reply, replied) = oneshot::channel();
        if !self.shared.send(command(ticket, reply)) {
            return Err(Unanswered::Before);
        }
        let mut guard = GiveUp { shared: &self.shared, ticket: Some(ticket) };
        let outcome = replied.await;
        guard.ticket = None;
        outcome.map_err(|_| if ended_before { Unanswered::Before } else { Unanswered::Meanwhile })
    }

    /// What an operation fails with whose call is gone.
    pub(crate) fn gone(&self, operation: Operation, allowed: &'static [State]) -> WrongState {
        WrongState { operation, state: self.state(), allowed }
    }
}

impl fmt::Debug for CallChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallChannel")
            .field("call_id", &self.shared.identity().call_id)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

/// The tone player that is attached already is playing (TONE-12).
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(transparent)]
pub struct AttachTonePlayerError(Busy);

/// The changes of a channel and its players, in order; from [`CallChannel::events`].
#[derive(Debug)]
pub struct Events {
    receiver: mpsc::UnboundedReceiver<ChannelEvent>,
}

impl Events {
    /// The next change; `None` when nothing more can come: the caller's call is over, or, on a channel that
    /// makes calls, the instance has ended.
    pub async fn next(&mut self) -> Option<ChannelEvent> {
        self.receiver.recv().await
    }

    /// The next change that has happened already; does not wait.
    pub fn try_next(&mut self) -> Option<ChannelEvent> {
        self.receiver.try_recv().ok()
    }
}

/// When the call ended of an operation that got no reply.
pub(crate) enum Unanswered {
    /// Before the operation, which is refused (EXC-1).
    Before,
    /// While the operation waited, which returns as when the call clears (GEN-7).
    Meanwhile,
}

/// Tells the shard when the future of an operation is dropped before its reply.
struct GiveUp<'a> {
    shared: &'a Shared,
    ticket: Option<Ticket>,
}

impl Drop for GiveUp<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.shared.send(Command::GiveUp(ticket));
        }
    }
}

/// How long `hang_up` and `reject` wait for `IDLE` (HUP-4, REJ-6).
const LONGEST_CLEARING: Duration = Duration::from_secs(60);

/// Tickets are unique in the process, so that one of an earlier call never matches.
static NEXT_TICKET: AtomicU64 = AtomicU64::new(1);
