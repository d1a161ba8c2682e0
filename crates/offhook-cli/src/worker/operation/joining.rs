//! Two calls of an instance: connecting, holding, transferring, conferring (CONN, HOLD, XFER, CONF).

use std::sync::Arc;

use offhook::{
    ConferenceCall, ConferenceLifetimeControl, ConferencePartyMediaSettings, MuteOnDtmfDigits, PlayableMedia,
    Transfer,
};
use serde::Deserialize;
use serde_json::Value;

use super::playable::{Media, Tone};
use super::{Leg, RpcError, Seconds, code, done, read, refused, state};
use crate::worker::instance::Instance;

#[derive(Debug)]
pub(crate) enum Operation {
    Connect { other: String },
    Disconnect,
    Hold { music: Option<Media> },
    Retrieve,
    Transfer(TransferParameters),
    TransferToService(TransferParameters),
    TransferToRoom { other: String, party: Box<PartyParameters> },
    RetrieveTransferred { seconds: Option<f64> },
    CallRoom(Box<PartyParameters>),
}

#[derive(Debug, Deserialize)]
pub(crate) struct TransferParameters {
    other: String,
    to: String,
    from: String,
    ringback: Tone,
    seconds: Option<f64>,
}

/// A party of a conference (CONF-1 to CONF-5).
#[derive(Debug, Deserialize)]
pub(crate) struct PartyParameters {
    room: String,
    talker: bool,
    lifetime: Lifetime,
    media: PartyMedia,
    seconds: Option<f64>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Lifetime {
    start_on_entry: bool,
    destroy_on_exit: bool,
}

#[derive(Debug, Deserialize)]
struct PartyMedia {
    ringback: Tone,
    stopped_file: Option<String>,
    beep_on_entry: bool,
    exit_digit: Option<char>,
    two_party: bool,
    start_muted: bool,
    entry: Option<Media>,
    exit: Option<Media>,
    prefix: Option<Media>,
    mute_digit: Option<char>,
    unmute_digit: Option<char>,
}

impl Operation {
    pub(super) fn parse(function: &str, params: &str) -> serde_json::Result<Option<Self>> {
        #[derive(Deserialize)]
        struct Hold {
            music: Option<Media>,
        }
        #[derive(Deserialize)]
        struct Other {
            other: String,
        }
        Ok(Some(match function {
            "connect" => Self::Connect { other: read::<Other>(params)?.other },
            "disconnect" => Self::Disconnect,
            "hold" => Self::Hold { music: read::<Hold>(params)?.music },
            "retrieve" => Self::Retrieve,
            "retrievable_transfer" => Self::Transfer(read(params)?),
            "transfer_to_inbound_service" => Self::TransferToService(read(params)?),
            "transfer_to_conference_room" => {
                Self::TransferToRoom { other: read::<Other>(params)?.other, party: read(params)? }
            }
            "retrieve_transferred_call" => {
                Self::RetrieveTransferred { seconds: read::<Seconds>(params)?.seconds }
            }
            "call_conference_room" => Self::CallRoom(read(params)?),
            _ => return Ok(None),
        }))
    }

    pub(super) async fn perform(self, instance: &Instance, leg: &Leg) -> Result<Value, RpcError> {
        let channel = leg.channel();
        match self {
            Self::Connect { other } => {
                let other = other_leg(instance, leg, &other)?;
                channel.connect(other.channel()).await.map(done).map_err(|error| refused(&error))
            }
            Self::Disconnect => channel.disconnect().await.map(done).map_err(|error| refused(&error)),
            Self::Hold { music } => {
                let held = channel.hold(music.map(PlayableMedia::from)).await;
                held.map(state).map_err(|error| refused(&error))
            }
            Self::Retrieve => channel.retrieve().await.map(state).map_err(|error| refused(&error)),
            Self::Transfer(parameters) => {
                let other = other_leg(instance, leg, &parameters.other)?;
                let transfer = transfer(leg, "retrievable_transfer()", parameters)?;
                let reached = channel.retrievable_transfer(other.channel(), transfer).await;
                reached.map(state).map_err(|error| refused(&error))
            }
            Self::TransferToService(parameters) => {
                let other = other_leg(instance, leg, &parameters.other)?;
                let transfer = transfer(leg, "transfer_to_inbound_service()", parameters)?;
                let reached = channel.transfer_to_inbound_service(other.channel(), transfer).await;
                reached.map(state).map_err(|error| refused(&error))
            }
            Self::TransferToRoom { other, party } => {
                let other = other_leg(instance, leg, &other)?;
                let conference = conference(leg, "transfer_to_conference_room()", *party)?;
                let reached = channel.transfer_to_conference_room(other.channel(), conference).await;
                reached.map(state).map_err(|error| refused(&error))
            }
            Self::RetrieveTransferred { seconds } => {
                let retrieved = channel.retrieve_transferred_call(seconds).await;
                retrieved.map(state).map_err(|error| refused(&error))
            }
            Self::CallRoom(party) => {
                let conference = conference(leg, "call_conference_room()", *party)?;
                let reached = channel.call_conference_room(conference).await;
                reached.map(state).map_err(|error| refused(&error))
            }
        }
    }
}

/// Another channel of the same instance (CONN-3, XFER-5).
fn other_leg<'a>(instance: &'a Instance, leg: &Leg, id: &str) -> Result<&'a Arc<Leg>, RpcError> {
    instance.legs().find(|leg| leg.id() == id).ok_or_else(|| {
        let message = format!("other is {id:?}; accepted: another channel of this instance");
        leg.error(code::BAD_ARGUMENT, "Error", message)
    })
}

fn transfer(leg: &Leg, function: &str, parameters: TransferParameters) -> Result<Transfer, RpcError> {
    Ok(Transfer::to(parameters.to)
        .from(parameters.from)
        .ringback_tone(ringback(leg, function, parameters.ringback)?)
        .seconds_timeout(parameters.seconds))
}

fn conference(leg: &Leg, function: &str, party: PartyParameters) -> Result<ConferenceCall, RpcError> {
    let PartyMedia { ringback: tone, exit_digit, mute_digit, unmute_digit, entry, exit, prefix, .. } =
        party.media;
    let mut media = ConferencePartyMediaSettings::new()
        .ringback_tone(ringback(leg, function, tone)?)
        .beep_on_entry(party.media.beep_on_entry)
        .two_party_optimisation(party.media.two_party)
        .start_muted(party.media.start_muted);
    if let Some(file) = party.media.stopped_file {
        media = media.on_conference_stopped_file(file);
    }
    if let Some(digit) = exit_digit {
        media = media.exit_on_dtmf_digit(digit);
    }
    if let Some(entry) = entry {
        media = media.on_entry_media(entry.into());
    }
    if let Some(exit) = exit {
        media = media.on_exit_media(exit.into());
    }
    if let Some(prefix) = prefix {
        media = media.prefix_media(prefix.into());
    }
    if let (Some(mute), Some(unmute)) = (mute_digit, unmute_digit) {
        media = media.mute_on_dtmf_digits(MuteOnDtmfDigits { mute, unmute });
    }
    let Lifetime { start_on_entry, destroy_on_exit } = party.lifetime;
    Ok(ConferenceCall::new(party.room)
        .talker_and_listener(party.talker)
        .lifetime(ConferenceLifetimeControl { start_on_entry, destroy_on_exit })
        .media(media)
        .seconds_timeout(party.seconds))
}

/// The ringback for whoever waits; the worker has checked whether the application may use it (TONE-15).
fn ringback(leg: &Leg, function: &str, tone: Tone) -> Result<String, RpcError> {
    tone.known_to(leg).map_err(|problem| {
        leg.error(code::BAD_ARGUMENT, "Error", format!("{function}: ringback_tone: {problem}"))
    })
}
