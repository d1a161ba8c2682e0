//! Content-Type: what the body is.

use crate::grammar::Scanner;
use crate::header::{HeaderName, Params, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// A media type (RFC 3261 section 20.15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentType {
    /// What stands before the slash, such as `application`.
    pub kind: Text,
    /// What stands after the slash, such as `sdp`.
    pub subtype: Text,
    /// Parameters, such as `boundary`.
    pub params: Params,
}

impl ContentType {
    /// `application/sdp`.
    pub const SDP: Self = Self {
        kind: Text::from_static("application"),
        subtype: Text::from_static("sdp"),
        params: Params::new(),
    };

    /// Whether the type is `kind/subtype`, letter case and parameters aside.
    pub fn is(&self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }
}

impl TypedHeader for ContentType {
    const NAME: HeaderName = HeaderName::ContentType;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        const EXPECTED: ValueError = ValueError::new("`type/subtype`");
        let mut scanner = Scanner::new(value);
        let kind = scanner.token().ok_or(EXPECTED)?;
        if !scanner.eat(b'/') {
            return Err(EXPECTED);
        }
        let subtype = scanner.token().ok_or(EXPECTED)?;
        let (kind, subtype) = (scanner.share(kind), scanner.share(subtype));
        Ok(Self { kind, subtype, params: Params::scan(&mut scanner)? })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.kind);
        out.push('/');
        out.push_str(&self.subtype);
        self.params.write(out);
    }
}

wire_form!(ContentType);
