//! Timestamp: lets the sender of a request measure the round trip.

use crate::grammar::Scanner;
use crate::header::{HeaderName, TypedHeader, ValueError, wire_form};
use crate::text::Text;

/// The sender's time and the receiver's delay, both in seconds, as decimal text (RFC 3261 section 20.38).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// The sender's time; means something to the sender only.
    pub time: Text,
    /// How long the receiver took to answer.
    pub delay: Option<Text>,
}

impl TypedHeader for Timestamp {
    const NAME: HeaderName = HeaderName::Timestamp;

    fn parse(value: &Text) -> Result<Self, ValueError> {
        let mut scanner = Scanner::new(value);
        let time = decimal(&mut scanner)?;
        scanner.skip_blanks();
        let delay = if scanner.at_end() { None } else { Some(decimal(&mut scanner)?) };
        scanner.end("nothing after the delay")?;
        Ok(Self { time, delay })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.time);
        if let Some(delay) = &self.delay {
            out.push(' ');
            out.push_str(delay);
        }
    }
}

wire_form!(Timestamp);

fn decimal(scanner: &mut Scanner<'_>) -> Result<Text, ValueError> {
    let number = scanner.take_while(|b| b.is_ascii_digit() || b == b'.');
    if number.starts_with('.') && number.len() == 1 || number.is_empty() || number.matches('.').count() > 1 {
        return Err(ValueError::new("seconds such as `54.21`"));
    }
    Ok(scanner.share(number))
}
