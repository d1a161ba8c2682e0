//! docs/rules.md.

use std::fmt::Write as _;

use super::catalogue::{Catalogue, Rule};
use super::scan::{Language, TestFn};

/// The page as text.
pub(super) fn write(catalogue: &Catalogue, tests: &[TestFn]) -> String {
    let mut page = String::from(HEAD);
    let mut family = "";
    for rule in &catalogue.rules {
        if rule.id.family != family {
            family = &rule.id.family;
            let _ =
                write!(page, "\n## {family}\n\n| rule | what it says | Rust | Python |\n|---|---|---|---|\n");
        }
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} |",
            rule.id,
            rule.summary.replace('|', "\\|"),
            cell(rule, tests, Language::Rust),
            cell(rule, tests, Language::Python)
        );
    }
    page
}

/// The tests of one rule in one language, file by file.
fn cell(rule: &Rule, tests: &[TestFn], language: Language) -> String {
    let mut cell = String::new();
    let mut path = "";
    for test in tests.iter().filter(|test| test.language == language && test.rules.contains(&rule.id)) {
        if test.path != path {
            if !path.is_empty() {
                cell.push_str("<br>");
            }
            path = &test.path;
            let _ = write!(cell, "[{}](../{path}):", path.rsplit('/').next().unwrap_or(path));
        }
        let _ = write!(cell, " `{}`", test.name);
    }
    if cell.is_empty() {
        let excuse = match language {
            Language::Rust => rule.later.as_deref(),
            Language::Python => rule.later.as_deref().or(rule.rust_only.as_deref()),
        };
        return excuse.map_or_else(|| "-".to_owned(), |excuse| format!("*{excuse}*"));
    }
    cell
}

const HEAD: &str = "<!-- Written by `cargo xtask rules` from docs/rules.toml and the tests; do not edit. -->

# Rules and the tests that hold them

Each rule is a promise of offhook. The tests name the rules that they hold; `cargo xtask rules --check`, a part of
`cargo xtask test`, fails if a rule has no test.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_links_tests_by_file_and_states_excuses() {
        let catalogue = Catalogue::parse(
            "[rules]\nST-1 = \"a|b\"\nST-2 = \"c\"\n[rust_only]\nST-1 = \"why\"\n[families]\nST = 2\n",
        );
        let test = |path: &str, name: &str| TestFn {
            language: Language::Rust,
            path: path.into(),
            name: name.into(),
            rules: vec!["ST-1".parse().expect("an id")],
            ignored: false,
        };
        let tests = [test("x/a.rs", "one"), test("x/a.rs", "two"), test("x/b.rs", "three")];
        let page = write(&catalogue.expect("a catalogue"), &tests);
        assert!(page.ends_with(
            "\n## ST\n\n| rule | what it says | Rust | Python |\n|---|---|---|---|\n\
             | ST-1 | a\\|b | [a.rs](../x/a.rs): `one` `two`<br>[b.rs](../x/b.rs): `three` | *why* |\n\
             | ST-2 | c | - | - |\n"
        ));
    }
}
