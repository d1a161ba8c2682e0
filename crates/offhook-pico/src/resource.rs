//! The language resources, and the files that the engine reads them from.

use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

use crate::Voice;

include!(concat!(env!("OUT_DIR"), "/resources.rs"));

/// The resources of a voice: text analysis and signal generation.
pub(crate) fn of(voice: Voice) -> [&'static [u8]; 2] {
    // The build script writes one entry for each voice, in the order of `Voice::ALL`.
    let (language, analysis, signal) = RESOURCES[voice as usize];
    debug_assert_eq!(language, voice.language());
    [analysis, signal]
}

/// Writes a resource to a file that is deleted when the result is dropped.
pub(crate) fn as_file(resource: &[u8]) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("offhook-").suffix(".bin");
    let mut file = match builder.tempfile_in(Path::new("/dev/shm")) {
        Ok(file) => file,
        Err(_) => builder.tempfile()?,
    };
    file.write_all(resource)?;
    file.flush()?;
    Ok(file)
}
