//! The RTP packet, well formed and not.

use offhook_media::rtp::{Header, Packet, ParsePacketError, is_rtcp};
use proptest::prelude::*;

const PLAIN: [u8; 12] = [0x80, 0x08, 0x12, 0x34, 0, 0, 0, 160, 0xca, 0xfe, 0xba, 0xbe];

fn with(first: u8, rest: &[u8]) -> Vec<u8> {
    let mut bytes = PLAIN.to_vec();
    bytes[0] = first;
    bytes.extend_from_slice(rest);
    bytes
}

#[test]
fn fields_are_where_rfc_3550_puts_them() {
    let bytes = with(0x80, &[1, 2, 3]);
    let packet = Packet::parse(&bytes).unwrap();
    let header =
        Header { marker: false, payload_type: 8, sequence: 0x1234, timestamp: 160, ssrc: 0xcafe_babe };
    assert_eq!(*packet.header(), header);
    assert_eq!(packet.payload(), [1, 2, 3]);
}

#[test]
fn contributing_sources_extension_and_padding_are_stepped_over() {
    let rest = [
        0, 0, 0, 7, 0, 0, 0, 9, // two contributing sources
        0xbe, 0xde, 0, 1, 10, 20, 30, 40, // extension of one word
        1, 2, 3, // payload
        0, 0, 3, // padding
    ];
    let bytes = with(0x80 | 0x20 | 0x10 | 2, &rest);
    let packet = Packet::parse(&bytes).unwrap();
    assert_eq!(packet.csrc().collect::<Vec<_>>(), [7, 9]);
    assert_eq!(packet.extension(), Some((0xbede, &[10, 20, 30, 40][..])));
    assert_eq!(packet.payload(), [1, 2, 3]);
}

/// UR-41: every malformed length is named, none is believed.
#[test]
fn malformed_packets_are_refused_with_the_reason() {
    let cases: [(&str, Vec<u8>, ParsePacketError); 8] = [
        ("empty", vec![], ParsePacketError::TooShort { bytes: 0 }),
        ("eleven bytes", PLAIN[..11].to_vec(), ParsePacketError::TooShort { bytes: 11 }),
        ("version 1", with(0x40, &[]), ParsePacketError::Version { version: 1 }),
        ("sources cut off", with(0x82, &[0, 0, 0, 1]), ParsePacketError::Csrc { count: 2 }),
        ("extension head cut off", with(0x90, &[0xbe, 0xde]), ParsePacketError::Extension),
        ("extension cut off", with(0x90, &[0xbe, 0xde, 0, 2, 1, 2, 3, 4]), ParsePacketError::Extension),
        ("padding of nothing", with(0xa0, &[1, 2, 0]), ParsePacketError::Padding { padding: 0 }),
        ("padding too long", with(0xa0, &[1, 2, 4]), ParsePacketError::Padding { padding: 4 }),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(Packet::parse(&bytes), Err(expected), "{name}");
    }
}

#[test]
fn a_buffer_that_is_too_small_is_left_alone() {
    let header = *Packet::parse(&PLAIN).unwrap().header();
    let mut buffer = [7; 13];
    assert_eq!(header.write(&[1, 2], &mut buffer), None);
    assert_eq!(buffer, [7; 13]);
}

#[test]
fn rtcp_on_a_shared_port_is_told_by_its_type() {
    assert!(is_rtcp(&[0x80, 200]));
    assert!(is_rtcp(&[0x81, 203]));
    assert!(!is_rtcp(&[0x80, 0x80 | 8]), "A-law with the marker");
    assert!(!is_rtcp(&[0x80, 0x80 | 101]), "telephone event with the marker");
    assert!(!is_rtcp(&[0x80]));
}

proptest! {
    #[test]
    fn what_is_written_is_read(
        marker: bool, payload_type in 0..128_u8, sequence: u16, timestamp: u32, ssrc: u32,
        payload in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let header = Header { marker, payload_type, sequence, timestamp, ssrc };
        let mut buffer = [0; 500];
        let length = header.write(&payload, &mut buffer).unwrap();
        let packet = Packet::parse(&buffer[..length]).unwrap();
        prop_assert_eq!(*packet.header(), header);
        prop_assert_eq!(packet.payload(), &payload[..]);
    }

    /// UR-41: no bytes whatever make the parser panic or reach outside of them.
    #[test]
    fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..80), versioned: bool) {
        if let (true, Some(first)) = (versioned, bytes.first_mut()) {
            *first = 0x80 | (*first & 0x3f);
        }
        if let Ok(packet) = Packet::parse(&bytes) {
            let inside = 12 + packet.csrc().count() * 4 + packet.extension().map_or(0, |(_, data)| 4 + data.len());
            prop_assert!(inside + packet.payload().len() <= bytes.len());
        }
    }
}
