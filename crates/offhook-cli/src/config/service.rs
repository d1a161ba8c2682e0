//! `[[service]]`: what links a number or a name to an application (RUN-8 to RUN-12, RUN-23).

use std::time::Duration;

use offhook::Service;
use serde::Deserialize;

use super::ConfigError;

/// One `[[service]]` as the file has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceEntry {
    /// What it is called in `offhook start`, in `loc:` addresses and in messages.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// User part of the called address, for example `1000` or `welcome`, or several of them; in a pattern `?` stands
    /// for one character and `*` for any number of them. Inbound services only.
    #[serde(default)]
    pub(crate) number: Numbers,
    /// Name of the application: a file in `Applications` without its extension.
    pub(crate) application: String,
    /// Handed to `main` as `application_parameters` (RUN-7).
    #[serde(default)]
    pub(crate) parameters: String,
    #[serde(default)]
    pub(crate) direction: Direction,
    /// Further channels of an instance, for outbound calls (RUN-23).
    #[serde(default)]
    pub(crate) extra_channels: u8,
    /// 180 is sent on arrival and the call starts in `RING_INCOMING` (RUN-12).
    #[serde(default)]
    pub(crate) auto_ring: bool,
    /// The users who may call; an empty list: everybody, without being asked. Those of the file if it is not given.
    /// Inbound services only.
    #[serde(default)]
    pub(crate) users: Option<Vec<String>>,
    /// As the setting of that name, for calls of this service only (RUN-27).
    #[serde(default)]
    pub(crate) max_call_seconds: Option<u32>,
    /// As the setting of that name, for calls of this service only (RUN-28).
    #[serde(default)]
    pub(crate) media_timeout_seconds: Option<u32>,
}

/// One number, or a list of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "OneOrMany")]
pub(crate) struct Numbers(Vec<String>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "a number or name as text, or a list of them")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Numbers {
    fn from(numbers: OneOrMany) -> Self {
        Self(match numbers {
            OneOrMany::One(number) => vec![number],
            OneOrMany::Many(numbers) => numbers,
        })
    }
}

/// Which calls a service is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Direction {
    /// A call to its number starts an instance (RUN-8).
    #[default]
    Inbound,
    /// A request starts an instance, which may place calls (RUN-9).
    Outbound,
}

impl ServiceEntry {
    /// Its name: the one given, or else the number, or else the application's.
    pub(crate) fn name(&self) -> &str {
        self.name.as_ref().or(self.number.0.first()).unwrap_or(&self.application)
    }

    /// The same for the server.
    pub(crate) fn service(&self) -> Service {
        let mut service = match self.direction {
            Direction::Inbound => Service::inbound("", &self.application),
            Direction::Outbound => Service::outbound("", &self.application),
        };
        service.name = self.name().to_owned();
        service.numbers.clone_from(&self.number.0);
        service.parameters.clone_from(&self.parameters);
        service.extra_channels = self.extra_channels;
        service.auto_ring = self.auto_ring;
        service.users.clone_from(&self.users);
        service.max_call = self.max_call_seconds.map(seconds);
        service.media_timeout = self.media_timeout_seconds.map(seconds);
        service
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key: &str, value: &dyn std::fmt::Display, accepted: &str| {
            Err(ConfigError::value(&format!("service.{key}"), value, accepted))
        };
        if self.application.is_empty() {
            return refuse("application", &"", "the name of a file in Applications, without .py");
        }
        let has_numbers = !self.number.0.is_empty() && self.number.0.iter().all(|number| !number.is_empty());
        match self.direction {
            Direction::Inbound if !has_numbers => {
                return refuse(
                    "number",
                    &"",
                    "the user part of a SIP address or a pattern with ? and *; or direction = \"outbound\"",
                );
            }
            Direction::Outbound if !self.number.0.is_empty() => {
                let numbers = self.number.0.join(", ");
                return refuse("number", &numbers, "none for direction = \"outbound\": no call comes in");
            }
            Direction::Outbound if self.auto_ring => {
                return refuse("auto_ring", &true, "false for direction = \"outbound\": no call comes in");
            }
            Direction::Outbound if self.users.is_some() => {
                let users = self.users.iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
                return refuse("users", &users, "none for direction = \"outbound\": no call comes in");
            }
            _ => {}
        }
        if self.name().is_empty() || !self.name().bytes().all(|byte| byte.is_ascii_graphic()) {
            return refuse("name", &self.name(), "printable ASCII characters without space, at least one");
        }
        if self.extra_channels > MOST_EXTRA_CHANNELS {
            return refuse("extra_channels", &self.extra_channels, "0 to 3");
        }
        if let Some(seconds) = self.max_call_seconds.filter(|seconds| *seconds > 604_800) {
            return refuse("max_call_seconds", &seconds, "0 to 604800");
        }
        if let Some(seconds) = self.media_timeout_seconds.filter(|seconds| *seconds > 86_400) {
            return refuse("media_timeout_seconds", &seconds, "0 to 86400");
        }
        Ok(())
    }
}

/// Checks all of them: each alone, and that no name and no number is there twice.
pub(super) fn check(services: &[ServiceEntry]) -> Result<(), ConfigError> {
    for (index, service) in services.iter().enumerate() {
        service.check()?;
        let earlier = &services[..index];
        let is_taken = |number: &&String| earlier.iter().any(|other| other.number.0.contains(*number));
        if let Some(number) = service.number.0.iter().find(is_taken) {
            return Err(ConfigError::value(
                "service.number",
                number,
                "each number may have one service only",
            ));
        }
        if earlier.iter().any(|other| other.name() == service.name()) {
            let name = service.name();
            return Err(ConfigError::value(
                "service.name",
                name,
                "each name may be given to one service only",
            ));
        }
    }
    Ok(())
}

fn seconds(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

/// RUN-23.
const MOST_EXTRA_CHANNELS: u8 = 3;

#[cfg(test)]
mod tests {
    use super::*;

    fn service(text: &str) -> Result<ServiceEntry, String> {
        let service: ServiceEntry = toml::from_str(text).map_err(|error| error.to_string())?;
        check(std::slice::from_ref(&service)).map_err(|error| error.to_string())?;
        Ok(service)
    }

    /// RUN-9: an outbound service has a name and no number.
    #[test]
    fn the_name_is_the_one_given_or_the_number_or_the_application() {
        for (text, name) in [
            ("number = '1000'\napplication = 'a'\nname = 'sales'", "sales"),
            ("number = '1000'\napplication = 'a'", "1000"),
            ("number = ['1000', '2*']\napplication = 'a'", "1000"),
            ("direction = 'outbound'\napplication = 'a'", "a"),
        ] {
            assert_eq!(service(text).expect(text).name(), name, "{text}");
        }
    }

    /// RUN-23: at most three extra channels; each message names the key, the value and what is accepted.
    #[test]
    fn a_service_that_makes_no_sense_is_refused_by_key() {
        for (text, words) in [
            ("application = 'a'", "service.number: \"\" is not accepted; the user part of a SIP address"),
            ("number = '1'\napplication = ''", "service.application"),
            ("number = '1'\napplication = 'a'\nname = 'a b'", "service.name: \"a b\""),
            (
                "number = '1'\napplication = 'a'\nextra_channels = 4",
                "service.extra_channels: \"4\" is not accepted; 0 to 3",
            ),
            ("number = '1'\napplication = 'a'\ndirection = 'outbound'", "service.number: \"1\""),
            ("application = 'a'\ndirection = 'outbound'\nauto_ring = true", "service.auto_ring"),
            ("application = 'a'\ndirection = 'outbound'\nusers = ['ann']", "service.users: \"ann\""),
            ("number = '1'\napplication = 'a'\nmax_call_seconds = 604801", "0 to 604800"),
            ("number = '1'\napplication = 'a'\nmedia_timeout_seconds = 86401", "0 to 86400"),
            ("number = '1'\napplication = 'a'\ndirection = 'both'", "`inbound` or `outbound`"),
            ("number = '1'\napplication = 'a'\nextra = 1", "unknown field `extra`"),
            ("number = 1000\napplication = 'a'", "a number or name as text, or a list of them"),
        ] {
            let message = service(text).expect_err(text);
            assert!(message.contains(words), "{words:?} is not in {message}");
        }
    }

    #[test]
    fn a_name_and_a_number_have_one_service_only() {
        let of = |name: &str, number: &str| ServiceEntry {
            name: Some(name.into()),
            number: Numbers(vec![number.into()]),
            application: "a".into(),
            ..ServiceEntry::default()
        };
        for (services, twice) in
            [([of("a", "1"), of("b", "1")], "\"1\""), ([of("a", "1"), of("a", "2")], "\"a\"")]
        {
            let message = check(&services).expect_err("twice").to_string();
            assert!(message.contains(twice), "{message}");
        }
    }
}
