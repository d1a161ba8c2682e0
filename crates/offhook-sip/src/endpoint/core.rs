//! What every part of an endpoint works with: settings, timers, transactions, and what leaves.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::config::EndpointConfig;
use super::event::{Call, Event};
use super::flow::{Flow, Transmit};
use super::received::Received;
use crate::auth::Attempt;
use crate::dialog::Dialog;
use crate::header::{HeaderName, Headers, NameAddr, RetryAfter};
use crate::message::{Method, Request, Response, StatusCode};
use crate::random::{Fingerprinter, Random, Token};
use crate::registration::RegistrationId;
use crate::text::Text;
use crate::timer::TimerQueue;
use crate::transaction::{
    Again, Branch, Client, ClientId, ClientInvite, ClientMachine, ClientTransaction, Clients, Owner, Server,
    ServerId, ServerInvite, ServerMachine, ServerTransaction, Servers,
};

/// The parts of an endpoint that are not calls.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) config: EndpointConfig,
    pub(crate) random: Random,
    pub(crate) fingerprints: Fingerprinter,
    pub(crate) timers: TimerQueue<Wake>,
    pub(crate) servers: Servers,
    pub(crate) clients: Clients,
    pub(crate) outbox: VecDeque<Transmit>,
    pub(crate) events: VecDeque<Event>,
    /// Calls that are over and only take up crossing requests.
    pub(crate) calls_over: usize,
    /// The value of `Supported`.
    supported: Text,
    has_session_timers: bool,
    /// The newest value of `Contact` and the flow that it is for: nearly always the same one.
    contact: Option<(Flow, Text)>,
}

/// Whom a timer wakes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wake {
    Server(ServerId),
    Client(ClientId),
    Call(Call),
    Registration(RegistrationId),
}

/// The value of `Allow`.
pub(crate) const ALLOW: Text =
    Text::from_static("INVITE, ACK, CANCEL, OPTIONS, BYE, PRACK, UPDATE, INFO, REFER, NOTIFY");
/// The value of `Accept`.
pub(crate) const ACCEPT: Text = Text::from_static("application/sdp");
/// How long an INVITE may go without any response (RFC 3261 section 17.2.1).
const TRYING_AFTER: Duration = Duration::from_millis(200);
/// What begins every branch (RFC 3261 section 8.1.1.7).
const MAGIC_COOKIE: &str = "z9hG4bK";

impl Core {
    pub(crate) fn new(config: EndpointConfig, seed: u64) -> Self {
        let supported = config.supported.iter().map(Text::as_str).collect::<Vec<_>>().join(", ");
        let has_session_timers = config.supported.iter().any(|tag| tag.eq_ignore_ascii_case("timer"));
        Self {
            config,
            random: Random::new(seed),
            fingerprints: Fingerprinter::new(seed),
            timers: TimerQueue::new(),
            servers: Servers::new(),
            clients: Clients::new(),
            outbox: VecDeque::new(),
            events: VecDeque::new(),
            calls_over: 0,
            supported: Text::from(supported),
            has_session_timers,
            contact: None,
        }
    }

    pub(crate) fn transmit(&mut self, flow: Flow, bytes: Bytes) {
        self.outbox.push_back(Transmit { flow, bytes });
    }

    pub(crate) fn emit(&mut self, event: Event) {
        self.events.push_back(event);
    }

    pub(crate) fn transactions(&self) -> usize {
        self.servers.len() + self.clients.len()
    }

    // ---- settings

    /// Whether calls have session timers (RFC 4028).
    pub(crate) fn has_session_timers(&self) -> bool {
        self.has_session_timers
    }

    /// The session interval that we propose, in seconds.
    pub(crate) fn session_interval(&self) -> u32 {
        let seconds = self.config.session_timers.interval.as_secs();
        u32::try_from(seconds).unwrap_or(u32::MAX).max(self.least_interval())
    }

    /// The shortest session interval that we accept, in seconds.
    pub(crate) fn least_interval(&self) -> u32 {
        u32::try_from(self.config.session_timers.least.as_secs()).unwrap_or(u32::MAX).max(1)
    }

    // ---- responses

    /// Begins the server transaction of a request.
    pub(crate) fn serve(&mut self, received: &Received, call: Option<Call>) -> ServerId {
        let reliable = received.reply.protocol.is_reliable();
        let is_invite = received.request.method == Method::Invite;
        let merge = (is_invite && received.to_tag.is_none()).then(|| received.merge_key(self));
        let machine = if is_invite {
            ServerMachine::Invite(ServerInvite::new(reliable))
        } else {
            ServerMachine::Other(Server::new(reliable))
        };
        self.servers.insert(ServerTransaction {
            key: received.key,
            merge,
            reply: received.reply,
            call,
            machine,
            timer: None,
        })
    }

    /// A response to `request`, whose `To` is well formed, with this tag in it unless one is there already.
    pub(crate) fn response(&self, request: &Request, status: StatusCode, tag: Token) -> Response {
        let mut response = self.untagged_response(request, status);
        let is_untagged =
            || request.headers.get(&HeaderName::To).is_some_and(|to| NameAddr::tag_of(to).is_none());
        if status != StatusCode::TRYING && is_untagged() {
            let to = crate::dialog::with_tag(&request.headers, &HeaderName::To, tag);
            response.headers.set(HeaderName::To, to);
        }
        response
    }

    /// A response to `request` with its `To` as it came.
    pub(crate) fn untagged_response(&self, request: &Request, status: StatusCode) -> Response {
        let mut response = Response::for_request(request, status);
        if !self.config.server.is_empty() {
            response.headers.push(HeaderName::Server, self.config.server.clone());
        }
        response
    }

    /// Sends a response within its transaction and hands out its wire form.
    pub(crate) fn respond(&mut self, now: Instant, id: ServerId, response: &Response) -> Option<Bytes> {
        let transaction = self.servers.at_mut(id)?;
        let bytes = response.to_bytes();
        let timers = &self.config.timers;
        match &mut transaction.machine {
            ServerMachine::Invite(machine) if response.status.is_provisional() => {
                machine.provisional(bytes.clone())
            }
            ServerMachine::Invite(machine) => {
                machine.finish(now, response.status.is_success(), bytes.clone(), timers);
            }
            ServerMachine::Other(machine) => machine.finish(now, bytes.clone(), timers),
        }
        let flow = transaction.reply;
        self.transmit(flow, bytes.clone());
        self.arrange_server(id);
        Some(bytes)
    }

    /// Has 100 Trying sent for a re-INVITE that is not answered at once (RFC 3261 section 17.2.1).
    pub(crate) fn delay_trying(&mut self, now: Instant, id: ServerId, trying: Bytes) {
        if let Some(ServerTransaction { machine: ServerMachine::Invite(machine), .. }) =
            self.servers.at_mut(id)
        {
            machine.delay_trying(now + TRYING_AFTER, trying);
        }
        self.arrange_server(id);
    }

    pub(crate) fn arrange_server(&mut self, id: ServerId) {
        if let Some(transaction) = self.servers.at_mut(id) {
            let at = transaction.machine.poll_timeout();
            self.timers.arrange(&mut transaction.timer, at, Wake::Server(id));
        }
    }

    pub(crate) fn end_server(&mut self, id: ServerId) {
        if let Some(timer) = self.servers.remove(id).and_then(|transaction| transaction.timer) {
            self.timers.stop(timer);
        }
    }

    // ---- requests

    /// A new branch and the Via that carries it.
    pub(crate) fn via(&mut self, flow: Flow) -> (Token, Text) {
        let token = self.random.token();
        (token, self.via_of(flow, token))
    }

    pub(crate) fn via_of(&self, flow: Flow, token: Token) -> Text {
        let (protocol, address) = (flow.protocol.via_name(), self.config.advertised.unwrap_or(flow.local));
        Text::from(format!("SIP/2.0/{protocol} {address};rport;branch={MAGIC_COOKIE}{token}"))
    }

    /// A request within a dialog, and the branch that it has.
    pub(crate) fn request_within(&mut self, dialog: &mut Dialog, method: Method) -> (Request, Token) {
        let (token, via) = self.via(dialog.next_hop());
        let mut request = dialog.request(method, via);
        self.add_user_agent(&mut request.headers);
        (request, token)
    }

    /// Sends a request and begins its transaction.
    pub(crate) fn send(
        &mut self,
        now: Instant,
        flow: Flow,
        request: Request,
        token: Token,
        owner: Option<Owner>,
    ) -> ClientId {
        let bytes = request.to_bytes();
        let (timers, reliable) = (&self.config.timers, flow.protocol.is_reliable());
        let branch = Branch { token, is_cancel: request.method == Method::Cancel };
        let machine = if request.method == Method::Invite {
            let machine = ClientInvite::new(now, bytes.clone(), timers, reliable);
            ClientMachine::Invite { machine, request: Box::new(request), acks: Vec::new() }
        } else {
            ClientMachine::Other(Client::new(now, bytes.clone(), timers, reliable))
        };
        let id =
            self.clients.insert(ClientTransaction { branch, flow, owner, machine, again: None, timer: None });
        self.transmit(flow, bytes);
        self.arrange_client(id);
        id
    }

    /// Sends a request like [`send`](Self::send) and keeps it, so that a challenge can be answered.
    pub(crate) fn send_challengeable(
        &mut self,
        now: Instant,
        flow: Flow,
        request: Request,
        token: Token,
        owner: Option<Owner>,
        attempt: Attempt,
    ) -> ClientId {
        let again = Box::new(Again { request: request.clone(), attempt });
        let id = self.send(now, flow, request, token, owner);
        if let Some(transaction) = self.clients.at_mut(id) {
            transaction.again = Some(again);
        }
        id
    }

    pub(crate) fn arrange_client(&mut self, id: ClientId) {
        if let Some(transaction) = self.clients.at_mut(id) {
            let at = transaction.machine.poll_timeout();
            self.timers.arrange(&mut transaction.timer, at, Wake::Client(id));
        }
    }

    /// Has the transaction of a re-INVITE end in 64*T1 at the latest: its dialog is over, and provisional
    /// responses alone would keep it for ever.
    pub(crate) fn abandon_invite(&mut self, now: Instant, id: ClientId) {
        let timers = &self.config.timers;
        if let Some(ClientTransaction { machine: ClientMachine::Invite { machine, .. }, .. }) =
            self.clients.at_mut(id)
        {
            machine.cancelled(now, timers);
        }
        self.arrange_client(id);
    }

    pub(crate) fn end_client(&mut self, id: ClientId) -> Option<ClientTransaction> {
        let mut transaction = self.clients.remove(id)?;
        if let Some(timer) = transaction.timer.take() {
            self.timers.stop(timer);
        }
        Some(transaction)
    }

    // ---- header fields

    /// `Contact` as seen from the peer of `flow`.
    pub(crate) fn contact(&mut self, flow: Flow) -> Text {
        match &self.contact {
            Some((known, contact)) if known.local == flow.local && known.protocol == flow.protocol => {
                contact.clone()
            }
            _ => {
                let address = self.config.advertised.unwrap_or(flow.local);
                let transport = if flow.protocol.is_reliable() {
                    format!(";transport={}", flow.protocol.via_name().to_ascii_lowercase())
                } else {
                    String::new()
                };
                let contact = Text::from(format!("<sip:{address}{transport}>"));
                self.contact = Some((flow, contact.clone()));
                contact
            }
        }
    }

    pub(crate) fn add_allow(&self, headers: &mut Headers) {
        headers.push(HeaderName::Allow, ALLOW);
    }

    pub(crate) fn add_supported(&self, headers: &mut Headers) {
        if !self.supported.is_empty() {
            headers.push(HeaderName::Supported, self.supported.clone());
        }
    }

    pub(crate) fn add_user_agent(&self, headers: &mut Headers) {
        if !self.config.server.is_empty() {
            headers.push(HeaderName::UserAgent, self.config.server.clone());
        }
    }

    /// `Retry-After` of a refusal for want of room.
    pub(crate) fn add_retry_after(&self, headers: &mut Headers) {
        let seconds = u32::try_from(self.config.retry_after.as_secs()).unwrap_or(u32::MAX);
        headers.push_typed(&RetryAfter::new(seconds));
    }
}

/// The branch in a Via of ours.
pub(crate) fn branch_token(branch: &str) -> Option<Token> {
    Token::parse(branch.strip_prefix(MAGIC_COOKIE)?)
}
