//! The codec lists of `ring()` and `answer()`.

use std::time::Duration;

use offhook::caller::CallSdp;
use offhook::media::{measure, wav};
use offhook::sip::Reliability;
use offhook::{Answer, ErrorKind, OperationError, Play, PlayableMedia, Record, Ring, State};

use crate::support::*;

/// RING-50, RING-52, RING-54, ANS-14: the call's own list decides, not the order of the offer.
#[test]
fn the_calls_own_list_decides_the_codec() {
    let rows = [
        (None, "0 8", "8", "g711a"),
        (None, "8 0", "8", "g711a"),
        (Some("g711u;g711a"), "8 0", "0", "g711u"),
        (Some("g711u"), "8 0", "0", "g711u"),
        (Some("g711a;g711u"), "0 8", "8", "g711a"),
        (Some("g711a;g711u"), "18 0", "0", "g711u"),
        (Some("g729;g711u"), "18 8 0", "18", "g729"),
    ];
    for (seed, (codecs, offered, payload_type, codec)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let request = scene.request().sdp(offer(offered, ""));
            let (call, channel) = scene.call(request).await;
            let ring = Ring::new().early_media().seconds(0.2);
            let ring = match codecs {
                Some(codecs) => ring.codecs(codecs),
                None => ring,
            };
            channel.ring(ring).await.unwrap();
            let answer = sdp(&call.response(183).await.unwrap());
            let lines = media_lines(&answer);
            assert_eq!(lines.len(), 1);
            assert!(lines[0].ends_with(&format!(" RTP/AVP {payload_type}")), "{codecs:?}: {lines:?}");
            assert_eq!(channel.details().codec, Some(codec), "{codecs:?}, offered {offered}");
            let packets = call.heard().await.packets;
            assert!(packets.iter().all(|packet| packet.payload_type.to_string() == payload_type));
        });
    }
}

/// RING-50: the server's setting is the list of a call that has none of its own.
#[test]
fn the_server_has_a_default_list() {
    scene_with(
        1,
        |config| config.codecs = "g711u;g711a".into(),
        |mut scene| async move {
            let (_call, channel) = scene.plain_call().await;
            channel.ring(Ring::new().early_media()).await.unwrap();
            assert_eq!(channel.details().codec, Some("g711u"));
        },
    );
}

/// RING-51, ANS-8: letter case, blanks and duplicates do not matter.
#[test]
fn codec_names_are_read_leniently() {
    for list in ["G711U", " g711u ; G711A", "g711u;g711u;g711a", "opus;g722;g729;g711u;g711a"] {
        scene(2, |mut scene| async move {
            let (_call, channel) = scene.plain_call().await;
            channel.ring(Ring::new().early_media().codecs(list)).await.unwrap();
            assert_eq!(channel.details().codec, Some("g711u"), "{list:?}");
        });
    }
}

/// RING-51, ANS-8, RING-6: an empty list or an unknown name is an error that lists the names.
#[test]
fn a_bad_codec_list_is_an_error_that_lists_the_names() {
    for list in ["", "  ", ";", "mp3", "g711a;mp3", "g711", "pcma", "g711a,g711u"] {
        scene(3, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            let errors: [Box<dyn OperationError>; 3] = [
                Box::new(channel.ring(Ring::new().codecs(list)).await.unwrap_err()),
                Box::new(channel.ring(Ring::new().early_media().codecs(list)).await.unwrap_err()),
                Box::new(channel.answer(Answer::new().codecs(list)).await.unwrap_err()),
            ];
            for error in errors {
                assert_eq!(error.kind(), ErrorKind::Argument, "{list:?}: {error}");
                for name in ["codecs", "g711a", "g711u", "g722", "opus", "g729"] {
                    assert!(error.to_string().contains(name), "{list:?}: {error} does not name {name}");
                }
            }
            assert_eq!((channel.state(), call.statuses()), (State::CallIncoming, vec![]), "{list:?}");
        });
    }
}

/// RING-52, ANS-14: telephone events are answered with the offer's number, if and only if they were offered.
#[test]
fn telephone_events_keep_the_offers_number() {
    let rows = [
        ("8 101", "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n", "8 101"),
        ("0 8 96", "a=rtpmap:96 telephone-event/8000\r\n", "8 96"),
        ("8 97", "a=rtpmap:97 telephone-event/16000\r\n", "8"),
        ("8", "", "8"),
    ];
    for (seed, (formats, attributes, expected)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (call, channel) = scene.call(scene.request().sdp(offer(formats, attributes))).await;
            channel.ring(Ring::new().early_media()).await.unwrap();
            let answer = sdp(&call.response(183).await.unwrap());
            assert!(media_lines(&answer)[0].ends_with(&format!(" RTP/AVP {expected}")), "{answer}");
        });
    }
}

/// RING-52: a codec on a dynamic payload number keeps the number of the offer.
#[test]
fn a_dynamic_payload_number_is_the_offers() {
    scene(4, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 0.5));
        let request = scene.request().sdp(offer("109", "a=rtpmap:109 PCMU/8000\r\n"));
        let (call, channel) = scene.call(request).await;
        let ring = Ring::new().early_media().ringtone(PlayableMedia::file(tone)).seconds(0.5);
        channel.ring(ring).await.unwrap();
        let answer = sdp(&call.response(183).await.unwrap());
        assert!(media_lines(&answer)[0].ends_with(" RTP/AVP 109"), "{answer}");
        let packets = call.heard().await.packets;
        assert!(packets.len() >= 24 && packets.iter().all(|packet| packet.payload_type == 109));
    });
}

/// FILE-10, RING-52, REC-6: a call in G.729 is heard both ways, in packets of whole frames, and the answer says that no
/// pauses are sent (RFC 4856 section 2.1.9).
#[test]
fn a_call_can_be_made_in_g729() {
    let rows = [("", 20), ("a=fmtp:18 annexb=yes\r\na=ptime:35\r\n", 30)];
    for (seed, (attributes, bytes)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 2.0));
            let (call, channel) =
                scene.call(scene.request().codecs("g729").sdp(offer("18", attributes))).await;
            channel.answer(Answer::new().codecs("g729")).await.unwrap();
            let answer = sdp(&call.response(200).await.unwrap());
            assert!(media_lines(&answer)[0].ends_with(" RTP/AVP 18"), "{answer}");
            assert!(answer.contains("a=fmtp:18 annexb=no\r\n"), "{answer}");

            call.play(sine(1000.0, 5.0));
            let recording = channel.spawn(|channel| async move {
                channel.file_recorder().record(Record::to("heard.wav").max_duration(2000)).await
            });
            channel.file_player().play(Play::file(&tone)).await.unwrap();
            recording.await.unwrap().unwrap();

            let heard = call.heard().await;
            assert!(heard.packets.len() >= 60, "{} packets", heard.packets.len());
            assert!(heard.packets.iter().all(|packet| packet.payload.len() == bytes), "{bytes} bytes each");
            assert_nearly_a_tone(part(&heard.sound(), 0.5, 1.5), 440.0);
            let recorded = std::fs::read(scene.path("heard.wav")).unwrap();
            assert_nearly_a_tone(part(&wav::read(&recorded).unwrap(), 0.5, 1.5), 1000.0);
        });
    }
}

/// RING-53, ANS-8: the list of `ring()` holds for the answer.
#[test]
fn the_list_is_remembered_for_the_answer() {
    scene(5, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.ring(Ring::new().codecs("g711u")).await.unwrap();
        channel.answer(Answer::new()).await.unwrap();
        assert_eq!(channel.details().codec, Some("g711u"));
        assert!(media_lines(&sdp(&call.response(200).await.unwrap()))[0].contains(" RTP/AVP 0"));
    });
}

/// RING-53, ANS-8: before media is negotiated, a later list replaces an earlier one.
#[test]
fn the_answer_may_bring_its_own_list() {
    scene(6, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        channel.ring(Ring::new().codecs("g711u")).await.unwrap();
        channel.answer(Answer::new().codecs("g711a")).await.unwrap();
        assert_eq!(channel.details().codec, Some("g711a"));
    });
}

/// RING-53, ANS-8: once media is negotiated another list is ignored.
#[test]
fn once_media_is_negotiated_another_list_is_ignored() {
    scene(7, |mut scene| async move {
        let (call, channel) = scene.call(scene.request().reliability(Reliability::Absent)).await;
        channel.ring(Ring::new().early_media().codecs("g711u;g711a")).await.unwrap();
        channel.ring(Ring::new().codecs("g711a")).await.unwrap();
        assert_eq!(channel.answer(Answer::new().codecs("g711a")).await.unwrap(), State::Answered);
        assert_eq!(channel.details().codec, Some("g711u"));
        let bodies: Vec<_> = call.responses().iter().map(sdp).collect();
        assert_eq!((bodies.len(), &bodies[0]), (2, &bodies[1]));
    });
}

/// Asserts a tone of -10 dBm0 as a codec gives it back that is made for speech.
#[track_caller]
fn assert_nearly_a_tone(samples: &[i16], hz: f64) {
    let frequency = measure::dominant_frequency(samples, 8000).unwrap_or_default();
    assert!((frequency - hz).abs() <= hz * 0.01, "{frequency} Hz instead of {hz} Hz");
    let level = measure::level_dbm0(samples, 8000, hz);
    assert!((level + 10.0).abs() < 2.0, "{level} dBm0 at {hz} Hz");
}

fn offer(formats: &str, attributes: &str) -> CallSdp {
    CallSdp::Raw(format!(
        "v=0\r\no=- 1 1 IN IP4 {{address}}\r\ns=-\r\nc=IN IP4 {{address}}\r\nt=0 0\r\n\
         m=audio {{port}} RTP/AVP {formats}\r\n{attributes}"
    ))
}

/// RING-47, RING-50, REC-12: a call whose list begins with G.722 has wide band, and records at 8000 Hz as every call does.
#[test]
fn a_call_in_g722_has_wide_band() {
    scene(8, |mut scene| async move {
        let high = scene.file("high.wav", &sine_at(16_000, 6000.0, -10.0, 1.0));
        let (call, channel) = scene.call(scene.request().codecs("g711a;g722")).await;
        channel.ring(Ring::new().early_media().codecs("g722;g711a")).await.unwrap();
        channel.answer(Answer::new()).await.unwrap();
        assert_eq!(channel.details().codec, Some("g722"));
        channel.file_recorder().start(Record::to("said.wav")).await.unwrap();
        call.play(sine(700.0, 2.0));
        channel.file_player().play(Play::file(&high)).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        channel.file_recorder().stop().await;

        let heard = call.heard().await;
        assert!(heard.packets.iter().all(|packet| (packet.payload_type, packet.payload.len()) == (9, 160)));
        let sound = heard.sound();
        assert_eq!(sound.rate_hz, 16_000);
        let (began, lasted) = bursts(&sound)[0];
        assert_near(Duration::from_secs_f64(lasted / 1000.0), secs(1.0), secs(0.03));
        let middle = part(&sound, began / 1000.0 + 0.1, began / 1000.0 + 0.9);
        let level = measure::level_dbm0(middle, 16_000, 6000.0);
        assert!((level + 10.0).abs() < 0.5, "{level} dBm0");

        let recorded = wav::read(&std::fs::read(scene.path("said.wav")).unwrap()).unwrap();
        assert_eq!(recorded.rate_hz, 8000);
        assert_level(part(&recorded, 0.3, 1.8), 700.0, -10.0);
    });
}
