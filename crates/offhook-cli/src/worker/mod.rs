//! The Python side: worker processes, the connection to each, and the application that the server sees in their place.

mod applications;
mod details;
mod gateway;
mod instance;
mod journal;
mod leg;
mod link;
mod lockstep;
mod memory;
mod operation;
mod outbox;
mod package;
mod pool;
mod process;
mod protocol;
mod starting;

pub(crate) use applications::Applications;
pub(crate) use gateway::Gateway;
pub(crate) use journal::{Ended, Journal, Site, Source, Wait};
pub(crate) use link::CallError;
pub(crate) use lockstep::Lockstep;
pub(crate) use package::folder as package_folder;
pub(crate) use pool::Pool;
pub(crate) use process::Interpreter;
pub(crate) use protocol::{Form, Loaded};
pub(crate) use starting::{Worker, WorkerSetup};
