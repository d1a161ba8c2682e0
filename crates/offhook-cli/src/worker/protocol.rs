//! The messages of `docs/worker-protocol.md` as types: what a worker may ask, and what the server writes.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::journal::{Place, Site, Source};
use super::operation::Operation;

/// The version that this server speaks.
pub(crate) const VERSION: u32 = 1;

/// The longest line, line feed included.
pub(crate) const LINE_BYTES: usize = 1 << 20;

/// One line from a worker, sorted by what it is.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// It asks for something and waits for the answer.
    Request { id: u64, method: String, request: Result<Request, RpcError>, noted: Option<Box<Noted>> },
    /// It tells something. Unknown notifications are `None` and ignored.
    Notification(Option<Notification>),
    /// It answers what we asked.
    Response { id: u64, result: Result<Value, RpcError> },
}

/// What a probed worker says with a request: its parameters as they are, and where the application stands.
#[derive(Debug)]
pub(crate) struct Noted {
    pub(crate) params: Value,
    pub(crate) place: Place,
}

/// What a worker asks.
#[derive(Debug)]
pub(crate) enum Request {
    /// An operation on a channel.
    Operation { channel: String, operation: Operation },
    /// `main` is over.
    InstanceEnd(InstanceEnd),
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct InstanceEnd {
    pub(crate) instance: String,
    pub(crate) return_code: i64,
    pub(crate) exception: Option<String>,
    pub(crate) hangup: bool,
    /// Only of a probed worker.
    #[serde(default)]
    pub(crate) traceback: Option<String>,
    /// Only of a probed worker: the states of its channels, the primary one first, as `main` left them.
    #[serde(default)]
    pub(crate) states: Vec<String>,
}

/// What a worker tells.
#[derive(Debug)]
pub(crate) enum Notification {
    Hello(Hello),
    Log(LogLine),
    Cancel {
        id: u64,
    },
    /// Only under a virtual clock: a thread of the application begins or ends.
    Thread(ThreadChange),
    /// Only under a virtual clock: an instance is a task of the worker's event loop.
    Loop {
        instance: String,
    },
    /// Only under a virtual clock: the event loop has done all that these responses have set going.
    Settled {
        ids: Vec<u64>,
    },
    /// Only of a probed worker: what stands in a file of the application.
    Source(Source),
    /// Only of a probed worker: where application code is at work.
    At {
        sites: Vec<Site>,
    },
}

#[derive(Debug, Deserialize)]
pub(crate) struct ThreadChange {
    pub(crate) instance: String,
    pub(crate) begins: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Hello {
    pub(crate) protocol: u32,
    pub(crate) python: String,
    pub(crate) pid: u32,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LogLine {
    pub(crate) instance: Option<String>,
    pub(crate) level: crate::logs::Level,
    pub(crate) text: String,
}

/// The worker's answer to `application.load`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Loaded {
    pub(crate) form: Form,
    pub(crate) is_async: bool,
    pub(crate) version: Option<String>,
}

/// RUN-3; `Common` is a module that only applications import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Form {
    Short,
    Inbound,
    Outbound,
    Common,
}

/// Section 6: a code, a message for a person, and what the exception will be.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub(crate) struct RpcError {
    pub(crate) code: i64,
    pub(crate) message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<ErrorData>,
}

#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub(crate) struct ErrorData {
    pub(crate) kind: Cow<'static, str>,
    pub(crate) state: Cow<'static, str>,
}

/// The codes that this server writes.
pub(crate) mod code {
    pub(crate) const HANGUP: i64 = -32000;
    pub(crate) const WRONG_STATE: i64 = -32001;
    pub(crate) const BAD_ARGUMENT: i64 = -32002;
    pub(crate) const BUSY: i64 = -32003;
    pub(crate) const MEDIA: i64 = -32004;
    pub(crate) const FAULT: i64 = -32005;
    pub(crate) const CANCELLED: i64 = -32006;
    pub(crate) const UNKNOWN_METHOD: i64 = -32601;
    pub(crate) const BAD_PARAMETERS: i64 = -32602;
}

impl RpcError {
    /// An error of the JSON-RPC layer, outside any call.
    pub(super) fn protocol(code: i64, message: String) -> Self {
        Self { code, message, data: Some(ErrorData { kind: "Error".into(), state: "IDLE".into() }) }
    }

    /// The channel of an operation is not known.
    pub(crate) fn unknown_channel(channel: &str) -> Self {
        Self::protocol(code::BAD_PARAMETERS, format!("no channel {channel:?} in this worker"))
    }

    /// The instance that ends is not known.
    pub(crate) fn unknown_instance(instance: &str) -> Self {
        Self::protocol(code::BAD_PARAMETERS, format!("no instance {instance:?} in this worker"))
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A line that is not a message; the connection is closed on it.
#[derive(Debug)]
pub(crate) struct NotAMessage(String);

impl fmt::Display for NotAMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a line is not a JSON-RPC 2.0 message: {}", self.0)
    }
}

impl std::error::Error for NotAMessage {}

impl Incoming {
    /// Reads one line.
    pub(crate) fn parse(line: &[u8]) -> Result<Self, NotAMessage> {
        #[derive(Deserialize)]
        struct Message<'a> {
            jsonrpc: Cow<'a, str>,
            #[serde(default)]
            id: Option<u64>,
            #[serde(borrow, default)]
            method: Option<Cow<'a, str>>,
            #[serde(borrow, default)]
            params: Option<&'a RawValue>,
            #[serde(default)]
            place: Option<Place>,
            #[serde(borrow, default)]
            result: Option<&'a RawValue>,
            #[serde(default)]
            error: Option<RpcError>,
        }
        let message: Message<'_> =
            serde_json::from_slice(line).map_err(|error| NotAMessage(error.to_string()))?;
        if message.jsonrpc != "2.0" {
            return Err(NotAMessage(format!("jsonrpc is {:?}, accepted is \"2.0\"", message.jsonrpc)));
        }
        let params = message.params.map_or("{}", RawValue::get);
        match (message.id, message.method, message.result, message.error) {
            (Some(id), Some(method), None, None) => {
                let request = Request::parse(&method, params);
                let noted = message.place.map(|place| {
                    Box::new(Noted {
                        // What the request was read from is JSON.
                        params: serde_json::from_str(params).unwrap_or_default(),
                        place,
                    })
                });
                Ok(Self::Request { id, method: method.into_owned(), request, noted })
            }
            (None, Some(method), None, None) => Ok(Self::Notification(Notification::parse(&method, params)?)),
            (Some(id), None, Some(result), None) => {
                let result = serde_json::from_str(result.get()).map_err(|e| NotAMessage(e.to_string()))?;
                Ok(Self::Response { id, result: Ok(result) })
            }
            (Some(id), None, None, Some(error)) => Ok(Self::Response { id, result: Err(error) }),
            _ => Err(NotAMessage("it is neither a request, nor a notification, nor a response".into())),
        }
    }
}

impl Request {
    fn parse(method: &str, params: &str) -> Result<Self, RpcError> {
        #[derive(Deserialize)]
        struct Channel {
            channel: String,
        }
        fn read<'a, T: Deserialize<'a>>(method: &str, params: &'a str) -> Result<T, RpcError> {
            serde_json::from_str(params)
                .map_err(|error| RpcError::protocol(code::BAD_PARAMETERS, format!("{method}: {error}")))
        }
        if method == "instance.end" {
            return Ok(Self::InstanceEnd(read(method, params)?));
        }
        let operation = Operation::parse(method, params)?;
        let Channel { channel } = read(method, params)?;
        Ok(Self::Operation { channel, operation })
    }
}

impl Notification {
    /// `None` for a method that is not known: such a notification is ignored.
    fn parse(method: &str, params: &str) -> Result<Option<Self>, NotAMessage> {
        #[derive(Deserialize)]
        struct Id {
            id: u64,
        }
        #[derive(Deserialize)]
        struct Ids {
            ids: Vec<u64>,
        }
        #[derive(Deserialize)]
        struct Sites {
            sites: Vec<Site>,
        }
        #[derive(Deserialize)]
        struct OneInstance {
            instance: String,
        }
        let wrong = |error: serde_json::Error| NotAMessage(format!("{method}: {error}"));
        Ok(Some(match method {
            "worker.hello" => Self::Hello(serde_json::from_str(params).map_err(wrong)?),
            "log" => Self::Log(serde_json::from_str(params).map_err(wrong)?),
            "clock.loop" => {
                Self::Loop { instance: serde_json::from_str::<OneInstance>(params).map_err(wrong)?.instance }
            }
            "clock.settled" => Self::Settled { ids: serde_json::from_str::<Ids>(params).map_err(wrong)?.ids },
            "probe.source" => Self::Source(serde_json::from_str(params).map_err(wrong)?),
            "probe.at" => Self::At { sites: serde_json::from_str::<Sites>(params).map_err(wrong)?.sites },
            "clock.thread" => Self::Thread(serde_json::from_str(params).map_err(wrong)?),
            "$/cancel" => Self::Cancel { id: serde_json::from_str::<Id>(params).map_err(wrong)?.id },
            _ => return Ok(None),
        }))
    }
}

/// One line of ours, with its line feed.
pub(crate) fn request(id: u64, method: &str, params: &Value) -> Vec<u8> {
    line(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
}

/// One line of ours, with its line feed.
pub(crate) fn notification(method: &str, params: &Value) -> Vec<u8> {
    line(&json!({"jsonrpc": "2.0", "method": method, "params": params}))
}

/// One line of ours, with its line feed.
pub(crate) fn response(id: u64, result: &Result<Value, RpcError>) -> Vec<u8> {
    line(&match result {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(error) => json!({"jsonrpc": "2.0", "id": id, "error": error}),
    })
}

fn line(message: &Value) -> Vec<u8> {
    let mut line = message.to_string().into_bytes();
    line.push(b'\n');
    line
}

/// What `worker.configure` says.
pub(crate) struct Configure<'a> {
    pub(crate) media_root: &'a str,
    pub(crate) operating_directory: &'a str,
    pub(crate) log_level: &'a str,
    pub(crate) max_threads: usize,
    pub(crate) tones: &'a [String],
}

impl Configure<'_> {
    pub(crate) fn params(&self) -> Value {
        json!({
            "protocol": VERSION,
            "media_root": self.media_root,
            "operating_directory": self.operating_directory,
            "log_level": self.log_level,
            "max_threads": self.max_threads,
            "tones": self.tones,
        })
    }
}
