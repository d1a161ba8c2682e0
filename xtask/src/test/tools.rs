//! Running programs, and getting those that are missing.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

/// How many lines of a failed command its error repeats: who sees only the end of a long log shall see the reason.
const LAST_LINES: usize = 80;

/// Runs a command with its output on the terminal.
///
/// # Errors
///
/// If it cannot be started or reports failure; the first line of the message holds the command, the others the last lines
/// that it printed.
pub(super) fn run(command: &mut Command) -> Result<()> {
    let text = text(command);
    println!("$ {text}");
    let (output, input) = std::io::pipe().context("no pipe for the output of a command")?;
    let copy = input.try_clone().context("no pipe for the output of a command")?;
    let mut child =
        command.stdout(input).stderr(copy).spawn().with_context(|| format!("cannot start `{text}`"))?;
    // Our own ends of the pipe go, so that it ends with the command.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (lines, printed) = mpsc::channel();
    thread::spawn(move || pass_on(BufReader::new(output), &lines));
    let status = child.wait().with_context(|| format!("cannot wait for `{text}`"))?;
    let mut last = VecDeque::new();
    // A process that the command left behind may hold the pipe open for ever.
    while let Ok(line) = printed.recv_timeout(Duration::from_secs(1)) {
        last.push_back(line);
        if last.len() > LAST_LINES {
            last.pop_front();
        }
    }
    ensure!(
        status.success(),
        "`{text}` failed: {status}\n{}",
        last.into_iter().collect::<Vec<_>>().join("\n")
    );
    Ok(())
}

/// Prints each line as it comes, and sends it on.
fn pass_on(mut output: impl BufRead, lines: &mpsc::Sender<String>) {
    let mut line = Vec::new();
    while output.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line);
        print!("{text}");
        if lines.send(text.trim_end().to_owned()).is_err() {
            return;
        }
        line.clear();
    }
}

/// A cargo command in a folder. The cargo that started us is used.
pub(super) fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    command
}

/// Where a program is on the search path.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|candidate| candidate.is_file())
}

/// A cargo subcommand that need not be installed: the one on the search path, else one of our own below `target/tools`, which
/// is built on first use and takes minutes.
pub(super) fn cargo_tool(folder: &Path, subcommand: &str, version: &str) -> Result<Command> {
    let program = format!("cargo-{subcommand}");
    let tools = folder.join("target").join("tools");
    let own = tools.join("bin").join(&program);
    let path = match find(&program) {
        Some(installed) => installed,
        None => {
            if !own.is_file() {
                println!(
                    "{program} is not installed; building it once into target/tools, which takes some minutes"
                );
                let package = format!("{program}@{version}");
                run(cargo(folder).args(["install", "--locked", "--debug", &package, "--root"]).arg(&tools))?;
            }
            own
        }
    };
    let mut command = Command::new(path);
    command.arg(subcommand).current_dir(folder);
    Ok(command)
}

/// Makes sure that programs are there; each stands with the Debian package that has it.
pub(super) fn apt(programs: &[(&str, &str)]) -> Result<()> {
    let missing: Vec<&str> =
        programs.iter().filter(|(program, _)| find(program).is_none()).map(|(_, package)| *package).collect();
    if missing.is_empty() { Ok(()) } else { install(&missing) }
}

/// Installs packages by apt-get if we may; otherwise the error says what to type.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    let packages = packages.join(" ");
    if find("apt-get").is_none() {
        bail!("missing: {packages} (names of Debian packages); install what has them on this system");
    }
    let command = format!("apt-get install --yes --no-install-recommends {packages}");
    if !is_root() {
        bail!("missing: {packages}; type `sudo {command}` and start again");
    }
    run(Command::new("apt-get").arg("update"))?;
    run(Command::new("sh").args(["-c", &command]).env("DEBIAN_FRONTEND", "noninteractive"))
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

/// The command as one would type it.
fn text(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
