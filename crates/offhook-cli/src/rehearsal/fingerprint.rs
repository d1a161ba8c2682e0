//! Tells one run from another by every packet in it, and writes the packets down if that is asked for.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use offhook::sim::{Fate, Sim};
use tokio::time::Instant;

use super::capture_file::CaptureFile;

/// A digest of everything that went over the virtual network: when, from where, where to, and each byte of it.
#[derive(Clone)]
pub(super) struct Fingerprint(Arc<Mutex<Watch>>);

#[derive(Default)]
struct Watch {
    packets: u64,
    hasher: DefaultHasher,
    capture: Option<CaptureFile>,
    /// Why the capture was given up.
    failed: Option<io::Error>,
}

impl Fingerprint {
    /// Watches the network of a simulation from now on.
    pub(super) fn of(sim: &Sim) -> Self {
        let fingerprint = Self(Arc::default());
        let watch = fingerprint.clone();
        let began = Instant::now();
        sim.intercept(move |datagram| {
            let mut seen = watch.lock();
            let at = began.elapsed();
            seen.packets += 1;
            (at, datagram.from, datagram.to, datagram.bytes).hash(&mut seen.hasher);
            if let Some(Err(error)) = seen.capture.as_mut().map(|capture| capture.write(at, datagram)) {
                (seen.capture, seen.failed) = (None, Some(error));
            }
            Fate::Pass
        });
        fingerprint
    }

    /// The datagrams so far, and their digest.
    pub(super) fn read(&self) -> (u64, u64) {
        let seen = self.lock();
        (seen.packets, seen.hasher.finish())
    }

    /// Writes every datagram from now on into a capture file, as it is sent: those that get lost too.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or the one before could not.
    pub(super) fn capture(&self, path: &Path) -> io::Result<()> {
        let mut seen = self.lock();
        seen.capture = Some(CaptureFile::create(path)?);
        seen.failed.take().map_or(Ok(()), Err)
    }

    fn lock(&self) -> MutexGuard<'_, Watch> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
