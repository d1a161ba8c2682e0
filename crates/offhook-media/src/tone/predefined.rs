//! The three tones that every tone manager knows (TONE-2, TONE-10).

use super::{Segment, Sequence};

/// A predefined tone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Predefined {
    /// Ringback of the United States: 440 and 480 Hz, 2 s on, 4 s off, each frequency at -19 dBm0.
    #[default]
    Ringback,
    /// Ringback of the United Kingdom: 400 and 450 Hz, 0.4 s on, 0.2 s off, 0.4 s on, 2 s off, each at -19 dBm0.
    RingbackUk,
    /// Ringback of most of Europe: 425 Hz, 1 s on, 4 s off, at -13 dBm0.
    RingbackEu,
}

impl Predefined {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ringback, Self::RingbackUk, Self::RingbackEu];

    /// The name, for example `RINGBACK_UK`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ringback => "RINGBACK",
            Self::RingbackUk => "RINGBACK_UK",
            Self::RingbackEu => "RINGBACK_EU",
        }
    }

    /// The definition, one pass.
    pub fn sequence(self) -> Sequence {
        let segments = match self {
            Self::Ringback => vec![Segment::sum(440, 480, 19, 2000), Segment::silence(4000)],
            Self::RingbackUk => vec![
                Segment::sum(400, 450, 19, 400),
                Segment::silence(200),
                Segment::sum(400, 450, 19, 400),
                Segment::silence(2000),
            ],
            Self::RingbackEu => vec![Segment::single(425, 13, 1000), Segment::silence(4000)],
        };
        Sequence::from_checked(segments)
    }
}
