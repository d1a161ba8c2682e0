//! Settings of the media engine.

use std::io;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::thread;

use thiserror::Error;

/// What [`RtpEngine::start`](crate::RtpEngine::start) is given.
#[derive(Clone, Debug)]
pub struct RtpConfig {
    /// The UDP ports that may be used. A stream takes an even one for RTP and the odd one above it for RTCP.
    pub ports: RangeInclusive<u16>,
    /// How many threads drive the streams; `None`: one per core.
    pub threads: Option<NonZeroUsize>,
    /// The DSCP that media packets are marked with, 0 to 63; `None`: unmarked. 46 is Expedited Forwarding
    /// (RFC 3246), the usual mark of voice.
    pub dscp: Option<u8>,
}

impl RtpConfig {
    pub(super) fn thread_count(&self) -> usize {
        let cores = || thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.threads.unwrap_or_else(cores).get()
    }
}

impl Default for RtpConfig {
    fn default() -> Self {
        Self { ports: 10_000..=19_999, threads: None, dscp: Some(46) }
    }
}

/// Why the media engine did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartRtpError {
    /// The range holds no even port with the odd one above it.
    #[error("port range {}-{} holds no pair of an even port and the odd one above it", .ports.start(), .ports.end())]
    NoPorts {
        /// The range given.
        ports: RangeInclusive<u16>,
    },
    /// A thread, or what it waits with, could not be made.
    #[error("media thread cannot be started: {0}")]
    Thread(#[from] io::Error),
}
