//! Which codec an answer holds, and under which number.

mod offer_answer_support;

use offer_answer_support::*;
use offhook_sip::sdp::{LocalMedia, NoAgreement, answer};

/// RING-50, RING-52: the order of the call's own list decides, whatever the offer prefers.
#[test]
fn own_order_decides() {
    let offer = description(&["m=audio 4000 RTP/AVP 0 8"]);
    for (codecs, name, payload) in [([g711a(), g711u()], "g711a", 8), ([g711u(), g711a()], "g711u", 0)] {
        let negotiated = answer(&offer, &codecs, &local()).expect("an agreement");
        assert_eq!(negotiated.stream.codec.name, name);
        assert_eq!(negotiated.stream.payload_send, payload);
        assert_eq!(media_lines(&negotiated.answer), [format!("m=audio 20000 RTP/AVP {payload}")]);
    }
}

/// RING-52, ANS-14: the answer holds the one codec that will be sent.
#[test]
fn one_codec_is_answered() {
    let negotiated = answered(&["m=audio 4000 RTP/AVP 18 0 8 3"]);
    assert_eq!(negotiated.answer.media[0].formats, ["8"]);
}

/// RING-52, ANS-14: telephone events at the same clock rate are accepted under the offer's number.
#[test]
fn telephone_events_are_accepted_under_the_offered_number() {
    let negotiated =
        answered(&["m=audio 4000 RTP/AVP 8 97", "a=rtpmap:97 telephone-event/8000", "a=fmtp:97 0-16"]);
    let event = negotiated.stream.telephone_event.expect("telephone events");
    assert_eq!((event.payload_send, event.payload_receive, event.clock_rate_hz), (97, 97, 8000));
    assert_eq!(negotiated.answer.media[0].formats, ["8", "97"]);
    assert!(attributes(&negotiated.answer.media[0]).contains(&"rtpmap:97 telephone-event/8000".into()));
    assert!(attributes(&negotiated.answer.media[0]).contains(&"fmtp:97 0-15".into()));
}

/// RING-52: the events that the far end can receive are those of its fmtp; without one they are the DTMF digits.
#[test]
fn offered_events_are_read() {
    for (fmtp, flash, d) in [
        ("a=fmtp:101 0-16", true, true),
        ("a=fmtp:101 0-15", false, true),
        ("a=fmtp:101 0-11,16", true, false),
        ("a=fmtp:101 nonsense", false, true),
        ("a=x-none", false, true),
    ] {
        let negotiated = answered(&["m=audio 4000 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000", fmtp]);
        let events = negotiated.stream.telephone_event.expect("telephone events").events;
        assert_eq!((events.contains(16), events.contains(15)), (flash, d), "{fmtp}");
    }
}

/// RING-52: telephone events at another clock rate than the chosen codec's are not accepted.
#[test]
fn telephone_events_at_another_clock_rate_are_refused() {
    let negotiated = answered(&[
        "m=audio 4000 RTP/AVP 96 8 101",
        "a=rtpmap:96 opus/48000/2",
        "a=rtpmap:101 telephone-event/48000",
    ]);
    assert_eq!(negotiated.stream.telephone_event, None);
    assert_eq!(negotiated.answer.media[0].formats, ["8"]);
}

/// RING-52: with telephone events at several clock rates, that of the chosen codec is taken.
#[test]
fn telephone_events_at_the_codecs_clock_rate_are_found_among_several() {
    let lines = [
        "m=audio 4000 RTP/AVP 96 8 100 101",
        "a=rtpmap:96 opus/48000/2",
        "a=rtpmap:100 telephone-event/48000",
        "a=rtpmap:101 telephone-event/8000",
    ];
    let payload = |codecs: &[_]| {
        let negotiated = answer(&description(&lines), codecs, &local()).expect("an agreement");
        negotiated.stream.telephone_event.map(|event| (event.payload_send, event.clock_rate_hz))
    };
    assert_eq!(payload(&[g711a(), opus()]), Some((101, 8000)));
    assert_eq!(payload(&[opus(), g711a()]), Some((100, 48000)));
}

/// RING-52: a side without telephone events does not accept them.
#[test]
fn telephone_events_are_refused_where_this_side_has_none() {
    let offer = description(&["m=audio 4000 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000"]);
    let local = LocalMedia { telephone_event: false, ..local() };
    let negotiated = answer(&offer, &both(), &local).expect("an agreement");
    assert_eq!(negotiated.stream.telephone_event, None);
    assert_eq!(negotiated.answer.media[0].formats, ["8"]);
}

/// RING-52: telephone events alone are no audio.
#[test]
fn telephone_events_alone_are_no_common_codec() {
    let offer = description(&["m=audio 4000 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"]);
    assert!(matches!(answer(&offer, &both(), &local()), Err(NoAgreement::NoCommonCodec { .. })));
}

/// RING-52: static numbers need no rtpmap; one that is written may be in any case and name the single channel.
#[test]
fn static_numbers_are_known_with_and_without_a_mapping() {
    for mapping in ["a=x-none", "a=rtpmap:8 PCMA/8000", "a=rtpmap:8 pcma/8000/1", "a=rtpmap: 8  PCMA/8000 "] {
        let negotiated = answered(&["m=audio 4000 RTP/AVP 8", mapping]);
        assert_eq!(negotiated.stream.payload_send, 8, "{mapping}");
    }
}

/// RING-52: G.711 under a dynamic number is answered under that number.
#[test]
fn dynamic_numbers_for_static_codecs_are_kept() {
    let negotiated =
        answered(&["m=audio 4000 RTP/AVP 104 105", "a=rtpmap:104 PCMU/8000", "a=rtpmap:105 PCMA/8000"]);
    assert_eq!((negotiated.stream.payload_send, negotiated.stream.payload_receive), (105, 105));
    assert_eq!(media_lines(&negotiated.answer), ["m=audio 20000 RTP/AVP 105"]);
    assert!(attributes(&negotiated.answer.media[0]).contains(&"rtpmap:105 PCMA/8000".into()));
}

/// RING-52: a mapping that gives a static number another meaning counts.
#[test]
fn a_written_mapping_counts_before_the_static_assignment() {
    let offer = description(&["m=audio 4000 RTP/AVP 0", "a=rtpmap:0 PCMA/8000"]);
    let negotiated = answer(&offer, &both(), &local()).expect("an agreement");
    assert_eq!((negotiated.stream.codec.name, negotiated.stream.payload_send), ("g711a", 0));
}

/// RING-52: another rate or number of channels is another codec.
#[test]
fn rate_and_channels_have_to_match() {
    for mapping in ["a=rtpmap:96 PCMA/16000", "a=rtpmap:96 PCMA/8000/2"] {
        let offer = description(&["m=audio 4000 RTP/AVP 96", mapping]);
        assert!(
            matches!(answer(&offer, &both(), &local()), Err(NoAgreement::NoCommonCodec { .. })),
            "{mapping}"
        );
    }
}

/// RING-31, ANS-9: without a common codec there is no agreement, and the reason names both lists.
#[test]
fn no_common_codec_names_both_lists() {
    let offer = description(&["m=audio 4000 RTP/AVP 18 96", "a=rtpmap:96 opus/48000/2"]);
    let refusal = answer(&offer, &both(), &local()).expect_err("no agreement");
    assert_eq!(
        refusal.to_string(),
        "no common codec: the far end lists 18, opus/48000, we have g711a, g711u"
    );
}

/// RING-31: an offer of hundreds of formats yields a reason of readable length.
#[test]
fn long_lists_are_cut_in_the_reason() {
    let formats: Vec<String> = (20..127).map(|n: u8| n.to_string()).collect();
    let offer = description(&[&format!("m=audio 4000 RTP/AVP {}", formats.join(" "))]);
    let refusal = answer(&offer, &both(), &local()).expect_err("no agreement").to_string();
    assert!(refusal.contains("35, …") && refusal.len() < 200, "{refusal}");
}

/// RING-52: the codec's own format parameters are answered.
#[test]
fn format_parameters_are_answered() {
    let offer = description(&["m=audio 4000 RTP/AVP 111", "a=rtpmap:111 opus/48000/2"]);
    let negotiated = answer(&offer, &[opus()], &local()).expect("an agreement");
    let attributes = attributes(&negotiated.answer.media[0]);
    assert!(attributes.contains(&"rtpmap:111 opus/48000/2".into()), "{attributes:?}");
    assert!(attributes.contains(&"fmtp:111 useinbandfec=1".into()), "{attributes:?}");
}
