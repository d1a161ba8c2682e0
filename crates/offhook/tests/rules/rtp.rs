//! RTP packets, byte by byte.

use std::time::Duration;

use offhook::media::{Law, Sound};
use offhook::sim::Arrived;

/// A packet that a raw peer received.
#[derive(Clone, Debug)]
pub(crate) struct Packet {
    pub(crate) at: Duration,
    pub(crate) from: std::net::SocketAddr,
    pub(crate) payload_type: u8,
    pub(crate) sequence: u16,
    pub(crate) timestamp: u32,
    pub(crate) ssrc: u32,
    pub(crate) payload: Vec<u8>,
}

/// The packets among what arrived.
pub(crate) fn packets(arrived: &[Arrived]) -> Vec<Packet> {
    arrived.iter().map(packet).collect()
}

/// The sound of G.711 packets that came in order without a gap.
pub(crate) fn sound(packets: &[Packet]) -> Sound {
    let law = |packet: &Packet| if packet.payload_type == 0 { Law::Mu } else { Law::A };
    Sound::new(8000, packets.iter().flat_map(|packet| law(packet).decode(&packet.payload)).collect())
}

/// Packets of 20 ms of A-law silence, one after another.
pub(crate) fn silence(count: u16, ssrc: u32) -> Vec<Vec<u8>> {
    (0..count)
        .map(|number| {
            let mut bytes = vec![0x80, 8];
            bytes.extend((1000 + number).to_be_bytes());
            bytes.extend((u32::from(number) * 160).to_be_bytes());
            bytes.extend(ssrc.to_be_bytes());
            bytes.extend([0xD5; 160]);
            bytes
        })
        .collect()
}

fn packet(arrived: &Arrived) -> Packet {
    let bytes = &arrived.bytes;
    assert!(bytes.len() >= 12 && bytes[0] == 0x80, "no plain RTP packet: {bytes:?}");
    let word = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("four bytes"));
    Packet {
        at: arrived.at,
        from: arrived.from,
        payload_type: bytes[1] & 0x7F,
        sequence: u16::from_be_bytes([bytes[2], bytes[3]]),
        timestamp: word(4),
        ssrc: word(8),
        payload: bytes[12..].to_vec(),
    }
}
