//! Codec lists as applications write them: `g711a;g711u` (RING-50, RING-51).

use std::fmt;
use std::str::FromStr;

use super::Codec;

/// The codecs of a call in order of priority (RING-50).
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
pub struct CodecList(Vec<Codec>);

impl CodecList {
    /// Parses a semicolon-separated list. Letter case and blanks around names do not matter; duplicates are dropped.
    ///
    /// # Errors
    ///
    /// [`CodecListError`]: nothing between the semicolons, or a name that is not known.
    pub fn parse(list: &str) -> Result<Self, CodecListError> {
        let parts = list.split(';').map(str::trim).filter(|part| !part.is_empty());
        let codecs = parts.map(str::parse).collect::<Result<Vec<Codec>, _>>()?;
        if codecs.is_empty() {
            return Err(CodecListError::Empty { given: list.to_owned() });
        }
        Ok(Self::from(codecs.as_slice()))
    }

    /// The codecs that can be negotiated, in order of priority; never empty.
    pub fn available(&self) -> &[Codec] {
        &self.0
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
        let given = if codecs.is_empty() { Codec::DEFAULT.as_slice() } else { codecs };
        let mut codecs = Vec::new();
        for codec in given {
            if !codecs.contains(codec) {
                codecs.push(*codec);
            }
        }
        Self(codecs)
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
        for (index, codec) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(";")?;
            }
            f.write_str(codec.name())?;
        }
        Ok(())
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
}
