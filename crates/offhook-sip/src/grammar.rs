//! The pieces of grammar that start lines, header values and URIs share (RFC 3261 section 25.1).

use std::borrow::Cow;
use std::fmt::Write;
use std::net::IpAddr;

use memchr::memchr;

use crate::header::ValueError;
use crate::text::Text;

/// What `token` of RFC 3261 section 25.1 is made of.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    const TABLE: [bool; 256] = {
        let mut table = [false; 256];
        let mut byte = 0;
        while byte < 256 {
            let b = byte as u8;
            table[byte] = b.is_ascii_alphanumeric()
                || matches!(b, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~');
            byte += 1;
        }
        table
    };
    TABLE[usize::from(byte)]
}

/// Whether `text` is a token: at least one byte, all of them token bytes.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// Without the blanks and tabs at both ends.
pub(crate) fn trim(text: &str) -> &str {
    trim_end(skip_blanks(text))
}

/// Without the blanks and tabs at the end.
pub(crate) fn trim_end(text: &str) -> &str {
    let blanks = text.bytes().rev().take_while(|&b| is_blank(b)).count();
    &text[..text.len() - blanks]
}

fn skip_blanks(text: &str) -> &str {
    let blanks = text.bytes().take_while(|&b| is_blank(b)).count();
    &text[blanks..]
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// A decimal number without sign, at most `max`.
pub(crate) fn number(text: &str, max: u64) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // More digits than a u64 holds fail in `parse`, which is as it should be.
    text.parse().ok().filter(|&value| value <= max)
}

/// The elements of a comma list, trimmed. Commas in quoted strings and in angle brackets separate nothing.
pub(crate) fn elements(list: &str) -> Elements<'_> {
    Elements { rest: Some(list) }
}

/// Iterator of [`elements`].
pub(crate) struct Elements<'a> {
    rest: Option<&'a str>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest?;
        if memchr(b',', rest.as_bytes()).is_none() {
            self.rest = None;
            return Some(trim(rest));
        }
        let mut quoted = false;
        let mut bracketed = false;
        let mut escaped = false;
        for (at, byte) in rest.bytes().enumerate() {
            if escaped {
                escaped = false;
                continue;
            }
            match byte {
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'<' if !quoted => bracketed = true,
                b'>' if !quoted => bracketed = false,
                b',' if !quoted && !bracketed => {
                    self.rest = Some(&rest[at + 1..]);
                    return Some(trim(&rest[..at]));
                }
                _ => {}
            }
        }
        self.rest = None;
        Some(trim(rest))
    }
}

/// The content of a quoted string given with its quotes: quoted pairs resolved. What has no quotes is
/// returned as it is.
pub(crate) fn unquote(quoted: &str) -> Cow<'_, str> {
    let Some(inner) = quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(quoted);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.extend(chars.next()),
            c => plain.push(c),
        }
    }
    Cow::Owned(plain)
}

/// Appends `plain` as a quoted string. Line ends cannot be quoted (RFC 3261 section 25.1) and become blanks.
pub(crate) fn write_quoted(out: &mut String, plain: &str) {
    out.push('"');
    for c in plain.chars() {
        match c {
            '\r' | '\n' => out.push(' '),
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_ascii_control() && c != '\t' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Appends a decimal number. Messages hold many small ones, and the formatter of the standard library takes ten times
/// as long for them.
pub(crate) fn write_number(out: &mut String, mut number: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend(digits[at..].iter().map(|&digit| char::from(digit)));
}

/// Appends an address: IPv4 with its dots, IPv6 without brackets.
pub(crate) fn write_address(out: &mut String, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            for (at, byte) in address.octets().into_iter().enumerate() {
                if at > 0 {
                    out.push('.');
                }
                write_number(out, byte.into());
            }
        }
        // Writing to a `String` cannot fail.
        IpAddr::V6(address) => drop(write!(out, "{address}")),
    }
}

/// Where the parts of a value get their memory from.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// They share that of the text they were cut from.
    Shared(&'a Text),
    /// They stay empty: the value is only checked.
    Check,
}

impl Source<'_> {
    pub(crate) fn share(self, part: &str) -> Text {
        match self {
            Self::Shared(text) => text.slice(part),
            Self::Check => Text::default(),
        }
    }
}

/// Reads one header value from left to right.
pub(crate) struct Scanner<'a> {
    source: Source<'a>,
    rest: &'a str,
}

impl<'a> Scanner<'a> {
    pub(crate) fn new(value: &'a Text) -> Self {
        Self { source: Source::Shared(value), rest: trim(value) }
    }

    /// A scanner whose parts stay empty, for values of which only the grammar is asked.
    pub(crate) fn check(value: &'a str) -> Self {
        Self { source: Source::Check, rest: trim(value) }
    }

    pub(crate) fn source(&self) -> Source<'a> {
        self.source
    }

    /// A part of the value as text of its own.
    pub(crate) fn share(&self, part: &str) -> Text {
        self.source.share(part)
    }

    pub(crate) fn rest(&self) -> &'a str {
        self.rest
    }

    pub(crate) fn at_end(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.as_bytes().first().copied()
    }

    pub(crate) fn skip_blanks(&mut self) {
        self.rest = skip_blanks(self.rest);
    }

    /// Takes `byte`, with blanks around it, if it comes next.
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let rest = skip_blanks(self.rest);
        if rest.as_bytes().first() != Some(&byte) {
            self.rest = rest;
            return false;
        }
        self.rest = skip_blanks(&rest[1..]);
        true
    }

    /// Takes bytes as long as `wanted` says yes; must only say no to ASCII bytes or at character borders.
    pub(crate) fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let end = self.rest.bytes().position(|byte| !wanted(byte)).unwrap_or(self.rest.len());
        self.advance(end)
    }

    /// Takes a token, if there is one.
    pub(crate) fn token(&mut self) -> Option<&'a str> {
        let token = self.take_while(is_token_byte);
        (!token.is_empty()).then_some(token)
    }

    /// Takes a quoted string with its quotes; `None` if none starts here or if it has no end.
    pub(crate) fn quoted(&mut self) -> Option<&'a str> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let mut escaped = false;
        for (at, byte) in self.rest.bytes().enumerate().skip(1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => return Some(self.advance(at + 1)),
                _ => {}
            }
        }
        None
    }

    /// Nothing may follow but blanks.
    pub(crate) fn end(&mut self, expected: &'static str) -> Result<(), ValueError> {
        self.skip_blanks();
        if self.at_end() { Ok(()) } else { Err(ValueError::new(expected)) }
    }

    pub(crate) fn advance(&mut self, bytes: usize) -> &'a str {
        // A byte count may come to lie inside a character when the peer sends nonsense.
        let (taken, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }
}
