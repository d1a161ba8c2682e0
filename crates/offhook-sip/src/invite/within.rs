//! Requests of the peer within a call (RFC 3261 section 12.2.2).

use std::time::Instant;

use super::CallState;
use crate::endpoint::{Core, Event, InfoError, Received, Stage, add_capabilities};
use crate::header::HeaderName;
use crate::message::{Method, StatusCode};
use crate::text::Text;
use crate::transaction::{Purpose, ServerId};

impl CallState {
    /// A request other than ACK and CANCEL arrived within the dialog of `leg`; its form was checked.
    pub(crate) fn receive_within(
        &mut self,
        core: &mut Core,
        now: Instant,
        leg: usize,
        received: Box<Received>,
        server: ServerId,
    ) {
        if !self.legs[leg].dialog.advance(received.cseq) {
            return self.respond_within(core, now, server, &received, StatusCode::SERVER_INTERNAL_ERROR);
        }
        self.legs[leg].dialog.refresh_flow(&received);
        match received.request.method {
            Method::Bye => self.receive_bye(core, now, &received, server),
            Method::Prack => self.receive_prack(core, now, leg, received, server),
            _ if self.stage == Stage::Over => {
                let status = StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST;
                self.respond_within(core, now, server, &received, status);
            }
            Method::Invite => self.receive_re_invite(core, now, leg, received, server),
            Method::Update => self.receive_update(core, now, leg, received, server),
            Method::Refer => self.receive_refer(core, now, leg, received, server),
            Method::Notify => self.receive_notify(core, now, &received, server),
            Method::Info => {
                self.respond_within(core, now, server, &received, StatusCode::OK);
                let request = &received.request;
                let content_type = request.headers.get(&HeaderName::ContentType).cloned();
                core.emit(Event::Info { call: self.call, content_type, body: request.body.clone() });
            }
            _ => {
                // OPTIONS; every other method was refused before.
                let mut response = core.response(&received.request, StatusCode::OK, self.local_tag);
                add_capabilities(core, received.flow, &mut response);
                core.respond(now, server, &response);
            }
        }
    }

    /// See [`Endpoint::info`](crate::Endpoint::info).
    pub(crate) fn info(
        &mut self,
        core: &mut Core,
        now: Instant,
        content_type: &str,
        body: bytes::Bytes,
    ) -> Result<(), InfoError> {
        let wrong_state = InfoError::WrongState { expected: Stage::Answered, got: self.stage };
        if matches!(self.stage, Stage::Over | Stage::Cancelling) {
            return Err(wrong_state);
        }
        let leg = self.legs.last_mut().ok_or(wrong_state)?;
        let flow = leg.dialog.next_hop();
        let (mut request, branch) = core.request_within(&mut leg.dialog, Method::Info);
        request.headers.push(HeaderName::ContentType, Text::from(content_type));
        request.body = body;
        self.send(core, now, flow, request, branch, Purpose::Info);
        Ok(())
    }

    /// A response without anything special.
    pub(super) fn respond_within(
        &mut self,
        core: &mut Core,
        now: Instant,
        server: ServerId,
        received: &Received,
        status: StatusCode,
    ) {
        let response = core.response(&received.request, status, self.local_tag);
        core.respond(now, server, &response);
    }
}
