//! Servers as `offhook serve` makes them: every argument, every setting of a configuration file, on the virtual network.

use std::iter::once;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use offhook::Server;
use offhook::sim::Sim;
use serde::Deserialize;
use serde_json::{Value, json};

use super::protocol::Problem;
use crate::cli;
use crate::command::serve;
use crate::config::Settings;
use crate::control;
use crate::logs::Records;
use crate::worker::{Applications, Gateway, Lockstep, Pool, WorkerSetup};

/// What `offhook serve` would be given.
#[derive(Debug, Deserialize)]
pub(crate) struct Serve {
    arguments: Vec<String>,
}

/// What `offhook start` would ask.
#[derive(Debug, Deserialize)]
pub(crate) struct StartInstances {
    pub(super) server: usize,
    service: String,
    /// One instance for each of them.
    parameters: Vec<String>,
}

/// What a signal would do.
#[derive(Debug, Deserialize)]
pub(crate) struct Stop {
    pub(super) server: usize,
}

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    serve: cli::Serve,
}

/// A server that runs, with its workers.
pub(super) struct Running {
    server: Server,
    pool: Arc<Pool>,
}

/// A server that can be started.
pub(super) struct Program {
    settings: Settings,
    applications: Applications,
    setup: WorkerSetup,
}

impl Program {
    /// Reads and checks arguments and settings; `first` is the number of its first worker.
    pub(super) fn read(wanted: &Serve, first: usize, lockstep: &Arc<Lockstep>) -> Result<Self, Problem> {
        let name = "offhook serve".to_owned();
        let arguments = Arguments::try_parse_from(once(&name).chain(&wanted.arguments));
        let arguments = arguments.map_err(|error| Problem::usage(error.to_string()))?;
        let settings = Settings::of(arguments.serve).map_err(|error| Problem::usage(error.to_string()))?;
        let read = || {
            let applications = Applications::find(&settings.application)?;
            let setup = WorkerSetup::of(&settings, &applications)?;
            anyhow::Ok((applications, setup))
        };
        let (applications, setup) = read().map_err(|error| Problem::usage(format!("{error:#}")))?;
        let setup = WorkerSetup { first, lockstep: Some(Arc::clone(lockstep)), ..setup };
        Ok(Self { settings, applications, setup })
    }

    /// The worker processes that it wants.
    pub(super) fn workers(&self) -> usize {
        self.settings.workers.count
    }

    /// Starts it on the host of its first SIP address; `number` is its own among the servers.
    /// Spoken texts are kept in `cache`, unless the settings say where.
    pub(super) async fn start(
        self,
        sim: &Sim,
        number: usize,
        cache: Option<&Path>,
    ) -> Result<Running, Problem> {
        let Self { settings, applications, setup } = self;
        let mut config = settings.server_config(setup.media_root.clone());
        config.speech.cache = config.speech.cache.or_else(|| cache.map(Path::to_owned));
        config.shards = 1;
        // Two servers with one seed would give out the same tags.
        config.seed = Some(sim.seed().wrapping_add(number as u64));
        let host = config.sip.first().map_or(IpAddr::from([0, 0, 0, 0]), |address| address.ip());

        let fault = |error: anyhow::Error| Problem::fault(&error);
        std::fs::create_dir_all(&settings.log.root).context("no log folder").map_err(fault)?;
        let records = Records::open(&settings.log).map_err(fault)?;
        let pool = Pool::start(setup, settings.workers.count).await;
        let pool = Arc::new(pool.map_err(|error| Problem::application(error.to_string()))?);
        let common = serve::load_all(&pool, &applications).await.map_err(fault)?;
        let common = common.ok_or_else(|| Problem::application("no application can be run; see the log"))?;
        let gateway = Gateway::new(Arc::clone(&pool), applications, common, Some(records));
        let server = Server::builder(config)
            .network(sim.network(host))
            .start(gateway)
            .await
            .map_err(|error| Problem::usage(error.to_string()))?;
        Ok(Running { server, pool })
    }
}

impl Running {
    /// Starts instances of an outbound service; the result says how many, and why the others were not.
    pub(super) fn start_instances(&self, wanted: &StartInstances) -> Value {
        let start = serve::starter(&self.server, &self.pool);
        json!(control::started(&wanted.service, &wanted.parameters, start))
    }

    /// Ends server and workers.
    pub(super) async fn end(&mut self) {
        // First the workers: application code that does not end keeps the clock standing.
        self.pool.end().await;
        self.server.shut_down().await;
    }
}
