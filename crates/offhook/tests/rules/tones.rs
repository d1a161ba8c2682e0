//! `ToneManager` and `TonePlayer`.

use offhook::media::measure;
use offhook::media::tone::{Predefined, Segment};
use offhook::{Answer, ErrorKind, OperationError, PlayerCause, PlayerState, ToneManager};

use crate::support::*;

async fn answered(scene: &mut Scene) -> (offhook::caller::OutCall, Instance) {
    let (call, channel) = scene.plain_call().await;
    channel.answer(Answer::new()).await.unwrap();
    (call, channel)
}

/// TONE-2, TONE-8, TONE-9: the predefined tones and those of the countries are known by name.
#[test]
fn the_known_tones_are_listed() {
    let tones = ToneManager::new();
    let names = tones.tones();
    for name in
        ["RINGBACK", "RINGBACK_UK", "RINGBACK_EU", "ringback.fr", "busy.de", "dial.jp", "congestion.us"]
    {
        assert!(names.iter().any(|known| known == name), "{name}");
        assert!(tones.sequence(name).is_some(), "{name}");
    }
}

/// TONE-3: the first default ringback is `RINGBACK`, and it can be set.
#[test]
fn the_default_ringback_can_be_set() {
    assert_eq!(ToneManager::default_tone(), Predefined::Ringback);
    ToneManager::set_default(Predefined::RingbackUk);
    assert_eq!(ToneManager::default_tone(), Predefined::RingbackUk);
    ToneManager::set_default(Predefined::Ringback);
}

/// TONE-4, TONE-5, TONE-6, TONE-16: an own tone sounds as defined: frequencies, level, order, silence.
#[test]
fn an_own_tone_sounds_as_defined() {
    scene(1, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let tones = ToneManager::new();
        let info = vec![
            Segment::single(950, 10, 330),
            Segment::single(1400, 16, 330),
            Segment::silence(200),
            Segment::sum(697, 1209, 12, 330),
        ];
        tones.create_tone(info, "special").unwrap();
        let player = channel.attach_tone_player(&tones).unwrap();
        let (cause, blocked) = timed(player.play("special", None)).await;
        assert_eq!(cause.unwrap(), PlayerCause::Normal);
        assert_near(blocked, ms(1190), ms(50));
        let sound = call.heard().await.sound();
        let heard = bursts(&sound);
        assert_eq!(heard.len(), 2, "{heard:?}");
        let start = heard[0].0 / 1000.0;
        assert!((heard[0].1 - 660.0).abs() <= 20.0 && (heard[1].1 - 330.0).abs() <= 20.0, "{heard:?}");
        assert_tone(part(&sound, start + 0.03, start + 0.3), 950.0, -10.0);
        assert_tone(part(&sound, start + 0.36, start + 0.63), 1400.0, -16.0);
        let both = part(&sound, start + 0.9, start + 1.15);
        assert_level(both, 697.0, -12.0);
        assert_level(both, 1209.0, -12.0);
    });
}

/// TONE-6: modulation turns the carrier's amplitude fully up and down.
#[test]
fn modulation_is_full() {
    scene(2, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let tones = ToneManager::new();
        tones.create_tone(vec![Segment::modulated(1000, 20, 10, 1000)], "warble").unwrap();
        let player = channel.attach_tone_player(&tones).unwrap();
        player.play("warble", None).await.unwrap();
        let sound = call.heard().await.sound();
        let start = bursts(&sound)[0].0 / 1000.0;
        let levels: Vec<f64> =
            part(&sound, start + 0.1, start + 0.9).chunks_exact(40).map(measure::rms_dbm0).collect();
        let (low, high) =
            (levels.iter().copied().fold(0.0, f64::min), levels.iter().copied().fold(-99.0, f64::max));
        assert!(high - low > 20.0, "from {low} to {high} dBm0");
    });
}

/// TONE-7: a bad definition is an error that names entry, key and value, and nothing is added.
#[test]
fn a_bad_definition_is_refused() {
    let good = || Segment::single(400, 10, 100);
    let rows = [
        (vec![good(), Segment::single(10_000, 10, 100)], ["tone_info[1]", "frequency", "10000"]),
        (vec![Segment::single(400, 100, 100)], ["tone_info[0]", "amplitude", "100"]),
        (vec![good(), good(), Segment::single(400, 10, 10_000)], ["tone_info[2]", "duration", "10000"]),
    ];
    for (info, words) in rows {
        let tones = ToneManager::new();
        let error = tones.create_tone(info, "bad").unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{error} does not say {word}");
        }
        assert!(tones.sequence("bad").is_none());
    }
}

/// TONE-11, TONE-15: an unknown tone is an error that lists the known names; the player stays as it was.
#[test]
fn an_unknown_tone_is_an_error() {
    scene(3, |mut scene| async move {
        let (_call, channel) = answered(&mut scene).await;
        assert!(channel.tone_player().is_none());
        let player = channel.attach_tone_player(&ToneManager::new()).unwrap();
        assert!(channel.tone_player().is_some());
        let error = player.start("RINGBACK_XX", true).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Media);
        assert!(error.to_string().contains("RINGBACK_UK"), "{error}");
        assert_eq!((player.state(), player.cause()), (PlayerState::Idle, PlayerCause::None));
    });
}

/// TONE-11: a tone that is created after the player was attached is known to it, and so is a replaced one.
#[test]
fn a_tone_player_sees_changes_of_its_manager() {
    scene(4, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let tones = ToneManager::new();
        let player = channel.attach_tone_player(&tones).unwrap();
        for hz in [500, 1500] {
            tones.create_tone(vec![Segment::single(hz, 10, 1000)], "mine").unwrap();
            player.play("mine", None).await.unwrap();
        }
        let sound = call.heard().await.sound();
        let start = bursts(&sound)[0].0 / 1000.0;
        assert_tone(part(&sound, start + 0.1, start + 0.9), 500.0, -10.0);
        assert_tone(part(&sound, start + 1.1, start + 1.9), 1500.0, -10.0);
    });
}

/// TONE-12: a second tone player replaces the first, unless that one is playing.
#[test]
fn a_second_tone_player_replaces_an_idle_one() {
    scene(5, |mut scene| async move {
        let (_call, channel) = answered(&mut scene).await;
        let player = channel.attach_tone_player(&ToneManager::new()).unwrap();
        player.start("RINGBACK", true).await.unwrap();
        let error = channel.attach_tone_player(&ToneManager::new()).unwrap_err();
        assert!(error.to_string().contains("TonePlayer"), "{error}");
        player.stop().await;
        let tones = ToneManager::new();
        tones.create_tone(vec![Segment::single(400, 10, 100)], "mine").unwrap();
        channel.attach_tone_player(&tones).unwrap();
        let cause = channel.tone_player().unwrap().play("mine", None).await.unwrap();
        assert_eq!(cause, PlayerCause::Normal);
    });
}

/// TONE-13, TONE-14, FP-16: for a time, once, in the background, stopped.
#[test]
fn a_tone_is_played_for_a_time_or_once_or_until_stopped() {
    scene(6, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let player = channel.attach_tone_player(&ToneManager::new()).unwrap();
        let (cause, blocked) = timed(player.play("RINGBACK_EU", Some(secs(6.0)))).await;
        assert_eq!((cause.unwrap(), player.state()), (PlayerCause::Timeout, PlayerState::Idle));
        assert_near(blocked, secs(6.0), ms(50));
        let (cause, blocked) = timed(player.play("RINGBACK_UK", None)).await;
        assert_eq!(cause.unwrap(), PlayerCause::Normal);
        assert_near(blocked, secs(3.0), ms(50));
        let (started, blocked) = timed(player.start("RINGBACK_EU", true)).await;
        started.unwrap();
        assert!(blocked < ms(20), "{blocked:?}");
        assert_eq!((player.state(), player.cause()), (PlayerState::Playing, PlayerCause::None));
        scene.sim.sleep(secs(10.5)).await;
        assert_eq!(player.stop().await, PlayerCause::Aborted);
        let lengths: Vec<f64> = bursts(&call.heard().await.sound()).iter().map(|burst| burst.1).collect();
        // The second burst of the first job goes over into the first one of the next.
        let expected = [1000.0, 1400.0, 400.0, 1000.0, 1000.0, 500.0];
        assert_eq!(lengths.len(), expected.len(), "{lengths:?}");
        for (length, expected) in lengths.iter().zip(expected) {
            assert!((length - expected).abs() <= 20.0, "{lengths:?}");
        }
    });
}
