//! Codec lists as applications write them: `g711a;g711u` (RING-50, RING-51).

use std::fmt;
use std::str::FromStr;

use super::Codec;

/// The codecs of a call in order of priority (RING-50).
///
/// A list may name codecs that this build does not have, so that an application's list need not change with the
/// build; they are remembered, shown, and never negotiated. At least one codec of a list is available.
///
/// ```
/// use offhook_media::{Codec, CodecList};
///
/// let list: CodecList = " G722 ; g711a; g711u;g711a".parse()?;
/// assert_eq!(list.available(), [Codec::G722, Codec::G711A, Codec::G711U]);
/// assert_eq!(list.to_string(), "g722;g711a;g711u");
/// # Ok::<(), offhook_media::CodecListError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CodecList {
    names: Vec<CodecName>,
    available: Vec<Codec>,
}

impl CodecList {
    /// Parses a semicolon-separated list. Letter case and blanks around names do not matter; duplicates are dropped.
    ///
    /// # Errors
    ///
    /// [`CodecListError`]: nothing between the semicolons, a name that is not known, or no codec that this build has.
    pub fn parse(list: &str) -> Result<Self, CodecListError> {
        let mut names = Vec::new();
        for part in list.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let name: CodecName = part.parse()?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.is_empty() {
            return Err(CodecListError::Empty { given: list.to_owned() });
        }
        let available: Vec<Codec> = names.iter().filter_map(|name| name.available()).collect();
        if available.is_empty() {
            return Err(CodecListError::NoneAvailable { given: list.to_owned() });
        }
        Ok(Self { names, available })
    }

    /// The codecs that can be negotiated, in order of priority; never empty.
    pub fn available(&self) -> &[Codec] {
        &self.available
    }

    /// Every codec the list names, those that this build lacks included, in order of priority.
    pub fn names(&self) -> &[CodecName] {
        &self.names
    }
}

impl Default for CodecList {
    /// [`Codec::DEFAULT`].
    fn default() -> Self {
        Self::from(Codec::DEFAULT.as_slice())
    }
}

impl From<&[Codec]> for CodecList {
    /// A list of these codecs, duplicates dropped. An empty slice gives the default list.
    fn from(codecs: &[Codec]) -> Self {
        let codecs = if codecs.is_empty() { Codec::DEFAULT.as_slice() } else { codecs };
        let mut available = Vec::new();
        for codec in codecs {
            if !available.contains(codec) {
                available.push(*codec);
            }
        }
        Self { names: available.iter().map(|codec| CodecName::from(*codec)).collect(), available }
    }
}

impl FromStr for CodecList {
    type Err = CodecListError;

    fn from_str(list: &str) -> Result<Self, Self::Err> {
        Self::parse(list)
    }
}

impl fmt::Display for CodecList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.names.iter().enumerate() {
            if index > 0 {
                f.write_str(";")?;
            }
            f.write_str(name.as_str())?;
        }
        Ok(())
    }
}

/// A codec name that lists may hold, whether or not this build has the codec (RING-51).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CodecName {
    /// G.711 A-law.
    G711A,
    /// G.711 mu-law.
    G711U,
    /// G.722, 64 kbit/s.
    G722,
    /// Opus (RFC 6716).
    Opus,
    /// G.729.
    G729,
}

impl CodecName {
    /// Every known name.
    pub const ALL: [Self; 5] = [Self::G711A, Self::G711U, Self::G722, Self::Opus, Self::G729];

    /// The name in its usual form, in small letters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::G711A => "g711a",
            Self::G711U => "g711u",
            Self::G722 => "g722",
            Self::Opus => "opus",
            Self::G729 => "g729",
        }
    }

    /// The codec, if this build has it.
    pub const fn available(self) -> Option<Codec> {
        match self {
            Self::G711A => Some(Codec::G711A),
            Self::G711U => Some(Codec::G711U),
            Self::G722 => Some(Codec::G722),
            Self::Opus => Some(Codec::Opus),
            Self::G729 => None,
        }
    }
}

impl From<Codec> for CodecName {
    fn from(codec: Codec) -> Self {
        match codec {
            Codec::G711A => Self::G711A,
            Codec::G711U => Self::G711U,
            Codec::G722 => Self::G722,
            Codec::Opus => Self::Opus,
        }
    }
}

impl fmt::Display for CodecName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for CodecName {
    type Err = CodecListError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let name = name.trim();
        Self::ALL
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(name))
            .ok_or_else(|| CodecListError::Unknown { name: name.to_owned() })
    }
}

/// Why a codec list was refused. The messages name the accepted names (RING-51).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecListError {
    /// The list holds no name.
    #[error("codec list {given:?} holds no codec; known codecs: g711a, g711u, g722, opus, g729")]
    Empty {
        /// The list as given.
        given: String,
    },
    /// A name that is not known.
    #[error("codec {name:?} is not known; known codecs: g711a, g711u, g722, opus, g729")]
    Unknown {
        /// The name as given.
        name: String,
    },
    /// All names are known, but this build has none of the codecs.
    #[error(
        "codec list {given:?} holds no codec that this build has; available codecs: g711a, g711u, g722, opus"
    )]
    NoneAvailable {
        /// The list as given.
        given: String,
    },
}
