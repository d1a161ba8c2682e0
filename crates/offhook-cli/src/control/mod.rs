//! The control socket: how the command line reaches a running server (RUN-31).
//!
//! A Unix socket that only the server's own user can use. Each connection carries one request and one response, each
//! a JSON object on a line.

mod listener;

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;

pub(crate) use listener::{Listener, started};

/// Name of the socket in the operating directory, where no setting says otherwise.
pub(crate) const SOCKET: &str = "offhook.sock";

/// What can be asked of a running server.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Request {
    /// Start one instance of an outbound service for each of the parameters (WEB-3).
    Start { service: String, parameters: Vec<String> },
}

/// What came of it.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Response {
    /// Instances that were started.
    pub(crate) started: usize,
    /// Why the others were not, for a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<String>,
}

/// Asks the server whose socket this is.
pub(crate) async fn ask(socket: &Path, request: &Request) -> anyhow::Result<Response> {
    let exchange = async {
        let mut stream = UnixStream::connect(socket).await.with_context(|| {
            format!(
                "no server answers at {}; is offhook serve running, and is this its control socket (--control)?",
                socket.display()
            )
        })?;
        stream.write_all(&line(request)).await.context("the server closed the connection")?;
        let response = read_line(&mut stream).await.context("the server closed the connection")?;
        serde_json::from_str(&response).context("the server's answer is of another version")
    };
    timeout(PATIENCE, exchange).await.context("the server does not answer")?
}

/// One line, as long as a message may be.
async fn read_line(stream: &mut UnixStream) -> std::io::Result<String> {
    let mut text = String::new();
    BufReader::new(stream.take(LONGEST_LINE)).read_line(&mut text).await?;
    Ok(text)
}

fn line(message: &impl Serialize) -> Vec<u8> {
    // Both messages are plain structs of text and numbers, which JSON can always hold.
    let mut line = serde_json::to_vec(message).unwrap_or_default();
    line.push(b'\n');
    line
}

const LONGEST_LINE: u64 = 4 << 20;
/// Starting thousands of instances takes a moment.
const PATIENCE: Duration = Duration::from_secs(30);
