//! How a call ends: once, whoever ends it.

use std::time::Instant;

use super::refer::Referral;
use super::uac::Cancelling;
use super::{CallState, Role};
use crate::endpoint::{
    Clearing, ClearingCause, Core, Event, HangUpError, Party, Received, RejectError, Stage,
};
use crate::header::Headers;
use crate::message::{Method, StatusCode};
use crate::transaction::{Purpose, ServerId};

impl CallState {
    /// See [`Endpoint::hang_up`](crate::Endpoint::hang_up).
    pub(crate) fn hang_up(
        &mut self,
        core: &mut Core,
        now: Instant,
        headers: Headers,
    ) -> Result<(), HangUpError> {
        match self.stage {
            Stage::Incoming | Stage::Answering if self.is_unanswered() => {
                let status = StatusCode::TEMPORARILY_UNAVAILABLE;
                let clearing = Clearing::new(ClearingCause::Rejected, status.code(), Party::Us);
                self.refuse(core, now, status, &headers, clearing);
            }
            Stage::Answering if self.hang_up.is_none() => match &self.role {
                // BYE may not overtake the ACK (RFC 3261 section 15).
                Role::Callee(_) => self.hang_up = Some(headers),
                Role::Caller(_) => {
                    self.send_acknowledgement(core, None);
                    self.bye(core, now, &headers, ClearingCause::LocalBye, 200);
                }
            },
            Stage::Answered => self.bye(core, now, &headers, ClearingCause::LocalBye, 200),
            Stage::Outgoing => self.cancel(core, now, Cancelling { headers, remote_bye: false }),
            got => return Err(HangUpError::WrongState { got }),
        }
        Ok(())
    }

    /// See [`Endpoint::reject`](crate::Endpoint::reject).
    pub(crate) fn reject(
        &mut self,
        core: &mut Core,
        now: Instant,
        status: StatusCode,
        headers: &Headers,
    ) -> Result<(), RejectError> {
        if !self.is_unanswered() {
            return Err(RejectError::WrongState { expected: Stage::Incoming, got: self.stage });
        }
        if !is_refusal(status) {
            return Err(RejectError::NotRefusal { status });
        }
        let clearing =
            Clearing::new(ClearingCause::Rejected, status.code(), Party::Us).with_reason_of(headers);
        self.refuse(core, now, status, headers, clearing);
        Ok(())
    }

    /// A BYE arrived within a dialog of the call (RFC 3261 section 15.1.2).
    pub(super) fn receive_bye(
        &mut self,
        core: &mut Core,
        now: Instant,
        received: &Received,
        server: ServerId,
    ) {
        self.respond_within(core, now, server, received, StatusCode::OK);
        let headers = &received.request.headers;
        if self.is_unanswered() {
            let clearing = Clearing::new(ClearingCause::RemoteBye, 487, Party::Peer).with_reason_of(headers);
            return self.refuse(core, now, StatusCode::REQUEST_TERMINATED, &Headers::new(), clearing);
        }
        match self.stage {
            // The callee may not end an early dialog by BYE; taking it as a wish to end leaves nobody
            // hanging.
            Stage::Outgoing => {
                self.cancel(core, now, Cancelling { headers: Headers::new(), remote_bye: true })
            }
            Stage::Cancelling | Stage::Over => {}
            _ => {
                let clearing =
                    Clearing::new(ClearingCause::RemoteBye, 200, Party::Peer).with_reason_of(headers);
                self.clear(core, now, clearing);
            }
        }
    }

    /// Sends BYE on the confirmed dialog and clears the call.
    pub(super) fn bye(
        &mut self,
        core: &mut Core,
        now: Instant,
        headers: &Headers,
        cause: ClearingCause,
        status: u16,
    ) {
        if let Some(leg) = self.legs.first_mut() {
            let flow = leg.dialog.next_hop();
            let (mut bye, branch) = core.request_within(&mut leg.dialog, Method::Bye);
            bye.headers.extend(headers);
            self.send(core, now, flow, bye, branch, Purpose::Bye);
        }
        self.clear(core, now, Clearing::new(cause, status, Party::Us).with_reason_of(headers));
    }

    /// Tells the user that the call is over, and stops everything but the dialogs, which take up crossing
    /// requests for as long as a message may stay in the network.
    pub(super) fn clear(&mut self, core: &mut Core, now: Instant, clearing: Clearing) {
        if self.stage == Stage::Over {
            return;
        }
        self.stage = Stage::Over;
        core.calls_over += 1;
        // With credentials the dialogs stay until the BYE has its answer, which may be a challenge.
        let timers = &core.config.timers;
        self.linger = Some(now + if self.auth.is_some() { timers.give_up() } else { timers.t4 });
        self.success = None;
        self.hang_up = None;
        // Requests that wait for our user are answered all the same (RFC 3261 section 15.1.2).
        self.session_timer = None;
        self.is_referring = false;
        if let Some(Referral::Asked { server, received, .. }) = self.referral.take().map(|referral| *referral)
        {
            self.respond_within(core, now, server, &received, StatusCode::REQUEST_TERMINATED);
        }
        for leg in &mut self.legs {
            leg.offering = None;
            leg.next_offering = None;
            if let Some(client) = leg.re_invite {
                core.abandon_invite(now, client);
            }
            if let Some(pending) = leg.pending.take() {
                let request = &pending.received.request;
                let response = core.response(request, StatusCode::REQUEST_TERMINATED, self.local_tag);
                core.respond(now, pending.server, &response);
            }
        }
        if let Role::Callee(callee) = &mut self.role {
            callee.reliable.stop();
            callee.repeat = None;
            callee.held = None;
        }
        core.emit(Event::Cleared { call: self.call, clearing });
    }
}

/// Whether a status refuses an INVITE or an offer.
pub(super) fn is_refusal(status: StatusCode) -> bool {
    (300..=699).contains(&status.code())
}
