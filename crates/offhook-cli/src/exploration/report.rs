//! What `offhook test` says in the end: for a person, and as JSON.

use serde_json::{Value, json};

use super::finding::{Finding, Kind};
use super::search::Search;
use super::unheard::Unheard;
use super::{Exploration, written};
use crate::terminal::{Colour, paint};

/// Everything that was found, and how far it was looked for. The same seed gives the same report.
pub(crate) struct Report {
    wanted: Exploration,
    findings: Vec<Told>,
    unheard: Vec<Unheard>,
    calls: usize,
    minutes: f64,
    /// What the search did not do, a sentence each.
    limits: Vec<String>,
}

/// A finding, and whether it came up again in an application that had just been loaded.
pub(super) struct Told {
    pub(super) finding: Finding,
    pub(super) repeated: bool,
}

impl Report {
    pub(super) fn new(
        wanted: &Exploration,
        search: &Search,
        findings: impl Iterator<Item = (Finding, bool)>,
        unheard: Vec<Unheard>,
    ) -> Self {
        let is_told = !wanted.ignored.contains(&Kind::Unheard);
        Self {
            wanted: wanted.clone(),
            findings: findings.map(|(finding, repeated)| Told { finding, repeated }).collect(),
            unheard: unheard.into_iter().filter(|_| is_told).collect(),
            calls: search.calls,
            minutes: search.seconds / 60.0,
            limits: limits(wanted, search),
        }
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.unheard.is_empty()
    }

    /// For a person, a line each.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for (number, Told { finding, repeated }) in self.findings.iter().enumerate() {
            let kind = paint(Colour::Red, finding.kind.name());
            lines.push(format!("{}. {kind}: {}", number + 1, finding.summary));
            let way = finding.way.script.way();
            lines.push(format!("   way: {}", way.join(", then ")));
            if !repeated {
                lines.push(
                    "   note: it did not come up in a fresh worker: something outlives calls, such as a variable of \
                     the module or a file"
                        .to_owned(),
                );
            }
            for line in finding.details.iter().flat_map(|details| details.lines()) {
                lines.push(format!("   | {line}"));
            }
            lines.push(String::new());
        }
        if !self.unheard.is_empty() {
            let kind = paint(Colour::Red, Kind::Unheard.name());
            lines.push(format!("{}. {kind}: no call came to these prompts", self.findings.len() + 1));
            for unheard in &self.unheard {
                lines.push(format!("   {}:{} {}", unheard.file, unheard.line, unheard.words));
            }
            lines.push(
                "   judged by: none of the call's lines has run (or: others of the same list were played, this one \
                 was not) in any of the calls"
                    .to_owned(),
            );
            lines.push(String::new());
        }
        lines.push(format!(
            "{} calls, {:.0} minutes of telephony, seed {}: {}",
            self.calls,
            self.minutes,
            self.wanted.seed,
            match self.findings.len() + usize::from(!self.unheard.is_empty()) {
                0 => paint(Colour::Green, "nothing found"),
                1 => "1 finding".to_owned(),
                count => format!("{count} findings"),
            }
        ));
        lines.extend(self.limits.iter().map(|limit| format!("{} {limit}", paint(Colour::Yellow, "limit:"))));
        lines
    }

    /// For a program.
    pub(crate) fn json(&self) -> Value {
        let findings: Vec<Value> = self
            .findings
            .iter()
            .map(|Told { finding, repeated }| {
                let steps = finding.way.script.steps.iter().zip(&finding.way.times);
                json!({
                    "kind": finding.kind.name(),
                    "summary": finding.summary,
                    "details": finding.details,
                    "way": finding.way.script.way(),
                    "caller": finding.way.script.caller.name,
                    "early_media": finding.way.script.caller.early_media,
                    "steps": steps.map(|(step, at)| {
                        json!({"at": at.as_secs_f64(), "do": step.action.to_string()})
                    }).collect::<Vec<_>>(),
                    "in_a_fresh_worker": repeated,
                })
            })
            .collect();
        let unheard: Vec<Value> = self
            .unheard
            .iter()
            .map(|unheard| json!({"file": unheard.file, "line": unheard.line, "words": unheard.words}))
            .collect();
        json!({
            "seed": self.wanted.seed,
            "depth": self.wanted.limits.depth,
            "calls": self.calls,
            "findings": findings,
            "unheard": unheard,
            "limits": self.limits,
        })
    }

    /// The findings as a file of tests for the kit; `folder` is where it will lie.
    pub(crate) fn tests(&self, folder: &std::path::Path) -> String {
        written::tests(&self.wanted, &self.findings, &self.unheard, folder)
    }
}

/// What the search did not do.
fn limits(wanted: &Exploration, search: &Search) -> Vec<String> {
    let mut limits = Vec::new();
    if let Some(option) = search.stopped_by {
        let (fresh, known) = search.left;
        limits.push(format!(
            "{option} was reached: {fresh} inputs at new places and {known} at known places with other values in \
             variables were not tried"
        ));
    }
    if search.strayed > 0 {
        limits.push(format!(
            "{} calls went another way than the call that they repeated: the application goes by chance, the time of \
             day, or files",
            search.strayed
        ));
    }
    limits.push(format!("things that a caller did in one call: at most {} (--depth)", wanted.limits.depth));
    limits
}
