//! User-Agent and Server: the software at the two ends.

use crate::header::{HeaderName, TypedHeader, ValueError, wire_form};
use crate::text::Text;

macro_rules! product {
    ($(#[$doc:meta])* $header:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $header(pub Text);

        impl TypedHeader for $header {
            const NAME: HeaderName = HeaderName::$header;

            // Free text for people and logs: real products break the grammar in every way, and nothing
            // depends on it.
            fn parse(value: &Text) -> Result<Self, ValueError> {
                Ok(Self(value.clone()))
            }

            fn write(&self, out: &mut String) {
                out.push_str(&self.0);
            }
        }

        wire_form!($header);
    };
}

product! {
    /// The software that sent the request (RFC 3261 section 20.41).
    UserAgent
}
product! {
    /// The software that sent the response (RFC 3261 section 20.35).
    Server
}
