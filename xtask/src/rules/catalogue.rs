//! docs/rules.toml: the rules and what excuses them from tests.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

/// All rules in the order of the file, and the ids that may be named beside them.
#[derive(Debug)]
pub(super) struct Catalogue {
    pub(super) rules: Vec<Rule>,
    families: BTreeMap<String, u32>,
}

/// One rule.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) id: RuleId,
    pub(super) summary: String,
    /// Why it needs no test yet.
    pub(super) later: Option<String>,
    /// Why it needs no test in Python.
    pub(super) rust_only: Option<String>,
}

/// `RING-21`
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct RuleId {
    pub(super) family: String,
    pub(super) number: u32,
}

impl Catalogue {
    pub(super) fn parse(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            rules: toml::Table,
            #[serde(default)]
            later: BTreeMap<String, String>,
            #[serde(default)]
            rust_only: BTreeMap<String, String>,
            families: BTreeMap<String, u32>,
        }
        let mut file: File = toml::from_str(text)?;
        let mut rules = Vec::new();
        for (id, summary) in &file.rules {
            let toml::Value::String(summary) = summary else { bail!("the summary of {id} is not text") };
            rules.push(Rule {
                later: file.later.remove(id),
                rust_only: file.rust_only.remove(id),
                id: id.parse()?,
                summary: summary.clone(),
            });
        }
        let order = families_in_order(text);
        rules.sort_by_key(|rule| (order.iter().position(|family| *family == rule.id.family), rule.id.number));
        let excused = file.later.keys().chain(file.rust_only.keys()).next();
        ensure!(excused.is_none(), "{} is excused and no rule", excused.map_or("", String::as_str));
        let catalogue = Self { rules, families: file.families };
        for rule in &catalogue.rules {
            ensure!(catalogue.knows(&rule.id), "{} is beyond the count of its family", rule.id);
        }
        Ok(catalogue)
    }

    /// Whether a test may name this id.
    pub(super) fn knows(&self, id: &RuleId) -> bool {
        self.families.get(&id.family).is_some_and(|count| (1..=*count).contains(&id.number))
    }
}

/// The families as the file introduces them: the order of the page.
fn families_in_order(text: &str) -> Vec<String> {
    let mut families: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some((family, _)) = line.split_once('-').filter(|(family, _)| is_family(family))
            && !families.iter().any(|known| known == family)
        {
            families.push(family.to_owned());
        }
    }
    families
}

fn is_family(text: &str) -> bool {
    (2..=8).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

impl FromStr for RuleId {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (family, number) = text.split_once('-').with_context(|| format!("{text:?} is no rule id"))?;
        let sound = is_family(family) && !number.starts_with(['0', '+']);
        ensure!(sound, "{text:?} is no rule id");
        Ok(Self {
            family: family.to_owned(),
            number: number.parse().with_context(|| format!("{text:?} is no rule id"))?,
        })
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.family, self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read() {
        assert_eq!("RING-21".parse::<RuleId>().expect("an id").to_string(), "RING-21");
        for odd in ["RING", "RING-", "RING-x", "RING-01", "ring-1", "R-1", "-1", "RING-+1"] {
            assert!(odd.parse::<RuleId>().is_err(), "{odd}");
        }
    }

    #[test]
    fn rules_come_in_the_order_of_their_families_and_numbers() {
        let text = "[rules]\nTONE-10 = \"\"\nTONE-2 = \"\"\nADR-1 = \"\"\n[families]\nADR = 1\nTONE = 10\n";
        let ids: Vec<String> = Catalogue::parse(text)
            .expect("a catalogue")
            .rules
            .iter()
            .map(|rule| rule.id.to_string())
            .collect();
        assert_eq!(ids, ["TONE-2", "TONE-10", "ADR-1"]);
    }

    #[test]
    fn excuses_for_no_rule_and_ids_beyond_their_family_are_refused() {
        for text in [
            "[rules]\nADR-1 = \"\"\n[later]\nADR-2 = \"\"\n[families]\nADR = 2\n",
            "[rules]\nADR-3 = \"\"\n[families]\nADR = 2\n",
            "[rules]\nADR-1 = 1\n[families]\nADR = 2\n",
        ] {
            assert!(Catalogue::parse(text).is_err(), "{text}");
        }
    }
}
