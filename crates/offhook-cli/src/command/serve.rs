//! `offhook serve`: takes calls until it is told to stop.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use offhook::{Server, StartError, SystemNetwork};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::Serve;
use crate::command::{Ending, runtime};
use crate::config::Settings;
use crate::control::{Listener, SOCKET};
use crate::logs::{self, LogOptions, Records};
use crate::terminal::{Colour, Progress, line, paint, span};
use crate::worker::{Applications, CallError, Form, Gateway, Loaded, Pool, WorkerSetup};

/// Runs the server.
pub(super) fn run(arguments: Serve, options: &LogOptions) -> anyhow::Result<Ending> {
    let settings = Settings::of(arguments)?;
    let _logs = logs::start_server(options, &settings.log)?;
    runtime()?.block_on(serve(&settings))
}

async fn serve(settings: &Settings) -> anyhow::Result<Ending> {
    let mut signals = Signals::new()?;
    let applications = Applications::find(&settings.application)?;
    let setup = WorkerSetup::of(settings, &applications)?;
    let (media_root, operating_directory) = (setup.media_root.clone(), setup.operating_directory.clone());
    let progress = Progress::start("starting Python");
    let pool = Arc::new(Pool::start(setup, settings.workers.count).await?);
    drop(progress);

    let Some(common) = load_all(&pool, &applications).await? else {
        pool.end().await;
        return Ok(Ending::NotAsAsked);
    };
    let first = applications.all().into_iter().map(|(name, _)| name).find(|name| !common.contains(name));
    let gateway = Gateway::new(Arc::clone(&pool), applications, common, Some(Records::open(&settings.log)?));
    let mut server = Server::builder(settings.server_config(media_root))
        .network(Arc::new(SystemNetwork::new()))
        .start(gateway)
        .await
        .map_err(|error| match error {
            StartError::Sip { .. } => anyhow::Error::new(error).context("choose another address with --sip"),
            other => other.into(),
        })?;
    let control = open_control(settings, &operating_directory)?;
    greet(server.sip_addresses(), first.as_deref());

    let start = starter(&server, &pool);
    let controlled = async {
        match &control {
            Some(listener) => listener.serve(start).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = signals.next() => {}
        () = controlled => {}
    }
    drop(control);
    let drain = settings.workers.drain;
    tracing::info!(
        target: "offhook::report",
        calls = server.counts().await.calls_up,
        "stopping: no new calls, running ones may go on for {}",
        span(drain)
    );
    server.stop_taking_calls();
    pool.stop(drain);
    let ending = tokio::select! {
        // Instances may outlast their calls (RUN-19); none outlasts its own.
        drained = tokio::time::timeout(drain, pool.drained()) => match drained {
            Ok(()) => Ending::Done,
            Err(_) => {
                tracing::warn!(instances = pool.instances(), "the drain time is over: hanging up every call");
                Ending::CutShort
            }
        },
        () = signals.next() => {
            tracing::warn!("second signal: hanging up every call");
            Ending::CutShort
        }
    };
    server.shut_down().await;
    pool.end().await;
    Ok(ending)
}

/// What starts one instance of an outbound service on request.
pub(crate) fn starter(
    server: &Server,
    pool: &Arc<Pool>,
) -> impl Fn(&str, &str) -> Result<(), String> + Send + Sync + use<> {
    let (handle, pool) = (server.handle(), Arc::clone(pool));
    move |service, parameters| match pool.has_room() {
        true => handle.start_outbound(service, parameters).map_err(|error| error.to_string()),
        false => Err("every worker is full".to_owned()),
    }
}

/// The control socket. Without a setting for it, a server that cannot have one does without, and says so.
fn open_control(settings: &Settings, operating_directory: &Path) -> anyhow::Result<Option<Listener>> {
    let socket = settings.control.clone().unwrap_or_else(|| operating_directory.join(SOCKET));
    match Listener::bind(&socket) {
        Ok(listener) => Ok(Some(listener)),
        Err(error) if settings.control.is_some() => Err(error.into()),
        Err(error) => {
            tracing::warn!("offhook start cannot reach this server: {error}");
            Ok(None)
        }
    }
}

/// Loads every application once, so that a mistake shows now and not at the first call. The result holds the modules
/// that take no calls; `None` if nothing is left that takes calls.
pub(crate) async fn load_all(
    pool: &Pool,
    applications: &Applications,
) -> anyhow::Result<Option<HashSet<String>>> {
    let link = pool.any().context("the first worker ended at once")?;
    let (mut common, mut good) = (HashSet::new(), 0);
    for (name, path) in applications.all() {
        match link.ensure_loaded(&name, &path).await {
            Ok(Loaded { form: Form::Common, .. }) => drop(common.insert(name)),
            Ok(loaded) => {
                good += 1;
                tracing::info!(
                    application = name,
                    version = loaded.version.as_deref().unwrap_or("-"),
                    "loaded"
                );
            }
            Err(CallError::Refused(error)) => {
                tracing::error!(application = name, code = error.code, "{}", logs::one_entry(&error.message));
            }
            Err(error) => return Err(error).context("the worker ended while it loaded the applications"),
        }
    }
    if good == 0 {
        eprintln!(
            "{} no application can be run; see the log lines above, or offhook check",
            paint(Colour::Red, "error:")
        );
        return Ok(None);
    }
    Ok(Some(common))
}

/// Says where calls are taken and how to make the first one.
fn greet(addresses: &[SocketAddr], application: Option<&str>) {
    for address in addresses {
        line(&format!("offhook takes calls on {}", paint(Colour::Bold, &format!("sip:{address} (UDP)"))));
    }
    if let Some(address) = addresses.first() {
        let user = application.unwrap_or("1000");
        line(&format!("try it:  offhook call sip:{user}@{}", reachable(*address)));
    }
    line("stop it: Ctrl-C (once: no new calls; twice: hang up everything)");
}

/// The same address as a caller on this machine would write it.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be received");
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
