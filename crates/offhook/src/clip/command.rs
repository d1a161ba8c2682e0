//! Programs that write sound: run with a limit on their time and on what they write.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Runs a program and returns what it wrote to its standard output; `input` goes to its standard
/// input. Blocks, on the real clock: a program takes its time whatever a simulation's clock says.
///
/// # Errors
///
/// The program cannot be started, fails, writes too much, or has not ended in time; then it is killed.
pub(super) fn output(command: &[String], input: Option<String>, limit: Duration) -> Result<Vec<u8>, String> {
    let deadline = Instant::now() + limit;
    let (program, arguments) = command.split_first().ok_or("the speech command is empty")?;
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let (Some(input), Some(pipe)) = (input, child.stdin.take()) {
        thread::spawn(move || write(pipe, &input));
    }
    let outcome = match child.stdout.take() {
        Some(pipe) => collect(pipe, &mut child, deadline),
        None => Err("has no standard output".to_owned()),
    };
    if outcome.is_err() {
        // It may have ended by itself meanwhile.
        let _ = child.kill();
        let _ = child.wait();
    }
    outcome.map_err(|error| match error.as_str() {
        LATE => format!("has not ended within {} s", limit.as_secs_f64()),
        _ => error,
    })
}

/// Reads on a thread of its own: a grandchild that keeps the pipe open must not hold the caller.
fn collect(pipe: ChildStdout, child: &mut Child, deadline: Instant) -> Result<Vec<u8>, String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = pipe.take(MAX_OUTPUT_BYTES + 1).read_to_end(&mut bytes);
        // Whoever waited may have given up.
        let _ = sender.send(read.map(|_| bytes));
    });
    let left = deadline.saturating_duration_since(Instant::now());
    let bytes = receiver.recv_timeout(left).map_err(|_| LATE)?.map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_OUTPUT_BYTES {
        return Err(format!("has written more than {MAX_OUTPUT_BYTES} bytes"));
    }
    loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) if status.success() => return Ok(bytes),
            Some(status) => return Err(status.to_string()),
            None if Instant::now() >= deadline => return Err(LATE.to_owned()),
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

const LATE: &str = "late";
