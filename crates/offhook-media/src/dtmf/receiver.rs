//! From packets to key presses: one press, one digit, whatever is lost (DTMF-12).

use std::time::{Duration, Instant};

use super::digit::Digit;
use super::event::Event;

/// Tells key presses apart by SSRC and timestamp (RFC 4733 section 2.3, DTMF-12, UR-33).
///
/// A press begins with whichever of its packets comes first and is over with the first packet that says so, with
/// the first packet of the next press, or when nothing more of it comes for [`EventReceiver::LOST_END`].
#[derive(Clone, Debug, Default)]
pub struct EventReceiver {
    pressed: Option<Pressed>,
    /// SSRC and timestamp of the newest press that is over: its late packets are not another press.
    over: Option<(u32, u32)>,
}

impl EventReceiver {
    /// After this time without a packet, a press whose end was lost is over.
    pub const LOST_END: Duration = Duration::from_millis(200);

    /// Takes in one event packet that came at `now`. What comes of it, in order: an older press that is over, this
    /// one begun, this one over.
    pub fn packet(
        &mut self,
        now: Instant,
        ssrc: u32,
        header: EventHeader,
        event: &Event,
    ) -> [Option<Press>; 3] {
        const NOTHING: [Option<Press>; 3] = [None; 3];
        let EventHeader { marker, timestamp } = header;
        let Some(digit) = Digit::from_code(event.code) else { return NOTHING };
        if self.over.is_some_and(|(source, newest)| source == ssrc && is_late(timestamp, newest)) {
            return NOTHING;
        }

        let mut lost_end = None;
        let mut begun = false;
        match &mut self.pressed {
            Some(pressed) if pressed.ssrc == ssrc && pressed.timestamp == timestamp => {}
            Some(pressed) if pressed.is_continued_by(ssrc, digit, marker, timestamp) => {
                pressed.before += u32::from(u16::MAX);
                pressed.timestamp = timestamp;
                pressed.duration = 0;
            }
            Some(pressed) if pressed.ssrc == ssrc && is_late(timestamp, pressed.timestamp) => return NOTHING,
            _ => {
                lost_end = self.release();
                begun = true;
            }
        }
        let pressed = self.pressed.get_or_insert(Pressed {
            ssrc,
            timestamp,
            digit,
            before: 0,
            duration: 0,
            last_packet: now,
        });
        pressed.duration = pressed.duration.max(event.duration);
        pressed.last_packet = now;

        let over = if event.end { self.release() } else { None };
        [lost_end, begun.then_some(Press::Begun { digit }), over]
    }

    /// Ends a press of which nothing has come for too long.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Press> {
        let since = self.pressed.as_ref()?.last_packet;
        if now.saturating_duration_since(since) < Self::LOST_END { None } else { self.release() }
    }

    /// Whether a key is held down.
    pub fn is_pressed(&self) -> bool {
        self.pressed.is_some()
    }

    fn release(&mut self) -> Option<Press> {
        let pressed = self.pressed.take()?;
        self.over = Some((pressed.ssrc, pressed.timestamp));
        Some(Press::Over {
            digit: pressed.digit,
            timestamp_units: pressed.before + u32::from(pressed.duration),
        })
    }
}

/// What the RTP header of an event packet says about the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventHeader {
    /// Set on the first packet of an event.
    pub marker: bool,
    /// When the event began, or the segment of a long one.
    pub timestamp: u32,
}

/// What became of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    /// It was pressed.
    Begun {
        /// Which.
        digit: Digit,
    },
    /// It was released: this is the one report that counts.
    Over {
        /// Which.
        digit: Digit,
        /// How long it was held, in timestamp units, as far as the packets that came say.
        timestamp_units: u32,
    },
}

#[derive(Clone, Debug)]
struct Pressed {
    ssrc: u32,
    timestamp: u32,
    digit: Digit,
    /// What earlier segments of a long press lasted.
    before: u32,
    duration: u16,
    last_packet: Instant,
}

impl Pressed {
    /// A press longer than the duration field can say goes on in a segment that begins where the field ended, and
    /// whose packets have no marker (RFC 4733 section 2.5.1.3).
    fn is_continued_by(&self, ssrc: u32, digit: Digit, marker: bool, timestamp: u32) -> bool {
        self.ssrc == ssrc
            && self.digit == digit
            && !marker
            && timestamp.wrapping_sub(self.timestamp) == u32::from(u16::MAX)
    }
}

/// Whether a packet that carries `timestamp` was sent with or before the event of `newest`. A larger step back is
/// a sender that began its timestamps anew.
fn is_late(timestamp: u32, newest: u32) -> bool {
    newest.wrapping_sub(timestamp) < LATEST
}

/// Ten seconds at 48000 Hz, the fastest clock of a codec: no network holds a packet back for longer.
const LATEST: u32 = 480_000;
