//! The endpoint: all calls and transactions behind one face.

mod config;
mod core;
mod error;
mod event;
mod flow;
mod received;
mod refuse;
mod request;
mod response;

use std::time::Instant;

use bytes::Bytes;

pub use self::config::{EndpointConfig, Limits, SessionTimers, Timers};
pub use self::error::{
    AcknowledgeError, AnswerError, AnswerOfferError, AnswerReferError, HangUpError, InfoError, InviteError,
    OfferError, PrackError, ReferError, RejectError, ReportReferError, RingError, Stage,
};
pub use self::event::{
    Call, Clearing, ClearingCause, Counts, Event, Incoming, OfferId, OfferMethod, Outgoing, Party,
    PrackPolicy, Progress, Refer, ReferProgress, Reliability, Sent,
};
pub use self::flow::{Flow, Protocol, Transmit};

pub(crate) use self::core::{ACCEPT, Core};
pub(crate) use self::received::Received;
pub(crate) use self::request::add_capabilities;

use self::core::Wake;
use crate::auth::Attempt;
use crate::header::{CallId, Headers, NameAddr, TypedHeader};
use crate::invite::{CallState, Calls, build_invite};
use crate::message::{Message, ParseErrorKind, StatusCode};
use crate::registration::{
    RegisterError, Registration, RegistrationId, RegistrationState, Registrations, UnregisterError,
};
use crate::sdp::SessionDescription;
use crate::transaction::{Owner, Purpose};

/// A SIP user agent as a state machine: it is given datagrams and the time, and gives datagrams, events and
/// the next wake-up.
///
/// After every call of a method that takes `now`, take out what is there with
/// [`poll_transmit`](Self::poll_transmit) and [`poll_event`](Self::poll_event), and sleep no longer than
/// until [`poll_timeout`](Self::poll_timeout). `now` never goes back. No method blocks, and nothing that a
/// peer sends panics or is kept without bound.
#[derive(Debug)]
pub struct Endpoint {
    core: Core,
    calls: Calls,
    registrations: Registrations,
    draining: bool,
    overloaded: bool,
}

impl Endpoint {
    /// An endpoint without calls. All tags, branches and other values that must not be guessed come from
    /// `seed`, which therefore has to be random in earnest use; the same seed and the same inputs give the
    /// same outputs.
    pub fn new(config: EndpointConfig, seed: u64) -> Self {
        Self {
            core: Core::new(config, seed),
            calls: Calls::new(),
            registrations: Registrations::new(),
            draining: false,
            overloaded: false,
        }
    }

    /// Takes in a datagram that arrived on `flow`.
    pub fn receive(&mut self, now: Instant, flow: Flow, datagram: Bytes) {
        match Message::parse(datagram, &self.core.config.limits.parse) {
            Ok(Message::Request(request)) => self.receive_request(now, flow, request),
            Ok(Message::Response(response)) => self.receive_response(now, response),
            Err(error) if error.kind == ParseErrorKind::KeepAlive => {}
            Err(error) => self.refuse_malformed(flow, error),
        }
    }

    /// Does what is due at `now`. Calling it too early does nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(wake) = self.core.timers.pop(now) {
            match wake {
                Wake::Server(id) => self.server_due(now, id),
                Wake::Client(id) => self.client_due(now, id),
                Wake::Call(call) => self.call_due(now, call),
                Wake::Registration(id) => self.registration_due(now, id),
            }
        }
    }

    /// The transport could not deliver `transmit`, for example because nothing listens there. A call of ours
    /// that it was to begin, and that nothing has answered, is cleared with
    /// [`ClearingCause::TransportFailure`], and a registration turns to its next target; anything else is
    /// left to its timers.
    pub fn transmit_failed(&mut self, now: Instant, transmit: &Transmit) {
        self.fail_transmit(now, transmit);
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do. Only a look, at no cost.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.core.timers.next()
    }

    /// The next message to be sent.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.core.outbox.pop_front()
    }

    /// The next event for the user.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.core.events.pop_front()
    }

    /// While draining, INVITE and OPTIONS outside of calls get 503 with Retry-After; calls in progress go on.
    pub fn set_draining(&mut self, draining: bool) {
        self.draining = draining;
    }

    /// While overloaded, an INVITE that would begin a call gets 503 with Retry-After and nothing of it is kept, which
    /// costs little more than reading it; calls in progress go on.
    pub fn set_overloaded(&mut self, overloaded: bool) {
        self.overloaded = overloaded;
    }

    /// What is held. Costs a look at each call.
    pub fn counts(&self) -> Counts {
        Counts {
            transactions: self.core.transactions(),
            dialogs: self.calls.dialogs(),
            calls: self.calls.len(),
            registrations: self.registrations.len(),
            timers: self.core.timers.len(),
        }
    }

    /// Sends a provisional response to an incoming call.
    ///
    /// It goes reliably (RFC 3262) when the INVITE requires that, or supports it and the response carries a
    /// session description (RING-23); then it waits for the PRACK of an earlier one and is repeated until its
    /// own. The newest one is repeated every minute (RING-24). After 64*T1 without PRACK the INVITE is
    /// refused with 504.
    ///
    /// # Errors
    ///
    /// See [`RingError`]; nothing is sent then.
    pub fn ring(&mut self, now: Instant, call: Call, progress: Progress) -> Result<Sent, RingError> {
        self.with_call(call, |state, core| state.ring(core, now, progress))
            .unwrap_or(Err(RingError::WrongState { expected: Stage::Incoming, got: Stage::Over }))
    }

    /// Answers an incoming call with 200.
    ///
    /// `sdp` is the answer to the caller's offer, or our offer when there was none; without it the session
    /// description of the newest provisional response is sent again (RING-35). The 200 waits for the PRACK of
    /// a reliable provisional response with a session description (ANS-12), and is repeated until its ACK,
    /// [`Event::Acknowledged`] (ANS-6). Without ACK in 64*T1 the call is cleared by BYE (ANS-5).
    ///
    /// When the INVITE carried no offer and one of ours was agreed in a provisional response and its PRACK,
    /// the 200 carries no session description, whatever is given: there it would be another offer (RFC 6337
    /// section 3.1).
    ///
    /// # Errors
    ///
    /// See [`AnswerError`]; nothing is sent then.
    pub fn answer(
        &mut self,
        now: Instant,
        call: Call,
        sdp: Option<&SessionDescription>,
        headers: Headers,
    ) -> Result<(), AnswerError> {
        self.with_call(call, |state, core| state.answer(core, now, sdp, headers))
            .unwrap_or(Err(AnswerError::WrongState { expected: Stage::Incoming, got: Stage::Over }))
    }

    /// Refuses an incoming call with a status from 300 to 699, also one whose 200 is held back.
    /// [`Event::Cleared`] follows.
    ///
    /// # Errors
    ///
    /// See [`RejectError`]; nothing is sent then.
    pub fn reject(
        &mut self,
        now: Instant,
        call: Call,
        status: StatusCode,
        headers: Headers,
    ) -> Result<(), RejectError> {
        self.with_call(call, |state, core| state.reject(core, now, status, &headers))
            .unwrap_or(Err(RejectError::WrongState { expected: Stage::Incoming, got: Stage::Over }))
    }

    /// Ends a call in any state (HUP-6): an incoming one that is not answered gets 480, one of ours CANCEL as
    /// soon as a provisional response allows it, a connected one BYE, which waits for the ACK of our 200 or
    /// the end of its wait. [`Event::Cleared`] follows, at once or when the far end has answered.
    ///
    /// # Errors
    ///
    /// See [`HangUpError`]; nothing is sent then.
    pub fn hang_up(&mut self, now: Instant, call: Call, headers: Headers) -> Result<(), HangUpError> {
        self.with_call(call, |state, core| state.hang_up(core, now, headers))
            .unwrap_or(Err(HangUpError::WrongState { got: Stage::Over }))
    }

    /// Replies to [`Event::Offer`] with an answer, or with a status from 300 to 699 that refuses it (488 as a
    /// rule). For a re-INVITE without an offer the description given is our offer, and [`Event::Answer`] or
    /// [`Event::NoAnswer`] follows.
    ///
    /// # Errors
    ///
    /// See [`AnswerOfferError`]; nothing is sent then.
    pub fn answer_offer(
        &mut self,
        now: Instant,
        call: Call,
        id: OfferId,
        answer: Result<&SessionDescription, StatusCode>,
    ) -> Result<(), AnswerOfferError> {
        self.with_call(call, |state, core| state.answer_offer(core, now, id, answer))
            .unwrap_or(Err(AnswerOfferError::WrongState { got: Stage::Over }))
    }

    /// Makes a call.
    ///
    /// # Errors
    ///
    /// See [`InviteError`]; nothing is sent then.
    pub fn invite(&mut self, now: Instant, outgoing: Outgoing) -> Result<Call, InviteError> {
        let (calls, transactions) = (self.calls_up(), self.core.transactions());
        let limits = &self.core.config.limits;
        if calls >= limits.calls || transactions >= limits.transactions {
            return Err(InviteError::LimitReached { calls, transactions });
        }
        if let Some(CallId(call_id)) = &outgoing.call_id
            && CallId::parse(call_id).is_err()
        {
            return Err(InviteError::MalformedCallId { call_id: call_id.clone() });
        }
        let local_tag = self.core.random.token();
        let (request, branch) = build_invite(&mut self.core, &outgoing, local_tag);
        let client = if outgoing.credentials.is_some() {
            self.core.send_challengeable(now, outgoing.flow, request, branch, None, Attempt::default())
        } else {
            self.core.send(now, outgoing.flow, request, branch, None)
        };
        let call =
            self.calls.insert_with(local_tag, |call| CallState::outgoing(call, local_tag, client, &outgoing));
        if let Some(transaction) = self.core.clients.at_mut(client) {
            transaction.owner = Some(Owner::Call(call, Purpose::Invite));
        }
        Ok(call)
    }

    /// Acknowledges the oldest reliable provisional response that waits for it: with [`PrackPolicy::Manual`]
    /// each of them, with [`PrackPolicy::Auto`] one that carries an offer, which `sdp` answers. For any other
    /// response `sdp` is an offer of ours, whose name is handed out.
    ///
    /// # Errors
    ///
    /// See [`PrackError`]; nothing is sent then.
    pub fn prack(
        &mut self,
        now: Instant,
        call: Call,
        sdp: Option<&SessionDescription>,
    ) -> Result<Option<OfferId>, PrackError> {
        self.with_call(call, |state, core| state.prack(core, now, sdp))
            .unwrap_or(Err(PrackError::WrongState { expected: Stage::Outgoing, got: Stage::Over }))
    }

    /// Sends the ACK for a 2xx that carried an offer, with its answer. `None` answers nothing, which only a
    /// test wants.
    ///
    /// # Errors
    ///
    /// See [`AcknowledgeError`]; nothing is sent then.
    pub fn acknowledge(
        &mut self,
        _now: Instant,
        call: Call,
        sdp: Option<&SessionDescription>,
    ) -> Result<(), AcknowledgeError> {
        self.with_call(call, |state, core| state.acknowledge(core, sdp))
            .unwrap_or(Err(AcknowledgeError::WrongState { got: Stage::Over }))
    }

    /// Offers a new session description by UPDATE or re-INVITE: UPDATE also before the answer, once the first
    /// offer was answered reliably. [`Event::Answer`], [`Event::NoAnswer`] or [`Event::OfferRefused`]
    /// follows; refused, the session stays as it was.
    ///
    /// A 491 is answered by further attempts after random pauses (RFC 3261 section 14.1), in which the far
    /// end's own offer may come first. The version of the description is raised where that is needed
    /// to make it the newest. A re-INVITE without final response in 64*T1 is cancelled.
    ///
    /// # Errors
    ///
    /// See [`OfferError`]; nothing is sent then.
    pub fn offer(
        &mut self,
        now: Instant,
        call: Call,
        method: OfferMethod,
        sdp: &SessionDescription,
    ) -> Result<OfferId, OfferError> {
        self.with_call(call, |state, core| state.offer(core, now, method, sdp))
            .unwrap_or(Err(OfferError::WrongState { expected: Stage::Answered, got: Stage::Over }))
    }

    /// Sends an INFO request within the call (RFC 6086).
    ///
    /// # Errors
    ///
    /// See [`InfoError`]; nothing is sent then.
    pub fn info(
        &mut self,
        now: Instant,
        call: Call,
        content_type: &str,
        body: Bytes,
    ) -> Result<(), InfoError> {
        self.with_call(call, |state, core| state.info(core, now, content_type, body))
            .unwrap_or(Err(InfoError::WrongState { expected: Stage::Answered, got: Stage::Over }))
    }

    /// Asks the far end of a connected call to call `target` (RFC 3515): a blind transfer, or one with an
    /// escaped `Replaces` in `target` an attended one (RFC 3891). [`Event::ReferProgress`] tells what comes
    /// of it; the call itself goes on until either side ends it.
    ///
    /// # Errors
    ///
    /// See [`ReferError`]; nothing is sent then.
    pub fn refer(
        &mut self,
        now: Instant,
        call: Call,
        target: &NameAddr,
        headers: &Headers,
    ) -> Result<(), ReferError> {
        self.with_call(call, |state, core| state.refer(core, now, target, headers))
            .unwrap_or(Err(ReferError::WrongState { expected: Stage::Answered, got: Stage::Over }))
    }

    /// Replies to [`Event::Refer`] with 202, or with a status from 300 to 699 that refuses it. After a 202
    /// the far end is told at once that it is being tried, and then what [`report_refer`](Self::report_refer)
    /// is given.
    ///
    /// # Errors
    ///
    /// See [`AnswerReferError`]; nothing is sent then.
    pub fn answer_refer(
        &mut self,
        now: Instant,
        call: Call,
        status: StatusCode,
    ) -> Result<(), AnswerReferError> {
        self.with_call(call, |state, core| state.answer_refer(core, now, status))
            .unwrap_or(Err(AnswerReferError::NoRefer))
    }

    /// Tells the far end, whose REFER was accepted, what response the call to the target got. A final one is
    /// the last news. Nothing can be told any more when the call with the far end is over.
    ///
    /// # Errors
    ///
    /// See [`ReportReferError`]; nothing is sent then.
    pub fn report_refer(
        &mut self,
        now: Instant,
        call: Call,
        status: StatusCode,
    ) -> Result<(), ReportReferError> {
        self.with_call(call, |state, core| state.report_refer(core, now, status))
            .unwrap_or(Err(ReportReferError::NoRefer))
    }

    /// Registers an address of ours with a registrar, and keeps it registered until
    /// [`unregister`](Self::unregister). [`Event::Registered`] and [`Event::RegistrationFailed`] tell how it
    /// goes.
    ///
    /// # Errors
    ///
    /// See [`RegisterError`]; nothing is sent then.
    pub fn register(
        &mut self,
        now: Instant,
        registration: Registration,
    ) -> Result<RegistrationId, RegisterError> {
        if registration.targets.is_empty() {
            return Err(RegisterError::NoTarget);
        }
        if let Some(CallId(call_id)) = &registration.call_id
            && CallId::parse(call_id).is_err()
        {
            return Err(RegisterError::MalformedCallId { call_id: call_id.clone() });
        }
        let id = self.registrations.begin(&mut self.core, registration);
        self.with_registration(id, |state, core| state.ask(core, now));
        Ok(id)
    }

    /// Ends a registration. [`Event::Unregistered`] follows, when the registrar has answered or is known not
    /// to.
    ///
    /// # Errors
    ///
    /// See [`UnregisterError`]; nothing is sent then.
    pub fn unregister(&mut self, now: Instant, id: RegistrationId) -> Result<(), UnregisterError> {
        self.with_registration(id, |state, core| state.leave(core, now))
            .unwrap_or(Err(UnregisterError::NotRegistered))
    }

    /// Lets a registration act, and arranges its timer afterwards or forgets it. `None` if there is none.
    fn with_registration<R>(
        &mut self,
        id: RegistrationId,
        act: impl FnOnce(&mut RegistrationState, &mut Core) -> R,
    ) -> Option<R> {
        let state = self.registrations.at_mut(id)?;
        let result = act(state, &mut self.core);
        let at = state.poll_timeout();
        self.core.timers.arrange(state.timer_mut(), at, Wake::Registration(id));
        if state.is_over() {
            self.registrations.remove(id);
        }
        Some(result)
    }

    fn registration_due(&mut self, now: Instant, id: RegistrationId) {
        if let Some(state) = self.registrations.at_mut(id) {
            *state.timer_mut() = None;
        }
        self.with_registration(id, |state, core| state.ask(core, now));
    }

    /// Calls that are not over.
    fn calls_up(&self) -> usize {
        self.calls.len() - self.core.calls_over
    }

    /// Lets a call act, and arranges its timer afterwards. `None` if there is no such call.
    fn with_call<R>(&mut self, call: Call, act: impl FnOnce(&mut CallState, &mut Core) -> R) -> Option<R> {
        let state = self.calls.at_mut(call)?;
        let result = act(state, &mut self.core);
        let at = state.poll_timeout();
        self.core.timers.arrange(state.timer_mut(), at, Wake::Call(call));
        Some(result)
    }

    fn call_due(&mut self, now: Instant, call: Call) {
        if let Some(state) = self.calls.at_mut(call) {
            *state.timer_mut() = None;
        }
        let is_over = self.with_call(call, |state, core| state.handle_timeout(core, now));
        if is_over == Some(true) {
            if let Some(timer) = self.calls.at_mut(call).and_then(|state| state.timer_mut().take()) {
                self.core.timers.stop(timer);
            }
            self.calls.remove(call);
            self.core.calls_over -= 1;
        }
    }
}
