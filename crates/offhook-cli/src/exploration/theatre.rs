//! Where the calls take place: one rehearsal after the other, with the application in it.

use std::path::PathBuf;
use std::sync::Arc;

use super::place::Place;
use super::run::{Outcome, Patience, Run};
use super::script::Script;
use crate::rehearsal::{Hall, Open, Problem, Request, Serve, start_call};
use crate::worker::{Ended, Journal};

/// What every rehearsal begins with.
#[derive(Debug, Clone)]
pub(super) struct Setting {
    pub(super) application: PathBuf,
    pub(super) parameters: String,
    pub(super) auto_ring: bool,
    pub(super) extra_channels: i64,
    pub(super) media_root: Option<PathBuf>,
    pub(super) python: PathBuf,
    pub(super) seed: u64,
    /// Seconds of real time that application code may be at work.
    pub(super) seconds_at_work: f64,
    pub(super) patience: Patience,
}

/// Runs calls; a rehearsal lasts for many of them, unless one leaves something behind.
pub(super) struct Theatre {
    setting: Setting,
    journal: Arc<Journal>,
    hall: Option<Hall>,
    /// Calls of the present rehearsal.
    calls: usize,
}

impl Theatre {
    pub(super) fn new(setting: Setting) -> Self {
        Self { setting, journal: Arc::default(), hall: None, calls: 0 }
    }

    /// What the application's files hold and which lines have run, in all calls so far.
    pub(super) fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Makes one call. At a place that is `known` its caller hangs up.
    pub(super) fn run(&mut self, script: Script, known: impl Fn(&Place) -> bool) -> Result<Run, Problem> {
        if self.calls >= MOST_CALLS {
            self.empty();
        }
        self.open()?;
        let Some(hall) = &self.hall else { return Err(Problem::usage("there is no rehearsal")) };
        let address = hall.server_address(0).ok_or_else(|| Problem::usage("there is no server"))?;
        self.journal.turn_over();
        let number = self.calls;
        self.calls += 1;
        let wanted = script.caller.call(0, &self.called());
        let mut run = Run::new(script);
        let (journal, patience) = (&self.journal, self.setting.patience);
        let observed = hall.piece(async {
            let (call, _) = start_call(hall.sim(), number, address, &wanted).await?;
            run.observe(&call, journal, patience, known).await
        });
        match observed {
            Ok(()) => {}
            Err(problem) if problem.is_stuck() => run.outcome = Outcome::Stuck(hall.ask_where(0, journal)),
            Err(problem) => return Err(problem),
        }
        if !matches!(run.outcome, Outcome::Ended(Ended::Over(_))) || run.lingered {
            self.empty();
        }
        Ok(run)
    }

    /// Ends the present rehearsal: the next call has an application that has just been loaded.
    pub(super) fn empty(&mut self) {
        if let Some(hall) = self.hall.take() {
            hall.close();
        }
        self.calls = 0;
    }

    fn open(&mut self) -> Result<(), Problem> {
        if self.hall.is_some() {
            return Ok(());
        }
        let setting = &self.setting;
        let open = Open {
            seed: setting.seed,
            python: setting.python.clone(),
            package: None,
            speech_cache: Some(std::env::temp_dir().join(SPEECH_CACHE)),
            patience: setting.seconds_at_work,
        };
        let mut hall = Hall::open(open, Some(self.journal.clone()))?;
        hall.carry_out(Request::Serve(Box::new(Serve {
            application: setting.application.clone(),
            parameters: setting.parameters.clone(),
            auto_ring: setting.auto_ring,
            media_root: setting.media_root.clone(),
            codecs: None,
            voice: None,
            extra_channels: setting.extra_channels,
        })))?;
        self.hall = Some(hall);
        Ok(())
    }

    /// The called name: the application's, as the test kit has it too.
    fn called(&self) -> String {
        let stem = self.setting.application.file_stem();
        stem.map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl Drop for Theatre {
    fn drop(&mut self) {
        self.empty();
    }
}

/// What callers have left behind in a simulation is cleared away from time to time.
const MOST_CALLS: usize = 200;
/// The folder in which the test kit keeps spoken texts too.
const SPEECH_CACHE: &str = concat!("offhook-speech-", env!("CARGO_PKG_VERSION"));
