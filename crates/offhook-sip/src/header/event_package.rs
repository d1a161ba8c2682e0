//! Event and Subscription-State: what a NOTIFY is about (RFC 6665).

use crate::grammar::Scanner;
use crate::header::{HeaderName, Params, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// The kind of event that a subscription is for (RFC 6665 section 8.2.1), for example `refer;id=7`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventPackage {
    /// The package, such as `refer`.
    pub package: Text,
    /// Parameters, such as `id`.
    pub params: Params,
}

impl TypedHeader for EventPackage {
    const NAME: HeaderName = HeaderName::Event;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        let (package, params) = token_with_params(value, "an event package")?;
        Ok(Self { package, params })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.package);
        self.params.write(out);
    }
}

/// Where a subscription stands (RFC 6665 section 8.2.3), for example `terminated;reason=noresource`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubscriptionState {
    /// `active`, `pending` or `terminated`, or a word of an extension.
    pub state: Text,
    /// Parameters, such as `expires` and `reason`.
    pub params: Params,
}

impl SubscriptionState {
    /// Whether no other NOTIFY follows.
    pub fn is_terminated(&self) -> bool {
        self.state.eq_ignore_ascii_case("terminated")
    }
}

impl TypedHeader for SubscriptionState {
    const NAME: HeaderName = HeaderName::SubscriptionState;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        let (state, params) = token_with_params(value, "a state")?;
        Ok(Self { state, params })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.state);
        self.params.write(out);
    }
}

wire_form!(EventPackage, SubscriptionState);

fn token_with_params(value: &Text, expected: &'static str) -> Result<(Text, Params), ValueError> {
    let mut scanner = Scanner::new(value);
    let token = scanner.token().ok_or(ValueError::new(expected))?;
    let token = scanner.share(token);
    Ok((token, Params::scan(&mut scanner)?))
}
