//! Network address translation between single hosts and all others.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

/// The routers behind which hosts sit, one for each host.
///
/// A router maps endpoints independently of the destination and lets everybody in (RFC 4787 sections 4.1 and 5):
/// every port of the host has one port of the router, under another number.
#[derive(Debug, Default)]
pub(super) struct Nats {
    /// The address of the router, by that of the host.
    outside: HashMap<IpAddr, IpAddr>,
    /// The address of the host, by that of the router.
    inside: HashMap<IpAddr, IpAddr>,
}

impl Nats {
    pub(super) fn put_behind(&mut self, host: IpAddr, router: IpAddr) {
        self.outside.insert(host, router);
        self.inside.insert(router, host);
    }

    /// How others see an address of a host.
    pub(super) fn seen_from_outside(&self, address: SocketAddr) -> SocketAddr {
        match self.outside.get(&address.ip()) {
            Some(router) => SocketAddr::new(*router, address.port() ^ OTHER_PORT),
            None => address,
        }
    }

    /// Who gets what is sent to an address; `None` if no way leads there.
    pub(super) fn reached_at(&self, address: SocketAddr) -> Option<SocketAddr> {
        if self.outside.contains_key(&address.ip()) {
            return None;
        }
        Some(match self.inside.get(&address.ip()) {
            Some(host) => SocketAddr::new(*host, address.port() ^ OTHER_PORT),
            None => address,
        })
    }
}

/// Turns every port into another one and back; pairs of ports stay pairs.
const OTHER_PORT: u16 = 0x4000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_reached_at_its_router_and_not_at_its_own_address() {
        let at = |text: &str| text.parse::<SocketAddr>().expect("an address");
        let mut nats = Nats::default();
        nats.put_behind(at("192.168.0.2:0").ip(), at("198.18.0.1:0").ip());
        let seen = nats.seen_from_outside(at("192.168.0.2:5060"));
        assert_eq!(seen.ip(), at("198.18.0.1:0").ip());
        assert_ne!(seen.port(), 5060);
        assert_eq!(nats.reached_at(seen), Some(at("192.168.0.2:5060")));
        assert_eq!(nats.reached_at(at("192.168.0.2:5060")), None);
        assert_eq!(nats.reached_at(at("10.0.0.1:5060")), Some(at("10.0.0.1:5060")));
        assert_eq!(nats.seen_from_outside(at("10.0.0.1:5060")), at("10.0.0.1:5060"));
    }
}
