//! The memory of a worker (design.md section 1: an application that leaks hurts its own calls only).
//!
//! A worker that reaches its limit gets no more data: the application that asks for it sees `MemoryError`, the others
//! go on with what they have. The limit that the kernel offers counts reserved memory, stacks of idle threads included,
//! so it is set only while the memory really in use is too much.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// What a look at the worker's memory found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Below the limit.
    Fine,
    /// At the limit: it should get no new instances.
    Full,
    /// It did not come down again: it has to be replaced.
    Hopeless,
}

/// Watches one worker.
pub(super) struct MemoryWatch {
    pid: Pid,
    limit_bytes: u64,
    full_since: Option<Instant>,
}

impl MemoryWatch {
    /// `None` if there is no such process.
    pub(super) fn new(pid: u32, limit_bytes: u64) -> Option<Self> {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw)?;
        Some(Self { pid, limit_bytes, full_since: None })
    }

    /// Looks at the worker's memory and tightens or loosens its limit; to be called every [`PERIOD`].
    pub(super) fn look(&mut self, now: Instant) -> Verdict {
        // A process that has gone is noticed elsewhere.
        let Some(usage) = Usage::of(self.pid) else { return Verdict::Fine };
        if usage.resident_bytes > self.limit_bytes {
            if self.full_since.is_none() {
                self.set_limit(Some(usage.data_bytes));
            }
            let since = *self.full_since.get_or_insert(now);
            if now.duration_since(since) >= PATIENCE { Verdict::Hopeless } else { Verdict::Full }
        } else if self.full_since.is_some() && usage.resident_bytes > self.limit_bytes / 10 * 9 {
            // Loosening it at once would make the same application fill the memory again.
            Verdict::Full
        } else {
            if self.full_since.take().is_some() {
                self.set_limit(None);
            }
            Verdict::Fine
        }
    }

    fn set_limit(&self, bytes: Option<u64>) {
        let limit = Rlimit { current: bytes, maximum: None };
        if let Err(error) = prlimit(Some(self.pid), Resource::Data, limit) {
            tracing::warn!(%error, "the memory of a worker could not be limited");
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Usage {
    resident_bytes: u64,
    data_bytes: u64,
}

impl Usage {
    fn of(pid: Pid) -> Option<Self> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).ok()?;
        let kilobytes = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key))?;
            line.split_ascii_whitespace().next()?.parse::<u64>().ok()
        };
        Some(Self { resident_bytes: kilobytes("VmRSS:")? << 10, data_bytes: kilobytes("VmData:")? << 10 })
    }
}

/// How often to look: an application that fills memory as fast as it can gets some hundred megabytes further.
pub(super) const PERIOD: Duration = Duration::from_millis(100);

/// How long a worker may stay at its limit.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_below_its_limit_is_fine() {
        let mut watch = MemoryWatch::new(std::process::id(), u64::MAX).expect("this process exists");
        assert_eq!(watch.look(Instant::now()), Verdict::Fine);
    }

    #[test]
    fn a_worker_that_stays_at_its_limit_is_given_up() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep starts");
        let mut watch = MemoryWatch::new(child.id(), 1).expect("it exists");
        let now = Instant::now();
        assert_eq!(watch.look(now), Verdict::Full);
        assert_eq!(watch.look(now + PATIENCE / 2), Verdict::Full);
        assert_eq!(watch.look(now + PATIENCE), Verdict::Hopeless);
        child.kill().and_then(|()| child.wait()).expect("it ends");
    }
}
