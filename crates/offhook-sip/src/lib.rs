//! SIP and SDP as a state machine: bytes and time in, bytes, events and the next wake-up out.
//!
//! # What is here
//!
//! * [`Endpoint`]: a user agent with its transactions (RFC 3261 section 17, RFC 6026), dialogs and INVITE
//!   usage on both sides: reliable provisional responses (RFC 3262), UPDATE (RFC 3311), re-INVITE, CANCEL,
//!   INFO, OPTIONS.
//! * [`Message`], [`Request`], [`Response`] and [`Headers`], with typed [`header`] fields and [`uri`]s.
//!   Values are slices of the datagram ([`Text`]): reading a message copies no text.
//! * [`Registration`]s of ours with refresh and failover (RFC 3261 section 10).
//! * [`auth`]: digest authentication on both sides (RFC 7616, RFC 8760).
//! * [`sdp`]: session descriptions (RFC 8866), and offer and answer (RFC 3264) as functions.
//!
//! # What is not
//!
//! No socket, no task, no clock, no thread and no random source of its own: time and seed are arguments. No
//! DNS: a peer is an address. No sound, and no meaning of codecs beyond their names. No proxy and no
//! registrar. Reliable transports have their place in the types and nothing behind it.
//!
//! # The run loop
//!
//! An [`Endpoint`] does nothing by itself. Whoever owns it repeats four steps:
//!
//! 1. Send all that [`Endpoint::poll_transmit`] gives.
//! 2. Act on all that [`Endpoint::poll_event`] gives: [`Endpoint::ring`], [`Endpoint::answer`],
//!    [`Endpoint::reject`], [`Endpoint::hang_up`].
//! 3. Wait for a datagram, but no longer than until [`Endpoint::poll_timeout`].
//! 4. Hand in what came, with [`Endpoint::receive`] or [`Endpoint::handle_timeout`], and the time that it is.
//!
//! ```
//! use std::time::Instant;
//!
//! use offhook_sip::{Endpoint, EndpointConfig, Event, Flow, Headers, StatusCode};
//!
//! let mut endpoint = Endpoint::new(EndpointConfig::default(), 0x5eed);
//! let flow = Flow::udp("192.0.2.1:5060".parse()?, "192.0.2.60:5060".parse()?);
//! let mut now = Instant::now();
//!
//! let invite = "INVITE sip:desk@192.0.2.1 SIP/2.0\r\n\
//!               Via: SIP/2.0/UDP 192.0.2.60;branch=z9hG4bK-1;rport\r\n\
//!               Max-Forwards: 70\r\n\
//!               From: <sip:ann@example.com>;tag=a\r\n\
//!               To: <sip:desk@192.0.2.1>\r\n\
//!               Call-ID: 1@192.0.2.60\r\n\
//!               CSeq: 1 INVITE\r\n\
//!               Contact: <sip:ann@192.0.2.60>\r\n\r\n";
//! endpoint.receive(now, flow, invite.into());
//!
//! let mut sent = Vec::new();
//! loop {
//!     while let Some(event) = endpoint.poll_event() {
//!         if let Event::Incoming(incoming) = event {
//!             endpoint.reject(now, incoming.call, StatusCode::BUSY_HERE, Headers::new())?;
//!         }
//!     }
//!     while let Some(transmit) = endpoint.poll_transmit() {
//!         sent.push(transmit.bytes); // A server hands it to its socket.
//!     }
//!     let Some(wake_up) = endpoint.poll_timeout() else { break };
//!     now = wake_up; // A server waits until then, or for the next datagram.
//!     endpoint.handle_timeout(now);
//! }
//! assert!(sent[0].starts_with(b"SIP/2.0 100 Trying\r\n"));
//! assert!(sent[1].starts_with(b"SIP/2.0 486 Busy Here\r\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Time
//!
//! `now` is an [`Instant`](std::time::Instant) and never goes back. The endpoint reads no clock, so a test
//! may move it by hand through hours in microseconds.
//!
//! # Invariants
//!
//! * Nothing that a peer sends panics, blocks, or is kept without bound: [`Limits`] says how much is held,
//!   and reaching a limit is answered.
//! * Each call ends with exactly one [`Event::Cleared`], its last event.
//! * When all calls are over and their timers have run out, [`Endpoint::counts`] is zero.

#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]

pub mod auth;
pub mod header;
pub mod sdp;
pub mod uri;

mod arena;
mod dialog;
mod endpoint;
mod grammar;
mod invite;
mod message;
mod random;
mod registration;
mod text;
mod timer;
mod transaction;

pub use endpoint::{
    AcknowledgeError, AnswerError, AnswerOfferError, AnswerReferError, Call, Clearing, ClearingCause, Counts,
    Endpoint, EndpointConfig, Event, Flow, HangUpError, Incoming, InfoError, InviteError, Limits, OfferError,
    OfferId, OfferMethod, Outgoing, Party, PrackError, PrackPolicy, Progress, Protocol, Refer, ReferError,
    ReferProgress, RejectError, Reliability, ReportReferError, RingError, Sent, SessionTimers, Stage, Timers,
    Transmit,
};
pub use header::{HeaderError, HeaderName, Headers, NameAddr, TypedHeader};
pub use message::{Message, Method, ParseError, ParseErrorKind, ParseLimits, Request, Response, StatusCode};
pub use registration::{RegisterError, Registration, RegistrationFailure, RegistrationId, UnregisterError};
pub use text::Text;
pub use uri::{Host, Scheme, Uri};
