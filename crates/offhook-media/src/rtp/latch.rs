//! Symmetric RTP: whose packets are taken, and where ours go (RING-38).

use std::net::SocketAddr;

/// Follows the far end to the address its packets really come from, once (RING-38, RFC 4961).
///
/// Until the first valid packet our packets go to the address of the session description. The first valid packet
/// locks the latch on its source: ours go there from then on, and packets from anywhere else are strangers'. So
/// nothing is ever sent to an address that neither the session description named nor a valid packet came from,
/// and nobody who comes later can take the stream over.
///
/// With the latch switched off, ours always go to the session description's address, and packets are taken from
/// that host only, whatever their port (a far end may send and receive on different ports).
#[derive(Clone, Debug)]
pub struct Latch {
    symmetric: bool,
    /// The last address that a session description named.
    signalled: Option<SocketAddr>,
    /// Whether the latest session description names an address.
    sending: bool,
    locked: Option<SocketAddr>,
    /// Where the latch was locked before a session description opened it again, and how many packets from there
    /// are still taken for stragglers.
    former: Option<(SocketAddr, u8)>,
}

impl Latch {
    /// An open latch; `signalled` is the address of the session description, `None` if it named none.
    pub fn new(symmetric: bool, signalled: Option<SocketAddr>) -> Self {
        let signalled = signalled.map(canonical);
        Self { symmetric, signalled, sending: signalled.is_some(), locked: None, former: None }
    }

    /// Takes note of a valid packet of this call, which came from `from`.
    pub fn valid_packet(&mut self, from: SocketAddr) -> Verdict {
        if !self.admits(from) {
            return Verdict::Stranger;
        }
        if !self.symmetric || self.locked.is_some() {
            return Verdict::Known;
        }
        let from = canonical(from);
        if let Some((former, stragglers)) = &mut self.former
            && *former == from
            && *stragglers > 0
        {
            *stragglers -= 1;
            return Verdict::Known;
        }
        self.former = None;
        self.locked = Some(from);
        Verdict::Locked { moved: self.signalled != self.locked }
    }

    /// Takes the address of a later session description. One that differs from the last opens the latch again;
    /// one without an address (hold) only stops the sending.
    ///
    /// Returns whether the latch was opened.
    pub fn signal(&mut self, signalled: Option<SocketAddr>) -> bool {
        self.sending = signalled.is_some();
        let Some(signalled) = signalled.map(canonical) else { return false };
        if self.signalled.replace(signalled) == Some(signalled) || self.locked == Some(signalled) {
            return false;
        }
        let Some(former) = self.locked.take() else { return false };
        self.former = Some((former, STRAGGLERS));
        true
    }

    /// Whether a packet from `from` would be taken, with nothing changed: to be asked before it is parsed.
    pub fn admits(&self, from: SocketAddr) -> bool {
        let from = canonical(from);
        match (self.locked, self.symmetric) {
            (Some(locked), _) => from == locked,
            (None, true) => true,
            (None, false) => self.signalled.is_some_and(|signalled| signalled.ip() == from.ip()),
        }
    }

    /// Where packets go; `None` while the session description names no address.
    pub fn target(&self) -> Option<SocketAddr> {
        if self.sending { self.locked.or(self.signalled) } else { None }
    }

    /// The address that the latch is locked on.
    pub fn locked(&self) -> Option<SocketAddr> {
        self.locked
    }
}

/// What became of a valid packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// From where packets were expected.
    Known,
    /// The first one: the latch is locked on its source from here on.
    Locked {
        /// Whether the source is another than the session description's address.
        moved: bool,
    },
    /// Not from where packets are expected: to be dropped.
    Stranger,
}

/// An IPv4 address that a dual-stack socket reports as IPv6 is the same address.
fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// How many packets from the former address do not lock the latch again: one second of 20 ms packets. They were
/// under way when the far end moved; more than that, and the far end's packets still come from there.
const STRAGGLERS: u8 = 50;
