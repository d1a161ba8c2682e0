//! `ring()`: 180, or 183 with early media (01-ring.md).

use std::time::{Duration, Instant};

use offhook_media::{Clip, CodecList, JobId};
use offhook_sip::{Headers, Progress, Reliability, StatusCode};
use tokio::sync::oneshot;

use super::jobs::{Owner, PlayOrder};
use super::session::{NoMedia, Proposal, Session};
use super::{Channel, Context, Control, LoadId, Signalled};
use crate::arguments::Arguments;
use crate::clip::ClipRequest;
use crate::command::Ticket;
use crate::error::{BadArgument, Fault, Operation, Unplayable, WrongState};
use crate::playable::MediaError;
use crate::ring::{Ring, RingError, RingTime, Ringtone};
use crate::state::State;

pub(super) type RingReply = oneshot::Sender<Result<State, RingError>>;

/// A `ring()` that has not returned.
pub(super) struct RingControl {
    pub(super) ticket: Ticket,
    reply: RingReply,
    phase: Phase,
}

enum Phase {
    /// The ringtone is being loaded; nothing was sent (RING-6).
    Loading { load: LoadId, plan: Box<Plan> },
    /// Blocks for a time (RING-11).
    Until(Instant),
    /// Blocks for the duration of the ringtone (RING-12), at the longest until the instant.
    Ringtone { job: JobId, latest: Instant },
    /// As before, and the ringtone waits for the answer to our offer.
    Waiting,
}

/// What a `ring()` will do once its ringtone is there.
struct Plan {
    time: Time,
    looped: bool,
    /// The call's own list from here on (RING-53).
    codecs: Option<CodecList>,
    media: MediaPlan,
}

#[derive(Clone, Copy)]
enum Time {
    Fixed(Duration),
    UntilItEnds,
}

enum MediaPlan {
    /// 180, or nothing if ringing was signalled before.
    Plain,
    /// 180 with our offer, the exception to RING-20: the INVITE has none and requires 100rel.
    PlainWithOffer(Proposal),
    /// 183 with this description.
    Negotiate(Proposal),
    /// Early media is or will be in force; nothing is sent (RING-32).
    InForce,
}

impl MediaPlan {
    fn is_early(&self) -> bool {
        matches!(self, Self::Negotiate(_) | Self::InForce)
    }
}

impl RingControl {
    /// The call has cleared: a blocked `ring()` returns `IDLE` and raises nothing (RING-4).
    pub(super) fn end(self, state: State) {
        let _ = self.reply.send(Ok(state));
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Until(deadline) => Some(deadline),
            Phase::Ringtone { latest, .. } => Some(latest),
            Phase::Loading { .. } | Phase::Waiting => None,
        }
    }
}

impl Channel {
    pub(super) fn begin_ring(&mut self, cx: &mut Context<'_>, ticket: Ticket, ring: Ring, reply: RingReply) {
        if self.refusing.is_some() {
            self.send_refusal(cx);
        }
        let planned = self.plan_ring(cx, &ring);
        let (plan, ringtone) = match planned {
            Ok(planned) => planned,
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        let Some(request) = ringtone else {
            return self.commit_ring(cx, ticket, plan, None, reply);
        };
        if let Some(clip) = cx.clips.ready(&request) {
            return self.commit_ring(cx, ticket, plan, Some(clip), reply);
        }
        let load = self.next_load(cx);
        cx.loads.push(super::Load { channel: self.id, id: load, request });
        let phase = Phase::Loading { load, plan: Box::new(plan) };
        self.control = Some(Control::Ring(RingControl { ticket, reply, phase }));
    }

    /// The ringtone is there, or is not to be had (RING-45).
    pub(super) fn ringtone_loaded(
        &mut self,
        cx: &mut Context<'_>,
        id: LoadId,
        result: Result<Clip, MediaError>,
    ) {
        let ring = match self.control.take() {
            Some(Control::Ring(ring)) if matches!(&ring.phase, Phase::Loading { load, .. } if *load == id) => {
                ring
            }
            // The operation was given up, or the call has cleared.
            other => {
                self.control = other;
                return;
            }
        };
        let RingControl { ticket, reply, phase: Phase::Loading { plan, .. } } = ring else { return };
        match result {
            Ok(clip) => self.commit_ring(cx, ticket, *plan, Some(clip), reply),
            Err(error) => {
                let _ = reply.send(Err(self.unplayable(error)));
            }
        }
    }

    /// The ring time is over: the operation returns the state (RING-3).
    pub(super) fn finish_ring(&mut self) {
        match self.control.take() {
            Some(Control::Ring(ring)) => {
                let _ = ring.reply.send(Ok(self.state()));
            }
            other => self.control = other,
        }
    }

    /// A ringtone has ended; a `ring()` that lasts as long is over (RING-12).
    pub(super) fn ringtone_ended(&mut self, job: JobId) {
        let waits = matches!(
            &self.control,
            Some(Control::Ring(RingControl { phase: Phase::Ringtone { job: awaited, .. }, .. })) if *awaited == job
        );
        if waits {
            self.finish_ring();
        }
    }

    /// The ringtone that waited for the answer to our offer is heard from now on.
    pub(super) fn ringtone_started(&mut self, job: JobId, duration: Duration, now: Instant) {
        if let Some(Control::Ring(ring)) = &mut self.control
            && matches!(ring.phase, Phase::Waiting)
        {
            ring.phase = Phase::Ringtone { job, latest: now + duration + RINGTONE_GRACE };
        }
    }

    /// Early media turned out not to be available: a `ring()` that waited for it counts as 0 (RING-13).
    pub(super) fn early_media_failed(&mut self, cx: &mut Context<'_>) {
        self.playing = None;
        if self.signalled == Signalled::EarlyMedia && self.state() == State::RingIncoming {
            // The caller was promised media by the 183; from here on it rings plainly (RING-30).
            let plain = Progress { status: StatusCode::RINGING, sdp: None, headers: Headers::default() };
            if let Some(call) = self.sip
                && let Err(error) = cx.endpoint.ring(cx.now, call, plain)
            {
                tracing::debug!(call_id = %self.identity.call_id, %error, "no 180 after the 183");
            }
            tracing::info!(
                call_id = %self.identity.call_id,
                "early media is not available: the caller's answer cannot be used; ringing plainly"
            );
        }
        if let Some(Control::Ring(RingControl { phase: Phase::Waiting, .. })) = &self.control {
            self.finish_ring();
        }
    }

    /// Signals ringing on arrival (RUN-12).
    pub(crate) fn auto_ring(&mut self, cx: &mut Context<'_>) {
        let codecs = self.codec_list(cx).clone();
        let signalled = self.plain_plan(cx, &codecs).and_then(|media| Ok(self.signal(cx, media)?));
        if let Err(error) = signalled {
            tracing::warn!(call_id = %self.identity.call_id, %error, "auto_ring failed");
        }
    }

    /// Checks everything before anything is sent (RING-1, RING-5, RING-6); gives the ringtone to load.
    fn plan_ring(
        &mut self,
        cx: &mut Context<'_>,
        ring: &Ring,
    ) -> Result<(Plan, Option<ClipRequest>), RingError> {
        let state = self.state();
        let wrong = WrongState { operation: Operation::Ring, state, allowed: RingError::ALLOWED };
        if state == State::Idle {
            return Err(RingError::Hangup(wrong));
        }
        if let Some(busy) = self.busy(Operation::Ring) {
            return Err(RingError::Busy(busy));
        }
        if !RingError::ALLOWED.contains(&state) {
            return Err(RingError::WrongState(wrong));
        }

        let arguments = Arguments { operation: Operation::Ring, state };
        let time = match ring.time {
            RingTime::UntilItEnds => None,
            RingTime::Seconds(given) => Some(given),
        };
        let time = arguments.limit("seconds_ringtime", time).map_err(RingError::Argument)?;
        let codecs = arguments.codecs(ring.codecs.as_deref()).map_err(RingError::Argument)?;
        let codecs = self.own_codecs(cx, codecs);
        let list = codecs.clone().unwrap_or_else(|| self.codec_list(cx).clone());

        let media = self.plan_media(cx, ring.early_media, &list)?;
        let ringtone = match &ring.ringtone {
            Some(ringtone) if media.is_early() => Some(ringtone),
            _ => None,
        };
        let time = match time {
            Some(time) => Time::Fixed(time),
            None if ringtone.is_none() => Time::Fixed(Duration::ZERO),
            None => Time::UntilItEnds,
        };
        let looped = ring.looped && matches!(time, Time::Fixed(_));
        let request = match ringtone {
            Some(ringtone) => Some(self.ringtone_request(cx, ringtone, looped, &media, &list)?),
            None => None,
        };
        Ok((Plan { time, looped, codecs, media }, request))
    }

    /// The list that this `ring()` or `answer()` gives the call; one that comes after the
    /// negotiation is ignored (RING-53).
    pub(super) fn own_codecs(&self, cx: &Context<'_>, given: Option<CodecList>) -> Option<CodecList> {
        let given = given?;
        if self.session.is_negotiated() {
            if given != *self.codec_list(cx) {
                tracing::warn!(
                    call_id = %self.identity.call_id,
                    "codecs {given} come after the negotiation and are ignored; in force: {}",
                    self.codec_list(cx)
                );
            }
            return None;
        }
        Some(given)
    }

    fn plan_media(
        &mut self,
        cx: &mut Context<'_>,
        early_media: bool,
        codecs: &CodecList,
    ) -> Result<MediaPlan, RingError> {
        match &self.session {
            Session::Open(_) => return Ok(MediaPlan::InForce),
            Session::Offered(offered) if offered.early || early_media => return Ok(MediaPlan::InForce),
            Session::Agreed(agreed) if agreed.early || early_media => return Ok(MediaPlan::InForce),
            Session::Offered(_)
            | Session::Agreed(_)
            | Session::Room(_)
            | Session::Failed
            | Session::Closed => {
                return Ok(MediaPlan::Plain);
            }
            Session::None => {}
        }
        if early_media {
            if self.offer.is_none() && self.reliability == Reliability::Absent {
                self.log_unavailable("the INVITE has no SDP and no 100rel");
            } else {
                match self.propose(cx, codecs) {
                    Ok(proposal) => return Ok(MediaPlan::Negotiate(proposal)),
                    Err(NoMedia::Agreement(error)) => self.log_unavailable(&error.to_string()),
                    Err(NoMedia::Port(error)) => {
                        self.log_unavailable(&format!("no RTP port could be had: {error}"));
                    }
                }
            }
        }
        self.plain_plan(cx, codecs)
    }

    /// A plain 180, with our offer if RFC 3262 section 5 wants it there (RING-23).
    fn plain_plan(&mut self, cx: &mut Context<'_>, codecs: &CodecList) -> Result<MediaPlan, RingError> {
        let first = self.signalled == Signalled::Nothing;
        if !(first && self.offer.is_none() && self.reliability == Reliability::Required) {
            return Ok(MediaPlan::Plain);
        }
        match self.propose(cx, codecs) {
            Ok(proposal) => Ok(MediaPlan::PlainWithOffer(proposal)),
            Err(_) => Err(RingError::Fault(
                self.ring_fault("no RTP port is free for the offer that 100rel requires"),
            )),
        }
    }

    fn log_unavailable(&self, reason: &str) {
        tracing::info!(
            call_id = %self.identity.call_id,
            "early media is not available: {reason}; ringing plainly"
        );
    }

    /// What to load for a ringtone; checks what can be checked without loading (RING-40 to RING-45).
    fn ringtone_request(
        &self,
        cx: &Context<'_>,
        ringtone: &Ringtone,
        looped: bool,
        media: &MediaPlan,
        codecs: &CodecList,
    ) -> Result<ClipRequest, RingError> {
        let source = match ringtone {
            Ringtone::Tone(name) => self.tone_source(name).map_err(|error| self.unplayable(error))?,
            Ringtone::Media(media) => self.media_source(media).map_err(|error| self.unplayable(error))?,
            Ringtone::Invalid(reason) => {
                return Err(RingError::Argument(BadArgument {
                    operation: Operation::Ring,
                    state: self.state(),
                    name: "custom_ringtone",
                    value: reason.clone(),
                    accepted: "a tone name, a PlayableMedia, or None".to_owned(),
                }));
            }
        };
        let codec = match media {
            MediaPlan::Negotiate(proposal) => proposal.codec().or(codecs.available().first().copied()),
            _ => None,
        };
        Ok(ClipRequest { source, codec: codec.unwrap_or_else(|| self.codec(cx)), looped })
    }

    /// Everything is checked and loaded: signals, plays, and blocks or returns.
    fn commit_ring(
        &mut self,
        cx: &mut Context<'_>,
        ticket: Ticket,
        plan: Plan,
        ringtone: Option<Clip>,
        reply: RingReply,
    ) {
        let Plan { time, looped, codecs, media } = plan;
        let early = media.is_early();
        if codecs.is_some() {
            self.codecs = codecs;
        }
        if let Err(fault) = self.signal(cx, media) {
            let _ = reply.send(Err(RingError::Fault(fault)));
            return;
        }
        let duration = ringtone.as_ref().map(Clip::duration);
        let limit = match time {
            Time::Fixed(time) => Some(time).filter(|time| !time.is_zero()),
            Time::UntilItEnds => None,
        };
        let job = if early { self.play_ringtone(cx, ringtone, looped, limit) } else { None };
        let phase = match (time, job) {
            (Time::Fixed(time), _) if time.is_zero() => None,
            (Time::Fixed(time), _) => Some(Phase::Until(cx.now + time)),
            (Time::UntilItEnds, Some(job)) if self.session.is_open() => {
                Some(Phase::Ringtone { job, latest: cx.now + duration.unwrap_or_default() + RINGTONE_GRACE })
            }
            (Time::UntilItEnds, Some(_)) => Some(Phase::Waiting),
            (Time::UntilItEnds, None) => None,
        };
        match phase {
            Some(phase) => self.control = Some(Control::Ring(RingControl { ticket, reply, phase })),
            None => {
                let _ = reply.send(Ok(self.state()));
            }
        }
    }

    /// Sends the provisional response that the plan needs (RING-20 to RING-23).
    fn signal(&mut self, cx: &mut Context<'_>, media: MediaPlan) -> Result<(), Fault> {
        let progress = |status, proposal: Option<&Proposal>| Progress {
            status,
            sdp: proposal.map(|proposal| proposal.description().clone()),
            headers: Headers::default(),
        };
        match media {
            MediaPlan::Plain => {
                if self.signalled == Signalled::Nothing {
                    self.send_provisional(cx, progress(StatusCode::RINGING, None))?;
                    self.signalled = Signalled::Ringing;
                }
            }
            MediaPlan::PlainWithOffer(proposal) => {
                self.send_provisional(cx, progress(StatusCode::RINGING, Some(&proposal)))?;
                self.signalled = Signalled::Ringing;
                self.session = proposal.into_session(false);
            }
            MediaPlan::Negotiate(proposal) => {
                let sent =
                    self.send_provisional(cx, progress(StatusCode::SESSION_PROGRESS, Some(&proposal)))?;
                self.signalled = Signalled::EarlyMedia;
                self.session = proposal.into_session(true);
                if !sent.queued {
                    self.start_early_media(cx);
                }
            }
            MediaPlan::InForce => {
                match &mut self.session {
                    Session::Offered(offered) => offered.early = true,
                    Session::Agreed(agreed) if !agreed.early => {
                        agreed.early = true;
                        self.start_early_media(cx);
                    }
                    _ => {}
                }
                self.signalled = Signalled::EarlyMedia;
            }
        }
        self.set_state(cx, State::RingIncoming, "ring()");
        Ok(())
    }

    fn send_provisional(&self, cx: &mut Context<'_>, progress: Progress) -> Result<offhook_sip::Sent, Fault> {
        let status = progress.status.code();
        let fault = || self.ring_fault("the provisional response could not be sent");
        let call = self.sip.ok_or_else(fault)?;
        cx.endpoint.ring(cx.now, call, progress).map_err(|error| {
            tracing::error!(call_id = %self.identity.call_id, %error, "no {status} could be sent");
            fault()
        })
    }

    /// Starts the stream before the answer: early media is in force.
    pub(super) fn start_early_media(&mut self, cx: &mut Context<'_>) {
        self.open_stream(cx);
        if self.session.is_open() {
            self.shared.publish(|published| published.early_media = true);
            self.play_pending(cx);
        }
    }

    /// Decides what the caller hears from now on (RING-34); a ringtone that cannot be heard yet waits.
    fn play_ringtone(
        &mut self,
        cx: &mut Context<'_>,
        ringtone: Option<Clip>,
        looped: bool,
        limit: Option<Duration>,
    ) -> Option<JobId> {
        match ringtone {
            Some(clip) => {
                let order = PlayOrder { clip, looped, limit };
                self.play_clip(cx, Owner::Ringtone, order)
            }
            None => {
                self.stop_playing(cx);
                None
            }
        }
    }

    fn ring_fault(&self, reason: &'static str) -> Fault {
        Fault { operation: Operation::Ring, state: self.state(), reason }
    }

    fn unplayable(&self, error: MediaError) -> RingError {
        RingError::Ringtone(Unplayable { operation: Operation::Ring, state: self.state(), error })
    }
}

impl From<Fault> for RingError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// How much longer than its duration a ringtone may take, so that a stream that has stopped cannot
/// block `ring()` for ever.
const RINGTONE_GRACE: Duration = Duration::from_millis(100);
