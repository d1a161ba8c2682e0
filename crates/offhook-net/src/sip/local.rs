//! Which of the machine's addresses a far end can reach.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Answers, for a socket that is bound to all addresses, from which one its packets leave: that is the address to
/// name to the far end.
///
/// The system's routing table decides: a probe socket is connected to the far end, which sends nothing, and asked
/// for its own address. Answers are remembered for ten seconds, per network of the far end (/24 in IPv4, /64 in
/// IPv6), and not more than 1024 of them.
#[derive(Debug, Default)]
pub struct LocalAddresses {
    known: Mutex<HashMap<IpAddr, (IpAddr, Instant)>>,
}

impl LocalAddresses {
    /// The local address that packets to `remote` leave from. Does not block; takes some 10 us when it is not
    /// remembered.
    ///
    /// # Errors
    ///
    /// There is no route to `remote`, or no socket can be had.
    pub fn toward(&self, remote: IpAddr) -> io::Result<IpAddr> {
        let remote = remote.to_canonical();
        let network = network(remote);
        let now = Instant::now();
        if let Some((address, until)) = self.known.lock().get(&network)
            && *until > now
        {
            return Ok(*address);
        }
        let address = probe(remote)?;
        let mut known = self.known.lock();
        if known.len() >= MAX_KNOWN {
            known.retain(|_, (_, until)| *until > now);
        }
        if known.len() >= MAX_KNOWN {
            known.clear();
        }
        known.insert(network, (address, now + REMEMBERED));
        Ok(address)
    }
}

fn probe(remote: IpAddr) -> io::Result<IpAddr> {
    let any = match remote {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    // Any port will do: nothing is sent.
    socket.connect(SocketAddr::new(remote, 9))?;
    Ok(socket.local_addr()?.ip())
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        // Each loopback address is an interface of its own.
        loopback if loopback.is_loopback() => loopback,
        IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() & !0xff).into(),
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into(),
    }
}

/// How long an answer is believed: routes change seldom, and a call that meets an old one is repeated.
const REMEMBERED: Duration = Duration::from_secs(10);
/// How many networks are remembered.
const MAX_KNOWN: usize = 1024;
