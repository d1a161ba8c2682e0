//! `offhook start`: starts instances of an outbound service on a running server (RUN-31, WEB-3).

use crate::cli::Start;
use crate::command::Ending;
use crate::control::{self, Request, SOCKET};
use crate::terminal::{Colour, line, paint};

/// Asks the server and says what came of it.
pub(super) async fn run(arguments: Start) -> anyhow::Result<Ending> {
    let parameters = arguments.instances();
    let asked = parameters.len();
    let socket = arguments.control.unwrap_or_else(|| SOCKET.into());
    let request = Request::Start { service: arguments.service.clone(), parameters };
    let response = control::ask(&socket, &request).await?;
    let instances = if response.started == 1 { "instance" } else { "instances" };
    line(&format!("started {} {instances} of {}", response.started, arguments.service));
    let Some(problem) = response.problem else { return Ok(Ending::Done) };
    eprintln!(
        "{} {} of {asked} not started: {problem}",
        paint(Colour::Red, "error:"),
        asked - response.started
    );
    Ok(Ending::NotAsAsked)
}
