//! Digest authentication (RFC 3261 section 22, RFC 7616, RFC 8760), as client and as server.
//!
//! As client: with [`Credentials`] in an [`Outgoing`](crate::Outgoing) call or in a
//! [`Registration`](crate::Registration) the endpoint answers challenges by itself. As server: a
//! [`Challenger`] makes challenges and checks what comes back; whom to challenge is the user's decision.
//!
//! Algorithms are SHA-512-256, SHA-256 and MD5, with `qop=auth`, or without for old servers. A challenge with
//! anything else is passed over, as RFC 8760 section 2.4 wants it. No password appears in `Debug` output
//! or in an error.

mod algorithm;
mod challenger;
mod client;
mod credentials;

pub use self::algorithm::Algorithm;
pub use self::challenger::{Challenger, ChallengerConfig, Verdict};
pub use self::credentials::Credentials;

pub(crate) use self::client::{Attempt, ClientAuth};
