//! `FileRecorder`: records the far end to a WAV file of the media root.

mod encryption;
mod file;
mod names;
mod record;

use std::time::Duration;

use thiserror::Error;
use tokio::time::timeout;

use crate::channel::{CallChannel, Unanswered};
use crate::command::{Command, RecorderCommand, Until};
use crate::error::{BadArgument, Busy, Operation, Unplayable, WrongState, operation_error};
use crate::names::documented_names;
use crate::state::State;

pub(crate) use self::file::{Finish, RecordReply, RecordingFile, Recordings, Writer};
pub use self::record::Record;

/// Records the far end's audio (REC-1 to REC-19). It works in `ANSWERED`, and before the answer while early media is in
/// force (MED-4, MED-5); players and the detector of digits may run beside it (MED-9).
///
/// The file is a valid WAV file at every instant: if the process dies, at most the last second is missing. An encrypted
/// one becomes readable when it is closed (REC-14).
#[derive(Clone, Debug)]
pub struct FileRecorder {
    channel: CallChannel,
}

impl FileRecorder {
    pub(crate) fn new(channel: CallChannel) -> Self {
        Self { channel }
    }

    /// Records and waits until the recording ends and the file is closed (REC-4). Dropping the future ends the recording
    /// with [`RecorderCause::Aborted`] (GEN-17).
    ///
    /// # Errors
    ///
    /// [`RecordError`]: nothing was recorded.
    pub async fn record(&self, record: Record) -> Result<RecorderCause, RecordError> {
        self.begin(record, Until::Finished).await
    }

    /// Starts a recording and returns as soon as it runs, after the beep if there is one (REC-5).
    ///
    /// # Errors
    ///
    /// [`RecordError`]: nothing was recorded.
    pub async fn start(&self, record: Record) -> Result<(), RecordError> {
        self.begin(record, Until::Started).await.map(drop)
    }

    /// Ends the recording with [`RecorderCause::Aborted`] and keeps the file (REC-5); without one returns the last cause
    /// (MED-12).
    pub async fn stop(&self) -> RecorderCause {
        let stop = |_, reply| Command::Recorder(RecorderCommand::Stop(reply));
        if self.channel.operate(stop).await.is_ok() {
            return self.wait_until_finished(None).await;
        }
        self.cause()
    }

    /// Waits for the running recording and returns its cause, or [`RecorderCause::None`] if the time is over first and
    /// the recording goes on (MED-13). `None` sets no limit.
    pub async fn wait_until_finished(&self, limit: Option<Duration>) -> RecorderCause {
        let mut published = self.channel.subscribe();
        let job = published.borrow().recorder.number;
        let finished = async {
            let found = published
                .wait_for(|published| {
                    let status = &published.recorder;
                    status.state != RecorderState::Recording || status.number != job
                })
                .await;
            found.map_or(RecorderCause::Hangup, |published| published.recorder.cause)
        };
        match limit {
            Some(limit) => timeout(limit, finished).await.unwrap_or(RecorderCause::None),
            None => finished.await,
        }
    }

    /// Whether anything but silence was recorded; `None` before and during a recording (REC-6).
    pub fn audio_detected(&self) -> Option<bool> {
        self.channel.published(|published| published.recorder.audio_detected)
    }

    /// What the recorder does; never waits (MED-2).
    pub fn state(&self) -> RecorderState {
        self.channel.published(|published| published.recorder.state)
    }

    /// Why the last recording ended; never waits (MED-1, MED-2).
    pub fn cause(&self) -> RecorderCause {
        self.channel.published(|published| published.recorder.cause)
    }

    async fn begin(&self, record: Record, until: Until) -> Result<RecorderCause, RecordError> {
        let recorded = self
            .channel
            .operate(|ticket, reply| Command::Recorder(RecorderCommand::Record(ticket, record, until, reply)))
            .await;
        recorded.unwrap_or_else(|ended| match (ended, until) {
            (Unanswered::Meanwhile, Until::Finished) => Ok(RecorderCause::Hangup),
            _ => {
                let gone = self.channel.gone(Operation::FileRecorder, RecordError::ALLOWED);
                Err(RecordError::Hangup(gone))
            }
        })
    }
}

/// What a recorder does (REC-3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RecorderState {
    /// A recording runs; its beep counts.
    Recording,
    /// None runs.
    #[default]
    Idle,
    /// The last one ended with a fault.
    Error,
}

documented_names!(RecorderState {
    Recording => "RECORDING",
    Idle => "IDLE",
    Error => "ERROR",
});

/// Why a recording ended (REC-2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum RecorderCause {
    /// Stopped by an error, for example a full disk.
    Error,
    /// Stopped by a digit.
    BargeIn,
    /// It was silent for too long.
    Silence,
    /// The file has its largest size.
    Size,
    /// Stopped by `stop()`.
    Aborted,
    /// The call cleared.
    Hangup,
    /// A time limit was reached.
    Timeout,
    /// A recording runs, or there was none so far.
    #[default]
    None,
}

documented_names!(RecorderCause {
    Error => "ERROR",
    BargeIn => "BARGEIN",
    Silence => "SILENCE",
    Size => "SIZE",
    Aborted => "ABORTED",
    Hangup => "HANGUP",
    Timeout => "TIMEOUT",
    None => "NONE",
});

/// Why nothing is recorded.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The call is gone (MED-3).
    #[error(transparent)]
    Hangup(WrongState),
    /// The call is not answered and no early media is in force (MED-3 to MED-5).
    #[error(transparent)]
    WrongState(WrongState),
    /// A recording runs on this channel, or something is transmitted and a beep was asked for (MED-6, REC-11).
    #[error(transparent)]
    Busy(Busy),
    /// A limit, a set of digits or a codec is not accepted (GEN-9, GEN-11).
    #[error(transparent)]
    Argument(BadArgument),
    /// The file cannot be written, or is being written by another recording (MED-11, REC-17).
    #[error(transparent)]
    Media(Unplayable),
}

operation_error!(RecordError {
    Hangup => Hangup,
    WrongState => WrongState,
    Busy => Busy,
    Argument => Argument,
    Media => Media,
});

impl RecordError {
    pub(crate) const ALLOWED: &'static [State] = &[State::Answered];
    pub(crate) const ALLOWED_EARLY: &'static [State] =
        &[State::Answered, State::RingIncoming, State::RingOutgoing];
}

/// The published state of a recorder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RecorderStatus {
    pub(crate) state: RecorderState,
    pub(crate) cause: RecorderCause,
    pub(crate) audio_detected: Option<bool>,
    /// Tells recordings apart, so that a wait for one does not run on into the next.
    pub(crate) number: u64,
}
