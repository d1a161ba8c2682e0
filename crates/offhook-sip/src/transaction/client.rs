//! The client transaction of every request but INVITE: RFC 3261 section 17.1.2.

use std::time::Instant;

use bytes::Bytes;

use super::{Backoff, Due};
use crate::endpoint::Timers;
use crate::message::StatusCode;

/// Repeats a request until its response.
#[derive(Debug)]
pub(crate) struct Client {
    state: State,
    reliable: bool,
}

#[derive(Debug)]
enum State {
    /// Timers E and F; the states Trying and Proceeding differ only in the interval of timer E.
    Waiting { request: Bytes, again: Option<Backoff>, until: Instant },
    /// Timer K takes up retransmitted responses.
    Completed { until: Instant },
}

impl Client {
    pub(crate) fn new(now: Instant, request: Bytes, timers: &Timers, reliable: bool) -> Self {
        let again = (!reliable).then(|| Backoff::new(now, timers.t1, timers.t2));
        Self { state: State::Waiting { request, again, until: now + timers.give_up() }, reliable }
    }

    /// A response arrived. Whether it is the first final one, which the layer above has to see.
    pub(crate) fn receive(&mut self, now: Instant, status: StatusCode, timers: &Timers) -> bool {
        let State::Waiting { again, .. } = &mut self.state else { return false };
        if status.is_provisional() {
            if let Some(again) = again {
                again.slow_down();
            }
            return false;
        }
        let until = if self.reliable { now } else { now + timers.t4 };
        self.state = State::Completed { until };
        true
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Waiting { again: Some(again), until, .. } => Some(again.next().min(*until)),
            State::Waiting { until, .. } | State::Completed { until } => Some(*until),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Due {
        match &mut self.state {
            State::Waiting { until, .. } if *until <= now => Due::TimedOut,
            State::Waiting { request, again: Some(again), .. } => again.repeat(now, request),
            State::Completed { until } if *until <= now => Due::Over,
            _ => Due::Nothing,
        }
    }
}
