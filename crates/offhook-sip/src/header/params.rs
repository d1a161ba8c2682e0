//! Parameters of header values and URIs: `;name=value`.

use std::borrow::Cow;

use crate::grammar::{Scanner, is_token, unquote, write_quoted};
use crate::header::ValueError;
use crate::text::Text;

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// The name; compared without letter case.
    pub name: Text,
    /// The value as it stands on the wire, a quoted string with its quotes; `None` if there is no equals
    /// sign.
    pub value: Option<Text>,
}

/// Parameters in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params(Vec<Param>);

impl Params {
    /// No parameters.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a parameter; the value must already be in wire form.
    pub fn push(&mut self, name: impl Into<Text>, value: Option<Text>) {
        self.0.push(Param { name: name.into(), value });
    }

    /// Sets a parameter's value; adds it at the end if it is not there. A value that is not a token is
    /// written in quotes.
    pub fn set(&mut self, name: &str, value: &str) {
        let wire = if is_token(value) {
            Text::from(value)
        } else {
            let mut quoted = String::with_capacity(value.len() + 2);
            write_quoted(&mut quoted, value);
            Text::from(quoted)
        };
        match self.0.iter_mut().find(|param| param.name.eq_ignore_ascii_case(name)) {
            Some(param) => param.value = Some(wire),
            None => self.push(name, Some(wire)),
        }
    }

    /// Removes a parameter and hands it out.
    pub fn remove(&mut self, name: &str) -> Option<Param> {
        let at = self.0.iter().position(|param| param.name.eq_ignore_ascii_case(name))?;
        Some(self.0.remove(at))
    }

    /// The parameter of that name, letter case aside.
    pub fn get(&self, name: &str) -> Option<&Param> {
        self.0.iter().find(|param| param.name.eq_ignore_ascii_case(name))
    }

    /// The value as it stands on the wire.
    pub fn value(&self, name: &str) -> Option<&Text> {
        self.get(name)?.value.as_ref()
    }

    /// The value without quotes and quoted pairs.
    pub fn unquoted(&self, name: &str) -> Option<Cow<'_, str>> {
        self.value(name).map(|value| unquote(value))
    }

    /// Whether the parameter is there, with or without a value.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All parameters in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Param> {
        self.0.iter()
    }

    /// Number of parameters.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads `;name=value` to the end of the value.
    pub(crate) fn scan(scanner: &mut Scanner<'_>) -> Result<Self, ValueError> {
        let mut params = Self::new();
        while scanner.eat(b';') {
            params.0.push(Param::scan(scanner)?);
        }
        scanner.end("`;` before the next parameter")?;
        Ok(params)
    }

    pub(crate) fn write(&self, out: &mut String) {
        for param in &self.0 {
            out.push(';');
            out.push_str(&param.name);
            if let Some(value) = &param.value {
                out.push('=');
                out.push_str(value);
            }
        }
    }
}

impl<'a> IntoIterator for &'a Params {
    type Item = &'a Param;
    type IntoIter = std::slice::Iter<'a, Param>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Param {
    /// Reads `name` or `name=value`, the separator being already taken.
    pub(crate) fn scan(scanner: &mut Scanner<'_>) -> Result<Self, ValueError> {
        let (name, value) = Self::scan_parts(scanner)?;
        Ok(Self { name: scanner.share(name), value: value.map(|value| scanner.share(value)) })
    }

    /// The same as slices of the value.
    pub(crate) fn scan_parts<'a>(
        scanner: &mut Scanner<'a>,
    ) -> Result<(&'a str, Option<&'a str>), ValueError> {
        let name = scanner.token().ok_or(ValueError::new("a parameter name after `;`"))?;
        if !scanner.eat(b'=') {
            return Ok((name, None));
        }
        let value = if scanner.peek() == Some(b'"') {
            scanner.quoted().ok_or(ValueError::new("a closing quote"))?
        } else {
            // More than token and host, because IPv6 addresses without brackets and bare URIs are common here
            // (RFC 5118).
            scanner.take_while(|b| b.is_ascii_graphic() && !matches!(b, b';' | b',' | b'"' | b'<' | b'>'))
        };
        if value.is_empty() {
            return Err(ValueError::new("a parameter value after `=`"));
        }
        Ok((name, Some(value)))
    }
}
