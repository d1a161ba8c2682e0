//! Everything that the server writes to a worker, against `docs/worker-protocol.schema.json`; and workers that break
//! the protocol.

mod support;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::{Serving, call, caller, final_status, name_and_code, soon};

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/worker-protocol.schema.json");
    serde_json::from_str(&std::fs::read_to_string(path).expect("the schema is there"))
        .expect("the schema is JSON")
}

/// A validator of one definition of the schema.
fn definition(name: &str) -> jsonschema::Validator {
    let mut schema = schema();
    let map = schema.as_object_mut().expect("an object");
    map.remove("anyOf");
    // A JSON pointer in a URI fragment.
    map.insert("$ref".into(), json!(format!("#/$defs/{}", name.replace('$', "%24"))));
    jsonschema::validator_for(&schema).expect("the schema is a schema")
}

fn in_place_of_python(folder: &Path, script: &str) -> PathBuf {
    let path = folder.join("worker");
    std::fs::write(&path, script).expect("a file");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&path, mode).expect("executable");
    path
}

/// GEN-17, ST-6: requests, notifications, results and errors of the server have the form of the schema; giving up an
/// operation stops its job; a change of the state comes before the result of the operation that caused it.
#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_the_server_has_the_form_of_the_schema() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = folder.path().join("record.jsonl");
    let script = include_str!("support/recording_worker.py")
        .replace("os.environ[\"RECORD\"]", &format!("{:?}", record.to_string_lossy()));
    let worker = in_place_of_python(folder.path(), &script);
    std::fs::create_dir(folder.path().join("Applications")).expect("a folder in it");
    support::write(&folder.path().join("Applications"), "script.py", "");
    let mut serving = Serving::start_in(folder, &["--workers", "1", "--python", &worker.to_string_lossy()]);
    let caller = caller().await;
    let scripted = call(&caller, &serving, "script").await;
    final_status(&scripted).await;
    serving.stop().await;

    let text = std::fs::read_to_string(serving.folder.path().join("record.jsonl")).expect("a record");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let to_worker = definition("toWorker");
    let (mut asked, mut methods, mut codes) = (HashMap::new(), HashSet::new(), HashSet::new());
    for line in &lines {
        let message = &line["message"];
        if line["direction"] == "asked" {
            asked.insert(message["id"].as_u64().expect("an id"), message["method"].as_str().expect("a name"));
            continue;
        }
        if let Err(error) = to_worker.validate(message) {
            panic!("{error}: {message}");
        }
        if let Some(method) = message["method"].as_str() {
            methods.insert(method.to_owned());
        } else if let Some(result) = message.get("result") {
            let method = asked[&message["id"].as_u64().expect("an id")];
            let expected = definition(&format!("{method}.result"));
            if let Err(error) = expected.validate(result) {
                panic!("{method}: {error}: {result}");
            }
        } else {
            codes.insert(message["error"]["code"].as_i64().expect("a code"));
        }
    }
    for method in [
        "worker.configure",
        "application.load",
        "instance.start",
        "channel.state",
        "player.state",
        "worker.ping",
    ] {
        assert!(methods.contains(method), "{method} was not seen: {methods:?}");
    }
    for code in [-32000, -32001, -32002, -32003, -32004, -32006, -32601] {
        assert!(codes.contains(&code), "{code} was not seen: {codes:?}");
    }
    let own_words = lines.iter().any(|line| line["message"]["error"]["message"] == "my own words");
    assert!(own_words, "RING-33: the worker's own words come back unchanged");
    let aborted = lines.iter().any(|line| line["message"]["result"]["cause"] == "ABORTED");
    assert!(aborted, "GEN-17: a job that nobody waits for any more is stopped");
    states_come_before_results(&lines);
    assert_eq!(
        serving.records().iter().map(|record| name_and_code(record)).collect::<Vec<_>>(),
        [("script".into(), 5)]
    );
}

/// The state in a result is the one that the last `channel.state` told, whenever there was one.
fn states_come_before_results(lines: &[Value]) {
    let mut told = "CALL_INCOMING".to_owned();
    let mut checked = 0;
    for line in lines.iter().filter(|line| line["direction"] == "received") {
        let message = &line["message"];
        if message["method"] == "channel.state" {
            message["params"]["state"].as_str().expect("a state").clone_into(&mut told);
        } else if let Some(state) = message["result"]["state"].as_str() {
            assert_eq!(state, told, "{message}");
            checked += 1;
        }
    }
    assert!(checked >= 5, "{checked} results had a state");
}

/// RUN-32: a worker that breaks the protocol is ended like one that died; its call gets 500.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_breaks_the_protocol_is_ended() {
    for (what, nonsense) in [
        ("no JSON", "b'hello\\n'"),
        ("another version of JSON-RPC", "b'{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"x\"}\\n'"),
        ("neither request nor response", "b'{\"jsonrpc\":\"2.0\"}\\n'"),
        ("a line without end", "b'x' * 2_000_000"),
        ("no UTF-8", "b'\\xff\\xfe\\n'"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let script = include_str!("support/recording_worker.py")
            .replace("os.environ[\"RECORD\"]", "os.devnull")
            .replace(
                "        operate(channel, remaining, number)\n    elif method == \"worker.stop\"",
                &format!("        connection.sendall({nonsense})\n    elif method == \"worker.stop\""),
            );
        assert!(script.contains("sendall(b'"), "the script was changed");
        let worker = in_place_of_python(folder.path(), &script);
        std::fs::create_dir(folder.path().join("Applications")).expect("a folder in it");
        support::write(&folder.path().join("Applications"), "script.py", "");
        let serving = Serving::start_in(folder, &["--workers", "1", "--python", &worker.to_string_lossy()]);
        let caller = caller().await;
        assert_eq!(final_status(&call(&caller, &serving, "script").await).await, 500, "{what}");
    }
}

/// An end without a beginning, and a worker of another version, are told at the start.
#[test]
fn a_worker_that_does_not_start_is_told_with_its_last_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let application = support::write(folder.path(), "app.py", "def main(channel): pass\n");
    let dies = in_place_of_python(folder.path(), "#!/bin/sh\necho 'no module named this' >&2\nexit 1\n");
    let ran = support::run(&["check", &application, "--python", &dies.to_string_lossy()]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("no module named this") && ran.err.contains("exit status: 1"), "{}", ran.err);

    let script = include_str!("support/recording_worker.py").replace("\"protocol\": 1", "\"protocol\": 99");
    let script = script.replace("os.environ[\"RECORD\"]", "os.devnull");
    let newer = in_place_of_python(folder.path(), &script);
    let ran = support::run(&["check", &application, "--python", &newer.to_string_lossy()]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("version 99") && ran.err.contains("version 1"), "{}", ran.err);
}

/// A worker that no longer reads is given up when too much waits for it; it cannot make the server's memory grow.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_does_not_read_is_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    // Asks without end, and reads nothing of what is answered.
    let flood = "        request = json.dumps({\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"channel.details\", \
                 \"params\": {\"channel\": channel}}).encode() + b\"\\n\"\n        while True:\n            \
                 connection.sendall(request * 100)\n    elif method == \"worker.stop\"";
    let script = include_str!("support/recording_worker.py")
        .replace("os.environ[\"RECORD\"]", "os.devnull")
        .replace("        operate(channel, remaining, number)\n    elif method == \"worker.stop\"", flood);
    assert!(script.contains("request * 100"), "the script was changed");
    let worker = in_place_of_python(folder.path(), &script);
    std::fs::create_dir(folder.path().join("Applications")).expect("a folder in it");
    support::write(&folder.path().join("Applications"), "script.py", "");
    let mut serving = Serving::start_in(folder, &["--workers", "1", "--python", &worker.to_string_lossy()]);
    let caller = caller().await;
    assert_eq!(soon("the refusal", final_status(&call(&caller, &serving, "script").await)).await, 500);
    let ended = serving.stop().await;
    assert!(ended.err.contains("does not read"), "{}", ended.err);
}
