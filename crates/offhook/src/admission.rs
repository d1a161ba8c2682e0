//! How many instances may run (RUN-25, RUN-26).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Lets instances in until `num_apps` run, then none until the number has fallen to `num_apps_lower`.
#[derive(Debug)]
pub(crate) struct Admission {
    running: AtomicUsize,
    backing_off: AtomicBool,
    limiter: bool,
    responder: bool,
    closed: AtomicBool,
    most: usize,
    lower: usize,
}

impl Admission {
    pub(crate) fn new(config: &crate::config::Config) -> Self {
        Self {
            running: AtomicUsize::new(0),
            backing_off: AtomicBool::new(false),
            limiter: config.app_limiter,
            responder: config.app_responder,
            closed: AtomicBool::new(false),
            most: config.num_apps,
            lower: config.num_apps_lower,
        }
    }

    /// A place for one more instance, held until the ticket is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Ticket> {
        if !self.responder || self.closed.load(Ordering::Relaxed) {
            return None;
        }
        let running = self.running.fetch_add(1, Ordering::Relaxed);
        let ticket = Ticket { admission: self.clone() };
        if !self.limiter {
            return Some(ticket);
        }
        if running >= self.most {
            self.backing_off.store(true, Ordering::Relaxed);
        } else if running <= self.lower {
            self.backing_off.store(false, Ordering::Relaxed);
        }
        (!self.backing_off.load(Ordering::Relaxed)).then_some(ticket)
    }

    /// Lets no more instances in.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn running(&self) -> usize {
        self.running.load(Ordering::Relaxed)
    }
}

/// The place of one instance.
#[derive(Debug)]
pub(crate) struct Ticket {
    admission: Arc<Admission>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.admission.running.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// RUN-25: at num_apps no more, until the number has fallen to num_apps_lower.
    #[test]
    fn the_limiter_backs_off_until_the_lower_number() {
        let config = Config { num_apps: 3, num_apps_lower: 1, ..Config::default() };
        let admission = Arc::new(Admission::new(&config));
        let mut tickets: Vec<_> = (0..3).map(|_| admission.enter().unwrap()).collect();
        assert!(admission.enter().is_none());
        tickets.pop();
        assert!(admission.enter().is_none(), "two are running, and two are more than one");
        tickets.pop();
        assert!(admission.enter().is_some());
        drop(tickets);
        assert_eq!(admission.running(), 0);
    }

    /// RUN-26: with app_responder off nothing is let in.
    #[test]
    fn without_responder_nothing_is_served() {
        let config = Config { app_responder: false, ..Config::default() };
        assert!(Arc::new(Admission::new(&config)).enter().is_none());
    }
}
