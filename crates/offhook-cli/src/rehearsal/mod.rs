//! `offhook rehearse`: the test server. Applications run in real workers, the server is the real one; only the network
//! and the clock are simulated, and a test in another process says what the callers do.
//!
//! The test talks to it over standard input and output, JSON-RPC 2.0, one message a line, as workers do
//! ([`protocol`]). Each request is one piece of the simulation: while none is being carried out, everything in here
//! stands still, its clock too. `offhook.testing` in the Python package is the other end; the tests of this program
//! have a user agent of their own, which comes in by the [`door`].

mod callees;
mod calls;
mod capture_file;
mod door;
mod fingerprint;
mod hall;
mod hearing;
mod keepsake;
mod lines;
mod loading;
mod people;
mod program;
mod protocol;
mod runs;

use std::io::{BufRead, Write};

use anyhow::Context;
use serde_json::{Value, json};

pub(crate) use self::calls::{PersonsCall, start as start_call};
pub(crate) use self::hall::Hall;
pub(crate) use self::protocol::{Call, Deed, Link, Open, Person, Problem, Reliable, Request, Serve};

/// Serves requests from standard input until it ends.
pub(crate) fn run() -> anyhow::Result<()> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let mut hall = None;
    let mut line = String::new();
    while input.read_line(&mut line).context("the test cannot be read")? > 0 {
        let (id, result) = match protocol::parse(&line) {
            Ok((id, Request::Open(open))) => (
                id,
                Hall::open(open, None).map(|opened| {
                    hall = Some(opened);
                    json!({"version": protocol::VERSION})
                }),
            ),
            Ok((id, request)) => {
                let result = match &mut hall {
                    Some(hall) => hall.carry_out(request),
                    None => Err(Problem::usage("the first request is not hall.open")),
                };
                (id, result)
            }
            Err((id, problem)) => (id, Err(problem)),
        };
        write(&mut output, id, &result)?;
        line.clear();
    }
    if let Some(hall) = hall {
        hall.close();
    }
    Ok(())
}

fn write(output: &mut impl Write, id: Value, result: &Result<Value, Problem>) -> anyhow::Result<()> {
    let message = match result {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(problem) => json!({"jsonrpc": "2.0", "id": id, "error": problem}),
    };
    writeln!(output, "{message}").and_then(|()| output.flush()).context("the test is gone")
}
