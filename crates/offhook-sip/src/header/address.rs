//! Header fields whose value is one [`NameAddr`] or a list of them.

use std::ops::{Deref, DerefMut};

use crate::header::{HeaderName, NameAddr, Replaces, TypedHeader, ValueError, wire_form};
use crate::text::Text;
use crate::uri::unescape;

macro_rules! address_header {
    ($(#[$doc:meta])* $header:ident, list: $list:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $header(pub NameAddr);

        impl TypedHeader for $header {
            const NAME: HeaderName = HeaderName::$header;
            const LIST: bool = $list;

            fn parse(value: &Text) -> Result<Self, ValueError> {
                NameAddr::parse(value).map(Self)
            }

            fn write(&self, out: &mut String) {
                self.0.write(out);
            }
        }

        impl Deref for $header {
            type Target = NameAddr;

            fn deref(&self) -> &NameAddr {
                &self.0
            }
        }

        impl DerefMut for $header {
            fn deref_mut(&mut self) -> &mut NameAddr {
                &mut self.0
            }
        }

        wire_form!($header);
    };
}

address_header! {
    /// Who sends the request (RFC 3261 section 20.20).
    From, list: false
}
address_header! {
    /// Whom the request is for (RFC 3261 section 20.39).
    To, list: false
}
address_header! {
    /// Where later requests of the dialog go (RFC 3261 section 20.10). The `*` of a REGISTER is not an
    /// address and fails.
    Contact, list: true
}
address_header! {
    /// A proxy that the request has to visit (RFC 3261 section 20.34).
    Route, list: true
}
address_header! {
    /// A proxy that wants to see later requests of the dialog (RFC 3261 section 20.30).
    RecordRoute, list: true
}
address_header! {
    /// The identity that a trusted network vouches for (RFC 3325 section 9.1).
    PAssertedIdentity, list: true
}
address_header! {
    /// Who diverted the call, the latest first (RFC 5806).
    Diversion, list: true
}
address_header! {
    /// Whom the receiver of a REFER is to call (RFC 3515 section 2.1).
    ReferTo, list: false
}
address_header! {
    /// Who sent the REFER that an INVITE comes from (RFC 3892 section 2).
    ReferredBy, list: false
}

impl ReferTo {
    /// The dialog that the call is to replace, if the address says so in an escaped `Replaces` (RFC 3891
    /// section 7.1).
    pub fn replaces(&self) -> Option<Result<Replaces, ValueError>> {
        let param = self.uri.headers.iter().find(|param| param.name.eq_ignore_ascii_case("Replaces"))?;
        let escaped = param.value.as_deref().unwrap_or_default();
        let plain = String::from_utf8_lossy(&unescape(escaped)).into_owned();
        Some(Replaces::parse(&Text::from(plain)))
    }
}
