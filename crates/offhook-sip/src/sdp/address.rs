//! Where media is to be sent: the `c=` line and the addresses in `o=` and `a=rtcp`.

use std::fmt;
use std::net::IpAddr;

use crate::grammar::write_address;

/// A network address as SDP writes it: network type, address type, address (RFC 8866 section 9).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// An IP address. The address type is written after the address itself, whatever the peer had written.
    Ip(IpAddr),
    /// A host name. It is kept and never resolved here.
    Name {
        /// Whether the name was announced as `IP6`; otherwise `IP4`.
        ip6: bool,
        /// The name as written.
        name: String,
    },
    /// An address of a network other than the Internet, as written.
    Other {
        /// Network type, for example `ATM`.
        network: String,
        /// Address type, for example `NSAP`.
        kind: String,
        /// The address as written.
        address: String,
    },
}

impl Address {
    /// Whether this is the "do not send" address: `0.0.0.0` (RFC 3264 section 8.4), `::`, or a name under
    /// `.invalid`, which stands for the same where names are used (RFC 6157 section 5.1).
    pub fn is_hold(&self) -> bool {
        match self {
            Self::Ip(ip) => ip.to_canonical().is_unspecified(),
            Self::Name { name, .. } => {
                let name = name.trim_end_matches('.');
                name.len() >= 8 && name.is_char_boundary(name.len() - 8) && {
                    let (head, tail) = name.split_at(name.len() - 8);
                    !head.is_empty() && tail.eq_ignore_ascii_case(".invalid")
                }
            }
            Self::Other { .. } => false,
        }
    }

    /// Reads the three tokens. An address that parses as an IP address is one, even under the other address type.
    pub(crate) fn from_tokens(network: &str, kind: &str, address: &str) -> Self {
        if !network.eq_ignore_ascii_case("IN") {
            return Self::Other { network: network.into(), kind: kind.into(), address: address.into() };
        }
        match address.parse() {
            Ok(ip) => Self::Ip(ip),
            Err(_) => Self::Name { ip6: kind.eq_ignore_ascii_case("IP6"), name: address.into() },
        }
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        Self::Ip(ip)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => {
                let mut text = String::with_capacity(48);
                text.push_str(if ip.is_ipv4() { "IN IP4 " } else { "IN IP6 " });
                write_address(&mut text, *ip);
                f.write_str(&text)
            }
            Self::Name { ip6: false, name } => write!(f, "IN IP4 {name}"),
            Self::Name { ip6: true, name } => write!(f, "IN IP6 {name}"),
            Self::Other { network, kind, address } => write!(f, "{network} {kind} {address}"),
        }
    }
}

/// A `c=` line (RFC 8866 section 5.7).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Connection {
    /// The address.
    pub address: Address,
    /// What followed the address after a slash: TTL and number of addresses of a multicast group.
    pub multicast: Option<String>,
}

impl Connection {
    /// A unicast connection address.
    pub fn new(address: IpAddr) -> Self {
        Self { address: Address::Ip(address), multicast: None }
    }

    pub(crate) fn parse(value: &str) -> Option<Self> {
        let mut tokens = value.split_ascii_whitespace();
        let (network, kind, address) = (tokens.next()?, tokens.next()?, tokens.next()?);
        let (address, multicast) = match address.split_once('/') {
            Some((address, multicast)) => (address, Some(multicast.to_owned())),
            None => (address, None),
        };
        if address.is_empty() {
            return None;
        }
        Some(Self { address: Address::from_tokens(network, kind, address), multicast })
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)?;
        match &self.multicast {
            Some(multicast) => write!(f, "/{multicast}"),
            None => Ok(()),
        }
    }
}
