//! Files that are stored encrypted: recorded, validated and played (FILE-2, FILE-11, FP-17).

use offhook::caller::OutCall;
use offhook::media::wav;
use offhook::{
    Answer, Cipher, ErrorKind, MediaError, OperationError, Play, PlayableMedia, PlayerCause, Record,
    RecorderCause, Ring,
};

use crate::support::*;

/// 128, 192 and 256 bits.
fn ciphers() -> [Cipher; 3] {
    [32, 48, 64].map(|digits| Cipher::aes_cbc(&"3f".repeat(digits / 2), &"a1".repeat(16)).expect("a cipher"))
}

async fn answered(scene: &mut Scene) -> (OutCall, Instance) {
    let (call, channel) = scene.plain_call().await;
    channel.answer(Answer::new()).await.unwrap();
    (call, channel)
}

/// FILE-11, FILE-2, FP-17, REC-14: what was recorded encrypted is validated and played; on the disk it is unreadable.
#[test]
fn an_encrypted_recording_is_played() {
    for (seed, cipher) in (1..).zip(ciphers()) {
        scene(seed, |mut scene| async move {
            let (call, channel) = answered(&mut scene).await;
            call.play(sine(440.0, 3.0));
            let record = Record::to("a.wav").max_duration(2000).cipher(cipher.clone());
            assert_eq!(channel.file_recorder().record(record).await.unwrap(), RecorderCause::Timeout);
            let stored = std::fs::read(scene.path("a.wav")).unwrap();
            assert!(stored.len().is_multiple_of(16) && wav::read(&stored).is_err());

            assert!(channel.validate("a.wav", cipher.clone()).await.unwrap());
            let from = call.heard().await.sound().duration();
            let media = PlayableMedia::file("a.wav").with_cipher(cipher);
            assert_eq!(channel.file_player().play(media).await.unwrap(), PlayerCause::Normal);
            let heard = call.heard().await.sound();
            let from = from.as_secs_f64() + 0.3;
            assert_tone(part(&heard, from, from + 1.5), 440.0, -10.0);
        });
    }
}

/// REC-15: a recording of no audio is a file with nothing in it, encrypted as well.
#[test]
fn an_encrypted_recording_of_nothing_is_valid() {
    scene(4, |mut scene| async move {
        let (_call, channel) = answered(&mut scene).await;
        let [cipher, ..] = ciphers();
        let recorder = channel.file_recorder();
        recorder.start(Record::to("a.wav").cipher(cipher.clone())).await.unwrap();
        assert_eq!(recorder.stop().await, RecorderCause::Aborted);
        assert!(channel.validate("a.wav", cipher).await.unwrap());
    });
}

/// REC-14: an encrypted recording becomes readable when it is closed, not before.
#[test]
fn a_recording_that_runs_cannot_be_decrypted() {
    scene(5, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let [cipher, ..] = ciphers();
        call.play(sine(440.0, 3.0));
        channel.file_recorder().start(Record::to("a.wav").cipher(cipher.clone())).await.unwrap();
        scene.sim.sleep(secs(1.5)).await;
        assert!(!channel.validate("a.wav", cipher.clone()).await.unwrap());
        call.hang_up();
        channel.wait_for_idle(None).await;
        channel.file_recorder().wait_until_finished(None).await;
        assert!(channel.validate("a.wav", cipher).await.unwrap());
    });
}

/// FP-17: an encrypted file cannot be played before this instance has validated it with that very cipher.
#[test]
fn a_file_that_was_not_validated_is_not_played() {
    scene(6, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let (_call, other) = answered(&mut scene).await;
        let [cipher, longer, _] = ciphers();
        call.play(sine(440.0, 2.0));
        let record = Record::to("a.wav").max_duration(1000).cipher(cipher.clone());
        channel.file_recorder().record(record).await.unwrap();
        assert!(other.validate("a.wav", cipher.clone()).await.unwrap(), "another instance");

        let media = PlayableMedia::file("a.wav");
        for cipher in [cipher.clone(), longer] {
            let error = channel.file_player().play(media.clone().with_cipher(cipher)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Media);
            assert!(error.to_string().contains("\"a.wav\" was not validated with this cipher"), "{error}");
        }
        // Without a cipher it is no WAV file.
        assert_eq!(channel.file_player().play(media.clone()).await.unwrap_err().kind(), ErrorKind::Media);
        assert!(channel.validate("a.wav", cipher.clone()).await.unwrap());
        channel.file_player().play(media.with_cipher(cipher)).await.unwrap();
    });
}

/// FILE-2, FILE-3: what cannot be decrypted, is not there or holds no sound is not valid; a bad name is an error.
#[test]
fn validation_tells_what_cannot_be_played() {
    scene(7, |mut scene| async move {
        let (_call, channel) = scene.plain_call().await;
        let [cipher, other, _] = ciphers();
        scene.file("plain.wav", &sine(440.0, 0.1));
        scene.file_of("block.wav", &[7; 64]);
        scene.file_of("empty.wav", &[]);
        for name in ["plain.wav", "block.wav", "empty.wav", "missing.wav"] {
            assert!(!channel.validate(name, cipher.clone()).await.unwrap(), "{name}");
            assert!(!channel.validate(name, other.clone()).await.unwrap(), "{name}");
        }
        assert!(channel.validate("plain.wav", None).await.unwrap());
        let refused = channel.validate("../a.wav", cipher).await;
        assert!(matches!(refused, Err(MediaError::Name { .. })), "{refused:?}");
    });
}

/// FILE-13: a file that was replaced after its validation is decrypted anew; where that fails the job is refused.
#[test]
fn a_replaced_file_is_refused() {
    scene(8, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let [cipher, other, _] = ciphers();
        for cipher in [&cipher, &other] {
            call.play(sine(440.0, 1.0));
            let record = Record::to("a.wav").max_duration(500).cipher(cipher.clone());
            channel.file_recorder().record(record).await.unwrap();
            channel.validate("a.wav", cipher.clone()).await.unwrap();
        }
        let play = |cipher| Play::from(PlayableMedia::file("a.wav").with_cipher(cipher));
        let error = channel.file_player().play(play(cipher.clone())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Media, "{error}");
        channel.file_player().play(play(other)).await.unwrap();
    });
}

/// RING-40, FP-17: an encrypted file may be a ringtone.
#[test]
fn an_encrypted_file_may_be_a_ringtone() {
    scene(9, |mut scene| async move {
        let (call, channel) = answered(&mut scene).await;
        let [.., cipher] = ciphers();
        call.play(sine(620.0, 2.0));
        let record = Record::to("a.wav").max_duration(1500).cipher(cipher.clone());
        channel.file_recorder().record(record).await.unwrap();
        drop((call, channel));

        let (call, channel) = scene.plain_call().await;
        let ringtone = PlayableMedia::file("a.wav").with_cipher(cipher.clone());
        let ring = Ring::new().early_media().ringtone(ringtone).seconds(1.0);
        assert_eq!(channel.ring(ring.clone()).await.unwrap_err().kind(), ErrorKind::Media);
        assert!(channel.validate("a.wav", cipher).await.unwrap());
        channel.ring(ring).await.unwrap();
        assert_tone(part(&call.heard().await.sound(), 0.3, 0.9), 620.0, -10.0);
    });
}

/// FILE-11: neither key nor vector is shown with anything that holds them.
#[test]
fn keys_are_not_shown() {
    let [cipher, ..] = ciphers();
    let record = Record::to("a.wav").cipher(cipher.clone());
    let play = Play::from(PlayableMedia::file("a.wav").with_cipher(cipher));
    let shown = format!("{record:?} {play:?}");
    assert!(shown.contains("128 bits") && !shown.contains("3f3f") && !shown.contains("a1a1"), "{shown}");
    assert!(!shown.contains("63, 63") && !shown.contains("161, 161"), "{shown}");
}
