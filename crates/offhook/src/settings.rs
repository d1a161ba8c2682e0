//! The settings of a server in the form in which its parts use them.

use std::sync::Arc;

use offhook_media::speech::{UnknownVoice, Voice};
use offhook_media::{CodecList, CodecListError, SilencePolicy};
use offhook_sip::{EndpointConfig, Text};
use thiserror::Error;

use crate::authentication::Users;
use crate::config::{Config, Silence, SpeechProvider};
use crate::recorder::Recordings;
use crate::service::Services;
use crate::trunk::CheckedTrunk;
use crate::work::Work;

/// A configuration that has been checked.
pub(crate) struct Settings {
    pub(crate) config: Config,
    /// The server's codec list (RING-50).
    pub(crate) codecs: CodecList,
    /// The recordings of all its channels.
    pub(crate) recordings: Recordings,
    pub(crate) trunks: Vec<Arc<CheckedTrunk>>,
    pub(crate) services: Services,
    pub(crate) users: Users,
}

impl Settings {
    pub(crate) fn new(config: Config) -> Result<Self, ConfigError> {
        let codecs = CodecList::parse(&config.codecs)?;
        if config.sip.is_empty() {
            return Err(ConfigError::NoAddress);
        }
        if config.media.ports.clone().count() < 2 {
            let (first, last) = (*config.media.ports.start(), *config.media.ports.end());
            return Err(ConfigError::Ports { first, last });
        }
        match &config.speech.provider {
            SpeechProvider::Embedded => {
                config.speech.voice.parse::<Voice>()?;
            }
            SpeechProvider::Command { command, .. } if command.is_empty() => {
                return Err(ConfigError::NoCommand);
            }
            SpeechProvider::Command { .. } => {}
        }
        if !config.silence_level_dbm0.is_finite() {
            return Err(ConfigError::SilenceLevel { level: config.silence_level_dbm0.to_string() });
        }
        let trunks = config.trunks.iter().map(|trunk| CheckedTrunk::new(trunk).map(Arc::new));
        let trunks = trunks.collect::<Result<_, _>>()?;
        let services = Services::new(&config.services)?;
        let users = Users::new(&config)?;
        let recordings = Recordings::new(Work::new(config.seed));
        Ok(Self { config, codecs, recordings, trunks, services, users })
    }

    /// The settings of one endpoint.
    pub(crate) fn endpoint(&self) -> EndpointConfig {
        let config = &self.config;
        let mut endpoint = EndpointConfig::default();
        endpoint.limits.parse.max_message_bytes = config.limits.message_bytes;
        endpoint.limits.parse.max_headers = config.limits.headers;
        endpoint.limits.transactions = config.limits.transactions;
        endpoint.limits.calls = config.limits.calls.div_ceil(config.shards.max(1));
        endpoint.timers.t1 = config.timers.t1;
        endpoint.timers.t2 = config.timers.t2;
        endpoint.timers.t4 = config.timers.t4;
        endpoint.timers.provisional_repeat = config.timers.provisional_repeat;
        endpoint.server = Text::from(config.server_name.clone());
        endpoint.advertised = config.sip_advertised;
        endpoint.retry_after = config.retry_after;
        endpoint
    }
}

/// Why a configuration is not accepted.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// No address to serve.
    #[error("no SIP address is set; accepted: one or more, such as 0.0.0.0:5060")]
    NoAddress,
    /// The codec list is not accepted.
    #[error(transparent)]
    Codecs(#[from] CodecListError),
    /// The range of RTP ports has no room for one stream.
    #[error(
        "RTP ports {first}-{last} hold no pair of an even and an odd port; accepted: a range such as 16384-32767"
    )]
    Ports {
        /// The first port.
        first: u16,
        /// The last port.
        last: u16,
    },
    /// The embedded speech engine has no such voice.
    #[error(transparent)]
    Voice(#[from] UnknownVoice),
    /// The level of silence is no number.
    #[error("the silence level is {level} dBm0; accepted: a number such as -40")]
    SilenceLevel {
        /// The value given.
        level: String,
    },
    /// The address or domain of a trunk is none.
    #[error(
        "{setting} {value:?} of trunk {trunk:?}; accepted: a host or address, such as sip.example.com:5060"
    )]
    TrunkAddress {
        /// The trunk's name.
        trunk: String,
        /// Which setting.
        setting: &'static str,
        /// The value given.
        value: String,
    },
    /// A trunk is to be registered and has no user to be registered.
    #[error("trunk {trunk:?} is to be registered and has no credentials; accepted: a user and a password")]
    TrunkRegister {
        /// The trunk's name.
        trunk: String,
    },
    /// The prefix of a trunk is no beginning of a number.
    #[error("prefix {prefix:?} of trunk {trunk:?}; accepted: digits, with or without a leading +")]
    TrunkPrefix {
        /// The trunk's name.
        trunk: String,
        /// The value given.
        prefix: String,
    },
    /// A service wants more extra channels than there may be (RUN-23).
    #[error("{given} extra channels of service {service:?}; accepted: 0 to 3")]
    ExtraChannels {
        /// The service's name.
        service: String,
        /// The number given.
        given: u8,
    },
    /// Two services of one direction have the same name.
    #[error("service {service:?} is there twice; accepted: one of each name and direction")]
    ServiceTwice {
        /// The name.
        service: String,
    },
    /// The realm is empty, or holds a control character.
    #[error("realm {realm:?}; accepted: text without control characters, such as a host name")]
    Realm {
        /// The value given.
        realm: String,
    },
    /// A user has no name, or its name is there twice.
    #[error("user {user:?} is there twice or has no name; accepted: one of each name")]
    User {
        /// The name.
        user: String,
    },
    /// A service is for a user that the server does not have.
    #[error("user {user:?} of service {service:?}; accepted: users of the server")]
    ServiceUser {
        /// The service's name.
        service: String,
        /// The name given.
        user: String,
    },
    /// The speech command is empty.
    #[error("the speech command is empty; accepted: a program and its arguments")]
    NoCommand,
}

pub(crate) fn silence_policy(silence: Silence) -> SilencePolicy {
    match silence {
        Silence::Send => SilencePolicy::Send,
        Silence::Suppress => SilencePolicy::Suppress,
    }
}
