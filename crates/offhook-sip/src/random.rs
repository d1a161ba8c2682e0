//! Tags, branches and other unguessable values, and hashes that a peer cannot steer, all from one seed.

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};

/// A generator of values that cannot be guessed from earlier ones without the seed: a keyed hash of a
/// counter.
#[derive(Debug)]
pub(crate) struct Random {
    keyed: DefaultHasher,
    drawn: u64,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self { keyed: keyed(seed, "random"), drawn: 0 }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.drawn += 1;
        let mut hasher = self.keyed.clone();
        hasher.write_u64(self.drawn);
        hasher.finish()
    }

    /// A number from `0` to `bound - 1`; `bound` is not zero and small against 2^64.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn token(&mut self) -> Token {
        Token(self.next())
    }
}

/// A random value as it stands in a tag or after the magic cookie of a branch: sixteen hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Token(u64);

impl Token {
    /// Reads back what `Display` writes; anything else is not ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let lower_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 16 || !text.bytes().all(lower_hex) {
            return None;
        }
        u64::from_str_radix(text, 16).ok().map(Self)
    }

    /// Appends the sixteen digits.
    pub(crate) fn write(self, out: &mut String) {
        for shift in (0..16).rev() {
            let digit = (self.0 >> (4 * shift)) & 0xf;
            out.push(char::from(b"0123456789abcdef"[digit as usize]));
        }
    }

    /// A token that depends on `fingerprint` alone, so that a request without a transaction gets the same tag
    /// each time it is answered (RFC 3261 section 8.2.7).
    pub(crate) fn of(fingerprint: Fingerprint) -> Self {
        Self(fingerprint.0.rotate_left(32) ^ fingerprint.1)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(16);
        self.write(&mut text);
        f.pad(&text)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// 128 bits that stand for the strings which identify a transaction: compared and looked up without storing
/// them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(u64, u64);

impl std::hash::Hash for Fingerprint {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

/// Makes [`Fingerprint`]s under a secret key, so that no peer can make two requests that collide.
#[derive(Debug)]
pub(crate) struct Fingerprinter {
    first: DefaultHasher,
    second: DefaultHasher,
}

impl Fingerprinter {
    pub(crate) fn new(seed: u64) -> Self {
        Self { first: keyed(seed, "first half"), second: keyed(seed, "second half") }
    }

    /// The fingerprint of `parts`; where one part ends and the next begins counts.
    pub(crate) fn of(&self, parts: &[&[u8]]) -> Fingerprint {
        let (mut first, mut second) = (self.first.clone(), self.second.clone());
        for part in parts {
            for hasher in [&mut first, &mut second] {
                hasher.write_usize(part.len());
                hasher.write(part);
            }
        }
        Fingerprint(first.finish(), second.finish())
    }
}

/// For maps whose keys are already unguessable: the key is its own hash.
#[derive(Default)]
pub(crate) struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Only discriminants and short fields beside the random word come this way.
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = self.0.rotate_left(1) ^ word;
    }
}

/// A map keyed by tokens or fingerprints.
pub(crate) type RandomKeyMap<K, V> = std::collections::HashMap<K, V, BuildHasherDefault<Unhashed>>;

fn keyed(seed: u64, purpose: &str) -> DefaultHasher {
    let mut hasher = DefaultHasher::new();
    hasher.write_u64(seed);
    hasher.write(purpose.as_bytes());
    hasher
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_tokens_and_another_seed_others() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            [random.token(), random.token(), random.token()]
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_ne!(draw(1)[0], draw(1)[1]);
    }

    #[test]
    fn a_token_is_read_back_and_foreign_text_is_not() {
        let token = Random::new(3).token();
        assert_eq!(Token::parse(&token.to_string()), Some(token));
        for foreign in ["", "0", "+23456789abcdef0", "ABCDEF0123456789", "0123456789abcdef0"] {
            assert_eq!(Token::parse(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn a_fingerprint_depends_on_the_key_and_on_where_parts_end() {
        let prints = Fingerprinter::new(1);
        assert_eq!(prints.of(&[b"ab", b"c"]), prints.of(&[b"ab", b"c"]));
        assert_ne!(prints.of(&[b"ab", b"c"]), prints.of(&[b"a", b"bc"]));
        assert_ne!(prints.of(&[b"ab"]), Fingerprinter::new(2).of(&[b"ab"]));
    }
}
