//! A scripted callee.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::reception::Reception;
use super::task::Task;
use super::{CallerConfig, OutCall, endpoint};
use crate::network::{Network, SipSocket};
use crate::random::Random;

/// Takes calls by a script, and shows what came. Dropping it ends its calls silently.
///
/// It works on every [`Network`]: on the machine's own, and in the [simulator](crate::sim).
pub struct Callee {
    socket: Arc<dyn SipSocket>,
    arriving: mpsc::UnboundedReceiver<OutCall>,
    task: JoinHandle<()>,
}

impl Callee {
    /// A callee on a network that does the same with every call.
    ///
    /// # Errors
    ///
    /// The SIP socket or the media engine cannot be had.
    pub async fn new(
        network: Arc<dyn Network>,
        config: CallerConfig,
        reception: Reception,
    ) -> io::Result<Self> {
        let socket = network.sip(config.bind).await?;
        let media = network.media(&config.media)?;
        let mut random = Random::new(config.seed);
        let endpoint = endpoint(&config, random.next_u64());
        let (orders, inbox) = mpsc::unbounded_channel();
        let (hand_over, arriving) = mpsc::unbounded_channel();
        let task = Task::new(config, socket.clone(), media, endpoint, random);
        let task = tokio::spawn(task.receiving(reception, orders, hand_over).run(inbox));
        Ok(Self { socket, arriving, task })
    }

    /// The next call that comes, or came already; `None` if the callee has ended.
    pub async fn next_call(&mut self) -> Option<OutCall> {
        self.arriving.recv().await
    }

    /// The next call that came already.
    pub fn try_next_call(&mut self) -> Option<OutCall> {
        self.arriving.try_recv().ok()
    }

    /// The address at which it is called.
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr()
    }
}

impl Drop for Callee {
    fn drop(&mut self) {
        self.task.abort();
    }
}
