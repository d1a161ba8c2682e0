//! The file of a recording, written by a task of its own: no file is touched on the way of a packet, nor by a shard.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use offhook_media::recorder::RecordedPart;
use parking_lot::Mutex;
use tokio::sync::{mpsc, oneshot};

use super::encryption::Encryption;
use super::names;
use super::{RecordError, RecorderCause, RecorderState};
use crate::cipher::Cipher;
use crate::playable::MediaError;
use crate::shared::Shared;
use crate::work::Work;

/// The recordings that are being written, so that no two write the same file (REC-17). Cloning shares it.
#[derive(Clone, Debug)]
pub(crate) struct Recordings {
    open: Arc<Mutex<BTreeSet<PathBuf>>>,
    work: Work,
}

impl Recordings {
    pub(crate) fn new(work: Work) -> Self {
        Self { open: Arc::default(), work }
    }

    /// Makes or replaces a file with these first bytes, encrypted if there is a cipher; `None` if the server ends
    /// meanwhile.
    pub(crate) async fn create(
        self,
        root: PathBuf,
        name: String,
        empty: Vec<u8>,
        cipher: Option<Cipher>,
    ) -> Option<Result<RecordingFile, MediaError>> {
        self.work.finish(move || self.create_now(&root, &name, empty, cipher)).await
    }

    fn create_now(
        &self,
        root: &Path,
        name: &str,
        mut empty: Vec<u8>,
        cipher: Option<Cipher>,
    ) -> Result<RecordingFile, MediaError> {
        let path = names::resolve(root, name)?;
        if !self.open.lock().insert(path.clone()) {
            return Err(MediaError::BeingRecorded { name: name.to_owned() });
        }
        let claim = Claim { recordings: self.clone(), path };
        let mut encryption = cipher.map(Encryption::new);
        if let Some(encryption) = &mut encryption {
            empty = encryption.take(&empty);
        }
        let options = File::options().read(true).write(true).create(true).truncate(true).open(&claim.path);
        let file = options.and_then(|mut file| {
            file.write_all(&empty)?;
            Ok(file)
        });
        match file {
            Ok(file) => Ok(RecordingFile { file, end: empty.len() as u64, encryption, claim }),
            Err(error) => Err(MediaError::Unwritable { name: name.to_owned(), error: Arc::new(error) }),
        }
    }
}

/// The right to write a file; given back when dropped.
#[derive(Debug)]
struct Claim {
    recordings: Recordings,
    path: PathBuf,
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.recordings.open.lock().remove(&self.path);
    }
}

/// A file that is being recorded to.
#[derive(Debug)]
pub(crate) struct RecordingFile {
    file: File,
    /// Where the next piece goes.
    end: u64,
    encryption: Option<Encryption>,
    claim: Claim,
}

impl RecordingFile {
    /// Appends a piece, then writes the header that makes it part of the file (REC-14).
    fn write(&mut self, part: RecordedPart) -> io::Result<()> {
        let Some(encryption) = &mut self.encryption else {
            write_at(&mut self.file, self.end, &part.data)?;
            self.end += part.data.len() as u64;
            return write_at(&mut self.file, 0, &part.header);
        };
        let blocks = encryption.take(&part.data);
        encryption.set_header(part.header);
        write_at(&mut self.file, self.end, &blocks)?;
        self.end += blocks.len() as u64;
        Ok(())
    }

    /// Makes an encrypted file readable; others are at every instant (REC-14).
    fn close(&mut self) -> io::Result<()> {
        match self.encryption.take() {
            Some(encryption) => encryption.finish(&mut self.file, self.end),
            None => Ok(()),
        }
    }
}

#[cfg(unix)]
pub(super) fn read_at(file: &mut File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    file.read_exact_at(bytes, offset)
}

#[cfg(not(unix))]
pub(super) fn read_at(file: &mut File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(bytes)
}

#[cfg(unix)]
pub(super) fn write_at(file: &mut File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::FileExt;
    file.write_all_at(bytes, offset)
}

#[cfg(not(unix))]
pub(super) fn write_at(file: &mut File, offset: u64, bytes: &[u8]) -> io::Result<()> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(offset))?;
    file.write_all(bytes)
}

/// Who waits for the end of a recording.
pub(crate) type RecordReply = oneshot::Sender<Result<RecorderCause, RecordError>>;

/// How a recording ended.
#[derive(Debug)]
pub(crate) struct Finish {
    pub(crate) cause: RecorderCause,
    pub(crate) audio_detected: bool,
    pub(crate) reply: Option<RecordReply>,
}

/// A step of a file.
#[derive(Debug)]
enum Step {
    Write(RecordedPart),
    Finish(Finish),
}

/// Hands the pieces of one recording to the task that writes them. Dropped without
/// [`finish`](Self::finish), it closes the file as it is.
#[derive(Debug)]
pub(crate) struct Writer {
    steps: mpsc::Sender<Step>,
}

impl Writer {
    /// Starts the task of an open file. When the file is closed it publishes the end of recording `number`.
    pub(crate) fn start(file: RecordingFile, shared: Arc<Shared>, number: u64, failed: Failed) -> Self {
        let (steps, inbox) = mpsc::channel(STEPS_WAITING);
        tokio::spawn(write(file, inbox, shared, number, failed));
        Self { steps }
    }

    /// Writes a piece; `false` if the disk is so slow that too much waits.
    pub(crate) fn write(&self, part: RecordedPart) -> bool {
        self.steps.try_send(Step::Write(part)).is_ok()
    }

    /// Closes the file, publishes the end, and then tells who waits.
    pub(crate) fn finish(self, finish: Finish) {
        // Whatever waits is written first; the task takes the last step when it comes to it.
        tokio::spawn(async move {
            let _ = self.steps.send(Step::Finish(finish)).await;
        });
    }
}

/// Called when a piece cannot be written.
pub(crate) type Failed = Box<dyn FnOnce() + Send>;

async fn write(
    mut file: RecordingFile,
    mut inbox: mpsc::Receiver<Step>,
    shared: Arc<Shared>,
    number: u64,
    failed: Failed,
) {
    let mut failed = Some(failed);
    let mut finish = Finish { cause: RecorderCause::Hangup, audio_detected: false, reply: None };
    while let Some(step) = inbox.recv().await {
        match step {
            Step::Write(part) if failed.is_some() => {
                match work_on(file, move |file| file.write(part)).await {
                    Some((same, true)) => file = same,
                    Some((same, false)) => {
                        file = same;
                        if let Some(failed) = failed.take() {
                            failed();
                        }
                    }
                    // The runtime is shutting down, and the file with it.
                    None => return,
                }
            }
            // Nothing can follow a piece that is missing.
            Step::Write(_) => {}
            Step::Finish(last) => {
                finish = last;
                break;
            }
        }
    }
    let Some((file, closed)) = work_on(file, RecordingFile::close).await else { return };
    drop(file);
    let cause = if failed.is_some() && closed { finish.cause } else { RecorderCause::Error };
    shared.end_recording(|status| {
        if status.number != number {
            return false;
        }
        status.state = if cause == RecorderCause::Error { RecorderState::Error } else { RecorderState::Idle };
        status.cause = cause;
        status.audio_detected = Some(finish.audio_detected);
        true
    });
    if let Some(reply) = finish.reply {
        let _ = reply.send(Ok(cause));
    }
}

/// Works on a file where that may block, and tells whether it went well; `None` if the runtime is shutting down.
async fn work_on(
    mut file: RecordingFile,
    work: impl FnOnce(&mut RecordingFile) -> io::Result<()> + Send + 'static,
) -> Option<(RecordingFile, bool)> {
    let done = file.claim.recordings.work.finish(move || {
        let result = work(&mut file);
        (file, result)
    });
    let (file, result) = done.await?;
    if let Err(error) = &result {
        tracing::error!(path = %file.claim.path.display(), %error, "a recording cannot be written");
    }
    Some((file, result.is_ok()))
}

/// Pieces that may wait for the disk: some 25 s of a recording.
const STEPS_WAITING: usize = 64;
