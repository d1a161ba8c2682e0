//! Text of applications in log lines (LOG-4).

use std::borrow::Cow;

/// Makes `text` safe to log: a line feed begins a continuation that nothing else in the log looks like, and other
/// control characters, which could rewrite what a terminal shows, are written as `\u{1b}`. Line breaks stay readable,
/// because most long texts are tracebacks.
pub(crate) fn one_entry(text: &str) -> Cow<'_, str> {
    let text = text.trim_end_matches(['\r', '\n']);
    if !text.chars().any(must_change) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 32);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' => safe.push_str(CONTINUATION),
            '\r' if characters.peek() == Some(&'\n') => {}
            other if must_change(other) => {
                safe.extend(other.escape_default());
            }
            other => safe.push(other),
        }
    }
    Cow::Owned(safe)
}

/// Control characters, and the separators and direction marks of Unicode that a viewer may obey.
fn must_change(character: char) -> bool {
    (character.is_control() && character != '\t')
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// What stands between a line of a text and the next.
const CONTINUATION: &str = "\n    | ";

#[cfg(test)]
mod tests {
    use super::*;

    /// LOG-4: a line feed in the text cannot forge a second line.
    #[test]
    fn a_line_feed_cannot_forge_a_log_line() {
        let forged = "hello\n2026-11-22T22:24:05.006Z ERROR all is lost\r\nend\n";
        for line in one_entry(forged).lines().skip(1) {
            assert!(line.starts_with("    | "), "{line:?}");
        }
    }

    /// LOG-4: nor can an escape sequence or a bare carriage return.
    #[test]
    fn control_characters_are_shown_as_escapes() {
        assert_eq!(one_entry("a\x1b[2Kb\rc\u{2028}d"), "a\\u{1b}[2Kb\\rc\\u{2028}d");
    }

    #[test]
    fn ordinary_text_is_not_copied() {
        assert!(matches!(one_entry("grüße\tan alle"), Cow::Borrowed("grüße\tan alle")));
    }
}
