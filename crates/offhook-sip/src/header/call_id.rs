//! Call-ID: names a call on both sides.

use crate::header::{HeaderName, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// The call's identifier (RFC 3261 section 20.8). Compared byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallId(pub Text);

impl CallId {
    /// The identifier.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TypedHeader for CallId {
    const NAME: HeaderName = HeaderName::CallId;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        // The grammar allows fewer signs; an identifier is only compared and sent back, so any visible one
        // will do.
        if value.is_empty() || !value.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ValueError::new("one word"));
        }
        Ok(Self(value.clone()))
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

wire_form!(CallId);
