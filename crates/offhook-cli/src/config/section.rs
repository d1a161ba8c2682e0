//! The settings as tables: one struct for each section of the configuration file. The same field is the option of the
//! command line, the environment variable and the key of the file, so that the three cannot drift apart.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;

use super::value::{Level, PortRange, Silence, Switch, parse_bind};

/// Defines a section: every field optional, taken from the command line or environment by clap and from the file by
/// serde, and `over`, which lets one source win over another.
macro_rules! section {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $kind:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, Args, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(crate) struct $name {
            $($(#[$field_meta])* pub(crate) $field: Option<$kind>,)*
        }

        impl $name {
            /// The settings of `self`, and where it has none those of `other`.
            pub(crate) fn over(self, other: Self) -> Self {
                Self { $($field: self.$field.or(other.$field),)* }
            }
        }
    };
}

section! {
    /// `[sip]`: signalling.
    SipSection {
        /// Address and port for SIP over UDP; may be given more than once [default: 0.0.0.0:5060].
        #[arg(long = "sip", env = "OFFHOOK_SIP", value_name = "ADDRESS:PORT", value_delimiter = ',', value_parser = parse_bind, help_heading = "SIP")]
        listen: Vec<SocketAddr>,
        /// Address that callers are told, if it is not the one that we listen on (behind a NAT).
        #[arg(long, env = "OFFHOOK_ADVERTISE", value_name = "ADDRESS:PORT", value_parser = parse_bind, help_heading = "SIP")]
        advertise: SocketAddr,
        /// Calls that may exist at once; one more is answered with 503 [default: 5000].
        #[arg(long, env = "OFFHOOK_MAX_CALLS", value_name = "NUMBER", help_heading = "SIP")]
        max_calls: u32,
        /// Seconds after which a caller may try again when we are busy [default: 10].
        #[arg(long, env = "OFFHOOK_RETRY_AFTER_SECONDS", value_name = "SECONDS", help_heading = "SIP")]
        retry_after_seconds: u32,
        /// A call is cleared this long after its answer; 0 = never [default: 14400].
        #[arg(long, env = "OFFHOOK_MAX_CALL_SECONDS", value_name = "SECONDS", help_heading = "SIP")]
        max_call_seconds: u32,
        /// What callers are told that they need a password for, where the file has users [default: offhook].
        #[arg(long, env = "OFFHOOK_REALM", value_name = "TEXT", help_heading = "SIP")]
        realm: String,
    }
}

section! {
    /// `[media]`: sound.
    MediaSection {
        /// Address for RTP, if it is not the address of SIP.
        #[arg(long, env = "OFFHOOK_RTP_ADDRESS", value_name = "ADDRESS", help_heading = "Media")]
        rtp_address: IpAddr,
        /// UDP ports for RTP, first and last; each call takes two [default: 16384-32767].
        #[arg(long, env = "OFFHOOK_RTP_PORTS", value_name = "FIRST-LAST", help_heading = "Media")]
        rtp_ports: PortRange,
        /// Threads that pace RTP [default: one for each processor].
        #[arg(long, env = "OFFHOOK_RTP_THREADS", value_name = "NUMBER", help_heading = "Media")]
        rtp_threads: u16,
        /// Codecs, first choice first, separated by semicolons [default: g711a;g711u].
        #[arg(long, env = "OFFHOOK_CODECS", value_name = "LIST", help_heading = "Media")]
        codecs: String,
        /// Folder of the sound files; no application can name one outside it [default: the application's folder].
        #[arg(long = "media-root", env = "OFFHOOK_MEDIA_ROOT", value_name = "FOLDER", help_heading = "Media")]
        root: PathBuf,
        /// What is sent when nothing plays [default: send].
        #[arg(long, env = "OFFHOOK_SILENCE", value_enum, value_name = "WHAT", help_heading = "Media")]
        silence: Silence,
        /// Voice that speaks text: en-US, en-GB, de-DE, es-ES, fr-FR or it-IT [default: en-GB].
        #[arg(long, env = "OFFHOOK_VOICE", value_name = "LANGUAGE", help_heading = "Media")]
        voice: String,
        /// Program that writes speech as a WAV file to its standard output, instead of the built-in voices. {voice} in
        /// it is replaced, and so is {text}, without which it gets the text on its standard input.
        #[arg(long, env = "OFFHOOK_SPEECH_COMMAND", value_name = "COMMAND", help_heading = "Media")]
        speech_command: String,
        /// Folder that keeps spoken sentences between runs.
        #[arg(long, env = "OFFHOOK_SPEECH_CACHE", value_name = "FOLDER", help_heading = "Media")]
        speech_cache: PathBuf,
        /// Longest text to speak, in characters [default: 3000].
        #[arg(long, env = "OFFHOOK_TTS_MAX_CHARACTERS", value_name = "NUMBER", help_heading = "Media")]
        tts_max_characters: u32,
        /// Send RTP to where the caller's comes from (callers behind a NAT) [default: on].
        #[arg(long, env = "OFFHOOK_SYMMETRIC_RTP", value_enum, value_name = "ON|OFF", help_heading = "Media")]
        symmetric_rtp: Switch,
        /// An answered call without RTP for this long is cleared; 0 = never [default: 0].
        #[arg(long, env = "OFFHOOK_MEDIA_TIMEOUT_SECONDS", value_name = "SECONDS", help_heading = "Media")]
        media_timeout_seconds: u32,
        /// Level in dBm0 below which 20 ms of sound count as silence (REC-9) [default: -40].
        #[arg(long, env = "OFFHOOK_SILENCE_LEVEL_DBM0", value_name = "LEVEL", allow_negative_numbers = true, help_heading = "Media")]
        silence_level_dbm0: f64,
        /// Largest recording in bytes (REC-13) [default: 1073741824].
        #[arg(long, env = "OFFHOOK_RECORDING_MAX_BYTES", value_name = "BYTES", help_heading = "Media")]
        recording_max_bytes: u64,
        /// Parties that a conference room takes (CONF-15) [default: 40].
        #[arg(long, env = "OFFHOOK_CONFERENCE_MAX_PARTIES", value_name = "NUMBER", help_heading = "Media")]
        conference_max_parties: u32,
    }
}

section! {
    /// `[workers]`: the Python processes.
    WorkerSection {
        /// Worker processes [default: one for each processor, at least 2].
        #[arg(long = "workers", env = "OFFHOOK_WORKERS", value_name = "NUMBER", help_heading = "Workers")]
        count: u16,
        /// Python interpreter, 3.9 or newer [default: python3].
        #[arg(long, env = "OFFHOOK_PYTHON", value_name = "PROGRAM", help_heading = "Workers")]
        python: PathBuf,
        /// Folder that holds a package `offhook` to use instead of the one inside this program.
        #[arg(long, env = "OFFHOOK_PYTHON_PACKAGE", value_name = "FOLDER", help_heading = "Workers")]
        python_package: PathBuf,
        /// Instances that one worker may run at once; when all are full, callers get 503 [default: num_apps].
        #[arg(long = "worker-instances", env = "OFFHOOK_WORKER_INSTANCES", value_name = "NUMBER", help_heading = "Workers")]
        instances: u32,
        /// Memory of one worker in megabytes; 0 = no limit [default: 1024].
        #[arg(long = "worker-memory-mb", env = "OFFHOOK_WORKER_MEMORY_MB", value_name = "MEGABYTES", help_heading = "Workers")]
        memory_mb: u32,
        /// Instances that run at once before new calls get 503 (RUN-25) [default: 400].
        #[arg(long, env = "OFFHOOK_NUM_APPS", value_name = "NUMBER", help_heading = "Workers")]
        num_apps: u32,
        /// Number to which the instances must fall before calls are taken again [default: 300].
        #[arg(long, env = "OFFHOOK_NUM_APPS_LOWER", value_name = "NUMBER", help_heading = "Workers")]
        num_apps_lower: u32,
        /// Whether num_apps counts [default: on].
        #[arg(long, env = "OFFHOOK_APP_LIMITER", value_enum, value_name = "ON|OFF", help_heading = "Workers")]
        app_limiter: Switch,
        /// Whether calls start applications; off: callers get 503 [default: on].
        #[arg(long, env = "OFFHOOK_APP_RESPONDER", value_enum, value_name = "ON|OFF", help_heading = "Workers")]
        app_responder: Switch,
        /// At the end, how long running calls may go on [default: 300].
        #[arg(long, env = "OFFHOOK_DRAIN_SECONDS", value_name = "SECONDS", help_heading = "Workers")]
        drain_seconds: u32,
    }
}

section! {
    /// `[control]`: how other commands reach the server.
    ControlSection {
        /// Control socket, for offhook start [default: offhook.sock in the operating directory].
        #[arg(long = "control", env = "OFFHOOK_CONTROL", value_name = "FILE", help_heading = "Control")]
        socket: PathBuf,
    }
}

section! {
    /// `[log]`: log files (LOG-5, LOG-6).
    LogSection {
        /// Folder of the log files and of UAS_ADR.log [default: ./Logs].
        #[arg(long, env = "OFFHOOK_LOG_ROOT", value_name = "FOLDER", help_heading = "Logs")]
        log_root: PathBuf,
        /// Size in megabytes at which a log file is rolled over [default: 10.0].
        #[arg(long, env = "OFFHOOK_LOG_SIZE_M", value_name = "MEGABYTES", help_heading = "Logs")]
        log_size_m: f64,
        /// Log files to keep, the one in use included [default: 10].
        #[arg(long, env = "OFFHOOK_LOG_FILES", value_name = "NUMBER", help_heading = "Logs")]
        log_files: u32,
        /// Least level that goes to the log files: debug, trace, info, report, warning, error [default: trace].
        #[arg(long, env = "OFFHOOK_FILE_LEVEL", value_enum, value_name = "LEVEL", help_heading = "Logs")]
        file_level: Level,
    }
}

/// All sections of one source.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct ServerSections {
    #[command(flatten)]
    pub(crate) sip: SipSection,
    #[command(flatten)]
    pub(crate) media: MediaSection,
    #[command(flatten)]
    pub(crate) workers: WorkerSection,
    #[command(flatten)]
    pub(crate) control: ControlSection,
    #[command(flatten)]
    pub(crate) log: LogSection,
}

impl ServerSections {
    /// The settings of `self`, and where it has none those of `other`.
    pub(crate) fn over(self, other: Self) -> Self {
        Self {
            sip: self.sip.over(other.sip),
            media: self.media.over(other.media),
            workers: self.workers.over(other.workers),
            control: self.control.over(other.control),
            log: self.log.over(other.log),
        }
    }
}
