//! When an answering machine is ready to record (LSD-7, LSD-8).

use std::time::Duration;

use super::meter::{FRAME_MS, Frame, Meter};

/// What a machine that is ready sounds like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineSettings {
    /// The shortest beep.
    pub min_beep: Duration,
    /// The silence after the beep.
    pub post_beep_silence: Duration,
    /// The unbroken silence that is enough without a beep.
    pub no_beep_silence: Duration,
    /// The longest wait.
    pub limit: Option<Duration>,
}

/// Waits for a machine to be ready.
#[derive(Clone, Debug)]
pub struct MachineDetector {
    meter: Meter,
    settings: MachineSettings,
    elapsed_ms: u32,
    silence_ms: u32,
    /// The tone that goes on or was the last sound.
    tone_ms: u32,
    /// The frame before was a tone.
    sounding: bool,
    done: bool,
}

impl MachineDetector {
    /// A wait that begins here.
    pub fn new(settings: MachineSettings) -> Self {
        Self {
            meter: Meter::new(),
            settings,
            elapsed_ms: 0,
            silence_ms: 0,
            tone_ms: 0,
            sounding: false,
            done: false,
        }
    }

    /// Takes in samples at 8000 Hz and tells, once, whether the machine is ready or the time is over.
    pub fn hear(&mut self, samples: &[i16]) -> Option<bool> {
        if self.done {
            return None;
        }
        let ready = samples.iter().find_map(|sample| {
            let frame = self.meter.hear(*sample)?;
            self.judge(frame)
        });
        self.done = ready.is_some();
        ready
    }

    fn judge(&mut self, frame: Frame) -> Option<bool> {
        self.elapsed_ms += FRAME_MS;
        match frame {
            Frame::Silence => self.silence_ms += FRAME_MS,
            // The frame in which a beep ends is not all tone.
            Frame::Sound if self.sounding => {}
            Frame::Sound => (self.silence_ms, self.tone_ms) = (0, 0),
            Frame::Tone(tone) => {
                self.silence_ms = 0;
                self.tone_ms = tone.frames * FRAME_MS;
            }
        }
        self.sounding = matches!(frame, Frame::Tone(_));
        let ms = |time: Duration| u32::try_from(time.as_millis()).unwrap_or(u32::MAX);
        // Both edges of a beep lie within frames that are not all tone.
        let beep = self.tone_ms + FRAME_MS >= ms(self.settings.min_beep);
        let silence = match beep {
            true => self.settings.post_beep_silence,
            false => self.settings.no_beep_silence,
        };
        if self.silence_ms > 0 && self.silence_ms >= ms(silence) {
            return Some(true);
        }
        self.settings.limit.is_some_and(|limit| self.elapsed_ms >= ms(limit)).then_some(false)
    }
}
