//! The client's side: answers challenges and remembers them for the requests that follow.

use super::algorithm::{Algorithm, Computation, Protection};
use super::credentials::Credentials;
use crate::grammar::{elements, write_quoted};
use crate::header::{
    AuthValue, HeaderName, Headers, Params, ProxyAuthenticate, TypedHeader, WwwAuthenticate,
};
use crate::message::{Request, Response, StatusCode};
use crate::random::Random;
use crate::text::Text;

/// Credentials with the challenges that they met, for all requests of a call or of a registration.
#[derive(Clone, Debug)]
pub(crate) struct ClientAuth {
    credentials: Credentials,
    challenges: Vec<Challenge>,
}

/// How often one request was challenged.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attempt {
    /// Whose challenges its newest copy answers because it was challenged before; what earlier requests
    /// learned does not count.
    answered: Vec<Origin>,
    rounds: u8,
}

/// Who asks: a proxy or not, and its realm.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Origin {
    is_proxy: bool,
    /// Without its quotes, quoted pairs left as they are.
    realm: Text,
}

/// A challenge that can be answered, and how often it was.
#[derive(Clone, Debug)]
struct Challenge {
    origin: Origin,
    nonce: Text,
    opaque: Option<Text>,
    algorithm: Algorithm,
    /// Old servers name none, and are not to be told one.
    names_algorithm: bool,
    has_qop: bool,
    is_stale: bool,
    count: u32,
}

impl ClientAuth {
    pub(crate) fn new(credentials: Credentials) -> Self {
        Self { credentials, challenges: Vec::new() }
    }

    /// Takes the challenges in a response to a request that was challenged so far as `attempt` says. Whether
    /// the request is to be sent again, by way of [`authorize`](Self::authorize).
    ///
    /// It is not when nothing in the response can be answered, or when a realm asks again that had its answer
    /// and does not say that merely the nonce is stale (CALL-14).
    pub(crate) fn take(&mut self, response: &Response, attempt: &mut Attempt) -> bool {
        if !is_challenge(response.status) || attempt.rounds >= MAX_ROUNDS {
            return false;
        }
        let mut offered = Vec::new();
        read::<WwwAuthenticate>(&response.headers, false, &mut offered);
        read::<ProxyAuthenticate>(&response.headers, true, &mut offered);
        offered.retain(|challenge| {
            self.credentials.realm.as_ref().is_none_or(|realm| *realm == challenge.origin.realm)
        });
        if offered.is_empty() {
            return false;
        }
        for challenge in offered {
            let known = self.challenges.iter().position(|known| known.origin == challenge.origin);
            let is_repeated = attempt.answered.contains(&challenge.origin);
            let is_renewed =
                known.is_some_and(|at| challenge.is_stale && self.challenges[at].nonce != challenge.nonce);
            if is_repeated && !is_renewed {
                return false;
            }
            if !is_repeated {
                attempt.answered.push(challenge.origin.clone());
            }
            match known {
                Some(at) => self.challenges[at] = challenge,
                None if self.challenges.len() < MAX_CHALLENGES => self.challenges.push(challenge),
                None => return false,
            }
        }
        attempt.rounds += 1;
        true
    }

    /// Answers every challenge known so far in a request that is about to be sent.
    pub(crate) fn authorize(&mut self, request: &mut Request, random: &mut Random) {
        request.headers.remove(&HeaderName::Authorization);
        request.headers.remove(&HeaderName::ProxyAuthorization);
        if self.challenges.is_empty() {
            return;
        }
        let uri = request.uri.to_string();
        for challenge in &mut self.challenges {
            challenge.count = challenge.count.wrapping_add(1);
            let (count, cnonce) = (format!("{:08x}", challenge.count), random.token().to_string());
            let computation = Computation {
                algorithm: challenge.algorithm,
                user: &self.credentials.user,
                realm: &challenge.origin.realm,
                password: &self.credentials.password,
                method: &request.method,
                uri: &uri,
                nonce: &challenge.nonce,
                protection: challenge.has_qop.then_some(Protection { count: &count, cnonce: &cnonce }),
            };
            let response = computation.response();
            let mut value = AuthValue::new(Text::from_static("Digest"));
            let params = &mut value.params;
            push_quoted(params, "username", &self.credentials.user);
            push_raw(params, "realm", &challenge.origin.realm);
            push_raw(params, "nonce", &challenge.nonce);
            push_quoted(params, "uri", &uri);
            push_quoted(params, "response", &response);
            if challenge.names_algorithm {
                params.push("algorithm", Some(Text::from_static(challenge.algorithm.name())));
            }
            if challenge.has_qop {
                params.push("qop", Some(Text::from_static("auth")));
                params.push("nc", Some(Text::from(count.as_str())));
                push_quoted(params, "cnonce", &cnonce);
            }
            if let Some(opaque) = &challenge.opaque {
                push_raw(params, "opaque", opaque);
            }
            if challenge.origin.is_proxy {
                request.headers.push_typed(&crate::header::ProxyAuthorization(value));
            } else {
                request.headers.push_typed(&crate::header::Authorization(value));
            }
        }
    }
}

/// Whether a response asks for credentials.
fn is_challenge(status: StatusCode) -> bool {
    status == StatusCode::UNAUTHORIZED || status == StatusCode::PROXY_AUTHENTICATION_REQUIRED
}

/// The challenges in the fields of one kind that can be answered: of each realm the first, since the server
/// puts them in the order of its preference (RFC 8760 section 2.4). Malformed ones are passed over like
/// unknown ones.
fn read<H: TypedHeader + std::ops::Deref<Target = AuthValue>>(
    headers: &Headers,
    is_proxy: bool,
    challenges: &mut Vec<Challenge>,
) {
    let name = H::NAME;
    for line in headers.get_all(&name) {
        let Some(challenge) = H::parse(line).ok().and_then(|value| Challenge::of(&value, is_proxy)) else {
            continue;
        };
        if !challenges.iter().any(|known| known.origin == challenge.origin) {
            challenges.push(challenge);
        }
    }
}

impl Challenge {
    fn of(value: &AuthValue, is_proxy: bool) -> Option<Self> {
        if !value.scheme.eq_ignore_ascii_case("Digest") {
            return None;
        }
        let params = &value.params;
        let named = params.unquoted("algorithm");
        let algorithm = named.as_deref().map_or(Some(Algorithm::Md5), Algorithm::parse)?;
        let qop = params.unquoted("qop");
        if qop.as_deref().is_some_and(|qop| !elements(qop).any(|qop| qop.eq_ignore_ascii_case("auth"))) {
            return None;
        }
        Some(Self {
            origin: Origin { is_proxy, realm: inner(params, "realm")? },
            nonce: inner(params, "nonce")?,
            opaque: inner(params, "opaque"),
            algorithm,
            names_algorithm: named.is_some(),
            has_qop: qop.is_some(),
            is_stale: params.unquoted("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
            count: 0,
        })
    }
}

/// A parameter without its quotes, quoted pairs left as they are: so it is hashed (RFC 7616 section 3.4) and
/// sent back.
pub(super) fn inner(params: &Params, name: &str) -> Option<Text> {
    let value = params.value(name)?;
    let inner = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
    // It outlives its message by the length of a call.
    Some(Text::from(inner))
}

pub(super) fn push_raw(params: &mut Params, name: &'static str, inner: &str) {
    params.push(Text::from_static(name), Some(Text::from(format!("\"{inner}\""))));
}

pub(super) fn push_quoted(params: &mut Params, name: &'static str, plain: &str) {
    let mut quoted = String::with_capacity(plain.len() + 2);
    write_quoted(&mut quoted, plain);
    params.push(Text::from_static(name), Some(Text::from(quoted)));
}

/// How often a request is sent again for challenges: two proxies and the far end, each of which may find its
/// nonce stale once.
const MAX_ROUNDS: u8 = 6;
/// How many realms are remembered.
const MAX_CHALLENGES: usize = 8;
