"""The server's end of the worker protocol, played by a test.

Every message of both directions is checked against the schema.
"""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from typing import Any

import jsonschema

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "worker-protocol.schema.json").read_text())
PATIENCE = 10.0
"""Seconds after which something that does not come counts as missing."""

Message = dict[str, Any]


def _validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({**SCHEMA, "anyOf": [{"$ref": f"#/$defs/{name}"}]})


_VALIDATORS = {name: _validator(name) for name in SCHEMA["$defs"]}
_DIRECTIONS = {
    side: {each["$ref"].rpartition("#/$defs/")[2] for each in SCHEMA["$defs"][side]["oneOf"]}
    for side in ("toServer", "toWorker")
}


def check(name: str, instance: object) -> None:
    """Fail unless the instance is valid by that definition of the schema."""
    if not _VALIDATORS[name].is_valid(instance):
        error = jsonschema.exceptions.best_match(_VALIDATORS[name].iter_errors(instance))
        raise AssertionError(f"{instance!r} is not a valid {name}: {error.message if error else ''}")


def check_message(side: str, message: Message) -> None:
    """Fail unless the message is one that may go in that direction.

    Its own definition is looked up by the method: the same as the schema's choice of all, and much faster.
    """
    name: str = message.get("method") or ("response" if "result" in message else "errorResponse")
    name = {"$/cancel": "cancel"}.get(name, name)
    assert name in _DIRECTIONS[side], f"{message!r} is no message {side}"
    check(name, message)


DETAILS: Message = {
    "call_id": "call-1",
    "call_from": "sip:alice@192.0.2.1",
    "call_to": "sip:100@192.0.2.2",
    "call_target": "sip:100@192.0.2.2",
    "call_divert": None,
    "attestation": None,
    "authenticated_user": None,
    "codec": None,
    "direction": "inbound",
    "raw_cause": "",
    "connected_id": None,
    "far_end_type": "UNKNOWN",
    "remote_address": "192.0.2.1:5060",
    "start_time": 1700000000.5,
    "answer_time": None,
    "duration": 0.0,
    "early_media": False,
    "media_stats": {
        "packets_sent": 0,
        "packets_received": 0,
        "packets_lost": 0,
        "jitter_milliseconds": 0.0,
        "mos": None,
    },
}
"""The details of a call that has just arrived."""

START: Message = {
    "instance": "i-1",
    "application": "app",
    "path": "/applications/app.py",
    "service": "app",
    "channel": "c-1",
    "extra_channels": [],
    "direction": "inbound",
    "application_parameters": "",
    "outbound_parameters": None,
    "state": "CALL_INCOMING",
    "cause": "NORMAL",
    "details": DETAILS,
    "headers": [],
}
"""The params of `instance.start`."""


class ServerEnd:
    """A scripted server on one end of a socket pair; `far_end` is for the worker."""

    def __init__(self) -> None:
        self._socket, self.far_end = socket.socketpair()
        self._socket.settimeout(PATIENCE)
        self._rest = b""
        self._inbox: list[Message] = []
        self._asked: dict[int, str] = {}
        self._numbers = iter(range(1, 1_000_000))
        self._lock = threading.Lock()

    # What the worker sends

    def expect(self, method: str) -> Message:
        """The next message with that method; others stay for later."""
        return self._next(lambda message: message.get("method") == method, f"a {method}")

    def expect_nothing_but(self, *methods: str) -> None:
        """Fail if anything else has arrived, up to the response to a ping."""
        self.request("worker.ping", {})
        strange = [each for each in self._inbox if each.get("method") not in methods]
        assert not strange, f"unexpected messages: {strange}"

    def _next(self, wanted: Any, what: str) -> Message:
        while True:
            for index, message in enumerate(self._inbox):
                if wanted(message):
                    return self._inbox.pop(index)
            self._inbox.append(self._receive(what))

    def _receive(self, what: str) -> Message:
        while b"\n" not in self._rest:
            try:
                received = self._socket.recv(65536)
            except TimeoutError:
                raise AssertionError(f"{what} did not come; came: {self._inbox}") from None
            assert received, f"the worker closed the connection; {what} did not come; came: {self._inbox}"
            self._rest += received
        line, self._rest = self._rest.split(b"\n", 1)
        message: Message = json.loads(line)
        check_message("toServer", message)
        if "method" not in message and "result" in message:
            check(f"{self._asked[message['id']]}.result", message["result"])
        return message

    def expect_end(self) -> None:
        """Fail unless the worker closes the connection."""
        while True:
            received = self._socket.recv(65536)
            if not received:
                return
            self._rest += received

    # What the server sends

    def notify(self, method: str, params: Message) -> None:
        """Send a notification."""
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def request(self, method: str, params: Message) -> Message:
        """Send a request and return the response, whatever it is."""
        number = next(self._numbers)
        self._asked[number] = method
        self._send({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return self._next(lambda message: "method" not in message and message["id"] == number, "a response")

    def respond(self, request: Message, result: Message) -> None:
        """Answer a request of the worker."""
        check(f"{request['method']}.result", result)
        self._send({"jsonrpc": "2.0", "id": request["id"], "result": result})

    def refuse(self, request: Message, code: int, message: str, state: str = "CALL_INCOMING") -> None:
        """Answer a request of the worker with an error."""
        data = {"kind": "Hangup" if code == -32000 else "Error", "state": state}
        error = {"code": code, "message": message, "data": data}
        self._send({"jsonrpc": "2.0", "id": request["id"], "error": error})

    def send_state(self, state: str, cause: str = "NORMAL", channel: str = "c-1", **details: Any) -> None:
        """Report a change of the channel."""
        params = {"channel": channel, "state": state, "cause": cause, "details": details}
        self.notify("channel.state", params)

    def send_player(self, state: str, cause: str, player: str = "FilePlayer", channel: str = "c-1") -> None:
        """Report a change of a player."""
        self.notify("player.state", {"channel": channel, "object": player, "state": state, "cause": cause})

    def send_recorder(
        self, state: str, cause: str, audio_detected: bool | None, channel: str = "c-1"
    ) -> None:
        """Report a change of the recorder."""
        values = {"object": "FileRecorder", "state": state, "cause": cause, "audio_detected": audio_detected}
        self.notify("player.state", {"channel": channel, **values})

    def send_transfer(self, state: str, transfer_cause: str, channel: str = "c-1") -> None:
        """Report the end of a transfer."""
        values = {"state": state, "cause": "NORMAL", "transfer_cause": transfer_cause}
        self.notify("channel.state", {"channel": channel, **values, "details": {}})

    def send_raw(self, line: bytes) -> None:
        """Send bytes as they are."""
        self._socket.sendall(line)

    def close(self) -> None:
        """Close the server's end."""
        self._socket.close()

    def _send(self, message: Message) -> None:
        check_message("toWorker", message)
        line = (json.dumps(message) + "\n").encode()
        with self._lock:
            self._socket.sendall(line)
