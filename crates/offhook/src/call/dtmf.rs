//! Digits: the buffer, what collects from it (DTMF-1 to DTMF-12), and what is sent (DTMF-13 to DTMF-17).

use std::time::{Duration, Instant};

use offhook_media::{DigitCarrier, StreamCommand};
use tokio::sync::oneshot;

use super::{Channel, Context};
use crate::arguments::Arguments;
use crate::command::{DigitsCommand, Ticket};
use crate::digits::{DigitsCause, DigitsError, GetDigits};
use crate::dtmf_player::{DtmfPlayError, DtmfPlayerCause};
use crate::error::{BadArgument, Busy, Operation, WrongState};
use crate::player::{PlayerCause, PlayerState};
use crate::shared::ChannelEvent;
use crate::state::State;

pub(crate) type CollectReply = oneshot::Sender<Result<String, DigitsError>>;
pub(crate) type SendReply = oneshot::Sender<Result<DtmfPlayerCause, DtmfPlayError>>;

/// What a channel knows of digits, beside the buffer that it publishes.
#[derive(Default)]
pub(super) struct Digits {
    collection: Option<Collection>,
    sending: Option<Sending>,
    /// The newest digit heard within the audio, and when.
    in_band: Option<(char, Instant)>,
    /// The far end sends its digits by INFO: tones beside them are the same digits again.
    by_info: bool,
}

/// A `get_digits()` that has not returned.
struct Collection {
    ticket: Ticket,
    reply: CollectReply,
    digits: String,
    count: usize,
    end: String,
    interdigit: Option<Duration>,
    /// When the wait for the next digit is over.
    next_by: Option<Instant>,
    /// When the whole collection is over.
    whole_by: Option<Instant>,
}

/// Digits that are being sent.
struct Sending {
    ticket: Ticket,
    reply: SendReply,
    /// When they should have been sent long ago.
    deadline: Instant,
}

impl Digits {
    /// When [`Channel::digits_timeout`] is to be called.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let collection = self.collection.as_ref().and_then(Collection::deadline);
        let sending = self.sending.as_ref().map(|sending| sending.deadline);
        collection.into_iter().chain(sending).min()
    }

    /// Whether digits are being sent.
    pub(super) fn are_sent(&self) -> bool {
        self.sending.is_some()
    }
}

impl Collection {
    fn deadline(&self) -> Option<Instant> {
        self.next_by.into_iter().chain(self.whole_by).min()
    }

    /// Takes a digit; the cause if that ends the collection.
    fn take(&mut self, now: Instant, digit: char) -> Option<DigitsCause> {
        if self.end.contains(digit) {
            return Some(DigitsCause::End);
        }
        self.digits.push(digit);
        self.next_by = self.interdigit.map(|interdigit| now + interdigit);
        (self.count > 0 && self.digits.len() >= self.count).then_some(DigitsCause::Count)
    }
}

impl Channel {
    pub(super) fn digits_command(&mut self, cx: &mut Context<'_>, command: DigitsCommand) {
        match command {
            DigitsCommand::Collect(ticket, digits, reply) => self.begin_collection(cx, ticket, digits, reply),
            DigitsCommand::Clear(reply) => {
                self.shared.publish(|published| published.digits.clear());
                let _ = reply.send(());
            }
            DigitsCommand::Send(ticket, digits, reply) => self.begin_sending(cx, ticket, &digits, reply),
        }
    }

    /// The far end pressed a key, told by its media.
    pub(super) fn digit_heard(&mut self, cx: &mut Context<'_>, digit: char, carrier: DigitCarrier) {
        if carrier == DigitCarrier::InBand {
            if self.digits.by_info {
                return;
            }
            self.digits.in_band = Some((digit, cx.now));
        }
        self.pass_digit_on(cx, digit, Some(carrier));
        self.digit(cx, digit);
    }

    /// The far end pressed a key, told by INFO (DTMF-11).
    pub(super) fn digit_by_info(&mut self, cx: &mut Context<'_>, digit: char) {
        let first = !std::mem::replace(&mut self.digits.by_info, true);
        let heard = self.digits.in_band.take();
        let again = heard
            .is_some_and(|(heard, at)| heard == digit && cx.now.saturating_duration_since(at) < SAME_PRESS);
        // Only the first one can have been taken for a tone: from then on tones are left alone.
        if first && again {
            return;
        }
        self.digit_ends_recording(cx, digit);
        self.pass_digit_on(cx, digit, None);
        self.digit(cx, digit);
    }

    /// A key was pressed: it is collected or buffered, and may stop a job (FP-11 to FP-14).
    fn digit(&mut self, cx: &mut Context<'_>, digit: char) {
        let ended = match &mut self.digits.collection {
            Some(collection) => collection.take(cx.now, digit),
            None => {
                self.shared.publish(|published| {
                    if published.digits.len() >= DIGITS_KEPT {
                        published.digits.remove(0);
                    }
                    published.digits.push(digit);
                });
                None
            }
        };
        self.barge_in(cx, digit);
        if let Some(cause) = ended {
            self.end_collection(cause);
        }
    }

    /// A time limit of a collection or of sending is reached.
    pub(super) fn digits_timeout(&mut self, cx: &mut Context<'_>) {
        let due = |deadline: Option<Instant>| deadline.is_some_and(|deadline| deadline <= cx.now);
        if due(self.digits.collection.as_ref().and_then(Collection::deadline)) {
            self.end_collection(DigitsCause::Timeout);
        }
        if due(self.digits.sending.as_ref().map(|sending| sending.deadline)) {
            self.stream_command(cx, StreamCommand::StopDigits);
            self.end_sending(DtmfPlayerCause::Timeout);
        }
    }

    /// The call is over (DTMF-8, UR-29).
    pub(super) fn end_digits(&mut self) {
        self.end_collection(DigitsCause::Hangup);
        self.end_sending(DtmfPlayerCause::Hangup);
    }

    /// The future of an operation was dropped: what was collected stays for the next, nothing more is sent (GEN-17).
    pub(super) fn give_up_digits(&mut self, cx: &mut Context<'_>, ticket: Ticket) {
        if let Some(collection) = self.digits.collection.take_if(|collection| collection.ticket == ticket) {
            self.shared.publish(|published| published.digits.insert_str(0, &collection.digits));
        }
        if self.digits.sending.take_if(|sending| sending.ticket == ticket).is_some() {
            self.stream_command(cx, StreamCommand::StopDigits);
            self.publish_sending(PlayerState::Idle, DtmfPlayerCause::None);
        }
    }

    /// All digits were sent, or cannot be.
    pub(super) fn digits_sent(&mut self, cause: DtmfPlayerCause) {
        self.end_sending(cause);
    }

    fn begin_collection(&mut self, cx: &Context<'_>, ticket: Ticket, wanted: GetDigits, reply: CollectReply) {
        let mut collection = match self.plan_collection(cx.now, ticket, &wanted) {
            Ok(plan) => plan(reply),
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        let mut ended = None;
        self.shared.publish(|published| {
            published.digits_cause = DigitsCause::None;
            if wanted.clear {
                published.digits.clear();
            }
            let mut taken = 0;
            for digit in published.digits.chars() {
                taken += digit.len_utf8();
                ended = collection.take(cx.now, digit);
                if ended.is_some() {
                    break;
                }
            }
            published.digits.drain(..taken);
        });
        self.digits.collection = Some(collection);
        if ended.is_none() && wanted.seconds_predigits_timeout == Some(0.0) {
            ended = Some(DigitsCause::Timeout);
        }
        if let Some(cause) = ended {
            self.end_collection(cause);
        }
    }

    /// Checks a collection; what comes back makes it, once the reply is at hand.
    fn plan_collection(
        &self,
        now: Instant,
        ticket: Ticket,
        wanted: &GetDigits,
    ) -> Result<impl FnOnce(CollectReply) -> Collection + use<>, DigitsError> {
        let (operation, state) = (Operation::GetDigits, self.state());
        self.check_receiver(operation, DigitsError::ALLOWED, DigitsError::ALLOWED_EARLY).map_err(
            |wrong| {
                if state == State::Idle { DigitsError::Hangup(wrong) } else { DigitsError::WrongState(wrong) }
            },
        )?;
        if self.digits.collection.is_some() {
            return Err(DigitsError::Busy(Busy { operation, state, running: operation }));
        }
        let arguments = Arguments { operation, state };
        let time = |name, given| arguments.limit(name, given).map_err(DigitsError::Argument);
        let predigits = time("seconds_predigits_timeout", wanted.seconds_predigits_timeout)?;
        let interdigit = time("seconds_interdigit_timeout", wanted.seconds_interdigit_timeout)?;
        let whole = time("seconds_timeout", wanted.seconds_timeout)?;
        arguments.digits("end", &wanted.end).map_err(DigitsError::Argument)?;
        let (count, end) = (wanted.count, wanted.end.clone());
        Ok(move |reply| Collection {
            ticket,
            reply,
            digits: String::new(),
            count,
            end,
            interdigit,
            next_by: predigits.map(|predigits| now + predigits),
            whole_by: whole.map(|whole| now + whole),
        })
    }

    fn end_collection(&mut self, cause: DigitsCause) {
        let Some(collection) = self.digits.collection.take() else { return };
        self.shared.publish(|published| published.digits_cause = cause);
        let _ = collection.reply.send(Ok(collection.digits));
    }

    fn begin_sending(&mut self, cx: &mut Context<'_>, ticket: Ticket, digits: &str, reply: SendReply) {
        if let Err(error) = self.check_sending(digits) {
            let _ = reply.send(Err(error));
            return;
        }
        let pauses = digits.chars().filter(|digit| *digit == ',').count() as u32;
        let presses = digits.chars().count() as u32 - pauses;
        let deadline = cx.now + PRESS_AND_GAP * presses + PAUSE * pauses + PATIENCE;
        self.stop_ringtone(cx);
        self.stream_command(cx, StreamCommand::SendDigits(digits.to_owned()));
        self.digits.sending = Some(Sending { ticket, reply, deadline });
        self.publish_sending(PlayerState::Playing, DtmfPlayerCause::None);
    }

    /// DTMF-15, DTMF-16.
    fn check_sending(&self, digits: &str) -> Result<(), DtmfPlayError> {
        let (operation, state) = (Operation::DtmfPlayer, self.state());
        let wrong = WrongState { operation, state, allowed: DtmfPlayError::ALLOWED };
        match state {
            State::Idle => return Err(DtmfPlayError::Hangup(wrong)),
            State::Answered => {}
            _ => return Err(DtmfPlayError::WrongState(wrong)),
        }
        let length = digits.chars().count();
        if !(1..=MOST_SENT).contains(&length) || !digits.chars().all(|digit| SENDABLE.contains(digit)) {
            let accepted = format!("1 to {MOST_SENT} of {SENDABLE}");
            let (name, value) = ("digits", format!("{digits:?}"));
            return Err(DtmfPlayError::Argument(BadArgument { operation, state, name, value, accepted }));
        }
        if let Some(running) = self.transmitting() {
            return Err(DtmfPlayError::Busy(Busy { operation, state, running }));
        }
        Ok(())
    }

    fn end_sending(&mut self, cause: DtmfPlayerCause) {
        let Some(sending) = self.digits.sending.take() else { return };
        let failed = cause == DtmfPlayerCause::Error;
        self.publish_sending(if failed { PlayerState::Error } else { PlayerState::Idle }, cause);
        let _ = sending.reply.send(Ok(cause));
    }

    fn publish_sending(&self, state: PlayerState, cause: DtmfPlayerCause) {
        self.shared.publish(|published| {
            published.dtmf_player.state = state;
            published.dtmf_player.cause = cause;
        });
        self.shared.announce(&ChannelEvent::DtmfPlayer { state, cause });
    }

    /// A ringtone that was left playing gives way (MED-7).
    fn stop_ringtone(&mut self, cx: &mut Context<'_>) {
        if self.running_job().is_some() {
            self.stop_with(cx, PlayerCause::Aborted);
        }
    }
}

/// What can be sent (DTMF-14).
const SENDABLE: &str = "0123456789ABCD*#,";
/// Commas count (DTMF-16).
const MOST_SENT: usize = 32;
/// Digits that are kept until they are taken; when more come the oldest are dropped (DTMF-10).
const DIGITS_KEPT: usize = 128;
/// DTMF-17.
const PRESS_AND_GAP: Duration = Duration::from_millis(200);
const PAUSE: Duration = Duration::from_millis(500);
/// How much later than expected digits may be sent.
const PATIENCE: Duration = Duration::from_secs(2);
/// A digit that comes by INFO so soon after the same one as tones is the same press.
const SAME_PRESS: Duration = Duration::from_secs(1);
