//! A call of ours, until its final response: RFC 3261 section 13.2, RFC 3262 section 4.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use super::uas::to_body;
use super::{CallState, Carrier, Negotiation, Role, session_timer};
use crate::auth::ClientAuth;
use crate::dialog::{Dialog, RouteSet, address};
use crate::endpoint::{
    AcknowledgeError, Call, Core, Flow, OfferId, Outgoing, PrackError, PrackPolicy, Reliability, Stage,
};
use crate::header::{CSeq, ContentType, HeaderName, Headers, MaxForwards, RAck};
use crate::message::{Method, Request};
use crate::random::Token;
use crate::sdp::SessionDescription;
use crate::text::Text;
use crate::transaction::{ClientId, ClientMachine, ClientTransaction, Purpose, SentAck};

/// The sequence number of the INVITE that begins a call of ours, unless it has to be sent again.
pub(super) const FIRST_CSEQ: u32 = 1;

/// What only a call of ours has.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(super) invite: ClientId,
    /// The sequence number of that INVITE.
    pub(super) cseq: u32,
    pub(super) had_offer: bool,
    pub(super) reliability: Reliability,
    pub(super) prack: PrackPolicy,
    /// Reliable provisional responses that wait for the user's PRACK, oldest first.
    pub(super) unacknowledged: VecDeque<ReliableReceived>,
    /// The wish to end the call before its answer.
    pub(super) cancelling: Option<Cancelling>,
}

/// A reliable provisional response without its PRACK.
#[derive(Debug)]
pub(crate) struct ReliableReceived {
    pub(super) remote_tag: Option<Text>,
    pub(super) rseq: u32,
    /// It carries the offer that the PRACK has to answer.
    pub(super) has_offer: bool,
}

/// A call of ours that is to end before its answer.
#[derive(Debug)]
pub(crate) struct Cancelling {
    /// For the CANCEL, or for the BYE if the answer crosses it.
    pub(super) headers: Headers,
    /// It is the peer's wish, told by a BYE.
    pub(super) remote_bye: bool,
}

impl CallState {
    /// A call that begins with the INVITE of `invite`.
    pub(crate) fn outgoing(call: Call, local_tag: Token, invite: ClientId, outgoing: &Outgoing) -> Self {
        let caller = Caller {
            invite,
            cseq: FIRST_CSEQ,
            had_offer: outgoing.sdp.is_some(),
            reliability: outgoing.reliability,
            prack: outgoing.prack,
            unacknowledged: VecDeque::new(),
            cancelling: None,
        };
        Self {
            call,
            local_tag,
            stage: Stage::Outgoing,
            legs: Vec::new(),
            role: Role::Caller(caller),
            success: None,
            hang_up: None,
            linger: None,
            session_timer: None,
            referral: None,
            is_referring: false,
            least_interval: 0,
            auth: outgoing.credentials.clone().map(|credentials| Box::new(ClientAuth::new(credentials))),
            offers: 0,
            timer: None,
        }
    }

    /// See [`Endpoint::prack`](crate::Endpoint::prack).
    pub(crate) fn prack(
        &mut self,
        core: &mut Core,
        now: Instant,
        sdp: Option<&SessionDescription>,
    ) -> Result<Option<OfferId>, PrackError> {
        let wrong_state = PrackError::WrongState { expected: Stage::Outgoing, got: self.stage };
        let (Stage::Outgoing, Role::Caller(caller)) = (self.stage, &mut self.role) else {
            return Err(wrong_state);
        };
        let oldest = caller.unacknowledged.front().ok_or(PrackError::NothingToAcknowledge)?;
        let leg = self.legs.iter().position(|leg| leg.dialog.has_remote_tag(oldest.remote_tag.as_ref()));
        let leg = leg.ok_or(PrackError::NothingToAcknowledge)?;
        if oldest.has_offer && sdp.is_none() {
            return Err(PrackError::SessionMissing);
        }
        let is_offer = sdp.is_some() && !oldest.has_offer;
        if is_offer && self.legs[leg].negotiation != Negotiation::Agreed {
            return Err(PrackError::OfferPending);
        }
        let rseq = oldest.rseq;
        caller.unacknowledged.pop_front();
        let offer = is_offer.then(|| self.next_offer());
        if is_offer {
            self.legs[leg].answer = None;
        }
        self.legs[leg].negotiation = match (offer, sdp) {
            (Some(id), _) => Negotiation::Ours(Carrier::Request(id)),
            (None, Some(_)) => Negotiation::Agreed,
            (None, None) => self.legs[leg].negotiation,
        };
        let body = sdp.map(to_body);
        if body.is_some() {
            self.legs[leg].local_session.clone_from(&body);
        }
        self.send_prack(core, now, leg, rseq, body, offer);
        Ok(offer)
    }

    pub(super) fn send_prack(
        &mut self,
        core: &mut Core,
        now: Instant,
        leg: usize,
        rseq: u32,
        body: Option<Bytes>,
        offer: Option<OfferId>,
    ) {
        let Role::Caller(Caller { cseq, .. }) = self.role else { return };
        let dialog = &mut self.legs[leg].dialog;
        let flow = dialog.next_hop();
        let (mut request, branch) = core.request_within(dialog, Method::Prack);
        request.headers.push_typed(&RAck { rseq, cseq, method: Method::Invite });
        if let Some(body) = body {
            request.headers.push_typed(&ContentType::SDP);
            request.body = body;
        }
        self.send(core, now, flow, request, branch, Purpose::Prack(offer));
    }

    /// See [`Endpoint::acknowledge`](crate::Endpoint::acknowledge).
    pub(crate) fn acknowledge(
        &mut self,
        core: &mut Core,
        sdp: Option<&SessionDescription>,
    ) -> Result<(), AcknowledgeError> {
        if self.stage != Stage::Answering || !matches!(self.role, Role::Caller(_)) {
            return Err(AcknowledgeError::WrongState { got: self.stage });
        }
        self.send_acknowledgement(core, sdp.map(to_body));
        Ok(())
    }

    /// Sends the ACK for the 2xx to the INVITE that began the call.
    pub(super) fn send_acknowledgement(&mut self, core: &mut Core, body: Option<Bytes>) {
        let (Role::Caller(caller), [leg]) = (&self.role, &mut self.legs[..]) else { return };
        self.stage = Stage::Answered;
        // An offer of ours in an UPDATE or PRACK may still wait for its answer.
        if !matches!(leg.negotiation, Negotiation::Ours(_)) {
            leg.negotiation = Negotiation::Agreed;
        }
        if body.is_some() {
            leg.local_session.clone_from(&body);
        }
        acknowledge(core, caller.invite, &leg.dialog, caller.cseq, body);
    }

    /// Ends a call of ours that has no final response: by CANCEL, but only after a provisional one.
    pub(super) fn cancel(&mut self, core: &mut Core, now: Instant, cancelling: Cancelling) {
        let Role::Caller(caller) = &mut self.role else { return };
        self.stage = Stage::Cancelling;
        let headers = cancelling.headers.clone();
        caller.cancelling = Some(cancelling);
        let invite = caller.invite;
        let is_proceeding = core.clients.at(invite).is_some_and(
            |transaction| matches!(&transaction.machine, ClientMachine::Invite { machine, .. } if machine.is_proceeding()),
        );
        if is_proceeding {
            send_cancel(core, now, invite, &headers);
        }
    }
}

/// An INVITE of ours (RFC 3261 section 13.2.1) and its branch.
pub(crate) fn build_invite(core: &mut Core, outgoing: &Outgoing, local_tag: Token) -> (Request, Token) {
    let flow = outgoing.flow;
    let (branch, via) = core.via(flow);
    let mut request = Request::new(Method::Invite, outgoing.target.clone());
    let headers = &mut request.headers;
    headers.push(HeaderName::Via, via);
    request.uri = RouteSet::preloaded(&outgoing.routes).apply(&outgoing.target, headers);
    headers.push_typed(&MaxForwards(70));
    headers.push(HeaderName::From, address(&outgoing.from, Some(local_tag)));
    headers.push(HeaderName::To, address(&outgoing.to, None));
    let call_id = match &outgoing.call_id {
        Some(call_id) => call_id.0.clone(),
        None => Text::from(format!("{}{}", core.random.token(), core.random.token())),
    };
    headers.push(HeaderName::CallId, call_id);
    headers.push_typed(&CSeq { number: FIRST_CSEQ, method: Method::Invite });
    let contact = core.contact(flow);
    headers.push(HeaderName::Contact, contact);
    core.add_allow(headers);
    let supported = core.config.supported.iter().map(Text::as_str);
    let supported: Vec<_> =
        supported.filter(|tag| *tag != "100rel" || outgoing.reliability == Reliability::Supported).collect();
    if !supported.is_empty() {
        headers.push(HeaderName::Supported, supported.join(", "));
    }
    if outgoing.reliability == Reliability::Required {
        headers.push(HeaderName::Require, Text::from_static("100rel"));
    }
    session_timer::propose(core, headers);
    core.add_user_agent(headers);
    headers.extend(&outgoing.headers);
    if let Some(sdp) = &outgoing.sdp {
        headers.push_typed(&ContentType::SDP);
        request.body = to_body(sdp);
    }
    (request, branch)
}

/// Sends the ACK for a 2xx (RFC 3261 section 13.2.2.4) and keeps it for retransmissions of the 2xx.
pub(super) fn acknowledge(
    core: &mut Core,
    invite: ClientId,
    dialog: &Dialog,
    cseq: u32,
    body: Option<Bytes>,
) {
    let flow: Flow = dialog.next_hop();
    let (_, via) = core.via(flow);
    let mut ack = dialog.request_numbered(Method::Ack, cseq, via);
    core.add_user_agent(&mut ack.headers);
    if let Some(ClientTransaction { machine: ClientMachine::Invite { request, .. }, .. }) =
        core.clients.at(invite)
    {
        // The ACK has the credentials of its INVITE (RFC 3261 section 22.1).
        for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
            for value in request.headers.get_all(&name) {
                ack.headers.push(name.clone(), value.clone());
            }
        }
    }
    if let Some(body) = body {
        ack.headers.push_typed(&ContentType::SDP);
        ack.body = body;
    }
    let bytes = ack.to_bytes();
    core.transmit(flow, bytes.clone());
    if let Some(transaction) = core.clients.at_mut(invite)
        && let ClientMachine::Invite { acks, .. } = &mut transaction.machine
    {
        acks.push(SentAck { remote_tag: dialog.remote_tag().cloned(), flow, bytes });
    }
}

/// Sends CANCEL for an INVITE of ours that has a provisional response (RFC 3261 section 9.1).
pub(super) fn send_cancel(core: &mut Core, now: Instant, invite: ClientId, headers: &Headers) {
    let timers = core.config.timers.clone();
    let Some(transaction) = core.clients.at_mut(invite) else { return };
    let (flow, token) = (transaction.flow, transaction.branch.token);
    let ClientMachine::Invite { machine, request, .. } = &mut transaction.machine else { return };
    machine.cancelled(now, &timers);
    let mut cancel = request_like(request, Method::Cancel);
    core.arrange_client(invite);
    core.add_user_agent(&mut cancel.headers);
    cancel.headers.extend(headers);
    core.send(now, flow, cancel, token, None);
}

/// A request with the Via, Route, From, To, Call-ID and CSeq number of an INVITE: a CANCEL, or the ACK for a
/// refusal.
pub(crate) fn request_like(invite: &Request, method: Method) -> Request {
    let mut request = Request::new(method, invite.uri.clone());
    if let Some(via) = invite.headers.get(&HeaderName::Via) {
        request.headers.push(HeaderName::Via, via.clone());
    }
    for name in [HeaderName::Route, HeaderName::From, HeaderName::To, HeaderName::CallId] {
        for value in invite.headers.get_all(&name) {
            request.headers.push(name.clone(), value.clone());
        }
    }
    request.headers.push_typed(&MaxForwards(70));
    let number = invite.cseq().map_or(FIRST_CSEQ, |cseq| cseq.number);
    request.headers.push_typed(&CSeq { number, method: request.method.clone() });
    request
}
