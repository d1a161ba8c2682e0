//! `cargo xtask rules`: docs/rules.md, the list of what offhook promises and of the tests that hold it.
//!
//! The ids and their summaries stand in docs/rules.toml. A test holds a rule by naming its id in the doc comment (Rust)
//! or docstring (Python) directly at the test.

mod catalogue;
mod page;
mod scan;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use catalogue::Catalogue;
use scan::{Language, TestFn};

/// Write docs/rules.md: which tests hold which rule.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Rules {
    /// Write nothing; fail if the page is stale, a rule lacks a test, or a test names an unknown rule.
    #[arg(long)]
    check: bool,
}

const CATALOGUE: &str = "docs/rules.toml";
const PAGE: &str = "docs/rules.md";

/// Fails if the page is stale, a rule lacks a test, or a test names an unknown rule.
pub(crate) fn check(root: &Path) -> Result<()> {
    run(root, &Rules { check: true })
}

/// Writes the page, or checks it.
pub(crate) fn run(root: &Path, rules: &Rules) -> Result<()> {
    let text =
        fs::read_to_string(root.join(CATALOGUE)).with_context(|| format!("cannot read {CATALOGUE}"))?;
    let catalogue = Catalogue::parse(&text)?;
    let tests = scan::tests(root)?;
    let page = page::write(&catalogue, &tests);
    let mut complaints = complaints(&catalogue, &tests);
    if rules.check {
        if fs::read_to_string(root.join(PAGE)).ok().as_deref() != Some(&page) {
            complaints.push(format!("{PAGE} is stale; run `cargo xtask rules` and commit it"));
        }
        if !complaints.is_empty() {
            bail!("{} complaints about rules:\n  {}", complaints.len(), complaints.join("\n  "));
        }
    } else {
        fs::write(root.join(PAGE), page).with_context(|| format!("cannot write {PAGE}"))?;
        for complaint in &complaints {
            eprintln!("warning: {complaint}");
        }
    }
    println!(
        "{} rules, {} tests that name one, {} complaints",
        catalogue.rules.len(),
        tests.iter().filter(|test| !test.rules.is_empty()).count(),
        complaints.len()
    );
    Ok(())
}

/// Everything that is wrong with the rules, their tests, or what the tests name.
fn complaints(catalogue: &Catalogue, tests: &[TestFn]) -> Vec<String> {
    let mut complaints = Vec::new();
    for test in tests {
        for id in test.rules.iter().filter(|id| !catalogue.knows(id)) {
            complaints.push(format!("{}: {} names the unknown rule {id}", test.path, test.name));
        }
        if test.ignored {
            complaints.push(format!("{}: {} does not run", test.path, test.name));
        }
    }
    for rule in &catalogue.rules {
        let held_in =
            |language| tests.iter().any(|test| test.language == language && test.rules.contains(&rule.id));
        let (rust, python) = (held_in(Language::Rust), held_in(Language::Python));
        if rule.later.is_some() {
            continue;
        }
        if !rust && !python {
            complaints.push(format!("{}: no test", rule.id));
        } else if rule.id.family == "RING" && !rust {
            complaints.push(format!("{}: no test in Rust", rule.id));
        } else if rule.id.family == "RING" && !python && rule.rust_only.is_none() {
            complaints.push(format!("{}: no test in Python", rule.id));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOML: &str = "[rules]\nRING-1 = \"one\"\nRING-2 = \"two\"\nGEN-1 = \"three\"\nGEN-2 = \"four\"\n\
        [later]\nGEN-2 = \"not there\"\n[rust_only]\nRING-2 = \"no way\"\n[families]\nRING = 2\nGEN = 9\n";

    fn test(language: Language, name: &str, rules: &[&str]) -> TestFn {
        TestFn {
            language,
            path: "a".into(),
            name: name.into(),
            rules: rules.iter().map(|id| id.parse().expect("an id")).collect(),
            ignored: false,
        }
    }

    fn about(tests: &[TestFn]) -> Vec<String> {
        complaints(&Catalogue::parse(TOML).expect("a catalogue"), tests)
    }

    #[test]
    fn nothing_is_wrong_where_every_rule_has_its_tests() {
        let tests = [
            test(Language::Rust, "both", &["RING-1", "RING-2", "GEN-9"]),
            test(Language::Python, "test_one", &["RING-1", "GEN-1"]),
        ];
        assert_eq!(about(&tests), Vec::<String>::new());
    }

    #[test]
    fn rules_without_tests_are_named() {
        assert_eq!(about(&[]), ["RING-1: no test", "RING-2: no test", "GEN-1: no test"]);
    }

    #[test]
    fn rules_of_ring_need_both_languages_unless_excused() {
        let rust = test(Language::Rust, "both", &["RING-1", "RING-2", "GEN-1"]);
        assert_eq!(about(&[rust]), ["RING-1: no test in Python"]);
        let python = test(Language::Python, "test_both", &["RING-1", "RING-2", "GEN-1"]);
        assert_eq!(about(&[python]), ["RING-1: no test in Rust", "RING-2: no test in Rust"]);
    }

    #[test]
    fn unknown_ids_and_tests_that_do_not_run_are_named() {
        let mut odd = test(Language::Rust, "odd", &["RING-1", "RING-2", "GEN-1", "GEN-10"]);
        odd.ignored = true;
        let python = test(Language::Python, "test_one", &["RING-1"]);
        assert_eq!(about(&[odd, python]), ["a: odd names the unknown rule GEN-10", "a: odd does not run"]);
    }
}
