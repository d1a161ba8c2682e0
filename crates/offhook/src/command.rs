//! What a channel asks of the shard that owns it.

use tokio::sync::oneshot;

use crate::answer::{Answer, AnswerError};
use crate::app::AppErrorKind;
use crate::player::{Play, PlayError, Player, PlayerCause};
use crate::reject::{Reject, RejectError};
use crate::ring::{Ring, RingError};
use crate::state::State;

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
    /// The future that awaited an operation was dropped (GEN-17).
    GiveUp(Ticket),
    /// The instance has ended (RUN-18).
    Ended(Outcome),
}

/// When a `Play` is answered.
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
