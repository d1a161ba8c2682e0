//! A person, an answering machine or a fax machine (LSD-1 to LSD-6, LSD-10).

use std::time::Duration;

use super::meter::{FRAME_MS, Frame, Meter, Tone};

/// Listens from the answer of a call until it knows who is there, or its time is over.
#[derive(Clone, Debug)]
pub struct SpeakerDetector {
    meter: Meter,
    start: DetectionStart,
    limit_ms: u32,
    /// Time that counts towards the limit.
    elapsed_ms: u32,
    /// Ringing tone was heard, and nothing but it and silence since.
    ringing: bool,
    /// Speech before what might be ringing tone: that is judged when it has lasted for long enough.
    before_ringing_ms: u32,
    /// Silence since the last sound.
    silence_ms: u32,
    /// Speech from its beginning to its latest end, short pauses included.
    greeting_ms: u32,
    /// Sound within the greeting.
    speech_ms: u32,
    /// A tone that goes on and is not yet known to be one.
    undecided_ms: u32,
    found: bool,
}

/// From when the time of a detection runs (LSD-1 to LSD-3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DetectionStart {
    /// From the connection.
    #[default]
    NetworkConnect,
    /// From the real answer: ringing tone after the connection does not count.
    AnswerDetect,
}

/// Who has answered (LSD-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FarEnd {
    /// A person.
    Live,
    /// An answering machine.
    AnswerMachine,
    /// A fax machine or a modem.
    FaxMachine,
    /// Not told in time.
    Unknown,
}

/// The end of a detection, with what it was judged by (LSD-10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpeakerFound {
    /// Who has answered.
    pub far_end: FarEnd,
    /// How long the greeting was, short pauses included.
    pub greeting: Duration,
    /// The silence after it.
    pub silence: Duration,
}

impl SpeakerDetector {
    /// A detection that begins here and takes `limit` at most.
    pub fn new(start: DetectionStart, limit: Duration) -> Self {
        Self {
            meter: Meter::new(),
            start,
            limit_ms: u32::try_from(limit.as_millis()).unwrap_or(u32::MAX),
            elapsed_ms: 0,
            ringing: false,
            before_ringing_ms: 0,
            silence_ms: 0,
            greeting_ms: 0,
            speech_ms: 0,
            undecided_ms: 0,
            found: false,
        }
    }

    /// Takes in samples at 8000 Hz and tells, once, who is there.
    pub fn hear(&mut self, samples: &[i16]) -> Option<SpeakerFound> {
        if self.found {
            return None;
        }
        let far_end = samples.iter().find_map(|sample| {
            let frame = self.meter.hear(*sample)?;
            self.judge(frame)
        })?;
        self.found = true;
        let ms = |ms: u32| Duration::from_millis(ms.into());
        Some(SpeakerFound { far_end, greeting: ms(self.greeting_ms), silence: ms(self.silence_ms) })
    }

    fn judge(&mut self, frame: Frame) -> Option<FarEnd> {
        if self.rings() {
            self.undecided_ms = 0;
            return self.count(FRAME_MS);
        }
        match frame {
            Frame::Silence => {
                self.tone_over();
                self.silence_ms += FRAME_MS;
            }
            Frame::Sound => {
                self.tone_over();
                self.speech(FRAME_MS);
            }
            Frame::Tone(tone) => {
                if tone.frames == 1 {
                    self.tone_over();
                }
                self.undecided_ms += FRAME_MS;
                if let Some(known) = self.known_tone(tone) {
                    return Some(known);
                }
            }
        }
        let over = self.count(FRAME_MS);
        if self.greeting_ms >= LONGEST_GREETING_MS {
            return Some(FarEnd::AnswerMachine);
        }
        if self.speech_ms >= SHORTEST_SPEECH_MS && self.silence_ms >= WAITING_MS {
            return Some(FarEnd::Live);
        }
        over
    }

    /// Counts the time, and tells when it is over.
    fn count(&mut self, ms: u32) -> Option<FarEnd> {
        if !(self.ringing && self.start == DetectionStart::AnswerDetect) {
            self.elapsed_ms += ms;
        }
        (self.elapsed_ms >= self.limit_ms).then_some(FarEnd::Unknown)
    }

    /// Whether ringing tone is heard. Who has spoken before has answered before, and what follows is no ringing tone.
    fn rings(&mut self) -> bool {
        let lasted_ms = self.meter.ringing_ms();
        if lasted_ms <= FRAME_MS {
            self.before_ringing_ms = self.speech_ms;
        }
        // Once it has rung, a burst that is cut short is ringing tone too.
        let shortest_ms = if self.ringing { 2 * FRAME_MS } else { RINGING_MS };
        if lasted_ms < shortest_ms || self.before_ringing_ms >= SHORTEST_SPEECH_MS {
            return false;
        }
        (self.ringing, self.silence_ms) = (true, 0);
        (self.speech_ms, self.greeting_ms) = (0, 0);
        true
    }

    /// What a tone means that has lasted for long enough.
    fn known_tone(&mut self, tone: Tone) -> Option<FarEnd> {
        let lasted_ms = tone.frames * FRAME_MS;
        let near = |hz: f64, tolerance: f64| (tone.hz - hz).abs() <= tolerance;
        if lasted_ms >= FAX_TONE_MS
            && self.speech_ms < FAX_SPEECH_MS
            && (near(2100.0, 40.0) || near(1100.0, 45.0))
        {
            return Some(FarEnd::FaxMachine);
        }
        // A beep after speech: a machine that is ready.
        let beep = lasted_ms >= BEEP_MS && self.speech_ms >= SPEECH_BEFORE_BEEP_MS;
        beep.then_some(FarEnd::AnswerMachine)
    }

    /// A tone has ended. One that was too short to be one was a part of speech.
    fn tone_over(&mut self) {
        let lasted_ms = std::mem::take(&mut self.undecided_ms);
        if lasted_ms == 0 {
            return;
        }
        if lasted_ms < TONE_MS {
            self.speech(lasted_ms);
        } else {
            self.silence_ms = 0;
        }
    }

    fn speech(&mut self, ms: u32) {
        if self.speech_ms > 0 {
            self.greeting_ms += self.silence_ms;
        }
        if self.silence_ms > PAUSE_MS && self.speech_ms < SHORTEST_SPEECH_MS {
            // A click long before was no speech.
            (self.speech_ms, self.greeting_ms) = (0, 0);
        }
        self.greeting_ms += ms;
        self.speech_ms += ms;
        self.silence_ms = 0;
        // The last frame of ringing tone is not all tone.
        self.ringing &= self.speech_ms < SHORTEST_SPEECH_MS;
    }
}

/// A greeting that lasts longer is a machine's.
const LONGEST_GREETING_MS: u32 = 2700;
/// Who has spoken and is silent for so long waits for an answer: a person.
const WAITING_MS: u32 = 900;
/// Less is a click or a cough.
const SHORTEST_SPEECH_MS: u32 = 120;
/// Between words.
const PAUSE_MS: u32 = 300;
/// A tone that lasts longer is no voice.
const TONE_MS: u32 = 160;
/// CNG lasts 500 ms (ITU-T T.30), CED at least 2.6 s.
const FAX_TONE_MS: u32 = 400;
/// A fax machine does not talk before its tone.
const FAX_SPEECH_MS: u32 = 400;
/// The shortest ringing tone is 400 ms.
const RINGING_MS: u32 = 300;
const BEEP_MS: u32 = 160;
const SPEECH_BEFORE_BEEP_MS: u32 = 600;
