//! `offhook.toml`: its sections, and the services that link a called name to an application (RUN-8, RUN-10).

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::ConfigError;
use super::section::{ControlSection, LogSection, MediaSection, ServerSections, SipSection, WorkerSection};
use super::service::ServiceEntry;
use super::trunk::TrunkEntry;
use super::user::UserEntry;

/// The whole file. Unknown keys are errors: a setting that is misspelt must not be ignored in silence.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ConfigFile {
    /// As the argument of `offhook serve`: a Python file or the operating directory.
    pub(crate) application: Option<PathBuf>,
    sip: SipSection,
    media: MediaSection,
    workers: WorkerSection,
    control: ControlSection,
    log: LogSection,
    /// `[[service]]` entries.
    service: Vec<ServiceEntry>,
    /// `[[trunk]]` entries.
    trunk: Vec<TrunkEntry>,
    /// `[[user]]` entries.
    user: Vec<UserEntry>,
}

/// The tables of which a file may hold any number.
#[derive(Debug, Default)]
pub(super) struct Entries {
    pub(super) services: Vec<ServiceEntry>,
    pub(super) trunks: Vec<TrunkEntry>,
    pub(super) users: Vec<UserEntry>,
}

impl ConfigFile {
    /// Reads and checks the file.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError::Unreadable { path: path.to_owned(), error })?;
        Self::parse(&text).map_err(|message| ConfigError::File { path: path.to_owned(), message })
    }

    fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// The sections, the application, and the entries.
    pub(super) fn into_parts(self) -> (ServerSections, Option<PathBuf>, Entries) {
        let sections = ServerSections {
            sip: self.sip,
            media: self.media,
            workers: self.workers,
            control: self.control,
            log: self.log,
        };
        let entries = Entries { services: self.service, trunks: self.trunk, users: self.user };
        (sections, self.application, entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `key = value`, and not a sentence that holds an equals sign.
    fn is_setting(line: &str) -> bool {
        let key = line.split_once(" = ").map(|(key, _)| key).unwrap_or_default();
        !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    }

    #[test]
    fn an_unknown_key_is_named_together_with_the_known_ones() {
        let message = ConfigFile::parse("[workers]\ncuont = 2\n").expect_err("misspelt");
        for part in ["cuont", "count", "memory_mb", "line 2"] {
            assert!(message.contains(part), "{part:?} is not in {message}");
        }
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_shown_with_its_line() {
        let message = ConfigFile::parse("[media]\nsilence = \"loud\"\n").expect_err("no such value");
        for part in ["loud", "send", "suppress", "silence"] {
            assert!(message.contains(part), "{part:?} is not in {message}");
        }
    }

    #[test]
    fn a_switch_may_be_a_word_or_a_boolean() {
        for text in ["on", "off"] {
            assert!(ConfigFile::parse(&format!("[workers]\napp_limiter = \"{text}\"\n")).is_ok());
        }
        assert!(ConfigFile::parse("[workers]\napp_limiter = true\n").is_ok());
        let message = ConfigFile::parse("[workers]\napp_limiter = 3\n").expect_err("not a switch");
        assert!(message.contains("\\\"off\\\"") || message.contains("\"off\""), "{message}");
    }

    /// The example at the root of the repository is read by this program, every line of it.
    #[test]
    fn the_example_file_is_accepted_with_every_setting_switched_on() {
        let example = include_str!("../../../../offhook.example.toml");
        ConfigFile::parse(example).expect("as it stands");
        let all: String = example
            .lines()
            .map(|line| match line.strip_prefix("# ") {
                Some(rest) if rest.starts_with('[') || is_setting(rest) => format!("{rest}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let file = ConfigFile::parse(&all).expect("with every setting switched on");
        super::super::service::check(&file.service).expect("the services are right");
        super::super::trunk::check(&file.trunk).expect("the trunks are right");
        super::super::user::credentials(&file.user).expect("the users are right");
        assert!(
            !file.service.is_empty()
                && !file.trunk.is_empty()
                && !file.user.is_empty()
                && file.sip.listen.is_some()
                && file.log.log_files.is_some()
        );
    }
}
