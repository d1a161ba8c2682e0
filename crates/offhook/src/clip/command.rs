//! Programs that write sound: run with a limit on their time and on what they write.

use std::io::{self, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

/// Runs a program and returns what it wrote to its standard output; `input` goes to its standard
/// input. Blocks, on the real clock: a program takes its time whatever a simulation's clock says.
///
/// # Errors
///
/// [`Failure`]; a program that is still running is killed.
pub(super) fn output(command: &[String], input: Option<String>, limit: Duration) -> Result<Vec<u8>, Failure> {
    let deadline = Instant::now() + limit;
    let (program, arguments) = command.split_first().ok_or(Failure::Empty)?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let (Some(input), Some(pipe)) = (input, child.stdin.take()) {
        thread::spawn(move || write(pipe, &input));
    }
    let outcome = match child.stdout.take() {
        Some(pipe) => collect(pipe, &mut child, deadline, limit),
        // The pipe was asked for above.
        None => Err(Failure::Empty),
    };
    if outcome.is_err() {
        // It may have ended by itself meanwhile.
        let _ = child.kill();
        let _ = child.wait();
    }
    outcome
}

/// Why a program gave no output.
#[derive(Debug, Error)]
pub(super) enum Failure {
    #[error("the command is empty")]
    Empty,
    #[error(transparent)]
    System(#[from] io::Error),
    #[error("{0}")]
    Status(ExitStatus),
    #[error("has not ended within {} s", .limit.as_secs_f64())]
    Late { limit: Duration },
    #[error("has written more than {MAX_OUTPUT_BYTES} bytes")]
    TooMuch,
}

/// Reads on a thread of its own: a grandchild that keeps the pipe open must not hold the caller.
fn collect(
    pipe: ChildStdout,
    child: &mut Child,
    deadline: Instant,
    limit: Duration,
) -> Result<Vec<u8>, Failure> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.take(MAX_OUTPUT_BYTES + 1).read_to_end(&mut bytes);
        // Whoever waited may have given up.
        let _ = sender.send(read.map(|_| bytes));
    });
    let left = deadline.saturating_duration_since(Instant::now());
    let bytes = receiver.recv_timeout(left).map_err(|_| Failure::Late { limit })??;
    if bytes.len() as u64 > MAX_OUTPUT_BYTES {
        return Err(Failure::TooMuch);
    }
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(bytes),
            Some(status) => return Err(Failure::Status(status)),
            None if Instant::now() >= deadline => return Err(Failure::Late { limit }),
            // It has closed its output and is about to end.
            None => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// A program that reads only part of its input decides itself what it speaks.
fn write(mut pipe: ChildStdin, input: &str) {
    let _ = pipe.write_all(input.as_bytes());
}

/// The most that a speech command may write: an hour of 16-bit sound at 16 kHz.
const MAX_OUTPUT_BYTES: u64 = 115_200_000;
