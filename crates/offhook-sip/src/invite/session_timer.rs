//! Session timers (RFC 4028): a call whose far end has vanished does not stand for ever.

use std::time::{Duration, Instant};

use super::uas::dialog_response;
use super::{CallState, Role};
use crate::auth::Attempt;
use crate::endpoint::{ClearingCause, Core, Flow, Received, Stage};
use crate::header::{HeaderName, Headers, MinSe, Reason, Refresher, Require, SessionExpires, Supported};
use crate::message::{Method, Request, Response, StatusCode};
use crate::text::Text;
use crate::transaction::{Again, ClientMachine, ClientTransaction, Outcome, Purpose, ServerId};

/// The session interval that both sides agreed on, and what it leads to next.
#[derive(Debug)]
pub(crate) struct SessionTimer {
    seconds: u32,
    /// We refresh, not the far end.
    is_ours: bool,
    /// When we refresh.
    refresh: Option<Instant>,
    /// When the call ends unless it was refreshed.
    ends: Instant,
}

impl SessionTimer {
    fn new(core: &Core, now: Instant, seconds: u32, is_ours: bool) -> Self {
        // An interval below our least one would have us refresh without end.
        let seconds = seconds.max(core.least_interval());
        let interval = Duration::from_secs(seconds.into());
        // The BYE leaves a little before the end, so that both sides end the call together (RFC 4028 section
        // 10).
        let margin = (interval / 3).min(Duration::from_secs(32));
        Self { seconds, is_ours, refresh: is_ours.then(|| now + interval / 2), ends: now + interval - margin }
    }

    pub(super) fn poll_timeout(&self) -> Instant {
        self.refresh.map_or(self.ends, |refresh| refresh.min(self.ends))
    }
}

/// Whether a request asks for a shorter session interval than we accept. Only a sender that knows session
/// timers can be told so (RFC 4028 section 9).
pub(crate) fn is_too_short(core: &Core, request: &Headers) -> bool {
    core.has_session_timers()
        && knows_timers(request)
        && interval(request).is_some_and(|asked| asked.seconds < core.least_interval())
}

/// Proposes a session interval in the INVITE that begins a call of ours. Who refreshes is left to the far end
/// (RFC 4028 section 7.1).
pub(super) fn propose(core: &Core, headers: &mut Headers) {
    if core.has_session_timers() {
        let seconds = core.session_interval();
        headers.push_typed(&SessionExpires { seconds, refresher: None });
        headers.push_typed(&MinSe(core.least_interval()));
    }
}

impl CallState {
    /// Decides about the session timer in our 2xx to an INVITE or UPDATE (RFC 4028 section 9).
    pub(super) fn agree_on_session_timer(
        &mut self,
        core: &mut Core,
        now: Instant,
        request: &Headers,
        response: &mut Response,
    ) {
        if !core.has_session_timers() {
            return;
        }
        let (knows_timers, asked) = (knows_timers(request), interval(request));
        let ours = self.session_timer.as_ref().map_or(core.session_interval(), |timer| timer.seconds);
        let least = request.typed_opt::<MinSe>().ok().flatten().map_or(0, |least| least.0);
        let seconds = match &asked {
            // The sender's own wish may be shortened, not lengthened; what is below our least was refused
            // before, unless it comes from a proxy for a sender that could not be told.
            Some(asked) => ours.max(least).max(core.least_interval()).min(asked.seconds),
            None if knows_timers || self.session_timer.as_ref().is_some_and(|timer| timer.is_ours) => {
                ours.max(least)
            }
            None => {
                self.session_timer = None;
                return;
            }
        };
        let refresher = match asked.and_then(|asked| asked.refresher.or(Some(Refresher::Uac))) {
            Some(refresher) if knows_timers => refresher,
            _ => Refresher::Uas,
        };
        if refresher == Refresher::Uac {
            response.headers.push(HeaderName::Require, Text::from_static("timer"));
        }
        response.headers.push_typed(&SessionExpires { seconds, refresher: Some(refresher) });
        self.session_timer = Some(SessionTimer::new(core, now, seconds, refresher == Refresher::Uas));
    }

    /// Takes over what a 2xx to our INVITE, re-INVITE or UPDATE says about the session timer; a 2xx that says
    /// nothing turns it off (RFC 4028 section 7.2).
    pub(super) fn take_session_timer(&mut self, core: &Core, now: Instant, response: &Headers) {
        let agreed = if core.has_session_timers() { interval(response) } else { None };
        self.session_timer = agreed.map(|agreed| {
            let is_ours = agreed.refresher != Some(Refresher::Uas);
            SessionTimer::new(core, now, agreed.seconds, is_ours)
        });
    }

    /// Says in a re-INVITE or UPDATE of ours what holds so far (RFC 4028 section 7.4).
    pub(super) fn add_session_timer(&self, core: &Core, headers: &mut Headers) {
        let Some(timer) = &self.session_timer else { return };
        let refresher = Some(if timer.is_ours { Refresher::Uac } else { Refresher::Uas });
        headers.push_typed(&SessionExpires { seconds: timer.seconds.max(self.least_interval), refresher });
        headers.push_typed(&MinSe(core.least_interval().max(self.least_interval)));
    }

    /// Refuses a re-INVITE or UPDATE that asks for too short an interval: 422 with the least one that we
    /// accept.
    pub(super) fn refuse_interval(
        &mut self,
        core: &mut Core,
        now: Instant,
        server: ServerId,
        received: &Received,
    ) {
        let status = StatusCode::SESSION_INTERVAL_TOO_SMALL;
        let mut response = dialog_response(core, received, status, self.local_tag);
        response.headers.push_typed(&MinSe(core.least_interval()));
        core.respond(now, server, &response);
    }

    /// Notes the least interval in a 422. Whether it says anything that was not known, so that another
    /// attempt is worth while.
    pub(super) fn learn_least_interval(&mut self, core: &Core, response: &Response) -> bool {
        if response.status != StatusCode::SESSION_INTERVAL_TOO_SMALL || !core.has_session_timers() {
            return false;
        }
        let least = response.headers.typed::<MinSe>().map_or(0, |least| least.0);
        let is_news = least > self.least_interval && least <= LONGEST_INTERVAL;
        if is_news {
            self.least_interval = least;
        }
        is_news
    }

    /// Sends the INVITE that began the call once more, with the interval that a 422 demands (RFC 4028 section
    /// 7.3). Whether it was sent.
    pub(super) fn lengthen_invite_interval(
        &mut self,
        core: &mut Core,
        now: Instant,
        response: &Response,
    ) -> bool {
        if self.stage != Stage::Outgoing || !self.learn_least_interval(core, response) {
            return false;
        }
        let Some((mut request, flow, attempt)) = self.take_invite(core) else { return false };
        let seconds = core.session_interval().max(self.least_interval);
        request.headers.set_typed(&SessionExpires { seconds, refresher: None });
        request.headers.set_typed(&MinSe(self.least_interval));
        self.invite_again(core, now, flow, Again { request, attempt })
    }

    /// Refreshes the session, or ends the call because nobody did.
    pub(super) fn handle_session_timeout(&mut self, core: &mut Core, now: Instant) {
        let (Stage::Answered, Some(timer)) = (self.stage, &mut self.session_timer) else { return };
        if timer.ends <= now {
            let mut headers = Headers::new();
            headers.push_typed(&Reason::sip(408, "Session Timer Expired"));
            return self.bye(core, now, &headers, ClearingCause::NoResponse, 408);
        }
        if timer.refresh.take_if(|refresh| *refresh <= now).is_some() {
            self.refresh(core, now);
        }
    }

    /// Refreshes the session: by UPDATE without an offer where the far end takes UPDATE, else by a re-INVITE
    /// that offers what we offered before (RFC 4028 section 7.4).
    fn refresh(&mut self, core: &mut Core, now: Instant) {
        if self.is_offering() {
            // The offer that is under way refreshes as well.
            return self.refresh_at(now + OFFER_PAUSE);
        }
        if !self.legs.first().is_some_and(|leg| leg.allows_update) {
            if !self.offer_again(core, now) {
                self.session_timer = None;
            }
            return;
        }
        let leg = &mut self.legs[0];
        let flow = leg.dialog.next_hop();
        let (mut request, branch) = core.request_within(&mut leg.dialog, Method::Update);
        let contact = core.contact(flow);
        request.headers.push(HeaderName::Contact, contact);
        core.add_allow(&mut request.headers);
        core.add_supported(&mut request.headers);
        self.add_session_timer(core, &mut request.headers);
        self.send(core, now, flow, request, branch, Purpose::Refresh);
    }

    /// An UPDATE that refreshes was answered or refused. That the far end is gone is seen to elsewhere.
    pub(super) fn end_refresh(&mut self, core: &mut Core, now: Instant, outcome: &Outcome) {
        if let Outcome::Response(response) = outcome {
            if response.status.is_success() {
                if let Some(leg) = self.legs.first_mut() {
                    leg.dialog.refresh_target(&response.headers);
                }
                return self.take_session_timer(core, now, &response.headers);
            }
            if self.learn_least_interval(core, response) {
                return self.refresh(core, now);
            }
            if response.status == StatusCode::METHOD_NOT_ALLOWED
                || response.status == StatusCode::NOT_IMPLEMENTED
            {
                if let Some(leg) = self.legs.first_mut() {
                    leg.allows_update = false;
                }
                return self.refresh(core, now);
            }
        }
        self.refresh_later(core, now, outcome.status());
    }

    /// A refresh was refused. It is tried again, later and later, until the session is over.
    pub(super) fn refresh_later(&mut self, core: &mut Core, now: Instant, status: StatusCode) {
        let Some(timer) = &self.session_timer else { return };
        let pause = if status == StatusCode::REQUEST_PENDING {
            self.pause_after_glare(core)
        } else {
            (timer.ends.saturating_duration_since(now) / 4).max(OFFER_PAUSE)
        };
        self.refresh_at(now + pause);
    }

    fn refresh_at(&mut self, at: Instant) {
        if let Some(timer) = &mut self.session_timer {
            timer.refresh = Some(at);
        }
    }

    /// The INVITE that began the call, with how often it was challenged, so that it can be sent once more.
    fn take_invite(&self, core: &mut Core) -> Option<(Request, Flow, Attempt)> {
        let Role::Caller(caller) = &self.role else { return None };
        let ClientTransaction { machine: ClientMachine::Invite { request, .. }, flow, again, .. } =
            core.clients.at_mut(caller.invite)?
        else {
            return None;
        };
        let attempt = again.take().map(|again| again.attempt).unwrap_or_default();
        Some(((**request).clone(), *flow, attempt))
    }
}

/// Whether the sender of a message knows session timers.
fn knows_timers(headers: &Headers) -> bool {
    let supports = headers.typed_opt::<Supported>().ok().flatten().is_some_and(|tags| tags.contains("timer"));
    // Who requires them knows them, whether it says so or not.
    supports || headers.typed_opt::<Require>().ok().flatten().is_some_and(|tags| tags.contains("timer"))
}

/// The session interval in a message. A malformed one is none: session timers are an offer, not a condition.
fn interval(headers: &Headers) -> Option<SessionExpires> {
    headers.typed_opt::<SessionExpires>().ok().flatten()
}

/// A far end that demands more than a day between refreshes has made a mistake.
const LONGEST_INTERVAL: u32 = 24 * 3600;
/// How soon a refresh is tried again at the earliest.
const OFFER_PAUSE: Duration = Duration::from_secs(2);
