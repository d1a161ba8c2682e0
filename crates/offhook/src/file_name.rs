//! The names of media files (FILE-4 to FILE-6).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::playable::MediaError;

/// Checks a name by FILE-4 and FILE-5; does not touch the file system.
pub(crate) fn check(name: &str) -> Result<(), MediaError> {
    match problem(name) {
        Some(problem) => Err(MediaError::Name { name: name.to_owned(), problem }),
        None => Ok(()),
    }
}

/// The real path of a file below the media root, symbolic links resolved (FILE-6). Touches the file
/// system: call it where blocking is allowed.
pub(crate) fn resolve(root: &Path, name: &str) -> Result<PathBuf, MediaError> {
    check(name)?;
    let unreadable = |error| MediaError::Unreadable { name: name.to_owned(), error: Arc::new(error) };
    let root = root.canonicalize().map_err(unreadable)?;
    let path = root.join(name).canonicalize().map_err(unreadable)?;
    if path.starts_with(&root) { Ok(path) } else { Err(MediaError::OutsideRoot { name: name.to_owned() }) }
}

fn problem(name: &str) -> Option<&'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._/@-:".contains(&byte);
    if name.is_empty() {
        return Some("is empty");
    }
    if name.len() > 1024 {
        return Some("is longer than 1024 bytes");
    }
    if name.starts_with('/') {
        return Some("begins with /");
    }
    if !name.bytes().all(allowed) {
        return Some("holds a character that is not allowed");
    }
    if name.contains("..") || name.contains("//") || name.contains("/./") || name.starts_with("./") {
        return Some("holds .., // or /./");
    }
    if name.split('/').any(|part| part.len() > 255) {
        return Some("has a part longer than 255 bytes");
    }
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("wav" | "wave") => None,
        Some("tif" | "tiff") => Some("names a fax document, not sound"),
        _ => Some("does not end in .wav or .wave"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FILE-4, FILE-5: which names are accepted.
    #[test]
    fn names_follow_the_rules() {
        for good in ["a.wav", "A.WAVE", "music/hold_1.wav", "a@b-c.d.wav", "a:b.wav", ".a.wav"] {
            assert!(check(good).is_ok(), "{good}");
        }
        let long_part = format!("{}.wav", "a".repeat(252));
        let long_name = format!("{}a.wav", "ab/".repeat(340));
        for bad in [
            "",
            "/a.wav",
            "../a.wav",
            "a/../b.wav",
            "a//b.wav",
            "a/./b.wav",
            "./a.wav",
            "a b.wav",
            "a.mp3",
            "wav",
            "ä.wav",
            "a\0.wav",
            "fax.tif",
            &long_part,
            &long_name,
        ] {
            assert!(matches!(check(bad), Err(MediaError::Name { .. })), "{bad}");
        }
    }

    /// FILE-6: a symbolic link cannot lead out of the media root.
    #[cfg(unix)]
    #[test]
    fn links_do_not_leave_the_root() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret.wav"), b"x").unwrap();
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("inside.wav"), b"x").unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("link")).unwrap();
        std::os::unix::fs::symlink("inside.wav", root.path().join("alias.wav")).unwrap();
        assert!(resolve(root.path(), "alias.wav").is_ok());
        assert!(matches!(resolve(root.path(), "link/secret.wav"), Err(MediaError::OutsideRoot { .. })));
        assert!(matches!(resolve(root.path(), "missing.wav"), Err(MediaError::Unreadable { .. })));
    }
}
