//! Where a recording is written (FILE-4 to FILE-6).

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::file_name;
use crate::playable::MediaError;

/// The real path of a file to be written below the media root; its folders are made. Touches the file system.
pub(super) fn resolve(root: &Path, name: &str) -> Result<PathBuf, MediaError> {
    file_name::check(name)?;
    let unwritable = |error| MediaError::Unwritable { name: name.to_owned(), error: Arc::new(error) };
    let outside = || MediaError::OutsideRoot { name: name.to_owned() };
    let root = root.canonicalize().map_err(unwritable)?;
    let wanted = root.join(name);
    let folder = wanted.parent().unwrap_or(&root);
    // The part of the way that exists must not lead out before the rest is made.
    let existing = folder.ancestors().find(|folder| folder.exists()).unwrap_or(&root);
    if !existing.canonicalize().map_err(unwritable)?.starts_with(&root) {
        return Err(outside());
    }
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    match wanted.canonicalize() {
        Ok(path) if path.starts_with(&root) => Ok(path),
        Ok(_) => Err(outside()),
        // A link to a file that does not exist would be followed out of the root.
        Err(error) if error.kind() == io::ErrorKind::NotFound && !wanted.is_symlink() => Ok(wanted),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(outside()),
        Err(error) => Err(unwritable(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FILE-6: folders are made below the root, and no link leads out of it.
    #[cfg(unix)]
    #[test]
    fn recordings_stay_below_the_root() {
        let outside = tempfile::tempdir().unwrap();
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), root.path().join("link")).unwrap();
        std::os::unix::fs::symlink(outside.path().join("new.wav"), root.path().join("dangling.wav")).unwrap();
        assert!(resolve(root.path(), "a/b/c.wav").is_ok());
        assert!(root.path().join("a/b").is_dir());
        for name in ["link/a.wav", "link/folder/a.wav", "dangling.wav"] {
            assert!(matches!(resolve(root.path(), name), Err(MediaError::OutsideRoot { .. })), "{name}");
        }
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    }
}
