//! Header fields that list option tags (RFC 3261 section 19.2).

use crate::grammar::{elements, is_token};
use crate::header::{HeaderError, HeaderName, Headers, TypedHeader, ValueError, wire_form};
use crate::text::Text;

macro_rules! option_tags {
    ($(#[$doc:meta])* $header:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $header(pub Vec<Text>);

        impl $header {
            /// Whether the option tag is in the list, letter case aside.
            pub fn contains(&self, option: &str) -> bool {
                self.0.iter().any(|tag| tag.eq_ignore_ascii_case(option))
            }

            /// The option tags in order.
            pub fn iter(&self) -> std::slice::Iter<'_, Text> {
                self.0.iter()
            }
        }

        impl TypedHeader for $header {
            const NAME: HeaderName = HeaderName::$header;

            fn parse(value: &Text) -> Result<Self, ValueError> {
                parse_tokens(value, "option tags separated by commas").map(Self)
            }

            fn write(&self, out: &mut String) {
                write_tokens(out, self.0.iter().map(|tag| tag.as_str()));
            }

            fn read(headers: &Headers) -> Result<Option<Self>, HeaderError> {
                gather(headers, |all: &mut Self, line| all.0.extend(line.0))
            }
        }

        wire_form!($header);
    };
}

option_tags! {
    /// Extensions that the receiver must support (RFC 3261 section 20.32).
    Require
}
option_tags! {
    /// Extensions that proxies must support (RFC 3261 section 20.29).
    ProxyRequire
}
option_tags! {
    /// Extensions that the sender supports (RFC 3261 section 20.37); may be empty.
    Supported
}
option_tags! {
    /// Extensions that were required and are not supported (RFC 3261 section 20.40).
    Unsupported
}

/// Tokens separated by commas; nothing at all is an empty list.
pub(crate) fn parse_tokens(value: &Text, expected: &'static str) -> Result<Vec<Text>, ValueError> {
    if value.is_empty() {
        return Ok(Vec::new());
    }
    elements(value)
        .map(
            |element| {
                if is_token(element) { Ok(value.slice(element)) } else { Err(ValueError::new(expected)) }
            },
        )
        .collect()
}

pub(crate) fn write_tokens<'a>(out: &mut String, tokens: impl Iterator<Item = &'a str>) {
    for (at, token) in tokens.enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        out.push_str(token);
    }
}

/// One value out of all lines of a field that is one set, however many lines it takes.
pub(crate) fn gather<H: TypedHeader>(
    headers: &Headers,
    merge: impl Fn(&mut H, H),
) -> Result<Option<H>, HeaderError> {
    let mut lines = headers.typed_all::<H>()?.into_iter();
    let Some(mut all) = lines.next() else {
        return Ok(None);
    };
    for line in lines {
        merge(&mut all, line);
    }
    Ok(Some(all))
}
