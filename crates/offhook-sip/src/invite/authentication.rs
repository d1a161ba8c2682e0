//! Challenges to the requests of a call, and their answers (RFC 3261 section 22).

use std::time::Instant;

use super::{CallState, Role};
use crate::auth::Attempt;
use crate::endpoint::{Core, Flow, Stage};
use crate::header::{CSeq, HeaderName};
use crate::message::{Request, Response};
use crate::random::Token;
use crate::text::Text;
use crate::transaction::{Again, ClientId, Owner, Purpose};

impl CallState {
    /// Sends a request within the call, with answers to the challenges that it met so far.
    pub(super) fn send(
        &mut self,
        core: &mut Core,
        now: Instant,
        flow: Flow,
        request: Request,
        branch: Token,
        purpose: Purpose,
    ) -> ClientId {
        let again = Again { request, attempt: Attempt::default() };
        self.send_authorized(core, now, flow, again, branch, purpose)
    }

    /// Sends the INVITE that began the call once more if `response` challenges it and that can be answered
    /// (CALL-14). Whether it was sent.
    pub(super) fn answer_invite_challenge(
        &mut self,
        core: &mut Core,
        now: Instant,
        response: &Response,
    ) -> bool {
        let (Stage::Outgoing, Role::Caller(caller)) = (self.stage, &self.role) else { return false };
        let Some((again, flow)) = self.challenged(core, caller.invite, response) else { return false };
        self.invite_again(core, now, flow, *again)
    }

    /// Sends a request within a dialog once more if `response` challenges it and that can be answered.
    /// Whether it was sent.
    pub(super) fn answer_challenge(
        &mut self,
        core: &mut Core,
        now: Instant,
        client: ClientId,
        purpose: Purpose,
        response: &Response,
    ) -> bool {
        let Some((again, flow)) = self.challenged(core, client, response) else { return false };
        let mut again = *again;
        let tag = again.request.to().ok().and_then(|to| to.tag().cloned());
        let Some(leg) = self.legs.iter_mut().find(|leg| leg.dialog.has_remote_tag(tag.as_ref())) else {
            return false;
        };
        let number = leg.dialog.next_cseq();
        let (branch, via) = core.via(flow);
        renumber(&mut again.request, number, via);
        let is_re_invite = leg.re_invite == Some(client);
        let client = self.send_authorized(core, now, flow, again, branch, purpose);
        if is_re_invite
            && let Some(leg) = self.legs.iter_mut().find(|leg| leg.dialog.has_remote_tag(tag.as_ref()))
        {
            leg.re_invite = Some(client);
        }
        true
    }

    /// Begins the call anew with another INVITE of the same Call-ID and From: what early dialogs there were
    /// ended with the first one. Whether it was sent: a call is not begun anew
    /// without end.
    pub(super) fn invite_again(
        &mut self,
        core: &mut Core,
        now: Instant,
        flow: Flow,
        mut again: Again,
    ) -> bool {
        let Role::Caller(caller) = &mut self.role else { return false };
        if caller.cseq >= MAX_INVITES {
            return false;
        }
        caller.cseq += 1;
        caller.unacknowledged.clear();
        let number = caller.cseq;
        self.legs.clear();
        let (branch, via) = core.via(flow);
        renumber(&mut again.request, number, via);
        let client = self.send_authorized(core, now, flow, again, branch, Purpose::Invite);
        if let Role::Caller(caller) = &mut self.role {
            caller.invite = client;
        }
        true
    }

    /// The request of a transaction, if `response` challenges it and that can be answered.
    fn challenged(
        &mut self,
        core: &mut Core,
        client: ClientId,
        response: &Response,
    ) -> Option<(Box<Again>, Flow)> {
        let auth = self.auth.as_mut()?;
        let transaction = core.clients.at_mut(client)?;
        let again = transaction.again.as_mut()?;
        if !auth.take(response, &mut again.attempt) {
            return None;
        }
        Some((transaction.again.take()?, transaction.flow))
    }

    /// Sends a request with answers to all challenges known so far, and keeps it for the case that it meets
    /// another.
    fn send_authorized(
        &mut self,
        core: &mut Core,
        now: Instant,
        flow: Flow,
        again: Again,
        branch: Token,
        purpose: Purpose,
    ) -> ClientId {
        let owner = Some(Owner::Call(self.call, purpose));
        let Again { mut request, attempt } = again;
        match &mut self.auth {
            None => core.send(now, flow, request, branch, owner),
            Some(auth) => {
                auth.authorize(&mut request, &mut core.random);
                core.send_challengeable(now, flow, request, branch, owner, attempt)
            }
        }
    }
}

/// Makes a request a new one: another sequence number and another branch.
fn renumber(request: &mut Request, number: u32, via: Text) {
    request.headers.set(HeaderName::Via, via);
    request.headers.set_typed(&CSeq { number, method: request.method.clone() });
}

/// How many INVITEs begin one call at most, for challenges and demands together.
const MAX_INVITES: u32 = 12;
