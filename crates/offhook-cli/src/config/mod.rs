//! The settings of the server: read from the command line, the environment, a TOML file and the defaults, in this
//! order of precedence, and checked once, so that everything behind this module works with values that are right.

pub(crate) mod section;
pub(crate) mod value;

mod file;
mod password;
mod server;
mod service;
mod settings;
mod trunk;
mod user;

pub(crate) use settings::{LogSettings, Settings};

use std::path::PathBuf;

/// A setting is wrong. The message names the key, the value and what is accepted.
#[derive(Debug)]
pub(crate) enum ConfigError {
    /// The configuration file could not be read.
    Unreadable { path: PathBuf, error: std::io::Error },
    /// The configuration file is not TOML, has an unknown key, or a value of the wrong type.
    File { path: PathBuf, message: String },
    /// A setting that has no default was not given.
    Missing { key: &'static str, accepted: &'static str },
    /// A value is outside what is accepted.
    Value { key: String, value: String, accepted: String },
}

impl ConfigError {
    /// A value that is not accepted for `key`.
    pub(crate) fn value(key: &str, value: impl ToString, accepted: impl Into<String>) -> Self {
        Self::Value { key: key.to_owned(), value: value.to_string(), accepted: accepted.into() }
    }
}

impl std::error::Error for ConfigError {}

impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreadable { path, error } => {
                write!(f, "configuration file {} could not be read: {error}", path.display())
            }
            Self::File { path, message } => {
                write!(f, "configuration file {}: {}", path.display(), message.trim_end())
            }
            Self::Missing { key, accepted } => write!(f, "no {key} was given; {accepted}"),
            Self::Value { key, value, accepted } => write!(f, "{key}: {value:?} is not accepted; {accepted}"),
        }
    }
}
