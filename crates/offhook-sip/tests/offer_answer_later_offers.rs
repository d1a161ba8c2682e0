//! Later offers in a dialog: hold and resume, another address, another codec, from either side.

mod offer_answer_support;

use offer_answer_support::*;
use offhook_sip::sdp::{
    Direction, LocalMedia, Negotiated, SessionDescription, answer_again, offer, offer_again,
};

fn again(previous: &SessionDescription, lines: &[&str]) -> Negotiated {
    answer_again(previous, &description(lines), &both(), &local()).expect("an agreement")
}

/// RING-35: the same offer again gets the same answer, byte for byte, version included.
#[test]
fn an_unchanged_answer_keeps_its_version() {
    let first = answered(&["m=audio 4000 RTP/AVP 8"]).answer;
    let second = again(&first, &["m=audio 4000 RTP/AVP 8"]).answer;
    assert_eq!(second.to_string(), first.to_string());
}

/// RING-31: hold and resume change the direction; each change counts the version up by one (RFC 3264 section 8).
#[test]
fn hold_and_resume_count_the_version_up() {
    let first = answered(&["m=audio 4000 RTP/AVP 8"]);
    let held = again(&first.answer, &["m=audio 4000 RTP/AVP 8", "a=sendonly"]);
    assert_eq!(held.stream.direction, Direction::RecvOnly);
    let still_held = again(&held.answer, &["m=audio 4000 RTP/AVP 8", "a=sendonly"]);
    let resumed = again(&still_held.answer, &["m=audio 4000 RTP/AVP 8", "a=sendrecv"]);
    assert_eq!(resumed.stream.direction, Direction::SendRecv);
    let versions = [&first, &held, &still_held, &resumed].map(|n| n.answer.origin.session_version);
    assert_eq!(versions, [1, 2, 2, 3]);
    assert_eq!(resumed.answer.origin.session_id, first.answer.origin.session_id);
}

/// RING-31: another address of the far end changes where we send and leaves our answer as it is.
#[test]
fn another_address_is_followed() {
    let first = answered(&["m=audio 4000 RTP/AVP 8"]).answer;
    let moved = again(&first, &["m=audio 4444 RTP/AVP 8", "c=IN IP4 198.51.100.7"]);
    assert_eq!(moved.stream.remote_rtp, at("198.51.100.7:4444"));
    assert_eq!(moved.answer, first);
}

/// RING-52: an offer with another codec is answered with that codec.
#[test]
fn another_codec_is_followed() {
    let first = answered(&["m=audio 4000 RTP/AVP 0 8"]).answer;
    let changed = again(&first, &["m=audio 4000 RTP/AVP 0"]);
    assert_eq!((changed.stream.codec.name, changed.stream.payload_send), ("g711u", 0));
    assert_eq!(changed.answer.origin.session_version, 2);
}

/// RING-35: the audio line that is in use stays in use, even if an earlier one becomes usable.
#[test]
fn the_line_in_use_stays_in_use() {
    let first = answered(&["m=audio 0 RTP/AVP 8", "m=audio 4002 RTP/AVP 8"]);
    assert_eq!(first.stream.media_index, 1);
    let second = again(&first.answer, &["m=audio 4000 RTP/AVP 8", "m=audio 4002 RTP/AVP 8"]);
    assert_eq!(second.stream.media_index, 1);
    let third = again(&second.answer, &["m=audio 4000 RTP/AVP 8", "m=audio 0 RTP/AVP 8"]);
    assert_eq!(third.stream.media_index, 0, "unless it can no longer be used");
}

/// RING-31: an added video line is refused in its place.
#[test]
fn an_added_line_is_refused() {
    let first = answered(&["m=audio 4000 RTP/AVP 8"]).answer;
    let second = again(&first, &["m=audio 4000 RTP/AVP 8", "m=video 6000 RTP/AVP 96"]).answer;
    assert_eq!(media_lines(&second), ["m=audio 20000 RTP/AVP 8", "m=video 0 RTP/AVP 96"]);
}

/// RING-31: an offer of ours has every codec in order, telephone events, and nothing twice.
#[test]
fn a_whole_offer() {
    let offer = offer(&[g711u(), g711a()], &local(), Direction::SendRecv);
    assert_eq!(
        offer.to_string(),
        "v=0\r\no=- 4711 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
         m=audio 20000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
         a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
}

/// RING-31: telephone events are offered at the clock rate of each codec, under numbers of their own.
#[test]
fn telephone_events_are_offered_at_every_clock_rate() {
    let offer = offer(&[opus(), g711a(), wideband()], &local(), Direction::SendRecv);
    let mappings: Vec<String> = offer.media[0].rtpmaps().map(|map| map.to_string()).collect();
    assert_eq!(
        mappings,
        [
            "96 opus/48000/2",
            "8 PCMA/8000",
            "97 L16/16000",
            "101 telephone-event/48000",
            "102 telephone-event/8000",
            "103 telephone-event/16000",
        ]
    );
}

/// RING-31: an offer without telephone events has none.
#[test]
fn telephone_events_are_offered_only_where_wanted() {
    let local = LocalMedia { telephone_event: false, ..local() };
    assert_eq!(offer(&[g711a()], &local, Direction::SendRecv).media[0].formats, ["8"]);
}

/// RING-31: a later offer of ours keeps lines, numbers and protocol of what was agreed, and counts the version up.
#[test]
fn a_later_offer_keeps_what_was_agreed() {
    let first = answered(&[
        "m=video 6000 RTP/AVP 96",
        "m=audio 4000 RTP/AVPF 110 97",
        "a=rtpmap:110 PCMA/8000",
        "a=rtpmap:97 telephone-event/8000",
        "a=rtcp-mux",
    ])
    .answer;
    let second = offer_again(&first, &both(), &local(), Direction::SendOnly);
    assert_eq!(media_lines(&second), ["m=video 0 RTP/AVP 96", "m=audio 20000 RTP/AVPF 110 0 97"]);
    assert_eq!(second.media[1].direction(), Some(Direction::SendOnly));
    assert!(second.media[1].rtcp_mux());
    assert_eq!((second.origin.session_id, second.origin.session_version), (4711, 2));
}

/// RING-31: a later offer with nothing changed is a refresh under the same version.
#[test]
fn an_unchanged_offer_keeps_its_version() {
    let first = offer(&both(), &local(), Direction::SendRecv);
    assert_eq!(offer_again(&first, &both(), &local(), Direction::SendRecv), first);
}

/// RING-31: where no line of ours is audio, a later offer adds one at the end.
#[test]
fn a_later_offer_adds_audio_where_there_is_none() {
    let mut first = offer(&both(), &local(), Direction::SendRecv);
    first.media = vec![description(&["m=video 0 RTP/AVP 96"]).media.remove(0)];
    let second = offer_again(&first, &[g711a()], &local(), Direction::SendRecv);
    assert_eq!(media_lines(&second), ["m=video 0 RTP/AVP 96", "m=audio 20000 RTP/AVP 8 101"]);
}

/// RING-31: another address of ours changes the connection and not the origin's address.
#[test]
fn our_own_move_changes_the_connection_only() {
    let first = offer(&both(), &local(), Direction::SendRecv);
    let moved = LocalMedia { address: "198.51.100.9".parse().expect("an address"), ..local() };
    let text = offer_again(&first, &both(), &moved, Direction::SendRecv).to_string();
    assert!(text.contains("o=- 4711 2 IN IP4 192.0.2.9\r\n") && text.contains("c=IN IP4 198.51.100.9\r\n"));
}
