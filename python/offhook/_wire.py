"""The worker's end of the connection to the server: JSON-RPC 2.0, one message a line.

One thread reads (``Wire.read``); any thread sends. A thread that sends appends its line to what is outgoing
and, if no other thread is writing, writes everything that is there in one go. So messages of many threads
share one write, nobody holds a lock while the socket is full, and nobody but the reader waits for the
server without being told to. ``docs/worker-protocol.md`` describes the messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Callable
from typing import Protocol

from offhook import _clock, _probe
from offhook._request import Known, Message, Request, T
from offhook.errors import Error, Hangup, OffhookError

LONGEST_LINE = 1_048_576
"""No line is longer, its line feed included."""

BACKLOG = 4 * LONGEST_LINE
"""Bytes that may wait for a server that does not read before log lines are dropped."""

HANGUP_CODE = -32000
_METHOD_NOT_FOUND = -32601

_SETTLE_SECONDS = 1.0
"""How long a cancelled task waits for the server to confirm that the job has stopped (``GEN-17``)."""

_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":")
).encode
_decode = json.JSONDecoder().decode


class ProtocolError(OffhookError):
    """The server sent something that is not a message."""


class Reply(Protocol):
    """Where the response to a request goes."""

    def resolve(self, response: Message | None) -> None:
        """Take the response; ``None`` when the connection is gone. The reading thread calls it."""


class Wire:
    """The connection; every method may be called from every thread."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._lock = threading.Lock()
        self._outgoing: list[bytes] = []
        self._writing = False
        self._backlog = 0
        self._dropped_logs = 0
        self._last_id = 0
        self._pending: dict[int, Reply] = {}
        self._lost = False

    # Sending

    def perform(self, request: Request[T] | Known[T]) -> T:
        """Send a request and wait for its result.

        Raises:
            Hangup, Error: as the server decides.
        """
        if isinstance(request, Known):
            return request.value
        waiting = _Waiting()
        self._request(request.method, request.params, waiting)
        self._wait(waiting)
        return _result(request, waiting.response)

    async def perform_async(self, request: Request[T] | Known[T]) -> T:
        """The same for a task.

        If the task is cancelled, the server is told, and the cancellation goes on as soon as the server has
        confirmed (``GEN-17``).
        """
        if isinstance(request, Known):
            return request.value
        loop = asyncio.get_running_loop()
        awaited = _Awaited(loop)
        number = self._request(request.method, request.params, awaited)
        try:
            response = await awaited.future
        except asyncio.CancelledError:
            settled = awaited.renew()
            if settled is not None:
                self.notify("$/cancel", {"id": number})
                await asyncio.wait([settled], timeout=_SETTLE_SECONDS)
            raise
        return _result(request, response)

    def ask(self, method: str, params: Message, take: Callable[[Message], None], seconds: float) -> None:
        """Send a request, have the reading thread hand its result to ``take``, and wait at most so long."""
        waiting = _Taking(take)
        self._request(method, params, waiting)
        self._wait(waiting, _clock.patience(seconds))

    def _wait(self, waiting: _Waiting, seconds: float = -1) -> None:
        """Wait for the response to a request; a task that does so keeps its event loop waiting."""
        in_task = asyncio._get_running_loop() is not None
        if in_task:
            _clock.settle(self)
        waiting.wait(seconds)
        if in_task:
            _clock.stir(waiting.response)

    def request(self, method: str, params: Message, done: Callable[[], None]) -> None:
        """Send a request and go on; ``done`` is called on the reading thread when it is over."""
        self._request(method, params, _Done(done))

    def notify(self, method: str, params: Message) -> None:
        """Send a notification."""
        self._send(_line(f'{{"jsonrpc":"2.0","method":"{method}","params":', params, "}\n"))

    def log(self, instance: str | None, level: str, text: str) -> None:
        """Send a log line; while the server does not read, lines are dropped and counted."""
        with self._lock:
            if self._backlog > BACKLOG:
                self._dropped_logs += 1
                return
            dropped, self._dropped_logs = self._dropped_logs, 0
        if dropped:
            note = f"{dropped} log lines were dropped because the server did not read them"
            self.notify("log", {"instance": None, "level": "warning", "text": note})
        text = text.encode("utf-8", "replace").decode()
        self.notify("log", {"instance": instance, "level": level, "text": text})

    def respond(self, number: int, result: Message) -> None:
        """Answer a request of the server."""
        self._send(_line("", {"jsonrpc": "2.0", "id": number, "result": result}, "\n"))

    def refuse(self, number: int, code: int, message: str) -> None:
        """Answer a request of the server with an error."""
        error = {"code": code, "message": message.encode("utf-8", "replace").decode()}
        self._send(_line("", {"jsonrpc": "2.0", "id": number, "error": error}, "\n"))

    # Receiving

    def read(self, dispatch: Callable[[Message], None]) -> None:
        """Read until the end of the stream: responses go to those who wait, all else to ``dispatch``.

        Raises:
            ProtocolError: if a line is too long or is not a message.
        """
        rest = b""
        try:
            while True:
                try:
                    received = self._socket.recv(65536)
                except ConnectionError:
                    received = b""
                if not received:
                    return
                *lines, rest = (rest + received).split(b"\n")
                for line in lines:
                    self._take(line, dispatch)
                if len(rest) >= LONGEST_LINE:
                    raise ProtocolError(f"the server sent a line of more than {LONGEST_LINE} bytes")
        finally:
            self._lose()

    def close(self) -> None:
        """End the connection: what has been sent still arrives, and ``read`` returns."""
        with contextlib.suppress(OSError):  # The other end may have been faster.
            self._socket.shutdown(socket.SHUT_RDWR)

    def _take(self, line: bytes, dispatch: Callable[[Message], None]) -> None:
        try:
            message = _decode(line.decode())
        except ValueError as error:
            raise ProtocolError(f"the server sent a line that is not JSON: {error}") from None
        if not isinstance(message, dict):
            raise ProtocolError("the server sent a line that is not a JSON object")
        if "method" in message:
            dispatch(message)
            return
        with self._lock:
            reply = self._pending.pop(message.get("id", 0), None)
        if reply is not None:
            reply.resolve(message)

    def _lose(self) -> None:
        with self._lock:
            self._lost = True
            pending, self._pending = self._pending, {}
        for reply in pending.values():
            reply.resolve(None)

    # Writing

    def _request(self, method: str, params: Message, reply: Reply) -> int:
        tail = f',"place":{_encode(_probe.place())}}}\n' if _probe.watches else "}\n"
        body = _line(f',"method":"{method}","params":', params, tail)
        with self._lock:
            if not self._lost:
                self._last_id += 1
                number = self._last_id
                self._pending[number] = reply
                write = self._append(b'{"jsonrpc":"2.0","id":%d%s' % (number, body))
            else:
                number = 0
        if not number:
            reply.resolve(None)
        elif write:
            self._write()
        return number

    def _send(self, line: bytes) -> None:
        with self._lock:
            write = not self._lost and self._append(line)
        if write:
            self._write()

    def _append(self, line: bytes) -> bool:
        """Add a line, with the lock held; whether the caller is the one to write."""
        self._outgoing.append(line)
        self._backlog += len(line)
        if self._writing:
            return False
        self._writing = True
        return True

    def _write(self) -> None:
        """Write what is outgoing as far as that goes without waiting; a thread of its own does the rest."""
        while True:
            block = self._next_block()
            if not block:
                return
            try:
                written = self._socket.send(block, socket.MSG_DONTWAIT)
            except BlockingIOError:
                written = 0
            except OSError:
                return  # Lost; the reading thread notices and tells those who wait.
            if written < len(block):
                threading.Thread(
                    target=self._write_waiting, args=(block[written:],), name="offhook-writer", daemon=True
                ).start()
                return

    def _write_waiting(self, block: bytes) -> None:
        try:
            while block:
                self._socket.sendall(block)
                block = self._next_block()
        except OSError:
            return

    def _next_block(self) -> bytes:
        """Everything that waits to be written; when that is nothing, the writer's part is over."""
        with self._lock:
            if not self._outgoing:
                self._writing = False
                return b""
            block = self._outgoing[0] if len(self._outgoing) == 1 else b"".join(self._outgoing)
            self._outgoing.clear()
            self._backlog = 0
            return block


class _Waiting:
    """A thread that waits for its response."""

    __slots__ = ("_arrived", "response")

    def __init__(self) -> None:
        self.response: Message | None = None
        self._arrived = threading.Lock()
        self._arrived.acquire()

    def resolve(self, response: Message | None) -> None:
        self.response = response
        self._arrived.release()

    def wait(self, seconds: float = -1) -> None:
        self._arrived.acquire(timeout=seconds)


class _Taking(_Waiting):
    """A thread that waits until the reading thread has made use of the response."""

    __slots__ = ("_take",)

    def __init__(self, take: Callable[[Message], None]) -> None:
        super().__init__()
        self._take = take

    def resolve(self, response: Message | None) -> None:
        if response is not None and "result" in response:
            self._take(response["result"])
        super().resolve(response)


class _Awaited:
    """A task that awaits its response."""

    __slots__ = ("_loop", "_resolved", "future")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._resolved = False
        self.future: asyncio.Future[Message | None] = loop.create_future()

    def resolve(self, response: Message | None) -> None:
        # An application may have closed a loop of its own; then nobody awaits any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._set, response)

    def renew(self) -> asyncio.Future[Message | None] | None:
        """A fresh future for the same response after the first was cancelled; ``None`` if it has arrived."""
        if self._resolved:
            return None
        self.future = self._loop.create_future()
        return self.future

    def _set(self, response: Message | None) -> None:
        _clock.stir(response)
        self._resolved = True
        if not self.future.done():
            self.future.set_result(response)


class _Done:
    """Nobody waits; something is to be done when the response arrives."""

    __slots__ = ("_done",)

    def __init__(self, done: Callable[[], None]) -> None:
        self._done = done

    def resolve(self, response: Message | None) -> None:
        self._done()


def _line(head: str, body: Message, tail: str) -> bytes:
    try:
        line = (head + _encode(body) + tail).encode()
    except ValueError as error:
        raise Error(f"a value cannot be sent to the server: {error}") from None
    if len(line) > LONGEST_LINE - 64:
        accepted = LONGEST_LINE - 64
        raise Error(
            f"an argument is too long to be sent: the message has {len(line)} bytes; accepted: {accepted}"
        )
    return line


def _result(request: Request[T], response: Message | None) -> T:
    if response is None:
        return request.outcome(request.lost)
    error = response.get("error")
    if error is None:
        return request.outcome(response["result"])
    code = error.get("code")
    if code == _METHOD_NOT_FOUND:
        raise Error(f"{request.method} is not provided by this version of the server")
    if code == HANGUP_CODE or (error.get("data") or {}).get("kind") == "Hangup":
        raise Hangup(error["message"])
    raise Error(error["message"])
