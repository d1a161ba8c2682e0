//! The settings in the form that the crate `offhook` takes them.

use std::path::PathBuf;
use std::time::Duration;

use offhook::{Config, SpeechProvider};

use super::Settings;
use super::value::Silence;

impl Settings {
    /// The configuration of the server; `media_root` is where the sound files are.
    pub(crate) fn server_config(&self, media_root: PathBuf) -> Config {
        let (sip, media, workers) = (&self.sip, &self.media, &self.workers);
        let mut config = Config::default();
        config.sip.clone_from(&sip.listen);
        config.sip_advertised = sip.advertise;
        config.limits.calls = sip.max_calls;
        config.retry_after = sip.retry_after;
        config.max_call = sip.max_call.unwrap_or(Duration::ZERO);

        config.media.address = media.rtp_address;
        config.media.ports = media.rtp_ports.ports();
        if let Some(threads) = media.rtp_threads {
            config.media.threads = threads;
        }
        config.media.symmetric = media.symmetric_rtp;
        config.media.silence = match media.silence {
            Silence::Send => offhook::Silence::Send,
            Silence::Suppress => offhook::Silence::Suppress,
        };
        config.media_timeout = media.media_timeout.unwrap_or(Duration::ZERO);
        config.silence_level_dbm0 = media.silence_level_dbm0;
        config.recording_max_bytes = media.recording_max_bytes;
        config.conference_max_parties = media.conference_max_parties;
        config.codecs.clone_from(&media.codecs);
        config.media_root = media_root;
        config.speech.voice.clone_from(&media.voice);
        config.speech.max_characters = media.tts_max_characters;
        config.speech.cache.clone_from(&media.speech_cache);
        if let Some(command) = &media.speech_command {
            config.speech.provider = SpeechProvider::Command {
                command: command.split_whitespace().map(str::to_owned).collect(),
                timeout: SPEECH_COMMAND_LIMIT,
            };
        }

        config.services.clone_from(&self.services);
        config.trunks.clone_from(&self.trunks);
        config.users.clone_from(&self.users);
        config.realm.clone_from(&sip.realm);

        config.num_apps = workers.num_apps;
        config.num_apps_lower = workers.num_apps_lower;
        config.app_limiter = workers.app_limiter;
        config.app_responder = workers.app_responder;
        config
    }
}

/// A program that takes longer for one text has hung.
const SPEECH_COMMAND_LIMIT: Duration = Duration::from_secs(60);
