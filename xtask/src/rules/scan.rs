//! Finding tests, and the rules that they name.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::catalogue::RuleId;

/// A test function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TestFn {
    pub(super) language: Language,
    /// Its file, from the folder of the workspace, with forward slashes.
    pub(super) path: String,
    pub(super) name: String,
    /// The rules that it names, without repetitions.
    pub(super) rules: Vec<RuleId>,
    /// Whether it is marked so that it does not run.
    pub(super) ignored: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Rust,
    Python,
}

/// All tests of the workspace in the order of their files.
pub(super) fn tests(root: &Path) -> Result<Vec<TestFn>> {
    let mut files = Vec::new();
    for folder in ["crates", "python", "tests"] {
        collect(&root.join(folder), &mut files)?;
    }
    files.sort();
    let mut tests = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {name}"))?;
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("rs") => rust(&text, &name, &mut tests),
            _ => python(&text, &name, &mut tests),
        }
    }
    Ok(tests)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if path.is_dir() {
            if name != "target" && !name.starts_with('.') {
                collect(&path, files)?;
            }
        } else if name.ends_with(".rs") || (name.starts_with("test_") && name.ends_with(".py")) {
            files.push(path);
        }
    }
    Ok(())
}

/// The tests of a Rust file: functions under an attribute `#[test]` or `#[...::test(...)]`, with the comment above it.
fn rust(text: &str, path: &str, tests: &mut Vec<TestFn>) {
    let (mut comment, mut is_test, mut ignored) = (String::new(), false, false);
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("//") {
            comment.push_str(words.trim_start_matches(['/', '!']).trim());
            comment.push('\n');
        } else if let Some(attribute) = line.strip_prefix("#[") {
            let name = attribute.split(['(', ']', ' ']).next().unwrap_or_default();
            is_test |= name == "test" || name.ends_with("::test");
            ignored |= name == "ignore";
        } else if is_test && let Some(name) = function_name(line) {
            let rules = named_in(&comment);
            tests.push(TestFn { language: Language::Rust, path: path.into(), name, rules, ignored });
            (comment, is_test, ignored) = (String::new(), false, false);
        } else if !is_test {
            comment.clear();
            ignored = false;
        }
    }
}

fn function_name(line: &str) -> Option<String> {
    let mut words = line.split(' ').skip_while(|word| *word != "fn");
    words.next()?;
    Some(words.next()?.split(['(', '<']).next()?.to_owned())
}

/// The tests of a Python file: functions `test_...`, with their docstring.
fn python(text: &str, path: &str, tests: &mut Vec<TestFn>) {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let mut ignored = false;
    for (index, line) in lines.iter().enumerate() {
        if line.starts_with('@') {
            ignored |= line.contains(".skip") || line.contains(".xfail");
            continue;
        }
        let Some(rest) = line.strip_prefix("async ").unwrap_or(line).strip_prefix("def ") else {
            if !line.is_empty() && !line.starts_with([')', ']']) && !line.ends_with(',') {
                ignored = false;
            }
            continue;
        };
        let name = rest.split('(').next().unwrap_or_default();
        if name.starts_with("test_") {
            let rules = named_in(&docstring(&lines[index..]));
            tests.push(TestFn {
                language: Language::Python,
                path: path.into(),
                name: name.to_owned(),
                rules,
                ignored,
            });
        }
        ignored = false;
    }
}

/// The docstring of the function whose lines these are; the signature may take several lines.
fn docstring(lines: &[&str]) -> String {
    let Some(end) = lines.iter().position(|line| line.ends_with(':')) else { return String::new() };
    let Some(first) = lines.get(end + 1) else { return String::new() };
    let Some(opening) = ["r\"\"\"", "\"\"\""].into_iter().find(|opening| first.starts_with(opening)) else {
        return String::new();
    };
    let text = lines[end + 1..].join("\n");
    let text = &text[opening.len()..];
    text.split("\"\"\"").next().unwrap_or_default().to_owned()
}

/// The ids in a text, each once: words of the form `RING-21` but those of other standards.
fn named_in(text: &str) -> Vec<RuleId> {
    let mut ids: Vec<RuleId> = Vec::new();
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
    for id in words.filter_map(|word| word.parse::<RuleId>().ok()) {
        if !FOREIGN.contains(&id.family.as_str()) && !ids.contains(&id) {
            ids.push(id);
        }
    }
    ids
}

/// Words of other standards that look like ids.
const FOREIGN: [&str; 9] = ["UTF", "SHA", "MD", "RFC", "ISO", "ITU", "BCP", "AES", "PCM"];

#[cfg(test)]
mod tests {
    use super::*;

    fn names(tests: &[TestFn]) -> Vec<(String, Vec<String>)> {
        tests
            .iter()
            .map(|test| (test.name.clone(), test.rules.iter().map(ToString::to_string).collect()))
            .collect()
    }

    #[test]
    fn rust_tests_are_found_with_the_rules_above_them() {
        let text = "
            /// RING-1, GEN-2: one,
            /// and RING-3.
            #[test]
            fn plain() {}

            /// RING-9: not a test.
            fn helper() {}

            #[tokio::test(start_paused = true)]
            async fn timed() {}

            // ST-4: with an attribute between.
            #[allow(unused)]
            #[test]
            pub(crate) fn last(seed in any::<u8>()) {}
        ";
        let mut tests = Vec::new();
        rust(text, "a.rs", &mut tests);
        let expected =
            [("plain", vec!["RING-1", "GEN-2", "RING-3"]), ("timed", vec![]), ("last", vec!["ST-4"])];
        let expected =
            expected.map(|(name, ids)| (name.to_owned(), ids.into_iter().map(str::to_owned).collect()));
        assert_eq!(names(&tests), expected);
    }

    #[test]
    fn python_tests_are_found_with_the_rules_in_their_docstrings() {
        let text = "
def test_early_media_sends_183(
    serve: Serve,
) -> None:
    \"\"\"RING-30: and so on.

    Further down GEN-7.
    \"\"\"

async def test_other() -> None:
    assert True

def helper() -> None:
    \"\"\"RING-5\"\"\"
";
        let mut tests = Vec::new();
        python(text, "test_a.py", &mut tests);
        let expected = [("test_early_media_sends_183", vec!["RING-30", "GEN-7"]), ("test_other", vec![])];
        let expected =
            expected.map(|(name, ids)| (name.to_owned(), ids.into_iter().map(str::to_owned).collect()));
        assert_eq!(names(&tests), expected);
    }

    #[test]
    fn tests_that_do_not_run_are_marked() {
        let mut tests = Vec::new();
        rust("#[test]\n#[ignore = \"slow\"]\nfn a() {}\n#[test]\nfn b() {}\n", "a.rs", &mut tests);
        python(
            "@pytest.mark.skip\ndef test_c():\n    pass\n\ndef test_d():\n    pass\n",
            "test_a.py",
            &mut tests,
        );
        assert_eq!(tests.iter().map(|test| test.ignored).collect::<Vec<_>>(), [true, false, true, false]);
    }

    #[test]
    fn words_of_other_standards_are_no_rules() {
        assert_eq!(named_in("text in UTF-8, hashed by SHA-256, RFC-3264"), []);
        assert_eq!(named_in("MISTYPED-3 is one").len(), 1);
    }
}
