//! `hold()` and `retrieve()` (HOLD-1 to HOLD-6).

use offhook_media::Clip;
use offhook_sip::sdp::{self, Direction};
use offhook_sip::{OfferMethod, StatusCode};

use super::jobs::{Owner, PlayOrder};
use super::session::{Session, codec_specs};
use super::{Channel, Context, Control, Load, LoadId};
use crate::clip::ClipRequest;
use crate::command::Ticket;
use crate::error::{Busy, Fault, Operation, Unplayable, WrongState};
use crate::hold::{HoldError, HoldReply};
use crate::playable::{MediaError, PlayableMedia};
use crate::recorder::RecorderCause;
use crate::state::State;

/// A `hold()` or `retrieve()` that has not returned.
pub(super) struct HoldControl {
    pub(super) ticket: Ticket,
    reply: HoldReply,
    phase: Phase,
}

enum Phase {
    /// The music is being loaded; nothing was sent.
    Loading(LoadId),
    /// The far end is asked to be held.
    Holding { music: Option<Clip> },
    /// The far end is asked to come back.
    Retrieving,
}

impl HoldControl {
    pub(super) fn operation(&self) -> Operation {
        match self.phase {
            Phase::Loading(_) | Phase::Holding { .. } => Operation::Hold,
            Phase::Retrieving => Operation::Retrieve,
        }
    }

    /// Whether nothing was sent, so that giving up leaves nothing behind.
    pub(super) fn is_loading(&self) -> bool {
        matches!(self.phase, Phase::Loading(_))
    }

    /// The far end has replied, or the call has cleared.
    pub(super) fn end(self, state: State) {
        let _ = self.reply.send(Ok(state));
    }
}

impl Channel {
    pub(super) fn begin_hold(
        &mut self,
        cx: &mut Context<'_>,
        ticket: Ticket,
        music: Option<&PlayableMedia>,
        reply: HoldReply,
    ) {
        let request = self
            .check_hold(Operation::Hold, HoldError::ALLOWED)
            .and_then(|()| music.map(|music| self.music_request(cx, music)).transpose());
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        let music = request.as_ref().and_then(|request| cx.clips.ready(request));
        match request {
            Some(request) if music.is_none() => {
                let id = self.next_load(cx);
                cx.loads.push(Load { channel: self.id, id, request });
                self.control = Some(Control::Hold(HoldControl { ticket, reply, phase: Phase::Loading(id) }));
            }
            _ => self.offer_hold(cx, ticket, music, reply),
        }
    }

    pub(super) fn begin_retrieve(&mut self, cx: &mut Context<'_>, ticket: Ticket, reply: HoldReply) {
        if let Err(error) = self.check_hold(Operation::Retrieve, HoldError::ALLOWED_RETRIEVE) {
            let _ = reply.send(Err(error));
            return;
        }
        self.stop_playing(cx);
        match self.offer_direction(cx, Operation::Retrieve, Direction::SendRecv) {
            Ok(()) => {
                let phase = Phase::Retrieving;
                self.control = Some(Control::Hold(HoldControl { ticket, reply, phase }));
            }
            Err(fault) => {
                let _ = reply.send(Err(HoldError::Fault(fault)));
            }
        }
    }

    /// The music is there, or is not to be had. Tells whether a `hold()` waited for it.
    pub(super) fn music_loaded(
        &mut self,
        cx: &mut Context<'_>,
        id: LoadId,
        result: &Result<Clip, MediaError>,
    ) -> bool {
        let waits = |control: &mut Control| matches!(control, Control::Hold(HoldControl { phase: Phase::Loading(load), .. }) if *load == id);
        let Some(Control::Hold(HoldControl { ticket, reply, .. })) = self.control.take_if(waits) else {
            return false;
        };
        match result {
            Ok(music) => self.offer_hold(cx, ticket, Some(music.clone()), reply),
            Err(error) => {
                let _ = reply.send(Err(self.unplayable_music(error.clone())));
            }
        }
        true
    }

    /// The far end replied to our offer: it is held, or back, or has refused (HOLD-2, HOLD-4).
    pub(super) fn offer_settled(&mut self, cx: &mut Context<'_>, accepted: bool) {
        let asked = |control: &mut Control| matches!(control, Control::Hold(hold) if !hold.is_loading());
        let Some(Control::Hold(hold)) = self.control.take_if(asked) else { return };
        let HoldControl { ticket, reply, phase } = hold;
        let state = match (&phase, accepted) {
            (Phase::Retrieving, true) => State::Answered,
            (Phase::Retrieving, false) => State::OnHold,
            (_, true) => State::OnHold,
            (_, false) => State::Answered,
        };
        self.set_state(cx, state, if accepted { "the far end agrees" } else { "the far end refuses" });
        self.restart_media_watch(cx);
        if let Phase::Holding { music: Some(clip) } = phase
            && accepted
        {
            self.play_clip(cx, Owner::Music, PlayOrder { clip, looped: true, limit: None });
        }
        HoldControl { ticket, reply, phase: Phase::Retrieving }.end(state);
    }

    /// The far end refused an offer of ours; the session goes on as it was.
    pub(crate) fn offer_refused(&mut self, cx: &mut Context<'_>, status: StatusCode) {
        tracing::info!(
            call_id = %self.identity.call_id,
            status = status.code(),
            "the far end refuses our offer; the session goes on as it was"
        );
        if let Some(open) = self.session.open_mut() {
            open.pending_offer = None;
        }
        self.offer_settled(cx, false);
    }

    /// Whether the far end is held, or is about to be.
    pub(super) fn is_holding(&self) -> bool {
        matches!(self.state(), State::Holding | State::OnHold)
    }

    fn offer_hold(&mut self, cx: &mut Context<'_>, ticket: Ticket, music: Option<Clip>, reply: HoldReply) {
        match self.offer_direction(cx, Operation::Hold, Direction::SendOnly) {
            Ok(()) => {
                self.stop_playing(cx);
                self.stop_recording(cx, RecorderCause::Aborted);
                let phase = Phase::Holding { music };
                self.control = Some(Control::Hold(HoldControl { ticket, reply, phase }));
                self.set_state(cx, State::Holding, "hold()");
                self.restart_media_watch(cx);
            }
            Err(fault) => {
                let _ = reply.send(Err(HoldError::Fault(fault)));
            }
        }
    }

    /// Sends a re-INVITE whose offer differs by its direction.
    fn offer_direction(
        &mut self,
        cx: &mut Context<'_>,
        operation: Operation,
        direction: Direction,
    ) -> Result<(), Fault> {
        let fault = |reason| Fault { operation, state: self.shared.state(), reason };
        let specs = codec_specs(self.codec_list(cx));
        let (Session::Open(open), Some(call)) = (&mut self.session, self.sip) else {
            return Err(fault("the call has no media"));
        };
        let ours = sdp::offer_again(&open.ours, &specs, &open.local, direction);
        cx.endpoint.offer(cx.now, call, OfferMethod::ReInvite, &ours).map_err(|error| {
            tracing::info!(call_id = %self.identity.call_id, %error, "no re-INVITE was sent");
            fault("an earlier offer waits for its answer")
        })?;
        open.pending_offer = Some(ours);
        Ok(())
    }

    fn check_hold(&self, operation: Operation, allowed: &'static [State]) -> Result<(), HoldError> {
        let state = self.state();
        let wrong = WrongState { operation, state, allowed };
        if state == State::Idle {
            return Err(HoldError::Hangup(wrong));
        }
        if let Some(busy) = self.busy(operation) {
            return Err(HoldError::Busy(busy));
        }
        if !allowed.contains(&state) {
            return Err(HoldError::WrongState(wrong));
        }
        match self.joined_by() {
            Some(running) => Err(HoldError::Busy(Busy { operation, state, running })),
            None => Ok(()),
        }
    }

    fn music_request(&self, cx: &Context<'_>, music: &PlayableMedia) -> Result<ClipRequest, HoldError> {
        let source = self.media_source(music).map_err(|error| self.unplayable_music(error))?;
        Ok(ClipRequest { source, codec: self.codec(cx), looped: true })
    }

    fn unplayable_music(&self, error: MediaError) -> HoldError {
        HoldError::Media(Unplayable { operation: Operation::Hold, state: self.state(), error })
    }
}
