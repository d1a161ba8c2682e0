//! Custom header fields that an application sends and reads.

use thiserror::Error;

/// One header field with its values in order.
///
/// A field that the application sends has a name that begins with `x-` (SIP-3); a received one may
/// have any name (SIP-5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderField {
    name: String,
    values: Vec<String>,
}

impl HeaderField {
    /// A field to send.
    ///
    /// # Errors
    ///
    /// The name does not begin with `x-` or holds a character that SIP-3 does not list; the value
    /// holds CR, LF or NUL (SIP-4).
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Result<Self, HeaderFieldError> {
        let name = name.into();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-.!%*_+`'~".contains(&byte);
        let begins = name.as_bytes().get(..2).is_some_and(|start| start.eq_ignore_ascii_case(b"x-"));
        if !begins || name.len() < 3 || !name.bytes().all(allowed) {
            return Err(HeaderFieldError::Name { name });
        }
        let mut field = Self { name, values: Vec::with_capacity(1) };
        field.add_value(value)?;
        Ok(field)
    }

    /// Adds a further value; each is sent as a header line of its own (SIP-6).
    ///
    /// # Errors
    ///
    /// The value holds CR, LF or NUL (SIP-4).
    pub fn add_value(&mut self, value: impl Into<String>) -> Result<(), HeaderFieldError> {
        let value = value.into();
        if value.contains(['\r', '\n', '\0']) {
            return Err(HeaderFieldError::Value { name: self.name.clone(), value });
        }
        self.values.push(value);
        Ok(())
    }

    /// The name as it was given or received.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The values in order.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// A field as the far end sent it: any name, and a comma list in one line counts as several
    /// values (SIP-6).
    pub(crate) fn received<'a>(name: &str, lines: impl Iterator<Item = &'a str>) -> Option<Self> {
        let values: Vec<String> = lines.flat_map(split_list).collect();
        (!values.is_empty()).then(|| Self { name: name.to_owned(), values })
    }
}

/// Why a header field cannot be sent.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderFieldError {
    /// The name is not one that an application may send (SIP-3).
    #[error("header field name {name:?}; accepted: x- followed by letters, digits and -.!%*_+`'~")]
    Name {
        /// The name given.
        name: String,
    },
    /// The value would break the message (SIP-4).
    #[error("value {value:?} of header field {name}; accepted: text without CR, LF and NUL")]
    Value {
        /// The field's name.
        name: String,
        /// The value given.
        value: String,
    },
}

/// Splits a header line at the commas outside quotes and angle brackets.
fn split_list(line: &str) -> Vec<String> {
    let (mut values, mut start, mut quoted, mut escaped, mut angle) = (Vec::new(), 0, false, false, false);
    for (index, character) in line.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => angle = true,
            '>' if !quoted => angle = false,
            ',' if !quoted && !angle => {
                values.push(line[start..index].trim().to_owned());
                start = index + 1;
            }
            _ => {}
        }
    }
    values.push(line[start..].trim().to_owned());
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SIP-3: names begin with x- in either case and use the listed characters only.
    #[test]
    fn names_are_checked() {
        for good in ["x-a", "X-Order.Id", "x-!%*_+`'~1"] {
            assert!(HeaderField::new(good, "1").is_ok(), "{good}");
        }
        for bad in ["", "x-", "y-a", "Subject", "x-a b", "x-a:", "x-ä"] {
            assert_eq!(HeaderField::new(bad, "1"), Err(HeaderFieldError::Name { name: bad.into() }), "{bad}");
        }
    }

    /// SIP-4: a value cannot smuggle in another header line.
    #[test]
    fn values_with_line_ends_are_refused() {
        for bad in ["a\r\nVia: x", "a\n", "\0"] {
            assert!(HeaderField::new("x-a", bad).is_err(), "{bad:?}");
        }
        assert_eq!(HeaderField::new("x-a", "grüße").unwrap().values(), ["grüße"]);
    }

    /// SIP-6: several values in one line or in several lines come in order.
    #[test]
    fn received_values_are_split_outside_quotes() {
        let field = HeaderField::received("x-a", ["one, \"two, 2\"", "three"].into_iter()).unwrap();
        assert_eq!(field.values(), ["one", "\"two, 2\"", "three"]);
    }
}
