//! Our offers within a call, by UPDATE or re-INVITE, until they are answered or refused; with further
//! attempts after a 491 (RFC 3261 section 14.1).

use std::borrow::Cow;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::uac::send_cancel;
use super::uas::to_body;
use super::{CallState, Carrier, Leg, Negotiation, Role};
use crate::endpoint::{Core, Event, OfferError, OfferId, OfferMethod, Stage};
use crate::header::{ContentType, HeaderName, Headers};
use crate::message::{Method, StatusCode};
use crate::sdp::SessionDescription;
use crate::transaction::{ClientMachine, ClientTransaction, Outcome, Purpose};

/// An offer of ours that has no answer yet.
#[derive(Debug)]
pub(crate) struct Offering {
    id: OfferId,
    method: OfferMethod,
    sdp: SessionDescription,
    /// It only refreshes the session: our user knows nothing of it.
    is_refresh: bool,
    /// How often the far end has put it off.
    attempts: u8,
    progress: Progress,
}

#[derive(Debug)]
enum Progress {
    /// It is under way. A re-INVITE that has no final response at that time is cancelled, so that nobody
    /// waits for ever.
    Sent { patience: Option<Instant> },
    /// It is to be sent at that time, or when there is room for it.
    Waiting { until: Instant },
}

impl Offering {
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self.progress {
            Progress::Sent { patience } => patience,
            Progress::Waiting { until } => Some(until),
        }
    }
}

impl CallState {
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
        // Of several early dialogs the newest is meant: it is the one that is heard.
        let Some(at) = self.legs.len().checked_sub(1) else {
            return Err(OfferError::WrongState { expected: Stage::Answered, got: self.stage });
        };
        let leg = &self.legs[at];
        let is_refreshing = leg.offering.as_ref().is_some_and(|offering| offering.is_refresh);
        let is_pending =
            leg.negotiation != Negotiation::Agreed || leg.re_invite.is_some() || leg.offering.is_some();
        if is_prack_due
            || leg.pending.is_some()
            || leg.next_offering.is_some()
            || (is_pending && !is_refreshing)
        {
            return Err(OfferError::OfferPending);
        }
        let is_possible = match method {
            OfferMethod::Update => leg.allows_update,
            OfferMethod::ReInvite => true,
            OfferMethod::Prack => false,
        };
        if !is_possible {
            return Err(OfferError::MethodNotAllowed);
        }
        let id = self.next_offer();
        let offering = Box::new(Offering {
            id,
            method,
            sdp: sdp.clone(),
            is_refresh: false,
            attempts: 0,
            progress: Progress::Waiting { until: now },
        });
        if is_refreshing {
            self.legs[at].next_offering = Some(offering);
        } else {
            self.legs[at].offering = Some(offering);
            self.send_offering(core, now, at);
        }
        Ok(id)
    }

    /// Offers what we offered before once more, for the sake of the session timer alone (RFC 4028 section
    /// 7.4). Whether it could.
    pub(super) fn offer_again(&mut self, core: &mut Core, now: Instant) -> bool {
        let id = self.next_offer();
        let Some(leg) = self.legs.first_mut() else { return false };
        let last = leg.local_session.as_deref().and_then(|body| SessionDescription::parse(body).ok());
        let Some(sdp) = last else { return false };
        leg.offering = Some(Box::new(Offering {
            id,
            method: OfferMethod::ReInvite,
            sdp,
            is_refresh: true,
            attempts: 0,
            progress: Progress::Waiting { until: now },
        }));
        self.send_offering(core, now, 0);
        true
    }

    /// Whether an offer of ours is under way or waits.
    pub(super) fn is_offering(&self) -> bool {
        self.legs.first().is_some_and(|leg| leg.offering.is_some())
    }

    /// Sends the offer of a leg if there is room for it, or puts it off for a moment.
    fn send_offering(&mut self, core: &mut Core, now: Instant, leg: usize) {
        let is_acknowledged = self.success.is_none();
        let at = &mut self.legs[leg];
        let Some(offering) = &mut at.offering else { return };
        let is_free = at.negotiation == Negotiation::Agreed
            && at.pending.is_none()
            && at.re_invite.is_none()
            // An INVITE may not overtake the ACK of the one before (RFC 3261 section 14.1).
            && (offering.method != OfferMethod::ReInvite || is_acknowledged);
        if !is_free {
            offering.progress = Progress::Waiting { until: now + BUSY_PAUSE };
            return;
        }
        if offering.attempts > 0 && !fits(&offering.sdp, at.local_session.as_ref()) {
            // The far end has added media meanwhile, which our user has not seen when this offer was made.
            let (id, is_refresh) = (offering.id, offering.is_refresh);
            at.offering = None;
            if !is_refresh {
                core.emit(Event::OfferRefused { call: self.call, id, status: StatusCode::REQUEST_PENDING });
            }
            return;
        }
        if !offering.is_refresh
            && let Cow::Owned(sdp) = newer(&offering.sdp, at.local_session.as_ref())
        {
            offering.sdp = sdp;
        }
        let (method, purpose, patience) = match offering.method {
            OfferMethod::ReInvite => {
                (Method::Invite, Purpose::ReInvite(offering.id), Some(now + core.config.timers.give_up()))
            }
            OfferMethod::Update | OfferMethod::Prack => (Method::Update, Purpose::Update(offering.id), None),
        };
        offering.progress = Progress::Sent { patience };
        let (id, body) = (offering.id, to_body(&offering.sdp));
        at.negotiation = Negotiation::Ours(Carrier::Request(id));
        at.answer = None;
        let flow = at.dialog.next_hop();
        let (mut request, branch) = core.request_within(&mut at.dialog, method);
        let contact = core.contact(flow);
        request.headers.push(HeaderName::Contact, contact);
        core.add_allow(&mut request.headers);
        core.add_supported(&mut request.headers);
        self.add_session_timer(core, &mut request.headers);
        request.headers.push_typed(&ContentType::SDP);
        request.body = body;
        let is_invite = request.method == Method::Invite;
        let client = self.send(core, now, flow, request, branch, purpose);
        if is_invite {
            self.legs[leg].re_invite = Some(client);
        }
    }

    /// An offer that we made within the call was answered, refused or put off.
    pub(super) fn end_offer(&mut self, core: &mut Core, now: Instant, id: OfferId, outcome: &Outcome) {
        let carrier = Carrier::Request(id);
        let Some(leg) = self.legs.iter().position(|leg| leg.negotiation == Negotiation::Ours(carrier)) else {
            return;
        };
        let offering = self.legs[leg].offering.take_if(|offering| offering.id == id);
        match outcome {
            Outcome::Response(response) if response.status.is_success() => {
                self.legs[leg].dialog.refresh_target(&response.headers);
                if let Some(offering) = &offering {
                    self.legs[leg].local_session = Some(to_body(&offering.sdp));
                    self.take_session_timer(core, now, &response.headers);
                }
                let is_refresh = offering.is_some_and(|offering| offering.is_refresh);
                if is_refresh && response.body.is_empty() {
                    self.legs[leg].negotiation = Negotiation::Agreed;
                } else {
                    self.take_answer(core, leg, carrier, &response.headers, &response.body);
                }
            }
            refused => {
                self.legs[leg].negotiation = Negotiation::Agreed;
                self.put_off(core, now, leg, id, offering, refused);
            }
        }
        let leg = &mut self.legs[leg];
        if leg.offering.is_none() {
            leg.offering = leg.next_offering.take();
        }
        if self.stage != Stage::Over {
            self.handle_offering_timeout(core, now);
        }
    }

    /// Decides what becomes of an offer that was not answered.
    fn put_off(
        &mut self,
        core: &mut Core,
        now: Instant,
        leg: usize,
        id: OfferId,
        offering: Option<Box<Offering>>,
        refused: &Outcome,
    ) {
        let status = refused.status();
        let pause = match refused {
            Outcome::Response(_) if status == StatusCode::REQUEST_PENDING => {
                Some(self.pause_after_glare(core))
            }
            Outcome::Response(response) if self.learn_least_interval(core, response) => Some(Duration::ZERO),
            _ => None,
        };
        match (offering, pause) {
            (Some(mut offering), Some(pause)) if offering.attempts < MAX_ATTEMPTS => {
                offering.attempts += 1;
                offering.progress = Progress::Waiting { until: now + pause };
                self.legs[leg].offering = Some(offering);
            }
            (Some(offering), _) if offering.is_refresh => self.refresh_later(core, now, status),
            _ => core.emit(Event::OfferRefused { call: self.call, id, status }),
        }
    }

    /// Sends what has waited long enough, and cancels what takes too long.
    pub(super) fn handle_offering_timeout(&mut self, core: &mut Core, now: Instant) {
        for at in 0..self.legs.len() {
            let Leg { offering: Some(offering), re_invite, .. } = &mut self.legs[at] else { continue };
            match &mut offering.progress {
                Progress::Waiting { until } if *until <= now => self.send_offering(core, now, at),
                Progress::Sent { patience } if patience.is_some_and(|patience| patience <= now) => {
                    *patience = None;
                    if let Some(client) = *re_invite
                        && let Some(ClientTransaction {
                            machine: ClientMachine::Invite { machine, .. }, ..
                        }) = core.clients.at(client)
                        && machine.is_proceeding()
                    {
                        send_cancel(core, now, client, &Headers::new());
                    }
                }
                Progress::Waiting { .. } | Progress::Sent { .. } => {}
            }
        }
    }

    /// How long to wait after a 491, so that both sides do not meet again (RFC 3261 section 14.1): longer for
    /// the side that made the Call-ID.
    pub(super) fn pause_after_glare(&self, core: &mut Core) -> Duration {
        let steps = match self.role {
            Role::Caller(_) => 210 + core.random.below(191),
            Role::Callee(_) => core.random.below(201),
        };
        Duration::from_millis(10 * steps)
    }
}

/// The description with a version above that of the last one, if it says anything else: what was said in
/// between may have used its version up (RFC 3264 section 8).
pub(super) fn newer<'a>(sdp: &'a SessionDescription, last: Option<&Bytes>) -> Cow<'a, SessionDescription> {
    let Some(last) = last.and_then(|last| SessionDescription::parse(last).ok()) else {
        return Cow::Borrowed(sdp);
    };
    let is_same_line = last.origin.session_id == sdp.origin.session_id;
    if !is_same_line || last.origin.session_version < sdp.origin.session_version || last == *sdp {
        return Cow::Borrowed(sdp);
    }
    let mut newer = sdp.clone();
    newer.origin.session_version = last.origin.session_version.saturating_add(1);
    Cow::Owned(newer)
}

/// Whether a description has as many media as the last one, as a later offer needs it (RFC 3264 section 8).
fn fits(sdp: &SessionDescription, last: Option<&Bytes>) -> bool {
    let last = last.and_then(|last| SessionDescription::parse(last).ok());
    last.is_none_or(|last| last.media.len() <= sdp.media.len())
}

/// How often an offer is made again after a 491 or 422.
const MAX_ATTEMPTS: u8 = 8;
/// How soon it is tried again when something on our side is in the way.
const BUSY_PAUSE: Duration = Duration::from_millis(100);
