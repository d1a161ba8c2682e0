//! Retry-After: when it is worth to try again.

use crate::grammar::{Scanner, write_number};
use crate::header::expires::scan_seconds;
use crate::header::{HeaderName, Params, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// Delay before the next attempt (RFC 3261 section 20.33). A comment in parentheses is skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryAfter {
    /// The delay in seconds.
    pub seconds: u32,
    /// Parameters such as `duration`.
    pub params: Params,
}

impl RetryAfter {
    /// A delay without parameters.
    pub const fn new(seconds: u32) -> Self {
        Self { seconds, params: Params::new() }
    }
}

impl TypedHeader for RetryAfter {
    const NAME: HeaderName = HeaderName::RetryAfter;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(value);
        let seconds = scan_seconds(&mut scanner)?;
        scanner.skip_blanks();
        if scanner.peek() == Some(b'(') {
            let end = scanner.rest().rfind(')').ok_or(ValueError::new("`)` after the comment"))?;
            scanner.advance(end + 1);
        }
        Ok(Self { seconds, params: Params::scan(&mut scanner)? })
    }

    fn write(&self, out: &mut String) {
        write_number(out, self.seconds.into());
        self.params.write(out);
    }
}

wire_form!(RetryAfter);
