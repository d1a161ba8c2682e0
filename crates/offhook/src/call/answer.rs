//! `answer()` (ANS-1 to ANS-14).

use std::time::{Duration, Instant};

use offhook_media::JobId;
use offhook_sip::{Headers, StatusCode};
use tokio::sync::oneshot;

use super::session::{NoMedia, Session};
use super::{Channel, Context, Control, Ending, header_lines};
use crate::answer::{Answer, AnswerError, NoCommonCodec};
use crate::arguments::Arguments;
use crate::command::Ticket;
use crate::error::{Fault, Operation, WrongState};
use crate::header::HeaderField;
use crate::state::State;

pub(super) type AnswerReply = oneshot::Sender<Result<State, AnswerError>>;

/// An `answer()` that has not returned.
pub(super) struct AnswerControl {
    pub(super) ticket: Ticket,
    reply: AnswerReply,
    headers: Vec<HeaderField>,
    phase: Phase,
}

enum Phase {
    /// The audio that plays is being stopped; the 200 follows it (ANS-10).
    Stopping { job: JobId, deadline: Instant },
    /// The 200 was sent, or waits for a PRACK (ANS-4, ANS-12).
    Acknowledgement,
}

impl AnswerControl {
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Stopping { deadline, .. } => Some(deadline),
            Phase::Acknowledgement => None,
        }
    }

    /// The call is answered, or has cleared.
    pub(super) fn end(self, state: State) {
        let _ = self.reply.send(Ok(state));
    }
}

impl Channel {
    pub(super) fn begin_answer(
        &mut self,
        cx: &mut Context<'_>,
        ticket: Ticket,
        answer: Answer,
        reply: AnswerReply,
    ) {
        if self.refusing.is_some() {
            self.send_refusal(cx);
        }
        if let Err(error) = self.prepare_answer(cx, &answer) {
            let _ = reply.send(Err(error));
            return;
        }
        let mut headers = self.shared.headers_to_send.lock().clone();
        headers.extend(answer.headers);
        match self.running_job() {
            Some(job) => {
                // The stream runs on another thread: only its word tells that no packet of the
                // ringtone can follow the 200 (ANS-10).
                self.stop_playing(cx);
                let phase = Phase::Stopping { job, deadline: cx.now + LONGEST_STOP };
                self.control = Some(Control::Answer(AnswerControl { ticket, reply, headers, phase }));
            }
            None => {
                self.stop_playing(cx);
                let phase = Phase::Acknowledgement;
                self.control = Some(Control::Answer(AnswerControl { ticket, reply, headers, phase }));
                self.send_200(cx);
            }
        }
    }

    /// A job has stopped; the 200 may have waited for it.
    pub(super) fn audio_stopped(&mut self, cx: &mut Context<'_>, stopped: JobId) {
        let waits = matches!(
            &self.control,
            Some(Control::Answer(AnswerControl { phase: Phase::Stopping { job, .. }, .. })) if *job == stopped
        );
        if waits {
            self.send_answer(cx);
        }
    }

    /// Sends the 200 that waited for the audio.
    pub(super) fn send_answer(&mut self, cx: &mut Context<'_>) {
        if let Some(Control::Answer(answer)) = &mut self.control
            && matches!(answer.phase, Phase::Stopping { .. })
        {
            answer.phase = Phase::Acknowledgement;
            self.send_200(cx);
        }
    }

    /// The ACK arrived: the call is answered (ANS-4).
    pub(crate) fn acknowledged(&mut self, cx: &mut Context<'_>) {
        if self.state() != State::Answering || self.intended.is_some() {
            return;
        }
        self.become_answered(cx, "ACK");
    }

    /// The call is answered, in either direction: its limits run, and who waited for it goes on.
    pub(super) fn become_answered(&mut self, cx: &Context<'_>, reason: &str) {
        self.shared.publish(|published| published.answered_at = Some(cx.now));
        self.set_state(cx, State::Answered, reason);
        let service = self.shared.instance.service.as_ref();
        let longest = service.and_then(|service| service.max_call).unwrap_or(cx.settings.config.max_call);
        self.longest = (!longest.is_zero()).then(|| cx.now + longest);
        self.restart_media_watch(cx);
        if !self.speaker.is_awaited() {
            self.end_control(State::Answered);
        }
    }

    /// Checks state, arguments and media; on an error of media the call has been refused (ANS-9).
    fn prepare_answer(&mut self, cx: &mut Context<'_>, answer: &Answer) -> Result<(), AnswerError> {
        let state = self.state();
        let wrong = WrongState { operation: Operation::Answer, state, allowed: AnswerError::ALLOWED };
        if state == State::Idle {
            return Err(AnswerError::Hangup(wrong));
        }
        if let Some(busy) = self.busy(Operation::Answer) {
            return Err(AnswerError::Busy(busy));
        }
        if !AnswerError::ALLOWED.contains(&state) {
            return Err(AnswerError::WrongState(wrong));
        }
        let arguments = Arguments { operation: Operation::Answer, state };
        let codecs = arguments.codecs(answer.codecs.as_deref()).map_err(AnswerError::Argument)?;
        if let Some(own) = self.own_codecs(cx, codecs) {
            self.codecs = Some(own);
        }
        match &self.session {
            Session::None => {
                let codecs = self.codec_list(cx).clone();
                match self.propose(cx, &codecs) {
                    Ok(proposal) => {
                        self.session = proposal.into_answered_session();
                        Ok(())
                    }
                    Err(NoMedia::Agreement(error)) => Err(self.refuse_media(cx, error.to_string())),
                    Err(NoMedia::Port(error)) => Err(self.refuse_for_ports(cx, &error)),
                }
            }
            Session::Failed => {
                Err(self.refuse_media(cx, "the caller's answer to our offer cannot be used".to_owned()))
            }
            Session::Offered(_)
            | Session::Agreed(_)
            | Session::Open(_)
            | Session::Room(_)
            | Session::Closed => Ok(()),
        }
    }

    fn send_200(&mut self, cx: &mut Context<'_>) {
        let sdp = match &self.session {
            Session::Open(open) => open.answer.as_ref(),
            Session::Agreed(agreed) => agreed.answer(),
            Session::Offered(offered) => offered.unsent_offer(),
            Session::None | Session::Room(_) | Session::Failed | Session::Closed => None,
        };
        let headers = match &self.control {
            Some(Control::Answer(answer)) => header_lines(&answer.headers),
            _ => Headers::default(),
        };
        let Some(call) = self.sip else { return };
        if let Err(error) = cx.endpoint.answer(cx.now, call, sdp, headers) {
            tracing::error!(call_id = %self.identity.call_id, %error, "the call cannot be answered");
            let fault = Fault {
                operation: Operation::Answer,
                state: State::Idle,
                reason: "the answer could not be sent; the call was refused with 500",
            };
            let control = self.control.take();
            self.refuse_now(cx, StatusCode::SERVER_INTERNAL_ERROR, Ending::error("answer() failed"));
            if let Some(Control::Answer(answer)) = control {
                let _ = answer.reply.send(Err(AnswerError::Fault(fault)));
            }
            return;
        }
        self.open_stream(cx);
        self.set_state(cx, State::Answering, "answer()");
    }

    /// Nothing in common: 488, cause `REJECTED` (ANS-9).
    fn refuse_media(&mut self, cx: &mut Context<'_>, reason: String) -> AnswerError {
        let codecs = self.codec_list(cx).to_string();
        self.refuse_now(cx, StatusCode::NOT_ACCEPTABLE_HERE, Ending::NO_COMMON_CODEC);
        AnswerError::NoCommonCodec(NoCommonCodec {
            operation: Operation::Answer,
            state: State::Idle,
            reason,
            codecs,
        })
    }

    fn refuse_for_ports(&mut self, cx: &mut Context<'_>, error: &std::io::Error) -> AnswerError {
        tracing::error!(call_id = %self.identity.call_id, %error, "no RTP port could be had");
        self.refuse_now(cx, StatusCode::SERVICE_UNAVAILABLE, Ending::NO_PORT);
        AnswerError::Fault(Fault {
            operation: Operation::Answer,
            state: State::Idle,
            reason: "no RTP port could be had; the call was refused with 503",
        })
    }
}

/// The pacing thread takes a command at its next tick, 20 ms at most; after this the 200 is sent anyway.
const LONGEST_STOP: Duration = Duration::from_millis(100);
