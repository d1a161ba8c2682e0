//! What a simulated caller does in one call.

use std::fmt;
use std::time::Duration;

use crate::rehearsal::{Call, Deed, Link, Person, Reliable};

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Caller {
    /// The caller's number or name.
    pub(super) name: String,
    /// Whether the caller can have sound before the answer: makes an offer, and knows reliable provisional responses.
    pub(super) early_media: bool,
}

/// One thing that a caller does.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Action {
    /// Presses keys.
    Press(String),
    /// Presses keys that make no sense.
    Garbage(String),
    /// Says something.
    Say(&'static str),
    /// Hangs up; before the answer: gives up.
    HangUp,
}

/// An action, and when: counted in the places at which the application waits.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// The number of the place, from 0.
    pub(super) place: usize,
    /// So long after the application has come there.
    pub(super) after: Duration,
    pub(super) action: Action,
    /// For a person: where that is.
    pub(super) where_: String,
}

/// What a caller does in a call; between the steps and after them, nothing.
#[derive(Debug, Clone)]
pub(super) struct Script {
    pub(super) caller: Caller,
    pub(super) steps: Vec<Step>,
}

impl Caller {
    /// The call that this caller makes to a server's application.
    pub(super) fn call(&self, server: usize, to: &str) -> Call {
        Call {
            server,
            to: to.to_owned(),
            caller: self.name.clone(),
            codecs: None,
            sdp: self.early_media,
            reliable: if self.early_media { Reliable::Supported } else { Reliable::Absent },
            headers: Vec::new(),
            mute: false,
            person: Person::Somebody { says: None },
            gives_up_after: None,
            hangs_up_after: None,
            link: Link {
                delay: DELAY_SECONDS,
                jitter: 0.0,
                loss: 0.0,
                duplicate: 0.0,
                reorder: 0.0,
                drift_ppm: 0.0,
                nat: false,
            },
        }
    }
}

impl Action {
    /// The same for the rehearsal.
    pub(super) fn deed(&self) -> Deed {
        match self {
            Self::Press(keys) | Self::Garbage(keys) => Deed::Press(keys.clone()),
            Self::Say(words) => Deed::Say((*words).to_owned()),
            Self::HangUp => Deed::HangUp,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Press(keys) | Self::Garbage(keys) => write!(f, "press {keys}"),
            Self::Say(words) => write!(f, "say “{words}”"),
            Self::HangUp => f.write_str("hang up"),
        }
    }
}

impl Script {
    /// A caller who does nothing.
    pub(super) fn silent(caller: Caller) -> Self {
        Self { caller, steps: Vec::new() }
    }

    /// The same, and one thing more.
    pub(super) fn and(&self, step: Step) -> Self {
        let mut steps = self.steps.clone();
        steps.push(step);
        Self { caller: self.caller.clone(), steps }
    }

    /// How often the caller does something other than hang up.
    pub(super) fn depth(&self) -> usize {
        self.steps.iter().filter(|step| step.action != Action::HangUp).count()
    }

    /// Whether the caller hangs up in the end.
    pub(super) fn hangs_up(&self) -> bool {
        self.steps.last().is_some_and(|step| step.action == Action::HangUp)
    }

    /// Whether more keys are pressed than the application may ask for at the time: some are left over for later.
    pub(super) fn leaves_keys(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::Garbage(_)))
    }

    /// The way in words, one thing each.
    pub(super) fn way(&self) -> Vec<String> {
        let mut way = vec![if self.caller.early_media {
            format!("call as {}", self.caller.name)
        } else {
            format!("call as {}, from a telephone without early media", self.caller.name)
        }];
        way.extend(self.steps.iter().map(|step| format!("{} {}", step.action, step.where_)));
        if !self.hangs_up() {
            way.push("do nothing more".to_owned());
        }
        way
    }
}

/// The way of a packet from the caller to the server, as the test kit has it too.
const DELAY_SECONDS: f64 = 0.01;
