//! Format, clippy, documentation, licences, rules.

use std::process::Command;

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

/// deny.toml: licences, and where what we depend on comes from.
pub(super) fn licences(context: &Context) -> Result<()> {
    run(deny(context)?.args(["bans", "licenses", "sources"]))
}

/// Known weaknesses of what we depend on. The list of them is on the network and changes with the day, not with the
/// commit: a part that runs only when it is asked for.
pub(super) fn advisories(context: &Context) -> Result<()> {
    run(deny(context)?.arg("advisories"))
}

fn deny(context: &Context) -> Result<Command> {
    let mut command = cargo_tool(&context.root, "deny", "0.20.2")?;
    command.args(["--workspace", "--locked", "check"]);
    Ok(command)
}

pub(super) fn rules(context: &Context) -> Result<()> {
    rules::check(&context.root)
}
