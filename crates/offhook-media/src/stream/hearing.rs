//! What becomes of the audio that comes: in order and in time, then to whoever listens.
//!
//! A stream that only plays has none of this, and pays nothing for it.

use std::time::{Duration, Instant};

use super::{Stream, StreamEvent};
use crate::Law;
use crate::codec::NARROW_BAND_HZ;
use crate::dtmf::ToneDetector;
use crate::jitter::{JitterBuffer, Payload, PayloadKind, Pulled};
use crate::playout::JobId;
use crate::rate::RateConverter;
use crate::recorder::{RecordEnd, RecordSettings, Recorder};
use crate::rtp::{Arrival, Header};
use crate::speaker::{DetectionStart, MachineDetector, MachineSettings, SpeakerDetector};
use crate::stream::event::DigitCarrier;

/// The listening part of a stream.
#[derive(Debug)]
pub(super) struct Hearing {
    buffer: JitterBuffer,
    /// Room for one frame that nobody takes.
    frame: Vec<i16>,
    /// Room for one frame as it comes out of the buffer, and for the same at 8000 Hz, where the two differ.
    wide: Vec<i16>,
    narrow: Vec<i16>,
    /// From the buffer's rate to that of whoever takes the frames.
    to_taker: RateConverter,
    /// From the buffer's rate to 8000 Hz, at which detectors and recorders listen.
    to_narrow: RateConverter,
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
    /// What is sent in wide band, brought to the recorder's rate.
    own: RateConverter,
}

impl Hearing {
    /// Whether anything but the detector of tones wants to hear.
    fn is_busy(&self) -> bool {
        self.recording.is_some() || self.speaker.is_some() || self.machine.is_some()
    }

    /// Whether anything wants to hear at 8000 Hz.
    fn has_listener(&self) -> bool {
        self.tones.is_some() || self.is_busy()
    }
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
        self.take_heard_frame_at(now, NARROW_BAND_HZ, frame)
    }

    /// The same at another rate, that of some codec.
    pub(super) fn take_heard_frame_at(
        &mut self,
        now: Instant,
        rate_hz: u32,
        frame: &mut [i16],
    ) -> HeardFrame {
        self.now = now;
        let Some(hearing) = &mut self.hearing else {
            frame.fill(0);
            return HeardFrame::Nothing;
        };
        let heard_hz = hearing.buffer.rate_hz();
        let pulled = if heard_hz == NARROW_BAND_HZ && rate_hz == NARROW_BAND_HZ {
            let pulled = hearing.buffer.pull(now, frame);
            self.show_heard(frame);
            pulled
        } else {
            let mut heard = std::mem::take(&mut hearing.wide);
            let narrow_length = frame.len() * NARROW_BAND_HZ as usize / rate_hz as usize;
            heard.resize(narrow_length * heard_hz as usize / NARROW_BAND_HZ as usize, 0);
            let pulled = hearing.buffer.pull(now, &mut heard);
            hearing.to_taker.convert(heard_hz, &heard, rate_hz, frame);
            self.show_heard_at(heard_hz, &heard, narrow_length);
            if let Some(hearing) = &mut self.hearing {
                hearing.wide = heard;
            }
            pulled
        };
        match pulled {
            Pulled::Nothing => HeardFrame::Nothing,
            Pulled::Audio => HeardFrame::Audio,
            Pulled::Concealed => HeardFrame::Concealed,
        }
    }

    /// A frame's time has passed: what is due of the far end's audio is heard.
    pub(super) fn listen(&mut self, now: Instant) {
        let rate_hz = self.codec.sampling_rate_hz();
        let Some(hearing) = &mut self.hearing else { return };
        let mut frame = std::mem::take(&mut hearing.frame);
        frame.resize(self.frame_samples * NARROW_BAND_HZ as usize / rate_hz as usize, 0);
        self.take_heard_frame(now, &mut frame);
        if let Some(hearing) = &mut self.hearing {
            hearing.frame = frame;
        }
    }

    /// Takes in what a packet holds.
    pub(super) fn heard_packet(
        &mut self,
        now: Instant,
        arrival: Arrival,
        header: &Header,
        kind: PayloadKind,
        bytes: &[u8],
    ) {
        let Some(hearing) = &mut self.hearing else { return };
        match arrival {
            Arrival::OtherSource => return,
            Arrival::SourceChanged => hearing.buffer.restart(),
            Arrival::InSequence | Arrival::Reordered | Arrival::Duplicate => {}
        }
        let (timestamp, marker) = (header.timestamp, header.marker);
        hearing.buffer.put(now, Payload { timestamp, marker, kind, bytes });
    }

    /// Takes note of a frame of G.711 that was sent.
    pub(super) fn sent_encoded(&mut self, law: Law, frame: &[u8]) {
        let Some(Hearing { recording: Some(recording), .. }) = self.hearing.as_deref_mut() else { return };
        recording.recorder.sent(frame.iter().map(|byte| law.sample(*byte)));
    }

    /// Takes note of a frame of linear samples that was sent.
    pub(super) fn sent_linear(&mut self, rate_hz: u32, frame: &[i16]) {
        let Some(Hearing { recording: Some(recording), .. }) = self.hearing.as_deref_mut() else { return };
        let Recording { own, recorder, .. } = recording;
        each_narrow(own, rate_hz, frame, |samples| recorder.sent(samples.iter().copied()));
    }

    /// Takes note of time in which nothing was sent: so many samples of the codec.
    pub(super) fn sent_silence(&mut self, samples: usize) {
        if let Some(Hearing { recording: Some(recording), .. }) = self.hearing.as_deref_mut() {
            let narrow = samples * NARROW_BAND_HZ as usize / self.codec.sampling_rate_hz() as usize;
            recording.recorder.sent(std::iter::repeat_n(0, narrow));
        }
    }

    /// Begins to listen where someone wants to, and stops where nobody does any more.
    pub(super) fn review_hearing(&mut self) {
        // Tones are listened for where telephone events were not negotiated (DTMF-11).
        let in_band = self.telephone_event.is_none();
        let busy = self.hearing.as_ref().is_some_and(|hearing| hearing.is_busy());
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
        hearing.recording = Some(Recording { job, began: now, recorder, own: RateConverter::default() });
    }

    /// Ends the recording that runs. What was received so far is part of it, unless a digit ended it (REC-10, REC-15).
    pub(super) fn end_recording(&mut self, reason: RecordEnd) {
        let now = self.now;
        let Some(hearing) = &mut self.hearing else { return };
        let Some(Recording { job, began, mut recorder, .. }) = hearing.recording.take() else { return };
        if matches!(reason, RecordEnd::Stopped | RecordEnd::Closed) {
            // The buffer goes on for whoever else listens.
            let (mut buffer, mut to_narrow) = (hearing.buffer.clone(), hearing.to_narrow.clone());
            let rate_hz = buffer.rate_hz();
            buffer.drain(|samples| {
                each_narrow(&mut to_narrow, rate_hz, samples, |samples| {
                    recorder.heard(samples);
                });
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
        let concealed = concealed * 1_000_000_000 / u64::from(hearing.buffer.rate_hz());
        (hearing.buffer.delay(), Duration::from_nanos(concealed))
    }

    fn hear(&mut self) -> &mut Hearing {
        let codec = self.codec;
        self.hearing.get_or_insert_with(|| {
            Box::new(Hearing {
                buffer: JitterBuffer::new(codec),
                frame: Vec::new(),
                wide: Vec::new(),
                narrow: Vec::new(),
                to_taker: RateConverter::default(),
                to_narrow: RateConverter::default(),
                tones: None,
                recording: None,
                speaker: None,
                machine: None,
            })
        })
    }

    /// Shows a frame at 8000 Hz to whoever listens.
    fn show_heard(&mut self, frame: &[i16]) {
        self.detect_tones(frame);
        self.record_heard(frame);
        self.detect_far_end(frame);
    }

    /// Shows a frame at another rate to whoever listens, if anyone does.
    fn show_heard_at(&mut self, rate_hz: u32, heard: &[i16], narrow_length: usize) {
        let Some(hearing) = self.hearing.as_deref_mut().filter(|hearing| hearing.has_listener()) else {
            return;
        };
        let mut narrow = std::mem::take(&mut hearing.narrow);
        narrow.resize(narrow_length, 0);
        hearing.to_narrow.convert(rate_hz, heard, NARROW_BAND_HZ, &mut narrow);
        self.show_heard(&narrow);
        if let Some(hearing) = &mut self.hearing {
            hearing.narrow = narrow;
        }
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

/// Hands samples at some codec's rate on at 8000 Hz, in pieces.
fn each_narrow(converter: &mut RateConverter, rate_hz: u32, samples: &[i16], mut take: impl FnMut(&[i16])) {
    if rate_hz == NARROW_BAND_HZ {
        return take(samples);
    }
    let mut narrow = [0; 80];
    let ratio = (rate_hz / NARROW_BAND_HZ) as usize;
    for part in samples.chunks(narrow.len() * ratio) {
        let narrow = &mut narrow[..part.len() / ratio];
        converter.convert(rate_hz, part, NARROW_BAND_HZ, narrow);
        take(narrow);
    }
}
