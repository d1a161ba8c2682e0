//! How a call ends: `reject()`, `hang_up()`, the far end, limits, the end of the instance.

use std::sync::Arc;
use std::time::{Duration, Instant};

use offhook_media::StreamCommand;
use offhook_sip::{Clearing, ClearingCause, HeaderName, Headers, StatusCode, Text};

use super::{Channel, Context, log_state};
use crate::app::{AppErrorKind, Refusal};
use crate::cause::Cause;
use crate::command::Outcome;
use crate::error::{BadArgument, Operation, WrongState};
use crate::player::{PlayerCause, PlayerState};
use crate::reject::{Reject, RejectError};
use crate::shared::Media;
use crate::state::State;

/// The cause and raw cause of a call that we clear (CAU-1, CAU-4).
#[derive(Clone, Debug)]
pub(crate) struct Ending {
    cause: Cause,
    /// `None`: what the table of CAU-4 gives for the moment of the clearing.
    raw: Option<&'static str>,
    /// What asked for it, for the log (LOG-7, UR-14).
    reason: &'static str,
}

impl Ending {
    pub(super) const fn normal(reason: &'static str) -> Self {
        Self { cause: Cause::Normal, raw: None, reason }
    }

    pub(super) const fn error(reason: &'static str) -> Self {
        Self { cause: Cause::Error, raw: None, reason }
    }

    pub(super) const LONGEST_CALL: Self =
        Self { cause: Cause::Timeout, raw: Some("-3"), reason: "max_call_seconds reached" };

    pub(super) const MISSING_MEDIA: Self =
        Self { cause: Cause::Timeout, raw: Some("-2"), reason: "no RTP for media_timeout_seconds" };

    pub(super) const NO_COMMON_CODEC: Self =
        Self { cause: Cause::Rejected, raw: None, reason: "no codec in common" };

    pub(super) const ROOM_FULL: Self =
        Self { cause: Cause::NoChannels, raw: None, reason: "the conference room is full" };

    pub(super) const NO_PORT: Self =
        Self { cause: Cause::NoChannels, raw: None, reason: "no RTP port could be had" };

    pub(super) const NO_ROUTE: Self =
        Self { cause: Cause::Unobtainable, raw: None, reason: "no route for the address" };

    pub(super) const NO_ROOM: Self =
        Self { cause: Cause::NoChannels, raw: None, reason: "as many calls are up as are allowed" };

    pub(super) const NO_ANSWER_IN_TIME: Self =
        Self { cause: Cause::Timeout, raw: None, reason: "the time limit of call() is over" };

    pub(super) const fn unreachable(reason: &'static str) -> Self {
        Self { cause: Cause::OutOfOrder, raw: None, reason }
    }

    const fn rejected(cause: Cause, reason: &'static str) -> Self {
        Self { cause, raw: None, reason }
    }
}

/// A final response that waits until the audio has stopped (REJ-9).
pub(super) struct Refusing {
    status: StatusCode,
    headers: Headers,
    pub(super) deadline: Instant,
}

impl Channel {
    /// REJ-1 to REJ-9. `State::Error` if the raw cause is not supported.
    pub(super) fn reject(&mut self, cx: &mut Context<'_>, reject: &Reject) -> Result<State, RejectError> {
        let state = self.state();
        if state == State::Idle {
            return Ok(State::Idle);
        }
        if !RejectError::ALLOWED.contains(&state) {
            let wrong = WrongState { operation: Operation::Reject, state, allowed: RejectError::ALLOWED };
            return Err(RejectError::WrongState(wrong));
        }
        let (code, cause, retry_after) = match &reject.raw_cause {
            Some(raw) => match Reject::supported_code(raw) {
                Some(code) => (code, Cause::of_response(code, false), false),
                None => return Ok(State::Error),
            },
            None => match reject.cause.reject_code() {
                Some(code) => (code, reject.cause, reject.cause.sends_retry_after()),
                None => {
                    return Err(RejectError::Argument(BadArgument {
                        operation: Operation::Reject,
                        state,
                        name: "cause",
                        value: reject.cause.name().to_owned(),
                        accepted: permitted_causes(),
                    }));
                }
            },
        };
        if self.intended.is_some() {
            // Another clearing is under way; a call ends once (CAU-8).
            return Ok(state);
        }
        // A supported code lies between 400 and 699.
        let status = StatusCode::new(code).unwrap_or(StatusCode::DECLINE);
        if is_unanswered(state) {
            self.refuse(cx, status, retry_after, Ending::rejected(cause, "reject()"));
        } else {
            let mut headers = Headers::default();
            let text = status.default_reason();
            let reason = format!("SIP;cause={code};text=\"{text}\"");
            headers.push(HeaderName::Reason, Text::from(reason));
            self.release(cx, headers, Ending::rejected(cause, "reject()"));
        }
        Ok(self.state())
    }

    /// Releases the call in any state: 480 or CANCEL before the answer, BYE after it (HUP-6).
    pub(super) fn hang_up(&mut self, cx: &mut Context<'_>, ending: Ending) {
        let state = self.state();
        if state == State::Idle || self.intended.is_some() {
            return;
        }
        if is_unanswered(state) {
            self.refuse(cx, StatusCode::TEMPORARILY_UNAVAILABLE, false, ending);
        } else if self.is_calling() {
            self.abandon(cx, &ending);
        } else {
            self.release(cx, Headers::default(), ending);
        }
    }

    /// Clears the call because the server ends.
    pub(crate) fn shut_down(&mut self, cx: &mut Context<'_>) {
        self.hang_up(cx, Ending::normal("the server ends"));
    }

    /// The instance has ended: a call that is still up is closed (RUN-18, RUN-32, RUN-15).
    pub(super) fn instance_ended(&mut self, cx: &mut Context<'_>, outcome: Outcome) {
        self.instance_running = false;
        let unanswered = is_unanswered(self.state());
        match outcome {
            Outcome::Returned | Outcome::Failed(AppErrorKind::Hangup) => {
                self.hang_up(cx, Ending::normal("the instance has ended"));
            }
            Outcome::Failed(AppErrorKind::Exception | AppErrorKind::Lost) if unanswered => {
                let status = StatusCode::SERVER_INTERNAL_ERROR;
                self.refuse(cx, status, false, Ending::error("the instance has failed"));
            }
            Outcome::Failed(AppErrorKind::Lost) => self.hang_up(cx, Ending::error("the worker has died")),
            Outcome::Failed(AppErrorKind::Refused(refusal)) if unanswered => {
                let (status, retry_after, cause) = refusal_response(refusal);
                self.refuse(cx, status, retry_after, Ending::rejected(cause, "the instance was not started"));
            }
            Outcome::Failed(AppErrorKind::Exception | AppErrorKind::Refused(_)) => {
                self.hang_up(cx, Ending::normal("the instance has failed"));
            }
        }
    }

    /// Sends the final response at once.
    pub(super) fn refuse_now(&mut self, cx: &mut Context<'_>, status: StatusCode, ending: Ending) {
        let retry_after = status == StatusCode::SERVICE_UNAVAILABLE;
        self.refuse(cx, status, retry_after, ending);
        self.send_refusal(cx);
    }

    /// The audio has stopped, or has had its time to: the final response leaves.
    pub(super) fn send_refusal(&mut self, cx: &mut Context<'_>) {
        let Some(Refusing { status, headers, .. }) = self.refusing.take() else { return };
        let Some(call) = self.sip else { return };
        if let Err(error) = cx.endpoint.reject(cx.now, call, status, headers) {
            // The far end was faster; its clearing is on its way to us.
            tracing::debug!(call_id = %self.identity.call_id, %error, "no refusal was sent");
            return;
        }
        let ending = self.intended.clone().unwrap_or(Ending::normal("refused"));
        self.become_idle(cx, &ending, status.code(), None);
    }

    /// The SIP side of the call is over (CAU-8).
    pub(crate) fn on_cleared(&mut self, cx: &mut Context<'_>, clearing: &Clearing) {
        // A refusal that waited for the audio was never sent: the far end was faster.
        let refused_too_late = self.refusing.take().is_some();
        self.sip = None;
        self.refused_by_far_end = clearing.cause == ClearingCause::Refused;
        let theirs = match clearing.cause {
            ClearingCause::Cancelled => Ending::normal("CANCEL from the caller"),
            ClearingCause::Refused => {
                let retry_after = clearing.retry_after.is_some();
                Ending::rejected(Cause::of_response(clearing.status, retry_after), "refused by the far end")
            }
            ClearingCause::RemoteBye => Ending::normal("BYE from the far end"),
            ClearingCause::NoAck => Ending::rejected(Cause::Timeout, "no ACK"),
            ClearingCause::NoPrack => Ending::rejected(Cause::Timeout, "no PRACK"),
            ClearingCause::NoResponse => Ending::rejected(Cause::Timeout, "no response"),
            ClearingCause::TransportFailure => {
                Ending::rejected(Cause::OutOfOrder, "the transport has failed")
            }
            ClearingCause::Fault => Ending::error("a fault of the SIP endpoint"),
            _ => Ending::normal("cleared"),
        };
        let ending = match self.intended.clone() {
            Some(ours) if !refused_too_late => ours,
            _ => theirs,
        };
        self.become_idle(cx, &ending, clearing.status, clearing.q850);
    }

    /// A refusal before the answer: the audio stops, then the response is sent (REJ-9).
    fn refuse(&mut self, cx: &mut Context<'_>, status: StatusCode, retry_after: bool, ending: Ending) {
        if self.intended.is_some() || self.state() == State::Idle {
            return;
        }
        tracing::debug!(
            call_id = %self.identity.call_id,
            "refusing with {}: {}",
            status.code(),
            ending.reason
        );
        let mut headers = Headers::default();
        if retry_after {
            let seconds = cx.settings.config.retry_after.as_secs();
            headers.push(HeaderName::RetryAfter, Text::from(seconds.to_string()));
        }
        self.intended = Some(ending);
        self.refusing = Some(Refusing { status, headers, deadline: cx.now + LONGEST_CLOSE });
        if self.session.is_open() {
            self.stream_command(cx, StreamCommand::Close);
        } else {
            self.send_refusal(cx);
        }
    }

    /// BYE: at once when answered, after the ACK when answering (HUP-6).
    pub(super) fn release(&mut self, cx: &mut Context<'_>, headers: Headers, ending: Ending) {
        tracing::debug!(call_id = %self.identity.call_id, "releasing: {}", ending.reason);
        self.intended = Some(ending);
        self.stream_command(cx, StreamCommand::Close);
        let Some(call) = self.sip else {
            // A call whose far end is a room is over as soon as it has left.
            let ending = self.intended.clone().unwrap_or(Ending::normal("left the conference room"));
            return self.leave_room(cx, ending);
        };
        if let Err(error) = cx.endpoint.hang_up(cx.now, call, headers) {
            // The far end was faster; its clearing is on its way to us.
            tracing::debug!(call_id = %self.identity.call_id, %error, "no BYE was sent");
        }
    }

    /// The one change to `IDLE`: state, cause and raw cause together, then everyone who waits (CAU-8, GEN-7).
    pub(super) fn become_idle(
        &mut self,
        cx: &mut Context<'_>,
        ending: &Ending,
        status: u16,
        q850: Option<u8>,
    ) {
        let old = self.state();
        if old == State::Idle {
            return;
        }
        self.longest = None;
        self.media_watch = None;
        self.stream_command(cx, StreamCommand::Close);
        let jobs = self.take_jobs();
        self.hang_up_recording(cx);
        for player in jobs.players() {
            self.shared.publish(|published| {
                let status = published.player_mut(player);
                status.state = PlayerState::Idle;
                status.cause = PlayerCause::Hangup;
            });
            self.shared.announce_player(player);
        }
        let Ending { cause, raw, reason } = ending.clone();
        let raw: Arc<str> = raw.map_or_else(|| status.to_string().into(), Arc::from);
        let media = self.shared.read(|published| published.media.clone());
        let stats = media.stats();
        self.shared.publish(|published| {
            published.state = State::Idle;
            published.cause = cause;
            published.raw_cause = raw;
            published.q850 = q850;
            published.ended_at = Some(cx.now);
            if let Media::Running(..) = published.media {
                published.media = Media::Ended(stats);
            }
        });
        self.leave_others(cx);
        log_state(&self.identity, old, State::Idle, &format!("{reason}, cause {cause}"));
        self.shared.announce_end(cx.now);
        if !self.session.is_open() {
            self.session = super::session::Session::Closed;
        }
        jobs.reply();
        self.end_digits();
        self.end_awaiting_machine(false);
        self.end_control(State::Idle);
    }
}

/// Whether the caller still waits for a final response.
fn is_unanswered(state: State) -> bool {
    matches!(state, State::CallIncoming | State::RingIncoming)
}

/// RUN-15, RUN-25: the code of a refusal before an instance runs.
pub(crate) fn refusal_response(refusal: Refusal) -> (StatusCode, bool, Cause) {
    match refusal {
        Refusal::NotFound => (StatusCode::NOT_FOUND, false, Cause::Unobtainable),
        Refusal::Invalid => (StatusCode::SERVER_INTERNAL_ERROR, false, Cause::Error),
        Refusal::Busy => (StatusCode::SERVICE_UNAVAILABLE, true, Cause::NoChannels),
    }
}

fn permitted_causes() -> String {
    let permitted = Cause::ALL.into_iter().filter(|cause| cause.reject_code().is_some());
    permitted.map(Cause::name).collect::<Vec<_>>().join(", ")
}

/// The pacing thread takes a command at its next tick, 20 ms at most; after this the response is sent anyway.
const LONGEST_CLOSE: Duration = Duration::from_millis(100);
