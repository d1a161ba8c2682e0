//! The server transaction of every request but INVITE: RFC 3261 section 17.2.2.

use std::time::Instant;

use bytes::Bytes;

use super::Due;
use crate::endpoint::Timers;

/// Answers retransmissions of a request with its response.
#[derive(Debug)]
pub(crate) struct Server {
    reliable: bool,
    /// The final response, and when timer J ends the transaction.
    completed: Option<(Bytes, Instant)>,
}

impl Server {
    pub(crate) fn new(reliable: bool) -> Self {
        Self { reliable, completed: None }
    }

    /// The final response was sent.
    pub(crate) fn finish(&mut self, now: Instant, response: Bytes, timers: &Timers) {
        let until = if self.reliable { now } else { now + timers.give_up() };
        self.completed.get_or_insert((response, until));
    }

    /// The request arrived again: what to send again.
    pub(crate) fn repeat(&self) -> Option<&Bytes> {
        self.completed.as_ref().map(|(response, _)| response)
    }

    pub(crate) fn is_proceeding(&self) -> bool {
        self.completed.is_none()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.completed.as_ref().map(|(_, until)| *until)
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Due {
        match &self.completed {
            Some((_, until)) if *until <= now => Due::Over,
            _ => Due::Nothing,
        }
    }
}
