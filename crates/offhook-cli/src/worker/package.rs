//! The Python package inside the program, written to a folder from which Python can import it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context;

include!(concat!(env!("OUT_DIR"), "/package.rs"));

/// The folder that holds the package `offhook` of this very build, written out if it is not there. The folder's name
/// depends on the contents, so that programs of several versions can run at once.
pub(crate) fn folder() -> anyhow::Result<PathBuf> {
    let mut tried = Vec::new();
    for base in bases() {
        match write_out(&base) {
            Ok(folder) => return Ok(folder),
            Err(error) => tried.push(format!("{}: {error}", base.display())),
        }
    }
    Err(anyhow::anyhow!("{}", tried.join("; "))).context(
        "the Python package could not be written to any folder; set XDG_CACHE_HOME to one that is writable",
    )
}

/// Where caches belong, best first.
fn bases() -> Vec<PathBuf> {
    let of = |variable: &str| std::env::var_os(variable).filter(|v| !v.is_empty()).map(PathBuf::from);
    let cache = of("XDG_CACHE_HOME").or_else(|| of("HOME").map(|home| home.join(".cache")));
    cache.into_iter().chain([std::env::temp_dir()]).map(|base| base.join("offhook")).collect()
}

/// Writes the files beside the final folder and renames it into place: another process sees all of it or nothing.
fn write_out(base: &Path) -> io::Result<PathBuf> {
    let folder = base.join(format!("python-{KEY}"));
    if is_complete(&folder) {
        return Ok(folder);
    }
    fs::create_dir_all(base)?;
    let draft = base.join(format!(".python-{KEY}-{}", std::process::id()));
    if draft.exists() {
        fs::remove_dir_all(&draft)?;
    }
    for (name, contents) in FILES {
        let path = draft.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, contents)?;
    }
    // One that another process has just put there is in use, and complete.
    if folder.exists() && !is_complete(&folder) {
        // Somebody changed or removed files in it: what is running keeps what it has imported.
        fs::remove_dir_all(&folder)?;
    }
    match fs::rename(&draft, &folder) {
        Ok(()) => Ok(folder),
        Err(_) if is_complete(&folder) => {
            // Another process was faster with the same contents.
            fs::remove_dir_all(&draft)?;
            Ok(folder)
        }
        Err(error) => Err(error),
    }
}

/// Whether every file is there with its contents: a cache that lost or changed a file is written again.
fn is_complete(folder: &Path) -> bool {
    FILES.iter().all(|(name, contents)| fs::read(folder.join(name)).is_ok_and(|found| found == *contents))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_copy_is_written_again() {
        let base = tempfile::tempdir().expect("a folder");
        let folder = write_out(base.path()).expect("written");
        assert!(is_complete(&folder) && !FILES.is_empty());
        let (name, _) = FILES[0];
        fs::write(folder.join(name), b"broken").expect("writable");
        assert!(!is_complete(&folder));
        assert_eq!(write_out(base.path()).expect("written again"), folder);
        assert!(is_complete(&folder));
    }

    #[test]
    fn nothing_is_left_beside_the_folder() {
        let base = tempfile::tempdir().expect("a folder");
        write_out(base.path()).expect("written");
        write_out(base.path()).expect("found");
        assert_eq!(fs::read_dir(base.path()).expect("readable").count(), 1);
    }
}
