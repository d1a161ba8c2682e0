//! Tones: what signals ringing, busy and the like, by definition or by name (TONE-4 to TONE-10).

mod catalogue;
mod error;
mod notation;
mod predefined;
mod render;
mod sequence;

pub use catalogue::{Country, CountryTone, catalogue};
pub use error::ToneError;
pub use notation::NotationError;
pub use predefined::Predefined;
pub use sequence::{Combination, Partial, Segment, Sequence};

/// The tone of a name: a predefined one (`RINGBACK_UK`) or a country's (`ringback.fr`). Names are compared exactly.
pub fn named(name: &str) -> Option<Sequence> {
    if let Some(tone) = Predefined::ALL.into_iter().find(|tone| tone.name() == name) {
        return Some(tone.sequence());
    }
    let (tone, code) = name.split_once('.')?;
    let tone = CountryTone::ALL.into_iter().find(|known| known.name() == tone)?;
    catalogue().iter().find(|country| country.code == code)?.sequence(tone)
}

/// Every name that [`named`] knows: the predefined ones, then those of the countries in the order of their codes.
pub fn names() -> Vec<String> {
    let countries = catalogue().iter().flat_map(|country| {
        country.tones().map(move |(tone, _)| format!("{}.{}", tone.name(), country.code))
    });
    Predefined::ALL.into_iter().map(|tone| tone.name().to_owned()).chain(countries).collect()
}
