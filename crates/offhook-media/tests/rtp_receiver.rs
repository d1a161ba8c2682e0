//! What the receiver counts: RFC 3550 appendices A.1, A.3 and A.8.

use std::time::{Duration, Instant};

use offhook_media::rtp::{Arrival, Header, Receiver};

struct Heard {
    receiver: Receiver,
    start: Instant,
}

impl Heard {
    fn new() -> Self {
        Self { receiver: Receiver::new(8000), start: Instant::now() }
    }

    fn packet(&mut self, ssrc: u32, sequence: u16) -> Arrival {
        let timestamp = u32::from(sequence) * 160;
        self.packet_at(Duration::from_millis(20 * u64::from(sequence)), ssrc, sequence, timestamp)
    }

    fn packet_at(&mut self, at: Duration, ssrc: u32, sequence: u16, timestamp: u32) -> Arrival {
        let header = Header { marker: false, payload_type: 8, sequence, timestamp, ssrc };
        self.receiver.packet(self.start + at, &header, 160, true)
    }
}

#[test]
fn packets_that_do_not_come_are_counted_as_lost() {
    let mut heard = Heard::new();
    for sequence in (0..10).filter(|sequence| ![3, 4, 8].contains(sequence)) {
        heard.packet(1, sequence);
    }
    assert_eq!((heard.receiver.packets(), heard.receiver.lost()), (7, 3));
}

#[test]
fn a_late_packet_is_not_lost_and_a_second_copy_not_counted() {
    let mut heard = Heard::new();
    let order = [0, 1, 3, 2, 3, 1, 4];
    let arrivals: Vec<_> = order.map(|sequence| heard.packet(1, sequence)).into();
    use Arrival::{Duplicate, InSequence, Reordered};
    assert_eq!(arrivals, [InSequence, InSequence, InSequence, Reordered, Duplicate, Duplicate, InSequence]);
    assert_eq!((heard.receiver.packets(), heard.receiver.lost()), (5, 0));
}

#[test]
fn sequence_numbers_go_on_across_the_wrap_around() {
    let mut heard = Heard::new();
    for sequence in [65_534, 65_535, 0, 1] {
        assert_eq!(heard.packet(1, sequence), Arrival::InSequence);
    }
    assert_eq!(heard.receiver.lost(), 0);
    assert_eq!(heard.receiver.report().unwrap().highest_sequence, 65_536 + 1);
}

#[test]
fn a_source_is_reported_on_after_two_packets_in_sequence() {
    let mut heard = Heard::new();
    heard.packet(1, 5);
    assert!(heard.receiver.report().is_none());
    heard.packet(1, 100);
    assert!(heard.receiver.report().is_none());
    heard.packet(1, 101);
    assert_eq!(heard.receiver.report().unwrap().cumulative_lost, 0);
}

#[test]
fn another_source_takes_over_when_two_of_its_packets_came_in_sequence() {
    let mut heard = Heard::new();
    for sequence in [0, 1, 3] {
        heard.packet(1, sequence);
    }
    assert_eq!(heard.packet(2, 500), Arrival::OtherSource);
    assert_eq!(heard.packet(1, 4), Arrival::InSequence, "one stray packet changes nothing");
    assert_eq!(heard.packet(2, 501), Arrival::OtherSource);
    assert_eq!(heard.packet(2, 502), Arrival::SourceChanged);
    assert_eq!(heard.receiver.ssrc(), Some(2));
    assert_eq!(heard.receiver.lost(), 1, "what was lost of the first source stays in the total");
}

#[test]
fn a_sender_that_begins_its_numbers_anew_is_not_a_loss_of_thousands() {
    let mut heard = Heard::new();
    for sequence in [10, 11, 12, 40_000, 40_001, 40_002] {
        heard.packet(1, sequence);
    }
    assert_eq!(heard.receiver.lost(), 0);
    assert_eq!(heard.receiver.report().unwrap().highest_sequence, 40_002);
}

#[test]
fn the_fraction_lost_is_that_of_the_interval_since_the_last_report() {
    let mut heard = Heard::new();
    for sequence in 0..10 {
        heard.packet(1, sequence);
    }
    assert_eq!(heard.receiver.report().unwrap().fraction_lost, 0);
    for sequence in (10..20).filter(|sequence| sequence % 2 == 1) {
        heard.packet(1, sequence);
    }
    let report = heard.receiver.report().unwrap();
    assert_eq!((report.fraction_lost, report.cumulative_lost), (128, 5));
}

#[test]
fn even_packets_have_no_jitter() {
    let mut heard = Heard::new();
    for sequence in 0..100 {
        heard.packet(1, sequence);
    }
    assert_eq!(heard.receiver.jitter(), Duration::ZERO);
}

/// RFC 3550 appendix A.8: packets that come alternately 0 and 10 ms late differ by 10 ms each, which is what the
/// estimate settles on.
#[test]
fn uneven_packets_have_the_jitter_of_appendix_a_8() {
    let mut heard = Heard::new();
    for sequence in 0..400 {
        let late = 10 * u64::from(sequence % 2);
        let at = Duration::from_millis(20 * u64::from(sequence) + late);
        heard.packet_at(at, 1, sequence, u32::from(sequence) * 160);
    }
    let jitter_ms = heard.receiver.jitter().as_secs_f64() * 1000.0;
    assert!((9.5..=10.0).contains(&jitter_ms), "{jitter_ms}");
}
