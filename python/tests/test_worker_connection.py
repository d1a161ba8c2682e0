"""The worker's end of the protocol: order, errors, a server that does not read, and what is no message."""

from __future__ import annotations

import os
import platform
import threading
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from offhook._wire import LONGEST_LINE, ProtocolError, Wire
from offhook.uas import Error
from support.peer import ChannelPeer, WorkerPeer
from support.protocol import PATIENCE, SCHEMA
from support.threads import Running


def test_the_schema_is_valid() -> None:
    """The machine-readable description is itself valid, in draft 2020-12."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_every_method_of_the_schema_is_described() -> None:
    """The page and the schema name the same methods."""
    page = (Path(__file__).parents[2] / "docs" / "worker-protocol.md").read_text()
    methods = [
        definition["properties"]["method"]["const"]
        for definition in SCHEMA["$defs"].values()
        if "method" in definition.get("properties", {})
    ]
    assert len(methods) > 20
    assert [method for method in methods if method not in page] == []


def test_hello_comes_first_and_names_the_versions(worker: WorkerPeer) -> None:
    """The worker introduces itself."""
    assert worker.hello == {"protocol": 1, "python": platform.python_version(), "pid": os.getpid()}


def test_an_unknown_request_is_refused_and_an_unknown_notification_ignored(worker: WorkerPeer) -> None:
    """A later server may know more."""
    worker.server.send_raw(b'{"jsonrpc":"2.0","method":"worker.later","params":{}}\n')
    worker.server.send_raw(b'{"jsonrpc":"2.0","id":99,"method":"worker.much_later","params":{}}\n')
    response = worker.server._next(lambda message: message.get("id") == 99, "a refusal")
    assert response["error"]["code"] == -32601


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense\n",
        b"[]\n",
        b"\xff\xfe\n",
        b"x" * LONGEST_LINE,
        b'{"jsonrpc":"2.0","method":"channel.state","params":{}}\n',
        b'{"jsonrpc":"2.0","method":"instance.start","params":5}\n',
        b'{"jsonrpc":"2.0","id":5,"method":"application.load"}\n',
    ],
)
def test_a_line_that_breaks_the_protocol_ends_the_worker(line: bytes) -> None:
    """Nothing more can be trusted after it."""
    failing = WorkerPeer()
    sending = Running(failing.server.send_raw, line)
    with pytest.raises(ProtocolError):
        failing.running.result()
    sending.result()
    failing.server.close()


def test_an_operating_directory_that_is_missing_is_refused(worker: WorkerPeer, tmp_path: Path) -> None:
    """The server is told why, and may try again."""
    params = {
        "protocol": 1,
        "media_root": str(tmp_path),
        "operating_directory": str(tmp_path / "missing"),
        "log_level": "info",
        "max_threads": 1,
        "tones": [],
    }
    error = worker.server.request("worker.configure", params)["error"]
    assert error["code"] == -32602
    assert "missing', which cannot be entered: No such file or directory" in error["message"]
    worker.configure()


def test_messages_that_arrive_in_pieces_are_put_together(peer: ChannelPeer) -> None:
    """A line is a message, whatever the reads."""
    running = Running(peer.channel.answer)
    request = peer.server.expect("channel.answer")
    line = b'{"jsonrpc":"2.0","id":%d,"result":{"state":"ANSWERED"}}\n' % request["id"]
    for octet in line:
        peer.server.send_raw(bytes([octet]))
    assert running.result() is peer.channel.State.ANSWERED


def test_responses_may_come_in_any_order(peer: ChannelPeer) -> None:
    """Each waiting thread gets its own."""
    channels = [peer.make_channel() for _ in range(20)]
    running = [Running(channel.wait_for_idle, index) for index, channel in enumerate(channels)]
    requests = [peer.server.expect("channel.wait_for_idle") for _ in channels]
    for request in sorted(requests, key=lambda each: -each["params"]["seconds"]):
        state = "IDLE" if request["params"]["seconds"] % 2 else "ANSWERED"
        peer.server.respond(request, {"state": state})
    states = [each.result().name for each in running]
    assert states == ["IDLE" if index % 2 else "ANSWERED" for index in range(20)]


def test_a_response_that_nobody_awaits_is_ignored(peer: ChannelPeer) -> None:
    """Nor does a response without an id disturb anybody."""
    peer.server.send_raw(b'{"jsonrpc":"2.0","id":4711,"result":{}}\n')
    peer.server.send_raw(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600,"message":"what?"}}\n')
    running = Running(peer.channel.ring)
    peer.server.respond(peer.server.expect("channel.ring"), {"state": "RING_INCOMING"})
    running.result()


def test_a_message_that_is_too_long_is_refused_before_it_is_sent(peer: ChannelPeer) -> None:
    """GEN-11: the connection stays as it was."""
    channel = peer.in_state("ANSWERED")
    with pytest.raises(Error, match="too long to be sent"):
        channel.FilePlayer.say("x" * LONGEST_LINE)
    running = Running(channel.FilePlayer.say, "x" * (LONGEST_LINE // 2))
    peer.server.respond(peer.server.expect("file_player.play"), {"cause": "NORMAL"})
    running.result()


def test_a_server_that_does_not_read_holds_up_nobody_who_does_not_ask_it(worker: WorkerPeer) -> None:
    """LOG-3, GEN-14: logging does not block; what is too much is dropped, counted, and reported."""
    log = worker.worker._log("i-1")
    lines = 400
    for number in range(lines):
        log.info(f"{number:06} " + "x" * 60000)
    texts: list[str] = []
    while not texts or not texts[-1].startswith("last"):
        message: dict[str, Any] = worker.server.expect("log")
        texts.append(message["params"]["text"])
        if len(texts) == 10:
            # There is room again.
            while worker.worker._wire._backlog:
                texts.append(worker.server.expect("log")["params"]["text"])
            log.info("last")
    kept = [text for text in texts if text[:6].isdigit()]
    assert kept == sorted(kept)
    notes = [text for text in texts if "log lines were dropped" in text]
    assert len(notes) == 1
    assert int(notes[0].split()[0]) + len(kept) == lines


def test_many_threads_share_the_connection(peer: ChannelPeer) -> None:
    """GEN-13, GEN-14: nothing is lost, mixed up or blocked, and reading states meanwhile never waits."""
    count, rounds = 16, 20
    channels = [peer.in_state("ANSWERED") for _ in range(count)]
    stopped = threading.Event()

    def look() -> int:
        looks = 0
        while not stopped.is_set():
            for channel in channels:
                channel.state()
                channel.cause()
                channel.FilePlayer.state()
                _ = channel.Details.duration
            looks += 1
        return looks

    def use(channel: Any) -> None:
        for number in range(rounds):
            cause = channel.FilePlayer.say(f"{channel._id} {number}")
            assert cause.name == "NORMAL"

    looking = Running(look)
    using = [Running(use, channel) for channel in channels]
    seen: dict[str, list[str]] = {channel._id: [] for channel in channels}
    for _ in range(count * rounds):
        request = peer.server.expect("file_player.play")
        name = request["params"]["channel"]
        seen[name].append(request["params"]["media"]["text"])
        peer.server.send_player("PLAYING", "NONE", channel=name)
        peer.server.send_player("IDLE", "NORMAL", channel=name)
        peer.server.respond(request, {"cause": "NORMAL"})
    for each in using:
        each.result()
    stopped.set()
    assert looking.result() > 0
    assert all(texts == [f"{name} {number}" for number in range(rounds)] for name, texts in seen.items())


def test_messages_of_many_threads_go_out_in_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who finds another thread writing leaves its line to it."""
    writes: list[bytes] = []
    inside = threading.Event()
    free = threading.Event()

    class Slow:
        """A socket whose first write takes until it is set free."""

        def send(self, block: bytes, _: int) -> int:
            writes.append(block)
            inside.set()
            assert free.wait(PATIENCE)
            return len(block)

    wire = Wire(Slow())  # type: ignore[arg-type]
    first = Running(wire.notify, "first", {})
    assert inside.wait(PATIENCE)
    for number in range(5):
        wire.notify(f"later-{number}", {})
    free.set()
    first.result()
    assert len(writes) == 2
    assert writes[1].count(b"\n") == 5
