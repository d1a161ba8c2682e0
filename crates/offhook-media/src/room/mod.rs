//! Streams that exchange audio: the two legs of a connection, or the parties of a conference (CONN, CONF).

mod announcements;
mod limiter;
mod member;
mod talkers;

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use self::announcements::Announcements;
use self::member::Member;
use crate::codec::{NARROW_BAND_HZ, WIDE_BAND_HZ};
use crate::{Clip, Stream};

/// Mixes the streams of its members, as a state machine: streams and time in, frames out.
///
/// Each member hears the sum of all others that talk, and never itself (CONF-13): one sum is made per frame, and each
/// member's own part is taken out of it. Sums that are too loud are turned down and not clipped. A sum of one talker is
/// handed on as it is, so that two legs with the same codec exchange the very samples that they sent.
///
/// Members may have any codecs. A room mixes in wide band, at 16000 Hz, as long as all its members can, else at 8000 Hz.
///
/// A room has a clock of its own, a frame every [`Room::FRAME_TIME`], so that its members may have any packet time and
/// any phase; a frame waits for its listener's next packet, 20 ms at most (CONN-10).
///
/// Whoever drives it
///
/// 1. tells [`enter`](Room::enter) and [`leave`](Room::leave), and tells the stream itself the same with
///    [`Stream::enter_room`] and [`Stream::leave_room`];
/// 2. calls [`handle_timeout`](Room::handle_timeout) when [`poll_timeout`](Room::poll_timeout) is reached, before it
///    looks after the members' own frames that are due.
///
/// The steady state allocates nothing.
#[derive(Debug)]
pub struct Room<K> {
    loudest: Option<NonZeroUsize>,
    members: Vec<Member<K>>,
    announcements: Announcements,
    next_frame: Option<Instant>,
    /// What talkers weigh, while the loudest are chosen.
    weights: Vec<u32>,
    sum: [i32; MOST_FRAME_SAMPLES],
    mixed: [i16; MOST_FRAME_SAMPLES],
}

/// What a member of a room may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Party {
    /// Whether the others hear it.
    pub talks: bool,
    /// Whether it hears the others and the announcements.
    pub hears: bool,
}

impl Party {
    /// Talks and hears, like each side of a connection.
    pub const BOTH: Self = Self { talks: true, hears: true };
}

/// Where a room finds the streams of its members.
pub trait RoomStreams<K> {
    /// The stream of a member; `None` if it has ended.
    fn stream(&mut self, member: K) -> Option<&mut Stream>;
}

impl<K: Copy + PartialEq> Room<K> {
    /// A room without members. With `loudest` at most so many talkers are heard at a time, those whose voice is the
    /// strongest.
    pub fn new(loudest: Option<NonZeroUsize>) -> Self {
        Self {
            loudest,
            members: Vec::new(),
            announcements: Announcements::default(),
            next_frame: None,
            weights: Vec::new(),
            sum: [0; MOST_FRAME_SAMPLES],
            mixed: [0; MOST_FRAME_SAMPLES],
        }
    }

    /// Takes in a member, or changes what one may do. `due` is when its stream's next frame is due: the room of a first
    /// member keeps its time.
    pub fn enter(&mut self, member: K, party: Party, due: Instant) {
        match self.members.iter_mut().find(|known| known.key == member) {
            Some(known) => known.party = party,
            None => {
                self.members.push(Member::new(member, party));
                self.weights.reserve(self.members.len());
            }
        }
        self.next_frame.get_or_insert(due);
    }

    /// Lets a member go. The room of the last one stands still.
    pub fn leave(&mut self, member: K) {
        self.members.retain(|known| known.key != member);
        if self.members.is_empty() {
            self.next_frame = None;
        }
    }

    /// Repeats a clip to one member alone, in place of what the others say; `None` ends that.
    pub fn play_alone(&mut self, member: K, clip: Option<Clip>) {
        if let Some(known) = self.members.iter_mut().find(|known| known.key == member) {
            known.play_alone(clip);
        }
    }

    /// Plays a clip to all who hear, after those that are still being played. What comes while a queue of
    /// [`Room::ANNOUNCEMENTS`] is waiting is left out.
    pub fn announce(&mut self, clip: Clip) {
        self.announcements.push(clip);
    }

    /// Who is in the room.
    pub fn members(&self) -> impl Iterator<Item = K> + '_ {
        self.members.iter().map(|member| member.key)
    }

    /// When [`handle_timeout`](Room::handle_timeout) is to be called; `None` while nobody is in.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.next_frame
    }

    /// Exchanges the frame that is due. A call that comes late exchanges one frame, and leaves out those that are more
    /// than two behind, as streams do.
    pub fn handle_timeout(&mut self, now: Instant, streams: &mut impl RoomStreams<K>) {
        let Some(due) = self.next_frame.filter(|due| *due <= now) else { return };
        let late = now.saturating_duration_since(due);
        let behind = match late > Self::FRAME_TIME * MAX_FRAMES_BEHIND {
            true => u32::try_from(late.as_nanos() / Self::FRAME_TIME.as_nanos()).unwrap_or(u32::MAX),
            false => 0,
        };
        self.next_frame = Some(due + Self::FRAME_TIME * behind + Self::FRAME_TIME);

        let rate_hz = self.rate_hz(streams);
        let frame_samples = frame_samples(rate_hz);
        for member in &mut self.members {
            member.listen(now, rate_hz, streams);
        }
        if let Some(loudest) = self.loudest {
            talkers::keep_loudest(&mut self.members, loudest, &mut self.weights);
        }
        let (sum, mixed) = (&mut self.sum[..frame_samples], &mut self.mixed[..frame_samples]);
        sum.fill(0);
        self.announcements.add_to(rate_hz, sum);
        for member in &mut self.members {
            member.add_to(sum);
        }
        for member in &mut self.members {
            if member.hears(rate_hz, sum, mixed)
                && let Some(stream) = streams.stream(member.key)
            {
                stream.hear_room(now, rate_hz, mixed);
            }
        }
    }

    /// Samples a second of the frame that is due.
    fn rate_hz(&self, streams: &mut impl RoomStreams<K>) -> u32 {
        let is_wide = |member: &Member<K>| {
            streams.stream(member.key).is_none_or(|stream| stream.sampling_rate_hz() >= WIDE_BAND_HZ)
        };
        if self.members.iter().all(is_wide) { WIDE_BAND_HZ } else { NARROW_BAND_HZ }
    }

    /// Time from frame to frame.
    pub const FRAME_TIME: Duration = Duration::from_millis(20);

    /// How many announcements wait at most.
    pub const ANNOUNCEMENTS: usize = announcements::LONGEST_QUEUE;
}

/// Samples of a frame at a rate.
pub(crate) fn frame_samples(rate_hz: u32) -> usize {
    // 20 ms.
    rate_hz as usize / 50
}

/// Samples of a frame at 16000 Hz.
pub(crate) const MOST_FRAME_SAMPLES: usize = 320;
/// When more frames than this are due at once, the older ones are left out.
const MAX_FRAMES_BEHIND: u32 = 2;
