//! Conference rooms: the arguments and errors of `call_conference_room()`, and the rooms themselves.

mod desk;
mod party;
mod room;
mod settings;

use thiserror::Error;
use tokio::sync::oneshot;

pub(crate) use self::desk::{Entry, PartyId, RoomNews, Rooms, Seat};
pub(crate) use self::party::{PartyPlan, PartySounds, SoundRequests};
pub use self::settings::{ConferenceLifetimeControl, ConferencePartyMediaSettings, MuteOnDtmfDigits};
use crate::channel::{CallChannel, Unanswered};
use crate::command::Command;
use crate::error::{
    BadArgument, Busy, Fault, MakesNoCalls, Operation, Unplayable, WrongState, operation_error,
};
use crate::state::State;

/// Which room to enter and how: the argument of
/// [`CallChannel::call_conference_room`](crate::CallChannel::call_conference_room).
///
/// ```
/// use offhook::{ConferenceCall, ConferenceLifetimeControl, ConferencePartyMediaSettings};
///
/// let chair = ConferenceCall::new("standup")
///     .lifetime(ConferenceLifetimeControl { start_on_entry: true, destroy_on_exit: true })
///     .media(ConferencePartyMediaSettings::new().exit_on_dtmf_digit('#'));
/// let guest = ConferenceCall::new("standup").listener_only();
/// # let _ = (chair, guest);
/// ```
#[derive(Clone, Debug)]
pub struct ConferenceCall {
    pub(crate) room: String,
    pub(crate) talker: bool,
    pub(crate) lifetime: ConferenceLifetimeControl,
    pub(crate) media: ConferencePartyMediaSettings,
    pub(crate) seconds_timeout: Option<f64>,
}

impl ConferenceCall {
    /// Enters the room of this name, 1 to 47 ASCII letters and digits, as one who talks and listens (CONF-6).
    pub fn new(room: impl Into<String>) -> Self {
        Self {
            room: room.into(),
            talker: true,
            lifetime: ConferenceLifetimeControl::default(),
            media: ConferencePartyMediaSettings::default(),
            seconds_timeout: Some(120.0),
        }
    }

    /// Enters as a listener, whom nobody hears (CONF-9).
    pub fn listener_only(mut self) -> Self {
        self.talker = false;
        self
    }

    /// Whether the party talks, as well as listens (CONF-9).
    pub fn talker_and_listener(mut self, talks: bool) -> Self {
        self.talker = talks;
        self
    }

    /// What the party's presence does to the room (CONF-1).
    pub fn lifetime(mut self, lifetime: ConferenceLifetimeControl) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// What is played to the party and to the room (CONF-2, CONF-3), and which digits it may press (CONF-4).
    pub fn media(mut self, media: ConferencePartyMediaSettings) -> Self {
        self.media = media;
        self
    }

    /// The longest time that entering may take, 120 seconds by default; `None` sets no limit (CONF-5).
    pub fn seconds_timeout(mut self, seconds: Option<f64>) -> Self {
        self.seconds_timeout = seconds;
        self
    }
}

impl CallChannel {
    /// Places this channel into a conference room, as a call whose far end is the room: what its jobs play is
    /// heard there, and what is said there is what they hear and record (CONF-5, CONF-16). Returns the state:
    /// [`State::Answered`] once the party is in, [`State::Idle`] if the room is full or the time was over.
    ///
    /// # Errors
    ///
    /// [`ConferenceCallError`]: the room was not entered and the channel is as it was.
    pub async fn call_conference_room(
        &self,
        conference: ConferenceCall,
    ) -> Result<State, ConferenceCallError> {
        let called =
            self.operate(|ticket, reply| Command::CallRoom(ticket, Box::new(conference), reply)).await;
        called.unwrap_or_else(|ended| match ended {
            Unanswered::Before => Err(ConferenceCallError::Fault(Fault {
                operation: Operation::CallConferenceRoom,
                state: self.state(),
                reason: "the instance of this channel has ended",
            })),
            Unanswered::Meanwhile => Ok(self.state()),
        })
    }
}

/// Where the outcome of `call_conference_room()` goes.
pub(crate) type ConferenceReply = oneshot::Sender<Result<State, ConferenceCallError>>;

/// Why `call_conference_room()` failed. The room was not entered and the channel is as it was.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ConferenceCallError {
    /// The channel has a call (CONF-5).
    #[error(transparent)]
    WrongState(WrongState),
    /// The primary channel of an inbound application makes no calls (CALL-22).
    #[error(transparent)]
    MakesNoCalls(MakesNoCalls),
    /// Another call-control operation is blocking (GEN-21).
    #[error(transparent)]
    Busy(Busy),
    /// The room's name, a digit or the time limit is not accepted (CONF-6, CONF-2, GEN-9).
    #[error(transparent)]
    Argument(BadArgument),
    /// A file, text or tone cannot be played (MED-11, TONE-15).
    #[error(transparent)]
    Media(Unplayable),
    /// The server takes no more calls.
    #[error(transparent)]
    Fault(Fault),
}

operation_error!(ConferenceCallError {
    WrongState => WrongState,
    MakesNoCalls => WrongState,
    Busy => Busy,
    Argument => Argument,
    Media => Media,
    Fault => Fault,
});

/// Whether a text can name a room (CONF-6).
pub(crate) fn is_room_name(name: &str) -> bool {
    (1..=LONGEST_ROOM_NAME).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

const LONGEST_ROOM_NAME: usize = 47;
