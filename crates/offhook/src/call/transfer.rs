//! Transfers: a call goes on with somebody else, and the application keeps both legs (XFER-1 to XFER-21).

use std::time::{Duration, Instant};

use offhook_media::Clip;

use super::connection::Side;
use super::jobs::{Owner, PlayOrder};
use super::{Channel, Context, Control, Ending, Load, LoadId, Post, conference, dial};
use crate::arguments::Arguments;
use crate::channels::ChannelRef;
use crate::clip::{ClipRequest, ClipSource};
use crate::command::Ticket;
use crate::conference::{ConferenceCallError, PartyId};
use crate::destination::Destination;
use crate::details::Direction;
use crate::dial::{Dial, DialError};
use crate::error::{Busy, Operation, Unplayable, WrongState};
use crate::playable::MediaError;
use crate::state::State;
use crate::transfer::{
    RetrieveCallError, RetrieveCallReply, TransferCause, TransferError, TransferOrder, TransferPlan,
    TransferReply,
};

/// A call that is being transferred, or was.
pub(super) struct Transfer {
    /// The other channel, until its call is over.
    pub(super) leg: Option<ChannelRef>,
    /// The call's place in a conference room.
    pub(super) party: Option<PartyId>,
    /// What the call hears while the target rings.
    ringback: Option<ClipSource>,
    /// The ringback is being loaded.
    ringback_load: Option<LoadId>,
}

/// A transfer that has not returned, or the retrieval of a transferred call.
pub(super) struct TransferControl {
    pub(super) operation: Operation,
    pub(super) deadline: Option<Instant>,
    waiter: Waiter,
}

enum Waiter {
    Transfer(Ticket, TransferReply),
    Retrieval(Ticket, RetrieveCallReply),
    /// Its future was dropped; the transfer goes on (GEN-17).
    Nobody,
}

impl TransferControl {
    pub(super) fn is_waited_for_by(&self, ticket: Ticket) -> bool {
        matches!(&self.waiter, Waiter::Transfer(own, _) | Waiter::Retrieval(own, _) if *own == ticket)
    }

    /// Nobody waits any more.
    pub(super) fn forget_waiter(&mut self) {
        self.waiter = Waiter::Nobody;
    }

    /// The transfer or retrieval is over.
    pub(super) fn end(self, state: State) {
        match self.waiter {
            Waiter::Transfer(_, reply) => drop(reply.send(Ok(state))),
            Waiter::Retrieval(_, reply) => drop(reply.send(Ok(state))),
            Waiter::Nobody => {}
        }
    }

    fn fail(self, error: TransferError) {
        if let Waiter::Transfer(_, reply) = self.waiter {
            let _ = reply.send(Err(error));
        }
    }
}

/// Everything that was checked before the other leg begins.
enum Plan {
    Call {
        dial: Box<dial::Plan>,
        limit: Option<Duration>,
        ringback: ClipSource,
    },
    Room(Box<conference::RoomPlan>),
    /// The target is a number and there is no number to call from (XFER-7).
    NoCaller,
}

/// What the other leg tells of itself.
#[derive(Debug)]
pub(crate) struct LegReport {
    pub(super) state: State,
    /// Its side of a connection, once a stream runs.
    pub(super) side: Option<Side>,
    /// Its call has been answered.
    pub(super) answered: bool,
    /// The far end refused it with a final response.
    pub(super) refused: bool,
}

impl Channel {
    /// Begins a transfer; `other` is to be the other leg.
    pub(crate) fn begin_transfer(&mut self, cx: &mut Context<'_>, other: &mut Self, order: TransferOrder) {
        let TransferOrder { ticket, operation, plan, reply, .. } = order;
        let plan = match self.plan_transfer(cx, other, operation, &plan) {
            Ok(plan) => plan,
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        *self.shared.transfer_cause.lock() = TransferCause::None;
        let waiter = Waiter::Transfer(ticket, reply);
        let control = |limit: Option<Duration>, waiter| {
            let deadline = limit.map(|limit| cx.now + limit);
            Some(Control::Transfer(TransferControl { operation, deadline, waiter }))
        };
        let transfer = Transfer { leg: Some(other.id), party: None, ringback: None, ringback_load: None };
        match plan {
            Plan::Call { dial, limit, ringback } => {
                self.control = control(limit, waiter);
                self.transfer = Some(Transfer { ringback: Some(ringback), ..transfer });
                self.stop_playing(cx);
                self.set_state(cx, State::Transferring, operation.name());
                other.place(cx, operation, *dial);
                match other.state() {
                    // Without a way to the target the leg is over already.
                    State::Idle => self.leg_changed(cx, other.id, other.leg_report()),
                    _ => other.leg_of = Some(self.id),
                }
            }
            Plan::Room(room) => {
                self.control = control(room.limit, waiter);
                let party = other.prepare_room(cx, operation, *room, self.session.stream());
                other.leg_of = Some(self.id);
                self.transfer = Some(Transfer { party: Some(party), ..transfer });
            }
            Plan::NoCaller => {
                self.control = control(None, waiter);
                self.end_transfer(cx, TransferCause::Fail);
            }
        }
    }

    pub(super) fn begin_retrieve_call(
        &mut self,
        cx: &mut Context<'_>,
        ticket: Ticket,
        seconds_timeout: Option<f64>,
        reply: RetrieveCallReply,
    ) {
        let limit = match self.plan_retrieval(seconds_timeout) {
            Ok(limit) => limit,
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        let deadline = limit.map(|limit| cx.now + limit);
        let operation = Operation::RetrieveTransferredCall;
        let waiter = Waiter::Retrieval(ticket, reply);
        self.control = Some(Control::Transfer(TransferControl { operation, deadline, waiter }));
        self.set_state(cx, State::Reconnecting, operation.name());
        self.part(cx);
        match self.transfer.as_ref().and_then(|transfer| transfer.leg) {
            Some(leg) => cx.posts.push_back((leg, Post::HangUp)),
            None => self.retrieved(cx),
        }
    }

    /// What the channel that transfers is told of this one.
    pub(crate) fn leg_report(&self) -> LegReport {
        let answered = self.shared.read(|published| published.answered_at.is_some());
        LegReport { state: self.state(), side: self.side(), answered, refused: self.refused_by_far_end }
    }

    /// The other leg has changed.
    pub(crate) fn leg_changed(&mut self, cx: &mut Context<'_>, leg: ChannelRef, report: LegReport) {
        if self.transfer.as_ref().is_none_or(|transfer| transfer.leg != Some(leg)) {
            return;
        }
        match (self.state(), report.state) {
            // A room is entered once its sounds are there.
            (State::Answered, State::CallOutgoing) => {
                self.stop_playing(cx);
                self.set_state(cx, State::Transferring, "the other leg has begun");
            }
            (State::Transferring, State::RingOutgoing) => self.begin_ringback(cx),
            (State::Transferring, State::Answered) => {
                self.hear_leg(cx, report.side);
                self.set_state(cx, State::Transferred, "the other leg is answered");
                *self.shared.transfer_cause.lock() = TransferCause::Normal;
                self.end_control(State::Transferred);
                self.shared.announce_state(cx.now);
            }
            (State::Transferring | State::Answered, State::Idle) => {
                self.end_transfer(
                    cx,
                    match report {
                        LegReport { answered: true, .. } => TransferCause::TargetHangup,
                        LegReport { refused: true, .. } => TransferCause::TargetReject,
                        _ => TransferCause::Fail,
                    },
                );
            }
            (State::Transferred, State::Idle) => {
                self.part(cx);
                self.transfer = None;
            }
            (State::Reconnecting, State::Idle) => self.retrieved(cx),
            _ => {}
        }
    }

    /// The other leg hears its far end before the answer (XFER-9).
    pub(crate) fn leg_has_early_media(&mut self, cx: &mut Context<'_>, side: Side) {
        let of_leg = self.transfer.as_ref().is_some_and(|transfer| transfer.leg == Some(side.channel));
        if of_leg && self.state() == State::Transferring {
            self.hear_leg(cx, Some(side));
        }
    }

    /// A sound that the call would bring into its room cannot be played.
    pub(crate) fn leg_is_unplayable(&mut self, leg: ChannelRef, error: Unplayable) {
        if self.transfer.take_if(|transfer| transfer.leg == Some(leg)).is_none() {
            return;
        }
        if let Some(Control::Transfer(control)) = self.control.take() {
            control.fail(TransferError::Media(Unplayable { state: self.state(), ..error }));
        }
    }

    /// The ringback is there, or is not to be had. Tells whether a transfer waited for it.
    pub(super) fn ringback_loaded(
        &mut self,
        cx: &mut Context<'_>,
        id: LoadId,
        result: &Result<Clip, MediaError>,
    ) -> bool {
        let Some(transfer) = &mut self.transfer else { return false };
        if transfer.ringback_load.take_if(|load| *load == id).is_none() {
            return false;
        }
        match result {
            Ok(clip) if self.state() == State::Transferring && self.connection.is_none() => {
                self.play_ringback(cx, clip.clone());
            }
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(call_id = %self.identity.call_id, %error, "no ringback is heard");
            }
        }
        true
    }

    /// The time limit of a transfer or retrieval is reached.
    pub(super) fn transfer_timed_out(&mut self, cx: &mut Context<'_>) {
        match self.state() {
            State::Reconnecting => {
                self.set_state(cx, State::Transferred, "the time to retrieve the call is over");
                self.end_control(State::Transferred);
            }
            _ => self.end_transfer(cx, TransferCause::Timeout),
        }
    }

    /// The call that is being transferred, or was, is over.
    pub(super) fn transferred_call_ended(&mut self) {
        if matches!(&self.control, Some(Control::Transfer(control)) if control.operation != Operation::RetrieveTransferredCall)
        {
            *self.shared.transfer_cause.lock() = TransferCause::Hangup;
        }
        self.transfer = None;
    }

    /// A transfer has failed and the call is still there.
    fn end_transfer(&mut self, cx: &mut Context<'_>, cause: TransferCause) {
        let leg = self.transfer.take().and_then(|transfer| transfer.leg);
        if let Some(leg) = leg {
            cx.posts.push_back((leg, Post::HangUp));
        }
        self.stop_playing(cx);
        self.part(cx);
        *self.shared.transfer_cause.lock() = cause;
        self.set_state(cx, State::Answered, "the transfer has failed");
        self.shared.announce_state(cx.now);
        self.end_control(State::Answered);
    }

    fn retrieved(&mut self, cx: &mut Context<'_>) {
        self.transfer = None;
        self.set_state(cx, State::Answered, "retrieved");
        self.end_control(State::Answered);
    }

    /// Joins the call with the other leg, in place of the ringback.
    fn hear_leg(&mut self, cx: &mut Context<'_>, side: Option<Side>) {
        self.stop_playing(cx);
        let (Some(ours), Some(theirs)) = (self.side(), side) else { return };
        if self.connection.is_none() {
            let leg = theirs.channel;
            let room = self.join(cx, theirs);
            cx.posts.push_back((leg, Post::Joined { room, other: ours }));
        }
    }

    fn begin_ringback(&mut self, cx: &mut Context<'_>) {
        let codec = self.codec(cx);
        let Some(source) = self.transfer.as_mut().and_then(|transfer| transfer.ringback.take()) else {
            return;
        };
        let request = ClipRequest { source, codec, looped: true };
        if let Some(clip) = cx.clips.ready(&request) {
            return self.play_ringback(cx, clip);
        }
        let id = self.next_load(cx);
        cx.loads.push(Load { channel: self.id, id, request });
        if let Some(transfer) = &mut self.transfer {
            transfer.ringback_load = Some(id);
        }
    }

    fn play_ringback(&mut self, cx: &mut Context<'_>, clip: Clip) {
        self.play_clip(cx, Owner::Ringtone, PlayOrder { clip, looped: true, limit: None });
    }

    /// Checks everything before anything is sent (XFER-4 to XFER-8).
    fn plan_transfer(
        &self,
        cx: &Context<'_>,
        other: &Self,
        operation: Operation,
        plan: &TransferPlan,
    ) -> Result<Plan, TransferError> {
        self.transfer_state(operation)?;
        let state = self.state();
        let engaged = match (&self.connection, &self.room_call) {
            (Some(_), _) => Some(Operation::Connection),
            (_, Some(_)) => Some(Operation::Conference),
            _ => None,
        };
        if let Some(running) = engaged {
            return Err(TransferError::Busy(Busy { operation, state, running }));
        }
        let arguments = Arguments { operation, state };
        let argument = |name, value: String, accepted: &str| {
            TransferError::Argument(arguments.refuse(name, value, accepted))
        };
        if other.state() != State::Idle {
            let accepted = "an idle channel of this instance";
            return Err(argument("other_call", format!("a channel in state {}", other.state()), accepted));
        }
        let (dial, ringback_tone) = match plan {
            TransferPlan::Room(conference) => {
                let plan = other.plan_room(operation, conference).map_err(of_room)?;
                return Ok(Plan::Room(Box::new(plan)));
            }
            TransferPlan::Call { dial, ringback_tone } => (dial, ringback_tone),
        };
        if dial.to.is_empty() {
            return Err(argument("call_to", "empty".to_owned(), "an address to call"));
        }
        let limit =
            arguments.limit("seconds_timeout", dial.seconds_timeout).map_err(TransferError::Argument)?;
        let ringback = self
            .ringback_source(ringback_tone.as_deref())
            .map_err(|error| TransferError::Media(Unplayable { operation, state, error }))?;
        let mut dial = Dial::clone(dial);
        if dial.from.is_empty() {
            dial.from = match self.shared.direction {
                Direction::Inbound => self.identity.from.to_string(),
                _ => self.identity.to.to_string(),
            };
            let to_number = matches!(Destination::parse(&dial.to), Ok(Destination::Number(_)));
            if to_number && !is_e164(&dial.from) {
                tracing::info!(
                    call_id = %self.identity.call_id,
                    from = dial.from,
                    "the transfer fails: a call to a number needs a number to call from"
                );
                return Ok(Plan::NoCaller);
            }
        }
        let dial = other.plan_dial(cx, operation, &dial).map_err(of_dial)?;
        Ok(Plan::Call { dial: Box::new(dial), limit, ringback })
    }

    /// Whether the call could be transferred, by its state.
    pub(crate) fn transfer_state(&self, operation: Operation) -> Result<(), TransferError> {
        let state = self.state();
        let wrong = WrongState { operation, state, allowed: TransferError::ALLOWED };
        match state {
            State::Idle => Err(TransferError::Hangup(wrong)),
            State::Answered => self.busy(operation).map_or(Ok(()), |busy| Err(TransferError::Busy(busy))),
            _ => Err(TransferError::WrongState(wrong)),
        }
    }

    fn plan_retrieval(&self, seconds_timeout: Option<f64>) -> Result<Option<Duration>, RetrieveCallError> {
        let (operation, state) = (Operation::RetrieveTransferredCall, self.state());
        let wrong = WrongState { operation, state, allowed: RetrieveCallError::ALLOWED };
        match state {
            State::Idle => return Err(RetrieveCallError::Hangup(wrong)),
            State::Transferred => {}
            _ => return Err(RetrieveCallError::WrongState(wrong)),
        }
        if let Some(busy) = self.busy(operation) {
            return Err(RetrieveCallError::Busy(busy));
        }
        let arguments = Arguments { operation, state };
        arguments.limit("seconds_timeout", seconds_timeout).map_err(RetrieveCallError::Argument)
    }

    /// The call of this channel ends because the channel that it serves wants it to.
    pub(crate) fn leg_hang_up(&mut self, cx: &mut Context<'_>) {
        if self.state() == State::Idle {
            return self.forget_room();
        }
        self.hang_up(cx, Ending::normal("the transfer is over"));
    }
}

/// Whether a text is a telephone number in full international form: up to 15 digits, the first of them no zero.
fn is_e164(number: &str) -> bool {
    let digits = number.strip_prefix('+').unwrap_or(number);
    (2..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0')
}

fn of_dial(error: DialError) -> TransferError {
    match error {
        DialError::WrongState(wrong) => TransferError::WrongState(wrong),
        DialError::MakesNoCalls(none) => TransferError::MakesNoCalls(none),
        DialError::Busy(busy) => TransferError::Busy(busy),
        DialError::Argument(argument) => TransferError::Argument(argument),
        DialError::Fault(fault) => TransferError::Fault(fault),
    }
}

fn of_room(error: ConferenceCallError) -> TransferError {
    match error {
        ConferenceCallError::WrongState(wrong) => TransferError::WrongState(wrong),
        ConferenceCallError::MakesNoCalls(none) => TransferError::MakesNoCalls(none),
        ConferenceCallError::Busy(busy) => TransferError::Busy(busy),
        ConferenceCallError::Argument(argument) => TransferError::Argument(argument),
        ConferenceCallError::Media(media) => TransferError::Media(media),
        ConferenceCallError::Fault(fault) => TransferError::Fault(fault),
    }
}
