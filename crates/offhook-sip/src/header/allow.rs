//! Allow: the methods that the sender takes.

use crate::header::options::{gather, parse_tokens, write_tokens};
use crate::header::{HeaderError, HeaderName, Headers, TypedHeader, ValueError, wire_form};
use crate::message::Method;
use crate::text::Text;

/// The methods (RFC 3261 section 20.5); may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow(pub Vec<Method>);

impl Allow {
    /// Whether the method is in the list.
    pub fn contains(&self, method: &Method) -> bool {
        self.0.contains(method)
    }
}

impl TypedHeader for Allow {
    const NAME: HeaderName = HeaderName::Allow;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        const EXPECTED: &str = "methods separated by commas";
        let tokens = parse_tokens(value, EXPECTED)?;
        let methods: Option<_> = tokens.iter().map(Method::parse).collect();
        methods.map(Self).ok_or(ValueError::new(EXPECTED))
    }

    fn write(&self, out: &mut String) {
        write_tokens(out, self.0.iter().map(Method::as_str));
    }

    fn read(headers: &Headers) -> Result<Option<Self>, HeaderError> {
        gather(headers, |all: &mut Self, line| all.0.extend(line.0))
    }
}

wire_form!(Allow);
