//! The ladder of a call in the terminal: its messages, and between them what was heard.

use std::time::Duration;

use offhook::caller::{LadderDirection, LadderEntry};

use super::{Colour, line, paint, span};
use crate::hearing::{Heard, Passage};
use crate::story::Story;

/// Prints messages and sounds in the order of time.
pub(crate) fn print_ladder(story: &Story, caller: &str, called: &str) {
    let space = WIDTH.saturating_sub(caller.chars().count() / 2 + called.chars().count() / 2);
    line("");
    line(&format!("{:INDENT$}{}", "", paint(Colour::Bold, &format!("{caller}{:space$}{called}", ""))));
    for row in rows(story) {
        match row {
            Row::Message(entry) => line(&of_message(entry)),
            Row::Sound(passage) => line(&of_sound(passage)),
        }
    }
    line("");
}

enum Row<'a> {
    Message(&'a LadderEntry),
    Sound(&'a Passage),
}

fn rows(story: &Story) -> Vec<Row<'_>> {
    let mut rows: Vec<(Duration, Row<'_>)> =
        story.ladder.iter().map(|entry| (entry.at, Row::Message(entry))).collect();
    rows.extend(story.passages.iter().map(|passage| (passage.from, Row::Sound(passage))));
    rows.sort_by_key(|(at, _)| *at);
    rows.into_iter().map(|(_, row)| row).collect()
}

fn of_message(entry: &LadderEntry) -> String {
    let repeated = if entry.repeated { " again" } else { "" };
    let label = format!(" {}{repeated} ", entry.summary);
    let rest = WIDTH.saturating_sub(label.chars().count() + 2);
    let (left, right) = (3.min(rest), rest.saturating_sub(3));
    let (left, right) = ("─".repeat(left), "─".repeat(right));
    let arrow = match entry.direction {
        LadderDirection::Sent => format!("─{left}{label}{right}▶"),
        LadderDirection::Received => format!("◀{left}{label}{right}─"),
    };
    let colour = match entry.status {
        None => Colour::Blue,
        Some(..200) => Colour::Yellow,
        Some(200..300) => Colour::Green,
        Some(_) => Colour::Red,
    };
    format!("{:>10}  │{}│", span(entry.at), paint(colour, &arrow))
}

fn of_sound(passage: &Passage) -> String {
    let times = match passage.kind {
        Heard::Tone { bursts: 2.., .. } => format!(", {}", count(&passage.kind)),
        _ => String::new(),
    };
    let text = format!(
        "  ♪ {}{times}, {:.0} dBm0, {}",
        passage.name(),
        passage.level_dbm0,
        span(passage.to.saturating_sub(passage.from)),
    );
    format!("{:>10}  │{}│", span(passage.from), paint(Colour::Grey, &format!("{text:<WIDTH$}")))
}

fn count(kind: &Heard) -> String {
    match kind {
        Heard::Tone { bursts, .. } => format!("{bursts} bursts"),
        Heard::Speech => String::new(),
    }
}

/// Between the two life lines.
const WIDTH: usize = 52;
const INDENT: usize = 9;
