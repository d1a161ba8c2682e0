//! The hall in which applications are rehearsed: servers, callers, the clock.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context;
use offhook::media::speech::Voice;
use offhook::sim::{Hold, Sim, Stage};
use offhook::{Server, Service};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::calls::{self, PersonsCall};
use super::fingerprint::Fingerprint;
use super::hearing::{self, Sources};
use super::keepsake;
use super::protocol::{self, Event, Open, Problem, Request, Serve};
use super::runs::{Runs, Watched};
use crate::logs::Level;
use crate::worker::{
    Applications, CallError, Form, Gateway, Interpreter, Journal, Lockstep, Pool, Site, WorkerSetup,
    package_folder,
};

/// Everything of one test.
pub(crate) struct Hall {
    stage: Stage,
    interpreter: Interpreter,
    open: Open,
    lockstep: Arc<Lockstep>,
    /// Application code keeps the clock standing.
    stuck: Arc<Notify>,
    fingerprint: Fingerprint,
    runs: Runs,
    servers: Vec<Running>,
    calls: Vec<PersonsCall>,
}

/// A server with its workers.
struct Running {
    server: Server,
    pool: Arc<Pool>,
    media_root: PathBuf,
    /// The voice in which it speaks.
    voice: Voice,
}

impl Hall {
    /// Sets the stage. What applications do is noted in `journal`, if there is one.
    pub(crate) fn open(open: Open, journal: Option<Arc<Journal>>) -> Result<Self, Problem> {
        let package = match &open.package {
            Some(folder) => folder.clone(),
            None => package_folder().map_err(|error| Problem::fault(&error))?,
        };
        let lockstep = Arc::new(journal.map_or_else(Lockstep::default, Lockstep::noted_in));
        let stage = {
            let lockstep = lockstep.clone();
            Stage::new(Sim::new(open.seed), move || lockstep.idle())
        };
        let stage = stage.context("no simulation").map_err(|error| Problem::fault(&error))?;
        let fingerprint = stage.run(async {
            tokio::spawn(lockstep.clone().run());
            Fingerprint::of(stage.sim())
        });
        let stuck = Arc::new(Notify::new());
        watch(
            Arc::downgrade(&lockstep),
            stuck.clone(),
            Duration::try_from_secs_f64(open.patience).unwrap_or(Duration::MAX),
        );
        let interpreter = Interpreter { program: open.python.clone(), package };
        Ok(Self {
            stage,
            interpreter,
            open,
            lockstep,
            stuck,
            fingerprint,
            runs: Runs::default(),
            servers: Vec::new(),
            calls: Vec::new(),
        })
    }

    /// Carries out one request.
    pub(crate) fn carry_out(&mut self, request: Request) -> Result<Value, Problem> {
        match request {
            Request::Open(_) => Err(Problem::usage("hall.open came twice")),
            Request::Serve(serve) => self.serve(&serve),
            Request::Call(wanted) => self.call(&wanted),
            Request::Await(request) => {
                let within = seconds("within", request.within)?;
                let call = self.one(request.call)?;
                let happened = self.piece(async {
                    let waited = match request.what {
                        Event::Response => timeout(within, call.out.ringing()).await,
                        Event::Answered => timeout(within, call.out.answered()).await,
                        Event::Ended => timeout(within, async { call.out.cleared().await.is_some() }).await,
                        Event::Returned => timeout(within, self.runs.ended(call.address)).await,
                    };
                    Ok(waited.unwrap_or(false))
                })?;
                Ok(json!({"happened": happened, "status": self.status(request.call)?}))
            }
            Request::Act(request) => {
                let call = self.one(request.call)?;
                self.piece(call.act(request.act))?;
                self.status(request.call)
            }
            Request::Hears(request) => self.hears(&request),
            Request::Keep(request) => {
                let call = self.one(request.call)?;
                self.piece(keepsake::keep(call, &request.folder, &request.title))
            }
            Request::Status(request) => self.status(request.call),
            Request::Wait(wait) => {
                let time = seconds("seconds", wait.seconds)?;
                self.piece(async {
                    sleep(time).await;
                    Ok(())
                })?;
                Ok(self.now())
            }
            Request::Now(_) => Ok(self.now()),
        }
    }

    /// The simulation.
    pub(crate) fn sim(&self) -> &Sim {
        self.stage.sim()
    }

    /// Where a server takes calls.
    pub(crate) fn server_address(&self, server: usize) -> Option<SocketAddr> {
        self.servers.get(server).map(|running| running.server.sip_address())
    }

    /// Asks the workers of a server where application code is at work, which keeps the clock standing meanwhile. One
    /// that can still answer does so in its journal, at most ten seconds of real time later.
    pub(crate) fn ask_where(&self, server: usize, journal: &Journal) -> Vec<Site> {
        let Some(link) = self.servers.get(server).and_then(|running| running.pool.any()) else {
            return Vec::new();
        };
        self.stage.run(async {
            link.notify("probe.where", &json!({}));
            for _ in 0..LOOKS {
                // A machine that does not even start a thread has no answer either.
                let _ = tokio::task::spawn_blocking(|| std::thread::sleep(LOOK)).await;
                if let Some(sites) = journal.take_at_work() {
                    return sites;
                }
            }
            Vec::new()
        })
    }

    /// Ends everything.
    pub(crate) fn close(self) {
        let Self { stage, mut servers, calls, .. } = self;
        stage.run(async {
            drop(calls);
            for running in &mut servers {
                // First the worker: application code that does not end keeps the clock standing.
                running.pool.end().await;
                running.server.shut_down().await;
            }
        });
    }

    fn serve(&mut self, serve: &Serve) -> Result<Value, Problem> {
        let application = |error: anyhow::Error| Problem::application(format!("{error:#}"));
        let mut service = Service::inbound("*", stem(&serve.application));
        service.parameters.clone_from(&serve.parameters);
        service.auto_ring = serve.auto_ring;
        let applications = Applications::find(&serve.application).map_err(application)?;
        let folder = applications.operating_directory().to_owned();
        let media_root = serve.media_root.clone().unwrap_or_else(|| folder.clone());
        let setup = WorkerSetup {
            interpreter: self.interpreter.clone(),
            media_root: media_root.clone(),
            operating_directory: folder,
            log_level: Level::Debug,
            capacity: MOST_INSTANCES,
            memory_bytes: None,
            lockstep: Some(self.lockstep.clone()),
        };
        let sim = self.stage.sim().clone();
        let number = self.servers.len();
        let mut config = sim.config();
        config.sip = vec![SocketAddr::new(server_address(number), 5060)];
        config.media_root = media_root;
        config.services = vec![service];
        config.speech.cache.clone_from(&self.open.speech_cache);
        config.app_limiter = false;
        config.limits.calls = usize::MAX;
        config.limits.waiting_datagrams = MOST_INSTANCES * 8;
        if let Some(codecs) = &serve.codecs {
            config.codecs.clone_from(codecs);
        }
        if let Some(voice) = &serve.voice {
            config.speech.voice.clone_from(voice);
        }
        let voice = config.speech.voice.parse::<Voice>();
        let voice = voice.map_err(|error| Problem::usage(error.to_string()))?;
        let media_root = config.media_root.clone();
        let network = sim.network(server_address(number));
        let runs = self.runs.clone();
        let running = self.piece(async move {
            // Starting Python takes real time, of which virtual time knows nothing.
            let held = Hold::new();
            let pool = Pool::start(setup, 1).await.map_err(|error| application(error.into()))?;
            let pool = Arc::new(pool);
            load(&pool, &applications).await?;
            drop(held);
            let gateway = Gateway::new(Arc::clone(&pool), applications, HashSet::new(), None);
            let server = Server::builder(config)
                .network(network)
                .start(Watched { gateway, runs })
                .await
                .map_err(|error| Problem::usage(error.to_string()))?;
            Ok(Running { server, pool, media_root, voice })
        })?;
        self.servers.push(running);
        Ok(json!({"server": number}))
    }

    fn call(&mut self, wanted: &protocol::Call) -> Result<Value, Problem> {
        let known = self.servers.len();
        let running = self
            .servers
            .get(wanted.server)
            .ok_or_else(|| Problem::usage(format!("server is {}; accepted: below {known}", wanted.server)))?;
        let (number, server) = (self.calls.len(), running.server.sip_address());
        let sim = self.stage.sim().clone();
        let call = self.piece(calls::start(&sim, number, server, wanted))?;
        self.calls.push(call);
        Ok(json!({"call": number}))
    }

    fn hears(&mut self, request: &protocol::Hears) -> Result<Value, Problem> {
        let within = seconds("within", request.within)?;
        self.one(request.call)?;
        // Taken out and put back: the piece needs it and the hall at a time.
        let mut call = self.calls.swap_remove(request.call);
        let result = match self.servers.get(call.server) {
            Some(running) => {
                let sources = Sources { media_root: &running.media_root, voice: running.voice };
                self.piece(hearing::listen(&mut call, &sources, &request.what, within))
            }
            None => Err(Problem::usage("the server is gone")),
        };
        self.calls.push(call);
        let last = self.calls.len() - 1;
        self.calls.swap(request.call, last);
        result
    }

    fn status(&self, number: usize) -> Result<Value, Problem> {
        let call = self.one(number)?;
        let mut status = call.status();
        status["instance"] = self.runs.status(call.address, &self.lockstep);
        status["now"] = json!(self.stage.run(async { call.now() }).as_secs_f64());
        Ok(status)
    }

    fn now(&self) -> Value {
        let (packets, digest) = self.fingerprint.read();
        let digest = format!("{digest:016x}");
        json!({"now": self.stage.elapsed().as_secs_f64(), "packets": packets, "digest": digest})
    }

    fn one(&self, number: usize) -> Result<&PersonsCall, Problem> {
        let known = self.calls.len();
        self.calls
            .get(number)
            .ok_or_else(|| Problem::usage(format!("call is {number}; accepted: below {known}")))
    }

    /// Runs one piece of the simulation, and what is due at its last moment.
    ///
    /// # Errors
    ///
    /// Its own, or [`Problem::is_stuck`].
    pub(crate) fn piece<T>(&self, piece: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
        self.stage.run(async {
            let settled = async {
                let result = piece.await;
                // The shortest time that there is: everything that happens at this moment happens before it.
                sleep(MOMENT).await;
                result
            };
            tokio::select! {
                biased;
                result = settled => result,
                () = self.stuck.notified() => {
                    let words = self.lockstep.stuck(Duration::ZERO);
                    Err(Problem::stuck(words.unwrap_or_else(|| "application code stood still".to_owned())))
                }
            }
        })
    }
}

/// Loads the application now, so that a mistake in it is told at once.
async fn load(pool: &Pool, applications: &Applications) -> Result<(), Problem> {
    let link = pool.any().ok_or_else(|| Problem::application("the worker ended at once"))?;
    for (name, path) in applications.all() {
        match link.ensure_loaded(&name, &path).await {
            Ok(loaded) if loaded.form == Form::Common => {
                let problem = format!("{} is a module for applications, not an application", path.display());
                return Err(Problem::application(problem));
            }
            Ok(_) => {}
            Err(CallError::Refused(error)) => return Err(Problem::application(error.message)),
            Err(error) => return Err(Problem::application(error.to_string())),
        }
    }
    Ok(())
}

/// Says so when application code keeps the clock standing for longer than `patience`.
fn watch(lockstep: Weak<Lockstep>, stuck: Arc<Notify>, patience: Duration) {
    std::thread::spawn(move || {
        while let Some(lockstep) = lockstep.upgrade() {
            if lockstep.stuck(patience).is_some() {
                stuck.notify_one();
            }
            drop(lockstep);
            std::thread::sleep(LOOK);
        }
    });
}

fn seconds(name: &str, value: f64) -> Result<Duration, Problem> {
    Duration::try_from_secs_f64(value)
        .map_err(|_| Problem::usage(format!("{name} is {value}; accepted: 0 or more seconds")))
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Each server has a host: 10.0.0.1 and up.
fn server_address(number: usize) -> IpAddr {
    let first = u32::from(Ipv4Addr::new(10, 0, 0, 1));
    IpAddr::V4(Ipv4Addr::from(first.saturating_add(u32::try_from(number).unwrap_or(u32::MAX >> 1))))
}

/// Instances of one application at a time.
const MOST_INSTANCES: usize = 4000;
const MOMENT: Duration = Duration::from_millis(1);
/// So often it is looked for an answer of a worker whose application is at work.
const LOOKS: usize = 40;
/// How often somebody looks whether the clock stands.
const LOOK: Duration = Duration::from_millis(250);
