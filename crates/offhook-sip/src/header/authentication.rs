//! WWW-Authenticate, Proxy-Authenticate, Authorization, Proxy-Authorization: challenges and their answers.

use std::ops::Deref;

use crate::grammar::Scanner;
use crate::header::{HeaderName, Param, Params, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// A scheme with its parameters, such as `Digest realm="example.com", nonce="7a"` (RFC 3261 section 25.1,
/// `challenge` and `credentials`). The parameters are separated by commas, so each line holds one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthValue {
    /// The scheme, `Digest` as a rule; compared without letter case.
    pub scheme: Text,
    /// The parameters, values in wire form.
    pub params: Params,
}

impl AuthValue {
    /// A scheme without parameters.
    pub fn new(scheme: impl Into<Text>) -> Self {
        Self { scheme: scheme.into(), params: Params::new() }
    }

    fn parse(value: &Text) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(value);
        let scheme = scanner.token().ok_or(ValueError::new("a scheme"))?;
        let scheme = scanner.share(scheme);
        scanner.skip_blanks();
        let mut params = Params::new();
        loop {
            let Param { name, value } = Param::scan(&mut scanner)?;
            let value = value.ok_or(ValueError::new("`=` after the name of a parameter"))?;
            params.push(name, Some(value));
            if !scanner.eat(b',') {
                break;
            }
        }
        scanner.end("`,` before the next parameter")?;
        Ok(Self { scheme, params })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.scheme);
        for (at, Param { name, value }) in self.params.iter().enumerate() {
            out.push_str(if at == 0 { " " } else { ", " });
            out.push_str(name);
            if let Some(value) = value {
                out.push('=');
                out.push_str(value);
            }
        }
    }
}

macro_rules! auth_header {
    ($(#[$doc:meta])* $header:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $header(pub AuthValue);

        impl TypedHeader for $header {
            const NAME: HeaderName = HeaderName::$header;

            fn parse(value: &Text) -> Result<Self, ValueError> {
                AuthValue::parse(value).map(Self)
            }

            fn write(&self, out: &mut String) {
                self.0.write(out);
            }
        }

        impl Deref for $header {
            type Target = AuthValue;

            fn deref(&self) -> &AuthValue {
                &self.0
            }
        }

        wire_form!($header);
    };
}

auth_header! {
    /// The challenge of a user agent server or registrar, in a 401 (RFC 3261 section 20.44).
    WwwAuthenticate
}
auth_header! {
    /// The challenge of a proxy, in a 407 (RFC 3261 section 20.27).
    ProxyAuthenticate
}
auth_header! {
    /// The answer to [`WwwAuthenticate`] (RFC 3261 section 20.7).
    Authorization
}
auth_header! {
    /// The answer to [`ProxyAuthenticate`] (RFC 3261 section 20.28).
    ProxyAuthorization
}
