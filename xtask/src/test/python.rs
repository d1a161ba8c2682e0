//! The Python package: its own environment, lints, types and tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::Context;
use super::tools::{apt, find, install, run};

const REQUIREMENTS: &str = "python/requirements-dev.txt";

pub(super) fn ruff(context: &Context) -> Result<()> {
    let python = environment(context)?;
    let ruff = |arguments: &[&str]| {
        run(Command::new(&python).args(["-m", "ruff"]).args(arguments).current_dir(&context.root))
    };
    ruff(&["check", "."])?;
    ruff(&["format", "--check", "."])
}

pub(super) fn mypy(context: &Context) -> Result<()> {
    let python = environment(context)?;
    let mypy = |paths: &[&str]| {
        run(Command::new(&python).args(["-m", "mypy", "--strict"]).args(paths).current_dir(&context.root))
    };
    mypy(&["python/offhook", "python/tests"])?;
    mypy(&["tests/peers"])
}

pub(super) fn tests(context: &Context) -> Result<()> {
    // It judges what was encrypted.
    apt(&[("openssl", "openssl")])?;
    let python = environment(context)?;
    pytest(context, &python, "python/tests")
}

/// The same tests under every other supported Python that the machine has.
pub(super) fn other_versions(context: &Context) -> Result<()> {
    let default = version(Path::new("python3"))?;
    let mut seen = BTreeSet::from([default.clone()]);
    for name in SUPPORTED {
        let Some(interpreter) = find(name) else { continue };
        // A version manager leaves the names of all versions that it ever had; not every name starts one.
        let Ok(version) = version(&interpreter) else {
            println!("{} starts no interpreter: not a version that this machine has", interpreter.display());
            continue;
        };
        if !seen.insert(version.clone()) {
            continue;
        }
        let folder = context.root.join("target").join(format!("venv-{version}"));
        let python = environment_at(context, &folder, &interpreter)?;
        pytest(context, &python, "python/tests")?;
    }
    println!("tested with Python {}", seen.into_iter().collect::<Vec<_>>().join(", "));
    Ok(())
}

/// Runs pytest on a folder against the program that was built, whose workers run on the same interpreter.
pub(super) fn pytest(context: &Context, python: &Path, folder: &str) -> Result<()> {
    run(Command::new(python)
        .args(["-m", "pytest", folder])
        .current_dir(&context.root)
        .env("OFFHOOK_BINARY", program(context))
        .env("OFFHOOK_PYTHON", python))
}

/// Where cargo leaves the program in a debug build.
pub(super) fn program(context: &Context) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    context.root.join(target).join("debug").join("offhook")
}

/// The interpreter of `.venv`, which is made on first use and again when the requirements change.
pub(super) fn environment(context: &Context) -> Result<PathBuf> {
    environment_at(context, &context.root.join(".venv"), Path::new("python3"))
}

fn environment_at(context: &Context, folder: &Path, interpreter: &Path) -> Result<PathBuf> {
    let requirements = context.root.join(REQUIREMENTS);
    let wanted = fs::read(&requirements).with_context(|| format!("cannot read {REQUIREMENTS}"))?;
    let stamp = folder.join("requirements-installed.txt");
    let python = folder.join("bin").join("python");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) && works(&python) {
        return Ok(python);
    }
    if !can_make_environments(interpreter) {
        // Debian packs this module apart from the interpreter.
        install(&["python3-venv"])?;
    }
    run(Command::new(interpreter).args(["-m", "venv", "--clear"]).arg(folder))?;
    run(Command::new(&python)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
        .arg(&requirements))?;
    fs::write(&stamp, wanted)?;
    Ok(python)
}

fn can_make_environments(interpreter: &Path) -> bool {
    succeeds(Command::new(interpreter).args(["-c", "import venv, ensurepip"]))
}

fn works(python: &Path) -> bool {
    python.is_file() && succeeds(Command::new(python).args(["-c", ""]))
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// `3.11`, or `3.13t` for a build without the global interpreter lock.
fn version(interpreter: &Path) -> Result<String> {
    const ASK: &str = "import sys, sysconfig; print('%d.%d%s' % (*sys.version_info[:2], \
                       't' if sysconfig.get_config_var('Py_GIL_DISABLED') else ''))";
    let output = Command::new(interpreter)
        .args(["-c", ASK])
        .output()
        .with_context(|| format!("cannot start {}; Python 3.9 or newer is needed", interpreter.display()))?;
    if !output.status.success() {
        bail!("{} does not work: {}", interpreter.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

const SUPPORTED: [&str; 8] = [
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.13t",
    "python3.14",
    "python3.14t",
];
