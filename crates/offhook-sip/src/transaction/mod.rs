//! The four transactions of RFC 3261 section 17, with the accepted state of RFC 6026.
//!
//! Each machine is a small table of deadlines: it is told what arrived and what time it is, and says what to
//! send again and when it is over. Retransmission and matching are all it knows; what a message means is
//! decided above.

mod backoff;
mod client;
mod client_invite;
mod server;
mod server_invite;
mod table;

pub(crate) use backoff::Backoff;
pub(crate) use client::Client;
pub(crate) use client_invite::{ClientInvite, InviteReceived};
pub(crate) use server::Server;
pub(crate) use server_invite::ServerInvite;
pub(crate) use table::{
    Again, Branch, ClientId, ClientMachine, ClientTransaction, Clients, Outcome, Owner, Purpose, SentAck,
    ServerId, ServerMachine, ServerTransaction, Servers,
};

use bytes::Bytes;

/// What a transaction wants when one of its deadlines has passed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing; the deadline was moved.
    Nothing,
    /// The message is sent again.
    Send(Bytes),
    /// The transaction did its work and ends.
    Over,
    /// The transaction ends without the final response, or ACK, that it waited for.
    TimedOut,
}
