//! What a channel asks of the shard that owns it.

use offhook_media::JobId;
use tokio::sync::oneshot;

use crate::answer::{Answer, AnswerError};
use crate::answer_machine::{AnswerMachine, AnswerMachineError};
use crate::app::AppErrorKind;
use crate::channel::CallChannel;
use crate::cipher::Cipher;
use crate::conference::{ConferenceCall, ConferenceReply, RoomNews};
use crate::connection::ConnectReply;
use crate::dial::{Dial, DialReply, WaitReply};
use crate::digits::{DigitsError, GetDigits};
use crate::dtmf_player::{DtmfPlayError, DtmfPlayerCause};
use crate::error::Operation;
use crate::hold::HoldReply;
use crate::playable::{MediaError, PlayableMedia};
use crate::player::{Play, PlayError, Player, PlayerCause, SeekError};
use crate::recorder::{Record, RecordError, RecorderCause, RecordingFile};
use crate::reject::{Reject, RejectError};
use crate::ring::{Ring, RingError};
use crate::state::State;
use crate::transfer::{RetrieveCallReply, TransferOrder};

/// Names one blocking operation of a channel, so that it can be given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ticket(pub(crate) u64);

/// One request of a channel. Each is answered exactly once, when the operation is over.
#[derive(Debug)]
pub(crate) enum Command {
    Ring(Ticket, Ring, oneshot::Sender<Result<State, RingError>>),
    Answer(Ticket, Answer, oneshot::Sender<Result<State, AnswerError>>),
    Reject(Reject, oneshot::Sender<Result<State, RejectError>>),
    HangUp(oneshot::Sender<State>),
    Play(Ticket, Player, Play, Until, oneshot::Sender<Result<PlayerCause, PlayError>>),
    StopPlaying(Player, oneshot::Sender<PlayerCause>),
    /// Pauses or resumes the running job of a player.
    Pause(Player, bool, oneshot::Sender<bool>),
    Seek(Player, f64, oneshot::Sender<Result<bool, SeekError>>),
    /// Waits until an answering machine is ready.
    AwaitMachine(Ticket, AnswerMachine, oneshot::Sender<Result<bool, AnswerMachineError>>),
    /// Looks whether a file can be played with a cipher (FILE-2).
    Validate(String, Option<Cipher>, oneshot::Sender<Result<bool, MediaError>>),
    Digits(DigitsCommand),
    Recorder(RecorderCommand),
    Dial(Ticket, Operation, Dial, Until, DialReply),
    WaitForAnswer(Ticket, Option<f64>, WaitReply),
    Hold(Ticket, Option<PlayableMedia>, HoldReply),
    Retrieve(Ticket, HoldReply),
    Connect(CallChannel, ConnectReply),
    Disconnect(ConnectReply),
    Transfer(Box<TransferOrder>),
    RetrieveCall(Ticket, Option<f64>, RetrieveCallReply),
    CallRoom(Ticket, Box<ConferenceCall>, ConferenceReply),
    /// What became of the channel's party in a conference room.
    Room(RoomNews),
    /// The future that awaited an operation was dropped (GEN-17).
    GiveUp(Ticket),
    /// The instance has ended (RUN-18).
    Ended(Outcome),
}

/// What the detector and the sender of digits ask.
#[derive(Debug)]
pub(crate) enum DigitsCommand {
    Collect(Ticket, GetDigits, oneshot::Sender<Result<String, DigitsError>>),
    Clear(oneshot::Sender<()>),
    Send(Ticket, String, oneshot::Sender<Result<DtmfPlayerCause, DtmfPlayError>>),
}

/// What the recorder asks, and what becomes of its file.
#[derive(Debug)]
pub(crate) enum RecorderCommand {
    Record(Ticket, Record, Until, oneshot::Sender<Result<RecorderCause, RecordError>>),
    Stop(oneshot::Sender<()>),
    /// The file was made, or cannot be.
    Opened(JobId, Result<RecordingFile, MediaError>),
    /// A piece of the file cannot be written.
    Failed(JobId),
}

/// When a job or a call is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    Started,
    Finished,
}

/// How an instance ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Returned,
    Failed(AppErrorKind),
}
