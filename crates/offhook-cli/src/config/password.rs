//! A password in the configuration file: as it is, or by the name of the environment variable that holds it.

use super::ConfigError;

/// The password of `entry` (what messages call the table), if it has one; `variable` reads an environment variable. No
/// message shows the password.
pub(super) fn password(
    entry: &str,
    password: Option<&str>,
    password_env: Option<&str>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<String>, ConfigError> {
    let refuse =
        |name: &str, accepted: &str| ConfigError::value(&format!("{entry}: password_env"), name, accepted);
    match (password, password_env) {
        (Some(_), Some(name)) => Err(refuse(name, "either password or password_env")),
        (Some(password), None) => Ok(Some(password.to_owned())),
        (None, Some(name)) => {
            let unset = || refuse(name, "the name of an environment variable that is set");
            variable(name).ok_or_else(unset).map(Some)
        }
        (None, None) => Ok(None),
    }
}
