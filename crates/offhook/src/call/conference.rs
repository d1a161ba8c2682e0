//! A channel in a conference room: as a call whose far end is the room, or as the place of a call that was transferred
//! there (CONF-5, CONF-16, XFER-3).

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use offhook_media::tone;
use offhook_media::{Codec, StreamCommand, StreamConfig, StreamDirection};
use offhook_net::StreamId;
use offhook_sip::StatusCode;

use super::dial::DialControl;
use super::session::Session;
use super::{Channel, Context, Control, Ending};
use crate::arguments::{Arguments, DIGITS};
use crate::clip::ClipSource;
use crate::command::{Ticket, Until};
use crate::conference::{
    ConferenceCall, ConferenceCallError, ConferenceReply, Entry, PartyId, PartyPlan, PartySounds, RoomNews,
    Seat, SoundRequests, is_room_name,
};
use crate::details::Direction;
use crate::dial::DialError;
use crate::error::{BadArgument, Fault, MakesNoCalls, Operation, Unplayable, WrongState};
use crate::playable::{MediaError, PlayableMedia};
use crate::settings::silence_policy;
use crate::shared::{Identity, Media};
use crate::state::State;
use crate::tones::ToneManager;

/// What a channel knows of its place in a room.
pub(super) struct RoomCall {
    pub(super) party: PartyId,
    /// The stream of a call that was transferred; `None` if the channel itself is in the room.
    seat: Option<StreamId>,
    /// How the party takes part, until it enters.
    plan: Option<PartyPlan>,
    operation: Operation,
    /// Why the party is leaving.
    leaving: Option<Ending>,
}

/// A `call_conference_room()` that has not returned.
pub(super) struct RoomControl {
    pub(super) ticket: Ticket,
    reply: ConferenceReply,
    pub(super) deadline: Option<Instant>,
}

impl RoomControl {
    /// The party is in, or the call is over.
    pub(super) fn end(self, state: State) {
        let _ = self.reply.send(Ok(state));
    }
}

/// Everything that was checked before a room is entered.
pub(super) struct RoomPlan {
    party: PartyPlan,
    sounds: SoundRequests,
    pub(super) limit: Option<Duration>,
}

impl Channel {
    pub(super) fn begin_room_call(
        &mut self,
        cx: &mut Context<'_>,
        ticket: Ticket,
        conference: &ConferenceCall,
        reply: ConferenceReply,
    ) {
        match self.plan_room(Operation::CallConferenceRoom, conference) {
            Ok(plan) => {
                let deadline = plan.limit.map(|limit| cx.now + limit);
                self.control = Some(Control::Room(RoomControl { ticket, reply, deadline }));
                self.prepare_room(cx, Operation::CallConferenceRoom, plan, None);
            }
            Err(error) => {
                let _ = reply.send(Err(error));
            }
        }
    }

    /// A call to the address of a room: an ordinary party with the documented defaults (CONF-16, CALL-19).
    pub(super) fn begin_room_dial(
        &mut self,
        cx: &mut Context<'_>,
        operation: Operation,
        room: &str,
        until: Until,
        control: DialControl,
    ) {
        let plan = match self.plan_room(operation, &ConferenceCall::new(room)) {
            Ok(plan) => plan,
            Err(error) => {
                let _ = control.reply.send(Err(as_dial_error(error)));
                return;
            }
        };
        let started = match until {
            Until::Started => Some(control),
            Until::Finished => {
                self.control = Some(Control::Dial(control));
                None
            }
        };
        self.begin_room(cx, operation, &plan.party.room);
        self.prepare_room(cx, operation, plan, None);
        if let Some(started) = started {
            started.end(self.state());
        }
    }

    /// Checks everything that can be known before sounds are loaded (CONF-5, CONF-6).
    pub(super) fn plan_room(
        &self,
        operation: Operation,
        conference: &ConferenceCall,
    ) -> Result<RoomPlan, ConferenceCallError> {
        let state = self.state();
        if self.shared.direction == Direction::Inbound {
            return Err(ConferenceCallError::MakesNoCalls(MakesNoCalls { operation, state }));
        }
        if let Some(busy) = self.busy(operation) {
            return Err(ConferenceCallError::Busy(busy));
        }
        if state != State::Idle {
            let wrong = WrongState { operation, state, allowed: &[State::Idle] };
            return Err(ConferenceCallError::WrongState(wrong));
        }
        if !self.instance_running {
            let reason = "the instance of this channel has ended";
            return Err(ConferenceCallError::Fault(Fault { operation, state, reason }));
        }
        let arguments = Arguments { operation, state };
        let ConferenceCall { room, talker, lifetime, media, seconds_timeout } = conference;
        if !is_room_name(room) {
            let accepted = "1 to 47 ASCII letters and digits";
            let bad = arguments.refuse("conference_room_name", format_args!("{room:?}"), accepted);
            return Err(ConferenceCallError::Argument(bad));
        }
        let limit =
            arguments.limit("seconds_timeout", *seconds_timeout).map_err(ConferenceCallError::Argument)?;
        let keys = media.mute.iter().flat_map(|keys| [("mute", keys.mute), ("unmute", keys.unmute)]);
        for (name, digit) in keys.chain(media.exit_digit.map(|digit| ("exit_on_dtmf_digit", digit))) {
            if !DIGITS.contains(digit) {
                let bad = arguments.refuse(name, format_args!("{digit:?}"), "one digit of 0-9 A-D * #");
                return Err(ConferenceCallError::Argument(bad));
            }
        }
        let sounds = self
            .sounds_of(conference)
            .map_err(|error| ConferenceCallError::Media(Unplayable { operation, state, error }))?;
        let party = PartyPlan {
            room: room.clone(),
            talker: *talker,
            muted: media.start_muted,
            lifetime: *lifetime,
            exit_digit: media.exit_digit,
            mute: media.mute,
            two_parties: media.two_parties,
        };
        Ok(RoomPlan { party, sounds, limit })
    }

    /// Loads what the party brings along. With a stream in `seat` it is that call that enters.
    pub(super) fn prepare_room(
        &mut self,
        cx: &Context<'_>,
        operation: Operation,
        plan: RoomPlan,
        seat: Option<StreamId>,
    ) -> PartyId {
        let party = cx.rooms.prepare(self.shared.clone(), plan.sounds);
        self.room_call = Some(RoomCall { party, seat, plan: Some(plan.party), operation, leaving: None });
        party
    }

    /// Takes what is told of a party.
    pub(super) fn room_news(&mut self, cx: &mut Context<'_>, news: RoomNews) {
        match news {
            RoomNews::Prepared(party, sounds) => self.room_prepared(cx, party, sounds),
            RoomNews::Entered(party, stream) => self.room_entered(cx, party, stream),
            RoomNews::Full(party) if self.is_party(party) => {
                self.room_call = None;
                self.refused_by_far_end = true;
                self.become_idle(cx, &Ending::ROOM_FULL, StatusCode::SERVICE_UNAVAILABLE.code(), None);
            }
            RoomNews::Dismissed(party) if self.is_party(party) => {
                self.room_call = None;
                let ending = Ending::normal("the conference has dismissed the party");
                self.become_idle(cx, &ending, StatusCode::OK.code(), None);
            }
            RoomNews::Left(party) if self.is_party(party) => {
                let leaving = self.room_call.take().and_then(|call| call.leaving);
                let ending = leaving.unwrap_or(Ending::normal("left the conference room"));
                self.become_idle(cx, &ending, StatusCode::OK.code(), None);
            }
            RoomNews::Full(_) | RoomNews::Left(_) | RoomNews::Dismissed(_) => {}
        }
    }

    /// Leaves the room in which the channel is. Its call ends once it is out: a transferred call can be taken
    /// elsewhere from then on, and nothing of the room reaches it any more.
    pub(super) fn leave_room(&mut self, cx: &Context<'_>, ending: Ending) {
        if let Some(room_call) = &mut self.room_call {
            cx.rooms.leave(room_call.party);
            room_call.leaving = Some(ending);
        }
    }

    /// The time to enter a room is over.
    pub(super) fn room_timed_out(&mut self, cx: &mut Context<'_>) {
        match self.state() {
            State::Idle => {
                self.forget_room();
                self.end_control(State::Idle);
            }
            _ => self.abandon(cx, &Ending::NO_ANSWER_IN_TIME),
        }
    }

    /// Gives up to enter a room while nothing has begun.
    pub(super) fn forget_room(&mut self) {
        self.room_call = None;
        self.leg_of = None;
    }

    /// Passes a digit of a transferred call on to its room.
    pub(super) fn digit_to_room(&self, cx: &Context<'_>, digit: char) {
        if let Some(party) = self.transfer.as_ref().and_then(|transfer| transfer.party) {
            cx.rooms.digit(party, digit);
        }
    }

    fn is_party(&self, party: PartyId) -> bool {
        self.room_call.as_ref().is_some_and(|call| call.party == party)
    }

    fn room_prepared(
        &mut self,
        cx: &mut Context<'_>,
        party: PartyId,
        sounds: Result<PartySounds, MediaError>,
    ) {
        let waits = |call: &mut RoomCall| call.party == party && call.plan.is_some();
        let Some(mut call) = self.room_call.take_if(waits) else { return };
        let Some(plan) = call.plan.take().filter(|_| self.instance_running) else { return };
        let sounds = match sounds {
            Ok(sounds) => sounds,
            Err(error) => {
                let error = Unplayable { operation: call.operation, state: self.state(), error };
                return self.room_unprepared(cx, error);
            }
        };
        if self.state() == State::Idle {
            let leg_of = self.leg_of;
            self.begin_room(cx, call.operation, &plan.room);
            self.leg_of = leg_of;
        }
        let seat = match call.seat {
            Some(stream) => Seat::Stream(stream),
            None => {
                let config = Box::new(self.room_stream_config(cx));
                Seat::Inside { config, events: cx.stream_events.clone() }
            }
        };
        self.room_call = Some(call);
        cx.rooms.enter(Entry { party, plan, sounds, seat, channel: self.shared.clone() });
    }

    /// Begins a call whose far end is a room.
    fn begin_room(&mut self, cx: &mut Context<'_>, operation: Operation, room: &str) {
        let address: Arc<str> = format!("con:{room}").into();
        let identity = Identity {
            call_id: format!("{:016x}", cx.random.next_u64()).into(),
            to: address.clone(),
            target: address,
            start: SystemTime::now(),
            ..Identity::none(cx.now)
        };
        self.begin_call(cx, identity, operation.name());
    }

    /// A sound of the party cannot be played: the room was not entered.
    fn room_unprepared(&mut self, cx: &mut Context<'_>, error: Unplayable) {
        if let Some(owner) = self.leg_of.take() {
            cx.posts.push_back((owner, super::Post::LegUnplayable { leg: self.id, error }));
        } else if let Some(Control::Room(control)) =
            self.control.take_if(|control| matches!(control, Control::Room(_)))
        {
            let _ = control.reply.send(Err(ConferenceCallError::Media(error)));
        } else {
            tracing::error!(call_id = %self.identity.call_id, %error, "the room cannot be entered");
            self.become_idle(cx, &Ending::error("a sound of the conference"), 500, None);
        }
    }

    fn room_entered(&mut self, cx: &mut Context<'_>, party: PartyId, stream: StreamId) {
        let Some(call) = self.room_call.as_ref().filter(|call| call.party == party) else {
            // The call was over before; a stream of its own ends with it.
            if !cx.streams.contains_key(&stream) {
                cx.media.command(stream, StreamCommand::Close);
            }
            return;
        };
        if call.seat.is_none() {
            self.session = Session::Room(stream);
            cx.streams.insert(stream, self.id);
            self.shared.publish(|published| {
                published.codec = Some(ROOM_CODEC.name());
                published.media = Media::Running(cx.media.clone(), stream);
            });
        }
        self.become_answered(cx, "in the conference room");
    }

    /// A stream whose far end is a room. Its codec carries what its jobs play into the room, and nothing else.
    fn room_stream_config(&self, cx: &mut Context<'_>) -> StreamConfig {
        let payload = ROOM_CODEC.static_payload_type().unwrap_or_default();
        StreamConfig {
            ssrc: cx.random.next_u32(),
            first_sequence: cx.random.next_u32() as u16,
            first_timestamp: cx.random.next_u32(),
            codec: ROOM_CODEC,
            payload_send: payload,
            payload_receive: payload,
            telephone_event: None,
            telephone_event_send: None,
            packet_time: Duration::from_millis(20),
            remote_rtp: None,
            remote_rtcp: None,
            rtcp_mux: false,
            direction: StreamDirection::SendRecv,
            symmetric: false,
            silence: silence_policy(cx.settings.config.media.silence),
            cname: String::new(),
            record: false,
            offset: Duration::ZERO,
        }
    }

    fn sounds_of(&self, conference: &ConferenceCall) -> Result<SoundRequests, MediaError> {
        let media = &conference.media;
        let waiting = match (&media.stopped_file, &media.ringback_tone) {
            (Some(file), _) => ClipSource::File(file.clone(), None),
            (None, tone) => self.ringback_source(tone.as_deref())?,
        };
        let source =
            |media: &Option<PlayableMedia>| media.as_ref().map(|media| self.media_source(media)).transpose();
        Ok(SoundRequests {
            waiting,
            beep: media.beep_on_entry,
            prefix: source(&media.prefix)?,
            entry: source(&media.on_entry)?,
            exit: source(&media.on_exit)?,
        })
    }

    /// A tone that was named, or the default ringback, which needs no tone player (TONE-3, TONE-15).
    pub(super) fn ringback_source(&self, name: Option<&str>) -> Result<ClipSource, MediaError> {
        match name {
            Some(name) => self.tone_source(name),
            None => {
                let name = ToneManager::default_tone().name();
                let unknown = || MediaError::UnknownTone { name: name.to_owned(), known: tone::names() };
                tone::named(name).map(|sequence| ClipSource::Tone(Arc::new(sequence))).ok_or_else(unknown)
            }
        }
    }
}

/// The errors of a room in the words of a call to its address (CALL-20).
fn as_dial_error(error: ConferenceCallError) -> DialError {
    match error {
        ConferenceCallError::WrongState(wrong) => DialError::WrongState(wrong),
        ConferenceCallError::MakesNoCalls(none) => DialError::MakesNoCalls(none),
        ConferenceCallError::Busy(busy) => DialError::Busy(busy),
        ConferenceCallError::Argument(argument) => DialError::Argument(BadArgument {
            name: "call_to",
            accepted: format!("con: and {}", argument.accepted),
            ..argument
        }),
        ConferenceCallError::Media(Unplayable { operation, state, .. }) => {
            DialError::Fault(Fault { operation, state, reason: "the default ringback cannot be had" })
        }
        ConferenceCallError::Fault(fault) => DialError::Fault(fault),
    }
}

/// The codec of streams whose far end is a room.
const ROOM_CODEC: Codec = Codec::G711A;
