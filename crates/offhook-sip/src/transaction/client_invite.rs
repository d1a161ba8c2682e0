//! The INVITE client transaction: RFC 3261 section 17.1.1 with RFC 6026 section 7.2.

use std::time::Instant;

use bytes::Bytes;

use super::{Backoff, Due};
use crate::endpoint::Timers;
use crate::message::StatusCode;

/// Repeats an INVITE until the first response, and acknowledges its refusal.
#[derive(Debug)]
pub(crate) struct ClientInvite {
    state: State,
    reliable: bool,
}

#[derive(Debug)]
enum State {
    /// Nothing arrived: timers A and B.
    Calling { request: Bytes, again: Option<Backoff>, until: Instant },
    /// A provisional response arrived. After a CANCEL the final one is awaited no longer than 64*T1 (section
    /// 9.1).
    Proceeding { until: Option<Instant> },
    /// A refusal arrived: timer D; its retransmissions get the ACK again.
    Completed { ack: Bytes, until: Instant },
    /// A 2xx arrived: timer M; further ones, of forked INVITEs too, are passed up.
    Accepted { until: Instant },
}

/// What has to be done about a response to an INVITE.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum InviteReceived {
    /// The layer above sees it.
    Pass,
    /// The layer above sees it, after [`ClientInvite::refused`] was given its ACK.
    Refused,
    /// It is a retransmission: this ACK is sent again.
    Acknowledge(Bytes),
    /// It is late or out of order and means nothing.
    Ignore,
}

impl ClientInvite {
    pub(crate) fn new(now: Instant, request: Bytes, timers: &Timers, reliable: bool) -> Self {
        // Timer A has no cap of its own; timer B ends it.
        let again = (!reliable).then(|| Backoff::new(now, timers.t1, timers.give_up()));
        Self { state: State::Calling { request, again, until: now + timers.give_up() }, reliable }
    }

    pub(crate) fn receive(&mut self, now: Instant, status: StatusCode, timers: &Timers) -> InviteReceived {
        match &self.state {
            State::Calling { .. } if status.is_provisional() => {
                self.state = State::Proceeding { until: None };
                InviteReceived::Pass
            }
            State::Proceeding { .. } if status.is_provisional() => InviteReceived::Pass,
            State::Calling { .. } | State::Proceeding { .. } if status.is_success() => {
                self.state = State::Accepted { until: now + timers.give_up() };
                InviteReceived::Pass
            }
            State::Calling { .. } | State::Proceeding { .. } => InviteReceived::Refused,
            State::Completed { ack, .. } if !status.is_provisional() && !status.is_success() => {
                InviteReceived::Acknowledge(ack.clone())
            }
            State::Accepted { .. } if status.is_success() => InviteReceived::Pass,
            State::Completed { .. } | State::Accepted { .. } => InviteReceived::Ignore,
        }
    }

    /// The refusal was acknowledged with `ack`.
    pub(crate) fn refused(&mut self, now: Instant, ack: Bytes, timers: &Timers) {
        // Timer D is at least 32 s over UDP, which 64*T1 is with the usual T1.
        let until = if self.reliable { now } else { now + timers.give_up() };
        self.state = State::Completed { ack, until };
    }

    /// A CANCEL was sent, or the dialog of a re-INVITE ended: the final response is awaited no longer than
    /// 64*T1.
    pub(crate) fn cancelled(&mut self, now: Instant, timers: &Timers) {
        if let State::Proceeding { until: until @ None } = &mut self.state {
            *until = Some(now + timers.give_up());
        }
    }

    /// Whether nothing came back yet.
    pub(crate) fn is_calling(&self) -> bool {
        matches!(self.state, State::Calling { .. })
    }

    /// Whether a CANCEL may be sent: only after a provisional response (RFC 3261 section 9.1).
    pub(crate) fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }

    /// Whether a CANCEL was sent.
    pub(crate) fn is_cancelled(&self) -> bool {
        matches!(self.state, State::Proceeding { until: Some(_) })
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Calling { again: Some(again), until, .. } => Some(again.next().min(*until)),
            State::Calling { until, .. } | State::Completed { until, .. } | State::Accepted { until } => {
                Some(*until)
            }
            State::Proceeding { until } => *until,
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Due {
        match &mut self.state {
            State::Calling { until, .. } | State::Proceeding { until: Some(until) } if *until <= now => {
                Due::TimedOut
            }
            State::Calling { request, again: Some(again), .. } => again.repeat(now, request),
            State::Completed { until, .. } | State::Accepted { until } if *until <= now => Due::Over,
            _ => Due::Nothing,
        }
    }
}
