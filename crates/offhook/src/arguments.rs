//! Arguments that many operations take, checked in one way and refused in the same words.

use std::fmt::Display;
use std::time::Duration;

use offhook_media::CodecList;

use crate::error::{BadArgument, Operation};
use crate::seconds;
use crate::state::State;

/// What a key can be.
pub(crate) const DIGITS: &str = "0123456789ABCD*#";

/// Checks the arguments of an operation that was called in a state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arguments {
    pub(crate) operation: Operation,
    pub(crate) state: State,
}

impl Arguments {
    /// The refusal of an argument.
    pub(crate) fn refuse(
        self,
        name: &'static str,
        value: impl Display,
        accepted: impl Display,
    ) -> BadArgument {
        let Self { operation, state } = self;
        BadArgument { operation, state, name, value: value.to_string(), accepted: accepted.to_string() }
    }

    /// A time limit in seconds; `None` is no limit (RING-15, GEN-9).
    pub(crate) fn limit(
        self,
        name: &'static str,
        given: Option<f64>,
    ) -> Result<Option<Duration>, BadArgument> {
        let Some(given) = given else { return Ok(None) };
        let limit = seconds::duration(given);
        limit.map(Some).ok_or_else(|| self.refuse(name, given, "0 or more seconds, or None"))
    }

    /// The codecs of a call; `None` stands for the server's (RING-51).
    pub(crate) fn codecs(self, given: Option<&str>) -> Result<Option<CodecList>, BadArgument> {
        let Some(list) = given else { return Ok(None) };
        let codecs = CodecList::parse(list);
        codecs.map(Some).map_err(|error| self.refuse("codecs", format_args!("{list:?}"), error))
    }

    /// Any number of digits.
    pub(crate) fn digits(self, name: &'static str, given: &str) -> Result<(), BadArgument> {
        if given.chars().all(|digit| DIGITS.contains(digit)) {
            return Ok(());
        }
        Err(self.refuse(name, format_args!("{given:?}"), "digits of 0-9 A-D * #"))
    }
}
