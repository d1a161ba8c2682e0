//! The Rust tests, and the program that the other tests call.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::Context;
use super::tools::{apt, cargo, find, install, run};

/// By cargo-nextest where it is installed: it runs the test files side by side.
pub(super) fn tests(context: &Context) -> Result<()> {
    codec_peers()?;
    let arguments: &[&str] = if find("cargo-nextest").is_some() {
        &["nextest", "run", "--workspace", "--locked", "--no-fail-fast"]
    } else {
        &["test", "--workspace", "--lib", "--bins", "--tests", "--locked", "--no-fail-fast"]
    };
    run(cargo(&context.root).args(arguments))
}

/// The independent implementations that our codecs are held against: ffmpeg, and bcg729, a library without a program.
fn codec_peers() -> Result<()> {
    apt(&[("ffmpeg", "ffmpeg")])?;
    let loads = Command::new("python3")
        .args(["-c", "import ctypes; ctypes.CDLL('libbcg729.so.0')"])
        .stderr(Stdio::null())
        .status()
        .context("cannot start python3")?;
    if loads.success() { Ok(()) } else { install(&["libbcg729-0"]) }
}

pub(super) fn doc_tests(context: &Context) -> Result<()> {
    run(cargo(&context.root).args(["test", "--workspace", "--doc", "--locked"]))
}

/// Examples are programs that users copy: they have to build.
pub(super) fn examples(context: &Context) -> Result<()> {
    run(cargo(&context.root).args(["build", "--workspace", "--examples", "--locked"]))
}

/// The program `offhook`, where the tests from outside look for it.
///
/// Built together with the examples it has the features with which the Rust tests were built: what they have compiled is
/// not compiled again.
pub(super) fn program(context: &Context) -> Result<()> {
    run(cargo(&context.root).args(["build", "--workspace", "--bins", "--examples", "--locked"]))?;
    let program = super::python::program(context);
    ensure!(program.is_file(), "the build left no program at {}", program.display());
    Ok(())
}
