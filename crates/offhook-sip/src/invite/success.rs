//! Our 2xx to an INVITE, repeated until its ACK (RFC 3261 section 13.3.1.4).

use std::time::Instant;

use bytes::Bytes;

use super::{CallState, Carrier, Negotiation, body};
use crate::endpoint::{Call, ClearingCause, Core, Event, Flow, Received, Stage, Timers};
use crate::header::Headers;
use crate::transaction::Backoff;

/// A 2xx that waits for its ACK. The transaction does not repeat it; the call does, over every transport.
#[derive(Debug)]
pub(crate) struct UnacknowledgedSuccess {
    /// Of the INVITE and of the ACK.
    cseq: u32,
    bytes: Bytes,
    flow: Flow,
    again: Backoff,
    until: Instant,
    /// It answered the INVITE that began the call.
    is_initial: bool,
}

impl UnacknowledgedSuccess {
    pub(crate) fn new(
        now: Instant,
        cseq: u32,
        bytes: Bytes,
        flow: Flow,
        is_initial: bool,
        timers: &Timers,
    ) -> Self {
        let again = Backoff::new(now, timers.t1, timers.t2);
        Self { cseq, bytes, flow, again, until: now + timers.give_up(), is_initial }
    }

    pub(crate) fn poll_timeout(&self) -> Instant {
        self.again.next().min(self.until)
    }
}

impl CallState {
    /// An ACK arrived within the dialog of `leg`. One that nothing waits for is ignored.
    pub(crate) fn receive_ack(&mut self, core: &mut Core, now: Instant, leg: usize, received: &Received) {
        if self.success.as_ref().is_none_or(|success| success.cseq != received.cseq) {
            return;
        }
        let Some(success) = self.success.take() else { return };
        self.take_answer(core, leg, Carrier::Success, &received.request.headers, &received.request.body);
        if !success.is_initial {
            return;
        }
        self.stage = Stage::Answered;
        core.emit(Event::Acknowledged { call: self.call });
        if let Some(headers) = self.hang_up.take() {
            self.bye(core, now, &headers, ClearingCause::LocalBye, 200);
        }
    }

    /// Takes the answer to our offer out of the message that has to carry it, if we made one there.
    pub(super) fn take_answer(
        &mut self,
        core: &mut Core,
        leg: usize,
        carrier: Carrier,
        headers: &Headers,
        message_body: &Bytes,
    ) {
        let call: Call = self.call;
        let Some(leg) = self.legs.get_mut(leg) else { return };
        if leg.negotiation != Negotiation::Ours(carrier) {
            return;
        }
        match body::session_or_none(headers, message_body) {
            Some(sdp) => {
                leg.negotiation = Negotiation::Agreed;
                core.emit(Event::Answer { call, sdp });
            }
            None => {
                // Before the first agreement the next response has to offer again; later the old agreement
                // holds.
                leg.negotiation =
                    if carrier == Carrier::Provisional { Negotiation::Empty } else { Negotiation::Agreed };
                core.emit(Event::NoAnswer { call });
            }
        }
    }

    /// Repeats the 2xx, or gives up on its ACK (ANS-5, ANS-6, HUP-6).
    pub(super) fn handle_success_timeout(&mut self, core: &mut Core, now: Instant) {
        let Some(success) = &mut self.success else { return };
        if success.until <= now {
            let (cause, status) = if self.hang_up.is_some() {
                (ClearingCause::LocalBye, 200)
            } else {
                (ClearingCause::NoAck, 408)
            };
            let headers = self.hang_up.take().unwrap_or_default();
            self.success = None;
            self.bye(core, now, &headers, cause, status);
        } else if success.again.fire(now) {
            core.transmit(success.flow, success.bytes.clone());
        }
    }
}
