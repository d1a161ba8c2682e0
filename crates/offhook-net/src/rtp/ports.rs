//! The pool of media ports.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use mio::net::UdpSocket;
use parking_lot::Mutex;
use socket2::{Domain, Protocol, SockAddr, Socket, Type};
use thiserror::Error;

/// Pairs of an even port and the odd one above it (RFC 3550 section 11).
///
/// A pair that was freed goes to the end of the line, so that it is used again as late as possible: packets of the
/// call before, which are still under way, find a closed port and not another call.
#[derive(Debug)]
pub(super) struct PortPool {
    /// The even ports of free pairs, the next one first.
    free: Mutex<VecDeque<u16>>,
    dscp: Option<u8>,
}

impl PortPool {
    pub(super) fn new(ports: std::ops::RangeInclusive<u16>, dscp: Option<u8>) -> Option<Self> {
        let pairs = ports.clone().filter(|port| port % 2 == 0 && *port > 0 && *port < *ports.end());
        let free: VecDeque<u16> = pairs.collect();
        (!free.is_empty()).then(|| Self { free: Mutex::new(free), dscp })
    }

    /// Binds a pair on `address`. A pair that some other program uses is passed over.
    pub(super) fn reserve(self: &Arc<Self>, address: IpAddr) -> Result<Reserved, PortsExhausted> {
        let mut last_error = None;
        for _ in 0..self.free() {
            let Some(port) = self.free.lock().pop_front() else { break };
            let lease = Lease { pool: Arc::clone(self), port };
            match self.bind_pair(address, port) {
                Ok((rtp_socket, rtcp_socket)) => {
                    return Ok(Reserved { rtp_socket, rtcp_socket, address, lease });
                }
                // In use elsewhere: the lease puts it to the end of the line.
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => last_error = Some(error),
                Err(error) => {
                    return Err(PortsExhausted { address, free: self.free() + 1, cause: Some(error) });
                }
            }
        }
        Err(PortsExhausted { address, free: self.free(), cause: last_error })
    }

    pub(super) fn free(&self) -> usize {
        self.free.lock().len()
    }

    fn bind_pair(&self, address: IpAddr, port: u16) -> io::Result<(UdpSocket, UdpSocket)> {
        Ok((self.bind(SocketAddr::new(address, port))?, self.bind(SocketAddr::new(address, port + 1))?))
    }

    fn bind(&self, address: SocketAddr) -> io::Result<UdpSocket> {
        let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            // The unspecified address takes IPv4 too; others are IPv6 only anyway.
            socket.set_only_v6(!address.ip().is_unspecified())?;
        }
        if let Some(dscp) = self.dscp {
            let class = u32::from(dscp & 0x3f) << 2;
            // A mark is a wish: a system that does not grant it still carries the call.
            let _ = if address.is_ipv4() { socket.set_tos_v4(class) } else { socket.set_tclass_v6(class) };
        }
        socket.bind(&SockAddr::from(address))?;
        let socket = std::net::UdpSocket::from(socket);
        socket.set_nonblocking(true)?;
        Ok(UdpSocket::from_std(socket))
    }
}

/// A pair of bound media ports that no stream uses yet. Dropping it frees them.
#[derive(Debug)]
pub struct Reserved {
    // Sockets are closed before the lease is given back: fields are dropped in this order.
    pub(super) rtp_socket: UdpSocket,
    pub(super) rtcp_socket: UdpSocket,
    address: IpAddr,
    lease: Lease,
}

impl Reserved {
    /// The RTP address, for the session description. Its host is the one that was asked for.
    pub fn rtp(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.lease.port)
    }

    /// The RTCP address: the port above.
    pub fn rtcp(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.lease.port + 1)
    }

    pub(super) fn is_ipv6(&self) -> bool {
        self.address.is_ipv6()
    }
}

/// No pair of ports could be bound.
#[derive(Debug, Error)]
#[error("no media port can be had on {address} ({free} pairs free){}", .cause.as_ref().map(|c| format!(": {c}")).unwrap_or_default())]
pub struct PortsExhausted {
    /// The address asked for.
    pub address: IpAddr,
    /// How many pairs are free in the pool.
    pub free: usize,
    /// What the system said to the last try.
    #[source]
    pub cause: Option<io::Error>,
}

/// One pair taken from the pool; dropping it puts the pair to the end of the line.
#[derive(Debug)]
struct Lease {
    pool: Arc<PortPool>,
    port: u16,
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.pool.free.lock().push_back(self.port);
    }
}
