//! The sixteen keys.

use std::fmt;

use thiserror::Error;

/// One of the sixteen keys of a telephone: `0` to `9`, `*`, `#`, `A` to `D`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digit(u8);

impl Digit {
    /// The key of an event code (RFC 4733 section 3.2); `None` for codes that are no key.
    pub fn from_code(code: u8) -> Option<Self> {
        (usize::from(code) < KEYS.len()).then_some(Self(code))
    }

    /// The event code of the key, 0 to 15.
    pub fn code(self) -> u8 {
        self.0
    }

    /// The character on the key.
    pub fn as_char(self) -> char {
        char::from(KEYS[usize::from(self.0)])
    }
}

impl TryFrom<char> for Digit {
    type Error = ParseDigitError;

    fn try_from(key: char) -> Result<Self, Self::Error> {
        let code = KEYS.iter().position(|&known| char::from(known) == key).ok_or(ParseDigitError { key })?;
        Ok(Self(code as u8))
    }
}

impl From<Digit> for char {
    fn from(digit: Digit) -> Self {
        digit.as_char()
    }
}

impl fmt::Display for Digit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

/// A character that is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("'{key}' is no telephone key: accepted are 0 to 9, *, #, A to D")]
pub struct ParseDigitError {
    /// The character given.
    pub key: char,
}

/// By event code.
const KEYS: &[u8; 16] = b"0123456789*#ABCD";
