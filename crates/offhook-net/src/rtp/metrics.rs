//! Counts of the media engine.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What all threads of the engine have done since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RtpMetrics {
    /// RTP and RTCP datagrams handed to the system.
    pub datagrams_sent: u64,
    /// RTP and RTCP datagrams read.
    pub datagrams_received: u64,
    /// Datagrams that the system did not take.
    pub send_failures: u64,
    /// Visits to a stream that came more than 5 ms after they were due.
    pub late_visits: u64,
    /// The latest visit.
    pub worst_lateness: Duration,
}

/// The counts of one thread, added to once a turn.
#[derive(Debug, Default)]
pub(super) struct SharedMetrics {
    datagrams_sent: AtomicU64,
    datagrams_received: AtomicU64,
    send_failures: AtomicU64,
    late_visits: AtomicU64,
    worst_lateness_us: AtomicU64,
}

impl SharedMetrics {
    /// Adds what a turn has counted, and sets the turn's counts to zero.
    pub(super) fn add(&self, turn: &mut RtpMetrics) {
        let turn = std::mem::take(turn);
        self.datagrams_sent.fetch_add(turn.datagrams_sent, Ordering::Relaxed);
        self.datagrams_received.fetch_add(turn.datagrams_received, Ordering::Relaxed);
        self.send_failures.fetch_add(turn.send_failures, Ordering::Relaxed);
        self.late_visits.fetch_add(turn.late_visits, Ordering::Relaxed);
        let worst_us = u64::try_from(turn.worst_lateness.as_micros()).unwrap_or(u64::MAX);
        self.worst_lateness_us.fetch_max(worst_us, Ordering::Relaxed);
    }

    /// Adds this thread's counts to a sum over threads.
    pub(super) fn sum_into(&self, sum: &mut RtpMetrics) {
        sum.datagrams_sent += self.datagrams_sent.load(Ordering::Relaxed);
        sum.datagrams_received += self.datagrams_received.load(Ordering::Relaxed);
        sum.send_failures += self.send_failures.load(Ordering::Relaxed);
        sum.late_visits += self.late_visits.load(Ordering::Relaxed);
        let worst = Duration::from_micros(self.worst_lateness_us.load(Ordering::Relaxed));
        sum.worst_lateness = sum.worst_lateness.max(worst);
    }
}
