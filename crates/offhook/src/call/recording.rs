//! Recordings of a channel (REC-1 to REC-19): opened and written off the shard, cut by the stream.

use std::time::{Duration, Instant};

use offhook_media::recorder::{RecordEnd, RecordSettings};
use offhook_media::{Clip, Codec, JobId, Sound, StreamCommand, StreamEvent, measure};

use super::jobs::{Owner, PlayOrder};
use super::session::next_job;
use super::{Channel, Context};
use crate::arguments::Arguments;
use crate::command::{Command, RecorderCommand, Ticket, Until};
use crate::error::{Busy, Operation, Unplayable, WrongState};
use crate::file_name;
use crate::playable::MediaError;
use crate::recorder::{
    Finish, Record, RecordError, RecordReply, RecorderCause, RecorderState, RecorderStatus, RecordingFile,
    Writer,
};
use crate::shared::ChannelEvent;
use crate::state::State;

/// A recording from the call of the function until its file is closed.
pub(super) struct Recording {
    job: JobId,
    /// The call that is recorded: another may begin before the file is closed.
    call_number: u64,
    ticket: Ticket,
    until: Until,
    reply: Option<RecordReply>,
    settings: RecordSettings,
    /// When `seconds_timeout` is over (REC-7).
    ends: Option<Instant>,
    beep: bool,
    stage: Stage,
}

enum Stage {
    /// The file is being made; why the recording is over before it began.
    Opening { over: Option<RecorderCause> },
    /// The beep is heard (REC-11).
    Beeping { writer: Writer, beep: JobId, over: Option<RecorderCause> },
    /// The stream records.
    Running { writer: Writer, failed: bool },
}

impl Channel {
    pub(super) fn recorder_command(&mut self, cx: &mut Context<'_>, command: RecorderCommand) {
        match command {
            RecorderCommand::Record(ticket, record, until, reply) => {
                if let Err(error) = self.begin_recording(cx, ticket, &record, until) {
                    let _ = reply.send(Err(error));
                } else if let Some(recording) = &mut self.recording {
                    recording.reply = Some(reply);
                }
            }
            RecorderCommand::Stop(reply) => {
                self.stop_recording(cx, RecorderCause::Aborted);
                let _ = reply.send(());
            }
            RecorderCommand::Opened(job, file) => self.recording_opened(cx, job, file),
            RecorderCommand::Failed(job) => self.recording_failed(cx, job),
        }
    }

    /// Takes what the stream has to say about a recording, also after the call is over; `None` if it was that.
    pub(super) fn recording_event(
        &mut self,
        cx: &mut Context<'_>,
        event: StreamEvent,
    ) -> Option<StreamEvent> {
        match event {
            StreamEvent::Recorded { job, part } => {
                let recording = self.recording.as_mut().filter(|recording| recording.job == job)?;
                if let Stage::Running { writer, failed } = &mut recording.stage
                    && !*failed
                    && !writer.write(part)
                {
                    *failed = true;
                    tracing::error!(
                        call_id = %self.identity.call_id,
                        "a recording ends: its file is written more slowly than it is recorded"
                    );
                    self.stream_command(cx, StreamCommand::StopRecording(RecordEnd::Stopped));
                }
                None
            }
            StreamEvent::RecordEnded { job, reason, heard_audio, .. } => {
                self.recording_ended(job, reason, heard_audio);
                None
            }
            other => Some(other),
        }
    }

    /// A beep is no longer heard: now it is recorded.
    pub(super) fn beep_ended(&mut self, cx: &mut Context<'_>, ended: JobId) {
        let Some(mut recording) = self.recording.take() else { return };
        match recording.stage {
            Stage::Beeping { writer, beep, over } if beep == ended => match over {
                Some(cause) => self.finish_recording(recording.reply.take(), recording.until, writer, cause),
                None => {
                    recording.stage = Stage::Running { writer, failed: false };
                    self.recording = Some(recording);
                    self.run_recording(cx);
                }
            },
            stage => self.recording = Some(Recording { stage, ..recording }),
        }
    }

    /// A digit that came by INFO may end the recording; the stream sees to all others (REC-10).
    pub(super) fn digit_ends_recording(&mut self, cx: &Context<'_>, digit: char) {
        let Some(recording) = &self.recording else { return };
        if matches!(recording.stage, Stage::Running { .. })
            && recording.settings.barge_in_digits.contains(digit)
        {
            self.stream_command(cx, StreamCommand::StopRecording(RecordEnd::Digit));
        }
    }

    /// The future of `record` was dropped (GEN-17).
    pub(super) fn give_up_recording(&mut self, cx: &mut Context<'_>, ticket: Ticket) {
        if self.recording.as_ref().is_some_and(|recording| recording.ticket == ticket) {
            self.stop_recording(cx, RecorderCause::Aborted);
        }
    }

    /// The call is over. What the stream recorded last comes with its end (REC-15).
    pub(super) fn hang_up_recording(&mut self, cx: &mut Context<'_>) {
        if !self.session.is_open() {
            self.stop_recording(cx, RecorderCause::Hangup);
        } else if let Some(Recording {
            stage: Stage::Opening { over } | Stage::Beeping { over, .. }, ..
        }) = &mut self.recording
        {
            over.get_or_insert(RecorderCause::Hangup);
        }
    }

    /// Whether the beep of a recording is heard, or will be.
    pub(super) fn beeps(&self) -> bool {
        self.recording.as_ref().is_some_and(|recording| match recording.stage {
            Stage::Opening { .. } => recording.beep,
            Stage::Beeping { .. } => true,
            Stage::Running { .. } => false,
        })
    }

    /// Where receivers work (MED-3 to MED-5).
    pub(super) fn check_receiver(
        &self,
        operation: Operation,
        allowed: &'static [State],
        early: &'static [State],
    ) -> Result<(), WrongState> {
        let state = self.state();
        let allowed = if self.session.is_open() { early } else { allowed };
        if allowed.contains(&state) { Ok(()) } else { Err(WrongState { operation, state, allowed }) }
    }

    fn begin_recording(
        &mut self,
        cx: &mut Context<'_>,
        ticket: Ticket,
        record: &Record,
        until: Until,
    ) -> Result<(), RecordError> {
        let (settings, limit) = self.plan_recording(cx, record)?;
        let job = next_job(cx);
        let (root, name) = (cx.settings.config.media_root.clone(), record.file.clone());
        let (recordings, empty) = (cx.settings.recordings.clone(), settings.empty_file());
        let cipher = record.cipher.clone();
        let shared = self.shared.clone();
        tokio::spawn(async move {
            // A file that cannot be opened because the server ends has nobody who waits for it.
            if let Some(file) = recordings.create(root, name, empty, cipher).await {
                shared.send(Command::Recorder(RecorderCommand::Opened(job, file)));
            }
        });
        self.recording = Some(Recording {
            job,
            call_number: self.shared.read(|published| published.call_number),
            ticket,
            until,
            reply: None,
            settings,
            ends: limit.map(|limit| cx.now + limit),
            beep: record.beep_on_start,
            stage: Stage::Opening { over: None },
        });
        Ok(())
    }

    /// Checks what can be known before the file is opened (MED-3 to MED-6, MED-11).
    fn plan_recording(
        &self,
        cx: &Context<'_>,
        record: &Record,
    ) -> Result<(RecordSettings, Option<Duration>), RecordError> {
        let (operation, state) = (Operation::FileRecorder, self.state());
        self.check_receiver(operation, RecordError::ALLOWED, RecordError::ALLOWED_EARLY).map_err(
            |wrong| {
                if state == State::Idle { RecordError::Hangup(wrong) } else { RecordError::WrongState(wrong) }
            },
        )?;
        let recording = self.shared.read(|published| published.recorder.state) == RecorderState::Recording;
        if recording || self.recording.is_some() {
            return Err(RecordError::Busy(Busy { operation, state, running: operation }));
        }
        if record.beep_on_start
            && let Some(running) = self.transmitting()
        {
            return Err(RecordError::Busy(Busy { operation, state, running }));
        }
        let arguments = Arguments { operation, state };
        let unwritable = |error| RecordError::Media(Unplayable { operation, state, error });
        file_name::check(&record.file).map_err(unwritable)?;
        arguments.digits("barge_in_digits", &record.barge_in_digits).map_err(RecordError::Argument)?;
        let limit =
            arguments.limit("seconds_timeout", record.seconds_timeout).map_err(RecordError::Argument)?;
        let max_duration = match record.max_duration_ms {
            Some(0) => {
                let bad = arguments.refuse("milliseconds_max_duration", 0, "1 or more, or None");
                return Err(RecordError::Argument(bad));
            }
            other => other.map(Duration::from_millis),
        };
        // Zero means: as if it was not given (REC-8).
        let silence = |ms: Option<u64>| ms.filter(|ms| *ms > 0).map(Duration::from_millis);
        let settings = RecordSettings {
            channels: record.channels,
            codec: record.codec,
            max_duration,
            limit: None,
            max_silence: silence(record.max_silence_ms),
            initial_silence: silence(record.initial_silence_ms),
            silence_dbm0: cx.settings.config.silence_level_dbm0,
            max_bytes: cx.settings.config.recording_max_bytes,
            barge_in_digits: record.barge_in_digits.clone(),
        };
        Ok((settings, limit))
    }

    /// The file is there, or cannot be had.
    fn recording_opened(
        &mut self,
        cx: &mut Context<'_>,
        job: JobId,
        file: Result<RecordingFile, MediaError>,
    ) {
        let Some(mut recording) = self.recording.take_if(|recording| recording.job == job) else { return };
        let Stage::Opening { over } = recording.stage else { return };
        let file = match file {
            Ok(file) => file,
            Err(error) => {
                let (operation, state) = (Operation::FileRecorder, self.state());
                if let Some(reply) = recording.reply.take() {
                    let _ = reply.send(Err(RecordError::Media(Unplayable { operation, state, error })));
                }
                return;
            }
        };
        let number = cx.random.next_u64();
        self.shared.publish(|published| {
            if published.call_number == recording.call_number {
                let state = RecorderState::Recording;
                published.recorder = RecorderStatus { state, number, ..RecorderStatus::default() };
            }
        });
        let shared = self.shared.clone();
        let failed = move || {
            shared.send(Command::Recorder(RecorderCommand::Failed(job)));
        };
        let writer = Writer::start(file, self.shared.clone(), number, Box::new(failed));
        if let Some(cause) = over {
            return self.finish_recording(recording.reply, recording.until, writer, cause);
        }
        self.shared.announce(&ChannelEvent::Recorder {
            state: RecorderState::Recording,
            cause: RecorderCause::None,
        });
        if recording.beep {
            let limit = recording.ends.map(|ends| ends.saturating_duration_since(cx.now));
            let order = PlayOrder { clip: beep(self.codec(cx)), looped: false, limit };
            if let Some(beep) = self.play_clip(cx, Owner::Beep, order) {
                recording.stage = Stage::Beeping { writer, beep, over: None };
                self.recording = Some(recording);
                return;
            }
        }
        recording.stage = Stage::Running { writer, failed: false };
        self.recording = Some(recording);
        self.run_recording(cx);
    }

    /// Tells the stream to record.
    fn run_recording(&mut self, cx: &mut Context<'_>) {
        let Some(recording) = &mut self.recording else { return };
        recording.settings.limit = recording.ends.map(|ends| ends.saturating_duration_since(cx.now));
        if recording.until == Until::Started
            && let Some(reply) = recording.reply.take()
        {
            let _ = reply.send(Ok(RecorderCause::None));
        }
        let settings = Box::new(recording.settings.clone());
        let job = recording.job;
        match self.session.stream() {
            Some(stream) => cx.media.command(stream, StreamCommand::Record { job, settings }),
            None => self.recording_ended(job, RecordEnd::Closed, false),
        }
    }

    /// Ends the recording that runs or is about to.
    pub(super) fn stop_recording(&mut self, cx: &mut Context<'_>, cause: RecorderCause) {
        let Some(recording) = &mut self.recording else { return };
        match &mut recording.stage {
            Stage::Opening { over } => *over = Some(cause),
            Stage::Beeping { over, .. } => {
                *over = Some(cause);
                self.stop_playing(cx);
            }
            Stage::Running { .. } => {
                let job = recording.job;
                match self.session.is_open() {
                    true => self.stream_command(cx, StreamCommand::StopRecording(RecordEnd::Stopped)),
                    false => self.recording_ended(job, RecordEnd::Closed, false),
                }
            }
        }
    }

    /// A piece of the file could not be written (MED-11).
    fn recording_failed(&mut self, cx: &mut Context<'_>, job: JobId) {
        if self.recording.as_ref().is_some_and(|recording| recording.job == job) {
            self.stop_recording(cx, RecorderCause::Error);
        }
    }

    /// The stream no longer records.
    fn recording_ended(&mut self, job: JobId, reason: RecordEnd, audio_detected: bool) {
        let Some(recording) = self.recording.take_if(|recording| recording.job == job) else { return };
        let Stage::Running { writer, failed } = recording.stage else { return };
        let cause = match reason {
            _ if failed => RecorderCause::Error,
            RecordEnd::Digit => RecorderCause::BargeIn,
            RecordEnd::Silence => RecorderCause::Silence,
            RecordEnd::Size => RecorderCause::Size,
            RecordEnd::Limit => RecorderCause::Timeout,
            RecordEnd::Stopped => RecorderCause::Aborted,
            RecordEnd::Closed => RecorderCause::Hangup,
            _ => RecorderCause::Error,
        };
        writer.finish(Finish { cause, audio_detected, reply: recording.reply });
    }

    /// Closes the file of a recording that never ran.
    fn finish_recording(
        &self,
        reply: Option<RecordReply>,
        until: Until,
        writer: Writer,
        cause: RecorderCause,
    ) {
        let reply = match (reply, until, cause) {
            (Some(reply), Until::Started, RecorderCause::Hangup) => {
                let (operation, state) = (Operation::FileRecorder, State::Idle);
                let gone = WrongState { operation, state, allowed: RecordError::ALLOWED };
                let _ = reply.send(Err(RecordError::Hangup(gone)));
                None
            }
            (reply, ..) => reply,
        };
        writer.finish(Finish { cause, audio_detected: false, reply });
    }
}

/// REC-11: 1000 Hz at -10 dBm0 for 0.4 s.
fn beep(codec: Codec) -> Clip {
    let rate_hz = codec.sampling_rate_hz();
    let (peak, step) = (measure::peak_of_dbm0(-10.0), std::f64::consts::TAU * 1000.0 / f64::from(rate_hz));
    let samples = (0..rate_hz * 4 / 10).map(|at| (peak * (step * f64::from(at)).sin()).round() as i16);
    Clip::for_codec(&Sound::new(rate_hz, samples.collect()), codec)
}
