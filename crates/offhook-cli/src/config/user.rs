//! `[[user]]`: who callers may be, and the passwords by which the server knows them.

use std::fmt;

use offhook::sip::auth::Credentials;
use serde::Deserialize;

use super::ConfigError;
use super::password::password;

/// One `[[user]]` as the file has it.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserEntry {
    /// The user name of digest authentication; letter case counts.
    name: String,
    #[serde(default)]
    password: Option<String>,
    /// Environment variable that holds the password, which then stands in no file.
    #[serde(default)]
    password_env: Option<String>,
}

impl UserEntry {
    /// The same for the server; `variable` reads an environment variable.
    fn credentials(&self, variable: impl Fn(&str) -> Option<String>) -> Result<Credentials, ConfigError> {
        if self.name.is_empty() || self.name.chars().any(char::is_control) {
            return Err(ConfigError::value("user.name", &self.name, "text without control characters"));
        }
        let entry = format!("user {}", self.name);
        let password = password(&entry, self.password.as_deref(), self.password_env.as_deref(), variable)?;
        match password.filter(|password| !password.is_empty()) {
            Some(password) => Ok(Credentials::new(self.name.as_str(), password)),
            None => Err(ConfigError::value(
                &format!("{entry}: password"),
                "",
                "at least one character, here or in password_env",
            )),
        }
    }
}

/// Without the password.
impl fmt::Debug for UserEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserEntry").field("name", &self.name).finish_non_exhaustive()
    }
}

/// All of them for the server: each alone is checked, and that no name is there twice.
pub(super) fn credentials(users: &[UserEntry]) -> Result<Vec<Credentials>, ConfigError> {
    for (index, user) in users.iter().enumerate() {
        if users[..index].iter().any(|other| other.name == user.name) {
            let accepted = "each name may be given to one user only";
            return Err(ConfigError::value("user.name", &user.name, accepted));
        }
    }
    users.iter().map(|user| user.credentials(|name| std::env::var(name).ok())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(text: &str) -> Result<Credentials, String> {
        let user: UserEntry = toml::from_str(text).map_err(|error| error.to_string())?;
        user.credentials(|name| (name == "SECRET").then(|| "s3cret".to_owned()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_user_has_a_name_and_a_password_that_no_message_shows() {
        let expected = Credentials::new("ann", "s3cret");
        assert_eq!(user("name = 'ann'\npassword = 's3cret'"), Ok(expected.clone()));
        assert_eq!(user("name = 'ann'\npassword_env = 'SECRET'"), Ok(expected));
        for (text, words) in [
            ("name = 'ann'", "user ann: password: \"\" is not accepted; at least one character"),
            ("name = 'ann'\npassword = ''", "user ann: password"),
            ("name = ''\npassword = 'hidden'", "user.name: \"\""),
            ("name = 'ann'\npassword_env = 'UNSET'", "user ann: password_env: \"UNSET\""),
            ("name = 'ann'\npassword = 'hidden'\npassword_env = 'SECRET'", "either password or password_env"),
        ] {
            let message = user(text).expect_err(text);
            assert!(message.contains(words) && !message.contains("hidden"), "{message}");
        }
        let entry: UserEntry = toml::from_str("name = 'ann'\npassword = 'hidden'").expect("right");
        assert!(!format!("{entry:?}").contains("hidden"));
    }

    #[test]
    fn a_name_belongs_to_one_user() {
        let entry: UserEntry = toml::from_str("name = 'ann'\npassword = 'x'").expect("right");
        let message = credentials(&[entry.clone(), entry]).expect_err("twice").to_string();
        assert!(message.contains("\"ann\"") && message.contains("one user only"), "{message}");
    }
}
