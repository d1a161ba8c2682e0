//! Accept: the body types that the sender takes.

use crate::grammar::elements;
use crate::header::options::gather;
use crate::header::{ContentType, HeaderError, HeaderName, Headers, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// Media ranges such as `application/sdp` or `text/*` (RFC 3261 section 20.1); empty means: none at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accept(pub Vec<ContentType>);

impl Accept {
    /// Whether a body of that type is acceptable.
    pub fn accepts(&self, kind: &str, subtype: &str) -> bool {
        self.0.iter().any(|range| {
            (range.kind == "*" || range.kind.eq_ignore_ascii_case(kind))
                && (range.subtype == "*" || range.subtype.eq_ignore_ascii_case(subtype))
        })
    }
}

impl TypedHeader for Accept {
    const NAME: HeaderName = HeaderName::Accept;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        if value.is_empty() {
            return Ok(Self::default());
        }
        elements(value)
            .map(|range| ContentType::parse(&value.slice(range)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn write(&self, out: &mut String) {
        for (at, range) in self.0.iter().enumerate() {
            if at > 0 {
                out.push_str(", ");
            }
            range.write(out);
        }
    }

    fn read(headers: &Headers) -> Result<Option<Self>, HeaderError> {
        gather(headers, |all: &mut Self, line| all.0.extend(line.0))
    }
}

wire_form!(Accept);
