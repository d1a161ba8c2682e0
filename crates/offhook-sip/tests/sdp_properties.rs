//! Properties that hold for every description: round trips, mutations, and the invariants of offer and answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use offhook_sip::sdp::{
    Address, Attribute, Bandwidth, CodecSpec, Connection, Direction, LocalMedia, Media, MediaKind, Origin,
    Protocol, SessionDescription, Timing, accept, answer, answer_again, offer, offer_again,
};

fn token() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9.-]{1,12}"
}

fn text() -> impl Strategy<Value = String> {
    "[!-~][ -~äß]{0,30}"
}

fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
        any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))),
    ]
}

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![
        ip().prop_map(Address::Ip),
        (any::<bool>(), "[a-z]{1,8}\\.example").prop_map(|(ip6, name)| Address::Name { ip6, name }),
        ("[J-Z]{3}", token(), token()).prop_map(|(network, kind, address)| Address::Other {
            network,
            kind,
            address
        }),
    ]
}

fn connection() -> impl Strategy<Value = Connection> {
    (address(), option::of("[0-9]{1,3}")).prop_map(|(address, multicast)| Connection { address, multicast })
}

fn attribute() -> impl Strategy<Value = Attribute> {
    prop_oneof![
        "[a-z-]{1,12}".prop_map(Attribute::flag),
        ("[a-z-]{1,12}", "[ -~]{0,40}").prop_map(|(name, value)| Attribute::new(name, value)),
    ]
}

fn bandwidth() -> impl Strategy<Value = Bandwidth> {
    ("[A-Z]{2,4}", any::<u64>()).prop_map(|(kind, value)| Bandwidth { kind, value })
}

fn media() -> impl Strategy<Value = Media> {
    let kind = prop_oneof![
        Just(MediaKind::Audio),
        Just(MediaKind::Video),
        Just(MediaKind::Image),
        "x-[a-z]{1,8}".prop_map(MediaKind::Other),
    ];
    let protocol = prop_oneof![
        Just(Protocol::RtpAvp),
        Just(Protocol::RtpAvpf),
        Just(Protocol::RtpSavp),
        "x/[A-Z]{1,8}".prop_map(Protocol::Other),
    ];
    let rest = (option::of(text()), option::of(connection()), vec(bandwidth(), 0..3), vec(attribute(), 0..8));
    (kind, any::<u16>(), option::of(1..=9_u16), protocol, vec(token(), 0..8), rest).prop_map(
        |(kind, port, port_count, protocol, formats, (title, connection, bandwidths, attributes))| Media {
            port_count,
            formats,
            title,
            connection,
            bandwidths,
            attributes,
            ..Media::new(kind, port, protocol)
        },
    )
}

fn timing() -> impl Strategy<Value = Timing> {
    (any::<u64>(), any::<u64>(), vec(text(), 0..2)).prop_map(|(start, stop, repeats)| Timing {
        start,
        stop,
        repeats,
    })
}

fn description() -> impl Strategy<Value = SessionDescription> {
    let origin = (token(), any::<u64>(), any::<u64>(), address()).prop_map(
        |(username, session_id, session_version, address)| Origin {
            username,
            session_id,
            session_version,
            address,
        },
    );
    let persons = (option::of(text()), option::of(text()), vec(text(), 0..3), vec(text(), 0..3));
    let rest = (
        option::of(connection()),
        vec(bandwidth(), 0..3),
        vec(timing(), 1..3),
        option::of(text()),
        vec(attribute(), 0..8),
        vec(media(), 0..4),
    );
    (origin, text(), persons, rest).prop_map(
        |(
            origin,
            session_name,
            (information, uri, emails, phones),
            (connection, bandwidths, timings, time_zones, attributes, media),
        )| SessionDescription {
            session_name,
            information,
            uri,
            emails,
            phones,
            connection,
            bandwidths,
            timings,
            time_zones,
            attributes,
            media,
            ..SessionDescription::new(origin)
        },
    )
}

fn codecs() -> impl Strategy<Value = Vec<CodecSpec>> {
    let all = codecs_in_order();
    let count = all.len();
    (Just(all).prop_shuffle(), 1..=count).prop_map(|(mut codecs, count)| {
        codecs.truncate(count);
        codecs
    })
}

fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![
        Just(Direction::SendRecv),
        Just(Direction::SendOnly),
        Just(Direction::RecvOnly),
        Just(Direction::Inactive),
    ]
}

fn local(host: u8) -> LocalMedia {
    LocalMedia::new(IpAddr::from([192, 0, 2, host]), 20_000 + u16::from(host) * 2, u64::from(host))
}

proptest! {
    /// RING-31: what is written is read back as it was.
    #[test]
    fn writing_and_reading_give_the_same(description in description()) {
        let text = description.to_string();
        prop_assert_eq!(SessionDescription::parse(&text), Ok(description), "{}", text);
    }

    /// RING-31: nothing that a peer can write makes the parser, or an answer to what it read, panic; and what was
    /// read is written in a form that is read as the same.
    #[test]
    fn mutated_descriptions_are_survived(
        description in description(),
        edits in vec((any::<prop::sample::Index>(), any::<u8>(), 0..4_u8), 0..12),
    ) {
        let mut bytes = description.to_string().into_bytes();
        for (index, byte, edit) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = index.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => { bytes.remove(at); }
                _ => bytes.truncate(at),
            }
        }
        if let Ok(read) = SessionDescription::parse(&bytes) {
            let codecs = [CodecSpec::new("g711a", "PCMA", 8000).with_static_payload(8)];
            let ours = offer(&codecs, &local(9), Direction::SendRecv);
            let _ = accept(&ours, &read, &codecs);
            let _ = offer_again(&read, &codecs, &local(9), Direction::SendRecv);
            if let Ok(negotiated) = answer(&read, &codecs, &local(9)) {
                prop_assert_eq!(negotiated.answer.media.len(), read.media.len());
            }
            prop_assert_eq!(SessionDescription::parse(read.to_string()), Ok(read));
        }
    }

    /// RING-31: no bytes at all make the parser panic.
    #[test]
    fn arbitrary_bytes_are_survived(bytes in vec(any::<u8>(), 0..2000)) {
        let _ = SessionDescription::parse(&bytes);
        let _ = SessionDescription::parse([b"v=0\no=- 1 1 IN IP4 1.2.3.4\nm=audio 1 RTP/AVP ", &bytes[..]].concat());
    }

    /// RING-31, RING-52: both sides of an offer and its answer come to the same stream, seen from either end.
    #[test]
    fn both_sides_agree_on_the_stream(
        (offerer, answerer, wanted) in (codecs(), codecs(), direction()),
    ) {
        let offered = offer(&offerer, &local(1), wanted);
        let Ok(theirs) = answer(&offered, &answerer, &local(2)) else {
            prop_assert!(offerer.iter().all(|codec| !answerer.contains(codec)));
            return Ok(());
        };
        let ours = accept(&offered, &theirs.answer, &offerer).expect("an agreement on both sides");
        prop_assert_eq!(&ours.codec, &theirs.stream.codec);
        let first_common = answerer.iter().find(|codec| offerer.contains(codec));
        prop_assert_eq!(Some(&ours.codec), first_common, "the answerer's order decides");
        prop_assert_eq!(ours.payload_send, theirs.stream.payload_receive);
        prop_assert_eq!(ours.payload_receive, theirs.stream.payload_send);
        prop_assert_eq!(ours.direction, theirs.stream.direction.reversed());
        prop_assert_eq!(ours.remote_rtp.map(|remote| remote.port()), Some(20_004));
        prop_assert_eq!(theirs.stream.remote_rtp.map(|remote| remote.port()), Some(20_002));
        let event = ours.telephone_event.expect("telephone events");
        prop_assert_eq!(event.clock_rate_hz, ours.codec.clock_rate_hz);
    }

    /// RING-35: over any sequence of later offers the version counts up by one exactly when the answer changes, and
    /// every answer has the lines of its offer.
    #[test]
    fn versions_count_changes(steps in vec((codecs(), direction()), 1..8)) {
        let all = codecs_in_order();
        let first = answer(&offer(&all, &local(1), Direction::SendRecv), &all, &local(2)).expect("an agreement");
        let mut previous = first.answer;
        let mut their_previous = offer(&all, &local(1), Direction::SendRecv);
        for (offered, wanted) in steps {
            let next_offer = offer_again(&their_previous, &offered, &local(1), wanted);
            let changed = u64::from(next_offer.media != their_previous.media);
            prop_assert_eq!(next_offer.origin.session_version, their_previous.origin.session_version + changed);
            let next = answer_again(&previous, &next_offer, &all, &local(2)).expect("an agreement").answer;
            let changed = u64::from(next.media != previous.media);
            prop_assert_eq!(next.origin.session_version, previous.origin.session_version + changed);
            prop_assert_eq!(next.media.len(), next_offer.media.len());
            (previous, their_previous) = (next, next_offer);
        }
    }
}

fn codecs_in_order() -> Vec<CodecSpec> {
    vec![
        CodecSpec::new("g711a", "PCMA", 8000).with_static_payload(8),
        CodecSpec::new("g711u", "PCMU", 8000).with_static_payload(0),
        CodecSpec::new("g722", "G722", 8000).with_static_payload(9),
        CodecSpec::new("opus", "opus", 48000).with_channels(2),
    ]
}
