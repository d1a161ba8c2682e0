//! RAck: which reliable provisional response a PRACK acknowledges.

use crate::grammar::Scanner;
use crate::header::cseq::{scan_method, scan_number};
use crate::header::{HeaderName, TypedHeader, ValueError, wire_form};
use crate::message::Method;
use crate::text::Text;

/// The response's RSeq and CSeq (RFC 3262 section 7.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RAck {
    /// RSeq of the response.
    pub rseq: u32,
    /// CSeq number of the response.
    pub cseq: u32,
    /// CSeq method of the response.
    pub method: Method,
}

impl TypedHeader for RAck {
    const NAME: HeaderName = HeaderName::RAck;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(value);
        let rseq = scan_number(&mut scanner)?;
        scanner.skip_blanks();
        let cseq = scan_number(&mut scanner)?;
        scanner.skip_blanks();
        let method = scan_method(&mut scanner)?;
        scanner.end("nothing after the method")?;
        Ok(Self { rseq, cseq, method })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&format!("{} {} {}", self.rseq, self.cseq, self.method));
    }
}

wire_form!(RAck);
