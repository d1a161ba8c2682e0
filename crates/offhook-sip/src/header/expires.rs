//! Expires and Min-Expires: how long something holds.

use crate::grammar::{Scanner, number, write_number};
use crate::header::{HeaderName, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// Seconds that a registration or an INVITE's ringing holds (RFC 3261 section 20.19).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Expires(pub u32);

/// The least that a registrar accepts, in seconds (RFC 3261 section 20.23).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MinExpires(pub u32);

impl TypedHeader for Expires {
    const NAME: HeaderName = HeaderName::Expires;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        seconds(value).map(Self)
    }

    fn write(&self, out: &mut String) {
        write_number(out, self.0.into());
    }
}

impl TypedHeader for MinExpires {
    const NAME: HeaderName = HeaderName::MinExpires;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        seconds(value).map(Self)
    }

    fn write(&self, out: &mut String) {
        write_number(out, self.0.into());
    }
}

wire_form!(Expires, MinExpires);

/// `delta-seconds` as a whole value.
pub(crate) fn seconds(value: &Text) -> Result<u32, ValueError> {
    let mut scanner = Scanner::new(value);
    let seconds = scan_seconds(&mut scanner)?;
    scanner.end("nothing after the seconds")?;
    Ok(seconds)
}

/// `delta-seconds` at the scanner's place.
pub(crate) fn scan_seconds(scanner: &mut Scanner<'_>) -> Result<u32, ValueError> {
    let digits = scanner.take_while(|b| b.is_ascii_digit());
    number(digits, u64::from(u32::MAX))
        .and_then(|seconds| u32::try_from(seconds).ok())
        .ok_or(ValueError::new("seconds from 0 to 4294967295"))
}
