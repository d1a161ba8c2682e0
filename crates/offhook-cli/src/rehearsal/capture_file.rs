//! What goes over the virtual network, as a capture that Wireshark reads.

use std::fs::File;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use etherparse::PacketBuilder;
use offhook::sim::Datagram;

/// A pcap file that is being written.
pub(super) struct CaptureFile(File);

impl CaptureFile {
    /// Begins a file; one that is there is written over.
    ///
    /// # Errors
    ///
    /// The system's reason.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        let mut file = File::create(path)?;
        let words = [MAGIC, VERSION, 0, 0, u32::from(u16::MAX), LINKTYPE_RAW];
        file.write_all(&words.map(u32::to_le_bytes).concat())?;
        Ok(Self(file))
    }

    /// Appends a datagram that is sent at this virtual time. The file is complete after each.
    ///
    /// # Errors
    ///
    /// The system's reason.
    pub(super) fn write(&mut self, at: Duration, datagram: &Datagram<'_>) -> io::Result<()> {
        let packet = packet(datagram);
        let length = packet.len() as u32;
        let seconds = u32::try_from(at.as_secs()).unwrap_or(u32::MAX);
        let header = [seconds, at.subsec_micros(), length, length].map(u32::to_le_bytes).concat();
        self.0.write_all(&[header, packet].concat())
    }
}

/// IP and UDP around the bytes; nothing if they do not fit into a packet.
fn packet(datagram: &Datagram<'_>) -> Vec<u8> {
    let ip = match (datagram.from, datagram.to) {
        (SocketAddr::V4(from), SocketAddr::V4(to)) => {
            PacketBuilder::ipv4(from.ip().octets(), to.ip().octets(), HOPS)
        }
        (from, to) => {
            let octets = |address: SocketAddr| match address {
                SocketAddr::V4(address) => address.ip().to_ipv6_mapped().octets(),
                SocketAddr::V6(address) => address.ip().octets(),
            };
            PacketBuilder::ipv6(octets(from), octets(to), HOPS)
        }
    };
    let udp = ip.udp(datagram.from.port(), datagram.to.port());
    let mut packet = Vec::with_capacity(udp.size(datagram.bytes.len()));
    if udp.write(&mut packet, datagram.bytes).is_err() {
        packet.clear();
    }
    packet
}

/// Little endian, with times in microseconds.
const MAGIC: u32 = 0xa1b2_c3d4;
/// 2.4.
const VERSION: u32 = 4 << 16 | 2;
/// Packets begin with their IP header.
const LINKTYPE_RAW: u32 = 101;
const HOPS: u8 = 64;
