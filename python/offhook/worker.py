"""The process that runs application instances: ``python -m offhook.worker``.

The server starts it and talks to it over a socket that it inherits (``docs/worker-protocol.md``). One
thread reads. Instances of blocking applications run on threads that are reused (``RUN-22``); instances of
``async def main`` are tasks on one event loop.
"""

from __future__ import annotations

import asyncio
import faulthandler
import importlib.util
import os
import platform
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from offhook import _clock, _instance, _probe, aio, tones, uas
from offhook._application import Application, InvalidApplication, load
from offhook._core import Channel
from offhook._instance import Outcome
from offhook._pool import Full, ThreadPool
from offhook._request import Message
from offhook._wire import ProtocolError, Wire
from offhook.log import Log

PROTOCOL = 1
DESCRIPTOR_VARIABLE = "OFFHOOK_WORKER_FD"

_GRACE_SECONDS = 5.0
"""How long instances may go on when the server is gone, and how long the interpreter may take to finish."""

_METHOD_NOT_FOUND = -32601
_BAD_PARAMETERS = -32602
_NO_SUCH_FILE = -3
_INVALID = -4


class Worker:
    """One worker on one connection; ``run`` returns when it is over.

    Args:
        connection: the worker's end of the socket pair, connected to the server.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._wire = Wire(connection)
        self._applications: dict[str, Application] = {}
        self._channels: dict[str, Channel] = {}
        self._pool = ThreadPool(1)
        self._media_root = "."
        self._log_level = "debug"
        self._stops = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._instances = 0
        self._instances_lock = threading.Lock()
        self._all_ended = threading.Event()
        self._all_ended.set()
        self._handlers: dict[str, Callable[[Message], None]] = {
            "channel.state": self._channel_state,
            "player.state": self._player_state,
            "instance.start": self._start,
            "clock.time": self._set_time,
            "worker.stop": self._stop,
            "probe.where": self._where,
        }
        self._requests: dict[str, Callable[[Any, Message], None]] = {
            "worker.configure": self._configure,
            "worker.ping": self._ping,
            "application.load": self._load,
        }

    def run(self) -> bool:
        """Serve the connection until its end; whether every instance has ended by then or shortly after.

        Raises:
            ProtocolError: if the server sends something that is not a message.
        """
        hello = {"protocol": PROTOCOL, "python": platform.python_version(), "pid": os.getpid()}
        self._wire.notify("worker.hello", hello)
        try:
            self._wire.read(self._dispatch)
        finally:
            self._stops.set()
            for channel in tuple(self._channels.values()):
                channel._lose()
        ended = self._all_ended.wait(_GRACE_SECONDS)
        self._pool.close()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
        return ended

    def _dispatch(self, message: Message) -> None:
        method = message["method"]
        try:
            handler = self._handlers.get(method)
            if handler is not None:
                handler(message["params"])
            elif "id" in message:
                self._answer(message["id"], method, message.get("params", {}))
            # Anything else is a notification of a later version.
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ProtocolError(
                f"the server sent a {method!r:.100} that breaks the protocol: {error!r}"
            ) from error

    def _answer(self, number: Any, method: str, params: Message) -> None:
        request = self._requests.get(method)
        if request is None:
            self._wire.refuse(number, _METHOD_NOT_FOUND, f"unknown method {method!r:.100}")
        else:
            request(number, params)

    # Requests of the server

    def _configure(self, number: Any, params: Message) -> None:
        self._log_level = params["log_level"]
        self._pool = ThreadPool(params["max_threads"])
        self._media_root = params["media_root"]
        tones.catalogue.learn(params["tones"])
        folder = params["operating_directory"]
        try:
            if folder is not None:
                os.chdir(folder)
        except OSError as error:
            words = f"operating_directory is {folder!r}, which cannot be entered: {error.strerror}"
            self._wire.refuse(number, _BAD_PARAMETERS, words)
            return
        self._alias()
        self._wire.respond(number, {})

    def _ping(self, number: Any, _: Message) -> None:
        self._wire.respond(number, {"instances": self._instances, "threads": self._pool.threads})

    def _load(self, number: Any, params: Message) -> None:
        # Importing runs code of the application, for which the reading thread must not wait.
        threading.Thread(
            target=self._load_now,
            args=(number, params["name"], params["path"]),
            name="offhook-load",
            daemon=True,
        ).start()

    def _load_now(self, number: Any, name: str, path: str) -> None:
        if not os.path.isfile(path):
            self._wire.refuse(number, _NO_SUCH_FILE, f"there is no application file {path}")
            return
        if _probe.watches:
            _probe.look_at(path)
        try:
            application = load(name, path)
        except InvalidApplication as error:
            if error.__cause__ is not None:
                _instance.raised(error.__cause__, "load", self._log(None))
            self._wire.refuse(number, _INVALID, str(error))
            return
        if application.is_async:
            self._event_loop()
        self._applications[name] = application
        if _probe.watches:
            _probe.report(self._wire, path)
        result = {
            "ok": True,
            "form": application.form,
            "is_async": application.is_async,
            "version": application.version,
        }
        self._wire.respond(number, result)

    # Notifications of the server

    def _channel_state(self, params: Message) -> None:
        channel = self._channels.get(params["channel"])
        if channel is not None:
            channel._update(params)

    def _player_state(self, params: Message) -> None:
        channel = self._channels.get(params["channel"])
        if channel is not None:
            channel._update_player(params)

    def _set_time(self, params: Message) -> None:
        _clock.set_now(params["seconds"])

    def _stop(self, _: Message) -> None:
        with self._instances_lock:
            self._stops.set()
            done = self._instances == 0
        if done:
            self._wire.close()

    def _where(self, _: Message) -> None:
        self._wire.notify("probe.at", {"sites": _probe.whereabouts()})

    def _start(self, start: Message) -> None:
        with self._instances_lock:
            self._instances += 1
            self._all_ended.clear()
        application = self._applications.get(start["application"])
        if application is None or application.form == "common":
            self._end(start, Outcome(_instance.UNKNOWN_APPLICATION))
        elif start["direction"] != application.direction:
            self._end(start, Outcome(_instance.WRONG_DIRECTION))
        elif start["direction"] == "inbound" and start["state"] == "IDLE":
            self._end(start, Outcome(_instance.CALL_GONE))
        elif application.is_async:
            self._start_task(start, application)
        else:
            self._start_thread(start, application)

    # Instances

    def _start_thread(self, start: Message, application: Application) -> None:
        log = self._log(start["instance"])
        channel = uas.UASCallChannel(self._wire, start, self._stops)
        self._register(channel)
        call = _instance.arguments(start, application.form, channel, self._media_root, log)
        pool = self._pool

        def task() -> None:
            _clock.enter(self._wire, start, log.warning)
            outcome = _instance.run(application, call, log)
            pool.release()
            self._end(start, outcome)

        try:
            pool.start(task)
        except Full:
            self._end(
                start, Outcome(_instance.SERVER_FAULT, "the worker has no thread for a further instance")
            )

    def _start_task(self, start: Message, application: Application) -> None:
        log = self._log(start["instance"])
        channel = aio.UASCallChannel(self._wire, start, self._stops)
        self._register(channel)
        call = _instance.arguments(start, application.form, channel, self._media_root, log)

        async def run() -> None:
            _clock.enter(self._wire, start, log.warning)
            self._end(start, await _instance.run_async(application, call, log))

        def begin() -> None:
            _clock.enter_loop(self._wire, start)
            task = loop.create_task(run())
            # The loop itself holds tasks by weak references only.
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        loop = self._event_loop()
        loop.call_soon_threadsafe(begin)

    def _register(self, channel: Channel) -> None:
        for each in (channel, *channel._extra_channels):
            self._channels[each._id] = each

    def _end(self, start: Message, outcome: Outcome) -> None:
        params = {
            "instance": start["instance"],
            "return_code": outcome.return_code,
            "exception": outcome.exception,
            "hangup": outcome.hangup,
        }
        if _probe.watches:
            params["traceback"] = outcome.traceback
            params["states"] = [
                channel.state().name
                for channel in (
                    self._channels.get(each) for each in (start["channel"], *start["extra_channels"])
                )
                if channel is not None
            ]

        def ended() -> None:
            for channel in (start["channel"], *start["extra_channels"]):
                self._channels.pop(channel, None)
            with self._instances_lock:
                self._instances -= 1
                last = self._instances == 0
                if last:
                    self._all_ended.set()
                done = last and self._stops.is_set()
            if done:
                self._wire.close()

        self._wire.request("instance.end", params, ended)

    def _event_loop(self) -> asyncio.AbstractEventLoop:
        """The one event loop of the worker, made when it is first needed."""
        with self._instances_lock:
            if self._loop is None:
                self._loop = _clock.new_event_loop(self._wire)
                threading.Thread(target=self._loop.run_forever, name="offhook-tasks", daemon=True).start()
            return self._loop

    def _log(self, instance: str | None) -> Log:
        return Log(self._wire, instance, self._log_level)

    def _alias(self) -> None:
        """Let applications import ``prosody.uas``, unless there is such a package (``GEN-2``)."""
        if sys.modules.get("prosody.uas") is uas:
            return
        if importlib.util.find_spec("prosody") is not None:
            self._log(None).warning(
                "a package named prosody is installed: prosody.uas is that package, offhook.uas is offhook"
            )
            return
        package = ModuleType("prosody", "An alias: prosody.uas is offhook.uas.")
        package.__path__ = []
        package.uas = uas  # type: ignore[attr-defined]
        sys.modules["prosody"] = package
        sys.modules["prosody.uas"] = uas


def main() -> int:
    """Run the worker of this process on the socket that the server left it."""
    faulthandler.enable()
    value = os.environ.pop(DESCRIPTOR_VARIABLE, "")
    if not value.isdigit():
        print(
            f"offhook.worker: {DESCRIPTOR_VARIABLE} is {value!r}; "
            "accepted: the number of a connected socket.\n"
            "The server starts workers; to run an application type: offhook serve app.py",
            file=sys.stderr,
        )
        return 2
    if os.environ.pop(_clock.VARIABLE, "") == "virtual":
        _clock.make_virtual()
    if os.environ.pop(_probe.VARIABLE, "") == "1":
        _probe.begin()
    worker = Worker(_inherited_socket(int(value)))
    _leave_signals_to_the_server()
    try:
        clean = worker.run()
    except ProtocolError as error:
        print(f"offhook.worker: {error}", file=sys.stderr)
        clean = False
    _end_process_soon(0 if clean else 1)
    return 0 if clean else 1


def _inherited_socket(descriptor: int) -> socket.socket:
    """The socket under a number of its own that no child process inherits; standard input becomes empty."""
    connection = socket.socket(fileno=os.dup(descriptor))
    if descriptor > 2:
        os.close(descriptor)
    else:
        empty = os.open(os.devnull, os.O_RDWR)
        os.dup2(empty, descriptor)
        os.close(empty)
    return connection


def _leave_signals_to_the_server() -> None:
    """A terminal or a service manager signals the whole group; only the server decides when calls end.

    A handler that does nothing, not ``SIG_IGN``, which programs that an application starts would inherit.
    """
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: None)


def _end_process_soon(status: int) -> None:
    """Let the interpreter finish, but not wait for ever for threads that an application left behind."""

    def end() -> None:
        sys.stderr.flush()
        os._exit(status)

    timer = threading.Timer(_GRACE_SECONDS, end)
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    sys.exit(main())
