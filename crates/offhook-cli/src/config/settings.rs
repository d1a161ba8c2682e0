//! The settings with their defaults, checked.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use offhook::sip::auth::Credentials;
use offhook::{Service, Trunk};

use super::ConfigError;
use super::file::{ConfigFile, Entries};
use super::section::{LogSection, MediaSection, ServerSections, SipSection, WorkerSection};
use super::service::{self, ServiceEntry};
use super::trunk::{self, TrunkEntry};
use super::user;
use super::value::{Level, PortRange, Silence, Switch};
use crate::cli::Serve;

/// What `offhook serve` works with.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// A Python file or the operating directory.
    pub(crate) application: PathBuf,
    pub(crate) services: Vec<Service>,
    pub(crate) trunks: Vec<Trunk>,
    pub(crate) users: Vec<Credentials>,
    pub(crate) sip: SipSettings,
    pub(crate) media: MediaSettings,
    pub(crate) workers: WorkerSettings,
    /// The control socket, if a setting names one.
    pub(crate) control: Option<PathBuf>,
    pub(crate) log: LogSettings,
}

#[derive(Debug, Clone)]
pub(crate) struct SipSettings {
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) advertise: Option<SocketAddr>,
    pub(crate) max_calls: usize,
    pub(crate) retry_after: Duration,
    /// `None`: no limit.
    pub(crate) max_call: Option<Duration>,
    pub(crate) realm: String,
}

#[derive(Debug, Clone)]
pub(crate) struct MediaSettings {
    pub(crate) rtp_address: Option<IpAddr>,
    pub(crate) rtp_ports: PortRange,
    /// `None`: one for each processor.
    pub(crate) rtp_threads: Option<usize>,
    pub(crate) codecs: String,
    pub(crate) root: Option<PathBuf>,
    pub(crate) silence: Silence,
    pub(crate) voice: String,
    pub(crate) speech_command: Option<String>,
    pub(crate) speech_cache: Option<PathBuf>,
    pub(crate) tts_max_characters: usize,
    pub(crate) symmetric_rtp: bool,
    /// `None`: no limit.
    pub(crate) media_timeout: Option<Duration>,
    pub(crate) silence_level_dbm0: f64,
    pub(crate) recording_max_bytes: u64,
    pub(crate) conference_max_parties: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct WorkerSettings {
    pub(crate) count: usize,
    pub(crate) python: PathBuf,
    pub(crate) python_package: Option<PathBuf>,
    pub(crate) instances: usize,
    /// `None`: no limit.
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) num_apps: usize,
    pub(crate) num_apps_lower: usize,
    pub(crate) app_limiter: bool,
    pub(crate) app_responder: bool,
    pub(crate) drain: Duration,
}

#[derive(Debug, Clone)]
pub(crate) struct LogSettings {
    pub(crate) root: PathBuf,
    pub(crate) size_bytes: u64,
    pub(crate) files: usize,
    pub(crate) level: Level,
}

impl Settings {
    /// Merges command line and environment (both in `arguments`) over the file over the defaults.
    pub(crate) fn of(arguments: Serve) -> Result<Self, ConfigError> {
        let file = match &arguments.config {
            Some(path) => ConfigFile::read(path)?,
            None => ConfigFile::default(),
        };
        let (sections, application, entries) = file.into_parts();
        let sections = arguments.sections.over(sections);
        let application = arguments.application.or(application).ok_or(ConfigError::Missing {
            key: "application",
            accepted: "name a Python file or the folder that holds Applications, for example: offhook serve app.py",
        })?;
        Self::check(application, &entries, sections)
    }

    fn check(application: PathBuf, entries: &Entries, sections: ServerSections) -> Result<Self, ConfigError> {
        service::check(&entries.services)?;
        trunk::check(&entries.trunks)?;
        Ok(Self {
            application,
            services: entries.services.iter().map(ServiceEntry::service).collect(),
            trunks: entries.trunks.iter().map(TrunkEntry::trunk).collect::<Result<_, _>>()?,
            users: user::credentials(&entries.users)?,
            sip: sections.sip.try_into()?,
            media: sections.media.try_into()?,
            workers: sections.workers.try_into()?,
            control: sections.control.socket,
            log: sections.log.try_into()?,
        })
    }
}

impl TryFrom<SipSection> for SipSettings {
    type Error = ConfigError;

    fn try_from(section: SipSection) -> Result<Self, ConfigError> {
        let listen = section.listen.unwrap_or_else(|| vec![SocketAddr::from(([0, 0, 0, 0], 5060))]);
        if listen.is_empty() {
            return Err(ConfigError::value("sip.listen", "[]", "at least one address and port"));
        }
        Ok(Self {
            listen,
            advertise: section.advertise,
            max_calls: within("sip.max_calls", section.max_calls, 5000, 1, 1_000_000)? as usize,
            retry_after: seconds(within(
                "sip.retry_after_seconds",
                section.retry_after_seconds,
                10,
                1,
                86400,
            )?),
            max_call: limit(within("sip.max_call_seconds", section.max_call_seconds, 14400, 0, 604_800)?),
            realm: section.realm.unwrap_or_else(|| "offhook".to_owned()),
        })
    }
}

impl TryFrom<MediaSection> for MediaSettings {
    type Error = ConfigError;

    fn try_from(section: MediaSection) -> Result<Self, ConfigError> {
        let rtp_threads = match section.rtp_threads {
            Some(number) => Some(usize::from(within("media.rtp_threads", Some(number), 1, 1, 256)?)),
            None => None,
        };
        Ok(Self {
            rtp_address: section.rtp_address,
            rtp_ports: section.rtp_ports.unwrap_or(PortRange::new(16384, 32767)),
            rtp_threads,
            codecs: section.codecs.unwrap_or_else(|| "g711a;g711u".to_owned()),
            root: section.root,
            silence: section.silence.unwrap_or(Silence::Send),
            voice: section.voice.unwrap_or_else(|| "en-GB".to_owned()),
            speech_command: section.speech_command,
            speech_cache: section.speech_cache,
            tts_max_characters: within(
                "media.tts_max_characters",
                section.tts_max_characters,
                3000,
                1,
                100_000,
            )? as usize,
            symmetric_rtp: section.symmetric_rtp.unwrap_or(Switch::On).is_on(),
            media_timeout: limit(within(
                "media.media_timeout_seconds",
                section.media_timeout_seconds,
                0,
                0,
                86400,
            )?),
            silence_level_dbm0: within(
                "media.silence_level_dbm0",
                section.silence_level_dbm0,
                -40.0,
                -90.0,
                0.0,
            )?,
            recording_max_bytes: within(
                "media.recording_max_bytes",
                section.recording_max_bytes,
                1 << 30,
                1024,
                4_294_967_295,
            )?,
            conference_max_parties: within(
                "media.conference_max_parties",
                section.conference_max_parties,
                40,
                2,
                1000,
            )? as usize,
        })
    }
}

impl TryFrom<WorkerSection> for WorkerSettings {
    type Error = ConfigError;

    fn try_from(section: WorkerSection) -> Result<Self, ConfigError> {
        // Two at least, so that an application that takes its worker down leaves one that takes calls.
        let processors =
            std::thread::available_parallelism().map_or(2, NonZeroUsize::get).clamp(2, 1024) as u16;
        let num_apps = within("workers.num_apps", section.num_apps, 400, 1, 1_000_000)?;
        let num_apps_lower =
            within("workers.num_apps_lower", section.num_apps_lower, num_apps.min(300), 0, num_apps)?;
        let memory_mb = within("workers.memory_mb", section.memory_mb, 1024, 0, 1 << 24)?;
        if (1..64).contains(&memory_mb) {
            return Err(ConfigError::value(
                "workers.memory_mb",
                memory_mb,
                "0 for no limit, or at least 64, which Python itself needs",
            ));
        }
        Ok(Self {
            count: usize::from(within("workers.count", section.count, processors, 1, 1024)?),
            python: section.python.unwrap_or_else(|| PathBuf::from("python3")),
            python_package: section.python_package,
            instances: within("workers.instances", section.instances, num_apps, 1, 100_000)? as usize,
            memory_bytes: (memory_mb > 0).then_some(u64::from(memory_mb) << 20),
            num_apps: num_apps as usize,
            num_apps_lower: num_apps_lower as usize,
            app_limiter: section.app_limiter.unwrap_or(Switch::On).is_on(),
            app_responder: section.app_responder.unwrap_or(Switch::On).is_on(),
            drain: seconds(within("workers.drain_seconds", section.drain_seconds, 300, 0, 86400)?),
        })
    }
}

impl TryFrom<LogSection> for LogSettings {
    type Error = ConfigError;

    fn try_from(section: LogSection) -> Result<Self, ConfigError> {
        let size_m = section.log_size_m.unwrap_or(10.0);
        if !(0.001..=100_000.0).contains(&size_m) {
            return Err(ConfigError::value("log.log_size_m", size_m, "0.001 to 100000 megabytes"));
        }
        Ok(Self {
            root: section.log_root.unwrap_or_else(|| PathBuf::from("Logs")),
            size_bytes: (size_m * 1e6) as u64,
            files: within("log.log_files", section.log_files, 10, 1, 1000)? as usize,
            level: section.file_level.unwrap_or(Level::Trace),
        })
    }
}

/// The value, or the default, if it is in the range.
fn within<T: PartialOrd + Copy + std::fmt::Display>(
    key: &str,
    value: Option<T>,
    default: T,
    least: T,
    most: T,
) -> Result<T, ConfigError> {
    let value = value.unwrap_or(default);
    if value < least || value > most {
        return Err(ConfigError::value(key, value, format!("{least} to {most}")));
    }
    Ok(value)
}

fn seconds(number: u32) -> Duration {
    Duration::from_secs(u64::from(number))
}

/// Zero means that there is no limit.
fn limit(number: u32) -> Option<Duration> {
    (number > 0).then(|| seconds(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sections: ServerSections) -> Result<Settings, ConfigError> {
        Settings::check(PathBuf::from("app.py"), &Entries::default(), sections)
    }

    /// RUN-30, LOG-6: the documented defaults.
    #[test]
    fn the_defaults_are_the_documented_ones() {
        let settings = check(ServerSections::default()).expect("defaults are right");
        assert_eq!((settings.workers.num_apps, settings.workers.num_apps_lower), (400, 300));
        assert!(settings.workers.app_limiter && settings.workers.app_responder);
        assert_eq!(settings.sip.max_call, Some(Duration::from_secs(14400)));
        assert_eq!(settings.media.media_timeout, None);
        assert_eq!(settings.workers.drain, Duration::from_secs(300));
        assert_eq!(settings.sip.retry_after, Duration::from_secs(10));
        assert_eq!(settings.media.tts_max_characters, 3000);
        assert_eq!(settings.media.silence_level_dbm0, -40.0);
        assert_eq!(settings.media.recording_max_bytes, 1_073_741_824);
        assert_eq!(settings.media.conference_max_parties, 40);
        assert_eq!(settings.log.root, PathBuf::from("Logs"));
        assert_eq!((settings.log.size_bytes, settings.log.files), (10_000_000, 10));
        assert_eq!(settings.log.level, Level::Trace);
    }

    #[test]
    fn a_value_outside_its_range_is_named_with_key_and_range() {
        let workers = WorkerSection { num_apps: Some(10), num_apps_lower: Some(11), ..Default::default() };
        let error = check(ServerSections { workers, ..Default::default() }).expect_err("lower is higher");
        assert_eq!(error.to_string(), "workers.num_apps_lower: \"11\" is not accepted; 0 to 10");
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let of = |count| ServerSections {
            workers: WorkerSection { count: Some(count), ..Default::default() },
            ..Default::default()
        };
        let file = ServerSections {
            workers: WorkerSection { count: Some(7), memory_mb: Some(128), ..Default::default() },
            ..Default::default()
        };
        let settings = check(of(3).over(file)).expect("both are right");
        assert_eq!((settings.workers.count, settings.workers.memory_bytes), (3, Some(128 << 20)));
    }
}
