//! One press of a key is one digit, whatever is lost, doubled or late.

use std::time::{Duration, Instant};

use offhook_media::dtmf::{Digit, Event, EventHeader, EventReceiver, Press};
use proptest::prelude::*;

/// A packet of a press.
#[derive(Clone, Copy, Debug)]
struct Sent {
    marker: bool,
    timestamp: u32,
    event: Event,
}

/// A press of `packets` packets of 20 ms, the last of them sent three times.
fn press(key: char, timestamp: u32, packets: u16) -> Vec<Sent> {
    let code = Digit::try_from(key).unwrap().code();
    let packet = |n: u16, end| Sent {
        marker: n == 1,
        timestamp,
        event: Event { code, end, volume_db: 10, duration: n * 160 },
    };
    let mut sent: Vec<Sent> = (1..packets).map(|n| packet(n, false)).collect();
    sent.extend([packet(packets, true); 3]);
    sent
}

fn digits_of(presses: &[Press]) -> String {
    presses
        .iter()
        .filter_map(|press| match press {
            Press::Over { digit, .. } => Some(digit.as_char()),
            Press::Begun { .. } => None,
        })
        .collect()
}

/// What the receiver makes of packets 20 ms apart, and then of silence.
fn heard(packets: &[Sent]) -> Vec<Press> {
    let mut receiver = EventReceiver::default();
    let mut now = Instant::now();
    let mut presses = Vec::new();
    for Sent { marker, timestamp, event } in packets {
        let header = EventHeader { marker: *marker, timestamp: *timestamp };
        presses.extend(receiver.packet(now, 1, header, event).into_iter().flatten());
        now += Duration::from_millis(20);
        presses.extend(receiver.handle_timeout(now));
    }
    presses.extend(receiver.handle_timeout(now + EventReceiver::LOST_END));
    presses
}

/// DTMF-12, UR-33: with all packets, with any run of them lost as long as one arrives.
#[test]
fn one_press_is_one_digit_whichever_packets_are_lost() {
    let all = press('5', 1000, 5);
    for from in 0..all.len() {
        for to in from..=all.len() {
            let arriving: Vec<Sent> = [&all[..from], &all[to..]].concat();
            let expected = if arriving.is_empty() { "" } else { "5" };
            assert_eq!(digits_of(&heard(&arriving)), expected, "lost {from}..{to}");
        }
    }
}

/// DTMF-12, UR-33: three presses of one key are three digits, with their ends lost too.
#[test]
fn repeated_presses_of_one_key_are_counted_apart() {
    let presses = [press('1', 0, 5), press('1', 1600, 5), press('1', 3200, 5)].concat();
    assert_eq!(digits_of(&heard(&presses)), "111");
    let without_ends: Vec<Sent> = presses.into_iter().filter(|sent| !sent.event.end).collect();
    assert_eq!(digits_of(&heard(&without_ends)), "111");
}

/// UR-33: a press so long that it takes several events (RFC 4733 section 2.5.1.3) is one digit of its whole time.
#[test]
fn a_long_press_is_one_digit() {
    let mut sent = Vec::new();
    let code = 9;
    for segment in 0..3_u32 {
        let timestamp = 7 + segment * 65_535;
        for step in 1..=409_u32 {
            let duration = (step * 160).min(65_535) as u16;
            let end = segment == 2 && step == 100;
            let marker = segment == 0 && step == 1;
            sent.push(Sent { marker, timestamp, event: Event { code, end, volume_db: 10, duration } });
            if end {
                break;
            }
        }
    }
    let digit = Digit::try_from('9').unwrap();
    let timestamp_units = 2 * 65_535 + 100 * 160;
    assert_eq!(heard(&sent), [Press::Begun { digit }, Press::Over { digit, timestamp_units }]);
}

#[test]
fn a_press_is_reported_when_it_begins_and_when_it_is_over() {
    let digit = Digit::try_from('#').unwrap();
    let expected = [Press::Begun { digit }, Press::Over { digit, timestamp_units: 800 }];
    assert_eq!(heard(&press('#', 0, 5)), expected);
}

#[test]
fn late_packets_of_a_press_that_is_over_are_nothing() {
    let first = press('1', 0, 5);
    let second = press('2', 1600, 5);
    let packets = [&first[..5], &second[..2], &first[5..], &first[..2], &second[2..]].concat();
    assert_eq!(digits_of(&heard(&packets)), "12");
}

#[test]
fn timestamps_go_on_across_the_wrap_around() {
    let packets = [press('1', u32::MAX - 800, 5), press('1', 799, 5)].concat();
    assert_eq!(digits_of(&heard(&packets)), "11");
}

#[test]
fn another_source_with_the_same_timestamp_is_another_press() {
    let mut receiver = EventReceiver::default();
    let now = Instant::now();
    let mut presses = Vec::new();
    for ssrc in [1, 2] {
        for Sent { marker, timestamp, event } in press('1', 0, 2) {
            presses.extend(receiver.packet(now, ssrc, EventHeader { marker, timestamp }, &event));
        }
    }
    let presses: Vec<Press> = presses.into_iter().flatten().collect();
    assert_eq!(digits_of(&presses), "11");
}

#[test]
fn a_sender_that_begins_its_timestamps_anew_is_heard() {
    let packets = [press('1', 4_000_000, 5), press('2', 100, 5)].concat();
    assert_eq!(digits_of(&heard(&packets)), "12");
}

#[test]
fn events_that_are_no_key_are_nothing() {
    let flash = Sent {
        marker: true,
        timestamp: 0,
        event: Event { code: 16, end: true, volume_db: 0, duration: 800 },
    };
    assert_eq!(heard(&[flash]), []);
}

#[test]
fn all_sixteen_keys_have_their_event_codes() {
    let keys: String = (0..16).map(|code| Digit::from_code(code).unwrap().as_char()).collect();
    assert_eq!(keys, "0123456789*#ABCD");
    assert_eq!(Digit::from_code(16), None);
}

proptest! {
    /// DTMF-12: whatever is lost, doubled or late within a press, those presses of which a packet came are the
    /// digits, in order, each once.
    #[test]
    fn any_loss_doubling_and_reordering_within_presses_keeps_the_digits(
        presses in prop::collection::vec((0..16_u8, 2..8_u16, any::<[u8; 12]>()), 1..6),
    ) {
        let mut packets = Vec::new();
        let mut expected = String::new();
        for (n, (code, length, fates)) in presses.iter().enumerate() {
            let key = Digit::from_code(*code).unwrap().as_char();
            let mut arriving = Vec::new();
            for (sent, fate) in press(key, n as u32 * 4000, *length).into_iter().zip(fates) {
                match fate % 4 {
                    0 => {}
                    1 => arriving.extend([sent, sent]),
                    2 => arriving.insert(arriving.len().saturating_sub(1), sent),
                    _ => arriving.push(sent),
                }
            }
            if !arriving.is_empty() {
                expected.push(key);
            }
            packets.extend(arriving);
        }
        prop_assert_eq!(digits_of(&heard(&packets)), expected);
    }

    /// UR-41: no payload whatever makes the parser panic.
    #[test]
    fn any_payload_is_an_event_or_refused(payload in prop::collection::vec(any::<u8>(), 0..12)) {
        prop_assert_eq!(Event::parse(&payload).is_ok(), payload.len() >= 4);
    }
}
