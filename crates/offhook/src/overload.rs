//! When a shard has more to do than it can: new calls are refused until it has caught up, so that those that are up go
//! on.

use std::time::Duration;

/// Tells from how long datagrams wait whether the shard keeps up.
#[derive(Debug)]
pub(crate) struct Overload {
    limit: Duration,
    begun: bool,
}

impl Overload {
    /// An overload begins when a datagram has waited for longer than `limit`; zero: never.
    pub(crate) fn new(limit: Duration) -> Self {
        Self { limit, begun: false }
    }

    /// A datagram has waited so long. `Some` when an overload begins or is over: over it is when the wait is a quarter
    /// of the limit, so that it does not begin again with the next call.
    pub(crate) fn waited(&mut self, wait: Duration) -> Option<bool> {
        let overloaded = match self.begun {
            false => !self.limit.is_zero() && wait > self.limit,
            true => wait > self.limit / 4,
        };
        let changed = overloaded != self.begun;
        self.begun = overloaded;
        changed.then_some(overloaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(200);

    #[test]
    fn an_overload_begins_beyond_the_limit_and_ends_below_a_quarter_of_it() {
        let mut overload = Overload::new(LIMIT);
        assert_eq!(overload.waited(LIMIT), None);
        assert_eq!(overload.waited(LIMIT + Duration::from_millis(1)), Some(true));
        assert_eq!(overload.waited(LIMIT / 2), None, "it has not caught up yet");
        assert_eq!(overload.waited(LIMIT / 4), Some(false));
        assert_eq!(overload.waited(LIMIT / 2), None);
    }

    #[test]
    fn without_a_limit_there_is_no_overload() {
        assert_eq!(Overload::new(Duration::ZERO).waited(Duration::from_secs(60)), None);
    }
}
