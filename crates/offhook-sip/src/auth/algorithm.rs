//! The hash functions of digest authentication, and the response that is made with them.

use std::fmt::Write;

use md5::{Digest, Md5};
use sha2::{Sha256, Sha512_256};

use crate::message::Method;

/// A hash function of digest authentication (RFC 8760 section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// `MD5`: what a challenge means that names none. Broken, and still the only one that many speak.
    Md5,
    /// `SHA-256`.
    Sha256,
    /// `SHA-512-256`.
    Sha512_256,
}

impl Algorithm {
    /// The algorithm of that name, letter case aside; `None` for any other, the `-sess` variants included.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Md5, Self::Sha256, Self::Sha512_256]
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The name in a challenge.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
            Self::Sha512_256 => "SHA-512-256",
        }
    }

    /// The hash of the parts with colons between them, in lower-case hexadecimal digits.
    pub(super) fn hash(self, parts: &[&[u8]]) -> String {
        match self {
            Self::Md5 => hash::<Md5>(parts),
            Self::Sha256 => hash::<Sha256>(parts),
            Self::Sha512_256 => hash::<Sha512_256>(parts),
        }
    }
}

fn hash<D: Digest>(parts: &[&[u8]]) -> String {
    let mut digest = D::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            digest.update(b":");
        }
        digest.update(part);
    }
    hexadecimal(&digest.finalize())
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// All that a response is computed from (RFC 7616 section 3.4.1).
pub(super) struct Computation<'a> {
    pub(super) algorithm: Algorithm,
    pub(super) user: &'a str,
    /// Without its quotes, quoted pairs left as they are.
    pub(super) realm: &'a str,
    pub(super) password: &'a str,
    pub(super) method: &'a Method,
    /// The Request-URI as it stands in the `uri` parameter.
    pub(super) uri: &'a str,
    pub(super) nonce: &'a str,
    /// What `qop=auth` adds.
    pub(super) protection: Option<Protection<'a>>,
}

/// The nonce count and the client's nonce.
pub(super) struct Protection<'a> {
    /// Eight hexadecimal digits.
    pub(super) count: &'a str,
    pub(super) cnonce: &'a str,
}

impl Computation<'_> {
    pub(super) fn response(&self) -> String {
        let hash = |parts: &[&[u8]]| self.algorithm.hash(parts);
        let secret = hash(&[self.user.as_bytes(), self.realm.as_bytes(), self.password.as_bytes()]);
        let act = hash(&[self.method.as_str().as_bytes(), self.uri.as_bytes()]);
        let (secret, nonce, act) = (secret.as_bytes(), self.nonce.as_bytes(), act.as_bytes());
        match &self.protection {
            None => hash(&[secret, nonce, act]),
            Some(Protection { count, cnonce }) => {
                hash(&[secret, nonce, count.as_bytes(), cnonce.as_bytes(), b"auth", act])
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Text;

    fn get() -> Method {
        Method::Other(Text::from_static("GET"))
    }

    /// RFC 7616 section 3.9.1.
    #[test]
    fn the_example_of_rfc_7616_with_md5_and_sha_256() {
        for (algorithm, expected) in [
            (Algorithm::Md5, "8ca523f5e9506fed4657c9700eebdbec"),
            (Algorithm::Sha256, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let computation = Computation {
                algorithm,
                user: "Mufasa",
                realm: "http-auth@example.org",
                password: "Circle of Life",
                method: &get(),
                uri: "/dir/index.html",
                nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
                protection: Some(Protection {
                    count: "00000001",
                    cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
                }),
            };
            assert_eq!(computation.response(), expected, "{algorithm:?}");
        }
    }

    /// RFC 7616 section 3.9.2 as corrected by its erratum 4897: the RFC's own value was made with a truncated
    /// SHA-512.
    #[test]
    fn the_example_of_rfc_7616_with_sha_512_256() {
        let computation = Computation {
            algorithm: Algorithm::Sha512_256,
            user: "J\u{e4}s\u{f8}n Doe",
            realm: "api@example.org",
            password: "Secret, or not?",
            method: &get(),
            uri: "/doe.json",
            nonce: "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            protection: Some(Protection {
                count: "00000001",
                cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
            }),
        };
        assert_eq!(
            computation.response(),
            "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
        );
    }

    /// RFC 2617 section 3.5, and the same without `qop` (RFC 2069).
    #[test]
    fn the_example_of_rfc_2617() {
        let mut computation = Computation {
            algorithm: Algorithm::Md5,
            user: "Mufasa",
            realm: "testrealm@host.com",
            password: "Circle Of Life",
            method: &get(),
            uri: "/dir/index.html",
            nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
            protection: Some(Protection { count: "00000001", cnonce: "0a4f113b" }),
        };
        assert_eq!(computation.response(), "6629fae49393a05397450978507c4ef1");
        computation.protection = None;
        assert_eq!(computation.response(), "670fd8c2df070c60b045671b8b24ff02");
    }

    #[test]
    fn names_are_read_without_letter_case_and_others_are_unknown() {
        assert_eq!(Algorithm::parse("sha-256"), Some(Algorithm::Sha256));
        for unknown in ["", "SHA-1", "MD5-sess", "SHA-256-sess", "token"] {
            assert_eq!(Algorithm::parse(unknown), None, "{unknown}");
        }
    }
}
