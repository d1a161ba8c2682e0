//! Keys as tones within the audio, for a far end that takes no telephone events: 100 ms each, 100 ms apart (DTMF-17).

use std::collections::VecDeque;
use std::f32::consts::TAU;

use super::digit::Digit;
use super::sender::{Key, QueueDigitsError, keys_of};
use super::tone_detector::{FREQUENCIES_HZ, KEYPAD};
use crate::measure;

/// Turns digits into sound.
#[derive(Clone, Debug, Default)]
pub struct ToneSender {
    queue: VecDeque<Key>,
    state: State,
}

impl ToneSender {
    /// Adds digits to those that wait. A comma is a pause of half a second.
    ///
    /// # Errors
    ///
    /// As [`EventSender::queue`](super::EventSender::queue).
    pub fn queue(&mut self, digits: &str) -> Result<(), QueueDigitsError> {
        keys_of(digits, &mut self.queue)
    }

    /// Fills `frame` at `rate_hz` with the tones, gaps and pauses that are due; `false` leaves it as it is: nothing waits.
    pub fn fill(&mut self, rate_hz: u32, frame: &mut [i16]) -> bool {
        if self.is_idle() {
            return false;
        }
        let mut at = 0;
        while at < frame.len() {
            let Some(left) = self.advance(rate_hz) else {
                frame[at..].fill(0);
                break;
            };
            let run = (frame.len() - at).min(left);
            self.render(rate_hz, &mut frame[at..at + run]);
            at += run;
        }
        true
    }

    /// Whether everything was sent, the gap after the last digit included.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle) && self.queue.is_empty()
    }

    /// The samples left of what is under way; begins the next key where nothing is.
    fn advance(&mut self, rate_hz: u32) -> Option<usize> {
        let tenth = rate_hz as usize / 10;
        loop {
            match self.state {
                State::Sounding { at, .. } if at == tenth => self.state = State::Silent { left: tenth },
                State::Sounding { at, .. } => return Some(tenth - at),
                State::Silent { left } => return Some(left),
                State::Idle => {
                    self.state = match self.queue.pop_front()? {
                        Key::Press(digit) => State::Sounding { digit, at: 0 },
                        Key::Pause => State::Silent { left: rate_hz as usize / 2 },
                    };
                }
            }
        }
    }

    fn render(&mut self, rate_hz: u32, part: &mut [i16]) {
        match &mut self.state {
            State::Sounding { digit, at } => {
                let tenth = rate_hz as usize / 10;
                let ramp = (rate_hz / RAMPS_PER_SECOND) as usize;
                let [low, high] = frequencies(*digit);
                let peak = |level| measure::peak_of_dbm0(level) as f32;
                let (low_peak, high_peak) = (peak(LOW_DBM0), peak(HIGH_DBM0));
                for sample in part {
                    let time = TAU * *at as f32 / rate_hz as f32;
                    let edge = (*at).min(tenth - *at) as f32 / ramp.max(1) as f32;
                    let value = low_peak * (low * time).sin() + high_peak * (high * time).sin();
                    *sample = (value * edge.min(1.0)) as i16;
                    *at += 1;
                }
            }
            State::Silent { left } => {
                *left -= part.len();
                part.fill(0);
                if *left == 0 {
                    self.state = State::Idle;
                }
            }
            State::Idle => {}
        }
    }
}

/// The two frequencies of a key (ITU-T Q.23), in hertz.
fn frequencies(digit: Digit) -> [f32; 2] {
    let key = digit.as_char();
    let place = KEYPAD
        .iter()
        .enumerate()
        .find_map(|(row, keys)| keys.iter().position(|known| *known == key).map(|column| [row, column]));
    // Every digit has a place on the keypad.
    let [row, column] = place.unwrap_or_default();
    [FREQUENCIES_HZ[row], FREQUENCIES_HZ[4 + column]]
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Idle,
    Sounding {
        digit: Digit,
        at: usize,
    },
    Silent {
        left: usize,
    },
}

/// The levels of ETSI ES 201 235-2: the high frequency is louder, for lines that lose it.
const LOW_DBM0: f64 = -9.0;
const HIGH_DBM0: f64 = -7.0;
/// A tone rises and falls within 2 ms, so that it does not click.
const RAMPS_PER_SECOND: u32 = 500;
