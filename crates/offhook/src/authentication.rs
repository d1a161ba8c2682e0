//! Callers that must say who they are (RFC 3261 section 22): whom the server knows, whom it asks, and whom it lets in.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use offhook_sip::auth::{Challenger, ChallengerConfig, Credentials, Verdict};
use offhook_sip::{Headers, Request, StatusCode};

use crate::config::Config;
use crate::random::Random;
use crate::service::Service;
use crate::settings::{ConfigError, Settings};

/// The users of a server, by their names.
#[derive(Debug)]
pub(crate) struct Users(HashMap<Box<str>, Credentials>);

impl Users {
    pub(crate) fn new(config: &Config) -> Result<Self, ConfigError> {
        if config.realm.is_empty() || config.realm.chars().any(char::is_control) {
            return Err(ConfigError::Realm { realm: config.realm.clone() });
        }
        let mut users = HashMap::with_capacity(config.users.len());
        for credentials in &config.users {
            let user = credentials.user();
            if user.is_empty() || users.insert(user.into(), credentials.clone()).is_some() {
                return Err(ConfigError::User { user: user.to_owned() });
            }
        }
        for service in &config.services {
            let named = service.users.iter().flatten();
            if let Some(unknown) = named.into_iter().find(|user| !users.contains_key(user.as_str())) {
                let (service, user) = (service.name.clone(), unknown.clone());
                return Err(ConfigError::ServiceUser { service, user });
            }
        }
        Ok(Self(users))
    }

    fn find(&self, user: &str) -> Option<&Credentials> {
        self.0.get(user)
    }
}

/// Asks the callers of one shard for their passwords.
///
/// Each has a key of its own: an answer to a challenge of one shard is worth nothing to another, which would not know
/// how often it was used. A caller who answers with an old nonce gets a fresh one and asks once more.
#[derive(Debug)]
pub(crate) struct Doorkeeper {
    challenger: Challenger,
}

/// A caller that is not let in, and what it is answered with.
#[derive(Debug)]
pub(crate) struct Denied {
    pub(crate) status: StatusCode,
    pub(crate) headers: Headers,
    pub(crate) reason: &'static str,
}

impl Doorkeeper {
    /// `None` for a server without users, which asks nobody.
    ///
    /// # Errors
    ///
    /// The system has no random numbers.
    pub(crate) fn new(settings: &Settings, now: Instant) -> io::Result<Option<Self>> {
        let config = &settings.config;
        if config.users.is_empty() {
            return Ok(None);
        }
        let challenges = ChallengerConfig::new(config.realm.as_str());
        Ok(Some(Self { challenger: Challenger::new(challenges, key(config.seed)?, now) }))
    }

    /// Who the caller is; `None` where nobody is asked.
    pub(crate) fn identify(
        &mut self,
        now: Instant,
        invite: &Request,
        service: Option<&Service>,
        users: &Users,
    ) -> Result<Option<Arc<str>>, Denied> {
        let allowed = service.and_then(|service| service.users.as_deref());
        if allowed.is_some_and(<[String]>::is_empty) {
            return Ok(None);
        }
        let (is_stale, reason) = match self.challenger.verify(now, invite, |user| users.find(user)) {
            Verdict::Accepted { user } => {
                if allowed.is_some_and(|allowed| !allowed.iter().any(|name| *name == *user)) {
                    let (status, headers) = (StatusCode::FORBIDDEN, Headers::new());
                    return Err(Denied { status, headers, reason: "this user may not call this service" });
                }
                return Ok(Some(Arc::from(&*user)));
            }
            Verdict::Stale => (true, "its nonce is no longer good"),
            Verdict::Missing => (false, "it has to say who it is"),
            // RFC 7616 section 3.3: whoever is wrong may try again.
            _ => (false, "its credentials are wrong"),
        };
        let headers = self.challenger.challenge(now, is_stale);
        Err(Denied { status: StatusCode::UNAUTHORIZED, headers, reason })
    }
}

/// The key of a challenger: from the system, which alone makes what nobody can guess; in a simulation from its seed.
fn key(seed: Option<u64>) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    match seed {
        Some(seed) => {
            let mut random = Random::new(Some(seed));
            key.chunks_exact_mut(8).for_each(|part| part.copy_from_slice(&random.next_u64().to_be_bytes()));
        }
        None => getrandom::fill(&mut key)?,
    }
    Ok(key)
}
