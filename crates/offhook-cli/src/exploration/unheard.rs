//! Prompts that no call has heard.
//!
//! How that is judged: a call of the source that plays something, or makes something to be played, is reached when one
//! of its lines has run in any call. A sentence that stands with others in one display (a list, a dictionary) is heard
//! when it has been played; where none of its neighbours has been played either, nothing is said about it.

use std::collections::BTreeSet;

use crate::worker::Source;

/// Something that could have been heard.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unheard {
    pub(super) file: String,
    pub(super) line: u32,
    /// What stands there.
    pub(super) words: String,
}

/// What of the sources no call has heard: by the lines that have run, and by what was played.
pub(super) fn find(
    sources: &BTreeSet<Source>,
    reached: &BTreeSet<(String, u32)>,
    played: &BTreeSet<String>,
) -> Vec<Unheard> {
    let mut unheard = BTreeSet::new();
    for source in sources {
        let file = &source.file;
        for (first, last, words) in &source.prompts {
            if !(*first..=*last).any(|line| reached.contains(&(file.clone(), line))) {
                unheard.insert(Unheard { file: file.clone(), line: *first, words: words.clone() });
            }
        }
        for group in &source.texts {
            if !group.iter().any(|(_, text)| played.contains(text)) {
                continue;
            }
            for (line, text) in group.iter().filter(|(_, text)| !played.contains(text)) {
                unheard.insert(Unheard { file: file.clone(), line: *line, words: format!("“{text}”") });
            }
        }
    }
    unheard.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source() -> Source {
        Source {
            file: "app.py".to_owned(),
            prompts: vec![(3, 5, "say('One.')".to_owned()), (9, 9, "say('Two.')".to_owned())],
            texts: vec![vec![(1, "One two.".to_owned()), (2, "Three four.".to_owned())]],
            keys: Vec::new(),
        }
    }

    #[test]
    fn a_call_is_reached_by_any_of_its_lines() {
        let reached = [("app.py".to_owned(), 4)].into();
        let unheard = find(&[source()].into(), &reached, &BTreeSet::new());
        let words: Vec<_> = unheard.iter().map(|unheard| unheard.words.as_str()).collect();
        assert_eq!(words, ["say('Two.')"]);
    }

    #[test]
    fn a_sentence_of_a_display_is_unheard_if_others_of_it_are_heard() {
        let reached = [("app.py".to_owned(), 4), ("app.py".to_owned(), 9)].into();
        let played = ["One two.".to_owned()].into();
        let unheard = find(&[source()].into(), &reached, &played);
        assert_eq!(
            unheard,
            [Unheard { file: "app.py".to_owned(), line: 2, words: "“Three four.”".to_owned() }]
        );
    }
}
