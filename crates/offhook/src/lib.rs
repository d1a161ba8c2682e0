//! Programmable telephony: a call arrives, and a few lines of code decide what the caller hears.
//!
//! A [`Server`] takes SIP calls and runs one instance of an [`Application`] for each. The instance
//! holds a [`CallChannel`] and says what happens next: [`ring`](CallChannel::ring) with early media,
//! [`answer`](CallChannel::answer), play files and speech, [`hang_up`](CallChannel::hang_up).
//!
//! ```no_run
//! use offhook::{Answer, AppError, CallChannel, Config, PlayableMedia, Ring, Server, State};
//!
//! async fn application(channel: CallChannel) -> Result<i64, AppError> {
//!     let announcement = PlayableMedia::text("Thank you for calling.");
//!     let state = channel.ring(Ring::new().early_media().ringtone(announcement).until_it_ends()).await?;
//!     if state == State::RingIncoming {
//!         channel.answer(Answer::new()).await?;
//!         channel.file_player().say("Good morning.").await?;
//!     }
//!     Ok(0)
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), offhook::StartError> {
//!     let mut server = Server::builder(Config::default()).start(application).await?;
//!     std::future::pending::<()>().await;
//!     server.shut_down().await;
//!     Ok(())
//! }
//! ```
//!
//! # The way of a call
//!
//! 1. A datagram comes in on a SIP socket and goes to the *shard* of its call, a task that owns the
//!    SIP state machine (`offhook-sip`) and its calls outright. Nothing is shared between shards.
//! 2. The shard makes the channel (state [`State::CallIncoming`]) and starts the instance.
//! 3. Operations of the channel are messages to the shard; their arguments are checked, and what is
//!    to be played is loaded off the shard, before anything is sent to the caller.
//! 4. RTP is paced by the threads of a media engine; the shard only tells it what to play.
//! 5. However the call ends, it ends once: state, cause and raw cause change together, waiting
//!    operations return, and everything it held is given back.
//!
//! Signalling and media never wait for an application: an instance that blocks or panics hurts its own
//! call only.
//!
//! # What it does not do
//!
//! TLS and SRTP are not spoken.
//!
//! # Testing without a network
//!
//! [`sim`] runs servers and scripted callers in one thread, on a virtual network with delay, loss and
//! reordering from a seed, and on a virtual clock: a call of a minute takes milliseconds. [`caller`]
//! is the scripted caller; it works on the machine's own network too.

#![forbid(unsafe_code)]
#![warn(missing_docs, unreachable_pub)]

mod admission;
mod answer;
mod answer_machine;
mod app;
mod arguments;
mod authentication;
mod call;
mod call_id;
pub mod caller;
mod cause;
mod channel;
mod channels;
mod cipher;
mod clip;
mod command;
mod conference;
mod config;
mod connection;
mod destination;
mod details;
mod dial;
mod digits;
mod dtmf_player;
mod error;
mod file_name;
mod header;
mod hold;
mod info_digit;
mod names;
mod network;
mod overload;
mod place;
mod playable;
mod player;
mod random;
mod recorder;
mod reject;
mod ring;
mod seconds;
mod server;
mod service;
mod settings;
mod shard;
mod shared;
pub mod sim;
mod state;
mod system_network;
mod tones;
mod transfer;
mod trunk;
mod trunk_registration;
mod validated;
mod work;

pub use answer::{Answer, AnswerError, NoCommonCodec};
pub use answer_machine::{AnswerMachine, AnswerMachineError};
pub use app::{AppError, Application, Refusal};
pub use cause::Cause;
pub use channel::{AttachTonePlayerError, CallChannel, Events};
pub use cipher::{Cipher, CipherError};
pub use conference::{
    ConferenceCall, ConferenceCallError, ConferenceLifetimeControl, ConferencePartyMediaSettings,
    MuteOnDtmfDigits,
};
pub use config::{Config, Limits, MediaConfig, Silence, SpeechConfig, SpeechProvider, Timers};
pub use connection::ConnectError;
pub use details::{Attestation, Details, Direction, FarEndType, MediaStats};
pub use dial::{Dial, DialError, LiveSpeakerDetection, WaitForAnswerError};
pub use digits::{DigitsCause, DigitsError, DtmfDetector, GetDigits};
pub use dtmf_player::{DtmfPlayError, DtmfPlayer, DtmfPlayerCause};
pub use error::{
    BadArgument, Busy, ErrorKind, Fault, MakesNoCalls, Operation, OperationError, Unplayable, WrongState,
};
pub use header::{HeaderField, HeaderFieldError};
pub use hold::HoldError;
pub use info_digit::digit_of_info;
pub use network::{BoxFuture, MediaEngine, Network, ReservedPorts, SipSocket, StreamEvents};
/// Sound as a state machine: files, tones, speech, RTP streams and measurements.
pub use offhook_media as media;
pub use offhook_net::{RoomId, StreamId};
/// SIP and SDP as a state machine.
pub use offhook_sip as sip;
pub use playable::{MediaError, PlayableMedia};
pub use player::{FilePlayer, Play, PlayError, Player, PlayerCause, PlayerState, SeekError, TonePlayer};
pub use recorder::{FileRecorder, Record, RecordError, RecorderCause, RecorderState};
pub use reject::{Reject, RejectError};
pub use ring::{Ring, RingError, Ringtone};
pub use server::{Counts, Server, ServerBuilder, ServerHandle, StartError, StartOutboundError};
pub use service::{InstanceStart, Service};
pub use settings::ConfigError;
pub use shared::ChannelEvent;
pub use state::State;
pub use system_network::SystemNetwork;
pub use tones::{CreateToneError, ToneManager};
pub use transfer::{RetrieveCallError, Transfer, TransferCause, TransferError};
pub use trunk::{Trunk, TrunkCredentials};
