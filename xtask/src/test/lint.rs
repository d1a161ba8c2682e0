//! Format, clippy, documentation, licences, rules.

use anyhow::Result;

use super::Context;
use super::tools::{cargo, cargo_tool, run};
use crate::rules;

pub(super) fn format(context: &Context) -> Result<()> {
    run(cargo(&context.root).args(["fmt", "--all", "--check"]))
}

pub(super) fn clippy(context: &Context) -> Result<()> {
    run(cargo(&context.root).args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "--deny",
        "warnings",
    ]))
}

pub(super) fn rustdoc(context: &Context) -> Result<()> {
    run(cargo(&context.root)
        .args(["doc", "--workspace", "--no-deps", "--locked"])
        .env("RUSTDOCFLAGS", "--deny warnings"))
}

/// deny.toml: licences, known weaknesses, duplicate and unknown sources of what we depend on.
pub(super) fn deny(context: &Context) -> Result<()> {
    cargo_tool(&context.root, "deny")?;
    run(cargo(&context.root).args(["deny", "--workspace", "check"]))
}

pub(super) fn rules(context: &Context) -> Result<()> {
    rules::check(&context.root)
}
