//! The text of a test.

use std::fmt::{self, Write as _};
use std::path::{Path, PathBuf};

use super::recognition::What;
use super::script::{Deed, Step};

/// Everything that a test says.
pub(super) struct Test<'a> {
    /// What the docstring says, a paragraph each.
    pub(super) about: Vec<String>,
    /// The name of the function.
    pub(super) name: String,
    /// The file of the application, as `offhook.call` takes it.
    pub(super) application: String,
    /// Further arguments of `offhook.call`, in Python.
    pub(super) arguments: Vec<(&'static str, String)>,
    pub(super) steps: &'a [Step],
    /// The file of each sound that is played or heard and kept, in the order of the steps.
    pub(super) sounds: Vec<PathBuf>,
    /// What could not be repeated: when, and what.
    pub(super) left_out: Vec<(f64, String)>,
    pub(super) ending: Ending,
}

/// What is asserted at the end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    /// The call is over, by one of the two.
    pub(super) by: Option<&'static str>,
    /// The final status, if the call is over.
    pub(super) status: Option<u16>,
    /// What `main` returned, if that is known.
    pub(super) return_code: Option<i64>,
}

impl fmt::Display for Test<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about: Vec<String> = self.about.iter().map(|paragraph| wrapped(&plain(paragraph))).collect();
        writeln!(f, "\"\"\"{}\n\"\"\"\n", about.join("\n\n"))?;
        let body = self.body()?;
        let (has_files, has_link) = (body.contains("HERE / "), body.contains("=Link("));
        if has_files {
            f.write_str("from pathlib import Path\n\n")?;
        }
        if has_link {
            f.write_str("from offhook.testing import Link\n\n")?;
        }
        if has_files {
            f.write_str("HERE = Path(__file__).parent\n\n")?;
        }
        f.write_str("\n")?;
        writeln!(f, "def {}(offhook):", self.name)?;
        f.write_str(&body)
    }
}

impl Test<'_> {
    fn body(&self) -> Result<String, fmt::Error> {
        let mut body = String::new();
        let mut sounds = self.sounds.iter();
        body.push_str("    call = offhook.call(\n");
        writeln!(body, "        {},", quoted(&self.application))?;
        for (name, value) in &self.arguments {
            writeln!(body, "        {name}={value},")?;
        }
        body.push_str("    )\n");
        let mut left_out = self.left_out.iter().peekable();
        for step in self.steps {
            while let Some((at, what)) = left_out.next_if(|(at, _)| *at <= step.at()) {
                writeln!(body, "    # {at:.2} s: {}, which a test cannot repeat", plain(what))?;
            }
            write_step(&mut body, step, &mut sounds)?;
        }
        for (at, what) in left_out {
            writeln!(body, "    # {at:.2} s: {}, which a test cannot repeat", plain(what))?;
        }
        self.ending.write(&mut body)?;
        Ok(body)
    }
}

impl Step {
    /// When it is, as far as the order goes.
    fn at(&self) -> f64 {
        match self {
            Self::Do { at, .. }
            | Self::Response { at, .. }
            | Self::Nothing { at, .. }
            | Self::Up { at }
            | Self::Ends { at, .. } => *at,
            Self::Hears { passage, .. } => passage.known_at,
        }
    }
}

impl Ending {
    fn write(&self, body: &mut String) -> fmt::Result {
        if let Some(by) = self.by {
            writeln!(body, "    assert call.ended_by == {}", quoted(by))?;
        }
        if let Some(status) = self.status {
            writeln!(body, "    assert call.status == {status}")?;
        }
        match self.return_code {
            Some(code) => writeln!(body, "    assert call.instance.return_code == {code}"),
            None if self.by.is_some() => writeln!(body, "    assert call.instance.exception is None"),
            None => Ok(()),
        }
    }
}

fn write_step<'a>(
    body: &mut String,
    step: &Step,
    sounds: &mut impl Iterator<Item = &'a PathBuf>,
) -> fmt::Result {
    match step {
        Step::Do { at, deed } => {
            writeln!(body, "    call.wait_until({at:.2})")?;
            match deed {
                Deed::Press(keys) => writeln!(body, "    call.press({})", quoted(keys)),
                Deed::Play(_) => writeln!(body, "    call.play({})", sound(sounds)),
                Deed::Cancel => writeln!(body, "    call.cancel()"),
                Deed::HangUp => writeln!(body, "    call.hang_up()"),
            }
        }
        Step::Response { at, within, status, brings_early_media } => {
            writeln!(body, "    assert call.response(within={within}) == {status}  # {at:.2} s")?;
            if *brings_early_media { writeln!(body, "    assert call.early_media") } else { Ok(()) }
        }
        Step::Hears { passage, within } => {
            let asked = match &passage.what {
                What::Tone { name, at_least: None } => {
                    format!("hears_tone({}, within={within})", quoted(name))
                }
                What::Tone { name, at_least: Some(seconds) } => {
                    format!("hears_tone({}, within={within}, at_least={seconds})", quoted(name))
                }
                What::Beep => format!("hears_beep(within={within})"),
                What::File(path) => format!("hears_file({}, within={within})", quoted(&slashed(path))),
                What::Digits(digits) => format!("hears_digits({}, within={within})", quoted(digits)),
                What::Other(_) => format!("hears_file({}, within={within})", sound(sounds)),
            };
            writeln!(body, "    assert call.{asked}  # {:.2} to {:.2} s", passage.from, passage.to)
        }
        Step::Nothing { at, so_far } => {
            let so_far: Vec<String> = so_far.iter().map(u16::to_string).collect();
            writeln!(
                body,
                "    call.wait_until({at:.2})\n    assert call.responses == [{}]",
                so_far.join(", ")
            )
        }
        Step::Up { at } => writeln!(body, "    call.wait_until({at:.2})\n    assert not call.ended"),
        Step::Ends { at, within } => {
            writeln!(body, "    assert call.until_ended(within={within})  # {at:.2} s")
        }
    }
}

/// The next sound, as an expression.
fn sound<'a>(sounds: &mut impl Iterator<Item = &'a PathBuf>) -> String {
    sounds.next().map_or_else(String::new, |path| beside(path))
}

/// A path beside the test, or anywhere, as an expression.
pub(super) fn beside(path: &Path) -> String {
    match path.is_absolute() {
        true => quoted(&slashed(path)),
        false => format!("HERE / {}", quoted(&slashed(path))),
    }
}

/// A string of Python. Whatever the text is, it ends where the string ends.
pub(super) fn quoted(text: &str) -> String {
    // The strings of JSON are strings of Python too.
    serde_json::Value::from(text).to_string()
}

/// Text for docstrings and comments. What came from the network must not end them.
fn plain(text: &str) -> String {
    let harmless = |c: char| match c {
        '"' => '\'',
        '\\' => '/',
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => ' ',
        c => c,
    };
    text.chars().map(harmless).collect()
}

/// Broken into lines.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() || line.len() + word.len() < LINE_BYTES => {
                let blank = if line.is_empty() { "" } else { " " };
                line.push_str(blank);
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

/// With slashes, as Python takes it everywhere.
fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

const LINE_BYTES: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn test(about: &str, application: &str) -> String {
        Test {
            about: vec![about.to_owned()],
            name: "test_call".to_owned(),
            application: application.to_owned(),
            arguments: vec![("to", quoted("sales"))],
            steps: &[
                Step::Response { at: 0.02, within: 1.5, status: 183, brings_early_media: true },
                Step::Do { at: 3.0, deed: Deed::Press("1#".to_owned()) },
            ],
            sounds: Vec::new(),
            left_out: vec![(2.0, "INVITE of the caller".to_owned())],
            ending: Ending { by: Some("caller"), status: Some(200), return_code: None },
        }
        .to_string()
    }

    #[test]
    fn a_test_reads_in_the_order_of_the_call() {
        let expected = r#""""A call.
"""


def test_call(offhook):
    call = offhook.call(
        "app.py",
        to="sales",
    )
    assert call.response(within=1.5) == 183  # 0.02 s
    assert call.early_media
    # 2.00 s: INVITE of the caller, which a test cannot repeat
    call.wait_until(3.00)
    call.press("1#")
    assert call.ended_by == "caller"
    assert call.status == 200
    assert call.instance.exception is None
"#;
        assert_eq!(test("A call.", "app.py"), expected);
    }

    /// What a caller puts into a header field is text, and stays text.
    #[test]
    fn nothing_of_the_network_becomes_code() {
        let hostile = "x\"\"\"\nimport os\u{2028}\\";
        let text = test(hostile, hostile);
        assert!(text.starts_with("\"\"\"x''' import os /"), "{text}");
        assert!(text.contains(r#""x\"\"\"\nimport os"#), "{text}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("import os")), "{text}");
    }
}
