//! Reason: why a request was sent or a call cleared.

use crate::grammar::{Scanner, number, write_quoted};
use crate::header::{HeaderName, Params, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// One reason (RFC 3326), for example `Q.850;cause=16;text="normal call clearing"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The protocol that the cause belongs to: `SIP`, `Q.850`, ...
    pub protocol: Text,
    /// The cause in that protocol.
    pub cause: Option<u16>,
    /// Words for a person.
    pub text: Option<Text>,
}

impl Reason {
    /// A Q.850 cause.
    pub fn q850(cause: u8) -> Self {
        Self { protocol: Text::from_static("Q.850"), cause: Some(cause.into()), text: None }
    }

    /// A SIP status.
    pub fn sip(status: u16, text: impl Into<Text>) -> Self {
        Self { protocol: Text::from_static("SIP"), cause: Some(status), text: Some(text.into()) }
    }
}

impl TypedHeader for Reason {
    const NAME: HeaderName = HeaderName::Reason;
    const LIST: bool = true;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(value);
        let protocol = scanner.token().ok_or(ValueError::new("a protocol"))?;
        let protocol = scanner.share(protocol);
        let params = Params::scan(&mut scanner)?;
        let cause = match params.unquoted("cause") {
            None => None,
            Some(cause) => {
                let cause = number(&cause, u64::from(u16::MAX)).and_then(|cause| u16::try_from(cause).ok());
                Some(cause.ok_or(ValueError::new("a cause from 0 to 65535"))?)
            }
        };
        let text = params.unquoted("text").map(|text| Text::from(text.into_owned()));
        Ok(Self { protocol, cause, text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.protocol);
        if let Some(cause) = self.cause {
            out.push_str(";cause=");
            out.push_str(&cause.to_string());
        }
        if let Some(text) = &self.text {
            out.push_str(";text=");
            write_quoted(out, text);
        }
    }
}

wire_form!(Reason);
