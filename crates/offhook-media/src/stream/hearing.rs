//! What becomes of the audio that comes: in order and in time, then to whoever listens.
//!
//! A stream that only plays has none of this, and pays nothing for it.

use std::time::{Duration, Instant};

use super::{Stream, StreamEvent};
use crate::Codec;
use crate::dtmf::ToneDetector;
use crate::jitter::{JitterBuffer, Payload, Pulled};
use crate::playout::JobId;
use crate::recorder::{RecordEnd, RecordSettings, Recorder};
use crate::rtp::{Arrival, Header};
use crate::speaker::{DetectionStart, MachineDetector, MachineSettings, SpeakerDetector};
use crate::stream::event::DigitCarrier;

/// The listening part of a stream.
#[derive(Debug)]
pub(super) struct Hearing {
    buffer: JitterBuffer,
    /// Room for one frame.
    frame: Vec<i16>,
    tones: Option<ToneDetector>,
    recording: Option<Recording>,
    speaker: Option<SpeakerDetector>,
    machine: Option<MachineDetector>,
}

#[derive(Debug)]
struct Recording {
    job: JobId,
    began: Instant,
    recorder: Recorder,
}

/// What [`Stream::take_heard_frame`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeardFrame {
    /// Silence: the far end sends nothing.
    Nothing,
    /// What the far end sent.
    Audio,
    /// At least a part stands for what did not come in time.
    Concealed,
}

impl Stream {
    /// Plays the next `frame.len()` samples of the far end's audio, at 8000 Hz, out of the jitter buffer, and shows
    /// them to the detectors and the recorder on the way.
    ///
    /// The stream does so itself, once a frame, unless it exchanges audio with others. A stream that nothing listens
    /// to has no buffer, and gives silence.
    pub fn take_heard_frame(&mut self, now: Instant, frame: &mut [i16]) -> HeardFrame {
        self.now = now;
        let Some(hearing) = &mut self.hearing else {
            frame.fill(0);
            return HeardFrame::Nothing;
        };
        let pulled = hearing.buffer.pull(now, frame);
        self.detect_tones(frame);
        self.record_heard(frame);
        self.detect_far_end(frame);
        match pulled {
            Pulled::Nothing => HeardFrame::Nothing,
            Pulled::Audio => HeardFrame::Audio,
            Pulled::Concealed => HeardFrame::Concealed,
        }
    }

    /// A frame's time has passed: what is due of the far end's audio is heard.
    pub(super) fn listen(&mut self, now: Instant) {
        let Some(hearing) = &mut self.hearing else { return };
        let mut frame = std::mem::take(&mut hearing.frame);
        frame.resize(self.frame_samples as usize, 0);
        self.take_heard_frame(now, &mut frame);
        if let Some(hearing) = &mut self.hearing {
            hearing.frame = frame;
        }
    }

    /// Takes in the audio of a packet.
    pub(super) fn heard_audio(&mut self, now: Instant, arrival: Arrival, header: &Header, payload: &[u8]) {
        let codec = self.codec;
        let Some(hearing) = &mut self.hearing else { return };
        match arrival {
            Arrival::OtherSource => return,
            Arrival::SourceChanged => hearing.buffer.restart(),
            Arrival::InSequence | Arrival::Reordered | Arrival::Duplicate => {}
        }
        hearing.buffer.put(now, Payload { timestamp: header.timestamp, codec, bytes: payload });
    }

    /// Takes note of a frame that was sent, or of one that was not.
    pub(super) fn sent_audio(&mut self, codec: Codec, frame: &[u8]) {
        let Some(Hearing { recording: Some(recording), .. }) = self.hearing.as_deref_mut() else { return };
        let mut samples = [0; 80];
        for part in frame.chunks(samples.len()) {
            let count = codec.decode_into(part, &mut samples);
            recording.recorder.sent(samples[..count].iter().copied());
        }
    }

    /// Takes note of time in which nothing was sent.
    pub(super) fn sent_silence(&mut self, samples: usize) {
        if let Some(Hearing { recording: Some(recording), .. }) = self.hearing.as_deref_mut() {
            recording.recorder.sent(std::iter::repeat_n(0, samples));
        }
    }

    /// Begins to listen where someone wants to, and stops where nobody does any more.
    pub(super) fn review_hearing(&mut self) {
        // Tones are listened for where telephone events were not negotiated (DTMF-11).
        let in_band = self.telephone_event.is_none();
        let busy = self.hearing.as_ref().is_some_and(|hearing| {
            hearing.recording.is_some() || hearing.speaker.is_some() || hearing.machine.is_some()
        });
        if !(in_band || busy || self.speaks_in_room()) {
            self.hearing = None;
            return;
        }
        let tones = &mut self.hear().tones;
        match (in_band, &tones) {
            (true, None) => *tones = Some(ToneDetector::new()),
            (false, Some(_)) => *tones = None,
            _ => {}
        }
    }

    /// Records from here on.
    pub(super) fn begin_recording(&mut self, now: Instant, job: JobId, settings: RecordSettings) {
        self.end_recording(RecordEnd::Stopped);
        let hearing = self.hear();
        let recorder = Recorder::new(settings, hearing.buffer.delay());
        hearing.recording = Some(Recording { job, began: now, recorder });
    }

    /// Ends the recording that runs. What was received so far is part of it, unless a digit ended it (REC-10, REC-15).
    pub(super) fn end_recording(&mut self, reason: RecordEnd) {
        let now = self.now;
        let Some(hearing) = &mut self.hearing else { return };
        let Some(Recording { job, began, mut recorder }) = hearing.recording.take() else { return };
        if matches!(reason, RecordEnd::Stopped | RecordEnd::Closed) {
            // The buffer goes on for whoever else listens.
            hearing.buffer.clone().drain(|samples| {
                recorder.heard(samples);
            });
            recorder.pad_to(now.saturating_duration_since(began));
        }
        let (heard_audio, duration) = (recorder.has_heard(), recorder.duration());
        self.events.push_back(StreamEvent::Recorded { job, part: recorder.finish() });
        self.events.push_back(StreamEvent::RecordEnded { job, reason, heard_audio, duration });
        self.review_hearing();
    }

    /// Listens who has answered.
    pub(super) fn detect_speaker(&mut self, start: DetectionStart, limit: Duration) {
        self.hear().speaker = Some(SpeakerDetector::new(start, limit));
    }

    /// Waits for an answering machine to be ready, or no longer.
    pub(super) fn await_machine(&mut self, settings: Option<MachineSettings>) {
        match settings {
            Some(settings) => self.hear().machine = Some(MachineDetector::new(settings)),
            None => {
                if let Some(hearing) = &mut self.hearing {
                    hearing.machine = None;
                }
                self.review_hearing();
            }
        }
    }

    /// A digit that may end the recording.
    pub(super) fn digit_meets_recording(&mut self, digit: char) {
        let recording = self.hearing.as_ref().and_then(|hearing| hearing.recording.as_ref());
        if recording.is_some_and(|recording| recording.recorder.ends_with(digit)) {
            self.end_recording(RecordEnd::Digit);
        }
    }

    /// The key whose tones last until the stream ends is released with it.
    pub(super) fn release_tones(&mut self) {
        let tones = self.hearing.as_mut().and_then(|hearing| hearing.tones.as_mut());
        let press = tones.and_then(ToneDetector::finish);
        self.pressed(press, DigitCarrier::InBand);
    }

    /// The delay of the jitter buffer, and how much it has concealed.
    pub(super) fn hearing_stats(&self) -> (Duration, Duration) {
        let Some(hearing) = &self.hearing else { return Default::default() };
        let concealed = hearing.buffer.stats().concealed_samples;
        let concealed = concealed * 1_000_000_000 / u64::from(self.codec.clock_rate_hz());
        (hearing.buffer.delay(), Duration::from_nanos(concealed))
    }

    fn hear(&mut self) -> &mut Hearing {
        let rate_hz = self.codec.clock_rate_hz();
        self.hearing.get_or_insert_with(|| {
            Box::new(Hearing {
                buffer: JitterBuffer::new(rate_hz),
                frame: Vec::new(),
                tones: None,
                recording: None,
                speaker: None,
                machine: None,
            })
        })
    }

    fn detect_far_end(&mut self, frame: &[i16]) {
        let Some(hearing) = &mut self.hearing else { return };
        let found = hearing.speaker.as_mut().and_then(|speaker| speaker.hear(frame));
        let ready = hearing.machine.as_mut().and_then(|machine| machine.hear(frame));
        if found.is_none() && ready.is_none() {
            return;
        }
        if let Some(found) = found {
            hearing.speaker = None;
            self.events.push_back(StreamEvent::SpeakerFound(found));
        }
        if let Some(ready) = ready
            && let Some(hearing) = &mut self.hearing
        {
            hearing.machine = None;
            self.events.push_back(StreamEvent::MachineReady { ready });
        }
        self.review_hearing();
    }

    fn detect_tones(&mut self, frame: &[i16]) {
        let Some(Hearing { tones: Some(tones), .. }) = self.hearing.as_deref_mut() else { return };
        // Within one frame a key may be released and another pressed, and no more than that.
        let mut presses = [None; 4];
        let mut count = 0;
        tones.hear(frame, |press| {
            if let Some(place) = presses.get_mut(count) {
                *place = Some(press);
                count += 1;
            }
        });
        for press in presses {
            self.pressed(press, DigitCarrier::InBand);
        }
    }

    fn record_heard(&mut self, frame: &[i16]) {
        let Some(Hearing { recording: Some(recording), .. }) = self.hearing.as_deref_mut() else { return };
        let ended = recording.recorder.heard(frame);
        if let Some(part) = recording.recorder.poll_part() {
            self.events.push_back(StreamEvent::Recorded { job: recording.job, part });
        }
        if let Some(reason) = ended {
            self.end_recording(reason);
        }
    }
}
