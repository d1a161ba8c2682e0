//! Addresses with an optional display name: `"Ann" <sip:ann@example.com>;tag=1`.

use std::borrow::Cow;

use crate::grammar::{Scanner, is_token_byte, trim, unquote, write_quoted};
use crate::header::{Param, Params, ValueError};
use crate::text::Text;
use crate::uri::Uri;

/// The value of From, To, Contact, Route and their like (RFC 3261 section 20.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddr {
    /// The display name without quotes and quoted pairs.
    pub display: Option<Text>,
    /// The address.
    pub uri: Uri,
    /// Parameters of the header, such as `tag`; those of the URI are in `uri`.
    pub params: Params,
}

impl NameAddr {
    /// An address without display name and parameters.
    pub fn new(uri: Uri) -> Self {
        Self { display: None, uri, params: Params::new() }
    }

    /// The same with a display name.
    pub fn with_display(mut self, display: impl Into<Text>) -> Self {
        self.display = Some(display.into());
        self
    }

    /// The same with the `tag` parameter set.
    pub fn with_tag(mut self, tag: &str) -> Self {
        self.params.set("tag", tag);
        self
    }

    /// The `tag` parameter (RFC 3261 section 19.3).
    pub fn tag(&self) -> Option<&Text> {
        self.params.value("tag")
    }

    /// Reads an address. Without angle brackets the URI has no parameters and headers of its own (RFC 3261
    /// section 20.10).
    pub fn parse(value: &Text) -> Result<Self, ValueError> {
        Self::scan(Scanner::new(value))
    }

    /// The `tag` parameter of a value whose grammar was checked before, found without reading its URI.
    pub(crate) fn tag_of(value: &Text) -> Option<Text> {
        let mut scanner = Scanner::new(value);
        scanner.quoted();
        if bracket_comes_first(scanner.rest()) {
            scanner.take_while(|b| b != b'>');
            scanner.eat(b'>');
        } else {
            scanner.take_while(|b| !matches!(b, b';' | b' ' | b'\t'));
        }
        while scanner.eat(b';') {
            let (name, value) = Param::scan_parts(&mut scanner).ok()?;
            if name.eq_ignore_ascii_case("tag") {
                return value.map(|value| scanner.share(value));
            }
        }
        None
    }

    /// Appends the wire form, always with angle brackets.
    pub fn write(&self, out: &mut String) {
        if let Some(display) = &self.display {
            // Without quotes, blanks at the ends would be lost.
            let is_bare = !display.is_empty() && trim(display) == display.as_str();
            if is_bare && display.bytes().all(|b| is_token_byte(b) || b == b' ') {
                out.push_str(display);
            } else {
                write_quoted(out, display);
            }
            out.push(' ');
        }
        out.push('<');
        self.uri.write(out);
        out.push('>');
        self.params.write(out);
    }

    /// Reads the value that `scanner` stands before.
    pub(crate) fn scan(mut scanner: Scanner<'_>) -> Result<Self, ValueError> {
        let mut display = None;
        if scanner.peek() == Some(b'"') {
            let quoted = scanner.quoted().ok_or(ValueError::new("a closing quote after the display name"))?;
            display = Some(match unquote(quoted) {
                Cow::Borrowed(plain) => scanner.share(plain),
                Cow::Owned(plain) => Text::from(plain),
            });
            scanner.skip_blanks();
            if scanner.peek() != Some(b'<') {
                return Err(ValueError::new("`<` after the display name"));
            }
        } else if bracket_comes_first(scanner.rest()) {
            let words = trim(scanner.take_while(|b| b != b'<'));
            // Letters beyond ASCII need quotes by the grammar, but phones send them without; they confuse
            // nothing here.
            if !words.bytes().all(|b| is_token_byte(b) || matches!(b, b' ' | b'\t') || !b.is_ascii()) {
                return Err(ValueError::new("quotes around a display name that is not made of tokens"));
            }
            if !words.is_empty() {
                display = Some(scanner.share(words));
            }
        }
        let uri = if scanner.eat(b'<') {
            let uri = scanner.take_while(|b| b != b'>');
            if !scanner.eat(b'>') {
                return Err(ValueError::new("`>` after the URI"));
            }
            Uri::read(uri, scanner.source())
        } else {
            let uri = scanner.take_while(|b| !matches!(b, b';' | b' ' | b'\t'));
            if uri.contains(['?', ',']) {
                return Err(ValueError::new("angle brackets around a URI with `?` or `,`"));
            }
            Uri::read(uri, scanner.source())
        };
        let uri = uri.map_err(|error| ValueError::new(error.expected()))?;
        Ok(Self { display, uri, params: Params::scan(&mut scanner)? })
    }
}

/// Whether `<` comes before anything that only a bare URI or its parameters can hold.
fn bracket_comes_first(value: &str) -> bool {
    value.bytes().find(|b| matches!(b, b'<' | b';' | b'"')) == Some(b'<')
}

impl std::fmt::Display for NameAddr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.pad(&text)
    }
}

impl std::str::FromStr for NameAddr {
    type Err = ValueError;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        Self::parse(&Text::from(value))
    }
}
