//! The simulator: servers, callers and raw peers on a virtual network and a virtual clock.
//!
//! [`Sim::run`] runs a scenario in one thread. Time stands still while anything has work to do and
//! jumps to the next timer when nothing has, so that a call of a minute takes milliseconds; file
//! access and speech still take their real time, during which the virtual clock waits. All chance
//! comes from one seed, which is printed when a scenario fails.
//!
//! ```
//! use std::time::Duration;
//!
//! use offhook::caller::CallRequest;
//! use offhook::sim::{Link, Sim};
//! use offhook::{Answer, AppError, CallChannel, Ring};
//!
//! async fn application(channel: CallChannel) -> Result<i64, AppError> {
//!     channel.ring(Ring::new().seconds(30.0)).await?;
//!     channel.answer(Answer::new()).await?;
//!     Ok(0)
//! }
//!
//! let link = Link { delay: Duration::from_millis(40), loss: 0.05, ..Link::default() };
//! Sim::new(1).link(link).run(|sim| async move {
//!     let server = sim.server(application).await;
//!     let caller = sim.caller().await;
//!     let call = caller.call(CallRequest::to_address(server.sip_address())).await.unwrap();
//!     assert!(call.answered().await);
//!     assert!(sim.elapsed() >= Duration::from_secs(30));
//! });
//! ```

mod clock;
mod engine;
mod exchange;
mod link;
mod nat;
mod raw_answer;
mod raw_call;
mod raw_peer;
mod socket;
mod stage;
mod wire;

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

pub use self::exchange::Exchange;
pub use self::link::{Datagram, Fate, Link};
pub use self::raw_answer::RawAnswer;
pub use self::raw_call::RawCall;
pub use self::raw_peer::{Arrived, RawPeer};
pub use self::stage::{Hold, Stage};

use self::engine::VirtualEngine;
use self::socket::VirtualSocket;
use self::wire::Wire;
use crate::app::Application;
use crate::caller::{Callee, Caller, CallerConfig, Reception};
use crate::config::{Config, MediaConfig};
use crate::network::{BoxFuture, MediaEngine, Network, SipSocket};
use crate::server::Server;

/// A simulation; cloning gives another handle to the same one.
#[derive(Clone)]
pub struct Sim {
    wire: Arc<Wire>,
    seed: u64,
}

impl Sim {
    /// A simulation whose every chance comes from `seed`, on a network that is perfect until
    /// [`link`](Self::link) says otherwise.
    pub fn new(seed: u64) -> Self {
        Self { wire: Arc::new(Wire::new(seed)), seed }
    }

    /// What the network does to every datagram, in both directions.
    pub fn link(self, link: Link) -> Self {
        self.set_link(link);
        self
    }

    /// Changes the network from now on.
    pub fn set_link(&self, link: Link) {
        self.wire.set_link(link);
    }

    /// Changes the network from now on for what one host sends and receives, whatever the others have.
    pub fn set_link_of(&self, host: IpAddr, link: Link) {
        self.wire.set_link_of(host, link);
    }

    /// Puts a host behind a router with network address translation: what the host sends comes from the address of the
    /// router, at other ports, and what is sent to these reaches the host. Its own address, which it names in SDP and
    /// Contact, can be reached by nobody. The link of such a host is that of `router`.
    pub fn put_behind_nat(&self, host: IpAddr, router: IpAddr) {
        self.wire.put_behind_nat(host, router);
    }

    /// Lets the media clock of a host run too fast by so many millionths, or too slow if they are negative: it sends
    /// packets that much closer together or further apart, and plays what it hears at that pace. For callers, callees
    /// and servers that are made from now on.
    pub fn set_drift_of(&self, host: IpAddr, ppm: f64) {
        self.wire.set_drift_of(host, ppm);
    }

    /// Decides the fate of single datagrams, before the link does: to lose just one PRACK, to hold
    /// back a 200. The closure sees every datagram that is sent from now on; a later call replaces it.
    pub fn intercept(&self, fate: impl FnMut(&Datagram<'_>) -> Fate + Send + 'static) {
        self.wire.intercept(Box::new(fate));
    }

    /// Runs a scenario to its end on a virtual clock. It must not run inside another runtime.
    ///
    /// # Panics
    ///
    /// When the scenario panics; the seed is printed before.
    pub fn run<Scenario, Running, T>(self, scenario: Scenario) -> T
    where
        Scenario: FnOnce(Self) -> Running,
        Running: Future<Output = T>,
    {
        let seed = self.seed;
        let run = AssertUnwindSafe(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .start_paused(true)
                .build()
                .unwrap_or_else(|error| panic!("no runtime for the simulation: {error}"));
            runtime.block_on(async {
                self.wire.begin(Instant::now().into_std());
                let delivery = tokio::spawn(wire::deliver(self.wire.clone()));
                let outcome = scenario(self).await;
                delivery.abort();
                outcome
            })
        });
        match catch_unwind(run) {
            Ok(outcome) => outcome,
            Err(panic) => {
                eprintln!("the simulation failed with seed {seed}");
                resume_unwind(panic)
            }
        }
    }

    /// The network as one host sees it.
    pub fn network(&self, host: IpAddr) -> Arc<dyn Network> {
        Arc::new(VirtualNetwork { wire: self.wire.clone(), host })
    }

    /// A peer that sends and receives datagrams byte by byte.
    ///
    /// # Panics
    ///
    /// When the address is in use.
    pub fn raw_peer(&self, address: SocketAddr) -> RawPeer {
        RawPeer::bind(&self.wire, address).unwrap_or_else(|error| panic!("raw peer at {address}: {error}"))
    }

    /// A server with default settings at [`Sim::SERVER`]; one shard, seeded.
    pub async fn server(&self, app: impl Application) -> Server {
        self.server_with(|_| {}, app).await
    }

    /// A server whose settings `change` has adapted.
    ///
    /// # Panics
    ///
    /// When the server does not start.
    pub async fn server_with(&self, change: impl FnOnce(&mut Config), app: impl Application) -> Server {
        let mut config = self.config();
        change(&mut config);
        let host = config.sip.first().map_or(Self::SERVER.ip(), SocketAddr::ip);
        let started = Server::builder(config).network(self.network(host)).start(app).await;
        started.unwrap_or_else(|error| panic!("the simulated server: {error}"))
    }

    /// The settings that [`server`](Self::server) uses.
    pub fn config(&self) -> Config {
        Config { sip: vec![Self::SERVER], shards: 1, seed: Some(self.seed), ..Config::default() }
    }

    /// A scripted caller at [`Sim::CALLER`].
    pub async fn caller(&self) -> Caller {
        self.caller_at(Self::CALLER).await
    }

    /// A scripted caller at another address.
    ///
    /// # Panics
    ///
    /// When the address is in use.
    pub async fn caller_at(&self, address: SocketAddr) -> Caller {
        self.caller_with(|config| config.bind = address).await
    }

    /// A scripted caller whose settings `change` has adapted.
    ///
    /// # Panics
    ///
    /// When the address is in use.
    pub async fn caller_with(&self, change: impl FnOnce(&mut CallerConfig)) -> Caller {
        let mut config =
            CallerConfig { bind: Self::CALLER, seed: Some(!self.seed), ..CallerConfig::default() };
        change(&mut config);
        let address = config.bind;
        let caller = Caller::new(self.network(address.ip()), config).await;
        caller.unwrap_or_else(|error| panic!("the simulated caller at {address}: {error}"))
    }

    /// A scripted callee at an address of its own.
    ///
    /// # Panics
    ///
    /// When the address is in use.
    pub async fn callee(&self, address: SocketAddr, reception: Reception) -> Callee {
        self.callee_with(|config| config.bind = address, reception).await
    }

    /// A scripted callee whose settings `change` has adapted.
    ///
    /// # Panics
    ///
    /// When the address is in use.
    pub async fn callee_with(&self, change: impl FnOnce(&mut CallerConfig), reception: Reception) -> Callee {
        let mut config = CallerConfig { bind: Self::CALLEE, ..CallerConfig::default() };
        change(&mut config);
        let address = config.bind;
        config.seed.get_or_insert(!self.seed ^ u64::from(address.port()));
        let callee = Callee::new(self.network(address.ip()), config, reception).await;
        callee.unwrap_or_else(|error| panic!("the simulated callee at {address}: {error}"))
    }

    /// A telephone exchange, through which servers reach callees by their numbers.
    ///
    /// # Panics
    ///
    /// When the address, or the port beside it, is in use.
    pub async fn exchange(&self, address: SocketAddr) -> Exchange {
        Exchange::open(self, address).await
    }

    /// Gives a host a name, for servers that call it; to look it up takes twice the delay of the link.
    pub fn name(&self, name: &str, host: IpAddr) {
        self.wire.name(name, host);
    }

    /// Virtual time since the scenario began.
    pub fn elapsed(&self) -> Duration {
        self.wire.elapsed(Instant::now().into_std())
    }

    /// Lets virtual time pass.
    pub async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Where [`server`](Self::server) serves.
    pub const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 5060);

    /// An address for a [`callee`](Self::callee).
    pub const CALLEE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 4)), 5060);

    /// An address for an [`exchange`](Self::exchange).
    pub const EXCHANGE: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 3, 0, 1)), 5060);

    /// Where [`caller`](Self::caller) calls from.
    pub const CALLER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), 5060);
}

/// The simulated network as one host sees it.
struct VirtualNetwork {
    wire: Arc<Wire>,
    host: IpAddr,
}

impl Network for VirtualNetwork {
    fn sip(&self, bind: SocketAddr) -> BoxFuture<'_, io::Result<Arc<dyn SipSocket>>> {
        let ip = if bind.ip().is_unspecified() { self.host } else { bind.ip() };
        let socket = VirtualSocket::bind(&self.wire, SocketAddr::new(ip, bind.port()));
        Box::pin(async move { socket.map(|socket| Arc::new(socket) as Arc<dyn SipSocket>) })
    }

    fn resolve(&self, name: String, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let found = self.wire.host(&name).map(|host| vec![SocketAddr::new(host, port)]);
        let round_trip = self.wire.delay() * 2;
        Box::pin(async move {
            tokio::time::sleep(round_trip).await;
            found.ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    }

    fn media(&self, config: &MediaConfig) -> io::Result<Arc<dyn MediaEngine>> {
        Ok(VirtualEngine::start(self.wire.clone(), self.host, config.ports.clone()))
    }
}
