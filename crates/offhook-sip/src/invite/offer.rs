//! Offers of the peer within a call: UPDATE (RFC 3311), re-INVITE (RFC 3261 section 14), PRACK (RFC 3262
//! section 5).

use std::time::Instant;

use super::body::{self, BodyError};
use super::end::is_refusal;
use super::offering::newer;
use super::success::UnacknowledgedSuccess;
use super::uas::{dialog_response, set_session, to_body};
use super::{CallState, Carrier, Negotiation, OfferRoom, PendingRequest, session_timer};
use crate::endpoint::{ACCEPT, AnswerOfferError, Core, Event, OfferId, OfferMethod, Received, Stage};
use crate::header::{HeaderName, Headers, RetryAfter};
use crate::message::{Method, StatusCode};
use crate::sdp::SessionDescription;
use crate::text::Text;
use crate::transaction::ServerId;

impl CallState {
    /// See [`Endpoint::answer_offer`](crate::Endpoint::answer_offer).
    pub(crate) fn answer_offer(
        &mut self,
        core: &mut Core,
        now: Instant,
        id: OfferId,
        answer: Result<&SessionDescription, StatusCode>,
    ) -> Result<(), AnswerOfferError> {
        if self.stage == Stage::Over {
            return Err(AnswerOfferError::WrongState { got: self.stage });
        }
        if let Err(status) = answer
            && !is_refusal(status)
        {
            return Err(AnswerOfferError::NotRefusal { status });
        }
        let found = self.legs.iter_mut().enumerate().find_map(|(at, leg)| {
            leg.pending.take_if(|pending| pending.id == id).map(|pending| (at, pending))
        });
        let (leg, pending) = found.ok_or(AnswerOfferError::NoSuchOffer)?;
        self.reply(core, now, leg, &pending, answer);
        self.advance(core, now);
        Ok(())
    }

    /// An UPDATE arrived within the dialog of `leg` (RFC 3311 section 5.2).
    pub(super) fn receive_update(
        &mut self,
        core: &mut Core,
        now: Instant,
        leg: usize,
        received: Box<Received>,
        server: ServerId,
    ) {
        if session_timer::is_too_short(core, &received.request.headers) {
            return self.refuse_interval(core, now, server, &received);
        }
        self.legs[leg].dialog.refresh_target(&received.request.headers);
        self.legs[leg].note_allow(&received.request.headers);
        match body::session(&received.request.headers, &received.request.body) {
            Ok(Some(sdp)) => self.take_offer(core, now, leg, received, server, Some(sdp)),
            Ok(None) => {
                let mut response = dialog_response(core, &received, StatusCode::OK, self.local_tag);
                self.agree_on_session_timer(core, now, &received.request.headers, &mut response);
                core.respond(now, server, &response);
            }
            Err(error) => self.refuse_body(core, now, server, &received, &error),
        }
    }

    /// An INVITE arrived within the dialog of `leg` (RFC 3261 section 14.2).
    pub(super) fn receive_re_invite(
        &mut self,
        core: &mut Core,
        now: Instant,
        leg: usize,
        received: Box<Received>,
        server: ServerId,
    ) {
        let at = &self.legs[leg];
        if at.re_invite.is_some() || matches!(at.negotiation, Negotiation::Ours(_)) {
            return self.respond_within(core, now, server, &received, StatusCode::REQUEST_PENDING);
        }
        if self.stage != Stage::Answered || self.success.is_some() {
            // The INVITE before it has no final response, or its ACK is under way.
            return self.refuse_for_now(core, now, server, &received);
        }
        if session_timer::is_too_short(core, &received.request.headers) {
            return self.refuse_interval(core, now, server, &received);
        }
        let at = &mut self.legs[leg];
        at.dialog.refresh_target(&received.request.headers);
        at.note_allow(&received.request.headers);
        match body::session(&received.request.headers, &received.request.body) {
            Ok(sdp) => {
                // Our user answers in no time as a rule, and then 100 Trying is one message too many.
                let trying = core.response(&received.request, StatusCode::TRYING, self.local_tag).to_bytes();
                core.delay_trying(now, server, trying);
                self.take_offer(core, now, leg, received, server, sdp);
            }
            Err(error) => self.refuse_body(core, now, server, &received, &error),
        }
    }

    /// Hands an offer to the user, or refuses it when another one waits.
    pub(super) fn take_offer(
        &mut self,
        core: &mut Core,
        now: Instant,
        leg: usize,
        received: Box<Received>,
        server: ServerId,
        sdp: Option<SessionDescription>,
    ) {
        match self.legs[leg].room_for_offer() {
            OfferRoom::Free => {}
            OfferRoom::OursPending => {
                return self.respond_within(core, now, server, &received, StatusCode::REQUEST_PENDING);
            }
            OfferRoom::TheirsPending => return self.refuse_for_now(core, now, server, &received),
        }
        let id = self.next_offer();
        let method = match received.request.method {
            Method::Invite => OfferMethod::ReInvite,
            Method::Prack => OfferMethod::Prack,
            _ => OfferMethod::Update,
        };
        let has_offer = sdp.is_some();
        self.legs[leg].answer = None;
        self.legs[leg].pending = Some(PendingRequest { id, method, server, received, has_offer });
        core.emit(Event::Offer { call: self.call, id, sdp, method });
    }

    /// Sends the user's answer to an offer, or our offer when the re-INVITE had none.
    fn reply(
        &mut self,
        core: &mut Core,
        now: Instant,
        leg: usize,
        pending: &PendingRequest,
        answer: Result<&SessionDescription, StatusCode>,
    ) {
        let received = &*pending.received;
        let sdp = match answer {
            Ok(sdp) => sdp,
            Err(status) => return self.respond_within(core, now, pending.server, received, status),
        };
        let mut response = dialog_response(core, received, StatusCode::OK, self.local_tag);
        if pending.method != OfferMethod::Prack {
            self.agree_on_session_timer(core, now, &received.request.headers, &mut response);
        }
        if let Some(leg) = self.legs.get_mut(leg) {
            let body = to_body(&newer(sdp, leg.local_session.as_ref()));
            leg.local_session = Some(body.clone());
            set_session(&mut response, body);
        }
        let Some(bytes) = core.respond(now, pending.server, &response) else { return };
        if pending.method != OfferMethod::ReInvite {
            return;
        }
        if !pending.has_offer
            && let Some(leg) = self.legs.get_mut(leg)
        {
            leg.negotiation = Negotiation::Ours(Carrier::Success);
        }
        let timers = &core.config.timers;
        self.success =
            Some(UnacknowledgedSuccess::new(now, received.cseq, bytes, received.reply, false, timers));
    }

    /// 500 with a random Retry-After of up to ten seconds (RFC 3261 section 14.2, RFC 3311 section 5.2).
    pub(super) fn refuse_for_now(
        &mut self,
        core: &mut Core,
        now: Instant,
        server: ServerId,
        received: &Received,
    ) {
        let seconds = u32::try_from(core.random.below(11)).unwrap_or_default();
        let mut response =
            core.response(&received.request, StatusCode::SERVER_INTERNAL_ERROR, self.local_tag);
        response.headers.push_typed(&RetryAfter::new(seconds));
        core.respond(now, server, &response);
    }

    /// Refuses a body that is not a session description.
    pub(super) fn refuse_body(
        &mut self,
        core: &mut Core,
        now: Instant,
        server: ServerId,
        received: &Received,
        error: &BodyError,
    ) {
        let mut response = core.response(&received.request, error.status(), self.local_tag);
        error.explain_in(&mut response.headers);
        response.reason = error.reason().unwrap_or(response.reason);
        core.respond(now, server, &response);
    }
}

impl BodyError {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Type | Self::Encoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed => StatusCode::BAD_REQUEST,
        }
    }

    /// The reason phrase, if the usual one says too little.
    pub(crate) fn reason(&self) -> Option<Text> {
        match self {
            Self::Malformed => Some(Text::from_static("Malformed Session Description")),
            Self::Type | Self::Encoding => None,
        }
    }

    /// Says in a refusal what would have been accepted.
    pub(crate) fn explain_in(&self, headers: &mut Headers) {
        match self {
            Self::Type => headers.push(HeaderName::Accept, ACCEPT),
            Self::Encoding => headers.push(HeaderName::AcceptEncoding, Text::from_static("identity")),
            Self::Malformed => {}
        }
    }
}
