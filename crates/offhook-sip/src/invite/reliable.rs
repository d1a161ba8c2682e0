//! Reliable provisional responses, the sending side (RFC 3262 section 3).

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

use crate::endpoint::Timers;
use crate::header::{Headers, RAck};
use crate::message::{Method, StatusCode};
use crate::transaction::{Backoff, Due};

/// Sends one reliable response at a time and keeps the later ones until its PRACK.
#[derive(Debug)]
pub(crate) struct ReliableResponses {
    newest_rseq: u32,
    outstanding: Option<Outstanding>,
    queue: VecDeque<Queued>,
}

/// A response whose PRACK is awaited.
#[derive(Debug)]
struct Outstanding {
    rseq: u32,
    bytes: Bytes,
    has_session: bool,
    /// `None` once a final response was sent: the PRACK is still welcome, but nothing is repeated.
    again: Option<Backoff>,
    until: Instant,
}

/// A response that waits for its turn.
#[derive(Debug)]
pub(crate) struct Queued {
    pub(crate) status: StatusCode,
    pub(crate) body: Option<Bytes>,
    pub(crate) headers: Headers,
}

impl ReliableResponses {
    /// `first_rseq` is from 1 to 2^31 - 1.
    pub(crate) fn new(first_rseq: u32) -> Self {
        Self { newest_rseq: first_rseq - 1, outstanding: None, queue: VecDeque::new() }
    }

    /// The number of the next response.
    pub(crate) fn next_rseq(&mut self) -> u32 {
        self.newest_rseq += 1;
        self.newest_rseq
    }

    /// The response with the newest number was sent.
    pub(crate) fn sent(&mut self, now: Instant, bytes: Bytes, has_session: bool, timers: &Timers) {
        self.outstanding = Some(Outstanding {
            rseq: self.newest_rseq,
            bytes,
            has_session,
            // Unlike the other retransmissions these double without a cap (RFC 3262 section 3).
            again: Some(Backoff::new(now, timers.t1, timers.give_up())),
            until: now + timers.give_up(),
        });
    }

    /// A PRACK arrived. Whether it is for the response that waits for one.
    pub(crate) fn acknowledge(&mut self, rack: &RAck, invite_cseq: u32) -> bool {
        let matches = self.outstanding.as_ref().is_some_and(|outstanding| {
            outstanding.rseq == rack.rseq && invite_cseq == rack.cseq && rack.method == Method::Invite
        });
        if matches {
            self.outstanding = None;
        }
        matches
    }

    /// A final response was sent or is about to be: nothing is repeated and nothing more is sent.
    pub(crate) fn stop(&mut self) {
        self.queue.clear();
        if let Some(outstanding) = &mut self.outstanding {
            outstanding.again = None;
        }
    }

    /// Drops the responses that wait for their turn.
    pub(crate) fn clear_queue(&mut self) {
        self.queue.clear();
    }

    pub(crate) fn enqueue(&mut self, queued: Queued) {
        self.queue.push_back(queued);
    }

    /// The next response, if it may be sent.
    pub(crate) fn dequeue(&mut self) -> Option<Queued> {
        if self.is_waiting() { None } else { self.queue.pop_front() }
    }

    pub(crate) fn queued(&self) -> usize {
        self.queue.len()
    }

    pub(crate) fn is_waiting(&self) -> bool {
        self.outstanding.is_some()
    }

    /// Whether a response with a session description waits for its PRACK, which holds back the 2xx.
    pub(crate) fn is_session_waiting(&self) -> bool {
        self.outstanding.as_ref().is_some_and(|outstanding| outstanding.has_session)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let outstanding = self.outstanding.as_ref()?;
        Some(outstanding.again.as_ref()?.next().min(outstanding.until))
    }

    /// [`Due::TimedOut`] if no PRACK came in 64*T1.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Due {
        let Some(outstanding) = &mut self.outstanding else { return Due::Nothing };
        let Some(again) = &mut outstanding.again else { return Due::Nothing };
        if outstanding.until <= now {
            return Due::TimedOut;
        }
        again.repeat(now, &outstanding.bytes)
    }
}
