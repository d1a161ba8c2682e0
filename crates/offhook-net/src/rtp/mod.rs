//! Media: a port pool, and threads that drive streams.

mod config;
mod engine;
mod metrics;
mod pacer;
mod phases;
mod ports;
mod slot;
mod wheel;

pub use self::config::{RtpConfig, StartRtpError};
pub use self::engine::{RtpEngine, StreamId};
pub use self::metrics::RtpMetrics;
pub use self::ports::{PortsExhausted, Reserved};
