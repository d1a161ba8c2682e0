//! What `offhook test` learns of an application while it runs: what an instance waits for and where, what its source
//! has to offer, which of its lines have run. The worker's half is `python/offhook/_probe.py`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Notify;

use super::link::lock;
use super::protocol::InstanceEnd;

/// A line of application code: file, number, function. The file is relative to the application's folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
pub(crate) struct Site(pub(crate) String, pub(crate) u32, pub(crate) String);

/// The optional member `place` of a worker's request: where the application stands that makes it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Place {
    /// The lines of application code that are being executed, the innermost first.
    pub(crate) stack: Vec<Site>,
    /// A digest of the plain values of its variables.
    pub(crate) state: String,
    /// Lines that have run for the first time since the last request.
    pub(crate) lines: Vec<(String, u32)>,
}

/// A file of the application.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(crate) struct Source {
    pub(crate) file: String,
    /// Calls that play something: first line, last line, in words.
    pub(crate) prompts: Vec<(u32, u32, String)>,
    /// Sentences that stand together in one display: line, text.
    pub(crate) texts: Vec<Vec<(u32, String)>>,
    /// Strings of digits that a caller could press.
    pub(crate) keys: Vec<String>,
}

/// A request that has no response so far.
#[derive(Debug, Clone)]
pub(crate) struct Wait {
    pub(crate) method: String,
    /// Without ids, which differ from call to call.
    pub(crate) params: Value,
    pub(crate) place: Place,
}

impl Wait {
    /// What it plays, in words, if it plays something.
    pub(crate) fn sound(&self) -> Option<String> {
        let text = |pointer: &str| self.params.pointer(pointer).and_then(Value::as_str);
        match self.method.as_str() {
            "file_player.play" => match (text("/media/text"), text("/media/file")) {
                (Some(words), _) => Some(format!("the sentence “{}”", shortened(words))),
                (None, Some(file)) => Some(format!("the file {file}")),
                (None, None) => None,
            },
            "tone_player.play" => Some(format!("the tone {}", text("/tone/tone")?)),
            _ => None,
        }
    }
}

/// How an instance ended.
#[derive(Debug, Clone)]
pub(crate) enum Ended {
    /// `main` is over.
    Over(InstanceEnd),
    /// The worker process has died.
    Lost,
}

/// What is known of the instance of one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entry {
    /// Its id; `None` until it has begun.
    instance: Option<String>,
    /// What it waits for, by the ids of the requests: the longest waiting first.
    pub(crate) waits: BTreeMap<u64, Wait>,
    pub(crate) ended: Option<Ended>,
    /// Files and texts that it has asked for.
    pub(crate) played: BTreeSet<String>,
    /// What it has played last, in words.
    pub(crate) last_played: Option<String>,
}

/// Notes about one instance at a time.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    state: Mutex<State>,
    /// Something was noted.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    entry: Entry,
    sources: BTreeSet<Source>,
    reached: BTreeSet<(String, u32)>,
    at_work: Option<Vec<Site>>,
}

impl Journal {
    /// Begins a fresh page: the next instance that begins is the one that is noted, and no other.
    pub(crate) fn turn_over(&self) {
        lock(&self.state).entry = Entry::default();
    }

    /// Whether an instance has begun since.
    pub(crate) fn has_begun(&self) -> bool {
        lock(&self.state).entry.instance.is_some()
    }

    /// What is noted of the instance.
    pub(crate) fn entry(&self) -> Entry {
        lock(&self.state).entry.clone()
    }

    /// Waits until something is noted that was not there at the last return.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// The files of the application, and the lines of them that have run in any call.
    pub(crate) fn sources(&self) -> (BTreeSet<Source>, BTreeSet<(String, u32)>) {
        let state = lock(&self.state);
        (state.sources.clone(), state.reached.clone())
    }

    /// Takes what the worker said about where application code is at work, if it has said so.
    pub(crate) fn take_at_work(&self) -> Option<Vec<Site>> {
        lock(&self.state).at_work.take()
    }

    // What the connection reports.

    pub(super) fn source(&self, source: Source) {
        lock(&self.state).sources.insert(source);
    }

    pub(super) fn at_work(&self, sites: Vec<Site>) {
        lock(&self.state).at_work = Some(sites);
    }

    pub(super) fn begins(&self, instance: &str) {
        let mut state = lock(&self.state);
        state.entry.instance.get_or_insert_with(|| instance.to_owned());
    }

    /// An instance asks something.
    pub(super) fn asks(&self, instance: &str, id: u64, method: &str, mut params: Value, place: Place) {
        let mut state = lock(&self.state);
        state.reached.extend(place.lines.iter().cloned());
        if let Some(entry) = state.entry_of(instance) {
            forget(&mut params, instance);
            note_media(&params, &mut entry.played);
            let wait = Wait { method: method.to_owned(), params, place };
            entry.last_played = wait.sound().or_else(|| entry.last_played.take());
            entry.waits.insert(id, wait);
        }
        self.changed.notify_one();
    }

    /// It has its response.
    pub(super) fn answered(&self, instance: &str, id: u64) {
        if let Some(entry) = lock(&self.state).entry_of(instance) {
            entry.waits.remove(&id);
        }
        self.changed.notify_one();
    }

    /// `main` is over, or the worker is gone.
    pub(super) fn ends(&self, instance: &str, ended: Ended) {
        if let Some(entry) = lock(&self.state).entry_of(instance) {
            entry.ended.get_or_insert(ended);
        }
        self.changed.notify_one();
    }
}

impl State {
    fn entry_of(&mut self, instance: &str) -> Option<&mut Entry> {
        Some(&mut self.entry).filter(|entry| entry.instance.as_deref() == Some(instance))
    }
}

/// Takes the instance's id out of a value: the same request of two instances is then the same.
fn forget(value: &mut Value, instance: &str) {
    match value {
        Value::String(text) if text.contains(instance) => *text = text.replace(instance, ""),
        Value::Array(items) => items.iter_mut().for_each(|item| forget(item, instance)),
        Value::Object(members) => members.values_mut().for_each(|item| forget(item, instance)),
        _ => {}
    }
}

/// Collects the names of files and the texts in a request, however deep they lie.
fn note_media(value: &Value, played: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| note_media(item, played)),
        Value::Object(members) => {
            for (name, item) in members {
                match item {
                    Value::String(words) if name == "text" || name == "file" => {
                        played.insert(words.clone());
                    }
                    _ => note_media(item, played),
                }
            }
        }
        _ => {}
    }
}

/// The beginning of a text, long enough for a person to know which it is.
fn shortened(words: &str) -> String {
    match words.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", words[..end].trim_end()),
        None => words.to_owned(),
    }
}

const MOST_CHARACTERS: usize = 60;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place() -> Place {
        Place { stack: Vec::new(), state: String::new(), lines: vec![("app.py".to_owned(), 3)] }
    }

    #[test]
    fn only_the_first_instance_of_a_page_is_noted() {
        let journal = Journal::default();
        journal.begins("a");
        journal.begins("b");
        journal.asks("b", 1, "channel.ring", json!({}), place());
        assert!(journal.entry().waits.is_empty());
        journal.asks("a", 2, "channel.ring", json!({}), place());
        assert_eq!(journal.entry().waits.len(), 1);
        journal.turn_over();
        journal.answered("a", 2);
        assert!(journal.entry().waits.is_empty());
    }

    #[test]
    fn what_differs_from_call_to_call_is_left_out_of_a_request() {
        let journal = Journal::default();
        journal.begins("7f-1");
        let params = json!({"channel": "c-7f-1", "media": {"file": "new/7f-1.wav"}});
        journal.asks("7f-1", 1, "file_player.play", params, place());
        let entry = journal.entry();
        assert_eq!(entry.waits[&1].params, json!({"channel": "c-", "media": {"file": "new/.wav"}}));
        assert!(entry.played.contains("new/.wav"));
    }
}
