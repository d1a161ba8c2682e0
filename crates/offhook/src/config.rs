//! The settings of a server.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use offhook_sip::auth::Credentials;

use crate::service::Service;
use crate::trunk::Trunk;

/// The settings of a server. [`Config::default`] serves SIP on UDP port 5060 of all IPv4 addresses.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The addresses on which SIP over UDP is served. At least one; port 0 takes any free port.
    pub sip: Vec<SocketAddr>,
    /// The SIP address that far ends see, where it differs from the one served (behind NAT).
    pub sip_advertised: Option<SocketAddr>,
    /// The media settings.
    pub media: MediaConfig,
    /// The server's codec list in the order of priority (RING-50). Default `g711a;g711u`.
    pub codecs: String,
    /// The directory below which all media files lie (FILE-6). Default: the current directory.
    pub media_root: PathBuf,
    /// How text is spoken.
    pub speech: SpeechConfig,
    /// Encoded clips that are kept in memory, in bytes. Default 64 MiB.
    pub clip_cache_bytes: usize,
    /// The largest media file that is loaded, in bytes. Default 256 MiB.
    pub file_max_bytes: u64,
    /// Endpoint shards. Default: one per two processors.
    pub shards: usize,
    /// Limits on what the network can make the server keep.
    pub limits: Limits,
    /// The SIP timers.
    pub timers: Timers,
    /// The peers through which numbers are called. Default: none.
    pub trunks: Vec<Trunk>,
    /// The links between numbers or names and applications. A caller of an address that has no service gets
    /// an instance too. Default: none.
    pub services: Vec<Service>,
    /// Who callers may be, with their passwords. If there are any, nobody else gets an instance: an INVITE without
    /// the password of one of them is answered with 401 (RFC 3261 section 22.2). A service may choose some of them, or
    /// let everybody in: [`Service::users`]. Default: none, and nobody is asked.
    pub users: Vec<Credentials>,
    /// What callers are told that they need a password for; part of what is hashed (RFC 7616 section 3.3). Default
    /// `offhook`.
    pub realm: String,
    /// Sends 180 on arrival; calls then start in `RING_INCOMING` (RUN-12). Default off.
    pub auto_ring: bool,
    /// The longest time that an answered call may last; zero switches the limit off (RUN-27). Default 14400 s.
    pub max_call: Duration,
    /// The longest time that an answered call may receive no RTP; zero switches it off (RUN-28). Default off.
    pub media_timeout: Duration,
    /// The value of `Retry-After` in every 503 that has one (CAU-6). Default 10 s.
    pub retry_after: Duration,
    /// A frame of 20 ms below this level is silent (REC-9). Default -40 dBm0.
    pub silence_level_dbm0: f64,
    /// The largest recording in bytes (REC-13). Default 1 GiB.
    pub recording_max_bytes: u64,
    /// Instances at which the limiter refuses new calls (RUN-25). Default 400.
    pub num_apps: usize,
    /// Instances at which it takes calls again (RUN-25). Default 300.
    pub num_apps_lower: usize,
    /// Whether the limiter is on (RUN-25). Default on.
    pub app_limiter: bool,
    /// Whether new calls are served at all (RUN-26). Default on.
    pub app_responder: bool,
    /// The most parties that a conference room takes (CONF-15). Default 40.
    pub conference_max_parties: usize,
    /// How many talkers of a conference are heard at a time, the loudest ones; `None`: all (CONF-13). Default `None`.
    pub conference_loudest_talkers: Option<NonZeroUsize>,
    /// The product token of the `Server` header.
    pub server_name: String,
    /// Seed of all tags, branches, SSRCs and ids; `None` takes one from the system. A simulation
    /// sets it so that a run can be repeated.
    pub seed: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sip: vec![SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 5060)],
            sip_advertised: None,
            media: MediaConfig::default(),
            codecs: "g711a;g711u".to_owned(),
            media_root: PathBuf::from("."),
            speech: SpeechConfig::default(),
            clip_cache_bytes: 64 << 20,
            file_max_bytes: 256 << 20,
            shards: default_shards(),
            limits: Limits::default(),
            timers: Timers::default(),
            trunks: Vec::new(),
            services: Vec::new(),
            users: Vec::new(),
            realm: "offhook".to_owned(),
            auto_ring: false,
            max_call: Duration::from_secs(14_400),
            media_timeout: Duration::ZERO,
            retry_after: Duration::from_secs(10),
            silence_level_dbm0: -40.0,
            recording_max_bytes: 1 << 30,
            num_apps: 400,
            num_apps_lower: 300,
            app_limiter: true,
            app_responder: true,
            conference_max_parties: 40,
            conference_loudest_talkers: None,
            server_name: concat!("offhook/", env!("CARGO_PKG_VERSION")).to_owned(),
            seed: None,
        }
    }
}

/// Settings of RTP.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MediaConfig {
    /// The local address of the RTP sockets; `None` takes the address on which the call's INVITE arrived.
    pub address: Option<IpAddr>,
    /// The address in SDP, where it differs from the local one (behind NAT).
    pub advertised: Option<IpAddr>,
    /// The RTP ports; RTP takes the even ones, RTCP the odd ones. Default 16384 to 32767.
    pub ports: RangeInclusive<u16>,
    /// Pacing threads. Default: one per processor.
    pub threads: usize,
    /// Sends to where valid packets come from instead of the SDP's address (RING-38). Default on.
    pub symmetric: bool,
    /// What is sent when nothing plays (RING-37). Default [`Silence::Send`].
    pub silence: Silence,
}

impl Default for MediaConfig {
    fn default() -> Self {
        Self {
            address: None,
            advertised: None,
            ports: 16_384..=32_767,
            threads: processors(),
            symmetric: true,
            silence: Silence::Send,
        }
    }
}

/// What is sent when nothing plays (RING-37).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Silence {
    /// Frames of silence.
    #[default]
    Send,
    /// Nothing; the marker bit is set on the first packet after the gap.
    Suppress,
}

/// How text is spoken.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SpeechConfig {
    /// What speaks. Default: the embedded engine.
    pub provider: SpeechProvider,
    /// The voice: one of the embedded engine (`en-US`, `en-GB`, `de-DE`, `fr-FR`, `es-ES`, `it-IT`), or
    /// what the command understands as `{voice}`. Default `en-GB`.
    pub voice: String,
    /// The longest text (FP-21). Default 3000 characters.
    pub max_characters: usize,
    /// A directory in which spoken texts are kept as WAV files, by text and voice; `None` keeps none.
    pub cache: Option<PathBuf>,
}

impl Default for SpeechConfig {
    fn default() -> Self {
        Self {
            provider: SpeechProvider::Embedded,
            voice: "en-GB".to_owned(),
            max_characters: 3000,
            cache: None,
        }
    }
}

/// What turns text into speech.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum SpeechProvider {
    /// The engine inside this program.
    Embedded,
    /// A program that writes a WAV file to its standard output, for example `espeak-ng --stdout`.
    /// The text comes on its standard input, or as the argument `{text}` if one is given; `{voice}` in
    /// an argument becomes the voice.
    Command {
        /// The program and its arguments; at least one.
        command: Vec<String>,
        /// The longest time it may take.
        timeout: Duration,
    },
}

/// Limits on what the network can make a server keep. Reaching one is answered, not fatal.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Limits {
    /// Calls at a time; one more gets 503 with `Retry-After`. Default 10000.
    pub calls: usize,
    /// SIP transactions at a time in each shard. Default 100000.
    pub transactions: usize,
    /// The largest SIP message in bytes. Default 65535.
    pub message_bytes: usize,
    /// Header lines in a message. Default 128.
    pub headers: usize,
    /// Datagrams that wait for a shard; further ones are dropped, as the network would. Default 16384.
    pub waiting_datagrams: usize,
    /// How long a SIP datagram may wait for its shard; after a longer wait new calls get 503 with `Retry-After` until
    /// the shard has caught up. Zero: never. Default 200 ms.
    pub longest_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 10_000,
            transactions: 100_000,
            message_bytes: 65_535,
            headers: 128,
            waiting_datagrams: 16_384,
            longest_wait: Duration::from_millis(200),
        }
    }
}

/// The SIP timers (RFC 3261 section 17) and the time between repeated provisional responses.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Timers {
    /// T1: estimate of the round-trip time. Default 500 ms.
    pub t1: Duration,
    /// T2: the longest time between retransmissions. Default 4 s.
    pub t2: Duration,
    /// T4: the longest time that a message stays in the network. Default 5 s.
    pub t4: Duration,
    /// Time between two repetitions of a provisional response (RING-24). Default 60 s.
    pub provisional_repeat: Duration,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            provisional_repeat: Duration::from_secs(60),
        }
    }
}

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn default_shards() -> usize {
    processors().div_ceil(2)
}
