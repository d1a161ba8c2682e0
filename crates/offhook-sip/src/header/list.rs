//! The header section of a message.

use crate::grammar::elements;
use crate::header::{HeaderError, HeaderName, TypedHeader};
use crate::text::Text;

/// The header fields of a message in their order, values as text. Comma lists stay as they came until a typed
/// access splits them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Headers {
    fields: Vec<(HeaderName, Text)>,
}

impl Headers {
    /// An empty section.
    pub const fn new() -> Self {
        Self { fields: Vec::new() }
    }

    /// An empty section with room for `fields` lines.
    pub fn with_capacity(fields: usize) -> Self {
        Self { fields: Vec::with_capacity(fields) }
    }

    /// Adds a line at the end.
    ///
    /// Line ends in a value are written as blanks, so a value from elsewhere cannot add a line of its own.
    pub fn push(&mut self, name: HeaderName, value: impl Into<Text>) {
        self.fields.push((name, value.into()));
    }

    /// Adds a line before all others.
    pub fn push_front(&mut self, name: HeaderName, value: impl Into<Text>) {
        self.fields.insert(0, (name, value.into()));
    }

    /// Replaces every line of that name by one; it takes the place of the first, or the end.
    pub fn set(&mut self, name: HeaderName, value: impl Into<Text>) {
        match self.fields.iter().position(|(n, _)| *n == name) {
            Some(first) => {
                self.fields[first].1 = value.into();
                let mut at = 0;
                self.fields.retain(|(n, _)| {
                    at += 1;
                    at - 1 <= first || *n != name
                });
            }
            None => self.push(name, value),
        }
    }

    /// Removes every line of that name and says how many there were.
    pub fn remove(&mut self, name: &HeaderName) -> usize {
        let before = self.fields.len();
        self.fields.retain(|(n, _)| n != name);
        before - self.fields.len()
    }

    /// Adds the lines of another section at the end.
    pub fn extend(&mut self, other: &Headers) {
        self.fields.extend_from_slice(&other.fields);
    }

    /// Adds a typed field at the end.
    pub fn push_typed<H: TypedHeader>(&mut self, header: &H) {
        self.push(H::NAME, wire(header));
    }

    /// Replaces every line of that field by a typed one.
    pub fn set_typed<H: TypedHeader>(&mut self, header: &H) {
        self.set(H::NAME, wire(header));
    }

    /// Replaces the first value of a list field and leaves the others, also those on the same line: how a
    /// server writes `received` into the topmost Via (RFC 3261 section 18.2.1). Adds the field before all
    /// others if there is none.
    pub fn set_first_typed<H: TypedHeader>(&mut self, header: &H) {
        let Some((_, line)) = self.fields.iter_mut().find(|(n, _)| *n == H::NAME) else {
            return self.push_front(H::NAME, wire(header));
        };
        let mut value = wire(header);
        if H::LIST {
            for element in elements(line).skip(1) {
                value.push_str(", ");
                value.push_str(element);
            }
        }
        *line = value.into();
    }

    /// The first value of that name: a whole line.
    pub fn get(&self, name: &HeaderName) -> Option<&Text> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    /// All lines of that name, in order.
    pub fn get_all<'a>(&'a self, name: &'a HeaderName) -> impl Iterator<Item = &'a Text> {
        self.fields.iter().filter(move |(n, _)| n == name).map(|(_, value)| value)
    }

    /// Whether there is a line of that name.
    pub fn contains(&self, name: &HeaderName) -> bool {
        self.get(name).is_some()
    }

    /// All lines in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&HeaderName, &Text)> {
        self.fields.iter().map(|(name, value)| (name, value))
    }

    /// Number of lines.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there is no line at all.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The typed field; of a list field its first value.
    pub fn typed<H: TypedHeader>(&self) -> Result<H, HeaderError> {
        H::read(self)?.ok_or(HeaderError::Missing { name: H::NAME })
    }

    /// The typed field if there is one; of a list field its first value.
    pub fn typed_opt<H: TypedHeader>(&self) -> Result<Option<H>, HeaderError> {
        H::read(self)
    }

    /// All values of a list field over all lines, in order. Empty if there is none; one malformed value fails
    /// the whole.
    pub fn typed_all<H: TypedHeader>(&self) -> Result<Vec<H>, HeaderError> {
        let mut all = Vec::new();
        for line in self.get_all(&H::NAME) {
            if H::LIST {
                for element in elements(line) {
                    all.push(parse(&line.slice(element), line)?);
                }
            } else {
                all.push(parse(line, line)?);
            }
        }
        Ok(all)
    }

    pub(crate) fn read_first<H: TypedHeader>(&self) -> Result<Option<H>, HeaderError> {
        let name = H::NAME;
        let mut lines = self.get_all(&name);
        let Some(line) = lines.next() else {
            return Ok(None);
        };
        if H::LIST {
            let first = elements(line).next().unwrap_or_default();
            return parse(&line.slice(first), line).map(Some);
        }
        match lines.count() {
            0 => parse(line, line).map(Some),
            more => Err(HeaderError::Repeated { name: H::NAME, count: more + 1 }),
        }
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a (HeaderName, Text);
    type IntoIter = std::slice::Iter<'a, (HeaderName, Text)>;

    fn into_iter(self) -> Self::IntoIter {
        self.fields.iter()
    }
}

impl FromIterator<(HeaderName, Text)> for Headers {
    fn from_iter<I: IntoIterator<Item = (HeaderName, Text)>>(fields: I) -> Self {
        Self { fields: fields.into_iter().collect() }
    }
}

fn parse<H: TypedHeader>(value: &Text, line: &Text) -> Result<H, HeaderError> {
    H::parse(value).map_err(|error| HeaderError::Malformed {
        name: H::NAME,
        value: line.clone(),
        expected: error.expected(),
    })
}

fn wire<H: TypedHeader>(header: &H) -> String {
    let mut value = String::with_capacity(96);
    header.write(&mut value);
    value
}
