//! Warning: more about a response than its status says.

use crate::grammar::{Scanner, number, unquote, write_quoted};
use crate::header::{HeaderName, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// One warning (RFC 3261 section 20.43).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// 100 to 999; 3xx are about the session description.
    pub code: u16,
    /// Who warns: a host, or a name made up for it.
    pub agent: Text,
    /// Words for a person.
    pub text: Text,
}

impl TypedHeader for Warning {
    const NAME: HeaderName = HeaderName::Warning;
    const LIST: bool = true;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(value);
        let code = scanner.take_while(|b| b.is_ascii_digit());
        let code = number(code, 999)
            .filter(|&code| code >= 100)
            .and_then(|code| u16::try_from(code).ok())
            .ok_or(ValueError::new("a code from 100 to 999"))?;
        scanner.skip_blanks();
        let agent = scanner.take_while(|b| b.is_ascii_graphic() && b != b'"');
        if agent.is_empty() {
            return Err(ValueError::new("a host after the code"));
        }
        let agent = scanner.share(agent);
        scanner.skip_blanks();
        let text = scanner.quoted().ok_or(ValueError::new("a text in quotes"))?;
        let text = Text::from(unquote(text).into_owned());
        scanner.end("nothing after the text")?;
        Ok(Self { code, agent, text })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.code.to_string());
        out.push(' ');
        out.push_str(&self.agent);
        out.push(' ');
        write_quoted(out, &self.text);
    }
}

wire_form!(Warning);
