//! Digits as telephone event packets.

use offhook_media::dtmf::{Digit, EventPacket, EventSender, QueueDigitsError, Slot};

/// The slots of 20 ms until everything is sent.
fn slots_of(digits: &str) -> Vec<Slot> {
    let mut sender = EventSender::default();
    sender.queue(digits).unwrap();
    let mut slots = Vec::new();
    while !sender.is_idle() {
        slots.push(sender.slot(slots.len() as u32 * 160, 160, 8000));
    }
    slots
}

fn packets(slots: &[Slot]) -> Vec<EventPacket> {
    slots
        .iter()
        .filter_map(|slot| match slot {
            Slot::Packet(packet) => Some(*packet),
            Slot::Audio => None,
        })
        .collect()
}

/// DTMF-17: a digit lasts 100 ms, followed by a gap of 100 ms.
#[test]
fn a_digit_lasts_100_ms_and_so_does_the_gap_after_it() {
    let slots = slots_of("7");
    assert_eq!(slots.len(), 10);
    let durations: Vec<u16> = packets(&slots).iter().map(|packet| packet.event.duration).collect();
    assert_eq!(durations, [160, 320, 480, 640, 800, 800, 800]);
}

/// RFC 4733 section 2.5.1: one timestamp for all packets of a press, the marker on its first, the end bit on the
/// last and its two repetitions.
#[test]
fn a_press_has_one_timestamp_one_marker_and_three_ends() {
    let packets = packets(&slots_of("7"));
    assert!(packets.iter().all(|packet| packet.start == 0 && packet.event.code == 7));
    assert_eq!(
        packets.iter().map(|p| p.first).collect::<Vec<_>>(),
        [true, false, false, false, false, false, false]
    );
    assert_eq!(packets.iter().filter(|packet| packet.event.end).count(), 3);
}

#[test]
fn every_digit_has_a_timestamp_of_its_own() {
    let starts: Vec<u32> = packets(&slots_of("11")).iter().map(|packet| packet.start).collect();
    assert_eq!(starts, [[0; 7], [1600; 7]].concat());
}

#[test]
fn a_comma_is_half_a_second_of_audio() {
    let slots = slots_of(",#");
    assert!(slots[..25].iter().all(|slot| *slot == Slot::Audio));
    assert!(matches!(slots[25], Slot::Packet(packet) if packet.first && packet.event.code == 11));
}

#[test]
fn frames_longer_than_the_rest_of_a_press_do_not_lengthen_it() {
    let mut sender = EventSender::default();
    sender.queue("1").unwrap();
    let durations: Vec<Slot> = (0..4).map(|n| sender.slot(n * 480, 480, 8000)).collect();
    let durations: Vec<u16> = packets(&durations).iter().map(|packet| packet.event.duration).collect();
    assert_eq!(durations, [480, 800, 800, 800]);
}

#[test]
fn a_character_that_is_no_key_refuses_the_whole_string() {
    let mut sender = EventSender::default();
    let error = sender.queue("12x4").unwrap_err();
    assert_eq!(error, QueueDigitsError::NoDigit(Digit::try_from('x').unwrap_err()));
    assert_eq!(error.to_string(), "'x' is no telephone key: accepted are 0 to 9, *, #, A to D");
    assert!(sender.is_idle());
}

#[test]
fn only_so_many_digits_can_wait() {
    let mut sender = EventSender::default();
    sender.queue(&"1".repeat(EventSender::MAX_WAITING)).unwrap();
    assert_eq!(sender.queue("1"), Err(QueueDigitsError::TooMany));
}
