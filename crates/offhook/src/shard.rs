//! A shard: the task that owns an endpoint, its channels and their calls outright.
//!
//! Everything that happens comes as a message or as a datagram; the logic is plain code in
//! [`crate::call`] and in the endpoint. No lock is held across an await, and nothing of one call
//! waits for another.

mod pairs;

use std::any::Any;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use futures_util::FutureExt;
use offhook_media::{Clip, StreamEvent};
use offhook_net::StreamId;
use offhook_sip::{Endpoint, Event, Flow, HeaderName, Headers, Incoming, StatusCode, Text};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant as TokioInstant, sleep_until};

use crate::admission::{Admission, Ticket};
use crate::app::{AnyApplication, AppErrorKind};
use crate::authentication::{Denied, Doorkeeper};
use crate::call::{Channel, Context, Load, LoadId, Lookup, Post, identity, refusal_response};
use crate::channel::CallChannel;
use crate::channels::{ChannelRef, Channels};
use crate::clip::ClipStore;
use crate::command::{Command, Outcome};
use crate::conference::Rooms;
use crate::network::{MediaEngine, Network, SipSocket, StreamEvents};
use crate::overload::Overload;
use crate::place::Place;
use crate::playable::MediaError;
use crate::random::Random;
use crate::service::InstanceStart;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::trunk::CheckedTrunk;
use crate::trunk_registration::TrunkRegistrations;

/// What a shard needs for its work.
pub(crate) struct ShardParts {
    pub(crate) settings: Arc<Settings>,
    pub(crate) app: Arc<dyn AnyApplication>,
    pub(crate) sockets: Arc<[Arc<dyn SipSocket>]>,
    pub(crate) media: Arc<dyn MediaEngine>,
    pub(crate) clips: ClipStore,
    pub(crate) rooms: Rooms,
    pub(crate) admission: Arc<Admission>,
    pub(crate) network: Arc<dyn Network>,
    pub(crate) place: Place,
    /// Who asks callers for their passwords, where that is done.
    pub(crate) doorkeeper: Option<Doorkeeper>,
    pub(crate) seed: Option<u64>,
}

/// How the server talks to a shard.
pub(crate) struct ShardHandle {
    pub(crate) datagrams: mpsc::Sender<Arrival>,
    pub(crate) orders: mpsc::UnboundedSender<Order>,
    /// Calls that are up.
    pub(crate) live: watch::Receiver<usize>,
}

/// What the server asks of a shard.
#[derive(Debug)]
pub(crate) enum Order {
    /// Take no new calls: 503 with `Retry-After`.
    Drain,
    /// Start an instance of an outbound service (RUN-9).
    Start(Arc<InstanceStart>, Ticket),
    /// Register a trunk that is at these addresses.
    Register(Arc<CheckedTrunk>, Vec<SocketAddr>),
    /// Hang up every call and end the registrations.
    HangUpAll,
    /// Say what is held.
    Count(oneshot::Sender<ShardCounts>),
    /// End.
    Stop,
}

/// What a shard holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ShardCounts {
    /// Channels whose instance, call or media has not ended.
    pub(crate) channels: usize,
    /// Calls that are up.
    pub(crate) live: usize,
    pub(crate) sip: offhook_sip::Counts,
}

/// What was fetched off the shard for a channel.
type Fetched = (ChannelRef, LoadId, Found);

enum Found {
    Clip(Result<Clip, MediaError>),
    Addresses(io::Result<Vec<SocketAddr>>),
}

struct Shard {
    parts: ShardParts,
    endpoint: Endpoint,
    overload: Overload,
    random: Random,
    channels: Channels<Entry>,
    /// The calls that are up, and the channels that carry them or that let them go.
    calls: HashMap<offhook_sip::Call, ChannelRef>,
    /// What channels have told each other, until it is delivered.
    posts: VecDeque<(ChannelRef, Post)>,
    deadlines: BTreeSet<(Instant, ChannelRef)>,
    streams: HashMap<StreamId, ChannelRef>,
    stream_events: StreamEvents,
    commands: mpsc::UnboundedSender<(ChannelRef, Command)>,
    fetched: mpsc::UnboundedSender<Fetched>,
    live_published: watch::Sender<usize>,
    registrations: TrunkRegistrations,
}

struct Entry {
    channel: Channel,
    deadline: Option<Instant>,
}

/// A datagram on its way to its shard.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) flow: Flow,
    pub(crate) bytes: Bytes,
    /// When it was taken from its socket.
    pub(crate) at: Instant,
}

/// What a shard listens to.
struct Inbox {
    datagrams: mpsc::Receiver<Arrival>,
    orders: mpsc::UnboundedReceiver<Order>,
    commands: mpsc::UnboundedReceiver<(ChannelRef, Command)>,
    stream_events: mpsc::UnboundedReceiver<(StreamId, StreamEvent)>,
    fetched: mpsc::UnboundedReceiver<Fetched>,
}

/// One thing that happens to a shard.
enum Input {
    Order(Order),
    Command(ChannelRef, Command),
    Stream(StreamId, StreamEvent),
    Fetched(Fetched),
    Datagram(Arrival),
    /// A deadline is reached.
    Time,
}

impl Inbox {
    async fn next(&mut self) -> Input {
        tokio::select! {
            biased;
            Some(order) = self.orders.recv() => Input::Order(order),
            Some((channel, command)) = self.commands.recv() => Input::Command(channel, command),
            Some((stream, event)) = self.stream_events.recv() => Input::Stream(stream, event),
            Some(fetched) = self.fetched.recv() => Input::Fetched(fetched),
            Some(arrival) = self.datagrams.recv() => Input::Datagram(arrival),
            // Everyone who could say anything is gone.
            else => Input::Order(Order::Stop),
        }
    }

    /// What has come already.
    fn try_next(&mut self) -> Option<Input> {
        let mut order = || self.orders.try_recv().ok().map(Input::Order);
        let command =
            || self.commands.try_recv().ok().map(|(channel, command)| Input::Command(channel, command));
        let stream =
            || self.stream_events.try_recv().ok().map(|(stream, event)| Input::Stream(stream, event));
        let fetched = || self.fetched.try_recv().ok().map(Input::Fetched);
        let datagram = || self.datagrams.try_recv().ok().map(Input::Datagram);
        order().or_else(command).or_else(stream).or_else(fetched).or_else(datagram)
    }
}

/// Starts a shard on the present runtime.
pub(crate) fn start(parts: ShardParts) -> (ShardHandle, tokio::task::JoinHandle<()>) {
    let (datagrams_in, datagrams) = mpsc::channel(parts.settings.config.limits.waiting_datagrams.max(1));
    let (orders_in, orders) = mpsc::unbounded_channel();
    let (commands_in, commands) = mpsc::unbounded_channel();
    let (stream_events_in, stream_events) = mpsc::unbounded_channel();
    let (fetched_in, fetched) = mpsc::unbounded_channel();
    let (live_published, live) = watch::channel(0);
    let mut random = Random::new(parts.seed);
    let shard = Shard {
        endpoint: Endpoint::new(parts.settings.endpoint(), random.next_u64()),
        overload: Overload::new(parts.settings.config.limits.longest_wait),
        parts,
        random,
        channels: Channels::new(),
        calls: HashMap::new(),
        posts: VecDeque::new(),
        deadlines: BTreeSet::new(),
        streams: HashMap::new(),
        stream_events: stream_events_in,
        commands: commands_in,
        fetched: fetched_in,
        live_published,
        registrations: TrunkRegistrations::default(),
    };
    let inbox = Inbox { datagrams, orders, commands, stream_events, fetched };
    let task = tokio::spawn(shard.run(inbox));
    (ShardHandle { datagrams: datagrams_in, orders: orders_in, live }, task)
}

impl Shard {
    async fn run(mut self, mut inbox: Inbox) {
        let timer = sleep_until(TokioInstant::now());
        tokio::pin!(timer);
        loop {
            let deadline = self.poll_timeout();
            if let Some(deadline) = deadline {
                let deadline = TokioInstant::from_std(deadline);
                if timer.deadline() != deadline {
                    timer.as_mut().reset(deadline);
                }
            }
            // A fixed order makes runs of the simulator repeatable.
            let input = tokio::select! {
                biased;
                input = inbox.next() => input,
                () = &mut timer, if deadline.is_some() => Input::Time,
            };
            if !self.take(now(), input) {
                return;
            }
            // What has come meanwhile is taken at the same waking, up to a limit that lets the
            // runtime's other tasks have their turn.
            for _ in 0..INPUTS_AT_ONCE {
                let Some(input) = inbox.try_next() else { break };
                if !self.take(now(), input) {
                    return;
                }
            }
        }
    }

    /// Takes one input with everything that follows from it; `false` ends the shard.
    fn take(&mut self, now: Instant, input: Input) -> bool {
        match input {
            Input::Order(order) => {
                if !self.order(now, order) {
                    return false;
                }
            }
            Input::Command(channel, command) => self.command(now, channel, command),
            Input::Stream(stream, event) => self.stream_event(now, stream, event),
            Input::Fetched((channel, id, found)) => {
                self.with_channel(now, channel, |channel, cx| match found {
                    Found::Clip(clip) => channel.loaded(cx, id, clip),
                    Found::Addresses(addresses) => channel.resolved(cx, id, addresses),
                });
            }
            Input::Datagram(arrival) => self.datagram(now, arrival),
            Input::Time => {}
        }
        self.settle(now);
        true
    }

    /// Takes a datagram, after a look at how long it has waited.
    fn datagram(&mut self, now: Instant, arrival: Arrival) {
        let wait = now.saturating_duration_since(arrival.at);
        if let Some(overloaded) = self.overload.waited(wait) {
            match overloaded {
                true => tracing::warn!(
                    ?wait,
                    "more comes than this server can do: new calls are refused with 503"
                ),
                false => tracing::warn!("the server has caught up: it takes calls again"),
            }
            self.endpoint.set_overloaded(overloaded);
        }
        self.endpoint.receive(now, arrival.flow, arrival.bytes);
    }

    /// Carries out what has become due, then everything that follows from it.
    fn settle(&mut self, now: Instant) {
        if self.endpoint.poll_timeout().is_some_and(|due| due <= now) {
            self.endpoint.handle_timeout(now);
        }
        while let Some((due, id)) = self.deadlines.first().copied() {
            if due > now {
                break;
            }
            self.with_channel(now, id, |channel, cx| channel.handle_timeout(cx));
            // A deadline that was not moved would never let go.
            self.deadlines.remove(&(due, id));
        }
        loop {
            self.deliver_posts(now);
            self.transmit(now);
            let Some(event) = self.endpoint.poll_event() else { break };
            self.event(now, event);
        }
        self.publish_live();
    }

    fn transmit(&mut self, now: Instant) {
        while let Some(transmit) = self.endpoint.poll_transmit() {
            let Some(socket) = socket_of(&self.parts.sockets, &transmit.flow) else { continue };
            if let Err(error) = socket.try_send(&transmit) {
                tracing::debug!(to = %transmit.flow.remote, %error, "a SIP datagram was not sent");
                // SIP repeats what was lost; what has no way at all ends a call of ours.
                if has_no_way(error.kind()) {
                    self.endpoint.transmit_failed(now, &transmit);
                }
            }
        }
    }

    fn event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Incoming(incoming) => self.incoming(now, *incoming),
            Event::Acknowledged { call } => {
                self.with_call(now, call, |channel, cx| channel.acknowledged(cx));
            }
            Event::ProvisionalAcknowledged { call } => {
                self.with_call(now, call, |channel, cx| channel.provisional_acknowledged(cx));
            }
            Event::Answer { call, sdp } => {
                self.with_call(now, call, |channel, cx| channel.answered_offer(cx, &sdp));
            }
            Event::NoAnswer { call } => {
                self.with_call(now, call, |channel, cx| channel.offer_unanswered(cx));
            }
            Event::Offer { call, id, sdp, .. } => {
                self.with_call(now, call, |channel, cx| channel.offered(cx, id, sdp.as_ref()));
            }
            Event::Info { call, content_type, body } => {
                self.with_call(now, call, |channel, cx| channel.info(cx, content_type.as_ref(), &body));
            }
            Event::Cleared { call, clearing } => {
                self.with_call(now, call, |channel, cx| channel.on_cleared(cx, &clearing));
                self.calls.remove(&call);
            }
            Event::OfferRefused { call, status, .. } => {
                self.with_call(now, call, |channel, cx| channel.offer_refused(cx, status));
            }
            Event::Progress { call, response, .. } => {
                self.with_call(now, call, |channel, cx| channel.progressed(cx, response.status));
            }
            Event::Answered { call, .. } => {
                self.with_call(now, call, |channel, cx| channel.call_answered(cx));
            }
            event => self.registrations.told(&event),
        }
    }

    /// A call arrives: it is refused, or gets an instance of the application.
    fn incoming(&mut self, now: Instant, incoming: Incoming) {
        let (call, remote) = (incoming.call, incoming.flow.remote);
        let user = incoming.request.uri.user_unescaped().unwrap_or_default();
        let called = self.parts.settings.services.called(&user);
        // Before anything is made for it: whoever floods us without a password costs a hash and a response.
        let identified = self.parts.doorkeeper.as_mut().map_or(Ok(None), |doorkeeper| {
            doorkeeper.identify(now, &incoming.request, called.service.as_deref(), &self.parts.settings.users)
        });
        let authenticated_user = match identified {
            Ok(authenticated_user) => authenticated_user,
            Err(Denied { status, headers, reason }) => {
                tracing::info!(%remote, "a call is refused with {}: {reason}", status.code());
                return self.send_refusal(now, call, status, headers);
            }
        };
        let Some(ticket) = self.parts.admission.enter() else {
            tracing::info!(%remote, "a call is refused with 503: no room for another instance");
            return self.refuse(now, call, crate::app::Refusal::Busy);
        };
        let call_id: Arc<str> = format!("{:016x}", self.random.next_u64()).into();
        let mut identity = identity(call_id, &incoming.request, remote, SystemTime::now(), now);
        identity.authenticated_user = authenticated_user;
        // A value of its own tells the channels of this instance from those of another.
        let start = Arc::new(called.instance());
        let auto_ring = self.parts.settings.config.auto_ring
            || start.service.as_ref().is_some_and(|service| service.auto_ring);
        let extra = self.extra_channels(now, &start);
        let id = self.channels.reserve();
        let shared = Arc::new(Shared::incoming(identity, start, extra, id, self.commands.clone()));
        let identity = shared.identity();
        if let Err(refusal) = self.parts.app.admit(&shared.details(now)) {
            tracing::info!(call_id = %identity.call_id, ?refusal, "a call is refused");
            self.channels.remove(id);
            for extra in &shared.extra {
                self.channels.remove(extra.shared.channel);
            }
            return self.refuse(now, call, refusal);
        }
        tracing::info!(
            call_id = %identity.call_id,
            from = %identity.from,
            to = %identity.to,
            %remote,
            "incoming call"
        );
        let channel = Channel::incoming(id, shared.clone(), incoming);
        self.channels.insert(id, Entry { channel, deadline: None });
        self.calls.insert(call, id);
        if auto_ring {
            self.with_channel(now, id, |channel, cx| channel.auto_ring(cx));
        }
        tokio::spawn(run_instance(self.parts.app.clone(), shared, ticket));
    }

    /// Starts an instance whose channel has no call; it decides whom to call and when (RUN-9).
    fn start_outbound(&mut self, now: Instant, start: Arc<InstanceStart>, ticket: Ticket) {
        let extra = self.extra_channels(now, &start);
        let shared = self.outgoing_channel(now, start, extra);
        tokio::spawn(run_instance(self.parts.app.clone(), shared, ticket));
    }

    /// The extra channels of an instance (RUN-23).
    fn extra_channels(&mut self, now: Instant, start: &Arc<InstanceStart>) -> Box<[CallChannel]> {
        let extra = 0..start.extra_channels();
        extra.map(|_| CallChannel::new(self.outgoing_channel(now, start.clone(), Box::default()))).collect()
    }

    /// A channel that makes calls and has none so far.
    fn outgoing_channel(
        &mut self,
        now: Instant,
        start: Arc<InstanceStart>,
        extra: Box<[CallChannel]>,
    ) -> Arc<Shared> {
        let id = self.channels.reserve();
        let shared = Arc::new(Shared::outgoing(now, start, extra, id, self.commands.clone()));
        let channel = Channel::new(id, shared.clone());
        self.channels.insert(id, Entry { channel, deadline: None });
        shared
    }

    /// Refuses a call for which no instance is started (RUN-15, RUN-25).
    fn refuse(&mut self, now: Instant, call: offhook_sip::Call, refusal: crate::app::Refusal) {
        let (status, retry_after, _) = refusal_response(refusal);
        let mut headers = Headers::default();
        if retry_after {
            let seconds = self.parts.settings.config.retry_after.as_secs();
            headers.push(HeaderName::RetryAfter, Text::from(seconds.to_string()));
        }
        self.send_refusal(now, call, status, headers);
    }

    fn send_refusal(&mut self, now: Instant, call: offhook_sip::Call, status: StatusCode, headers: Headers) {
        if let Err(error) = self.endpoint.reject(now, call, status, headers) {
            tracing::debug!(%error, "no refusal was sent");
        }
    }

    fn stream_event(&mut self, now: Instant, stream: StreamId, event: StreamEvent) {
        let id = match event {
            StreamEvent::Closed(_) => self.streams.remove(&stream),
            _ => self.streams.get(&stream).copied(),
        };
        if let Some(id) = id {
            self.with_channel(now, id, |channel, cx| channel.stream_event(cx, stream, event));
        }
    }

    /// `false` ends the shard.
    fn order(&mut self, now: Instant, order: Order) -> bool {
        match order {
            Order::Drain => self.endpoint.set_draining(true),
            Order::Start(start, ticket) => self.start_outbound(now, start, ticket),
            Order::Register(trunk, addresses) => self.register(now, trunk, &addresses),
            Order::HangUpAll => {
                self.endpoint.set_draining(true);
                self.registrations.end_all(&mut self.endpoint, now);
                let mut live: Vec<offhook_sip::Call> = self.calls.keys().copied().collect();
                // One order for every run of the simulator.
                live.sort_unstable();
                for call in live {
                    self.with_call(now, call, |channel, cx| channel.shut_down(cx));
                }
            }
            Order::Count(reply) => {
                let sip = self.endpoint.counts();
                // Whoever asked may have given up.
                let _ =
                    reply.send(ShardCounts { channels: self.channels.len(), live: self.calls.len(), sip });
            }
            Order::Stop => return false,
        }
        true
    }

    /// Registers a trunk by way of all its addresses that a socket serves.
    fn register(&mut self, now: Instant, trunk: Arc<CheckedTrunk>, addresses: &[SocketAddr]) {
        let serves = |socket: &&Arc<dyn SipSocket>, remote: &SocketAddr| {
            socket.local_addr().is_ipv4() == remote.is_ipv4()
        };
        let flow_to = |remote: &SocketAddr| {
            let socket = self.parts.sockets.iter().find(|socket| serves(socket, remote))?;
            Some(Flow::udp(socket.local_for(*remote), *remote))
        };
        let targets: Vec<Flow> = addresses.iter().filter_map(flow_to).collect();
        let call_id = self.parts.place.call_id(&mut self.random);
        self.registrations.begin(&mut self.endpoint, now, trunk, targets, call_id);
    }

    /// Lets the channel act that carries a call. One that was let go has nobody left to act for it.
    fn with_call(
        &mut self,
        now: Instant,
        call: offhook_sip::Call,
        act: impl FnOnce(&mut Channel, &mut Context<'_>),
    ) {
        let Some(id) = self.calls.get(&call).copied() else { return };
        self.with_channel(now, id, |channel, cx| {
            if channel.carries(call) {
                act(channel, cx);
            }
        });
    }

    /// Lets one channel act, then looks after its timers and its end.
    fn with_channel(
        &mut self,
        now: Instant,
        id: ChannelRef,
        act: impl FnOnce(&mut Channel, &mut Context<'_>),
    ) {
        let (mut loads, mut lookups) = (Vec::new(), Vec::new());
        let Some(entry) = self.channels.get_mut(id) else { return };
        let mut cx = Context {
            now,
            endpoint: &mut self.endpoint,
            media: &self.parts.media,
            stream_events: &self.stream_events,
            settings: &self.parts.settings,
            random: &mut self.random,
            clips: &self.parts.clips,
            loads: &mut loads,
            streams: &mut self.streams,
            calls: &mut self.calls,
            sockets: &self.parts.sockets,
            lookups: &mut lookups,
            place: self.parts.place,
            rooms: &self.parts.rooms,
            posts: &mut self.posts,
        };
        let before = entry.channel.watched();
        act(&mut entry.channel, &mut cx);
        entry.channel.tell_watchers(&mut cx, &before);

        let deadline = entry.channel.poll_timeout();
        if deadline != entry.deadline {
            if let Some(old) = entry.deadline {
                self.deadlines.remove(&(old, id));
            }
            if let Some(new) = deadline {
                self.deadlines.insert((new, id));
            }
            entry.deadline = deadline;
        }
        if entry.channel.is_over() {
            if let Some(old) = entry.deadline {
                self.deadlines.remove(&(old, id));
            }
            self.channels.remove(id);
        }
        for load in loads {
            self.load(load);
        }
        for lookup in lookups {
            self.look_up(lookup);
        }
    }

    /// Loads sound off the shard.
    fn load(&self, load: Load) {
        let (clips, fetched) = (self.parts.clips.clone(), self.fetched.clone());
        tokio::spawn(async move {
            let Load { channel, id, request } = load;
            let result = clips.load(request).await;
            // A shard that has ended needs no sound.
            let _ = fetched.send((channel, id, Found::Clip(result)));
        });
    }

    /// Resolves a host name off the shard.
    fn look_up(&self, lookup: Lookup) {
        let (fetched, Lookup { channel, id, name, port }) = (self.fetched.clone(), lookup);
        let resolving = self.parts.network.resolve(name, port);
        tokio::spawn(async move {
            let result = resolving.await;
            // A shard that has ended calls nobody.
            let _ = fetched.send((channel, id, Found::Addresses(result)));
        });
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let calls = self.deadlines.first().map(|(deadline, _)| *deadline);
        [calls, self.endpoint.poll_timeout()].into_iter().flatten().min()
    }

    fn publish_live(&self) {
        self.live_published.send_if_modified(|published| {
            let changed = *published != self.calls.len();
            *published = self.calls.len();
            changed
        });
    }
}

/// Runs one instance; whatever it does, its call hears of its end (RUN-18).
async fn run_instance(app: Arc<dyn AnyApplication>, shared: Arc<Shared>, ticket: Ticket) {
    let channel = CallChannel::new(shared.clone());
    let running = AssertUnwindSafe(async { app.run_boxed(channel).await });
    let call_id = &shared.identity().call_id;
    let outcome = match running.catch_unwind().await {
        Ok(Ok(code)) => {
            tracing::info!(target: "offhook::report", %call_id, code, "the instance has ended");
            Outcome::Returned
        }
        Ok(Err(error)) => {
            match error.kind {
                AppErrorKind::Hangup => {
                    tracing::info!(target: "offhook::report", %call_id, "the instance has ended: {error}");
                }
                _ => tracing::error!(%call_id, "the instance has failed: {error}"),
            }
            Outcome::Failed(error.kind)
        }
        Err(panic) => {
            tracing::error!(%call_id, "the instance has panicked: {}", panic_text(panic.as_ref()));
            Outcome::Failed(AppErrorKind::Exception)
        }
    };
    drop(ticket);
    for extra in &shared.extra {
        extra.shared.send(Command::Ended(outcome));
    }
    shared.send(Command::Ended(outcome));
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

/// Whether the system will never send to that address, as opposed to not now, or to news of an earlier datagram.
fn has_no_way(error: io::ErrorKind) -> bool {
    use io::ErrorKind::{
        AddrNotAvailable, HostUnreachable, InvalidInput, NetworkUnreachable, PermissionDenied,
    };
    matches!(error, AddrNotAvailable | HostUnreachable | InvalidInput | NetworkUnreachable | PermissionDenied)
}

/// The socket that a flow leaves from: the one bound to its local address, or to all addresses.
fn socket_of<'a>(sockets: &'a [Arc<dyn SipSocket>], flow: &Flow) -> Option<&'a Arc<dyn SipSocket>> {
    let exact = sockets.iter().find(|socket| socket.local_addr() == flow.local);
    exact.or_else(|| {
        sockets.iter().find(|socket| {
            let bound = socket.local_addr();
            bound.ip().is_unspecified()
                && bound.port() == flow.local.port()
                && (bound.is_ipv4() == flow.local.is_ipv4())
        })
    })
}

pub(crate) fn now() -> Instant {
    TokioInstant::now().into_std()
}

/// Inputs that are taken at one waking.
const INPUTS_AT_ONCE: usize = 64;
