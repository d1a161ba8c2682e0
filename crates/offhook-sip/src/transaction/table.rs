//! All transactions of an endpoint, and how a message finds its own.

use bytes::Bytes;
use std::time::Instant;

use super::{Client, ClientInvite, Due, Server, ServerInvite};
use crate::arena::{Arena, Key};
use crate::auth::Attempt;
use crate::endpoint::{Call, Flow, OfferId};
use crate::message::{Request, Response, StatusCode};
use crate::random::{Fingerprint, RandomKeyMap, Token};
use crate::registration::RegistrationId;
use crate::text::Text;
use crate::timer::TimerId;

/// Names a server transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ServerId(Key);

/// Names a client transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientId(Key);

/// A request that arrived.
#[derive(Debug)]
pub(crate) struct ServerTransaction {
    /// Branch, sent-by and method (RFC 3261 section 17.2.3).
    pub(crate) key: Fingerprint,
    /// Call-ID, From tag and CSeq of an INVITE outside of a dialog, by which a copy of it that came by
    /// another way is known (RFC 3261 section 8.2.2.2).
    pub(crate) merge: Option<Fingerprint>,
    /// Where responses go.
    pub(crate) reply: Flow,
    /// The call that the request belongs to.
    pub(crate) call: Option<Call>,
    pub(crate) machine: ServerMachine,
    pub(crate) timer: Option<TimerId>,
}

#[derive(Debug)]
pub(crate) enum ServerMachine {
    Invite(ServerInvite),
    Other(Server),
}

impl ServerMachine {
    pub(crate) fn repeat(&self) -> Option<&Bytes> {
        match self {
            Self::Invite(machine) => machine.repeat(),
            Self::Other(machine) => machine.repeat(),
        }
    }

    pub(crate) fn is_proceeding(&self) -> bool {
        match self {
            Self::Invite(machine) => machine.is_proceeding(),
            Self::Other(machine) => machine.is_proceeding(),
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Invite(machine) => machine.poll_timeout(),
            Self::Other(machine) => machine.poll_timeout(),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Due {
        match self {
            Self::Invite(machine) => machine.handle_timeout(now),
            Self::Other(machine) => machine.handle_timeout(now),
        }
    }
}

/// A request that we sent.
#[derive(Debug)]
pub(crate) struct ClientTransaction {
    pub(crate) branch: Branch,
    pub(crate) flow: Flow,
    /// Who is told of the outcome.
    pub(crate) owner: Option<Owner>,
    pub(crate) machine: ClientMachine,
    /// The request, if there are credentials with which it can be sent again.
    pub(crate) again: Option<Box<Again>>,
    pub(crate) timer: Option<TimerId>,
}

#[derive(Debug)]
pub(crate) enum ClientMachine {
    Invite {
        machine: ClientInvite,
        /// The INVITE: CANCEL and the ACK for a refusal are made from it.
        request: Box<Request>,
        /// The ACKs for 2xx responses, by the tag of the dialog: sent again when the 2xx arrives again.
        acks: Vec<SentAck>,
    },
    Other(Client),
}

impl ClientMachine {
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Invite { machine, .. } => machine.poll_timeout(),
            Self::Other(machine) => machine.poll_timeout(),
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Due {
        match self {
            Self::Invite { machine, .. } => machine.handle_timeout(now),
            Self::Other(machine) => machine.handle_timeout(now),
        }
    }
}

/// A request that may be challenged, and how often it was.
#[derive(Debug)]
pub(crate) struct Again {
    pub(crate) request: Request,
    pub(crate) attempt: Attempt,
}

/// An ACK for a 2xx, which is no transaction of its own.
#[derive(Debug)]
pub(crate) struct SentAck {
    pub(crate) remote_tag: Option<Text>,
    pub(crate) flow: Flow,
    pub(crate) bytes: Bytes,
}

/// The branch of a request of ours. A CANCEL has that of its INVITE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Branch {
    pub(crate) token: Token,
    pub(crate) is_cancel: bool,
}

/// What a client transaction belongs to, which is told what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A call, and what the request is for.
    Call(Call, Purpose),
    /// A registration.
    Registration(RegistrationId),
}

/// What came of a request of ours.
#[derive(Debug)]
pub(crate) enum Outcome {
    Response(Response),
    TimedOut,
    TransportFailed,
}

impl Outcome {
    /// A request that got no response counts as one that got 408 (RFC 3261 section 8.1.3.1).
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Response(response) => response.status,
            Self::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::TransportFailed => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// What a request within a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The INVITE that begins the call.
    Invite,
    /// An INVITE within the dialog, with an offer.
    ReInvite(OfferId),
    /// An UPDATE with an offer.
    Update(OfferId),
    /// A PRACK; with an offer of its own or none.
    Prack(Option<OfferId>),
    /// An INFO.
    Info,
    /// An UPDATE without an offer, which refreshes the session (RFC 4028).
    Refresh,
    /// A REFER.
    Refer,
    /// A NOTIFY of what came of a REFER.
    Notify,
    /// The BYE.
    Bye,
}

/// The server transactions.
#[derive(Debug)]
pub(crate) struct Servers {
    transactions: Arena<ServerTransaction>,
    by_key: RandomKeyMap<Fingerprint, ServerId>,
    by_merge: RandomKeyMap<Fingerprint, ServerId>,
}

impl Servers {
    pub(crate) fn new() -> Self {
        Self {
            transactions: Arena::new(),
            by_key: RandomKeyMap::default(),
            by_merge: RandomKeyMap::default(),
        }
    }

    pub(crate) fn insert(&mut self, transaction: ServerTransaction) -> ServerId {
        let (key, merge) = (transaction.key, transaction.merge);
        let id = ServerId(self.transactions.insert(transaction));
        self.by_key.insert(key, id);
        if let Some(merge) = merge {
            self.by_merge.insert(merge, id);
        }
        id
    }

    pub(crate) fn remove(&mut self, id: ServerId) -> Option<ServerTransaction> {
        let transaction = self.transactions.remove(id.0)?;
        self.by_key.remove(&transaction.key);
        if let Some(merge) = transaction.merge {
            self.by_merge.remove(&merge);
        }
        Some(transaction)
    }

    pub(crate) fn find(&self, key: Fingerprint) -> Option<ServerId> {
        self.by_key.get(&key).copied()
    }

    /// Whether an INVITE with the same Call-ID, From tag and CSeq is being served.
    pub(crate) fn is_merged(&self, merge: Fingerprint) -> bool {
        self.by_merge.contains_key(&merge)
    }

    pub(crate) fn at(&self, id: ServerId) -> Option<&ServerTransaction> {
        self.transactions.get(id.0)
    }

    pub(crate) fn at_mut(&mut self, id: ServerId) -> Option<&mut ServerTransaction> {
        self.transactions.get_mut(id.0)
    }

    pub(crate) fn len(&self) -> usize {
        self.transactions.len()
    }
}

/// The client transactions.
#[derive(Debug)]
pub(crate) struct Clients {
    transactions: Arena<ClientTransaction>,
    by_branch: RandomKeyMap<Branch, ClientId>,
}

impl Clients {
    pub(crate) fn new() -> Self {
        Self { transactions: Arena::new(), by_branch: RandomKeyMap::default() }
    }

    pub(crate) fn insert(&mut self, transaction: ClientTransaction) -> ClientId {
        let branch = transaction.branch;
        let id = ClientId(self.transactions.insert(transaction));
        self.by_branch.insert(branch, id);
        id
    }

    pub(crate) fn remove(&mut self, id: ClientId) -> Option<ClientTransaction> {
        let transaction = self.transactions.remove(id.0)?;
        self.by_branch.remove(&transaction.branch);
        Some(transaction)
    }

    pub(crate) fn find(&self, branch: Branch) -> Option<ClientId> {
        self.by_branch.get(&branch).copied()
    }

    pub(crate) fn at(&self, id: ClientId) -> Option<&ClientTransaction> {
        self.transactions.get(id.0)
    }

    pub(crate) fn at_mut(&mut self, id: ClientId) -> Option<&mut ClientTransaction> {
        self.transactions.get_mut(id.0)
    }

    pub(crate) fn len(&self) -> usize {
        self.transactions.len()
    }
}
