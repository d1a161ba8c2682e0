//! What is done with a request that arrives.

use std::time::Instant;

use super::core::{ACCEPT, Core};
use super::event::{Event, Incoming, Reliability};
use super::flow::Flow;
use super::received::{self, Received};
use super::refuse::{self, Refusal};
use super::{Call, Endpoint};
use crate::dialog::Dialog;
use crate::header::{HeaderError, HeaderName, Require, Supported};
use crate::invite::{Arrival, CallState};
use crate::message::{Method, ParseError, ParseErrorKind, Request, Response, StatusCode};
use crate::random::Token;
use crate::text::Text;
use crate::transaction::{ServerId, ServerMachine};

impl Endpoint {
    pub(super) fn receive_request(&mut self, now: Instant, flow: Flow, request: Request) {
        // The parser has checked these fields; without them there is nobody to answer.
        let Ok(received) = Received::read(&self.core, flow, request) else { return };
        if let Some(id) = self.core.servers.find(received.key) {
            if received.request.method != Method::Ack {
                return self.repeat(id);
            }
            let timers = &self.core.config.timers;
            let is_taken =
                self.core.servers.at_mut(id).is_some_and(|transaction| match &mut transaction.machine {
                    ServerMachine::Invite(machine) => machine.acknowledge(now, timers),
                    ServerMachine::Other(_) => false,
                });
            self.core.arrange_server(id);
            if is_taken {
                return;
            }
        }
        match received.request.method {
            Method::Ack => self.receive_ack(now, &received),
            Method::Cancel => self.receive_cancel(now, &received),
            _ if received.to_tag.is_some() => self.receive_within(now, received),
            _ => self.receive_outside(now, received),
        }
    }

    /// Answers a message that is not quite a request, if it can be told whom to answer.
    pub(super) fn refuse_malformed(&mut self, flow: Flow, error: ParseError) {
        let (Some(status), Some(mut request)) = (error.status(), error.request) else { return };
        // Without a readable Via the response goes back to where the request came from, with the Via as it
        // came.
        let mut reply = flow;
        if let Ok(mut via) = request.via() {
            reply = received::reply_flow(flow, &via);
            received::note_source(flow, &mut via);
            request.headers.set_first_typed(&via);
        }
        // Other fields may be missing or malformed; they go back as they came.
        let via = request.headers.get(&HeaderName::Via).map(|via| via.as_bytes()).unwrap_or_default();
        let tag = Token::of(self.core.fingerprints.of(&[via]));
        let mut response = match request.to() {
            Ok(_) => self.core.response(&request, status, tag),
            Err(_) => self.core.untagged_response(&request, status),
        };
        if let ParseErrorKind::Header(error) = error.kind {
            response = Refusal::from(error).into_response(response);
        }
        self.core.transmit(reply, response.to_bytes());
    }

    /// A retransmission gets the newest response again.
    fn repeat(&mut self, id: ServerId) {
        let Some(transaction) = self.core.servers.at(id) else { return };
        let flow = transaction.reply;
        if let Some(bytes) = transaction.machine.repeat().cloned() {
            self.core.transmit(flow, bytes);
        }
    }

    fn receive_ack(&mut self, now: Instant, received: &Received) {
        if let Some((call, leg)) = self.find_dialog(received) {
            self.with_call(call, |state, core| state.receive_ack(core, now, leg, received));
        }
    }

    /// RFC 3261 section 9.2.
    fn receive_cancel(&mut self, now: Instant, received: &Received) {
        if !self.has_room(true) {
            return self.refuse_statelessly(received, Refusal::unavailable(&self.core));
        }
        let target = received.invite_key(&self.core).and_then(|key| self.core.servers.find(key));
        let server = self.core.serve(received, None);
        let Some(transaction) = target.and_then(|id| self.core.servers.at(id)) else {
            let refusal = Refusal::new(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST);
            return self.refuse_within(now, server, received, refusal);
        };
        let (is_proceeding, invite_key, call) =
            (transaction.machine.is_proceeding(), transaction.key, transaction.call);
        let tag = call.and_then(|call| self.calls.at(call)).map(CallState::local_tag);
        let response =
            self.core.response(&received.request, StatusCode::OK, tag.unwrap_or(Token::of(invite_key)));
        self.core.respond(now, server, &response);
        if let (true, Some(call), Some(target)) = (is_proceeding, call, target) {
            let headers = &received.request.headers;
            self.with_call(call, |state, core| state.receive_cancel(core, now, target, headers));
        }
    }

    /// A request with a To tag belongs to a dialog or to nothing (RFC 3261 section 12.2.2).
    fn receive_within(&mut self, now: Instant, received: Received) {
        if !self.has_room(true) {
            return self.refuse_statelessly(&received, Refusal::unavailable(&self.core));
        }
        let dialog = self.find_dialog(&received);
        let server = self.core.serve(&received, dialog.map(|(call, _)| call));
        if let Err(refusal) = refuse::check(&self.core, &received) {
            return self.refuse_within(now, server, &received, refusal);
        }
        let Some((call, leg)) = dialog else {
            let refusal = Refusal::new(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST);
            return self.refuse_within(now, server, &received, refusal);
        };
        self.with_call(call, |state, core| state.receive_within(core, now, leg, Box::new(received), server));
    }

    fn receive_outside(&mut self, now: Instant, received: Received) {
        let is_unwelcome = self.overloaded && received.request.method == Method::Invite;
        if is_unwelcome || !self.has_room(false) {
            return self.refuse_statelessly(&received, Refusal::unavailable(&self.core));
        }
        let is_merged = received.request.method == Method::Invite
            && self.core.servers.is_merged(received.merge_key(&self.core));
        let checked = refuse::check(&self.core, &received);
        let server = self.core.serve(&received, None);
        let refusal = match (checked, &received.request.method) {
            (Err(refusal), _) => refusal,
            (Ok(()), Method::Invite) if is_merged => Refusal::new(StatusCode::LOOP_DETECTED),
            (Ok(()), Method::Invite) if !self.is_taking_calls() => Refusal::unavailable(&self.core),
            (Ok(()), Method::Invite) => match self.receive_invite(now, received, server) {
                Ok(()) => return,
                Err((received, refusal)) => return self.refuse_within(now, server, &received, refusal),
            },
            (Ok(()), Method::Options) if !self.is_taking_calls() => Refusal::unavailable(&self.core),
            (Ok(()), Method::Options) => {
                let mut response =
                    self.core.response(&received.request, StatusCode::OK, Token::of(received.key));
                add_capabilities(&mut self.core, received.flow, &mut response);
                self.core.respond(now, server, &response);
                return;
            }
            // There is no call that could be referred.
            (Ok(()), Method::Refer) => Refusal::new(StatusCode::DECLINE),
            _ => Refusal::new(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST),
        };
        self.refuse_within(now, server, &received, refusal);
    }

    /// Begins a call; hands the request back with the reason if it does not.
    fn receive_invite(
        &mut self,
        now: Instant,
        received: Received,
        server: ServerId,
    ) -> Result<(), (Box<Received>, Refusal)> {
        let received = Box::new(received);
        let local_tag = self.core.random.token();
        let read = refuse::check_invite(&self.core, &received).and_then(|sdp| {
            let reliability = reliability(&received.request)?;
            Ok((sdp, reliability, Dialog::of_callee(&received, local_tag)?))
        });
        let (sdp, reliability, dialog) = match read {
            Ok(read) => read,
            Err(refusal) => return Err((received, refusal)),
        };
        let trying = self.core.response(&received.request, StatusCode::TRYING, local_tag);
        self.core.respond(now, server, &trying);
        let (request, flow) = (received.request.clone(), received.flow);
        let arrival = Arrival { local_tag, dialog, received, server, reliability, had_offer: sdp.is_some() };
        let core = &mut self.core;
        let call = self.calls.insert_with(local_tag, |call| CallState::incoming(core, now, call, arrival));
        if let Some(transaction) = self.core.servers.at_mut(server) {
            transaction.call = Some(call);
        }
        self.core.emit(Event::Incoming(Box::new(Incoming { call, request, flow, sdp, reliability })));
        Ok(())
    }

    /// The call and the leg of the dialog that a request names.
    fn find_dialog(&self, received: &Received) -> Option<(Call, usize)> {
        let call = self.calls.by_local_tag(received.to_tag.as_ref()?)?;
        let leg = self.calls.at(call)?.leg_of(&received.call_id, received.from_tag.as_ref())?;
        Some((call, leg))
    }

    fn refuse_within(&mut self, now: Instant, server: ServerId, received: &Received, refusal: Refusal) {
        let response = self.core.response(&received.request, refusal.status(), Token::of(received.key));
        self.core.respond(now, server, &refusal.into_response(response));
    }

    /// Answers without keeping anything: its retransmissions are answered in the same words (RFC 3261 section
    /// 8.2.7).
    fn refuse_statelessly(&mut self, received: &Received, refusal: Refusal) {
        let response = self.core.response(&received.request, refusal.status(), Token::of(received.key));
        let bytes = refusal.into_response(response).to_bytes();
        self.core.transmit(received.reply, bytes);
    }

    /// Whether another transaction may begin. Requests within dialogs have a reserve, so that a full endpoint
    /// can empty.
    fn has_room(&self, within_dialog: bool) -> bool {
        let limit = self.core.config.limits.transactions;
        let limit = if within_dialog { limit.saturating_add(limit / 4).saturating_add(16) } else { limit };
        self.core.transactions() < limit
    }

    fn is_taking_calls(&self) -> bool {
        !self.draining && self.calls_up() < self.core.config.limits.calls
    }
}

/// Says what we can do, in a response to OPTIONS (RFC 3261 section 11.2).
pub(crate) fn add_capabilities(core: &mut Core, flow: Flow, response: &mut Response) {
    let contact = core.contact(flow);
    response.headers.push(HeaderName::Contact, contact);
    core.add_allow(&mut response.headers);
    response.headers.push(HeaderName::Accept, ACCEPT);
    response.headers.push(HeaderName::AcceptEncoding, Text::from_static("identity"));
    core.add_supported(&mut response.headers);
}

fn reliability(invite: &Request) -> Result<Reliability, HeaderError> {
    if invite.headers.typed_opt::<Require>()?.is_some_and(|tags| tags.contains("100rel")) {
        return Ok(Reliability::Required);
    }
    let is_supported = invite.headers.typed_opt::<Supported>()?.is_some_and(|tags| tags.contains("100rel"));
    Ok(if is_supported { Reliability::Supported } else { Reliability::Absent })
}
