//! `offhook call`: the scriptable caller, against a server of our own.

mod support;

use offhook::media::measure::dominant_frequency;
use offhook::media::wav;
use support::{Ran, Serving, offhook};

const EARLY: &str = "from offhook.uas import ToneManager, TonePlayer\n\n\ndef main(channel):\n    \
     TonePlayer(channel, ToneManager())\n    \
     channel.ring(1, negotiate_early_media=True, custom_ringtone='RINGBACK_EU')\n    channel.answer()\n    \
     channel.wait_for_idle()\n";
const PLAIN: &str =
    "def main(channel):\n    channel.ring(0)\n    channel.answer()\n    channel.FilePlayer.say('Hello.')\n";
const BUSY: &str = "def main(channel):\n    channel.reject(channel.Cause.BUSY)\n";
const RINGS: &str = "def main(channel):\n    channel.ring(60)\n";

fn serving() -> Serving {
    let applications = [("early.py", EARLY), ("plain.py", PLAIN), ("busy.py", BUSY), ("rings.py", RINGS)];
    Serving::start(&applications, &["--workers", "1", "--drain-seconds", "0"])
}

fn call(serving: &Serving, user: &str, arguments: &[&str]) -> Ran {
    let to = format!("sip:{user}@{}", serving.address);
    Ran::of(offhook().arg("call").arg(to).args(arguments).current_dir(serving.folder.path()))
}

#[test]
fn a_call_is_shown_as_a_ladder_with_times() {
    let serving = serving();
    let ran = call(&serving, "plain", &[]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for part in
        ["0 ms", "INVITE (SDP)", "180 Ringing", "200 OK (SDP)", "ACK", "♪ speech", "BYE", "went as asked"]
    {
        assert!(ran.out.contains(part), "{part:?} is not in {}", ran.out);
    }
}

#[test]
fn early_media_is_expected_recorded_and_drawn() {
    let serving = serving();
    let ran = call(
        &serving,
        "early",
        &["--early-media-expected", "--for", "200ms", "--record", "heard.wav", "--picture", "call.svg"],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("425 Hz") && ran.out.contains("PRACK"), "{}", ran.out);
    let file = std::fs::read(serving.folder.path().join("heard.wav")).expect("recorded");
    let sound = wav::read(&file).expect("a WAV file");
    let frequency = dominant_frequency(&sound.samples[..8000], 8000).expect("it rings");
    assert!((frequency - 425.0).abs() < 2.1, "{frequency}");
    assert!(serving.folder.path().join("call.svg").is_file());
}

#[test]
fn early_media_that_does_not_come_is_a_failure() {
    let serving = serving();
    let ran = call(&serving, "plain", &["--early-media-expected"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("no early media"), "{}", ran.out);
}

#[test]
fn reliability_and_the_lack_of_sdp_are_as_asked() {
    let serving = serving();
    let ran = call(&serving, "early", &["--100rel", "off", "--for", "100ms"]);
    assert!(ran.code == 0 && !ran.out.contains("PRACK"), "{ran:?}");
    let ran = call(
        &serving,
        "early",
        &["--100rel", "required", "--no-sdp", "--early-media-expected", "--for", "100ms"],
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("INVITE ─") && ran.out.contains("PRACK (SDP)"), "{}", ran.out);
}

#[test]
fn a_refusal_is_a_failure_unless_it_is_expected() {
    let serving = serving();
    let ran = call(&serving, "busy", &[]);
    assert!(ran.code == 1 && ran.out.contains("486"), "{ran:?}");
    assert_eq!(call(&serving, "busy", &["--expect-status", "486"]).code, 0);
    let ran = call(&serving, "busy", &["--expect-status", "200"]);
    assert!(ran.code == 1 && ran.out.contains("expected final status 200, got 486"), "{ran:?}");
}

#[test]
fn a_call_is_cancelled_when_asked() {
    let serving = serving();
    let ran = call(&serving, "rings", &["--cancel-after", "300ms"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("CANCEL") && ran.out.contains("487"), "{}", ran.out);
}

#[test]
fn a_call_without_an_answer_is_given_up() {
    let serving = serving();
    let ran = call(&serving, "rings", &["--timeout", "300ms"]);
    assert!(ran.code == 1 && ran.out.contains("not answered"), "{ran:?}");
}

#[test]
fn a_call_to_nobody_says_what_to_look_at() {
    let nobody = std::net::UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let to = format!("sip:1@{}", nobody.local_addr().expect("bound"));
    let ran = support::run(&["call", &to, "--timeout", "200ms"]);
    assert!(ran.code == 1 && ran.out.contains("firewall"), "{ran:?}");
}
