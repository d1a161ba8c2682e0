//! A telephone exchange: the one address at which a server reaches all telephones.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use offhook_sip::{Text, Uri};
use parking_lot::Mutex;

use super::Sim;
use super::wire::{Receiver, Wire};
use crate::caller::{Callee, Reception};

/// A SIP proxy on the virtual network that hands calls on to [`Callee`]s by the address that is called, as a provider
/// does: the peer for a server's [`Trunk`](crate::Trunk).
///
/// It keeps no state of calls and adds no Via, so that responses go past it; it records its route (RFC 3261 section
/// 16.6), so that the requests of a call come to it, also those for a telephone behind a NAT. Addresses that nobody has
/// get 404.
///
/// ```
/// use std::time::Duration;
///
/// use offhook::caller::Reception;
/// use offhook::sim::Sim;
/// use offhook::{Answer, AppError, CallChannel, Dial, State, Trunk};
///
/// async fn application(channel: CallChannel) -> Result<i64, AppError> {
///     channel.answer(Answer::new()).await?;
///     let reached = channel.extra_channels()[0].call(Dial::to("300").from("200")).await?;
///     Ok(if reached == State::Answered { 0 } else { 1 })
/// }
///
/// Sim::new(1).run(|sim| async move {
///     let exchange = sim.exchange(Sim::EXCHANGE).await;
///     let phone = Reception::new().ring().wait(Duration::from_secs(2)).answer();
///     let mut anna = sim.callee(Sim::CALLEE, phone).await;
///     exchange.connect("300", anna.address());
///     let server = sim
///         .server_with(
///             |config| {
///                 config.trunks = vec![Trunk::new("exchange", exchange.address().to_string())];
///                 let mut service = offhook::Service::inbound("*", "bridge");
///                 service.extra_channels = 1;
///                 config.services = vec![service];
///             },
///             application,
///         )
///         .await;
///     let caller = sim.caller().await;
///     let request = offhook::caller::CallRequest::to_address(server.sip_address());
///     let _call = caller.call(request).await.unwrap();
///     let call = anna.next_call().await.unwrap();
///     assert!(call.answered().await);
/// });
/// ```
pub struct Exchange {
    address: SocketAddr,
    wire: Arc<Wire>,
    lines: Arc<Mutex<Lines>>,
    /// Further addresses at which it listens.
    others: Mutex<Vec<SocketAddr>>,
    /// Who answers for all addresses that nobody has.
    _nobody: Callee,
}

/// Who is reached where.
struct Lines {
    telephones: HashMap<String, SocketAddr>,
    nobody: SocketAddr,
}

impl Exchange {
    pub(super) async fn open(sim: &Sim, address: SocketAddr) -> Self {
        // Any other port of the same host will do.
        let nobody = SocketAddr::new(address.ip(), address.port() ^ 1);
        let refusal = Reception::new().refuse(404);
        let lines = Lines { telephones: HashMap::new(), nobody };
        let exchange = Self {
            address,
            wire: sim.wire.clone(),
            lines: Arc::new(Mutex::new(lines)),
            others: Mutex::default(),
            _nobody: sim.callee(nobody, refusal).await,
        };
        exchange.listen(address);
        exchange
    }

    /// Where calls are sent to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connects a telephone: calls to `address`, a number or `user@host`, reach it from now on, whoever had the
    /// address before. A leading `+` is not looked at, and a number or user without a host is reached at every host.
    pub fn connect(&self, address: &str, telephone: SocketAddr) {
        self.lines.lock().telephones.insert(line(address), telephone);
    }

    /// Takes calls at port 5060 of another host too, for applications that call `sip:user@192.0.2.7`. To do so twice
    /// does no harm.
    ///
    /// # Panics
    ///
    /// When somebody else listens there.
    pub fn serve(&self, host: IpAddr) {
        let address = SocketAddr::new(host, SIP_PORT);
        if address != self.address && !self.others.lock().contains(&address) {
            self.listen(address);
            self.others.lock().push(address);
        }
    }

    fn listen(&self, at: SocketAddr) {
        let (wire, lines) = (Arc::downgrade(&self.wire), self.lines.clone());
        let receive: Receiver = Arc::new(move |from, bytes| {
            // The wire carries this closure, so that it must not keep the wire.
            let Some(wire) = wire.upgrade() else { return };
            if let Some(uri) = request_uri(&bytes) {
                let to = lines.lock().next_hop(&wire, from, &uri);
                wire.send(from, wire.seen_from_outside(to), routed(&bytes, at));
            }
        });
        let bound = self.wire.bind(at, receive);
        bound.unwrap_or_else(|error| panic!("the simulated exchange at {at}: {error}"));
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        for address in self.others.lock().iter().chain([&self.address]) {
            self.wire.unbind(*address);
        }
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Lines {
    /// Where a request goes.
    fn next_hop(&self, wire: &Wire, from: SocketAddr, uri: &Uri) -> SocketAddr {
        let named = uri.socket_address();
        let telephone = |address: SocketAddr| self.telephones.values().any(|known| *known == address);
        // A request within a call names the telephone's own address, one of a telephone that of the server.
        let comes_from_one = self.telephones.values().any(|known| wire.seen_from_outside(*known) == from);
        if let Some(address) = named.filter(|address| telephone(*address) || comes_from_one) {
            return address;
        }
        let user = uri.user.as_deref().unwrap_or_default();
        let whole = line(&format!("{user}@{}", uri.host));
        let found = self.telephones.get(&whole).or_else(|| self.telephones.get(&line(user)));
        *found.unwrap_or(&self.nobody)
    }
}

/// An address as lines are found by: without `+`, and without regard to capitals in the host.
fn line(address: &str) -> String {
    let bare = address.strip_prefix('+').unwrap_or(address);
    match bare.split_once('@') {
        Some((user, host)) => format!("{user}@{}", host.to_ascii_lowercase()),
        None => bare.to_owned(),
    }
}

/// The address that a request is for; `None` for anything else.
fn request_uri(datagram: &[u8]) -> Option<Uri> {
    let line = datagram.split(|byte| *byte == b'\r').next()?;
    let mut parts = std::str::from_utf8(line).ok()?.split(' ');
    let (_, uri) = (parts.next()?, parts.next()?);
    (parts.next()? == "SIP/2.0").then(|| Uri::parse(&Text::from(uri.to_owned())).ok())?
}

/// A request as the proxy at `address` hands it on: without the route to itself, and with its route recorded in what
/// makes a dialog.
fn routed(request: &[u8], address: SocketAddr) -> Bytes {
    let route = format!("<sip:{address};lr>");
    let mut handed_on = BytesMut::with_capacity(request.len() + route.len() + 32);
    let mut lines = request.split_inclusive(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    handed_on.extend_from_slice(first);
    if first.starts_with(b"INVITE ") {
        handed_on.extend_from_slice(format!("Record-Route: {route}\r\n").as_bytes());
    }
    let own_route = format!("Route: {route}");
    for line in lines {
        if !line.trim_ascii_end().eq_ignore_ascii_case(own_route.as_bytes()) {
            handed_on.extend_from_slice(line);
        }
    }
    handed_on.freeze()
}

const SIP_PORT: u16 = 5060;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_handed_on_with_the_route_recorded() {
        let address = "10.3.0.1:5060".parse().expect("an address");
        let request = b"INVITE sip:300@10.3.0.1 SIP/2.0\r\nVia: x\r\n\r\nv=0\r\n";
        let handed_on = routed(request, address);
        let expected = "INVITE sip:300@10.3.0.1 SIP/2.0\r\nRecord-Route: <sip:10.3.0.1:5060;lr>\r\nVia: x\r\n\r\nv=0\r\n";
        assert_eq!(handed_on, expected.as_bytes());
        let request = b"BYE sip:300@10.2.0.1 SIP/2.0\r\nRoute: <sip:10.3.0.1:5060;lr>\r\nVia: x\r\n\r\n";
        assert_eq!(routed(request, address), &b"BYE sip:300@10.2.0.1 SIP/2.0\r\nVia: x\r\n\r\n"[..]);
    }

    #[test]
    fn only_requests_name_somebody() {
        let uri = request_uri(b"INVITE sip:300@10.3.0.1 SIP/2.0\r\n\r\n").expect("an address");
        assert_eq!(uri.user.as_deref(), Some("300"));
        for other in [&b"SIP/2.0 200 OK\r\n\r\n"[..], b"", b"\xff", b"INVITE", b"GET sip:a@b HTTP/1.1\r\n"] {
            assert!(request_uri(other).is_none());
        }
    }
}
