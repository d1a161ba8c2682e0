//! Replaces: the dialog that a new call takes the place of.

use crate::grammar::Scanner;
use crate::header::{HeaderName, Params, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// The dialog to be replaced, as the receiver of the INVITE knows it (RFC 3891 section 6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaces {
    /// Its Call-ID.
    pub call_id: Text,
    /// The tag of the receiver.
    pub to_tag: Text,
    /// The tag of the receiver's present peer.
    pub from_tag: Text,
    /// Only a call that is not answered may be replaced.
    pub early_only: bool,
}

impl TypedHeader for Replaces {
    const NAME: HeaderName = HeaderName::Replaces;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(value);
        let call_id = scanner.take_while(|b| b.is_ascii_graphic() && b != b';');
        if call_id.is_empty() {
            return Err(ValueError::new("a Call-ID"));
        }
        let call_id = scanner.share(call_id);
        let params = Params::scan(&mut scanner)?;
        let tag = |name, expected| params.value(name).cloned().ok_or(ValueError::new(expected));
        Ok(Self {
            call_id,
            to_tag: tag("to-tag", "a `to-tag` parameter")?,
            from_tag: tag("from-tag", "a `from-tag` parameter")?,
            early_only: params.contains("early-only"),
        })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.call_id);
        out.push_str(";to-tag=");
        out.push_str(&self.to_tag);
        out.push_str(";from-tag=");
        out.push_str(&self.from_tag);
        if self.early_only {
            out.push_str(";early-only");
        }
    }
}

wire_form!(Replaces);
