//! The logic of one channel and of the call that it carries, without sockets, tasks or a clock of its own.
//!
//! A [`Channel`] belongs to one shard. It carries one call at a time, and may carry none. Everything
//! that happens to it comes as a method with the present instant in [`Context`]; what it does goes to
//! the SIP endpoint, to the media engine, and to what the channel publishes. One concept has one
//! file: `ring`, `answer`, `dial` (calls of ours), `hold`, `clearing`, `jobs` (players), `dtmf` (digits),
//! `recording`, `session` (the media session), `offers` (later offers of the peer).

mod answer;
mod clearing;
mod conference;
mod connection;
mod dial;
mod dtmf;
mod hold;
mod incoming;
mod jobs;
mod offers;
mod post;
mod recording;
mod ring;
mod session;
mod speaker;
mod transfer;

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Instant;

use offhook_media::{Clip, CodecList, StreamEvent};
use offhook_net::StreamId;
use offhook_sip::header::CallId;
use offhook_sip::sdp::SessionDescription;
use offhook_sip::{Endpoint, HeaderName, Headers, Incoming, Reliability, Text};

use self::answer::AnswerControl;
pub(crate) use self::clearing::refusal_response;
use self::clearing::{Ending, Refusing};
use self::conference::{RoomCall, RoomControl};
use self::connection::Connection;
pub(crate) use self::dial::Lookup;
use self::dial::{Calling, DialControl, WaitControl};
use self::dtmf::Digits;
use self::hold::HoldControl;
pub(crate) use self::incoming::identity;
use self::jobs::{Job, LoadingJob};
pub(crate) use self::post::Post;
use self::recording::Recording;
use self::ring::RingControl;
use self::session::Session;
pub(crate) use self::session::{codec_of, codec_specs, stream_direction};
use self::speaker::Speaker;
use self::transfer::{Transfer, TransferControl};
use crate::cause::Cause;
use crate::channels::ChannelRef;
use crate::clip::{ClipRequest, ClipStore};
use crate::command::{Command, Ticket};
use crate::conference::Rooms;
use crate::dtmf_player::DtmfPlayerCause;
use crate::error::{Busy, Operation};
use crate::header::HeaderField;
use crate::network::{MediaEngine, SipSocket, StreamEvents};
use crate::place::Place;
use crate::playable::MediaError;
use crate::random::Random;
use crate::settings::Settings;
use crate::shared::{Identity, Shared};
use crate::state::State;

/// One channel, from the start of its instance until the instance, the call and its media have ended.
pub(crate) struct Channel {
    id: ChannelRef,
    shared: Arc<Shared>,
    /// What never changes about the present call, or about the last one.
    identity: Arc<Identity>,
    /// The call at the SIP endpoint, until it is cleared or was let go.
    sip: Option<offhook_sip::Call>,
    /// Our address as the far end sees it, before NAT.
    local_ip: IpAddr,
    /// The offer of the INVITE.
    offer: Option<SessionDescription>,
    reliability: Reliability,
    /// What only a call of ours has.
    calling: Option<Box<Calling>>,
    /// The call's own codec list (RING-53).
    codecs: Option<CodecList>,
    signalled: Signalled,
    session: Session,
    /// The call-control operation that blocks (RING-5).
    control: Option<Control>,
    /// What the far end hears: a ringtone or a player's job.
    playing: Option<Job>,
    /// A player's job whose sound is being loaded.
    loading: Option<LoadingJob>,
    digits: Digits,
    recording: Option<Recording>,
    speaker: Speaker,
    /// A refusal that waits until the audio has stopped (REJ-9).
    refusing: Option<Refusing>,
    /// Why we are clearing the call.
    intended: Option<Ending>,
    /// The channel that this one is connected to.
    connection: Option<Connection>,
    /// The transfer of this call.
    transfer: Option<Transfer>,
    /// The channel whose call goes on with this one's far end, or with its room.
    leg_of: Option<ChannelRef>,
    /// The channel's place in a conference room.
    room_call: Option<RoomCall>,
    /// The far end refused our call with a final response.
    refused_by_far_end: bool,
    instance_running: bool,
    /// When the call has lasted `max_call` (RUN-27).
    longest: Option<Instant>,
    /// When missing RTP is looked at next (RUN-28).
    media_watch: Option<Instant>,
    /// From when missing RTP is counted.
    media_since: Option<Instant>,
    end: Option<EndOfChannel>,
}

/// A channel that ends takes no more calls. If its shard ends under a call, that call cannot be controlled
/// any more: whoever waits for it is told so.
struct EndOfChannel(Arc<Shared>);

impl Drop for EndOfChannel {
    fn drop(&mut self) {
        let shared = &self.0;
        let (old, identity) = (shared.state(), shared.identity());
        if old != State::Idle {
            shared.publish(|published| {
                published.state = State::Idle;
                published.cause = Cause::Error;
            });
            log_state(&identity, old, State::Idle, "the server has ended");
            shared.announce_end(identity.started_at);
        }
        shared.stop_announcing();
    }
}

/// What a channel needs of its shard.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) endpoint: &'a mut Endpoint,
    pub(crate) media: &'a Arc<dyn MediaEngine>,
    /// Where the events of this shard's streams go.
    pub(crate) stream_events: &'a StreamEvents,
    pub(crate) settings: &'a Settings,
    pub(crate) random: &'a mut Random,
    pub(crate) clips: &'a ClipStore,
    /// Sound to be loaded off the shard; the result comes back to [`Channel::loaded`].
    pub(crate) loads: &'a mut Vec<Load>,
    /// Which channel a stream belongs to.
    pub(crate) streams: &'a mut HashMap<StreamId, ChannelRef>,
    /// Which channel carries a call, or let it go.
    pub(crate) calls: &'a mut HashMap<offhook_sip::Call, ChannelRef>,
    pub(crate) sockets: &'a [Arc<dyn SipSocket>],
    /// Host names to be resolved off the shard; the result comes back to [`Channel::resolved`].
    pub(crate) lookups: &'a mut Vec<Lookup>,
    pub(crate) place: Place,
    /// The conference rooms of the server.
    pub(crate) rooms: &'a Rooms,
    /// What channels of this shard tell each other; delivered before anything else happens.
    pub(crate) posts: &'a mut VecDeque<(ChannelRef, Post)>,
}

impl Context<'_> {
    /// A Call-ID whose messages come to this shard.
    fn call_id(&mut self) -> CallId {
        self.place.call_id(self.random)
    }
}

/// Sound to be loaded for a channel.
pub(crate) struct Load {
    pub(crate) channel: ChannelRef,
    pub(crate) id: LoadId,
    pub(crate) request: ClipRequest,
}

/// Names a load, so that one that was given up is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LoadId(u64);

/// Which provisional responses the caller has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signalled {
    Nothing,
    Ringing,
    EarlyMedia,
}

/// A blocking call-control operation.
enum Control {
    Ring(RingControl),
    Answer(AnswerControl),
    Dial(DialControl),
    Wait(WaitControl),
    Hold(HoldControl),
    Room(RoomControl),
    Transfer(TransferControl),
}

impl Control {
    fn operation(&self) -> Operation {
        match self {
            Self::Ring(_) => Operation::Ring,
            Self::Answer(_) => Operation::Answer,
            Self::Dial(_) => Operation::Call,
            Self::Wait(_) => Operation::WaitForAnswer,
            Self::Hold(hold) => hold.operation(),
            Self::Room(_) => Operation::CallConferenceRoom,
            Self::Transfer(transfer) => transfer.operation,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Ring(ring) => ring.deadline(),
            Self::Answer(answer) => answer.deadline(),
            Self::Dial(dial) => dial.deadline,
            Self::Wait(wait) => wait.deadline,
            Self::Hold(_) => None,
            Self::Room(room) => room.deadline,
            Self::Transfer(transfer) => transfer.deadline,
        }
    }

    /// The call is answered, or has cleared: the operation returns the state.
    fn end(self, state: State) {
        match self {
            Self::Ring(ring) => ring.end(state),
            Self::Answer(answer) => answer.end(state),
            Self::Dial(dial) => dial.end(state),
            Self::Wait(wait) => wait.end(state),
            Self::Hold(hold) => hold.end(state),
            Self::Room(room) => room.end(state),
            Self::Transfer(transfer) => transfer.end(state),
        }
    }
}

impl Channel {
    /// A channel without a call.
    pub(crate) fn new(id: ChannelRef, shared: Arc<Shared>) -> Self {
        let end = Some(EndOfChannel(shared.clone()));
        Self { end, ..Self::fresh(id, shared) }
    }

    /// What a channel is at the beginning of each call.
    fn fresh(id: ChannelRef, shared: Arc<Shared>) -> Self {
        Self {
            id,
            identity: shared.identity(),
            shared,
            sip: None,
            local_ip: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            offer: None,
            reliability: Reliability::Absent,
            calling: None,
            codecs: None,
            signalled: Signalled::Nothing,
            session: Session::None,
            control: None,
            playing: None,
            loading: None,
            digits: Digits::default(),
            recording: None,
            speaker: Speaker::default(),
            refusing: None,
            intended: None,
            connection: None,
            transfer: None,
            leg_of: None,
            room_call: None,
            refused_by_far_end: false,
            instance_running: true,
            longest: None,
            media_watch: None,
            media_since: None,
            end: None,
        }
    }

    /// Begins another call of ours: what is not named here starts afresh (GEN-19).
    fn begin_call(&mut self, cx: &Context<'_>, identity: Identity, reason: &str) {
        let identity = Arc::new(identity);
        self.shared.begin_call(identity, State::CallOutgoing);
        *self = Self {
            control: self.control.take(),
            instance_running: self.instance_running,
            end: self.end.take(),
            // Its file may still have to be closed.
            recording: self.recording.take(),
            ..Self::fresh(self.id, self.shared.clone())
        };
        log_state(&self.identity, State::Idle, State::CallOutgoing, reason);
        self.shared.announce_state(cx.now);
    }

    /// A channel whose call is there already: what `shared` publishes is about it.
    pub(crate) fn incoming(id: ChannelRef, shared: Arc<Shared>, incoming: Incoming) -> Self {
        let mut channel = Self::new(id, shared);
        channel.sip = Some(incoming.call);
        channel.local_ip = incoming.flow.local.ip();
        channel.offer = incoming.sdp;
        channel.reliability = incoming.reliability;
        channel
    }

    /// Takes a request of a channel.
    pub(crate) fn command(&mut self, cx: &mut Context<'_>, command: Command) {
        match command {
            Command::Ring(ticket, ring, reply) => self.begin_ring(cx, ticket, ring, reply),
            Command::Answer(ticket, answer, reply) => self.begin_answer(cx, ticket, answer, reply),
            Command::Reject(reject, reply) => {
                let outcome = self.reject(cx, &reject);
                let _ = reply.send(outcome);
            }
            Command::HangUp(reply) => {
                self.hang_up(cx, Ending::normal("hang_up()"));
                let _ = reply.send(self.state());
            }
            Command::Play(ticket, player, play, until, reply) => {
                self.begin_job(cx, ticket, player, play, until, reply);
            }
            Command::StopPlaying(player, reply) => {
                let cause = self.stop_job(cx, player);
                let _ = reply.send(cause);
            }
            Command::Pause(player, paused, reply) => {
                let _ = reply.send(self.pause_job(cx, player, paused));
            }
            Command::Seek(player, to, reply) => {
                let _ = reply.send(self.seek_job(cx, player, to));
            }
            Command::AwaitMachine(ticket, machine, reply) => {
                self.begin_awaiting_machine(cx, ticket, &machine, reply);
            }
            Command::Validate(file, cipher, reply) => self.validate(cx, file, cipher, reply),
            Command::Digits(command) => self.digits_command(cx, command),
            Command::Recorder(command) => self.recorder_command(cx, command),
            Command::Dial(ticket, operation, dial, until, reply) => {
                self.begin_dial(cx, ticket, operation, &dial, until, reply);
            }
            Command::WaitForAnswer(ticket, seconds_timeout, reply) => {
                self.begin_wait_for_answer(cx, ticket, seconds_timeout, reply);
            }
            Command::Hold(ticket, music, reply) => self.begin_hold(cx, ticket, music.as_ref(), reply),
            Command::Retrieve(ticket, reply) => self.begin_retrieve(cx, ticket, reply),
            Command::RetrieveCall(ticket, seconds_timeout, reply) => {
                self.begin_retrieve_call(cx, ticket, seconds_timeout, reply);
            }
            Command::CallRoom(ticket, conference, reply) => {
                self.begin_room_call(cx, ticket, &conference, reply);
            }
            Command::Room(news) => self.room_news(cx, news),
            // The shard carries these out, with the other channel at hand.
            Command::Connect(..) | Command::Disconnect(_) | Command::Transfer(_) => {}
            Command::GiveUp(ticket) => self.give_up(cx, ticket),
            Command::Ended(outcome) => self.instance_ended(cx, outcome),
        }
    }

    /// Takes sound that was loaded, or the reason why it was not.
    pub(crate) fn loaded(&mut self, cx: &mut Context<'_>, id: LoadId, result: Result<Clip, MediaError>) {
        if self.loading.as_ref().is_some_and(|loading| loading.load == id) {
            self.job_loaded(cx, result);
        } else if !self.music_loaded(cx, id, &result) && !self.ringback_loaded(cx, id, &result) {
            self.ringtone_loaded(cx, id, result);
        }
    }

    /// Takes an event of a stream of this channel; that of an earlier call may still have to say something.
    pub(crate) fn stream_event(&mut self, cx: &mut Context<'_>, stream: StreamId, event: StreamEvent) {
        let Some(event) = self.recording_event(cx, event) else { return };
        if self.session.stream() != Some(stream) {
            return;
        }
        match event {
            StreamEvent::PlayEnded { job, reason, .. } => self.play_ended(cx, job, reason),
            StreamEvent::DigitBegun { digit, carrier } => self.digit_heard(cx, digit, carrier),
            StreamEvent::SpeakerFound(found) => self.speaker_found(cx, &found),
            StreamEvent::MachineReady { ready } => self.end_awaiting_machine(ready),
            StreamEvent::FirstHeard => self.first_heard(cx),
            StreamEvent::DigitsSent => self.digits_sent(DtmfPlayerCause::Normal),
            StreamEvent::DigitsRefused { .. } => self.digits_sent(DtmfPlayerCause::Error),
            StreamEvent::Closed(stats) => self.stream_closed(cx, &stats),
            _ => {}
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let control = self.control.as_ref().and_then(Control::deadline);
        let refusing = self.refusing.as_ref().map(|refusing| refusing.deadline);
        [control, refusing, self.longest, self.media_watch, self.digits.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Takes in the time.
    pub(crate) fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        let now = cx.now;
        let due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= now);
        match self.control.as_ref().filter(|control| due(control.deadline())) {
            Some(Control::Ring(_)) => self.finish_ring(),
            Some(Control::Answer(_)) => self.send_answer(cx),
            Some(Control::Dial(_)) => self.abandon(cx, &Ending::NO_ANSWER_IN_TIME),
            Some(Control::Wait(_)) => self.end_control(self.state()),
            Some(Control::Room(_)) => self.room_timed_out(cx),
            Some(Control::Transfer(_)) => self.transfer_timed_out(cx),
            Some(Control::Hold(_)) | None => {}
        }
        if due(self.refusing.as_ref().map(|refusing| refusing.deadline)) {
            self.send_refusal(cx);
        }
        if due(self.longest) {
            self.longest = None;
            self.hang_up(cx, Ending::LONGEST_CALL);
        }
        if due(self.digits.deadline()) {
            self.digits_timeout(cx);
        }
        if due(self.media_watch) {
            self.check_media(cx);
        }
    }

    /// Whether nothing is left to do for this channel, so that it can be dropped.
    pub(crate) fn is_over(&self) -> bool {
        let carries = self.sip.is_some() || self.session.is_open() || self.room_call.is_some();
        !self.instance_running && !carries
    }

    /// Whether this is the call that the channel carries.
    pub(crate) fn carries(&self, call: offhook_sip::Call) -> bool {
        self.sip == Some(call)
    }

    /// Whether another channel belongs to the same instance; then it is in the same shard.
    pub(crate) fn is_of_instance(&self, other: &Shared) -> bool {
        Arc::ptr_eq(&self.shared.instance, &other.instance)
    }

    pub(crate) fn state(&self) -> State {
        self.shared.state()
    }

    /// Changes the state, tells everyone, and writes the log line of LOG-7.
    fn set_state(&mut self, cx: &Context<'_>, state: State, reason: &str) {
        let old = self.state();
        if old == state {
            return;
        }
        self.shared.publish(|published| published.state = state);
        log_state(&self.identity, old, state, reason);
        self.shared.announce_state(cx.now);
    }

    /// The operation that blocks call control now (RING-5, GEN-21).
    fn busy(&self, operation: Operation) -> Option<Busy> {
        let running = self.control.as_ref()?.operation();
        Some(Busy { operation, state: self.state(), running })
    }

    /// The future of an operation was dropped: jobs stop, call control leaves the call as it is (GEN-17).
    fn give_up(&mut self, cx: &mut Context<'_>, ticket: Ticket) {
        match &self.control {
            Some(
                Control::Ring(RingControl { ticket: waiting, .. })
                | Control::Dial(DialControl { ticket: waiting, .. })
                | Control::Wait(WaitControl { ticket: waiting, .. }),
            ) if *waiting == ticket => {
                self.control = None;
            }
            // What the far end was asked is carried through without anyone waiting.
            Some(Control::Hold(hold)) if hold.ticket == ticket => {
                if hold.is_loading() {
                    self.control = None;
                }
            }
            Some(Control::Room(room)) if room.ticket == ticket => self.control = None,
            Some(Control::Transfer(transfer)) if transfer.is_waited_for_by(ticket) => {
                if let Some(Control::Transfer(transfer)) = &mut self.control {
                    transfer.forget_waiter();
                }
            }
            // An answer that waits for the ringtone's end has been promised nothing yet; once it is
            // signalled the call goes on to ANSWERED without anyone waiting.
            Some(Control::Answer(answer)) if answer.ticket == ticket => {
                if answer.deadline().is_some() {
                    self.send_answer(cx);
                }
            }
            _ => {
                self.give_up_job(cx, ticket);
                self.give_up_digits(cx, ticket);
                self.give_up_recording(cx, ticket);
                self.give_up_machine(cx, ticket);
            }
        }
    }

    /// The blocking operation returns this state.
    fn end_control(&mut self, state: State) {
        if let Some(control) = self.control.take() {
            control.end(state);
        }
    }

    /// Names a load.
    fn next_load(&self, cx: &mut Context<'_>) -> LoadId {
        LoadId(cx.random.next_u64())
    }
}

/// Writes the log line of a change of state (LOG-7).
fn log_state(identity: &Identity, old: State, new: State, reason: &str) {
    tracing::debug!(
        target: "offhook::state",
        call_id = %identity.call_id,
        "{old} -> {new}: {reason}"
    );
}

/// The fields that an application sends, one line a value (SIP-6).
fn header_lines(fields: &[HeaderField]) -> Headers {
    let mut headers = Headers::default();
    for field in fields {
        let name = HeaderName::parse(&Text::from(field.name().to_owned()));
        for value in field.values() {
            headers.push(name.clone(), Text::from(value.clone()));
        }
    }
    headers
}
