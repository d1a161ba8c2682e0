//! What is heard of an outbound call before and at its answer.

use offhook::caller::Reception;
use offhook::media::{Law, Sound};
use offhook::sim::{RawAnswer, RawCall, RawPeer, Sim};
use offhook::{Play, Record, RecorderCause, State, Trunk};

use crate::outbound_calls::{outbound_scene, outbound_scene_with, started, to_callee};
use crate::support::*;

/// Where the second RTP socket of a raw peer is.
const OTHER_RTP: std::net::SocketAddr =
    std::net::SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 3)), 40_010);

/// What a recording holds.
fn recorded(scene: &Scene, name: &str) -> Sound {
    offhook::media::wav::read(&std::fs::read(scene.path(name)).unwrap()).unwrap()
}

/// CALL-10, DET-1, MED-5, UR-12, UR-15, UR-16: SDP in a 183 puts early media in force; it is recorded, digits are
/// collected, and players are not allowed.
#[test]
fn early_media_is_heard_before_the_answer() {
    outbound_scene(1, |mut scene| async move {
        let reception = Reception::new().early_media().play(sine(700.0, 3.0)).wait(secs(6.0)).answer();
        let mut callee = scene.sim.callee(Sim::CALLEE, reception).await;
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        scene.sim.sleep(ms(500)).await;
        assert_eq!((channel.state(), channel.details().early_media), (State::RingOutgoing, true));
        assert_eq!(channel.details().codec, Some("g711a"));
        let error = channel.file_player().start(Play::text("Hello")).await.unwrap_err();
        assert!(!error.is_hangup(), "{error}");
        let record = Record::to("early.wav").max_duration(1500);
        assert_eq!(channel.file_recorder().record(record).await.unwrap(), RecorderCause::Timeout);
        assert_tone(part(&recorded(&scene, "early.wav"), 0.1, 1.4), 700.0, -10.0);
        callee.next_call().await.unwrap().send_digits("5");
        scene.sim.sleep(secs(2.0)).await;
        assert_eq!(channel.digits(), "5");
        assert_eq!(channel.wait_for_answer(None).await.unwrap(), State::Answered);
        assert!(channel.details().early_media);
    });
}

/// CALL-10, UR-15: SDP in any provisional response counts, reliable or not.
#[test]
fn sdp_in_any_provisional_response_counts() {
    for status in [101, 180, 181, 183, 199] {
        outbound_scene(u64::from(status), |mut scene| async move {
            let _callee = scene.sim.callee(Sim::CALLEE, Reception::new().provisional(status, true)).await;
            let channel = started(&mut scene).await;
            channel.start_call(to_callee()).await.unwrap();
            scene.sim.sleep(ms(500)).await;
            let rings = matches!(status, 180 | 183);
            let state = if rings { State::RingOutgoing } else { State::CallOutgoing };
            assert_eq!((channel.state(), channel.details().early_media), (state, true), "{status}");
        });
    }
}

/// CALL-10, UR-19: a trunk whose early SDP is ignored is heard from the answer on only.
#[test]
fn a_trunks_early_sdp_can_be_ignored() {
    let ignoring = |config: &mut offhook::Config| {
        let mut trunk = Trunk::new("provider", Sim::CALLEE.to_string());
        trunk.ignore_early_sdp = true;
        config.trunks = vec![trunk];
    };
    outbound_scene_with(2, ignoring, |mut scene| async move {
        let reception = Reception::new()
            .early_media()
            .play(sine(700.0, 1.0))
            .wait(secs(2.0))
            .answer()
            .wait(ms(500))
            .play(sine(1500.0, 1.0));
        let _callee = scene.sim.callee(Sim::CALLEE, reception).await;
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        scene.sim.sleep(secs(1.0)).await;
        assert_eq!((channel.state(), channel.details().early_media), (State::RingOutgoing, false));
        let error = channel.file_recorder().start(Record::to("early.wav")).await.unwrap_err();
        assert!(!error.is_hangup(), "{error}");
        assert_eq!(channel.wait_for_answer(None).await.unwrap(), State::Answered);
        channel.file_recorder().record(Record::to("late.wav").max_duration(2000)).await.unwrap();
        let sound = recorded(&scene, "late.wav");
        assert!(offhook::media::measure::level_dbm0(&sound.samples, 8000, 700.0) < -50.0);
        assert_eq!(bursts(&sound).len(), 1);
    });
}

/// Sends a tone as RTP from one of the raw peer's sockets, for so many packets.
async fn speak(rtp: &RawPeer, to: std::net::SocketAddr, scene: &Scene, hz: f64, packets: u16, ssrc: u32) {
    let tone = sine(hz, f64::from(packets) * 0.02);
    for (number, frame) in tone.samples.chunks(160).enumerate() {
        let mut packet = vec![0x80, 8];
        packet.extend((number as u16).to_be_bytes());
        packet.extend((number as u32 * 160).to_be_bytes());
        packet.extend(ssrc.to_be_bytes());
        packet.extend(Law::A.encode(frame));
        rtp.send(to, packet);
        scene.sim.sleep(ms(20)).await;
    }
}

/// Where the server's offer wants RTP to go.
fn offered_rtp(invite: &offhook::sip::Request) -> std::net::SocketAddr {
    let sdp = String::from_utf8_lossy(&invite.body).into_owned();
    let port = media_lines(&sdp)[0].split(' ').nth(1).unwrap().parse().unwrap();
    std::net::SocketAddr::new(Sim::SERVER.ip(), port)
}

/// CALL-11, UR-17: a 200 with another description is applied at once, also right after the 183.
#[test]
fn a_changed_description_in_the_200_is_applied() {
    for gap in [0, 5, 1000] {
        outbound_scene(gap, |mut scene| async move {
            let mut raw = scene.sim.raw_peer(Sim::CALLEE);
            let mut early = scene.raw_rtp();
            let mut late = scene.sim.raw_peer(OTHER_RTP);
            let channel = started(&mut scene).await;
            channel.start_call(to_callee()).await.unwrap();
            let invite = raw.receive_request("INVITE").await;
            let answer = RawAnswer::new(&invite, Sim::CALLEE);
            raw.send(scene.address(), answer.response(183, "", &RawCall::offer(RAW_RTP, "8")));
            scene.sim.sleep(ms(gap)).await;
            let changed = RawCall::offer(OTHER_RTP, "0").replace("o=- 1 1", "o=- 1 2");
            raw.send(scene.address(), answer.response(200, "", &changed));
            assert_eq!(channel.wait_for_answer(Some(5.0)).await.unwrap(), State::Answered);
            raw.receive_request("ACK").await;
            assert_eq!((channel.details().codec, channel.details().early_media), (Some("g711u"), true));
            scene.sim.sleep(ms(100)).await;
            early.receive_for(Duration::ZERO).await;
            let silent = early.receive_for(secs(1.0)).await;
            assert!(silent.is_empty(), "{} packets still go to the early address", silent.len());
            assert!(late.receive_for(Duration::ZERO).await.len() > 45);
        });
    }
}

/// CALL-11: a 200 without a description leaves the early one in force.
#[test]
fn a_200_without_sdp_keeps_the_early_one() {
    outbound_scene(3, |mut scene| async move {
        let mut raw = scene.sim.raw_peer(Sim::CALLEE);
        let rtp = scene.raw_rtp();
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        let invite = raw.receive_request("INVITE").await;
        let to = offered_rtp(&invite);
        let answer = RawAnswer::new(&invite, Sim::CALLEE);
        raw.send(scene.address(), answer.response(183, "", &RawCall::offer(RAW_RTP, "8")));
        scene.sim.sleep(ms(100)).await;
        raw.send(scene.address(), answer.response(200, "", ""));
        assert_eq!(channel.wait_for_answer(Some(5.0)).await.unwrap(), State::Answered);
        channel.file_recorder().start(Record::to("heard.wav").max_duration(1000)).await.unwrap();
        speak(&rtp, to, &scene, 900.0, 60, 7).await;
        channel.file_recorder().wait_until_finished(None).await;
        assert_tone(part(&recorded(&scene, "heard.wav"), 0.2, 0.9), 900.0, -10.0);
    });
}

/// CALL-10, CALL-12: the early media of the newest fork is heard, and the answer of another fork takes over.
#[test]
fn the_answering_fork_is_heard() {
    outbound_scene(4, |mut scene| async move {
        let mut raw = scene.sim.raw_peer(Sim::CALLEE);
        let mut other = scene.sim.raw_peer(OTHER_RTP);
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        let invite = raw.receive_request("INVITE").await;
        let answer = RawAnswer::new(&invite, Sim::CALLEE);
        let (one, two) = (answer.tagged("one"), answer.tagged("two"));
        raw.send(scene.address(), one.response(183, "", &RawCall::offer(RAW_RTP, "8")));
        scene.sim.sleep(ms(200)).await;
        raw.send(scene.address(), two.response(200, "", &RawCall::offer(OTHER_RTP, "8")));
        assert_eq!(channel.wait_for_answer(Some(5.0)).await.unwrap(), State::Answered);
        let ack = raw.receive_request("ACK").await;
        assert_eq!(ack.to().unwrap().tag().map(|tag| tag.as_str()), Some("two"));
        assert!(other.receive_for(secs(1.0)).await.len() > 40);
    });
}

/// RING-23, CALL-10: a reliable 183 is acknowledged by PRACK.
#[test]
fn a_reliable_response_is_acknowledged() {
    outbound_scene(5, |mut scene| async move {
        let mut raw = scene.sim.raw_peer(Sim::CALLEE);
        let channel = started(&mut scene).await;
        channel.start_call(to_callee()).await.unwrap();
        let invite = raw.receive_request("INVITE").await;
        let answer = RawAnswer::new(&invite, Sim::CALLEE);
        let reliable = "Require: 100rel\r\nRSeq: 17\r\n";
        raw.send(scene.address(), answer.response(183, reliable, &RawCall::offer(RAW_RTP, "8")));
        let prack = raw.receive_request("PRACK").await;
        let text = String::from_utf8_lossy(&prack.to_bytes()).into_owned();
        assert!(text.contains("RAck: 17 1 INVITE"), "{text}");
        assert!(channel.details().early_media);
    });
}
