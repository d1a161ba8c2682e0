//! Trunks: the peers through which numbers are called.

use std::fmt;

use offhook_media::CodecList;
use offhook_sip::{Host, Text, Uri};

use crate::settings::ConfigError;

/// A named SIP peer, for example a provider, through which telephone numbers are reached.
///
/// A `sip:` address whose host is the trunk's domain or address is called through it too.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trunk {
    /// Its name in messages and logs.
    pub name: String,
    /// Where its calls go: `host` or `host:port`, without a port 5060.
    pub address: String,
    /// The host part of the addresses that are called and called from. Default: that of `address`.
    pub domain: Option<String>,
    /// What a challenge is answered with (CALL-14).
    pub credentials: Option<TrunkCredentials>,
    /// The user of `credentials` is registered at `address`, and kept registered, so that calls to it come to
    /// this server (RFC 3261 section 10). When the name of the address stands for several machines and one of
    /// them fails, the next one is turned to. Default off.
    pub register: bool,
    /// Who calls if `call_from` is empty: a number, a user name or a SIP address (CALL-6).
    pub identity: Option<String>,
    /// The codec list of its calls (ANS-8). Default: the server's.
    pub codecs: Option<String>,
    /// How the numbers begin that go this way, digits with or without `+`; the longest match of all
    /// trunks wins. Empty: every number.
    pub prefixes: Vec<String>,
    /// Early SDP is neither heard nor recorded; only that of the answer counts (CALL-10). Default off.
    pub ignore_early_sdp: bool,
}

impl Trunk {
    /// A trunk at `host` or `host:port` for every number.
    pub fn new(name: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            address: address.into(),
            domain: None,
            credentials: None,
            register: false,
            identity: None,
            codecs: None,
            prefixes: Vec::new(),
            ignore_early_sdp: false,
        }
    }
}

/// The user and password of a trunk. The password appears in no log and no message.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TrunkCredentials {
    /// The user name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl TrunkCredentials {
    /// A user with a password.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: password.into() }
    }
}

impl fmt::Debug for TrunkCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrunkCredentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// A trunk whose settings were checked.
#[derive(Debug)]
pub(crate) struct CheckedTrunk {
    pub(crate) trunk: Trunk,
    /// Where its calls go.
    pub(crate) host: Host,
    pub(crate) port: Option<u16>,
    /// The host part of addresses.
    pub(crate) domain: Host,
    pub(crate) codecs: Option<CodecList>,
    /// The digits of its prefixes.
    prefixes: Vec<String>,
}

impl CheckedTrunk {
    pub(crate) fn new(trunk: &Trunk) -> Result<Self, ConfigError> {
        let parse = |setting: &'static str, value: &str| {
            let uri = Uri::parse(&Text::from(format!("sip:{value}")));
            let plain = uri.ok().filter(|uri| uri.user.is_none() && uri.params == Default::default());
            plain.ok_or_else(|| ConfigError::TrunkAddress {
                trunk: trunk.name.clone(),
                setting,
                value: value.to_owned(),
            })
        };
        let address = parse("address", &trunk.address)?;
        let domain = match &trunk.domain {
            Some(domain) => parse("domain", domain)?.host,
            None => address.host.clone(),
        };
        if trunk.register && trunk.credentials.is_none() {
            return Err(ConfigError::TrunkRegister { trunk: trunk.name.clone() });
        }
        let mut prefixes = Vec::with_capacity(trunk.prefixes.len());
        for prefix in &trunk.prefixes {
            let digits = prefix.strip_prefix('+').unwrap_or(prefix);
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                let (trunk, prefix) = (trunk.name.clone(), prefix.clone());
                return Err(ConfigError::TrunkPrefix { trunk, prefix });
            }
            prefixes.push(digits.to_owned());
        }
        Ok(Self {
            host: address.host,
            port: address.port,
            domain,
            codecs: trunk.codecs.as_deref().map(CodecList::parse).transpose()?,
            prefixes,
            trunk: trunk.clone(),
        })
    }

    /// How many digits of a number this trunk's best prefix covers; `None` if the number does not go this way.
    pub(crate) fn covers(&self, number: &str) -> Option<usize> {
        let digits = number.strip_prefix('+').unwrap_or(number);
        if self.prefixes.is_empty() {
            return Some(0);
        }
        let fitting = self.prefixes.iter().filter(|prefix| digits.starts_with(prefix.as_str()));
        fitting.map(String::len).max()
    }

    /// Whether a SIP address belongs to this trunk.
    pub(crate) fn owns(&self, uri: &Uri) -> bool {
        let at = |host: &Host, port: Option<u16>| {
            uri.host.equivalent(host) && uri.port.unwrap_or(5060) == port.unwrap_or(5060)
        };
        at(&self.host, self.port) || at(&self.domain, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let mut trunk = Trunk::new("provider", "sip.example.com");
        trunk.credentials = Some(TrunkCredentials::new("ann", "s3cret"));
        assert!(!format!("{trunk:?}").contains("s3cret"));
    }

    #[test]
    fn the_longest_prefix_counts() {
        let mut trunk = Trunk::new("provider", "sip.example.com:5070");
        assert_eq!(CheckedTrunk::new(&trunk).unwrap().covers("+4930123"), Some(0));
        trunk.prefixes = vec!["+49".to_owned(), "4930".to_owned()];
        let trunk = CheckedTrunk::new(&trunk).unwrap();
        assert_eq!(trunk.covers("+4930123"), Some(4));
        assert_eq!(trunk.covers("4989123"), Some(2));
        assert_eq!(trunk.covers("+33123"), None);
    }

    #[test]
    fn settings_are_checked() {
        for address in ["", "a b", "ann@example.com", "host:port"] {
            assert!(CheckedTrunk::new(&Trunk::new("x", address)).is_err(), "{address:?}");
        }
        let mut trunk = Trunk::new("x", "192.0.2.1");
        trunk.prefixes = vec!["49x".to_owned()];
        assert!(CheckedTrunk::new(&trunk).is_err());
    }
}
