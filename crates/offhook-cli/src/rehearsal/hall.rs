//! The hall in which applications are rehearsed: servers, callers, the clock.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use anyhow::Context;
use offhook::caller::OutCall;
use offhook::media::speech::Voice;
use offhook::sim::{Exchange, Sim, Stage};
use offhook::{Server, Service, Trunk};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::callees::{self, Telephone};
use super::calls::{self, PersonsCall};
use super::door::Door;
use super::fingerprint::Fingerprint;
use super::hearing::{self, Sources};
use super::keepsake;
use super::lines::{seconds, server_host};
use super::loading::load;
use super::program::{self, Program};
use super::protocol::{self, Event, Open, Problem, Request, Serve};
use super::runs::{RunKey, Runs, Watched};
use crate::logs::Level;
use crate::worker::{
    Applications, Gateway, Interpreter, Journal, Lockstep, Pool, Site, WorkerSetup, package_folder,
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
    programs: Vec<program::Running>,
    /// Workers of all servers so far.
    workers: usize,
    door: Door,
    /// Through which servers reach the telephones.
    exchange: Exchange,
    /// Taken out while a call to one is waited for.
    telephones: Vec<Option<Telephone>>,
    /// How many telephones there are, those of callers included.
    lines: usize,
    calls: Vec<PersonsCall>,
    instances: Vec<RunKey>,
}

/// A server with its workers.
struct Running {
    server: Server,
    pool: Arc<Pool>,
    media_root: PathBuf,
    /// The voice in which it speaks.
    voice: Voice,
    /// The name of its outbound service.
    service: String,
    /// Instances that were started by that name.
    started: usize,
}

impl Hall {
    /// Sets the stage. What applications do is noted in `journal`, if there is one.
    pub(crate) fn open(open: Open, journal: Option<Arc<Journal>>) -> Result<Self, Problem> {
        let package = match &open.package {
            Some(folder) => folder.clone(),
            None => package_folder().map_err(|error| Problem::fault(&error))?,
        };
        let sim = Sim::new(open.seed);
        let lockstep = Arc::new(Lockstep::new(sim.clone(), journal));
        let stage = {
            let lockstep = lockstep.clone();
            Stage::new(sim.clone(), move || lockstep.idle())
        };
        let stage = stage.context("no simulation").map_err(|error| Problem::fault(&error))?;
        let (fingerprint, exchange) = stage.run(async {
            tokio::spawn(lockstep.clone().run());
            (Fingerprint::of(stage.sim()), stage.sim().exchange(callees::EXCHANGE).await)
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
            programs: Vec::new(),
            workers: 0,
            door: Door::of(sim),
            exchange,
            telephones: Vec::new(),
            lines: 0,
            calls: Vec::new(),
            instances: Vec::new(),
        })
    }

    /// Carries out one request.
    pub(crate) fn carry_out(&mut self, request: Request) -> Result<Value, Problem> {
        match request {
            Request::Open(_) => Err(Problem::usage("hall.open came twice")),
            Request::Serve(serve) => self.serve(&serve),
            Request::Start(start) => self.start(&start),
            Request::Program(serve) => self.program(&serve),
            Request::StartInstances(request) => {
                let program = self.programs.get(request.server).ok_or_else(|| no_program(request.server))?;
                self.piece(async { Ok(program.start_instances(&request)) })
            }
            Request::Stop(request) => {
                let program = self.programs.get_mut(request.server);
                let program = program.ok_or_else(|| no_program(request.server))?;
                self.stage.run(program.end());
                Ok(json!({}))
            }
            Request::OpenPort(port) => {
                self.stage.run(self.door.open(port.address))?;
                Ok(json!({}))
            }
            Request::ClosePort(port) => {
                self.door.close(port.address);
                Ok(json!({}))
            }
            Request::Pass(pass) => {
                let until = seconds("until", pass.until)?;
                self.piece(async {
                    self.door.send(pass.send)?;
                    self.door.wait(until).await;
                    Ok(())
                })?;
                Ok(json!({"now": self.stage.elapsed().as_secs_f64(), "arrived": self.door.take()}))
            }
            Request::Call(wanted) => self.call(&wanted),
            Request::Callee(wanted) => self.callee(&wanted),
            Request::Calls(request) => self.calls_of(request.callee),
            Request::Called(request) => self.called(&request),
            Request::Instance(request) => self.instance(request.instance),
            Request::Returned(request) => {
                let within = seconds("within", request.within)?;
                let key = self.key(request.instance)?;
                let ended = async { Ok(timeout(within, self.runs.ended(key)).await.unwrap_or(false)) };
                let happened = self.piece(ended)?;
                Ok(json!({"happened": happened}))
            }
            Request::Await(request) => {
                let within = seconds("within", request.within)?;
                let call = self.one(request.call)?;
                let happened = self.piece(async {
                    let waited = match request.what {
                        Event::Response => timeout(within, call.out.ringing()).await,
                        Event::Answered => timeout(within, call.out.answered()).await,
                        Event::Ended => timeout(within, async { call.out.cleared().await.is_some() }).await,
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
            Request::Invite(request) => Ok(self.one(request.call)?.invite()),
            Request::Wait(wait) => {
                let time = seconds("seconds", wait.seconds)?;
                self.piece(async {
                    sleep(time).await;
                    Ok(())
                })?;
                Ok(self.now())
            }
            Request::Capture(request) => {
                let problem =
                    |error| Problem::usage(format!("{} cannot be written: {error}", request.file.display()));
                self.fingerprint.capture(&request.file).map_err(problem)?;
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
        let Self { stage, mut servers, mut programs, calls, telephones, exchange, .. } = self;
        stage.run(async {
            drop((calls, telephones, exchange));
            for running in &mut servers {
                // First the worker: application code that does not end keeps the clock standing.
                running.pool.end().await;
                running.server.shut_down().await;
            }
            for program in &mut programs {
                program.end().await;
            }
        });
    }

    fn serve(&mut self, serve: &Serve) -> Result<Value, Problem> {
        let application = |error: anyhow::Error| Problem::application(format!("{error:#}"));
        let name = stem(&serve.application);
        let extra_channels = u8::try_from(serve.extra_channels).map_err(|_| {
            Problem::usage(format!("extra_channels is {}; accepted: 0 to 3", serve.extra_channels))
        })?;
        let mut services = vec![Service::inbound("*", &name), Service::outbound(&name, &name)];
        for service in &mut services {
            service.parameters.clone_from(&serve.parameters);
            service.auto_ring = serve.auto_ring;
            service.extra_channels = extra_channels;
        }
        let applications = Applications::find(&serve.application).map_err(application)?;
        let folder = applications.operating_directory().to_owned();
        let media_root = serve.media_root.clone().unwrap_or_else(|| folder.clone());
        let setup = WorkerSetup {
            interpreter: self.interpreter.clone(),
            media_root: media_root.clone(),
            operating_directory: folder,
            log_level: Level::Debug,
            first: self.workers,
            capacity: MOST_INSTANCES,
            memory_bytes: None,
            lockstep: Some(self.lockstep.clone()),
        };
        let sim = self.stage.sim().clone();
        let number = self.servers.len();
        let mut config = sim.config();
        config.sip = vec![SocketAddr::new(server_host(number), SIP_PORT)];
        config.media_root = media_root;
        config.services = services;
        config.trunks = vec![Trunk::new(callees::TRUNK, callees::EXCHANGE.to_string())];
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
        let network = sim.network(server_host(number));
        let runs = self.runs.of_server(number);
        let running = self.piece(async move {
            let pool = Pool::start(setup, 1).await.map_err(|error| application(error.into()))?;
            let pool = Arc::new(pool);
            load(&pool, &applications).await?;
            let gateway = Gateway::new(Arc::clone(&pool), applications, HashSet::new(), None);
            let server = Server::builder(config)
                .network(network)
                .start(Watched { gateway, runs })
                .await
                .map_err(|error| Problem::usage(error.to_string()))?;
            Ok(Running { server, pool, media_root, voice, service: name, started: 0 })
        })?;
        self.servers.push(running);
        self.workers += 1;
        Ok(json!({"server": number}))
    }

    fn program(&mut self, serve: &program::Serve) -> Result<Value, Problem> {
        let (number, first) = (self.programs.len(), self.workers);
        let program = Program::read(serve, first, &self.lockstep)?;
        let workers = program.workers();
        let cache = self.open.speech_cache.as_deref();
        let running = self.piece(program.start(self.stage.sim(), number, cache))?;
        self.programs.push(running);
        self.workers += workers;
        Ok(json!({"server": number, "workers": [first, workers]}))
    }

    fn call(&mut self, wanted: &protocol::Call) -> Result<Value, Problem> {
        let known = self.servers.len();
        let running = self
            .servers
            .get(wanted.server)
            .ok_or_else(|| Problem::usage(format!("server is {}; accepted: below {known}", wanted.server)))?;
        let (number, server) = (self.calls.len(), running.server.sip_address());
        let sim = self.stage.sim().clone();
        let (call, host) = self.piece(calls::start(&sim, self.lines, server, wanted))?;
        self.lines += 1;
        self.calls.push(call);
        self.instances.push(RunKey::CalledFrom(host));
        Ok(json!({"call": number, "instance": self.instances.len() - 1}))
    }

    fn start(&mut self, wanted: &protocol::Start) -> Result<Value, Problem> {
        let known = self.servers.len();
        let running = self.servers.get_mut(wanted.server);
        let running = running
            .ok_or_else(|| Problem::usage(format!("server is {}; accepted: below {known}", wanted.server)))?;
        let started = running.server.start_outbound(&running.service, &wanted.parameters);
        started.map_err(|error| Problem::usage(error.to_string()))?;
        self.instances.push(RunKey::Started { server: wanted.server, number: running.started });
        running.started += 1;
        self.piece(async { Ok(()) })?;
        Ok(json!({"instance": self.instances.len() - 1}))
    }

    fn callee(&mut self, wanted: &protocol::Callee) -> Result<Value, Problem> {
        let sim = self.stage.sim().clone();
        let telephone = self.piece(callees::start(&sim, &self.exchange, self.lines, wanted))?;
        self.lines += 1;
        self.telephones.push(Some(telephone));
        Ok(json!({"callee": self.telephones.len() - 1}))
    }

    /// The calls that have come to a telephone.
    fn calls_of(&mut self, number: usize) -> Result<Value, Problem> {
        let telephone = take_out(&mut self.telephones, number)?;
        Ok(self.put_back(number, telephone))
    }

    /// Waits until a telephone has got more calls than are known.
    fn called(&mut self, request: &protocol::Called) -> Result<Value, Problem> {
        let within = seconds("within", request.within)?;
        let mut telephone = take_out(&mut self.telephones, request.callee)?;
        let mut come = None;
        let waited = if telephone.calls.len() > request.more_than {
            Ok(())
        } else {
            self.piece(async {
                come = timeout(within, telephone.callee.next_call()).await.ok().flatten();
                Ok(())
            })
        };
        if let Some(out) = come {
            self.take(&mut telephone, out);
        }
        let calls = self.put_back(request.callee, telephone);
        waited.map(|()| calls)
    }

    /// Puts a telephone back in its place, with all calls that have come to it.
    fn put_back(&mut self, number: usize, mut telephone: Telephone) -> Value {
        while let Some(out) = telephone.callee.try_next_call() {
            self.take(&mut telephone, out);
        }
        let calls = json!({"calls": telephone.calls});
        if let Some(place) = self.telephones.get_mut(number) {
            *place = Some(telephone);
        }
        calls
    }

    fn take(&mut self, telephone: &mut Telephone, out: OutCall) {
        telephone.calls.push(self.calls.len());
        self.calls.push(PersonsCall::taken(out));
    }

    fn hears(&mut self, request: &protocol::Hears) -> Result<Value, Problem> {
        let within = seconds("within", request.within)?;
        self.one(request.call)?;
        // Taken out and put back: the piece needs it and the hall at a time.
        let mut call = self.calls.swap_remove(request.call);
        let server = call.server.and_then(|number| self.servers.get(number));
        let result = match server {
            Some(running) => {
                let sources = Sources { media_root: &running.media_root, voice: running.voice };
                self.piece(hearing::listen(&mut call, &sources, &request.what, within))
            }
            None => Err(Problem::usage("the call is with no server of this test")),
        };
        self.calls.push(call);
        let last = self.calls.len() - 1;
        self.calls.swap(request.call, last);
        result
    }

    fn status(&self, number: usize) -> Result<Value, Problem> {
        let call = self.one(number)?;
        let mut status = call.status();
        let (now, began) = self.stage.run(async { (call.now(), self.stage.sim().elapsed()) });
        status["now"] = json!(now.as_secs_f64());
        status["began"] = json!(began.saturating_sub(now).as_secs_f64());
        Ok(status)
    }

    fn instance(&self, number: usize) -> Result<Value, Problem> {
        Ok(self.runs.status(self.key(number)?, &self.lockstep))
    }

    fn key(&self, number: usize) -> Result<RunKey, Problem> {
        let known = self.instances.len();
        let key = self.instances.get(number).copied();
        key.ok_or_else(|| Problem::usage(format!("instance is {number}; accepted: below {known}")))
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

fn no_program(number: usize) -> Problem {
    Problem::usage(format!("server is {number}; accepted: what server.serve has given"))
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

/// A telephone, out of its place for as long as the hall itself is needed too.
fn take_out(telephones: &mut [Option<Telephone>], number: usize) -> Result<Telephone, Problem> {
    let known = telephones.len();
    let telephone = telephones.get_mut(number).and_then(Option::take);
    telephone.ok_or_else(|| Problem::usage(format!("callee is {number}; accepted: below {known}")))
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Instances of one application at a time.
const MOST_INSTANCES: usize = 4000;
const SIP_PORT: u16 = 5060;
const MOMENT: Duration = Duration::from_millis(1);
/// So often it is looked for an answer of a worker whose application is at work.
const LOOKS: usize = 40;
/// How often somebody looks whether the clock stands.
const LOOK: Duration = Duration::from_millis(250);
