//! What the far end hears: ringtones and the jobs of the players.

use std::time::{Duration, Instant};

use offhook_media::{Clip, JobId, PlayEnd, StreamCommand};
use tokio::sync::oneshot;

use super::session::{Session, next_job};
use super::{Channel, Context, Load, LoadId};
use crate::arguments::Arguments;
use crate::cipher::Cipher;
use crate::clip::{ClipRequest, ClipSource};
use crate::command::{Ticket, Until};
use crate::error::{Busy, Fault, Operation, Unplayable, WrongState};
use crate::playable::{MediaError, PlayableMedia, Source};
use crate::player::{Play, PlayError, Player, PlayerCause, PlayerState, SeekError};
use crate::ring::Ringtone;
use crate::seconds;
use crate::state::State;

pub(super) type PlayReply = oneshot::Sender<Result<PlayerCause, PlayError>>;

/// What plays, or will play as soon as the stream runs.
pub(super) struct Job {
    id: JobId,
    owner: Owner,
    /// Not handed to the stream so far: it waits for the answer to our offer.
    pending: Option<Pending>,
    barge_in: BargeIn,
    /// Whether it is spoken text, in which there is no seeking (FP-10).
    spoken: bool,
    /// Who waits for the end of the job.
    waiter: Option<(Ticket, PlayReply)>,
}

/// A player's job whose sound is being loaded.
pub(super) struct LoadingJob {
    pub(super) load: LoadId,
    ticket: Ticket,
    player: Player,
    settings: JobSettings,
    until: Until,
    reply: PlayReply,
}

/// Whose audio plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Owner {
    Ringtone,
    /// What the far end hears on hold (HOLD-3).
    Music,
    Player(Player),
    /// The beep before a recording (REC-11).
    Beep,
}

/// What to play and for how long.
pub(super) struct PlayOrder {
    pub(super) clip: Clip,
    pub(super) looped: bool,
    pub(super) limit: Option<Duration>,
}

struct Pending {
    order: PlayOrder,
    /// When a limited ringtone would have ended (RING-11).
    ends: Option<Instant>,
}

struct JobSettings {
    looped: bool,
    limit: Option<Duration>,
    barge_in: BargeIn,
    spoken: bool,
}

/// Which digits stop a job (FP-12).
enum BargeIn {
    Off,
    AnyDigit,
    Digits(String),
}

impl BargeIn {
    fn includes(&self, digit: char) -> bool {
        match self {
            Self::Off => false,
            Self::AnyDigit => true,
            Self::Digits(digits) => digits.contains(digit),
        }
    }
}

impl Channel {
    /// Starts a job of a player, or loads its sound first.
    pub(super) fn begin_job(
        &mut self,
        cx: &mut Context<'_>,
        ticket: Ticket,
        player: Player,
        play: Play,
        until: Until,
        reply: PlayReply,
    ) {
        let (request, settings) = match self.plan_job(cx, player, &play) {
            Ok(plan) => plan,
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        if let Some(clip) = cx.clips.ready(&request) {
            return self.start_job(cx, ticket, player, settings, until, clip, reply);
        }
        let load = self.next_load(cx);
        cx.loads.push(Load { channel: self.id, id: load, request });
        self.loading = Some(LoadingJob { load, ticket, player, settings, until, reply });
    }

    /// The sound of a player's job is there, or is not to be had (MED-11).
    pub(super) fn job_loaded(&mut self, cx: &mut Context<'_>, result: Result<Clip, MediaError>) {
        let Some(job) = self.loading.take() else { return };
        let LoadingJob { ticket, player, settings, until, reply, .. } = job;
        // The call may have been answered or cleared while the sound was being loaded.
        let outcome = self
            .check_job_state(player)
            .and_then(|()| result.map_err(|error| PlayError::Media(self.unplayable_by(player, error))));
        match outcome {
            Ok(clip) => self.start_job(cx, ticket, player, settings, until, clip, reply),
            Err(error) => {
                let _ = reply.send(Err(error));
            }
        }
    }

    /// Ends a player's job with `ABORTED` and gives its last cause (FP-7, MED-12).
    pub(super) fn stop_job(&mut self, cx: &mut Context<'_>, player: Player) -> PlayerCause {
        if self.loading.as_ref().is_some_and(|job| job.player == player) {
            self.abandon_loading(PlayerCause::Aborted);
            return PlayerCause::Aborted;
        }
        if self.playing.as_ref().is_some_and(|job| job.owner == Owner::Player(player)) {
            self.stop_playing(cx);
        }
        self.shared.read(|published| published.player(player).cause)
    }

    /// The future of `play` was dropped: its job stops (GEN-17).
    pub(super) fn give_up_job(&mut self, cx: &mut Context<'_>, ticket: Ticket) {
        if self.loading.as_ref().is_some_and(|job| job.ticket == ticket) {
            self.loading = None;
        }
        let waits = |job: &Job| job.waiter.as_ref().is_some_and(|(waiting, _)| *waiting == ticket);
        if self.playing.as_ref().is_some_and(waits) {
            self.stop_playing(cx);
        }
    }

    /// Something is no longer played.
    pub(super) fn play_ended(&mut self, cx: &mut Context<'_>, id: JobId, reason: PlayEnd) {
        self.audio_stopped(cx, id);
        self.beep_ended(cx, id);
        let Some(job) = self.playing.take_if(|job| job.id == id) else { return };
        match job.owner {
            Owner::Ringtone => self.ringtone_ended(id),
            // Whoever recorded was told above.
            Owner::Beep => {}
            Owner::Music => {}
            Owner::Player(_) => self.end_job(
                job,
                match reason {
                    PlayEnd::Finished => PlayerCause::Normal,
                    PlayEnd::Limit => PlayerCause::Timeout,
                    PlayEnd::Stopped | PlayEnd::Replaced => PlayerCause::Aborted,
                    PlayEnd::Closed => PlayerCause::Hangup,
                    _ => PlayerCause::Error,
                },
            ),
        }
    }

    /// A digit may stop a job (FP-12).
    pub(super) fn barge_in(&mut self, cx: &mut Context<'_>, digit: char) {
        if self.playing.as_ref().is_some_and(|job| job.barge_in.includes(digit)) {
            self.stop_with(cx, PlayerCause::BargeIn);
        }
    }

    /// Lets the running job of a player stand still, or go on; `false` without one (FP-9).
    pub(super) fn pause_job(&mut self, cx: &mut Context<'_>, player: Player, paused: bool) -> bool {
        let runs = self.runs(player).is_some();
        if runs {
            self.stream_command(cx, if paused { StreamCommand::Pause } else { StreamCommand::Resume });
        }
        runs
    }

    /// Lets the running job of a player go on from elsewhere; `false` without one (FP-10).
    pub(super) fn seek_job(
        &mut self,
        cx: &mut Context<'_>,
        player: Player,
        to: f64,
    ) -> Result<bool, SeekError> {
        let (operation, state) = (Operation::Seek, self.state());
        let Some(to) = seconds::duration(to) else {
            let arguments = Arguments { operation, state };
            return Err(SeekError::Argument(arguments.refuse("seconds", to, "0 or more seconds")));
        };
        match self.runs(player) {
            Some(job) if job.spoken => Err(SeekError::Spoken(Fault {
                operation,
                state,
                reason: "spoken text has no places to go to; accepted: a job that plays a file",
            })),
            Some(_) => {
                self.stream_command(cx, StreamCommand::Seek(to));
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// What is transmitted on this channel and does not give way (MED-6).
    pub(super) fn transmitting(&self) -> Option<Operation> {
        // Nothing of this channel's own is transmitted while it is joined with another (MED-8, XFER-15).
        if let Some(joined) = self.joined_by() {
            return Some(joined);
        }
        match (&self.playing, &self.loading) {
            (Some(Job { owner: Owner::Player(running), .. }), _) => return Some(running.operation()),
            (_, Some(loading)) => return Some(loading.player.operation()),
            _ => {}
        }
        if self.digits.are_sent() {
            return Some(Operation::DtmfPlayer);
        }
        self.beeps().then_some(Operation::FileRecorder)
    }

    /// Plays a clip in place of what plays now; a player's job that is running ends with `ABORTED` (MED-7).
    pub(super) fn play_clip(
        &mut self,
        cx: &mut Context<'_>,
        owner: Owner,
        order: PlayOrder,
    ) -> Option<JobId> {
        let id = next_job(cx);
        self.abandon_loading(PlayerCause::Aborted);
        if let Some(replaced) = self.playing.take() {
            self.end_job(replaced, PlayerCause::Aborted);
        }
        let pending = match &self.session {
            Session::Offered(_) | Session::Agreed(_) => {
                let ends = order.limit.map(|limit| cx.now + limit);
                Some(Pending { order, ends })
            }
            session => {
                let stream = session.stream()?;
                let PlayOrder { clip, looped, limit } = order;
                cx.media.command(stream, StreamCommand::Play { job: id, clip, looped, limit });
                None
            }
        };
        self.playing = Some(Job { id, owner, pending, barge_in: BargeIn::Off, spoken: false, waiter: None });
        Some(id)
    }

    /// Hands what waited for the stream to it.
    pub(super) fn play_pending(&mut self, cx: &mut Context<'_>) {
        let Session::Open(open) = &self.session else { return };
        let Some(job) = &mut self.playing else { return };
        let Some(Pending { order, ends }) = job.pending.take() else { return };
        let PlayOrder { clip, looped, limit } = order;
        let (id, duration) = (job.id, clip.duration());
        let limit = limit.map(|limit| ends.map_or(limit, |ends| ends.saturating_duration_since(cx.now)));
        if limit.is_some_and(|limit| limit.is_zero()) {
            self.playing = None;
            return;
        }
        cx.media.command(open.stream, StreamCommand::Play { job: id, clip, looped, limit });
        self.ringtone_started(id, duration, cx.now);
    }

    /// Stops what plays; a player's job ends with `ABORTED`.
    pub(super) fn stop_playing(&mut self, cx: &mut Context<'_>) {
        self.stop_with(cx, PlayerCause::Aborted);
    }

    /// The job that the stream plays now.
    pub(super) fn running_job(&self) -> Option<JobId> {
        self.playing.as_ref().filter(|job| job.pending.is_none()).map(|job| job.id)
    }

    /// All jobs end because the call is over; who waits is told once the state is published.
    pub(super) fn take_jobs(&mut self) -> EndedJobs {
        EndedJobs { playing: self.playing.take(), loading: self.loading.take() }
    }

    /// What a medium stands for in this instance, which may play encrypted files that it has validated (FP-17).
    pub(super) fn media_source(&self, media: &PlayableMedia) -> Result<ClipSource, MediaError> {
        match media.source()? {
            Source::Text(text) => Ok(ClipSource::Text(text.to_owned())),
            Source::File(name, None) => Ok(ClipSource::File(name.to_owned(), None)),
            Source::File(name, Some(cipher)) if self.shared.instance.validated.has(name, cipher) => {
                Ok(ClipSource::File(name.to_owned(), Some(cipher.clone())))
            }
            Source::File(name, Some(_)) => Err(MediaError::NotValidated { name: name.to_owned() }),
        }
    }

    /// Looks at a file off the shard; what is encrypted and accepted counts for the rest of the instance (FILE-2).
    pub(super) fn validate(
        &self,
        cx: &Context<'_>,
        file: String,
        cipher: Option<Cipher>,
        reply: oneshot::Sender<Result<bool, MediaError>>,
    ) {
        let (clips, instance) = (cx.clips.clone(), self.shared.instance.clone());
        tokio::spawn(async move {
            let found = clips.validate(file.clone(), cipher.clone()).await;
            if let (Ok(true), Some(cipher)) = (&found, cipher) {
                instance.validated.add(file, cipher);
            }
            // Whoever asked may have given up.
            let _ = reply.send(found);
        });
    }

    /// What a tone name stands for on this channel (RING-41, TONE-11).
    pub(super) fn tone_source(&self, name: &str) -> Result<ClipSource, MediaError> {
        let manager = self.shared.tone_manager.lock().clone();
        let Some(manager) = manager else {
            return Err(MediaError::NoTonePlayer { name: name.to_owned() });
        };
        match manager.sequence(name) {
            Some(sequence) => Ok(ClipSource::Tone(sequence)),
            None => Err(MediaError::UnknownTone { name: name.to_owned(), known: manager.tones() }),
        }
    }

    /// Checks everything that can be known before the sound is loaded (MED-3 to MED-6, MED-11).
    fn plan_job(
        &self,
        cx: &Context<'_>,
        player: Player,
        play: &Play,
    ) -> Result<(ClipRequest, JobSettings), PlayError> {
        self.check_job_state(player)?;
        let (operation, state) = (player.operation(), self.state());
        if let Some(running) = self.transmitting() {
            return Err(PlayError::Busy(Busy { operation, state, running }));
        }

        let arguments = Arguments { operation, state };
        let limit = arguments.limit("seconds_timeout", play.seconds_timeout).map_err(PlayError::Argument)?;
        let barge_in = match play.barge_in_digits.as_deref() {
            Some(digits) if !digits.is_empty() => {
                arguments.digits("barge_in_digits", digits).map_err(PlayError::Argument)?;
                BargeIn::Digits(digits.to_owned())
            }
            _ if play.barge_in => BargeIn::AnyDigit,
            _ => BargeIn::Off,
        };

        let unplayable = |error| PlayError::Media(self.unplayable_by(player, error));
        let source = match &play.what {
            Ringtone::Tone(name) => self.tone_source(name).map_err(unplayable)?,
            Ringtone::Media(media) => self.media_source(media).map_err(unplayable)?,
            Ringtone::Invalid(reason) => {
                let bad = arguments.refuse("file_to_play", reason, "a file name or a PlayableMedia");
                return Err(PlayError::Argument(bad));
            }
        };
        let spoken = matches!(source, ClipSource::Text(_));
        let request = ClipRequest { source, codec: self.codec(cx), looped: play.looped };
        Ok((request, JobSettings { looped: play.looped, limit, barge_in, spoken }))
    }

    /// MED-3, MED-4: jobs need an answered call, or early media in force.
    fn check_job_state(&self, player: Player) -> Result<(), PlayError> {
        let state = self.state();
        let allowed = match self.session.is_open() {
            true => PlayError::ALLOWED_EARLY,
            false => PlayError::ALLOWED,
        };
        let wrong = WrongState { operation: player.operation(), state, allowed };
        match state {
            State::Idle => Err(PlayError::Hangup(wrong)),
            _ if allowed.contains(&state) => Ok(()),
            _ => Err(PlayError::WrongState(wrong)),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one command")]
    fn start_job(
        &mut self,
        cx: &mut Context<'_>,
        ticket: Ticket,
        player: Player,
        settings: JobSettings,
        until: Until,
        clip: Clip,
        reply: PlayReply,
    ) {
        let JobSettings { looped, limit, barge_in, spoken } = settings;
        if self.play_clip(cx, Owner::Player(player), PlayOrder { clip, looped, limit }).is_none() {
            let _ = reply.send(Ok(PlayerCause::Error));
            return;
        }
        let job_number = cx.random.next_u64();
        self.shared.publish(|published| {
            let status = published.player_mut(player);
            status.state = PlayerState::Playing;
            status.cause = PlayerCause::None;
            status.number = job_number;
        });
        self.shared.announce_player(player);
        let waiter = match until {
            Until::Finished => Some((ticket, reply)),
            Until::Started => {
                let _ = reply.send(Ok(PlayerCause::None));
                None
            }
        };
        if let Some(job) = &mut self.playing {
            job.barge_in = barge_in;
            job.spoken = spoken;
            job.waiter = waiter;
        }
    }

    pub(super) fn stop_with(&mut self, cx: &mut Context<'_>, cause: PlayerCause) {
        self.abandon_loading(cause);
        let Some(job) = self.playing.take() else { return };
        if job.pending.is_none() {
            self.stream_command(cx, StreamCommand::Stop);
        }
        self.end_job(job, cause);
    }

    /// Publishes the end of a player's job and tells who waits for it. A ringtone ends silently.
    fn end_job(&mut self, job: Job, cause: PlayerCause) {
        let Owner::Player(player) = job.owner else { return };
        self.publish_end(player, cause);
        self.shared.announce_player(player);
        if let Some((_, reply)) = job.waiter {
            let _ = reply.send(Ok(cause));
        }
    }

    fn publish_end(&self, player: Player, cause: PlayerCause) {
        self.shared.publish(|published| {
            let status = published.player_mut(player);
            status.state = if cause == PlayerCause::Error { PlayerState::Error } else { PlayerState::Idle };
            status.cause = cause;
        });
    }

    fn abandon_loading(&mut self, cause: PlayerCause) {
        let Some(job) = self.loading.take() else { return };
        self.publish_end(job.player, cause);
        self.shared.announce_player(job.player);
        let _ = job.reply.send(Ok(cause));
    }

    /// The job of a player that the stream plays.
    fn runs(&self, player: Player) -> Option<&Job> {
        self.playing.as_ref().filter(|job| job.owner == Owner::Player(player) && job.pending.is_none())
    }

    fn unplayable_by(&self, player: Player, error: MediaError) -> Unplayable {
        Unplayable { operation: player.operation(), state: self.state(), error }
    }
}

/// Jobs that ended because the call is over (MED-10).
pub(super) struct EndedJobs {
    playing: Option<Job>,
    loading: Option<LoadingJob>,
}

impl EndedJobs {
    /// The players whose job this was.
    pub(super) fn players(&self) -> impl Iterator<Item = Player> {
        let playing = self.playing.as_ref().and_then(|job| match job.owner {
            Owner::Player(player) => Some(player),
            Owner::Ringtone | Owner::Music | Owner::Beep => None,
        });
        playing.into_iter().chain(self.loading.as_ref().map(|job| job.player))
    }

    /// Tells who waits: a waiting function returns `HANGUP`, one that was only to start fails (GEN-7).
    pub(super) fn reply(self) {
        if let Some((_, reply)) = self.playing.and_then(|job| job.waiter) {
            let _ = reply.send(Ok(PlayerCause::Hangup));
        }
        if let Some(job) = self.loading {
            let _ = job.reply.send(match job.until {
                Until::Finished => Ok(PlayerCause::Hangup),
                Until::Started => Err(PlayError::Hangup(WrongState {
                    operation: job.player.operation(),
                    state: State::Idle,
                    allowed: PlayError::ALLOWED,
                })),
            });
        }
    }
}
