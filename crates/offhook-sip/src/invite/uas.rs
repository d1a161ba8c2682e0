//! A call that arrives, until its final response: RFC 3261 section 13.3, RFC 3262.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::reliable::{Queued, ReliableResponses};
use super::success::UnacknowledgedSuccess;
use super::{CallState, Carrier, Leg, Negotiation, Role, body};
use crate::dialog::Dialog;
use crate::endpoint::{
    AnswerError, Call, Clearing, ClearingCause, Core, Event, Party, Progress, Received, Reliability,
    RingError, Sent, Stage,
};
use crate::header::{ContentType, Expires, HeaderName, Headers, RAck, RSeq};
use crate::message::{Response, StatusCode};
use crate::random::Token;
use crate::sdp::SessionDescription;
use crate::text::Text;
use crate::transaction::{Due, ServerId};

/// What only an incoming call has.
#[derive(Debug)]
pub(crate) struct Callee {
    /// The INVITE, as long as it has no final response.
    pub(super) invitation: Option<Invitation>,
    invite_cseq: u32,
    /// The INVITE carried an offer.
    had_offer: bool,
    reliability: Reliability,
    pub(super) reliable: ReliableResponses,
    /// The newest session description that a provisional response carried.
    early_session: Option<Bytes>,
    /// The answer, while a PRACK holds it back (ANS-12).
    pub(super) held: Option<HeldAnswer>,
    /// When the caller's patience ends, if the INVITE has an Expires (RFC 3261 section 13.3.1).
    expires: Option<Instant>,
    /// The newest provisional response and when it is repeated (RING-24).
    pub(super) repeat: Option<(Instant, Bytes)>,
}

/// What an incoming call begins with.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) local_tag: Token,
    pub(crate) dialog: Dialog,
    pub(crate) received: Box<Received>,
    /// The transaction of the INVITE.
    pub(crate) server: ServerId,
    pub(crate) reliability: Reliability,
    pub(crate) had_offer: bool,
}

/// An INVITE that waits for its final response.
#[derive(Debug)]
pub(crate) struct Invitation {
    pub(super) server: ServerId,
    pub(super) received: Box<Received>,
}

/// An answer that was given and not yet sent.
#[derive(Debug)]
pub(crate) struct HeldAnswer {
    body: Option<Bytes>,
    headers: Headers,
}

impl Callee {
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let repeat = self.repeat.as_ref().map(|(at, _)| *at);
        let expires = self.invitation.as_ref().and(self.expires);
        self.reliable.poll_timeout().into_iter().chain(repeat).chain(expires).min()
    }
}

impl CallState {
    /// A call that arrived.
    pub(crate) fn incoming(core: &mut Core, now: Instant, call: Call, arrival: Arrival) -> Self {
        let Arrival { local_tag, dialog, received, server, reliability, had_offer } = arrival;
        let negotiation = if had_offer { Negotiation::Theirs } else { Negotiation::Empty };
        let mut leg = Leg::new(dialog, negotiation);
        leg.note_allow(&received.request.headers);
        // From 1 to 2^31 - 1, and so small that a call cannot count beyond that (RFC 3262 section 3).
        let first_rseq = 1 + u32::try_from(core.random.below(1 << 30)).unwrap_or_default();
        let expires = received.request.headers.typed_opt::<Expires>().ok().flatten();
        let callee = Callee {
            expires: expires.map(|Expires(seconds)| now + Duration::from_secs(seconds.into())),
            invite_cseq: received.cseq,
            invitation: Some(Invitation { server, received }),
            had_offer,
            reliability,
            reliable: ReliableResponses::new(first_rseq),
            early_session: None,
            held: None,
            repeat: None,
        };
        Self {
            call,
            local_tag,
            stage: Stage::Incoming,
            legs: vec![leg],
            role: Role::Callee(Box::new(callee)),
            success: None,
            hang_up: None,
            linger: None,
            session_timer: None,
            referral: None,
            is_referring: false,
            least_interval: 0,
            auth: None,
            offers: 0,
            timer: None,
        }
    }

    /// See [`Endpoint::ring`](crate::Endpoint::ring).
    pub(crate) fn ring(
        &mut self,
        core: &mut Core,
        now: Instant,
        progress: Progress,
    ) -> Result<Sent, RingError> {
        let wrong_state = RingError::WrongState { expected: Stage::Incoming, got: self.stage };
        let (Stage::Incoming, Role::Callee(callee), [leg]) = (self.stage, &mut self.role, &mut self.legs[..])
        else {
            return Err(wrong_state);
        };
        let status = progress.status;
        if !status.is_provisional() || status == StatusCode::TRYING {
            return Err(RingError::NotProvisional { status });
        }
        let mut body = progress.sdp.as_ref().map(to_body);
        let reliable = match callee.reliability {
            Reliability::Required => true,
            Reliability::Supported => body.is_some(),
            Reliability::Absent => false,
        };
        if !callee.had_offer {
            match (leg.negotiation, &body) {
                (Negotiation::Empty, Some(_)) if !reliable => return Err(RingError::OfferNotReliable),
                (Negotiation::Empty, None) if reliable => return Err(RingError::SessionMissing),
                (Negotiation::Empty, _) => {}
                // Our offer was made; in another response it would be another offer.
                _ => body = None,
            }
        }
        if reliable && callee.reliable.is_waiting() {
            let waiting = callee.reliable.queued();
            if waiting >= core.config.limits.queued_provisionals {
                return Err(RingError::TooMany { waiting });
            }
            callee.reliable.enqueue(Queued { status, body, headers: progress.headers });
            return Ok(Sent { reliable, queued: true });
        }
        self.send_provisional(core, now, status, body, &progress.headers, reliable);
        Ok(Sent { reliable, queued: false })
    }

    /// See [`Endpoint::answer`](crate::Endpoint::answer).
    pub(crate) fn answer(
        &mut self,
        core: &mut Core,
        now: Instant,
        sdp: Option<&SessionDescription>,
        headers: Headers,
    ) -> Result<(), AnswerError> {
        let wrong_state = AnswerError::WrongState { expected: Stage::Incoming, got: self.stage };
        let (Stage::Incoming, Role::Callee(callee), [leg]) = (self.stage, &mut self.role, &self.legs[..])
        else {
            return Err(wrong_state);
        };
        let body = sdp.map(to_body).or_else(|| callee.early_session.clone());
        if body.is_none() && matches!(leg.negotiation, Negotiation::Empty | Negotiation::Theirs) {
            return Err(AnswerError::SessionMissing);
        }
        callee.held = Some(HeldAnswer { body, headers });
        callee.reliable.clear_queue();
        self.stage = Stage::Answering;
        self.advance(core, now);
        Ok(())
    }

    /// Sends what an earlier response held back: the answer, or the next provisional response.
    pub(super) fn advance(&mut self, core: &mut Core, now: Instant) {
        let (Role::Callee(callee), [leg]) = (&mut self.role, &self.legs[..]) else { return };
        if callee.held.is_some() {
            let is_exchange_open = leg.pending.is_some() || matches!(leg.negotiation, Negotiation::Ours(_));
            if !callee.reliable.is_session_waiting()
                && !is_exchange_open
                && let Some(held) = callee.held.take()
            {
                self.send_success(core, now, held);
            }
        } else if let Some(next) = callee.reliable.dequeue() {
            self.send_provisional(core, now, next.status, next.body, &next.headers, true);
        }
    }

    fn send_provisional(
        &mut self,
        core: &mut Core,
        now: Instant,
        status: StatusCode,
        body: Option<Bytes>,
        headers: &Headers,
        reliable: bool,
    ) {
        let (Role::Callee(callee), [leg]) = (&mut self.role, &mut self.legs[..]) else { return };
        let Some(invitation) = &callee.invitation else { return };
        let mut response = dialog_response(core, &invitation.received, status, self.local_tag);
        if reliable {
            response.headers.push(HeaderName::Require, Text::from_static("100rel"));
            response.headers.push_typed(&RSeq(callee.reliable.next_rseq()));
        }
        response.headers.extend(headers);
        let has_session = body.is_some();
        if let Some(body) = body {
            set_session(&mut response, body.clone());
            leg.local_session = Some(body.clone());
            callee.early_session = Some(body);
            leg.negotiation = match leg.negotiation {
                Negotiation::Empty => Negotiation::Ours(Carrier::Provisional),
                Negotiation::Theirs if reliable => Negotiation::Agreed,
                unchanged => unchanged,
            };
        }
        let Some(bytes) = core.respond(now, invitation.server, &response) else { return };
        callee.repeat = Some((next_repeat(core, now), bytes.clone()));
        if reliable {
            callee.reliable.sent(now, bytes, has_session, &core.config.timers);
        }
    }

    fn send_success(&mut self, core: &mut Core, now: Instant, answer: HeldAnswer) {
        let (Role::Callee(callee), [leg]) = (&mut self.role, &mut self.legs[..]) else { return };
        let Some(invitation) = callee.invitation.take() else { return };
        let request = &invitation.received.request.headers;
        callee.reliable.stop();
        callee.repeat = None;
        let mut response = dialog_response(core, &invitation.received, StatusCode::OK, self.local_tag);
        response.headers.extend(&answer.headers);
        // An agreement that our own offer began is not repeated: in a 2xx it would be another offer.
        let body = answer.body.filter(|_| callee.had_offer || leg.negotiation == Negotiation::Empty);
        if let Some(body) = body {
            leg.local_session = Some(body.clone());
            set_session(&mut response, body);
            leg.negotiation = match leg.negotiation {
                Negotiation::Empty => Negotiation::Ours(Carrier::Success),
                _ => Negotiation::Agreed,
            };
        }
        self.agree_on_session_timer(core, now, request, &mut response);
        let Some(bytes) = core.respond(now, invitation.server, &response) else { return };
        let (cseq, flow) = (invitation.received.cseq, invitation.received.reply);
        let success = UnacknowledgedSuccess::new(now, cseq, bytes, flow, true, &core.config.timers);
        self.success = Some(success);
    }

    /// Sends the final response that refuses the INVITE and clears the call.
    pub(super) fn refuse(
        &mut self,
        core: &mut Core,
        now: Instant,
        status: StatusCode,
        headers: &Headers,
        clearing: Clearing,
    ) {
        let Role::Callee(callee) = &mut self.role else { return };
        if let Some(invitation) = callee.invitation.take() {
            let mut response = core.response(&invitation.received.request, status, self.local_tag);
            response.headers.extend(headers);
            core.respond(now, invitation.server, &response);
        }
        self.clear(core, now, clearing);
    }

    /// Whether the INVITE has no final response yet, so that it can still be refused or cancelled.
    pub(super) fn is_unanswered(&self) -> bool {
        matches!(&self.role, Role::Callee(callee) if callee.invitation.is_some())
    }

    /// A CANCEL for the INVITE transaction `server` arrived; it has its 200 already (RFC 3261 section 9.2).
    pub(crate) fn receive_cancel(
        &mut self,
        core: &mut Core,
        now: Instant,
        server: ServerId,
        headers: &Headers,
    ) {
        let is_initial = match &self.role {
            Role::Callee(callee) => {
                callee.invitation.as_ref().is_some_and(|invitation| invitation.server == server)
            }
            Role::Caller(_) => false,
        };
        if is_initial {
            let clearing = Clearing::new(ClearingCause::Cancelled, 487, Party::Peer).with_reason_of(headers);
            self.refuse(core, now, StatusCode::REQUEST_TERMINATED, &Headers::new(), clearing);
            return;
        }
        for leg in &mut self.legs {
            if let Some(pending) = leg.pending.take_if(|pending| pending.server == server) {
                let request = &pending.received.request;
                let response = core.response(request, StatusCode::REQUEST_TERMINATED, self.local_tag);
                core.respond(now, server, &response);
            }
        }
    }

    /// A PRACK arrived within the dialog of `leg` (RFC 3262 section 3).
    pub(super) fn receive_prack(
        &mut self,
        core: &mut Core,
        now: Instant,
        leg: usize,
        received: Box<Received>,
        server: ServerId,
    ) {
        let headers = &received.request.headers;
        let Ok(rack) = headers.typed::<RAck>() else {
            return self.respond_within(core, now, server, &received, StatusCode::BAD_REQUEST);
        };
        let matches = match &mut self.role {
            Role::Callee(callee) => callee.reliable.acknowledge(&rack, callee.invite_cseq),
            Role::Caller(_) => false,
        };
        if !matches {
            return self.respond_within(
                core,
                now,
                server,
                &received,
                StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST,
            );
        }
        if self.stage == Stage::Over || !self.is_unanswered() {
            // It crossed the final response, which ended the matter.
            return self.respond_within(core, now, server, &received, StatusCode::OK);
        }
        let is_answer_due = self.legs[leg].negotiation == Negotiation::Ours(Carrier::Provisional);
        if is_answer_due {
            self.respond_within(core, now, server, &received, StatusCode::OK);
            self.take_answer(core, leg, Carrier::Provisional, headers, &received.request.body);
            core.emit(Event::ProvisionalAcknowledged { call: self.call });
        } else {
            core.emit(Event::ProvisionalAcknowledged { call: self.call });
            match body::session(headers, &received.request.body) {
                Ok(None) => self.respond_within(core, now, server, &received, StatusCode::OK),
                Ok(Some(sdp)) => self.take_offer(core, now, leg, received, server, Some(sdp)),
                Err(error) => self.refuse_body(core, now, server, &received, &error),
            }
        }
        self.advance(core, now);
    }

    /// Repeats provisional responses, or gives up on a PRACK (RING-23, RING-24).
    pub(super) fn handle_callee_timeout(&mut self, core: &mut Core, now: Instant) {
        let Role::Callee(callee) = &mut self.role else { return };
        let Some(invitation) = &callee.invitation else { return };
        let flow = invitation.received.reply;
        if callee.expires.is_some_and(|expires| expires <= now) {
            let clearing = Clearing::new(ClearingCause::Cancelled, 487, Party::Peer);
            return self.refuse(core, now, StatusCode::REQUEST_TERMINATED, &Headers::new(), clearing);
        }
        match callee.reliable.handle_timeout(now) {
            Due::Send(bytes) => core.transmit(flow, bytes),
            Due::TimedOut => {
                let clearing = Clearing::new(ClearingCause::NoPrack, 504, Party::Us);
                return self.refuse(core, now, StatusCode::SERVER_TIME_OUT, &Headers::new(), clearing);
            }
            Due::Nothing | Due::Over => {}
        }
        if let Some((at, bytes)) = &mut callee.repeat
            && *at <= now
        {
            core.transmit(flow, bytes.clone());
            *at = next_repeat(core, now);
        }
    }
}

/// When a provisional response is sent again (RING-24).
fn next_repeat(core: &Core, now: Instant) -> Instant {
    now + core.config.timers.provisional_repeat.max(Duration::from_millis(1))
}

/// A response to an INVITE that makes or confirms a dialog (RFC 3261 section 12.1.1).
pub(super) fn dialog_response(
    core: &mut Core,
    received: &Received,
    status: StatusCode,
    tag: Token,
) -> Response {
    let mut response = core.response(&received.request, status, tag);
    for route in received.request.headers.get_all(&HeaderName::RecordRoute) {
        response.headers.push(HeaderName::RecordRoute, route.clone());
    }
    let contact = core.contact(received.flow);
    response.headers.push(HeaderName::Contact, contact);
    core.add_allow(&mut response.headers);
    core.add_supported(&mut response.headers);
    response
}

pub(super) fn set_session(response: &mut Response, body: Bytes) {
    response.headers.push_typed(&ContentType::SDP);
    response.body = body;
}

pub(super) fn to_body(sdp: &SessionDescription) -> Bytes {
    Bytes::from(sdp.to_string())
}
