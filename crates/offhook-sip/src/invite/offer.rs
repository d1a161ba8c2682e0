//! Offers within a call: UPDATE (RFC 3311), re-INVITE (RFC 3261 section 14), PRACK (RFC 3262 section 5).

use std::time::Instant;

use super::body::{self, BodyError};
use super::end::is_refusal;
use super::success::UnacknowledgedSuccess;
use super::uas::{dialog_response, set_session, to_body};
use super::{CallState, Carrier, Negotiation, OfferRoom, PendingRequest, Role};
use crate::endpoint::{
    ACCEPT, AnswerOfferError, Core, Event, OfferError, OfferId, OfferMethod, Received, Stage,
};
use crate::header::{ContentType, HeaderName, Headers, RetryAfter};
use crate::message::{Method, StatusCode};
use crate::sdp::SessionDescription;
use crate::text::Text;
use crate::transaction::{Purpose, ServerId};

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
        let pending = self.legs.iter_mut().find_map(|leg| leg.pending.take_if(|pending| pending.id == id));
        let pending = pending.ok_or(AnswerOfferError::NoSuchOffer)?;
        self.reply(core, now, &pending, answer);
        self.advance(core, now);
        Ok(())
    }

    /// See [`Endpoint::offer`](crate::Endpoint::offer).
    pub(crate) fn offer(
        &mut self,
        core: &mut Core,
        now: Instant,
        method: OfferMethod,
        sdp: &SessionDescription,
    ) -> Result<OfferId, OfferError> {
        let is_early =
            matches!(self.stage, Stage::Incoming | Stage::Outgoing) && method == OfferMethod::Update;
        if self.stage != Stage::Answered && !is_early {
            return Err(OfferError::WrongState { expected: Stage::Answered, got: self.stage });
        }
        // Until its PRACK the first agreement is not one for the far end (RFC 3311 section 5.1).
        let is_prack_due = matches!(&self.role, Role::Callee(callee) if callee.reliable.is_session_waiting());
        let id = self.next_offer();
        // Of several early dialogs the newest is meant: it is the one that is heard.
        let Some(leg) = self.legs.last_mut() else {
            return Err(OfferError::WrongState { expected: Stage::Answered, got: self.stage });
        };
        if is_prack_due
            || leg.negotiation != Negotiation::Agreed
            || leg.pending.is_some()
            || leg.re_invite.is_some()
        {
            return Err(OfferError::OfferPending);
        }
        let (sip_method, purpose) = match method {
            OfferMethod::Update if leg.allows_update => (Method::Update, Purpose::Update(id)),
            OfferMethod::ReInvite => (Method::Invite, Purpose::ReInvite(id)),
            OfferMethod::Update | OfferMethod::Prack => return Err(OfferError::MethodNotAllowed),
        };
        let flow = leg.dialog.next_hop();
        let (mut request, branch) = core.request_within(&mut leg.dialog, sip_method);
        let contact = core.contact(flow);
        request.headers.push(HeaderName::Contact, contact);
        core.add_allow(&mut request.headers);
        core.add_supported(&mut request.headers);
        request.headers.push_typed(&ContentType::SDP);
        request.body = to_body(sdp);
        leg.negotiation = Negotiation::Ours(Carrier::Request(id));
        leg.answer = None;
        let client = self.send(core, now, flow, request, branch, purpose);
        if method == OfferMethod::ReInvite
            && let Some(leg) = self.legs.last_mut()
        {
            leg.re_invite = Some(client);
        }
        Ok(id)
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
        self.legs[leg].dialog.refresh_target(&received.request.headers);
        self.legs[leg].note_allow(&received.request.headers);
        match body::session(&received.request.headers, &received.request.body) {
            Ok(Some(sdp)) => self.take_offer(core, now, leg, received, server, Some(sdp)),
            Ok(None) => {
                let response = dialog_response(core, &received, StatusCode::OK, self.local_tag);
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
        let at = &mut self.legs[leg];
        if at.re_invite.is_some() || matches!(at.negotiation, Negotiation::Ours(_)) {
            return self.respond_within(core, now, server, &received, StatusCode::REQUEST_PENDING);
        }
        if self.stage != Stage::Answered || self.success.is_some() {
            // The INVITE before it has no final response, or its ACK is under way.
            return self.refuse_for_now(core, now, server, &received);
        }
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
        pending: &PendingRequest,
        answer: Result<&SessionDescription, StatusCode>,
    ) {
        let received = &*pending.received;
        let sdp = match answer {
            Ok(sdp) => sdp,
            Err(status) => return self.respond_within(core, now, pending.server, received, status),
        };
        let mut response = dialog_response(core, received, StatusCode::OK, self.local_tag);
        set_session(&mut response, to_body(sdp));
        let Some(bytes) = core.respond(now, pending.server, &response) else { return };
        if pending.method != OfferMethod::ReInvite {
            return;
        }
        if !pending.has_offer
            && let Some(leg) = self.legs.first_mut()
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
