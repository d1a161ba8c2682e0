//! Outbound calls: `call()`, `start_call()`, `wait_for_answer()` (CALL-1 to CALL-22).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use offhook_media::CodecList;
use offhook_sip::auth::Credentials;
use offhook_sip::sdp::SessionDescription;
use offhook_sip::{Flow, Headers, Host, NameAddr, Outgoing, StatusCode, Text, Uri};

use super::incoming::address;
use super::session::NoMedia;
use super::{Channel, Context, Control, Ending, LoadId, header_lines};
use crate::arguments::Arguments;
use crate::channels::ChannelRef;
use crate::command::{Ticket, Until};
use crate::destination::Destination;
use crate::details::Direction;
use crate::dial::{Dial, DialError, DialReply, LiveSpeakerDetection, WaitForAnswerError, WaitReply};
use crate::error::{Fault, MakesNoCalls, Operation, WrongState};
use crate::seconds;
use crate::shared::Identity;
use crate::state::State;
use crate::trunk::CheckedTrunk;

/// A `call()` that has not returned.
pub(super) struct DialControl {
    pub(super) ticket: Ticket,
    pub(super) reply: DialReply,
    /// When the call is abandoned (CALL-4).
    pub(super) deadline: Option<Instant>,
}

/// A `wait_for_answer()` that has not returned.
pub(super) struct WaitControl {
    pub(super) ticket: Ticket,
    reply: WaitReply,
    pub(super) deadline: Option<Instant>,
}

/// What only a call of ours has.
pub(super) struct Calling {
    target: Uri,
    from: Caller,
    trunk: Option<Arc<CheckedTrunk>>,
    /// How it is to be found out who answers (CALL-8).
    detection: Option<(LiveSpeakerDetection, Duration)>,
    /// The lookup that the INVITE waits for.
    lookup: Option<LoadId>,
    /// The far end's newest description, until the response that brought it is looked at.
    answer: Option<SessionDescription>,
}

/// A host name to be resolved off the shard; the result comes back to [`Channel::resolved`].
pub(crate) struct Lookup {
    pub(crate) channel: ChannelRef,
    pub(crate) id: LoadId,
    pub(crate) name: String,
    pub(crate) port: u16,
}

/// Who calls.
enum Caller {
    /// A whole address.
    Address(Box<Uri>),
    /// A number or user name at the trunk's domain, or at our own address.
    User(String),
}

/// Where an INVITE goes.
enum Hop {
    Address(SocketAddr),
    Name(String, u16),
}

/// A call whose arguments were checked.
pub(super) struct Plan {
    target: Uri,
    from: Caller,
    from_text: String,
    trunk: Option<Arc<CheckedTrunk>>,
    codecs: Option<CodecList>,
    limit: Option<Duration>,
    detection: Option<(LiveSpeakerDetection, Duration)>,
    /// `None`: there is no way to the destination (CALL-21).
    hop: Option<Hop>,
}

impl Calling {
    /// The description that puts early media in force, unless the trunk's is ignored (CALL-10).
    fn early_answer(&mut self) -> Option<SessionDescription> {
        let ignored = self.trunk.as_ref().is_some_and(|trunk| trunk.trunk.ignore_early_sdp);
        if ignored { None } else { self.answer.take() }
    }
}

impl DialControl {
    /// The call is answered, or has cleared.
    pub(super) fn end(self, state: State) {
        let _ = self.reply.send(Ok(state));
    }
}

impl WaitControl {
    /// The call is answered, has cleared, or the time is over.
    pub(super) fn end(self, state: State) {
        let _ = self.reply.send(Ok(state));
    }
}

impl Channel {
    pub(super) fn begin_dial(
        &mut self,
        cx: &mut Context<'_>,
        ticket: Ticket,
        operation: Operation,
        dial: &Dial,
        until: Until,
        reply: DialReply,
    ) {
        if let Some(room) = dial.to.strip_prefix("con:") {
            return self.begin_room_dial(
                cx,
                operation,
                room,
                until,
                DialControl {
                    ticket,
                    reply,
                    deadline: dial.seconds_timeout.and_then(seconds::duration).map(|limit| cx.now + limit),
                },
            );
        }
        let plan = match self.plan_dial(cx, operation, dial) {
            Ok(plan) => plan,
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        let limit = plan.limit;
        let started = match until {
            Until::Started => Some(reply),
            Until::Finished => {
                let deadline = limit.map(|limit| cx.now + limit);
                self.control = Some(Control::Dial(DialControl { ticket, reply, deadline }));
                None
            }
        };
        self.place(cx, operation, plan);
        if let Some(reply) = started {
            let _ = reply.send(Ok(self.state()));
        }
    }

    /// Begins a call whose arguments were checked; who waits for it is in place already.
    pub(super) fn place(&mut self, cx: &mut Context<'_>, operation: Operation, plan: Plan) {
        let Plan { target, from, from_text, trunk, codecs, detection, hop, .. } = plan;
        let to = address(&target);
        let identity = Identity {
            call_id: format!("{:016x}", cx.random.next_u64()).into(),
            from: from_text.into(),
            to: to.clone(),
            target: to,
            start: SystemTime::now(),
            ..Identity::none(cx.now)
        };
        self.begin_call(cx, identity, operation.name());
        self.codecs = codecs;
        let calling = Calling { target, from, trunk, detection, lookup: None, answer: None };
        self.calling = Some(Box::new(calling));
        match hop {
            Some(Hop::Address(remote)) => self.invite(cx, remote),
            Some(Hop::Name(name, port)) => {
                let id = self.next_load(cx);
                if let Some(calling) = &mut self.calling {
                    calling.lookup = Some(id);
                }
                cx.lookups.push(Lookup { channel: self.id, id, name, port });
            }
            None => self.become_idle(cx, &Ending::NO_ROUTE, StatusCode::NOT_FOUND.code(), None),
        }
    }

    pub(super) fn begin_wait_for_answer(
        &mut self,
        cx: &Context<'_>,
        ticket: Ticket,
        seconds_timeout: Option<f64>,
        reply: WaitReply,
    ) {
        match self.plan_wait(seconds_timeout) {
            Ok(limit) if self.is_calling() || self.speaker.is_awaited() => {
                let deadline = limit.map(|limit| cx.now + limit);
                self.control = Some(Control::Wait(WaitControl { ticket, reply, deadline }));
            }
            outcome => {
                let _ = reply.send(outcome.map(|_| self.state()));
            }
        }
    }

    /// The addresses of a host that is called, or the reason why there are none.
    pub(crate) fn resolved(&mut self, cx: &mut Context<'_>, id: LoadId, result: io::Result<Vec<SocketAddr>>) {
        let is_calling = self.is_calling();
        let waits = |calling: &&mut Box<Calling>| is_calling && calling.lookup == Some(id);
        let Some(calling) = self.calling.as_mut().filter(waits) else { return };
        calling.lookup = None;
        let reachable = |remote: &SocketAddr| socket_for(cx, *remote).is_some();
        match result {
            Ok(found) => match found.into_iter().find(reachable) {
                Some(remote) => self.invite(cx, remote),
                None => self.unreachable(cx, "the host has no address of an IP version that is served"),
            },
            Err(error) => {
                tracing::info!(call_id = %self.identity.call_id, %error, "the host cannot be resolved");
                self.unreachable(cx, "no DNS answer");
            }
        }
    }

    /// A provisional response other than 100 came (CALL-9, CALL-10).
    pub(crate) fn progressed(&mut self, cx: &mut Context<'_>, status: StatusCode) {
        if !self.is_calling() {
            return;
        }
        let answer = self.calling.as_mut().and_then(|calling| calling.early_answer());
        if let Some(answer) = answer
            && self.take_answer(cx, &answer)
        {
            self.shared.publish(|published| published.early_media = true);
        }
        if matches!(status, StatusCode::RINGING | StatusCode::SESSION_PROGRESS) {
            let reason = if status == StatusCode::RINGING { "180" } else { "183" };
            self.set_state(cx, State::RingOutgoing, reason);
        }
    }

    /// A 2xx came: the call is answered (CALL-11).
    pub(crate) fn call_answered(&mut self, cx: &mut Context<'_>) {
        if !self.is_calling() {
            return;
        }
        let answer = self.calling.as_mut().and_then(|calling| calling.answer.take());
        let usable = answer.is_none_or(|answer| self.take_answer(cx, &answer));
        if !usable || !self.session.is_open() {
            self.release(cx, Headers::default(), Ending::error("no usable answer to our offer"));
            return;
        }
        let detection = self.calling.as_mut().and_then(|calling| calling.detection.take());
        if let Some((detection, limit)) = detection {
            self.detect_speaker(cx, detection, limit);
        }
        self.become_answered(cx, "2xx");
    }

    /// The description of a response to our INVITE; the response itself comes next.
    pub(super) fn keep_answer(&mut self, answer: &SessionDescription) {
        if let Some(calling) = &mut self.calling {
            calling.answer = Some(answer.clone());
        }
    }

    /// Whether our INVITE has no final response.
    pub(super) fn is_calling(&self) -> bool {
        matches!(self.state(), State::CallOutgoing | State::RingOutgoing)
    }

    /// Ends a call of ours before its answer. The SIP side goes on without the channel: CANCEL as soon as it
    /// is allowed, and ACK and BYE if the answer crosses it (CALL-4, HUP-7).
    pub(super) fn abandon(&mut self, cx: &mut Context<'_>, ending: &Ending) {
        if let Some(call) = self.sip.take()
            && let Err(error) = cx.endpoint.hang_up(cx.now, call, Headers::default())
        {
            // The far end was faster.
            tracing::debug!(call_id = %self.identity.call_id, %error, "no CANCEL was sent");
        }
        self.become_idle(cx, ending, StatusCode::REQUEST_TERMINATED.code(), None);
    }

    /// Checks everything before anything is sent (CALL-2, CALL-5, CALL-6, CALL-8, CALL-20).
    pub(super) fn plan_dial(
        &self,
        cx: &Context<'_>,
        operation: Operation,
        dial: &Dial,
    ) -> Result<Plan, DialError> {
        let state = self.state();
        if self.shared.direction == Direction::Inbound {
            return Err(DialError::MakesNoCalls(MakesNoCalls { operation, state }));
        }
        if let Some(busy) = self.busy(operation) {
            return Err(DialError::Busy(busy));
        }
        let allowed = DialError::ALLOWED;
        if !allowed.contains(&state) {
            return Err(DialError::WrongState(WrongState { operation, state, allowed }));
        }
        if !self.instance_running {
            let reason = "the instance of this channel has ended";
            return Err(DialError::Fault(Fault { operation, state, reason }));
        }
        let arguments = Arguments { operation, state };
        let argument = |name, value: String, accepted: String| {
            DialError::Argument(arguments.refuse(name, value, accepted))
        };
        let limit = dial.seconds_timeout.filter(|_| operation == Operation::Call);
        let limit = arguments.limit("seconds_timeout", limit).map_err(DialError::Argument)?;
        let codecs = arguments.codecs(dial.codecs.as_deref()).map_err(DialError::Argument)?;
        if dial.live_speaker.is_some() && !DETECTION_MS.contains(&dial.lsd_timeout_ms) {
            let accepted = format!("{} to {} milliseconds", DETECTION_MS.start(), DETECTION_MS.end());
            return Err(argument("lsd_timeout_milliseconds", dial.lsd_timeout_ms.to_string(), accepted));
        }
        let destination = Destination::parse(&dial.to)
            .map_err(|error| argument("call_to", format!("{:?}", dial.to), error.accepted()))?;
        let is_number = matches!(destination, Destination::Number(_));
        let (target, trunk, hop) = route(cx, destination);

        let identity = trunk.as_ref().and_then(|trunk| trunk.trunk.identity.clone());
        let given = Some(&dial.from).filter(|from| !from.is_empty()).cloned().or(identity);
        if given.is_none() && is_number {
            let accepted = "a number or SIP address, since the destination is a number and no trunk of it has an \
                            identity";
            return Err(argument("call_from", format!("{:?}", dial.from), accepted.to_owned()));
        }
        let from_text = given.unwrap_or_default();
        let from = caller(&from_text).ok_or_else(|| {
            argument(
                "call_from",
                format!("{from_text:?}"),
                "a number, a user name or a SIP address".to_owned(),
            )
        })?;
        let codecs = codecs.or_else(|| trunk.as_ref()?.codecs.clone());
        let detection_limit = Duration::from_millis(dial.lsd_timeout_ms.into());
        let detection = dial.live_speaker.map(|detection| (detection, detection_limit));
        Ok(Plan { target, from, from_text, trunk, codecs, limit, detection, hop })
    }

    fn plan_wait(&self, seconds_timeout: Option<f64>) -> Result<Option<Duration>, WaitForAnswerError> {
        let (operation, state) = (Operation::WaitForAnswer, self.state());
        if self.shared.direction == Direction::Inbound {
            return Err(WaitForAnswerError::MakesNoCalls(MakesNoCalls { operation, state }));
        }
        if let Some(busy) = self.busy(operation) {
            return Err(WaitForAnswerError::Busy(busy));
        }
        let allowed = WaitForAnswerError::ALLOWED;
        if !allowed.contains(&state) {
            return Err(WaitForAnswerError::WrongState(WrongState { operation, state, allowed }));
        }
        let arguments = Arguments { operation, state };
        arguments.limit("seconds_timeout", seconds_timeout).map_err(WaitForAnswerError::Argument)
    }

    /// Sends the INVITE with our offer.
    fn invite(&mut self, cx: &mut Context<'_>, remote: SocketAddr) {
        let Some(local) = socket_for(cx, remote) else {
            return self.unreachable(cx, "no socket serves this IP version");
        };
        self.local_ip = local.ip();
        let identity = Identity { remote: Some(remote), ..self.identity.as_ref().clone() };
        self.identity = Arc::new(identity);
        self.shared.publish(|published| published.identity = self.identity.clone());

        let codecs = self.codec_list(cx).clone();
        let proposal = match self.propose(cx, &codecs) {
            Ok(proposal) => proposal,
            Err(NoMedia::Port(error)) => {
                tracing::error!(call_id = %self.identity.call_id, %error, "no RTP port could be had");
                return self.become_idle(cx, &Ending::NO_PORT, 503, None);
            }
            // There is no offer yet that one could disagree with.
            Err(NoMedia::Agreement(_)) => return self.become_idle(cx, &Ending::error("no offer"), 500, None),
        };
        let Some(calling) = &self.calling else { return };
        let from = match &calling.from {
            Caller::Address(uri) => uri.as_ref().clone(),
            Caller::User(user) => match &calling.trunk {
                Some(trunk) => Uri::sip(Some(user), trunk.domain.clone(), None),
                None => Uri::from_address(Some(user), local),
            },
        };
        let to = NameAddr::new(calling.target.clone());
        let mut outgoing =
            Outgoing::new(Flow::udp(local, remote), calling.target.clone(), NameAddr::new(from), to);
        outgoing.call_id = Some(cx.call_id());
        outgoing.sdp = Some(proposal.description().clone());
        outgoing.headers = header_lines(&self.shared.headers_to_send.lock());
        let credentials = calling.trunk.as_ref().and_then(|trunk| trunk.trunk.credentials.as_ref());
        outgoing.credentials =
            credentials.map(|credentials| Credentials::new(&*credentials.user, &*credentials.password));
        self.session = proposal.into_session(false);
        match cx.endpoint.invite(cx.now, outgoing) {
            Ok(call) => {
                self.sip = Some(call);
                cx.calls.insert(call, self.id);
                tracing::info!(
                    call_id = %self.identity.call_id,
                    from = %self.identity.from,
                    to = %self.identity.to,
                    %remote,
                    "outgoing call"
                );
            }
            Err(error) => {
                tracing::error!(call_id = %self.identity.call_id, %error, "no INVITE was sent");
                self.become_idle(cx, &Ending::NO_ROOM, 503, None);
            }
        }
    }

    fn unreachable(&mut self, cx: &mut Context<'_>, reason: &'static str) {
        self.become_idle(cx, &Ending::unreachable(reason), StatusCode::SERVICE_UNAVAILABLE.code(), None);
    }
}

/// The Request-URI, the trunk and the way of a call (CALL-19).
fn route(cx: &Context<'_>, destination: Destination) -> (Uri, Option<Arc<CheckedTrunk>>, Option<Hop>) {
    let through = |trunk: &CheckedTrunk| hop(&trunk.host, trunk.port);
    match destination {
        Destination::Number(number) => {
            let covering =
                cx.settings.trunks.iter().filter_map(|trunk| Some((trunk.covers(&number)?, trunk)));
            // Of equally long prefixes the first trunk counts.
            let best = covering.reduce(|best, next| if next.0 > best.0 { next } else { best });
            match best {
                Some((_, trunk)) => {
                    let port = trunk.port.filter(|_| trunk.trunk.domain.is_none());
                    let target = Uri::sip(Some(&number), trunk.domain.clone(), port);
                    (target, Some(trunk.clone()), Some(through(trunk)))
                }
                None => (Uri::from_address(Some(&number), own_address(cx)), None, None),
            }
        }
        Destination::Sip(uri) => {
            let trunk = cx.settings.trunks.iter().find(|trunk| trunk.owns(&uri)).cloned();
            let hop = match &trunk {
                Some(trunk) => through(trunk),
                None => hop(&uri.host, uri.port),
            };
            (*uri, trunk, Some(hop))
        }
        Destination::Service(name) => {
            let own = own_address(cx);
            (Uri::from_address(Some(&name), own), None, Some(Hop::Address(own)))
        }
    }
}

fn hop(host: &Host, port: Option<u16>) -> Hop {
    let port = port.unwrap_or(5060);
    match host {
        Host::Ip(ip) => Hop::Address(SocketAddr::new(*ip, port)),
        Host::Name(name) => Hop::Name(name.to_string(), port),
    }
}

/// The address at which this server reaches itself.
fn own_address(cx: &Context<'_>) -> SocketAddr {
    // A server is started with one socket at least.
    let bound =
        cx.sockets.first().map_or(SocketAddr::from(([0, 0, 0, 0], 5060)), |socket| socket.local_addr());
    match bound.ip() {
        ip if !ip.is_unspecified() => bound,
        IpAddr::V4(_) => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), bound.port()),
        IpAddr::V6(_) => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), bound.port()),
    }
}

/// The address of ours from which a far end is reached.
fn socket_for(cx: &Context<'_>, remote: SocketAddr) -> Option<SocketAddr> {
    let mut sockets = cx.sockets.iter();
    let socket = sockets.find(|socket| socket.local_addr().is_ipv4() == remote.is_ipv4())?;
    Some(socket.local_for(remote))
}

/// Reads `call_from`: a whole SIP address, or a number or user name. Empty stands for this server.
fn caller(text: &str) -> Option<Caller> {
    if text.is_empty() {
        return Some(Caller::User("offhook".to_owned()));
    }
    let uri = |text: String| Uri::parse(&Text::from(text)).ok().filter(Uri::is_sip);
    if text.starts_with("sip:") {
        return uri(text.to_owned()).map(|uri| Caller::Address(Box::new(uri)));
    }
    if text.contains('@') {
        return uri(format!("sip:{text}")).map(|uri| Caller::Address(Box::new(uri)));
    }
    let user = text.strip_prefix("tel:").unwrap_or(text);
    let printable =
        !user.is_empty() && !user.chars().any(|character| character.is_control() || character == ' ');
    printable.then(|| Caller::User(user.to_owned()))
}

/// How long live speaker detection may take (LSD-5).
const DETECTION_MS: std::ops::RangeInclusive<u32> = 500..=10_000;
