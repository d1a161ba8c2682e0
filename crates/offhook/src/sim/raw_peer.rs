//! A peer that is played byte by byte: for races, broken messages and everything a well-behaved
//! caller never does.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use offhook_sip::{Message, ParseLimits, Request, Response};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::raw_call::RawCall;
use super::wire::Wire;

/// A peer on the virtual network that sends what it is told and shows what arrives.
///
/// It listens on one address. For RTP, make another one on the port that the session description names.
pub struct RawPeer {
    wire: Arc<Wire>,
    address: SocketAddr,
    arriving: mpsc::UnboundedReceiver<Arrived>,
    seen: Vec<Arrived>,
    calls: u64,
}

/// A datagram that a raw peer received.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Arrived {
    /// Virtual time since the scenario began.
    pub at: Duration,
    /// Who sent it.
    pub from: SocketAddr,
    /// What it carries.
    pub bytes: Bytes,
}

impl Arrived {
    /// The datagram as a SIP message, if it is one.
    pub fn message(&self) -> Option<Message> {
        Message::parse(self.bytes.clone(), &ParseLimits::default()).ok()
    }

    /// The datagram as a SIP response.
    pub fn response(&self) -> Option<Response> {
        match self.message()? {
            Message::Response(response) => Some(response),
            Message::Request(_) => None,
        }
    }

    /// The datagram as a SIP request.
    pub fn request(&self) -> Option<Request> {
        match self.message()? {
            Message::Request(request) => Some(request),
            Message::Response(_) => None,
        }
    }

    /// The status code, if it is a SIP response.
    pub fn status(&self) -> Option<u16> {
        self.response().map(|response| response.status.code())
    }

    /// The datagram as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl RawPeer {
    pub(super) fn bind(wire: &Arc<Wire>, address: SocketAddr) -> io::Result<Self> {
        let (sender, arriving) = mpsc::unbounded_channel();
        let clock = Arc::downgrade(wire);
        let receive = move |from, bytes| {
            let at = clock.upgrade().map(|wire| wire.elapsed(Instant::now().into_std()));
            // A peer that was dropped receives nothing.
            let _ = sender.send(Arrived { at: at.unwrap_or_default(), from, bytes });
        };
        let address = wire.bind(address, Arc::new(receive))?;
        Ok(Self { wire: wire.clone(), address, arriving, seen: Vec::new(), calls: 0 })
    }

    /// The address of the peer.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Writes the messages of a call to `server`, each with its own Call-ID and tag.
    pub fn call(&mut self, server: SocketAddr) -> RawCall {
        self.calls += 1;
        RawCall::new(self.address, server, self.calls)
    }

    /// Sends bytes as they are.
    pub fn send(&self, to: SocketAddr, bytes: impl Into<Bytes>) {
        self.wire.send(self.address, to, bytes.into());
    }

    /// The next datagram, or `None` if nothing comes for a minute of virtual time.
    pub async fn receive(&mut self) -> Option<Arrived> {
        self.receive_within(LONGEST_WAIT).await
    }

    /// The next datagram, or `None` if nothing comes in this time.
    pub async fn receive_within(&mut self, limit: Duration) -> Option<Arrived> {
        let arrived = timeout_at(Instant::now() + limit, self.arriving.recv()).await.ok()??;
        self.seen.push(arrived.clone());
        Some(arrived)
    }

    /// Skips everything until a SIP response with this status comes.
    ///
    /// # Panics
    ///
    /// When none comes for a minute of virtual time; the message lists what came instead.
    pub async fn receive_response(&mut self, status: u16) -> Response {
        let deadline = Instant::now() + LONGEST_WAIT;
        let mut instead = Vec::new();
        while let Some(arrived) = self.receive_until(deadline).await {
            match arrived.response() {
                Some(response) if response.status.code() == status => return response,
                _ => instead.push(first_line(&arrived)),
            }
        }
        panic!("no {status} came; instead: {instead:?}")
    }

    /// Skips everything until a SIP request of this method comes.
    ///
    /// # Panics
    ///
    /// When none comes for a minute of virtual time; the message lists what came instead.
    pub async fn receive_request(&mut self, method: &str) -> Request {
        let deadline = Instant::now() + LONGEST_WAIT;
        let mut instead = Vec::new();
        while let Some(arrived) = self.receive_until(deadline).await {
            match arrived.request() {
                Some(request) if request.method.as_str() == method => return request,
                _ => instead.push(first_line(&arrived)),
            }
        }
        panic!("no {method} came; instead: {instead:?}")
    }

    /// Everything that comes in this time.
    pub async fn receive_for(&mut self, time: Duration) -> Vec<Arrived> {
        let deadline = Instant::now() + time;
        let mut arrived = Vec::new();
        while let Some(next) = self.receive_until(deadline).await {
            arrived.push(next);
        }
        arrived
    }

    /// Everything that was received so far by the methods above.
    pub fn seen(&self) -> &[Arrived] {
        &self.seen
    }

    async fn receive_until(&mut self, deadline: Instant) -> Option<Arrived> {
        let arrived = timeout_at(deadline, self.arriving.recv()).await.ok()??;
        self.seen.push(arrived.clone());
        Some(arrived)
    }
}

impl Drop for RawPeer {
    fn drop(&mut self) {
        self.wire.unbind(self.address);
    }
}

fn first_line(arrived: &Arrived) -> String {
    arrived.text().lines().next().unwrap_or_default().to_owned()
}

/// How long a raw peer waits for a message.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
