//! The server's side: makes challenges and checks what comes back.

use std::collections::VecDeque;
use std::fmt;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::algorithm::{Algorithm, Computation, Protection, hexadecimal};
use super::client::{inner, push_quoted, push_raw};
use super::credentials::Credentials;
use crate::header::{AuthValue, Authorization, Headers, Params, TypedHeader, WwwAuthenticate};
use crate::message::Request;
use crate::text::Text;

/// How a [`Challenger`] asks.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChallengerConfig {
    /// The realm: shown to people, and part of what is hashed.
    pub realm: Text,
    /// The algorithms to offer, the preferred one first; one challenge for each (RFC 8760 section 2.4). At
    /// first SHA-256 and MD5, without which many phones cannot answer.
    pub algorithms: Vec<Algorithm>,
    /// How long a nonce is good: 5 minutes.
    pub lifetime: Duration,
    /// How many nonces that were used are remembered at once, against replay: 10,000. An older one counts as
    /// expired, which costs its user one more round.
    pub remembered_nonces: usize,
}

impl ChallengerConfig {
    /// The usual settings for a realm.
    pub fn new(realm: impl Into<Text>) -> Self {
        Self {
            realm: realm.into(),
            algorithms: vec![Algorithm::Sha256, Algorithm::Md5],
            lifetime: Duration::from_secs(300),
            remembered_nonces: 10_000,
        }
    }
}

/// What the credentials in a request are worth.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// They are right, and were not used before.
    Accepted {
        /// The name.
        user: Text,
    },
    /// There are none for this realm: answer 401 with [`Challenger::challenge`].
    Missing,
    /// They are right, but the nonce has expired or its count was used before: answer 401 with
    /// [`Challenger::challenge`], stale.
    Stale,
    /// They are wrong: answer 403, or 401 again.
    Wrong,
}

/// Challenges requests and checks the answers (RFC 3261 section 22.2, RFC 7616).
///
/// A nonce carries the time of its making under a keyed hash, so a flood of requests without credentials
/// leaves nothing behind. Only nonces that were answered rightly are remembered, with the highest nonce count
/// of each, so that no answer is accepted twice.
pub struct Challenger {
    config: ChallengerConfig,
    key: [u8; 32],
    epoch: Instant,
    made: u64,
    /// The nonces used so far, in the order of their making.
    used: VecDeque<UsedNonce>,
    /// Nonces up to this number that are not among the used ones were forgotten.
    forgotten: u64,
}

struct UsedNonce {
    number: u64,
    count: u32,
}

/// What a nonce of ours says.
struct Nonce {
    number: u64,
    made: Duration,
}

impl Challenger {
    /// A challenger whose nonces are made under `key`, which therefore has to be random in earnest use.
    /// `epoch` is the time that the age of nonces is counted from; no later call may have an earlier one.
    pub fn new(config: ChallengerConfig, key: [u8; 32], epoch: Instant) -> Self {
        Self { config, key, epoch, made: 0, used: VecDeque::new(), forgotten: 0 }
    }

    /// The `WWW-Authenticate` header fields of a 401. `is_stale` tells a client whose credentials were right
    /// that it need not ask for a password again.
    pub fn challenge(&mut self, now: Instant, is_stale: bool) -> Headers {
        self.made += 1;
        let nonce = self.nonce(&Nonce { number: self.made, made: now.saturating_duration_since(self.epoch) });
        let mut headers = Headers::new();
        for algorithm in &self.config.algorithms {
            let mut value = AuthValue::new(Text::from_static("Digest"));
            push_quoted(&mut value.params, "realm", &self.config.realm);
            push_raw(&mut value.params, "nonce", &nonce);
            value.params.push("algorithm", Some(Text::from_static(algorithm.name())));
            value.params.push("qop", Some(Text::from_static("\"auth\"")));
            if is_stale {
                value.params.push("stale", Some(Text::from_static("true")));
            }
            headers.push_typed(&WwwAuthenticate(value));
        }
        headers
    }

    /// Checks the credentials in a request. `find` gives the credentials of a user, if there is one.
    pub fn verify<'a>(
        &mut self,
        now: Instant,
        request: &Request,
        find: impl FnOnce(&str) -> Option<&'a Credentials>,
    ) -> Verdict {
        let Some(params) = self.answer(request) else { return Verdict::Missing };
        let Some(answer) = Answer::of(&params) else { return Verdict::Wrong };
        // A malformed or foreign nonce may come from before a restart, under another key.
        let Some(nonce) = self.read_nonce(&answer.nonce) else { return Verdict::Stale };
        let Some(credentials) = find(&answer.user) else { return Verdict::Wrong };
        if !self.config.algorithms.contains(&answer.algorithm) || !answer.is_for(request) {
            return Verdict::Wrong;
        }
        let expected = answer.expected(&credentials.password, request);
        if !is_equal(expected.as_bytes(), answer.response.to_ascii_lowercase().as_bytes()) {
            return Verdict::Wrong;
        }
        let age = now.saturating_duration_since(self.epoch).saturating_sub(nonce.made);
        if age > self.config.lifetime || !self.use_up(nonce.number, answer.count) {
            return Verdict::Stale;
        }
        Verdict::Accepted { user: Text::from(answer.user) }
    }

    /// The parameters of the credentials for our realm.
    fn answer(&self, request: &Request) -> Option<Params> {
        let name = Authorization::NAME;
        let lines = request.headers.get_all(&name);
        let mut answers = lines.filter_map(|line| Authorization::parse(line).ok());
        let ours = answers.find(|answer| {
            answer.scheme.eq_ignore_ascii_case("Digest")
                && answer.params.unquoted("realm").is_some_and(|realm| realm == self.config.realm.as_str())
        });
        ours.map(|answer| answer.0.params)
    }

    /// Whether a nonce has not been used with this count or a higher one; if so, it is now.
    fn use_up(&mut self, number: u64, count: u32) -> bool {
        match self.used.binary_search_by_key(&number, |used| used.number) {
            Ok(at) => {
                let is_fresh = count > self.used[at].count;
                self.used[at].count = self.used[at].count.max(count);
                is_fresh
            }
            Err(_) if number <= self.forgotten => false,
            Err(at) => {
                self.used.insert(at, UsedNonce { number, count });
                if self.used.len() > self.config.remembered_nonces.max(1)
                    && let Some(oldest) = self.used.pop_front()
                {
                    self.forgotten = oldest.number;
                }
                true
            }
        }
    }

    /// Writes a nonce: its number, the milliseconds since the epoch, and their keyed hash.
    fn nonce(&self, nonce: &Nonce) -> String {
        let milliseconds = u64::try_from(nonce.made.as_millis()).unwrap_or(u64::MAX);
        let text = format!("{:016x}{milliseconds:016x}", nonce.number);
        let tag = self.mac(&text).finalize().into_bytes();
        text + &hexadecimal(&tag[..TAG_BYTES])
    }

    /// Reads a nonce back; `None` if it is not ours.
    fn read_nonce(&self, text: &str) -> Option<Nonce> {
        let (text, tag) = text.split_at_checked(NONCE_DIGITS)?;
        if !tag.is_ascii() || tag.len() != 2 * TAG_BYTES {
            return None;
        }
        let expected = hexadecimal(&self.mac(text).finalize().into_bytes()[..TAG_BYTES]);
        if !is_equal(expected.as_bytes(), tag.as_bytes()) {
            return None;
        }
        let (number, milliseconds) = text.split_at_checked(NONCE_DIGITS / 2)?;
        Some(Nonce {
            number: u64::from_str_radix(number, 16).ok()?,
            made: Duration::from_millis(u64::from_str_radix(milliseconds, 16).ok()?),
        })
    }

    fn mac(&self, text: &str) -> Hmac<Sha256> {
        // HMAC fills a key up to the block of its hash with zeros (RFC 2104 section 2).
        let mut block = [0; 64];
        block[..32].copy_from_slice(&self.key);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(text.as_bytes());
        mac
    }
}

impl fmt::Debug for Challenger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Challenger")
            .field("config", &self.config)
            .field("made", &self.made)
            .field("used", &self.used.len())
            .finish_non_exhaustive()
    }
}

/// The parameters of an answer that count.
struct Answer {
    algorithm: Algorithm,
    user: String,
    /// As it stands between its quotes, which is what the client has hashed.
    realm: Text,
    nonce: Text,
    uri: Text,
    response: String,
    /// The nonce count; an answer without `qop` is good once.
    count: u32,
    /// The wire form of the count, and the client's nonce.
    protection: Option<(Text, Text)>,
}

impl Answer {
    fn of(params: &Params) -> Option<Self> {
        let named = params.unquoted("algorithm");
        let protection = match params.unquoted("qop") {
            None => None,
            Some(qop) if qop.eq_ignore_ascii_case("auth") => {
                let count = inner(params, "nc")?;
                if count.len() != 8 || !count.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                    return None;
                }
                Some((count, inner(params, "cnonce")?))
            }
            Some(_) => return None,
        };
        let count = match &protection {
            Some((count, _)) => u32::from_str_radix(count, 16).ok()?,
            None => 1,
        };
        Some(Self {
            algorithm: named.as_deref().map_or(Some(Algorithm::Md5), Algorithm::parse)?,
            user: params.unquoted("username")?.into_owned(),
            realm: inner(params, "realm")?,
            nonce: inner(params, "nonce")?,
            uri: inner(params, "uri")?,
            response: params.unquoted("response")?.into_owned(),
            count,
            protection,
        })
    }

    /// Whether the answer was made for this very request: a proxy may have changed the Request-URI, but not
    /// into that of another user.
    fn is_for(&self, request: &Request) -> bool {
        let uri = self.uri.parse::<crate::uri::Uri>();
        *self.uri == request.uri.to_string()
            || uri.is_ok_and(|uri| uri.equivalent(&request.uri) || uri.user == request.uri.user)
    }

    fn expected(&self, password: &str, request: &Request) -> String {
        let computation = Computation {
            algorithm: self.algorithm,
            user: &self.user,
            realm: &self.realm,
            password,
            method: &request.method,
            uri: &self.uri,
            nonce: &self.nonce,
            protection: self.protection.as_ref().map(|(count, cnonce)| Protection { count, cnonce }),
        };
        computation.response()
    }
}

/// Whether two texts are equal, in a time that depends on their lengths alone.
fn is_equal(one: &[u8], two: &[u8]) -> bool {
    one.len() == two.len() && one.iter().zip(two).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
}

/// The digits of the number and the time of a nonce.
const NONCE_DIGITS: usize = 32;
/// So many bytes of the keyed hash stand in a nonce: more than anybody can guess.
const TAG_BYTES: usize = 16;
