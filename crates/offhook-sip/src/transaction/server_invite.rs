//! The INVITE server transaction: RFC 3261 section 17.2.1 with RFC 6026 section 7.1.

use std::time::Instant;

use bytes::Bytes;

use super::{Backoff, Due};
use crate::endpoint::Timers;

/// Answers retransmissions of an INVITE and repeats its refusal until the ACK.
#[derive(Debug)]
pub(crate) struct ServerInvite {
    state: State,
    reliable: bool,
}

#[derive(Debug)]
enum State {
    Proceeding {
        newest: Option<Bytes>,
        /// 100 Trying, to be sent at that time unless something else was sent before (RFC 3261 section
        /// 17.2.1).
        trying: Option<(Instant, Bytes)>,
    },
    /// A final response other than 2xx was sent: timers G and H.
    Completed { response: Bytes, again: Option<Backoff>, until: Instant },
    /// Its ACK arrived: timer I takes up what is still in the network.
    Confirmed { until: Instant },
    /// A 2xx was sent: timer L takes up retransmissions of the INVITE.
    Accepted { until: Instant },
}

impl ServerInvite {
    pub(crate) fn new(reliable: bool) -> Self {
        Self { state: State::Proceeding { newest: None, trying: None }, reliable }
    }

    /// Has `trying` sent at `at` unless a response was sent before.
    pub(crate) fn delay_trying(&mut self, at: Instant, bytes: Bytes) {
        if let State::Proceeding { newest: None, trying } = &mut self.state {
            *trying = Some((at, bytes));
        }
    }

    /// A provisional response was sent.
    pub(crate) fn provisional(&mut self, bytes: Bytes) {
        if let State::Proceeding { newest, trying } = &mut self.state {
            *newest = Some(bytes);
            *trying = None;
        }
    }

    /// A final response was sent.
    pub(crate) fn finish(&mut self, now: Instant, success: bool, response: Bytes, timers: &Timers) {
        if !matches!(self.state, State::Proceeding { .. }) {
            return;
        }
        let until = now + timers.give_up();
        self.state = if success {
            State::Accepted { until }
        } else {
            let again = (!self.reliable).then(|| Backoff::new(now, timers.t1, timers.t2));
            State::Completed { response, again, until }
        };
    }

    /// The INVITE arrived again: what to send again.
    pub(crate) fn repeat(&self) -> Option<&Bytes> {
        match &self.state {
            State::Proceeding { newest: Some(newest), .. } => Some(newest),
            State::Proceeding { trying: Some((_, trying)), .. } => Some(trying),
            State::Completed { response, .. } => Some(response),
            _ => None,
        }
    }

    /// An ACK arrived that belongs to this transaction. Whether it was awaited; one that was not may be for a
    /// 2xx.
    pub(crate) fn acknowledge(&mut self, now: Instant, timers: &Timers) -> bool {
        match self.state {
            State::Completed { .. } => {
                let until = if self.reliable { now } else { now + timers.t4 };
                self.state = State::Confirmed { until };
                true
            }
            State::Confirmed { .. } => true,
            State::Proceeding { .. } | State::Accepted { .. } => false,
        }
    }

    pub(crate) fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Proceeding { trying, .. } => trying.as_ref().map(|(at, _)| *at),
            State::Completed { again: Some(again), until, .. } => Some(again.next().min(*until)),
            State::Completed { until, .. } | State::Confirmed { until } | State::Accepted { until } => {
                Some(*until)
            }
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Due {
        match &mut self.state {
            State::Proceeding { newest, trying } => match trying.take_if(|(at, _)| *at <= now) {
                Some((_, bytes)) => {
                    *newest = Some(bytes.clone());
                    Due::Send(bytes)
                }
                None => Due::Nothing,
            },
            State::Completed { until, .. } if *until <= now => Due::TimedOut,
            State::Completed { response, again: Some(again), .. } => again.repeat(now, response),
            State::Confirmed { until } | State::Accepted { until } if *until <= now => Due::Over,
            _ => Due::Nothing,
        }
    }
}
