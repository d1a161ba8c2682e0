//! RSeq: the number of a reliable provisional response.

use crate::grammar::{number, write_number};
use crate::header::{HeaderName, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// Response number, 1 to 4294967295 (RFC 3262 section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RSeq(pub u32);

impl TypedHeader for RSeq {
    const NAME: HeaderName = HeaderName::RSeq;

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

wire_form!(RSeq);
