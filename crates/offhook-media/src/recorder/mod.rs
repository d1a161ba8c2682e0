//! A recording as a state machine: frames in, pieces of a WAV file out.
//!
//! The file is valid at every instant (REC-14): each piece is appended first, and then the header is written again, in
//! one write, with the sizes that hold from then on. A reader that comes between the two, or after a crash there, finds
//! a valid file and bytes behind its end. Writing is not done here: [`RecordedPart`]s are handed to whoever owns the
//! file.

mod settings;

use std::collections::VecDeque;
use std::time::Duration;

use self::settings::RATE_HZ;
pub use self::settings::{RecordChannels, RecordCodec, RecordEnd, RecordSettings};

use crate::{Law, measure};

/// Records what is heard, and with [`RecordChannels::Stereo`] what is sent beside it.
///
/// It counts time by the frames it is given: what was lost must come as concealed sound or silence, and the file is as
/// long as the time that passed (REC-19).
#[derive(Clone, Debug)]
pub struct Recorder {
    settings: RecordSettings,
    /// Samples that were heard before the recording began and are still to come: the delay of the jitter buffer.
    early: usize,
    /// Sent, and not yet beside what was heard at the same time.
    own: VecDeque<i16>,
    part: Vec<u8>,
    /// Samples of each channel so far.
    samples: u64,
    /// Samples that came, those not recorded included.
    elapsed: u64,
    written_bytes: u64,
    most_bytes: u64,
    silence: SilenceMeter,
    ended: Option<RecordEnd>,
}

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedPart {
    /// To be appended, before the header is written.
    pub data: Vec<u8>,
    /// To be written over the beginning of the file, in one write.
    pub header: Vec<u8>,
}

impl Recorder {
    /// A recording that begins here. `delay` is the time after which what is heard from here on is played out: as much
    /// is left out first.
    pub fn new(settings: RecordSettings, delay: Duration) -> Self {
        let most_bytes = settings.max_bytes.saturating_sub(settings.empty_file().len() as u64);
        Self {
            early: samples_in(delay) as usize,
            own: VecDeque::new(),
            part: Vec::with_capacity(settings.frame_bytes() * PART_SAMPLES),
            samples: 0,
            elapsed: 0,
            written_bytes: 0,
            most_bytes,
            silence: SilenceMeter::new(settings.silence_dbm0),
            ended: None,
            settings,
        }
    }

    /// Takes in what is sent, frame by frame.
    pub fn sent(&mut self, samples: impl Iterator<Item = i16>) {
        if self.settings.channels == RecordChannels::Stereo && self.ended.is_none() {
            self.own.extend(samples);
            // Nothing is heard: what was sent long ago is beside nothing.
            while self.own.len() > LONGEST_LEAD {
                self.own.pop_front();
            }
        }
    }

    /// Takes in what is heard, and tells when a limit is reached.
    pub fn heard(&mut self, samples: &[i16]) -> Option<RecordEnd> {
        if self.ended.is_some() {
            return None;
        }
        self.elapsed += samples.len() as u64;
        let early = self.early.min(samples.len());
        self.early -= early;
        for sample in &samples[early..] {
            if let Some(end) = self.record(*sample) {
                self.ended = Some(end);
                return self.ended;
            }
        }
        let over = self.settings.limit.is_some_and(|limit| self.elapsed >= samples_in(limit));
        self.ended = over.then_some(RecordEnd::Limit);
        self.ended
    }

    /// Lengthens the recording with silence to the time that has passed since it began.
    pub fn pad_to(&mut self, duration: Duration) {
        let due = samples_in(duration);
        while self.ended.is_none() && self.samples < due {
            self.ended = self.record(0);
        }
    }

    /// The next piece of the file, once enough has come together.
    pub fn poll_part(&mut self) -> Option<RecordedPart> {
        (self.part.len() >= self.settings.frame_bytes() * PART_SAMPLES).then(|| self.take_part())
    }

    /// The last piece of the file.
    pub fn finish(mut self) -> RecordedPart {
        self.take_part()
    }

    /// Whether anything but silence was heard (REC-6).
    pub fn has_heard(&self) -> bool {
        self.silence.has_heard
    }

    /// Whether this digit ends the recording (REC-10).
    pub fn ends_with(&self, digit: char) -> bool {
        self.settings.barge_in_digits.contains(digit)
    }

    /// The playing time so far.
    pub fn duration(&self) -> Duration {
        Duration::from_nanos(self.samples * 1_000_000_000 / u64::from(RATE_HZ))
    }

    /// Records one sample of each channel.
    fn record(&mut self, heard: i16) -> Option<RecordEnd> {
        if self.written_bytes + (self.part.len() + self.settings.frame_bytes()) as u64 > self.most_bytes {
            return Some(RecordEnd::Size);
        }
        self.settings.codec.push(heard, &mut self.part);
        if self.settings.channels == RecordChannels::Stereo {
            let own = self.own.pop_front().unwrap_or(0);
            self.settings.codec.push(own, &mut self.part);
        }
        self.samples += 1;
        let silent = self.silence.hear(heard);
        if self.settings.max_duration.is_some_and(|longest| self.samples >= samples_in(longest)) {
            return Some(RecordEnd::Limit);
        }
        let longest = match self.silence.has_heard {
            true => self.settings.max_silence,
            false => self.settings.initial_silence.or(self.settings.max_silence),
        };
        longest.is_some_and(|longest| silent >= samples_in(longest)).then_some(RecordEnd::Silence)
    }

    fn take_part(&mut self) -> RecordedPart {
        let room = Vec::with_capacity(self.settings.frame_bytes() * PART_SAMPLES + ROOM_BYTES);
        let data = std::mem::replace(&mut self.part, room);
        self.written_bytes += data.len() as u64;
        RecordedPart { data, header: self.header() }
    }

    fn header(&self) -> Vec<u8> {
        self.settings.header(usize::try_from(self.written_bytes).unwrap_or(usize::MAX))
    }
}

/// Counts silence by frames of 20 ms (REC-9).
#[derive(Clone, Debug)]
struct SilenceMeter {
    /// The energy of a frame at the level below which it is silent.
    threshold: f64,
    energy: f64,
    filled: usize,
    /// Silent samples in a row, the unfinished frame not counted.
    silent: u64,
    has_heard: bool,
}

impl SilenceMeter {
    fn new(silence_dbm0: f64) -> Self {
        let threshold = measure::peak_of_dbm0(silence_dbm0).powi(2) / 2.0 * FRAME_SAMPLES as f64;
        Self { threshold, energy: 0.0, filled: 0, silent: 0, has_heard: false }
    }

    /// How many samples in a row were silent.
    fn hear(&mut self, sample: i16) -> u64 {
        self.energy += f64::from(sample) * f64::from(sample);
        self.filled += 1;
        if self.filled == FRAME_SAMPLES {
            if self.energy < self.threshold {
                self.silent += FRAME_SAMPLES as u64;
            } else {
                self.silent = 0;
                self.has_heard = true;
            }
            (self.energy, self.filled) = (0.0, 0);
        }
        self.silent
    }
}

impl RecordCodec {
    fn push(self, sample: i16, bytes: &mut Vec<u8>) {
        let mut encoded = [0];
        match self {
            Self::ALaw => {
                Law::A.encode_into(&[sample], &mut encoded);
                bytes.push(encoded[0]);
            }
            Self::MuLaw => {
                Law::Mu.encode_into(&[sample], &mut encoded);
                bytes.push(encoded[0]);
            }
            Self::Pcm16 => bytes.extend_from_slice(&sample.to_le_bytes()),
        }
    }
}

fn samples_in(time: Duration) -> u64 {
    u64::try_from(time.as_nanos() * u128::from(RATE_HZ) / 1_000_000_000).unwrap_or(u64::MAX)
}

const FRAME_SAMPLES: usize = 160;
/// A piece of the file is 0.4 s: with what waits in the jitter buffer and on the way to the disk less than the second
/// that may be lost in a crash (REC-14).
const PART_SAMPLES: usize = 3200;
/// A piece is taken at the end of a frame of up to 60 ms of two channels with 16 bits.
const ROOM_BYTES: usize = 1920;
/// What is sent waits for at most two seconds for what is heard.
const LONGEST_LEAD: usize = 16_000;
