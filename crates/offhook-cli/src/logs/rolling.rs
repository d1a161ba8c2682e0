//! A log file that rolls over by size (LOG-5).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// `name`, and older ones `name.1`, `name.2`, ...; the highest number is the oldest.
pub(crate) struct RollingFile {
    path: PathBuf,
    file: File,
    written: u64,
    size_bytes: u64,
    files: usize,
}

impl RollingFile {
    /// Opens the file to append to it. `files` counts the one in use too.
    pub(crate) fn open(path: &Path, size_bytes: u64, files: usize) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let written = file.metadata()?.len();
        Ok(Self { path: path.to_owned(), file, written, size_bytes, files })
    }

    /// Appends one entry, which is never split over two files. When it returns, the operating system has it.
    pub(crate) fn write(&mut self, entry: &[u8]) -> io::Result<()> {
        if self.written > 0 && self.written + entry.len() as u64 > self.size_bytes {
            self.roll()?;
        }
        self.file.write_all(entry)?;
        self.written += entry.len() as u64;
        Ok(())
    }

    /// As [`write`](Self::write), for entries that have nowhere else to go when the disk is full.
    pub(crate) fn write_or_drop(&mut self, entry: &[u8]) {
        let _ = self.write(entry);
    }

    fn roll(&mut self) -> io::Result<()> {
        if self.files > 1 {
            let numbered = |number: usize| {
                let mut name = self.path.clone().into_os_string();
                name.push(format!(".{number}"));
                PathBuf::from(name)
            };
            for number in (1..self.files - 1).rev() {
                match fs::rename(numbered(number), numbered(number + 1)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
            fs::rename(&self.path, numbered(1))?;
        }
        self.file = OpenOptions::new().create(true).write(true).truncate(true).open(&self.path)?;
        self.written = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LOG-5: the highest number is the oldest, and beyond the maximum the oldest is dropped.
    #[test]
    fn older_files_get_a_number_and_the_oldest_is_dropped() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("UAS.log");
        let mut log = RollingFile::open(&path, 10, 3).expect("opens");
        for entry in ["first....\n", "second...\n", "third....\n", "fourth...\n"] {
            log.write(entry.as_bytes()).expect("writes");
        }
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).ok();
        assert_eq!(read("UAS.log").as_deref(), Some("fourth...\n"));
        assert_eq!(read("UAS.log.1").as_deref(), Some("third....\n"));
        assert_eq!(read("UAS.log.2").as_deref(), Some("second...\n"));
        assert_eq!(read("UAS.log.3"), None);
    }

    /// LOG-5: what was there before counts towards the size.
    #[test]
    fn a_file_that_was_there_is_continued() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("UAS_ADR.log");
        RollingFile::open(&path, 100, 2).and_then(|mut log| log.write(b"one\n")).expect("writes");
        RollingFile::open(&path, 100, 2).and_then(|mut log| log.write(b"two\n")).expect("writes");
        assert_eq!(fs::read_to_string(&path).expect("is there"), "one\ntwo\n");
    }
}
