//! The door into the virtual network for a user agent of the test's own: it sends and receives datagrams byte by byte,
//! SIP, RTP and RTCP alike.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use offhook::SipSocket;
use offhook::sim::Sim;
use offhook::sip::{Flow, Transmit};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::protocol::Problem;

/// A port of the test's user agent.
#[derive(Debug, Deserialize)]
pub(crate) struct Port {
    pub(super) address: SocketAddr,
}

/// Sends datagrams, then lets time go on.
#[derive(Debug, Deserialize)]
pub(crate) struct Pass {
    pub(super) send: Vec<Outgoing>,
    /// The moment at which to return though nothing arrives, in seconds since the beginning.
    pub(super) until: f64,
}

/// A datagram of the test.
#[derive(Debug, Deserialize)]
pub(crate) struct Outgoing {
    /// An open port.
    from: SocketAddr,
    to: SocketAddr,
    /// Each character is one octet, U+0000 to U+00FF.
    octets: String,
}

/// A datagram for the test.
#[derive(Debug, Serialize)]
pub(super) struct Arrived {
    /// Seconds since the beginning.
    at: f64,
    from: SocketAddr,
    to: SocketAddr,
    /// As in [`Outgoing`].
    octets: String,
}

/// The open ports, and what has arrived at them.
pub(super) struct Door {
    sim: Sim,
    ports: HashMap<SocketAddr, OpenPort>,
    arrivals: Arc<Arrivals>,
}

#[derive(Default)]
struct Arrivals {
    waiting: Mutex<Vec<Arrived>>,
    more: Notify,
}

struct OpenPort {
    socket: Arc<dyn SipSocket>,
    receiving: JoinHandle<()>,
}

impl Drop for OpenPort {
    fn drop(&mut self) {
        self.receiving.abort();
    }
}

impl Door {
    /// A door without open ports.
    pub(super) fn of(sim: Sim) -> Self {
        Self { sim, ports: HashMap::new(), arrivals: Arc::default() }
    }

    /// Opens a port.
    pub(super) async fn open(&mut self, address: SocketAddr) -> Result<(), Problem> {
        let socket = self.sim.network(address.ip()).sip(address).await;
        let socket = socket.map_err(|error| Problem::usage(format!("port {address}: {error}")))?;
        let receiving =
            tokio::spawn(receive(self.sim.clone(), Arc::clone(&socket), Arc::clone(&self.arrivals)));
        self.ports.insert(address, OpenPort { socket, receiving });
        Ok(())
    }

    /// Closes a port: what still comes for it is lost.
    pub(super) fn close(&mut self, address: SocketAddr) {
        self.ports.remove(&address);
    }

    /// Sends datagrams, in their order; to be called inside the simulation.
    pub(super) fn send(&self, datagrams: Vec<Outgoing>) -> Result<(), Problem> {
        for Outgoing { from, to, octets } in datagrams {
            let port = self.ports.get(&from);
            let port =
                port.ok_or_else(|| Problem::usage(format!("from is {from}; accepted: an open port")))?;
            let octets: Result<Bytes, _> = octets.chars().map(u8::try_from).collect();
            let bytes = octets.map_err(|_| {
                Problem::usage("octets hold a character above U+00FF; accepted: one octet a character")
            })?;
            let sent = port.socket.try_send(&Transmit { flow: Flow::udp(from, to), bytes });
            sent.map_err(|error| Problem::usage(format!("from {from} to {to}: {error}")))?;
        }
        Ok(())
    }

    /// Waits until something has arrived, at most until `until`, counted from the beginning.
    pub(super) async fn wait(&self, until: Duration) {
        let arrival = async {
            while lock(&self.arrivals).is_empty() {
                self.arrivals.more.notified().await;
            }
        };
        // Either is as good: the test looks at what it gets.
        let _ = timeout(until.saturating_sub(self.sim.elapsed()), arrival).await;
    }

    /// What has arrived since the last time, in the order of arrival.
    pub(super) fn take(&self) -> Vec<Arrived> {
        std::mem::take(&mut *lock(&self.arrivals))
    }
}

/// Receives for one port until it is closed.
async fn receive(sim: Sim, socket: Arc<dyn SipSocket>, arrivals: Arc<Arrivals>) {
    while let Ok((flow, bytes)) = socket.recv().await {
        let arrived = Arrived {
            at: sim.elapsed().as_secs_f64(),
            from: flow.remote,
            to: flow.local,
            octets: bytes.iter().copied().map(char::from).collect(),
        };
        lock(&arrivals).push(arrived);
        arrivals.more.notify_one();
    }
}

fn lock(arrivals: &Arrivals) -> MutexGuard<'_, Vec<Arrived>> {
    // A push or a take cannot leave half a change.
    arrivals.waiting.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
