//! The server's end of the control socket.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use super::{Request, Response, line, read_line};

/// Takes requests; dropping it removes the socket.
#[derive(Debug)]
pub(crate) struct Listener {
    listener: UnixListener,
    path: PathBuf,
}

/// Why there is no control socket.
#[derive(Debug)]
pub(crate) enum ListenError {
    /// Another server uses it.
    Taken { path: PathBuf },
    /// The file system does not allow it.
    Refused { path: PathBuf, error: io::Error },
}

impl std::fmt::Display for ListenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Taken { path } => write!(
                f,
                "another server has the control socket {}; choose another with --control",
                path.display()
            ),
            Self::Refused { path, error } => write!(
                f,
                "the control socket {} could not be made: {error}; choose another with --control",
                path.display()
            ),
        }
    }
}

impl std::error::Error for ListenError {}

impl Listener {
    /// Makes the socket, in the place of one that a server left behind when it was killed.
    pub(crate) fn bind(path: &Path) -> Result<Self, ListenError> {
        let refused = |error| ListenError::Refused { path: path.to_owned(), error };
        if StdUnixStream::connect(path).is_ok() {
            return Err(ListenError::Taken { path: path.to_owned() });
        }
        if fs::symlink_metadata(path).is_ok_and(|found| is_socket(&found)) {
            fs::remove_file(path).map_err(refused)?;
        }
        let listener = UnixListener::bind(path).map_err(refused)?;
        fs::set_permissions(path, Permissions::from_mode(0o600)).map_err(refused)?;
        Ok(Self { listener, path: path.to_owned() })
    }

    /// Serves requests for ever. `start` starts one instance of a service with these parameters, or says why not.
    pub(crate) async fn serve(
        &self,
        start: impl Fn(&str, &str) -> Result<(), String> + Send + Sync + 'static,
    ) {
        let start = Arc::new(start);
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let start = Arc::clone(&start);
                    tokio::spawn(async move { timeout(PATIENCE, serve_one(stream, &*start)).await });
                }
                Err(error) => {
                    // Out of files, for example: it passes.
                    tracing::warn!(%error, "a request on the control socket could not be taken");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // The folder may be gone already.
        let _ = fs::remove_file(&self.path);
    }
}

async fn serve_one(
    mut stream: UnixStream,
    start: &impl Fn(&str, &str) -> Result<(), String>,
) -> io::Result<()> {
    let text = read_line(&mut stream).await?;
    let response = match serde_json::from_str(&text) {
        Ok(Request::Start { service, parameters }) => started(&service, &parameters, start),
        Err(error) => {
            Response { started: 0, problem: Some(format!("the request is not understood: {error}")) }
        }
    };
    stream.write_all(&line(&response)).await
}

/// Starts one instance for each of the parameters, until one is refused.
pub(crate) fn started(
    service: &str,
    parameters: &[String],
    start: impl Fn(&str, &str) -> Result<(), String>,
) -> Response {
    for (started, each) in parameters.iter().enumerate() {
        if let Err(problem) = start(service, each) {
            return Response { started, problem: Some(problem) };
        }
    }
    tracing::info!(service, instances = parameters.len(), "started by request");
    Response { started: parameters.len(), problem: None }
}

fn is_socket(found: &fs::Metadata) -> bool {
    use std::os::unix::fs::FileTypeExt;
    found.file_type().is_socket()
}

/// What a client gets to say what it wants.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::super::ask;
    use super::*;

    fn request(parameters: &[&str]) -> Request {
        Request::Start {
            service: "remind".into(),
            parameters: parameters.iter().map(|each| (*each).to_owned()).collect(),
        }
    }

    /// RUN-31: instances are started until one is refused, and the answer says how many.
    #[tokio::test]
    async fn a_request_starts_instances_until_one_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("control");
        let listener = Listener::bind(&path).expect("free");
        let start = |service: &str, parameters: &str| match (service, parameters) {
            ("remind", "bad") => Err("not this one".to_owned()),
            ("remind", _) => Ok(()),
            _ => Err("no such service".to_owned()),
        };
        let client = async {
            let all = ask(&path, &request(&["a", "b"])).await.expect("answered");
            assert_eq!(all, Response { started: 2, problem: None });
            let some = ask(&path, &request(&["a", "bad", "c"])).await.expect("answered");
            assert_eq!(some, Response { started: 1, problem: Some("not this one".into()) });
        };
        tokio::select! {
            () = listener.serve(start) => {}
            () = client => {}
        }
        drop(listener);
        let error = ask(&path, &request(&["a"])).await.expect_err("nobody listens");
        assert!(error.to_string().contains("--control"), "{error}");
    }

    #[tokio::test]
    async fn a_socket_left_behind_is_replaced_and_one_in_use_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("control");
        drop(std::os::unix::net::UnixListener::bind(&path).expect("free"));
        assert!(path.exists(), "a socket outlives its listener");
        let listener = Listener::bind(&path).expect("left behind");
        let taken = Listener::bind(&path).expect_err("in use").to_string();
        assert!(taken.contains("another server"), "{taken}");
        drop(listener);
        assert!(!path.exists());
        fs::write(&path, "something else").expect("a file");
        assert!(Listener::bind(&path).is_err(), "no other file is replaced");
    }
}
