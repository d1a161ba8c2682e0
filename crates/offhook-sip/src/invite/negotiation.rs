//! Where the offer/answer exchange of a dialog stands (RFC 3264, RFC 6337).

use crate::endpoint::{OfferId, OfferMethod, Received};
use crate::transaction::ServerId;

/// The exchange that began with the INVITE, or a later one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Negotiation {
    /// Nothing was offered so far.
    Empty,
    /// The peer's offer in the INVITE, or in the response to ours, waits for our answer.
    Theirs,
    /// Our offer waits for the peer's answer.
    Ours(Carrier),
    /// An answer was given. Later offers of the peer are in [`PendingRequest`].
    Agreed,
}

/// The message of ours that carries an offer, which decides where its answer comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// INVITE: the answer comes in a response.
    Invite,
    /// A reliable provisional response: the answer comes in the PRACK.
    Provisional,
    /// A 2xx to an INVITE: the answer comes in the ACK.
    Success,
    /// A request within the dialog: the answer comes in its 2xx.
    Request(OfferId),
}

/// A request of the peer whose response waits for our user.
#[derive(Debug)]
pub(crate) struct PendingRequest {
    pub(crate) id: OfferId,
    pub(crate) method: OfferMethod,
    pub(crate) server: ServerId,
    pub(crate) received: Box<Received>,
    /// It carried an offer; a re-INVITE without one asks for ours.
    pub(crate) has_offer: bool,
}

/// What an offer of the peer meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OfferRoom {
    /// It may be answered.
    Free,
    /// An offer of ours waits: 491 (RFC 3261 section 14.2, RFC 3311 section 5.2).
    OursPending,
    /// An earlier offer of the peer waits: 500 with Retry-After.
    TheirsPending,
}
