//! From a packet of a link to the UDP datagram in it, fragments put together.

use std::cell::Cell;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use etherparse::defrag::IpDefragPool;
use etherparse::{EtherType, NetSlice, SlicedPacket, TransportSlice, UdpSlice};

use super::capture::Datagram;

/// What stands before the IP header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Ethernet,
    /// Linux cooked mode, as captured on the interface `any`.
    Cooked,
    Cooked2,
    /// Four bytes that name the address family.
    Loopback,
    Ip,
}

impl Link {
    /// The link of a LINKTYPE number, which comes back if it is not known.
    pub(super) fn of(number: i32) -> Result<Self, i32> {
        match number {
            1 => Ok(Self::Ethernet),
            113 => Ok(Self::Cooked),
            276 => Ok(Self::Cooked2),
            0 | 108 => Ok(Self::Loopback),
            // The first two are what tcpdump of some systems writes for 101.
            12 | 14 | 101 | 228 | 229 => Ok(Self::Ip),
            other => Err(other),
        }
    }

    fn slice(self, bytes: &[u8]) -> Option<SlicedPacket<'_>> {
        let of_type = |at: usize, header: usize| {
            let kind = bytes.get(at..at + 2)?;
            let kind = EtherType(u16::from_be_bytes([kind[0], kind[1]]));
            SlicedPacket::from_ether_type(kind, bytes.get(header..)?).ok()
        };
        match self {
            Self::Ethernet => SlicedPacket::from_ethernet(bytes).ok(),
            Self::Cooked => of_type(14, 16),
            Self::Cooked2 => of_type(0, 20),
            Self::Loopback => SlicedPacket::from_ip(bytes.get(4..)?).ok(),
            Self::Ip => SlicedPacket::from_ip(bytes).ok(),
        }
    }
}

/// Puts fragments together. What it holds is bounded: fragments whose rest does not come are forgotten.
#[derive(Default)]
pub(super) struct Reassembly(Option<IpDefragPool<Duration>>);

impl Reassembly {
    /// The datagram of a packet, or the one that its fragment completes; `None` if it is neither.
    pub(super) fn datagram(&mut self, link: Link, at: Duration, bytes: &[u8]) -> Option<Datagram> {
        let packet = link.slice(bytes)?;
        let (from, to): (IpAddr, IpAddr) = match packet.net.as_ref()? {
            NetSlice::Ipv4(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
            NetSlice::Ipv6(ip) => (ip.header().source_addr().into(), ip.header().destination_addr().into()),
            NetSlice::Arp(_) => return None,
        };
        let whole = |udp: &UdpSlice<'_>| Datagram {
            at,
            from: SocketAddr::new(from, udp.source_port()),
            to: SocketAddr::new(to, udp.destination_port()),
            bytes: Bytes::copy_from_slice(udp.payload()),
        };
        if let Some(TransportSlice::Udp(udp)) = &packet.transport {
            return Some(whole(udp));
        }
        if !packet.is_ip_payload_fragmented() {
            return None;
        }
        let complete = self.pool(at).process_sliced_packet(&packet, at, ()).ok()??;
        UdpSlice::from_slice(&complete.payload).ok().map(|udp| whole(&udp))
    }

    /// The fragments that are worth waiting with: recent ones, and not too many.
    fn pool(&mut self, now: Duration) -> &mut IpDefragPool<Duration> {
        let pool = self.0.get_or_insert_with(IpDefragPool::new);
        let held = Cell::new(0);
        pool.retain(|at| {
            held.set(held.get() + 1);
            now.saturating_sub(*at) <= LONGEST_WAIT && held.get() < MOST_HELD
        });
        pool
    }
}

/// RFC 791 section 3.2 and RFC 8200 section 4.5 wait for 15 s and for 60 s.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Each takes up to 64 KiB.
const MOST_HELD: usize = 256;

#[cfg(test)]
pub(super) mod tests {
    use etherparse::{IpFragOffset, IpNumber, Ipv4Header, PacketBuilder, UdpHeader};

    use super::*;

    /// An IP packet from 192.0.2.60:5060 to 192.0.2.1:5062.
    pub(in super::super) fn udp(payload: &[u8]) -> Vec<u8> {
        let builder = PacketBuilder::ipv4([192, 0, 2, 60], [192, 0, 2, 1], 64).udp(5060, 5062);
        let mut packet = Vec::new();
        builder.write(&mut packet, payload).expect("it fits");
        packet
    }

    /// The same on Ethernet.
    pub(in super::super) fn ethernet(packet: &[u8]) -> Vec<u8> {
        [&[2; 12][..], &[8, 0], packet].concat()
    }

    #[test]
    fn every_link_is_read() {
        let packet = udp(b"OPTIONS");
        let cooked = [&[0; 14][..], &[8, 0], &packet].concat();
        let cooked2 = [&[8, 0][..], &[0; 18], &packet].concat();
        let tagged = [&[2; 12][..], &[0x81, 0, 0, 7, 8, 0], &packet].concat();
        let loopback = [&[2, 0, 0, 0][..], &packet].concat();
        for (number, bytes) in
            [(1, ethernet(&packet)), (1, tagged), (113, cooked), (276, cooked2), (0, loopback), (101, packet)]
        {
            let link = Link::of(number).expect("it is known");
            let datagram = Reassembly::default().datagram(link, Duration::ZERO, &bytes);
            assert_eq!(
                datagram.map(|datagram| datagram.bytes),
                Some(Bytes::from_static(b"OPTIONS")),
                "{link:?}"
            );
        }
    }

    #[test]
    fn fragments_are_put_together() {
        let body: Vec<u8> = (0..3000).map(|number| number as u8).collect();
        let header = UdpHeader::without_ipv4_checksum(5060, 5062, body.len()).expect("it fits");
        let whole = [&header.to_bytes()[..], &body].concat();
        let fragment = |from: usize, to: usize| {
            let mut ip =
                Ipv4Header::new((to - from) as u16, 64, IpNumber::UDP, [192, 0, 2, 60], [192, 0, 2, 1])
                    .expect("it fits");
            ip.identification = 7;
            ip.dont_fragment = false;
            ip.more_fragments = to < whole.len();
            ip.fragment_offset = IpFragOffset::try_new((from / 8) as u16).expect("in range");
            let mut packet = Vec::new();
            ip.write(&mut packet).expect("it is written");
            packet.extend_from_slice(&whole[from..to]);
            packet
        };
        let mut reassembly = Reassembly::default();
        let mut feed = |packet: Vec<u8>| reassembly.datagram(Link::Ip, Duration::ZERO, &packet);
        assert!(feed(fragment(1480, 2960)).is_none());
        assert!(feed(fragment(0, 1480)).is_none());
        let datagram = feed(fragment(2960, whole.len())).expect("it is complete");
        assert_eq!(&*datagram.bytes, &body[..]);
        assert_eq!(datagram.to.port(), 5062);
    }

    #[test]
    fn fragments_without_end_are_forgotten() {
        let mut reassembly = Reassembly::default();
        for number in 0..2000_u16 {
            let mut packet = udp(&[0; 32]);
            packet[4..6].copy_from_slice(&number.to_be_bytes());
            packet[6] = 0x20; // More fragments follow.
            assert!(reassembly.datagram(Link::Ip, Duration::ZERO, &packet).is_none());
        }
        let held = Cell::new(0);
        reassembly.pool(Duration::ZERO).retain(|_| {
            held.set(held.get() + 1);
            true
        });
        assert!(held.get() <= MOST_HELD, "{} are held", held.get());
    }
}
