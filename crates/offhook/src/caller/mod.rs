//! A scripted caller: calls, listens, presses keys, and shows what came; and a scripted callee.
//!
//! It works on every [`Network`]: on the machine's own, as `offhook call` and the demo use it, and in
//! the [simulator](crate::sim).
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use offhook::SystemNetwork;
//! use offhook::caller::{CallRequest, Caller, CallerConfig};
//!
//! let caller = Caller::new(Arc::new(SystemNetwork::new()), CallerConfig::default()).await?;
//! let call = caller.call(CallRequest::to("sip:100@192.0.2.1")?).await?;
//! if call.answered().await {
//!     call.send_digits("1#");
//! }
//! call.cleared().await;
//! for step in call.ladder() {
//!     println!("{:8.3} {} {}", step.at.as_secs_f64(), step.direction.arrow(), step.summary);
//! }
//! let sound = call.heard().await.sound();
//! # let _ = sound;
//! # Ok(())
//! # }
//! ```

mod callee;
mod heard;
mod ladder;
mod out_call;
mod patience;
mod person;
mod reception;
mod request;
mod task;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use offhook_sip::{Endpoint, EndpointConfig, Host, Text};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub use self::callee::Callee;
pub use self::heard::{Heard, HeardPacket};
pub use self::ladder::{LadderDirection, LadderEntry};
pub use self::out_call::{OfferOutcome, OutCall};
pub use self::person::Person;
pub use self::reception::Reception;
pub use self::request::{CallRequest, CallSdp, ParseTargetError};

use self::task::{Order, Task};
use crate::config::{MediaConfig, Timers};
use crate::network::{Network, SipSocket};
use crate::random::Random;
use crate::state::State;

/// Settings of a [`Caller`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallerConfig {
    /// The address to call from; port 0 takes any free port. Default: any port of all IPv4 addresses.
    pub bind: SocketAddr,
    /// The ports and addresses of RTP. Default ports 32768 to 60999, one thread.
    pub media: MediaConfig,
    /// The user part of the caller's address. Default `caller`.
    pub user: String,
    /// The SIP timers.
    pub timers: Timers,
    /// The product token of the `User-Agent` header.
    pub user_agent: String,
    /// Seed of all tags, branches and SSRCs; `None` takes one from the system.
    pub seed: Option<u64>,
}

impl Default for CallerConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
            media: MediaConfig { ports: 32_768..=60_999, threads: 1, ..MediaConfig::default() },
            user: "caller".to_owned(),
            timers: Timers::default(),
            user_agent: concat!("offhook-caller/", env!("CARGO_PKG_VERSION")).to_owned(),
            seed: None,
        }
    }
}

/// Makes calls. Dropping it ends its calls silently.
pub struct Caller {
    socket: Arc<dyn SipSocket>,
    orders: mpsc::UnboundedSender<Order>,
    task: JoinHandle<()>,
}

impl Caller {
    /// A caller on a network.
    ///
    /// # Errors
    ///
    /// The SIP socket or the media engine cannot be had.
    pub async fn new(network: Arc<dyn Network>, config: CallerConfig) -> io::Result<Self> {
        let socket = network.sip(config.bind).await?;
        let media = network.media(&config.media)?;
        let mut random = Random::new(config.seed);
        let endpoint = endpoint(&config, random.next_u64());
        let (orders, inbox) = mpsc::unbounded_channel();
        let task = Task::new(config, socket.clone(), media, endpoint, random);
        let task = tokio::spawn(task.run(inbox));
        Ok(Self { socket, orders, task })
    }

    /// Sends an INVITE and returns the call, which goes on by itself.
    ///
    /// # Errors
    ///
    /// [`CallError`]: nothing was sent.
    pub async fn call(&self, request: CallRequest) -> Result<OutCall, CallError> {
        let remote = self.resolve(&request).await?;
        let (give_up_after, hang_up_after) = (request.give_up_after, request.hang_up_after);
        let (reply, replied) = oneshot::channel();
        let order = Order::Call(Box::new(request), remote, reply);
        self.orders.send(order).map_err(|_| CallError::Ended)?;
        let placed = replied.await.map_err(|_| CallError::Ended)??;
        let call = OutCall::new(placed, remote, self.orders.clone());
        if give_up_after.is_some() || hang_up_after.is_some() {
            tokio::spawn(patience::end_in_time(call.clone(), give_up_after, hang_up_after));
        }
        Ok(call)
    }

    /// The address that the caller calls from.
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr()
    }

    async fn resolve(&self, request: &CallRequest) -> Result<SocketAddr, CallError> {
        if let Some(next_hop) = request.next_hop {
            return Ok(next_hop);
        }
        if let Some(address) = request.target.socket_address() {
            return Ok(address);
        }
        let (name, port) = match &request.target.host {
            Host::Name(name) => (name.to_string(), request.target.port.unwrap_or(5060)),
            Host::Ip(ip) => return Ok(SocketAddr::new(*ip, request.target.port.unwrap_or(5060))),
        };
        let ipv4 = self.socket.local_addr().is_ipv4();
        let found = tokio::net::lookup_host((name.as_str(), port)).await.map(Vec::from_iter);
        match found {
            Ok(found) => {
                let address = found.into_iter().find(|address| address.is_ipv4() == ipv4);
                address.ok_or(CallError::NoAddress { name })
            }
            Err(error) => Err(CallError::Resolve { name, error }),
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The SIP side of a caller or callee.
fn endpoint(config: &CallerConfig, seed: u64) -> Endpoint {
    let mut endpoint = EndpointConfig::default();
    endpoint.timers.t1 = config.timers.t1;
    endpoint.timers.t2 = config.timers.t2;
    endpoint.timers.t4 = config.timers.t4;
    endpoint.server = Text::from(config.user_agent.clone());
    Endpoint::new(endpoint, seed)
}

/// Why a call was not made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CallError {
    /// The host name cannot be resolved.
    #[error("host {name:?} cannot be resolved: {error}")]
    Resolve {
        /// The host.
        name: String,
        /// The system's reason.
        #[source]
        error: io::Error,
    },
    /// The host has no address of the caller's IP version.
    #[error("host {name:?} has no address of the caller's IP version")]
    NoAddress {
        /// The host.
        name: String,
    },
    /// The codec list is not accepted.
    #[error(transparent)]
    Codecs(#[from] offhook_media::CodecListError),
    /// No RTP port could be had.
    #[error("no RTP port could be had: {0}")]
    Port(#[source] io::Error),
    /// The SIP side cannot take another call.
    #[error(transparent)]
    Invite(#[from] offhook_sip::InviteError),
    /// The caller has ended.
    #[error("the caller has ended")]
    Ended,
}

/// What a call of the caller amounts to, in the words of the call channel.
pub(crate) fn state_of(answered: bool, ringing: bool, cleared: bool) -> State {
    match (cleared, answered, ringing) {
        (true, _, _) => State::Idle,
        (_, true, _) => State::Answered,
        (_, _, true) => State::RingOutgoing,
        _ => State::CallOutgoing,
    }
}
