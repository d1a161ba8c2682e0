//! Findings as tests for the kit, each of which fails for as long as its fault is there.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use super::Exploration;
use super::finding::Sign;
use super::report::Told;
use super::script::Action;
use super::unheard::Unheard;

/// The text of a file for pytest, which will lie in `folder`.
pub(super) fn tests(wanted: &Exploration, findings: &[Told], unheard: &[Unheard], folder: &Path) -> String {
    let application = relative(&wanted.application, folder);
    let mut text = String::from(
        "\"\"\"What `offhook test` found: each test fails for as long as its fault is there, and holds it off after that.",
    );
    if wanted.seed != 1 {
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "\n\nThey were found with another seed than pytest's: --offhook-seed {}.",
            wanted.seed
        );
    }
    text.push_str("\n\"\"\"\n");
    if !unheard.is_empty() {
        text.push_str("\n# No call came to these prompts:\n");
        for unheard in unheard {
            let _ = writeln!(text, "# {}:{} {}", unheard.file, unheard.line, one_line(&unheard.words));
        }
    }
    for (number, told) in findings.iter().enumerate() {
        one(&mut text, number + 1, told, &application, wanted);
    }
    text
}

fn one(text: &mut String, number: usize, told: &Told, application: &str, wanted: &Exploration) {
    let (finding, way) = (&told.finding, &told.finding.way);
    let caller = &way.script.caller;
    let mut arguments = vec![literal(application), format!("caller={}", literal(&caller.name))];
    if !caller.early_media {
        arguments.push("early_media=False".to_owned());
    }
    if !wanted.parameters.is_empty() {
        arguments.push(format!("parameters={}", literal(&wanted.parameters)));
    }
    if wanted.auto_ring {
        arguments.push("auto_ring=True".to_owned());
    }
    if wanted.extra_channels > 0 {
        arguments.push(format!("extra_channels={}", wanted.extra_channels));
    }
    if let Some(folder) = &wanted.media_root {
        arguments.push(format!("media_root={}", literal(&folder.to_string_lossy())));
    }
    let _ = write!(
        text,
        "\n\ndef test_{}_{number}(offhook):\n    # {}\n",
        finding.kind.name(),
        one_line(&finding.summary)
    );
    if !told.repeated {
        text.push_str("    # It came up only after other calls in the same worker.\n");
    }
    let _ = writeln!(text, "    call = offhook.call({})", arguments.join(", "));
    for (step, at) in way.script.steps.iter().zip(&way.times) {
        let deed = match &step.action {
            Action::Press(keys) | Action::Garbage(keys) => format!("call.press({})", literal(keys)),
            Action::Say(words) => format!("call.say({})", literal(words)),
            Action::HangUp => "call.hang_up()".to_owned(),
        };
        let _ = writeln!(text, "    {}  # {}", wait_until(*at), one_line(&step.where_));
        let _ = writeln!(text, "    {deed}");
    }
    let lines = match way.sign {
        Sign::Raised => "    call.until_ended(3600)\n    assert call.instance.exception is None\n".to_owned(),
        Sign::Running => "    call.until_ended(3600)\n    assert call.instance.return_code is not None\n".to_owned(),
        Sign::Up(at) => format!("    {}\n    assert call.ended\n", wait_until(at)),
        Sign::Unanswered => {
            "    call.until_ended(3600)\n    assert call.status != 480  # what the server says in place of main\n"
                .to_owned()
        }
        Sign::Returned(code) => {
            format!("    call.until_ended(3600)\n    assert call.instance.return_code != {code}\n")
        }
        Sign::Reported => "    assert call.until_ended(3600)\n    # `offhook test` tells more.\n".to_owned(),
    };
    text.push_str(&lines);
}

/// The kit's clock stands while a test does nothing, so that the moment is met to the millisecond.
fn wait_until(at: Duration) -> String {
    format!("call.wait(max(0, {:.3} - call.now))", at.as_secs_f64())
}

/// The path by which the kit finds the application: it looks beside the test's file.
fn relative(application: &Path, folder: &Path) -> String {
    let path = application.strip_prefix(folder).unwrap_or(application);
    path.to_string_lossy().into_owned()
}

/// A Python string.
fn literal(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            control if control.is_control() => {
                let _ = write!(quoted, "\\x{:02x}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

/// For a comment.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_python_literals() {
        assert_eq!(literal("a\"b\\c\nd\u{7}"), "\"a\\\"b\\\\c\\nd\\x07\"");
    }

    #[test]
    fn an_application_beside_the_tests_is_named_by_its_file() {
        assert_eq!(relative(Path::new("/srv/app.py"), Path::new("/srv")), "app.py");
        assert_eq!(relative(Path::new("/srv/app.py"), Path::new("/tests")), "/srv/app.py");
    }
}
