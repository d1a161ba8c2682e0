//! The six voices.

use std::fmt;
use std::str::FromStr;

/// A voice, and with it the language that it speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Voice {
    /// English of the United States.
    #[default]
    EnUs,
    /// English of Great Britain.
    EnGb,
    /// German.
    DeDe,
    /// French.
    FrFr,
    /// Spanish.
    EsEs,
    /// Italian.
    ItIt,
}

impl Voice {
    /// All voices.
    pub const ALL: [Self; 6] = [Self::EnUs, Self::EnGb, Self::DeDe, Self::FrFr, Self::EsEs, Self::ItIt];

    /// The language tag of the voice (RFC 5646), for example `en-GB`; also its name.
    pub const fn language(self) -> &'static str {
        match self {
            Self::EnUs => "en-US",
            Self::EnGb => "en-GB",
            Self::DeDe => "de-DE",
            Self::FrFr => "fr-FR",
            Self::EsEs => "es-ES",
            Self::ItIt => "it-IT",
        }
    }
}

impl fmt::Display for Voice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.language())
    }
}

impl FromStr for Voice {
    type Err = UnknownVoice;

    /// Takes a language tag, or a language alone; letter case does not matter and `_` counts as `-`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let wanted = name.trim().replace('_', "-");
        let by_tag = Self::ALL.into_iter().find(|voice| voice.language().eq_ignore_ascii_case(&wanted));
        let by_language =
            || Self::ALL.into_iter().find(|voice| voice.language()[..2].eq_ignore_ascii_case(&wanted));
        by_tag.or_else(by_language).ok_or_else(|| UnknownVoice { name: name.to_owned() })
    }
}

/// A name that is no voice's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("voice {name:?} is not known, accepted: en-US, en-GB, de-DE, fr-FR, es-ES, it-IT")]
pub struct UnknownVoice {
    /// The name as given.
    pub name: String,
}
