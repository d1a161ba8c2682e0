//! Media: a port pool, and threads that drive streams.

mod config;
mod engine;
mod metrics;
mod moving;
mod order;
mod pacer;
mod phases;
mod places;
mod ports;
mod priority;
mod rooms;
mod slot;
mod wheel;

pub use self::config::{RtpConfig, StartRtpError};
pub use self::engine::{RoomId, RtpEngine, StreamId};
pub use self::metrics::RtpMetrics;
pub use self::ports::{PortsExhausted, Reserved};
