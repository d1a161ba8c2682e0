//! Min-SE: the shortest session interval that is accepted.

use crate::grammar::{Scanner, write_number};
use crate::header::expires::scan_seconds;
use crate::header::{HeaderName, Params, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// Seconds (RFC 4028 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MinSe(pub u32);

impl TypedHeader for MinSe {
    const NAME: HeaderName = HeaderName::MinSe;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(value);
        let seconds = scan_seconds(&mut scanner)?;
        // The grammar has room for parameters, but none is defined.
        Params::scan(&mut scanner)?;
        Ok(Self(seconds))
    }

    fn write(&self, out: &mut String) {
        write_number(out, self.0.into());
    }
}

wire_form!(MinSe);
