//! What a test asks, as types.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::door;
use super::program;

/// The version of this protocol. Both ends come from one package, so that it only guards against a mixture.
pub(super) const VERSION: u32 = 1;

/// One request of a test.
#[derive(Debug, Deserialize)]
#[serde(tag = "method", content = "params")]
pub(crate) enum Request {
    /// The first request: sets the stage.
    #[serde(rename = "hall.open")]
    Open(Open),
    /// Starts a server for an application, in a worker of its own.
    #[serde(rename = "server.start")]
    Serve(Box<Serve>),
    /// Starts an instance of an outbound application.
    #[serde(rename = "service.start")]
    Start(Start),
    /// Lets a simulated person call.
    #[serde(rename = "call.start")]
    Call(Box<Call>),
    /// Puts up a telephone that can be called.
    #[serde(rename = "callee.start")]
    Callee(Box<Callee>),
    /// Says which calls a telephone has got.
    #[serde(rename = "callee.calls")]
    Calls(OneCallee),
    /// Lets time go on until a telephone has got more calls than so many, or the time is over.
    #[serde(rename = "callee.await")]
    Called(Called),
    /// Says everything that is known of an instance.
    #[serde(rename = "instance.status")]
    Instance(OneInstance),
    /// Lets time go on until `main` has ended, or the time is over.
    #[serde(rename = "instance.await")]
    Returned(Returned),
    /// Lets time go on until something has happened to a call, or the time is over.
    #[serde(rename = "call.await")]
    Await(Await),
    /// Lets the person at the telephone do something.
    #[serde(rename = "call.act")]
    Act(Act),
    /// Lets the person listen for something.
    #[serde(rename = "call.hears")]
    Hears(Hears),
    /// Writes down what the person saw and heard so far.
    #[serde(rename = "call.keep")]
    Keep(Keep),
    /// Says everything that is known of a call.
    #[serde(rename = "call.status")]
    Status(OneCall),
    /// Says with which request a call began.
    #[serde(rename = "call.invite")]
    Invite(OneCall),
    /// Lets time go on.
    #[serde(rename = "clock.wait")]
    Wait(Wait),
    /// Starts a server as `offhook serve` does.
    #[serde(rename = "server.serve")]
    Program(program::Serve),
    /// Starts instances of an outbound service, as `offhook start` does.
    #[serde(rename = "server.start_instances")]
    StartInstances(program::StartInstances),
    /// Ends a server and its workers.
    #[serde(rename = "server.stop")]
    Stop(program::Stop),
    /// Opens a port on the virtual network.
    #[serde(rename = "door.open")]
    OpenPort(door::Port),
    /// Closes one.
    #[serde(rename = "door.close")]
    ClosePort(door::Port),
    /// Sends datagrams from open ports, and lets time go on until some arrive.
    #[serde(rename = "door.pass")]
    Pass(door::Pass),
    /// Writes every packet from now on into a capture file.
    #[serde(rename = "hall.capture")]
    Capture(Capture),
    /// Says what time it is and what has gone over the network so far.
    #[serde(rename = "clock.now")]
    Now(Nothing),
}

/// No parameters.
#[derive(Debug, Deserialize)]
pub(crate) struct Nothing {}

#[derive(Debug, Deserialize)]
pub(crate) struct Open {
    /// Where all chance comes from.
    pub(crate) seed: u64,
    /// The Python interpreter of the workers.
    pub(crate) python: PathBuf,
    /// The folder that holds the package `offhook`; `None` takes the one inside this program.
    pub(crate) package: Option<PathBuf>,
    /// Where spoken texts are kept from one run to the next.
    pub(crate) speech_cache: Option<PathBuf>,
    /// How long application code may keep the clock standing, in seconds of real time.
    pub(crate) patience: f64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Serve {
    pub(crate) application: PathBuf,
    pub(crate) parameters: String,
    pub(crate) auto_ring: bool,
    /// Where media files lie; `None` takes the application's folder.
    pub(crate) media_root: Option<PathBuf>,
    /// The server's codec list (RING-50).
    pub(crate) codecs: Option<String>,
    /// The voice of the embedded speech engine.
    pub(crate) voice: Option<String>,
    /// How many extra channels an instance has (RUN-23).
    pub(crate) extra_channels: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Start {
    pub(crate) server: usize,
    /// What the application gets as its outbound parameters (RUN-7).
    pub(crate) parameters: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Call {
    pub(crate) server: usize,
    /// The user part of the called address.
    pub(crate) to: String,
    /// The user part of the caller's address.
    pub(crate) caller: String,
    pub(crate) codecs: Option<String>,
    pub(crate) sdp: bool,
    pub(crate) reliable: Reliable,
    pub(crate) headers: Vec<(String, String)>,
    /// Sends neither RTP nor RTCP.
    pub(crate) mute: bool,
    pub(crate) person: Person,
    /// Seconds after the INVITE at which an unanswered call is given up.
    pub(crate) gives_up_after: Option<f64>,
    /// Seconds after the answer.
    pub(crate) hangs_up_after: Option<f64>,
    pub(crate) link: Link,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Callee {
    /// A number, or `sip:user@host`.
    pub(super) address: String,
    /// Sends 180, or 183 with a session description.
    pub(super) early_media: bool,
    /// Seconds; `None` rings until the test answers.
    pub(super) answers_after: Option<f64>,
    /// Refuses every call with this status.
    pub(super) refuses: Option<i64>,
    /// Seconds after the answer; only with `answers_after`.
    pub(super) hangs_up_after: Option<f64>,
    pub(super) codecs: Option<String>,
    /// Sends neither RTP nor RTCP.
    pub(super) mute: bool,
    pub(super) person: Person,
    pub(super) link: Link,
}

/// Who is at a telephone.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Person {
    /// Somebody who says something by themselves, or nothing.
    #[serde(rename = "person")]
    Somebody {
        says: Option<Says>,
    },
    AnsweringMachine {
        greeting: Says,
        beep_hz: f64,
        beep_seconds: f64,
    },
    Fax,
}

/// Something that is said.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Says {
    Text(String),
    /// A WAV file.
    File(PathBuf),
}

/// What a caller says about reliable provisional responses (RFC 3262).
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reliable {
    Required,
    Supported,
    Absent,
}

/// A telephone's connection to the server, in both directions; times in seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Link {
    pub(crate) delay: f64,
    pub(crate) jitter: f64,
    pub(crate) loss: f64,
    pub(crate) duplicate: f64,
    pub(crate) reorder: f64,
    /// By how many millionths the media clock of the far end runs too fast.
    pub(crate) drift_ppm: f64,
    /// The far end sits behind a router with network address translation.
    pub(crate) nat: bool,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OneCall {
    pub(crate) call: usize,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OneCallee {
    pub(crate) callee: usize,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Called {
    pub(crate) callee: usize,
    /// So many calls are known to the test.
    pub(crate) more_than: usize,
    /// Seconds of virtual time.
    pub(crate) within: f64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct OneInstance {
    pub(crate) instance: usize,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Returned {
    pub(crate) instance: usize,
    /// Seconds of virtual time.
    pub(crate) within: f64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Await {
    pub(crate) call: usize,
    pub(crate) what: Event,
    /// Seconds of virtual time.
    pub(crate) within: f64,
}

/// What can be waited for.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Event {
    /// A response from 101 on.
    Response,
    Answered,
    /// The call is over.
    Ended,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Act {
    pub(crate) call: usize,
    pub(crate) act: Deed,
}

/// What a person at a telephone does.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Deed {
    /// Presses keys; a comma is a pause of half a second.
    Press(String),
    /// Speaks a text.
    Say(String),
    /// Plays a WAV file.
    Play(PathBuf),
    /// Answers a call that came.
    Answer,
    /// Refuses a call that came, with this status.
    Refuse(i64),
    /// CANCEL before the answer, BYE after it; a call that came and is not answered is refused with 480.
    HangUp,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Hears {
    pub(crate) call: usize,
    pub(crate) what: Expectation,
    /// It begins in so many seconds from now, or has come already since the last thing that was recognised.
    pub(crate) within: f64,
}

/// What is expected to be heard.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Expectation {
    /// A tone of the catalogue. `at_least` seconds of it are enough; `None` takes a whole pass.
    Tone { name: String, at_least: Option<f64> },
    /// A WAV file of the server's media root, or anywhere.
    File(String),
    /// What the server's speech engine makes of a text.
    Speech(String),
    /// One short tone.
    Beep,
    /// Nothing for so many seconds from now on.
    Silence(f64),
    /// Keys that the far end presses.
    Digits(String),
}

#[derive(Debug, Deserialize)]
pub(crate) struct Keep {
    pub(crate) call: usize,
    /// Where the files go.
    pub(crate) folder: PathBuf,
    /// The heading of the picture.
    pub(crate) title: String,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Capture {
    pub(crate) file: PathBuf,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Wait {
    pub(crate) seconds: f64,
}

/// Why a request has no result.
#[derive(Debug, Serialize)]
pub(crate) struct Problem {
    code: i64,
    message: String,
}

impl Problem {
    /// The request is not acceptable.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { code: -32602, message: message.into() }
    }

    /// The application cannot be run.
    pub(super) fn application(message: impl Into<String>) -> Self {
        Self { code: APPLICATION, message: message.into() }
    }

    /// Application code keeps the clock standing.
    pub(super) fn stuck(message: impl Into<String>) -> Self {
        Self { code: STUCK, message: message.into() }
    }

    /// Whether it is that the application cannot be run.
    pub(crate) fn is_of_application(&self) -> bool {
        self.code == APPLICATION
    }

    /// Whether it is that application code keeps the clock standing.
    pub(crate) fn is_stuck(&self) -> bool {
        self.code == STUCK
    }

    /// The machine or this program is at fault.
    pub(super) fn fault(error: &anyhow::Error) -> Self {
        Self { code: -32603, message: format!("{error:#}") }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

/// Reads one line: the id of the request and what is asked.
pub(super) fn parse(line: &str) -> Result<(Value, Request), (Value, Problem)> {
    let message: Value =
        serde_json::from_str(line).map_err(|error| (Value::Null, Problem::usage(error.to_string())))?;
    let id = message.get("id").cloned().unwrap_or(Value::Null);
    match Request::deserialize(message) {
        Ok(request) => Ok((id, request)),
        Err(error) => Err((id, Problem::usage(error.to_string()))),
    }
}

const APPLICATION: i64 = -4;
const STUCK: i64 = -32010;
