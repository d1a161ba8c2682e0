//! The server: sockets, shards and their end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use offhook_sip::Flow;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::admission::Admission;
use crate::app::{AnyApplication, Application};
use crate::authentication::Doorkeeper;
use crate::call_id;
use crate::clip::ClipStore;
use crate::conference::Rooms;
use crate::config::Config;
use crate::network::{MediaEngine, Network, SipSocket};
use crate::place::{Place, shard_of};
use crate::random::Random;
use crate::service::InstanceStart;
use crate::settings::{ConfigError, Settings};
use crate::shard::{self, Arrival, Order, ShardHandle, ShardParts};
use crate::system_network::SystemNetwork;
use crate::trunk_registration;

/// A running server.
///
/// It lives on the tokio runtime on which it was started. Dropping it ends it at once and silently;
/// [`drain`](Self::drain) and [`shut_down`](Self::shut_down) clear its calls first.
pub struct Server {
    addresses: Vec<SocketAddr>,
    shards: Vec<ShardHandle>,
    media: Arc<dyn MediaEngine>,
    admission: Arc<Admission>,
    settings: Arc<Settings>,
    /// Instances that were started by request go to the shards in turn.
    turn: Arc<AtomicUsize>,
    tasks: Vec<JoinHandle<()>>,
}

/// Makes a [`Server`].
pub struct ServerBuilder {
    config: Config,
    network: Arc<dyn Network>,
}

impl ServerBuilder {
    /// Uses another network than the machine's own, for example the simulator's.
    pub fn network(mut self, network: Arc<dyn Network>) -> Self {
        self.network = network;
        self
    }

    /// Opens the sockets and serves calls with `app`.
    ///
    /// # Errors
    ///
    /// [`StartError`]: a setting is not accepted, or a socket or the media engine cannot be had.
    pub async fn start(self, app: impl Application) -> Result<Server, StartError> {
        let app: Arc<dyn AnyApplication> = Arc::new(app);
        let settings = Arc::new(Settings::new(self.config)?);
        let config = &settings.config;
        let mut sockets: Vec<Arc<dyn SipSocket>> = Vec::new();
        for address in &config.sip {
            let socket = self.network.sip(*address).await;
            sockets.push(socket.map_err(|error| StartError::Sip { address: *address, error })?);
        }
        let sockets: Arc<[Arc<dyn SipSocket>]> = sockets.into();
        let media = self.network.media(&config.media).map_err(StartError::Media)?;
        let admission = Arc::new(Admission::new(config));
        let clips = ClipStore::new(config);
        let (rooms, desk) = Rooms::open(config, media.clone(), clips.clone());

        let mut seeds = Random::new(config.seed);
        let (mut shards, mut tasks) = (Vec::new(), Vec::new());
        let count = config.shards.max(1);
        for index in 0..count {
            let (handle, task) = shard::start(ShardParts {
                settings: settings.clone(),
                app: app.clone(),
                sockets: sockets.clone(),
                media: media.clone(),
                clips: clips.clone(),
                rooms: rooms.clone(),
                admission: admission.clone(),
                network: self.network.clone(),
                place: Place { index, shards: count },
                doorkeeper: Doorkeeper::new(&settings, shard::now()).map_err(StartError::Random)?,
                seed: Some(seeds.next_u64()),
            });
            shards.push(handle);
            tasks.push(task);
        }
        tasks.push(desk);
        let inboxes: Vec<_> = shards.iter().map(|shard| shard.datagrams.clone()).collect();
        for socket in sockets.iter() {
            tasks.push(tokio::spawn(receive(socket.clone(), inboxes.clone())));
        }
        for (index, trunk) in settings.trunks.iter().filter(|trunk| trunk.trunk.register).enumerate() {
            let orders = shards[index % count].orders.clone();
            tasks.push(tokio::spawn(trunk_registration::begin(self.network.clone(), trunk.clone(), orders)));
        }
        let addresses: Vec<SocketAddr> = sockets.iter().map(|socket| socket.local_addr()).collect();
        for address in &addresses {
            tracing::info!(%address, "serving SIP over UDP");
        }
        let turn = Arc::default();
        Ok(Server { addresses, shards, media, admission, settings, turn, tasks })
    }
}

impl Server {
    /// A server with these settings, on the machine's own network unless another one is set.
    pub fn builder(config: Config) -> ServerBuilder {
        ServerBuilder { config, network: Arc::new(SystemNetwork::new()) }
    }

    /// The first SIP address that is served; with port 0 in the settings, the port that was taken.
    pub fn sip_address(&self) -> SocketAddr {
        // A server is started with one address at least.
        self.addresses.first().copied().unwrap_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)))
    }

    /// All SIP addresses that are served.
    pub fn sip_addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Starts an instance of an outbound service; see [`ServerHandle::start_outbound`].
    ///
    /// # Errors
    ///
    /// [`StartOutboundError`]: nothing was started.
    pub fn start_outbound(&self, service: &str, parameters: &str) -> Result<(), StartOutboundError> {
        self.handle().start_outbound(service, parameters)
    }

    /// A handle that starts instances, for other tasks; it may outlive the server.
    pub fn handle(&self) -> ServerHandle {
        ServerHandle {
            shards: self.shards.iter().map(|shard| shard.orders.clone()).collect(),
            admission: self.admission.clone(),
            settings: self.settings.clone(),
            turn: self.turn.clone(),
        }
    }

    /// Takes no new calls from now on: they get 503 with `Retry-After`, as do OPTIONS. Start requests
    /// are refused.
    pub fn stop_taking_calls(&self) {
        self.admission.close();
        self.order(|| Order::Drain);
    }

    /// Takes no new calls, waits until the running ones have ended or the time is over, and then
    /// ends the server (RUN-20). Tells whether all calls ended in time.
    pub async fn drain(&mut self, limit: Duration) -> bool {
        self.stop_taking_calls();
        let ended = timeout(limit, self.all_cleared()).await.is_ok();
        self.shut_down().await;
        ended
    }

    /// Hangs up every call and ends the server. Waits a moment for the far ends to confirm; they have
    /// been told in any case.
    pub async fn shut_down(&mut self) {
        self.admission.close();
        self.order(|| Order::HangUpAll);
        let _ = timeout(CONFIRMATION, self.all_cleared()).await;
        self.order(|| Order::Stop);
        let shards = self.shards.len();
        for task in self.tasks.drain(..shards.min(self.tasks.len())) {
            // A shard that panicked has ended too.
            let _ = task.await;
        }
        self.abort();
    }

    /// What the server holds at this moment; all zero once every call is over and its transactions
    /// have timed out (RUN-22). Asks every shard.
    pub async fn counts(&self) -> Counts {
        let mut counts = Counts {
            instances: self.admission.running(),
            streams: self.media.streams(),
            rtp_ports_free: self.media.ports_free(),
            ..Counts::default()
        };
        for shard in &self.shards {
            let (reply, replied) = oneshot::channel();
            // A shard that has ended holds nothing.
            let _ = shard.orders.send(Order::Count(reply));
            let Ok(held) = replied.await else { continue };
            counts.calls += held.channels;
            counts.calls_up += held.live;
            counts.transactions += held.sip.transactions;
            counts.dialogs += held.sip.dialogs;
            counts.timers += held.sip.timers;
        }
        counts
    }

    fn order(&self, order: impl Fn() -> Order) {
        for shard in &self.shards {
            // A shard that has ended has nothing left to be ordered.
            let _ = shard.orders.send(order());
        }
    }

    async fn all_cleared(&self) {
        for shard in &self.shards {
            let mut live = shard.live.clone();
            // A shard that has ended holds nothing.
            let _ = live.wait_for(|live| *live == 0).await;
        }
    }

    fn abort(&mut self) {
        for task in self.tasks.drain(..) {
            task.abort();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.abort();
    }
}

/// Starts instances of a server's outbound services. Cloning gives another handle to the same server.
#[derive(Clone)]
pub struct ServerHandle {
    shards: Arc<[mpsc::UnboundedSender<Order>]>,
    admission: Arc<Admission>,
    settings: Arc<Settings>,
    turn: Arc<AtomicUsize>,
}

impl ServerHandle {
    /// Starts one instance of an outbound service. No call is placed: the instance decides whether and when
    /// to call (RUN-9). `parameters` are what the application gets as its outbound parameters (RUN-7).
    ///
    /// # Errors
    ///
    /// [`StartOutboundError`]: nothing was started.
    pub fn start_outbound(&self, service: &str, parameters: &str) -> Result<(), StartOutboundError> {
        let Some(start) = self.settings.services.outbound(service) else {
            let service = service.to_owned();
            return Err(match self.settings.services.is_inbound(&service) {
                true => StartOutboundError::WrongDirection { service },
                false => StartOutboundError::NoService { service },
            });
        };
        let allowed = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'^' && byte != b'|';
        if !parameters.bytes().all(allowed) {
            return Err(StartOutboundError::Parameters { parameters: parameters.to_owned() });
        }
        if !self.settings.config.app_responder {
            return Err(StartOutboundError::Off);
        }
        let ticket = self.admission.enter().ok_or(StartOutboundError::Busy)?;
        let outbound_parameters = Some(Arc::from(parameters));
        let start = Arc::new(InstanceStart { outbound_parameters, ..start.instance() });
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let shard = self.shards.get(turn % self.shards.len().max(1));
        let sent = shard.map(|shard| shard.send(Order::Start(start, ticket)));
        if let Some(Ok(())) = sent { Ok(()) } else { Err(StartOutboundError::Ended) }
    }
}

/// Why no instance was started.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartOutboundError {
    /// There is no outbound service of that name.
    #[error("there is no outbound service {service:?}")]
    NoService {
        /// The name given.
        service: String,
    },
    /// The service of that name is for callers (RUN-11).
    #[error("service {service:?} is inbound; accepted: the name of an outbound service")]
    WrongDirection {
        /// The name given.
        service: String,
    },
    /// The parameters hold a character that RUN-7 does not allow.
    #[error("outbound parameters {parameters:?}; accepted: printable ASCII without ^ and |")]
    Parameters {
        /// The parameters given.
        parameters: String,
    },
    /// As many instances run as are allowed, or the server is draining (RUN-25).
    #[error("as many instances run as are allowed, or the server is about to end")]
    Busy,
    /// Start requests are switched off (RUN-26).
    #[error("start requests are switched off")]
    Off,
    /// The server has ended.
    #[error("the server has ended")]
    Ended,
}

/// What a server holds (RUN-22).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Channels of which the instance, the call or the media has not ended.
    pub calls: usize,
    /// Calls that are up.
    pub calls_up: usize,
    /// Instances that run.
    pub instances: usize,
    /// SIP transactions.
    pub transactions: usize,
    /// SIP dialogs.
    pub dialogs: usize,
    /// SIP timers.
    pub timers: usize,
    /// RTP streams.
    pub streams: usize,
    /// Pairs of RTP ports that are free.
    pub rtp_ports_free: usize,
}

/// Why a server did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting is not accepted.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A SIP socket cannot be had.
    #[error("SIP address {address} cannot be served: {error}")]
    Sip {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        #[source]
        error: io::Error,
    },
    /// The media engine cannot be started.
    #[error("the media engine cannot be started: {0}")]
    Media(#[source] io::Error),
    /// The system has no random numbers, without which callers cannot be asked for their passwords.
    #[error("the system has no random numbers: {0}")]
    Random(#[source] io::Error),
}

/// Hands each datagram to the shard of its call.
async fn receive(socket: Arc<dyn SipSocket>, shards: Vec<mpsc::Sender<Arrival>>) {
    loop {
        match socket.recv().await {
            Ok((flow, bytes)) => hand_on(&shards, flow, bytes, shard::now()),
            Err(error) => {
                // Errors of earlier sends come up here too; a broken socket must not spin.
                tracing::debug!(%error, "receiving SIP failed");
                sleep(Duration::from_millis(10)).await;
                continue;
            }
        }
        // Then what else has come, up to a limit that lets the shards have their turn. An error shows again above.
        let at = shard::now();
        for _ in 1..DATAGRAMS_AT_ONCE {
            let Ok(Some((flow, bytes))) = socket.try_recv() else { break };
            hand_on(&shards, flow, bytes, at);
        }
    }
}

fn hand_on(shards: &[mpsc::Sender<Arrival>], flow: Flow, bytes: Bytes, at: Instant) {
    let shard = match shards.len() {
        1 => 0,
        count => shard_of(call_id::of(&bytes).unwrap_or_default(), count),
    };
    if let Some(inbox) = shards.get(shard)
        && inbox.try_send(Arrival { flow, bytes, at }).is_err()
    {
        tracing::debug!(remote = %flow.remote, "a SIP datagram was dropped: its shard is busy");
    }
}

/// Datagrams that are taken from a socket at one waking.
const DATAGRAMS_AT_ONCE: usize = 64;

/// How long the end of a server waits for the far ends to confirm their BYE.
const CONFIRMATION: Duration = Duration::from_secs(2);
