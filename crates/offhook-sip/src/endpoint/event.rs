//! What an endpoint tells its user, and the values that its user gives it.

use std::time::Duration;

use bytes::Bytes;

use super::flow::Flow;
use crate::arena::Key;
use crate::auth::Credentials;
use crate::header::{CallId, Headers, NameAddr, Reason, Replaces, RetryAfter};
use crate::message::{Request, Response, StatusCode};
use crate::registration::{RegistrationFailure, RegistrationId};
use crate::sdp::SessionDescription;
use crate::text::Text;
use crate::uri::Uri;

/// Names a call of an [`Endpoint`](crate::Endpoint), from [`Event::Incoming`] or
/// [`Endpoint::invite`](crate::Endpoint::invite) until [`Event::Cleared`]. It is never used again for another
/// call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Call(pub(crate) Key);

/// Names an offer of a session description, in either direction, until it is answered or refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OfferId(pub(crate) u32);

/// Something that the user of an endpoint should know.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A call arrives. 100 Trying is on its way; everything that the standards refuse was refused before.
    Incoming(Box<Incoming>),
    /// The ACK for our 200 arrived. A session description in it came before, as [`Event::Answer`].
    Acknowledged {
        /// The call.
        call: Call,
    },
    /// The PRACK for our newest reliable provisional response arrived (RFC 3262). A session description in it
    /// came before, as [`Event::Answer`], or comes next, as [`Event::Offer`].
    ProvisionalAcknowledged {
        /// The call.
        call: Call,
    },
    /// The peer answered our offer: in a PRACK, an ACK, a response to our INVITE, PRACK, UPDATE or re-INVITE.
    ///
    /// For a call of ours it comes for each description that is to be applied, before the event of the
    /// response that carried it: the early one (CALL-10), and another one when a later response, the 2xx
    /// as a rule, brings a different description or comes from another fork (CALL-11). What equals
    /// the newest one is not told again.
    Answer {
        /// The call.
        call: Call,
        /// The answer.
        sdp: SessionDescription,
    },
    /// A PRACK, ACK or response that had to carry the answer to our offer carried none, or none that can be
    /// read.
    ///
    /// The call goes on; when the offer stood in our 200, the user should hang up (ANS-13).
    NoAnswer {
        /// The call.
        call: Call,
    },
    /// The peer offers a new session description. Reply with
    /// [`Endpoint::answer_offer`](crate::Endpoint::answer_offer).
    Offer {
        /// The call.
        call: Call,
        /// Names the offer in the reply.
        id: OfferId,
        /// The offer; `None` for a re-INVITE without one, to which the reply is an offer of ours.
        sdp: Option<SessionDescription>,
        /// The request that carried it.
        method: OfferMethod,
    },
    /// The peer refused an offer that we made with [`Endpoint::offer`](crate::Endpoint::offer) or in a PRACK.
    OfferRefused {
        /// The call, which goes on as it was.
        call: Call,
        /// The offer.
        id: OfferId,
        /// The refusal; 491 if the far end has put the offer off again and again.
        status: StatusCode,
    },
    /// An INFO request arrived within the call (RFC 6086); it is answered already.
    Info {
        /// The call.
        call: Call,
        /// The type of the body, as it stands in the request.
        content_type: Option<Text>,
        /// The body.
        body: Bytes,
    },
    /// A provisional response to our INVITE, other than 100.
    Progress {
        /// The call.
        call: Call,
        /// The response.
        response: Response,
        /// The session description in it.
        sdp: Option<SessionDescription>,
    },
    /// A 2xx to our INVITE. When it carries an offer, reply with
    /// [`Endpoint::acknowledge`](crate::Endpoint::acknowledge); otherwise the ACK is on its way.
    Answered {
        /// The call.
        call: Call,
        /// The response.
        response: Response,
        /// The session description in it.
        sdp: Option<SessionDescription>,
    },
    /// The far end asks us to call somebody else (RFC 3515), if
    /// [`EndpointConfig::takes_refers`](crate::EndpointConfig::takes_refers) is set. Reply with
    /// [`Endpoint::answer_refer`](crate::Endpoint::answer_refer); without a reply in 32*T1 it gets 603.
    Refer(Box<Refer>),
    /// News of the REFER that was sent by [`Endpoint::refer`](crate::Endpoint::refer).
    ReferProgress {
        /// The call.
        call: Call,
        /// What is new.
        progress: ReferProgress,
    },
    /// A registration holds: for the first time, after a failure, or again for another while.
    Registered {
        /// The registration.
        registration: RegistrationId,
        /// The place that granted it.
        flow: Flow,
        /// For how long; it is refreshed before.
        expires: Duration,
        /// The response, for `Service-Route` and the like.
        response: Box<Response>,
    },
    /// A registration could not be had or refreshed at any of its targets. What was granted before holds
    /// until its time is over.
    RegistrationFailed {
        /// The registration, which goes on trying.
        registration: RegistrationId,
        /// What the last target did.
        failure: RegistrationFailure,
        /// When the next attempt follows.
        retry_in: Duration,
    },
    /// A registration has ended because the user wanted it. Its last event.
    Unregistered {
        /// The registration, of no further use.
        registration: RegistrationId,
    },
    /// The call is over. Exactly once for each call, and its last event.
    Cleared {
        /// The call, of no further use.
        call: Call,
        /// How it ended.
        clearing: Clearing,
    },
}

/// A call that arrives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Incoming {
    /// Names the call from here on.
    pub call: Call,
    /// The INVITE; its topmost `Via` tells the source address in `received` and `rport` (RFC 3581).
    pub request: Request,
    /// Where it came from.
    pub flow: Flow,
    /// The offer in it.
    pub sdp: Option<SessionDescription>,
    /// What it says about reliable provisional responses.
    pub reliability: Reliability,
}

/// A REFER of the far end (RFC 3515).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refer {
    /// The call within which it came.
    pub call: Call,
    /// The whole request.
    pub request: Request,
    /// Whom to call: the `Refer-To` header field.
    pub target: NameAddr,
    /// In whose name: the `Referred-By` header field (RFC 3892).
    pub referred_by: Option<NameAddr>,
    /// The call at the target that the new one is to replace (RFC 3891).
    pub replaces: Option<Replaces>,
}

/// What became of a REFER of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferProgress {
    /// The far end will try.
    Accepted,
    /// The far end will not try. The last news.
    Refused(StatusCode),
    /// The call that the far end makes got this response.
    Reported {
        /// The status of the response.
        status: StatusCode,
        /// Whether these are the last news.
        is_last: bool,
    },
    /// There will be no more news, and nobody knows why.
    Ended,
}

/// What an INVITE says about reliable provisional responses (RFC 3262).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Reliability {
    /// `Require: 100rel`: every provisional response but 100 is sent reliably.
    Required,
    /// `Supported: 100rel`: those with a session description are sent reliably.
    Supported,
    /// Neither: none is.
    #[default]
    Absent,
}

/// A provisional response to an incoming call.
#[derive(Clone, Debug)]
pub struct Progress {
    /// 101 to 199; 180 and 183 are the usual ones.
    pub status: StatusCode,
    /// The answer to the caller's offer, or our offer when the INVITE carried none.
    pub sdp: Option<SessionDescription>,
    /// Header fields to add.
    pub headers: Headers,
}

/// How a provisional response was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sent {
    /// Whether it is repeated until its PRACK arrives.
    pub reliable: bool,
    /// Whether it waits for the PRACK of an earlier one before it leaves (RFC 3262 section 3).
    pub queued: bool,
}

/// A call to be made. Begin with [`Outgoing::new`] and set what else is wanted.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Outgoing {
    /// From where to where the INVITE goes: to the far end, or to the outbound proxy.
    pub flow: Flow,
    /// The Request-URI.
    pub target: Uri,
    /// The `From` header field; its tag is replaced by one of ours.
    pub from: NameAddr,
    /// The `To` header field; a tag is removed.
    pub to: NameAddr,
    /// The Call-ID; without one a random one is made. It has to differ from that of any other call, and is
    /// for users who choose it so that a property of it leads the messages of the call to their place.
    pub call_id: Option<CallId>,
    /// The proxies that the INVITE has to pass, nearest first: its `Route` header fields (RFC 3261 section
    /// 8.1.1.1). Requests within the call follow what the proxies said in `Record-Route`.
    pub routes: Vec<NameAddr>,
    /// The offer; without one the far end makes it.
    pub sdp: Option<SessionDescription>,
    /// What the INVITE says about reliable provisional responses.
    pub reliability: Reliability,
    /// Who acknowledges reliable provisional responses.
    pub prack: PrackPolicy,
    /// With what a 401 or 407 to the INVITE, or to a later request within the call, is answered; without them
    /// it ends the call (CALL-14).
    pub credentials: Option<Credentials>,
    /// Header fields to add, such as `P-Asserted-Identity`.
    pub headers: Headers,
}

impl Outgoing {
    /// A call without an offer, without credentials and without proxies on its way, that supports reliable
    /// provisional responses and acknowledges them by itself.
    pub fn new(flow: Flow, target: Uri, from: NameAddr, to: NameAddr) -> Self {
        Self {
            flow,
            target,
            from,
            to,
            call_id: None,
            routes: Vec::new(),
            sdp: None,
            reliability: Reliability::Supported,
            prack: PrackPolicy::Auto,
            credentials: None,
            headers: Headers::new(),
        }
    }
}

/// Who acknowledges the reliable provisional responses to a call of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum PrackPolicy {
    /// The endpoint, at once; except for a response that carries an offer, whose PRACK has to carry the
    /// answer.
    #[default]
    Auto,
    /// The user, by [`Endpoint::prack`](crate::Endpoint::prack).
    Manual,
}

/// The request that carries an offer within a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OfferMethod {
    /// UPDATE (RFC 3311).
    Update,
    /// INVITE within the dialog (RFC 3261 section 14).
    ReInvite,
    /// PRACK (RFC 3262 section 5).
    Prack,
}

/// How a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Clearing {
    /// What ended it.
    pub cause: ClearingCause,
    /// The SIP status code that tells its end, as CAU-4 has it: 200 for a call that was answered, otherwise
    /// the code that was sent or received, 487 for a cancelled call, 408 when nothing came.
    pub status: u16,
    /// The Q.850 cause in a `Reason` header field of the request or response that ended it (RFC 3326), CAU-7.
    pub q850: Option<u8>,
    /// The text in that header field.
    pub reason: Option<Text>,
    /// What `Retry-After` says in the response that refused our call.
    pub retry_after: Option<Duration>,
    /// Who ended it; for a timeout, we.
    pub by: Party,
}

/// One side of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// This endpoint, or its user.
    Us,
    /// The far end, or something between.
    Peer,
}

/// What ended a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClearingCause {
    /// The caller ended it before the answer: the far end by CANCEL or because the `Expires` of its INVITE
    /// passed, or we by hanging up.
    Cancelled,
    /// The far end sent BYE, on the confirmed or on the early dialog.
    RemoteBye,
    /// We hung up an answered call.
    LocalBye,
    /// We refused the incoming call.
    Rejected,
    /// The far end refused our call.
    Refused,
    /// No ACK for our 200 arrived in 64*T1 (ANS-5).
    NoAck,
    /// No PRACK for a reliable provisional response arrived in 64*T1 (RING-23).
    NoPrack,
    /// Nothing answered our INVITE, or a request within the call, in 64*T1, or the far end no longer knows
    /// the call or did not refresh its session in time (RFC 4028).
    NoResponse,
    /// The transport could not deliver.
    TransportFailure,
    /// A fault of ours.
    Fault,
}

/// How much an endpoint holds; all zero once every call is over and its transactions have timed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counts {
    /// Transactions, of both directions.
    pub transactions: usize,
    /// Dialogs, early ones included.
    pub dialogs: usize,
    /// Calls, including those that are over and only wait for crossing requests.
    pub calls: usize,
    /// Registrations, until [`Event::Unregistered`].
    pub registrations: usize,
    /// Timers that run.
    pub timers: usize,
}

impl Clearing {
    pub(crate) fn new(cause: ClearingCause, status: u16, by: Party) -> Self {
        Self { cause, status, q850: None, reason: None, retry_after: None, by }
    }

    /// Adds what the Reason header fields of the message say that ended the call (RFC 3326).
    pub(crate) fn with_reason_of(mut self, headers: &Headers) -> Self {
        // A malformed Reason says nothing; it is no reason to keep the call.
        let reasons = headers.typed_all::<Reason>().unwrap_or_default();
        let q850 = reasons.iter().find(|reason| reason.protocol.eq_ignore_ascii_case("Q.850"));
        self.q850 = q850.and_then(|reason| reason.cause).and_then(|cause| u8::try_from(cause).ok());
        self.reason = q850.or(reasons.first()).and_then(|reason| reason.text.clone());
        self
    }

    /// Adds what the Retry-After header field of the refusal says.
    pub(crate) fn with_retry_after_of(mut self, headers: &Headers) -> Self {
        let retry_after = headers.typed_opt::<RetryAfter>().ok().flatten();
        self.retry_after = retry_after.map(|after| Duration::from_secs(after.seconds.into()));
        self
    }
}
