//! Captures, as tcpdump, dumpcap and Wireshark write them: the UDP datagrams of a pcap or pcapng file.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{Block, PcapBlockOwned, PcapError, create_reader};
use thiserror::Error;

use super::packet::{Link, Reassembly};

/// One UDP datagram.
#[derive(Clone, Debug)]
pub(super) struct Datagram {
    /// When it was seen, since 1970 by the clock of the machine that captured.
    pub(super) at: Duration,
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) bytes: Bytes,
}

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Capture {
    /// In the order of time.
    pub(super) datagrams: Vec<Datagram>,
    /// The file ends within a packet, as it does when the capture still runs.
    pub(super) ends_early: bool,
    /// Packets of which only the beginning was kept.
    pub(super) shortened: usize,
}

/// Why a capture cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum CaptureError {
    /// The system refuses it.
    #[error("{} cannot be read: {error}", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    /// It is something else.
    #[error("{} is no capture; accepted: pcap and pcapng files, as tcpdump and dumpcap write them", path.display())]
    NoCapture { path: PathBuf },
    /// It begins like a capture, and does not go on like one.
    #[error("{} is damaged: what follows its packet {packets} is no packet", path.display())]
    Damaged { path: PathBuf, packets: usize },
    /// It is larger than what is taken into memory.
    #[error(
        "{} holds more than {} MiB of UDP; accepted: less, for example the packets of one call, filtered by their \
         addresses", path.display(), MOST_BYTES >> 20
    )]
    TooLarge { path: PathBuf },
    /// There is no datagram in it.
    #[error("{} holds no UDP over IP{}", path.display(), unknown(links))]
    NoDatagram { path: PathBuf, links: Vec<i32> },
}

impl Capture {
    /// Reads a file. Packets other than UDP over IP are stepped over.
    ///
    /// # Errors
    ///
    /// [`CaptureError`]: it is no capture, is damaged, is too large, or holds no datagram.
    pub(super) fn read(path: &Path) -> Result<Self, CaptureError> {
        let file = File::open(path).map_err(|error| unreadable(path, error))?;
        let mut reader = create_reader(BUFFER_BYTES, file).map_err(|error| match error {
            PcapError::ReadError => unreadable(path, std::io::ErrorKind::InvalidInput.into()),
            _ => CaptureError::NoCapture { path: path.to_owned() },
        })?;
        let mut reading = Reading::default();
        loop {
            match reader.next() {
                Ok((length, block)) => {
                    let fits = reading.take(block);
                    reader.consume(length);
                    if !fits {
                        return Err(CaptureError::TooLarge { path: path.to_owned() });
                    }
                }
                Err(PcapError::Eof) => break,
                Err(PcapError::Incomplete(_)) => {
                    reader
                        .refill()
                        .map_err(|_| unreadable(path, std::io::ErrorKind::UnexpectedEof.into()))?;
                }
                Err(PcapError::UnexpectedEof) => {
                    reading.capture.ends_early = true;
                    break;
                }
                Err(_) => {
                    return Err(CaptureError::Damaged { path: path.to_owned(), packets: reading.packets });
                }
            }
        }
        if reading.capture.datagrams.is_empty() {
            return Err(CaptureError::NoDatagram { path: path.to_owned(), links: reading.unknown_links });
        }
        // Interfaces that are captured together take turns as they like.
        reading.capture.datagrams.sort_by_key(|datagram| datagram.at);
        Ok(reading.capture)
    }
}

/// A file that is being read.
#[derive(Default)]
struct Reading {
    capture: Capture,
    /// Whether times are in nanoseconds, in a pcap file.
    nanoseconds: bool,
    /// The interfaces of the section; a pcap file has one.
    interfaces: Vec<Interface>,
    reassembly: Reassembly,
    packets: usize,
    bytes: usize,
    /// Link types of packets that were stepped over.
    unknown_links: Vec<i32>,
}

/// An interface that was captured.
#[derive(Clone, Copy)]
struct Interface {
    link: Result<Link, i32>,
    /// Units of time in a second.
    resolution: u64,
    /// Seconds that are added to every time.
    offset: i64,
}

impl Reading {
    /// Takes in one block of the file; `false` if there is no room for more.
    fn take(&mut self, block: PcapBlockOwned<'_>) -> bool {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                self.nanoseconds = header.is_nanosecond_precision();
                self.interfaces =
                    vec![Interface { link: Link::of(header.network.0), resolution: 1, offset: 0 }];
            }
            PcapBlockOwned::Legacy(packet) => {
                let unit = if self.nanoseconds { 1 } else { 1000 };
                let at = Duration::from_secs(packet.ts_sec.into())
                    + Duration::from_nanos(u64::from(packet.ts_usec) * unit);
                let whole = packet.data.len() as u64 >= u64::from(packet.origlen);
                return self.packet(0, Some(at), packet.data, whole);
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => self.interfaces.clear(),
            PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                if self.interfaces.len() < MOST_INTERFACES {
                    self.interfaces.push(Interface {
                        link: Link::of(interface.linktype.0),
                        resolution: interface.ts_resolution().filter(|units| *units > 0).unwrap_or(1_000_000),
                        offset: interface.ts_offset(),
                    });
                }
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                let units = u64::from(packet.ts_high) << 32 | u64::from(packet.ts_low);
                let number = packet.if_id as usize;
                let at = self.interfaces.get(number).and_then(|interface| interface.time(units));
                let whole = packet.packet_data().len() as u64 >= u64::from(packet.origlen);
                return self.packet(number, at, packet.packet_data(), whole);
            }
            // Simple packets have no time, so that nothing can be told of a call from them.
            PcapBlockOwned::NG(_) => {}
        }
        true
    }

    fn packet(&mut self, interface: usize, at: Option<Duration>, bytes: &[u8], whole: bool) -> bool {
        self.packets += 1;
        let (Some(at), Some(interface)) = (at, self.interfaces.get(interface)) else { return true };
        let link = match interface.link {
            Ok(link) => link,
            Err(unknown) => {
                if !self.unknown_links.contains(&unknown) && self.unknown_links.len() < MOST_INTERFACES {
                    self.unknown_links.push(unknown);
                }
                return true;
            }
        };
        if !whole {
            self.capture.shortened += 1;
        }
        if let Some(datagram) = self.reassembly.datagram(link, at, bytes) {
            self.bytes += datagram.bytes.len() + DATAGRAM_BYTES;
            self.capture.datagrams.push(datagram);
        }
        self.bytes <= MOST_BYTES
    }
}

impl Interface {
    /// The time of a pcapng packet; `None` if there is no such time.
    fn time(&self, units: u64) -> Option<Duration> {
        let seconds = i128::from(units / self.resolution) + i128::from(self.offset);
        let nanoseconds = u128::from(units % self.resolution) * 1_000_000_000 / u128::from(self.resolution);
        Some(Duration::new(u64::try_from(seconds).ok()?, u32::try_from(nanoseconds).ok()?))
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> CaptureError {
    CaptureError::Unreadable { path: path.to_owned(), error }
}

/// What there is instead of datagrams that could be read.
fn unknown(links: &[i32]) -> String {
    match links {
        [] => String::new(),
        [link, ..] => format!(
            ", but packets of link type {link}; accepted: Ethernet (1), Linux cooked (113, 276), loopback (0, 108), \
             IP (101, 228, 229)"
        ),
    }
}

/// Two hours of a call have 150 MB, in both directions together.
const MOST_BYTES: usize = 256 << 20;
/// What a datagram takes besides its bytes.
const DATAGRAM_BYTES: usize = size_of::<Datagram>();
const MOST_INTERFACES: usize = 1024;
/// A block of a capture file has to fit into it.
const BUFFER_BYTES: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::super::packet::tests::{ethernet, udp};
    use super::*;

    /// A pcap file in microseconds.
    fn pcap(link: u32, packets: &[Vec<u8>]) -> Vec<u8> {
        let mut file = Vec::new();
        for word in [0xa1b2_c3d4, 2 | 4 << 16, 0, 0, 65_535, link] {
            file.extend_from_slice(&u32::to_le_bytes(word));
        }
        for (number, packet) in packets.iter().enumerate() {
            let length = packet.len() as u32;
            for word in [1_700_000_000, number as u32 * 20_000, length, length] {
                file.extend_from_slice(&word.to_le_bytes());
            }
            file.extend_from_slice(packet);
        }
        file
    }

    /// A pcapng file with one interface whose times are in nanoseconds.
    fn pcapng(packets: &[Vec<u8>]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut block = |kind: u32, content: &[u8]| {
            let padding = content.len().next_multiple_of(4) - content.len();
            let length = (content.len() + padding + 12) as u32;
            for part in [&kind.to_le_bytes()[..], &length.to_le_bytes(), content, &[0; 3][..padding]] {
                file.extend_from_slice(part);
            }
            file.extend_from_slice(&length.to_le_bytes());
        };
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        block(0x0a0d_0d0a, &words(&[0x1a2b_3c4d, 1, u32::MAX, u32::MAX]));
        // Option 9 is the resolution: 10^-9 s.
        block(1, &words(&[1, 0, 9 | 1 << 16, 9, 0]));
        for (number, packet) in packets.iter().enumerate() {
            let time = 1_700_000_000_000_000_000 + number as u64 * 20_000_000;
            let length = packet.len() as u32;
            let mut content = words(&[0, (time >> 32) as u32, time as u32, length, length]);
            content.extend_from_slice(packet);
            block(6, &content);
        }
        file
    }

    fn read(file: &[u8]) -> Result<Capture, CaptureError> {
        let mut stored = tempfile::NamedTempFile::new().expect("a file");
        stored.write_all(file).expect("it is written");
        Capture::read(stored.path())
    }

    #[test]
    fn both_formats_give_the_same_datagrams() {
        let packets: Vec<Vec<u8>> = (0..3_u8).map(|number| ethernet(&udp(&[number; 9]))).collect();
        for file in [pcap(1, &packets), pcapng(&packets)] {
            let capture = read(&file).expect("it is a capture");
            assert_eq!(capture.datagrams.len(), 3);
            let last = &capture.datagrams[2];
            assert_eq!(last.at, Duration::from_millis(1_700_000_000_040));
            assert_eq!((last.from.to_string(), last.to.port()), ("192.0.2.60:5060".to_owned(), 5062));
            assert_eq!(&*last.bytes, &[2; 9]);
        }
    }

    #[test]
    fn a_file_that_ends_within_a_packet_is_read_up_to_there() {
        let packets = vec![ethernet(&udp(b"one")), ethernet(&udp(b"two"))];
        let file = pcap(1, &packets);
        let capture = read(&file[..file.len() - 1]).expect("it is read");
        assert_eq!((capture.datagrams.len(), capture.ends_early), (1, true));
    }

    #[test]
    fn what_is_no_capture_is_refused_in_words() {
        for file in [&b""[..], b"RIFF", &[0; 4000]] {
            let error = read(file).expect_err("it is no capture").to_string();
            assert!(error.contains("is no capture; accepted: pcap and pcapng"), "{error}");
        }
    }

    #[test]
    fn a_link_that_is_not_read_is_named() {
        let error = read(&pcap(127, &[vec![0; 60]])).expect_err("no datagrams").to_string();
        assert!(error.contains("link type 127"), "{error}");
    }

    #[test]
    fn a_length_that_cannot_be_is_told() {
        let mut file = pcap(1, &[ethernet(&udp(b"one")), ethernet(&udp(b"two"))]);
        let second = 24 + 16 + ethernet(&udp(b"one")).len();
        file[second + 8..second + 12].copy_from_slice(&u32::MAX.to_le_bytes());
        let error = read(&file).expect_err("it is damaged").to_string();
        assert!(error.contains("packet 1 is no packet"), "{error}");
    }

    /// Whatever stands in a file, reading it ends, and does not panic.
    #[test]
    fn changed_bytes_do_no_harm() {
        let packets: Vec<Vec<u8>> = (0..4_u8).map(|number| ethernet(&udp(&[number; 30]))).collect();
        let mut random = 1_u32;
        let mut next = |below: usize| {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (random >> 8) as usize % below
        };
        for file in [pcap(1, &packets), pcapng(&packets)] {
            for _ in 0..500 {
                let mut changed = file.clone();
                for _ in 0..=next(4) {
                    let at = next(changed.len());
                    changed[at] = [0, 0xff, next(256) as u8][next(3)];
                }
                let _ = read(&changed);
            }
        }
    }
}
