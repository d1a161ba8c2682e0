//! REFER in both directions, and the NOTIFYs that tell what came of it (RFC 3515).

use std::time::Instant;

use bytes::Bytes;

use super::CallState;
use super::end::is_refusal;
use super::uas::dialog_response;
use crate::endpoint::{
    AnswerReferError, Core, Event, Received, Refer, ReferError, ReferProgress, ReportReferError, Stage,
};
use crate::header::{
    ContentType, EventPackage, HeaderName, Headers, NameAddr, Params, ReferTo, ReferredBy, SubscriptionState,
};
use crate::message::{Method, StatusCode};
use crate::text::Text;
use crate::transaction::{Outcome, Purpose, ServerId};

/// A REFER of the far end.
#[derive(Debug)]
pub(crate) enum Referral {
    /// It waits for our user's answer, but no longer than until then.
    Asked { server: ServerId, received: Box<Received>, leg: usize, until: Instant },
    /// It was accepted; the far end is told how it goes. The number is that of the REFER, which names the
    /// subscription.
    Accepted { leg: usize, number: u32 },
}

impl Referral {
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Asked { until, .. } => Some(*until),
            Self::Accepted { .. } => None,
        }
    }
}

impl CallState {
    /// A REFER arrived within the dialog of `leg` (RFC 3515 section 2.4.2).
    pub(super) fn receive_refer(
        &mut self,
        core: &mut Core,
        now: Instant,
        leg: usize,
        received: Box<Received>,
        server: ServerId,
    ) {
        let headers = &received.request.headers;
        let Ok(target) = headers.typed::<ReferTo>() else {
            return self.respond_within(core, now, server, &received, StatusCode::BAD_REQUEST);
        };
        let Ok(replaces) = target.replaces().transpose() else {
            return self.respond_within(core, now, server, &received, StatusCode::BAD_REQUEST);
        };
        if !core.config.takes_refers || self.stage != Stage::Answered {
            return self.respond_within(core, now, server, &received, StatusCode::DECLINE);
        }
        if self.referral.is_some() {
            return self.refuse_for_now(core, now, server, &received);
        }
        let referred_by = headers.typed_opt::<ReferredBy>().ok().flatten().map(|by| by.0);
        let request = received.request.clone();
        // A response that comes after 64*T1 is of no use (RFC 4320 section 4.1).
        let until = now + core.config.timers.give_up() / 2;
        self.referral = Some(Box::new(Referral::Asked { server, received, leg, until }));
        let refer = Refer { call: self.call, request, target: target.0, referred_by, replaces };
        core.emit(Event::Refer(Box::new(refer)));
    }

    /// See [`Endpoint::answer_refer`](crate::Endpoint::answer_refer).
    pub(crate) fn answer_refer(
        &mut self,
        core: &mut Core,
        now: Instant,
        status: StatusCode,
    ) -> Result<(), AnswerReferError> {
        if status != StatusCode::ACCEPTED && !is_refusal(status) {
            return Err(AnswerReferError::NotAnAnswer { status });
        }
        let is_asked = |referral: &mut Box<Referral>| matches!(**referral, Referral::Asked { .. });
        let Some(referral) = self.referral.take_if(is_asked) else { return Err(AnswerReferError::NoRefer) };
        let Referral::Asked { server, received, leg, .. } = *referral else {
            return Err(AnswerReferError::NoRefer);
        };
        if status != StatusCode::ACCEPTED {
            self.respond_within(core, now, server, &received, status);
            return Ok(());
        }
        let response = dialog_response(core, &received, status, self.local_tag);
        core.respond(now, server, &response);
        self.referral = Some(Box::new(Referral::Accepted { leg, number: received.cseq }));
        // The first NOTIFY follows at once, whatever there is to tell (RFC 3515 section 2.4.4).
        self.send_notify(core, now, StatusCode::TRYING);
        Ok(())
    }

    /// See [`Endpoint::report_refer`](crate::Endpoint::report_refer).
    pub(crate) fn report_refer(
        &mut self,
        core: &mut Core,
        now: Instant,
        status: StatusCode,
    ) -> Result<(), ReportReferError> {
        if !matches!(self.referral.as_deref(), Some(Referral::Accepted { .. })) {
            return Err(ReportReferError::NoRefer);
        }
        self.send_notify(core, now, status);
        if !status.is_provisional() {
            self.referral = None;
        }
        Ok(())
    }

    /// Sends NOTIFY with the status line of what the referred call met (RFC 3515 section 2.4.5).
    fn send_notify(&mut self, core: &mut Core, now: Instant, status: StatusCode) {
        let Some(Referral::Accepted { leg, number }) = self.referral.as_deref() else { return };
        let (leg, number) = (*leg, *number);
        let Some(leg) = self.legs.get_mut(leg) else { return };
        let flow = leg.dialog.next_hop();
        let (mut request, branch) = core.request_within(&mut leg.dialog, Method::Notify);
        let headers = &mut request.headers;
        let contact = core.contact(flow);
        headers.push(HeaderName::Contact, contact);
        let mut event = EventPackage { package: REFER, params: Params::new() };
        event.params.set("id", &number.to_string());
        headers.push_typed(&event);
        let state =
            if status.is_provisional() { "active;expires=180" } else { "terminated;reason=noresource" };
        headers.push(HeaderName::SubscriptionState, Text::from_static(state));
        headers.push(HeaderName::ContentType, Text::from_static("message/sipfrag;version=2.0"));
        request.body = Bytes::from(format!("SIP/2.0 {} {}\r\n", status.code(), status.default_reason()));
        self.send(core, now, flow, request, branch, Purpose::Notify);
    }

    /// See [`Endpoint::refer`](crate::Endpoint::refer).
    pub(crate) fn refer(
        &mut self,
        core: &mut Core,
        now: Instant,
        target: &NameAddr,
        headers: &Headers,
    ) -> Result<(), ReferError> {
        let wrong_state = ReferError::WrongState { expected: Stage::Answered, got: self.stage };
        let (Stage::Answered, Some(leg)) = (self.stage, self.legs.first_mut()) else {
            return Err(wrong_state);
        };
        if self.is_referring {
            return Err(ReferError::Pending);
        }
        let flow = leg.dialog.next_hop();
        let (mut request, branch) = core.request_within(&mut leg.dialog, Method::Refer);
        let contact = core.contact(flow);
        request.headers.push(HeaderName::Contact, contact);
        request.headers.push_typed(&ReferTo(target.clone()));
        request.headers.extend(headers);
        self.is_referring = true;
        self.send(core, now, flow, request, branch, Purpose::Refer);
        Ok(())
    }

    /// Our REFER was accepted or refused.
    pub(super) fn end_refer(&mut self, core: &mut Core, outcome: &Outcome) {
        if !self.is_referring {
            // The NOTIFY with the end of the matter was faster.
            return;
        }
        let status = outcome.status();
        self.is_referring = status.is_success();
        let progress =
            if status.is_success() { ReferProgress::Accepted } else { ReferProgress::Refused(status) };
        core.emit(Event::ReferProgress { call: self.call, progress });
    }

    /// A NOTIFY of the far end refused ours: it wants to know no more.
    pub(super) fn end_notify(&mut self, outcome: &Outcome) {
        let is_accepted = matches!(self.referral.as_deref(), Some(Referral::Accepted { .. }));
        if is_accepted && !outcome.status().is_success() {
            self.referral = None;
        }
    }

    /// A NOTIFY arrived within a dialog of the call: news of our REFER, or of nothing.
    pub(super) fn receive_notify(
        &mut self,
        core: &mut Core,
        now: Instant,
        received: &Received,
        server: ServerId,
    ) {
        let headers = &received.request.headers;
        if !headers.typed::<EventPackage>().is_ok_and(|event| event.package.eq_ignore_ascii_case(&REFER)) {
            return self.respond_within(core, now, server, received, StatusCode::BAD_EVENT);
        }
        if !self.is_referring {
            let status = StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST;
            return self.respond_within(core, now, server, received, status);
        }
        self.respond_within(core, now, server, received, StatusCode::OK);
        let state = headers.typed_opt::<SubscriptionState>().ok().flatten();
        let is_terminated = state.is_some_and(|state| state.is_terminated());
        let is_fragment =
            headers.typed::<ContentType>().is_ok_and(|content| content.is("message", "sipfrag"));
        let status = if is_fragment { status_line(&received.request.body) } else { None };
        let progress = match status {
            Some(status) => {
                let is_last = is_terminated || !status.is_provisional();
                ReferProgress::Reported { status, is_last }
            }
            None if is_terminated => ReferProgress::Ended,
            None => return,
        };
        self.is_referring =
            matches!(progress, ReferProgress::Accepted | ReferProgress::Reported { is_last: false, .. });
        core.emit(Event::ReferProgress { call: self.call, progress });
    }

    /// Refuses a REFER that our user does not answer.
    pub(super) fn handle_refer_timeout(&mut self, core: &mut Core, now: Instant) {
        let is_due = self.referral.as_ref().and_then(|referral| referral.poll_timeout());
        if is_due.is_some_and(|until| until <= now) {
            // It waits, so there is one to be refused.
            let _ = self.answer_refer(core, now, StatusCode::DECLINE);
        }
    }
}

/// The status in the first line of a `message/sipfrag` body (RFC 3420).
fn status_line(body: &[u8]) -> Option<StatusCode> {
    let digits = body.strip_prefix(b"SIP/2.0 ")?.get(..3)?;
    let code = std::str::from_utf8(digits).ok()?.parse().ok()?;
    StatusCode::new(code)
}

/// The event package of REFER.
const REFER: Text = Text::from_static("refer");
