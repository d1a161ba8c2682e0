//! What is left of a call for the person who looks at a failed test: sound, picture, ladder.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Context;
use offhook::media::wav;
use serde_json::{Value, json};

use super::calls::PersonsCall;
use super::hearing::told;
use super::protocol::Problem;
use crate::story::{Story, Words};

/// Writes `heard.wav`, `call.svg` and `ladder.txt`, all on the call's time line.
pub(super) async fn keep(call: &PersonsCall, folder: &Path, title: &str) -> Result<Value, Problem> {
    let story = Story::of(&call.out).await;
    let passages = told(&story.sound, 0.0);
    let mut ladder = String::new();
    for entry in &story.ladder {
        let (at, arrow) = (entry.at.as_secs_f64(), entry.direction.arrow());
        // Writing to a string does not fail.
        let _ = writeln!(ladder, "{at:9.3} {arrow} {}", entry.summary);
        for line in entry.text().lines() {
            let _ = writeln!(ladder, "              {line}");
        }
    }
    let (before, ringing) = match call.was_made() {
        true => ("CALL_INCOMING", "RING_INCOMING"),
        false => ("CALL_OUTGOING", "RING_OUTGOING"),
    };
    let words = Words { before, ringing, answered: "ANSWERED", tone: "", spoken: &[] };
    let picture = story
        .picture(
            title,
            if call.was_made() { "what the caller saw and heard" } else { "what the callee saw and heard" },
            &words,
        )
        .to_svg();
    let files = [
        ("heard.wav", wav::write(&story.sound)),
        ("call.svg", picture.into_bytes()),
        ("ladder.txt", ladder.into_bytes()),
    ];
    let mut written = Vec::new();
    for (name, contents) in files {
        let path = folder.join(name);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, contents))
            .with_context(|| format!("{} could not be written", path.display()))
            .map_err(|error| Problem::fault(&error))?;
        written.push(path.to_string_lossy().into_owned());
    }
    Ok(json!({"files": written, "passages": passages}))
}
