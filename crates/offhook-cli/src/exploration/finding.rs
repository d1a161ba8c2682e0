//! What is wrong with an application, by what was observed in one call.

use std::time::Duration;

use clap::ValueEnum;

use super::run::{Outcome, Patience, Run};
use super::script::Script;
use crate::terminal::span;
use crate::worker::{Ended, Site};

/// Kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Kind {
    /// An exception leaves main, or its worker dies
    Exception,
    /// Something goes on without end: main after the call, a call whose caller does nothing, application code
    Endless,
    /// A call is neither answered nor refused, or is left open, when main has returned
    Open,
    /// Main returns something that is no return code of its own
    Return,
    /// A prompt is never heard
    Unheard,
}

impl Kind {
    /// The name, as `--ignore` takes it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Exception => "exception",
            Self::Endless => "endless",
            Self::Open => "open",
            Self::Return => "return",
            Self::Unheard => "unheard",
        }
    }
}

/// Something that is wrong.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) kind: Kind,
    /// The same fault has the same key, whichever way leads to it.
    pub(super) key: String,
    /// In one line.
    pub(super) summary: String,
    /// The traceback.
    pub(super) details: Option<String>,
    /// The shortest way there that was found.
    pub(super) way: Way,
}

/// What a caller did, and when.
#[derive(Debug, Clone)]
pub(super) struct Way {
    pub(super) script: Script,
    /// When each step was made, since the INVITE.
    pub(super) times: Vec<Duration>,
    /// How the fault shows at the end of it.
    pub(super) sign: Sign,
}

/// How a fault shows to the caller and to a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// `main` raises.
    Raised,
    /// `main` does not end.
    Running,
    /// The call is still up at this time.
    Up(Duration),
    /// The server refuses the call, because `main` has returned.
    Unanswered,
    /// `main` ends with this return code.
    Returned(i64),
    /// Only the report tells it.
    Reported,
}

/// Everything that is wrong in one call. With `strict`, applications have to hang up by themselves.
pub(super) fn of(run: &Run, patience: Patience, strict: bool) -> Vec<Finding> {
    let last = run.places.iter().rev().find_map(|place| place.waits.first());
    let site = last.and_then(|wait| wait.place.stack.first());
    let at = site.map(|Site(file, line, _)| format!("{file}:{line}"));
    let find = |kind, key: String, summary: String, details, sign| {
        let way = Way { script: run.script.clone(), times: run.times.clone(), sign };
        Finding { kind, key, summary, details, way }
    };
    let place = at.clone().unwrap_or_default();
    let mut findings = Vec::new();
    if run.held {
        let time = span(patience.call);
        let summary = format!("a caller who does nothing is never let go: the call is still up after {time}");
        findings.push(find(Kind::Endless, "held".to_owned(), summary, None, Sign::Up(patience.call)));
    }
    match &run.outcome {
        Outcome::OffScript => {}
        Outcome::Refused(status) => {
            let summary = format!("the call was refused with {status} before main began");
            findings.push(find(Kind::Exception, "refused".to_owned(), summary, None, Sign::Reported));
        }
        Outcome::Stuck(functions) => {
            let names: Vec<_> =
                functions.iter().map(|Site(file, line, name)| format!("{name} ({file}:{line})")).collect();
            let names =
                if names.is_empty() { "code of the application".to_owned() } else { names.join(", ") };
            let summary =
                format!("{names} works without end: it waits for nothing, and virtual time stands still");
            findings.push(find(Kind::Endless, format!("stuck {names}"), summary, None, Sign::Running));
        }
        Outcome::GoesOn => {
            let method = last.map_or("nothing that the server knows of", |wait| wait.method.as_str());
            let seconds = patience.after.as_secs();
            let at = at.map(|at| format!(" at {at}")).unwrap_or_default();
            let summary = format!("main still runs {seconds} s after the call: it waits in {method}{at}");
            findings.push(find(Kind::Endless, format!("goes on {place}"), summary, None, Sign::Running));
        }
        Outcome::Ended(Ended::Lost) => {
            let summary = format!("the worker process dies after {place}");
            findings.push(find(Kind::Exception, format!("lost {place}"), summary, None, Sign::Raised));
        }
        Outcome::Ended(Ended::Over(end)) => match (&end.exception, end.return_code) {
            (Some(words), _) => {
                let details = end.traceback.clone();
                let key = format!("raised {}", fault(words, details.as_deref()));
                findings.push(find(Kind::Exception, key, words.clone(), details, Sign::Raised));
            }
            (None, code @ (-1 | -5)) => {
                let summary = match code {
                    -1 => "main returns something that is no integer (RUN-13)",
                    _ => "main returns a value between -99 and -1, which are the server's (RUN-14)",
                };
                let key = format!("return {code} {place}");
                findings.push(find(Kind::Return, key, summary.to_owned(), None, Sign::Returned(code)));
            }
            (None, _) => {
                if let Some((summary, sign)) = left_open(&end.states, strict) {
                    findings.push(find(Kind::Open, format!("open {place}"), summary, None, sign));
                }
            }
        },
    }
    if run.lingered {
        let summary = "main has ended, and the call goes on".to_owned();
        findings.push(find(Kind::Open, "lingered".to_owned(), summary, None, Sign::Reported));
    }
    findings
}

/// What `main` left behind when it returned, by the states of its channels, the primary one first.
fn left_open(states: &[String], strict: bool) -> Option<(String, Sign)> {
    let primary = states.first().map(String::as_str);
    if let Some("CALL_INCOMING" | "RING_INCOMING") = primary {
        let words =
            "main returns without having answered or refused the call, which the server refuses with 480";
        return Some((words.to_owned(), Sign::Unanswered));
    }
    let (channel, state) =
        states.iter().enumerate().find(|(_, state)| !matches!(state.as_str(), "IDLE" | "ERROR"))?;
    let channel = match channel {
        0 => "its call".to_owned(),
        number => format!("the call of its extra channel {}", number - 1),
    };
    let words = format!("main returns and leaves {channel} {state}, which the server hangs up (RUN-18)");
    strict.then_some((words, Sign::Reported))
}

/// The type of an exception and the innermost line of its traceback: the words may differ from call to call.
fn fault(words: &str, traceback: Option<&str>) -> String {
    let kind = words.split(':').next().unwrap_or(words);
    let line = traceback.and_then(|text| text.lines().rfind(|line| line.trim_start().starts_with("File ")));
    format!("{kind} {}", line.unwrap_or_default().trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RUN-18: the server closes what `main` leaves behind, so that only strict readers mind it.
    #[test]
    fn an_answered_call_may_be_left_to_the_server_unless_the_user_is_strict() {
        let states = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert!(left_open(&states(&["ANSWERED"]), false).is_none());
        assert!(left_open(&states(&["ANSWERED"]), true).is_some());
        assert!(left_open(&states(&["IDLE", "ANSWERED"]), true).is_some());
        assert!(left_open(&states(&["IDLE", "IDLE"]), true).is_none());
        assert!(left_open(&states(&["RING_INCOMING"]), false).is_some());
    }

    #[test]
    fn one_fault_with_other_words_is_the_same() {
        let traceback =
            "Traceback (most recent call last):\n  File \"app.py\", line 9, in main\n    x[d]\nKeyError: '3'";
        let other = traceback.replace("'3'", "'4'");
        assert_eq!(fault("KeyError: '3'", Some(traceback)), fault("KeyError: '4'", Some(&other)));
    }
}
