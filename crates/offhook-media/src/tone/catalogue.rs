//! The tones of national telephone networks (TONE-9), after the list of national tones of ITU-T E.180, supplement 2.

use super::Sequence;

/// The countries in the order of their codes.
pub fn catalogue() -> &'static [Country] {
    TABLE
}

/// The tones of one country, in the notation of [`Sequence::from_notation`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Country {
    /// ISO 3166-1 code of two letters, in small letters.
    pub code: &'static str,
    /// The English name.
    pub name: &'static str,
    tones: [&'static str; 5],
}

impl Country {
    /// The definition of a tone, or `None` if the country's list has none.
    pub fn notation(&self, tone: CountryTone) -> Option<&'static str> {
        Some(self.tones[tone as usize]).filter(|notation| !notation.is_empty())
    }

    /// The tone, or `None` if the country's list has none.
    pub fn sequence(&self, tone: CountryTone) -> Option<Sequence> {
        // A test parses every definition of the table.
        self.notation(tone).and_then(|notation| Sequence::from_notation(notation).ok())
    }

    /// The tones that the country's list has, with their definitions.
    pub fn tones(&self) -> impl Iterator<Item = (CountryTone, &'static str)> + use<> {
        let country = *self;
        CountryTone::ALL.into_iter().filter_map(move |tone| Some((tone, country.notation(tone)?)))
    }
}

/// What a national tone says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CountryTone {
    /// The network waits for digits.
    Dial,
    /// The far end rings.
    Ringback,
    /// The far end is busy.
    Busy,
    /// The network is busy.
    Congestion,
    /// A further call waits.
    Waiting,
}

impl CountryTone {
    /// All of them, in the order of the table.
    pub const ALL: [Self; 5] = [Self::Dial, Self::Ringback, Self::Busy, Self::Congestion, Self::Waiting];

    /// The first part of the tone's name, for example `ringback`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::Ringback => "ringback",
            Self::Busy => "busy",
            Self::Congestion => "congestion",
            Self::Waiting => "waiting",
        }
    }
}

const fn country(code: &'static str, name: &'static str, tones: [&'static str; 5]) -> Country {
    Country { code, name, tones }
}

/// Dial, ringback, busy, congestion, waiting; an empty string where the list has none.
static TABLE: &[Country] = &[
    country("de", "Germany", ["425", "425:1000 0:4000", "425:480 0:480", "425:240 0:240", "425:200 0:200 425:200 0:5000"]),
    country("fr", "France", ["440", "440:1500 0:3500", "440:500 0:500", "440:250 0:250", "440:300 0:10000"]),
    country("gb", "United Kingdom", ["350+440", "400+450:400 0:200 400+450:400 0:2000", "400:375 0:375", "400:400 0:350 400:225 0:525", "400:100 0:4000"]),
    country("us", "United States", ["350+440", "440+480:2000 0:4000", "480+620:500 0:500", "480+620:250 0:250", "440:300 0:9700"]),
];
