//! The INVITE usage: one call, from its INVITE to its end.
//!
//! A call has one or more legs, each a dialog with the state of its offer/answer exchange. An incoming call
//! has exactly one; a call of ours has one for each fork that answered so far, and one from its 2xx on.

mod authentication;
mod body;
mod end;
mod negotiation;
mod offer;
mod offering;
mod refer;
mod reliable;
mod session_timer;
mod success;
mod uac;
mod uac_response;
mod uas;
mod within;

use std::time::Instant;

use bytes::Bytes;

use crate::arena::Arena;
use crate::auth::ClientAuth;
use crate::dialog::Dialog;
use crate::endpoint::{Call, Core, OfferId, Stage};
use crate::header::{Allow, Headers};
use crate::message::Method;
use crate::random::{RandomKeyMap, Token};
use crate::sdp::SessionDescription;
use crate::text::Text;
use crate::timer::TimerId;
use crate::transaction::ClientId;

pub(crate) use self::body::{BodyError, session};
pub(crate) use self::session_timer::is_too_short;
pub(crate) use self::uac::{build_invite, request_like};
pub(crate) use self::uac_response::end_fork;
pub(crate) use self::uas::Arrival;

use self::negotiation::{Carrier, Negotiation, OfferRoom, PendingRequest};
use self::offering::Offering;
use self::refer::Referral;
use self::session_timer::SessionTimer;
use self::success::UnacknowledgedSuccess;
use self::uac::Caller;
use self::uas::Callee;

/// One call.
#[derive(Debug)]
pub(crate) struct CallState {
    call: Call,
    local_tag: Token,
    stage: Stage,
    legs: Vec<Leg>,
    role: Role,
    /// Our 2xx, to the INVITE or to a re-INVITE, whose ACK is awaited.
    success: Option<UnacknowledgedSuccess>,
    /// The call is to be hung up as soon as the ACK of our 2xx arrived, with these header fields in the BYE.
    hang_up: Option<Headers>,
    /// The call is over; until then it takes up requests that cross its end.
    linger: Option<Instant>,
    /// When the session is refreshed, or over for want of it.
    session_timer: Option<SessionTimer>,
    /// The least session interval that the far end demanded, in seconds.
    least_interval: u32,
    /// The far end's REFER.
    referral: Option<Box<Referral>>,
    /// A REFER of ours is under way or has news to come.
    is_referring: bool,
    /// With what challenges are answered.
    auth: Option<Box<ClientAuth>>,
    offers: u32,
    timer: Option<TimerId>,
}

#[derive(Debug)]
enum Role {
    Callee(Box<Callee>),
    Caller(Caller),
}

/// A dialog of a call and its offer/answer exchange.
#[derive(Debug)]
struct Leg {
    dialog: Dialog,
    negotiation: Negotiation,
    /// The peer's request that waits for our user's answer.
    pending: Option<PendingRequest>,
    /// Our re-INVITE that has no final response.
    re_invite: Option<ClientId>,
    /// Our offer, under way or to be made again.
    offering: Option<Box<Offering>>,
    /// Our user's offer that waits for the end of a refresh of the session.
    next_offering: Option<Box<Offering>>,
    /// The description of ours that the peer has.
    local_session: Option<Bytes>,
    /// The peer takes UPDATE.
    allows_update: bool,
    /// The newest reliable provisional response of the peer.
    newest_rseq: Option<u32>,
    /// What the peer answered to the offer in our INVITE, in an unreliable response perhaps, until another
    /// exchange or the confirmation of the dialog.
    answer: Option<Box<SessionDescription>>,
    /// The newest answer that the user was told is of this leg.
    is_heard: bool,
}

impl Leg {
    fn new(dialog: Dialog, negotiation: Negotiation) -> Self {
        Self {
            dialog,
            negotiation,
            pending: None,
            re_invite: None,
            offering: None,
            next_offering: None,
            local_session: None,
            allows_update: false,
            newest_rseq: None,
            answer: None,
            is_heard: false,
        }
    }

    /// Notes what the peer says about itself in a message of the dialog.
    fn note_allow(&mut self, headers: &Headers) {
        if let Ok(Some(allow)) = headers.typed_opt::<Allow>() {
            self.allows_update = allow.contains(&Method::Update);
        }
    }

    /// Whether an offer of the peer may be taken.
    fn room_for_offer(&self) -> OfferRoom {
        if self.pending.is_some() {
            return OfferRoom::TheirsPending;
        }
        match self.negotiation {
            Negotiation::Ours(_) => OfferRoom::OursPending,
            Negotiation::Theirs | Negotiation::Empty => OfferRoom::TheirsPending,
            Negotiation::Agreed => OfferRoom::Free,
        }
    }
}

impl CallState {
    pub(crate) fn local_tag(&self) -> Token {
        self.local_tag
    }

    pub(crate) fn timer_mut(&mut self) -> &mut Option<TimerId> {
        &mut self.timer
    }

    pub(crate) fn dialogs(&self) -> usize {
        self.legs.len()
    }

    /// The leg of the dialog with these identifiers; the local tag was compared before.
    pub(crate) fn leg_of(&self, call_id: &str, remote_tag: Option<&Text>) -> Option<usize> {
        self.legs.iter().position(|leg| leg.dialog.matches(call_id, remote_tag))
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        if self.linger.is_some() {
            return self.linger;
        }
        let role = match &self.role {
            Role::Callee(callee) => callee.poll_timeout(),
            Role::Caller(_) => None,
        };
        let success = self.success.as_ref().map(UnacknowledgedSuccess::poll_timeout);
        let offering = self.legs.iter().filter_map(|leg| leg.offering.as_ref()?.poll_timeout()).min();
        let session = self.session_timer.as_ref().filter(|_| self.stage == Stage::Answered);
        let session = session.map(SessionTimer::poll_timeout);
        let referral = self.referral.as_ref().and_then(|referral| referral.poll_timeout());
        role.into_iter().chain(referral).chain(success).chain(offering).chain(session).min()
    }

    /// Does what is due. Whether the call is to be forgotten.
    pub(crate) fn handle_timeout(&mut self, core: &mut Core, now: Instant) -> bool {
        if let Some(linger) = self.linger {
            return linger <= now;
        }
        if matches!(self.role, Role::Callee(_)) {
            self.handle_callee_timeout(core, now);
        }
        self.handle_success_timeout(core, now);
        self.handle_offering_timeout(core, now);
        self.handle_refer_timeout(core, now);
        self.handle_session_timeout(core, now);
        false
    }

    pub(crate) fn auth_mut(&mut self) -> Option<&mut ClientAuth> {
        self.auth.as_deref_mut()
    }

    fn next_offer(&mut self) -> OfferId {
        self.offers = self.offers.wrapping_add(1);
        OfferId(self.offers)
    }
}

/// All calls of an endpoint.
#[derive(Debug)]
pub(crate) struct Calls {
    calls: Arena<CallState>,
    by_tag: RandomKeyMap<Token, Call>,
}

impl Calls {
    pub(crate) fn new() -> Self {
        Self { calls: Arena::new(), by_tag: RandomKeyMap::default() }
    }

    pub(crate) fn insert_with(&mut self, local_tag: Token, make: impl FnOnce(Call) -> CallState) -> Call {
        let call = Call(self.calls.insert_with(|key| make(Call(key))));
        self.by_tag.insert(local_tag, call);
        call
    }

    pub(crate) fn remove(&mut self, call: Call) {
        if let Some(state) = self.calls.remove(call.0) {
            self.by_tag.remove(&state.local_tag);
        }
    }

    pub(crate) fn at(&self, call: Call) -> Option<&CallState> {
        self.calls.get(call.0)
    }

    pub(crate) fn at_mut(&mut self, call: Call) -> Option<&mut CallState> {
        self.calls.get_mut(call.0)
    }

    /// The call whose dialogs have this local tag.
    pub(crate) fn by_local_tag(&self, tag: &str) -> Option<Call> {
        self.by_tag.get(&Token::parse(tag)?).copied()
    }

    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    /// Dialogs of all calls; counts them one by one, so it is for tests and statistics.
    pub(crate) fn dialogs(&self) -> usize {
        self.calls.iter().map(CallState::dialogs).sum()
    }
}
