//! Which line of an offer is taken, and what becomes of the others.

mod offer_answer_support;

use offer_answer_support::*;
use offhook_sip::sdp::{NoAgreement, answer};

fn refusal(lines: &[&str]) -> NoAgreement {
    answer(&description(lines), &both(), &local()).expect_err("no agreement")
}

/// RING-31, RING-52: of several lines the first usable audio line is taken, the others get port 0, in order.
#[test]
fn other_lines_are_refused_in_order() {
    let negotiated = answered(&[
        "m=video 6000 RTP/AVP 96 97",
        "a=rtpmap:96 H264/90000",
        "m=audio 4000 RTP/AVP 8",
        "m=audio 4002 RTP/AVP 0",
        "m=image 4004 udptl t38",
        "m=application 9 UDP/BFCP *",
        "m=message 7394 TCP/MSRP *",
    ]);
    assert_eq!(negotiated.stream.media_index, 1);
    assert_eq!(
        media_lines(&negotiated.answer),
        [
            "m=video 0 RTP/AVP 96 97",
            "m=audio 20000 RTP/AVP 8",
            "m=audio 0 RTP/AVP 0",
            "m=image 0 udptl t38",
            "m=application 0 UDP/BFCP *",
            "m=message 0 TCP/MSRP *",
        ]
    );
}

/// RING-31: an audio line that cannot be used does not hide one that can.
#[test]
fn unusable_audio_lines_are_passed_over() {
    for first in [
        "m=audio 0 RTP/AVP 8",
        "m=audio 4000 RTP/SAVP 8",
        "m=audio 4000 TCP/RTP/AVP 8",
        "m=audio 4000 RTP/AVP 18",
        "m=audio 4000 RTP/AVP",
    ] {
        let negotiated = answered(&[first, "m=audio 4002 RTP/AVP 8"]);
        assert_eq!(negotiated.stream.media_index, 1, "{first}");
        assert_eq!(negotiated.answer.media[0].port, 0, "{first}");
    }
}

/// RING-31: port 0, no audio line and no line at all give no agreement.
#[test]
fn no_audio_gives_no_agreement() {
    for lines in
        [&["m=audio 0 RTP/AVP 8"][..], &["m=video 6000 RTP/AVP 96"], &[], &["m=image 4000 udptl t38"]]
    {
        assert_eq!(refusal(lines), NoAgreement::NoAudio, "{lines:?}");
    }
}

/// RING-31: SRTP, whose keying is not supported, gives no agreement, whatever keying is offered with it.
#[test]
fn encrypted_media_gives_no_agreement() {
    for (protocol, keying) in [
        ("RTP/SAVP", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"),
        ("RTP/SAVPF", "a=x-none"),
        ("UDP/TLS/RTP/SAVP", "a=setup:actpass"),
        ("UDP/TLS/RTP/SAVPF", "a=fingerprint:sha-256 00"),
    ] {
        assert_eq!(
            refusal(&[&format!("m=audio 4000 {protocol} 8"), keying]),
            NoAgreement::Encryption { protocol: protocol.into() }
        );
    }
}

/// RING-31: encryption that is offered and not demanded is passed over.
#[test]
fn optional_encryption_is_passed_over() {
    let negotiated = answered(&["m=audio 4000 RTP/AVP 8", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA"]);
    assert!(!negotiated.answer.to_string().contains("crypto"));
}

/// RING-31: a transport other than RTP over UDP gives no agreement.
#[test]
fn other_transports_give_no_agreement() {
    assert_eq!(
        refusal(&["m=audio 4000 TCP/RTP/AVP 8"]),
        NoAgreement::Protocol { protocol: "TCP/RTP/AVP".into() }
    );
}

/// RING-31: the protocol of the answer is that of the offer; feedback is accepted and not used.
#[test]
fn the_feedback_profile_is_answered_with_itself() {
    let negotiated = answered(&["m=audio 4000 RTP/AVPF 8", "a=rtcp-fb:* nack"]);
    assert_eq!(media_lines(&negotiated.answer), ["m=audio 20000 RTP/AVPF 8"]);
    assert!(!negotiated.answer.to_string().contains("rtcp-fb"));
}

/// RING-31: with several unusable audio lines the reason is that of the first whose port is not 0.
#[test]
fn the_reason_is_that_of_the_first_live_audio_line() {
    assert_eq!(
        refusal(&["m=audio 0 RTP/AVP 8", "m=audio 4000 RTP/SAVP 8", "m=audio 4002 RTP/AVP 18"]),
        NoAgreement::Encryption { protocol: "RTP/SAVP".into() }
    );
}

/// RING-31: a refused line has a format even where the offer's has none, since the grammar wants one.
#[test]
fn a_refused_line_has_a_format() {
    let negotiated = answered(&["m=audio 4000 RTP/AVP 8", "m=video 0 RTP/AVP"]);
    assert_eq!(media_lines(&negotiated.answer)[1], "m=video 0 RTP/AVP 0");
}

/// RING-31: a port count is of no meaning for us and not answered.
#[test]
fn port_counts_are_not_answered() {
    let negotiated = answered(&["m=audio 4000/2 RTP/AVP 8"]);
    assert_eq!(media_lines(&negotiated.answer), ["m=audio 20000 RTP/AVP 8"]);
}

/// RING-31: the times of the answer are the offer's.
#[test]
fn times_are_those_of_the_offer() {
    let text = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=2873397496 2873404696\r\nm=audio 4000 RTP/AVP 8\r\n";
    let offer = offhook_sip::sdp::SessionDescription::parse(text).expect("a description");
    let negotiated = answer(&offer, &both(), &local()).expect("an agreement");
    assert!(negotiated.answer.to_string().contains("\r\nt=2873397496 2873404696\r\n"));
}

/// RING-31: an answer, written out: what a phone gets to read.
#[test]
fn a_whole_answer() {
    let negotiated =
        answered(&["m=audio 4000 RTP/AVP 0 8 101", "a=rtpmap:101 telephone-event/8000", "a=sendrecv"]);
    assert_eq!(
        negotiated.answer.to_string(),
        "v=0\r\no=- 4711 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
         m=audio 20000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    );
}
