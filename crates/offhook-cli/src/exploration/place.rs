//! A place in a call: the application waits, and the caller can do something.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use serde_json::Value;

use super::script::{Action, Caller};
use crate::worker::Wait;

/// The application waits for something.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// When it came here, since the INVITE.
    pub(super) from: Duration,
    /// When it went on; `None` while it waits.
    pub(super) until: Option<Duration>,
    /// What it waits for, the longest waiting first.
    pub(super) waits: Vec<Wait>,
    /// What the caller heard last, in words.
    pub(super) heard: Option<String>,
    /// Whether the call had been answered.
    pub(super) answered: bool,
    /// How often the application had been at these lines with the same request before, in this call; 2 stands for
    /// more too.
    pub(super) visits: usize,
}

impl Place {
    /// Equal for equal lines and requests.
    pub(super) fn lines(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.answered.hash(&mut hasher);
        for wait in &self.waits {
            (&wait.place.stack, &wait.method, wait.params.to_string()).hash(&mut hasher);
        }
        hasher.finish()
    }

    /// Equal for equal lines, requests and visits; before the answer also by whether the caller has early media.
    pub(super) fn kind(&self, caller: &Caller) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.lines(), self.visits, &caller.name).hash(&mut hasher);
        (!self.answered && caller.early_media).hash(&mut hasher);
        hasher.finish()
    }

    /// Equal for equal kinds with equal values in the application's variables.
    pub(super) fn state(&self, caller: &Caller) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.kind(caller).hash(&mut hasher);
        self.waits.iter().for_each(|wait| wait.place.state.hash(&mut hasher));
        hasher.finish()
    }

    /// When a caller does something here, from its beginning: in the middle of what is short, and a moment after the
    /// beginning of what is long.
    pub(super) fn moment(&self) -> Duration {
        let length = self.until.map_or(MOMENT, |until| until.saturating_sub(self.from));
        (length / 2).min(MOMENT)
    }

    /// Where that is, for a person: the most telling of what the application waits for.
    pub(super) fn words(&self) -> String {
        let Some(wait) = self.waits.iter().min_by_key(|wait| rank(&wait.method)) else {
            return String::new();
        };
        let words = match wait.method.as_str() {
            "channel.ring" => "while it rings".to_owned(),
            "channel.answer" => "while it is being answered".to_owned(),
            "dtmf_detector.get_digits" => match &self.heard {
                Some(heard) => format!("when keys are awaited, after {heard}"),
                None => "when keys are awaited".to_owned(),
            },
            "file_recorder.record" | "file_recorder.wait" => "during the recording".to_owned(),
            "clock.sleep" => format!("while it sleeps for {} s", wait.params["seconds"]),
            method => match (wait.sound(), &self.heard) {
                (Some(sound), _) => format!("during {sound}"),
                (None, Some(heard)) if method.ends_with("player.wait") => format!("during {heard}"),
                _ => format!("while it waits in {method}"),
            },
        };
        match (wait.place.stack.first(), self.visits) {
            (Some(site), 0) => format!("{words} ({}:{})", site.0, site.1),
            (Some(site), 1) => format!("{words} for the second time ({}:{})", site.0, site.1),
            (Some(site), _) => format!("{words} yet another time ({}:{})", site.0, site.1),
            (None, _) => words,
        }
    }

    /// What a caller could do here, other than nothing: hang up; all keys where keys count, and further inputs where
    /// several are awaited; speak where it is recorded.
    pub(super) fn actions(&self, inputs: &Inputs) -> Vec<Action> {
        let mut actions = vec![Action::HangUp];
        for wait in &self.waits {
            match wait.method.as_str() {
                "dtmf_detector.get_digits" => {
                    actions.extend(keys(KEYS));
                    actions.extend(inputs.numbers(&wait.params));
                    actions.push(Action::Garbage(inputs.garbage.clone()));
                }
                "file_player.play" => match (&wait.params["barge_in_digits"], &wait.params["barge_in"]) {
                    (Value::String(which), _) => actions.extend(keys(which)),
                    (_, Value::Bool(true)) => actions.extend(keys(KEYS)),
                    _ => {}
                },
                "file_recorder.record" => {
                    actions.extend(keys(wait.params["barge_in_digits"].as_str().unwrap_or_default()));
                    actions.push(Action::Say(SPEECH));
                }
                // Keys may count for something else than a request that waits.
                "channel.wait_for_idle" | "clock.sleep" if self.answered => actions.extend(keys(KEYS)),
                _ => {}
            }
        }
        let mut seen = Vec::new();
        actions.retain(|action| {
            let fresh = !seen.contains(action);
            if fresh {
                seen.push(action.clone());
            }
            fresh
        });
        actions
    }
}

/// What callers press where several keys are awaited.
#[derive(Debug, Clone, Default)]
pub(super) struct Inputs {
    /// Strings of digits that stand in the application's source, and those that the user gave.
    pub(super) known: Vec<String>,
    /// Keys by chance, more than any application asks for.
    pub(super) garbage: String,
}

impl Inputs {
    /// For a `get_digits` with these parameters.
    fn numbers(&self, params: &Value) -> Vec<Action> {
        let count = params["count"].as_u64().unwrap_or(0) as usize;
        if count == 1 {
            return Vec::new();
        }
        let end = params["end"].as_str().and_then(|end| end.chars().next());
        let number = |digits: String| {
            let is_full = digits.len() == count;
            Action::Press(digits + &end.filter(|_| !is_full).map(String::from).unwrap_or_default())
        };
        let any = NUMBER.chars().cycle().take(if count == 0 { NUMBER.len() } else { count.min(32) });
        let known = self.known.iter().filter(|keys| count == 0 || keys.len() <= count).cloned();
        std::iter::once(any.collect()).chain(known).map(number).collect()
    }
}

fn keys(which: &str) -> impl Iterator<Item = Action> {
    let keys: Vec<_> = which.chars().map(|key| Action::Press(key.to_string())).collect();
    keys.into_iter()
}

/// What tells most about where a call stands comes first.
fn rank(method: &str) -> usize {
    let order = ["dtmf_detector", "file_recorder", "file_player", "tone_player", "channel.wait_for_idle"];
    match order.iter().position(|of| method.starts_with(of)) {
        Some(4) => order.len(),
        Some(position) => position,
        None => order.len() - 1,
    }
}

/// A sentence is recognisable by then.
const MOMENT: Duration = Duration::from_millis(300);
const KEYS: &str = "0123456789*#";
const NUMBER: &str = "1234567";
const SPEECH: &str = "Hello, is anybody there?";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place(method: &str, params: Value) -> Place {
        let place =
            serde_json::from_value(json!({"stack": [["app.py", 7, "main"]], "state": "", "lines": []}));
        let place = place.expect("a place");
        Place {
            from: Duration::ZERO,
            until: Some(Duration::from_secs(4)),
            waits: vec![Wait { method: method.to_owned(), params, place }],
            heard: Some("the sentence “Press 1.”".to_owned()),
            answered: true,
            visits: 0,
        }
    }

    #[test]
    fn every_key_is_pressed_where_one_is_awaited() {
        let place = place("dtmf_detector.get_digits", json!({"count": 1, "end": ""}));
        let inputs = Inputs { known: vec!["2468".to_owned()], garbage: "7#A".to_owned() };
        let actions = place.actions(&inputs);
        assert_eq!(actions.len(), 1 + 12 + 1);
        assert_eq!(place.words(), "when keys are awaited, after the sentence “Press 1.” (app.py:7)");
    }

    #[test]
    fn numbers_of_the_source_are_tried_where_several_keys_are_awaited() {
        let inputs = Inputs { known: vec!["2468".to_owned(), "12345".to_owned()], garbage: String::new() };
        let actions = place("dtmf_detector.get_digits", json!({"count": 4, "end": "#"})).actions(&inputs);
        assert!(actions.contains(&Action::Press("2468".to_owned())));
        assert!(actions.contains(&Action::Press("1234".to_owned())));
        let actions = place("dtmf_detector.get_digits", json!({"count": 0, "end": "#"})).actions(&inputs);
        assert!(actions.contains(&Action::Press("2468#".to_owned())));
        assert!(actions.contains(&Action::Press("12345#".to_owned())));
    }

    #[test]
    fn a_sentence_without_barge_in_can_only_be_hung_up_on() {
        let params = json!({"media": {"text": "Goodbye."}, "barge_in": false, "barge_in_digits": null});
        let place = place("file_player.play", params);
        assert_eq!(place.actions(&Inputs::default()), [Action::HangUp]);
        assert_eq!(place.words(), "during the sentence “Goodbye.” (app.py:7)");
        assert_eq!(place.moment(), MOMENT);
    }
}
