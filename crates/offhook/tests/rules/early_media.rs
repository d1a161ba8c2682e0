//! Early media: when there is some, and what the RTP is like.

use offhook::caller::CallSdp;
use offhook::media::measure;
use offhook::sim::RawCall;
use offhook::sip::{PrackPolicy, Reliability};
use offhook::{Answer, PlayableMedia, PlayerCause, Ring, Ringtone, Silence, State, ToneManager};

use crate::rtp::{self, packets};
use crate::support::*;

fn early() -> Ring {
    Ring::new().early_media()
}

fn file(name: &str) -> PlayableMedia {
    PlayableMedia::file(name)
}

/// RING-30: `Details` tells whether early media was negotiated.
#[test]
fn details_tell_whether_early_media_is_in_force() {
    let rows = [(Reliability::Supported, true), (Reliability::Absent, false)];
    for (seed, (reliability, available)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let request = scene.request().sdp(CallSdp::None).reliability(reliability);
            let (call, channel) = scene.call(request).await;
            assert!(!channel.details().early_media);
            assert_eq!(channel.ring(early()).await.unwrap(), State::RingIncoming);
            scene.sim.sleep(ms(100)).await;
            assert_eq!(channel.details().early_media, available);
            assert_eq!(call.statuses(), [if available { 183 } else { 180 }]);
        });
    }
}

/// RING-31, RING-30: what makes early media unavailable; the call then rings plainly.
#[test]
fn early_media_needs_an_audio_stream_that_both_sides_can_use() {
    let sdp = |media: &str| {
        CallSdp::Raw(format!(
            "v=0\r\no=- 1 1 IN IP4 {{address}}\r\ns=-\r\nc=IN IP4 {{address}}\r\nt=0 0\r\n{media}"
        ))
    };
    let rows = [
        ("no common codec", sdp("m=audio {port} RTP/AVP 18\r\n"), false),
        ("no audio", sdp("m=video {port} RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"), false),
        ("a keying of its own", sdp("m=audio {port} RTP/SAVP 8\r\n"), false),
        ("a stream that is switched off", sdp("m=audio 0 RTP/AVP 8\r\n"), false),
        ("everything there", sdp("m=audio {port} RTP/AVP 8\r\n"), true),
        ("one common codec among others", sdp("m=audio {port} RTP/AVP 18 9 0\r\n"), true),
    ];
    for (seed, (row, sdp, available)) in rows.into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 1.0));
            let (call, channel) = scene.call(scene.request().sdp(sdp)).await;
            let state = channel.ring(early().ringtone(file(&tone)).seconds(1.0)).await.unwrap();
            assert_eq!(state, State::RingIncoming, "{row}");
            assert_eq!(call.statuses(), [if available { 183 } else { 180 }], "{row}");
            assert_eq!(channel.details().early_media, available, "{row}");
        });
    }
}

/// RING-31: without a free RTP port the call rings plainly.
#[test]
fn early_media_needs_a_port() {
    scene_with(
        1,
        |config| config.media.ports = 20_000..=20_001,
        |mut scene| async move {
            let (first, holder) = scene.plain_call().await;
            holder.ring(early()).await.unwrap();
            let (second, channel) = scene.plain_call().await;
            assert_eq!(channel.ring(early()).await.unwrap(), State::RingIncoming);
            scene.sim.sleep(ms(100)).await;
            assert_eq!((first.statuses(), second.statuses()), (vec![183], vec![180]));
            holder.hang_up().await;
            scene.sim.sleep(secs(1.0)).await;
            channel.ring(early()).await.unwrap();
            scene.sim.sleep(ms(100)).await;
            assert_eq!(second.statuses(), [180, 183], "the port is free again");
        },
    );
}

/// RING-31, RING-35: without an offer the 183 carries ours, and the PRACK its answer.
#[test]
fn an_invite_without_sdp_has_early_media_through_the_prack() {
    scene(2, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 1.0));
        let (call, channel) = scene.call(scene.request().sdp(CallSdp::None)).await;
        channel.ring(early().ringtone(file(&tone)).until_it_ends()).await.unwrap();
        assert!(call.media().await);
        assert!(channel.details().early_media);
        scene.sim.sleep(ms(200)).await;
        let sound = call.heard().await.sound();
        assert_one_burst(&sound, 1000.0);
        assert_eq!(channel.answer(Answer::new()).await.unwrap(), State::Answered);
        assert_eq!(call.statuses(), [183, 200]);
    });
}

/// RING-31: an answer in the PRACK that cannot be used means that early media is not available.
#[test]
fn a_prack_without_a_usable_answer_gives_no_early_media() {
    let refused =
        "v=0\r\no=- 1 1 IN IP4 10.0.0.3\r\ns=-\r\nc=IN IP4 10.0.0.3\r\nt=0 0\r\nm=audio 0 RTP/AVP 8\r\n";
    for (seed, answer) in ["", refused].into_iter().enumerate() {
        scene(seed as u64, |mut scene| async move {
            let (mut raw, mut rtp) = (scene.raw(), scene.raw_rtp());
            let mut dialog = raw.call(scene.address()).with_header("Supported: 100rel").without_sdp();
            raw.send(scene.address(), dialog.invite());
            let channel = scene.instance().await;
            let ringing = channel.spawn(|channel| async move { channel.ring(early().seconds(2.0)).await });
            let progress = raw.receive_response(183).await;
            raw.send(scene.address(), dialog.prack_with(&progress, answer));
            assert_eq!(ringing.await.unwrap().unwrap(), State::RingIncoming, "{answer:?}");
            assert!(!channel.details().early_media, "{answer:?}");
            assert!(rtp.receive_within(ms(1)).await.is_none(), "{answer:?}");
        });
    }
}

/// RING-32, RING-34: once negotiated, a later `ring()` plays its ringtone without asking for early media.
#[test]
fn early_media_stays_in_force() {
    scene(3, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 1.0));
        let (call, channel) = scene.plain_call().await;
        channel.ring(early()).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        channel.ring(Ring::new().ringtone(file(&tone)).until_it_ends()).await.unwrap();
        assert!(channel.details().early_media);
        assert_eq!(call.statuses(), [183]);
        let sound = call.heard().await.sound();
        assert_one_burst(&sound, 1000.0);
        assert!((bursts(&sound)[0].0 - 1000.0).abs() <= 20.0, "{:?}", bursts(&sound));
    });
}

/// RING-33, RING-13: without early media the ringtone is not even looked at.
#[test]
fn without_early_media_the_ringtone_is_not_checked() {
    let ringtones = [
        Ringtone::Media(file("missing.wav")),
        Ringtone::Media(file("../../outside.wav")),
        Ringtone::Media(PlayableMedia::new()),
        Ringtone::Tone("no such tone".into()),
        Ringtone::Invalid("custom_ringtone is 7".into()),
    ];
    for (seed, ringtone) in ringtones.into_iter().enumerate() {
        for asked in [false, true] {
            let ringtone = ringtone.clone();
            scene(seed as u64, |mut scene| async move {
                let sdp = if asked { CallSdp::None } else { CallSdp::Offer };
                let request = scene.request().sdp(sdp).reliability(Reliability::Absent);
                let (call, channel) = scene.call(request).await;
                let ring = Ring::new().ringtone(ringtone).until_it_ends();
                let ring = if asked { ring.early_media() } else { ring };
                assert_eq!(channel.ring(ring).await.unwrap(), State::RingIncoming);
                scene.sim.sleep(ms(100)).await;
                assert_eq!(call.statuses(), [180]);
            });
        }
    }
}

/// RING-34: a new ringtone replaces the old one at a frame boundary, and no ringtone stops it.
#[test]
fn a_new_ringtone_replaces_the_old_one() {
    scene(4, |mut scene| async move {
        let low = scene.file("low.wav", &sine(500.0, 0.313));
        let high = scene.file("high.wav", &sine(1500.0, 0.717));
        let (call, channel) = scene.plain_call().await;
        channel.ring(early().ringtone(file(&low)).looped()).await.unwrap();
        scene.sim.sleep(ms(1007)).await;
        channel.ring(Ring::new().ringtone(file(&high)).looped()).await.unwrap();
        scene.sim.sleep(ms(1000)).await;
        channel.ring(Ring::new()).await.unwrap();
        scene.sim.sleep(ms(500)).await;
        let sound = call.heard().await.sound();
        assert_one_burst(&sound, 2007.0);
        let mut order = Vec::new();
        for frame in sound.samples.chunks_exact(160) {
            let [first, second] = [500.0, 1500.0].map(|hz| measure::level_dbm0(frame, 8000, hz));
            let kind = if first.max(second) < -50.0 {
                "silence"
            } else {
                assert!((first - second).abs() > 20.0, "both in one frame: {first} and {second} dBm0");
                if first > second { "low" } else { "high" }
            };
            if order.last() != Some(&kind) {
                order.push(kind);
            }
        }
        assert_eq!(order, ["low", "high", "silence"]);
    });
}

/// RING-35, ANS-7: one media session from the first early packet to the end of the call.
#[test]
fn one_media_session_from_ringing_to_the_end() {
    scene(5, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 0.5));
        let (mut raw, mut socket) = (scene.raw(), scene.raw_rtp());
        let mut dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        channel.ring(early().ringtone(file(&tone)).seconds(1.0)).await.unwrap();
        let progress = raw.receive_response(183).await;
        channel.ring(Ring::new().seconds(0.5)).await.unwrap();
        let answering = channel.spawn(|channel| async move { channel.answer(Answer::new()).await });
        let ok = raw.receive_response(200).await;
        raw.send(scene.address(), dialog.ack(&ok));
        answering.await.unwrap().unwrap();
        channel.file_player().play(file(&tone)).await.unwrap();
        channel.spawn(|channel| async move { channel.hang_up().await });
        let bye = raw.receive_request("BYE").await;
        raw.send(scene.address(), dialog.ok(&bye));
        scene.sim.sleep(secs(1.0)).await;

        assert_eq!(sdp(&ok), sdp(&progress), "the 200 carries the session description of the 183");
        let packets: Vec<_> = packets(&socket.receive_for(Duration::ZERO).await);
        assert!(packets.len() >= 100, "{}", packets.len());
        for pair in packets.windows(2) {
            assert_eq!((pair[1].from, pair[1].ssrc), (pair[0].from, pair[0].ssrc));
            assert_eq!(pair[1].sequence, pair[0].sequence.wrapping_add(1));
            assert_eq!(pair[1].timestamp, pair[0].timestamp.wrapping_add(160));
        }
        let port = format!("m=audio {} ", packets[0].from.port());
        assert!(sdp(&ok).contains(&port), "RTP comes from the port in the session description");
    });
}

/// RING-36, MED-14, MED-15: the first packet leaves with the 183, then one every 20 ms, the first one marked.
#[test]
fn rtp_starts_with_the_183_and_is_paced() {
    scene(6, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 2.0));
        let (call, channel) = scene.plain_call().await;
        scene.sim.sleep(ms(333)).await;
        channel.ring(early().ringtone(file(&tone)).seconds(3.0)).await.unwrap();
        let progress = responses(&call)[0].1;
        let heard = call.heard().await;
        let first = heard.first_at().unwrap();
        assert!(first >= progress && first - progress <= ms(20), "{first:?} after {progress:?}");
        assert!(heard.packets.len() >= 149, "{}", heard.packets.len());
        for gap in heard.gaps() {
            assert_near(gap, ms(20), ms(1));
        }
        for (number, packet) in heard.packets.iter().enumerate() {
            assert_eq!(packet.marker, number == 0, "packet {number}");
            assert_eq!(packet.payload.len(), 160);
        }
    });
}

/// RING-36: frames have the packet time that the offer asks for.
#[test]
fn the_offer_decides_the_packet_time() {
    for (attribute, expected) in [("a=ptime:30\r\n", 30), ("a=ptime:20\r\na=maxptime:10\r\n", 10), ("", 20)] {
        scene(7, |mut scene| async move {
            let (raw, mut socket) = (scene.raw(), scene.raw_rtp());
            let mut peer = raw;
            let offer = RawCall::offer(RAW_RTP, "8") + attribute;
            let dialog = peer.call(scene.address()).with_sdp(offer);
            peer.send(scene.address(), dialog.invite());
            let channel = scene.instance().await;
            channel.ring(early().seconds(1.0)).await.unwrap();
            let packets = packets(&socket.receive_for(Duration::ZERO).await);
            assert!(packets.len() >= 30, "{attribute:?}: {}", packets.len());
            for pair in packets.windows(2) {
                assert_eq!(pair[0].payload.len(), expected * 8, "{attribute:?}");
                assert_near(pair[1].at - pair[0].at, ms(expected as u64), ms(1));
            }
        });
    }
}

/// RING-37: where nothing plays, frames of silence are sent.
#[test]
fn silence_is_sent_where_nothing_plays() {
    scene(8, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.ring(early().seconds(2.0)).await.unwrap();
        let heard = call.heard().await;
        assert!((99..=101).contains(&heard.packets.len()), "{}", heard.packets.len());
        assert_silent(&heard.sound().samples);
    });
}

/// RING-37, RING-36, MED-15: suppressed silence is a gap: timestamps run on, and the next packet is marked.
#[test]
fn suppressed_silence_is_a_gap() {
    scene_with(
        9,
        |config| config.media.silence = Silence::Suppress,
        |mut scene| async move {
            let tone = scene.file("tone.wav", &sine(440.0, 0.5));
            let (call, channel) = scene.plain_call().await;
            channel.ring(early().ringtone(file(&tone)).seconds(2.0)).await.unwrap();
            channel.ring(Ring::new().ringtone(file(&tone)).seconds(2.0)).await.unwrap();
            let packets = call.heard().await.packets;
            assert!((48..=54).contains(&packets.len()), "{}", packets.len());
            let marked: Vec<_> = packets.iter().filter(|packet| packet.marker).collect();
            assert_eq!(marked.len(), 2);
            let (ticks, time) =
                (marked[1].timestamp.wrapping_sub(marked[0].timestamp), marked[1].at - marked[0].at);
            assert_near(time, secs(2.0), ms(40));
            assert_near(Duration::from_micros(u64::from(ticks) * 125), time, ms(20));
            assert!(packets.windows(2).all(|pair| pair[1].sequence == pair[0].sequence.wrapping_add(1)));
        },
    );
}

/// RING-38: RTP goes to where valid packets come from, once and for all, and nowhere else.
#[test]
fn rtp_is_symmetric() {
    scene(10, |mut scene| async move {
        let mut raw = scene.raw();
        let mut named = scene.raw_rtp();
        let mut behind_nat = scene.sim.raw_peer("10.0.0.9:50000".parse().unwrap());
        let mut stranger = scene.sim.raw_peer("10.0.0.66:6666".parse().unwrap());
        let mut late = scene.sim.raw_peer("10.0.0.77:7777".parse().unwrap());
        let dialog = raw.call(scene.address());
        raw.send(scene.address(), dialog.invite());
        let channel = scene.instance().await;
        channel.ring(early()).await.unwrap();
        raw.receive_response(183).await;
        scene.sim.sleep(ms(500)).await;
        let server = packets(&named.receive_for(Duration::ZERO).await)[0].from;

        for garbage in [&b"hello"[..], &[0; 172], &[0x40; 172], &[0x80, 97, 0, 1]] {
            stranger.send(server, garbage.to_vec());
        }
        scene.sim.sleep(ms(500)).await;
        assert!(stranger.receive_within(ms(1)).await.is_none(), "no valid RTP came from there");
        assert!(!named.receive_for(Duration::ZERO).await.is_empty());

        for packet in rtp::silence(10, 4711) {
            behind_nat.send(server, packet);
            scene.sim.sleep(ms(20)).await;
        }
        named.receive_for(Duration::ZERO).await;
        behind_nat.receive_for(Duration::ZERO).await;
        scene.sim.sleep(secs(1.0)).await;
        assert!(behind_nat.receive_for(Duration::ZERO).await.len() >= 49);
        assert!(named.receive_for(Duration::ZERO).await.is_empty());

        for packet in rtp::silence(50, 815) {
            late.send(server, packet);
            scene.sim.sleep(ms(20)).await;
        }
        assert!(late.receive_within(ms(1)).await.is_none(), "the address is locked");
        assert!(behind_nat.receive_for(Duration::ZERO).await.len() >= 49);
    });
}

/// RING-38: the setting switches symmetric RTP off.
#[test]
fn symmetric_rtp_can_be_switched_off() {
    scene_with(
        11,
        |config| config.media.symmetric = false,
        |mut scene| async move {
            let (mut raw, mut named) = (scene.raw(), scene.raw_rtp());
            let mut other = scene.sim.raw_peer("10.0.0.9:50000".parse().unwrap());
            let dialog = raw.call(scene.address());
            raw.send(scene.address(), dialog.invite());
            let channel = scene.instance().await;
            channel.ring(early().seconds(0.5)).await.unwrap();
            let server = packets(&named.receive_for(Duration::ZERO).await)[0].from;
            for packet in rtp::silence(25, 4711) {
                other.send(server, packet);
                scene.sim.sleep(ms(20)).await;
            }
            assert!(other.receive_within(ms(1)).await.is_none());
            assert!(named.receive_for(Duration::ZERO).await.len() >= 24);
        },
    );
}

/// RING-39, MED-4: under early media the players work before the answer.
#[test]
fn players_work_before_the_answer() {
    scene(12, |mut scene| async move {
        let tone = scene.file("tone.wav", &sine(440.0, 1.0));
        let (call, channel) = scene.plain_call().await;
        let tones = channel.attach_tone_player(&ToneManager::new()).unwrap();
        channel.ring(early()).await.unwrap();
        assert_eq!(channel.file_player().play(file(&tone)).await.unwrap(), PlayerCause::Normal);
        let cause = tones.play("RINGBACK_EU", Some(secs(0.5))).await.unwrap();
        assert_eq!(cause, PlayerCause::Timeout);
        assert_eq!(channel.state(), State::RingIncoming);
        let sound = call.heard().await.sound();
        assert_tone(part(&sound, 0.1, 0.9), 440.0, -10.0);
        assert_tone(part(&sound, 1.1, 1.4), 425.0, -13.0);
    });
}

/// RING-39, MED-4: under early media digits are detected before the answer.
#[test]
fn digits_are_detected_before_the_answer() {
    scene(13, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.ring(early()).await.unwrap();
        assert!(call.media().await);
        call.send_digits("12#");
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!((channel.digits().as_str(), channel.state()), ("12#", State::RingIncoming));
    });
}

/// RING-35, RING-23, ANS-12: an offer that waits for its PRACK is answered once; the media session is one.
#[test]
fn a_late_prack_does_not_restart_the_media() {
    scene(14, |mut scene| async move {
        let (call, channel) = scene.call(scene.request().prack(PrackPolicy::Manual)).await;
        channel.ring(early().seconds(2.0)).await.unwrap();
        call.prack();
        channel.answer(Answer::new()).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        let packets = call.heard().await.packets;
        assert!(
            packets.windows(2).all(|pair| pair[0].ssrc == pair[1].ssrc
                && pair[1].timestamp == pair[0].timestamp.wrapping_add(160))
        );
        assert!(packets.len() >= 149, "{}", packets.len());
    });
}
