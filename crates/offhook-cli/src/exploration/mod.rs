//! `offhook test`: explores an application by itself, in virtual time.
//!
//! A simulated caller does nothing, then one thing, then two: every key where keys count, a hang-up wherever the
//! application waits, a cancel while it rings, words and keys that make no sense ([`place`]). Every call is a
//! rehearsal of the real server with the real application ([`theatre`], [`run`]); which calls are made is decided in
//! [`search`]; what was wrong in one of them, in [`finding`]; what no call has heard, in [`unheard`].

mod finding;
mod place;
mod report;
mod run;
mod script;
mod search;
mod theatre;
mod unheard;
mod written;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use self::finding::Kind;
use self::place::Inputs;
pub(crate) use self::report::Report;
use self::run::Patience;
use self::script::Caller;
use self::search::Search;
use self::theatre::{Setting, Theatre};
use crate::rehearsal::Problem;

/// What is explored, and how far.
#[derive(Debug, Clone)]
pub(crate) struct Exploration {
    pub(crate) application: PathBuf,
    /// The service's `application_parameters` (RUN-7).
    pub(crate) parameters: String,
    /// RUN-12.
    pub(crate) auto_ring: bool,
    /// RUN-23.
    pub(crate) extra_channels: i64,
    /// Where media files lie; `None`: in the application's folder.
    pub(crate) media_root: Option<PathBuf>,
    pub(crate) python: PathBuf,
    /// Where all chance comes from.
    pub(crate) seed: u64,
    /// Numbers or names that callers have.
    pub(crate) callers: Vec<String>,
    /// Strings of keys to try where several are awaited.
    pub(crate) keys: Vec<String>,
    pub(crate) limits: Limits,
    /// Virtual time for a call whose caller does nothing more.
    pub(crate) call_time: Duration,
    /// Virtual time for `main` when the call is over.
    pub(crate) after_time: Duration,
    /// Real time for application code that does not wait.
    pub(crate) work_time: Duration,
    /// What is not to be reported.
    pub(crate) ignored: Vec<Kind>,
}

/// How far the search goes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits {
    /// Things that a caller does in one call.
    pub(crate) depth: usize,
    /// Calls in all.
    pub(crate) calls: usize,
    /// Real time in all; no call begins after it.
    pub(crate) time: Duration,
    /// Applications have to hang up by themselves.
    pub(crate) strict: bool,
}

/// How far it has got; for a line of progress.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) calls: usize,
    pub(crate) findings: usize,
}

/// Explores an application. Blocks until it has done; it must not be called inside a runtime.
///
/// # Errors
///
/// The application cannot be loaded, or the machine does not allow it.
pub(crate) fn explore(wanted: &Exploration, tell: impl FnMut(Standing)) -> Result<Report, Problem> {
    let patience = Patience { call: wanted.call_time, after: wanted.after_time };
    let mut theatre = Theatre::new(Setting {
        application: wanted.application.clone(),
        parameters: wanted.parameters.clone(),
        auto_ring: wanted.auto_ring,
        extra_channels: wanted.extra_channels,
        media_root: wanted.media_root.clone(),
        python: wanted.python.clone(),
        seed: wanted.seed,
        seconds_at_work: wanted.work_time.as_secs_f64(),
        patience,
    });
    let inputs = Inputs { known: wanted.keys.clone(), garbage: garbage(wanted.seed) };
    let callers = wanted
        .callers
        .iter()
        .flat_map(|name| [true, false].map(|early_media| Caller { name: name.clone(), early_media }));
    let mut search = Search::new(wanted.limits.clone(), inputs, callers.collect());
    let mut tell = tell;
    search.run(&mut theatre, patience, |search| {
        tell(Standing { calls: search.calls, findings: search.findings().len() });
    })?;
    let (sources, reached) = theatre.journal().sources();
    let unheard = unheard::find(&sources, &reached, &search.played);
    let mut findings = search.findings();
    findings.retain(|finding| !wanted.ignored.contains(&finding.kind));
    let mut repeated = Vec::new();
    for finding in &findings {
        // In an application that has just been loaded, as a test would find it.
        theatre.empty();
        let run = theatre.run(finding.way.script.clone(), |_| false)?;
        let again = finding::of(&run, patience, wanted.limits.strict);
        repeated.push(again.iter().any(|other| other.key == finding.key));
    }
    Ok(Report::new(wanted, &search, findings.into_iter().zip(repeated), unheard))
}

/// Keys by chance: more than any application asks for, and those that no telephone has.
fn garbage(seed: u64) -> String {
    let mut state = seed;
    (0..GARBAGE)
        .map(|_| {
            // Knuth's linear congruential generator; its upper bits are the good ones.
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from(ALL_KEYS[(state >> 33) as usize % ALL_KEYS.len()])
        })
        .collect()
}

const GARBAGE: usize = 16;
const ALL_KEYS: &[u8; 16] = b"0123456789*#ABCD";
