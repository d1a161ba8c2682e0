//! RTCP: what is written and read, and when.

use std::time::Duration;

use offhook_media::rtp::rtcp::{
    Compound, MAX_COMPOUND_BYTES, OutgoingCompound, ParseCompoundError, Report, ReportBlock, Schedule,
    SenderInfo, ntp_timestamp,
};
use proptest::prelude::*;

fn report_block() -> ReportBlock {
    ReportBlock {
        ssrc: 9,
        fraction_lost: 128,
        cumulative_lost: 0x01_0203,
        highest_sequence: 0x0001_0002,
        jitter: 12,
        last_sender_report: 34,
        delay_since_last_sender_report: 56,
    }
}

fn sender_info() -> SenderInfo {
    SenderInfo { ntp_timestamp: 1 << 32 | 1 << 31, rtp_timestamp: 800, packets: 5, octets: 800 }
}

fn written(compound: OutgoingCompound<'_>) -> Vec<u8> {
    let mut buffer = [0xee; MAX_COMPOUND_BYTES];
    let length = compound.write(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

#[test]
fn a_sender_report_has_the_bytes_of_rfc_3550_section_6_4_1() {
    let bytes = written(OutgoingCompound {
        ssrc: 7,
        sender: Some(sender_info()),
        report: Some(report_block()),
        canonical_name: "a@b",
        bye: false,
    });
    let expected = [
        &[0x81, 200, 0, 12, 0, 0, 0, 7][..],
        &[0, 0, 0, 1, 0x80, 0, 0, 0, 0, 0, 3, 32, 0, 0, 0, 5, 0, 0, 3, 32],
        &[0, 0, 0, 9, 128, 1, 2, 3, 0, 1, 0, 2, 0, 0, 0, 12, 0, 0, 0, 34, 0, 0, 0, 56],
        &[0x81, 202, 0, 3, 0, 0, 0, 7, 1, 3, b'a', b'@', b'b', 0, 0, 0],
    ];
    assert_eq!(bytes, expected.concat());
}

#[test]
fn who_has_not_sent_reports_as_a_receiver_and_leaves_with_bye() {
    let bytes =
        written(OutgoingCompound { ssrc: 7, sender: None, report: None, canonical_name: "a@bc", bye: true });
    let reports: Vec<_> = Compound::parse(&bytes).unwrap().reports().collect();
    assert_eq!(
        reports,
        [
            Report::Receiver { ssrc: 7 },
            Report::CanonicalName { ssrc: 7, name: b"a@bc" },
            Report::Bye { ssrc: 7 }
        ]
    );
}

#[test]
fn malformed_compounds_are_refused_with_the_reason() {
    let cases: [(&str, &[u8], ParseCompoundError); 7] = [
        ("empty", &[], ParseCompoundError::Length { bytes: 0 }),
        ("short header", &[0x80, 200, 0], ParseCompoundError::Length { bytes: 3 }),
        ("longer than the datagram", &[0x80, 201, 0, 1], ParseCompoundError::Length { bytes: 4 }),
        ("version 1", &[0x40, 201, 0, 0], ParseCompoundError::Version { version: 1 }),
        ("BYE alone", &[0x81, 203, 0, 1, 0, 0, 0, 7], ParseCompoundError::NoReport { kind: 203 }),
        (
            "padding not in the last",
            &[0xa0, 201, 0, 1, 0, 0, 0, 4, 0x80, 203, 0, 0],
            ParseCompoundError::Padding,
        ),
        ("padding too long", &[0xa0, 201, 0, 1, 0, 0, 0, 5], ParseCompoundError::Padding),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(Compound::parse(bytes).err(), Some(expected), "{name}");
    }
}

#[test]
fn parts_too_short_for_their_kind_are_left_out() {
    // A sender report without sender information, then a BYE that counts no source.
    let bytes = [0x80, 200, 0, 1, 0, 0, 0, 7, 0x80, 203, 0, 0];
    assert_eq!(Compound::parse(&bytes).unwrap().reports().count(), 0);
}

/// RFC 3550 section 6.2: five seconds on average, spread from half to one and a half of that.
#[test]
fn reports_are_spread_around_five_seconds() {
    let mut schedule = Schedule::new(42);
    let first = schedule.interval();
    assert!((1250..=3750).contains(&first.as_millis()), "{first:?}");
    let intervals: Vec<Duration> = (0..1000).map(|_| schedule.interval()).collect();
    assert!(intervals.iter().all(|interval| (2500..=7500).contains(&interval.as_millis())));
    let mean = intervals.iter().sum::<Duration>() / 1000;
    assert!((4800..=5200).contains(&mean.as_millis()), "{mean:?}");
}

#[test]
fn the_same_seed_gives_the_same_times_and_another_gives_others() {
    let draw = |seed| {
        let mut schedule = Schedule::new(seed);
        std::array::from_fn::<_, 5, _>(|_| schedule.interval())
    };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
}

#[test]
fn half_a_second_is_half_of_the_ntp_fraction() {
    assert_eq!(ntp_timestamp(Duration::from_millis(2500)), 2 << 32 | 1 << 31);
}

proptest! {
    /// UR-41: no bytes whatever make the parser panic.
    #[test]
    fn any_bytes_are_read_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        if bytes.len() >= 8 {
            bytes[0] = 0x80 | (bytes[0] & 0x3f);
            bytes[1] = 200 + bytes[1] % 4;
            bytes[2] = 0;
            bytes[3] %= 16;
        }
        if let Ok(compound) = Compound::parse(&bytes) {
            prop_assert!(compound.reports().count() <= bytes.len() / 4);
        }
    }

    #[test]
    fn what_is_written_is_read(name in "[a-z@.]{0,300}", bye: bool, sends: bool, hears: bool) {
        let bytes = written(OutgoingCompound {
            ssrc: 7,
            sender: sends.then(sender_info),
            report: hears.then(report_block),
            canonical_name: &name,
            bye,
        });
        prop_assert_eq!(bytes.len() % 4, 0);
        let reports: Vec<_> = Compound::parse(&bytes).unwrap().reports().collect();
        let cut = &name.as_bytes()[..name.len().min(255)];
        let named = reports.contains(&Report::CanonicalName { ssrc: 7, name: cut });
        prop_assert!(named);
        prop_assert_eq!(reports.contains(&Report::Bye { ssrc: 7 }), bye);
        prop_assert_eq!(reports.contains(&Report::Sender { ssrc: 7, info: sender_info() }), sends);
    }
}
