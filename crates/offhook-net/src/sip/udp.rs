//! SIP over UDP (RFC 3261 section 18).

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::Mutex;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use thiserror::Error;
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::Notify;

use super::local::LocalAddresses;

/// A UDP socket for SIP datagrams.
///
/// [`recv`](UdpTransport::recv) must be awaited all the time, by one task or several: it also sends what had to wait
/// because the system's buffer was full. Errors that the network reports about earlier datagrams (ICMP) are not
/// errors of the socket; SIP's own timers notice.
#[derive(Debug)]
pub struct UdpTransport {
    socket: UdpSocket,
    local: SocketAddr,
    locals: LocalAddresses,
    waiting: Mutex<VecDeque<(SocketAddr, Bytes)>>,
    queue_limit: usize,
    /// Told when the first datagram waits.
    wait_begins: Notify,
    dropped: AtomicU64,
}

impl UdpTransport {
    /// Binds the socket. To be called within a tokio runtime.
    ///
    /// # Errors
    ///
    /// The address is in use or none of this machine's.
    pub fn bind(config: &UdpConfig) -> io::Result<Self> {
        let address = config.address;
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            // The unspecified address takes IPv4 too.
            socket.set_only_v6(!address.ip().is_unspecified())?;
        }
        socket.set_nonblocking(true)?;
        // The system may grant less.
        let _ = socket.set_recv_buffer_size(config.receive_buffer_bytes);
        let _ = socket.set_send_buffer_size(config.send_buffer_bytes);
        tracing::debug!(
            %address,
            receive_buffer_bytes = socket.recv_buffer_size().unwrap_or(0),
            send_buffer_bytes = socket.send_buffer_size().unwrap_or(0),
            "buffers of the SIP socket"
        );
        socket.bind(&SockAddr::from(address))?;
        let socket = UdpSocket::from_std(socket.into())?;
        let local = socket.local_addr()?;
        Ok(Self {
            socket,
            local,
            locals: LocalAddresses::default(),
            waiting: Mutex::default(),
            queue_limit: config.queue_limit,
            wait_begins: Notify::new(),
            dropped: AtomicU64::new(0),
        })
    }

    /// The next datagram. Dropping the future loses none.
    ///
    /// # Errors
    ///
    /// The socket is broken.
    pub async fn recv(&self) -> io::Result<Datagram> {
        loop {
            let interest = match self.waiting.lock().is_empty() {
                true => Interest::READABLE,
                false => Interest::READABLE | Interest::WRITABLE,
            };
            let ready = tokio::select! {
                ready = self.socket.ready(interest) => ready?,
                () = self.wait_begins.notified() => continue,
            };
            if ready.is_writable() {
                self.send_waiting();
            }
            if let Some(datagram) = self.try_recv()? {
                return Ok(datagram);
            }
        }
    }

    /// The next datagram if it has come already: to read many at one waking.
    ///
    /// # Errors
    ///
    /// The socket is broken.
    pub fn try_recv(&self) -> io::Result<Option<Datagram>> {
        SCRATCH.with_borrow_mut(|scratch| {
            loop {
                match self.socket.try_recv_from(&mut scratch[..]) {
                    Ok((length, remote)) => {
                        // Copied to its own length: a call that keeps a header keeps a message, not a buffer.
                        let bytes = Bytes::copy_from_slice(&scratch[..length]);
                        let remote = canonical(remote);
                        let local = self.local_for(remote.ip());
                        return Ok(Some(Datagram { local, remote, bytes }));
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                    Err(error) if is_about_a_datagram(&error) => {}
                    Err(error) => return Err(error),
                }
            }
        })
    }

    /// Sends a datagram, or puts it in line when the system's buffer is full.
    ///
    /// # Errors
    ///
    /// The line is full too, or the system will never send it. The datagram is lost either way.
    pub fn try_send(&self, remote: SocketAddr, bytes: &Bytes) -> Result<(), SendError> {
        {
            let mut waiting = self.waiting.lock();
            if !waiting.is_empty() {
                return self.wait_in_line(&mut waiting, remote, bytes);
            }
        }
        match self.send(remote, bytes) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.wait_in_line(&mut self.waiting.lock(), remote, bytes)
            }
            Err(cause) => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                Err(SendError::Refused { remote, cause })
            }
        }
    }

    /// The address the socket is bound to, the port resolved.
    pub fn local_addr(&self) -> SocketAddr {
        self.local
    }

    /// The address that `remote` reaches this socket at: the bound one, or for a socket that is bound to all
    /// addresses the one its packets leave from.
    pub fn local_for(&self, remote: IpAddr) -> SocketAddr {
        if !self.local.ip().is_unspecified() {
            return self.local;
        }
        let address = self.locals.toward(remote).unwrap_or(self.local.ip());
        SocketAddr::new(address, self.local.port())
    }

    /// How many datagrams were lost because the line was full or the system refused them.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn wait_in_line(
        &self,
        waiting: &mut VecDeque<(SocketAddr, Bytes)>,
        remote: SocketAddr,
        bytes: &Bytes,
    ) -> Result<(), SendError> {
        if waiting.len() >= self.queue_limit {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return Err(SendError::QueueFull { limit: self.queue_limit });
        }
        waiting.push_back((remote, bytes.clone()));
        self.wait_begins.notify_one();
        Ok(())
    }

    fn send_waiting(&self) {
        let mut waiting = self.waiting.lock();
        while let Some((remote, bytes)) = waiting.front() {
            match self.send(*remote, bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Ok(()) => {}
                Err(_) => {
                    self.dropped.fetch_add(1, Ordering::Relaxed);
                }
            }
            waiting.pop_front();
        }
    }

    fn send(&self, remote: SocketAddr, bytes: &[u8]) -> io::Result<()> {
        let native = match remote {
            SocketAddr::V4(v4) if self.local.is_ipv6() => (v4.ip().to_ipv6_mapped(), v4.port()).into(),
            _ => remote,
        };
        match self.socket.try_send_to(bytes, native) {
            // About an earlier datagram; this one was not sent.
            Err(error) if is_about_a_datagram(&error) => self.socket.try_send_to(bytes, native).map(|_| ()),
            sent => sent.map(|_| ()),
        }
    }
}

/// What [`UdpTransport::bind`] is given.
#[derive(Clone, Debug)]
pub struct UdpConfig {
    /// Where to bind; port 0 lets the system choose.
    pub address: SocketAddr,
    /// Wanted size of the system's receive buffer. It holds what comes while the server is busy.
    pub receive_buffer_bytes: usize,
    /// Wanted size of the system's send buffer.
    pub send_buffer_bytes: usize,
    /// How many datagrams may wait when the send buffer is full; more are dropped and counted.
    pub queue_limit: usize,
}

impl UdpConfig {
    /// Buffers of 4 MiB, and 4096 datagrams in line.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, receive_buffer_bytes: 4 << 20, send_buffer_bytes: 4 << 20, queue_limit: 4096 }
    }
}

/// A datagram that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// The address at which the sender reaches this socket, see [`UdpTransport::local_for`].
    pub local: SocketAddr,
    /// Who sent it.
    pub remote: SocketAddr,
    /// What it holds.
    pub bytes: Bytes,
}

/// Why a datagram was not sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The system's buffer is full, and so many datagrams wait already.
    #[error("{limit} datagrams wait to be sent, which is as many as may")]
    QueueFull {
        /// The setting that was reached.
        limit: usize,
    },
    /// The system does not send it, for example for want of a route, or because it is too long for UDP.
    #[error("datagram to {remote} cannot be sent: {cause}")]
    Refused {
        /// Where it was to go.
        remote: SocketAddr,
        /// The system's reason.
        #[source]
        cause: io::Error,
    },
}

/// Whether an error tells the fate of an earlier datagram, and the socket is as good as before.
fn is_about_a_datagram(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionRefused | ConnectionReset | Interrupted)
}

/// An IPv4 address that a dual-stack socket reports as IPv6 is shown as what it is.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

thread_local! {
    /// Room for the largest datagram there is, one for all sockets of a thread.
    static SCRATCH: RefCell<Box<[u8]>> = RefCell::new(vec![0; 65_536].into());
}
