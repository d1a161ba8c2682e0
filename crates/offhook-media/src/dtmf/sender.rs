//! Key presses as packets: 100 ms each, 100 ms apart (RFC 4733 section 2.5.1, DTMF-17).

use std::collections::VecDeque;

use thiserror::Error;

use super::digit::{Digit, ParseDigitError};
use super::event::Event;

/// Turns digits into telephone event packets, one a frame.
///
/// A press takes the place of the audio of its frames: a packet every frame, with the duration so far; the last
/// one, with the end bit, is sent three times.
#[derive(Clone, Debug, Default)]
pub struct EventSender {
    queue: VecDeque<Key>,
    state: State,
}

impl EventSender {
    /// Adds digits to those that wait. A comma is a pause of half a second.
    ///
    /// # Errors
    ///
    /// A character that is neither a key nor a comma, or more than [`EventSender::MAX_WAITING`] waiting. Nothing
    /// is added then.
    pub fn queue(&mut self, digits: &str) -> Result<(), QueueDigitsError> {
        keys_of(digits, &mut self.queue)
    }

    /// What the frame that is due carries: it begins at `timestamp`, lasts `samples`, at a clock of
    /// `clock_rate_hz`.
    pub fn slot(&mut self, timestamp: u32, samples: u32, clock_rate_hz: u32) -> Slot {
        let press = clock_rate_hz / 10;
        if let State::Idle = self.state {
            self.state = match self.queue.pop_front() {
                Some(Key::Press(digit)) => State::Pressing { digit, start: timestamp, elapsed: 0 },
                Some(Key::Pause) => State::Pausing { left: clock_rate_hz / 2 },
                None => return Slot::Audio,
            };
        }
        match &mut self.state {
            State::Idle => Slot::Audio,
            State::Pressing { digit, start, elapsed } => {
                let first = *elapsed == 0;
                *elapsed += samples;
                let end = *elapsed >= press;
                let packet = EventPacket::new(*digit, *start, first, end, (*elapsed).min(press));
                if end {
                    self.state = State::Released { last: packet, repeats: END_REPEATS, gap: press };
                }
                Slot::Packet(packet)
            }
            State::Released { last, repeats, gap } => {
                let last = EventPacket { first: false, ..*last };
                *gap = gap.saturating_sub(samples);
                let repeat = *repeats > 0;
                *repeats = repeats.saturating_sub(1);
                if *gap == 0 && *repeats == 0 {
                    self.state = State::Idle;
                }
                if repeat { Slot::Packet(last) } else { Slot::Audio }
            }
            State::Pausing { left } => {
                *left = left.saturating_sub(samples);
                if *left == 0 {
                    self.state = State::Idle;
                }
                Slot::Audio
            }
        }
    }

    /// Whether everything was sent, the gap after the last digit included.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle) && self.queue.is_empty()
    }

    /// How many digits and commas may wait.
    pub const MAX_WAITING: usize = 256;
}

/// What one frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Audio, as always.
    Audio,
    /// This packet in its place.
    Packet(EventPacket),
}

/// One telephone event packet to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPacket {
    /// The timestamp of all packets of this event.
    pub start: u32,
    /// Whether it is the event's first, which carries the marker.
    pub first: bool,
    /// The payload.
    pub event: Event,
}

impl EventPacket {
    fn new(digit: Digit, start: u32, first: bool, end: bool, duration: u32) -> Self {
        let duration = u16::try_from(duration).unwrap_or(u16::MAX);
        Self { start, first, event: Event { code: digit.code(), end, volume_db: VOLUME_DB, duration } }
    }
}

/// Adds the keys of `digits` to a queue: all of them or none.
pub(super) fn keys_of(digits: &str, queue: &mut VecDeque<Key>) -> Result<(), QueueDigitsError> {
    let waiting = queue.len();
    for key in digits.chars() {
        let key = match key {
            ',' => Ok(Key::Pause),
            _ => Digit::try_from(key).map(Key::Press).map_err(QueueDigitsError::from),
        };
        let key = match key {
            Ok(_) if queue.len() >= EventSender::MAX_WAITING => Err(QueueDigitsError::TooMany),
            key => key,
        };
        match key {
            Ok(key) => queue.push_back(key),
            Err(error) => {
                queue.truncate(waiting);
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Why digits were not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum QueueDigitsError {
    /// A character is no key and no comma.
    #[error(transparent)]
    NoDigit(#[from] ParseDigitError),
    /// Too many wait already.
    #[error("more than {} digits would wait to be sent", EventSender::MAX_WAITING)]
    TooMany,
}

/// What is pressed, or not.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key {
    Press(Digit),
    Pause,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    #[default]
    Idle,
    Pressing {
        digit: Digit,
        start: u32,
        elapsed: u32,
    },
    Released {
        last: EventPacket,
        repeats: u8,
        gap: u32,
    },
    Pausing {
        left: u32,
    },
}

/// How often the last packet is sent again (RFC 4733 section 2.5.1.4).
const END_REPEATS: u8 = 2;
/// The level that events are said to have, below 0 dBm0.
const VOLUME_DB: u8 = 10;
