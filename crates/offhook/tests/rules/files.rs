//! The names of media files, and what may be in them.

use offhook::media::wav;
use offhook::{Answer, ErrorKind, MediaError, OperationError, Play, PlayError, PlayerCause};

use crate::support::*;

async fn answered(scene: &mut Scene) -> (offhook::caller::OutCall, Instance) {
    let (call, channel) = scene.plain_call().await;
    channel.answer(Answer::new()).await.unwrap();
    (call, channel)
}

/// FILE-4, FILE-5, FILE-6: names that are accepted.
#[test]
fn good_names_are_accepted() {
    let long = format!("{}.wav", "n".repeat(251));
    let names = [
        "a.wav",
        "UPPER.WAV",
        "mixed.WaV",
        "wave.wave",
        "folder/sub-folder/a_b@c.d-0.wav",
        ".hidden.wav",
        "with:colon.wav",
        long.as_str(),
    ];
    for name in names {
        scene(1, |mut scene| async move {
            scene.file(name, &sine(440.0, 0.1));
            let (_call, channel) = answered(&mut scene).await;
            assert_eq!(
                channel.file_player().play(Play::file(name)).await.unwrap(),
                PlayerCause::Normal,
                "{name}"
            );
        });
    }
}

/// FILE-4, FILE-5, MED-11: names that break the rules are errors that name them, whether the file exists or not.
#[test]
fn bad_names_are_refused() {
    let long_part = format!("{}.wav", "n".repeat(252));
    let long_name = format!("{}a.wav", "folder/".repeat(150));
    let names = [
        "",
        "/a.wav",
        "/etc/passwd.wav",
        "../a.wav",
        "folder/../a.wav",
        "folder/..wav/../../a.wav",
        "a..wav",
        "folder//a.wav",
        "folder/./a.wav",
        "a",
        "a.mp3",
        "a.wav.exe",
        "a b.wav",
        "ä.wav",
        "a\\b.wav",
        "a*.wav",
        "a?.wav",
        "a\n.wav",
        "a\0.wav",
        "%2e%2e/a.wav",
        "~/a.wav",
        long_part.as_str(),
        long_name.as_str(),
    ];
    scene(2, |mut scene| async move {
        let (_call, channel) = answered(&mut scene).await;
        for name in names {
            let error = channel.file_player().play(Play::file(name)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Media, "{name:?}: {error}");
            let PlayError::Media(unplayable) = error else { panic!("{error:?}") };
            assert!(matches!(unplayable.error, MediaError::Name { .. }), "{name:?}: {}", unplayable.error);
        }
    });
}

/// FILE-5: but for the extension, letter case matters.
#[test]
fn letter_case_matters() {
    scene(3, |mut scene| async move {
        scene.file("tone.wav", &sine(440.0, 0.1));
        let (_call, channel) = answered(&mut scene).await;
        channel.file_player().play(Play::file("tone.wav")).await.unwrap();
        assert_eq!(
            channel.file_player().play(Play::file("Tone.wav")).await.unwrap_err().kind(),
            ErrorKind::Media
        );
    });
}

/// FILE-6: a symbolic link may not lead out of the media root.
#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_media_root() {
    scene(4, |mut scene| async move {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret.wav"), wav::write(&sine(440.0, 0.1))).unwrap();
        scene.file("inside.wav", &sine(440.0, 0.1));
        let link = std::os::unix::fs::symlink::<std::path::PathBuf, std::path::PathBuf>;
        link(outside.path().join("secret.wav"), scene.path("link.wav")).unwrap();
        link(outside.path().to_owned(), scene.path("folder")).unwrap();
        link(scene.path("inside.wav"), scene.path("good.wav")).unwrap();
        let (_call, channel) = answered(&mut scene).await;
        for name in ["link.wav", "folder/secret.wav"] {
            let error = channel.file_player().play(Play::file(name)).await.unwrap_err();
            let PlayError::Media(unplayable) = error else { panic!("{error:?}") };
            assert!(
                matches!(unplayable.error, MediaError::OutsideRoot { .. }),
                "{name}: {}",
                unplayable.error
            );
        }
        assert_eq!(channel.file_player().play(Play::file("good.wav")).await.unwrap(), PlayerCause::Normal);
    });
}

/// FILE-8, MED-11: a file of another format is an error that names the format found.
#[test]
fn another_format_is_named() {
    let wav = wav::write(&sine(440.0, 0.1));
    let with = |at: usize, bytes: &[u8]| {
        let mut file = wav.clone();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        file
    };
    let rows = [
        (with(20, &0x55_u16.to_le_bytes()), vec!["MP3", "MPEG"]),
        (with(34, &24_u16.to_le_bytes()), vec!["24"]),
        (with(24, &96_000_u32.to_le_bytes()), vec!["96000"]),
        (with(24, &4000_u32.to_le_bytes()), vec!["4000"]),
        (with(22, &6_u16.to_le_bytes()), vec!["6 channels"]),
        (b"OggS and more of it, a little longer than a header is".to_vec(), vec!["Ogg"]),
        (b"ID3\x03 and more of it, a little longer than a header is".to_vec(), vec!["MP3", "MPEG", "ID3"]),
    ];
    for (bytes, words) in rows {
        scene(5, |mut scene| async move {
            scene.file_of("other.wav", &bytes);
            let (_call, channel) = answered(&mut scene).await;
            let error = channel.file_player().play(Play::file("other.wav")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Media);
            let message = error.to_string();
            assert!(words.iter().any(|word| message.contains(word)), "{message:?} names none of {words:?}");
            assert!(message.contains("accepted"), "{message}");
        });
    }
}
