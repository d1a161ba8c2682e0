"""Thousands of calls over real sockets leave nothing behind: no file, no thread, no port, no memory."""

from __future__ import annotations

import itertools
import re
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.server import ServerProcess
from support.sip import sdp

Serve = Callable[..., ServerProcess]

CALLS = 5000
WARM_UP = 500
AT_ONCE = 20
PATIENCE = 15.0
MEGABYTE = 1024 * 1024
RTP_PORTS = 2 * 2 * AT_ONCE
"""Enough for the calls of the warm-up: a port that is not given back is missed soon."""

TRANSACTION_SECONDS = 33.0
"""How long transactions outlive their end (64*T1: RFC 3261 timers H and J, RFC 6026 timer L), and a bit."""

RING_AND_ANSWER = """
    def main(channel):
        kind = channel.Details.call_to.partition(":")[2].partition("@")[0]
        if kind == "cancelled":
            channel.ring(60)
        elif kind == "cancelled_early":
            channel.ring(60, True)
        else:
            channel.ring(0, kind == "early")
            channel.answer()
            channel.wait_for_idle()
"""

KINDS = ("plain", "plain", "early", "cancelled", "cancelled_early")

RESPONSE = re.compile(rb"SIP/2\.0 (\d{3}) ")
HEADERS = re.compile(rb"\r\n(To|Call-ID|CSeq|Contact): ([^\r]*)")


@dataclass
class _Call:
    kind: str
    number: int
    target: str
    statuses: list[int]
    ended: bool = False


class CallLoop:
    """Makes calls, a few at once, in one thread: INVITE, ACK, CANCEL and BYE as each call's kind wants it."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(PATIENCE)
        self._port = self._socket.getsockname()[1]
        # Where the audio goes; nobody listens to it.
        self._audio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._audio.bind(("127.0.0.1", 0))
        self._offer = sdp.offer("127.0.0.1", self._audio.getsockname()[1])
        self._numbers = itertools.count(1)
        self._calls: dict[str, _Call] = {}

    def make(self, count: int, at_once: int = AT_ONCE) -> Counter[tuple[str, int]]:
        """Make that many calls and await their ends: how often which kind ended with which final status."""
        kinds: Iterator[str] = itertools.islice(itertools.cycle(KINDS), count)
        ends: Counter[tuple[str, int]] = Counter()
        for kind in itertools.islice(kinds, at_once):
            self._invite(kind)
        while self._calls:
            ended = self._receive()
            if ended is None:
                continue
            ends[ended.kind, ended.statuses[-1]] += 1
            kind_of_next = next(kinds, None)
            if kind_of_next is not None:
                self._invite(kind_of_next)
        return ends

    def close(self) -> None:
        """Close the sockets."""
        self._socket.close()
        self._audio.close()

    def _invite(self, kind: str) -> None:
        number = next(self._numbers)
        call = _Call(kind, number, f"sip:{kind}@127.0.0.1:{self._server[1]}", [])
        self._calls[f"{number}-{self._port}"] = call
        self._send(call, "INVITE", 1, f"i{number}", f"<{call.target}>", self._offer)

    def _receive(self) -> _Call | None:
        """Take one message and do what it asks for; the call, if it has ended with it."""
        datagram = self._socket.recv(65536)
        fields = {name: value.decode() for name, value in HEADERS.findall(datagram)}
        call = self._calls.get(fields[b"Call-ID"])
        response = RESPONSE.match(datagram)
        if call is None:
            return None  # A repetition for a call that is over.
        assert response is not None, f"the server sent {datagram!r}"
        status, method = int(response[1]), fields[b"CSeq"].split()[1]
        if method == "INVITE":
            self._progress(call, status, fields)
        elif method == "BYE":
            call.ended = True
        if call.ended:
            del self._calls[fields[b"Call-ID"]]
            return call
        return None

    def _progress(self, call: _Call, status: int, fields: dict[bytes, str]) -> None:
        if status == 100 or status in call.statuses:
            return
        call.statuses.append(status)
        to, number = fields[b"To"], call.number
        if status < 200:
            if call.kind.startswith("cancelled"):
                self._send(call, "CANCEL", 1, f"i{number}", f"<{call.target}>")
        elif status < 300:
            call.target = fields[b"Contact"].strip("<>")
            self._send(call, "ACK", 1, f"a{number}", to)
            self._send(call, "BYE", 2, f"b{number}", to)
        else:
            self._send(call, "ACK", 1, f"i{number}", to)
            call.ended = True

    def _send(self, call: _Call, method: str, sequence: int, branch: str, to: str, body: str = "") -> None:
        own = f"127.0.0.1:{self._port}"
        lines = [
            f"{method} {call.target} SIP/2.0",
            f"Via: SIP/2.0/UDP {own};branch=z9hG4bK{branch}",
            "Max-Forwards: 70",
            f"From: <sip:caller@{own}>;tag=f{call.number}",
            f"To: {to}",
            f"Call-ID: {call.number}-{self._port}",
            f"CSeq: {sequence} {method}",
            f"Contact: <sip:caller@{own}>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._socket.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), self._server)


@dataclass(frozen=True)
class Held:
    """What the processes of the server hold."""

    files: dict[str, int]
    threads: dict[str, int]
    resident_bytes: dict[str, int]

    @classmethod
    def by(cls, server: int) -> Held:
        """What the server and its workers hold now."""
        processes = {"server": server}
        children = Path(f"/proc/{server}/task").glob("*/children")
        workers = sorted(int(each) for listed in children for each in listed.read_text().split())
        processes.update({f"worker {index}": worker for index, worker in enumerate(workers)})
        return cls(
            {name: len(list(Path(f"/proc/{each}/fd").iterdir())) for name, each in processes.items()},
            {name: len(list(Path(f"/proc/{each}/task").iterdir())) for name, each in processes.items()},
            {name: _resident_bytes(each) for name, each in processes.items()},
        )

    def is_within(self, before: Held) -> bool:
        """Whether there are no more files and threads than before."""
        return all(
            now.keys() == then.keys() and all(now[name] <= then[name] for name in now)
            for now, then in ((self.files, before.files), (self.threads, before.threads))
        )


def _resident_bytes(process: int) -> int:
    status = Path(f"/proc/{process}/status").read_text()
    found = re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None, f"process {process} has ended"
    return int(found[1]) * 1024


def expected(count: int) -> Counter[tuple[str, int]]:
    """How that many calls must end."""
    kinds = itertools.islice(itertools.cycle(KINDS), count)
    return Counter((kind, 487 if kind.startswith("cancelled") else 200) for kind in kinds)


@pytest.mark.sockets_only(reason="it counts the files, threads and memory of processes")
def test_thousands_of_calls_leave_nothing_behind(serve: Serve) -> None:
    """RUN-22, UR-37, RING-4: no file, thread or port more than after the warm-up, and memory within 10 MB.

    The warm-up has more calls at once than the rest, so that it has made every thread that the rest needs.
    Between the two halves all transactions end: the second half has to do with the memory of the first.
    """
    server = serve(
        RING_AND_ANSWER,
        log_level="error",
        file_level="error",
        rtp_ports=f"30000-{30000 + RTP_PORTS - 1}",
    )
    calls = CallLoop(server.address)
    try:
        assert calls.make(WARM_UP, 2 * AT_ONCE) == expected(WARM_UP)
        before = at_rest(server)
        assert calls.make(CALLS // 2) == expected(CALLS // 2)
        middle = settled(server, before)
        time.sleep(TRANSACTION_SECONDS)
        assert calls.make(CALLS // 2) == expected(CALLS // 2)
        after = settled(server, before)
    finally:
        calls.close()
    for held in (middle, after):
        assert held.is_within(before), f"{held} is more than {before}"
    for name, resident in after.resident_bytes.items():
        for earlier, most in ((before, 10 * MEGABYTE), (middle, 3 * MEGABYTE)):
            grown = resident - earlier.resident_bytes[name]
            assert grown < most, f"the {name} holds {grown / MEGABYTE:.1f} MB more than before"


def at_rest(server: ServerProcess) -> Held:
    """What is held once the last calls have let go: the number of files is the same a second later."""
    deadline = time.monotonic() + PATIENCE
    held = Held.by(server.process.pid)
    while time.monotonic() < deadline:
        time.sleep(1)
        earlier, held = held, Held.by(server.process.pid)
        if earlier.files == held.files:
            break
    return held


def settled(server: ServerProcess, before: Held) -> Held:
    """What is held once it is within what was held before, or after `PATIENCE`."""
    deadline = time.monotonic() + PATIENCE
    while not (held := Held.by(server.process.pid)).is_within(before) and time.monotonic() < deadline:
        time.sleep(0.1)
    return held
