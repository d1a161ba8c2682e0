//! Settings of an endpoint.

use std::net::SocketAddr;
use std::time::Duration;

use crate::message::ParseLimits;
use crate::text::Text;

/// Settings of an [`Endpoint`](crate::Endpoint). The defaults suit a server on a public or private network.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndpointConfig {
    /// How much may be held at once.
    pub limits: Limits,
    /// The timer values of RFC 3261.
    pub timers: Timers,
    /// What `Server` and `User-Agent` say; empty leaves them out.
    pub server: Text,
    /// The address that `Contact` and `Via` name instead of the flow's own, for a server behind address
    /// translation.
    pub advertised: Option<SocketAddr>,
    /// What `Retry-After` says when a call is refused for want of room or while draining; whole seconds.
    pub retry_after: Duration,
    /// Whether a REFER within a call is handed to the user, as [`Event::Refer`](crate::Event::Refer). At
    /// first it is not, and gets 603.
    pub takes_refers: bool,
    /// How session timers are negotiated. Without `timer` in `supported` there are none.
    pub session_timers: SessionTimers,
    /// The option tags that are supported; a `Require` with any other tag is refused with 420.
    pub supported: Vec<Text>,
}

impl Default for EndpointConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            timers: Timers::default(),
            server: Text::from("offhook"),
            advertised: None,
            retry_after: Duration::from_secs(10),
            takes_refers: false,
            session_timers: SessionTimers::default(),
            supported: vec![Text::from("100rel"), Text::from("timer")],
        }
    }
}

/// How much an [`Endpoint`](crate::Endpoint) holds at once. Reaching a limit is answered with 503 and
/// `Retry-After`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Limits on one message.
    pub parse: ParseLimits,
    /// Transactions at once, of both directions. A quarter more is kept in reserve for requests within
    /// dialogs, so that calls can still be cleared when the limit is reached.
    pub transactions: usize,
    /// Calls at once, of both directions, unanswered ones included. A call that is over does not count,
    /// although its dialog takes up crossing requests for some seconds; the limit on transactions bounds
    /// those.
    pub calls: usize,
    /// Early dialogs at once of one of our own calls: a forking proxy may make several (RFC 3261 section
    /// 13.2.2.4).
    pub forks: usize,
    /// Reliable provisional responses of one call that may wait for the PRACK of an earlier one.
    pub queued_provisionals: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            parse: ParseLimits::default(),
            transactions: 100_000,
            calls: 10_000,
            forks: 12,
            queued_provisionals: 8,
        }
    }
}

/// How often a long call is refreshed, so that one whose far end has vanished comes to an end (RFC 4028).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SessionTimers {
    /// The session interval that we propose and the longest that we agree to: 1800 s, in whole seconds. A
    /// refresh comes at half of it, and without one the call is cleared about then.
    pub interval: Duration,
    /// The shortest interval that we accept; who asks for less gets 422: 90 s, in whole seconds, which is
    /// also the least that RFC 4028 allows.
    pub least: Duration,
}

impl Default for SessionTimers {
    fn default() -> Self {
        Self { interval: Duration::from_secs(1800), least: Duration::from_secs(90) }
    }
}

/// The timer values of RFC 3261 section 17 and those built on them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Timers {
    /// T1, the estimate of a round trip: 500 ms.
    pub t1: Duration,
    /// T2, the longest interval between retransmissions: 4 s.
    pub t2: Duration,
    /// T4, how long a message may stay in the network: 5 s.
    pub t4: Duration,
    /// How often the newest provisional response is repeated while ringing lasts: 60 s (RING-24).
    pub provisional_repeat: Duration,
}

impl Timers {
    /// 64*T1, the time after which a transaction is given up: timers B, F, H, J, L and M.
    pub fn give_up(&self) -> Duration {
        self.t1 * 64
    }
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            provisional_repeat: Duration::from_secs(60),
        }
    }
}
