//! CSeq: the order of requests in a dialog.

use crate::grammar::{Scanner, number, write_number};
use crate::header::{HeaderName, TypedHeader, ValueError, wire_form};
use crate::message::Method;
use crate::text::Text;

/// Sequence number and method (RFC 3261 section 20.16).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CSeq {
    /// Below 2^31 (RFC 3261 section 8.1.1.5).
    pub number: u32,
    /// The method of the request that it counts.
    pub method: Method,
}

impl TypedHeader for CSeq {
    const NAME: HeaderName = HeaderName::CSeq;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(value);
        let sequence = scan_number(&mut scanner)?;
        if sequence > CSEQ_MAX {
            return Err(ValueError::new("a number below 2147483648"));
        }
        scanner.skip_blanks();
        let method = scan_method(&mut scanner)?;
        scanner.end("nothing after the method")?;
        Ok(Self { number: sequence, method })
    }

    fn write(&self, out: &mut String) {
        write_number(out, self.number.into());
        out.push(' ');
        out.push_str(self.method.as_str());
    }
}

wire_form!(CSeq);

const CSEQ_MAX: u32 = (1 << 31) - 1;

/// A number of 32 bits with a blank after it.
pub(crate) fn scan_number(scanner: &mut Scanner<'_>) -> Result<u32, ValueError> {
    let digits = scanner.take_while(|b| b.is_ascii_digit());
    let value = number(digits, u64::from(u32::MAX)).and_then(|value| u32::try_from(value).ok());
    match (value, scanner.peek()) {
        (Some(value), Some(b' ' | b'\t')) => Ok(value),
        _ => Err(ValueError::new("a number from 0 to 4294967295 and a blank")),
    }
}

pub(crate) fn scan_method(scanner: &mut Scanner<'_>) -> Result<Method, ValueError> {
    let method = scanner.token().ok_or(ValueError::new("a method"))?;
    Method::parse(&scanner.share(method)).ok_or(ValueError::new("a method"))
}
