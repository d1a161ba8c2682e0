//! `[[service]]`: what links a number or a name to an application (RUN-8 to RUN-12, RUN-23).

use serde::Deserialize;

use super::ConfigError;

/// One `[[service]]` as the file has it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceEntry {
    /// What it is called in `offhook start`, in `loc:` addresses and in messages.
    #[serde(default)]
    pub(crate) name: Option<String>,
    /// User part of the called address, for example `1000` or `welcome`; in a pattern `?` stands for one character and
    /// `*` for any number of them.
    pub(crate) number: String,
    /// Name of the application: a file in `Applications` without its extension.
    pub(crate) application: String,
    /// Handed to `main` as `application_parameters` (RUN-7).
    #[serde(default)]
    pub(crate) parameters: String,
    /// 180 is sent on arrival and the call starts in `RING_INCOMING` (RUN-12).
    #[serde(default)]
    pub(crate) auto_ring: bool,
}

impl ServiceEntry {
    /// Its name: the one given, or else the number.
    pub(crate) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.number)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |key: &str, value: &dyn std::fmt::Display, accepted: &str| {
            Err(ConfigError::value(&format!("service.{key}"), value, accepted))
        };
        if self.application.is_empty() {
            return refuse("application", &"", "the name of a file in Applications, without .py");
        }
        if self.number.is_empty() {
            return refuse("number", &"", "the user part of a SIP address or a pattern with ? and *");
        }
        if self.name().is_empty() || !self.name().bytes().all(|byte| byte.is_ascii_graphic()) {
            return refuse("name", &self.name(), "printable ASCII characters without space, at least one");
        }
        Ok(())
    }
}

/// Checks all of them: each alone, and that no name and no number is there twice.
pub(super) fn check(services: &[ServiceEntry]) -> Result<(), ConfigError> {
    for (index, service) in services.iter().enumerate() {
        service.check()?;
        let earlier = &services[..index];
        if earlier.iter().any(|other| other.number == service.number) {
            let number = &service.number;
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

#[cfg(test)]
mod tests {
    use super::*;

    fn service(text: &str) -> Result<ServiceEntry, String> {
        let service: ServiceEntry = toml::from_str(text).map_err(|error| error.to_string())?;
        check(std::slice::from_ref(&service)).map_err(|error| error.to_string())?;
        Ok(service)
    }

    #[test]
    fn the_name_is_the_one_given_or_the_number() {
        for (text, name) in [
            ("number = '1000'\napplication = 'a'\nname = 'sales'", "sales"),
            ("number = '1000'\napplication = 'a'", "1000"),
        ] {
            assert_eq!(service(text).expect(text).name(), name, "{text}");
        }
    }

    /// Each message names the key, the value and what is accepted.
    #[test]
    fn a_service_that_makes_no_sense_is_refused_by_key() {
        for (text, words) in [
            (
                "number = ''\napplication = 'a'",
                "service.number: \"\" is not accepted; the user part of a SIP address",
            ),
            ("number = '1'\napplication = ''", "service.application"),
            ("number = '1'\napplication = 'a'\nname = 'a b'", "service.name: \"a b\""),
            ("number = '1'\napplication = 'a'\nextra = 1", "unknown field `extra`"),
        ] {
            let message = service(text).expect_err(text);
            assert!(message.contains(words), "{words:?} is not in {message}");
        }
    }

    #[test]
    fn a_name_and_a_number_have_one_service_only() {
        let of = |name: &str, number: &str| ServiceEntry {
            name: Some(name.into()),
            number: number.into(),
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
