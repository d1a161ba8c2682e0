//! `[[trunk]]`: a peer through which calls go out (CALL-6, CALL-10, CALL-14).

use std::fmt;

use offhook::{Trunk, TrunkCredentials};
use serde::Deserialize;

use super::ConfigError;
use super::password::password;

/// One `[[trunk]]` as the file has it.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrunkEntry {
    /// What it is called in messages.
    pub(crate) name: String,
    /// Host and port that calls are sent to, for example `sip.example.net` or `192.0.2.1:5070`.
    pub(crate) address: String,
    /// Domain of the addresses of called numbers; the host of `address` if it is not given.
    #[serde(default)]
    pub(crate) domain: Option<String>,
    /// User name for digest authentication.
    #[serde(default)]
    pub(crate) user: Option<String>,
    #[serde(default)]
    password: Option<String>,
    /// Environment variable that holds the password, which then stands in no file.
    #[serde(default)]
    password_env: Option<String>,
    /// Who calls, for applications that do not say (CALL-6).
    #[serde(default)]
    pub(crate) identity: Option<String>,
    /// Codecs to offer; those of the server if they are not given.
    #[serde(default)]
    pub(crate) codecs: Option<String>,
    /// SDP before the answer is ignored (CALL-10).
    #[serde(default)]
    pub(crate) ignore_early_sdp: bool,
    /// The user is registered at the address, so that calls to it come in.
    #[serde(default)]
    register: bool,
    /// Numbers that begin with one of these go this way; empty: every number.
    #[serde(default)]
    pub(crate) prefixes: Vec<String>,
}

impl TrunkEntry {
    /// User name and password, if it has any; `variable` reads an environment variable.
    fn credentials(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<(String, String)>, ConfigError> {
        let entry = format!("trunk {}", self.name);
        let password = password(&entry, self.password.as_deref(), self.password_env.as_deref(), variable)?;
        match (&self.user, password) {
            (Some(user), Some(password)) if !user.is_empty() => Ok(Some((user.clone(), password))),
            (None, None) if self.register => {
                Err(self.refuse("register", "true", "false, or a user together with a password"))
            }
            (None, None) => Ok(None),
            // The password itself must not be shown.
            _ => Err(self.refuse(
                "user",
                self.user.as_deref().unwrap_or_default(),
                "a user together with a password",
            )),
        }
    }

    /// The same for the server.
    pub(crate) fn trunk(&self) -> Result<Trunk, ConfigError> {
        let mut trunk = Trunk::new(&self.name, &self.address);
        let credentials = self.credentials(|name| std::env::var(name).ok())?;
        trunk.credentials = credentials.map(|(user, password)| TrunkCredentials::new(user, password));
        trunk.domain.clone_from(&self.domain);
        trunk.identity.clone_from(&self.identity);
        trunk.codecs.clone_from(&self.codecs);
        trunk.prefixes.clone_from(&self.prefixes);
        trunk.register = self.register;
        trunk.ignore_early_sdp = self.ignore_early_sdp;
        Ok(trunk)
    }

    fn check(&self) -> Result<(), ConfigError> {
        if self.name.is_empty() || !self.name.bytes().all(|byte| byte.is_ascii_graphic()) {
            let accepted = "printable ASCII characters without space, at least one";
            return Err(ConfigError::value("trunk.name", &self.name, accepted));
        }
        if !is_host_and_port(&self.address) {
            let accepted = "a host and perhaps a port, for example sip.example.net or 192.0.2.1:5070";
            return Err(self.refuse("address", &self.address, accepted));
        }
        if let Some(prefix) = self.prefixes.iter().find(|prefix| !is_prefix(prefix)) {
            return Err(self.refuse("prefixes", prefix, "the first digits of a number, with or without +"));
        }
        Ok(())
    }

    fn refuse(&self, key: &str, value: &str, accepted: &str) -> ConfigError {
        ConfigError::value(&format!("trunk {}: {key}", self.name), value, accepted)
    }
}

/// Without the password.
impl fmt::Debug for TrunkEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrunkEntry")
            .field("name", &self.name)
            .field("address", &self.address)
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// Checks all of them: each alone, and that no name is there twice.
pub(super) fn check(trunks: &[TrunkEntry]) -> Result<(), ConfigError> {
    for (index, trunk) in trunks.iter().enumerate() {
        trunk.check()?;
        if trunks[..index].iter().any(|other| other.name == trunk.name) {
            let accepted = "each name may be given to one trunk only";
            return Err(ConfigError::value("trunk.name", &trunk.name, accepted));
        }
    }
    Ok(())
}

fn is_host_and_port(address: &str) -> bool {
    let (host, port) = match address.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => {
            let port = rest.strip_prefix(':');
            if host.parse::<std::net::Ipv6Addr>().is_err() || (port.is_none() && !rest.is_empty()) {
                return false;
            }
            (host, port)
        }
        None => match address.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (address, None),
        },
    };
    let is_host =
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:".contains(&byte));
    is_host && port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn is_prefix(prefix: &str) -> bool {
    let digits = prefix.strip_prefix('+').unwrap_or(prefix);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trunk(text: &str) -> Result<TrunkEntry, String> {
        let text = format!("name = 'carrier'\n{text}");
        let trunk: TrunkEntry = toml::from_str(&text).map_err(|error| error.to_string())?;
        check(std::slice::from_ref(&trunk)).map_err(|error| error.to_string())?;
        trunk
            .credentials(|name| (name == "SECRET").then(|| "s3cret".to_owned()))
            .map_err(|error| error.to_string())?;
        Ok(trunk)
    }

    #[test]
    fn an_address_is_a_host_with_or_without_a_port() {
        for address in ["sip.example.net", "192.0.2.1:5070", "[2001:db8::1]:5060", "[2001:db8::1]"] {
            assert!(trunk(&format!("address = '{address}'")).is_ok(), "{address}");
        }
        for address in ["", "sip:example.net", "a b", "host:", "host:0", "host:70000", "[::1]5060", "[x]:1"] {
            let message = trunk(&format!("address = '{address}'")).expect_err(address);
            assert!(
                message.contains("trunk carrier: address") || message.contains("sip.example.net"),
                "{message}"
            );
        }
    }

    /// The password may stand in the environment, and is shown nowhere.
    #[test]
    fn a_password_belongs_to_a_user_and_is_never_shown() {
        let good = trunk("address = 'a'\nuser = 'u'\npassword_env = 'SECRET'").expect("set");
        assert_eq!(
            good.credentials(|_| Some("p".into())).expect("both are there"),
            Some(("u".to_owned(), "p".to_owned()))
        );
        for (text, words) in [
            ("user = 'u'", "user: \"u\" is not accepted; a user together with a password"),
            ("password = 'hidden'", "a user together with a password"),
            ("user = 'u'\npassword_env = 'UNSET'", "password_env: \"UNSET\""),
            ("register = true", "register: \"true\" is not accepted"),
            ("user = 'u'\npassword = 'hidden'\npassword_env = 'SECRET'", "either password or password_env"),
        ] {
            let message = trunk(&format!("address = 'a'\n{text}")).expect_err(text);
            assert!(message.contains(words) && !message.contains("hidden"), "{message}");
        }
        let shown = format!("{:?}", trunk("address = 'a'\nuser = 'u'\npassword = 'hidden'").expect("good"));
        assert!(!shown.contains("hidden"), "{shown}");
    }

    #[test]
    fn prefixes_are_digits() {
        assert!(trunk("address = 'a'\nprefixes = ['+44', '0']").is_ok());
        for prefix in ["", "+", "44-", "x"] {
            let message = trunk(&format!("address = 'a'\nprefixes = ['{prefix}']")).expect_err(prefix);
            assert!(message.contains("trunk carrier: prefixes"), "{message}");
        }
    }
}
