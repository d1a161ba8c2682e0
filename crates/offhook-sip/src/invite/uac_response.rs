//! Responses to our requests within a call, and to the INVITE that began it.

use std::time::Instant;

use super::body;
use super::uac::{Caller, FIRST_CSEQ, ReliableReceived, acknowledge, send_cancel};
use super::{CallState, Carrier, Leg, Negotiation, Role};
use crate::auth::ClientAuth;
use crate::dialog::{Dialog, to_tag};
use crate::endpoint::{Clearing, ClearingCause, Core, Event, Party, PrackPolicy, Reliability, Stage};
use crate::header::{Headers, RSeq, Require};
use crate::message::{Method, Response, StatusCode};
use crate::sdp::SessionDescription;
use crate::text::Text;
use crate::transaction::{ClientId, ClientMachine, Outcome, Purpose};

impl CallState {
    /// A response to the INVITE that began the call, or its failure. Whether the call takes it; a 2xx that no
    /// call takes has to be ended on its own.
    pub(crate) fn receive_invite_outcome(&mut self, core: &mut Core, now: Instant, outcome: Outcome) -> bool {
        if !matches!(self.stage, Stage::Outgoing | Stage::Cancelling) {
            // A 2xx that comes again while our user considers its offer.
            return self.stage == Stage::Answering && is_of(&outcome, &self.legs);
        }
        let response = match outcome {
            Outcome::Response(response) => response,
            Outcome::TimedOut => {
                self.fail(core, now, Clearing::new(ClearingCause::NoResponse, 408, Party::Us));
                return true;
            }
            Outcome::TransportFailed => {
                self.fail(core, now, Clearing::new(ClearingCause::TransportFailure, 503, Party::Us));
                return true;
            }
        };
        if response.status.is_provisional() {
            self.receive_provisional(core, now, response);
        } else if response.status.is_success() {
            self.receive_success(core, now, response);
        } else if !self.answer_invite_challenge(core, now, &response)
            && !self.lengthen_invite_interval(core, now, &response)
        {
            let clearing = Clearing::new(ClearingCause::Refused, response.status.code(), Party::Peer)
                .with_reason_of(&response.headers)
                .with_retry_after_of(&response.headers);
            self.fail(core, now, clearing);
        }
        true
    }

    /// The outcome of a request within the call.
    pub(crate) fn receive_outcome(
        &mut self,
        core: &mut Core,
        now: Instant,
        purpose: Purpose,
        client: ClientId,
        outcome: &Outcome,
    ) {
        if let Outcome::Response(response) = outcome
            && self.answer_challenge(core, now, client, purpose, response)
        {
            return;
        }
        let id = match purpose {
            Purpose::ReInvite(id) => {
                self.end_re_invite(core, client, outcome);
                Some(id)
            }
            Purpose::Update(id) => Some(id),
            Purpose::Prack(id) => id,
            Purpose::Info
            | Purpose::Invite
            | Purpose::Bye
            | Purpose::Refresh
            | Purpose::Refer
            | Purpose::Notify => None,
        };
        if purpose == Purpose::Bye
            && let Some(linger) = &mut self.linger
        {
            *linger = (*linger).min(now + core.config.timers.t4);
        }
        if self.stage == Stage::Over {
            return;
        }
        if let Some(id) = id {
            self.end_offer(core, now, id, outcome);
            self.advance(core, now);
        }
        match purpose {
            Purpose::Refresh => self.end_refresh(core, now, outcome),
            Purpose::Refer => self.end_refer(core, outcome),
            // Whatever becomes of a NOTIFY, the call goes on (RFC 5057 section 5.1).
            Purpose::Notify => return self.end_notify(outcome),
            _ => {}
        }
        let status = outcome.status();
        // The far end no longer knows the dialog, or no longer answers (RFC 3261 section 12.2.1.2).
        let is_gone = status == StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST;
        let is_silent = status == StatusCode::REQUEST_TIMEOUT
            && matches!(purpose, Purpose::ReInvite(_) | Purpose::Update(_) | Purpose::Refresh);
        if self.stage == Stage::Answered && (is_gone || is_silent) {
            self.bye(core, now, &Headers::new(), ClearingCause::NoResponse, status.code());
        }
    }

    fn receive_provisional(&mut self, core: &mut Core, now: Instant, response: Response) {
        let Role::Caller(caller) = &mut self.role else { return };
        if let Some(cancelling) = &mut caller.cancelling {
            let headers = std::mem::take(&mut cancelling.headers);
            send_first_cancel(core, now, caller.invite, &headers);
            cancelling.headers = headers;
        }
        if response.status == StatusCode::TRYING {
            return;
        }
        let sdp = body::session_or_none(&response.headers, &response.body);
        if let Some(leg) = self.early_leg(core, &response) {
            self.legs[leg].note_allow(&response.headers);
            let reliably = self.reliable_number(leg, &response);
            match reliably {
                Reliably::Unreliable => {}
                Reliably::OutOfOrder => return,
                Reliably::Next(rseq) => self.acknowledge_provisional(core, now, leg, rseq, sdp.is_some()),
            }
            if let Some(sdp) = &sdp {
                self.tell_answer(core, leg, sdp, matches!(reliably, Reliably::Next(_)));
            }
        }
        core.emit(Event::Progress { call: self.call, response, sdp });
    }

    fn receive_success(&mut self, core: &mut Core, now: Instant, response: Response) {
        let Role::Caller(caller) = &mut self.role else { return };
        let (invite, had_offer) = (caller.invite, caller.had_offer);
        caller.unacknowledged.clear();
        let tag = to_tag(&response);
        let known = self.legs.iter().position(|leg| leg.dialog.has_remote_tag(tag.as_ref()));
        let mut leg = match known {
            Some(known) => self.legs.swap_remove(known),
            None => match new_leg(core, invite, had_offer, &response) {
                Some(leg) => leg,
                None => return,
            },
        };
        leg.dialog.confirm(&response);
        leg.note_allow(&response.headers);
        self.legs.clear();
        self.legs.push(leg);
        self.take_session_timer(core, now, &response.headers);

        if let Role::Caller(Caller { cancelling: Some(cancelling), .. }) = &mut self.role {
            // The answer crossed our CANCEL (HUP-7).
            let (headers, remote_bye) = (std::mem::take(&mut cancelling.headers), cancelling.remote_bye);
            self.send_acknowledgement(core, None);
            if remote_bye {
                self.clear(core, now, Clearing::new(ClearingCause::RemoteBye, 487, Party::Peer));
            } else {
                self.bye(core, now, &headers, ClearingCause::Cancelled, 487);
            }
            return;
        }
        let sdp = body::session_or_none(&response.headers, &response.body);
        let leg = &mut self.legs[0];
        let offers = match (leg.negotiation, &sdp) {
            (Negotiation::Empty, Some(_)) => {
                leg.negotiation = Negotiation::Theirs;
                true
            }
            (_, Some(sdp)) => {
                self.tell_answer(core, 0, sdp, true);
                false
            }
            (Negotiation::Ours(Carrier::Invite), None) if leg.answer.is_none() => {
                leg.negotiation = Negotiation::Agreed;
                core.emit(Event::NoAnswer { call: self.call });
                false
            }
            (_, None) => {
                // The early answer stays (CALL-11); but the user may have turned to that of another fork.
                if let Some(early) = leg.answer.clone() {
                    self.tell_answer(core, 0, &early, true);
                }
                false
            }
        };
        self.legs[0].answer = None;
        if offers {
            self.stage = Stage::Answering;
        } else {
            self.send_acknowledgement(core, None);
        }
        core.emit(Event::Answered { call: self.call, response, sdp });
    }

    /// Clears a call of ours that got no answer. If it was to end anyway, that is what ended it.
    fn fail(&mut self, core: &mut Core, now: Instant, clearing: Clearing) {
        let cancelling = match &self.role {
            Role::Caller(caller) => caller.cancelling.as_ref(),
            Role::Callee(_) => None,
        };
        let clearing = match cancelling {
            Some(cancelling) if cancelling.remote_bye => {
                Clearing { cause: ClearingCause::RemoteBye, status: 487, by: Party::Peer, ..clearing }
            }
            Some(_) => Clearing { cause: ClearingCause::Cancelled, status: 487, by: Party::Us, ..clearing },
            None => clearing,
        };
        self.clear(core, now, clearing);
    }

    /// The leg of an early dialog, made if the response makes it. `None` without a tag, and beyond the limit
    /// of forks.
    fn early_leg(&mut self, core: &Core, response: &Response) -> Option<usize> {
        let Role::Caller(caller) = &self.role else { return None };
        let tag = to_tag(response)?;
        if let Some(known) = self.legs.iter().position(|leg| leg.dialog.has_remote_tag(Some(&tag))) {
            // The newest comes last; requests of ours go there.
            let leg = self.legs.remove(known);
            self.legs.push(leg);
        } else if self.legs.len() < core.config.limits.forks {
            let leg = new_leg(core, caller.invite, caller.had_offer, response)?;
            self.legs.push(leg);
        } else {
            return None;
        }
        Some(self.legs.len() - 1)
    }

    /// Whether a provisional response is reliable and the next in its dialog (RFC 3262 section 4).
    fn reliable_number(&mut self, leg: usize, response: &Response) -> Reliably {
        let Role::Caller(caller) = &self.role else { return Reliably::Unreliable };
        let requires = response.headers.typed_opt::<Require>().ok().flatten();
        if caller.reliability == Reliability::Absent || !requires.is_some_and(|tags| tags.contains("100rel"))
        {
            return Reliably::Unreliable;
        }
        let Ok(RSeq(rseq)) = response.headers.typed() else { return Reliably::OutOfOrder };
        let newest = &mut self.legs[leg].newest_rseq;
        if newest.is_some_and(|newest| newest.checked_add(1) != Some(rseq)) {
            return Reliably::OutOfOrder;
        }
        *newest = Some(rseq);
        Reliably::Next(rseq)
    }

    fn acknowledge_provisional(
        &mut self,
        core: &mut Core,
        now: Instant,
        leg: usize,
        rseq: u32,
        has_session: bool,
    ) {
        let at = &mut self.legs[leg];
        let has_offer = has_session && at.negotiation == Negotiation::Empty;
        if has_offer {
            at.negotiation = Negotiation::Theirs;
        }
        let remote_tag: Option<Text> = at.dialog.remote_tag().cloned();
        let Role::Caller(caller) = &mut self.role else { return };
        if caller.prack == PrackPolicy::Auto && !has_offer {
            self.send_prack(core, now, leg, rseq, None, None);
        } else if caller.unacknowledged.len() < core.config.limits.queued_provisionals {
            caller.unacknowledged.push_back(ReliableReceived { remote_tag, rseq, has_offer });
        }
    }

    /// Hands the answer to our INVITE's offer to the user, unless it is the one that was told last.
    ///
    /// By RFC 3261 section 13.2.1 the first description of a dialog is the answer and later ones mean
    /// nothing; but gateways that try one destination after another send another description under the same
    /// tag, and there the newest is the one from which audio comes (CALL-11). Once another exchange took
    /// place, what a response repeats is out of date.
    fn tell_answer(&mut self, core: &mut Core, leg: usize, sdp: &SessionDescription, is_final: bool) {
        let at = &self.legs[leg];
        let is_due = at.negotiation == Negotiation::Ours(Carrier::Invite);
        let is_correction = at.negotiation == Negotiation::Agreed && at.answer.is_some();
        let is_known = at.is_heard && at.answer.as_deref() == Some(sdp);
        if !is_due && !is_correction {
            return;
        }
        if is_final {
            self.legs[leg].negotiation = Negotiation::Agreed;
        }
        if is_known {
            return;
        }
        for (index, at) in self.legs.iter_mut().enumerate() {
            at.is_heard = index == leg;
        }
        self.legs[leg].answer = Some(Box::new(sdp.clone()));
        core.emit(Event::Answer { call: self.call, sdp: sdp.clone() });
    }

    /// Our re-INVITE got its final response.
    fn end_re_invite(&mut self, core: &mut Core, client: ClientId, outcome: &Outcome) {
        let Some(leg) = self.legs.iter_mut().find(|leg| leg.re_invite == Some(client)) else { return };
        leg.re_invite = None;
        let Outcome::Response(response) = outcome else { return };
        if response.status.is_success() {
            leg.dialog.refresh_target(&response.headers);
            if let Ok(cseq) = response.cseq() {
                acknowledge(core, client, &leg.dialog, cseq.number, None);
            }
        }
    }
}

/// What a provisional response is to RFC 3262.
enum Reliably {
    Unreliable,
    /// A retransmission, or one whose predecessor is missing: ignored.
    OutOfOrder,
    Next(u32),
}

/// Whether an outcome is a response of one of these dialogs.
fn is_of(outcome: &Outcome, legs: &[Leg]) -> bool {
    let Outcome::Response(response) = outcome else { return false };
    let tag = to_tag(response);
    legs.iter().any(|leg| leg.dialog.has_remote_tag(tag.as_ref()))
}

fn new_leg(core: &Core, invite: ClientId, had_offer: bool, response: &Response) -> Option<Leg> {
    let transaction = core.clients.at(invite)?;
    let ClientMachine::Invite { request, .. } = &transaction.machine else { return None };
    let dialog = Dialog::of_caller(request, response, transaction.flow);
    let negotiation = if had_offer { Negotiation::Ours(Carrier::Invite) } else { Negotiation::Empty };
    let mut leg = Leg::new(dialog, negotiation);
    leg.local_session = had_offer.then(|| request.body.clone());
    Some(leg)
}

/// The CANCEL that had to wait for a provisional response.
fn send_first_cancel(core: &mut Core, now: Instant, invite: ClientId, headers: &Headers) {
    let is_sent = core.clients.at(invite).is_none_or(
        |transaction| matches!(&transaction.machine, ClientMachine::Invite { machine, .. } if machine.is_cancelled()),
    );
    if !is_sent {
        send_cancel(core, now, invite, headers);
    }
}

/// Ends the dialog of a 2xx that nobody wants: one from another fork, or one that came when the call was
/// over. It gets its ACK and then a BYE (RFC 3261 section 13.2.2.4).
pub(crate) fn end_fork(
    core: &mut Core,
    now: Instant,
    invite: ClientId,
    response: &Response,
    auth: Option<&mut ClientAuth>,
) {
    let Some(transaction) = core.clients.at(invite) else { return };
    let ClientMachine::Invite { request, acks, .. } = &transaction.machine else { return };
    if acks.len() >= core.config.limits.forks {
        return;
    }
    let cseq = request.cseq().map_or(FIRST_CSEQ, |cseq| cseq.number);
    let mut dialog = Dialog::of_caller(request, response, transaction.flow);
    acknowledge(core, invite, &dialog, cseq, None);
    // The early dialog of this fork may have counted a few PRACKs; gaps are allowed, repetitions are not.
    dialog.skip_ahead();
    let flow = dialog.next_hop();
    let (mut bye, branch) = core.request_within(&mut dialog, Method::Bye);
    if let Some(auth) = auth {
        auth.authorize(&mut bye, &mut core.random);
    }
    core.send(now, flow, bye, branch, None);
}
