//! Max-Forwards: how many more hops a request may take.

use crate::grammar::{number, write_number};
use crate::header::{HeaderName, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// Hops left (RFC 3261 section 20.22).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MaxForwards(pub u8);

impl TypedHeader for MaxForwards {
    const NAME: HeaderName = HeaderName::MaxForwards;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        number(value, u8::MAX.into())
            .and_then(|value| value.try_into().ok())
            .map(Self)
            .ok_or(ValueError::new("a number from 0 to 255"))
    }

    fn write(&self, out: &mut String) {
        write_number(out, self.0.into());
    }
}

wire_form!(MaxForwards);
