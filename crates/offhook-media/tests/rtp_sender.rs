//! The line of sequence numbers and timestamps that a sender holds.

use offhook_media::rtp::Sender;

/// RING-35, UR-13: one SSRC, one sequence, one timestamp line, across their wrap-around too.
#[test]
fn numbers_run_on_across_their_wrap_around() {
    let mut sender = Sender::new(7, 65_535, u32::MAX - 159, 8);
    let first = sender.frame(160, 160);
    let second = sender.frame(160, 160);
    assert_eq!((first.ssrc, first.sequence, first.timestamp), (7, 65_535, u32::MAX - 159));
    assert_eq!((second.ssrc, second.sequence, second.timestamp), (7, 0, 0));
    assert_eq!((sender.packets(), sender.octets()), (2, 320));
}

/// MED-15: the marker is set on the first packet and after a pause; timestamps advance through the pause.
#[test]
fn a_pause_shows_as_marker_and_jump_of_the_timestamp() {
    let mut sender = Sender::new(7, 0, 0, 8);
    assert!(sender.frame(160, 160).marker);
    assert!(!sender.frame(160, 160).marker);
    sender.skip(160);
    sender.skip(160);
    let after = sender.frame(160, 160);
    assert!(after.marker);
    assert_eq!((after.sequence, after.timestamp), (2, 640));
    assert!(!sender.frame(160, 160).marker);
}

#[test]
fn another_payload_type_changes_nothing_else() {
    let mut sender = Sender::new(7, 0, 0, 8);
    sender.frame(160, 160);
    sender.set_payload_type(0);
    let after = sender.frame(160, 160);
    assert_eq!((after.payload_type, after.sequence, after.timestamp, after.marker), (0, 1, 160, false));
}
