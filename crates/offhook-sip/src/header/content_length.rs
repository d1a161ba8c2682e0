//! Content-Length: the size of the body.

use crate::grammar::{number, write_number};
use crate::header::{HeaderName, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// Size of the body in bytes (RFC 3261 section 20.14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentLength(pub u32);

impl TypedHeader for ContentLength {
    const NAME: HeaderName = HeaderName::ContentLength;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        number(value, u32::MAX.into())
            .and_then(|value| value.try_into().ok())
            .map(Self)
            .ok_or(ValueError::new("a number from 0 to 4294967295"))
    }

    fn write(&self, out: &mut String) {
        write_number(out, self.0.into());
    }
}

wire_form!(ContentLength);
