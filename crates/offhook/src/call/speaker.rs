//! Who has answered (LSD-1 to LSD-6), and the wait for an answering machine (LSD-7 to LSD-9).

use std::time::Duration;

use offhook_media::StreamCommand;
use offhook_media::speaker::{DetectionStart, FarEnd, MachineSettings, SpeakerFound};
use tokio::sync::oneshot;

use super::{Channel, Context, Control};
use crate::answer_machine::{AnswerMachine, AnswerMachineError};
use crate::arguments::Arguments;
use crate::command::Ticket;
use crate::details::FarEndType;
use crate::dial::LiveSpeakerDetection;
use crate::error::{Busy, Operation, WrongState};
use crate::state::State;

pub(crate) type MachineReply = oneshot::Sender<Result<bool, AnswerMachineError>>;

/// What a channel listens for.
#[derive(Default)]
pub(super) struct Speaker {
    /// Who has answered is being found out; whoever waits for the answer waits for that too (LSD-6).
    detecting: bool,
    machine: Option<(Ticket, MachineReply)>,
}

impl Speaker {
    pub(super) fn is_awaited(&self) -> bool {
        self.detecting
    }
}

impl Channel {
    /// The call is connected: from here on it is found out who is there.
    pub(super) fn detect_speaker(
        &mut self,
        cx: &Context<'_>,
        detection: LiveSpeakerDetection,
        limit: Duration,
    ) {
        let start = match detection {
            LiveSpeakerDetection::Default | LiveSpeakerDetection::FromNetworkConnect => {
                DetectionStart::NetworkConnect
            }
            LiveSpeakerDetection::FromAnswerDetect => DetectionStart::AnswerDetect,
        };
        self.speaker.detecting = true;
        // The limit of `call()` is for the answer, which is there.
        if let Some(Control::Dial(dial)) = &mut self.control {
            dial.deadline = None;
        }
        self.stream_command(cx, StreamCommand::DetectSpeaker(start, limit));
    }

    /// It is known who is there, or the time is over (LSD-10).
    pub(super) fn speaker_found(&mut self, cx: &Context<'_>, found: &SpeakerFound) {
        let far_end = match found.far_end {
            FarEnd::Live => FarEndType::Live,
            FarEnd::AnswerMachine => FarEndType::AnswerMachine,
            FarEnd::FaxMachine => FarEndType::FaxMachine,
            _ => FarEndType::Unknown,
        };
        tracing::info!(
            call_id = %self.identity.call_id,
            far_end = far_end.name(),
            speech_ms = found.greeting.as_millis() as u64,
            silence_ms = found.silence.as_millis() as u64,
            "live speaker detection"
        );
        self.shared.publish(|published| published.far_end_type = far_end);
        self.shared.announce_state(cx.now);
        if std::mem::take(&mut self.speaker.detecting)
            && matches!(self.control, Some(Control::Dial(_) | Control::Wait(_)))
        {
            self.end_control(State::Answered);
        }
    }

    pub(super) fn begin_awaiting_machine(
        &mut self,
        cx: &Context<'_>,
        ticket: Ticket,
        machine: &AnswerMachine,
        reply: MachineReply,
    ) {
        let settings = match self.plan_machine(machine) {
            Ok(settings) => settings,
            Err(error) => {
                let _ = reply.send(Err(error));
                return;
            }
        };
        let far_end = self.shared.read(|published| published.far_end_type);
        if far_end != FarEndType::AnswerMachine {
            tracing::warn!(
                call_id = %self.identity.call_id,
                far_end = far_end.name(),
                "an answering machine is waited for where none was found"
            );
        }
        self.speaker.machine = Some((ticket, reply));
        self.stream_command(cx, StreamCommand::AwaitMachine(Some(settings)));
    }

    /// The machine is ready, the time is over, or the call is.
    pub(super) fn end_awaiting_machine(&mut self, ready: bool) {
        if let Some((_, reply)) = self.speaker.machine.take() {
            let _ = reply.send(Ok(ready));
        }
    }

    /// The future of the wait was dropped.
    pub(super) fn give_up_machine(&mut self, cx: &Context<'_>, ticket: Ticket) {
        if self.speaker.machine.take_if(|(waiting, _)| *waiting == ticket).is_some() {
            self.stream_command(cx, StreamCommand::AwaitMachine(None));
        }
    }

    fn plan_machine(&self, machine: &AnswerMachine) -> Result<MachineSettings, AnswerMachineError> {
        let (operation, state) = (Operation::WaitForAnswerMachine, self.state());
        let wrong = WrongState { operation, state, allowed: AnswerMachineError::ALLOWED };
        match state {
            State::Idle => return Err(AnswerMachineError::Hangup(wrong)),
            State::Answered => {}
            _ => return Err(AnswerMachineError::WrongState(wrong)),
        }
        if self.speaker.machine.is_some() {
            return Err(AnswerMachineError::Busy(Busy { operation, state, running: operation }));
        }
        let arguments = Arguments { operation, state };
        let limit = arguments
            .limit("seconds_timeout", machine.seconds_timeout)
            .map_err(AnswerMachineError::Argument)?;
        let ms = |ms: u32| Duration::from_millis(ms.into());
        Ok(MachineSettings {
            min_beep: ms(machine.min_beep_ms),
            post_beep_silence: ms(machine.post_beep_silence_ms),
            no_beep_silence: ms(machine.no_beep_silence_ms),
            limit,
        })
    }
}
